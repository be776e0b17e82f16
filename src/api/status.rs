//! `GET /v1/status`.

use super::Time;
use crate::muc::Affiliation;
use serde::{Deserialize, Serialize};

/// How the daemon is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// gavel's version.
    pub version: String,
    /// Says whether the component stream is open.
    pub connected: bool,
    /// Says whether another gavel is connected and this one waits for its end.
    pub standby: bool,
    /// Since when it is connected, or not.
    pub since: Time,
    /// Rooms gavel is in.
    pub rooms: usize,
    /// People in them.
    pub occupants: usize,
    /// People who do not have yet the rights they should have.
    pub pending: usize,
    /// Says whether presence can be sent in an occupant's name (`validate_from_addresses =
    /// false`), as far as is known.
    pub can_impersonate: bool,
    /// Says whether gavel does its work: the answer of `/readyz`.
    #[serde(default)]
    pub ready: bool,
    /// Says whether everything found after the connection has been joined.
    #[serde(default)]
    pub resynchronised: bool,
    /// The MUC services on which nobody gets claims, because they come from the
    /// module alone and it is not active there.
    #[serde(default)]
    pub unserved: Vec<String>,
    /// People who moderate.
    #[serde(default)]
    pub moderators: usize,
    /// Some of those counted in `pending`.
    #[serde(default)]
    pub unsettled: Vec<Unsettled>,
    /// The Prosody module on each MUC service.
    #[serde(default)]
    pub modules: Vec<ModuleStatus>,
    /// Why it is not connected, with the remedy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// The Prosody module on a MUC service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModuleStatus {
    /// The service's domain.
    pub service: String,
    /// Says whether the module is active there.
    pub state: ModuleState,
    /// The release it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Says whether its guard is on (`policy.guard`).
    #[serde(default)]
    pub guard: bool,
}

/// Says whether the module is active on a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModuleState {
    /// The service has not said.
    Unknown,
    /// It serves this gavel.
    Active,
    /// It is loaded and serves another gavel.
    ServesAnother,
    /// It is not loaded.
    Absent,
    /// There is no such service.
    NoService,
}

/// Somebody who does not have yet the rights they should have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsettled {
    /// The room.
    pub room: String,
    /// Their nick.
    pub nick: String,
    /// The name they give themselves.
    pub display_name: Option<String>,
    /// Their affiliation.
    pub affiliation: Affiliation,
    /// The affiliation they should have.
    pub desired: Option<Affiliation>,
    /// The obstacle that keeps gavel from it.
    pub hindrance: Option<String>,
}
