//! What can go wrong with certificates, each with the place and the remedy.

use std::io;
use std::path::PathBuf;

/// Why a certificate could not be made, kept or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or directory refused us.
    #[error("{}: cannot {action}: {source}", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// What we wanted to do with it.
        action: &'static str,
        /// What the operating system said.
        source: io::Error,
    },
    /// A file that must not be lost is already there.
    #[error(
        "{}: already exists and is not replaced unless asked; remove it, choose another directory or name, or ask for replacement",
        path.display()
    )]
    Exists {
        /// Which one.
        path: PathBuf,
    },
    /// There is no CA in the directory.
    #[error("{}: no CA here (ca.pem and ca.key are expected); make one with `dosebook certs init`", path.display())]
    NoAuthority {
        /// The directory.
        path: PathBuf,
    },
    /// A name that cannot be a file of its own.
    #[error(
        "the name {name:?} cannot be used: expected 1 to 64 letters, digits, '.', '-' or '_', beginning with a letter or digit, and not 'ca'"
    )]
    Name {
        /// The name received.
        name: String,
    },
    /// A host that cannot be a subject alternative name.
    #[error(
        "the host {host:?} cannot be named in a certificate: expected a DNS name or an IP address, without scheme, port or path"
    )]
    Host {
        /// The host received.
        host: String,
    },
    /// A validity that ends before it begins.
    #[error("a certificate cannot end (unix second {not_after}) before it begins ({not_before})")]
    Validity {
        /// First second.
        not_before: u64,
        /// Last second.
        not_after: u64,
    },
    /// The key does not belong to the certificate.
    #[error(
        "the CA's private key does not belong to its certificate; restore the pair that was made together"
    )]
    OtherKey,
    /// The certificate may not sign others.
    #[error(
        "the certificate of {subject} is no CA (basicConstraints CA is not set), so it cannot issue; give the CA's certificate"
    )]
    NotAuthority {
        /// Whose certificate it is.
        subject: String,
    },
    /// Something is no PEM, or no certificate.
    #[error("not a certificate in PEM form (-----BEGIN CERTIFICATE-----): {0}")]
    Unreadable(String),
    /// The cryptographic library refused.
    #[error("cannot {action}: {source}")]
    Crypto {
        /// What we wanted.
        action: &'static str,
        /// What it said.
        source: rcgen::Error,
    },
}
