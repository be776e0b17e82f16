//! The conditions that must hold at any moment, and those after quiet.

use super::history::knows;
use super::room::bare;
use super::server::FOCUS;
use super::world::World;
use gavel::muc::{Role, RoomJid};
use gavel::policy::Guests;
use gavel::stanza::{Outbound, Request};

impl World {
    /// At most one request per person is under way, and none promotes somebody
    /// who is not entitled.
    pub(super) fn check_request(&mut self, stanza: &Outbound) {
        let Outbound::Iq { id, to, request } = stanza else {
            return;
        };
        let (room, jid, affiliation) = match request {
            Request::SetAffiliation { jid, affiliation } => {
                (RoomJid::parse(to).unwrap(), jid.clone(), Some(*affiliation))
            }
            Request::CommandSetAffiliation {
                room,
                jid,
                affiliation,
            } => (room.clone(), jid.clone(), Some(*affiliation)),
            Request::SetRole { nick, .. } => {
                let room = RoomJid::parse(to).unwrap();
                let seated = self.server.rooms.get(&room);
                let seated = seated.and_then(|room| room.occupants.get(nick.as_str()));
                let Some(seated) = seated.cloned() else {
                    return;
                };
                let main = self.server.rooms[&room].main.clone();
                (main.unwrap_or(room), seated.bare, None)
            }
            _ => return,
        };
        if jid == self.server.gavel_bare() {
            return;
        }
        let subject = (room.to_string(), jid.clone());
        let doubled = self.open.values().any(|open| *open == subject);
        assert!(
            !doubled,
            "{} ms: two requests at once for {subject:?}",
            self.now
        );
        self.open.insert(id.clone(), subject);
        if let Some(affiliation) = affiliation {
            self.check_asked(&room, &jid, affiliation);
        }
    }

    /// Affiliation and role requests sent since `from`.
    pub fn changes_since(&self, from: u64) -> Vec<(u64, Outbound)> {
        let is_change = |stanza: &Outbound| {
            matches!(
                stanza,
                Outbound::Iq {
                    request: Request::SetAffiliation { .. }
                        | Request::SetRole { .. }
                        | Request::CommandSetAffiliation { .. },
                    ..
                }
            )
        };
        let sent = self.sent.iter();
        sent.filter(|(at, stanza)| *at >= from && is_change(stanza))
            .cloned()
            .collect()
    }

    /// Everybody has the rights they should have, and gavel rests.
    pub fn check_quiet(&mut self) {
        self.lose_replies = 0;
        self.slow = 0;
        self.focus_fights_until = 0;
        self.run(60_000);
        // Spoils nothing from here on: it would be corrected while gavel rests.
        self.spoil.clear();
        self.run(60_000);
        let rested = self.now;
        self.run(60_000);
        let late = self.changes_since(rested);
        assert!(late.is_empty(), "gavel does not rest: {late:?}");
        self.check_history();
        self.check_roles();
        self.check_named();
        self.check_permissions();
    }

    /// Nobody moderates by role alone.
    fn check_roles(&mut self) {
        let policy = &self.choice.policy;
        if policy.guests == Guests::Ignore || !knows(policy) {
            return;
        }
        for (room, state) in &self.server.rooms {
            if !self.server.gavel_sees(room) {
                continue;
            }
            let main = state.main.as_ref().unwrap_or(room);
            for (nick, occupant) in &state.occupants {
                let meeting = self.history.meeting(main);
                let keeps = meeting.scene().may_be_kept(&occupant.bare);
                if keeps || meeting.may_have_anything(&occupant.bare) {
                    continue;
                }
                let has = self.server.affiliation(room, &occupant.bare);
                let moderates = occupant.role == Role::Moderator;
                let wrong = if state.main.is_some() {
                    moderates != has.moderates()
                } else {
                    moderates && !has.moderates()
                };
                let gavel = occupant.bare == self.server.gavel_bare();
                let focus = occupant.bare == bare(FOCUS);
                assert!(
                    !wrong || gavel || focus,
                    "{nick} in {room} is {} with affiliation {has}",
                    occupant.role
                );
            }
        }
    }
}
