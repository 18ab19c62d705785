//! The attributes that queries filter by, packed into one column and matched without reading the object.

use metadata::Code;

/// An attribute to filter by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Facet {
    AssociationType = 'a' as isize,
    AuthorPerson = 'p' as isize,
    ClassCode = 'c' as isize,
    CodeList = 'l' as isize,
    ConfidentialityCode = 'k' as isize,
    ContentTypeCode = 'y' as isize,
    EventCode = 'e' as isize,
    FacilityTypeCode = 'h' as isize,
    FormatCode = 'f' as isize,
    PracticeSettingCode = 's' as isize,
    ReferenceId = 'r' as isize,
    SourceId = 'o' as isize,
    TypeCode = 't' as isize,
}

/// The filterable attributes of one object.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Facets(String);

/// Between facets, and between code and scheme: characters that XML does not have.
const BETWEEN: char = '\u{1e}';
const BEFORE_SCHEME: char = '\u{1f}';

impl Facet {
    /// What stands before its values.
    fn tag(self) -> char {
        u8::try_from(self as isize).map_or('?', char::from)
    }
}

impl Facets {
    /// With a value.
    pub(crate) fn add(&mut self, facet: Facet, value: &str) {
        self.0.push(facet.tag());
        self.0.extend(value.chars().filter(|&character| character != BETWEEN));
        self.0.push(BETWEEN);
    }

    /// With codes.
    pub(crate) fn add_codes<'a>(&mut self, facet: Facet, codes: impl IntoIterator<Item = &'a Code>) {
        codes.into_iter().for_each(|code| self.add(facet, &spell(code)));
    }

    /// The values of one facet.
    pub(crate) fn values(&self, facet: Facet) -> impl Iterator<Item = &str> {
        self.0.split(BETWEEN).filter_map(move |value| value.strip_prefix(facet.tag()))
    }

    /// Whether one of the codes is there; any will do when none is asked for.
    pub(crate) fn has_any(&self, facet: Facet, codes: &[Code]) -> bool {
        let is_asked_for = |value: &str| codes.iter().any(|code| is(value, code));
        codes.is_empty() || self.values(facet).any(is_asked_for)
    }

    /// Whether one code of each group is there.
    pub(crate) fn has_one_of_each(&self, facet: Facet, groups: &[Vec<Code>]) -> bool {
        groups.iter().all(|group| self.has_any(facet, group))
    }

    /// As it is kept.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for Facets {
    fn from(kept: String) -> Self {
        Self(kept)
    }
}

/// Code and scheme; the display name does not count.
fn spell(code: &Code) -> String {
    format!("{}{BEFORE_SCHEME}{}", code.code, code.scheme)
}

/// Whether a value is that code.
fn is(value: &str, code: &Code) -> bool {
    value.split_once(BEFORE_SCHEME) == Some((&code.code, &code.scheme))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_match_by_code_and_scheme_in_their_own_attribute() {
        let mut facets = Facets::default();
        facets
            .add_codes(Facet::EventCode, &[Code::new("CT", "1.2", "shown"), Code::new("T-D3000", "1.3", "")]);
        let code = |code: &str, scheme: &str| Code::new(code, scheme, "");
        assert!(facets.has_any(Facet::EventCode, &[code("CT", "1.2")]));
        assert!(!facets.has_any(Facet::EventCode, &[code("CT", "1.3")]));
        assert!(!facets.has_any(Facet::EventCode, &[code("C", "1.2")]));
        assert!(!facets.has_any(Facet::TypeCode, &[code("CT", "1.2")]));
        assert!(facets.has_any(Facet::TypeCode, &[]));
        let groups = [vec![code("CT", "1.2"), code("MR", "1.2")], vec![code("T-D3000", "1.3")]];
        assert!(facets.has_one_of_each(Facet::EventCode, &groups));
        let groups = [vec![code("CT", "1.2")], vec![code("MR", "1.2")]];
        assert!(!facets.has_one_of_each(Facet::EventCode, &groups));
    }

    #[test]
    fn a_value_cannot_pass_for_another_attribute() {
        let mut facets = Facets::default();
        facets.add(Facet::AuthorPerson, "x\u{1e}tforged");
        assert_eq!(facets.values(Facet::TypeCode).count(), 0);
        assert_eq!(facets.values(Facet::AuthorPerson).collect::<Vec<_>>(), ["xtforged"]);
    }
}
