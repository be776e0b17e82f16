//! B3: a user id is not a person. Rights pass from one JID to the next, and are
//! never copied.

use super::b5_fallback::first;
use crate::sim::{Choice, FOCUS, Kind, Ticket, World, breakout, room};
use gavel::muc::{Affiliation, Role, RoomJid};
use gavel::policy::{Guests, Policy};

const T: &str = "t@meet.jitsi/1";

fn full(person: &str) -> String {
    format!("{person}@meet.jitsi/1")
}

/// A room with a teacher, under a policy of elections without one.
fn with(policy: Policy, teacher: bool) -> (World, RoomJid) {
    let (mut world, r) = World::under(policy);
    if teacher {
        world.join(T, &r, "t", Some(Ticket::new(Kind::Owner, 1)));
    }
    world.run(50);
    (world, r)
}

/// Somebody comes who carries the user id `u`.
fn comes(world: &mut World, r: &RoomJid, person: &str, kind: Kind) {
    let serial = person.bytes().map(u32::from).sum::<u32>() + 100;
    let ticket = Some(Ticket::new(kind, serial).user("u"));
    world.join(&full(person), r, person, ticket);
    world.run(50);
}

fn promote(world: &mut World, r: &RoomJid, person: &str) {
    world
        .set(Some(T), r, &full(person), Affiliation::Owner)
        .unwrap();
    world.run(50);
}

fn owners(world: &World, r: &RoomJid, people: &[&str]) -> Vec<String> {
    let owner = |person: &&&str| world.has(r, &full(person)) == Affiliation::Owner;
    let owners = people.iter().filter(owner);
    owners.map(|person| (*person).to_owned()).collect()
}

#[test]
fn b3_a_teacher_who_steps_down_takes_nobody_along() {
    let (mut world, r) = with(Policy::default(), true);
    comes(&mut world, &r, "a", Kind::Owner);
    comes(&mut world, &r, "b", Kind::Owner);
    world
        .set(Some(&full("a")), &r, &full("a"), Affiliation::Member)
        .unwrap();
    world.run(50);
    comes(&mut world, &r, "c", Kind::Owner);
    assert_eq!(owners(&world, &r, &["a", "b", "c"]), ["b", "c"]);
    world.check_quiet();
}

#[test]
fn b3_a_grant_passes_to_the_successor_of_a_ghost_when_the_ghost_goes() {
    for (together, passes) in [(40_000, true), (130_000, false)] {
        let (mut world, r) = with(Policy::default(), true);
        comes(&mut world, &r, "ghost", Kind::Member);
        promote(&mut world, &r, "ghost");
        comes(&mut world, &r, "new", Kind::Member);
        world.run(together);
        assert_eq!(owners(&world, &r, &["ghost", "new"]), ["ghost"]);
        world.leave(&full("ghost"), &r);
        world.run(50);
        let has = owners(&world, &r, &["new"]) == ["new"];
        assert_eq!(has, passes, "after {together} ms");
        let shared = world.engine.survey(&[]).shared_ids;
        assert_eq!(shared, usize::from(!passes), "after {together} ms");
        world.check_quiet();
    }
}

#[test]
fn b3_a_grant_passes_at_once_where_jitsi_switches_devices() {
    let (mut world, r) = with(Policy::default(), true);
    comes(&mut world, &r, "phone", Kind::Member);
    promote(&mut world, &r, "phone");
    // The new device enters, is given the old one's affiliation, and that is kicked.
    let ticket = Some(Ticket::new(Kind::Member, 7).user("u"));
    world.join(&full("desk"), &r, "desk", ticket);
    world
        .set(None, &r, &full("desk"), Affiliation::Owner)
        .unwrap();
    world.role(None, &r, "phone", Role::None).unwrap();
    world.run(50);
    assert_eq!(owners(&world, &r, &["phone", "desk"]), ["desk"]);
    world.check_quiet();
}

#[test]
fn b3_a_kick_by_somebody_ends_a_grant_whoever_else_is_there() {
    let (mut world, r) = with(Policy::default(), true);
    comes(&mut world, &r, "a", Kind::Member);
    promote(&mut world, &r, "a");
    comes(&mut world, &r, "b", Kind::Member);
    world.role(Some(FOCUS), &r, "a", Role::None).unwrap();
    world.check_quiet();
    assert_eq!(owners(&world, &r, &["a", "b"]), [""; 0]);
}

#[test]
fn b3_the_passing_of_rights_is_settled_when_all_rooms_are_read_after_a_restart() {
    for reloads in [false, true] {
        let (mut world, r) = with(Policy::default(), true);
        comes(&mut world, &r, "z", Kind::Member);
        promote(&mut world, &r, "z");
        comes(&mut world, &r, "a", Kind::Member);
        world.restart();
        if reloads {
            world.leave(&full("z"), &r);
        }
        world.run(1_000);
        let expected = if reloads { "a" } else { "z" };
        assert_eq!(owners(&world, &r, &["a", "z"]), [expected]);
        world.check_quiet();
    }
}

#[test]
fn b3_nothing_passes_while_gavel_is_put_out_of_the_main_room() {
    let mut world = World::new(Choice {
        module: false,
        ..Choice::default()
    });
    let (r, b) = (room("r"), breakout("b"));
    world.server.breakouts.insert(b.clone(), r.clone());
    world.open_room(&r);
    world.join(T, &r, "t", Some(Ticket::new(Kind::Owner, 1)));
    comes(&mut world, &r, "a", Kind::Member);
    promote(&mut world, &r, "a");
    // Somebody with the same id opens a breakout room, which gavel enters sooner
    // than it is in the main room again.
    let ticket = Some(Ticket::new(Kind::Member, 7).user("u"));
    world.join(&full("x"), &b, "x", ticket);
    world.server.invite(&b);
    world.flush();
    world.role(None, &r, "gavel", Role::None).unwrap();
    world.run(2_000);
    assert_eq!(owners(&world, &r, &["a", "x"]), ["a"]);
    world.check_quiet();
}

#[test]
fn b3_an_id_that_names_no_person_does_so_after_a_restart() {
    let (mut world, r) = with(Policy::default(), true);
    comes(&mut world, &r, "a", Kind::Member);
    promote(&mut world, &r, "a");
    comes(&mut world, &r, "b", Kind::Member);
    world.run(130_000);
    world.restart();
    world.run(1_000);
    world.leave(&full("a"), &r);
    world.check_quiet();
    assert_eq!(owners(&world, &r, &["b"]), [""; 0]);
}

#[test]
fn b5_an_election_follows_its_person_however_long_they_reload() {
    // Until then nobody is elected, or somebody who only stands in.
    for (away, meanwhile) in [(50, false), (4_000, false), (20_000, true)] {
        let (mut world, r) = with(first(), false);
        comes(&mut world, &r, "a", Kind::Member);
        world.join(&full("b"), &r, "b", None);
        world.run(50);
        assert_eq!(owners(&world, &r, &["a", "b"]), ["a"]);
        world.leave(&full("a"), &r);
        world.run(away);
        assert_eq!(owners(&world, &r, &["b"]).len(), usize::from(meanwhile));
        comes(&mut world, &r, "a2", Kind::Member);
        assert_eq!(owners(&world, &r, &["a2", "b"]), ["a2"], "after {away} ms");
        world.check_quiet();
        assert_eq!(owners(&world, &r, &["a", "a2", "b"]), ["a2"], "{away} ms");
    }
}

#[test]
fn b5_an_election_passes_to_the_successor_of_a_ghost_and_over_restarts() {
    for restart in [false, true] {
        let (mut world, r) = with(first(), false);
        comes(&mut world, &r, "a", Kind::Member);
        comes(&mut world, &r, "a2", Kind::Member);
        world.join(&full("b"), &r, "b", None);
        world.run(50);
        if restart {
            world.leave(&full("a2"), &r);
            world.run(50);
            world.leave(&full("a"), &r);
            world.run(50);
            world.restart();
            world.run(1_000);
            comes(&mut world, &r, "a3", Kind::Member);
        } else {
            world.leave(&full("a"), &r);
            world.run(50);
        }
        let heir = if restart { "a3" } else { "a2" };
        assert_eq!(owners(&world, &r, &["a2", "a3", "b"]), [heir]);
        world.check_quiet();
    }
}

#[test]
fn b5_nobody_waits_longer_for_an_election_than_a_reload_takes() {
    let (mut world, r) = with(first(), false);
    comes(&mut world, &r, "a", Kind::Member);
    world.join(&full("b"), &r, "b", None);
    world.run(50);
    world.leave(&full("a"), &r);
    world.run(5_100);
    assert_eq!(owners(&world, &r, &["b"]), ["b"]);
    // And it is over with a minute.
    world.run(60_000);
    comes(&mut world, &r, "a2", Kind::Member);
    world.check_quiet();
    assert_eq!(owners(&world, &r, &["a2", "b"]), ["b"]);
}

#[test]
fn b5_an_election_that_waits_is_over_when_a_host_comes() {
    let (mut world, r) = with(first(), false);
    comes(&mut world, &r, "a", Kind::Member);
    world.leave(&full("a"), &r);
    world.join(T, &r, "t", Some(Ticket::new(Kind::Owner, 1)));
    world.run(50);
    comes(&mut world, &r, "a2", Kind::Member);
    world.check_quiet();
    assert_eq!(owners(&world, &r, &["t", "a2"]), ["t"]);
}

#[test]
fn b5_an_election_is_not_taken_up_again_where_somebody_else_moderates_by_then() {
    // They come back under the same JID, or under another.
    for back in ["a", "a2"] {
        let guests = Guests::Ignore;
        let (mut world, r) = with(Policy { guests, ..first() }, false);
        comes(&mut world, &r, "a", Kind::Member);
        world.join(&full("b"), &r, "b", None);
        world.run(50);
        world.leave(&full("a"), &r);
        world.run(50);
        world
            .set(Some(FOCUS), &r, &full("b"), Affiliation::Owner)
            .unwrap();
        world.run(50);
        comes(&mut world, &r, back, Kind::Member);
        world.check_quiet();
        assert_eq!(owners(&world, &r, &["a", "a2", "b"]), ["b"], "{back}");
    }
}

#[test]
fn b5_a_person_who_comes_back_is_elected_beside_those_they_have_promoted() {
    for back in ["a", "a2"] {
        let (mut world, r) = with(first(), false);
        comes(&mut world, &r, "a", Kind::Member);
        world.join(&full("b"), &r, "b", None);
        world.run(50);
        world
            .set(Some(&full("a")), &r, &full("b"), Affiliation::Owner)
            .unwrap();
        world.run(50);
        world.leave(&full("a"), &r);
        world.run(50);
        comes(&mut world, &r, back, Kind::Member);
        world.check_quiet();
        assert_eq!(owners(&world, &r, &[back, "b"]), [back, "b"]);
    }
}
