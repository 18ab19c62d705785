//! Statements as the keepers write them, and as an engine reads them.

use std::collections::HashMap;
use std::sync::Arc;

/// A statement, and how many values stand for its `$list` or its `$rows`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Statement {
    text: &'static str,
    shape: Shape,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Shape {
    Plain,
    /// As many values, after so many fixed ones.
    List {
        fixed: usize,
        width: usize,
    },
    Rows {
        rows: usize,
        width: usize,
    },
}

impl Statement {
    pub(crate) const fn plain(text: &'static str) -> Self {
        Self { text, shape: Shape::Plain }
    }

    pub(crate) const fn with_list(text: &'static str, fixed: usize, width: usize) -> Self {
        Self { text, shape: Shape::List { fixed, width } }
    }

    pub(crate) const fn with_rows(text: &'static str, rows: usize, width: usize) -> Self {
        Self { text, shape: Shape::Rows { rows, width } }
    }

    /// Whether it may read a whole table.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn walks(self) -> bool {
        self.text.contains("$walk")
    }

    /// With a placeholder for each value.
    fn expand(self) -> String {
        match self.shape {
            Shape::Plain => self.text.to_owned(),
            Shape::List { fixed, width } => self.text.replace("$list", &placeholders(fixed, width)),
            Shape::Rows { rows, width } => {
                let tuples: Vec<String> =
                    (0..rows).map(|row| format!("({})", placeholders(row * width, width))).collect();
                self.text.replace("$rows", &tuples.join(", "))
            }
        }
    }
}

/// `$3, $4, $5` for three values after the first two.
fn placeholders(fixed: usize, width: usize) -> String {
    let names: Vec<String> = (fixed + 1..=fixed + width).map(|number| format!("${number}")).collect();
    names.join(", ")
}

/// What statements are for one engine. Written once each: a long list is longer than what it asks for.
#[derive(Debug)]
pub(crate) struct Dialect {
    adapt: fn(&str) -> String,
    texts: HashMap<Statement, Arc<str>>,
}

impl Dialect {
    /// A dialect into which `adapt` brings a statement with `$1` placeholders.
    pub(crate) fn new(adapt: fn(&str) -> String) -> Self {
        Self { adapt, texts: HashMap::new() }
    }

    pub(crate) fn text(&mut self, statement: Statement) -> &Arc<str> {
        let adapt = self.adapt;
        self.texts.entry(statement).or_insert_with(|| adapt(&statement.expand()).into())
    }
}
