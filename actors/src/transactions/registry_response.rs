//! `rs:RegistryResponse`: whether it was done, and if not, why (ITI TF-3 4.2.4).

use metadata::vocabulary::RS;
use metadata::{ErrorCode, Flavour, RegistryError, RegistryErrors, ResponseStatus};
use soap::message::Message;
use soap::parts::Parts;
use soap::xml::{Element, Name};

use super::Response;

/// The outcome of a submission: success unless an error is among the findings.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RegistryResponse {
    /// Errors and warnings.
    pub errors: RegistryErrors,
}

impl RegistryResponse {
    /// Whether what was asked has been done.
    pub fn is_success(&self) -> bool {
        !self.errors.is_failure()
    }
}

impl Response for RegistryResponse {
    fn refusal(errors: RegistryErrors) -> Self {
        Self { errors }
    }

    fn errors(&self) -> &RegistryErrors {
        &self.errors
    }

    fn read(message: Message) -> Result<Self, String> {
        if message.body.name != ROOT {
            return Err(format!("{} where {ROOT} was expected", message.body.name));
        }
        read(&message.body).map(|(_, errors)| Self { errors })
    }

    fn write(self, flavour: Flavour) -> (Element, Parts) {
        let status = if self.is_success() { ResponseStatus::Success } else { ResponseStatus::Failure };
        (write(ROOT_ELEMENT, status, &self.errors, flavour), Parts::none())
    }
}

/// `rs:RegistryResponse`, empty.
pub(super) const ROOT_ELEMENT: Element = Element::new(RS, "RegistryResponse");
const ROOT: Name = Name::new(RS, "RegistryResponse");

/// Reads the status and the error list of any answer. A failure without a reason gets one, so that no
/// failure is taken for a success.
pub(super) fn read(response: &Element) -> Result<(ResponseStatus, RegistryErrors), String> {
    let status = response.attribute("status").unwrap_or_default();
    let status = ResponseStatus::from_urn(status)
        .ok_or_else(|| format!("status '{status}' of {} is none of ITI TF-3 4.2.4.2", response.name))?;
    let list = response.child(RS, "RegistryErrorList");
    let mut errors = list.map(RegistryErrors::read).unwrap_or_default();
    if status == ResponseStatus::Failure && !errors.is_failure() {
        errors.push(RegistryError::new(ErrorCode::Internal, "the peer answered Failure and gave no error"));
    }
    Ok((status, errors))
}

/// Puts a status and an error list into the root element of an answer.
pub(super) fn write(
    root: Element,
    status: ResponseStatus,
    errors: &RegistryErrors,
    flavour: Flavour,
) -> Element {
    let root = root.with("status", status.urn());
    if errors.is_empty() { root } else { root.with_child(errors.write(flavour)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use soap::message::Encoding;

    fn message(body: Element) -> Message {
        Message::new("urn:answer", body, Encoding::Simple)
    }

    #[test]
    fn warnings_do_not_make_a_failure() {
        let warning = RegistryError::warning(ErrorCode::ExtraMetadataNotSaved, "slot");
        let (body, _) = RegistryResponse { errors: warning.into() }.write(Flavour::Registry);
        assert_eq!(body.attribute("status"), Some(ResponseStatus::Success.urn()));
        assert!(RegistryResponse::read(message(body)).unwrap().is_success());
    }

    #[test]
    fn the_actor_that_answers_gives_an_error_its_name() {
        let response = RegistryResponse { errors: RegistryError::new(ErrorCode::Metadata, "no").into() };
        for (flavour, name) in [
            (Flavour::Registry, "XDSRegistryMetadataError"),
            (Flavour::Repository, "XDSRepositoryMetadataError"),
        ] {
            let written = response.clone().write(flavour).0.write();
            assert!(written.contains(name) && written.contains(ResponseStatus::Failure.urn()), "{written}");
        }
    }

    #[test]
    fn a_failure_without_errors_is_no_success() {
        let body = ROOT_ELEMENT.with("status", ResponseStatus::Failure.urn());
        assert!(!RegistryResponse::read(message(body)).unwrap().is_success());
    }

    #[test]
    fn refuses_what_is_no_answer() {
        assert!(RegistryResponse::read(message(ROOT_ELEMENT)).is_err());
        assert!(RegistryResponse::read(message(ROOT_ELEMENT.with("status", "Warning"))).is_err());
        assert!(RegistryResponse::read(message(Element::new(RS, "Other"))).is_err());
    }
}
