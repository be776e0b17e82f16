//! People become infrastructure, or are it no more, as the configuration is read again.

use super::part::RoomPart;
use crate::engine::outbox::SeatNews;
use crate::muc::{Nick, RoomJid};
use std::collections::BTreeSet;

impl RoomPart<'_> {
    /// Moves people in and out of management. Answers the rooms that must show somebody
    /// again.
    pub fn manage_anew(&mut self) -> BTreeSet<RoomJid> {
        let mut unseen = BTreeSet::new();
        let mut jids: Vec<RoomJid> = self.rooms.keys().cloned().collect();
        jids.sort_unstable();
        for jid in &jids {
            for nick in self.misplaced(jid) {
                let Some(room) = self.rooms.get_mut(jid) else {
                    continue;
                };
                if room.occupants.get(&nick).is_some_and(|o| o.infrastructure) {
                    // Its evidence was never looked at: it is to come as others
                    // do.
                    room.occupants.remove(&nick);
                    unseen.insert(jid.clone());
                } else {
                    self.manage_no_more(jid, &nick);
                }
            }
        }
        unseen
    }

    /// The same once the meetings have dropped everybody who is not managed any more.
    pub fn manage_rest(&mut self, unseen: &BTreeSet<RoomJid>) {
        let mut jids: Vec<RoomJid> = self.rooms.keys().cloned().collect();
        jids.sort_unstable();
        for jid in &jids {
            // Owners who are away and were infrastructure may be people now.
            let room = self.rooms.get(jid);
            let meeting = room.and_then(|room| room.meeting.as_ref());
            if meeting == Some(jid) {
                self.read_lists(jid);
            }
            if !unseen.contains(jid) {
                self.leave_if_lonely(jid);
            }
        }
    }

    /// The nicks of occupants that have become infrastructure, or are it no more.
    fn misplaced(&self, jid: &RoomJid) -> Vec<Nick> {
        let infrastructure = &self.settings.infrastructure;
        let occupants = self.rooms.get(jid).into_iter();
        let occupants = occupants.flat_map(|room| &room.occupants);
        let misplaced = occupants.filter(|(_, o)| {
            let real = o.real.as_ref();
            o.infrastructure != real.is_some_and(|real| infrastructure.contains(real))
        });
        let mut nicks: Vec<Nick> = misplaced.map(|(nick, _)| nick.clone()).collect();
        nicks.sort_unstable();
        nicks
    }

    /// Somebody has become infrastructure.
    fn manage_no_more(&mut self, jid: &RoomJid, nick: &Nick) {
        let room = self.rooms.get_mut(jid);
        let Some(occupant) = room.and_then(|room| room.occupants.get_mut(nick)) else {
            return;
        };
        occupant.infrastructure = true;
        occupant.held = None;
        self.out
            .tell_of_seat(SeatNews::Dropped(jid.clone(), nick.clone()));
        self.warn_without_module(jid);
    }
}
