//! How a command ends: with which exit code, and with what it says on stderr (design section 2).

use std::process::ExitCode;

use actors::CallError;
use actors::consumer::ConsumerError;
use database::DatabaseError;

/// Why a command did not do what it was asked. Each variant is an exit code; its text says what, which value
/// came, what was expected and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// 1: the peer or the data said no.
    #[error("{0}")]
    Refused(String),
    /// 2: the command or its configuration was used wrongly.
    #[error("{0}")]
    Usage(String),
    /// 3: a peer could not be reached.
    #[error("{0}")]
    Unreachable(String),
    /// 1, and everything has been said already, a line for each.
    #[error("")]
    Said,
}

impl Failure {
    /// The exit code.
    pub const fn code(&self) -> u8 {
        match self {
            Self::Refused(_) | Self::Said => 1,
            Self::Usage(_) => 2,
            Self::Unreachable(_) => 3,
        }
    }
}

impl From<&Failure> for ExitCode {
    fn from(failure: &Failure) -> Self {
        Self::from(failure.code())
    }
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Unreachable(_) => Self::Unreachable(error.to_string()),
            CallError::Refused(_) | CallError::Nonsense(_) => Self::Refused(error.to_string()),
        }
    }
}

impl From<ConsumerError> for Failure {
    fn from(error: ConsumerError) -> Self {
        match &error {
            ConsumerError::Call { error: CallError::Unreachable(_), .. } => {
                Self::Unreachable(error.to_string())
            }
            ConsumerError::UnknownRepository(_) => Self::Usage(format!(
                "{error}; name it with --repository, or in a [[known_repository]] or [[community.repository]] section of \
                 the configuration"
            )),
            _ => Self::Refused(error.to_string()),
        }
    }
}

impl From<certs::Error> for Failure {
    fn from(error: certs::Error) -> Self {
        match error {
            certs::Error::Name { .. } | certs::Error::Host { .. } => Self::Usage(error.to_string()),
            _ => Self::Refused(error.to_string()),
        }
    }
}

impl From<DatabaseError> for Failure {
    fn from(error: DatabaseError) -> Self {
        Self::Refused(error.to_string())
    }
}

/// A file or folder that an operation on this machine failed for.
pub(crate) fn file(path: &std::path::Path, action: &str, error: &std::io::Error) -> Failure {
    Failure::Refused(format!("{}: cannot {action}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use metadata::{ErrorCode, Flavour, RegistryError, RegistryErrors};

    use super::*;

    #[test]
    fn tells_who_is_to_blame_by_the_exit_code() {
        let unreachable = || CallError::Unreachable("https://localhost:1: refused".to_owned());
        let call = ConsumerError::Call { partner: "r".to_owned(), error: unreachable() };
        assert_eq!(Failure::from(unreachable()).code(), 3);
        assert_eq!(Failure::from(call).code(), 3);
        assert_eq!(Failure::from(CallError::Nonsense("x".to_owned())).code(), 1);
        let errors = RegistryErrors::from(RegistryError::new(ErrorCode::Internal, "x"));
        let refused = ConsumerError::Refused { partner: "r".to_owned(), actor: Flavour::Repository, errors };
        assert_eq!(refused.to_string(), "r: XDSRepositoryError: x");
        assert_eq!(Failure::from(refused).code(), 1);
        assert_eq!(Failure::from(ConsumerError::UnknownRepository("1.2".to_owned())).code(), 2);
        assert_eq!(Failure::from(certs::Error::Name { name: "../a".to_owned() }).code(), 2);
    }
}
