//! `GET /v1/rooms`, `GET /v1/rooms/{room}` and overrides.

use super::{Actor, Time};
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
    /// The number of those who do not have yet the rights they should have.
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
    /// The number of those who do not have yet the rights they should have.
    pub pending: usize,
    /// When gavel came in.
    pub joined_at: Time,
    /// Everybody but gavel, infrastructure included; by nick.
    pub occupants: Vec<Occupant>,
    /// The overrides that admins have set in this meeting, for people present or not; by JID.
    #[serde(default)]
    pub overrides: Vec<RoomOverride>,
}

/// Somebody in a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Occupant {
    /// The nick: the resource of the occupant JID.
    pub nick: String,
    /// The real JID, if it is known.
    pub jid: Option<String>,
    /// The name that clients show.
    pub display_name: Option<String>,
    /// The affiliation, as the room shows it.
    pub affiliation: Affiliation,
    /// The role, as the room shows it.
    pub role: Role,
    /// The affiliation it should have; null if it is not managed.
    pub desired: Option<Affiliation>,
    /// Says whether it has the rights it should have.
    pub settled: bool,
    /// The source of its claims; null without claims.
    pub source: Option<Source>,
    /// The rule that decided.
    pub rule: String,
    /// Why, in words.
    pub reason: String,
    /// The name that its claims carry.
    pub token_name: Option<String>,
    /// Says whether that name is kept.
    pub frozen: bool,
    /// Its permissions and their reasons, by name; a permission that is not here is left to
    /// Jitsi.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub permissions: Vec<Permission>,
    /// Why it is shown as a guest; null if it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guest: Option<Guest>,
    /// The moderator who promoted it, if it moderates by an accepted grant.
    pub granted_by: Option<Granter>,
    /// An admin's override.
    #[serde(rename = "override")]
    pub override_: Option<Override>,
    /// When the entitlement of its claims ends; null if it does not (`policy.on_expiry`).
    #[serde(default)]
    pub expires_at: Option<Time>,
    /// When gavel first saw it.
    pub joined_at: Time,
    /// Says whether it is infrastructure: never managed and never counted.
    #[serde(default)]
    pub infrastructure: bool,
    /// Says whether it lowered itself, and is left there.
    #[serde(default)]
    pub stepped_down: bool,
    /// Claims that were shown and not believed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejected: Option<Rejected>,
    /// Claims that say moderator and that no rule reads, each with a rule that
    /// would.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unread_claims: Vec<String>,
    /// Changes of others that gavel has corrected, by the maker.
    #[serde(default)]
    pub corrections: Vec<Correction>,
    /// The obstacle that keeps it from being settled, or gavel from doing more: paused,
    /// refused, ineffective or server_admin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hindrance: Option<String>,
}

/// Something that somebody may do or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Permission {
    /// Its name.
    pub name: String,
    /// Says whether it is allowed, as they are now; null if it is left to Jitsi.
    pub allowed: Option<bool>,
    /// The people it holds for: everyone, moderators, owners or nobody.
    #[serde(rename = "for")]
    pub for_: Option<String>,
    /// Why, in words.
    pub because: String,
}

/// Why somebody is shown as a guest (`names.guests`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guest {
    /// The name that they send.
    pub sent: String,
    /// The name by somebody else's token that it looks like.
    pub resembles: String,
}

/// Somebody, and the room they are in: `GET /v1/people`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Somebody {
    /// The room.
    pub room: String,
    /// The occupant.
    #[serde(flatten)]
    pub occupant: Occupant,
}

/// A room that gavel has left within the last day: `GET /v1/ended`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndedRoom {
    /// Its JID.
    pub room: String,
    /// The MUC service.
    pub service: String,
    /// When gavel left it.
    pub ended_at: Time,
    /// Why, in words.
    pub why: String,
}

/// Claims that were not believed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejected {
    /// Their source.
    pub source: Source,
    /// Why not: the `reason` of `gavel_claims_rejected_total`.
    pub reason: String,
}

/// Changes by one party that gavel has corrected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    /// The party that made them.
    pub actor: Actor,
    /// How many.
    pub count: u64,
    /// When gavel corrected the last.
    pub last_at: Time,
}

/// The moderator who gave a grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Granter {
    /// The nick, if known.
    pub nick: Option<String>,
    /// The real bare JID, if known.
    pub jid: Option<String>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Time>,
}

/// An admin's override: it outranks claims.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    /// The affiliation.
    pub affiliation: Affiliation,
    /// When it ends; null at the end of the meeting.
    pub until: Option<Time>,
}

/// An override, and the person it holds for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomOverride {
    /// The real bare JID.
    pub jid: String,
    /// The nick, as it is or was when the override was set.
    pub nick: Option<String>,
    /// The display name, likewise.
    pub display_name: Option<String>,
    /// Says whether anybody with that JID is in the meeting.
    pub present: bool,
    /// The override.
    #[serde(flatten)]
    pub set: Override,
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
