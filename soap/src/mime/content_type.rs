//! The `Content-Type` of a message or part, with its parameters (RFC 2045 section 5.1).

/// A media type and its parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MediaType {
    /// Type and subtype, in lower case.
    pub(crate) essence: String,
    parameters: Vec<(String, String)>,
}

impl MediaType {
    /// Parses a header value, leniently where the meaning is plain: unquoted values may hold any
    /// character but `;`, parameters may be empty (clauses M1 to M3).
    pub(crate) fn parse(value: &str) -> Result<Self, String> {
        let (essence, mut rest) = value.split_once(';').unwrap_or((value, ""));
        let essence = essence.trim_ascii().to_ascii_lowercase();
        let token = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_graphic());
        if !essence.split_once('/').is_some_and(|(kind, subtype)| token(kind) && token(subtype)) {
            return Err(format!("'{essence}' is not a media type"));
        }
        let mut parameters: Vec<(String, String)> = Vec::new();
        loop {
            rest = rest.trim_start_matches(|c: char| c == ';' || c.is_ascii_whitespace());
            if rest.is_empty() {
                return Ok(Self { essence, parameters });
            }
            let (name, value, after) = parameter(rest)?;
            if parameters.iter().any(|(other, _)| *other == name) {
                return Err(format!("the parameter '{name}' stands twice in a media type"));
            }
            parameters.push((name, value));
            rest = after;
        }
    }

    /// The value of a parameter, its name in lower case.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }
}

/// One `name=value` and what follows it.
fn parameter(text: &str) -> Result<(String, String, &str), String> {
    let wrong = || format!("'{text}' is not a parameter of a media type");
    let (name, value) = text.split_once('=').ok_or_else(wrong)?;
    let name = name.trim_ascii().to_ascii_lowercase();
    if name.is_empty() || name.contains([';', '"', ' ']) {
        return Err(wrong());
    }
    let value = value.trim_ascii_start();
    let Some(quoted) = value.strip_prefix('"') else {
        let (value, after) = value.split_once(';').unwrap_or((value, ""));
        return Ok((name, value.trim_ascii().to_owned(), after));
    };
    let mut unquoted = String::new();
    let mut characters = quoted.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => return Ok((name, unquoted, characters.as_str())),
            '\\' => unquoted.push(characters.next().ok_or_else(wrong)?),
            other => unquoted.push(other),
        }
    }
    Err(wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(value: &str) -> MediaType {
        MediaType::parse(value).unwrap()
    }

    #[test]
    fn m1_ignores_the_case_of_types_and_names() {
        let media = parsed("Multipart/Related; Type=\"application/xop+xml\"; Boundary=AbC");
        assert_eq!(media.essence, "multipart/related");
        assert_eq!(media.parameter("type"), Some("application/xop+xml"));
        assert_eq!(media.parameter("boundary"), Some("AbC"));
    }

    #[test]
    fn m2_takes_any_order_quotes_spaces_and_folding() {
        let media =
            parsed("multipart/related ;\r\n\tboundary=_MIME_MTOM_Boundary_ ;start = \"<a@b>\" ; ;type=x/y;");
        assert_eq!(media.parameter("boundary"), Some("_MIME_MTOM_Boundary_"));
        assert_eq!(media.parameter("start"), Some("<a@b>"));
        assert_eq!(media.parameter("type"), Some("x/y"));
        assert_eq!(media.parameter("none"), None);
        let wcf = parsed(
            "multipart/related; type=\"application/xop+xml\";start=\"<http://tempuri.org/0>\";boundary=\"uuid:1+id=1\"",
        );
        assert_eq!(wcf.parameter("boundary"), Some("uuid:1+id=1"));
        assert_eq!(parsed("multipart/related;boundary===x==").parameter("boundary"), Some("==x=="));
    }

    #[test]
    fn m3_reads_escaped_quotes_and_semicolons_inside_quotes() {
        let media =
            parsed(r#"multipart/related;start-info="application/soap+xml;action=\"urn:a\"";boundary="b;c""#);
        assert_eq!(media.parameter("start-info"), Some(r#"application/soap+xml;action="urn:a""#));
        assert_eq!(media.parameter("boundary"), Some("b;c"));
    }

    #[test]
    fn refuses_what_is_no_media_type() {
        for wrong in [
            "",
            "text",
            "/x",
            "text/",
            "a b/c",
            "a/b; boundary",
            "a/b; =x",
            "a/b; b=\"x",
            "a/b; b=\"x\\",
            "a/b;c=1;C=2",
        ] {
            assert!(MediaType::parse(wrong).is_err(), "{wrong}");
        }
    }
}
