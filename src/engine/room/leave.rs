//! Leaving rooms, and the end of rooms and meetings (SPEC B9).

use super::discovery::LISTED_AGAIN;
use super::event::RoomEvent;
use super::held::HeldBans;
use super::leaving::Leaving;
use super::logins::Logins;
use super::module::Module;
use super::part::RoomPart;
use super::turns::Turn;
use super::{Membership, Room};
use crate::engine::event::Report;
use crate::engine::timers::Timer;
use crate::muc::{OccupantJid, RoomJid};
use crate::stanza::Outbound;
use std::time::Duration;

/// A room with nobody but infrastructure is left after this.
const LONELY: Duration = Duration::from_secs(15);

impl RoomPart<'_> {
    /// Leaves a room.
    pub fn leave(&mut self, jid: &RoomJid, why: &'static str) {
        let main = self.close(jid, false);
        let Some(room) = self.rooms.get_mut(jid) else {
            return;
        };
        room.membership = Membership::Out;
        room.occupants.clear();
        room.held = HeldBans::default();
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
    pub fn leave_main(&mut self, main: Option<RoomJid>) {
        if let Some(main) = main {
            self.leave_if_lonely(&main);
        }
    }

    /// Ends gavel's stay in all rooms, and in those it is just entering:
    /// Prosody would leave it there when the connection ends.
    pub fn leave_all(&mut self) {
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
    pub fn leave_if_lonely(&mut self, jid: &RoomJid) {
        if !self.is_lonely(jid) {
            return;
        }
        match self.rooms.get(jid).is_some_and(|room| room.module) {
            true => self.leave_empty(jid),
            false => self.count_people(jid),
        }
    }

    /// Says whether gavel has seen nobody in a room for long enough that it need not stay. It
    /// stays until it knows that nobody is there whom it could not see.
    pub fn is_lonely(&mut self, jid: &RoomJid) -> bool {
        let now = self.now.tick;
        let keeps = self.has_breakout(jid);
        let Some(room) = self.rooms.get_mut(jid).filter(|room| room.is_in()) else {
            return false;
        };
        if room.has_people() || keeps || room.may_hide_people(now) {
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
    pub fn leave_empty(&mut self, jid: &RoomJid) {
        let now = self.now.tick;
        let Some(room) = self.rooms.get_mut(jid) else {
            return;
        };
        let alone = room.occupants.is_empty();
        room.not_listed_before = Some(now + LISTED_AGAIN);
        // Without occupants a room that is not persistent ends as gavel goes.
        let ends = alone && room.facts.as_ref().is_some_and(|facts| !facts.persistent);
        // The module does not confirm it: there gavel is no occupant.
        room.leaving = (!room.module).then_some(Leaving { ends });
        let ended = ends && room.module;
        self.leave(jid, "nobody is there");
        self.out.wake(now + LISTED_AGAIN, Timer::Drop(jid.clone()));
        if ended {
            self.end_meeting(jid);
        }
    }

    /// The room confirms that gavel has left it.
    pub fn has_left(&mut self, jid: &RoomJid) {
        let room = self.rooms.get_mut(jid);
        let leaving = room.and_then(|room| room.leaving.take());
        if leaving.is_some_and(|leaving| leaving.ends) {
            self.end_meeting(jid);
        }
    }

    /// Somebody is shown in a room that gavel is leaving: they came before the room
    /// read that. The meeting goes on, and gavel enters again.
    pub fn stay(&mut self, jid: &RoomJid) {
        let room = self.rooms.get_mut(jid);
        if let Some(room) = room.filter(|room| room.leaving.is_some()) {
            room.leaving = None;
            room.not_listed_before = None;
            self.enter_if_out(jid);
        }
    }

    /// Forgets a meeting whose room was left long ago.
    pub fn drop_if_out(&mut self, jid: &RoomJid) {
        let now = self.now.tick;
        let gone = |room: &Room| {
            room.membership == Membership::Out
                && room.not_listed_before.is_none_or(|at| at <= now)
                && room.facts.as_ref().is_none_or(|facts| !facts.persistent)
        };
        let room = self.rooms.get(jid);
        if room.is_none_or(gone) {
            return self.drop(jid);
        }
        let later = room.and_then(|room| room.not_listed_before);
        if let Some(at) = later.filter(|at| *at > now) {
            self.out.wake(at, Timer::Drop(jid.clone()));
        }
    }

    /// The room has ended, or does not exist: nothing of it is kept.
    pub fn drop(&mut self, jid: &RoomJid) {
        let main = self.close(jid, false);
        self.rooms.remove(jid);
        self.end_meeting(jid);
        self.leave_main(main);
    }

    /// The room was destroyed.
    pub fn room_ended(&mut self, jid: &RoomJid) {
        let room = self.rooms.get(jid);
        // One that gavel has left before, since nobody was there, is not left again.
        if room.is_some_and(|room| room.membership != Membership::Out) {
            let (room, why) = (jid.clone(), "it has ended");
            self.out.report(Report::Left { room, why });
        }
        self.drop(jid);
    }

    /// gavel was expelled from a room that it wants to be in; it goes back (B10).
    pub fn expelled(&mut self, jid: &RoomJid, own_first: bool) {
        self.close(jid, false);
        let nick = self.settings.nick.clone();
        let Some(room) = self.rooms.get_mut(jid).filter(|room| room.is_in()) else {
            return;
        };
        room.membership = Membership::Out;
        room.occupants.clear();
        room.held = HeldBans::default();
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
            self.out.emit(RoomEvent::Expelled { service });
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
    pub fn lost_sight(&mut self, jid: &RoomJid) {
        self.expelled(jid, false);
    }

    /// The rooms that end as gavel leaves them, which they have not confirmed.
    fn ending_rooms(&self) -> Vec<RoomJid> {
        let ends = |room: &&Room| room.leaving.as_ref().is_some_and(|leaving| leaving.ends);
        let mut rooms: Vec<_> = self
            .rooms
            .values()
            .filter(ends)
            .map(|room| room.jid.clone())
            .collect();
        rooms.sort_unstable();
        rooms
    }

    /// The stream has ended: nobody is seen any more. Rooms that gavel was in are to be
    /// entered again.
    pub fn lose_all(&mut self) {
        self.join_queue.clear();
        self.joining.clear();
        self.breakouts.clear();
        for room in self.ending_rooms() {
            self.end_meeting(&room);
        }
        self.rooms
            .retain(|_, room| room.membership != Membership::Out);
        for (jid, room) in self.rooms.iter_mut() {
            *room = Room::new(jid.clone(), room.service, self.settings.nick.clone());
        }
        for service in self.services.iter_mut() {
            // The server may come back without it.
            service.module = Module::Unknown;
            service.logins = Logins::Unknown;
        }
    }
}
