//! The grounds on which somebody may hold something: each is a question that goes back over
//! the history until an event is sure that began it, or ended it.

use super::scene::{By, Moment, What};
use super::{Facts, Meeting};
use gavel::muc::Affiliation;
use gavel::policy::{Fallback, Grants};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// The truth of a statement, as far as the history tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Truth {
    No,
    Maybe,
    Yes,
}

impl From<bool> for Truth {
    fn from(so: bool) -> Self {
        if so { Self::Yes } else { Self::No }
    }
}

impl Truth {
    pub fn not(self) -> Self {
        match self {
            Self::No => Self::Yes,
            Self::Maybe => Self::Maybe,
            Self::Yes => Self::No,
        }
    }

    pub fn and(self, other: impl Into<Self>) -> Self {
        self.min(other.into())
    }

    pub fn or(self, other: impl Into<Self>) -> Self {
        self.max(other.into())
    }

    /// Over all that may be.
    pub fn of(all: impl Iterator<Item = bool>) -> Self {
        let (mut yes, mut no) = (false, false);
        all.for_each(|one| if one { yes = true } else { no = true });
        match (yes, no) {
            (true, true) => Self::Maybe,
            (yes, _) => yes.into(),
        }
    }
}

/// An accepted promotion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    pub affiliation: Affiliation,
    /// It goes back to an election.
    pub by_election: bool,
}

/// The effect of a moment on a ground: it is this from then on, so surely.
pub(super) type Step<T> = Option<(Option<T>, Truth)>;

/// The answer to a question that may have been asked before.
pub(super) fn known<T: Clone>(
    answers: &RefCell<BTreeMap<(usize, String), T>>,
    (i, jid): (usize, &str),
    find: impl FnOnce() -> T,
) -> T {
    let key = (i, jid.to_owned());
    if let Some(known) = answers.borrow().get(&key) {
        return known.clone();
    }
    let found = find();
    answers.borrow_mut().insert(key, found.clone());
    found
}

impl Meeting {
    /// All values that a ground of somebody may have at `i`: the one from the last moment
    /// that is sure to have set it, and those that later ones may have set.
    pub(super) fn traced<T: PartialEq>(
        &self,
        moments: impl Iterator<Item = usize>,
        mut step: impl FnMut(usize) -> Step<T>,
    ) -> Vec<Option<T>> {
        let mut all = Vec::new();
        for k in moments {
            let Some((value, truth)) = step(k) else {
                continue;
            };
            if truth != Truth::No && !all.contains(&value) {
                all.push(value);
            }
            if truth == Truth::Yes {
                return all;
            }
        }
        if !all.contains(&None) {
            all.push(None);
        }
        all
    }

    /// The moments up to `i` that may concern somebody, the last first.
    pub(super) fn moments_of(&self, i: usize, jid: &str) -> impl Iterator<Item = usize> + use<> {
        let ids = self.ids.get(jid).into_iter().flatten();
        let others = ids.flat_map(|id| &self.users[id]);
        let mut jids: BTreeSet<&str> = others.map(|jid| &**jid).collect();
        jids.extend([jid, ""]);
        let all = jids.into_iter().filter_map(|jid| self.about.get(jid));
        let mut all: Vec<usize> = all.flatten().copied().filter(|k| *k <= i).collect();
        // An admin's override ends at any moment.
        let set = |k: &usize| matches!(self.moments[*k].what, What::Override(_));
        if all.iter().any(set) {
            all = (0..=i).collect();
        }
        all.sort_unstable();
        all.into_iter().rev()
    }

    pub(super) fn about(&self, k: usize, jid: &str) -> Option<&Moment> {
        Some(&self.moments[k]).filter(|moment| moment.jid == jid)
    }

    /// Says whether somebody could promote and lower others.
    pub fn power(&self, i: usize, jid: &str) -> Truth {
        let facts = self.facts(i, jid);
        Truth::of(facts.iter().map(|facts| facts.power().is_some()))
    }

    /// Says whether the history decides the outcome of a change: no override, and no rule
    /// that settles it.
    pub(super) fn counts(&self, k: usize, jid: &str) -> Truth {
        let moment = &self.moments[k];
        let sure = if moment.sure {
            Truth::Yes
        } else {
            Truth::Maybe
        };
        let settled = moment.scene.verdicts(jid).into_iter();
        let settled = Truth::of(settled.map(Facts::is_settled_by_rule));
        let overridden = self.overridden(k, jid).is_some();
        sure.and(!overridden).and(settled.not())
    }

    /// Says whether the maker of a change was entitled to it.
    pub(super) fn entitled(&self, k: usize, by: &By) -> Truth {
        match by {
            By::Person(by) => self.power(self.moments[k].prior, by),
            _ => Truth::No,
        }
    }

    fn is_by_election(&self, k: usize, by: &By) -> Truth {
        let By::Person(by) = by else {
            return Truth::No;
        };
        let facts = self.facts(self.moments[k].prior, by);
        let able = facts.iter().filter(|facts| facts.power().is_some());
        Truth::of(able.map(|facts| match facts.grant {
            Some(grant) => grant.by_election,
            None => facts.elected,
        }))
    }

    /// Says whether somebody has left while they were banned: then a grant is for when they
    /// come again.
    pub(super) fn left_banned(&self, i: usize, jid: &str) -> bool {
        let about = self.about.get(jid).into_iter().flatten().rev();
        let last = about.copied().filter(|k| *k <= i).find(|k| {
            let promoted = match &self.moments[*k].what {
                What::Change { new, by, .. } => {
                    new.moderates() && self.entitled(*k, by) != Truth::No
                }
                _ => false,
            };
            promoted || matches!(self.moments[*k].what, What::Left | What::Lost)
        });
        last.is_some_and(|k| {
            let moment = &self.moments[k];
            let left = matches!(moment.what, What::Left | What::Lost);
            let before = &self.moments[moment.prior].scene;
            left && before.shows(jid) == Some(Affiliation::Outcast)
        })
    }

    /// The affiliation that an admin has set.
    pub fn overridden(&self, i: usize, jid: &str) -> Option<Affiliation> {
        let about = self.about.get(jid)?.iter().rev().filter(|k| **k <= i);
        let mut sets = about.filter_map(|k| match self.moments[*k].what {
            What::Override(set) => Some(set),
            _ => None,
        });
        let last = sets.next()?;
        let (affiliation, until) = last?;
        (until > self.moments[i].scene.unix).then_some(affiliation)
    }

    /// Accepted promotions that nothing has ended.
    pub fn grants(&self, i: usize, jid: &str) -> Vec<Option<Grant>> {
        known(&self.grants, (i, jid), || self.find_grants(i, jid))
    }

    fn find_grants(&self, i: usize, jid: &str) -> Vec<Option<Grant>> {
        let mut limit = Affiliation::Owner;
        self.traced(self.moments_of(i, jid), |k| {
            let moment = &self.moments[k];
            match moment.scene.policy.grants {
                Grants::Owner => {}
                Grants::Admin => limit = limit.min(Affiliation::Admin),
                Grants::None => return Some((None, Truth::Yes)),
            }
            if let Some(moved) = self.moved(k, jid, |from, prior| self.grants(prior, from)) {
                // The gift of somebody elected ends with the election, whoever has it.
                return match moved {
                    (Some(grant), truth) if grant.by_election => match self.host_since(k, i) {
                        Truth::Yes => Some((None, truth)),
                        Truth::Maybe => Some((Some(grant), truth.and(Truth::Maybe))),
                        Truth::No => Some((Some(grant), truth)),
                    },
                    moved => Some(moved),
                };
            }
            let What::Change { old, new, by } = &self.about(k, jid)?.what else {
                let kicked = matches!(&moment.what, What::Kicked(by) if !self.switches(k, by));
                return (kicked && moment.jid == jid).then_some((None, Truth::Yes));
            };
            let counts = self.counts(k, jid);
            let entitled = self.entitled(k, by).and(counts);
            let by_self = *by == By::Person(jid.to_owned());
            if *by == By::Gavel {
                return None;
            }
            if new > old {
                let owner = self.own(k, jid, |own| own == Some(Affiliation::Owner));
                let truth = entitled.and(new.moderates()).and(owner.not());
                let truth = truth.and(!by_self);
                let by_election = self.is_by_election(k, by);
                let over = match by_election {
                    Truth::No => Truth::No,
                    _ => by_election.and(self.host_since(k, i)),
                };
                let grant = Grant {
                    affiliation: limit,
                    by_election: by_election != Truth::No,
                };
                return match over {
                    Truth::Yes => Some((None, truth)),
                    Truth::Maybe => Some((Some(grant), truth.and(Truth::Maybe))),
                    Truth::No => Some((Some(grant), truth)),
                };
            }
            let truth = match *new == Affiliation::Outcast || by_self && old.moderates() {
                true => counts,
                false => entitled,
            };
            Some((None, truth))
        })
    }

    /// Says whether elections have ended since.
    fn host_since(&self, k: usize, i: usize) -> Truth {
        let ends = |k: usize| match self.moments[k].scene.policy.fallback {
            Fallback::First => self.host(k),
            Fallback::None => Truth::Yes,
        };
        (k..=i).map(ends).max().unwrap_or(Truth::No)
    }

    pub(super) fn own(
        &self,
        k: usize,
        jid: &str,
        is: impl Fn(Option<Affiliation>) -> bool,
    ) -> Truth {
        let verdicts = self.moments[k].scene.verdicts(jid).into_iter();
        Truth::of(verdicts.map(|verdict| is(Facts::own_of(verdict))))
    }

    /// The affiliation that somebody stepped down to.
    pub fn caps(&self, i: usize, jid: &str) -> Vec<Option<Affiliation>> {
        known(&self.caps, (i, jid), || self.find_caps(i, jid))
    }

    fn find_caps(&self, i: usize, jid: &str) -> Vec<Option<Affiliation>> {
        self.traced(self.moments_of(i, jid), |k| {
            if let Some(moved) = self.moved(k, jid, |from, prior| self.caps(prior, from)) {
                return Some(moved);
            }
            let moment = self.about(k, jid)?;
            let What::Change { old, new, by } = &moment.what else {
                return None;
            };
            if *by == By::Gavel || *new == Affiliation::Outcast {
                return None;
            }
            let entitled = self.entitled(k, by).and(self.counts(k, jid));
            if new > old {
                let accepts = moment.scene.policy.grants != Grants::None;
                return Some((None, entitled.and(accepts && new.moderates())));
            }
            if *by == By::Person(jid.to_owned()) && old.moderates() {
                return Some((Some(*new), self.counts(k, jid)));
            }
            let before = self.facts(moment.prior, jid);
            let stays = before.iter().map(|facts| {
                let facts = facts.with_verdict(facts.verdict);
                let by_token = facts.own().is_some_and(Affiliation::moderates);
                let host = facts.is_host() || by_token;
                facts.elected || facts.cap.is_some() || host && !moment.scene.policy.protect_hosts
            });
            Some((Some(*new), entitled.and(Truth::of(stays))))
        })
    }

    /// Says whether a ban is to be undone: it hit a protected host, or nobody entitled set
    /// it.
    pub fn lifted(&self, i: usize, jid: &str) -> Vec<Option<()>> {
        self.traced(self.moments_of(i, jid), |k| {
            let about = self.about(k, jid);
            let banned_anew = about.is_some_and(|moment| {
                let banned = |what: &What| {
                    matches!(what, What::Change { new, by, .. }
                        if *new == Affiliation::Outcast && *by != By::Gavel)
                };
                banned(&moment.what)
            });
            if self.cleared(k, jid) == Some(Affiliation::Outcast) && !banned_anew {
                return Some((Some(()), Truth::Yes));
            }
            let moment = about?;
            if matches!(moment.what, What::Override(Some(_))) {
                return Some((None, Truth::Yes));
            }
            let What::Change { new, by, .. } = &moment.what else {
                // Whoever comes is seen first, and shows their affiliation then.
                let shown = match moment.what {
                    What::Came => moment.scene.shows(jid).or(self.shows_next(k, jid)),
                    _ => moment.scene.shows(jid),
                };
                let in_main = matches!(moment.what, What::Came | What::Updated);
                return (in_main && shown.is_some_and(|shown| shown > Affiliation::Outcast))
                    .then_some((None, Truth::Yes));
            };
            if *new != Affiliation::Outcast {
                return Some((None, Truth::Yes));
            }
            if *by == By::Gavel {
                return None;
            }
            let entitled = self.entitled(k, by);
            let person = matches!(by, By::Person(_));
            let by_self = *by == By::Person(jid.to_owned());
            let protect = entitled.not().or(moment.scene.policy.protect_hosts);
            let unjust = entitled
                .not()
                .and(person)
                .or(self.was_host(k, jid).and(protect));
            let unjust = unjust.and(!by_self).and(self.counts(k, jid));
            match unjust {
                Truth::No => Some((None, Truth::Yes)),
                truth => Some((Some(()), truth)),
            }
        })
    }

    fn shows_next(&self, k: usize, jid: &str) -> Option<Affiliation> {
        let next = self.moments.get(k + 1).map(|moment| &*moment.scene);
        next.unwrap_or(&self.scene).shows(jid)
    }

    /// Says whether a token made somebody owner as they were banned or lowered.
    pub(super) fn was_host(&self, k: usize, jid: &str) -> Truth {
        let before = self.facts(self.moments[k].prior, jid);
        Truth::of(before.iter().map(|facts| facts.is_host()))
    }

    /// The override of somebody that was taken away, or ended, at `k`.
    pub(super) fn cleared(&self, k: usize, jid: &str) -> Option<Affiliation> {
        let before = self.overridden(self.moments[k].prior, jid)?;
        let over = self.overridden(k, jid).is_none();
        over.then_some(before)
    }
}
