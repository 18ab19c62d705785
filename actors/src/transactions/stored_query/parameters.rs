//! The parameters of a stored query as slots, in and out (ITI TF-2 3.18.4.1.2.3.5).

use std::fmt::Display;
use std::str::FromStr;

use metadata::vocabulary::RIM;
use metadata::{AvailabilityStatus, ErrorCode, PatientId, RegistryError, RegistryErrors, Slot};
use soap::xml::Element;

use super::literals;

/// Values of one parameter: whoever has more ids asks in blocks.
pub(super) const VALUES: usize = 10_000;

/// Characters of one value, four times of what ebRIM 3.0 lets an attribute have (`LongName`).
pub(super) const LITERAL: usize = 1024;

/// The parameters that came; what nobody asks for is ignored, for communities have parameters of their own.
pub(super) struct Parameters {
    slots: Vec<Slot>,
    errors: RegistryErrors,
}

impl Parameters {
    /// Those of a `rim:AdhocQuery`; an empty value is as good as none, and so is an empty list.
    pub(super) fn of(query: &Element) -> Self {
        let mut slots: Vec<Slot> = query.children_named(RIM, "Slot").map(Slot::read).collect();
        slots.iter_mut().for_each(|slot| slot.values.retain(|value| !literals::is_empty(value)));
        Self { slots, errors: RegistryErrors::default() }
    }

    /// What was wrong with those that were asked for.
    pub(super) fn into_errors(self) -> RegistryErrors {
        self.errors
    }

    /// Whether the parameter came, with a value.
    pub(super) fn has(&self, name: &str) -> bool {
        self.slots_named(name).any(|slot| !slot.values.is_empty())
    }

    /// A parameter that must be there and has one value.
    pub(super) fn required<T: FromStr<Err: Display>>(&mut self, name: &str) -> Option<T> {
        self.require(name);
        self.one(name)
    }

    /// The patient that is asked for. Only what identifies the patient counts: id, universal id and its type.
    pub(super) fn patient(&mut self, name: &str) -> Option<PatientId> {
        self.required(name).map(|Identifying(id)| id)
    }

    /// A parameter that may be there and has one value.
    pub(super) fn one<T: FromStr<Err: Display>>(&mut self, name: &str) -> Option<T> {
        let mut values = self.list(name);
        if values.len() > 1 {
            let found = format!("{} values, expected one", values.len());
            self.refuse(ErrorCode::StoredQueryParamNumber, name, &found);
        }
        values.pop()
    }

    /// A parameter of which any value may match; empty when it is absent.
    pub(super) fn list<T: FromStr<Err: Display>>(&mut self, name: &str) -> Vec<T> {
        let mut groups = self.groups(name);
        if groups.len() > 1 {
            self.refuse(ErrorCode::StoredQueryParamNumber, name, "is given in more than one slot");
        }
        groups.pop().unwrap_or_default()
    }

    /// A list that must be there.
    pub(super) fn required_list<T: FromStr<Err: Display>>(&mut self, name: &str) -> Vec<T> {
        self.require(name);
        self.list(name)
    }

    /// A parameter that may come in several slots: any value of each slot must match.
    pub(super) fn groups<T: FromStr<Err: Display>>(&mut self, name: &str) -> Vec<Vec<T>> {
        let mut groups = Vec::new();
        let mut wrong = Vec::new();
        for slot in self.slots_named(name).filter(|slot| !slot.values.is_empty()) {
            let mut group = Vec::new();
            for value in &slot.values {
                match read_all(value) {
                    Ok(values) => group.extend(values),
                    Err(reason) => wrong.push(reason),
                }
            }
            groups.push(group);
        }
        for reason in wrong {
            self.refuse(ErrorCode::Internal, name, &reason);
        }
        let count: usize = groups.iter().map(Vec::len).sum();
        if count > VALUES {
            let found = format!("has {count} values, expected {VALUES} at most: ask in blocks");
            self.refuse(ErrorCode::StoredQueryParamNumber, name, &found);
        }
        groups
    }

    /// A required list of statuses. What is no status is ignored, but one must remain (ITI TF-2 3.18.4.1.2.3.6).
    pub(super) fn statuses(&mut self, name: &str) -> Vec<AvailabilityStatus> {
        let wrong = self.errors.0.len();
        let values: Vec<String> = self.required_list(name);
        let statuses: Vec<_> = values.iter().filter_map(|value| status(value)).collect();
        if statuses.is_empty() && self.errors.0.len() == wrong {
            let urn = AvailabilityStatus::Approved.urn();
            let problem = format!("has no value that is a status, expected one such as '{urn}'");
            self.refuse(ErrorCode::StoredQueryMissingParam, name, &problem);
        }
        statuses
    }

    /// Which of two parameters came; exactly one of them must.
    pub(super) fn either<'n>(&mut self, first: &'n str, second: &'n str) -> Option<&'n str> {
        match (self.has(first), self.has(second)) {
            (true, false) => return Some(first),
            (false, true) => return Some(second),
            (true, true) => {
                self.refuse(
                    ErrorCode::StoredQueryParamNumber,
                    first,
                    &format!("stands beside {second}: give only one"),
                );
            }
            (false, false) => {
                self.refuse(
                    ErrorCode::StoredQueryMissingParam,
                    first,
                    &format!("is missing, and so is {second}: one is required"),
                );
            }
        }
        None
    }

    /// Complains when the parameter is absent.
    pub(super) fn require(&mut self, name: &str) {
        if !self.has(name) {
            self.refuse(ErrorCode::StoredQueryMissingParam, name, "is required");
        }
    }

    fn slots_named<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s Slot> {
        self.slots.iter().filter(move |slot| slot.name.trim() == name)
    }

    fn refuse(&mut self, code: ErrorCode, name: &str, reason: &str) {
        let context = format!("{name} {reason} (ITI TF-2 3.18.4.1.2.3)");
        self.errors.push(RegistryError::new(code, context).at(name));
    }
}

/// A patient id of which the other components are not looked at, such as an identifier type code (CX.5).
struct Identifying(PatientId);

impl FromStr for Identifying {
    type Err = <PatientId as FromStr>::Err;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let component = |number: usize| text.split('^').nth(number - 1).unwrap_or_default();
        let authority: Vec<&str> = component(4).split('&').take(3).collect();
        format!("{}^^^{}", component(1), authority.join("&")).parse().map(Self)
    }
}

fn read_all<T: FromStr<Err: Display>>(value: &str) -> Result<Vec<T>, String> {
    let literals = literals::read(value).map_err(|reason| format!("cannot be read: {reason}"))?;
    literals.iter().map(|literal| read_one(literal).map_err(|error| format!("is wrong: {error}"))).collect()
}

fn read_one<T: FromStr<Err: Display>>(literal: &str) -> Result<T, String> {
    match literal.chars().count() {
        count if count > LITERAL => Err(format!("{count} characters, expected {LITERAL} at most")),
        _ => literal.parse().map_err(|error: T::Err| error.to_string()),
    }
}

fn status(value: &str) -> Option<AvailabilityStatus> {
    AvailabilityStatus::from_urn(value).or_else(|| quirk_short_status(value))
}

/// Some clients send the last word of the URN only.
fn quirk_short_status(value: &str) -> Option<AvailabilityStatus> {
    [AvailabilityStatus::Approved, AvailabilityStatus::Deprecated]
        .into_iter()
        .find(|status| status.urn().rsplit(':').next() == Some(value))
}

/// The parameters of a query that is being written.
#[derive(Default)]
pub(super) struct Slots {
    slots: Vec<Slot>,
}

impl Slots {
    /// One text.
    pub(super) fn one(&mut self, name: &str, value: impl Display) {
        self.push(name, vec![literals::text(&value.to_string())]);
    }

    /// A number, or a time, which is written like one.
    pub(super) fn number(&mut self, name: &str, value: Option<impl Display>) {
        if let Some(value) = value {
            self.push(name, vec![value.to_string()]);
        }
    }

    /// Alternatives; nothing when there are none.
    pub(super) fn list<T: Display>(&mut self, name: &str, values: &[T]) {
        let texts: Vec<String> = values.iter().map(ToString::to_string).collect();
        if !texts.is_empty() {
            self.push(name, literals::lists(texts.iter().map(String::as_str)));
        }
    }

    /// One slot of alternatives for each group.
    pub(super) fn groups<T: Display>(&mut self, name: &str, groups: &[Vec<T>]) {
        groups.iter().for_each(|group| self.list(name, group));
    }

    /// Statuses by their URNs.
    pub(super) fn statuses(&mut self, name: &str, statuses: &[AvailabilityStatus]) {
        let urns: Vec<&str> = statuses.iter().map(|status| status.urn()).collect();
        self.list(name, &urns);
    }

    /// The `rim:Slot` elements.
    pub(super) fn elements(&self) -> impl Iterator<Item = Element> {
        self.slots.iter().map(Slot::write)
    }

    fn push(&mut self, name: &str, values: Vec<String>) {
        self.slots.push(Slot { name: name.to_owned(), slot_type: None, values });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The codes of the errors in one parameter with these values.
    fn errors(values: Vec<String>) -> Vec<ErrorCode> {
        let slots = vec![Slot { name: "$x".to_owned(), slot_type: None, values }];
        let mut parameters = Parameters { slots, errors: RegistryErrors::default() };
        parameters.groups::<String>("$x");
        parameters.into_errors().into_iter().map(|error| error.code).collect()
    }

    #[test]
    fn refuses_more_values_than_anybody_needs() {
        let values = |count| literals::lists(std::iter::repeat_n("a", count));
        assert!(errors(values(VALUES)).is_empty());
        assert_eq!(errors(values(VALUES + 1)), [ErrorCode::StoredQueryParamNumber]);
    }

    #[test]
    fn refuses_a_longer_value_than_an_attribute_can_be() {
        let value = |length| vec![literals::text(&"é".repeat(length))];
        assert!(errors(value(LITERAL)).is_empty());
        assert_eq!(errors(value(LITERAL + 1)), [ErrorCode::Internal]);
    }
}
