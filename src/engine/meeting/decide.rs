//! The decision about one person: the affiliation they should have, and why.
//!
//! [`decide`] goes through the grounds in order. The first that applies decides,
//! and it is the reason that events, `room show`, the API and the page print:
//! nobody derives it again.

use super::rights::{Debt, Rights, Standing};
use crate::engine::event::Cause;
use crate::muc::{Affiliation, Role};
use crate::policy::{Entitlement, Guests, Policy};

/// The affiliation that somebody should have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Any affiliation is right.
    Anything,
    /// This.
    Exactly(Affiliation),
    /// Not above `cap`; somebody above it gets `floor`.
    AtMost {
        /// The highest that is left alone.
        cap: Affiliation,
        /// The affiliation that a higher one is lowered to.
        floor: Affiliation,
    },
}

impl Wanted {
    /// The affiliation to set so that `actual` becomes as wanted; none if it is.
    pub fn target(self, actual: Affiliation) -> Option<Affiliation> {
        match self {
            Self::Anything => None,
            Self::Exactly(wanted) => (actual != wanted).then_some(wanted),
            Self::AtMost { cap, floor } => (actual > cap).then_some(floor),
        }
    }

    /// Says whether an occupant may moderate if this is wanted.
    pub fn may_moderate(self) -> bool {
        match self {
            Self::Anything => true,
            Self::Exactly(wanted) => wanted.moderates(),
            Self::AtMost { cap, .. } => cap.moderates(),
        }
    }

    /// The same in a room that gavel is about to lock, in which nobody present may be left
    /// with affiliation none, as `shown` may be: that would throw them out.
    fn kept_in(self, shown: Option<Affiliation>) -> Self {
        let low = matches!(shown, None | Some(Affiliation::None));
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

    fn at_most(cap: Affiliation) -> Self {
        Self::AtMost { cap, floor: cap }
    }
}

/// The ground that decided: a row of the fold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// An admin has set it.
    Override,
    /// A ban of theirs is to be lifted.
    BanLifted,
    /// A rule says that they are left alone.
    LeftAlone,
    /// A rule bans them, or a ban stands.
    Banned,
    /// A moderator promoted them.
    Grant,
    /// They are elected.
    Election,
    /// Their token, or a rule.
    Claims,
    /// The same, but they stepped down.
    SteppedDown,
    /// They are absent, and their token gave this when they were last seen.
    LastSeen,
    /// Nothing entitles them to more than anybody.
    Nothing,
}

/// The facts of the room that a decision rests on.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'a> {
    /// The policy.
    pub policy: &'a Policy,
    /// Affiliation none throws people out.
    pub members_only: bool,
    /// It is not known yet whether it does.
    pub unread: bool,
    /// Gavel has locked the room, or is about to: nobody present may have less than
    /// member.
    pub locking: bool,
}

/// The event that leads to a change, besides the ground.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Occasion {
    /// Somebody else has changed it.
    pub foreign: bool,
    /// The change was accepted, and gavel turns it into the right that `policy.grants` allows.
    pub accepted: bool,
    /// Why gavel looks at them again, if that is no change of others.
    pub because: Option<Cause>,
}

/// The affiliation that somebody should have, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// The affiliation.
    pub wanted: Wanted,
    /// The ground that decided.
    pub basis: Basis,
    /// The affiliation that the ground gives by itself, before the room is looked at.
    gives: Option<Affiliation>,
    debt: Option<Debt>,
    present: bool,
}

impl Decision {
    /// Why gavel makes them `target`.
    pub fn cause(&self, target: Affiliation, occasion: Occasion) -> Cause {
        let ended = self.debt.filter(|_| !target.moderates());
        match (self.basis, ended) {
            (Basis::Override, _) if occasion.foreign => Cause::Correction,
            (Basis::Override, _) => Cause::Override,
            (Basis::BanLifted, _) if occasion.because == Some(Cause::Override) => Cause::Override,
            (Basis::BanLifted, _) => Cause::Correction,
            (Basis::Grant, _) if occasion.foreign && !occasion.accepted => Cause::Correction,
            (Basis::Grant, _) if self.gives == Some(target) => Cause::Grant,
            (_, Some(Debt::Fallback)) => Cause::Fallback,
            (_, Some(Debt::Expiry)) => Cause::Expiry,
            (Basis::Election, _) if !occasion.foreign => Cause::Fallback,
            _ if occasion.foreign => Cause::Correction,
            _ => occasion.because.unwrap_or_else(|| self.own_cause()),
        }
    }

    /// The cause if nothing but the ground led to the change.
    fn own_cause(&self) -> Cause {
        match self.basis {
            _ if !self.present => Cause::Leave,
            Basis::SteppedDown => Cause::StepDown,
            Basis::Nothing => Cause::Guest,
            _ => Cause::Join,
        }
    }

    /// The affiliation that the ground gives by itself.
    pub fn gives(&self) -> Option<Affiliation> {
        self.gives
    }

    /// Why somebody whose right has ended is lowered.
    pub fn debt(&self) -> Option<Debt> {
        self.debt
    }
}

/// Decides about somebody with these rights.
pub fn decide(rights: &Rights, standing: Standing, room: Surroundings<'_>) -> Decision {
    let fold = Fold {
        rights,
        standing,
        policy: room.policy,
        members_only: room.members_only || room.unread || room.locking,
        lets_nobody_in: room.members_only,
    };
    let (basis, wanted, gives) = match standing.verdict {
        _ if rights.overridden_to().is_some() => fold.by_admin(),
        _ if rights.is_ban_to_be_lifted() && rights.may_be_banned() => fold.lifted(),
        None => fold.absent(),
        Some(verdict) => fold.present(verdict),
    };
    Decision {
        wanted: match standing.is_present() && room.locking {
            true => wanted.kept_in(rights.shown()),
            false => wanted,
        },
        basis,
        gives,
        debt: rights.debt(),
        present: standing.is_present(),
    }
}

type Row = (Basis, Wanted, Option<Affiliation>);

struct Fold<'a> {
    rights: &'a Rights,
    standing: Standing,
    policy: &'a Policy,
    /// Affiliation none throws people out, or may.
    members_only: bool,
    /// Affiliation none keeps people out.
    lets_nobody_in: bool,
}

impl Fold<'_> {
    /// An admin's override, for somebody present. gavel does not raise an absent JID to it
    /// (B1). It does keep an absent JID out if the override is a ban, and lets it in if
    /// somebody else has banned it.
    fn by_admin(&self) -> Row {
        let set = self.rights.overridden_to().unwrap_or(Affiliation::None);
        let banned = match self.rights.shown() {
            Some(shown) => shown == Affiliation::Outcast,
            None => self.rights.is_ban_to_be_lifted(),
        };
        let wanted = match set {
            Affiliation::Outcast => Wanted::Exactly(set),
            Affiliation::None if self.members_only && !banned => self.not_thrown_out(set),
            _ if self.standing.is_present() => Wanted::Exactly(set),
            _ if banned => Wanted::Exactly(self.floor().min(set)),
            _ => Wanted::at_most(set),
        };
        (Basis::Override, wanted, Some(set))
    }

    /// Somebody present, in another room of the meeting, gets the affiliation of their
    /// power; somebody absent the one that their token gave when they were last seen.
    fn lifted(&self) -> Row {
        let present = self.standing.is_present();
        let own = match present {
            true => self.rights.power(self.standing),
            false => self.rights.kept(),
        };
        let wanted = own.unwrap_or_else(|| match present || self.lets_nobody_in {
            true => self.floor(),
            false => self.rights.floor().unwrap_or(Affiliation::None),
        });
        (Basis::BanLifted, Wanted::Exactly(wanted), own)
    }

    /// B1: an absent JID is never raised.
    fn absent(&self) -> Row {
        match self.rights.kept() {
            Some(kept) if self.rights.is_kept_by_grant() => {
                (Basis::Grant, Wanted::at_most(kept), Some(kept))
            }
            Some(kept) => (Basis::LastSeen, Wanted::at_most(kept), Some(kept)),
            None => self.nothing(),
        }
    }

    fn present(&self, verdict: Entitlement) -> Row {
        let (rights, standing) = (self.rights, self.standing);
        let own = standing.own();
        if verdict == Entitlement::Keep {
            let wanted = match rights.debt() {
                None => Wanted::Anything,
                Some(_) => self.below_moderator(),
            };
            return (Basis::LeftAlone, wanted, None);
        }
        let outcast = Affiliation::Outcast;
        if own == Some(outcast) || rights.shown() == Some(outcast) {
            // A ban that stands may have reached only some of their seats yet.
            return (Basis::Banned, Wanted::Exactly(outcast), Some(outcast));
        }
        if let Some(granted) = rights.granted() {
            let wanted = own.map_or(granted, |own| own.max(granted));
            return (Basis::Grant, Wanted::Exactly(wanted), Some(granted));
        }
        if rights.is_elected() {
            let owner = Affiliation::Owner;
            return (Basis::Election, Wanted::Exactly(owner), Some(owner));
        }
        match (own, rights.cap()) {
            (None, _) => self.nothing(),
            (Some(own), Some(cap)) if own > cap => {
                let wanted = match cap.moderates() {
                    true => Wanted::Exactly(cap),
                    false => self.not_thrown_out(cap),
                };
                (Basis::SteppedDown, wanted, Some(cap))
            }
            (Some(own), _) => (Basis::Claims, self.by_claims(own), Some(own)),
        }
    }

    /// B6: a visitor without a claim to more is left alone. Nobody is thrown out of
    /// a members-only room for want of an affiliation: a ban is another word.
    fn by_claims(&self, own: Affiliation) -> Wanted {
        let low = |affiliation| matches!(affiliation, Affiliation::None | Affiliation::Member);
        if self.standing.visitor && self.rights.shown().is_none_or(low) && low(own) {
            return Wanted::Anything;
        }
        match own == Affiliation::None && self.members_only {
            true => self.not_thrown_out(own),
            false => Wanted::Exactly(own),
        }
    }

    fn nothing(&self) -> Row {
        let ignored = self.policy.guests == Guests::Ignore && self.rights.debt().is_none();
        let wanted = match ignored {
            true => Wanted::Anything,
            false => self.below_moderator(),
        };
        (Basis::Nothing, wanted, None)
    }

    fn below_moderator(&self) -> Wanted {
        Wanted::AtMost {
            cap: Affiliation::Member,
            floor: self.floor(),
        }
    }

    /// The affiliation for somebody who is lowered (B5): the one that they had. Without one
    /// it is member in a members-only room, if none would remove them, else none.
    fn floor(&self) -> Affiliation {
        let floor = self.rights.floor().unwrap_or(Affiliation::None);
        match self.members_only {
            true => floor.max(Affiliation::Member),
            false => floor,
        }
    }

    /// Not above `cap`, and not thrown out of a members-only room by it.
    fn not_thrown_out(&self, cap: Affiliation) -> Wanted {
        match self.members_only {
            true => Wanted::at_most(cap.max(Affiliation::Member)),
            false => Wanted::at_most(cap),
        }
    }
}

/// Says whether an occupant moderates without having the affiliation for it (B1).
pub fn moderates_by_role_alone(role: Role, affiliation: Affiliation) -> bool {
    role == Role::Moderator && !affiliation.moderates()
}
