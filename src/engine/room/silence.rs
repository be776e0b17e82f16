//! Is gavel still in its rooms (SPEC B11)?

use super::part::RoomPart;
use crate::engine::asker::{Answer, Asker, RoomAsk};
use crate::engine::stream::SILENCE;
use crate::engine::timers::Timer;
use crate::muc::RoomJid;
use crate::stanza::Request;

impl RoomPart<'_> {
    /// Notes that a room has sent a stanza that only its occupants get.
    pub fn heard_from(&mut self, room: &RoomJid) {
        if let Some(room) = self.rooms.get_mut(room) {
            room.heard = self.now.tick;
        }
    }

    /// Starts watching whether gavel is still in `room`.
    pub fn watch_room(&mut self, jid: &RoomJid) {
        let now = self.now.tick;
        let Some(room) = self.rooms.get(jid) else {
            return;
        };
        self.out
            .wake(room.heard.max(now) + SILENCE, Timer::SelfPing(jid.clone()));
    }

    /// Asks a room that has been silent whether gavel is still in it.
    pub fn ping_room_if_silent(&mut self, jid: &RoomJid) {
        let now = self.now.tick;
        // The people who kept gavel here, in a breakout room perhaps, may be gone.
        self.leave_if_lonely(jid);
        let Some(room) = self.rooms.get(jid).filter(|room| room.is_in()) else {
            return;
        };
        let due = room.heard + SILENCE;
        let next = if due > now { due } else { now + SILENCE };
        self.out.wake(next, Timer::SelfPing(jid.clone()));
        if due <= now {
            self.ping_room(jid);
        }
    }

    /// Asks a room at once whether gavel is still in it (XEP-0410).
    pub fn ping_room(&mut self, jid: &RoomJid) {
        let Some(room) = self.rooms.get_mut(jid) else {
            return;
        };
        if std::mem::replace(&mut room.pinged, true) {
            return;
        }
        let own = format!("{jid}/{}", room.nick);
        self.out.ask(
            &own,
            Request::Ping,
            Asker::Room(jid.clone(), RoomAsk::SelfPing),
        );
    }

    /// The room has answered whether gavel is still in it. XEP-0410 §4: some errors
    /// say that it is, others that it is not.
    pub fn self_pinged(&mut self, jid: &RoomJid, answer: Answer<'_>) {
        let now = self.now.tick;
        let Some(room) = self.rooms.get_mut(jid) else {
            return;
        };
        room.pinged = false;
        match answer {
            Answer::Silence | Answer::Unread => {}
            Answer::Result(_) | Answer::Partial(_) => room.heard = now,
            Answer::Error(error) => {
                room.heard = now;
                let inside = ["service-unavailable", "feature-not-implemented"];
                let unsure = ["remote-server-not-found", "remote-server-timeout"];
                let condition = &&*error.condition;
                if !inside.contains(condition) && !unsure.contains(condition) {
                    self.lost_sight(jid);
                }
            }
        }
    }
}
