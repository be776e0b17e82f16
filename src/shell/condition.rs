//! How the connection is, and since when.

use super::link::LinkError;

/// What is told of the connection.
#[derive(Debug)]
pub(super) struct Condition {
    /// Whether the stream is open.
    pub(super) connected: bool,
    /// Whether another gavel has it (SPEC B12).
    pub(super) standby: bool,
    /// Since when `connected` is what it is, in milliseconds since 1970-01-01
    /// UTC.
    pub(super) since: u64,
    /// Why it is not.
    pub(super) problem: Option<String>,
}

impl Condition {
    /// Not connected yet, at `now`.
    pub(super) fn new(now: u64) -> Self {
        Self {
            connected: false,
            standby: false,
            since: now,
            problem: None,
        }
    }

    /// The stream is open.
    pub(super) fn up(&mut self, now: u64) {
        *self = Self {
            connected: true,
            ..Self::new(now)
        };
    }

    /// It is not, or no longer; without `error` because the server is silent.
    pub(super) fn down(&mut self, error: Option<&LinkError>, now: u64) {
        if std::mem::replace(&mut self.connected, false) {
            self.since = now;
        }
        self.standby = matches!(error, Some(LinkError::Conflict { .. }));
        let problem = error.map(ToString::to_string);
        self.problem = Some(problem.unwrap_or_else(|| "Prosody does not answer".to_owned()));
    }
}
