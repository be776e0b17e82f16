//! Affiliations and roles: their spelling and rank (XEP-0045 §5).

use serde::{Deserialize, Serialize};
use std::fmt;

/// A long-lived association of a bare JID with a room (XEP-0045 §5.2), ordered
/// by rank: `Outcast < None < Member < Admin < Owner`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Affiliation {
    /// Banned.
    Outcast,
    /// No affiliation.
    None,
    /// Listed; may enter members-only rooms.
    Member,
    /// A moderator that cannot touch owners or the room's configuration.
    Admin,
    /// A moderator with every right.
    Owner,
}

impl Affiliation {
    /// All of them, the lowest first.
    pub const ALL: [Self; 5] = [
        Self::Outcast,
        Self::None,
        Self::Member,
        Self::Admin,
        Self::Owner,
    ];

    /// Reads the protocol's spelling; anything else is `None`.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "owner" => Self::Owner,
            "admin" => Self::Admin,
            "member" => Self::Member,
            "none" => Self::None,
            "outcast" => Self::Outcast,
            _ => return None,
        })
    }

    /// The protocol's spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Member => "member",
            Self::None => "none",
            Self::Outcast => "outcast",
        }
    }

    /// Says whether this affiliation makes its holder a moderator (XEP-0045 §5.2.2, table
    /// of default roles).
    pub fn moderates(self) -> bool {
        self >= Self::Admin
    }
}

impl fmt::Display for Affiliation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The rights of an occupant during this visit (XEP-0045 §5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Not in the room.
    None,
    /// Listens only.
    Visitor,
    /// Speaks.
    Participant,
    /// Moderates.
    Moderator,
}

impl Role {
    /// Reads the protocol's spelling; anything else is `None`.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "moderator" => Self::Moderator,
            "participant" => Self::Participant,
            "visitor" => Self::Visitor,
            "none" => Self::None,
            _ => return None,
        })
    }

    /// The protocol's spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Moderator => "moderator",
            Self::Participant => "participant",
            Self::Visitor => "visitor",
            Self::None => "none",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
