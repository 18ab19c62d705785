//! What queries select by: periods, patterns, ids, and the filters made of them (ITI TF-2 3.18.4.1.2.3.7).

use std::fmt;
use std::str::FromStr;

use metadata::{Code, EntryUuid, ObjectType, Timestamp, UniqueId};

use super::parameters::{Parameters, Slots};

/// From one time, inclusive, to another, exclusive; either may be open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Period {
    /// The first time that is in it.
    pub from: Option<Timestamp>,
    /// The first time after it.
    pub to: Option<Timestamp>,
}

impl Period {
    /// Whether any time is in it.
    pub const fn is_open(&self) -> bool {
        self.from.is_none() && self.to.is_none()
    }

    /// Whether a second of Unix time is in it. A short time stands for its beginning.
    pub fn contains(&self, time: i64) -> bool {
        self.from.is_none_or(|from| from.start() <= time) && self.to.is_none_or(|to| time < to.start())
    }

    /// Reads `{name}From` and `{name}To`.
    pub(super) fn read(parameters: &mut Parameters, name: &str) -> Self {
        Self { from: parameters.one(&format!("{name}From")), to: parameters.one(&format!("{name}To")) }
    }

    pub(super) fn write(&self, slots: &mut Slots, name: &str) {
        slots.number(&format!("{name}From"), self.from);
        slots.number(&format!("{name}To"), self.to);
    }
}

/// A pattern as of SQL's `LIKE`: `%` stands for any text, `_` for any character.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(String);

impl Pattern {
    /// Whether the whole of `text` fits.
    pub fn matches(&self, text: &str) -> bool {
        let (pattern, text): (Vec<char>, Vec<char>) = (self.0.chars().collect(), text.chars().collect());
        let (mut p, mut t) = (0, 0);
        // Where to go on when what follows the last `%` does not fit: just after it, one character later.
        let mut retry = None;
        while t < text.len() {
            match pattern.get(p) {
                Some('%') => {
                    retry = Some((p + 1, t + 1));
                    p += 1;
                }
                Some(&c) if c == '_' || text.get(t) == Some(&c) => (p, t) = (p + 1, t + 1),
                _ => {
                    let Some((after, from)) = retry else { return false };
                    (p, t) = (after, from);
                    retry = Some((after, from + 1));
                }
            }
        }
        pattern.iter().skip(p).all(|&c| c == '%')
    }
}

impl FromStr for Pattern {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Objects named by one kind of id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ids {
    /// By the ids that the registry gave.
    EntryUuids(Vec<EntryUuid>),
    /// By the ids that their sources gave.
    UniqueIds(Vec<UniqueId>),
}

impl Ids {
    /// Reads a list of ids from `{prefix}EntryUUID` or `{prefix}UniqueId`.
    pub(super) fn read(parameters: &mut Parameters, prefix: &str) -> Option<Self> {
        let (entry_uuid, unique_id) = names(prefix);
        let given = parameters.either(&entry_uuid, &unique_id)?;
        Some(if given == entry_uuid {
            Self::EntryUuids(parameters.list(given))
        } else {
            Self::UniqueIds(parameters.list(given))
        })
    }

    pub(super) fn write(&self, slots: &mut Slots, prefix: &str) {
        let (entry_uuid, unique_id) = names(prefix);
        match self {
            Self::EntryUuids(ids) => slots.list(&entry_uuid, ids),
            Self::UniqueIds(ids) => slots.list(&unique_id, ids),
        }
    }
}

/// One object, named by one kind of id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Id {
    /// By the id that the registry gave.
    EntryUuid(EntryUuid),
    /// By the id that its source gave.
    UniqueId(UniqueId),
}

impl Id {
    /// Reads one id from `{prefix}EntryUUID` or `{prefix}UniqueId`.
    pub(super) fn read(parameters: &mut Parameters, prefix: &str) -> Option<Self> {
        let (entry_uuid, unique_id) = names(prefix);
        let given = parameters.either(&entry_uuid, &unique_id)?;
        if given == entry_uuid {
            parameters.required(given).map(Self::EntryUuid)
        } else {
            parameters.required(given).map(Self::UniqueId)
        }
    }

    pub(super) fn write(&self, slots: &mut Slots, prefix: &str) {
        let (entry_uuid, unique_id) = names(prefix);
        match self {
            Self::EntryUuid(id) => slots.one(&entry_uuid, id),
            Self::UniqueId(id) => slots.one(&unique_id, id),
        }
    }
}

fn names(prefix: &str) -> (String, String) {
    (format!("{prefix}EntryUUID"), format!("{prefix}UniqueId"))
}

/// What may be asked of the documents inside a set or a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentFilter {
    /// `formatCode`: any of these; empty for any at all.
    pub format_code: Vec<Code>,
    /// `confidentialityCode`: one of each group.
    pub confidentiality_code: Vec<Vec<Code>>,
    /// Stable or on-demand; stable alone unless asked for (ITI TF-2 3.18.4.1.2.3.6.2).
    pub object_type: Vec<ObjectType>,
}

impl Default for ContentFilter {
    fn default() -> Self {
        Self {
            format_code: Vec::new(),
            confidentiality_code: Vec::new(),
            object_type: vec![ObjectType::Stable],
        }
    }
}

impl ContentFilter {
    pub(super) fn read(parameters: &mut Parameters) -> Self {
        Self {
            format_code: parameters.list("$XDSDocumentEntryFormatCode"),
            confidentiality_code: parameters.groups("$XDSDocumentEntryConfidentialityCode"),
            object_type: read_types(parameters),
        }
    }

    pub(super) fn write(&self, slots: &mut Slots) {
        slots.list("$XDSDocumentEntryFormatCode", &self.format_code);
        slots.groups("$XDSDocumentEntryConfidentialityCode", &self.confidentiality_code);
        write_types(&self.object_type, slots);
    }
}

const DOCUMENT_TYPE: &str = "$XDSDocumentEntryType";

/// The types asked for; unknown ones are ignored.
pub(super) fn read_types(parameters: &mut Parameters) -> Vec<ObjectType> {
    if !parameters.has(DOCUMENT_TYPE) {
        return vec![ObjectType::Stable];
    }
    let urns: Vec<String> = parameters.list(DOCUMENT_TYPE);
    urns.iter().filter_map(|urn| urn.parse().ok()).collect()
}

pub(super) fn write_types(types: &[ObjectType], slots: &mut Slots) {
    if types != [ObjectType::Stable] {
        slots.list(DOCUMENT_TYPE, types);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_texts() {
        let pattern = |text: &str| text.parse::<Pattern>().unwrap();
        let fits = [
            ("%Welby%", "^Welby^Marcus"),
            ("%", ""),
            ("_elby", "Welby"),
            ("W%y", "Wy"),
            ("%a%b%", "xaxxbx"),
            ("%ab", "aab"),
            ("Welby", "Welby"),
            ("é_", "éà"),
        ];
        for (with, text) in fits {
            assert!(pattern(with).matches(text), "{with} {text}");
        }
        for (with, text) in
            [("Welby", "Welby^Marcus"), ("_", ""), ("%x", "xy"), ("welby%", "Welby"), ("", "a")]
        {
            assert!(!pattern(with).matches(text), "{with} {text}");
        }
    }

    #[test]
    fn a_period_holds_its_beginning_but_not_its_end() {
        let time = |text: &str| text.parse::<Timestamp>().unwrap();
        let january = Period { from: Some(time("202401")), to: Some(time("202402")) };
        assert!(january.contains(time("20240101").start()));
        assert!(january.contains(time("20240131235959").start()));
        assert!(!january.contains(time("20240201").start()));
        assert!(!january.contains(time("2023").start()));
        assert!(Period::default().contains(0));
    }
}
