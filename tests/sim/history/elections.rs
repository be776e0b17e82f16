//! The hosts, the people that can be elected, and the elected ones (SPEC B5).

use super::grounds::Truth;
use super::scene::{By, What};
use super::{Facts, Meeting};
use gavel::muc::{Affiliation, Role};
use gavel::policy::Fallback;

impl Meeting {
    /// Says whether somebody is there whom claims, or an admin, entitle to moderate.
    pub fn host(&self, k: usize) -> Truth {
        if let Some(known) = self.hosts.borrow().get(&k) {
            return *known;
        }
        let scene = &self.moments[k].scene;
        let mut host = Truth::No;
        for jid in scene.present() {
            let overridden = self.overridden(k, jid);
            let banned = scene.shows(jid) == Some(Affiliation::Outcast);
            let own = self.own(k, jid, |own| own.is_some_and(Affiliation::moderates));
            let one = match overridden {
                // gavel may not know yet that they are in this meeting.
                Some(set) => Truth::from(set.moderates()).and(self.is_seen(k, jid)),
                None if own == Truth::No => Truth::No,
                None => {
                    let high = |cap: &Option<Affiliation>| cap.is_none_or(Affiliation::moderates);
                    let high = Truth::of(self.caps(k, jid).iter().map(high));
                    own.and(high)
                }
            };
            let one = if banned { one.and(Truth::Maybe) } else { one };
            host = host.or(one);
        }
        let seen = scene.ready.contains(&self.main);
        let host = if seen { host } else { host.and(Truth::Maybe) };
        self.hosts.borrow_mut().insert(k, host);
        host
    }

    /// Says whether gavel knows enough of a room that somebody is in.
    fn is_seen(&self, k: usize, jid: &str) -> Truth {
        let scene = &self.moments[k].scene;
        let mut seats = scene.seats_of(jid);
        match seats.any(|(room, _)| scene.ready.contains(room)) {
            true => Truth::Yes,
            false => Truth::Maybe,
        }
    }

    /// Says whether somebody can be elected.
    pub fn is_candidate(&self, k: usize, jid: &str) -> bool {
        let scene = &self.moments[k].scene;
        let mut seats = scene.seats_of(jid).filter(|(room, _)| **room == self.main);
        seats.any(|(_, seat)| seat.role >= Role::Participant && !seat.machine)
            && scene.shows(jid) != Some(Affiliation::Outcast)
            && self.overridden(k, jid).is_none()
            && self.caps(k, jid).contains(&None)
    }

    /// Says whether somebody is elected.
    pub fn elections(&self, i: usize, jid: &str) -> Vec<Option<()>> {
        if !self.moments[i].scene.is_present(jid) {
            return vec![None];
        }
        self.traced((0..=i).rev(), |k| {
            let moment = &self.moments[k];
            if moment.scene.policy.fallback != Fallback::First {
                return Some((None, Truth::Yes));
            }
            let host = self.host(k);
            if host == Truth::Yes {
                return Some((None, Truth::Yes));
            }
            if !moment.scene.speaks(jid) {
                return Some((None, Truth::Maybe));
            }
            if !self.caps(k, jid).contains(&None) {
                // They stepped down, or the same user did who has left.
                return Some((None, Truth::Yes));
            }
            // A rule that leaves them alone, or bans them, ends an election.
            match self.is_settled_by_rule(k, jid) {
                Truth::No => {}
                Truth::Maybe if matches!(moment.what, What::Asked(_)) => {}
                settled => return Some((None, settled)),
            }
            if moment.jid != jid {
                let maybe = self.may_be_elected_unsaid(k, jid);
                return maybe.then_some((Some(()), Truth::Maybe));
            }
            match &moment.what {
                What::Asked(Affiliation::Owner) => {
                    let all = self.grounds(k, jid, false);
                    let other = all.iter().any(|facts| facts.may_be_raised());
                    Some((Some(()), if other { Truth::Maybe } else { Truth::Yes }))
                }
                What::Asked(_) | What::Kicked(_) => Some((None, Truth::Yes)),
                What::Left | What::Lost => Some((None, Truth::Maybe)),
                What::Change { old, new, by } if new < old && *by != By::Gavel => {
                    let counts = self.counts(k, jid);
                    let by_self = *by == By::Person(jid.to_owned());
                    let truth = match *new == Affiliation::Outcast || by_self && old.moderates() {
                        true => counts,
                        false => self.entitled(k, by).and(counts),
                    };
                    Some((None, truth))
                }
                _ => {
                    let maybe = self.may_be_elected_unsaid(k, jid);
                    maybe.then_some((Some(()), Truth::Maybe))
                }
            }
        })
    }

    fn is_settled_by_rule(&self, k: usize, jid: &str) -> Truth {
        let scene = &self.moments[k].scene;
        let verdicts = scene.verdicts(jid).into_iter();
        let settled = Truth::of(verdicts.map(Facts::is_settled_by_rule));
        match scene.ready.contains(&self.main) {
            true => settled,
            false => settled.and(Truth::Maybe),
        }
    }

    /// Says whether gavel has asked the room for an affiliation of somebody, and the room has
    /// not shown it yet.
    fn is_asked_for(&self, i: usize, jid: &str) -> bool {
        let mut about = self.about.get(jid).into_iter().flatten().rev();
        let last = about.find(|k| {
            let told = matches!(self.moments[**k].what, What::Asked(_) | What::Change { .. });
            **k <= i && told
        });
        last.is_some_and(|k| matches!(self.moments[*k].what, What::Asked(_)))
    }

    /// Says whether gavel may have elected somebody without asking the room for anything:
    /// they moderate already, by affiliation or by role, or something else is asked for.
    fn may_be_elected_unsaid(&self, k: usize, jid: &str) -> bool {
        let scene = &self.moments[k].scene;
        let mut seats = scene.seats_of(jid);
        let moderates = scene.shows(jid).is_some_and(Affiliation::moderates)
            || seats.any(|(_, seat)| seat.role == Role::Moderator);
        (moderates || self.is_asked_for(k, jid)) && self.is_candidate(k, jid)
    }
}
