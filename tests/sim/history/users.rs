//! One user under several JIDs (SPEC B3): rights pass from one to another, as far as the
//! history tells.

use super::Meeting;
use super::grounds::{Step, Truth};
use super::scene::{By, What};

/// A reload takes no longer, in milliseconds.
const RELOAD: u64 = 60_000;
/// Two who carry a user id for longer are two persons.
const SIDE_BY_SIDE: u64 = 120_000;

impl Meeting {
    /// The verified id of somebody, as last seen since they came.
    pub(super) fn user(&self, i: usize, jid: &str) -> Option<String> {
        self.ids.get(jid)?;
        for k in (0..=i).rev() {
            let mut seats = self.moments[k].scene.seats_of(jid);
            let id = seats.find_map(|(_, seat)| seat.ticket.as_ref()?.user.clone());
            let came = || self.about(k, jid).is_some_and(|m| m.what == What::Came);
            if id.is_some() || came() && !self.was_lost(k, jid) {
                return id;
            }
        }
        None
    }

    /// Says whether gavel had lost sight of somebody who comes at `k`. A gavel that has
    /// started since knows nobody by sight: they show their id to it anew.
    fn was_lost(&self, k: usize, jid: &str) -> bool {
        let restarts = self.moments[k].scene.restarts;
        let mut before = (0..k).rev().filter_map(|k| self.about(k, jid));
        let gone = before.find(|m| matches!(m.what, What::Left | What::Lost));
        gone.is_some_and(|m| m.what == What::Lost && m.scene.restarts == restarts)
    }

    /// Others who are there and have shown the same id.
    fn same_user(&self, k: usize, jid: &str, user: &str) -> Vec<String> {
        let others = self.users.get(user).into_iter().flatten();
        let here = others.filter(|other| {
            let there = *other != jid && self.moments[k].scene.is_present(other);
            there && self.user(k, other).as_deref() == Some(user)
        });
        here.cloned().collect()
    }

    /// Says whether somebody was elected within a minute, or somebody who may be the same.
    pub fn was_elected_lately(&self, i: usize, jid: &str) -> bool {
        let now = self.moments[i].scene.unix;
        let user = self.user(i, jid);
        let mut lately = (0..i)
            .rev()
            .take_while(|k| self.moments[*k].scene.unix + RELOAD >= now);
        lately.any(|k| {
            let moment = &self.moments[k];
            let gone = matches!(moment.what, What::Left | What::Lost);
            let same = moment.jid == jid || user.is_some() && self.user(k, &moment.jid) == user;
            gone && same
        })
    }

    /// A device switch kicks the old one, as the server.
    pub(super) fn switches(&self, k: usize, by: &By) -> bool {
        let moment = &self.moments[k];
        let user = self.user(k, &moment.jid);
        let heirs = user.map_or(0, |user| self.same_user(k, &moment.jid, &user).len());
        *by == By::Nobody && heirs == 1
    }

    /// The rights that passed at `k` from or to somebody who is the same user as somebody
    /// else (SPEC B3); `held` gives those that one of them had.
    pub(super) fn moved<T: PartialEq + Copy>(
        &self,
        k: usize,
        jid: &str,
        held: impl Fn(&str, usize) -> Vec<Option<T>>,
    ) -> Step<T> {
        let moment = &self.moments[k];
        if !matches!(
            moment.what,
            What::Left | What::Came | What::Updated | What::Lost
        ) {
            return None;
        }
        let user = self.user(k, jid)?;
        let (from, to, truth) = self.succession(k, &user)?;
        if jid != from && jid != to {
            return None;
        }
        // A person who has something of their own keeps that.
        let grants = self.grants(moment.prior, &to).into_iter();
        let caps = self.caps(moment.prior, &to).into_iter();
        let own = Truth::of(grants.map(|own| own.is_some()));
        let own = own.or(Truth::of(caps.map(|own| own.is_some())));
        let truth = truth.and(own.not());
        let all = held(&from, moment.prior);
        let had = all.iter().flatten().next().copied()?;
        let truth = if all.len() > 1 {
            truth.and(Truth::Maybe)
        } else {
            truth
        };
        match jid == from {
            true => Some((None, truth)),
            false => Some((Some(had), truth)),
        }
    }

    /// The JIDs between which rights of this user pass at `k`.
    fn succession(&self, k: usize, user: &str) -> Option<(String, String, Truth)> {
        let moment = &self.moments[k];
        let jid = &moment.jid;
        if self.user(k, jid).as_deref() != Some(user) {
            return None;
        }
        let here = self.same_user(k, jid, user);
        if moment.what == What::Left || moment.what == What::Lost {
            let mut here = here.into_iter();
            let (heir, None) = (here.next()?, here.next()) else {
                return None;
            };
            let sure = self.side_by_side(k, user, [jid, &heir]).and(moment.sure);
            let truth = if moment.what == What::Left {
                sure
            } else {
                sure.and(Truth::Maybe)
            };
            return Some((jid.clone(), heir, truth));
        }
        if !here.is_empty() {
            return None;
        }
        // People who have left lately, or were lost sight of.
        let now = moment.scene.unix;
        let others = self.users.get(user)?;
        let gone = others
            .iter()
            .filter(|other| *other != jid && self.user(k, other).as_deref() == Some(user));
        let gone = gone.filter_map(|other| {
            let left_at = (0..k).rev().find(|k| {
                let about = self.about(*k, other);
                about.is_some_and(|m| matches!(m.what, What::Left | What::Lost | What::Came))
            })?;
            let last = &self.moments[left_at];
            let sure = last.what == What::Left && moment.what == What::Came && moment.sure;
            // gavel writes down no id of somebody who has left with nothing.
            let promoted = |k: usize| {
                let about = self.about(k, other).map(|moment| &moment.what);
                matches!(about, Some(What::Change { new, .. }) if new.moderates())
            };
            let restarted = last.scene.restarts != moment.scene.restarts;
            let sure = sure && !(restarted && (left_at..k).any(promoted));
            let late = last.scene.unix + RELOAD < now && last.what == What::Left;
            (!late && last.what != What::Came).then(|| (other.clone(), sure))
        });
        let gone: Vec<_> = gone.collect();
        let [(old, sure)] = &gone[..] else {
            return None;
        };
        let truth = if *sure { Truth::Yes } else { Truth::Maybe };
        Some((old.clone(), jid.clone(), truth))
    }

    /// Says whether two may be one person: they did not both carry the id for long.
    fn side_by_side(&self, k: usize, user: &str, both: [&str; 2]) -> Truth {
        let now = self.moments[k].scene.unix;
        let carries = |k: usize, jid: &str| {
            let there = self.moments[k].scene.is_present(jid);
            there && self.user(k, jid).as_deref() == Some(user)
        };
        let mut both = (0..k)
            .rev()
            .take_while(|k| both.iter().all(|jid| carries(*k, jid)));
        let since = both.next().map_or(now, |first| {
            let first = both.last().unwrap_or(first);
            self.moments[first].scene.unix
        });
        let ever_long = self.moments[..k]
            .iter()
            .any(|m| m.scene.unix + SIDE_BY_SIDE < now);
        match now - since {
            long if long > SIDE_BY_SIDE => Truth::No,
            // They may have been, before one of them went out of sight.
            _ if ever_long => Truth::Maybe,
            _ => Truth::Yes,
        }
    }
}
