//! B5, `policy.fallback = "first"`: Jicofo's auto-owner.

use crate::sim::{FOCUS, Kind, Ticket, World, breakout};
use gavel::engine::Report;
use gavel::engine::event::Cause;
use gavel::muc::{Affiliation, Role, RoomJid};
use gavel::policy::{Fallback, Grants, Guests, Policy};

const T: &str = "t@meet.jitsi/1";

pub fn first() -> Policy {
    Policy {
        fallback: Fallback::First,
        ..Policy::default()
    }
}

fn teacher() -> Option<Ticket> {
    Some(Ticket::new(Kind::Owner, 1))
}

/// A room with a focus and these people, who came in this order.
fn with(policy: Policy, people: &[&str]) -> (World, RoomJid) {
    let (mut world, r) = World::under(policy);
    for person in people {
        comes(&mut world, &r, person);
    }
    (world, r)
}

fn comes(world: &mut World, room: &RoomJid, person: &str) {
    world.join(&full(person), room, person, None);
    world.run(50);
}

fn full(person: &str) -> String {
    format!("{person}@meet.jitsi/1")
}

/// The owners among these people.
fn owners(world: &World, room: &RoomJid, people: &[&str]) -> Vec<String> {
    let people = people.iter().filter(|person| {
        let has = world.has(room, &full(person));
        has == Affiliation::Owner
    });
    people.map(|person| (*person).to_owned()).collect()
}

#[test]
fn b5_the_elected_one_is_lowered_when_a_host_comes_whatever_guests_may() {
    for guests in [Guests::Strip, Guests::Ignore] {
        let policy = Policy { guests, ..first() };
        let (mut world, r) = with(policy, &["a", "b"]);
        world
            .set(Some(&full("a")), &r, &full("b"), Affiliation::Owner)
            .unwrap();
        world.run(50);
        assert_eq!(owners(&world, &r, &["a", "b"]), ["a", "b"]);
        world.join(T, &r, "t", teacher());
        world.run(100);
        assert_eq!(owners(&world, &r, &["t", "a", "b"]), ["t"], "{guests:?}");
        assert_eq!(world.role_of(&r, "a"), Role::Participant);
        // And elected again when the host leaves, who may come back.
        world.leave(T, &r);
        world.run(100);
        assert_eq!(owners(&world, &r, &["t", "a", "b"]), ["t", "a"]);
        world.check_quiet();
    }
}

#[test]
fn b5_the_host_is_raised_and_the_elected_one_lowered_in_one_write() {
    let (mut world, r) = with(first(), &["a"]);
    let start = world.now;
    world.join(T, &r, "t", teacher());
    world.run(100);
    let at: Vec<u64> = world
        .changes_since(start)
        .iter()
        .map(|(at, _)| at - start)
        .collect();
    assert_eq!(at, [5, 5]);
}

#[test]
fn b5_an_election_outlives_reconnects_and_restarts() {
    let people = ["a", "b", "c"];
    let (mut world, r) = with(first(), &people);
    let start = world.now;
    for restart in [false, true] {
        if restart {
            world.restart();
        } else {
            world.disconnect();
        }
        world.run(2_000);
        assert_eq!(owners(&world, &r, &people), ["a"], "restart: {restart}");
    }
    assert_eq!(world.changes_since(start), []);
    world.leave(&full("a"), &r);
    world.run(100);
    assert_eq!(
        owners(&world, &r, &people),
        ["b"],
        "the order is remembered"
    );
    // A person who leaves unseen is not elected any more.
    world.disconnect();
    world.leave(&full("b"), &r);
    world.run(2_000);
    assert_eq!(owners(&world, &r, &people), ["c"]);
    world.check_quiet();
}

#[test]
fn b5_a_person_who_has_stepped_down_or_was_lowered_is_not_elected_again() {
    let people = ["a", "b"];
    let (mut world, r) = with(first(), &people);
    world
        .set(Some(&full("a")), &r, &full("a"), Affiliation::None)
        .unwrap();
    world.run(100);
    assert_eq!(owners(&world, &r, &people), ["b"]);
    world
        .set(Some(&full("b")), &r, &full("a"), Affiliation::Owner)
        .unwrap();
    world.run(100);
    world
        .set(Some(&full("a")), &r, &full("b"), Affiliation::Member)
        .unwrap();
    world.run(100);
    assert_eq!(
        owners(&world, &r, &people),
        ["a"],
        "a was promoted by b, who was elected"
    );
    world.leave(&full("a"), &r);
    world.run(100);
    assert_eq!(owners(&world, &r, &["b"]), [""; 0]);
    world.check_quiet();
}

#[test]
fn b5_the_next_is_elected_where_the_heir_of_an_election_has_stepped_down() {
    let (mut world, r) = with(first(), &[]);
    let ticket = |kind, serial| Some(Ticket::new(kind, serial).user("u"));
    world.join(&full("phone"), &r, "phone", ticket(Kind::Member, 1));
    world.run(100);
    world.join(T, &r, "t", ticket(Kind::Owner, 2));
    world.run(100);
    world.set(Some(T), &r, T, Affiliation::Member).unwrap();
    world.run(100);
    let people = ["phone", "a", "t"];
    assert_eq!(owners(&world, &r, &people), ["phone"]);
    comes(&mut world, &r, "a");
    world.leave(&full("phone"), &r);
    world.run(10_000);
    assert_eq!(owners(&world, &r, &people), ["a"]);
    world.check_quiet();
}

#[test]
fn b5_the_focus_does_not_unseat_the_elected_person() {
    let people = ["a", "b"];
    let (mut world, r) = with(first(), &people);
    world
        .set(Some(FOCUS), &r, &full("a"), Affiliation::None)
        .unwrap();
    world
        .set(Some(FOCUS), &r, &full("b"), Affiliation::Owner)
        .unwrap();
    world.run(100);
    assert_eq!(owners(&world, &r, &people), ["a"]);
    world.check_quiet();
}

#[test]
fn b5_nobody_is_elected_where_somebody_moderates_by_a_hosts_grant() {
    for grants in [Grants::Owner, Grants::Admin] {
        let policy = Policy { grants, ..first() };
        let (mut world, r) = with(policy, &["a", "b"]);
        world.join(T, &r, "t", teacher());
        world.run(50);
        world
            .set(Some(T), &r, &full("b"), Affiliation::Owner)
            .unwrap();
        world.run(50);
        world.leave(T, &r);
        world.run(100);
        assert!(world.has(&r, &full("b")).moderates(), "{grants:?}");
        assert_eq!(world.has(&r, &full("a")), Affiliation::None);
        world.check_quiet();
    }
}

#[test]
fn b5_elections_are_the_main_rooms_and_reach_into_breakout_rooms() {
    let (mut world, r) = with(first(), &["a", "b"]);
    let b = breakout("b");
    world.server.breakouts.insert(b.clone(), r.clone());
    world.join(&full("a"), &b, "a", None);
    world.run(100);
    world.leave(&full("a"), &r);
    world.run(100);
    assert_eq!(
        owners(&world, &r, &["a", "b"]),
        ["a"],
        "a is still in the meeting"
    );
    world.join(&full("b"), &b, "b", None);
    world.leave(&full("b"), &r);
    world.leave(&full("a"), &b);
    world.run(100);
    assert_eq!(
        owners(&world, &r, &["a", "b"]),
        [""; 0],
        "b is in a breakout room only"
    );
    world.join(&full("b"), &r, "b", None);
    world.run(100);
    assert_eq!(owners(&world, &r, &["a", "b"]), ["b"]);
    world.check_quiet();
}

#[test]
fn b5_elections_are_told_with_cause_and_rule() {
    let (mut world, r) = with(first(), &["a"]);
    world.join(T, &r, "t", teacher());
    world.run(100);
    let told: Vec<String> = world
        .reports
        .iter()
        .filter_map(|report| match report {
            Report::Decision(told) if told.cause == Cause::Fallback => {
                Some(format!("{} {}: {}", told.jid, told.rule, told.reason))
            }
            _ => None,
        })
        .collect();
    assert_eq!(
        told,
        [
            "a@meet.jitsi fallback: nobody entitled to moderate is there, and they came first",
            "a@meet.jitsi fallback: they were elected, and that is over"
        ]
    );
}

#[test]
fn b5_a_host_whose_token_goes_is_elected_without_losing_the_room_in_between() {
    for guests in [Guests::Strip, Guests::Ignore] {
        let policy = Policy { guests, ..first() };
        let (mut world, r) = with(policy, &[]);
        world.join(T, &r, "t", teacher());
        world.run(100);
        assert_eq!(world.has(&r, T), Affiliation::Owner);
        let from = world.now;
        world.join(T, &r, "t", None);
        world.run(100);
        let changes = world.changes_since(from);
        assert!(changes.is_empty(), "{guests:?}: {changes:?}");
        assert_eq!(world.has(&r, T), Affiliation::Owner);
        world.check_quiet();
    }
}
