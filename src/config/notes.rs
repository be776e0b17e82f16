//! The faults found while reading, and their places.

use super::problem::Problem;
use super::tree::Origin;
use std::cell::RefCell;

/// The faults and remarkable things so far.
#[derive(Debug, Default)]
pub(super) struct Notes {
    /// The file's name, and whether it is there.
    file: String,
    there: bool,
    errors: RefCell<Vec<Problem>>,
    warnings: RefCell<Vec<Problem>>,
}

impl Notes {
    /// No notes yet about a configuration from the environment and `file`,
    /// which is `there` or not.
    pub(super) fn new(file: String, there: bool) -> Self {
        Self {
            file,
            there,
            ..Self::default()
        }
    }

    /// Notes a fault that makes the configuration unusable.
    pub(super) fn error(
        &self,
        place: impl Into<String>,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.errors.borrow_mut().push(note(place, problem, remedy));
    }

    /// Notes something remarkable.
    pub(super) fn warn(
        &self,
        place: impl Into<String>,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.warnings
            .borrow_mut()
            .push(note(place, problem, remedy));
    }

    /// Errors and warnings, in the order they were noted.
    pub(super) fn into_parts(self) -> (Vec<Problem>, Vec<Problem>) {
        (self.errors.into_inner(), self.warnings.into_inner())
    }

    /// The place of `key`, written at `origin`.
    pub(super) fn place(&self, origin: &Origin, key: &str) -> String {
        match origin {
            Origin::Variable(variable) => format!("environment {variable}"),
            Origin::Line(line) => format!("{}:{line}, {key}", self.file),
        }
    }

    /// The place of a key that is not there.
    pub(super) fn absent(&self, key: &str) -> String {
        let missing = if self.there { "" } else { " (not there)" };
        format!("{}{missing}, {key}", self.file)
    }
}

fn note(
    place: impl Into<String>,
    problem: impl Into<String>,
    remedy: impl Into<String>,
) -> Problem {
    Problem {
        place: place.into(),
        problem: problem.into(),
        remedy: remedy.into(),
    }
}

/// A value of the right kind, and its place.
#[derive(Debug, Clone)]
pub(super) struct Given<T = String> {
    pub(super) value: T,
    pub(super) place: String,
}
