//! The findings of `gavel doctor`.

use super::Time;
use serde::{Deserialize, Serialize};

/// The findings of `gavel doctor`: `GET /v1/doctor`, and `gavel doctor --json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnosis {
    /// The side that examined.
    pub examined_by: Examiner,
    /// gavel's version.
    pub version: String,
    /// When.
    pub at: Time,
    /// The worst severity of all findings.
    pub worst: Severity,
    /// The findings, in the order of the examination.
    pub findings: Vec<Finding>,
}

impl Diagnosis {
    /// A diagnosis by this version of gavel.
    pub fn new(examined_by: Examiner, at: Time, findings: Vec<Finding>) -> Self {
        let worst = findings.iter().map(|finding| finding.severity).max();
        Self {
            examined_by,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            at,
            worst: worst.unwrap_or(Severity::Ok),
            findings,
        }
    }
}

/// The side that examined the deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Examiner {
    /// The running daemon, which knows the events since it started.
    Daemon,
    /// The command, over a connection of its own.
    Command,
}

/// One line of `gavel doctor`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The examination that found it, for programs; never changes its meaning.
    pub check: String,
    /// How bad it is.
    pub severity: Severity,
    /// The finding, and its place.
    pub message: String,
    /// The setting that fixes it, word for word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// As it should be.
    Ok,
    /// gavel works, and something could be better.
    Warn,
    /// gavel cannot do its work.
    Fail,
}
