//! The modelled server: its knowledge, and gavel's coming and going.

use super::answers::{error, form};
use super::arrival::Arrivals;
use super::permissions::Told;
use super::room::{Occupant, Room, Written, bare};
use gavel::muc::{Affiliation, Role, RoomJid};
use gavel::stanza::{
    DisplayName, Inbound, Iq, IqKind, IqPayload, Login, Message, MessageKind, Module, MucUser,
    Outbound, Presence, PresenceKind, RoomFacts,
};
use std::collections::{BTreeMap, BTreeSet};

pub const COMPONENT: &str = "gavel.meet.jitsi";
pub const FOCUS: &str = "focus@auth.meet.jitsi/focus";

/// Prosody, as far as gavel sees it.
pub struct Server {
    pub rooms: BTreeMap<RoomJid, Room>,
    /// mod_gavel is loaded.
    pub module: bool,
    /// The release of gavel that it belongs to.
    pub release: String,
    /// It names the facts of a room as gavel joins it. An older one does not, nor does one
    /// of a room with long lists.
    pub tells_facts: bool,
    /// It has the guard; the oldest do not.
    pub guards: bool,
    /// `admins` of the MUC services, bare.
    pub admins: BTreeSet<String>,
    /// `component_admins_as_room_owners`
    pub admins_own: bool,
    /// muc_meeting_id is loaded: joins wait for a focus.
    pub meeting_ids: bool,
    /// Every room has an id of its own.
    pub numbers_meetings: bool,
    /// Breakout rooms and their main rooms.
    pub breakouts: BTreeMap<RoomJid, RoomJid>,
    /// People about to enter.
    pub arrivals: Arrivals,
    /// How people log in, as the module tells it; nothing if it does not.
    pub logins: Option<Vec<Login>>,
    /// The permissions of people, as gavel has said.
    pub permissions: Told,
    /// Rooms that have ended, not yet told.
    pub ended: Vec<RoomJid>,
    pub meetings: u32,
    pub stream_id: String,
    /// Presences as they were written, by the number that is their `raw`.
    pub payloads: Vec<Written>,
    /// The stanzas to gavel.
    pub out: Vec<Inbound>,
    /// The number of rooms that a join of gavel's has created.
    pub created_by_gavel: u32,
    /// Presences sent in occupants' names, and messages to occupants.
    pub reverts: u32,
    pub notices: u32,
    /// Occupants' clients send messages back.
    pub refuses_notices: bool,
    /// Requests for a role are refused.
    pub refuse_roles: bool,
    /// `validate_from_addresses`
    pub validates: bool,
    /// A revert was sent that the server does not take.
    pub invalid_from: bool,
}

impl Server {
    pub fn new(module: bool) -> Self {
        let gavel = format!("gavel@{COMPONENT}");
        Self {
            rooms: BTreeMap::new(),
            module,
            release: gavel::engine::module::RELEASE.to_owned(),
            tells_facts: true,
            guards: true,
            admins: BTreeSet::from([gavel]),
            admins_own: true,
            meeting_ids: false,
            numbers_meetings: false,
            breakouts: BTreeMap::new(),
            arrivals: Arrivals::default(),
            logins: None,
            permissions: Told::default(),
            ended: Vec::new(),
            meetings: 0,
            stream_id: String::new(),
            payloads: Vec::new(),
            out: Vec::new(),
            created_by_gavel: 0,
            reverts: 0,
            notices: 0,
            refuses_notices: false,
            refuse_roles: false,
            validates: false,
            invalid_from: false,
        }
    }

    /// The module's description of itself.
    pub(super) fn said(&self, service: &str) -> Module {
        Module {
            version: self.release.clone(),
            permitted: self.permissions.digest_of_service(service),
            logins: self.logins.clone(),
            ..Module::default()
        }
    }

    /// The same in its answer to gavel's join of a room.
    pub(super) fn said_of(&self, room: &RoomJid) -> Module {
        let facts = || {
            let powers = [Affiliation::Owner, Affiliation::Admin, Affiliation::Outcast];
            RoomFacts {
                configuration: form(&self.rooms[room]),
                affiliations: powers
                    .into_iter()
                    .flat_map(|of| self.list(room, of))
                    .collect(),
            }
        };
        Module {
            room: self.tells_facts.then(|| Box::new(facts())),
            ..self.said(room.service())
        }
    }

    pub fn gavel_bare(&self) -> String {
        format!("gavel@{COMPONENT}")
    }

    pub fn gavel_full(&self) -> String {
        format!("gavel@{COMPONENT}/gavel")
    }

    /// A room is made by its first occupant.
    pub fn create(&mut self, jid: &RoomJid) {
        let mut room = Room::new(jid);
        room.main = self.breakouts.get(jid).cloned();
        self.meetings += 1;
        room.meeting_id = self.numbers_meetings.then(|| format!("m{}", self.meetings));
        self.rooms.insert(jid.clone(), room);
    }

    /// The module asks gavel into a room; so can anybody in it.
    pub fn invite(&mut self, room: &RoomJid) {
        self.invite_by(room, None);
    }

    /// The module says who has entered.
    fn invite_by(&mut self, room: &RoomJid, inviter: Option<String>) {
        let user = MucUser {
            invite: true,
            inviter,
            ..MucUser::default()
        };
        self.room_message(room, user, MessageKind::Normal);
    }

    pub fn room_message(&mut self, room: &RoomJid, user: MucUser, kind: MessageKind) {
        self.out.push(Inbound::Message(Box::new(Message {
            from: room.to_string(),
            to: self.gavel_full(),
            id: None,
            kind,
            muc_user: Some(user),
            left_out: Default::default(),
        })));
    }

    fn refuse_notice(&mut self, from: &str, id: String) {
        self.out.push(Inbound::Message(Box::new(Message {
            from: from.to_owned(),
            to: self.gavel_full(),
            id: Some(id),
            kind: MessageKind::Error(error("service-unavailable")),
            muc_user: None,
            left_out: Default::default(),
        })));
    }

    /// After somebody's join: creator's ownership, invitations, waiting joins.
    pub(super) fn after_join(&mut self, room: &RoomJid, who: &str, created: bool) {
        if created && who == bare(FOCUS) {
            let room = self.rooms.get_mut(room).unwrap();
            room.affiliations.insert(who.to_owned(), Affiliation::Owner);
            let seated = room.occupants.values_mut();
            seated.for_each(|occupant| occupant.role = Role::Moderator);
        }
        if self.module && !self.rooms[room].shadow {
            let inviter = self.tells_facts.then(|| who.to_owned());
            self.invite_by(room, inviter);
        }
        if who == bare(FOCUS) {
            let waiting = std::mem::take(&mut self.rooms.get_mut(room).unwrap().waiting);
            for nick in waiting {
                self.admit(room, &nick);
            }
        }
    }

    /// The component's stream is open.
    pub fn connected(&mut self, stream_id: &str) {
        self.stream_id = stream_id.to_owned();
        self.arrivals.forget();
        if self.module {
            let live = self
                .rooms
                .values()
                .filter(|room| !room.occupants.is_empty());
            let live: Vec<RoomJid> = live.map(|room| room.jid.clone()).collect();
            live.iter().for_each(|room| self.invite(room));
        }
    }

    /// The component's stream is gone; ordinary occupants of it stay as ghosts
    /// until something bounces, so they are put out here.
    pub fn disconnected(&mut self) {
        let gavel = self.gavel_bare();
        let rooms: Vec<RoomJid> = self.rooms.keys().cloned().collect();
        for room in rooms {
            let state = self.rooms.get_mut(&room).unwrap();
            (state.shadow, state.named) = (false, None);
            state.waiting.clear();
            state.occupants.retain(|_, occupant| occupant.bare != gavel);
            self.end_if_empty(&room);
        }
        self.out.clear();
    }

    /// Takes a stanza of gavel's.
    pub fn receive(&mut self, stanza: Outbound) {
        match stanza {
            Outbound::Join { occupant, password } => {
                self.join(&occupant.room, occupant.nick.as_str(), password);
            }
            Outbound::Leave { occupant } => self.leave_gavel(&occupant.room),
            Outbound::Iq { id, to, request } => {
                let (kind, payload) = match self.answer(&to, request) {
                    Ok(payload) => (IqKind::Result, payload),
                    Err(condition) => (IqKind::Error(error(condition)), IqPayload::Empty),
                };
                self.out.push(Inbound::Iq(Box::new(Iq {
                    from: to,
                    to: self.gavel_full(),
                    id,
                    kind,
                    payload,
                    left_out: Default::default(),
                })));
            }
            Outbound::Reply { id, reply, .. } => {
                self.permit_ahead(&id, &reply);
                self.arrivals.answered(&id, reply);
            }
            Outbound::Foreign { .. } | Outbound::Space(_) | Outbound::Announce { .. } => {}
            Outbound::Revert {
                from,
                to,
                id,
                name,
                presence,
            } => {
                self.reverts += 1;
                self.invalid_from |= self.validates;
                let key: usize = std::str::from_utf8(&presence).unwrap().parse().unwrap();
                let mut written = self.payloads[key].clone();
                written.id = Some(id);
                written.name = name.map_or(written.name, |name| DisplayName::Plain(name.into()));
                let joined = self.rooms.get(&to.room);
                let joined = joined.and_then(|room| super::room::nick_of(room, from.as_str()));
                if joined.is_some() && !self.validates {
                    let _ = self.present(from.as_str(), &to.room, to.nick.as_str(), written);
                }
            }
            Outbound::Notify { occupant, id, .. } => {
                self.notices += 1;
                if self.refuses_notices {
                    self.refuse_notice(&occupant.to_string(), id);
                }
            }
        }
    }

    fn join(&mut self, room: &RoomJid, nick: &str, password: Option<String>) {
        if self.module {
            if !self.rooms.contains_key(room) {
                return self.refuse(room, nick, "item-not-found");
            }
            return self.admit(room, nick);
        }
        let gavel = self.gavel_bare();
        if !self.rooms.contains_key(room) {
            self.created_by_gavel += 1;
            self.create(room);
            let state = self.rooms.get_mut(room).unwrap();
            state.affiliations.insert(gavel, Affiliation::Owner);
            return self.seat_gavel(room, nick, &[201]);
        }
        let affiliation = self.affiliation(room, &gavel);
        let state = self.rooms.get_mut(room).unwrap();
        // An occupant who is in and joins again is shown everybody again.
        let taken = state.occupants.get(nick).is_some_and(|o| o.bare != gavel);
        let refusal = match affiliation {
            Affiliation::Outcast => Some("forbidden"),
            Affiliation::None if state.members_only => Some("registration-required"),
            _ if state.password != password && state.password.is_some() => Some("not-authorized"),
            _ if taken => Some("conflict"),
            _ => None,
        };
        if let Some(condition) = refusal {
            return self.refuse(room, nick, condition);
        }
        if self.meeting_ids && !state.occupants.values().any(|o| o.bare == bare(FOCUS)) {
            return state.waiting.push(nick.to_owned());
        }
        self.admit(room, nick);
    }

    /// The occupant list, then gavel's own presence.
    fn admit(&mut self, room: &RoomJid, nick: &str) {
        if self.module {
            let state = self.rooms.get_mut(room).unwrap();
            (state.shadow, state.named) = (true, None);
        }
        let others: Vec<(String, Occupant)> = self.rooms[room]
            .occupants
            .iter()
            .filter(|(_, occupant)| occupant.bare != self.gavel_bare())
            .map(|(nick, occupant)| (nick.clone(), occupant.clone()))
            .collect();
        self.seat_gavel(room, nick, &[]);
        let own = self.out.pop().unwrap();
        for (nick, occupant) in others {
            self.publicise(room, &nick, &occupant, &[], None, None);
        }
        self.out.push(own);
    }

    fn seat_gavel(&mut self, room: &RoomJid, nick: &str, codes: &[u16]) {
        let affiliation = self.affiliation(room, &self.gavel_bare());
        let occupant = Occupant {
            bare: self.gavel_bare(),
            sessions: vec![self.gavel_full()],
            role: match affiliation.moderates() {
                true => Role::Moderator,
                false => Role::Participant,
            },
            presence: Written::default(),
        };
        if !self.module {
            let state = self.rooms.get_mut(room).unwrap();
            state.occupants.insert(nick.to_owned(), occupant.clone());
        }
        self.publicise(room, nick, &occupant, codes, None, None);
    }

    fn refuse(&mut self, room: &RoomJid, nick: &str, condition: &str) {
        let user = MucUser::default();
        let presence = self.presence(room, nick, &Written::default(), user, false);
        self.out.push(Inbound::Presence(Box::new(Presence {
            kind: PresenceKind::Error(error(condition)),
            muc_user: None,
            ..presence
        })));
    }

    fn leave_gavel(&mut self, room: &RoomJid) {
        if let Some(state) = self.rooms.get_mut(room)
            && std::mem::take(&mut state.shadow)
        {
            return;
        }
        let full = self.gavel_full();
        self.leave(&full, room);
    }
}
