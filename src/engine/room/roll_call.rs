//! Reading a room again (SPEC B20).
//!
//! gavel's picture of a room rests on the stanzas it was sent, one after the other. If it
//! could not read one of them, or a list says otherwise, it asks the room to show everybody
//! again, as the room does when an occupant joins who is in already; a person who is not
//! shown is not there. Nobody loses anything by it, and everybody is judged meanwhile.
//!
//! Others can bring it about, so there is one such roll call of a room at a time,
//! with growing pauses in between. One in which something is left out again finds
//! nobody gone, and is repeated a few times only: the same thing would come back.

use super::event::RoomEvent;
use super::join::YOUNG;
use super::part::RoomPart;
use super::presence::Leave;
use super::roll::Roll;
use super::{Membership, Room};
use crate::engine::asker::{Answer, Asker, RoomAsk};
use crate::engine::task::Task;
use crate::engine::time::Tick;
use crate::engine::timers::Timer;
use crate::muc::{Affiliation, Nick, OccupantJid, RoomJid};
use crate::stanza::{Outbound, Request};
use std::time::Duration;

/// All omissions within this time lead to one roll call.
const GATHER: Duration = Duration::from_millis(200);
/// A roll call is repeated because something was left out of it so often. Decisions wait for
/// no more of them.
const REPEATS: u32 = 6;

impl Room {
    /// Says whether somebody may be in it unseen, which a roll call will show soon. Others
    /// can bring this about, so it ends with the first few of them.
    pub fn may_hide_people(&self, now: Tick) -> bool {
        (self.doubted || self.roll.is_some()) && self.doubts.done(now) <= REPEATS
    }
}

impl RoomPart<'_> {
    /// Something from a room was left out that could have mattered.
    pub fn doubt(&mut self, jid: &RoomJid) {
        let now = self.now.tick;
        let Some(room) = self.rooms.get_mut(jid) else {
            // An invitation perhaps.
            return self.enter_if_out(jid);
        };
        match room.membership {
            Membership::Out => self.enter_if_out(jid),
            // It is about to be read.
            Membership::Probing | Membership::Queued => {}
            // gavel's own presence perhaps.
            Membership::Joining => {
                room.doubted = true;
                let at = room.joining_since + YOUNG;
                self.out.wake(at.max(now), Timer::RollCall(jid.clone()));
            }
            Membership::In => match &mut room.roll {
                Some(roll) => roll.marred = true,
                None => {
                    room.doubted = true;
                    let at = room.doubts.next(now).max(now + GATHER);
                    self.out.wake(at, Timer::RollCall(jid.clone()));
                }
            },
        }
    }

    /// Calls the roll of a room that is in doubt. Without the module a join could
    /// create a room that has ended, so it is asked first whether it is there (B9).
    pub fn call_roll_if_due(&mut self, jid: &RoomJid) {
        let now = self.now.tick;
        let Some(room) = self.rooms.get_mut(jid).filter(|room| room.doubted) else {
            return;
        };
        let waits = room.membership == Membership::Joining;
        if !(waits || room.is_in()) {
            room.doubted = false;
            return;
        }
        let due = match waits {
            true => room.joining_since + YOUNG,
            false => room.doubts.next(now),
        };
        if due > now {
            return self.out.wake(due, Timer::RollCall(jid.clone()));
        }
        room.doubted = false;
        if waits {
            return self.join_once_more(jid);
        }
        room.doubts.note(now);
        if room.module {
            return self.call_roll(jid);
        }
        let list = Request::ListAffiliation(Affiliation::None);
        self.out.ask(
            jid.as_str(),
            list,
            Asker::Room(jid.clone(), RoomAsk::BeforeRoll),
        );
    }

    /// The room is there, or it has ended.
    pub fn found_before_roll(&mut self, jid: &RoomJid, answer: Answer<'_>) {
        match answer {
            Answer::Error(error) if error.is("item-not-found") => self.lost_sight(jid),
            Answer::Silence | Answer::Unread => self.roll_unanswered(jid),
            _ => self.call_roll(jid),
        }
    }

    fn call_roll(&mut self, jid: &RoomJid) {
        let Some(room) = self.rooms.get_mut(jid).filter(|room| room.is_in()) else {
            return;
        };
        room.roll = Some(Box::new(Roll {
            unseen: room.occupants.keys().cloned().collect(),
            own: false,
            marred: false,
        }));
        let room_is_main = room.meeting.as_ref() == Some(jid);
        self.see_anew(jid);
        // The module has said nothing to an occupant who joins again, and heard nothing from it.
        let room = jid.clone();
        self.out.emit(RoomEvent::RollCalled { room });
        self.read_configuration(jid);
        self.read_lists_again(jid);
        if room_is_main {
            self.read_list(jid, Affiliation::Outcast);
        }
        // Prosody answers in order: the presences have come by then.
        let last = Request::ListAffiliation(Affiliation::None);
        self.out.ask(
            jid.as_str(),
            last,
            Asker::Room(jid.clone(), RoomAsk::RollCall),
        );
    }

    /// The roll has been called, or nobody knows what came of it.
    pub fn roll_called(&mut self, jid: &RoomJid, answer: Answer<'_>) {
        if matches!(answer, Answer::Silence | Answer::Unread) {
            self.roll_unanswered(jid);
        } else {
            self.end_roll(jid);
        }
        // An election has waited for it.
        let main = self.rooms.get(jid).and_then(|room| room.meeting.clone());
        main.into_iter()
            .for_each(|main| self.out.todo(Task::Meeting(main)));
    }

    /// Everybody who is there has been shown.
    fn end_roll(&mut self, jid: &RoomJid) {
        let now = self.now.tick;
        let Some(room) = self.rooms.get_mut(jid).filter(|room| room.is_in()) else {
            return;
        };
        let Some(roll) = room.roll.take() else {
            return;
        };
        if roll.marred {
            if room.doubts.done(now) <= REPEATS {
                self.doubt(jid);
            }
            return;
        }
        if !roll.own {
            return self.lost_sight(jid);
        }
        let mut gone: Vec<Nick> = roll.unseen.into_iter().collect();
        gone.retain(|nick| room.occupants.contains_key(nick));
        gone.sort_unstable();
        for nick in &gone {
            self.left(jid, nick, Leave::default());
        }
        self.leave_if_lonely(jid);
    }

    /// Nobody knows who was shown.
    fn roll_unanswered(&mut self, jid: &RoomJid) {
        if let Some(room) = self.rooms.get_mut(jid) {
            room.roll = None;
            self.doubt(jid);
        }
    }

    /// Has a room show everybody who is in it.
    pub fn see_anew(&mut self, jid: &RoomJid) {
        let Some(room) = self.rooms.get(jid).filter(|room: &&Room| room.is_in()) else {
            return;
        };
        let join = Outbound::Join {
            occupant: OccupantJid {
                room: jid.clone(),
                nick: room.nick.clone(),
            },
            password: room.password.clone(),
        };
        self.out.send(join);
    }
}
