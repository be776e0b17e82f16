//! Is the server there, is gavel still in its rooms (SPEC B11)?

use super::request::{Purpose, REPLY_TIMEOUT};
use super::timers::Timer;
use super::{Action, Engine};
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
            return self.timers.set(due, Timer::Ping);
        }
        self.timers.set(now + REPLY_TIMEOUT, Timer::Ping);
        if std::mem::replace(&mut stream.pinged, true) {
            self.actions.push_back(Action::HangUp);
            return;
        }
        let Some(service) = self.settings.services.first() else {
            return;
        };
        let to = service.domain.clone();
        self.ask(&to, Request::Ping, Purpose::Ping);
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
        self.timers
            .set(room.heard.max(now) + SILENCE, Timer::SelfPing(jid.clone()));
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
        self.timers.set(next, Timer::SelfPing(jid.clone()));
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
        self.ask(&own, Request::Ping, Purpose::SelfPing(jid.clone()));
    }

    /// Treats requests whose reply is overdue as unanswered.
    pub(super) fn give_up_overdue(&mut self) {
        while let Some(purpose) = self.requests.take_overdue(self.now.tick) {
            self.unanswered(purpose);
        }
        if let Some(deadline) = self.requests.deadline() {
            self.timers.set(deadline, Timer::Replies);
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
        self.timers.set(now + SILENCE, Timer::Ping);
        self.timers.set(now + BINDINGS, Timer::Bindings);
        for service in 0..self.services.len() {
            self.ask_module(service);
            self.renew_lease(service);
        }
        self.wake_at_ends();
        self.keys_due();
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
        self.requests.clear();
        if self.examination.take().is_some() {
            self.report(super::Report::Examined);
        }
        self.timers.clear();
        self.join_queue.clear();
        self.joining.clear();
        self.unopened.clear();
        self.unnamed.clear();
        self.misnamed.clear();
        self.lose_all_rooms();
    }

    /// Prosody does not let gavel send in occupants' names.
    pub(super) fn impersonation_refused(&mut self) {
        self.can_impersonate = false;
        self.warn_once(super::Warning::NoImpersonation {
            component: self.settings.component.clone(),
        });
    }

    /// Forgets tokens that are no longer valid.
    pub(super) fn expire_bindings(&mut self) {
        if self.is_ready() {
            self.forget_tokens();
        }
        self.timers.set(self.now.tick + BINDINGS, Timer::Bindings);
    }
}

/// How often tokens that are no longer valid are forgotten.
const BINDINGS: Duration = Duration::from_secs(60);
