//! This file decides whether somebody is to be lowered whose right has ended.

use super::Meeting;
use super::grounds::Truth;
use super::scene::What;
use gavel::muc::{Affiliation, Role};
use gavel::policy::Entitlement;

impl Meeting {
    /// Says whether somebody still shows an affiliation that they have no right to any more.
    pub fn debts(&self, i: usize, jid: &str) -> Vec<Option<()>> {
        self.traced((0..=i).rev(), |k| {
            let moment = &self.moments[k];
            let scene = &moment.scene;
            if scene.has_expired(jid) {
                return Some((Some(()), Truth::Maybe));
            }
            let before = moment.prior;
            let mut seats = scene
                .seats_of(jid)
                .filter(|(room, _)| scene.ready.contains(room));
            let by_role = seats.any(|(_, seat)| seat.role == Role::Moderator);
            let low = !scene.shows(jid).is_some_and(Affiliation::moderates) && !by_role;
            if self.cleared(k, jid).is_some_and(Affiliation::moderates) {
                return match self.power_but_left_alone(k, jid) {
                    Truth::Yes => Some((None, Truth::Yes)),
                    // An affiliation that was set may be on its way yet, or have never come.
                    power if low => Some((Some(()), power.not().and(Truth::Maybe))),
                    power => Some((Some(()), power.not())),
                };
            }
            let election = self.host(k) != self.host(before);
            let about = moment.jid == jid || moment.what == What::Configured || election;
            if !about && k != i {
                return None;
            }
            let alone = scene.verdicts(jid).contains(&Some(Entitlement::Keep));
            if alone && self.overridden(k, jid).is_none() {
                // Nothing new is known of somebody who is left alone.
                return low.then_some((None, Truth::Maybe));
            }
            let power = self.power_but_left_alone(k, jid);
            let had = self.power_when_weighed(before, jid);
            let fell = had.and(power.not());
            // When an election is over, its gift is still to be taken back.
            let elected = moment.jid == jid && moment.what == What::Asked(Affiliation::Owner);
            match fell {
                Truth::No if low && power != Truth::Yes && !elected => Some((None, Truth::Maybe)),
                Truth::Maybe if low && had == power && !elected => Some((None, Truth::Maybe)),
                Truth::No if elected && power != Truth::Yes => Some((Some(()), Truth::Maybe)),
                Truth::No => (power == Truth::Yes).then_some((None, Truth::Yes)),
                // If they show nothing of it, nothing is to be taken back.
                truth if low => Some((Some(()), truth.and(Truth::Maybe))),
                truth => Some((Some(()), truth)),
            }
        })
    }

    pub(super) fn power_but_left_alone(&self, k: usize, jid: &str) -> Truth {
        let all = self.grounds(k, jid, false);
        Truth::of(all.iter().map(|facts| facts.left_alone().power().is_some()))
    }

    /// Says whether somebody had power when gavel last weighed that. While a rule leaves
    /// them alone, it does not.
    fn power_when_weighed(&self, mut k: usize, jid: &str) -> Truth {
        let mut low = false;
        loop {
            let scene = &self.moments[k].scene;
            let verdicts = scene.verdicts(jid);
            let alone = |verdict: &Option<Entitlement>| *verdict == Some(Entitlement::Keep);
            let weighed = !verdicts.iter().any(alone) || self.overridden(k, jid).is_some();
            if weighed || k == 0 {
                let power = self.power_but_left_alone(k, jid);
                // gavel may have forgotten them while they had nothing.
                return if low { power.and(Truth::Maybe) } else { power };
            }
            low |= !verdicts.iter().all(alone)
                || !scene.shows(jid).is_some_and(Affiliation::moderates);
            k = self.moments[k].prior;
        }
    }
}
