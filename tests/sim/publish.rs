//! The presences and messages that the modelled room publishes to gavel, in the order in
//! which Prosody does.

use super::claims;
use super::room::{Occupant, Written, nick_of};
use super::server::Server;
use gavel::muc::{Affiliation, Role, RoomJid};
use gavel::stanza::{
    Actor, Evidence, Inbound, Item, Message, MessageKind, MucUser, Presence, PresenceKind,
};

impl Server {
    /// `room_mt:publicise_occupant_status`: to gavel, that is.
    pub(super) fn publicise(
        &mut self,
        room: &RoomJid,
        nick: &str,
        occupant: &Occupant,
        codes: &[u16],
        actor: Option<&str>,
        new_nick: Option<&str>,
    ) {
        let own = occupant.bare == self.gavel_bare();
        let affiliation = self.affiliation(room, &occupant.bare);
        let state = &self.rooms[room];
        let gavel_in = state
            .occupants
            .values()
            .any(|o| o.bare == self.gavel_bare());
        let hidden = state.hides && !state.shadow && !own;
        if hidden || !(own || gavel_in || state.shadow) {
            return;
        }
        let actor = actor.map(|jid| Actor {
            jid: Some(jid.to_owned()),
            nick: nick_of(state, jid),
        });
        let item = |session: &String| Item {
            jid: Some(session.clone()),
            nick: new_nick.map(str::to_owned),
            affiliation: Some(affiliation),
            role: Some(occupant.role),
            actor: actor.clone(),
        };
        let mut status = codes.to_vec();
        if own {
            status.push(110);
        }
        let user = MucUser {
            items: occupant.sessions.iter().map(item).collect(),
            status,
            ..MucUser::default()
        };
        let mut evidence = match (own, state.shadow) {
            (true, _) => Evidence::default(),
            (_, false) => claims::shown(occupant.presence.ticket.as_ref()),
            (_, true) => claims::bridged(
                occupant.presence.ticket.as_ref(),
                &self.stream_id,
                &occupant.sessions[0],
                &format!("{room}/{nick}"),
            ),
        };
        let module = (own && state.shadow).then(|| self.said_of(room));
        let given = self
            .rooms
            .get_mut(room)
            .and_then(|room| room.given.remove(nick));
        let permitted = self.digest_of(&occupant.sessions[0], room);
        if let Some(bridge) = &mut evidence.bridge {
            bridge.given = given;
            bridge.permitted = permitted;
        }
        let available = occupant.role != Role::None;
        let presence = self.presence(room, nick, &occupant.presence, user, available);
        self.out.push(Inbound::Presence(Box::new(Presence {
            evidence: if available {
                evidence
            } else {
                Evidence::default()
            },
            module,
            ..presence
        })));
    }

    pub(super) fn presence(
        &mut self,
        room: &RoomJid,
        nick: &str,
        written: &Written,
        user: MucUser,
        available: bool,
    ) -> Presence {
        self.payloads.push(written.clone());
        let key = self.payloads.len() - 1;
        Presence {
            from: format!("{room}/{nick}"),
            to: self.gavel_full(),
            id: written.id.clone(),
            kind: match available {
                true => PresenceKind::Available,
                false => PresenceKind::Unavailable,
            },
            muc_user: Some(user),
            display_name: written.name.clone(),
            evidence: Evidence::default(),
            machine: written.machine,
            module: None,
            raw: key.to_string().into(),
            whole: true,
            left_out: Default::default(),
        }
    }

    /// Sets whether presence is hidden from others. People who are hidden from now on are
    /// shown to leave, people who are shown from now on to come.
    pub fn hide(&mut self, room: &RoomJid, hides: bool) {
        let gavel = self.gavel_bare();
        let state = self.rooms.get_mut(room).unwrap();
        if std::mem::replace(&mut state.hides, hides) == hides {
            return;
        }
        let others = state.occupants.iter().filter(|(_, o)| o.bare != gavel);
        let others = others.map(|(nick, o)| (nick.clone(), o.clone()));
        for (nick, occupant) in others.collect::<Vec<_>>() {
            if hides && !self.rooms[room].shadow {
                self.rooms.get_mut(room).unwrap().hides = false;
                let gone = Occupant {
                    role: Role::None,
                    ..occupant
                };
                self.publicise(room, &nick, &gone, &[], None, None);
                self.rooms.get_mut(room).unwrap().hides = true;
            } else if !hides {
                self.publicise(room, &nick, &occupant, &[], None, None);
            }
        }
        let user = MucUser {
            status: vec![104],
            ..MucUser::default()
        };
        if self.gavel_sees(room) {
            self.room_message(room, user, MessageKind::Groupchat);
        }
    }

    pub(super) fn show_everybody(&mut self, room: &RoomJid) {
        self.hide(room, false);
    }

    /// A message from the room about somebody who is not in it. Prosody names the change
    /// for somebody absent, the module also its maker.
    pub(super) fn announce(
        &mut self,
        room: &RoomJid,
        bare: &str,
        affiliation: Affiliation,
        actor: Option<&str>,
    ) {
        if !self.gavel_sees(room) {
            return;
        }
        let nick = |jid| self.rooms.get(room).and_then(|room| nick_of(room, jid));
        let item = Item {
            jid: Some(bare.to_owned()),
            affiliation: Some(affiliation),
            actor: actor.filter(|_| self.module).map(|jid| Actor {
                jid: Some(jid.to_owned()),
                nick: nick(jid),
            }),
            ..Item::default()
        };
        let user = MucUser {
            items: vec![item],
            ..MucUser::default()
        };
        self.out.push(Inbound::Message(Box::new(Message {
            from: room.to_string(),
            to: self.gavel_full(),
            id: None,
            kind: MessageKind::Normal,
            muc_user: Some(user),
            left_out: Default::default(),
        })));
    }

    pub fn gavel_sees(&self, room: &RoomJid) -> bool {
        let gavel = self.gavel_bare();
        self.rooms.get(room).is_some_and(|room| {
            room.shadow
                || room
                    .occupants
                    .values()
                    .any(|occupant| occupant.bare == gavel)
        })
    }
}
