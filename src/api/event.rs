//! `GET /v1/events`: the decisions taken.

use super::Time;
use crate::claims::Source;
use serde::{Deserialize, Serialize};

/// One decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Grows by one with each event: the value that `since` takes.
    pub id: u64,
    /// The kind of thing that was decided.
    pub kind: EventKind,
    /// When.
    pub at: Time,
    /// The room, for affiliations the meeting's main room.
    pub room: String,
    /// The occupant's nick, if one is in.
    pub nick: Option<String>,
    /// The display name that they showed, if one is in.
    #[serde(default)]
    pub display_name: Option<String>,
    /// The name in their token, if it names them.
    #[serde(default)]
    pub token_name: Option<String>,
    /// The JID of the person: bare for affiliations, full for names if it is known.
    pub jid: String,
    /// Before, if it was known.
    pub from: Option<String>,
    /// After; null if an override was cleared.
    pub to: Option<String>,
    /// Why gavel acted: join, correction, grant, step_down, fallback, override,
    /// expiry, guest, leave or reload.
    pub cause: String,
    /// The rule that decided.
    pub rule: String,
    /// Why, in words.
    pub reason: String,
    /// The source of the claims; null without claims.
    pub source: Option<Source>,
    /// The party that made the change that was answered; null if there was none.
    pub actor: Option<Actor>,
    /// How it ended: applied, refused, ineffective, given_up or delayed.
    pub outcome: String,
}

/// The thing that an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EventKind {
    /// An affiliation.
    Affiliation,
    /// A role.
    Role,
    /// A display name or an occupant nick.
    Name,
    /// An override that an admin has set or cleared.
    Override,
}

/// A party that made a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// Their kind of party.
    pub kind: ActorKind,
    /// The nick, if known.
    pub nick: Option<String>,
    /// The display name that they showed, if known.
    #[serde(default)]
    pub display_name: Option<String>,
    /// The real JID, if known.
    pub jid: Option<String>,
}

/// The kind of party that an actor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ActorKind {
    /// No actor: a server module, or an admin's ad-hoc command.
    None,
    /// The focus and its like.
    Infrastructure,
    /// Somebody in the room.
    Occupant,
    /// Somebody not in the room.
    Outside,
}
