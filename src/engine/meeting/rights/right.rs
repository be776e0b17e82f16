//! One right: its ground, its affiliation and its end.

use crate::muc::{Affiliation, Nick};
use serde::{Deserialize, Serialize};

/// One right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Right {
    /// Why they have it.
    #[serde(flatten)]
    pub ground: Ground,
    /// The affiliation that it gives.
    pub affiliation: Affiliation,
    /// When it ends.
    #[serde(default, skip_serializing_if = "Ends::is_default")]
    pub ends: Ends,
}

/// The rights that move from one JID of a user to another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Handed {
    pub(super) grant: Option<Right>,
    pub(super) cap: Option<Affiliation>,
}

/// Why somebody has a right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ground", rename_all = "snake_case")]
pub enum Ground {
    /// An admin has set it: it outranks all others.
    Override(Box<Setter>),
    /// A moderator gave it, and that was accepted.
    Grant(Box<Grant>),
    /// Nobody who is entitled was there (B5).
    Election,
    /// Their token gave it when they were last seen.
    LastSeen,
}

impl Ground {
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Override(_) => Kind::Override,
            Self::Grant(_) => Kind::Grant,
            Self::Election => Kind::Election,
            Self::LastSeen => Kind::LastSeen,
        }
    }
}

/// When a right ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ends {
    /// With the meeting.
    #[default]
    WithMeeting,
    /// When they leave, or with the meeting.
    WithPresence,
    /// At this time, in milliseconds since 1970-01-01 UTC, or with the meeting.
    At(u64),
}

impl Ends {
    /// The time, if there is one.
    pub fn at(self) -> Option<u64> {
        match self {
            Self::At(at) => Some(at),
            Self::WithMeeting | Self::WithPresence => None,
        }
    }

    /// Says whether somebody absent keeps it as long as something that ends so.
    pub(super) fn is_no_sooner_than(self, other: Self) -> bool {
        match (self.at(), other.at()) {
            (Some(at), Some(other)) => at >= other,
            (at, _) => at.is_none(),
        }
    }

    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// The setter of an override, and the name of its subject at that time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Setter {
    /// The setter, in words, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The nick when it was set: somebody who was banned is still known by it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nick: Option<Nick>,
    /// The display name then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
}

/// An admin's override: it outranks claims, grants and stepping down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// The affiliation.
    pub affiliation: Affiliation,
    /// When it ends, in milliseconds since 1970-01-01 UTC; none at the end of the
    /// meeting.
    pub until: Option<u64>,
    /// The setter, in words, if known.
    pub by: Option<String>,
    /// Their nick when it was set.
    pub nick: Option<Nick>,
    /// Their display name then.
    pub display_name: Option<String>,
}

/// A promotion by somebody entitled, accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The nick of the giver, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_nick: Option<String>,
    /// Their real bare JID, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_jid: Option<String>,
    /// When, in milliseconds since 1970-01-01 UTC.
    pub at: u64,
    /// The root of the giver's power.
    #[serde(default, skip_serializing_if = "Root::is_host")]
    pub root: Root,
}

/// The root of somebody's power.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Root {
    /// A token, a rule or an admin.
    #[default]
    Host,
    /// An election: the gift ends as elections do (B5).
    Election,
}

impl Root {
    #[allow(clippy::trivially_copy_pass_by_ref)]
    fn is_host(&self) -> bool {
        *self == Self::Host
    }
}

/// A ground without its details.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Override,
    Grant,
    Election,
    LastSeen,
}
