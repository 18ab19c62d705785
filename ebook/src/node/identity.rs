//! Who a node is on the network, and whom it trusts (ITI TF-2 3.19): from the configuration, or made by itself.

use std::fs;
use std::path::Path;

use certs::{Directory, Existing, LOOPBACK, Request};
use soap::tls::{Identity, Trust};

use crate::config::Config;
use crate::exit::{Failure, file};

/// The identity of a node or a person, with the CAs that it trusts.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// Who we are.
    pub identity: Identity,
    /// Whom we trust.
    pub trust: Trust,
}

impl Credentials {
    /// Reads what the configuration names.
    pub fn read(config: &Config) -> Result<Self, Failure> {
        Self::from_files(&config.certificate(), &config.key(), &config.trust(), &config.identity.crls)
    }

    /// Reads PEM files.
    pub fn from_files(
        certificate: &Path,
        key: &Path,
        trust: &Path,
        crls: &[impl AsRef<Path>],
    ) -> Result<Self, Failure> {
        let identity = Identity::from_pem(&read(certificate)?, &read(key)?).map_err(|error| {
            unusable(&format!("{} with {}", certificate.display(), key.display()), &error)
        })?;
        let mut trusted =
            Trust::from_pem(&read(trust)?).map_err(|error| unusable(&trust.display(), &error))?;
        for path in crls {
            let list = read(path.as_ref())?;
            trusted =
                trusted.with_crls_pem(&list).map_err(|error| unusable(&path.as_ref().display(), &error))?;
        }
        Ok(Self { identity, trust: trusted })
    }

    /// A client with this identity.
    pub fn client(&self) -> Result<soap::Client, Failure> {
        let tls = soap::tls::client_config(&self.identity, &self.trust);
        Ok(soap::Client::new(tls.map_err(|error| unusable(&"the node's identity", &error))?))
    }
}

/// Makes a development CA and an identity from it where the configuration names none and there is none yet;
/// whether it did.
pub(crate) fn make(config: &Config) -> Result<bool, Failure> {
    if !config.makes_identity() {
        return Ok(false);
    }
    let folder = config.certificates();
    let has_authority = folder.join("ca.pem").exists();
    // What someone else issued to us comes without the CA's key: nothing to make.
    if has_authority && config.certificate().exists() {
        return Ok(false);
    }
    let directory = if has_authority { Directory::open(&folder)? } else { Directory::init(&folder)? };
    let hosts = LOOPBACK.into_iter().map(str::to_owned).chain(config.node.hosts.iter().cloned());
    directory.keep(&Request::node(config.node.name.clone(), hosts), "node", Existing::Keep)?;
    Ok(true)
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| file(path, "read it", &error))
}

fn unusable(what: &dyn std::fmt::Display, error: &soap::tls::TlsError) -> Failure {
    Failure::Usage(format!("{what}: cannot be used for mutual TLS: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(data: &Path) -> Config {
        let mut config = Config::default();
        data.clone_into(&mut config.node.data);
        config
    }

    #[test]
    fn an_identity_is_made_once_and_can_be_used() {
        let data = tempfile::tempdir().unwrap();
        let config = config(data.path());
        assert!(Credentials::read(&config).is_err());
        assert!(make(&config).unwrap());
        let made = fs::read(config.certificate()).unwrap();
        assert!(!make(&config).unwrap());
        assert_eq!(fs::read(config.certificate()).unwrap(), made);
        let certificate = Credentials::read(&config).unwrap().identity.certificate().unwrap();
        assert!(certificate.names.contains(&"localhost".to_owned()), "{certificate:?}");
    }

    #[test]
    fn an_identity_that_is_given_is_never_replaced() {
        let data = tempfile::tempdir().unwrap();
        let mut config = config(data.path());
        let path = |name: &str| Some(data.path().join(name));
        config.identity.certificate = path("a.pem");
        config.identity.key = path("a.key");
        config.identity.trust = path("ca.pem");
        assert!(!make(&config).unwrap());
        assert_eq!(fs::read_dir(data.path()).unwrap().count(), 0);
        let failure = Credentials::read(&config).unwrap_err();
        assert!(failure.to_string().contains("a.pem: cannot read it"), "{failure}");
    }

    #[test]
    fn a_key_of_another_certificate_is_refused() {
        let data = tempfile::tempdir().unwrap();
        let config = config(data.path());
        make(&config).unwrap();
        let directory = Directory::open(config.certificates()).unwrap();
        let other = directory.issue("other", &[]).unwrap();
        fs::copy(other.key, config.key()).unwrap();
        let failure = Credentials::read(&config).unwrap_err();
        assert_eq!(failure.code(), 2);
        assert!(failure.to_string().contains("node.key"), "{failure}");
    }
}
