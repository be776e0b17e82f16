//! A room's configuration: it is asked for, known, and changes.

use super::event::RoomEvent;
use super::part::RoomPart;
use super::turns::Turn;
use super::{Facts, Membership, Room};
use crate::engine::asker::{Asker, RoomAsk};
use crate::engine::task::Task;
use crate::muc::RoomJid;
use crate::stanza::Request;

impl RoomPart<'_> {
    /// Asks for a room's configuration form.
    pub fn read_configuration(&mut self, jid: &RoomJid) {
        let inside = |room: &Room| matches!(room.membership, Membership::In | Membership::Joining);
        let Some(room) = self.rooms.get_mut(jid).filter(|room| inside(room)) else {
            return;
        };
        if std::mem::replace(&mut room.reading, true) {
            room.read_again = true;
            return;
        }
        room.readings.begun += 1;
        let purpose = Asker::Room(jid.clone(), RoomAsk::Configuration);
        self.out.ask(jid.as_str(), Request::Configuration, purpose);
    }

    /// The configuration is known, or cannot be had: gavel looks at the people who waited
    /// for it. If it has changed again it is read again, but only after that, so that
    /// nobody can put decisions off by changing it over and over.
    pub fn has_read(&mut self, jid: &RoomJid) {
        let Some(room) = self.rooms.get_mut(jid) else {
            return;
        };
        if !std::mem::take(&mut room.reading) {
            return;
        }
        room.readings.done = room.readings.begun;
        if std::mem::take(&mut room.read_again) {
            self.out.todo(Task::Configuration(jid.clone()));
        }
        self.configured_anew(jid);
    }

    /// The room's configuration has come.
    pub fn configured(&mut self, jid: &RoomJid, facts: Facts) {
        let main = facts.main.clone();
        let main = main.filter(|main| self.settings.service_of(main).is_some() && main != jid);
        let Some(room) = self.rooms.get_mut(jid) else {
            return;
        };
        let facts = Facts { main, ..facts };
        let old = room.facts.as_ref();
        let moved = old.is_some_and(|old| old.main != facts.main);
        let met = old.is_some_and(|old| old.unread) && !facts.unread && facts.main.is_none();
        let meeting_id = facts
            .meeting_id
            .clone()
            .filter(|_| met && room.meeting.is_some());
        self.services[room.service].breakouts |= facts.main.is_some();
        let closed = room.may_throw_out();
        let shut = old.is_some_and(|old| !old.members_only) && facts.members_only;
        room.last_main.clone_from(&facts.main);
        room.facts = Some(facts);
        if closed != room.may_throw_out() {
            // People are lowered to an affiliation that depends on it, however late gavel
            // reads it.
            self.configured_anew(jid);
        }
        if shut {
            self.became_members_only(jid);
        }
        let Some(room) = self.rooms.get(jid) else {
            return;
        };
        if room.membership == Membership::Out && self.password_is_new(jid) {
            return self.enter_at_once(jid, Turn::Unknown);
        }
        let left = if moved { self.close(jid, true) } else { None };
        if let Some(meeting_id) = meeting_id {
            // It may be another meeting than the one gavel took it for.
            self.out.emit(RoomEvent::Met {
                room: jid.clone(),
                meeting_id,
            });
        }
        self.open_if_ready(jid);
        self.leave_main(left);
        self.has_read(jid);
        self.show_everybody(jid);
    }

    /// Prosody has removed everybody from the room who was no member. It tells them and the
    /// module, and nobody else.
    pub fn became_members_only(&mut self, jid: &RoomJid) {
        if self.rooms.get(jid).is_some_and(|room| !room.module) {
            self.doubt(jid);
        }
    }

    /// The facts of a room have changed: everybody of the meeting there is compared again.
    pub fn configured_anew(&mut self, jid: &RoomJid) {
        let room = jid.clone();
        self.out.emit(RoomEvent::Configured { room });
    }
}
