//! What is printed: aligned tables for people, a line of JSON for each row for machines.

use serde_json::{Map, Value};

/// One thing that is said in a row.
#[derive(Debug, Clone)]
pub(crate) enum Cell {
    /// Text.
    Text(String),
    /// A number, with so many digits behind the point.
    Number(f64, usize),
}

/// A row: names and what is said under them.
pub(crate) type Row = Vec<(&'static str, Cell)>;

/// Rows of the same columns.
#[derive(Debug)]
pub(crate) struct Table {
    title: String,
    rows: Vec<Row>,
    json: bool,
}

impl Table {
    /// An empty table.
    pub(crate) fn new(title: impl Into<String>, json: bool) -> Self {
        Self { title: title.into(), rows: Vec::new(), json }
    }

    /// Adds a row; as JSON it is printed at once.
    pub(crate) fn push(&mut self, row: Row) {
        if self.json {
            let mut object = Map::new();
            object.insert("table".to_owned(), self.title.clone().into());
            for (name, cell) in &row {
                object.insert((*name).to_owned(), cell.json());
            }
            println!("{}", Value::Object(object));
        }
        self.rows.push(row);
    }

    /// Prints the table, if it is for people.
    pub(crate) fn print(&self) {
        let Some(first) = self.rows.first().filter(|_| !self.json) else { return };
        let heads = first.iter().map(|(name, _)| (*name).to_owned()).collect::<Vec<_>>();
        let texts = self.rows.iter().map(|row| row.iter().map(|(_, cell)| cell.text()).collect::<Vec<_>>());
        let lines: Vec<Vec<String>> = std::iter::once(heads).chain(texts).collect();
        let widths: Vec<usize> = (0..first.len())
            .map(|column| {
                lines.iter().filter_map(|line| line.get(column)).map(String::len).max().unwrap_or(0)
            })
            .collect();
        println!("{}", self.title);
        for line in lines {
            let cells = line.iter().zip(&widths).enumerate().map(|(column, (text, width))| {
                if column == 0 { format!("{text:width$}") } else { format!("{text:>width$}") }
            });
            println!("  {}", cells.collect::<Vec<_>>().join("  ").trim_end());
        }
        println!();
    }
}

impl Cell {
    /// Text.
    pub(crate) fn text_of(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number, digits) => format!("{number:.digits$}"),
        }
    }

    fn json(&self) -> Value {
        match self {
            Self::Text(text) => text.clone().into(),
            Self::Number(number, digits) => {
                let scale = 10_f64.powi(i32::try_from(*digits).unwrap_or(0));
                ((number * scale).round() / scale).into()
            }
        }
    }
}
