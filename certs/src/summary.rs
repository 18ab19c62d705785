//! What a certificate says, in words: for `certs show`, for `doctor`, for whoever reads an audit record.
//!
//! RFC 5280 section 4.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sha2::{Digest, Sha256};
use x509_parser::extensions::{ExtendedKeyUsage, GeneralName};
use x509_parser::pem::parse_x509_pem;
use x509_parser::time::ASN1Time;

use crate::error::Error;

/// What one certificate says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Whose it is (`CN=hospital-a`).
    pub subject: String,
    /// Who signed it.
    pub issuer: String,
    /// Its number at the issuer, big-endian as encoded.
    pub serial: Vec<u8>,
    /// Subject alternative names: DNS names, addresses, and others with their kind before them.
    pub names: Vec<String>,
    /// First second, in unix time.
    pub not_before: i64,
    /// Last second, in unix time.
    pub not_after: i64,
    /// Extended key usages (`serverAuth`, `clientAuth`, ... or an OID); `None` if it does not restrict them.
    pub extended_key_usage: Option<Vec<String>>,
    /// Whether it may sign others (basicConstraints CA).
    pub is_authority: bool,
    /// SHA-256 of the certificate, lower-case hexadecimal.
    pub fingerprint: String,
    /// The raw public key, to compare with a private one.
    pub(crate) public_key: Vec<u8>,
}

/// What a certificate can be used for in mutual TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// Answering connections.
    Server,
    /// Making connections.
    Client,
    /// Signing other certificates.
    Authority,
}

/// Whether a certificate holds at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It begins later.
    NotYet,
    /// It holds.
    Valid,
    /// It is over.
    Expired,
}

/// What each certificate in a PEM file says, in the order of the file.
pub fn describe(pem: &str) -> Result<Vec<Summary>, Error> {
    Ok(split(pem)?.into_iter().map(|(_, summary)| summary).collect())
}

impl Summary {
    /// What it can be used for, so far as it says itself. A CA's own certificate is refused as a peer's,
    /// and a server without a subject alternative name cannot be recognised (RFC 9525 section 6).
    pub fn uses(&self) -> Vec<Use> {
        if self.is_authority {
            return vec![Use::Authority];
        }
        let allows =
            |usage| self.extended_key_usage.as_ref().is_none_or(|all| all.iter().any(|one| one == usage));
        let server = (allows(SERVER) && !self.names.is_empty()).then_some(Use::Server);
        let client = allows(CLIENT).then_some(Use::Client);
        server.into_iter().chain(client).collect()
    }

    /// Whether it holds at that moment.
    pub fn standing(&self, moment: SystemTime) -> Standing {
        let now = moment.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let now = i64::try_from(now).unwrap_or(i64::MAX);
        if now < self.not_before {
            Standing::NotYet
        } else if now > self.not_after {
            Standing::Expired
        } else {
            Standing::Valid
        }
    }

    /// How long it still holds at that moment; nothing if it is over.
    pub fn remaining(&self, moment: SystemTime) -> Duration {
        let end = Duration::from_secs(u64::try_from(self.not_after).unwrap_or_default());
        (UNIX_EPOCH + end).duration_since(moment).unwrap_or_default()
    }

    /// Whether subject and issuer are the same, as of a root.
    pub fn is_self_issued(&self) -> bool {
        self.subject == self.issuer
    }
}

/// Several lines for a person, without a line break at the end.
impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let uses: Vec<_> = self.uses().iter().map(ToString::to_string).collect();
        let standing = match self.standing(SystemTime::now()) {
            Standing::NotYet => "not yet valid",
            Standing::Valid => "valid",
            Standing::Expired => "EXPIRED",
        };
        writeln!(f, "subject      {}", self.subject)?;
        writeln!(f, "issuer       {}", self.issuer)?;
        writeln!(f, "names        {}", list(&self.names))?;
        writeln!(f, "validity     {} to {} ({standing})", date(self.not_before), date(self.not_after))?;
        writeln!(
            f,
            "key usage    {}",
            self.extended_key_usage.as_ref().map_or("any".to_owned(), |all| list(all))
        )?;
        writeln!(f, "can be used  {}", list(&uses))?;
        write!(f, "fingerprint  SHA-256 {}", self.fingerprint)
    }
}

impl fmt::Display for Use {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Server => "as a server",
            Self::Client => "as a client",
            Self::Authority => "as a CA",
        })
    }
}

/// Each certificate of a PEM file: its own PEM block, and what it says. Other blocks are passed over.
pub(crate) fn split(pem: &str) -> Result<Vec<(String, Summary)>, Error> {
    let mut found = Vec::new();
    let mut rest = pem;
    while let Some((_, begun)) = rest.split_once(BEGIN) {
        let (body, behind) = begun
            .split_once(END)
            .ok_or_else(|| Error::Unreadable("a CERTIFICATE block has no end".to_owned()))?;
        let block = format!("{BEGIN}{body}{END}\n");
        let summary = summarise(&block)?;
        found.push((block, summary));
        rest = behind;
    }
    if found.is_empty() {
        return Err(Error::Unreadable("no CERTIFICATE block in it".to_owned()));
    }
    Ok(found)
}

fn summarise(block: &str) -> Result<Summary, Error> {
    let unreadable = |reason: String| Error::Unreadable(reason);
    let (_, pem) = parse_x509_pem(block.as_bytes()).map_err(|error| unreadable(error.to_string()))?;
    let certificate = pem.parse_x509().map_err(|error| unreadable(error.to_string()))?;
    let names = certificate.subject_alternative_name().ok().flatten();
    let names = names.map(|found| found.value.general_names.iter().map(name).collect());
    let usage = certificate.extended_key_usage().ok().flatten();
    Ok(Summary {
        subject: certificate.subject().to_string(),
        issuer: certificate.issuer().to_string(),
        serial: certificate.raw_serial().to_vec(),
        names: names.unwrap_or_default(),
        not_before: certificate.validity().not_before.timestamp(),
        not_after: certificate.validity().not_after.timestamp(),
        extended_key_usage: usage.map(|found| usages(found.value)),
        is_authority: certificate.is_ca(),
        fingerprint: Sha256::digest(&pem.contents).iter().map(|byte| format!("{byte:02x}")).collect(),
        public_key: certificate.public_key().subject_public_key.data.to_vec(),
    })
}

fn name(name: &GeneralName<'_>) -> String {
    match name {
        GeneralName::DNSName(dns) => (*dns).to_owned(),
        GeneralName::IPAddress(bytes) => address(bytes),
        GeneralName::RFC822Name(mail) => format!("mail:{mail}"),
        GeneralName::URI(uri) => format!("uri:{uri}"),
        other => other.to_string(),
    }
}

fn address(bytes: &[u8]) -> String {
    let v4 = <[u8; 4]>::try_from(bytes).map(|four| Ipv4Addr::from(four).to_string());
    let v6 = || <[u8; 16]>::try_from(bytes).map(|sixteen| Ipv6Addr::from(sixteen).to_string());
    v4.or_else(|_| v6()).unwrap_or_else(|_| format!("an address of {} bytes", bytes.len()))
}

fn usages(usage: &ExtendedKeyUsage<'_>) -> Vec<String> {
    let known = [
        (usage.any, SERVER),
        (usage.any, CLIENT),
        (usage.server_auth && !usage.any, SERVER),
        (usage.client_auth && !usage.any, CLIENT),
        (usage.code_signing, "codeSigning"),
        (usage.email_protection, "emailProtection"),
        (usage.time_stamping, "timeStamping"),
        (usage.ocsp_signing, "OCSPSigning"),
    ];
    let known = known.iter().filter(|(set, _)| *set).map(|(_, name)| (*name).to_owned());
    known.chain(usage.other.iter().map(ToString::to_string)).collect()
}

fn list(items: &[String]) -> String {
    if items.is_empty() { "none".to_owned() } else { items.join(", ") }
}

fn date(seconds: i64) -> String {
    ASN1Time::from_timestamp(seconds)
        .map_or_else(|_| format!("unix second {seconds}"), |time| time.to_string())
}

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";
const SERVER: &str = "serverAuth";
const CLIENT: &str = "clientAuth";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Authority, Request};

    #[test]
    fn describes_the_whole_file_in_order() {
        let authority = Authority::create("Root").unwrap();
        let leaf = authority.issue(&Request::node("n", ["localhost"])).unwrap();
        let file = format!("{}{}{}", leaf.key, leaf.certificates, authority.certificate());
        let subjects: Vec<_> = describe(&file).unwrap().into_iter().map(|one| one.subject).collect();
        assert_eq!(subjects, ["CN=n", "CN=Root"]);
    }

    #[test]
    fn a_ca_can_only_sign() {
        let authority = Authority::create("Root").unwrap();
        let summary = describe(authority.certificate()).unwrap().remove(0);
        assert!(summary.is_authority && summary.is_self_issued());
        assert_eq!(summary.uses(), [Use::Authority]);
    }

    #[test]
    fn a_node_without_names_is_no_server() {
        let authority = Authority::create("Root").unwrap();
        let leaf = authority.issue(&Request::node("n", Vec::<String>::new())).unwrap();
        assert_eq!(describe(&leaf.certificates).unwrap().remove(0).uses(), [Use::Client]);
    }

    #[test]
    fn the_fingerprint_is_the_sha_256_of_the_certificate() {
        let authority = Authority::create("Root").unwrap();
        let pem = authority.certificate();
        let (_, block) = parse_x509_pem(pem.as_bytes()).unwrap();
        let expected: String = Sha256::digest(&block.contents).iter().map(|b| format!("{b:02x}")).collect();
        let summary = describe(pem).unwrap().remove(0);
        assert_eq!(summary.fingerprint, expected);
        assert!(summary.to_string().contains(&expected));
    }

    #[test]
    fn says_what_is_no_certificate() {
        let key = Authority::create("Root").unwrap().key();
        for text in ["", "hello", key.as_str()] {
            assert!(matches!(describe(text), Err(Error::Unreadable(_))), "{text:?} was read");
        }
    }
}
