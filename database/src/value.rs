//! The values that go into statements and come out of rows.

use crate::DatabaseError;

/// One value of a statement or a row: what every engine has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// No value.
    Null,
    /// A whole number.
    Integer(i64),
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

/// One row of an answer, taken apart from left to right in the order of the statement's columns.
#[derive(Debug)]
pub struct Row {
    column: usize,
    values: std::vec::IntoIter<Value>,
}

impl Row {
    /// The next column.
    pub fn take<T: FromValue>(&mut self) -> Result<T, DatabaseError> {
        let column = self.column;
        self.column += 1;
        let value = self.values.next().unwrap_or(Value::Null);
        let found = value.kind();
        T::from_value(value).ok_or(DatabaseError::Column { column, found, expected: T::EXPECTED })
    }
}

impl Row {
    /// All columns that were not taken.
    pub(crate) fn into_values(self) -> impl Iterator<Item = Value> {
        self.values
    }
}

impl From<Vec<Value>> for Row {
    fn from(values: Vec<Value>) -> Self {
        Self { column: 0, values: values.into_iter() }
    }
}

impl Value {
    const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Integer(_) => "a number",
            Self::Text(_) => "text",
            Self::Bytes(_) => "bytes",
        }
    }
}

/// What a column can be read as.
pub trait FromValue: Sized {
    /// The kind of value, for error messages.
    const EXPECTED: &'static str;
    /// The value, if it is of that kind.
    fn from_value(value: Value) -> Option<Self>;
}

impl FromValue for i64 {
    const EXPECTED: &'static str = "a number";
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Integer(number) => Some(number),
            _ => None,
        }
    }
}

impl FromValue for String {
    const EXPECTED: &'static str = "text";
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl FromValue for Vec<u8> {
    const EXPECTED: &'static str = "bytes";
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }
}

impl<const N: usize> FromValue for [u8; N] {
    const EXPECTED: &'static str = "bytes of a fixed number";
    fn from_value(value: Value) -> Option<Self> {
        Vec::from_value(value)?.try_into().ok()
    }
}

impl<T: FromValue> FromValue for Option<T> {
    const EXPECTED: &'static str = T::EXPECTED;
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            value => T::from_value(value).map(Some),
        }
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Self::Bytes(bytes.to_vec())
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_columns_from_left_to_right() {
        let mut row = Row::from(vec![7.into(), "text".into(), Value::Null, vec![1, 2].into()]);
        assert_eq!(row.take::<i64>().unwrap(), 7);
        assert_eq!(row.take::<String>().unwrap(), "text");
        assert_eq!(row.take::<Option<i64>>().unwrap(), None);
        assert_eq!(row.take::<[u8; 2]>().unwrap(), [1, 2]);
    }

    #[test]
    fn names_the_column_that_is_not_what_was_asked_for() {
        let mut row = Row::from(vec![7.into(), "text".into()]);
        row.take::<i64>().unwrap();
        let error = row.take::<i64>().unwrap_err();
        assert_eq!(error.to_string(), "column 1 holds text, expected a number");
    }
}
