//! Locking a room that has no host, and opening it again.
//!
//! A members-only room throws out everybody with affiliation none (XEP-0045 §10.2 leaves
//! that to the service; Prosody does), so everybody becomes a member before: people by the
//! usual comparison, infrastructure here. The room's configuration is changed only when all
//! are members.

use super::again::AGAIN;
use crate::engine::asker::{Answer, Asker, HostAsk};
use crate::engine::meeting::part::MeetingPart;
use crate::engine::order::Order;
use crate::engine::room::Room;
use crate::engine::timers::Timer;
use crate::engine::warning::Warning;
use crate::muc::{Affiliation, BareJid, RealJid, RoomJid};
use crate::stanza::{Request, StanzaError};

impl MeetingPart<'_> {
    /// Says whether newcomers are kept out, by gavel or by others. A room that gavel locked
    /// and somebody has opened is not locked again before another such time.
    pub fn is_closed(&mut self, main: &RoomJid) -> bool {
        let Some(room) = self.rooms.get(main) else {
            return false;
        };
        let (members_only, reading) = (room.members_only(), room.reading);
        let Some(meeting) = self.meetings.get_mut(main) else {
            return false;
        };
        let absence = &mut meeting.absence;
        if absence.locked && !absence.asked && !reading && !members_only {
            absence.locked = false;
            absence.is_over();
            self.out.save();
        }
        members_only
    }

    /// Makes the room members-only, once everybody present is a member.
    pub fn close(&mut self, main: &RoomJid) {
        let Some(meeting) = self.meetings.get_mut(main) else {
            return;
        };
        if !std::mem::replace(&mut meeting.absence.closing, true) {
            self.mark_everybody(main);
            self.admit_infrastructure(main);
            return;
        }
        if self.would_lose_somebody(main) {
            return self.admit_infrastructure(main);
        }
        self.set_members_only(main, true);
    }

    /// Opens the room if it was gavel that locked it.
    pub fn open(&mut self, main: &RoomJid) {
        let now = self.now.tick;
        let Some(meeting) = self.meetings.get(main) else {
            return;
        };
        let absence = &meeting.absence;
        if !absence.locked || absence.asked {
            return;
        }
        if let Some(at) = absence.not_before.filter(|at| *at > now) {
            return self.out.wake(at, Timer::Host(main.clone()));
        }
        self.set_members_only(main, false);
    }

    fn set_members_only(&mut self, main: &RoomJid, on: bool) {
        if let Some(meeting) = self.meetings.get_mut(main) {
            meeting.absence.asked = true;
            // From now on it may be locked, whatever the reply says.
            meeting.absence.locked = true;
            self.out.save();
            let purpose = Asker::Host(main.clone(), HostAsk::MembersOnly(on));
            self.out
                .ask(main.as_str(), Request::MembersOnly(on), purpose);
        }
    }

    /// Says whether somebody present would be thrown out, or could not come back from a
    /// breakout room.
    fn would_lose_somebody(&self, main: &RoomJid) -> bool {
        let stays = |affiliation| affiliation != Affiliation::None;
        let occupants = self.rooms.get(main).into_iter();
        let mut occupants = occupants.flat_map(|room| room.occupants.values());
        let people = self.meetings.get(main).into_iter();
        let people = people.flat_map(|meeting| meeting.people.values());
        let mut present = people.filter(|person| person.is_present());
        !occupants.all(|occupant| stays(occupant.affiliation))
            || !present.all(|person| person.rights.shown().is_some_and(stays))
    }

    /// Makes infrastructure members; gavel does not manage it otherwise.
    fn admit_infrastructure(&mut self, main: &RoomJid) {
        let Some(room) = self.rooms.get(main) else {
            return;
        };
        let occupants = room.occupants.values();
        let strangers =
            occupants.filter(|o| o.infrastructure && o.affiliation == Affiliation::None);
        let strangers = strangers.filter_map(|o| o.real.as_ref().map(RealJid::bare));
        let mut strangers: Vec<BareJid> = strangers.collect();
        strangers.sort_unstable();
        for bare in strangers {
            let Some(meeting) = self.meetings.get_mut(main) else {
                return;
            };
            if !meeting.absence.admitted.insert(bare.clone()) {
                continue;
            }
            let request = Request::SetAffiliation {
                jid: bare.to_string(),
                affiliation: Affiliation::Member,
            };
            self.out.ask(
                main.as_str(),
                request,
                Asker::Host(main.clone(), HostAsk::Admit),
            );
        }
    }

    /// Prosody has locked or opened a room, or not.
    pub fn members_only_answered(&mut self, main: &RoomJid, on: bool, answer: Answer<'_>) {
        match answer {
            Answer::Result(_) | Answer::Partial(_) => self.members_only_set(main, on),
            Answer::Error(error) => self.members_only_refused(main, on, error),
            Answer::Silence | Answer::Unread => self.members_only_unanswered(main),
        }
    }

    /// A room was locked, or opened.
    fn members_only_set(&mut self, main: &RoomJid, on: bool) {
        let Some(room) = self.rooms.get(main) else {
            return;
        };
        let module = room.module;
        self.out.order(Order::MembersOnly(main.clone(), on));
        let Some(meeting) = self.meetings.get_mut(main) else {
            return;
        };
        meeting.absence.asked = false;
        meeting.absence.not_before = None;
        meeting.absence.closing = false;
        meeting.absence.locked = on;
        self.out.save();
        self.tell_absence(
            main,
            match on {
                true => "no host came: the room was made members-only",
                false => "the room was opened again",
            },
        );
        self.mark_everybody(main);
        if on && !module {
            let service = main.service().to_owned();
            self.out.warn_once(Warning::LockWithoutModule { service });
        }
    }

    /// Prosody has refused to lock or open a room.
    fn members_only_refused(&mut self, main: &RoomJid, on: bool, error: &StanzaError) {
        if let Some(meeting) = self.meetings.get_mut(main) {
            meeting.absence.locked = !on;
            self.out.save();
        }
        self.absence_refused(main, error);
    }

    /// Nobody knows whether a room was locked or opened: it is read.
    fn members_only_unanswered(&mut self, main: &RoomJid) {
        let inside = self.rooms.get(main).is_some_and(Room::is_in);
        if inside {
            self.out.order(Order::Configuration(main.clone()));
        }
        if let Some(meeting) = self.meetings.get_mut(main) {
            meeting.absence.asked = false;
            let again = self.now.tick + AGAIN;
            meeting.absence.not_before = Some(again);
            self.out.wake(again, Timer::Host(main.clone()));
        }
    }
}
