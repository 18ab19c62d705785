//! Who a node is on the network, and whom it trusts (ITI TF-2 3.19): from the configuration, or made by itself.

use std::fs;
use std::net::IpAddr;
use std::path::Path;
use std::time::{Duration, SystemTime};

use certs::{Directory, Existing, LOOPBACK, Request};
use soap::tls::{Identity, Trust};

use crate::config::Config;
use crate::exit::{Failure, file};

/// How long before its end a certificate of our own is replaced.
const RENEWED_BEFORE: Duration = Duration::from_secs(30 * 86_400);

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

/// Makes a development CA and an identity from it where the configuration names none and there is none yet, or
/// none that fits the configuration; whether it did.
pub(crate) fn make(config: &Config) -> Result<bool, Failure> {
    if !config.makes_identity() {
        return Ok(false);
    }
    let folder = config.certificates();
    let has_authority = folder.join("ca.pem").exists();
    let wanted = LOOPBACK.into_iter().map(str::to_owned).chain(config.node.hosts.iter().cloned());
    let mut hosts: Vec<String> = wanted.map(|host| same_spelling(&host)).collect();
    if has_authority && config.certificate().exists() {
        let there = Present::read(&config.certificate())?;
        let missing = there.missing(&hosts);
        let unfit = !missing.is_empty() || there.ends_soon;
        // What someone else issued to us comes without the CA's key: nothing to make.
        if !folder.join("ca.key").exists() {
            if unfit {
                tracing::warn!("{}", advice(config, &there, &missing));
            }
            return Ok(false);
        }
        if !unfit && there.subject == format!("CN={}", config.node.name) {
            return Ok(false);
        }
        let further: Vec<String> = there.hosts.into_iter().filter(|host| !hosts.contains(host)).collect();
        hosts.extend(further);
    }
    let directory = if has_authority { Directory::open(&folder)? } else { Directory::init(&folder)? };
    directory.keep(&Request::node(config.node.name.clone(), hosts), "node", Existing::Replace)?;
    Ok(true)
}

/// What the certificate that is there says.
struct Present {
    subject: String,
    hosts: Vec<String>,
    ends_soon: bool,
}

impl Present {
    fn read(path: &Path) -> Result<Self, Failure> {
        let pem = fs::read_to_string(path).map_err(|error| file(path, "read it", &error))?;
        let refused = |what: &dyn std::fmt::Display| Failure::Refused(format!("{}: {what}", path.display()));
        let summaries = certs::describe(&pem).map_err(|error| refused(&error))?;
        let own = summaries.into_iter().next().ok_or_else(|| refused(&"no certificate is in it"))?;
        let ends_soon = own.remaining(SystemTime::now()) < RENEWED_BEFORE;
        let is_host = |name: &&String| name.parse::<IpAddr>().is_ok() || !name.contains(':');
        let hosts = own.names.iter().filter(is_host).map(|name| same_spelling(name)).collect();
        Ok(Self { subject: own.subject, hosts, ends_soon })
    }

    fn missing<'a>(&self, wanted: &'a [String]) -> Vec<&'a str> {
        wanted.iter().filter(|host| !self.hosts.contains(host)).map(String::as_str).collect()
    }
}

/// One spelling for each host name and address.
fn same_spelling(host: &str) -> String {
    host.parse::<IpAddr>().map_or_else(|_| host.to_ascii_lowercase(), |address| address.to_string())
}

/// What to do about a certificate that only another machine can renew.
fn advice(config: &Config, there: &Present, missing: &[&str]) -> String {
    let mut wrong = Vec::new();
    if there.ends_soon {
        wrong.push("has expired or expires within 30 days".to_owned());
    }
    if !missing.is_empty() {
        wrong.push(format!("does not name {}", missing.join(", ")));
    }
    let mut hosts: Vec<String> = there.hosts.iter().chain(&config.node.hosts).cloned().collect();
    hosts.retain(|host| !LOOPBACK.contains(&host.as_str()));
    hosts.sort();
    hosts.dedup();
    let hosts: String = hosts.iter().map(|host| format!(" --host {host}")).collect();
    format!(
        "{}: the node's certificate {}; where the key of its CA is, run `dosebook certs issue node --dir DIR{hosts} \
         --replace` with the folder of the CA as DIR, and put node.pem and node.key here",
        config.certificate().display(),
        wrong.join(" and "),
    )
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

    fn names(config: &Config) -> Vec<String> {
        Credentials::read(config).unwrap().identity.certificate().unwrap().names
    }

    #[test]
    fn a_new_host_or_name_renews_an_identity_and_keeps_its_hosts() {
        let data = tempfile::tempdir().unwrap();
        let mut config = config(data.path());
        config.node.hosts = vec!["a.example".to_owned()];
        make(&config).unwrap();
        config.node.hosts = vec!["B.example".to_owned(), "2001:DB8::1".to_owned()];
        assert!(make(&config).unwrap());
        for host in ["localhost", "a.example", "b.example"] {
            assert!(names(&config).contains(&host.to_owned()), "{host} in {:?}", names(&config));
        }
        assert!(!make(&config).unwrap(), "it is renewed once");
        config.node.name = "Hôpital \"A\", B+C".to_owned();
        assert!(make(&config).unwrap());
        assert!(!make(&config).unwrap(), "it is renewed once");
    }

    #[test]
    fn an_identity_that_ends_soon_is_renewed() {
        let data = tempfile::tempdir().unwrap();
        let config = config(data.path());
        make(&config).unwrap();
        let directory = Directory::open(config.certificates()).unwrap();
        let short = Request::node("dosebook", LOOPBACK).valid(certs::Validity::days(20));
        directory.keep(&short, "node", Existing::Replace).unwrap();
        assert!(make(&config).unwrap());
        assert!(!make(&config).unwrap());
    }

    #[test]
    fn without_the_key_of_its_ca_it_says_how_to_renew_an_identity() {
        let data = tempfile::tempdir().unwrap();
        let mut config = config(data.path());
        make(&config).unwrap();
        fs::remove_file(config.certificates().join("ca.key")).unwrap();
        config.node.hosts = vec!["a.example".to_owned()];
        let before = fs::read(config.certificate()).unwrap();
        assert!(!make(&config).unwrap());
        assert_eq!(fs::read(config.certificate()).unwrap(), before);
        let there = Present::read(&config.certificate()).unwrap();
        let advice = advice(&config, &there, &["a.example"]);
        for part in
            ["does not name a.example", "`dosebook certs issue node --dir DIR --host a.example --replace`"]
        {
            assert!(advice.contains(part), "{part} in {advice}");
        }
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
