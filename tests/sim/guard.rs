//! The entitlements that the module's guard was told, and the ones it should have been told.

use super::server::Server;
use super::world::World;
use gavel::muc::RoomJid;
use gavel::stanza::{Entitled, IqPayload};
use std::collections::BTreeMap;

/// The people named in a room, by bare JID.
pub type Named = BTreeMap<String, Entitled>;

impl Server {
    /// The module takes who is entitled in a room.
    pub(super) fn take_guard(
        &mut self,
        room: &RoomJid,
        all: bool,
        people: Vec<Entitled>,
    ) -> Result<IqPayload, &'static str> {
        let state = self.rooms.get_mut(room).ok_or("item-not-found")?;
        if !state.shadow {
            return Err("item-not-found");
        }
        let named = state.named.get_or_insert_default();
        if all {
            named.clear();
        }
        for person in people {
            match person.affiliation.moderates() {
                true => named.insert(person.jid.to_string(), person),
                false => named.remove(person.jid.as_str()),
            };
        }
        Ok(IqPayload::Empty)
    }
}

impl World {
    /// The people named in a room, by the local part of the JID, in order.
    pub fn named(&self, room: &RoomJid) -> Vec<String> {
        let named = self.server.rooms[room].named.as_ref().unwrap();
        let local = |jid: &String| jid.split('@').next().unwrap().to_owned();
        named.keys().map(local).collect()
    }
}
