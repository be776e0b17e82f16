//! What the module's guard was told, and what it should have been.

use super::oracle::Allowed;
use super::room::bare;
use super::server::{FOCUS, Server};
use super::world::World;
use gavel::muc::{Affiliation, RoomJid};
use gavel::stanza::{Entitled, IqPayload};
use std::collections::BTreeMap;

/// Who is named in a room, by bare JID.
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
    /// The module knows who is entitled, in every room that gavel follows.
    pub fn check_guard(&self) {
        if !self.choice.module || !self.choice.policy.guard || !self.server.guards {
            return;
        }
        for (room, state) in &self.server.rooms {
            if !state.shadow {
                continue;
            }
            let named = state.named.as_ref();
            let named = named.unwrap_or_else(|| panic!("nothing was said of {room}"));
            let main = state.main.as_ref().unwrap_or(room);
            let mut people = self.oracle.people(main);
            people.extend(named.keys().cloned());
            for jid in people {
                let told = named.get(&jid).map(|who| (who.affiliation, who.promotes));
                let should = self.should_be_named(room, main, &jid);
                assert_eq!(told, should, "{jid} in {room}");
            }
        }
    }

    fn should_be_named(
        &self,
        room: &RoomJid,
        main: &RoomJid,
        jid: &str,
    ) -> Option<(Affiliation, bool)> {
        let mut seated = self.server.rooms[room].occupants.values();
        let here = room == main || seated.any(|occupant| occupant.bare == jid);
        if !here || jid == bare(FOCUS) || jid == self.server.gavel_bare() {
            return None;
        }
        let highest = match self.oracle.allowed(main, jid) {
            Allowed::Exactly(highest) | Allowed::AtMost(highest) => highest,
            // Of the absent the module sees that they have no claims.
            Allowed::Anything if self.oracle.present(main, jid) => Affiliation::Owner,
            Allowed::Anything | Allowed::NotBanned => Affiliation::None,
        };
        let promotes = self.oracle.power(main, jid).is_some();
        highest.moderates().then_some((highest, promotes))
    }

    /// Who is named in a room, by the local part of the JID, in order.
    pub fn named(&self, room: &RoomJid) -> Vec<String> {
        let named = self.server.rooms[room].named.as_ref().unwrap();
        let local = |jid: &String| jid.split('@').next().unwrap().to_owned();
        named.keys().map(local).collect()
    }
}
