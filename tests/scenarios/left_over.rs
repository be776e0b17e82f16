//! What is kept of people ends with them, with their room and with the stream.

use crate::sim::room::Written;
use crate::sim::{Choice, Kind, Ticket, World, room};
use gavel::engine::settings::GuestNames;
use gavel::muc::{Nick, Role, RoomJid};
use gavel::policy::{Holders, Permission, Permissions, Policy};
use gavel::stanza::DisplayName;

/// Somebody with a name and a permission of their own, and a guest of the same name.
fn world(module: bool) -> (World, RoomJid) {
    let mut permissions = Permissions::default();
    permissions.set(Permission::Recording, Holders::Token);
    let mut world = World::new(Choice {
        module,
        policy: Policy {
            permissions,
            ..Policy::default()
        },
        guests: GuestNames::Distinct,
        ..Choice::default()
    });
    let r = room("r");
    world.open_room(&r);
    let ada = Ticket::new(Kind::Member, 1).named("Ada");
    for (jid, nick, ticket) in [
        ("t@meet.jitsi/1", "t", Some(ada)),
        ("g@meet.jitsi/1", "g", None),
    ] {
        let written = Written {
            name: DisplayName::Plain("Ada".to_owned()),
            ticket,
            ..Written::default()
        };
        world.write(jid, &r, nick, written);
    }
    world.run(1_000);
    let engine = &world.engine;
    assert!(engine.keeps_name(&r, &Nick::new("t")));
    (world, r)
}

fn left_over(world: &World) -> Vec<String> {
    world.engine.left_over()
}

#[test]
fn nothing_is_left_over_of_a_room_that_was_destroyed() {
    for module in [true, false] {
        let (mut world, r) = world(module);
        world.server.destroy(&r);
        world.flush();
        world.run(1_000);
        assert_eq!(left_over(&world), [""; 0]);
    }
}

#[test]
fn nothing_is_left_over_of_a_room_whose_people_have_left() {
    for module in [true, false] {
        let (mut world, r) = world(module);
        for jid in ["t@meet.jitsi/1", "g@meet.jitsi/1", crate::sim::FOCUS] {
            world.leave(jid, &r);
            world.run(1_000);
            let gone = left_over(&world);
            assert_eq!(gone, [""; 0], "after {jid}");
        }
        // So long gavel remembers a meeting whose room may be back.
        world.run(20 * 60_000);
        assert_eq!(left_over(&world), [""; 0]);
    }
}

#[test]
fn nothing_is_left_over_of_a_lost_stream() {
    for module in [true, false] {
        let (mut world, _) = world(module);
        world.mute = true;
        world.disconnect();
        assert_eq!(left_over(&world), [""; 0]);
    }
}

#[test]
fn nothing_is_left_over_of_a_room_that_gavel_was_put_out_of() {
    let (mut world, r) = world(false);
    world.role(None, &r, "gavel", Role::None).unwrap();
    world.mute = true;
    world.run(1_000);
    let known = world.engine.rooms().find(|room| room.jid == r);
    assert!(known.is_none_or(|room| !room.is_in()));
    assert_eq!(left_over(&world), [""; 0]);
}

#[test]
fn nothing_is_left_over_of_a_meeting_in_which_nobody_has_a_name() {
    for guests in [GuestNames::Free, GuestNames::Distinct] {
        let mut world = World::new(Choice {
            guests,
            ..Choice::default()
        });
        let r = room("r");
        world.open_room(&r);
        world.join("g@meet.jitsi/1", &r, "g", None);
        world.run(100);
        world.leave("g@meet.jitsi/1", &r);
        world.run(100);
        assert_eq!(left_over(&world), [""; 0]);
    }
}
