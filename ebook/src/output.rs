//! What a command prints: lines for a person, or JSON for a machine, on stdout; what goes wrong on stderr.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use serde::Serialize;

/// Where a command's results go, and in which form.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    /// Whether a machine reads it (`--json`).
    pub(crate) json: bool,
}

impl Output {
    /// A line for a person.
    pub(crate) fn line(self, text: impl Display) {
        if !self.json {
            print(&text);
        }
    }

    /// A line of JSON for a machine.
    pub(crate) fn value(self, value: &impl Serialize) {
        if self.json {
            match serde_json::to_string(value) {
                Ok(text) => print(&text),
                Err(error) => complain(format_args!("the result cannot be written as JSON: {error}")),
            }
        }
    }
}

/// Who closed our stdout wants to read no more: that is no error of ours.
fn print(text: &dyn Display) {
    let _ = writeln!(io::stdout().lock(), "{}", harmless(text));
}

/// A line on stderr: what, which value, what was expected, what to do.
pub(crate) fn complain(text: impl Display) {
    let _ = writeln!(io::stderr().lock(), "dosebook: {}", harmless(&text));
}

/// Without the control characters by which what a report or a peer says could steer a terminal.
fn harmless(text: &dyn Display) -> String {
    let steers = |character: char| character.is_control() && !matches!(character, '\n' | '\t');
    text.to_string().replace(steers, "\u{FFFD}")
}

/// Whether a person watches: only then progress is worth drawing.
pub(crate) fn is_watched() -> bool {
    io::stderr().is_terminal()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_cannot_steer_the_terminal() {
        assert_eq!(harmless(&"CT\u{1b}[2J\tthorax\r\n"), "CT\u{FFFD}[2J\tthorax\u{FFFD}\n");
    }
}
