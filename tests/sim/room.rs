//! Rooms of the modelled MUC service and changes in them: after Prosody's `muc.lib.lua`.

use super::claims::Ticket;
use super::guard::Named;
use super::server::Server;
use gavel::muc::{Affiliation, Role, RoomJid};
use gavel::stanza::{DisplayName, Inbound, Item, MucUser};
use std::collections::BTreeMap;

/// A presence as its sender wrote it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Written {
    pub id: Option<String>,
    pub name: DisplayName,
    pub ticket: Option<Ticket>,
    /// It declares to be a recorder or a gateway.
    pub machine: bool,
    /// Stands for everything else in it.
    pub payload: u32,
}

/// Somebody in a room.
#[derive(Debug, Clone)]
pub struct Occupant {
    pub bare: String,
    /// Full JIDs; the first one's presence is shown.
    pub sessions: Vec<String>,
    pub role: Role,
    pub presence: Written,
}

/// A room.
#[derive(Debug, Clone)]
pub struct Room {
    pub jid: RoomJid,
    pub occupants: BTreeMap<String, Occupant>,
    pub affiliations: BTreeMap<String, Affiliation>,
    pub members_only: bool,
    /// People without an affiliation enter as visitors.
    pub moderated: bool,
    pub persistent: bool,
    pub password: Option<String>,
    /// The main room whose affiliations this breakout room shows.
    pub main: Option<RoomJid>,
    pub meeting_id: Option<String>,
    /// Nobody's presence is shown to others (`presencebroadcast`).
    pub hides: bool,
    /// Sets are answered and change nothing.
    pub ineffective: bool,
    /// The module hands gavel the published stanzas.
    pub shadow: bool,
    /// The affiliations with which people have entered by gavel's answer, until gavel is
    /// shown them; by nick.
    pub given: BTreeMap<String, Affiliation>,
    /// The people who are entitled, as the guard was told since gavel came.
    pub named: Option<Named>,
    /// gavel's joins that wait for a focus, by nick.
    pub waiting: Vec<String>,
}

impl Room {
    pub fn new(jid: &RoomJid) -> Self {
        Self {
            jid: jid.clone(),
            occupants: BTreeMap::new(),
            affiliations: BTreeMap::new(),
            members_only: false,
            moderated: false,
            persistent: false,
            password: None,
            main: None,
            meeting_id: None,
            hides: false,
            ineffective: false,
            shadow: false,
            given: BTreeMap::new(),
            named: None,
            waiting: Vec::new(),
        }
    }

    /// Affiliations as stored; none if there is none.
    pub fn stored(&self, bare: &str) -> Affiliation {
        let stored = self.affiliations.get(bare).copied();
        stored.unwrap_or(Affiliation::None)
    }

    fn default_role(&self, affiliation: Affiliation) -> Role {
        match affiliation {
            Affiliation::Owner | Affiliation::Admin => Role::Moderator,
            Affiliation::Outcast => Role::None,
            Affiliation::None if self.members_only => Role::None,
            Affiliation::None if self.moderated => Role::Visitor,
            Affiliation::Member | Affiliation::None => Role::Participant,
        }
    }
}

pub fn bare(jid: &str) -> String {
    jid.split('/').next().unwrap().to_owned()
}

impl Server {
    /// `room_mt:get_affiliation`, wrapped by the admins' and the module's.
    pub fn affiliation(&self, room: &RoomJid, bare: &str) -> Affiliation {
        let admin = self.admins_own && self.admins.contains(bare);
        let shadow = self.module && bare == self.gavel_bare();
        if admin || shadow {
            return Affiliation::Owner;
        }
        let main = self.rooms.get(room).and_then(|room| room.main.clone());
        let room = self.rooms.get(&main.unwrap_or_else(|| room.clone()));
        room.map_or(Affiliation::None, |room| room.stored(bare))
    }

    /// `room_mt:set_affiliation`; without actor it is a server module's.
    pub fn set_affiliation(
        &mut self,
        actor: Option<&str>,
        room: &RoomJid,
        jid: &str,
        affiliation: Affiliation,
    ) -> Result<(), &'static str> {
        let jid = bare(jid);
        if self.admins_own && self.admins.contains(&jid) && affiliation != Affiliation::Owner {
            return Err("not-acceptable");
        }
        let Some(state) = self.rooms.get(room) else {
            return Err("item-not-found");
        };
        let old = state.stored(&jid);
        if let Some(actor) = actor {
            let power = self.affiliation(room, &bare(actor));
            let high = affiliation.moderates() || old.moderates();
            let allowed = match power {
                Affiliation::Owner => true,
                Affiliation::Admin => !high,
                _ => false,
            };
            if !allowed {
                return Err("not-allowed");
            }
        }
        if state.ineffective {
            return Ok(());
        }
        self.arrivals.changed(room, &jid);
        self.store(room, &jid, affiliation);
        self.update_roles(room, &jid, affiliation, affiliation < old, actor);
        Ok(())
    }

    fn store(&mut self, room: &RoomJid, jid: &str, affiliation: Affiliation) {
        let state = self.rooms.get_mut(room).unwrap();
        match affiliation {
            Affiliation::None => state.affiliations.remove(jid),
            _ => state.affiliations.insert(jid.to_owned(), affiliation),
        };
    }

    fn update_roles(
        &mut self,
        room: &RoomJid,
        jid: &str,
        affiliation: Affiliation,
        lowered: bool,
        actor: Option<&str>,
    ) {
        let state = self.rooms.get_mut(room).unwrap();
        let role = state.default_role(affiliation);
        let mut touched = Vec::new();
        for (nick, occupant) in &mut state.occupants {
            if occupant.bare == jid {
                if lowered || occupant.role < role {
                    occupant.role = role;
                }
                touched.push((nick.clone(), occupant.clone()));
            }
        }
        state.occupants.retain(|_, o| o.role != Role::None);
        if touched.is_empty() {
            return self.announce(room, jid, affiliation, actor);
        }
        let code: &[u16] = match (role, affiliation) {
            (Role::None, Affiliation::Outcast) => &[301],
            (Role::None, _) => &[321],
            _ => &[],
        };
        for (nick, occupant) in touched {
            self.publicise(room, &nick, &occupant, code, actor, None);
        }
        self.end_if_empty(room);
    }

    /// `room_mt:set_role`; role none is a kick.
    pub fn set_role(
        &mut self,
        actor: Option<&str>,
        room: &RoomJid,
        nick: &str,
        role: Role,
    ) -> Result<(), &'static str> {
        let state = self.rooms.get(room).ok_or("item-not-found")?;
        let occupant = state.occupants.get(nick).ok_or("item-not-found")?.clone();
        if let Some(actor) = actor {
            let theirs = self.affiliation(room, &occupant.bare);
            let power = self.affiliation(room, &bare(actor));
            let by_module = self.module && bare(actor) == self.gavel_bare();
            let seated = nick_of(state, actor).and_then(|nick| state.occupants.get(&nick));
            let moderator = seated.is_some_and(|o| o.role == Role::Moderator);
            let moderating = occupant.role == Role::Moderator || role == Role::Moderator;
            let too_low = power < theirs || moderating && !power.moderates();
            if too_low || !(moderator || by_module) {
                return Err("not-allowed");
            }
        }
        if state.ineffective {
            return Ok(());
        }
        let occupant = Occupant { role, ..occupant };
        let occupants = &mut self.rooms.get_mut(room).unwrap().occupants;
        if role == Role::None {
            occupants.remove(nick);
            if self.meeting_ids {
                // muc_meeting_id: before the kick is published.
                self.store(room, &occupant.bare, Affiliation::None);
                self.announce(room, &occupant.bare, Affiliation::None, None);
            }
            self.publicise(room, nick, &occupant, &[307], actor, None);
        } else {
            occupants.insert(nick.to_owned(), occupant.clone());
            self.publicise(room, nick, &occupant, &[], actor, None);
        }
        self.end_if_empty(room);
        Ok(())
    }

    /// `handle_normal_presence` of somebody but gavel: a join, an update, or
    /// with another nick than before a change of nick.
    pub fn present(
        &mut self,
        full: &str,
        room: &RoomJid,
        nick: &str,
        written: Written,
    ) -> Result<(), &'static str> {
        let created = !self.rooms.contains_key(room);
        if created {
            self.create(room);
        }
        let state = self.rooms.get_mut(room).unwrap();
        let taken = state.occupants.get(nick);
        if taken.is_some_and(|occupant| occupant.bare != bare(full)) {
            return Err("conflict");
        }
        if let Some(old) = nick_of(state, full) {
            self.move_to(room, &old, nick, written);
            return Ok(());
        }
        let affiliation = self.affiliation(room, &bare(full));
        let state = self.rooms.get_mut(room).unwrap();
        let role = state.default_role(affiliation);
        if role == Role::None {
            self.end_if_empty(room);
            return Err(match affiliation {
                Affiliation::Outcast => "forbidden",
                _ => "registration-required",
            });
        }
        let given = self.give_ahead(full, room, written.ticket.as_ref());
        let state = self.rooms.get_mut(room).unwrap();
        if let Some(given) = given {
            state.given.insert(nick.to_owned(), given);
        }
        let role = given.map_or(role, |given| state.default_role(given));
        let occupant = state.occupants.entry(nick.to_owned()).or_insert(Occupant {
            bare: bare(full),
            sessions: Vec::new(),
            role,
            presence: Written::default(),
        });
        occupant.sessions.push(full.to_owned());
        occupant.presence = written;
        let occupant = occupant.clone();
        self.publicise(room, nick, &occupant, &[], None, None);
        self.after_join(room, &bare(full), created);
        Ok(())
    }

    fn move_to(&mut self, room: &RoomJid, old: &str, nick: &str, written: Written) {
        let state = self.rooms.get_mut(room).unwrap();
        let mut occupant = state.occupants.remove(old).unwrap();
        if old != nick {
            let mut gone = occupant.clone();
            let role = std::mem::replace(&mut gone.role, Role::None);
            self.publicise(room, old, &gone, &[303], None, Some(nick));
            occupant.role = role;
        }
        occupant.presence = written;
        let state = self.rooms.get_mut(room).unwrap();
        state.occupants.insert(nick.to_owned(), occupant.clone());
        self.publicise(room, nick, &occupant, &[], None, None);
    }

    /// Somebody's session leaves; with the last one the occupant does.
    pub fn leave(&mut self, full: &str, room: &RoomJid) {
        let Some(state) = self.rooms.get_mut(room) else {
            return;
        };
        let Some(nick) = nick_of(state, full) else {
            return;
        };
        let occupant = state.occupants.get_mut(&nick).unwrap();
        if occupant.sessions.len() > 1 {
            occupant.sessions.retain(|session| session != full);
            let occupant = occupant.clone();
            return self.publicise(room, &nick, &occupant, &[], None, None);
        }
        let mut occupant = state.occupants.remove(&nick).unwrap();
        occupant.role = Role::None;
        self.publicise(room, &nick, &occupant, &[], None, None);
        self.end_if_empty(room);
    }

    pub(super) fn end_if_empty(&mut self, room: &RoomJid) {
        let Some(state) = self.rooms.get(room) else {
            return;
        };
        if state.occupants.is_empty() && !state.persistent {
            self.destroy(room);
        }
    }

    /// Ends a room; the people in it are told.
    pub fn destroy(&mut self, room: &RoomJid) {
        let sees = self.gavel_sees(room);
        let Some(state) = self.rooms.remove(room) else {
            return;
        };
        self.ended.push(room.clone());
        self.destroy_breakouts(room);
        if !sees {
            return;
        }
        let gavel = self.gavel_bare();
        let own = state.occupants.iter().find(|(_, o)| o.bare == gavel);
        let nick = own.map_or("gavel".to_owned(), |(nick, _)| nick.clone());
        let user = MucUser {
            items: vec![Item::default()],
            status: vec![110],
            destroyed: true,
            ..MucUser::default()
        };
        let presence = self.presence(room, &nick, &Written::default(), user, false);
        self.out.push(Inbound::Presence(Box::new(presence)));
    }

    /// Breakout rooms end with their main room.
    fn destroy_breakouts(&mut self, main: &RoomJid) {
        let rooms = self.rooms.values();
        let breakouts = rooms.filter(|room| room.main.as_ref() == Some(main));
        let breakouts: Vec<RoomJid> = breakouts.map(|room| room.jid.clone()).collect();
        breakouts.iter().for_each(|room| self.destroy(room));
    }
}

/// The nick that a session has in a room.
pub fn nick_of(room: &Room, full: &str) -> Option<String> {
    let mut occupants = room.occupants.iter();
    let found = occupants.find(|(_, o)| o.sessions.iter().any(|session| session == full));
    found.map(|(nick, _)| nick.clone())
}
