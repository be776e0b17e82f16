//! People's actions, and their outcome. The actions reach gavel a little later.

use super::claims::Ticket;
use super::room::{Written, bare};
use super::server::FOCUS;
use super::world::World;
use gavel::muc::{Affiliation, Role, RoomJid};

impl World {
    pub fn try_join(
        &mut self,
        full: &str,
        room: &RoomJid,
        nick: &str,
        ticket: Option<Ticket>,
    ) -> Result<(), &'static str> {
        let written = Written {
            ticket,
            ..Written::default()
        };
        self.try_write(full, room, nick, written)
    }

    pub fn join(&mut self, full: &str, room: &RoomJid, nick: &str, ticket: Option<Ticket>) {
        self.try_join(full, room, nick, ticket).unwrap();
    }

    /// A presence as somebody writes it.
    pub fn write(&mut self, full: &str, room: &RoomJid, nick: &str, written: Written) {
        self.try_write(full, room, nick, written).unwrap();
    }

    pub fn try_write(
        &mut self,
        full: &str,
        room: &RoomJid,
        nick: &str,
        written: Written,
    ) -> Result<(), &'static str> {
        let done = self.server.present(full, room, nick, written);
        self.flush();
        done
    }

    pub fn leave(&mut self, full: &str, room: &RoomJid) {
        self.server.leave(full, room);
        self.flush();
    }

    pub fn set(
        &mut self,
        actor: Option<&str>,
        room: &RoomJid,
        jid: &str,
        affiliation: Affiliation,
    ) -> Result<(), &'static str> {
        let done = self.server.set_affiliation(actor, room, jid, affiliation);
        self.flush();
        done
    }

    pub fn role(
        &mut self,
        actor: Option<&str>,
        room: &RoomJid,
        nick: &str,
        role: Role,
    ) -> Result<(), &'static str> {
        let done = self.server.set_role(actor, room, nick, role);
        self.flush();
        done
    }

    /// A room that gavel is in, with a focus as Jitsi's are.
    pub fn open_room(&mut self, room: &RoomJid) {
        self.join(FOCUS, room, "focus", None);
        if !self.choice.module {
            self.server.invite(room);
            self.flush();
        }
        self.run(100);
    }

    /// The nick that a session has.
    pub fn nick_of(&self, room: &RoomJid, full: &str) -> Option<String> {
        super::room::nick_of(self.server.rooms.get(room)?, full)
    }

    /// The affiliation that the server has stored.
    pub fn has(&self, room: &RoomJid, jid: &str) -> Affiliation {
        self.server.rooms[room].stored(&bare(jid))
    }

    pub fn role_of(&self, room: &RoomJid, nick: &str) -> Role {
        self.server.rooms[room].occupants[nick].role
    }
}
