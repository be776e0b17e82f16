//! `policy.on_expiry`: tokens that expire in the meeting.

use crate::sim::{Choice, FOCUS, Kind, Ticket, World, room};
use gavel::engine::Report;
use gavel::engine::event::{Cause, Change};
use gavel::muc::{Affiliation, Nick, RoomJid};
use gavel::policy::{Guests, OnExpiry, Policy};

const T: &str = "t@meet.jitsi/1";
const G: &str = "g@meet.jitsi/1";
/// `claims.jwt.leeway`, in milliseconds.
const LEEWAY: u64 = 30_000;

fn demote() -> Policy {
    Policy {
        on_expiry: OnExpiry::Demote,
        ..Policy::default()
    }
}

/// A token that expires so many seconds from now.
fn expiring(world: &World, serial: u32, seconds: u64) -> Option<Ticket> {
    let exp = world.unix_ms() / 1000 + seconds;
    Some(Ticket::new(Kind::Owner, serial).named("Ada").until(exp))
}

/// A room with a teacher whose token expires in a minute, and a guest.
fn with(module: bool, policy: Policy) -> (World, RoomJid) {
    let mut world = World::new(Choice {
        module,
        policy,
        ..Choice::default()
    });
    let r = room("r");
    world.open_room(&r);
    world.now = world.now.next_multiple_of(1_000);
    let ticket = expiring(&world, 1, 60);
    world.join(T, &r, "t", ticket);
    world.join(G, &r, "g", None);
    world.run(50);
    assert_eq!(world.has(&r, T), Affiliation::Owner);
    (world, r)
}

fn told(world: &World) -> Vec<(u64, String)> {
    let told = world.reports.iter().filter_map(|report| match report {
        Report::Decision(told) if told.cause == Cause::Expiry => Some(told),
        _ => None,
    });
    told.map(|told| {
        let Change::Affiliation { to, .. } = &told.change else {
            panic!("{told:?}");
        };
        (
            0,
            format!("{} {to} {}: {}", told.jid, told.rule, told.reason),
        )
    })
    .collect()
}

#[test]
fn on_expiry_a_token_ends_leeway_after_its_exp_to_the_second() {
    for module in [true, false] {
        for guests in [Guests::Strip, Guests::Ignore] {
            let (mut world, r) = with(module, Policy { guests, ..demote() });
            let due = world.now + 60_000 + LEEWAY;
            world.run(60_000 + LEEWAY - 1_000);
            assert_eq!(world.has(&r, T), Affiliation::Owner, "not before");
            world.run(1_100);
            assert_eq!(world.has(&r, T), Affiliation::None, "{module} {guests:?}");
            let (at, _) = world.changes_since(due - 1_000)[0];
            assert!(at.abs_diff(due) <= 1_000, "{at} {due}");
            let told: Vec<String> = told(&world).into_iter().map(|(_, told)| told).collect();
            assert_eq!(told, ["t@meet.jitsi none expired: the token has expired"]);
            // The same token again, here and on another stream, is worth nothing.
            world.disconnect();
            world.run(2_000);
            assert_eq!(world.has(&r, T), Affiliation::None);
        }
    }
}

#[test]
fn on_expiry_keep_is_the_default_and_does_nothing() {
    let (mut world, r) = with(true, Policy::default());
    world.run(3_600_000);
    assert_eq!(world.has(&r, T), Affiliation::Owner);
    assert_eq!(told(&world), []);
}

#[test]
fn on_expiry_a_newer_token_goes_on() {
    for same_session in [true, false] {
        let (mut world, r) = with(true, demote());
        world.run(40_000);
        let newer = expiring(&world, 2, 600);
        let session = if same_session { T } else { "t@meet.jitsi/2" };
        let nick = if same_session { "t" } else { "t2" };
        world.join(session, &r, nick, newer);
        world.run(120_000);
        assert_eq!(world.has(&r, T), Affiliation::Owner, "{same_session}");
        world.run(600_000);
        assert_eq!(world.has(&r, T), Affiliation::None, "{same_session}");
    }
}

#[test]
fn on_expiry_gifts_to_others_stay_and_so_does_a_grant() {
    let (mut world, r) = with(true, demote());
    world.set(Some(T), &r, G, Affiliation::Owner).unwrap();
    world.run(200_000);
    assert_eq!(world.has(&r, T), Affiliation::None);
    assert_eq!(world.has(&r, G), Affiliation::Owner, "granted in time");
    // And the giver: now it is not the token's.
    world.set(Some(G), &r, T, Affiliation::Owner).unwrap();
    world.run(200_000);
    assert_eq!(world.has(&r, T), Affiliation::Owner);
    assert!(
        world.engine.keeps_name(&r, &Nick::new("t")),
        "the name is the token's for good"
    );
}

#[test]
fn on_expiry_a_clock_that_was_set_is_followed() {
    let (mut world, r) = with(true, demote());
    world.clock_set = 3_600_000;
    // The next that gavel hears.
    world.join("x@meet.jitsi/1", &r, "x", None);
    world.run(100);
    assert_eq!(world.has(&r, T), Affiliation::None, "an hour has passed");
    world.clock_set = 0;
    world.leave("x@meet.jitsi/1", &r);
    world.run(100);
    assert_eq!(world.has(&r, T), Affiliation::Owner, "the clock was wrong");
    world.clock_set = -50_000;
    world.run(LEEWAY + 60_000);
    assert_eq!(world.has(&r, T), Affiliation::Owner, "50 s are left");
    world.run(50_000);
    assert_eq!(world.has(&r, T), Affiliation::None);
}

#[test]
fn on_expiry_a_person_who_has_left_keeps_owner_until_then() {
    for restart in [false, true] {
        let (mut world, r) = with(true, demote());
        world.leave(T, &r);
        if restart {
            world.restart();
        }
        world.run(80_000);
        assert_eq!(world.has(&r, T), Affiliation::Owner, "restart: {restart}");
        world.run(12_000);
        assert_eq!(world.has(&r, T), Affiliation::None, "restart: {restart}");
    }
}

/// The ban of a host is undone, and they have left by it.
#[test]
fn on_expiry_a_person_banned_unjustly_keeps_owner_no_longer() {
    for restart in [false, true] {
        let (mut world, r) = with(true, demote());
        // A second device, whose token ends sooner.
        let ticket = expiring(&world, 2, 20);
        world.join("t@meet.jitsi/2", &r, "u", ticket);
        world.run(100);
        world.set(Some(FOCUS), &r, T, Affiliation::Outcast).unwrap();
        world.run(100);
        assert_eq!(world.has(&r, T), Affiliation::Owner, "restart: {restart}");
        if restart {
            world.restart();
        }
        world.run(80_000);
        assert_eq!(world.has(&r, T), Affiliation::Owner, "restart: {restart}");
        world.run(12_000);
        assert_eq!(world.has(&r, T), Affiliation::None, "restart: {restart}");
    }
}
