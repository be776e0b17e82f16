//! What `gavel doctor` finds.

use serde::{Deserialize, Serialize};

/// One line of `gavel doctor`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Which examination found it, for programs; never changes its meaning.
    pub check: String,
    /// How bad it is.
    pub severity: Severity,
    /// What is so, and where.
    pub message: String,
    /// The setting that mends it, word for word.
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
