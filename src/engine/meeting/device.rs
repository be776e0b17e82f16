//! One user under several JIDs: grants, step-downs and elections pass from one
//! to the next (SPEC B3).

use super::known::Known;
use super::part::MeetingPart;
use super::rights::Event;
use super::users::Succession;
use crate::claims::UserId;
use crate::engine::room::event::Place;
use crate::engine::room::{Membership, Room};
use crate::muc::{BareJid, RoomJid};

impl MeetingPart<'_> {
    /// Remembers the verified user behind a JID.
    pub(super) fn remember_user(&mut self, place: &Place) {
        let now = self.now.unix_ms;
        let (main, bare) = (&place.main, &place.bare);
        let person = self.known().person(main, bare);
        let seat = person.and_then(|person| person.seat(&place.room, &place.nick));
        let credentials = seat.and_then(|seat| seat.credentials.as_ref());
        let user_id = credentials
            .filter(|credentials| credentials.source.is_verified())
            .and_then(|credentials| credentials.claims.user_id());
        let (Some(id), Some(person)) = (user_id, self.known().person(main, bare)) else {
            return;
        };
        let before = person.rights.user().filter(|before| **before != id);
        let before = before.cloned();
        if person.rights.user() != Some(&id) {
            self.apply(main, bare, Event::User(Some(&id)));
        }
        let Some(meeting) = self.meetings.get_mut(main) else {
            return;
        };
        if let Some(before) = before {
            meeting.users.drops(&before, bare, now);
        }
        if let Some(old) = meeting.users.came(&id, bare, now) {
            self.pass_on(main, &old, bare);
        }
    }

    /// Somebody who had this user id is there again. If they appear, they have to show it
    /// again.
    pub fn user_is_back(&mut self, main: &RoomJid, bare: &BareJid, id: &UserId, appears: bool) {
        let now = self.now.unix_ms;
        let Some(meeting) = self.meetings.get_mut(main) else {
            return;
        };
        if appears {
            return meeting.users.drops(id, bare, now);
        }
        if let Some(old) = meeting.users.came(id, bare, now) {
            self.pass_on(main, &old, bare);
        }
    }

    /// The last occupant of somebody is gone, `seen` or only lost sight of. This finds the
    /// person who has their rights from now on.
    pub fn succeed(&mut self, main: &RoomJid, bare: &BareJid, seen: bool) {
        let now = self.now.unix_ms;
        let Some(meeting) = self.meetings.get_mut(main) else {
            return;
        };
        let Some(person) = meeting.people.get(bare) else {
            return;
        };
        let awaited = person.rights.is_awaited();
        let at = person.rights.left_at().unwrap_or(now);
        let succession = match person.rights.user() {
            Some(id) if !seen => return meeting.users.out_of_sight(id, bare, now),
            Some(id) => meeting.users.left(id, bare, at, now),
            None => Succession::Nobody,
        };
        match succession {
            Succession::To(heir) => self.pass_on(main, bare, &heir),
            Succession::Awaited if awaited => self.await_elected(main),
            Succession::Awaited => {}
            Succession::Nobody => {
                self.apply(main, bare, Event::NotAwaited);
            }
        }
    }

    /// All rooms have been read: people who are out of sight now have left. If gavel was
    /// expelled from a room, it has to be in again first.
    pub fn succeed_unseen(&mut self, main: &RoomJid) {
        if !self.known().sees_all_of(main) {
            return;
        }
        let unseen = self
            .meetings
            .get(main)
            .map(|meeting| meeting.users.unseen());
        for (_, bare) in unseen.into_iter().flatten() {
            if self.known().person(main, &bare).is_none() {
                continue;
            }
            self.apply(main, &bare, Event::LeftUnseen { heirs: true });
            self.succeed(main, &bare, true);
            self.mark(main, &bare);
        }
    }

    /// Gives the holdings of `old` to `heir`, who is the same user.
    fn pass_on(&mut self, main: &RoomJid, old: &BareJid, heir: &BareJid) {
        let Some(meeting) = self.meetings.get(main) else {
            return;
        };
        let Some(person) = meeting.people.get(old).filter(|p| !p.is_present()) else {
            return;
        };
        let own = meeting.people.get(heir);
        if own.is_none_or(|heir| heir.rights.has_to_hand_over()) {
            // The heir keeps their own rights, so the election passes to nobody.
            self.apply(main, old, Event::NotAwaited);
            return;
        }
        let (rights, elected) = (&person.rights, person.rights.is_awaited());
        if !rights.has_to_hand_over() && !elected {
            return;
        }
        let handed = rights.to_hand_over();
        self.apply(main, old, Event::HandedOver);
        self.apply(main, heir, Event::TakenOver(handed));
        if elected {
            self.is_back(main, heir);
        }
        self.mark(main, old);
        self.mark(main, heir);
    }

    /// Somebody who was elected as they left is back. A person who was elected meanwhile
    /// has only stood in. If somebody moderates by another right, the election is over.
    pub fn is_back(&mut self, main: &RoomJid, bare: &BareJid) {
        self.apply(main, bare, Event::NotAwaited);
        if self.known().is_moderated_without(main, bare) {
            return;
        }
        self.end_elections_but(main, bare);
        self.apply(main, bare, Event::Elected);
    }
}

impl Known<'_> {
    /// Says whether gavel is in the main room, and in all breakout rooms that it has been in.
    fn sees_all_of(self, main: &RoomJid) -> bool {
        let now = self.now.tick;
        let returns = |room: &Room| match room.membership {
            Membership::Out => room.not_before.is_some_and(|at| at > now),
            _ => !room.is_ready(),
        };
        let mut breakouts = self.rooms.values();
        self.rooms.get(main).is_some_and(Room::is_ready)
            && !breakouts.any(|room| room.last_main.as_ref() == Some(main) && returns(room))
    }
}
