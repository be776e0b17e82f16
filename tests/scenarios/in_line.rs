//! B20: thousands in a room's lists who should not be there keep nobody waiting.

use crate::sim::{Choice, FOCUS, Kind, Ticket, World, room};
use gavel::muc::{Affiliation, RoomJid};
use gavel::stanza::{Outbound, Request};

/// So many are owners of the room, and nothing entitles them.
const MANY: usize = 60;
/// So long a request and its answer are on their way, in milliseconds.
const THERE_AND_BACK: u64 = 10;

fn leftover(n: usize) -> String {
    format!("leftover{n}@meet.jitsi")
}

/// A room that the server has kept, into which somebody comes.
fn kept(module: bool) -> (World, RoomJid) {
    let mut world = World::new(Choice {
        module,
        ..Choice::default()
    });
    let r = room("r");
    world.server.create(&r);
    let state = world.server.rooms.get_mut(&r).unwrap();
    state.persistent = true;
    for n in 0..MANY {
        state.affiliations.insert(leftover(n), Affiliation::Owner);
    }
    world.open_room(&r);
    // gavel leaves a room in which nobody is.
    world.join("somebody@meet.jitsi/1", &r, "somebody", None);
    (world, r)
}

fn owners(world: &World, r: &RoomJid) -> usize {
    let stored = world.server.rooms[r].affiliations.iter();
    stored
        .filter(|(jid, has)| jid.starts_with("leftover") && **has == Affiliation::Owner)
        .count()
}

/// The people whose affiliations were asked for from a time on, and when.
fn asked(world: &World, from: u64) -> Vec<(u64, String)> {
    let sent = world.sent.iter().filter(|(at, _)| *at >= from);
    let asked = sent.filter_map(|(at, stanza)| match stanza {
        Outbound::Iq {
            request: Request::SetAffiliation { jid, .. },
            ..
        } => Some((*at, jid.clone())),
        _ => None,
    });
    asked.collect()
}

/// Lets time pass until nobody who is left over is an owner.
fn until_done(world: &mut World, r: &RoomJid) {
    let until = world.now + 60_000;
    while owners(world, r) > 0 {
        assert!(world.now < until, "{} are left", owners(world, r));
        world.run(1);
    }
    world.run(2 * THERE_AND_BACK);
    assert_eq!(world.engine.left_over(), [""; 0]);
}

#[test]
fn b20_people_who_are_absent_are_lowered_one_after_another() {
    for module in [true, false] {
        let (mut world, r) = kept(module);
        assert!(owners(&world, &r) > MANY / 2, "{module}");
        let other = room("other");
        world.open_room(&other);
        let before = world.now;
        world.join(
            "t@meet.jitsi/1",
            &other,
            "t",
            Some(Ticket::new(Kind::Owner, 1)),
        );
        for _ in 0..MANY as u64 * THERE_AND_BACK {
            world.run(1);
            let waiting = world.engine.sizes().waiting;
            assert!(waiting <= 2, "{waiting} at once, {module}");
        }
        let others = asked(&world, before);
        let ahead = others.iter().position(|(_, jid)| jid == "t@meet.jitsi");
        assert!(module || ahead.is_some_and(|n| n <= 1), "{others:?}");
        assert_eq!(world.has(&other, "t@meet.jitsi"), Affiliation::Owner);
        until_done(&mut world, &r);
        world.check_quiet();
    }
}

#[test]
fn b20_a_person_who_comes_or_uses_their_power_waits_for_nobody() {
    let (mut world, r) = kept(false);
    let last = leftover(MANY - 1);
    assert_eq!(world.has(&r, &last), Affiliation::Owner);
    world.join(&format!("{last}/1"), &r, "late", None);
    world.run(THERE_AND_BACK);
    assert_eq!(world.has(&r, &last), Affiliation::None);
    // An owner need not be there to make others owners.
    let actor = leftover(MANY - 2);
    world.join("eve@meet.jitsi/1", &r, "eve", None);
    world.run(2 * THERE_AND_BACK);
    let from = world.now;
    let full = format!("{actor}/1");
    world
        .set(Some(&full), &r, "eve@meet.jitsi", Affiliation::Owner)
        .unwrap();
    world.run(THERE_AND_BACK);
    assert_eq!(world.has(&r, &actor), Affiliation::None);
    assert_eq!(world.has(&r, "eve@meet.jitsi"), Affiliation::None);
    let together = asked(&world, from);
    let place = |jid: &str| together.iter().position(|(_, known)| known == jid);
    assert!(place(&actor) < place("eve@meet.jitsi"), "{together:?}");
    assert!(owners(&world, &r) > 0, "the others still wait");
    until_done(&mut world, &r);
    world.check_quiet();
}

#[test]
fn b20_the_line_goes_on_after_an_answer_was_lost_and_after_a_reconnect() {
    for module in [true, false] {
        let (mut world, r) = kept(module);
        world.lose_replies = 1;
        world.run(1_000);
        assert!(owners(&world, &r) > 0, "{module}");
        until_done(&mut world, &r);
        let (mut world, r) = kept(module);
        world.disconnect();
        world.run(30_000);
        until_done(&mut world, &r);
        world.check_quiet();
    }
}

#[test]
fn b20_the_line_ends_with_its_room() {
    for module in [true, false] {
        let (mut world, r) = kept(module);
        let second = room("second");
        world.server.create(&second);
        let state = world.server.rooms.get_mut(&second).unwrap();
        state.affiliations.insert(leftover(0), Affiliation::Owner);
        world.open_room(&second);
        world.server.destroy(&r);
        world.flush();
        world.run(1_000);
        // A person who waited behind them does not wait for ever.
        assert_eq!(world.has(&second, &leftover(0)), Affiliation::None);
        assert_eq!(world.engine.left_over(), [""; 0]);
    }
}

/// gavel leaves a room at once when it is alone (B9): owners who still wait in line then
/// stay owners of an empty room, until somebody comes there.
#[test]
fn b20_the_line_goes_on_when_somebody_comes_to_the_room_again() {
    for module in [true, false] {
        let (mut world, r) = kept(module);
        world.leave(FOCUS, &r);
        world.leave("somebody@meet.jitsi/1", &r);
        world.run(60_000);
        let left = owners(&world, &r);
        assert!(left > MANY / 2, "{module}: {left}");
        assert_eq!(world.engine.left_over(), [""; 0]);
        let last = leftover(MANY - 1);
        world.join(&format!("{last}/1"), &r, "late", None);
        world.open_room(&r);
        world.run(5 * THERE_AND_BACK);
        assert_eq!(world.has(&r, &last), Affiliation::None, "{module}");
        until_done(&mut world, &r);
        world.check_quiet();
    }
}
