//! The CA: makes itself, or is read back, and issues identities.
//!
//! P-256 keys and ECDSA with SHA-256 throughout (ITI TF-2 3.19.6, BCP 195).

use std::net::IpAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams,
    SerialNumber,
};

use crate::error::Error;
use crate::summary::{self, Summary};

/// The names under which a machine reaches itself.
pub const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// A CA that issues identities for development and tests.
#[derive(Debug)]
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: String,
    /// Intermediate certificates that a peer needs to reach the root, ours included; empty for a root.
    chain: String,
}

/// A certificate with its private key, both in PEM form.
#[derive(Clone)]
pub struct Identity {
    /// The leaf first, then every intermediate CA; the root is what the peer must already trust
    /// (RFC 8446 section 4.4.2).
    pub certificates: String,
    /// The private key, PKCS#8.
    pub key: String,
}

/// Never shows the key.
impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity").field("certificates", &self.certificates).finish_non_exhaustive()
    }
}

/// What an identity is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A node: server and client (EKU serverAuth and clientAuth).
    Node,
    /// A person or a tool: client only (EKU clientAuth).
    Person,
}

/// From when to when a certificate holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// First moment.
    pub not_before: SystemTime,
    /// Last moment.
    pub not_after: SystemTime,
}

/// What to issue.
#[derive(Debug, Clone)]
pub struct Request {
    /// Whose it is: the common name of the subject.
    pub name: String,
    /// DNS names and IP addresses under which a node is reached: its subject alternative names.
    pub hosts: Vec<String>,
    /// Server and client, or client only.
    pub purpose: Purpose,
    /// From when to when.
    pub validity: Validity,
}

impl Validity {
    /// From five minutes ago, for peers whose clock is late, for so many days.
    pub fn days(days: u32) -> Self {
        let now = SystemTime::now();
        Self { not_before: now - FIVE_MINUTES, not_after: now + days * DAY }
    }

    /// Over since yesterday: for tests.
    pub fn expired() -> Self {
        let now = SystemTime::now();
        Self { not_before: now - 2 * DAY, not_after: now - DAY }
    }

    /// From tomorrow on: for tests.
    pub fn not_yet() -> Self {
        let now = SystemTime::now();
        Self { not_before: now + DAY, not_after: now + 2 * DAY }
    }
}

impl Request {
    /// For a node reached under `hosts`, valid for a year.
    pub fn node<H: Into<String>>(name: impl Into<String>, hosts: impl IntoIterator<Item = H>) -> Self {
        let hosts = hosts.into_iter().map(Into::into).collect();
        Self { name: name.into(), hosts, purpose: Purpose::Node, validity: Validity::days(ISSUED_DAYS) }
    }

    /// For a person or a tool that only calls others, valid for a year.
    pub fn person(name: impl Into<String>) -> Self {
        Self { purpose: Purpose::Person, ..Self::node(name, Vec::<String>::new()) }
    }

    /// With another validity.
    #[must_use]
    pub fn valid(self, validity: Validity) -> Self {
        Self { validity, ..self }
    }
}

impl Authority {
    /// A new root CA of that name, valid for ten years.
    pub fn create(name: &str) -> Result<Self, Error> {
        let mut params = subject(name, Validity::days(AUTHORITY_DAYS))?;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = generate()?;
        let certificate = params.self_signed(&key).map_err(crypto("make the CA's certificate"))?.pem();
        Ok(Self { issuer: Issuer::new(params, key), certificate, chain: String::new() })
    }

    /// The CA whose certificate and key these are. An intermediate CA brings its chain behind its own
    /// certificate, up to the root.
    pub fn load(certificates: &str, key: &str) -> Result<Self, Error> {
        let blocks = summary::split(certificates)?;
        let (own, described) = blocks.first().ok_or_else(|| Error::Unreadable("nothing in it".to_owned()))?;
        if !described.is_authority {
            return Err(Error::NotAuthority { subject: described.subject.clone() });
        }
        let key = KeyPair::from_pem(key).map_err(crypto("read the CA's private key"))?;
        if described.public_key != key.public_key_raw() {
            return Err(Error::OtherKey);
        }
        let chain = blocks.iter().filter(|(_, link)| !link.is_self_issued()).map(|(pem, _)| pem.as_str());
        let chain = chain.collect();
        let issuer = Issuer::from_ca_cert_pem(own, key).map_err(crypto("read the CA's certificate"))?;
        Ok(Self { issuer, certificate: certificates.to_owned(), chain })
    }

    /// The CA's certificate in PEM form: what peers have to trust.
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// The CA's private key in PEM form.
    pub fn key(&self) -> String {
        self.issuer.key().serialize_pem()
    }

    /// Issues an identity with a fresh P-256 key.
    pub fn issue(&self, request: &Request) -> Result<Identity, Error> {
        let mut params = subject(&request.name, request.validity)?;
        params.subject_alt_names = names(&request.hosts)?;
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = match request.purpose {
            Purpose::Node => vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth],
            Purpose::Person => vec![ExtendedKeyUsagePurpose::ClientAuth],
        };
        let key = generate()?;
        let leaf = params.signed_by(&key, &self.issuer).map_err(crypto("issue a certificate"))?.pem();
        Ok(Identity { certificates: leaf + &self.chain, key: key.serialize_pem() })
    }

    /// A revocation list of this CA that names these certificates, in PEM form (RFC 5280 section 5),
    /// good for 30 days.
    pub fn revoke(&self, certificates: &[&str]) -> Result<String, Error> {
        let now = rcgen::date_time_ymd(1970, 1, 1) + since_epoch(SystemTime::now() - FIVE_MINUTES);
        let mut revoked_certs = Vec::new();
        for certificate in certificates {
            let serial = leaf(certificate)?.serial;
            revoked_certs.push(RevokedCertParams {
                serial_number: SerialNumber::from(serial),
                revocation_time: now,
                reason_code: None,
                invalidity_date: None,
            });
        }
        let list = CertificateRevocationListParams {
            this_update: now,
            next_update: now + 30 * DAY,
            crl_number: SerialNumber::from(since_epoch(SystemTime::now()).as_secs()),
            issuing_distribution_point: None,
            revoked_certs,
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let signed = list.signed_by(&self.issuer).map_err(crypto("sign the revocation list"))?;
        signed.pem().map_err(crypto("write the revocation list"))
    }
}

fn leaf(certificates: &str) -> Result<Summary, Error> {
    let first = summary::describe(certificates)?.into_iter().next();
    first.ok_or_else(|| Error::Unreadable("nothing in it".to_owned()))
}

fn subject(name: &str, validity: Validity) -> Result<CertificateParams, Error> {
    if validity.not_after < validity.not_before {
        let (not_before, not_after) = (since_epoch(validity.not_before), since_epoch(validity.not_after));
        return Err(Error::Validity { not_before: not_before.as_secs(), not_after: not_after.as_secs() });
    }
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    params.not_before = epoch + since_epoch(validity.not_before);
    params.not_after = epoch + since_epoch(validity.not_after);
    Ok(params)
}

fn names(hosts: &[String]) -> Result<Vec<rcgen::SanType>, Error> {
    let one = |host: &String| {
        let refused = || Error::Host { host: host.clone() };
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok(rcgen::SanType::IpAddress(address));
        }
        if !is_dns_name(host) {
            return Err(refused());
        }
        host.as_str().try_into().map(rcgen::SanType::DnsName).map_err(|_| refused())
    };
    hosts.iter().map(one).collect()
}

/// RFC 5280 section 4.2.1.6: the preferred name syntax, and a wildcard as the first label.
fn is_dns_name(host: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    host.len() <= 253 && host.strip_prefix("*.").unwrap_or(host).split('.').all(label)
}

fn generate() -> Result<KeyPair, Error> {
    KeyPair::generate().map_err(crypto("make a private key"))
}

fn crypto(action: &'static str) -> impl Fn(rcgen::Error) -> Error {
    move |source| Error::Crypto { action, source }
}

/// Time since 1970, where rcgen's clock is started with `rcgen::date_time_ymd(1970, 1, 1)`.
fn since_epoch(moment: SystemTime) -> Duration {
    moment.duration_since(UNIX_EPOCH).unwrap_or_default()
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const FIVE_MINUTES: Duration = Duration::from_secs(5 * 60);
const ISSUED_DAYS: u32 = 365;
const AUTHORITY_DAYS: u32 = 3650;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Standing, Use, describe};

    fn issued(request: &Request) -> Summary {
        let identity = Authority::create("Test CA").unwrap().issue(request).unwrap();
        describe(&identity.certificates).unwrap().remove(0)
    }

    #[test]
    fn a_node_is_server_and_client_under_all_its_names() {
        let hosts = ["a.example.org", "localhost", "127.0.0.1", "::1"];
        let node = issued(&Request::node("hospital-a", hosts));
        assert_eq!(node.subject, "CN=hospital-a");
        assert_eq!(node.issuer, "CN=Test CA");
        assert_eq!(node.names, hosts);
        assert_eq!(node.uses(), [Use::Server, Use::Client]);
        assert_eq!(node.standing(SystemTime::now()), Standing::Valid);
        assert!(!node.is_authority);
    }

    #[test]
    fn a_person_is_client_only() {
        let person = issued(&Request::person("Dr. Marie Curie"));
        assert_eq!(person.subject, "CN=Dr. Marie Curie");
        assert_eq!(person.uses(), [Use::Client]);
    }

    #[test]
    fn validity_is_a_matter_of_asking() {
        let now = SystemTime::now();
        let expired = issued(&Request::person("late").valid(Validity::expired()));
        assert_eq!(expired.standing(now), Standing::Expired);
        let not_yet = issued(&Request::person("early").valid(Validity::not_yet()));
        assert_eq!(not_yet.standing(now), Standing::NotYet);
        let backwards = Validity { not_before: now, not_after: now - DAY };
        let authority = Authority::create("CA").unwrap();
        let refused = authority.issue(&Request::person("p").valid(backwards));
        assert!(matches!(refused, Err(Error::Validity { .. })));
    }

    #[test]
    fn a_ca_read_back_issues_what_the_same_root_verifies() {
        let authority = Authority::create("Test CA").unwrap();
        let again = Authority::load(authority.certificate(), &authority.key()).unwrap();
        let identity = again.issue(&Request::person("p")).unwrap();
        assert!(signed_by(&identity, &authority));
        assert!(!signed_by(&identity, &Authority::create("Test CA").unwrap()));
    }

    fn signed_by(identity: &Identity, authority: &Authority) -> bool {
        let block = |pem: &str| x509_parser::pem::parse_x509_pem(pem.as_bytes()).unwrap().1;
        let (leaf, root) = (block(&identity.certificates), block(authority.certificate()));
        let (leaf, root) = (leaf.parse_x509().unwrap(), root.parse_x509().unwrap());
        leaf.verify_signature(Some(root.public_key())).is_ok()
    }

    #[test]
    fn refuses_a_key_that_is_not_the_cas_own() {
        let (one, other) = (Authority::create("One").unwrap(), Authority::create("Other").unwrap());
        assert!(matches!(Authority::load(one.certificate(), &other.key()), Err(Error::OtherKey)));
    }

    #[test]
    fn refuses_a_leaf_as_ca() {
        let leaf = Authority::create("CA").unwrap().issue(&Request::person("p")).unwrap();
        let refused = Authority::load(&leaf.certificates, &leaf.key).unwrap_err();
        assert!(matches!(refused, Error::NotAuthority { subject } if subject == "CN=p"));
    }

    #[test]
    fn refuses_hosts_that_are_no_names() {
        let authority = Authority::create("CA").unwrap();
        for host in ["https://a.example", "a.example:8443", "", "a..b", "-a", "a/b", "hôpital"] {
            let refused = authority.issue(&Request::node("n", [host]));
            assert!(matches!(refused, Err(Error::Host { .. })), "{host:?} was accepted");
        }
        assert!(authority.issue(&Request::node("n", ["*.example.org", "10.0.0.1", "fe80::1"])).is_ok());
    }

    #[test]
    fn a_revocation_list_names_the_serial() {
        let authority = Authority::create("CA").unwrap();
        let identity = authority.issue(&Request::person("p")).unwrap();
        let list = authority.revoke(&[&identity.certificates]).unwrap();
        let (_, pem) = x509_parser::pem::parse_x509_pem(list.as_bytes()).unwrap();
        let (_, list) = x509_parser::parse_x509_crl(&pem.contents).unwrap();
        let serial = describe(&identity.certificates).unwrap().remove(0).serial;
        let revoked: Vec<_> = list.iter_revoked_certificates().map(|one| one.raw_serial().to_vec()).collect();
        assert_eq!(revoked, [serial]);
    }
}
