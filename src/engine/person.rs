//! One bare JID in one meeting: the affiliation it has and the one it should
//! have.

use super::event::{Cause, Party, PartyKind};
use super::limit::{Backoff, Limiter};
use super::time::Tick;
use crate::muc::{Affiliation, Nick, Role, RoomJid};
use crate::policy::{Entitlement, Grants, Guests, Policy};
use serde::{Deserialize, Serialize};

/// Where a bare JID is present: one of its occupants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seat {
    /// The room, a breakout room perhaps.
    pub room: RoomJid,
    /// The occupant's nick there.
    pub nick: Nick,
}

/// A promotion by somebody entitled, accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// What it became.
    pub affiliation: Affiliation,
    /// Who gave it: nick, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_nick: Option<String>,
    /// Who gave it: real bare JID, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_jid: Option<String>,
    /// When, in milliseconds since 1970-01-01 UTC.
    pub at: u64,
}

/// What outlives presence, reconnects and restarts, until the meeting ends.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Record {
    /// An accepted promotion.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant: Option<Box<Grant>>,
    /// Where they put themselves: more is not given to them, nor left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step_down: Option<Affiliation>,
    /// What they were entitled to when they left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept: Option<Affiliation>,
    /// What an unjust ban is to be undone to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restore: Option<Affiliation>,
    /// The last affiliation below moderator: what they get back when lowered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<Affiliation>,
    /// Verified `context.user.id`, by which a grant follows to another device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<Box<str>>,
    /// When their last occupant left, in milliseconds since 1970-01-01 UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_at: Option<u64>,
    /// Another JID of the same user has taken grant and step-down over.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub moved: bool,
}

impl Record {
    /// Whether anything in it must be remembered.
    pub fn matters(&self) -> bool {
        self.grant.is_some()
            || self.step_down.is_some()
            || self.kept.is_some()
            || self.restore.is_some()
    }
}

/// Which pauses of B3 apply to the correction of somebody's change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// None: who made it is lowered, which ends it.
    Free,
    /// Those for parties that nothing stops, the focus above all.
    Machine,
    /// The same, but counted for themselves: somebody entitled made it, and that
    /// a machine quarrels with gavel is no reason to wait with this.
    Host,
}

/// A change by somebody else, not yet answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreign {
    /// Who made it.
    pub by: Party,
    /// What its correction has to wait for.
    pub pace: Pace,
}

/// A request that waits for its reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InFlight {
    /// What was asked for.
    pub wanted: Affiliation,
    /// What it was then.
    pub from: Option<Affiliation>,
    /// Why.
    pub cause: Cause,
    /// Whose change it answers.
    pub actor: Option<Party>,
    /// Whether it went by ad-hoc command.
    pub ad_hoc: bool,
    /// Whether the room has shown the change since.
    pub confirmed: bool,
}

/// What is known of refusals and quarrels about one person.
#[derive(Debug, Default)]
pub struct Trouble {
    /// B3: how fast corrections of [`Pace::Machine`] may follow.
    machines: Limiter,
    /// B3: how fast corrections of [`Pace::Host`] may follow.
    hosts: Limiter,
    /// Whether the pauses were told of.
    pub told: bool,
    /// How long to wait after refusals.
    pub backoff: Backoff,
    /// Not before.
    pub not_before: Option<Tick>,
    /// The room announced a change as if they were absent, though they are
    /// present: they are about to leave, and until then nothing is raised.
    pub departing_until: Option<Tick>,
    /// Whether the ad-hoc command was refused, too.
    pub ad_hoc_tried: bool,
    /// Prosody says the JID is an admin of the server.
    pub server_admin: bool,
    /// What was to be set when it was last looked at.
    pub target: Option<Affiliation>,
    /// Times that `result` changed nothing.
    pub ineffective: u32,
    /// Times that a role request changed nothing, refused or not.
    pub role_refused: u32,
    /// When the engine wakes for this person.
    pub wake: Option<Tick>,
}

impl Trouble {
    /// When a correction may follow; not later than `now` if now.
    pub fn next(&self, pace: Pace, now: Tick) -> Tick {
        match pace {
            Pace::Free => now,
            Pace::Machine => self.machines.next(now),
            Pace::Host => self.hosts.next(now),
        }
    }

    /// Notes a correction.
    pub fn note(&mut self, pace: Pace, now: Tick) {
        match pace {
            Pace::Free => {}
            Pace::Machine => self.machines.note(now),
            Pace::Host => self.hosts.note(now),
        }
    }

    /// Whether corrections are being held back.
    pub fn is_pausing(&self, now: Tick) -> bool {
        self.machines.is_pausing(now) || self.hosts.is_pausing(now)
    }
}

/// One bare JID of a meeting.
#[derive(Debug, Default)]
pub struct Person {
    /// The affiliation that the main room shows; none where not known.
    pub actual: Option<Affiliation>,
    /// Its occupants.
    pub seats: Vec<Seat>,
    /// What must be remembered.
    pub record: Record,
    /// A change of others that is not answered yet.
    pub foreign: Option<Box<Foreign>>,
    /// The request that waits for its reply: one at a time.
    pub request: Option<Box<InFlight>>,
    /// Gavel has lost sight of them; nobody has told that they left.
    pub lost: bool,
    /// A role request waits for its reply.
    pub role_request: bool,
    /// Refusals and quarrels.
    pub trouble: Option<Box<Trouble>>,
    /// First presence, until settled.
    pub unsettled_since: Option<Tick>,
}

impl Person {
    /// Whether any occupant has this bare JID.
    pub fn is_present(&self) -> bool {
        !self.seats.is_empty()
    }

    /// What is known of refusals, made when first needed.
    pub fn trouble(&mut self) -> &mut Trouble {
        self.trouble.get_or_insert_with(Box::default)
    }

    /// Whether nothing is to be remembered of it.
    pub fn is_blank(&self) -> bool {
        !self.is_present()
            && !self.record.matters()
            && self.request.is_none()
            && !self.role_request
            && !self.actual.is_some_and(Affiliation::moderates)
    }
}

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

    fn capped(&self, members_only: bool) -> Wanted {
        Wanted::AtMost {
            cap: Affiliation::Member,
            floor: self.floor(members_only),
        }
    }

    /// The affiliation this person should have.
    pub fn wanted(&self, policy: &Policy, standing: Standing, members_only: bool) -> Wanted {
        if let Some(restore) = self.record.restore {
            return Wanted::Exactly(self.restored(restore, standing, members_only));
        }
        let Some(entitlement) = standing.entitlement else {
            return self.wanted_absent(policy, members_only);
        };
        if self.actual == Some(Affiliation::Outcast) {
            // A just ban, of which not all of their occupants are gone yet.
            return Wanted::Exactly(Affiliation::Outcast);
        }
        if let Some(grant) = &self.record.grant {
            let own = match entitlement {
                Entitlement::Affiliation(own) => own,
                Entitlement::Keep | Entitlement::Guest => Affiliation::None,
            };
            return Wanted::Exactly(grant.affiliation.max(own));
        }
        match (entitlement, self.record.step_down) {
            (Entitlement::Affiliation(own), Some(cap)) if own > cap && cap.moderates() => {
                Wanted::Exactly(cap)
            }
            (Entitlement::Affiliation(own), Some(cap)) if own > cap => {
                Wanted::AtMost { cap, floor: cap }
            }
            (Entitlement::Affiliation(own), _) => self.wanted_by_claims(own, standing),
            (Entitlement::Keep, _) => Wanted::Anything,
            (Entitlement::Guest, _) if policy.guests == Guests::Ignore => Wanted::Anything,
            (Entitlement::Guest, _) => self.capped(members_only),
        }
    }

    /// What an unjust ban is undone to: not more than they are entitled to, where
    /// they are present (in another room of the meeting).
    fn restored(&self, to: Affiliation, standing: Standing, members_only: bool) -> Affiliation {
        if standing.entitlement.is_none() {
            return to;
        }
        let power = self.power(standing);
        to.min(power.unwrap_or_else(|| self.floor(members_only)))
    }

    /// B6: a visitor without a claim to more is left alone.
    fn wanted_by_claims(&self, own: Affiliation, standing: Standing) -> Wanted {
        let low = matches!(
            self.actual,
            None | Some(Affiliation::None | Affiliation::Member)
        );
        let entitled_low = matches!(own, Affiliation::None | Affiliation::Member);
        if standing.visitors && low && entitled_low {
            return Wanted::Anything;
        }
        Wanted::Exactly(own)
    }

    /// B1: an absent JID is never raised; it keeps what it was entitled to when
    /// it left.
    fn wanted_absent(&self, policy: &Policy, members_only: bool) -> Wanted {
        match (self.record.kept, policy.guests) {
            (Some(kept), _) => Wanted::AtMost {
                cap: kept,
                floor: kept,
            },
            (None, Guests::Ignore) => Wanted::Anything,
            (None, Guests::Strip) => self.capped(members_only),
        }
    }

    /// What this person is entitled to promote others by: its token, or an
    /// accepted grant, present or having left so (B3).
    pub fn power(&self, standing: Standing) -> Option<Affiliation> {
        let Some(entitlement) = standing.entitlement else {
            return self.record.kept.filter(|kept| kept.moderates());
        };
        if let Some(grant) = &self.record.grant {
            return Some(grant.affiliation);
        }
        match entitlement {
            Entitlement::Affiliation(own) if own.moderates() => match self.record.step_down {
                Some(cap) => cap.moderates().then_some(cap),
                None => Some(own),
            },
            _ => None,
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

/// A change that somebody else made to a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// Before.
    pub old: Affiliation,
    /// After.
    pub new: Affiliation,
    /// By whom.
    pub by: Party,
    /// Whether `by` is the person itself.
    pub by_self: bool,
    /// Whether `by` is entitled to promote and lower others.
    pub by_entitled: bool,
    /// What its correction has to wait for.
    pub pace: Pace,
    /// When, in milliseconds since 1970-01-01 UTC.
    pub at: u64,
}

/// What became of a change that somebody else made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// A promotion is accepted.
    Granted,
    /// They lowered themselves, and are left there.
    SteppedDown,
    /// An entitled person lowered them.
    Lowered,
    /// It will be compared with what should be.
    Compared,
}

impl Person {
    /// Classes a change by its actor (B3, B4) and remembers what follows.
    pub fn observe(&mut self, change: &Observed, policy: &Policy, standing: Standing) -> Taken {
        let foreign = Foreign {
            by: change.by.clone(),
            pace: change.pace,
        };
        self.foreign = Some(Box::new(foreign));
        if change.new > change.old {
            return self.observe_rise(change, policy, standing);
        }
        if change.new == Affiliation::Outcast {
            return self.observe_ban(change, policy, standing);
        }
        if change.by_self && change.old.moderates() {
            self.record.grant = None;
            self.record.step_down = Some(change.new);
            return Taken::SteppedDown;
        }
        if !change.by_entitled {
            return Taken::Compared;
        }
        let host = self.is_host(standing);
        self.record.grant = None;
        self.record.kept = self.record.kept.filter(|_| host && policy.protect_hosts);
        let stepped_down = self.record.step_down.is_some();
        if stepped_down || host && !policy.protect_hosts {
            self.record.step_down = Some(change.new);
        }
        Taken::Lowered
    }

    fn observe_rise(&mut self, change: &Observed, policy: &Policy, standing: Standing) -> Taken {
        if !change.new.moderates() || !change.by_entitled {
            return Taken::Compared;
        }
        let affiliation = match policy.grants {
            Grants::Owner => Affiliation::Owner,
            Grants::Admin => Affiliation::Admin,
            Grants::None => return Taken::Compared,
        };
        if standing.entitlement == Some(Entitlement::Affiliation(Affiliation::Owner)) {
            self.record.step_down = None;
            return Taken::Granted;
        }
        self.record.step_down = None;
        if standing.entitlement.is_none() {
            self.record.kept = Some(affiliation);
        }
        self.record.moved = false;
        self.record.grant = Some(Box::new(Grant {
            affiliation,
            by_nick: change.by.nick.as_deref().map(str::to_owned),
            by_jid: change.by.jid.as_deref().map(bare_text),
            at: change.at,
        }));
        Taken::Granted
    }

    /// A ban ends a grant. A host gets back in with `protect_hosts`; what
    /// somebody without entitlement did is undone.
    fn observe_ban(&mut self, change: &Observed, policy: &Policy, standing: Standing) -> Taken {
        let host = self.is_host(standing);
        self.record.grant = None;
        self.record.kept = None;
        self.record.restore = None;
        if change.by_self {
            return Taken::SteppedDown;
        }
        let unjust = matches!(change.by.kind, PartyKind::Occupant | PartyKind::Outside)
            && !change.by_entitled;
        let protected = host && (policy.protect_hosts || !change.by_entitled);
        if protected {
            self.record.restore = Some(Affiliation::Owner);
            self.record.kept = Some(Affiliation::Owner);
        } else if unjust {
            self.record.restore = Some(self.record.base.unwrap_or(Affiliation::None));
        }
        Taken::Compared
    }

    /// Notes that the last occupant has left, entitled to `power`; `seen` says
    /// that the room told so, and gavel has not just lost sight of it.
    pub fn leave(&mut self, power: Option<Affiliation>, at: u64, seen: bool) {
        self.lost = !seen;
        self.record.left_at = Some(at);
        self.record.kept = power.filter(|_| !self.record.moved);
        self.unsettled_since = None;
        if self.record.moved && seen {
            self.record.grant = None;
            self.record.step_down = None;
        }
    }

    /// Notes that one of the occupants has gone: what an unjust ban is undone to
    /// is no more than they were entitled to.
    pub fn leave_seat(&mut self, seat: &Seat, standing: Standing) {
        if let Some(restore) = self.record.restore {
            self.record.restore = Some(self.restored(restore, standing, false));
        }
        self.seats.retain(|other| other != seat);
    }
}

/// The bare part of a JID.
fn bare_text(jid: &str) -> String {
    jid.split('/').next().unwrap_or(jid).to_owned()
}

/// Whether an occupant moderates without having the affiliation for it (B1).
pub fn moderates_by_role_alone(role: Role, affiliation: Affiliation) -> bool {
    role == Role::Moderator && !affiliation.moderates()
}
