//! B4: hosts who are lowered or banned by others, and the rights that are given back.

use crate::sim::{Choice, FOCUS, Kind, Ticket, World, breakout, room};
use gavel::engine::room::Membership;
use gavel::muc::{Affiliation, RoomJid};
use gavel::policy::Policy;

const T: &str = "t@meet.jitsi/1";
const H: &str = "h@meet.jitsi/1";
const NEW: &str = "new@meet.jitsi/1";
const X: &str = "x@meet.jitsi/1";
const G: &str = "g@meet.jitsi/1";

fn host(serial: u32) -> Option<Ticket> {
    Some(Ticket::new(Kind::Owner, serial))
}

/// A room with two hosts.
fn hosts(module: bool, policy: Policy) -> (World, RoomJid) {
    let mut world = World::new(Choice {
        module,
        policy,
        ..Choice::default()
    });
    let r = room("r");
    world.open_room(&r);
    world.join(T, &r, "t", host(1));
    world.join(H, &r, "h", host(2));
    world.run(100);
    (world, r)
}

/// The room tells gavel that it was undone, and no reply does.
#[test]
fn b4_a_ban_is_undone_once_however_the_reply_is_lost() {
    for module in [true, false] {
        let (mut world, r) = hosts(module, Policy::default());
        world.set(Some(FOCUS), &r, H, Affiliation::Outcast).unwrap();
        world.lose_replies = 1;
        world.run(100);
        assert_eq!(world.has(&r, H), Affiliation::Owner, "module: {module}");
        world.set(Some(T), &r, H, Affiliation::None).unwrap();
        world.run(60_000);
        assert_eq!(world.has(&r, H), Affiliation::None, "module: {module}");
        world.check_quiet();
    }
}

/// Somebody else lifts the ban while gavel does not run.
#[test]
fn b4_a_ban_that_is_gone_after_a_restart_is_not_undone() {
    for module in [true, false] {
        let (mut world, r) = hosts(module, Policy::default());
        world.set(Some(FOCUS), &r, H, Affiliation::Outcast).unwrap();
        world.run(7);
        world.restart();
        let has = world.has(&r, H);
        assert_eq!(has, Affiliation::Outcast, "module: {module}");
        world.set(Some(T), &r, H, Affiliation::None).unwrap();
        world.run(60_000);
        assert_eq!(world.has(&r, H), Affiliation::None, "module: {module}");
        world.check_quiet();
    }
}

/// If it is still there it is undone.
#[test]
fn b4_a_ban_that_is_still_there_after_a_restart_is_undone() {
    for module in [true, false] {
        let (mut world, r) = hosts(module, Policy::default());
        world.set(Some(FOCUS), &r, H, Affiliation::Outcast).unwrap();
        world.run(7);
        world.restart();
        world.run(60_000);
        assert_eq!(world.has(&r, H), Affiliation::Owner, "module: {module}");
        world.check_quiet();
    }
}

/// gavel has not seen the author of that ban, so it stays; and the token's gift is not
/// remembered over it.
#[test]
fn b4_a_person_banned_in_a_breakout_room_keeps_nothing_over_a_restart() {
    let (mut world, r) = hosts(true, Policy::default());
    let b = breakout("b");
    world.server.breakouts.insert(b.clone(), r.clone());
    world.join(H, &b, "h", host(2));
    world.run(100);
    world.disconnect();
    world.set(Some(FOCUS), &r, H, Affiliation::Outcast).unwrap();
    world.run(1_000);
    world.restart();
    world.leave(H, &b);
    world.run(1_000);
    world.set(Some(FOCUS), &r, H, Affiliation::Owner).unwrap();
    world.run(1_000);
    assert!(world.has(&r, H) < Affiliation::Admin);
    world.check_quiet();
}

/// A room with hosts, one of whom gavel has seen before, and an owner without a token;
/// gavel is in and does not know its configuration yet.
fn before_the_configuration(module: bool, policy: Policy) -> (World, RoomJid) {
    let (mut world, r) = hosts(module, policy);
    world.server.tells_facts = false;
    world.disconnect();
    world.join(NEW, &r, "new", host(3));
    world.join(X, &r, "x", None);
    world.join(G, &r, "g", None);
    world.set(None, &r, X, Affiliation::Owner).unwrap();
    if !module {
        world.server.invite(&r);
    }
    // The join's reply is a presence.
    for _ in 0..1_000 {
        let known = world.engine.rooms().find(|room| room.jid == r);
        let joining = known.map(|room| room.membership) == Some(Membership::Joining);
        if known.is_some_and(|room| room.is_in() && !room.is_ready()) {
            world.lose_replies = 0;
            return (world, r);
        }
        world.lose_replies = u32::from(joining) * 10;
        world.run(1);
    }
    panic!("gavel knew the configuration as it came");
}

#[test]
fn b4_a_person_banned_unjustly_before_gavel_knows_the_room_gets_back_in() {
    for (module, protect_hosts) in [(true, true), (false, true), (true, false)] {
        let policy = Policy {
            protect_hosts,
            ..Policy::default()
        };
        let (mut world, r) = before_the_configuration(module, policy);
        for who in [H, NEW, G] {
            world.set(Some(X), &r, who, Affiliation::Outcast).unwrap();
        }
        world.run(60_000);
        for who in [H, NEW] {
            assert_eq!(world.has(&r, who), Affiliation::Owner, "module: {module}");
        }
        assert_eq!(world.has(&r, G), Affiliation::None, "module: {module}");
        world.join(H, &r, "h", host(2));
        world.check_quiet();
    }
}

#[test]
fn b4_a_person_banned_by_a_host_before_gavel_knows_the_room_is_as_configured() {
    for (module, protect_hosts) in [(true, true), (false, true), (true, false)] {
        let policy = Policy {
            protect_hosts,
            ..Policy::default()
        };
        let (mut world, r) = before_the_configuration(module, policy);
        for who in [NEW, G] {
            world.set(Some(T), &r, who, Affiliation::Outcast).unwrap();
        }
        world.run(60_000);
        let back = world.has(&r, NEW) == Affiliation::Owner;
        assert_eq!(back, protect_hosts, "module: {module}");
        assert_eq!(world.has(&r, G), Affiliation::Outcast, "module: {module}");
        world.check_quiet();
    }
}

/// A ban that is over before gavel could judge it is none of its business.
#[test]
fn b4_a_ban_that_is_lifted_before_gavel_knows_the_room_is_not_undone() {
    for module in [true, false] {
        let (mut world, r) = before_the_configuration(module, Policy::default());
        for affiliation in [Affiliation::Outcast, Affiliation::None] {
            world.set(Some(X), &r, NEW, affiliation).unwrap();
        }
        world.run(60_000);
        assert_eq!(world.has(&r, NEW), Affiliation::None, "module: {module}");
        world.check_quiet();
    }
}
