//! A room's lists of those who have power in it (SPEC B1, B20).
//!
//! They are read as gavel comes, and then every few minutes: no affiliation rests on
//! one announcement having been heard.

use super::event::RoomEvent;
use super::part::RoomPart;
use crate::engine::asker::{Answer, Asker, RoomAsk};
use crate::engine::task::Task;
use crate::engine::time::Tick;
use crate::engine::timers::Timer;
use crate::muc::{Affiliation, BareJid, RoomJid};
use crate::stanza::{IqPayload, Item, Request};
use rand::RngExt;
use std::time::Duration;

/// The lists of each room are read at least this often.
const LISTS: Duration = Duration::from_secs(240);
/// And up to so much later, so that not all are read at once.
const SPREAD: u64 = 50_000;

impl RoomPart<'_> {
    /// Asks who holds power in the room, present or not (B1).
    pub fn read_lists(&mut self, jid: &RoomJid) {
        for affiliation in [Affiliation::Owner, Affiliation::Admin] {
            self.read_list(jid, affiliation);
        }
        self.watch_lists(jid);
    }

    /// Asks who has `affiliation` in a room gavel is in.
    pub fn read_list(&mut self, jid: &RoomJid, affiliation: Affiliation) {
        let Some(room) = self.rooms.get(jid).filter(|room| room.is_in()) else {
            return;
        };
        if let Some(items) = room.listed_as(affiliation) {
            self.listed_people(jid, affiliation, &items, true);
        } else if affiliation != Affiliation::Member || !room.members_asked {
            // The list of members can be long. Prosody answers in order: one that is asked
            // for already is newer than all that gavel has read.
            self.ask_list(jid, affiliation);
        }
    }

    fn ask_list(&mut self, jid: &RoomJid, affiliation: Affiliation) {
        if let Some(room) = self.rooms.get_mut(jid) {
            room.lists_asked += 1;
            room.members_asked |= affiliation == Affiliation::Member;
        }
        let asker = Asker::Room(jid.clone(), RoomAsk::List(affiliation));
        self.out
            .ask(jid.as_str(), Request::ListAffiliation(affiliation), asker);
    }

    /// A list has come, or not.
    pub fn list_answered(&mut self, jid: &RoomJid, which: Affiliation, answer: Answer<'_>) {
        if let Some(room) = self.rooms.get_mut(jid) {
            room.lists_asked = room.lists_asked.saturating_sub(1);
            room.members_asked &= which != Affiliation::Member;
            if room.lists_asked == 0 {
                // Nobody is elected before everybody's affiliation is known.
                self.out.todo(Task::Meeting(jid.clone()));
            }
        }
        match answer {
            Answer::Result(IqPayload::MucAdmin(items)) => {
                self.listed_people(jid, which, items, true);
            }
            Answer::Result(_) => {}
            Answer::Partial(payload) => {
                if let IqPayload::MucAdmin(items) = payload {
                    self.listed_people(jid, which, items, false);
                }
                self.list_unreadable(jid);
            }
            Answer::Unread => self.list_unreadable(jid),
            Answer::Error(error) => self.list_refused(jid, error),
            Answer::Silence => self.read_list(jid, which),
        }
    }

    /// A list of the room's owners or admins, or of its banned people. It says who is in
    /// it, and, if it is `complete`, also who is not.
    fn listed_people(
        &mut self,
        jid: &RoomJid,
        affiliation: Affiliation,
        items: &[Item],
        complete: bool,
    ) {
        let meeting = self.rooms.get(jid).and_then(|room| room.meeting.as_ref());
        if meeting == Some(jid) {
            self.out.emit(RoomEvent::Listed {
                room: jid.clone(),
                affiliation,
                jids: self.people_in(items),
                complete,
            });
        }
    }

    /// The people in a list.
    pub fn people_in(&self, items: &[Item]) -> Vec<BareJid> {
        let jids = items.iter().filter_map(|item| item.jid.as_deref());
        let people = jids.filter_map(BareJid::parse);
        people
            .filter(|bare| !self.settings.is_own(bare.as_str()))
            .filter(|bare| !self.settings.infrastructure.contains_bare(bare))
            .collect()
    }

    /// Reads a room's lists, and will again: no affiliation rests on announcements alone.
    pub fn read_lists_again(&mut self, jid: &RoomJid) {
        let room = self.rooms.get(jid).filter(|room| room.is_in());
        let meeting = room.and_then(|room| room.meeting.as_ref());
        if meeting != Some(jid) {
            return;
        }
        self.read_lists(jid);
        self.out.emit(RoomEvent::ListsAsked {
            room: jid.clone(),
            roll: self.rooms.get(jid).is_some_and(|room| room.roll.is_some()),
        });
    }

    /// When a room's lists are read next.
    pub fn watch_lists(&mut self, jid: &RoomJid) {
        let spread = Duration::from_millis(self.random.random_range(0..SPREAD));
        let at: Tick = self.now.tick + LISTS + spread;
        self.out.wake(at, Timer::Lists(jid.clone()));
    }

    /// A list could not be had, and is asked for again later. Nothing tells the
    /// affiliations of absent people: the known ones must do.
    fn list_unreadable(&mut self, jid: &RoomJid) {
        let now = self.now.tick;
        let Some(room) = self.rooms.get_mut(jid).filter(|room| room.is_in()) else {
            return;
        };
        let at = room.asking.next(now);
        room.asking.note(now);
        self.out.wake(at, Timer::Lists(jid.clone()));
        self.configured_anew(jid);
    }
}
