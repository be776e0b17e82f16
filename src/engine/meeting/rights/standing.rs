//! The gifts of a token or a rule to somebody who is present.

use crate::muc::Affiliation;
use crate::policy::Entitlement;

/// The sum of somebody's seats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The highest entitlement among their seats (B7); none if they have no seat, which
    /// means that they are absent.
    pub verdict: Option<Entitlement>,
    /// When a token's gift ends, in milliseconds since 1970-01-01 UTC; none if it does not
    /// end before the meeting.
    pub ends: Option<u64>,
    /// Says whether role visitor is all they have.
    pub visitor: bool,
}

impl Standing {
    /// Somebody who is not there.
    pub const ABSENT: Self = Self {
        verdict: None,
        ends: None,
        visitor: false,
    };

    /// Somebody present and unknown.
    pub const GUEST: Self = Self {
        verdict: Some(Entitlement::Guest),
        ..Self::ABSENT
    };

    /// Says whether they have a seat.
    pub fn is_present(&self) -> bool {
        self.verdict.is_some()
    }

    /// The affiliation that a token or a rule gives them.
    pub fn own(&self) -> Option<Affiliation> {
        match self.verdict {
            Some(Entitlement::Affiliation(own)) => Some(own),
            Some(Entitlement::Keep | Entitlement::Guest) | None => None,
        }
    }

    /// Says whether a rule leaves them alone, or bans them: then nobody else decides.
    pub fn is_settled_by_rule(&self) -> bool {
        self.verdict == Some(Entitlement::Keep) || self.own() == Some(Affiliation::Outcast)
    }
}
