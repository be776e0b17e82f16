//! Elections (SPEC B5): gavel says whom it has elected, and that is held
//! against who is there, since when and entitled to what.

use super::oracle::{Oracle, Seat};
use gavel::muc::{Affiliation, Role, RoomJid};
use gavel::policy::{Fallback, Guests};
use std::collections::BTreeSet;

impl Oracle {
    /// Whether somebody there is entitled to moderate by a token.
    pub(super) fn has_host(&self, main: &RoomJid) -> bool {
        let people = self.people(main);
        people.iter().any(|jid| self.is_host_there(main, jid))
    }

    fn is_host_there(&self, main: &RoomJid, jid: &str) -> bool {
        let low = self.held(main, jid).and_then(|memory| memory.step_down);
        let mut seats = self.seen_seats(main, jid);
        let owner = seats.any(|seat| self.kind(seat) == Some(super::Kind::Owner));
        let banned = self
            .held(main, jid)
            .is_some_and(|memory| memory.shown == Some(Affiliation::Outcast) && !memory.unban);
        owner && !banned && low.is_none_or(Affiliation::moderates)
    }

    /// Their occupants in rooms that gavel knows enough of.
    fn seen_seats<'a>(&'a self, main: &'a RoomJid, jid: &'a str) -> impl Iterator<Item = &'a Seat> {
        let rooms = self.seats.iter();
        rooms
            .filter(move |(room, _)| self.main(room) == *main && !self.blind.contains(*room))
            .flat_map(|(_, seats)| seats.values())
            .filter(move |seat| seat.bare == jid)
    }

    /// Whether only the lists of the main room can have told what somebody has, who
    /// is left alone; the oracle does not read them.
    fn is_unsure(&self, main: &RoomJid, jid: &str) -> bool {
        let doubted = self.held(main, jid).is_some_and(|memory| memory.doubted);
        let ignored = self.policy.guests == Guests::Ignore && self.token(main, jid).is_none();
        doubted && ignored && self.seen_seats(main, jid).next().is_some()
    }

    fn by_role(&self, main: &RoomJid, jid: &str) -> bool {
        let mut seats = self.seen_seats(main, jid);
        seats.any(|seat| seat.role == Role::Moderator)
    }

    /// Whether what somebody may goes back to an election.
    pub(super) fn power_is_elected(&self, room: &RoomJid, jid: &str) -> bool {
        self.held(room, jid)
            .is_some_and(|memory| match memory.grant {
                Some(_) => memory.by_elected,
                None => memory.elected,
            })
    }

    /// Whether somebody can be elected.
    fn is_candidate(&self, main: &RoomJid, jid: &str) -> bool {
        let seats = self
            .seats
            .get(main)
            .into_iter()
            .flat_map(|seats| seats.values());
        let speaks = seats
            .filter(|seat| seat.bare == jid && !seat.machine)
            .any(|seat| seat.role >= Role::Participant);
        let free = self.held(main, jid).is_some_and(|memory| {
            memory.step_down.is_none() && memory.shown != Some(Affiliation::Outcast)
        });
        speaks && free
    }

    /// Whether somebody there may moderate without an election.
    fn moderates(&self, main: &RoomJid, jid: &str) -> bool {
        let memory = self.held(main, jid);
        let lapsed = memory.is_some_and(|memory| memory.lapsed);
        let ignored = self.policy.guests == Guests::Ignore && self.token(main, jid).is_none();
        let ignored = ignored && !lapsed;
        let shown = memory.and_then(|memory| memory.shown);
        if shown == Some(Affiliation::Outcast) {
            return self.is_host_there(main, jid);
        }
        let granted = memory.is_some_and(|memory| memory.grant.is_some());
        let by_role = self.by_role(main, jid);
        self.seen_seats(main, jid).next().is_some()
            && (granted
                || self.is_host_there(main, jid)
                || ignored && (shown.is_some_and(Affiliation::moderates) || by_role))
    }

    /// gavel has taken in all that it was told, and says whom it has elected in
    /// `main`, and about whom a request of its own waits for an answer. `sees` says that it sees that room, `ready` that it sees all rooms
    /// there are.
    pub fn elections(
        &mut self,
        now: u64,
        main: &RoomJid,
        elected: &BTreeSet<String>,
        asked: &BTreeSet<String>,
        sees: bool,
        ready: bool,
    ) {
        if !sees {
            // It may be another meeting by now.
            return;
        }
        let news: Vec<String> = elected
            .iter()
            .filter(|jid| !self.held(main, jid).is_some_and(|memory| memory.elected))
            .cloned()
            .collect();
        if !self.blind.contains(main) {
            self.after_connection(main, ready);
        }
        for jid in self.people(main) {
            let entitled = self.power(main, &jid).is_some();
            let by_role = self.by_role(main, &jid);
            let placed = self.seen_seats(main, &jid).next().is_some();
            let memory = self.memory(main, &jid);
            if placed && std::mem::take(&mut memory.unplaced) {
                memory.kept = None;
            }
            let lost = std::mem::replace(&mut memory.entitled, entitled) && !entitled;
            memory.lapsed |= lost || memory.elected && !elected.contains(&jid);
            // What is still to come is to be taken back, too.
            memory.lapsed &=
                memory.shown.is_some_and(Affiliation::moderates) || by_role || asked.contains(&jid);
            memory.counts = memory.since.is_some();
        }
        // It knows the preset's tokens, and no rules.
        let known = self.policy.rules.is_empty();
        for jid in news.iter().filter(|_| known) {
            let follows = self.follows(now, main, jid);
            self.check_elected(main, jid, follows);
        }
        for jid in self.people(main) {
            let memory = self.memory(main, &jid);
            memory.elected = elected.contains(&jid);
        }
    }

    fn after_connection(&mut self, main: &RoomJid, ready: bool) {
        let host = self.has_host(main);
        for jid in self.people(main) {
            let present = self.present(main, &jid);
            let memory = self.memory(main, &jid);
            memory.since = memory.since.filter(|_| present || !ready);
            if host && std::mem::take(&mut memory.by_elected) {
                memory.lapsed |= memory.grant.is_some();
                (memory.grant, memory.kept) = (None, None);
            }
        }
    }

    fn check_elected(&self, main: &RoomJid, jid: &str, follows: bool) {
        assert_eq!(self.policy.fallback, Fallback::First, "{jid}");
        assert!(!self.has_host(main), "{jid} is elected beside a host");
        // Who is elected may be in a breakout room.
        assert!(
            self.is_candidate(main, jid) || follows && self.present(main, jid),
            "{jid} is elected and cannot be"
        );
        let people = self.people(main);
        let others = people.iter().filter(|other| *other != jid);
        for other in others {
            // Who comes back finds those whom they had promoted.
            let promoted = follows && self.power_is_elected(main, other);
            assert!(
                promoted || !self.moderates(main, other) || self.is_unsure(main, other),
                "{jid} is elected beside {other}"
            );
            let since = |jid| self.held(main, jid).and_then(|memory| memory.since);
            // Since when somebody was in a breakout room is gavel's to say: from
            // when it knew whose that room was.
            let elsewhere = |jid| self.held(main, jid).is_some_and(|m| m.elsewhere);
            let sooner = self.is_candidate(main, other) && since(other) < since(jid);
            let sooner = sooner && !elsewhere(jid) && !elsewhere(other) && !follows;
            assert!(!sooner, "{jid} is elected, but {other} came first");
        }
    }

    /// After quiet: somebody moderates where somebody can.
    pub fn check_moderated(&self, main: &RoomJid) {
        let people = self.people(main);
        let elected = people
            .iter()
            .filter(|jid| self.held(main, jid).is_some_and(|m| m.elected));
        let elected: Vec<&String> = elected.collect();
        assert!(elected.len() <= 1, "{elected:?}");
        let host = self.has_host(main);
        assert!(!host || elected.is_empty(), "{elected:?} beside a host");
        let moderates = |jid: &String| self.moderates(main, jid) || self.is_unsure(main, jid);
        let moderated = people.iter().any(moderates) || !elected.is_empty();
        let candidate = people.iter().find(|jid| self.is_candidate(main, jid));
        let first = self.policy.fallback == Fallback::First;
        assert!(
            !first || moderated || candidate.is_none(),
            "nobody is elected, though {candidate:?} can be"
        );
    }
}
