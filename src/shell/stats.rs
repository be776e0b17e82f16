//! The one place that sees everything that happens, and tells those who keep
//! count of it: the journal of decisions, and whoever comes after.

use super::journal::Journal;
use crate::engine::Report;
use std::sync::Arc;

/// Who keeps count.
pub(super) struct Stats {
    /// The last decisions.
    pub(super) journal: Arc<Journal>,
    /// Stanzas that could not be read.
    unparsed: u64,
}

impl Stats {
    /// Nothing has happened yet.
    pub(super) fn new(journal: Arc<Journal>) -> Self {
        Self {
            journal,
            unparsed: 0,
        }
    }

    /// The engine tells something, at `unix_ms`.
    pub(super) fn report(&mut self, report: &Report, unix_ms: u64) {
        if let Report::Decision(decision) = report {
            self.journal.add(decision, unix_ms);
        }
    }

    /// A stanza could not be read; how many that makes.
    pub(super) fn unparsed(&mut self) -> u64 {
        self.unparsed += 1;
        self.unparsed
    }
}
