//! Elections in rooms that nobody is entitled to moderate: the person who has been there
//! longest is elected (SPEC B5, `policy.fallback`), as Jicofo's auto-owner does.
//!
//! An election is a state of the meeting, not an event: whenever somebody has come, left or
//! changed, gavel looks at the people who are there, since when, and at their entitlements.
//! The ledger of each person remembers whether they are elected and when they came, so that
//! it outlives reconnects and restarts.

use super::census::Census;
use super::part::MeetingPart;
use super::rights::Event;
use crate::engine::room::Room;
use crate::muc::{BareJid, RoomJid};

impl MeetingPart<'_> {
    /// Looks for a moderator of a meeting.
    pub fn hold_election(&mut self, main: &RoomJid) {
        if !self.rooms.get(main).is_some_and(Room::is_ready) {
            return;
        }
        self.count_changed();
        let host = self.known().census(main).is_some_and(Census::has_host);
        if host || !self.settings.elects() {
            self.end_elections(main);
        }
        // After a connection, people who are not seen yet may be there all the same.
        if !self.stream.is_ready() {
            return;
        }
        self.drop_unseen(main);
        let Some(census) = self
            .known()
            .census(main)
            .filter(|_| !host && self.settings.elects())
        else {
            return;
        };
        let unsure = census.is_unsure() && self.known().reads_lists(main);
        let moderated = census.is_moderated() || unsure;
        let first = census.first().cloned().filter(|_| !moderated);
        for bare in census.elected_in_vain() {
            self.end_election_of(main, &bare);
        }
        let waits = self.known().is_vacant(main) || self.known().may_hide_people(main);
        if let Some(bare) = first.filter(|_| !waits) {
            self.elect(main, &bare);
        }
    }

    fn elect(&mut self, main: &RoomJid, bare: &BareJid) {
        self.apply(main, bare, Event::Elected);
        self.mark(main, bare);
    }

    /// Somebody entitled has come: the elected people, and the people they promoted,
    /// moderate no longer.
    fn end_elections(&mut self, main: &RoomJid) {
        for bare in self
            .known()
            .people_matching(main, |entry| entry.by_election)
        {
            self.end_election_of(main, &bare);
        }
    }

    /// Ends all elections but that of `heir`.
    pub fn end_elections_but(&mut self, main: &RoomJid, heir: &BareJid) {
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

    /// Ends the elections of people who left while gavel saw nothing. When they come again,
    /// they count as newcomers.
    fn drop_unseen(&mut self, main: &RoomJid) {
        for bare in self.known().people_matching(main, |entry| entry.unseen) {
            self.apply(main, &bare, Event::LeftUnseen { heirs: false });
            self.mark(main, &bare);
        }
    }

    /// Remembers when everybody came who was there before elections were held.
    pub fn remember_arrivals(&mut self) {
        if !self.settings.elects() {
            return;
        }
        let mut came = Vec::new();
        for (main, meeting) in self.meetings.iter() {
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

    /// Remembers when somebody came, in milliseconds since 1970-01-01 UTC, for the
    /// order of elections.
    pub fn remember_arrival(&mut self, main: &RoomJid, bare: &BareJid, came: u64) {
        if !self.settings.elects() {
            return;
        }
        // The list of a room may name the last to come first.
        self.apply(main, bare, Event::CameAt(came));
    }
}
