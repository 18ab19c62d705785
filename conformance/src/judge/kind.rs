//! Forms that values must have.

/// Whether a value has a form; `None` if there is no such form.
pub(super) fn is(value: &str, kind: &str) -> Option<bool> {
    let digits = |value: &str| value.bytes().all(|byte| byte.is_ascii_digit());
    Some(match kind {
        "uuid" => value.strip_prefix("urn:uuid:").is_some_and(is_uuid),
        "oid" => is_oid(value),
        "dtm" => matches!(value.len(), 4 | 6 | 8 | 10 | 12 | 14) && digits(value),
        "second" => value.len() == 14 && digits(value),
        "text" => !value.is_empty(),
        _ => return None,
    })
}

/// ITI TF-3 4.2.3.1: lower-case hexadecimal digits in the usual groups.
fn is_uuid(value: &str) -> bool {
    let groups: Vec<_> = value.split('-').map(str::len).collect();
    groups == [8, 4, 4, 4, 12]
        && value.bytes().all(|byte| byte == b'-' || byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// ITI TF-3 table 4.2.3.1.7-2, OID.
fn is_oid(value: &str) -> bool {
    let arc = |arc: &str| {
        !arc.is_empty()
            && arc.bytes().all(|byte| byte.is_ascii_digit())
            && (arc == "0" || !arc.starts_with('0'))
    };
    value.len() <= 64
        && value.starts_with(['0', '1', '2'])
        && value.contains('.')
        && value.split('.').all(arc)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_forms() {
        assert_eq!(is("urn:uuid:0b2f0a0e-1111-4222-8333-444455556666", "uuid"), Some(true));
        assert_eq!(is("urn:uuid:0B2F0A0E-1111-4222-8333-444455556666", "uuid"), Some(false));
        assert_eq!(is("Document01", "uuid"), Some(false));
        assert_eq!(is("2.25.1", "oid"), Some(true));
        assert_eq!(is("2.025.1", "oid"), Some(false));
        assert_eq!(is("20240101", "dtm"), Some(true));
        assert_eq!(is("20240101", "second"), Some(false));
        assert_eq!(is("x", "colour"), None);
    }
}
