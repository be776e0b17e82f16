//! Is the server there, is gavel still in its rooms (SPEC B11)?

use super::Engine;
use super::asker::{Answer, Asker, RoomAsk};
use super::request::REPLY_TIMEOUT;
use super::task::Task;
use super::timers::Timer;
use crate::muc::RoomJid;
use crate::stanza::Request;
use std::time::Duration;

/// A stream or room that has been silent this long is asked whether it is
/// there; with [`REPLY_TIMEOUT`] it is found dead within 60 s.
pub const SILENCE: Duration = Duration::from_secs(30);

impl Engine {
    /// Asks the server whether it is there, where it has been silent, and hangs
    /// up where it has not answered.
    pub(super) fn ping_server(&mut self) {
        let now = self.now.tick;
        let Some(stream) = &mut self.stream else {
            return;
        };
        let due = stream.heard + SILENCE;
        if due > now {
            stream.pinged = false;
            return self.out.wake(due, Timer::Ping);
        }
        self.out.wake(now + REPLY_TIMEOUT, Timer::Ping);
        if std::mem::replace(&mut stream.pinged, true) {
            self.out.hang_up();
            return;
        }
        let Some(service) = self.settings.services.first() else {
            return;
        };
        let to = service.domain.clone();
        self.out.ask(&to, Request::Ping, Asker::Stream);
    }

    /// Notes that a room has sent what only its occupants get.
    pub(super) fn heard_from(&mut self, room: &RoomJid) {
        if let Some(room) = self.rooms.get_mut(room) {
            room.heard = self.now.tick;
        }
    }

    /// Starts watching whether gavel is still in `room`.
    pub(super) fn watch_room(&mut self, jid: &RoomJid) {
        let now = self.now.tick;
        let Some(room) = self.rooms.get(jid) else {
            return;
        };
        self.out
            .wake(room.heard.max(now) + SILENCE, Timer::SelfPing(jid.clone()));
    }

    /// Asks a room that has been silent whether gavel is still in it.
    pub(super) fn ping_room_if_silent(&mut self, jid: &RoomJid) {
        let now = self.now.tick;
        // Whoever kept gavel here, a breakout room perhaps, may be gone.
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
    pub(super) fn ping_room(&mut self, jid: &RoomJid) {
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

    /// Treats requests whose reply is overdue as unanswered.
    pub(super) fn give_up_overdue(&mut self) {
        while let Some(asker) = self.out.take_overdue() {
            self.answered(asker, Answer::Silence);
        }
        self.out.watch_replies();
    }

    /// The room has answered whether gavel is still in it. XEP-0410 §4: some errors
    /// say that it is, others that it is not.
    pub(super) fn self_pinged(&mut self, jid: &RoomJid, answer: Answer<'_>) {
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
                    self.lost(jid);
                }
            }
        }
    }

    /// Forgets what was only true while connected.
    pub(super) fn connected(&mut self, id: String) {
        let now = self.now.tick;
        self.stream = Some(super::Stream {
            id,
            resynchronised: false,
            heard: now,
            pinged: false,
        });
        self.out.wake(now + SILENCE, Timer::Ping);
        self.out.wake(now + BINDINGS, Timer::Bindings);
        for service in 0..self.services.len() {
            self.ask_module(service);
            self.renew_lease(service);
        }
        self.wake_at_ends();
        self.out.todo(Task::Keys);
        self.set_expiries();
        self.discover();
    }

    /// Everybody is gone, as far as gavel can see.
    pub(super) fn disconnected(&mut self) {
        self.stream = None;
        for service in &mut self.services {
            // The server may come back without it.
            service.module = super::Module::Unknown;
            service.logins = super::logins::Logins::Unknown;
            service.leased = false;
        }
        if self.examination.take().is_some() {
            self.out.report(super::Report::Examined);
        }
        self.join_queue.clear();
        self.joining.clear();
        self.unnamed.clear();
        self.misnamed.clear();
        self.permissions.clear();
        self.lose_all_rooms();
        self.out.clear();
    }

    /// Prosody does not let gavel send in occupants' names.
    pub(super) fn impersonation_refused(&mut self) {
        self.can_impersonate = false;
        self.out.warn_once(super::Warning::NoImpersonation {
            component: self.settings.component.clone(),
        });
    }

    /// Forgets tokens that are no longer valid.
    pub(super) fn expire_bindings(&mut self) {
        if self.is_ready() {
            self.forget_tokens();
        }
        self.out.wake(self.now.tick + BINDINGS, Timer::Bindings);
    }
}

/// How often tokens that are no longer valid are forgotten.
const BINDINGS: Duration = Duration::from_secs(60);
