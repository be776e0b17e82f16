//! The one place that sees everything that happens, and tells those who keep
//! count of it: the metrics, the journal of decisions,
//! and the audit file.

use super::audit::Audit;
use super::ended::Ended;
use super::journal::Journal;
use super::metrics::Metrics;
use crate::engine::Report;
use crate::stanza::Inbound;
use std::path::PathBuf;
use std::sync::Arc;

/// Everything that counts reports and stanzas.
pub(super) struct Stats {
    /// For Prometheus.
    metrics: Arc<Metrics>,
    /// The last decisions.
    journal: Arc<Journal>,
    /// Rooms that gavel has left.
    ended: Arc<Ended>,
    /// All decisions, in a file.
    audit: Audit,
    /// Stanzas that could not be read.
    unparsed: u64,
    /// Says whether the stream has been open before.
    connected_before: bool,
}

impl Stats {
    /// Nothing has happened yet.
    pub(super) fn new(
        metrics: Arc<Metrics>,
        journal: Arc<Journal>,
        ended: Arc<Ended>,
        audit: Audit,
    ) -> Self {
        Self {
            metrics,
            journal,
            ended,
            audit,
            unparsed: 0,
            connected_before: false,
        }
    }

    /// The engine tells something, at `unix_ms`.
    pub(super) fn report(&mut self, report: &Report, unix_ms: u64) {
        self.metrics.report(report);
        match report {
            Report::Joined { room, .. } => self.ended.joined(room),
            Report::Left { room, why } => self.ended.left(room, why, unix_ms),
            _ => {}
        }
        if let Report::Decision(decision) = report
            && let Some(json) = self.journal.add(decision, unix_ms)
        {
            self.audit.line(json);
        }
    }

    /// Writes decisions to `path` from now on, opened again.
    pub(super) fn open_audit(&mut self, path: Option<PathBuf>) {
        self.audit.open(path);
    }

    /// A stanza has come and could be read.
    pub(super) fn stanza(&mut self, stanza: &Inbound) {
        self.metrics.stanza(stanza);
    }

    /// A stanza could not be read, or not all of it; how many that makes.
    pub(super) fn unparsed(&mut self) -> u64 {
        self.metrics.unparsed();
        self.unparsed += 1;
        self.unparsed
    }

    /// The stream is open.
    pub(super) fn connected(&mut self) {
        if std::mem::replace(&mut self.connected_before, true) {
            self.metrics.reconnected();
        }
    }
}
