//! The command line: what is to be measured, and how.

use std::collections::HashMap;
use std::time::Duration;

/// Options that take a value.
const VALUES: [&str; 10] = [
    "--clients",
    "--seconds",
    "--rounds",
    "--rate",
    "--connections",
    "--database",
    "--sizes",
    "--entries",
    "--only",
    "--patients",
];
/// Options that stand alone.
const FLAGS: [&str; 2] = ["--json", "--mix"];

/// What was asked for.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// What is measured: `transactions`, `documents` and so on, and what stands behind it.
    pub(crate) words: Vec<String>,
    options: HashMap<String, String>,
}

impl Plan {
    /// Reads a command line; tells what is wrong with it.
    pub(crate) fn read(arguments: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let mut plan = Self::default();
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            if VALUES.contains(&argument.as_str()) {
                let value = arguments.next().ok_or_else(|| format!("{argument} needs a value"))?;
                plan.options.insert(argument, value);
            } else if FLAGS.contains(&argument.as_str()) {
                plan.options.insert(argument, String::new());
            } else if argument.starts_with("--") && argument != "--bench" {
                return Err(format!("{argument} is no option; see the top of tests/benches/load/main.rs"));
            } else if argument != "--bench" {
                plan.words.push(argument); // `cargo bench` itself adds `--bench`.
            }
        }
        Ok(plan)
    }

    /// Whether an option was given.
    pub(crate) fn says(&self, option: &str) -> bool {
        self.options.contains_key(option)
    }

    /// The value of an option.
    pub(crate) fn value(&self, option: &str) -> Option<&str> {
        self.options.get(option).map(String::as_str)
    }

    /// The value of an option that is a number.
    pub(crate) fn number(&self, option: &str, default: u64) -> u64 {
        self.value(option).map_or(default, |value| value.parse().unwrap())
    }

    /// As [`Plan::number`], to count things in memory.
    pub(crate) fn count(&self, option: &str, default: usize) -> usize {
        self.value(option).map_or(default, |value| value.parse().unwrap())
    }

    /// How long each measurement takes.
    pub(crate) fn time(&self, default: u64) -> Duration {
        Duration::from_secs(self.number("--seconds", default))
    }
}
