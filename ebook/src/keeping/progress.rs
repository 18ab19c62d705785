//! How far a long command is, for who watches.

use indicatif::{ProgressBar, ProgressStyle};

use crate::output::{Output, is_watched};

/// A bar where a person watches; nothing otherwise.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    output: Output,
}

impl Progress {
    /// So many of `what` are to be done, `done` of them before.
    pub(crate) fn new(what: &'static str, done: u64, total: u64, output: Output) -> Self {
        if output.json || !is_watched() {
            return Self { bar: ProgressBar::hidden(), output };
        }
        let style = ProgressStyle::with_template("{msg:12} {bar:40} {pos} of {len}, {eta} left");
        let bar = ProgressBar::new(total).with_position(done).with_message(what);
        let bar = bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.reset_eta();
        Self { bar, output }
    }

    /// So many more are done.
    pub(crate) fn add(&self, count: u64) {
        self.bar.inc(count);
    }

    /// So many are done by now.
    pub(crate) fn reached(&self, count: u64) {
        self.bar.set_position(count);
    }

    /// Something else that is printed, above the bar.
    pub(crate) fn aside(&self, print: impl FnOnce()) {
        self.bar.suspend(print);
    }

    /// A line for a person, above the bar.
    pub(crate) fn line(&self, text: impl std::fmt::Display) {
        self.bar.suspend(|| self.output.line(text));
    }

    /// A line of JSON for a machine.
    pub(crate) fn value(&self, value: &impl serde::Serialize) {
        self.bar.suspend(|| self.output.value(value));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
