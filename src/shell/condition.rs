//! How the connection is, and since when.

use super::link::LinkError;
use crate::diagnosis::Trouble;

/// The state of the connection, as it is reported.
#[derive(Debug)]
pub(super) struct Condition {
    /// Says whether the stream is open.
    pub(super) connected: bool,
    /// Says whether another gavel has it (SPEC B12).
    pub(super) standby: bool,
    /// The time since which `connected` has its value, in milliseconds since 1970-01-01
    /// UTC.
    pub(super) since: u64,
    /// Why it is not.
    pub(super) problem: Option<String>,
    /// The same, as a diagnosis tells it.
    pub(super) trouble: Option<Trouble>,
    /// How often another gavel has ended the connection.
    pub(super) replaced: u32,
}

impl Condition {
    /// Not connected yet, at `now`.
    pub(super) fn new(now: u64) -> Self {
        Self {
            connected: false,
            standby: false,
            since: now,
            problem: None,
            trouble: None,
            replaced: 0,
        }
    }

    /// The stream is open.
    pub(super) fn up(&mut self, now: u64) {
        *self = Self {
            connected: true,
            replaced: self.replaced,
            ..Self::new(now)
        };
    }

    /// It is not, or no longer; without `error` because the server is silent.
    pub(super) fn down(&mut self, error: Option<&LinkError>, now: u64) {
        let opening = !std::mem::replace(&mut self.connected, false);
        if !opening {
            self.since = now;
        }
        self.standby = matches!(error, Some(LinkError::Conflict { .. }));
        self.replaced += u32::from(self.standby && !opening);
        let silent = || "Prosody does not answer".to_owned();
        self.problem = Some(error.map_or_else(silent, ToString::to_string));
        let trouble = error.map(|error| super::probe::trouble(error, opening));
        self.trouble = Some(trouble.unwrap_or_else(|| Trouble::Other(silent())));
    }
}
