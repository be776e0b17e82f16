//! All names that are kept.

use super::blamed::Blamed;
use super::frozen::{Frozen, Guest};
use super::likeness::Likeness;
use crate::engine::hash::HashMap;
use crate::muc::{Nick, RoomJid};
use bytes::Bytes;

/// The names that are kept.
#[derive(Debug, Default)]
pub struct Names {
    /// The names that look alike, by the meeting's main room.
    pub(super) alike: HashMap<RoomJid, Likeness>,
    pub(super) kept: HashMap<RoomJid, HashMap<Nick, Frozen>>,
    /// Presences of people whose tokens wait for a key.
    pub(super) early: HashMap<(RoomJid, Nick), Bytes>,
    /// Prosody does not let gavel send in occupants' names.
    pub(super) refused: bool,
    pub(super) blamed: Blamed,
    pub(super) reverts: u64,
}

impl Names {
    /// Says whether the name of an occupant's token is kept for them.
    pub fn keep(&self, room: &RoomJid, nick: &Nick) -> bool {
        self.get(room, nick)
            .is_some_and(|frozen| frozen.guest().is_none())
    }

    /// Why an occupant is shown as a guest, if they are.
    pub fn guest(&self, room: &RoomJid, nick: &Nick) -> Option<&Guest> {
        let guest = self.get(room, nick)?.guest();
        guest.filter(|guest| !guest.ended)
    }

    /// Says whether any name is kept for an occupant.
    pub(super) fn knows(&self, room: &RoomJid, nick: &Nick) -> bool {
        self.get(room, nick).is_some()
    }

    pub(super) fn get(&self, room: &RoomJid, nick: &Nick) -> Option<&Frozen> {
        self.kept.get(room)?.get(nick)
    }

    /// The occupants that have a kept name, without people who have left.
    pub fn occupants(&self) -> impl Iterator<Item = (&RoomJid, &Nick)> {
        let rooms = self.kept.iter();
        let kept = rooms.flat_map(|(room, names)| names.keys().map(move |nick| (room, nick)));
        let early = self.early.keys().map(|(room, nick)| (room, nick));
        let alike = self.alike.values().flat_map(Likeness::seats);
        kept.chain(early).chain(alike)
    }

    /// The main rooms of meetings whose names are compared, and whether there are any.
    pub fn meetings(&self) -> impl Iterator<Item = (&RoomJid, bool)> {
        let alike = self.alike.iter();
        alike.map(|(main, alike)| (main, !alike.is_empty()))
    }

    /// Keeps a name.
    pub(super) fn put(&mut self, room: &RoomJid, nick: &Nick, frozen: Frozen) {
        let names = self.kept.entry(room.clone()).or_default();
        names.insert(nick.clone(), frozen);
    }

    /// Keeps a name no more.
    pub(super) fn let_go(&mut self, room: &RoomJid, nick: &Nick) -> Option<Frozen> {
        let names = self.kept.get_mut(room)?;
        let frozen = names.remove(nick);
        if names.is_empty() {
            self.kept.remove(room);
        }
        frozen
    }

    /// The names that look alike in a meeting.
    pub(super) fn alike(&mut self, main: &RoomJid) -> &mut Likeness {
        self.alike.entry(main.clone()).or_default()
    }

    /// Changes the record of the names of a meeting, if they are compared at all.
    pub(super) fn change_alike(&mut self, main: &RoomJid, change: impl FnOnce(&mut Likeness)) {
        let Some(alike) = self.alike.get_mut(main) else {
            return;
        };
        change(alike);
        if alike.is_empty() {
            self.alike.remove(main);
        }
    }

    /// Names may look alike from now on; or nobody is in any meeting any more.
    pub fn drop_likeness(&mut self) {
        self.alike.clear();
    }

    /// Says whether presence can be sent in an occupant's name, as far as is known.
    pub fn can_impersonate(&self) -> bool {
        !self.refused
    }

    /// How many presences were sent back.
    pub fn reverts(&self) -> u64 {
        self.reverts
    }

    /// The stream has ended: nobody is seen any more.
    pub fn lose_all(&mut self) {
        self.kept.clear();
        self.early.clear();
        self.alike.values_mut().for_each(|alike| alike.leave(None));
    }

    pub(super) fn get_mut(&mut self, room: &RoomJid, nick: &Nick) -> Option<&mut Frozen> {
        self.kept.get_mut(room)?.get_mut(nick)
    }

    /// An occupant is gone.
    pub(super) fn drop(&mut self, room: &RoomJid, nick: &Nick) -> Option<Frozen> {
        self.early.remove(&(room.clone(), nick.clone()));
        self.let_go(room, nick)
    }

    pub(super) fn close(&mut self, room: &RoomJid) {
        self.kept.remove(room);
        self.early.retain(|(of, _), _| of != room);
    }
}
