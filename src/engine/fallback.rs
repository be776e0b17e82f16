//! Rooms that nobody is entitled to moderate: who has been there longest is
//! elected (SPEC B5, `policy.fallback`), as Jicofo's auto-owner does.
//!
//! An election is a state of the meeting, not an event: whenever somebody has
//! come, left or changed, it is looked at who is there, since when and entitled
//! to what. What must be remembered (who is elected, who came when) is in
//! everybody's record, and outlives reconnects and restarts with it.

use super::Engine;
use super::meeting::census::Census;
use super::meeting::decide::Wanted;
use super::meeting::rights::Event;
use super::person::Person;
use super::room::Room;
use crate::muc::{BareJid, RoomJid};
use crate::policy::Fallback;

impl Engine {
    /// Whether elections are held at all.
    pub(super) fn elects(&self) -> bool {
        self.settings.policy.fallback == Fallback::First
    }

    /// Looks at who moderates a meeting.
    pub(super) fn hold_election(&mut self, main: &RoomJid) {
        if !self.rooms.get(main).is_some_and(Room::is_ready) {
            return;
        }
        self.count_changed();
        let host = self.census(main).is_some_and(Census::has_host);
        if host || !self.elects() {
            self.end_elections(main);
        }
        // After a connection, who is not seen yet may only not be seen yet.
        if !self.is_ready() {
            return;
        }
        self.forget_who_left_unseen(main);
        let Some(census) = self.census(main).filter(|_| !host && self.elects()) else {
            return;
        };
        let unsure = census.is_unsure() && self.reads_lists(main);
        let moderated = census.is_moderated() || unsure;
        let first = census.first().cloned().filter(|_| !moderated);
        for bare in census.elected_in_vain() {
            self.end_election_of(main, &bare);
        }
        if let Some(bare) = first.filter(|_| !self.is_vacant(main)) {
            self.elect(main, &bare);
        }
    }

    fn elect(&mut self, main: &RoomJid, bare: &BareJid) {
        self.apply(main, bare, Event::Elected);
        self.mark(main, bare);
    }

    /// Somebody entitled has come: who was elected, and whoever they promoted,
    /// moderates no longer.
    fn end_elections(&mut self, main: &RoomJid) {
        for bare in self.those_who(main, |entry| entry.by_election) {
            self.end_election_of(main, &bare);
        }
    }

    /// Ends all elections but that of `heir`.
    pub(super) fn end_elections_but(&mut self, main: &RoomJid, heir: &BareJid) {
        let people = self.meetings.get(main).map(|meeting| &meeting.people);
        let others = people.into_iter().flatten();
        let others = others.filter(|(bare, person)| *bare != heir && person.rights.is_elected());
        let mut others: Vec<BareJid> = others.map(|(bare, _)| bare.clone()).collect();
        others.sort_unstable();
        for bare in others {
            self.end_election_of(main, &bare);
        }
    }

    fn end_election_of(&mut self, main: &RoomJid, bare: &BareJid) {
        self.apply(main, bare, Event::ElectionOver);
        self.mark(main, bare);
    }

    /// Who left while gavel saw nothing is no longer elected, and comes anew.
    fn forget_who_left_unseen(&mut self, main: &RoomJid) {
        for bare in self.those_who(main, |entry| entry.unseen) {
            self.apply(main, &bare, Event::LeftUnseen { heirs: false });
            self.mark(main, &bare);
        }
    }

    /// Whether somebody present who is not elected moderates, or is about to.
    pub(super) fn has_power(&self, main: &RoomJid, person: &Person) -> bool {
        match self.wanted(main, person) {
            Wanted::Anything => person.moderates_now() || self.is_unsure(main, person),
            wanted => wanted.may_moderate(),
        }
    }

    /// Whether somebody else who is present moderates by a right that goes back to
    /// no election.
    pub(super) fn is_moderated_without(&self, main: &RoomJid, heir: &BareJid) -> bool {
        let people = self.meetings.get(main).map(|meeting| &meeting.people);
        let mut others = people.into_iter().flatten();
        others.any(|(bare, person)| {
            let other = bare != heir && person.is_present() && !person.rights.is_elected_power();
            other && self.has_power(main, person)
        })
    }

    /// Notes when everybody came who was there before elections were held.
    pub(super) fn note_arrivals(&mut self) {
        if !self.elects() {
            return;
        }
        let mut came = Vec::new();
        for (main, meeting) in &self.meetings {
            for (bare, person) in &meeting.people {
                let first = person
                    .first_came()
                    .filter(|_| person.rights.since().is_none());
                came.extend(first.map(|at| (main.clone(), bare.clone(), at)));
            }
        }
        for (main, bare, at) in came {
            self.apply(&main, &bare, Event::CameAt(at));
        }
    }

    /// Notes when somebody came, in milliseconds since 1970-01-01 UTC, for the
    /// order of elections.
    pub(super) fn note_arrival(&mut self, main: &RoomJid, bare: &BareJid, came: u64) {
        if !self.elects() {
            return;
        }
        // Of those found in a room the last to come may be seated first.
        self.apply(main, bare, Event::CameAt(came));
    }
}
