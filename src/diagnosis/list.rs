//! The list of findings, and words that they share.

use crate::api::{Finding, Severity};

/// The findings so far.
#[derive(Default)]
pub(super) struct List(pub(super) Vec<Finding>);

impl List {
    pub(super) fn ok(&mut self, check: &str, message: impl Into<String>) {
        self.add(check, Severity::Ok, message.into(), None);
    }

    pub(super) fn warn(
        &mut self,
        check: &str,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.add(check, Severity::Warn, message.into(), Some(remedy.into()));
    }

    pub(super) fn fail(
        &mut self,
        check: &str,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.add(check, Severity::Fail, message.into(), Some(remedy.into()));
    }

    fn add(&mut self, check: &str, severity: Severity, message: String, remedy: Option<String>) {
        self.0.push(Finding {
            check: check.to_owned(),
            severity,
            message,
            remedy,
        });
    }
}

/// `1 room`, `2 rooms`.
pub(super) fn count(n: impl TryInto<u64>, one: &str, many: &str) -> String {
    match n.try_into().unwrap_or(u64::MAX) {
        1 => format!("1 {one}"),
        n => format!("{n} {many}"),
    }
}

/// `1 person`, `2 people`.
pub(super) fn people(n: impl TryInto<u64>) -> String {
    count(n, "person", "people")
}
