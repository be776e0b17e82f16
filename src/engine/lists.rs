//! A room's lists of those who have power in it (SPEC B1, B20).
//!
//! They are read as gavel comes, and then every few minutes: no affiliation rests on
//! one announcement having been heard.

use super::Engine;
use super::asker::{Answer, Asker, RoomAsk};
use super::meeting::rights::Event;
use super::time::Tick;
use super::timers::Timer;
use crate::muc::{Affiliation, BareJid, RoomJid};
use crate::stanza::{IqPayload, Item, Request};
use rand::RngExt;
use std::collections::BTreeSet;
use std::time::Duration;

/// The lists of each room are read at least this often.
const LISTS: Duration = Duration::from_secs(240);
/// And up to so much later, so that not all are read at once.
const SPREAD: u64 = 50_000;

impl Engine {
    /// Asks who holds power in the room, present or not (B1).
    pub(super) fn read_lists(&mut self, jid: &RoomJid) {
        for affiliation in [Affiliation::Owner, Affiliation::Admin] {
            self.read_list(jid, affiliation);
        }
        self.watch_lists(jid);
    }

    /// Asks who has `affiliation` in a room gavel is in.
    pub(super) fn read_list(&mut self, jid: &RoomJid, affiliation: Affiliation) {
        let Some(room) = self.rooms.get(jid).filter(|room| room.is_in()) else {
            return;
        };
        if let Some(items) = room.listed_as(affiliation) {
            self.listed_people(jid, affiliation, &items, true);
        } else {
            self.ask_list(jid, affiliation);
        }
    }

    fn ask_list(&mut self, jid: &RoomJid, affiliation: Affiliation) {
        if let Some(room) = self.rooms.get_mut(jid) {
            room.lists_asked += 1;
        }
        let asker = Asker::Room(jid.clone(), RoomAsk::List(affiliation));
        self.out
            .ask(jid.as_str(), Request::ListAffiliation(affiliation), asker);
    }

    /// A list has come, or not.
    pub(super) fn list_answered(&mut self, jid: &RoomJid, which: Affiliation, answer: Answer<'_>) {
        if let Some(room) = self.rooms.get_mut(jid) {
            room.lists_asked = room.lists_asked.saturating_sub(1);
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

    /// A list of the room's owners or admins: who is in it, and, where it is
    /// `complete`, who is not.
    pub(super) fn listed_people(
        &mut self,
        jid: &RoomJid,
        which: Affiliation,
        items: &[Item],
        complete: bool,
    ) {
        let main = self.rooms.get(jid).and_then(|room| room.meeting.clone());
        let Some(main) = main.filter(|main| main == jid) else {
            return;
        };
        let listed: Vec<BareJid> = items
            .iter()
            .filter_map(|item| item.jid.as_deref().and_then(BareJid::parse))
            .filter(|bare| !self.is_own(bare.as_str()))
            .filter(|bare| !self.settings.infrastructure.contains_bare(bare))
            .collect();
        let Some(meeting) = self.meetings.get(&main) else {
            return;
        };
        let mut stale = Vec::new();
        let mut shown = BTreeSet::new();
        let unlisted = meeting.people.iter();
        let unlisted = unlisted.filter(|(bare, _)| complete && !listed.contains(bare));
        for (bare, person) in unlisted {
            let (seated, rights) = (person.is_seated_in(&main), &person.rights);
            if seated && rights.shown() == Some(which) {
                shown.insert(bare.clone());
            }
            let unknown = rights.shown().is_none() && rights.is_ban_to_be_lifted();
            let doubted = rights.shown() == Some(which) || unknown && which == Affiliation::Outcast;
            if doubted && !seated {
                stale.push(bare.clone());
            }
        }
        stale.sort_unstable();
        for bare in &stale {
            self.apply(&main, bare, Event::Unlisted);
            self.out.save();
        }
        if which == Affiliation::Outcast {
            self.banned_unseen(&main, &listed);
        }
        for bare in &listed {
            if let Some(meeting) = self.meetings.get_mut(&main) {
                meeting.person(bare);
            }
            self.apply(&main, bare, Event::Shown(which));
        }
        self.compare_shown(jid, shown, &listed);
        for bare in stale.iter().chain(&listed) {
            self.mark(&main, bare);
        }
        if which == Affiliation::Admin {
            // Whoever is in neither list has none of the two.
            self.mark_everybody(&main);
        }
    }

    /// Reads a room's lists, and will again: no affiliation rests on what was
    /// announced alone.
    pub(super) fn read_lists_again(&mut self, jid: &RoomJid) {
        let room = self.rooms.get(jid).filter(|room| room.is_in());
        let meeting = room.and_then(|room| room.meeting.as_ref());
        if meeting != Some(jid) {
            return;
        }
        self.read_lists(jid);
        let called = self.rooms.get(jid).is_some_and(|room| room.roll.is_some());
        let banned = !called
            && self.meetings.get(jid).is_some_and(|meeting| {
                let mut people = meeting.people.values();
                people.any(|p| {
                    p.rights.shown() == Some(Affiliation::Outcast) || p.rights.is_ban_to_be_lifted()
                })
            });
        if banned {
            self.read_list(jid, Affiliation::Outcast);
        }
    }

    /// Some are `shown` as what the list does not say of them. Where that is new,
    /// something was missed.
    pub(super) fn compare_shown(
        &mut self,
        jid: &RoomJid,
        shown: BTreeSet<BareJid>,
        listed: &[BareJid],
    ) {
        let Some(room) = self.rooms.get_mut(jid) else {
            return;
        };
        room.unlisted.retain(|bare| !listed.contains(bare));
        let known = room.unlisted.len();
        room.unlisted.extend(shown);
        if room.unlisted.len() > known {
            self.doubt(jid);
        }
    }

    /// The list of those who are banned names somebody whose ban was missed.
    pub(super) fn banned_unseen(&mut self, main: &RoomJid, listed: &[BareJid]) {
        for bare in listed {
            let known = self
                .person(main, bare)
                .and_then(|person| person.rights.shown());
            if known.is_some_and(|known| known != Affiliation::Outcast) {
                self.observe(main, bare, Affiliation::Outcast, None, false);
            }
        }
    }

    /// When a room's lists are read next.
    pub(super) fn watch_lists(&mut self, jid: &RoomJid) {
        let spread = Duration::from_millis(self.random.random_range(0..SPREAD));
        let at: Tick = self.now.tick + LISTS + spread;
        self.out.wake(at, Timer::Lists(jid.clone()));
    }

    /// A list could not be had, and is asked for again later. Nothing tells what
    /// absent people have: what is known must do.
    fn list_unreadable(&mut self, jid: &RoomJid) {
        let now = self.now.tick;
        let Some(room) = self.rooms.get_mut(jid).filter(|room| room.is_in()) else {
            return;
        };
        let at = room.asking.next(now);
        room.asking.note(now);
        self.out.wake(at, Timer::Lists(jid.clone()));
        self.mark_everybody(jid);
    }
}
