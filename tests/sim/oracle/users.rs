//! One user under several JIDs (SPEC B3): gavel says who has a grant or a
//! step-down, and what has passed from one JID to another is held against who is
//! there with which user id.

use super::Oracle;
use gavel::muc::{Affiliation, RoomJid};
use std::collections::BTreeMap;

/// A reload takes no longer, in milliseconds.
const RELOAD: u64 = 60_000;

/// What somebody has, as gavel says: a grant, and where they stepped down to.
pub type Held = (Option<Affiliation>, Option<Affiliation>);

impl Oracle {
    fn user_of(&self, main: &RoomJid, jid: &str) -> Option<String> {
        self.held(main, jid)?.user.clone()
    }

    /// Others who are there with the same id.
    fn others(&self, main: &RoomJid, jid: &str) -> Vec<String> {
        let user = self.user_of(main, jid);
        let mut people: Vec<String> = self.people(main).into_iter().collect();
        people.retain(|other| other != jid && self.present(main, other));
        people.retain(|other| user.is_some() && self.user_of(main, other) == user);
        people
    }

    pub(super) fn has_one_heir(&self, room: &RoomJid, jid: &str) -> bool {
        self.others(&self.main(room), jid).len() == 1
    }

    /// gavel says what everybody has: what has passed must have been to pass.
    pub fn succeed(&mut self, now: u64, main: &RoomJid, says: &BTreeMap<String, Held>) {
        let none = (None, None);
        let has = |oracle: &Self, jid: &str| {
            let memory = oracle.held(main, jid);
            memory.map_or(none, |memory| (memory.grant, memory.step_down))
        };
        let people: Vec<String> = self.people(main).into_iter().collect();
        for heir in &people {
            let news = says.get(heir).copied().unwrap_or(none);
            if news == none || has(self, heir) != none {
                continue;
            }
            let user = self.user_of(main, heir);
            let gave = |old: &&String| {
                let gone = says.get(*old).copied().unwrap_or(none) == none;
                gone && has(self, old) == news && user.is_some() && self.user_of(main, old) == user
            };
            let Some(old) = people.iter().find(gave) else {
                continue;
            };
            assert!(
                !self.present(main, old),
                "{old} is there, {heir} has theirs"
            );
            let left = self.held(main, old).and_then(|memory| memory.left_at);
            let since = self.held(main, heir).and_then(|memory| memory.since);
            let late = left
                .zip(since)
                .is_some_and(|(left, since)| left + RELOAD < since);
            assert!(!late, "{heir} came long after {old}, at {now}");
            assert_eq!(self.others(main, heir), [""; 0], "beside {heir}, for {old}");
            let taken = self.memory(main, old);
            let (grant, by_elected) = (taken.grant.take(), taken.by_elected);
            let step_down = taken.step_down.take();
            if grant.is_some() {
                (taken.kept, taken.kept_until) = (None, None);
            }
            let memory = self.memory(main, heir);
            (memory.grant, memory.by_elected) = (grant, by_elected);
            memory.step_down = step_down;
        }
    }

    /// Whether somebody elected has an election of before.
    pub(in super::super) fn follows(&self, now: u64, main: &RoomJid, jid: &str) -> bool {
        let user = self.user_of(main, jid);
        self.people(main).iter().any(|old| {
            let left = self.held(main, old).and_then(|memory| memory.left_elected);
            let same = user.is_some() && self.user_of(main, old) == user;
            (old == jid || same) && left.is_some_and(|at| now <= at + RELOAD)
        })
    }
}
