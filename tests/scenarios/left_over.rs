//! The records of people end with them, with their room and with the stream.

use crate::sim::room::Written;
use crate::sim::{Choice, Kind, Ticket, World, room};
use gavel::engine::settings::GuestNames;
use gavel::engine::{Report, Warning};
use gavel::muc::{Affiliation, Nick, Role, RoomJid};
use gavel::policy::{Holders, OnExpiry, Permission, Permissions, Policy};
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
            name: DisplayName::Plain("Ada".into()),
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

/// A room in which people are lowered as their claims end.
fn demoting(module: bool) -> (World, RoomJid) {
    let mut world = World::new(Choice {
        module,
        policy: Policy {
            on_expiry: OnExpiry::Demote,
            ..Policy::default()
        },
        ..Choice::default()
    });
    let r = room("r");
    world.open_room(&r);
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

/// A token may be valid for years. A timer for its end does not outlive its bearer, under
/// whatever nicks they come and go.
#[test]
fn on_expiry_no_timer_is_left_over_of_people_who_are_gone() {
    let (mut world, r) = demoting(true);
    world.run(5_000);
    let before = world.engine.sizes().timers;
    let exp = world.unix_ms() / 1000 + 1_000_000;
    for n in 0..50 {
        let ticket = Ticket::new(Kind::Member, 1).until(exp);
        world.join("t@meet.jitsi/1", &r, &format!("t{n}"), Some(ticket.clone()));
        world.run(50);
        world.join("t@meet.jitsi/1", &r, &format!("u{n}"), Some(ticket));
        world.run(50);
        world.leave("t@meet.jitsi/1", &r);
        world.run(50);
    }
    world.run(5_000);
    assert_eq!(world.engine.sizes().timers, before);
    // Those who have left as owners keep their right until then, or until the room ends.
    for n in 0..50 {
        let jid = format!("o{n}@meet.jitsi/1");
        let ticket = Ticket::new(Kind::Owner, n + 10).until(exp);
        world.join(&jid, &r, &format!("o{n}"), Some(ticket));
        world.run(50);
        world.leave(&jid, &r);
    }
    world.run(5_000);
    assert!(world.engine.sizes().timers >= before + 50);
    world.leave(crate::sim::FOCUS, &r);
    world.run(5_000);
    assert!(world.engine.sizes().timers <= before);
}

#[test]
fn on_expiry_no_timer_is_left_over_of_people_who_left_while_gavel_was_put_out() {
    let (mut world, r) = demoting(false);
    world.join("g@meet.jitsi/1", &r, "g", None);
    world.run(5_000);
    let before = world.engine.sizes().timers;
    let exp = world.unix_ms() / 1000 + 1_000_000;
    for n in 0..20 {
        let jid = format!("t{n}@meet.jitsi/1");
        let ticket = Ticket::new(Kind::Member, n).until(exp);
        world.join(&jid, &r, &format!("t{n}"), Some(ticket));
    }
    world.run(5_000);
    assert_eq!(world.engine.sizes().timers, before + 20);
    world.role(None, &r, "gavel", Role::None).unwrap();
    (0..20).for_each(|n| world.leave(&format!("t{n}@meet.jitsi/1"), &r));
    world.run(60_000);
    let after = world.engine.sizes().timers;
    assert!(after <= before + 3, "{before} {after}");
}

/// People can come from any number of domains: that nobody has a token is said of the first.
#[test]
fn b19_that_nobody_has_a_token_is_said_of_one_domain() {
    let mut world = World::new(Choice::default());
    let r = room("r");
    world.open_room(&r);
    for domain in ["a.x", "b.x", "c.x"] {
        let jid = format!("g@{domain}/1");
        world.join(&jid, &r, &domain.replace('.', ""), None);
        world.run(50);
        let focus = Some(crate::sim::FOCUS);
        world.set(focus, &r, &jid, Affiliation::Owner).unwrap();
        world.run(50);
    }
    let told = world.reports.iter().filter_map(|report| match report {
        Report::Warning(Warning::NobodyHasToken { domain }) => Some(domain.as_str()),
        _ => None,
    });
    assert_eq!(told.collect::<Vec<_>>(), ["a.x"]);
}
