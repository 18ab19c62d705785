//! Who is at the other end of a connection.

use std::net::SocketAddr;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

/// Who sent a message. The certificate identifies, never an address or what the message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Where it comes from.
    pub address: Option<SocketAddr>,
    /// Who it is.
    pub certificate: Option<Arc<Certificate>>,
}

impl Peer {
    /// An actor in the same process.
    pub const fn local() -> Self {
        Self { address: None, certificate: None }
    }
}

/// What a certificate says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// The distinguished name of its holder.
    pub subject: String,
    /// The distinguished name of who issued it.
    pub issuer: String,
    /// Its subject alternative names: DNS names, addresses, URIs, mail addresses.
    pub names: Vec<String>,
    /// SHA-256 of its DER form, in lower-case hexadecimal.
    pub fingerprint: String,
    /// Not valid before this time, in Unix seconds.
    pub not_before: i64,
    /// Not valid after this time, in Unix seconds.
    pub not_after: i64,
}

impl Certificate {
    /// Reads a certificate in DER form.
    pub fn from_der(der: &[u8]) -> Result<Self, String> {
        let (_, certificate) = X509Certificate::from_der(der).map_err(|error| error.to_string())?;
        let names = certificate.subject_alternative_name().ok().flatten();
        Ok(Self {
            subject: certificate.subject().to_string(),
            issuer: certificate.issuer().to_string(),
            names: names
                .map(|names| names.value.general_names.iter().filter_map(spelt).collect())
                .unwrap_or_default(),
            fingerprint: Sha256::digest(der).iter().map(|byte| format!("{byte:02x}")).collect(),
            not_before: certificate.validity().not_before.timestamp(),
            not_after: certificate.validity().not_after.timestamp(),
        })
    }
}

fn spelt(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) | GeneralName::URI(name) | GeneralName::RFC822Name(name) => {
            Some((*name).to_owned())
        }
        GeneralName::IPAddress(bytes) => {
            let four = <[u8; 4]>::try_from(*bytes).map(std::net::IpAddr::from);
            let sixteen = || <[u8; 16]>::try_from(*bytes).map(std::net::IpAddr::from);
            four.or_else(|_| sixteen()).ok().map(|address| address.to_string())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_a_certificate_says() {
        let names = ["node.example".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
        let mut params = rcgen::CertificateParams::new(names.to_vec()).unwrap();
        params.distinguished_name.push(rcgen::DnType::CommonName, "Node A");
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(2021, 1, 1);
        let der = params.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap();
        let certificate = Certificate::from_der(der.der()).unwrap();
        assert!(certificate.subject.contains("CN=Node A"), "{}", certificate.subject);
        assert_eq!(certificate.issuer, certificate.subject);
        assert_eq!(certificate.names, names);
        assert_eq!(certificate.fingerprint.len(), 64);
        assert_eq!((certificate.not_before, certificate.not_after), (1_577_836_800, 1_609_459_200));
    }

    #[test]
    fn refuses_what_is_no_certificate() {
        assert!(Certificate::from_der(b"no").is_err());
    }
}
