//! The problems noticed while a config is read.
//!
//! Every cursor of a reading writes to one log, hence the interior mutability.

use std::cell::{Cell, RefCell};

use super::problem::{Problem, Report};

/// Path of the whole file.
pub(super) const ROOT: &str = "$";

/// Most errors, and most warnings, in a report: more than anybody reads at once.
const PROBLEMS_MAX: usize = 200;

/// Everything noticed in one reading.
#[derive(Default)]
pub(super) struct Log {
    errors: RefCell<List>,
    warnings: RefCell<List>,
    /// Errors so far, those of disabled parts too.
    mistakes: Cell<usize>,
    /// Inside something disabled: what is wrong there is worth a word, but breaks nothing.
    disabled: Cell<bool>,
    /// The file is of a newer version: unknown fields are to be expected.
    newer: Cell<bool>,
    /// Every field that was asked for: the path of its object, and its spellings.
    #[cfg(test)]
    pub(super) asked: RefCell<std::collections::BTreeSet<(String, Vec<String>)>>,
}

impl Log {
    /// How many errors there were so far, those of disabled parts too; to be compared with later.
    pub(super) fn mistakes(&self) -> usize {
        self.mistakes.get()
    }

    pub(super) fn expects_unknown_fields(&self) -> bool {
        self.newer.get()
    }

    pub(super) fn expect_unknown_fields(&self) {
        self.newer.set(true);
    }

    #[cfg(test)]
    pub(super) fn asks(&self, path: &str, spellings: &[&str]) {
        let spellings = spellings.iter().map(ToString::to_string).collect();
        self.asked.borrow_mut().insert((path.to_owned(), spellings));
    }

    /// Does `work`, taking its errors for warnings if `disabled`.
    pub(super) fn inside<T>(&self, disabled: bool, work: impl FnOnce() -> T) -> T {
        let before = self.disabled.replace(disabled || self.disabled.get());
        let result = work();
        self.disabled.set(before);
        result
    }

    /// `message` is only called for if it is going to be read.
    pub(super) fn error(&self, path: &str, message: impl FnOnce() -> String) {
        self.mistakes.set(self.mistakes.get() + 1);
        if self.disabled.get() {
            self.warn(path, || format!("{} (ignored while it is disabled)", message()));
        } else {
            self.errors.borrow_mut().add(path, message);
        }
    }

    pub(super) fn warn(&self, path: &str, message: impl FnOnce() -> String) {
        self.warnings.borrow_mut().add(path, message);
    }

    pub(super) fn into_report(self) -> Report {
        Report {
            errors: self.errors.into_inner().close("errors"),
            warnings: self.warnings.into_inner().close("warnings"),
        }
    }
}

/// The first [`PROBLEMS_MAX`] problems, and how many more there were.
#[derive(Default)]
struct List {
    shown: Vec<Problem>,
    hidden: usize,
}

impl List {
    fn add(&mut self, path: &str, message: impl FnOnce() -> String) {
        if self.shown.len() < PROBLEMS_MAX {
            self.shown.push(Problem { path: path.to_owned(), message: message() });
        } else {
            self.hidden += 1;
        }
    }

    fn close(mut self, what: &str) -> Vec<Problem> {
        if self.hidden > 0 {
            let message = format!("{} more {what} are not listed", self.hidden);
            self.shown.push(Problem { path: ROOT.to_owned(), message });
        }
        self.shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_disabled_breaks_nothing() {
        let log = Log::default();
        let error = |message: &str| log.error(ROOT, || message.to_owned());
        log.inside(true, || {
            log.inside(false, || error("inner"));
            error("outer");
        });
        error("after");
        assert_eq!(log.mistakes(), 3);
        assert_eq!(
            log.into_report().to_string(),
            "error: $: after\n\
             warning: $: inner (ignored while it is disabled)\n\
             warning: $: outer (ignored while it is disabled)"
        );
    }

    #[test]
    fn reports_have_an_end() {
        let log = Log::default();
        for _ in 0..PROBLEMS_MAX + 5 {
            log.error(ROOT, || "wrong".to_owned());
        }
        let report = log.into_report();
        assert_eq!(report.errors.len(), PROBLEMS_MAX + 1);
        assert_eq!(report.errors.last().unwrap().message, "5 more errors are not listed");
        assert_eq!(report.warnings, []);
    }
}
