//! The permissions that the module was told, and the ones it should have been told.

use super::claims::Ticket;
use super::room::bare;
use super::server::{FOCUS, Server};
use super::world::World;
use gavel::claims::Claims;
use gavel::muc::{Affiliation, RoomJid};
use gavel::policy::{
    Clause, Entitlement, Held, Holders, OnExpiry, Permission, PermissionList, Permissions, Policy,
    Reason, Rule, Rules, Subject, Verdict,
};
use gavel::stanza::{IqPayload, Outbound, Permit, Reply, Request};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// Names, and the people that each holds for.
pub type List = BTreeMap<String, String>;

/// The lists that the module holds.
#[derive(Debug, Default)]
pub struct Told {
    /// It is an older one, which knows nothing of permissions.
    pub refuses: bool,
    /// So many times it does not find the person that it is told of.
    pub misses: usize,
    /// For everybody, by service.
    services: BTreeMap<String, List>,
    /// For one person, by full JID and main room; whether they have yet to enter.
    people: BTreeMap<(String, RoomJid), (List, bool)>,
    /// Sessions that have shown other tokens in other rooms of a meeting, with its main
    /// room: a real one has one token, and these have the permissions that were looked at
    /// last.
    several: BTreeSet<(String, RoomJid)>,
    /// The occupants that are left alone, as gavel has said.
    pub infrastructure: Vec<String>,
}

fn list(permits: Vec<Permit>) -> List {
    let pairs = permits.into_iter();
    pairs
        .map(|permit| (permit.name.to_owned(), permit.holders.to_owned()))
        .collect()
}

fn digest(list: &List) -> String {
    let lines = list.iter().map(|(name, whom)| format!("{name}={whom}\n"));
    let digest = Sha256::digest(lines.collect::<String>());
    hex::encode(digest)[..16].to_owned()
}

impl Told {
    pub fn digest_of_service(&self, service: &str) -> Option<String> {
        let held = self.services.get(service)?;
        (!held.is_empty()).then(|| digest(held))
    }

    pub fn forget_ahead(&mut self) {
        self.people.retain(|_, (_, ahead)| !*ahead);
    }

    /// Prosody was restarted.
    pub fn lose(&mut self) {
        (self.services, self.people) = Default::default();
    }
}

impl Server {
    fn main_of(&self, room: &RoomJid) -> RoomJid {
        let main = self.rooms.get(room).and_then(|room| room.main.clone());
        main.unwrap_or_else(|| room.clone())
    }

    pub(super) fn digest_of(&self, full: &str, room: &RoomJid) -> Option<String> {
        let key = (full.to_owned(), self.main_of(room));
        let (held, _) = self.permissions.people.get(&key)?;
        Some(digest(held))
    }

    /// The permissions of somebody in a room.
    pub fn permitted(&self, full: &str, room: &RoomJid) -> List {
        let key = (full.to_owned(), self.main_of(room));
        let own = self.permissions.people.get(&key);
        let usual = || self.permissions.services.get(room.service());
        own.map(|(held, _)| held)
            .or_else(usual)
            .cloned()
            .unwrap_or_default()
    }

    fn sits(&self, full: &str, room: &RoomJid) -> bool {
        let seated = self.rooms.get(room).into_iter();
        let mut seated = seated.flat_map(|room| room.occupants.values());
        seated.any(|occupant| occupant.sessions.iter().any(|session| session == full))
    }

    fn is_in_meeting(&self, full: &str, main: &RoomJid) -> bool {
        let rooms = self.rooms.keys();
        let mut rooms = rooms.filter(|room| self.main_of(room) == *main);
        rooms.any(|room| self.sits(full, room))
    }

    fn note_several(&mut self) {
        let mut shown: BTreeMap<(String, RoomJid), Option<Ticket>> = BTreeMap::new();
        for (room, state) in &self.rooms {
            for occupant in state.occupants.values() {
                let key = (occupant.sessions[0].clone(), self.main_of(room));
                let ticket = occupant.presence.ticket.clone();
                let first = shown.entry(key.clone()).or_insert_with(|| ticket.clone());
                if *first != ticket {
                    self.permissions.several.insert(key);
                }
            }
        }
    }

    /// People who have left, and are not about to enter, are forgotten.
    pub(super) fn forget_absent(&mut self) {
        self.note_several();
        let mut people = std::mem::take(&mut self.permissions.people);
        people.retain(|(full, main), (_, ahead)| {
            let there = self.is_in_meeting(full, main);
            *ahead &= !there;
            there || *ahead
        });
        self.permissions.people = people;
    }

    pub(super) fn permit_ahead(&mut self, id: &str, reply: &Reply) {
        let Reply::Arrival { permissions, .. } = reply else {
            return;
        };
        let Some((full, room)) = self.arrivals.about(id) else {
            return;
        };
        if self.is_in_meeting(&full, &room) {
            // A session connects before it enters.
            return;
        }
        let key = (full, room);
        match permissions {
            Some(said) => self
                .permissions
                .people
                .insert(key, (list(said.clone()), true)),
            None => self.permissions.people.remove(&key),
        };
    }

    pub(super) fn permit_all(
        &mut self,
        service: &str,
        permits: Vec<Permit>,
        infrastructure: Vec<String>,
    ) -> Result<IqPayload, &'static str> {
        if !self.module || self.permissions.refuses {
            return Err("service-unavailable");
        }
        let held = list(permits);
        self.permissions.services.insert(service.to_owned(), held);
        self.permissions.infrastructure = infrastructure;
        Ok(IqPayload::Empty)
    }

    pub(super) fn permit(
        &mut self,
        room: &str,
        full: &str,
        permits: Option<Vec<Permit>>,
        keeps_denials: bool,
    ) -> Result<IqPayload, &'static str> {
        if !self.module || self.permissions.refuses {
            return Err("service-unavailable");
        }
        let room = RoomJid::parse(room).ok_or("service-unavailable")?;
        let misses = self.permissions.misses;
        self.permissions.misses = misses.saturating_sub(1);
        if misses > 0 || !self.sits(full, &room) {
            return Err("item-not-found");
        }
        let key = (full.to_owned(), self.main_of(&room));
        let denied = self.permissions.people.get(&key).map(|(held, _)| {
            let denied = held
                .iter()
                .filter(|(_, whom)| *whom == Held::Never.as_str());
            denied
                .map(|(name, whom)| (name.clone(), whom.clone()))
                .collect::<List>()
        });
        let denied = denied.filter(|denied| keeps_denials && !denied.is_empty());
        let usual = self.permissions.services.get(room.service());
        let usual = denied.as_ref().map(|_| usual.cloned().unwrap_or_default());
        match permits.map(list).or(usual) {
            Some(mut said) => {
                said.extend(denied.unwrap_or_default());
                self.permissions.people.insert(key, (said, false))
            }
            None => self.permissions.people.remove(&key),
        };
        Ok(IqPayload::Empty)
    }
}

/// The policy's permissions for somebody who shows this ticket.
pub fn expected(
    policy: &Policy,
    ticket: Option<&Ticket>,
    full: &str,
    main: &RoomJid,
    unix_ms: u64,
) -> List {
    let claims = ticket.map(|ticket| Claims::from_json(&ticket.json()).unwrap());
    let jid = bare(full);
    let subject = Subject {
        claims: claims.as_ref(),
        room: Some(main),
        jid: Some(&jid),
        nick: None,
        login: false,
    };
    let ended = ticket.and_then(|ticket| ticket.exp);
    let ended = ended.is_some_and(|exp| (exp + 30) * 1_000 <= unix_ms);
    let verdict = match ended && policy.on_expiry == OnExpiry::Demote {
        true => Verdict {
            entitlement: Entitlement::Guest,
            rule: Rule::Expired,
            reason: Reason::Expired,
        },
        false => policy.judge(&subject),
    };
    let list = PermissionList::of(&policy.permissions(&subject, &verdict));
    let pairs = list.iter();
    pairs
        .map(|(name, held)| (name.to_string(), held.as_str().to_owned()))
        .collect()
}

impl World {
    /// The module holds the policy's permissions for everybody whom gavel sees.
    pub fn check_permissions(&self) {
        if !self.choice.module || self.server.permissions.refuses {
            return;
        }
        for (room, state) in &self.server.rooms {
            if !state.shadow {
                continue;
            }
            let main = self.server.main_of(room);
            for (nick, occupant) in &state.occupants {
                let full = &occupant.sessions[0];
                if occupant.bare == bare(FOCUS) || *full == self.server.gavel_full() {
                    continue;
                }
                let several = &self.server.permissions.several;
                if several.contains(&(full.clone(), main.clone())) {
                    continue;
                }
                let held = self.server.permitted(full, room);
                let unread = self.unread_claims.contains(&format!("{room}/{nick}"));
                let ticket = occupant.presence.ticket.as_ref().filter(|_| !unread);
                let policy = &self.choice.policy;
                let should = expected(policy, ticket, full, &main, self.unix_ms());
                if ticket.is_some() {
                    assert_eq!(held, should, "{full} in {room}");
                    continue;
                }
                // A person who has dropped a token goes on without the permissions that it
                // denied.
                for (name, whom) in should.iter().chain(&held) {
                    let denied = held.get(name).map(String::as_str) == Some(Held::Never.as_str());
                    assert!(
                        denied || (should.get(name) == Some(whom) && held.get(name) == Some(whom)),
                        "{full} in {room}: {name} is {held:?}, not {should:?}"
                    );
                }
            }
        }
    }

    /// Requests about permissions that were sent since `from`.
    pub fn permits_since(&self, from: u64) -> Vec<&Outbound> {
        let sent = self.sent.iter().filter(|(at, _)| *at >= from);
        let about = sent.map(|(_, stanza)| stanza).filter(|stanza| {
            matches!(
                stanza,
                Outbound::Iq {
                    request: Request::Permit { .. } | Request::PermitAll { .. },
                    ..
                }
            )
        });
        about.collect()
    }
}

/// The policy with these permissions.
pub fn set(settings: &[(Permission, Holders)]) -> Policy {
    let mut permissions = Permissions::default();
    for (name, holders) in settings {
        permissions.set(*name, *holders);
    }
    Policy {
        permissions,
        ..Policy::default()
    }
}

/// The policy with one rule, which makes members of the people it matches and gives them
/// these permissions.
pub fn ruled(when: &str, said: &[(Permission, bool)]) -> Policy {
    let member = Entitlement::Affiliation(Affiliation::Member);
    let clause = Clause::new("r", when, member).unwrap();
    Policy {
        rules: Rules::own(vec![clause.with_permissions(said)]),
        ..Policy::default()
    }
}
