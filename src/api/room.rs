//! `GET /v1/rooms`, `GET /v1/rooms/{room}` and overrides.

use super::Time;
use crate::claims::Source;
use crate::muc::{Affiliation, Role};
use serde::{Deserialize, Serialize};

/// A room in the list of rooms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomSummary {
    /// Its JID, as Prosody stores it.
    pub room: String,
    /// The MUC service.
    pub service: String,
    /// People in it.
    pub occupants: usize,
    /// How many of them are moderators.
    pub moderators: usize,
    /// How many do not have yet what they should have.
    pub pending: usize,
    /// When gavel came in.
    pub joined_at: Time,
}

/// A room with everybody in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomDetail {
    /// Its JID, as Prosody stores it.
    pub room: String,
    /// The MUC service.
    pub service: String,
    /// How many people in it are moderators.
    pub moderators: usize,
    /// How many do not have yet what they should have.
    pub pending: usize,
    /// When gavel came in.
    pub joined_at: Time,
    /// Everybody but gavel, infrastructure included.
    pub occupants: Vec<Occupant>,
}

/// Somebody in a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Occupant {
    /// The nick: the resource of the occupant JID.
    pub nick: String,
    /// The real JID, where it is known.
    pub jid: Option<String>,
    /// What clients show as the name.
    pub display_name: Option<String>,
    /// The affiliation, as the room shows it.
    pub affiliation: Affiliation,
    /// The role, as the room shows it.
    pub role: Role,
    /// The affiliation it should have; null where it is not managed.
    pub desired: Option<Affiliation>,
    /// Whether it has what it should have.
    pub settled: bool,
    /// Where its claims came from; null without claims.
    pub source: Option<Source>,
    /// The rule that decided.
    pub rule: String,
    /// Why, in words.
    pub reason: String,
    /// The name that its claims carry.
    pub token_name: Option<String>,
    /// Whether that name is kept.
    pub frozen: bool,
    /// Who promoted it, where it moderates by an accepted grant.
    pub granted_by: Option<Granter>,
    /// What an admin has set.
    #[serde(rename = "override")]
    pub override_: Option<Override>,
    /// When gavel first saw it.
    pub joined_at: Time,
}

/// Who gave a grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Granter {
    /// The nick, where known.
    pub nick: Option<String>,
    /// The real bare JID, where known.
    pub jid: Option<String>,
}

/// What an admin has set: it outranks claims.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    /// The affiliation.
    pub affiliation: Affiliation,
    /// When it ends; null at the end of the meeting.
    pub until: Option<Time>,
}

/// The body of `PUT /v1/rooms/{room}/overrides/{who}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OverrideRequest {
    /// The affiliation.
    pub affiliation: Affiliation,
    /// For how long, as durations are written in the configuration (`30m`);
    /// without it until the meeting ends.
    #[serde(rename = "for", default, skip_serializing_if = "Option::is_none")]
    pub for_: Option<String>,
}
