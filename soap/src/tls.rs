//! Who we are and whom we trust: mutual TLS on both sides (ITI TF-2 3.19).

use std::sync::Arc;

use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, RootCertStore, ServerConfig};

use crate::peer::Certificate;

/// What is wrong with a certificate, a key or a list of revoked ones.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TlsError {
    /// Not PEM, or not a certificate.
    #[error("certificate: {0}")]
    Certificate(String),
    /// Not PEM, not a key that we can use, or not the key of the certificate.
    #[error("private key: {0}")]
    Key(String),
    /// Nobody would be trusted, or a list of revoked certificates cannot be read.
    #[error("trust: {0}")]
    Trust(String),
}

/// A certificate chain, the holder's first, with its key.
#[derive(Debug, Clone)]
pub struct Identity(Arc<CertifiedKey>);

impl Identity {
    /// Reads a chain and its key from PEM; the key must be that of the first certificate.
    pub fn from_pem(certificates: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        let chain = read_certificates(certificates)?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| TlsError::Key(error.to_string()))?;
        let certified = CertifiedKey::from_der(chain, key, &ring::default_provider());
        certified.map(|key| Self(Arc::new(key))).map_err(|error| TlsError::Key(error.to_string()))
    }

    /// What our certificate says.
    pub fn certificate(&self) -> Result<Certificate, TlsError> {
        let der = self.0.end_entity_cert().map_err(|error| TlsError::Certificate(error.to_string()))?;
        Certificate::from_der(der).map_err(TlsError::Certificate)
    }

    fn resolver(&self) -> Arc<SingleCertAndKey> {
        Arc::new(SingleCertAndKey::from(Arc::clone(&self.0)))
    }
}

/// The certificate authorities of our domain and, where given, what they revoked.
#[derive(Debug, Clone)]
pub struct Trust {
    roots: Arc<RootCertStore>,
    revoked: Vec<CertificateRevocationListDer<'static>>,
}

impl Trust {
    /// Reads authorities from PEM. The list is private to the domain: nothing of the system is added.
    pub fn from_pem(certificates: &[u8]) -> Result<Self, TlsError> {
        let mut roots = RootCertStore::empty();
        for certificate in read_certificates(certificates)? {
            roots.add(certificate).map_err(|error| TlsError::Certificate(error.to_string()))?;
        }
        Ok(Self { roots: Arc::new(roots), revoked: Vec::new() })
    }

    /// With lists of revoked certificates. Once there is one, every authority needs its own, and an
    /// outdated list refuses all that it speaks of.
    pub fn with_crls_pem(mut self, lists: &[u8]) -> Result<Self, TlsError> {
        for list in CertificateRevocationListDer::pem_slice_iter(lists) {
            self.revoked.push(list.map_err(|error| TlsError::Trust(error.to_string()))?);
        }
        Ok(self)
    }
}

/// A server that speaks to nobody without a certificate we trust. No session is resumed, because a
/// resumed session is not verified again.
pub fn server_config(identity: &Identity, trust: &Trust) -> Result<Arc<ServerConfig>, TlsError> {
    let mut verifier = WebPkiClientVerifier::builder_with_provider(Arc::clone(&trust.roots), provider());
    if !trust.revoked.is_empty() {
        verifier = verifier.with_crls(trust.revoked.clone()).enforce_revocation_expiration();
    }
    let verifier = verifier.build().map_err(|error| TlsError::Trust(error.to_string()))?;
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsError::Trust(error.to_string()))?
        .with_client_cert_verifier(verifier)
        .with_cert_resolver(identity.resolver());
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// A client that shows its certificate and calls only servers that we trust.
pub fn client_config(identity: &Identity, trust: &Trust) -> Result<ClientConfig, TlsError> {
    let mut verifier = WebPkiServerVerifier::builder_with_provider(Arc::clone(&trust.roots), provider());
    if !trust.revoked.is_empty() {
        verifier = verifier.with_crls(trust.revoked.clone()).enforce_revocation_expiration();
    }
    let verifier = verifier.build().map_err(|error| TlsError::Trust(error.to_string()))?;
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsError::Trust(error.to_string()))?
        .with_webpki_verifier(verifier)
        .with_client_cert_resolver(identity.resolver());
    config.resumption = Resumption::disabled();
    Ok(config)
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn read_certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match certificates {
        Ok(certificates) if certificates.is_empty() => {
            Err(TlsError::Certificate("no certificate in the PEM text".to_owned()))
        }
        Ok(certificates) => Ok(certificates),
        Err(error) => Err(TlsError::Certificate(error.to_string())),
    }
}
