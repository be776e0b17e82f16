//! The affiliation that a person should have.

use super::Person;
use crate::muc::{Affiliation, Role};
use crate::policy::{Entitlement, Guests, Policy};

/// What the occupants of a bare JID amount to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The highest entitlement among them (B7); none where there are no
    /// occupants.
    pub entitlement: Option<Entitlement>,
    /// Whether all of them have role visitor.
    pub visitors: bool,
}

/// What the affiliation should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Whatever it is.
    Anything,
    /// This.
    Exactly(Affiliation),
    /// Not above `cap`; who is above it gets `floor`.
    AtMost {
        /// The highest that is left alone.
        cap: Affiliation,
        /// What it is lowered to.
        floor: Affiliation,
    },
}

impl Wanted {
    /// What must be set so that `actual` is as wanted; none if it is.
    pub fn target(self, actual: Affiliation) -> Option<Affiliation> {
        match self {
            Self::Anything => None,
            Self::Exactly(wanted) => (actual != wanted).then_some(wanted),
            Self::AtMost { cap, floor } => (actual > cap).then_some(floor),
        }
    }

    /// The same in a room that gavel locks, where nobody present may be left with
    /// affiliation none, as `actual` may be: that would throw them out.
    pub fn kept_in(self, actual: Option<Affiliation>) -> Self {
        let low = matches!(actual, None | Some(Affiliation::None));
        match self {
            Self::Exactly(Affiliation::Outcast) => self,
            Self::Exactly(wanted) => Self::Exactly(wanted.max(Affiliation::Member)),
            _ if low => Self::Exactly(Affiliation::Member),
            Self::Anything => self,
            Self::AtMost { cap, floor } => Self::AtMost {
                cap: cap.max(Affiliation::Member),
                floor: floor.max(Affiliation::Member),
            },
        }
    }

    /// Whether an occupant of whom this is wanted may moderate.
    pub fn may_moderate(self) -> bool {
        match self {
            Self::Anything => true,
            Self::Exactly(wanted) => wanted.moderates(),
            Self::AtMost { cap, .. } => cap.moderates(),
        }
    }
}

impl Person {
    /// What somebody gets who is lowered (B5): what they had, else member in a
    /// members-only room, where none would throw them out, else none.
    fn floor(&self, members_only: bool) -> Affiliation {
        match self.record.base {
            Some(Affiliation::None) | None if members_only => Affiliation::Member,
            Some(base) => base,
            None => Affiliation::None,
        }
    }

    /// Not above `cap`, and not thrown out of a members-only room by it.
    fn kept_in(cap: Affiliation, members_only: bool) -> Wanted {
        let lowest = match members_only {
            true => Affiliation::Member,
            false => Affiliation::None,
        };
        let cap = cap.max(lowest);
        Wanted::AtMost { cap, floor: cap }
    }

    fn capped(&self, members_only: bool) -> Wanted {
        Wanted::AtMost {
            cap: Affiliation::Member,
            floor: self.floor(members_only),
        }
    }

    /// The affiliation this person should have.
    pub fn wanted(&self, policy: &Policy, standing: Standing, members_only: bool) -> Wanted {
        if let Some(set) = &self.record.override_ {
            return self.wanted_by_admin(set.affiliation, standing, members_only);
        }
        if let Some(restore) = self.record.restore {
            return Wanted::Exactly(self.restored(restore, standing, members_only));
        }
        let Some(entitlement) = standing.entitlement else {
            return self.wanted_absent(policy, members_only);
        };
        if entitlement == Entitlement::Keep {
            return match self.record.lapsed {
                None => Wanted::Anything,
                Some(_) => self.capped(members_only),
            };
        }
        let banned_by_rule = entitlement == Entitlement::Affiliation(Affiliation::Outcast);
        if banned_by_rule || self.actual == Some(Affiliation::Outcast) {
            // Or a just ban, of which not all of their occupants are gone yet.
            return Wanted::Exactly(Affiliation::Outcast);
        }
        if let Some(grant) = &self.record.grant {
            let own = match entitlement {
                Entitlement::Affiliation(own) => own,
                Entitlement::Keep | Entitlement::Guest => Affiliation::None,
            };
            return Wanted::Exactly(grant.affiliation.max(own));
        }
        if self.record.elected {
            return Wanted::Exactly(Affiliation::Owner);
        }
        match (entitlement, self.record.step_down) {
            (Entitlement::Affiliation(own), Some(cap)) if own > cap && cap.moderates() => {
                Wanted::Exactly(cap)
            }
            (Entitlement::Affiliation(own), Some(cap)) if own > cap => {
                Self::kept_in(cap, members_only)
            }
            (Entitlement::Affiliation(own), _) => {
                self.wanted_by_claims(own, standing, members_only)
            }
            (Entitlement::Keep, _) => Wanted::Anything,
            (Entitlement::Guest, _) if self.is_ignored(policy) => Wanted::Anything,
            (Entitlement::Guest, _) => self.capped(members_only),
        }
    }

    /// What an admin has set, for somebody present. An absent JID is not raised
    /// to it (B1), but kept out where it is a ban, and let in where somebody
    /// else has banned it.
    fn wanted_by_admin(&self, set: Affiliation, standing: Standing, members_only: bool) -> Wanted {
        let banned = self.actual == Some(Affiliation::Outcast);
        match set {
            Affiliation::Outcast => Wanted::Exactly(set),
            Affiliation::None if members_only && !banned => Self::kept_in(set, members_only),
            _ if standing.entitlement.is_some() => Wanted::Exactly(set),
            _ if banned => Wanted::Exactly(self.floor(members_only).min(set)),
            _ => Wanted::AtMost {
                cap: set,
                floor: set,
            },
        }
    }

    /// The ban that an admin has set is over: they get back in, as what they
    /// were below moderator; more is for when they come.
    pub fn readmit(&mut self, members_only: bool) {
        if matches!(self.actual, None | Some(Affiliation::Outcast)) {
            self.record.restore = Some(self.floor(members_only));
        }
    }

    /// What an unjust ban is undone to: not more than they are entitled to, where
    /// they are present (in another room of the meeting).
    pub(super) fn restored(
        &self,
        to: Affiliation,
        standing: Standing,
        members_only: bool,
    ) -> Affiliation {
        if standing.entitlement.is_none() {
            return to;
        }
        let power = self.power(standing);
        to.min(power.unwrap_or_else(|| self.floor(members_only)))
    }

    /// Whether gavel keeps its hands off a guest: not where what it gave has
    /// ended.
    fn is_ignored(&self, policy: &Policy) -> bool {
        policy.guests == Guests::Ignore && self.record.lapsed.is_none()
    }

    /// B6: a visitor without a claim to more is left alone. Nobody is thrown out of
    /// a members-only room for want of an affiliation: a ban is another word.
    fn wanted_by_claims(&self, own: Affiliation, standing: Standing, members_only: bool) -> Wanted {
        let low = matches!(
            self.actual,
            None | Some(Affiliation::None | Affiliation::Member)
        );
        let entitled_low = matches!(own, Affiliation::None | Affiliation::Member);
        if standing.visitors && low && entitled_low {
            return Wanted::Anything;
        }
        if own == Affiliation::None && members_only {
            return Self::kept_in(own, members_only);
        }
        Wanted::Exactly(own)
    }

    /// B1: an absent JID is never raised; it keeps what it was entitled to when
    /// it left.
    fn wanted_absent(&self, policy: &Policy, members_only: bool) -> Wanted {
        match self.record.kept {
            Some(kept) => Wanted::AtMost {
                cap: kept,
                floor: kept,
            },
            None if self.is_ignored(policy) => Wanted::Anything,
            None => self.capped(members_only),
        }
    }

    /// What this person is entitled to promote others by: what an admin has set,
    /// else its token, an accepted grant, present or having left so (B3), or an
    /// election. Of whom a rule says that they are left alone, whatever they are
    /// is right.
    pub fn power(&self, standing: Standing) -> Option<Affiliation> {
        match &self.record.override_ {
            Some(set) => Some(set.affiliation).filter(|set| set.moderates()),
            None => self.own_power(standing),
        }
    }

    /// The same without what an admin has set.
    pub fn own_power(&self, standing: Standing) -> Option<Affiliation> {
        let Some(entitlement) = standing.entitlement else {
            return self.record.kept.filter(|kept| kept.moderates());
        };
        match entitlement {
            Entitlement::Keep if self.record.lapsed.is_some() => return None,
            Entitlement::Keep => return self.actual.filter(|actual| actual.moderates()),
            Entitlement::Affiliation(Affiliation::Outcast) => return None,
            _ => {}
        }
        if let Some(grant) = &self.record.grant {
            return Some(grant.affiliation);
        }
        if self.record.elected {
            return Some(Affiliation::Owner);
        }
        Self::power_by_claims(entitlement, self.record.step_down)
    }

    fn power_by_claims(
        entitlement: Entitlement,
        step_down: Option<Affiliation>,
    ) -> Option<Affiliation> {
        match entitlement {
            Entitlement::Affiliation(own) if own.moderates() => match step_down {
                Some(cap) => cap.moderates().then_some(cap),
                None => Some(own),
            },
            _ => None,
        }
    }

    /// What of their power they keep when they leave: an election ends then.
    pub fn keeps(&self, standing: Standing) -> Option<Affiliation> {
        let power = self.own_power(standing);
        power.filter(|_| !self.record.elected || self.record.grant.is_some())
    }

    /// Whether claims, or an admin, entitle them to moderate, there and not
    /// stepped down: who is elected is not needed then.
    pub fn moderates_by_claims(&self, standing: Standing) -> bool {
        let entitlement = standing.entitlement;
        if let Some(set) = &self.record.override_ {
            return entitlement.is_some() && set.affiliation.moderates();
        }
        entitlement.is_some_and(|e| Self::power_by_claims(e, self.record.step_down).is_some())
    }

    /// Whether what they may goes back to an election: their own, or that of
    /// whoever promoted them.
    pub fn is_elected_power(&self) -> bool {
        match &self.record.grant {
            Some(grant) => grant.by_elected,
            None => self.record.elected,
        }
    }

    /// Whether a token entitles to owner, and they have not stepped down (B4).
    pub fn is_host(&self, standing: Standing) -> bool {
        let by_token = match standing.entitlement {
            Some(Entitlement::Affiliation(own)) => own == Affiliation::Owner,
            Some(_) => false,
            None => self.record.kept == Some(Affiliation::Owner) && self.record.grant.is_none(),
        };
        by_token && self.record.step_down.is_none()
    }
}

/// Whether an occupant moderates without having the affiliation for it (B1).
pub fn moderates_by_role_alone(role: Role, affiliation: Affiliation) -> bool {
    role == Role::Moderator && !affiliation.moderates()
}
