//! Permissions (SPEC B17): what people may do, told to the module, which enforces
//! it.
//!
//! Two things are told. To each service: what holds for everybody of whom nothing
//! else is said. Of each person for whom something else holds: all that holds, in
//! the answer about their arrival ([`Engine::permissions_ahead`]) or by request.
//! The module says with `permitted`, by digest, what it holds; while that differs
//! from what should be, gavel asks, and it stops when they agree. So nothing is
//! asked again after a restart of gavel, and a role that is lost needs no word.

use super::asker::{Answer, Asker};
use super::limit::Limiter;
use super::meeting::seat::expired;
use super::module::Module;
use super::room::{Occupant, Room};
use super::task::Task;
use super::timers::Timer;
use super::{Engine, Tick, Warning};
use crate::claims::Claims;
use crate::muc::{BareJid, Nick, RealJid, RoomJid};
use crate::policy::{Because, Held, PermissionList, Permitted, Subject};
use crate::stanza::{Permit, Request, StanzaError};
use std::collections::HashMap;
use std::time::Duration;

/// As often as this in a row something is told that the module does not take,
/// until something changes.
const TRIES: u32 = 3;
/// So long after the first time it is told again; then twice as long.
const PAUSE: Duration = Duration::from_secs(1);

/// What the modules were told.
#[derive(Debug, Default)]
pub(super) struct Permissions {
    /// By the number of the service.
    services: HashMap<usize, Service>,
    /// By room and nick, those who need to be remembered: for whom the module
    /// holds, or should hold, something of their own.
    people: HashMap<RoomJid, HashMap<Nick, Person>>,
}

/// What is known of what a service's module holds for everybody.
#[derive(Debug, Default)]
struct Service {
    /// The digest of it; none where it holds nothing.
    held: Option<String>,
    /// What it has been told and not answered yet.
    asked: Option<Option<String>>,
    /// It was told by this gavel, with the infrastructure that is left alone.
    told: bool,
    /// Why it cannot be told.
    refused: Option<String>,
}

/// What is known of what the module holds for one person.
#[derive(Debug, Default)]
struct Person {
    /// The digest of it; none where it holds nothing of their own.
    held: Option<String>,
    /// What it has been told and not answered yet.
    asked: Option<Option<String>>,
    /// What their claims deny them, which losing these does not give back; none
    /// where this gavel has not seen their claims.
    denied: Option<Vec<Permitted>>,
    /// How often in a row it was told in vain.
    failures: u32,
    /// It is not told again before.
    not_before: Option<Tick>,
    limiter: Limiter,
}

impl Permissions {
    /// The stream has ended: what modules hold is theirs to say on the next one.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// gavel has left a room.
    pub fn forget_room(&mut self, room: &RoomJid) {
        self.people.remove(room);
    }

    /// An occupant has left a room.
    pub fn forget(&mut self, room: &RoomJid, nick: &Nick) {
        if let Some(people) = self.people.get_mut(room) {
            people.remove(nick);
            if people.is_empty() {
                self.people.remove(room);
            }
        }
    }

    /// An occupant has another nick.
    pub fn rename(&mut self, room: &RoomJid, old: &Nick, new: &Nick) {
        if let Some(people) = self.people.get_mut(room)
            && let Some(person) = people.remove(old)
        {
            people.insert(new.clone(), person);
        }
    }

    fn person(&self, room: &RoomJid, nick: &Nick) -> Option<&Person> {
        self.people.get(room)?.get(nick)
    }

    fn person_mut(&mut self, room: &RoomJid, nick: &Nick) -> Option<&mut Person> {
        self.people.get_mut(room)?.get_mut(nick)
    }

    fn is_refused(&self, service: usize) -> bool {
        let service = self.services.get(&service);
        service.is_some_and(|service| service.refused.is_some())
    }
}

impl Person {
    /// It was told in vain.
    fn fail(&mut self, now: Tick) {
        let pause = PAUSE * 2u32.saturating_pow(self.failures);
        self.failures += 1;
        self.not_before = Some(now + pause);
    }

    /// When it may be told again.
    fn next(&self, now: Tick) -> Tick {
        let limited = self.limiter.next(now);
        self.not_before.map_or(limited, |at| at.max(limited))
    }
}

impl Engine {
    /// The module of a service says what it holds for everybody.
    pub(super) fn permitted_on(&mut self, service: usize, held: Option<String>) {
        let state = self.permissions.services.entry(service).or_default();
        if state.asked.is_none() {
            state.held = held;
        }
        self.permit_service(service);
    }

    /// Its module may be another by now.
    pub(super) fn permissions_anew_on(&mut self, service: usize) {
        let state = self.permissions.services.get_mut(&service);
        if let Some(state) = state {
            state.refused = None;
        }
    }

    /// Tells a service's module what holds for everybody, where it holds something
    /// else.
    fn permit_service(&mut self, service: usize) {
        if self.stream.is_none() || !self.services[service].module.serves() {
            return;
        }
        let list = self.settings.policy.permissions.for_guests();
        let wanted = (!list.is_empty()).then(|| list.digest());
        let state = self.permissions.services.entry(service).or_default();
        let agrees = state.held == wanted && (state.told || wanted.is_none());
        if agrees || state.asked.is_some() || state.refused.is_some() {
            return;
        }
        let infrastructure = match wanted {
            None => Vec::new(),
            Some(_) => self.settings.infrastructure.addresses(),
        };
        state.asked = Some(wanted);
        let request = Request::PermitAll {
            permissions: permits(&list),
            infrastructure,
        };
        let domain = self.settings.services[service].domain.clone();
        self.out.ask(&domain, request, Asker::PermitAll(service));
    }

    /// The module of a service was told what holds for everybody.
    pub(super) fn all_permitted(&mut self, service: usize, answer: Answer<'_>) {
        let state = self.permissions.services.entry(service).or_default();
        let Some(asked) = state.asked.take() else {
            return;
        };
        match answer {
            Answer::Result(_) | Answer::Partial(_) | Answer::Unread => {
                state.held = asked;
                state.told = true;
            }
            Answer::Error(error) => return self.permissions_refused(service, error),
            // It is told again.
            Answer::Silence => {}
        }
        self.permit_service(service);
    }

    /// The module is an older one, or does not obey: it is told no more until it, or
    /// the configuration, is another.
    fn permissions_refused(&mut self, service: usize, error: &StanzaError) {
        let state = self.permissions.services.entry(service).or_default();
        state.refused = Some(error.to_string());
        self.out.warn_once(Warning::NoPermissions {
            service: self.settings.services[service].domain.clone(),
            error: Some(error.to_string()),
        });
    }

    /// Says once that nobody enforces the configured permissions on a service, since
    /// the module does not serve it.
    pub(super) fn tell_unpermitted(&mut self, service: usize) {
        let module = &self.services[service].module;
        let without = matches!(module, Module::Absent | Module::Refuses);
        if without && self.settings.policy.has_permissions() {
            self.out.warn_once(Warning::NoPermissions {
                service: self.settings.services[service].domain.clone(),
                error: None,
            });
        }
    }

    /// The services whose module does not take permissions, and what it answered.
    pub(super) fn unpermitted(&self) -> Vec<(String, String)> {
        let services = self.modules().enumerate();
        let refused = services.filter_map(|(service, (domain, _))| {
            let state = self.permissions.services.get(&service)?;
            Some((domain.to_owned(), state.refused.clone()?))
        });
        refused.collect()
    }

    /// What somebody will be allowed who is about to enter a room, where that is
    /// not what holds for everybody.
    pub(super) fn permissions_ahead(
        &self,
        room: &RoomJid,
        bare: &BareJid,
        claims: &Claims,
    ) -> Option<Vec<Permit>> {
        let subject = Subject {
            claims: Some(claims),
            room: Some(room),
            jid: Some(bare.as_str()),
            nick: None,
            login: false,
        };
        let policy = &self.settings.policy;
        let verdict = expired(Some(claims), &self.settings, self.now.unix_ms);
        let verdict = verdict.unwrap_or_else(|| policy.judge(&subject));
        let list = PermissionList::of(&policy.permissions(&subject, &verdict));
        (list != policy.permissions.for_guests()).then(|| permits(&list))
    }

    /// What an occupant may do and why, where the module enforces it.
    pub(super) fn permissions_of(
        &self,
        room: &Room,
        nick: &Nick,
        occupant: &Occupant,
    ) -> Vec<Permitted> {
        let real = occupant.real.as_ref().filter(|_| !occupant.infrastructure);
        let Some(real) = real.filter(|_| room.module) else {
            return Vec::new();
        };
        let Some(seat) = self.seat_at(&room.jid, nick) else {
            return Vec::new();
        };
        let refused = seat.rejected.is_some() || seat.waiting.is_some();
        let subject = Subject {
            claims: seat.claims(),
            room: Some(room.meeting.as_ref().unwrap_or(&room.jid)),
            jid: Some(real.bare_str()),
            nick: Some(nick.as_str()),
            login: !refused && self.trust(real.domain()).counts(),
        };
        let policy = &self.settings.policy;
        let mut all = policy.permissions(&subject, &seat.verdict);
        let person = self.permissions.person(&room.jid, nick);
        if let (Some(person), None) = (person, seat.claims()) {
            for denied in person.denied.iter().flatten() {
                all.retain(|item| item.name != denied.name);
                all.push(denied.clone());
            }
            all.sort_unstable_by_key(|item| item.name);
        }
        all
    }

    /// The module says what it holds for an occupant alone.
    pub(super) fn permitted_to(&mut self, jid: &RoomJid, nick: &Nick, held: Option<String>) {
        let people = &mut self.permissions.people;
        match people.get_mut(jid).and_then(|people| people.get_mut(nick)) {
            // The answer will be newer.
            Some(person) if person.asked.is_some() => {}
            Some(person) => person.held = held,
            None if held.is_none() => {}
            None => {
                let person = people.entry(jid.clone()).or_default();
                person.entry(nick.clone()).or_default().held = held;
            }
        }
        self.permit_later(jid, nick);
    }

    /// What an occupant may do is to be compared with what the module holds.
    pub(super) fn permit_later(&mut self, jid: &RoomJid, nick: &Nick) {
        self.out.todo(Task::Permissions(jid.clone(), nick.clone()));
    }

    /// The configuration may say something else of everybody.
    pub(super) fn permit_everybody(&mut self) {
        for service in self.permissions.services.values_mut() {
            service.refused = None;
            service.told = false;
        }
        for service in 0..self.services.len() {
            self.permit_service(service);
            self.tell_unpermitted(service);
        }
        self.tell_unchecked();
        let rooms = self.rooms.values().filter(|room| room.is_ready());
        let seats = rooms.flat_map(|room| {
            let nicks = room.occupants.keys();
            nicks.map(|nick| (room.jid.clone(), nick.clone()))
        });
        let mut seats: Vec<_> = seats.collect();
        seats.sort_unstable();
        for (jid, nick) in seats {
            let seat = self.seat_at(&jid, &nick);
            let claims = seat.is_some_and(|seat| seat.claims().is_some());
            if let Some(person) = self.permissions.person_mut(&jid, &nick) {
                person.failures = 0;
                person.not_before = None;
                if !claims {
                    // Claims that are believed no more deny nothing either.
                    person.denied = None;
                }
            }
            self.permit_later(&jid, &nick);
        }
    }

    /// Compares what the module holds for an occupant with what it should hold, and
    /// tells it where they differ.
    pub(super) fn permit(&mut self, jid: &RoomJid, nick: &Nick) {
        let Some((wanted, real)) = self.wanted_permissions(jid, nick) else {
            return;
        };
        let now = self.now.tick;
        let service = self.rooms.get(jid).map(|room| room.service);
        let refused = service.is_some_and(|service| self.permissions.is_refused(service));
        let digest = wanted.as_ref().map(PermissionList::digest);
        if digest.is_none() && self.permissions.person(jid, nick).is_none() {
            return;
        }
        let people = self.permissions.people.entry(jid.clone()).or_default();
        let person = people.entry(nick.clone()).or_default();
        if person.asked.is_some() {
            return;
        }
        if person.held == digest {
            person.failures = 0;
            person.not_before = None;
            if digest.is_none() && person.denied.iter().flatten().next().is_none() {
                self.permissions.forget(jid, nick);
            }
            return;
        }
        if refused || person.failures >= TRIES {
            return;
        }
        let next = person.next(now);
        if next > now {
            let timer = Timer::Permissions(jid.clone(), nick.clone());
            return self.out.wake(next, timer);
        }
        person.limiter.note(now);
        person.asked = Some(digest);
        let request = Request::Permit {
            jid: real,
            permissions: wanted.as_ref().map(permits),
        };
        let asker = Asker::Permit(jid.clone(), nick.clone());
        self.out.ask(jid.as_str(), request, asker);
    }

    /// What the module should hold for an occupant alone, and the occupant's real
    /// JID. The list is none where they may do what everybody may; all is none where
    /// the module is not to be told anything now.
    fn wanted_permissions(
        &mut self,
        jid: &RoomJid,
        nick: &Nick,
    ) -> Option<(Option<PermissionList>, RealJid)> {
        let room = self.rooms.get(jid).filter(|room| room.module)?;
        let occupant = room.occupants.get(nick)?;
        let real = occupant.real.clone().filter(RealJid::is_full)?;
        if occupant.infrastructure {
            return Some((None, real));
        }
        // Not judged yet.
        let seat = self
            .seat_at(jid, nick)
            .filter(|seat| seat.waiting.is_none())?;
        if occupant.pending.is_some() || !room.is_ready() {
            return None;
        }
        let claims = seat.claims().is_some();
        let person = self.permissions.person(jid, nick);
        let unseen = |person: &Person| person.held.is_some() && person.denied.is_none();
        if seat.rejected.is_some() && person.is_some_and(unseen) {
            // Claims that cannot be believed now were, by an earlier gavel: nobody gets
            // rid of what these deny by spoiling them.
            return None;
        }
        let permitted = self.permissions_of(room, nick, occupant);
        let needs_token = permitted.iter().find_map(|item| match &item.because {
            Because::NeedsToken(rule, _) => Some(rule.to_string()),
            _ => None,
        });
        if let Some(rule) = needs_token {
            self.out.warn_once(Warning::PermissionNeedsClaims { rule });
        }
        let list = PermissionList::of(&permitted);
        let usual = list == self.settings.policy.permissions.for_guests();
        if let Some(person) = self.permissions.person_mut(jid, nick)
            && claims
        {
            person.denied = Some(denied(&permitted));
        } else if claims && !usual {
            let people = self.permissions.people.entry(jid.clone()).or_default();
            people.entry(nick.clone()).or_default().denied = Some(denied(&permitted));
        }
        Some(((!usual).then_some(list), real))
    }

    /// The module was told what holds for an occupant.
    pub(super) fn permitted(&mut self, jid: &RoomJid, nick: &Nick, answer: Answer<'_>) {
        let now = self.now.tick;
        let Some(person) = self.permissions.person_mut(jid, nick) else {
            return;
        };
        let Some(asked) = person.asked.take() else {
            return;
        };
        match answer {
            Answer::Result(_) | Answer::Partial(_) | Answer::Unread => person.held = asked,
            // They have just left, or have another nick by now.
            Answer::Error(error) if error.is("item-not-found") => person.fail(now),
            Answer::Silence => person.fail(now),
            Answer::Error(error) => {
                let service = self.rooms.get(jid).map(|room| room.service);
                if let Some(service) = service {
                    self.permissions_refused(service, error);
                }
                return;
            }
        }
        self.permit_later(jid, nick);
    }
}

/// What claims deny.
fn denied(permitted: &[Permitted]) -> Vec<Permitted> {
    let by_claims = |item: &&Permitted| {
        let source = matches!(item.because, Because::Rule(_) | Because::Token);
        source && item.held == Some(Held::Never)
    };
    permitted.iter().filter(by_claims).cloned().collect()
}

/// A list as the module is told it.
fn permits(list: &PermissionList) -> Vec<Permit> {
    let permit = |(name, held): (crate::policy::Permission, Held)| Permit {
        name: name.as_str(),
        whom: held.as_str(),
    };
    list.iter().map(permit).collect()
}
