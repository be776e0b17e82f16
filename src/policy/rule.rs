//! The gift of a rule, and the rule by its name.

use crate::muc::Affiliation;
use std::fmt;
use std::sync::Arc;

/// The entitlement that claims give their bearer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entitlement {
    /// This affiliation.
    Affiliation(Affiliation),
    /// Any affiliation stays: gavel keeps its hands off.
    Keep,
    /// Nothing: `policy.guests` decides on them.
    Guest,
}

impl Entitlement {
    /// The word that `affiliation` of a rule has for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Affiliation(affiliation) => affiliation.as_str(),
            Self::Keep => "keep",
            Self::Guest => GUEST,
        }
    }

    /// Says whether it makes a moderator who can make others.
    pub(super) fn is_power(self) -> bool {
        matches!(self, Self::Affiliation(affiliation) if affiliation.moderates())
    }
}

/// A rule by its name, as logs, `explain` and the API show it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Rule {
    /// One of the configuration's or a preset's.
    Named(Arc<str>),
    /// `unmatched`: claims that no rule matches entitle to nothing.
    Unmatched,
    /// `guest`: no claims.
    Guest,
    /// `login`: no token, but a login on a domain of `policy.trusted_logins`.
    Login,
    /// `fallback`: elected, since nobody who may moderate is there.
    Fallback,
    /// `override`: an admin has set it.
    Override,
    /// `grant`: a moderator promoted them.
    Grant,
    /// `last_seen`: they have left, and their token gave it then.
    LastSeen,
    /// `ban`: somebody who may not ban them had done so.
    Ban,
    /// `absent`: they have left, or were never here.
    Absent,
    /// `expired`: the token's `exp` has passed (`policy.on_expiry`).
    Expired,
}

impl Rule {
    /// The rule's name.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Named(name) => name,
            Self::Unmatched => UNMATCHED,
            Self::Guest => GUEST,
            Self::Login => LOGIN,
            Self::Fallback => FALLBACK,
            Self::Expired => EXPIRED,
            Self::Override => "override",
            Self::Grant => "grant",
            Self::LastSeen => "last_seen",
            Self::Ban => "ban",
            Self::Absent => "absent",
        }
    }
}

pub(super) const UNMATCHED: &str = "unmatched";
pub(super) const GUEST: &str = "guest";
pub(super) const LOGIN: &str = "login";
pub(super) const FALLBACK: &str = "fallback";
pub(super) const EXPIRED: &str = "expired";

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
