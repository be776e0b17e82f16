//! The letter of the specification: the affiliation that somebody should have, given the facts.

use super::Meeting;
use super::grounds::{Grant, Truth, known};
use gavel::muc::{Affiliation, Role};
use gavel::policy::{Entitlement, Fallback, Guests};
use std::rc::Rc;

/// One way in which everything may be about somebody.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Facts {
    /// The gift of tokens and rules; nothing if they are absent.
    pub verdict: Option<Entitlement>,
    pub overridden: Option<Affiliation>,
    pub grant: Option<Grant>,
    pub elected: bool,
    pub cap: Option<Affiliation>,
    pub kept: Option<Affiliation>,
    pub ban_is_lifted: bool,
    pub debt: bool,
    pub shown: Option<Affiliation>,
    pub visitor: bool,
    pub guests: Guests,
}

/// The affiliations that somebody may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allowed {
    Anything,
    Exactly(Affiliation),
    AtMost(Affiliation),
    /// At most this, and not banned.
    NotBanned(Affiliation),
}

impl Allowed {
    pub fn admits(self, actual: Affiliation) -> bool {
        match self {
            Self::Anything => true,
            Self::Exactly(wanted) => actual == wanted,
            Self::AtMost(cap) => actual <= cap,
            Self::NotBanned(cap) => actual <= cap && actual > Affiliation::Outcast,
        }
    }
}

impl Facts {
    pub fn own_of(verdict: Option<Entitlement>) -> Option<Affiliation> {
        match verdict {
            Some(Entitlement::Affiliation(own)) => Some(own),
            _ => None,
        }
    }

    pub fn is_settled_by_rule(verdict: Option<Entitlement>) -> bool {
        verdict == Some(Entitlement::Keep) || Self::own_of(verdict) == Some(Affiliation::Outcast)
    }

    pub fn own(&self) -> Option<Affiliation> {
        Self::own_of(self.verdict)
    }

    pub fn with_verdict(self, verdict: Option<Entitlement>) -> Self {
        Self { verdict, ..self }
    }

    /// The same without power by being left alone.
    pub fn left_alone(mut self) -> Self {
        if self.verdict == Some(Entitlement::Keep) {
            self.shown = None;
        }
        self
    }

    /// The power by which somebody can promote and lower others.
    pub fn power(&self) -> Option<Affiliation> {
        match self.overridden {
            Some(set) => Some(set).filter(|set| set.moderates()),
            None => self.own_power(),
        }
    }

    pub fn own_power(&self) -> Option<Affiliation> {
        match self.verdict {
            None => self.kept.or(self.grant.map(|grant| grant.affiliation)),
            Some(Entitlement::Keep) => {
                let shown = self.shown.filter(|_| !self.debt);
                shown.filter(|shown| shown.moderates())
            }
            Some(Entitlement::Affiliation(Affiliation::Outcast)) => None,
            Some(_) => {
                let elected = self.elected.then_some(Affiliation::Owner);
                let own = self.own().filter(|own| own.moderates());
                let own = own.map(|own| self.cap.unwrap_or(own));
                let own = own.filter(|own| own.moderates());
                self.grant
                    .map(|grant| grant.affiliation)
                    .or(elected)
                    .or(own)
            }
        }
    }

    /// Says whether a token entitles them to owner, and they have not stepped down.
    pub fn is_host(&self) -> bool {
        let owner = Some(Affiliation::Owner);
        let by_token = match self.verdict {
            None => self.grant.is_none() && self.kept == owner,
            Some(_) => self.own() == owner,
        };
        by_token && self.cap.is_none()
    }

    /// Says whether gavel may make them moderator, without an election.
    pub fn may_be_raised(&self) -> bool {
        let back = self.ban_is_lifted && self.kept.is_some();
        let kept = self.overridden.is_none() && back;
        kept || self.power().is_some()
    }

    /// The affiliation they should have. `members_only` says that affiliation none would
    /// throw them out.
    pub fn allowed(&self, members_only: bool) -> Allowed {
        let member = Affiliation::Member;
        let present = self.verdict.is_some();
        let banned = self.shown == Some(Affiliation::Outcast);
        if let Some(set) = self.overridden {
            return match set {
                Affiliation::Outcast => Allowed::Exactly(set),
                Affiliation::None if members_only && !banned => Allowed::AtMost(member),
                _ if present => Allowed::Exactly(set),
                _ if banned => Allowed::NotBanned(set.max(member)),
                // Nobody lists the members who are away.
                _ => Allowed::AtMost(set.max(member)),
            };
        }
        let low = match self.guests {
            Guests::Ignore if !self.debt => Allowed::Anything,
            _ => Allowed::AtMost(member),
        };
        if self.ban_is_lifted {
            let own = if present { self.power() } else { self.kept };
            return match own {
                Some(own) if present => Allowed::Exactly(own),
                Some(own) => Allowed::NotBanned(own),
                // The gifts of others to somebody who is left alone stand, but no ban.
                None if low == Allowed::Anything => Allowed::NotBanned(Affiliation::Owner),
                None => Allowed::NotBanned(member),
            };
        }
        let Some(verdict) = self.verdict else {
            let kept = self.kept.or(self.grant.map(|grant| grant.affiliation));
            return kept.map_or(low, Allowed::AtMost);
        };
        if verdict == Entitlement::Keep {
            return match self.debt {
                true => Allowed::AtMost(member),
                false => Allowed::Anything,
            };
        }
        if banned || self.own() == Some(Affiliation::Outcast) {
            return Allowed::Exactly(Affiliation::Outcast);
        }
        if let Some(grant) = self.grant {
            let own = self.own().unwrap_or(grant.affiliation);
            return Allowed::Exactly(own.max(grant.affiliation));
        }
        if self.elected {
            return Allowed::Exactly(Affiliation::Owner);
        }
        match (self.own(), self.cap) {
            (None, _) => low,
            (Some(own), Some(cap)) if cap < own && cap.moderates() => Allowed::Exactly(cap),
            // Nobody is thrown out, nor made less than they are known to be.
            (Some(own), Some(cap)) if cap < own => Allowed::AtMost(member),
            (Some(own), _) if own <= member && self.visitor => Allowed::AtMost(member),
            (Some(Affiliation::None), _) if members_only => Allowed::AtMost(member),
            (Some(own), _) => Allowed::Exactly(own),
        }
    }
}

impl Meeting {
    /// All that may be about somebody.
    pub fn facts(&self, i: usize, jid: &str) -> Rc<Vec<Facts>> {
        known(&self.facts, (i, jid), || {
            Rc::new(self.grounds(i, jid, true))
        })
    }

    /// The same, with elections or without.
    pub fn grounds(&self, i: usize, jid: &str, with_elections: bool) -> Vec<Facts> {
        let scene = &self.moments[i].scene;
        let verdicts = scene.verdicts(jid);
        let alone = verdicts.contains(&Some(Entitlement::Keep));
        let mut all: Vec<Facts> = verdicts
            .into_iter()
            .map(|verdict| Facts {
                verdict,
                overridden: self.overridden(i, jid),
                grant: None,
                elected: false,
                cap: None,
                kept: None,
                ban_is_lifted: false,
                debt: false,
                shown: scene.shows(jid),
                visitor: scene.is_visitor(jid),
                guests: scene.policy.guests,
            })
            .collect();
        if scene.is_present(jid) || !self.left_banned(i, jid) {
            with(&mut all, self.grants(i, jid), |facts, grant| {
                facts.grant = grant
            });
        }
        with(&mut all, self.caps(i, jid), |facts, cap| facts.cap = cap);
        with(&mut all, self.kept(i, jid), |facts, kept| facts.kept = kept);
        with(&mut all, self.lifted(i, jid), |facts, ban| {
            facts.ban_is_lifted = ban.is_some()
        });
        if with_elections {
            with(&mut all, self.elections(i, jid), |facts, elected| {
                facts.elected = elected.is_some();
            });
            if alone || scene.policy.guests == Guests::Ignore {
                with(&mut all, self.debts(i, jid), |facts, debt| {
                    facts.debt = debt.is_some()
                });
            }
        }
        all
    }

    /// Says whether somebody moderates for good, elected or not.
    pub fn surely_moderates(&self, i: usize, jid: &str) -> bool {
        let scene = &self.moments[i].scene;
        let facts = self.facts(i, jid);
        scene.is_seen(jid)
            && scene.shows(jid) != Some(Affiliation::Outcast)
            && facts.iter().all(|facts| match facts.allowed(false) {
                Allowed::Exactly(own) => own.moderates(),
                Allowed::Anything if self.is_being_lowered(i, jid) => false,
                Allowed::Anything => {
                    let mut seats = scene.seats_of(jid);
                    scene.shows(jid).is_some_and(Affiliation::moderates)
                        || !self.locks && seats.any(|(_, seat)| seat.role == Role::Moderator)
                }
                _ => false,
            })
    }

    /// Says whether somebody may be elected.
    pub fn is_electable(&self, i: usize, jid: &str) -> bool {
        let first = self.moments[i].scene.policy.fallback == Fallback::First;
        first && self.host(i) != Truth::Yes && self.is_candidate(i, jid)
    }
}

fn with<T: Copy>(all: &mut Vec<Facts>, values: Vec<T>, set: impl Fn(&mut Facts, T)) {
    let before = std::mem::take(all);
    for value in values {
        for mut facts in before.iter().copied() {
            set(&mut facts, value);
            if !all.contains(&facts) {
                all.push(facts);
            }
        }
    }
}
