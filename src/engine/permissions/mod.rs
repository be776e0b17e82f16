//! Permissions (SPEC B17): gavel tells the module people's permissions, and the module
//! enforces them.
//!
//! gavel tells each service the list that holds for everybody. If another list holds for a
//! person, gavel sends that whole list to the service, in the answer about their arrival
//! ([`ahead`]) or by request. The module names, by digest, the list that it holds
//! (`permitted`). While that differs from the list it should hold, gavel asks; it stops
//! when the two agree. So gavel asks nothing again after a restart, and a role that is lost
//! needs no request.

mod held;
mod list;
pub mod unchecked;

pub use held::Permissions;
pub use list::{ahead, of, unpermitted};
pub use unchecked::{Unchecked, unchecked};

use crate::engine::asker::{Answer, Asker};
use crate::engine::meeting::known::Known;
use crate::engine::outbox::{Outbox, SeatNews};
use crate::engine::room::event::RoomEvent;
use crate::engine::room::module::Module;
use crate::engine::task::Task;
use crate::engine::timers::Timer;
use crate::engine::warning::Warning;
use crate::muc::{Nick, RealJid, RoomJid};
use crate::policy::{Because, Held, PermissionList, Permitted};
use crate::stanza::{Request, StanzaError};
use held::Person;
use list::permits;

/// As often as this in a row the module is told something that it does not take, until
/// something else is to be told, or the configuration changes.
const TRIES: u32 = 3;

/// Permissions at work. Nothing else changes the record of the lists that modules hold.
pub struct PermissionPart<'a> {
    /// The state of the other parts.
    pub known: Known<'a>,
    /// The lists that the modules were told.
    pub permissions: &'a mut Permissions,
    /// The actions that come of it.
    pub out: &'a mut Outbox,
}

impl PermissionPart<'_> {
    /// Takes an event of a room.
    pub fn take(&mut self, event: &RoomEvent) {
        match event {
            RoomEvent::ModuleSaid {
                service,
                permitted,
                anew,
            } => {
                if *anew {
                    self.permissions_anew_on(*service);
                }
                self.permitted_on(*service, permitted.clone());
                if *anew {
                    self.tell_unchecked();
                }
            }
            RoomEvent::ModuleMissing { service } => self.tell_unpermitted(*service),
            RoomEvent::Renamed { place, from } => {
                self.permissions.rename(&place.room, from, &place.nick);
                self.permit_later(&place.room, &place.nick);
            }
            RoomEvent::Left(left) => self.permissions.drop(&left.place.room, &left.place.nick),
            RoomEvent::LostSight {
                room, moves: false, ..
            } => self.permissions.close(room),
            _ => {}
        }
    }

    /// Takes the news of an occupant's evidence.
    pub fn hear(&mut self, news: &SeatNews) {
        match news {
            SeatNews::Permitted(place, held) => {
                self.permitted_to(&place.room, &place.nick, held.clone());
            }
            SeatNews::ListUnread(place) => self.doubt_list(&place.room, &place.nick),
            SeatNews::Judged(place) => self.permit_later(&place.room, &place.nick),
            _ => {}
        }
    }

    /// The module of a service names the list that it holds for everybody.
    pub fn permitted_on(&mut self, service: usize, held: Option<String>) {
        let state = self.permissions.services.entry(service).or_default();
        if state.asked.is_none() {
            state.held = held;
            state.in_doubt = false;
        }
        self.permit_service(service);
    }

    /// Its module may be another by now.
    pub fn permissions_anew_on(&mut self, service: usize) {
        let state = self.permissions.services.get_mut(&service);
        if let Some(state) = state {
            state.refused = None;
        }
    }

    /// Tells a service's module the list for everybody, if it holds another.
    fn permit_service(&mut self, service: usize) {
        if !self.known.stream.is_open() || !self.known.services[service].module.serves() {
            return;
        }
        let list = self.known.settings.policy.permissions.for_guests();
        let wanted = (!list.is_empty()).then(|| list.digest());
        let state = self.permissions.services.entry(service).or_default();
        let known = state.told || wanted.is_none();
        let agrees = state.held == wanted && known && !state.in_doubt;
        if agrees || state.asked.is_some() || state.refused.is_some() {
            return;
        }
        let infrastructure = match wanted {
            None => Vec::new(),
            Some(_) => self.known.settings.infrastructure.addresses(),
        };
        state.asked = Some(wanted);
        let request = Request::PermitAll {
            permissions: permits(&list),
            infrastructure,
        };
        let domain = self.known.settings.services[service].domain.clone();
        self.out.ask(&domain, request, Asker::PermitAll(service));
    }

    /// The module of a service was told the list for everybody.
    pub fn all_permitted(&mut self, service: usize, answer: Answer<'_>) {
        let state = self.permissions.services.entry(service).or_default();
        let Some(asked) = state.asked.take() else {
            return;
        };
        match answer {
            Answer::Result(_) | Answer::Partial(_) | Answer::Unread => {
                state.held = asked;
                state.told = true;
                state.in_doubt = false;
            }
            Answer::Error(error) => return self.permissions_refused(service, error),
            // It is told again.
            Answer::Silence => state.in_doubt = true,
        }
        self.permit_service(service);
    }

    /// The module is an older one, or does not obey: it is told no more until it, or
    /// the configuration, is another.
    fn permissions_refused(&mut self, service: usize, error: &StanzaError) {
        let state = self.permissions.services.entry(service).or_default();
        state.refused = Some(error.to_string());
        self.out.warn_once(Warning::NoPermissions {
            service: self.known.settings.services[service].domain.clone(),
            error: Some(error.to_string()),
        });
    }

    /// Says once the permissions that nobody checks.
    fn tell_unchecked(&mut self) {
        for unchecked in unchecked(self.known.settings, self.known.services) {
            self.out.warn_once(Warning::Unchecked(unchecked));
        }
    }

    /// Says once that nobody enforces the configured permissions on a service, since
    /// the module does not serve it.
    pub fn tell_unpermitted(&mut self, service: usize) {
        let module = &self.known.services[service].module;
        let without = matches!(module, Module::Absent | Module::Refuses);
        if without && self.known.settings.policy.has_permissions() {
            self.out.warn_once(Warning::NoPermissions {
                service: self.known.settings.services[service].domain.clone(),
                error: None,
            });
        }
    }

    /// The module names the list that it holds for an occupant alone.
    pub fn permitted_to(&mut self, jid: &RoomJid, nick: &Nick, held: Option<String>) {
        let people = &mut self.permissions.people;
        match people.get_mut(jid).and_then(|people| people.get_mut(nick)) {
            // The answer will be newer.
            Some(person) if person.asked.is_some() => {}
            Some(person) => {
                person.held = held;
                person.in_doubt = false;
            }
            None if held.is_none() => {}
            None => {
                let person = people.entry(jid.clone()).or_default();
                person.entry(nick.clone()).or_default().held = held;
            }
        }
        self.permit_later(jid, nick);
    }

    /// The module may hold a list for an occupant that this gavel knows nothing of.
    fn doubt_list(&mut self, jid: &RoomJid, nick: &Nick) {
        if self.permissions.person(jid, nick).is_none() {
            let people = self.permissions.people.entry(jid.clone()).or_default();
            people.entry(nick.clone()).or_default().in_doubt = true;
            self.permit_later(jid, nick);
        }
    }

    /// Compares an occupant's permissions with the module's list, later.
    pub fn permit_later(&mut self, jid: &RoomJid, nick: &Nick) {
        self.out.todo(Task::Permissions(jid.clone(), nick.clone()));
    }

    /// The configuration may say something else of everybody.
    pub fn permit_everybody(&mut self) {
        for service in self.permissions.services.values_mut() {
            service.refused = None;
            service.told = false;
        }
        for service in 0..self.known.services.len() {
            self.permit_service(service);
            self.tell_unpermitted(service);
        }
        self.tell_unchecked();
        let rooms = self.known.rooms.values().filter(|room| room.is_ready());
        let seats = rooms.flat_map(|room| {
            let nicks = room.occupants.keys();
            nicks.map(|nick| (room.jid.clone(), nick.clone()))
        });
        let mut seats: Vec<_> = seats.collect();
        seats.sort_unstable();
        for (jid, nick) in seats {
            let seat = self.known.seat_at(&jid, &nick);
            let claims = seat.is_some_and(|seat| seat.claims().is_some());
            if let Some(person) = self.permissions.person_mut(&jid, &nick) {
                person.try_anew();
                person.limited = false;
                if !claims {
                    // Claims that are believed no more deny nothing either.
                    person.denied = None;
                }
            }
            self.permit_later(&jid, &nick);
        }
    }

    /// Compares the list that the module holds for an occupant with the one it should hold,
    /// and tells it if they differ.
    pub fn look(&mut self, jid: &RoomJid, nick: &Nick) {
        let Some(wanted) = self.wanted_permissions(jid, nick) else {
            return;
        };
        let now = self.known.now.tick;
        let service = self.known.rooms.get(jid).map(|room| room.service);
        let refused = service.is_some_and(|service| self.permissions.is_refused(service));
        let digest = wanted.list.as_ref().map(PermissionList::digest);
        if digest.is_none() && self.permissions.person(jid, nick).is_none() {
            return;
        }
        let people = self.permissions.people.entry(jid.clone()).or_default();
        let person = people.entry(nick.clone()).or_default();
        if person.asked.is_some() {
            return;
        }
        if person.held == digest && !person.in_doubt && !wanted.keeps_denials {
            person.try_anew();
            if digest.is_none() && person.denied.iter().flatten().next().is_none() {
                self.permissions.drop(jid, nick);
            }
            return;
        }
        person.wants(&digest);
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
        person.limits = wanted.keeps_denials;
        let request = Request::Permit {
            jid: wanted.real,
            permissions: wanted.list.as_ref().map(permits),
            keeps_denials: wanted.keeps_denials,
        };
        let asker = Asker::Permit(jid.clone(), nick.clone());
        self.out.ask(jid.as_str(), request, asker);
    }

    /// The list that the module should hold for an occupant; none if the module is not to
    /// be told anything now.
    fn wanted_permissions(&mut self, jid: &RoomJid, nick: &Nick) -> Option<Wanted> {
        let room = self.known.rooms.get(jid).filter(|room| room.module)?;
        let occupant = room.occupants.get(nick)?;
        let real = occupant.real.clone().filter(RealJid::is_full)?;
        if occupant.infrastructure {
            return Some(Wanted::usual(real));
        }
        // Not judged yet.
        let seat = self
            .known
            .seat_at(jid, nick)
            .filter(|seat| seat.waiting.is_none())?;
        if occupant.held.is_some() || !room.is_ready() {
            return None;
        }
        let claims = seat.claims().is_some();
        let person = self.permissions.person(jid, nick);
        // An earlier gavel believed claims that cannot be believed now. They allow nothing
        // any more. Their denials stay, so that nobody gets rid of one by spoiling their
        // claims; this gavel has not seen them, but the module has.
        let holds = |person: &Person| person.held.is_some() || person.in_doubt;
        let unseen = |person: &Person| holds(person) && person.denied.is_none();
        let keeps_denials = seat.rejected.is_some() && person.is_some_and(unseen);
        if keeps_denials && person.is_some_and(|person| person.limited) {
            return None;
        }
        let permitted = of(self.known, self.permissions, room, nick, occupant);
        let needs_token = permitted.iter().find_map(|item| match &item.because {
            Because::NeedsToken(rule, _) => Some(rule.to_string()),
            _ => None,
        });
        if let Some(rule) = needs_token {
            self.out.warn_once(Warning::PermissionNeedsClaims { rule });
        }
        let list = PermissionList::of(&permitted);
        let usual = list == self.known.settings.policy.permissions.for_guests();
        if let Some(person) = self.permissions.person_mut(jid, nick)
            && claims
        {
            person.denied = Some(denied(&permitted));
        } else if claims && !usual {
            let people = self.permissions.people.entry(jid.clone()).or_default();
            people.entry(nick.clone()).or_default().denied = Some(denied(&permitted));
        }
        Some(Wanted {
            list: (!usual).then_some(list),
            real,
            keeps_denials,
        })
    }

    /// The module was told the list for an occupant.
    pub fn answered(&mut self, jid: &RoomJid, nick: &Nick, answer: Answer<'_>) {
        let now = self.known.now.tick;
        let Some(person) = self.permissions.person_mut(jid, nick) else {
            return self.answered_late(jid, nick, answer);
        };
        let Some(asked) = person.asked.take() else {
            return self.answered_late(jid, nick, answer);
        };
        match answer {
            // The module shows the list that this makes with their next presence.
            Answer::Result(_) | Answer::Partial(_) | Answer::Unread if person.limits => {
                person.limited = true;
                person.in_doubt = true;
            }
            Answer::Result(_) | Answer::Partial(_) | Answer::Unread => {
                person.held = asked;
                person.in_doubt = false;
            }
            // They have just left, or have another nick by now.
            Answer::Error(error) if error.is("item-not-found") => person.fail(now),
            Answer::Silence => {
                person.in_doubt = true;
                person.fail(now);
            }
            Answer::Error(error) => {
                let service = self.known.rooms.get(jid).map(|room| room.service);
                if let Some(service) = service {
                    self.permissions_refused(service, error);
                }
                return;
            }
        }
        self.permit_later(jid, nick);
    }

    /// The module was told of somebody who has left since. A new occupant with their nick
    /// may have their JID, too; then the module holds the list for that occupant.
    fn answered_late(&mut self, jid: &RoomJid, nick: &Nick, answer: Answer<'_>) {
        let refused = matches!(answer, Answer::Error(_));
        if refused || self.known.occupant(jid, nick).is_none() {
            return;
        }
        let people = self.permissions.people.entry(jid.clone()).or_default();
        people.entry(nick.clone()).or_default().in_doubt = true;
        self.permit_later(jid, nick);
    }
}

/// The list that the module should hold for an occupant.
struct Wanted {
    /// The list for them alone; none if they may do what everybody may.
    list: Option<PermissionList>,
    /// Their real full JID.
    real: RealJid,
    /// The module's last list of them goes on to deny what it denies.
    keeps_denials: bool,
}

impl Wanted {
    /// They may do what everybody may.
    fn usual(real: RealJid) -> Self {
        Self {
            list: None,
            real,
            keeps_denials: false,
        }
    }
}

/// The permissions that claims deny.
fn denied(permitted: &[Permitted]) -> Vec<Permitted> {
    let by_claims = |item: &&Permitted| {
        let source = matches!(item.because, Because::Rule(_) | Because::Token);
        source && item.held == Some(Held::Never)
    };
    permitted.iter().filter(by_claims).cloned().collect()
}
