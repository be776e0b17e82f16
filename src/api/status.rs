//! `GET /v1/status`.

use super::Time;
use serde::{Deserialize, Serialize};

/// How the daemon is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// gavel's version.
    pub version: String,
    /// Whether the component stream is open.
    pub connected: bool,
    /// Whether another gavel is connected and this one waits for its end.
    pub standby: bool,
    /// Since when it is connected, or not.
    pub since: Time,
    /// Rooms gavel is in.
    pub rooms: usize,
    /// People in them.
    pub occupants: usize,
    /// People who do not have yet what they should have.
    pub pending: usize,
    /// Whether presence can be sent in an occupant's name
    /// (`validate_from_addresses = false`), as far as is known.
    pub can_impersonate: bool,
    /// Whether everything found after the connection has been joined: what
    /// `/readyz` answers.
    #[serde(default)]
    pub ready: bool,
    /// Why it is not connected, with the remedy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}
