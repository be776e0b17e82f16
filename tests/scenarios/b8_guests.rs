//! B8, `names.guests = "distinct"`, if the module does not pin names.

use crate::sim::room::Written;
use crate::sim::{Choice, FOCUS, Kind, Ticket, World, room};
use gavel::engine::Input;
use gavel::engine::settings::{Freeze, GuestNames};
use gavel::muc::{Nick, RoomJid};
use gavel::stanza::{DisplayName, Outbound, Request};

const T: &str = "t@meet.jitsi/1";
const G: &str = "g@meet.jitsi/1";
const GUEST: &str = "Ada (guest)";

fn written(name: &str, ticket: Option<Ticket>, payload: u32) -> Written {
    Written {
        machine: false,
        name: DisplayName::Plain(name.into()),
        ticket,
        payload,
        id: None,
    }
}

fn guest(name: &str, payload: u32) -> Written {
    written(name, None, payload)
}

fn ada() -> Written {
    written("Ada", Some(Ticket::new(Kind::Member, 1).named("Ada")), 0)
}

fn distinct(freeze: Freeze) -> (World, RoomJid) {
    let mut world = World::new(Choice {
        module: false,
        freeze,
        guests: GuestNames::Distinct,
        ..Choice::default()
    });
    let r = room("r");
    world.open_room(&r);
    (world, r)
}

fn shown(world: &World, r: &RoomJid) -> (String, u32) {
    let presence = &world.server.rooms[r].occupants["g"].presence;
    let name = presence.name.shown().unwrap_or_default().to_owned();
    (name, presence.payload)
}

fn reverts(world: &World) -> usize {
    let sent = world.sent.iter();
    let reverts = sent.filter(|(_, stanza)| matches!(stanza, Outbound::Revert { .. }));
    reverts.count()
}

/// A guest's last presence stands, whatever is on its way meanwhile.
#[test]
fn b8_a_guest_who_renames_away_is_shown_as_they_say() {
    for wait in 0..30 {
        let (mut world, r) = distinct(Freeze::Revert);
        world.write(T, &r, "t", ada());
        world.run(100);
        world.write(G, &r, "g", guest("Ada", 1));
        world.run(wait);
        world.write(G, &r, "g", guest("Bob", 2));
        world.run(1_000);
        assert_eq!(shown(&world, &r), ("Bob".into(), 2), "after {wait} ms");
        world.write(G, &r, "g", guest("ADA", 3));
        world.run(wait);
        world.write(G, &r, "g", guest("a d a", 4));
        world.run(10_000);
        assert_eq!(shown(&world, &r), (GUEST.into(), 4), "after {wait} ms");
        world.check_quiet();
    }
}

#[test]
fn b8_with_freeze_off_or_free_names_guests_are_left_alone() {
    for (freeze, guests) in [
        (Freeze::Off, GuestNames::Distinct),
        (Freeze::Revert, GuestNames::Free),
    ] {
        let (mut world, r) = {
            let mut world = World::new(Choice {
                module: false,
                freeze,
                guests,
                ..Choice::default()
            });
            let r = room("r");
            world.open_room(&r);
            (world, r)
        };
        world.write(T, &r, "t", ada());
        world.write(G, &r, "g", guest("Ada", 1));
        world.check_quiet();
        assert_eq!(shown(&world, &r), ("Ada".into(), 1));
        assert_eq!(reverts(&world), 0);
        assert_eq!(world.server.notices, 0);
    }
}

/// After a reconnection everybody is seen again.
#[test]
fn b8_guests_are_told_apart_after_a_reconnection() {
    let (mut world, r) = distinct(Freeze::Revert);
    world.write(G, &r, "g", guest("Ada", 1));
    world.write(T, &r, "t", ada());
    world.run(1_000);
    world.disconnect();
    world.run(60_000);
    assert_eq!(shown(&world, &r), (GUEST.into(), 1));
    world.write(G, &r, "g", guest("Ada", 2));
    world.check_quiet();
    assert_eq!(shown(&world, &r), (GUEST.into(), 2));
}

/// The names that the module is told to show for somebody, in order; none if it shows their own.
fn pinned(world: &World, nick: &str) -> Vec<(String, Option<String>)> {
    let sent = world.sent.iter().filter_map(|(_, stanza)| match stanza {
        Outbound::Iq {
            request:
                Request::Pin {
                    nick: of,
                    name,
                    sent,
                    ..
                },
            ..
        } if of.as_str() == nick => Some((name.clone(), sent.clone())),
        _ => None,
    });
    sent.collect()
}

fn with_module(guests: GuestNames) -> (World, RoomJid) {
    World::opened(Choice {
        guests,
        ..Choice::default()
    })
}

/// A module that shows names is told once, whichever of the two came first, and again when
/// the guest has another name.
#[test]
fn b8_the_module_is_told_of_a_guest_in_any_order_of_coming() {
    let shown = |name: &str| (GUEST.to_owned(), Some(name.to_owned()));
    for first in [true, false] {
        let (mut world, r) = with_module(GuestNames::Distinct);
        if first {
            world.write(G, &r, "g", guest("ada", 1));
            world.run(100);
        }
        world.write(T, &r, "t", ada());
        world.run(100);
        if !first {
            world.write(G, &r, "g", guest("ada", 1));
            world.run(100);
        }
        assert_eq!(pinned(&world, "g"), [shown("ada")], "first: {first}");
        world.write(G, &r, "g", guest("ADA", 2));
        world.run(100);
        assert_eq!(pinned(&world, "g"), [shown("ada"), shown("ADA")]);
        world.write(G, &r, "g", guest("Bob", 3));
        world.run(100);
        let last = (String::new(), None);
        assert_eq!(pinned(&world, "g"), [shown("ada"), shown("ADA"), last]);
        world.check_quiet();
    }
}

/// Another configuration holds for people who are there.
#[test]
fn b8_a_reload_tells_guests_apart_and_lets_them_be() {
    let (mut world, r) = with_module(GuestNames::Free);
    world.write(T, &r, "t", ada());
    world.write(G, &r, "g", guest("Ada", 1));
    world.run(100);
    assert_eq!(pinned(&world, "g"), []);
    world.choice.guests = GuestNames::Distinct;
    world.reload();
    world.run(1_000);
    let shown = (GUEST.to_owned(), Some("Ada".to_owned()));
    assert_eq!(pinned(&world, "g"), std::slice::from_ref(&shown));
    world.choice.guests = GuestNames::Free;
    world.reload();
    world.run(1_000);
    assert_eq!(pinned(&world, "g"), [shown, (String::new(), None)]);
    // Nothing is remembered of those who left before names were compared again.
    world.leave(T, &r);
    world.run(100);
    world.choice.guests = GuestNames::Distinct;
    world.reload();
    world.run(1_000);
    assert_eq!(pinned(&world, "g").len(), 2);
    world.check_quiet();
}

/// Somebody who is shown as a guest comes with a token: its name is theirs.
#[test]
fn b8_a_guest_who_gets_a_token_has_its_name() {
    for module in [true, false] {
        let (mut world, r) = World::opened(Choice {
            module,
            guests: GuestNames::Distinct,
            ..Choice::default()
        });
        world.write(T, &r, "t", ada());
        world.write(G, &r, "g", guest("Ada", 1));
        world.run(1_000);
        let nick = Nick::new("g");
        assert!(!world.engine.keeps_name(&r, &nick));
        let grace = Ticket::new(Kind::Member, 2).named("Grace");
        world.write(G, &r, "g", written("Ada", Some(grace), 2));
        world.run(1_000);
        assert!(world.engine.keeps_name(&r, &nick), "module: {module}");
        match module {
            true => assert_eq!(pinned(&world, "g").last(), Some(&("Grace".into(), None))),
            false => assert_eq!(shown(&world, &r), ("Grace".into(), 2)),
        }
        world.check_quiet();
    }
}

/// Names of people who have left are nobody's in the next meeting, nor if another gavel has
/// taken over.
#[test]
fn b8_names_of_the_last_meeting_are_free() {
    for (case, free) in [("same", false), ("next", true), ("another gavel", true)] {
        let (mut world, r) = with_module(GuestNames::Distinct);
        world.server.numbers_meetings = true;
        world.leave(FOCUS, &r);
        world.run(1_000);
        world.open_room(&r);
        world.write(T, &r, "t", ada());
        world.run(100);
        world.leave(T, &r);
        world.run(100);
        world.disconnect();
        match case {
            "next" => {
                world.leave(FOCUS, &r);
                world.join(FOCUS, &r, "focus", None);
            }
            "another gavel" => world.handle(Input::TakeOver(Box::default())),
            _ => {}
        }
        world.run(2_000);
        world.write(G, &r, "g", guest("Ada", 1));
        world.run(1_000);
        assert_eq!(pinned(&world, "g").is_empty(), free, "{case}");
    }
}
