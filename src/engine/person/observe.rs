//! What becomes of a change that somebody else made (SPEC B3, B4).

use super::{Foreign, Grant, Pace, Person, Standing};
use crate::engine::event::{Party, PartyKind};
use crate::muc::Affiliation;
use crate::policy::{Entitlement, Grants, Policy};

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
    /// Whether what entitles `by` goes back to an election (B5).
    pub by_elected: bool,
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
        if self.record.override_.is_some() {
            // What an admin has set outranks all of this, and hides none of it
            // afterwards.
            return Taken::Compared;
        }
        let settled_by_rule = matches!(
            standing.entitlement,
            Some(Entitlement::Keep | Entitlement::Affiliation(Affiliation::Outcast))
        );
        if settled_by_rule {
            // A rule leaves them alone or bans them: nobody grants them anything,
            // and no ban of theirs is unjust.
            return Taken::Compared;
        }
        if change.new > change.old {
            return self.observe_rise(change, policy, standing);
        }
        if change.new == Affiliation::Outcast {
            return self.observe_ban(change, policy, standing);
        }
        if change.by_self && change.old.moderates() {
            self.record.grant = None;
            self.end_election();
            self.record.step_down = Some(change.new);
            return Taken::SteppedDown;
        }
        if !change.by_entitled {
            return Taken::Compared;
        }
        let host = self.is_host(standing);
        let by_token = matches!(
            standing.entitlement,
            Some(Entitlement::Affiliation(own)) if own.moderates()
        );
        self.record.grant = None;
        self.record.kept = self.record.kept.filter(|_| host && policy.protect_hosts);
        // Elected again at once, they would never be rid of it.
        let elected = self.end_election();
        let stepped_down = self.record.step_down.is_some();
        if elected || stepped_down || (host || by_token) && !policy.protect_hosts {
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
            // It is no longer their token's.
            self.record.kept_until = None;
        }
        self.record.grant = Some(Box::new(Grant {
            affiliation,
            by_nick: change.by.nick.as_deref().map(str::to_owned),
            by_jid: change.by.jid.as_deref().map(bare_text),
            at: change.at,
            by_elected: change.by_elected,
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
        self.end_election();
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
}

/// The bare part of a JID.
fn bare_text(jid: &str) -> String {
    jid.split('/').next().unwrap_or(jid).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Announcements of the module have an actor, those of Prosody alone have none.
    #[test]
    fn on_expiry_what_is_granted_to_somebody_absent_outlasts_their_token() {
        let mut person = Person::default();
        person.record.kept_until = Some(1);
        let change = Observed {
            old: Affiliation::None,
            new: Affiliation::Owner,
            by: Party {
                kind: PartyKind::Occupant,
                nick: None,
                jid: None,
            },
            by_self: false,
            by_entitled: true,
            by_elected: false,
            pace: Pace::Free,
            at: 0,
        };
        let absent = Standing {
            entitlement: None,
            visitors: false,
        };
        let taken = person.observe(&change, &Policy::default(), absent);
        assert_eq!(taken, Taken::Granted);
        assert_eq!(person.record.kept, Some(Affiliation::Owner));
        assert_eq!(person.record.kept_until, None);
    }
}
