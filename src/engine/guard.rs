//! The guard (`policy.guard`, SPEC section 6): nobody becomes moderator unless gavel has
//! named them to the module. So people who are not entitled do not moderate even for one
//! round trip.
//!
//! Two requests carry it. A *lease* for each service says that the guard is wanted there,
//! and on which terms; it ends by itself, so that the guard opens if gavel hangs. The
//! *guard* request of each room names the entitled people: at first all of them, later each
//! one that changes. Nothing goes out with presence.

use crate::engine::asker::{Answer, Asker};
use crate::engine::hash::HashMap;
use crate::engine::meeting::decide::Wanted;
use crate::engine::meeting::guard_has_refused;
use crate::engine::meeting::known::Known;
use crate::engine::meeting::person::Person;
use crate::engine::order::Order;
use crate::engine::outbox::Outbox;
use crate::engine::room::Room;
use crate::engine::room::event::RoomEvent;
use crate::engine::task::Task;
use crate::engine::timers::Timer;
use crate::engine::warning::Warning;
use crate::muc::{Affiliation, BareJid, RoomJid};
use crate::policy::{Entitlement, Grants, Guests};
use crate::stanza::{Entitled, IqPayload, Request, StanzaError};
use std::collections::BTreeSet;
use std::time::Duration;

/// How long a lease is for: within 10 s, the guard of a gavel that hangs must
/// have opened.
pub const LEASE: Duration = Duration::from_secs(9);
/// The bytes of people in one request, roughly: Prosody ends the stream at one that is too
/// long, and the list of a large meeting has no bound.
const CHUNK: usize = 64 * 1024;
/// Bytes that naming somebody takes, beside the JID.
const ENTRY: usize = 96;
/// How often it is renewed: the guard stays shut while gavel or Prosody is busy
/// with something else for some seconds.
pub const RENEWAL: Duration = Duration::from_secs(2);

/// Everything that the guards were told.
#[derive(Debug, Default)]
pub struct Guard {
    /// The services whose module has, as far as is known, a lease.
    leased: BTreeSet<usize>,
    /// The entitled people as the module was told them, by room.
    told: HashMap<RoomJid, HashMap<BareJid, Entitled>>,
    /// Rooms whose guard is to be told of everybody.
    stale_rooms: BTreeSet<RoomJid>,
    /// People who have changed: a room's guard is to be told.
    stale_people: BTreeSet<(RoomJid, BareJid)>,
}

impl Guard {
    /// Says whether a service's module has a lease, as far as is known.
    pub fn is_leased(&self, service: usize) -> bool {
        self.leased.contains(&service)
    }

    /// The stream has ended: the module knows of nothing.
    pub fn lose_all(&mut self) {
        *self = Self::default();
    }
}

/// The guard at work. Nothing else changes the record of the entitlements that modules were told.
pub struct GuardPart<'a> {
    /// The state of the other parts.
    pub known: Known<'a>,
    /// Everything that the guards were told.
    pub guard: &'a mut Guard,
    /// The actions that come of it.
    pub out: &'a mut Outbox,
}

impl GuardPart<'_> {
    /// Takes an event of a room.
    pub fn take(&mut self, event: &RoomEvent) {
        match event {
            RoomEvent::Joined {
                service,
                module: false,
                ..
            } => {
                // Loaded again, the module knows of no lease.
                self.guard.leased.remove(service);
            }
            RoomEvent::CaughtUp { room, .. } | RoomEvent::RollCalled { room } => {
                self.tell_anew(room);
            }
            RoomEvent::Expelled { service } => self.renew_lease(*service),
            RoomEvent::LostSight { room, .. } | RoomEvent::Ended { room } => {
                self.guard.told.remove(room);
            }
            _ => {}
        }
    }

    /// Renews the lease of a service, or ends it if the guard is not wanted.
    pub fn renew_lease(&mut self, service: usize) {
        let Known {
            settings, stream, ..
        } = self.known;
        let guard = settings.policy.guard;
        let leased = self.guard.leased.remove(&service);
        if guard {
            self.guard.leased.insert(service);
        }
        if !stream.is_open() || !(guard || leased) {
            return;
        }
        let seconds = if guard { LEASE.as_secs() } else { 0 };
        let request = Request::Lease {
            seconds,
            grants: settings.policy.grants != Grants::None,
            ignores_guests: settings.policy.guests == Guests::Ignore,
            infrastructure: settings.infrastructure.addresses(),
        };
        let domain = &settings.services[service].domain;
        self.out.ask(domain, request, Asker::Lease(service));
        if guard {
            let again = self.known.now.tick + RENEWAL;
            self.out.wake(again, Timer::Lease(service));
        }
    }

    /// Renews a lease that is due, unless the module has refused it.
    pub fn lease_due(&mut self, service: usize) {
        if self.guard.leased.contains(&service) {
            self.renew_lease(service);
        }
    }

    /// The module takes the lease and reports the promotions it refused meanwhile, or it
    /// refuses the lease. If it has not answered, the next lease is on its way.
    pub fn lease_answered(&mut self, service: usize, answer: Answer<'_>) {
        match answer {
            Answer::Result(IqPayload::Refused(refused)) => {
                guard_has_refused(self.known, self.out, refused);
            }
            Answer::Error(error) => self.lease_refused(service, error),
            _ => {}
        }
    }

    /// No guard: the module is not loaded, which is told elsewhere, or is an older
    /// one.
    fn lease_refused(&mut self, service: usize, error: &StanzaError) {
        let serves = self.known.services[service].module.serves();
        if self.guard.leased.remove(&service) && serves {
            self.out.warn_once(Warning::NoGuard {
                service: self.known.settings.services[service].domain.clone(),
                error: error.to_string(),
            });
        }
    }

    /// Names the entitled people again to every guard, after the configuration has changed.
    pub fn tell_all_anew(&mut self) {
        for service in 0..self.known.services.len() {
            self.renew_lease(service);
        }
        for room in self.known.rooms.keys() {
            self.tell_anew(room);
        }
    }

    /// Says at the end of this input who is entitled in a room whose people have
    /// been judged.
    fn tell_anew(&mut self, jid: &RoomJid) {
        let wanted = self.known.settings.policy.guard;
        self.guard.told.remove(jid);
        let judged = |room: &&Room| wanted && room.module && room.meeting.is_some();
        let Some(room) = self.known.rooms.get(jid).filter(judged) else {
            return;
        };
        self.guard.stale_rooms.insert(jid.clone());
        self.out.todo(Task::Guard);
        if !self.guard.leased.contains(&room.service) {
            self.renew_lease(room.service);
        }
    }

    /// Compares a person's entitlement with the one that the module was told.
    pub fn look(&mut self, main: &RoomJid, bare: &BareJid) {
        if !self.known.settings.policy.guard {
            return;
        }
        let Some(meeting) = self.known.meetings.get(main) else {
            return;
        };
        for jid in &meeting.rooms {
            let Some(told) = self.guard.told.get(jid) else {
                continue;
            };
            let wanted = self.named_in(jid, main, bare);
            if told.get(bare) != wanted.as_ref() {
                let stale = (jid.clone(), bare.clone());
                self.guard.stale_people.insert(stale);
                self.out.todo(Task::Guard);
            }
        }
    }

    /// Tells the module the changes, with one request for each room.
    pub fn tell(&mut self) {
        for jid in std::mem::take(&mut self.guard.stale_rooms) {
            self.name_all(&jid);
        }
        let changed = std::mem::take(&mut self.guard.stale_people);
        let mut changed = changed.into_iter().peekable();
        while let Some((jid, bare)) = changed.next() {
            let mut people = vec![self.rename(&jid, bare)];
            while let Some((_, bare)) = changed.next_if(|(room, _)| *room == jid) {
                people.push(self.rename(&jid, bare));
            }
            let people: Vec<Entitled> = people.into_iter().flatten().collect();
            if !people.is_empty() {
                self.ask_guard(&jid, false, people);
            }
        }
    }

    /// Notes and gives somebody's entitlement for the module, if it is a new one.
    fn rename(&mut self, jid: &RoomJid, bare: BareJid) -> Option<Entitled> {
        let main = self.known.rooms.get(jid)?.meeting.as_ref()?;
        let wanted = self.named_in(jid, main, &bare);
        let named = self.guard.told.get_mut(jid)?;
        let before = match &wanted {
            Some(entitled) => named.insert(bare.clone(), entitled.clone()),
            None => named.remove(&bare),
        };
        let news = wanted.clone().unwrap_or_else(|| Entitled::no_more(bare));
        (before != wanted).then_some(news)
    }

    fn name_all(&mut self, jid: &RoomJid) {
        let inside = |room: &&Room| room.is_in() && room.module;
        let room = self.known.rooms.get(jid).filter(inside);
        let Some(main) = room.and_then(|room| room.meeting.as_ref()) else {
            return;
        };
        let people = self.known.meetings.get(main).map(|meeting| &meeting.people);
        let people: BTreeSet<&BareJid> = people.into_iter().flat_map(|all| all.keys()).collect();
        let entitled = people.into_iter();
        let entitled = entitled.filter_map(|bare| self.named_in(jid, main, bare));
        let entitled: Vec<Entitled> = entitled.collect();
        let told = entitled
            .iter()
            .map(|person| (person.jid.clone(), person.clone()));
        self.guard.told.insert(jid.clone(), told.collect());
        self.ask_guard(jid, true, entitled);
    }

    /// In as many requests as it takes: the first may say that these are all, the
    /// others add to it.
    fn ask_guard(&mut self, jid: &RoomJid, mut all: bool, people: Vec<Entitled>) {
        let mut chunk = Vec::new();
        let mut length = 0;
        for person in people {
            length += person.jid.as_str().len() + ENTRY;
            if length > CHUNK {
                length = person.jid.as_str().len() + ENTRY;
                self.ask_chunk(jid, all, std::mem::take(&mut chunk));
                all = false;
            }
            chunk.push(person);
        }
        self.ask_chunk(jid, all, chunk);
    }

    fn ask_chunk(&mut self, jid: &RoomJid, all: bool, people: Vec<Entitled>) {
        let request = Request::Guard { all, people };
        self.out
            .ask(jid.as_str(), request, Asker::Guard(jid.clone()));
    }

    /// The affiliation that one room of the meeting should be told for somebody. The main
    /// room is told for absent people, too, because others could ban them.
    fn named_in(&self, jid: &RoomJid, main: &RoomJid, bare: &BareJid) -> Option<Entitled> {
        let person = self.known.person(main, bare)?;
        let here = jid == main || person.seats.iter().any(|seat| seat.room == *jid);
        let affiliation = self.highest(main, person).filter(|_| here)?;
        let standing = person.standing(self.known.settings);
        Some(Entitled {
            jid: bare.clone(),
            affiliation,
            promotes: person.rights.power(standing).is_some(),
            host: self.known.settings.policy.protect_hosts && person.rights.is_host(standing),
        })
    }

    /// The highest affiliation that gavel would leave somebody, if that makes a moderator.
    fn highest(&self, main: &RoomJid, person: &Person) -> Option<Affiliation> {
        let highest = match self.known.wanted(main, person) {
            Wanted::Exactly(wanted) => wanted,
            Wanted::AtMost { cap, .. } => cap,
            Wanted::Anything => match person.standing(self.known.settings).verdict {
                Some(Entitlement::Keep | Entitlement::Guest) => Affiliation::Owner,
                // A visitor, whom gavel leaves alone only as a visitor. The module knows
                // absent guests by their having no claims.
                Some(Entitlement::Affiliation(_)) | None => Affiliation::None,
            },
        };
        highest.moderates().then_some(highest)
    }

    /// A room takes who is entitled, or does not.
    pub fn guard_answered(&mut self, jid: &RoomJid, answer: Answer<'_>) {
        match answer {
            Answer::Result(_) | Answer::Partial(_) => {}
            Answer::Error(error) => self.guard_refused(jid, error),
            Answer::Silence | Answer::Unread => self.tell_anew(jid),
        }
    }

    fn guard_refused(&mut self, jid: &RoomJid, error: &StanzaError) {
        if error.is("item-not-found") {
            // It has ended, or forgotten gavel.
            return self.out.order(Order::Ping(jid.clone()));
        }
        if let Some(service) = self.known.rooms.get(jid).map(|room| room.service) {
            self.lease_refused(service, error);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::engine::testing::settings;
    use crate::engine::{Action, Engine, Input, Now, Reload, State};
    use crate::stanza::{Outbound, Request};
    use std::time::Duration;

    /// How long the leases are that the engine asks for.
    fn leases(engine: &mut Engine) -> Vec<u64> {
        let actions = std::iter::from_fn(|| engine.poll());
        let seconds = actions.filter_map(|action| match action {
            Action::Send(Outbound::Iq {
                request: Request::Lease { seconds, .. },
                ..
            }) => Some(seconds),
            _ => None,
        });
        seconds.collect()
    }

    #[test]
    fn guard_is_switched_by_the_configuration_at_once() {
        let mut engine = Engine::new(settings(), State::default());
        let stream_id = "s".to_owned();
        engine.handle(Now::default(), Input::Connected { stream_id });
        assert!(leases(&mut engine).is_empty());
        for (guard, expected) in [(true, vec![9, 9]), (false, vec![0, 0]), (false, vec![])] {
            let mut settings = settings();
            settings.policy.guard = guard;
            let reload = Reload {
                settings,
                claims_changed: false,
            };
            engine.handle(Now::default(), Input::Reload(Box::new(reload)));
            assert_eq!(leases(&mut engine), expected, "{guard}");
        }
        // And is not kept up.
        let later = Now {
            tick: Duration::from_secs(5),
            ..Now::default()
        };
        engine.handle(later, Input::Wake);
        assert!(leases(&mut engine).is_empty());
    }
}
