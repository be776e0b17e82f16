//! Entering rooms (SPEC B2, B9, B10).

use super::event::RoomEvent;
use super::part::RoomPart;
use super::turns::Turn;
use super::{Membership, Room};
use crate::engine::asker::{Answer, Asker, RoomAsk, timeout};
use crate::engine::event::Report;
use crate::engine::timers::Timer;
use crate::engine::warning::Warning;
use crate::muc::{Affiliation, BareJid, Nick, OccupantJid, Role, RoomJid, status};
use crate::stanza::{self, Outbound, Presence, Request, StanzaError};
use rand::RngExt;
use std::time::Duration;

/// Joins that may be under way at once: a resync of thousands of rooms must not
/// drown Prosody.
const MAX_JOINS: usize = 16;
/// A join that has been under way longer than this is waiting for something
/// (in Jitsi for the focus) and holds up no other.
pub const YOUNG: Duration = Duration::from_secs(3);

impl RoomPart<'_> {
    /// Enters a room, unless gavel is in or on the way.
    pub fn enter(&mut self, jid: &RoomJid) {
        self.enter_in_turn(jid, Turn::Unknown);
    }

    fn enter_in_turn(&mut self, jid: &RoomJid, turn: Turn) {
        let Some(service) = self.settings.service_of(jid) else {
            return;
        };
        let nick = self.settings.nick.clone();
        let now = self.now.tick;
        let new = || Room::new(jid.clone(), service, nick);
        let room = self.rooms.get_or_insert_with(jid.clone(), new);
        if !self.stream.is_open() || room.membership != Membership::Out {
            return;
        }
        if let Some(at) = room.not_before.filter(|at| *at > now) {
            return self.out.wake(at, Timer::Enter(jid.clone()));
        }
        self.queue_join(jid, turn);
    }

    /// Enters a room that gavel neither is in nor has been refused.
    pub fn enter_if_out(&mut self, jid: &RoomJid) {
        let waits = |room: &Room| room.not_before.is_some_and(|at| at > self.now.tick);
        if !self.rooms.get(jid).is_some_and(waits) {
            self.enter(jid);
        }
    }

    /// Enters a room without waiting for a pause to end.
    pub fn enter_at_once(&mut self, jid: &RoomJid, turn: Turn) {
        if let Some(room) = self.rooms.get_mut(jid) {
            room.not_before = None;
        }
        if self.join_queue.contains(jid) {
            return self.join_queue.push(jid, turn);
        }
        self.enter_in_turn(jid, turn);
    }

    /// Says whose turn it is to have a room joined that `inviter` has come into.
    pub fn turn_of(&self, inviter: Option<&str>) -> Turn {
        match inviter.and_then(BareJid::parse) {
            Some(bare) if self.settings.infrastructure.contains_bare(&bare) => Turn::Nobody,
            Some(bare) => Turn::Person(bare),
            None => Turn::Unknown,
        }
    }

    /// A pause is over.
    pub fn enter_again(&mut self, jid: &RoomJid) {
        if self.rooms.contains_key(jid) {
            self.enter(jid);
        }
    }

    /// Prosody has answered whether there is such a room.
    pub fn probed(&mut self, jid: &RoomJid, answer: Answer<'_>) {
        let late = timeout();
        let error = match answer {
            Answer::Result(_) | Answer::Partial(_) => None,
            Answer::Error(error) => Some(error),
            Answer::Silence | Answer::Unread => Some(&late),
        };
        let probing = |room: &&mut Room| room.membership == Membership::Probing;
        let Some(room) = self.rooms.get_mut(jid).filter(probing) else {
            return;
        };
        room.membership = Membership::Queued;
        match error {
            None => self.join(jid),
            Some(error) if error.is("item-not-found") => {
                self.out.tally.services[room.service].gone += 1;
                self.drop(jid);
            }
            Some(error) if error.is("forbidden") || error.is("not-allowed") => {
                self.own(jid);
                self.join(jid);
            }
            Some(error) => self.join_refused(jid, error),
        }
        self.join_next();
    }

    fn queue_join(&mut self, jid: &RoomJid, turn: Turn) {
        if let Some(room) = self.rooms.get_mut(jid) {
            room.membership = Membership::Queued;
            self.join_queue.push(jid, turn);
            self.join_next();
        }
    }

    /// Sends joins as far as they are allowed at once.
    pub fn join_next(&mut self) {
        let now = self.now.tick;
        let (rooms, joining) = (&self.rooms, &mut self.joining);
        joining.retain(|(since, jid)| {
            let under_way = [Membership::Probing, Membership::Joining];
            let room = rooms.get(jid);
            *since + YOUNG > now && room.is_some_and(|r| under_way.contains(&r.membership))
        });
        while self.joining.len() < MAX_JOINS {
            let Some(jid) = self.join_queue.pop() else {
                break;
            };
            self.begin(&jid);
        }
        self.watch_joins();
    }

    /// Wakes the engine when the oldest join is young no more.
    fn watch_joins(&mut self) {
        if let Some((since, _)) = self.joining.front() {
            self.out.wake(*since + YOUNG, Timer::Joins);
        }
    }

    /// Takes a room's turn. A join must not create a room (B9): if the module does not see
    /// to that, the list of those without affiliation tells first whether there is one. It
    /// is empty, however many owners a room has had.
    fn begin(&mut self, jid: &RoomJid) {
        let queued = |room: &&mut Room| room.membership == Membership::Queued;
        let Some(room) = self.rooms.get_mut(jid).filter(queued) else {
            return;
        };
        self.joining.push_back((self.now.tick, jid.clone()));
        if self.services[room.service].module.serves() {
            return self.join(jid);
        }
        room.membership = Membership::Probing;
        let list = Request::ListAffiliation(Affiliation::None);
        self.out
            .ask(jid.as_str(), list, Asker::Room(jid.clone(), RoomAsk::Probe));
    }

    /// Joins a room again whose answer may have been left out.
    pub fn join_once_more(&mut self, jid: &RoomJid) {
        if let Some(room) = self.rooms.get_mut(jid) {
            room.membership = Membership::Queued;
            self.join(jid);
        }
    }

    fn join(&mut self, jid: &RoomJid) {
        let now = self.now.tick;
        let queued = |room: &&mut Room| room.membership == Membership::Queued;
        let Some(room) = self.rooms.get_mut(jid).filter(queued) else {
            return;
        };
        // The module's answer has the facts that gavel would ask for.
        let serves = self.services[room.service].module.serves();
        room.membership = Membership::Joining;
        room.joining_since = now;
        room.occupants.clear();
        room.facts = None;
        room.reading = false;
        room.read_again = false;
        room.roll = None;
        let join = Outbound::Join {
            occupant: OccupantJid {
                room: jid.clone(),
                nick: room.nick.clone(),
            },
            password: room.password.clone(),
        };
        self.out.send(join);
        if !serves {
            self.read_configuration(jid);
        }
    }

    /// A refused join.
    pub fn join_failed(&mut self, jid: &RoomJid, error: &StanzaError) {
        let joining = |room: &&mut Room| room.membership == Membership::Joining;
        let Some(room) = self.rooms.get_mut(jid).filter(joining) else {
            return;
        };
        room.membership = Membership::Queued;
        if error.is("conflict") && room.nick == self.settings.nick {
            let letters = rand::distr::Alphanumeric;
            let tail: String = (0..8)
                .map(|_| char::from(self.random.sample(letters)))
                .collect();
            room.nick = Nick::new(format!("{}_{tail}", self.settings.nick));
            return self.join(jid);
        }
        if error.is("item-not-found") && self.services[room.service].module.serves() {
            self.drop(jid);
            return self.join_next();
        }
        if error.is("not-authorized") && self.password_is_new(jid) {
            return self.join(jid);
        }
        if ["registration-required", "forbidden", "not-allowed"].contains(&&*error.condition) {
            self.own(jid);
        }
        self.join_refused(jid, error);
        self.join_next();
    }

    /// Says whether the configuration holds a password that was not tried yet.
    pub(super) fn password_is_new(&mut self, jid: &RoomJid) -> bool {
        let Some(room) = self.rooms.get_mut(jid) else {
            return false;
        };
        let known = room.facts.as_ref().and_then(|facts| facts.password.clone());
        let new = known.is_some() && known != room.password;
        if new {
            room.password = known;
        }
        new
    }

    fn join_refused(&mut self, jid: &RoomJid, error: &StanzaError) {
        let now = self.now.tick;
        let Some(room) = self.rooms.get_mut(jid) else {
            return;
        };
        room.membership = Membership::Out;
        let at = now + room.backoff.pause();
        room.not_before = Some(at);
        self.out.wake(at, Timer::Enter(jid.clone()));
        room.refusals += 1;
        // At first the password is on its way.
        let expected = u32::from(error.is("not-authorized"));
        if room.refusals == expected + 1 {
            let error = error.to_string();
            let room = jid.clone();
            self.out
                .report(Report::Warning(Warning::JoinRefused { room, error }));
        }
    }

    /// gavel's own presence, with status 110.
    pub fn own_presence(&mut self, jid: &RoomJid, nick: &str, presence: &Presence) {
        let Some(user) = &presence.muc_user else {
            return;
        };
        let Some(room) = self.rooms.get_mut(jid) else {
            return self.leave_stray(jid, nick);
        };
        let item = user.items.first();
        room.own_affiliation = item
            .and_then(|item| item.affiliation)
            .unwrap_or(Affiliation::None);
        room.own_role = item.and_then(|item| item.role).unwrap_or(Role::None);
        if let Some(roll) = &mut room.roll {
            roll.sees_gavel();
        }
        let created = user.has_status(status::ROOM_CREATED);
        match room.membership {
            Membership::In if !created && room.is_owned() => return self.read_unread(jid),
            Membership::In if !created => return self.own_if_needed(jid),
            Membership::In | Membership::Joining => {}
            Membership::Out | Membership::Probing | Membership::Queued => {
                return self.leave_stray(jid, nick);
            }
        }
        room.nick = Nick::new(nick);
        room.membership = Membership::In;
        if created {
            self.leave(jid, "it did not exist");
            return self.drop(jid);
        }
        self.joined(jid, presence.module.as_ref());
    }

    /// A join that took so long that gavel no longer wants it.
    fn leave_stray(&mut self, jid: &RoomJid, nick: &str) {
        let occupant = OccupantJid {
            room: jid.clone(),
            nick: Nick::new(nick),
        };
        self.out.send(Outbound::Leave { occupant });
    }

    fn joined(&mut self, jid: &RoomJid, said: Option<&stanza::Module>) {
        let (tick, unix_ms) = (self.now.tick, self.now.unix_ms);
        let Some(room) = self.rooms.get_mut(jid) else {
            return;
        };
        let (module, service) = (said.is_some(), room.service);
        room.module = module;
        room.joined_at = unix_ms;
        room.heard = tick;
        room.pinged = false;
        room.unread = false;
        room.not_before = None;
        room.refusals = 0;
        room.not_listed_before = None;
        room.leaving = None;
        room.lonely_since = None;
        room.backoff = Default::default();
        self.module_shown(service, said);
        let room = jid.clone();
        self.out.report(Report::Joined { room, module });
        self.own_if_needed(jid);
        self.out.emit(RoomEvent::Joined {
            room: jid.clone(),
            service,
            module,
        });
        self.watch_room(jid);
        self.show_everybody(jid);
        self.learn(jid, said);
        self.open_if_ready(jid);
        self.leave_if_lonely(jid);
        self.join_next();
    }

    /// Joins a room again that gavel is in, to be shown everybody again.
    pub fn rejoin(&mut self, jid: &RoomJid) {
        self.close(jid, false);
        self.queue_join(jid, Turn::Unknown);
    }

    /// A join is too long for Prosody.
    pub fn join_unsent(&mut self, jid: &RoomJid, error: &StanzaError) {
        let joining = |room: &Room| room.membership == Membership::Joining;
        if self.rooms.get(jid).is_some_and(joining) {
            self.join_failed(jid, error);
        }
    }

    /// A number that nobody can guess.
    pub fn nonce(&mut self) -> u64 {
        self.random.random()
    }
}
