//! What a peer said of our certificate when it closed the connection (RFC 8446 section 6.2, RFC 5246 section 7.2.2).

use std::error::Error;
use std::io;

use rustls::AlertDescription;

/// That the peer refuses our certificate and what can be done about it, if that is why there is no answer.
pub(super) fn about_us(error: &(dyn Error + 'static)) -> Option<String> {
    let alert = alert(error)?;
    let remedy = match alert {
        AlertDescription::UnknownCA => {
            "it does not know the CA that issued it: its operator must trust that CA, or we need a certificate of a CA \
             that it trusts"
        }
        AlertDescription::CertificateExpired => {
            "it has expired, or is not valid yet by the clock of the peer: renew it, and compare the clocks"
        }
        AlertDescription::CertificateRevoked => "it was revoked: get a new one from its CA",
        AlertDescription::CertificateRequired | AlertDescription::NoCertificate => {
            "it was shown none: name one that the peer trusts"
        }
        AlertDescription::AccessDenied => {
            "it knows the certificate, and does not admit who has it: ask its operator"
        }
        AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateUnknown => {
            "ask its operator which CA it trusts and what it demands of a certificate (use by clients, names), and \
             have one issued that way, or have our CA trusted there"
        }
        _ => return None,
    };
    Some(format!("the peer does not accept our certificate (TLS alert {alert:?}): {remedy}"))
}

/// The alert that lies behind an error, if there is one.
fn alert(error: &(dyn Error + 'static)) -> Option<AlertDescription> {
    if let Some(rustls::Error::AlertReceived(alert)) = error.downcast_ref() {
        return Some(*alert);
    }
    // An `io::Error` passes over what it wraps when it is asked for its source.
    let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    match wrapped {
        Some(wrapped) => alert(wrapped),
        None => error.source().and_then(alert),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn behind(alert: AlertDescription) -> io::Error {
        let error = rustls::Error::AlertReceived(alert);
        io::Error::other(io::Error::new(io::ErrorKind::InvalidData, error))
    }

    #[test]
    fn says_what_to_do_about_a_certificate_that_is_refused() {
        let said = about_us(&behind(AlertDescription::UnknownCA)).unwrap();
        assert!(said.contains("UnknownCA") && said.contains("must trust that CA"), "{said}");
        assert!(
            about_us(&behind(AlertDescription::CertificateUnknown)).unwrap().contains("ask its operator")
        );
    }

    #[test]
    fn other_alerts_are_not_about_us() {
        assert_eq!(about_us(&behind(AlertDescription::ProtocolVersion)), None);
        assert_eq!(about_us(&io::Error::other("nothing")), None);
    }
}
