//! The content tree of a structured report, and the rules for reading one (PS3.3 C.17.3; rules R1 to R14).

use std::collections::VecDeque;

use dicom_dictionary_std::tags;

use crate::code::{Code, Concept};
use crate::moment::Moment;
use crate::part10::DataSet;
use crate::quantity::{Amount, Kind};
use crate::report::{Measured, Note, Origin, StatedUnit};
use crate::text::Charset;

/// One content item, with what hangs below it.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) concept: Option<Code>,
    value: Value,
    children: Vec<Self>,
}

#[derive(Debug)]
enum Value {
    /// A container, or nothing that a dose report needs.
    None,
    Code(Code),
    /// A number that was announced but not given has no parts.
    Number {
        parts: Vec<String>,
        unit: Option<String>,
    },
    Text(String),
    Uid(String),
    Time(String),
}

impl Item {
    /// Builds the tree. The depth is bounded by that of the data set.
    pub(crate) fn read(set: &DataSet<'_>, charset: &Charset) -> Self {
        Self {
            concept: set
                .items(tags::CONCEPT_NAME_CODE_SEQUENCE)
                .first()
                .and_then(|item| read_code(item, charset)),
            value: Value::read(set, charset),
            children: set
                .items(tags::CONTENT_SEQUENCE)
                .iter()
                .map(|item| Self::read(item, charset))
                .collect(),
        }
    }

    /// R1: items are known by their concept's code, never by its meaning.
    pub(crate) fn is(&self, concept: &Concept) -> bool {
        self.concept.as_ref().is_some_and(|code| code.is(concept))
    }

    /// R3: every item with that concept, at any depth, in document order; not below one another.
    pub(crate) fn every(&self, concept: &Concept) -> Vec<&Self> {
        let mut found = Vec::new();
        for child in &self.children {
            if child.is(concept) { found.push(child) } else { found.extend(child.every(concept)) }
        }
        found
    }

    /// R4: the item with that concept that is nearest below this one.
    pub(crate) fn nearest(&self, concept: &Concept) -> Option<&Self> {
        let mut waiting: VecDeque<&Self> = self.children.iter().collect();
        while let Some(item) = waiting.pop_front() {
            if item.is(concept) {
                return Some(item);
            }
            waiting.extend(&item.children);
        }
        None
    }

    /// The items directly below this one.
    pub(crate) fn children(&self) -> &[Self] {
        &self.children
    }

    /// The coded value of this item; `None` if it is no code, or an empty one (R8).
    pub(crate) fn as_code(&self) -> Option<&Code> {
        match &self.value {
            Value::Code(code) => Some(code),
            _ => None,
        }
    }

    /// Text, a name, a UID or the meaning of a code, whatever type the vendor gave it (R9).
    pub(crate) fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) | Value::Uid(text) => Some(text),
            Value::Code(code) => Some(&code.meaning),
            _ => None,
        }
    }

    /// The coded value of the nearest item with that concept.
    pub(crate) fn code(&self, concept: &Concept) -> Option<&Code> {
        self.nearest(concept)?.as_code()
    }

    /// The text of the nearest item with that concept.
    pub(crate) fn text(&self, concept: &Concept) -> Option<String> {
        self.nearest(concept)?.as_text().map(str::to_owned)
    }

    /// The date and time of the nearest item with that concept.
    pub(crate) fn moment(&self, concept: &Concept) -> Option<Moment> {
        match &self.nearest(concept)?.value {
            Value::Time(text) | Value::Text(text) => Moment::parse(text),
            _ => None,
        }
    }
}

impl Value {
    /// R9: what a value is, is decided by the attribute that is there, not by Value Type (0040,A040).
    fn read(set: &DataSet<'_>, charset: &Charset) -> Self {
        if let Some(code) =
            set.items(tags::CONCEPT_CODE_SEQUENCE).first().and_then(|item| read_code(item, charset))
        {
            return Self::Code(code);
        }
        if set.has(tags::MEASURED_VALUE_SEQUENCE) {
            return Self::read_number(set, charset);
        }
        if let Some(uid) = set.ascii(tags::UID) {
            return Self::Uid(uid);
        }
        if let Some(text) =
            charset.text(set, tags::TEXT_VALUE).or_else(|| charset.text(set, tags::PERSON_NAME))
        {
            return Self::Text(text);
        }
        let time = [tags::DATE_TIME, tags::DATE, tags::TIME].into_iter().find_map(|tag| set.ascii(tag));
        time.map_or(Self::None, Self::Time)
    }

    /// R5, R6: the number may be absent, empty, or several numbers; they are parsed when their kind is known.
    fn read_number(set: &DataSet<'_>, charset: &Charset) -> Self {
        let Some(measured) = set.items(tags::MEASURED_VALUE_SEQUENCE).first() else {
            return Self::Number { parts: Vec::new(), unit: None };
        };
        let text = measured.ascii(tags::NUMERIC_VALUE).unwrap_or_default();
        let parts =
            text.split('\\').map(trimmed).filter(|part| !part.is_empty()).map(str::to_owned).collect();
        let unit = measured.items(tags::MEASUREMENT_UNITS_CODE_SEQUENCE).first();
        let unit = unit.and_then(|item| read_code(item, charset)).map(|code| code.value);
        Self::Number { parts, unit }
    }
}

/// R2: Code Value, else Long Code Value, else URN Code Value.
pub(crate) fn read_code(set: &DataSet<'_>, charset: &Charset) -> Option<Code> {
    let value = [tags::CODE_VALUE, tags::LONG_CODE_VALUE, tags::URN_CODE_VALUE].into_iter();
    Some(Code {
        value: value.filter_map(|tag| charset.text(set, tag)).next()?,
        scheme: charset.text(set, tags::CODING_SCHEME_DESIGNATOR).unwrap_or_default(),
        meaning: charset.text(set, tags::CODE_MEANING).unwrap_or_default(),
    })
}

/// A part of the tree that is being read for values: a totals container, or an event.
pub(crate) struct Section<'a> {
    item: &'a Item,
    origin: Origin,
    notes: &'a mut Vec<Note>,
}

impl<'a> Section<'a> {
    pub(crate) fn new(item: &'a Item, origin: Origin, notes: &'a mut Vec<Note>) -> Self {
        Self { item, origin, notes }
    }

    /// R5 to R7: the nearest value of that concept, in the unit of its kind. Anything but one number is noted.
    pub(crate) fn amount<K: Kind>(&mut self, concept: &Concept) -> Option<Measured<Amount<K>>> {
        self.amount_of(self.item.nearest(concept)?, concept)
    }

    /// The value of one item, where several of one concept stand side by side.
    pub(crate) fn amount_of<K: Kind>(
        &mut self,
        item: &Item,
        concept: &Concept,
    ) -> Option<Measured<Amount<K>>> {
        let Value::Number { parts, unit } = &item.value else { return None };
        let text = match parts.as_slice() {
            [] => return None,
            [only] => only,
            _ => {
                self.note(concept, parts.join("\\"), "expected one number; the value is ignored".to_owned());
                return None;
            }
        };
        let Some(number) = number(text) else {
            self.note(concept, text.clone(), "expected a number; the value is ignored".to_owned());
            return None;
        };
        self.convert(concept, number, unit.as_deref())
    }

    /// All numbers of that concept, such as the voltage of each tube or pulse: several values in one item at
    /// some vendors (D28), several items at others.
    pub(crate) fn amounts<K: Kind>(&self, concept: &Concept) -> Vec<Amount<K>> {
        let of = |item: &'a Item| match &item.value {
            Value::Number { parts, unit } => {
                let unit = unit.as_deref().unwrap_or(K::UNIT);
                parts.iter().filter_map(|part| Amount::in_unit(number(part)?, unit)).collect()
            }
            _ => Vec::new(),
        };
        self.item.every(concept).into_iter().flat_map(of).collect()
    }

    fn convert<K: Kind>(
        &mut self,
        concept: &Concept,
        value: f64,
        unit: Option<&str>,
    ) -> Option<Measured<Amount<K>>> {
        let Some(unit) = unit else {
            let expected = format!("no unit is stated; {} is assumed (PS3.16 template)", K::UNIT);
            self.note(concept, value.to_string(), expected);
            return Some(Measured {
                amount: Amount::new(value),
                origin: self.origin,
                unit: StatedUnit::Assumed,
            });
        };
        let Some(amount) = Amount::in_unit(value, unit) else {
            let expected =
                format!("{} is no unit of {}, expected {}; the value is ignored", unit, K::NAME, K::UNIT);
            self.note(concept, format!("{value} {unit}"), expected);
            return None;
        };
        Some(Measured { amount, origin: self.origin, unit: StatedUnit::Stated(unit.to_owned()) })
    }

    fn note(&mut self, concept: &Concept, received: String, expected: String) {
        self.notes.push(Note {
            field: format!("{} ({})", concept.meaning, concept.value),
            received,
            expected,
        });
    }
}

/// DS text: spaces, NUL padding, exponents of three digits and more than 16 characters all happen (R6, D29).
fn number(text: &str) -> Option<f64> {
    let text = trimmed(text);
    let plausible =
        text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E'));
    if plausible { text.parse().ok().filter(|value: &f64| value.is_finite()) } else { None }
}

fn trimmed(text: &str) -> &str {
    text.trim_matches([' ', '\0', '\t'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::concepts;
    use crate::quantity::{DoseLengthProduct, kind};

    fn item(concept: &Concept, value: Value, children: Vec<Item>) -> Item {
        Item { concept: Some(concept.code()), value, children }
    }

    fn dlp(parts: &[&str], unit: Option<&str>) -> Item {
        let parts = parts.iter().map(|part| (*part).to_owned()).collect();
        item(&concepts::DLP, Value::Number { parts, unit: unit.map(str::to_owned) }, Vec::new())
    }

    fn read(child: Item) -> (Option<Measured<DoseLengthProduct>>, Vec<Note>) {
        let root = item(&concepts::CT_EVENT, Value::None, vec![child]);
        let mut notes = Vec::new();
        let found =
            Section::new(&root, Origin::Event, &mut notes).amount::<kind::DoseLengthProduct>(&concepts::DLP);
        (found, notes)
    }

    #[test]
    fn takes_an_empty_value_as_not_stated() {
        let (found, notes) = read(dlp(&[], None));
        assert_eq!(found, None);
        assert!(notes.is_empty());
    }

    #[test]
    fn assumes_the_unit_of_the_template_and_notes_it() {
        let (found, notes) = read(dlp(&["12.5"], None));
        let found = found.unwrap();
        assert_eq!(found.amount, DoseLengthProduct::new(12.5));
        assert_eq!(found.unit, StatedUnit::Assumed);
        assert_eq!(notes.len(), 1);
    }

    #[test]
    fn notes_an_unknown_unit_and_gives_no_value() {
        let (found, notes) = read(dlp(&["12.5"], Some("furlong")));
        assert_eq!(found, None);
        assert!(notes[0].expected.contains("mGy.cm"), "{}", notes[0]);
    }

    #[test]
    fn notes_text_that_is_no_number() {
        for text in ["10.50/ 15.00", "inf", "NaN", "12,5", "0x10"] {
            let (found, notes) = read(dlp(&[text], Some("mGy.cm")));
            assert_eq!(found, None, "{text}");
            assert_eq!(notes.len(), 1, "{text}");
        }
    }

    #[test]
    fn reads_exponents_of_three_digits() {
        assert_eq!(number("1.6e-005"), Some(1.6e-5));
        assert_eq!(number(" +4.50 \0"), Some(4.5));
    }

    #[test]
    fn finds_the_nearest_value_first() {
        let deep = item(&concepts::CT_DOSE, Value::None, vec![dlp(&["1"], Some("mGy.cm"))]);
        let root = item(&concepts::CT_EVENT, Value::None, vec![deep, dlp(&["2"], Some("mGy.cm"))]);
        let mut notes = Vec::new();
        let found =
            Section::new(&root, Origin::Event, &mut notes).amount::<kind::DoseLengthProduct>(&concepts::DLP);
        assert_eq!(found.map(|found| found.amount.value()), Some(2.0));
    }

    #[test]
    fn finds_containers_at_any_depth_and_none_within_another() {
        let inner = item(&concepts::CT_EVENT, Value::None, Vec::new());
        let event = item(&concepts::CT_EVENT, Value::None, vec![inner]);
        let wrapper = item(&concepts::CT_DOSE, Value::None, vec![event]);
        let root = item(&concepts::XRAY_REPORT, Value::None, vec![wrapper]);
        assert_eq!(root.every(&concepts::CT_EVENT).len(), 1);
    }
}
