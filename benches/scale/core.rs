//! The engine alone, through its public interface.

use super::Case;
use super::people::{FIRST, Person, SERVICE, believe_module, room};
use super::rig::{self, Rig, STREAM, answer, change};
use gavel::engine::settings::AbsentHost;
use gavel::muc::Affiliation;
use gavel::policy::Fallback;
use gavel::stanza::{Bridge, Evidence, Inbound, Module, Outbound, Presence, PresenceKind};
use std::time::Duration;

/// Somebody's presence.
fn presence(person: Person, affiliation: Affiliation) -> Presence {
    let (occupant, real) = (person.occupant(), person.real());
    Presence {
        evidence: Evidence {
            bridge: Some(Bridge {
                mac: person.mac(STREAM),
                json: person.claims(),
                ..Bridge::default()
            }),
            ..Evidence::default()
        },
        ..rig::presence(&occupant, &real, affiliation, &person.name())
    }
}

/// The module serves every room, which shows every change that gavel asks for.
fn service(stanza: Outbound) -> Vec<Inbound> {
    let shown = change(&stanza).map(|(room, number, affiliation)| {
        let host = affiliation == Affiliation::Owner;
        let person = Person {
            room: room["meeting-of-group-".len()..][..5].parse().unwrap(),
            number,
            host: host && super::is_host(number),
        };
        Inbound::Presence(Box::new(presence(person, affiliation)))
    });
    let mut all: Vec<Inbound> = shown.into_iter().chain(answer(stanza)).collect();
    for stanza in &mut all {
        if let Inbound::Presence(presence) = stanza {
            let own = presence
                .muc_user
                .as_ref()
                .is_some_and(|user| user.has_status(110));
            presence.module = own.then(|| Module {
                version: env!("CARGO_PKG_VERSION").to_owned(),
                ..Module::default()
            });
        }
    }
    all
}

/// The cost of each of many people.
pub struct Spent {
    pub join: Duration,
    pub update: Duration,
    pub leave: Duration,
    /// Bytes an occupant.
    pub memory: usize,
}

/// Fills the rooms, then has people come, change and go.
pub fn measure(case: &Case) -> Spent {
    let mut rig = Rig::with(service, |settings| {
        believe_module(settings);
        settings.policy.guard = true;
        match case.policy.as_str() {
            "fallback" => {
                settings.policy.fallback = Fallback::First;
                settings.fallback_services = vec![SERVICE.to_owned()];
            }
            "host_absent" => {
                settings.host_absent.action = AbsentHost::Lock;
                settings.host_absent.services = vec![SERVICE.to_owned()];
            }
            _ => {}
        }
    });
    // Everything that people share is there before: compiled rules, above all.
    rig.enter(&room(FIRST.room));
    come(&mut rig, FIRST);
    let before = super::resident(std::process::id());
    for number in 0..case.rooms {
        rig.enter(&room(number));
        for person in case.people_of(number) {
            come(&mut rig, person);
        }
    }
    let people: usize = rig.engine.rooms().map(|room| room.people()).sum();
    assert_eq!(people, case.rooms * case.people + 1);
    let taken = super::resident(std::process::id()).saturating_sub(before);
    let memory = taken / (case.rooms * case.people);
    let newcomers = case.newcomers();
    let mut time = |act: fn(&mut Rig, Person)| {
        rig.spent = Duration::ZERO;
        newcomers.iter().for_each(|person| act(&mut rig, *person));
        rig.spent / u32::try_from(newcomers.len()).unwrap()
    };
    Spent {
        join: time(come),
        update: time(update),
        leave: time(go),
        memory,
    }
}

fn come(rig: &mut Rig, person: Person) {
    let stanza = presence(person, Affiliation::None);
    rig.stanza(Inbound::Presence(Box::new(stanza)));
}

fn update(rig: &mut Rig, person: Person) {
    let stanza = presence(person, super::given(person));
    rig.stanza(Inbound::Presence(Box::new(stanza)));
}

fn go(rig: &mut Rig, person: Person) {
    let stanza = Presence {
        kind: PresenceKind::Unavailable,
        ..presence(person, super::given(person))
    };
    rig.stanza(Inbound::Presence(Box::new(stanza)));
}
