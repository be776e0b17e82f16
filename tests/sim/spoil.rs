//! One stanza of a run that reaches gavel otherwise than it was sent.

use super::room::Written;
use super::world::World;
use gavel::engine::Input;
use gavel::muc::{Nick, RoomJid};
use gavel::stanza::{
    DisplayName, Evidence, EvidenceKind, Inbound, IqPayload, LeftOut, Presence, Unread,
};

/// The damage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spoil {
    /// It could not be read; sender and id could.
    Unread,
    /// No part of it could be read.
    Lost,
    /// The room's words in it were left out.
    Garbled,
    /// The sender's words in it were left out.
    Inflated,
}

impl Spoil {
    /// All that can become of it.
    pub const ALL: [Self; 4] = [Self::Unread, Self::Lost, Self::Garbled, Self::Inflated];

    fn apply(self, stanza: Inbound) -> Inbound {
        let (from, id) = match &stanza {
            Inbound::Presence(presence) => (presence.from.clone(), presence.id.clone()),
            Inbound::Message(message) => (message.from.clone(), message.id.clone()),
            Inbound::Iq(iq) => (iq.from.clone(), Some(iq.id.clone())),
            Inbound::Unread(_) => return stanza,
        };
        let room = LeftOut {
            room: true,
            ..LeftOut::default()
        };
        match (self, stanza) {
            (Self::Garbled, Inbound::Presence(presence)) => Inbound::Presence(Box::new(Presence {
                muc_user: None,
                left_out: room,
                ..*presence
            })),
            (Self::Garbled, Inbound::Message(mut message)) => {
                (message.muc_user, message.left_out) = (None, room);
                Inbound::Message(message)
            }
            (Self::Garbled, Inbound::Iq(mut iq)) => {
                (iq.payload, iq.left_out) = (IqPayload::Unread, room);
                Inbound::Iq(iq)
            }
            (Self::Inflated, Inbound::Presence(presence)) => {
                Inbound::Presence(Box::new(Presence {
                    evidence: Evidence {
                        left_out: Some(EvidenceKind::Bridge),
                        ..Evidence::default()
                    },
                    display_name: DisplayName::Absent,
                    left_out: LeftOut {
                        evidence: true,
                        name: true,
                        ..LeftOut::default()
                    },
                    whole: false,
                    ..*presence
                }))
            }
            (Self::Lost, _) => Inbound::Unread(Box::default()),
            _ => Inbound::Unread(Box::new(Unread {
                from: Some(from),
                id,
                why: "spoilt".into(),
            })),
        }
    }
}

impl World {
    /// The history is told no more of it than gavel is.
    pub(super) fn deliver_spoilt(&mut self, stanza: Inbound, how: Spoil) {
        self.spoilt = true;
        self.trace
            .push(format!("{} spoilt, {how:?}: {stanza:?}", self.now));
        if let Inbound::Iq(iq) = &stanza {
            self.open.remove(&iq.id);
        }
        let stanza = how.apply(stanza);
        if how == Spoil::Inflated {
            self.show_without_claims(&stanza);
        }
        let stanza = self.on_the_wire(stanza);
        self.handle(Input::Stanza(stanza));
    }

    /// The room's words are read all the same; the sender has no claims meanwhile.
    fn show_without_claims(&mut self, stanza: &Inbound) {
        let Inbound::Presence(presence) = stanza else {
            return;
        };
        let key: usize = std::str::from_utf8(&presence.raw).unwrap().parse().unwrap();
        let bare = Written {
            ticket: None,
            ..self.server.payloads[key].clone()
        };
        self.server.payloads.push(bare);
        let last = self.server.payloads.len() - 1;
        self.unread_claims.insert(presence.from.clone());
        let presence = Presence {
            raw: last.to_string().into(),
            ..(**presence).clone()
        };
        self.show_history(&Inbound::Presence(Box::new(presence)));
    }

    /// Says whether the claims of an occupant's last presence could not be read.
    pub fn cannot_read(&self, room: &RoomJid, nick: &str) -> bool {
        self.unread_claims.contains(&format!("{room}/{nick}"))
    }

    /// The history hears of people who have left unseen once gavel has found out.
    pub(super) fn note_ghosts(&mut self) {
        if !self.spoilt {
            return;
        }
        let rooms: Vec<RoomJid> = self.server.rooms.keys().cloned().collect();
        for jid in rooms {
            let known = self.engine.rooms().find(|room| room.jid == jid);
            let Some(known) = known.filter(|room| room.is_ready() && room.roll.is_none()) else {
                continue;
            };
            let seen = |nick: &String| known.occupants.contains_key(&Nick::new(nick.as_str()));
            let mut ghosts = self.history.nicks(&jid);
            ghosts.retain(|nick| !seen(nick));
            ghosts.retain(|nick| !self.server.rooms[&jid].occupants.contains_key(nick));
            for nick in ghosts {
                self.history.ghost(&jid, &nick);
            }
        }
    }
}
