//! B8, `names.guests = "distinct"`, where the module does not pin names.

use crate::sim::room::Written;
use crate::sim::{Choice, Kind, Ticket, World, room};
use gavel::engine::settings::{Freeze, GuestNames};
use gavel::muc::RoomJid;
use gavel::stanza::{DisplayName, Outbound};

const T: &str = "t@meet.jitsi/1";
const G: &str = "g@meet.jitsi/1";
const GUEST: &str = "Ada (guest)";

fn written(name: &str, ticket: Option<Ticket>, payload: u32) -> Written {
    Written {
        machine: false,
        name: DisplayName::Plain(name.to_owned()),
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

/// What a guest has published last stands, whatever is on its way meanwhile.
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

/// After a reconnection everybody is seen anew.
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
