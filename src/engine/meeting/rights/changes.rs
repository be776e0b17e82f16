//! The outcome of a change that somebody else made (SPEC B3, B4).

use super::ledger::{Ban, Rights};
use super::right::{Ends, Grant, Ground, Kind, Root};
use super::standing::Standing;
use crate::muc::Affiliation;
use crate::policy::{Grants, Policy};

/// The author of a change that gavel did not make, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Author<'a> {
    /// Their nick, if known.
    pub nick: Option<&'a str>,
    /// Their real JID, if known.
    pub jid: Option<&'a str>,
    /// A person, in the room or not: no server module and no infrastructure.
    pub is_person: bool,
    /// They have changed themselves.
    pub is_self: bool,
    /// The root of their power; none if they may not promote and lower others.
    pub power: Option<Root>,
}

/// A change that somebody else made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shift<'a> {
    /// The affiliation before.
    pub old: Affiliation,
    /// The affiliation after.
    pub new: Affiliation,
    /// Its author.
    pub by: Author<'a>,
    /// When, in milliseconds since 1970-01-01 UTC.
    pub at: u64,
}

/// The outcome of a change that somebody else made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// A promotion is accepted.
    Granted,
    /// They lowered themselves, and are left there.
    SteppedDown,
    /// An entitled person lowered them.
    Lowered,
    /// The affiliation will be compared with the wanted one.
    Compared,
}

impl Rights {
    /// Classes a change by its author and remembers the consequence. An override outranks
    /// all of this. If a rule leaves the person alone or bans them, nothing is remembered:
    /// nobody grants them anything, and no ban of theirs is unjust.
    pub(super) fn changed(
        &mut self,
        shift: &Shift<'_>,
        standing: Standing,
        policy: &Policy,
    ) -> Taken {
        if self.overridden_to().is_some() || standing.is_settled_by_rule() {
            return Taken::Compared;
        }
        if shift.new > shift.old {
            return self.promoted(shift, standing, policy);
        }
        if shift.new == Affiliation::Outcast {
            return self.banned(shift, standing, policy);
        }
        if shift.by.is_self && shift.old.moderates() {
            self.take(Kind::Grant);
            self.end_election();
            self.cap = Some(shift.new);
            return Taken::SteppedDown;
        }
        match shift.by.power {
            Some(_) => self.lowered(shift.new, standing, policy),
            None => Taken::Compared,
        }
    }

    fn promoted(&mut self, shift: &Shift<'_>, standing: Standing, policy: &Policy) -> Taken {
        let affiliation = match policy.grants {
            Grants::Owner => Affiliation::Owner,
            Grants::Admin => Affiliation::Admin,
            Grants::None => return Taken::Compared,
        };
        let Some(root) = shift.by.power.filter(|_| shift.new.moderates()) else {
            return Taken::Compared;
        };
        self.cap = None;
        if standing.own() == Some(Affiliation::Owner) || shift.by.is_self {
            // They have it again by their token, or because they left with it. Nobody gives
            // themselves more.
            return Taken::Granted;
        }
        if !standing.is_present() {
            self.take(Kind::LastSeen);
        }
        let grant = Grant {
            by_nick: shift.by.nick.map(str::to_owned),
            by_jid: shift.by.jid.map(bare_text),
            at: shift.at,
            root,
        };
        let ground = Ground::Grant(Box::new(grant));
        self.put(ground, affiliation, Ends::WithMeeting);
        Taken::Granted
    }

    /// Somebody entitled has lowered them.
    fn lowered(&mut self, to: Affiliation, standing: Standing, policy: &Policy) -> Taken {
        let host = self.is_host(standing);
        let by_token = standing.own().is_some_and(Affiliation::moderates);
        self.take(Kind::Grant);
        if !(host && policy.protect_hosts) {
            self.take(Kind::LastSeen);
        }
        // Elected again at once, they would never be rid of it.
        let elected = self.is_elected();
        self.end_election();
        if elected || self.cap.is_some() || (host || by_token) && !policy.protect_hosts {
            self.cap = Some(to);
        }
        Taken::Lowered
    }

    /// A ban ends a grant and an election. A host gets back in with `protect_hosts`; a ban
    /// by somebody without power is undone.
    fn banned(&mut self, shift: &Shift<'_>, standing: Standing, policy: &Policy) -> Taken {
        let host = self.is_host(standing);
        let ends = match standing.is_present() {
            true => standing.ends,
            false => self.kept_until(),
        };
        self.take(Kind::Grant);
        self.take(Kind::LastSeen);
        self.ban = Ban::Stands;
        self.end_election();
        if shift.by.is_self {
            return Taken::SteppedDown;
        }
        let unjust = shift.by.is_person && shift.by.power.is_none();
        if host && (policy.protect_hosts || shift.by.power.is_none()) {
            self.ban = Ban::ToBeLifted;
            let ends = ends.map_or(Ends::WithMeeting, Ends::At);
            self.put(Ground::LastSeen, Affiliation::Owner, ends);
        } else if unjust {
            self.ban = Ban::ToBeLifted;
        }
        Taken::Compared
    }
}

/// The bare part of a JID.
fn bare_text(jid: &str) -> String {
    jid.split('/').next().unwrap_or(jid).to_owned()
}
