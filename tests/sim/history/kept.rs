//! The part of a token's gift that somebody absent keeps.

use super::Facts;
use super::Meeting;
use super::grounds::Truth;
use super::scene::{By, What};
use gavel::muc::Affiliation;
use gavel::policy::{Entitlement, Grants};

impl Meeting {
    /// The part of a token's gift that somebody absent keeps, and its end.
    pub fn kept(&self, i: usize, jid: &str) -> Vec<Option<Affiliation>> {
        let now = self.moments[i].scene.unix;
        let valid = |until: Option<u64>| until.is_none_or(|until| until > now);
        let still = |(kept, until)| Some(kept).filter(|_| valid(until));
        let all = self.kept_until(i, jid).into_iter();
        all.map(|kept| kept.and_then(still)).collect()
    }

    fn kept_until(&self, i: usize, jid: &str) -> Vec<Option<(Affiliation, Option<u64>)>> {
        self.traced(self.moments_of(i, jid), |k| {
            let scene = &self.moments[k].scene;
            if self.cleared(k, jid) == Some(Affiliation::Outcast) && !scene.is_present(jid) {
                // They may have been banned before they left.
                let banned = scene.shows(jid) == Some(Affiliation::Outcast);
                return Some((None, Truth::Maybe.or(banned)));
            }
            let moment = self.about(k, jid)?;
            let before = &self.moments[moment.prior].scene;
            let protect = moment.scene.policy.protect_hosts;
            match &moment.what {
                What::Left | What::Lost if before.shows(jid) != Some(Affiliation::Outcast) => {
                    let facts = self.facts(moment.prior, jid);
                    // A grant says so itself, and an election is over. Any affiliation of
                    // somebody who is left alone is right.
                    let power = |facts: &Facts| match facts.grant.is_some() || facts.elected {
                        true if facts.verdict != Some(Entitlement::Keep) => None,
                        _ => facts.own_power(),
                    };
                    let until = before.until(jid);
                    let all: Vec<_> = facts.iter().map(power).collect();
                    // A person who is lost sight of may keep the affiliation they had before.
                    let lost = moment.what == What::Lost;
                    let more = lost
                        && self
                            .kept_until(moment.prior, jid)
                            .iter()
                            .any(Option::is_some);
                    let sure = moment.sure && !more && all.iter().all(|one| *one == all[0]);
                    let best = all.into_iter().max().flatten();
                    let kept = best.map(|power| (power, until));
                    Some((kept, if sure { Truth::Yes } else { Truth::Maybe }))
                }
                What::Came => Some((None, Truth::Maybe.or(moment.sure))),
                // gavel does not know yet whose the rooms are that they are left in.
                What::Updated if moment.scene.left_ready(before, jid) => {
                    let facts = self.facts(moment.prior, jid);
                    let power = facts.iter().map(Facts::own_power).max().flatten();
                    Some((power.map(|power| (power, before.until(jid))), Truth::Maybe))
                }
                What::Change { old, new, by } if *by != By::Gavel => {
                    let entitled = self.entitled(k, by).and(self.counts(k, jid));
                    let host = self.was_host(k, jid);
                    if *new == Affiliation::Outcast {
                        let by_other = *by != By::Person(jid.to_owned());
                        let back = self.entitled(k, by).not().or(protect).and(host);
                        let back = back.and(by_other);
                        let until = match before.is_present(jid) {
                            true => before.until(jid),
                            false => {
                                let kept = self.kept_until(moment.prior, jid).into_iter();
                                kept.flatten().find_map(|(_, until)| until)
                            }
                        };
                        let kept = Some((Affiliation::Owner, until));
                        return match back.and(self.counts(k, jid)) {
                            Truth::No => Some((None, self.counts(k, jid))),
                            truth => Some((kept, truth)),
                        };
                    }
                    if new > old {
                        let accepted = moment.scene.policy.grants != Grants::None;
                        return Some((None, entitled.and(new.moderates() && accepted)));
                    }
                    if *by == By::Person(jid.to_owned()) && old.moderates() {
                        return None;
                    }
                    Some((None, entitled.and(host.and(protect).not())))
                }
                _ => None,
            }
        })
    }
}
