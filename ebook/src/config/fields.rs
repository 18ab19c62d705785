//! Which keys a section has, asked of its type: the only place where they are listed.

use serde::de::value::Error;
use serde::de::{Deserialize, Deserializer, Error as _, Visitor};
use serde::forward_to_deserialize_any;

/// The keys of a section, in the order of its fields.
pub(super) fn of<'de, S: Deserialize<'de>>() -> &'static [&'static str] {
    let mut fields: &[&str] = &[];
    // It always ends in an error: there is no value to read, only the question what would be read.
    let _ = S::deserialize(Question(&mut fields));
    fields
}

/// Takes note of the fields that a struct asks for, and gives none.
struct Question<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Question<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("a section is a struct"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Error> {
        *self.0 = fields;
        Err(Error::custom("asked"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    #[derive(Deserialize)]
    #[serde(default)]
    #[derive(Default)]
    struct Section {
        one: u8,
        #[serde(rename = "second")]
        two: Option<String>,
    }

    #[test]
    fn lists_keys_as_they_are_written() {
        assert_eq!(super::of::<Section>(), ["one", "second"]);
        assert!(super::of::<String>().is_empty());
    }
}
