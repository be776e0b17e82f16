//! Leaving rooms, and the end of rooms and meetings (SPEC B9).

use super::absent::Absence;
use super::discovery::LISTED_AGAIN;
use super::meeting::Meeting;
use super::meeting::rights::{Event, Standing};
use super::meeting::seat::Seat;
use super::room::{Membership, Room};
use super::timers::Timer;
use super::turns::Turn;
use super::{Engine, Report};
use crate::muc::{BareJid, Nick, OccupantJid, RoomJid};
use crate::stanza::Outbound;
use std::time::Duration;

/// A room with nobody but infrastructure is left after this.
const LONELY: Duration = Duration::from_secs(15);

impl Engine {
    /// Leaves a room.
    pub(super) fn leave(&mut self, jid: &RoomJid, why: &'static str) {
        let main = self.detach(jid);
        let Some(room) = self.rooms.get_mut(jid) else {
            return;
        };
        room.membership = Membership::Out;
        room.occupants.clear();
        room.early_bans.clear();
        let occupant = OccupantJid {
            room: jid.clone(),
            nick: room.nick.clone(),
        };
        room.nick = self.settings.nick.clone();
        self.out.send(Outbound::Leave { occupant });
        let room = jid.clone();
        self.out.report(Report::Left { room, why });
        self.leave_main(main);
    }

    /// With a breakout room the reason to stay in its main room may be gone.
    pub(super) fn leave_main(&mut self, main: Option<RoomJid>) {
        if let Some(main) = main {
            self.leave_if_lonely(&main);
        }
    }

    /// Ends gavel's stay in all rooms, and in those it is just entering:
    /// Prosody would leave it there when the connection ends.
    pub(super) fn leave_all(&mut self) {
        let there = |m| matches!(m, Membership::In | Membership::Joining);
        let inside = self.rooms.values().filter(|room| there(room.membership));
        let mut rooms: Vec<RoomJid> = inside.map(|room| room.jid.clone()).collect();
        rooms.sort_unstable();
        for room in rooms {
            self.leave(&room, "gavel stops");
        }
    }

    /// Leaves a room at once when gavel is alone, and after a while when only
    /// infrastructure is left. Without the module it asks first whether that is so.
    pub(super) fn leave_if_lonely(&mut self, jid: &RoomJid) {
        if !self.is_lonely(jid) {
            return;
        }
        match self.rooms.get(jid).is_some_and(|room| room.module) {
            true => self.leave_empty(jid),
            false => self.count_people(jid),
        }
    }

    /// Whether nobody is shown for whom gavel is in a room, and has not been for
    /// long enough.
    pub(super) fn is_lonely(&mut self, jid: &RoomJid) -> bool {
        let now = self.now.tick;
        let keeps = self.meetings.get(jid).is_some_and(|m| m.has_breakout(jid));
        let Some(room) = self.rooms.get_mut(jid).filter(|room| room.is_in()) else {
            return false;
        };
        if room.has_people() || keeps {
            room.lonely_since = None;
            return false;
        }
        let since = *room.lonely_since.get_or_insert(now);
        if room.occupants.is_empty() || now >= since + LONELY {
            return true;
        }
        let due = since + LONELY;
        self.out.wake(due, Timer::LeaveIfLonely(jid.clone()));
        false
    }

    /// Leaves a room that is known to be empty.
    pub(super) fn leave_empty(&mut self, jid: &RoomJid) {
        let now = self.now.tick;
        let Some(room) = self.rooms.get_mut(jid) else {
            return;
        };
        let alone = room.occupants.is_empty();
        room.not_listed_before = Some(now + LISTED_AGAIN);
        // Without occupants a room that is not persistent ends as gavel goes.
        let ends = alone && room.facts.as_ref().is_some_and(|facts| !facts.persistent);
        self.leave(jid, "nobody is there");
        self.out
            .wake(now + LISTED_AGAIN, Timer::Forget(jid.clone()));
        if ends {
            self.end_meeting(jid);
        }
    }

    /// Forgets a meeting whose room was left long ago.
    pub(super) fn forget_if_out(&mut self, jid: &RoomJid) {
        let now = self.now.tick;
        let gone = |room: &Room| {
            room.membership == Membership::Out
                && room.not_listed_before.is_none_or(|at| at <= now)
                && room.facts.as_ref().is_none_or(|facts| !facts.persistent)
        };
        let room = self.rooms.get(jid);
        if room.is_none_or(gone) {
            return self.forget(jid);
        }
        let later = room.and_then(|room| room.not_listed_before);
        if let Some(at) = later.filter(|at| *at > now) {
            self.out.wake(at, Timer::Forget(jid.clone()));
        }
    }

    /// The room has ended, or does not exist: nothing of it is kept.
    pub(super) fn forget(&mut self, jid: &RoomJid) {
        let main = self.detach(jid);
        self.rooms.remove(jid);
        self.parked.remove(jid);
        self.end_meeting(jid);
        self.leave_main(main);
    }

    /// Grants, step-downs and the rest end with the meeting.
    fn end_meeting(&mut self, jid: &RoomJid) {
        let Some(meeting) = self.meetings.remove(jid) else {
            return;
        };
        self.out.save_if(meeting.absence.locked);
        self.out
            .save_if(meeting.people.values().any(|p| p.rights.matter()));
        for room in &meeting.rooms {
            if let Some(room) = self.rooms.get_mut(room) {
                room.meeting = None;
            }
        }
        for (bare, person) in meeting.people {
            for seat in person.seats.into_iter().filter(|seat| seat.room != *jid) {
                let parked = self.parked.entry(seat.room.clone()).or_default();
                parked.push((bare.clone(), seat));
            }
        }
    }

    /// The room was destroyed.
    pub(super) fn room_ended(&mut self, jid: &RoomJid) {
        let room = self.rooms.get(jid);
        // One that gavel has left before, since nobody was there, is not left again.
        if room.is_some_and(|room| room.membership != Membership::Out) {
            let (room, why) = (jid.clone(), "it has ended");
            self.out.report(Report::Left { room, why });
        }
        self.forget(jid);
    }

    /// gavel was put out of a room it wants to be in; it goes back (B10).
    pub(super) fn put_out(&mut self, jid: &RoomJid, own_first: bool) {
        self.detach(jid);
        let nick = self.settings.nick.clone();
        let Some(room) = self.rooms.get_mut(jid).filter(|room| room.is_in()) else {
            return;
        };
        room.membership = Membership::Out;
        room.occupants.clear();
        room.early_bans.clear();
        room.nick = nick;
        let pause = room.backoff.pause();
        let why = "gavel was put out";
        let first = room.not_before.is_none();
        room.not_before = Some(self.now.tick + pause);
        let (module, service) = (room.module, room.service);
        self.out.report(Report::Left {
            room: jid.clone(),
            why,
        });
        if module {
            // It may have been unloaded, and loaded again, with its lease lost.
            self.renew_lease(service);
        }
        if own_first && !module {
            self.own(jid);
        }
        if first {
            self.enter_at_once(jid, Turn::Unknown);
        } else {
            self.out
                .wake(self.now.tick + pause, Timer::Enter(jid.clone()));
        }
    }

    /// A room has forgotten gavel, or gavel the room: in again.
    pub(super) fn lost(&mut self, jid: &RoomJid) {
        self.put_out(jid, false);
    }

    /// The stream has ended: nobody is seen any more, grants stay.
    pub(super) fn lose_all_rooms(&mut self) {
        let rooms: Vec<RoomJid> = self.rooms.keys().cloned().collect();
        for jid in &rooms {
            self.detach(jid);
        }
        for jid in rooms {
            let inside = self
                .rooms
                .get(&jid)
                .is_some_and(|room| room.membership != Membership::Out);
            if inside {
                let service = self.rooms[&jid].service;
                let fresh = Room::new(jid.clone(), service, self.settings.nick.clone());
                self.rooms.insert(jid, fresh);
            } else {
                self.rooms.remove(&jid);
            }
        }
        self.parked.clear();
        for meeting in self.meetings.values_mut() {
            meeting.absence = Absence::remembered(meeting.absence.locked);
        }
        let policy = &self.settings.policy;
        for person in self
            .meetings
            .values_mut()
            .flat_map(|m| m.people.values_mut())
        {
            person
                .rights
                .apply(Event::Doubted, Standing::ABSENT, policy);
            person.request = None;
            person.role_request = false;
            person.trouble = None;
            person.foreign = None;
            person.because = None;
        }
        self.count_everybody();
    }

    /// Takes a room's occupants out of its meeting; returns the main room of a
    /// breakout room.
    pub(super) fn detach(&mut self, jid: &RoomJid) -> Option<RoomJid> {
        self.permissions.forget_room(jid);
        let (main, _) = self.take_out(jid)?;
        Some(main).filter(|main| main != jid)
    }

    /// The same where the room is still there, and belongs to another meeting from now
    /// on: what is known of its occupants is kept.
    pub(super) fn detach_for_another(&mut self, jid: &RoomJid) -> Option<RoomJid> {
        let (main, seats) = self.take_out(jid)?;
        self.parked.insert(jid.clone(), seats);
        Some(main).filter(|main| main != jid)
    }

    fn take_out(&mut self, jid: &RoomJid) -> Option<(RoomJid, Vec<(BareJid, Seat)>)> {
        let room = self.rooms.get_mut(jid)?;
        let main = room.meeting.take()?;
        let nicks: Vec<(Nick, Option<BareJid>)> = room
            .occupants
            .iter()
            .map(|(nick, occupant)| (nick.clone(), occupant.bare()))
            .collect();
        let mut seats = Vec::new();
        for (nick, bare) in nicks {
            if let Some(bare) = bare {
                let seat = self.unseat(&main, (jid, &nick), &bare, false);
                seats.extend(seat.map(|seat| (bare, seat)));
            }
        }
        if let Some(meeting) = self.meetings.get_mut(&main) {
            meeting.rooms.remove(jid);
        }
        Some((main, seats))
    }

    /// Marks everybody of the meeting that `jid` is the main room of.
    pub(super) fn mark_everybody(&mut self, jid: &RoomJid) {
        let people = |meeting: &Meeting| meeting.people.keys().cloned().collect::<Vec<_>>();
        let mut people = self.meetings.get(jid).map(people).unwrap_or_default();
        people.sort_unstable();
        for person in people {
            self.mark(jid, &person);
        }
    }
}
