//! Rooms that become members-only, and Jitsi's lobby, which makes them so.

use super::room::bare;
use super::world::World;
use gavel::muc::{Affiliation, Role, RoomJid};
use gavel::stanza::{MessageKind, MucUser};

impl World {
    /// A submitted configuration form, after Prosody's `members_only.lib.lua`: everybody
    /// with affiliation none is thrown out with 322, then 104. Only they themselves and the
    /// module are told of the former.
    pub fn members_only(&mut self, room: &RoomJid, on: bool) {
        self.set_members_only(room, on);
        self.flush();
    }

    /// `create-lobby-room` of mod_muc_lobby_rooms, all of it before anybody else is served:
    /// everybody below member becomes a member, then the room is members-only, then 104.
    pub fn lobby_by_module(&mut self, room: &RoomJid) {
        for jid in self.less_than_members(room) {
            let server = &mut self.server;
            server
                .set_affiliation(None, room, &jid, Affiliation::Member)
                .unwrap();
        }
        self.members_only(room, true);
    }

    /// lib-jitsi-meet's first step when a moderator switches the lobby on; the
    /// configuration follows when it has read the form.
    pub fn members_by_client(&mut self, actor: &str, room: &RoomJid) {
        for jid in self.less_than_members(room) {
            self.set(Some(actor), room, &jid, Affiliation::Member)
                .unwrap();
        }
    }

    fn less_than_members(&self, room: &RoomJid) -> Vec<String> {
        let occupants = self.server.rooms[room].occupants.values();
        let less = occupants
            .map(|occupant| bare(&occupant.bare))
            .filter(|jid| self.server.affiliation(room, jid) < Affiliation::Member);
        less.collect()
    }

    fn set_members_only(&mut self, room: &RoomJid, on: bool) {
        let less = self.less_than_members(room);
        let state = self.server.rooms.get_mut(room).unwrap();
        if std::mem::replace(&mut state.members_only, on) == on {
            return;
        }
        let thrown_out = |jid: &String| on && less.contains(jid);
        let mut gone = Vec::new();
        state.occupants.retain(|nick, occupant| {
            let out = thrown_out(&occupant.bare);
            if out {
                occupant.role = Role::None;
                gone.push((nick.clone(), occupant.clone()));
            }
            !out
        });
        let shown = self.server.rooms[room].shadow;
        for (nick, occupant) in gone.into_iter().filter(|_| shown) {
            let server = &mut self.server;
            server.publicise(room, &nick, &occupant, &[322], None, None);
        }
        let user = MucUser {
            status: vec![104],
            ..MucUser::default()
        };
        self.server.room_message(room, user, MessageKind::Groupchat);
    }
}
