//! B3: the people who are overwritten, how often, and the rights that pass from one JID to
//! another.

use crate::sim::{FOCUS, Kind, Ticket, World};
use gavel::engine::{Report, Warning};
use gavel::muc::{Affiliation, RoomJid};
use gavel::policy::Policy;

const T: &str = "t@meet.jitsi/1";
const G: &str = "g@meet.jitsi/1";

fn teacher() -> Option<Ticket> {
    Some(Ticket::new(Kind::Owner, 1))
}

/// A room with a teacher and a guest.
fn with(policy: Policy) -> (World, RoomJid) {
    let (mut world, r) = World::under(policy);
    world.join(T, &r, "t", teacher());
    world.join(G, &r, "g", None);
    world.run(50);
    (world, r)
}

fn contested(world: &World) -> Vec<String> {
    let warnings = world.reports.iter().filter_map(|report| match report {
        Report::Warning(Warning::Contested { actor, .. }) => Some(actor.clone()),
        _ => None,
    });
    warnings.collect()
}

#[test]
fn b3_an_entitled_quarreller_does_not_make_gavel_spin() {
    let (mut world, r) = with(Policy::default());
    world.join("h@meet.jitsi/1", &r, "h", Some(Ticket::new(Kind::Owner, 2)));
    world.run(50);
    let start = world.now;
    while world.now < start + 6_000 {
        if world.has(&r, T) == Affiliation::Owner {
            world
                .set(Some("h@meet.jitsi/1"), &r, T, Affiliation::None)
                .unwrap();
        }
        world.run(20);
    }
    let corrections = world.changes_since(start).len();
    assert!((6..=12).contains(&corrections), "{corrections}");
    world.check_quiet();
    assert_eq!(world.has(&r, T), Affiliation::Owner);
}

fn device(serial: u32) -> Option<Ticket> {
    Some(Ticket::new(Kind::Member, serial).user("u"))
}

#[test]
fn b3_a_grant_follows_a_user_for_sixty_seconds() {
    for (away, follows) in [(0, true), (59_900, true), (60_100, false)] {
        let (mut world, r) = with(Policy::default());
        world.join("old@meet.jitsi/1", &r, "old", device(5));
        world.run(50);
        world
            .set(Some(T), &r, "old@meet.jitsi", Affiliation::Owner)
            .unwrap();
        world.run(50);
        world.leave("old@meet.jitsi/1", &r);
        world.run(away);
        world.join("new@meet.jitsi/1", &r, "new", device(6));
        world.check_quiet();
        let has = world.has(&r, "new@meet.jitsi") == Affiliation::Owner;
        assert_eq!(has, follows, "after {away} ms");
        let old = world.has(&r, "old@meet.jitsi") == Affiliation::Owner;
        assert_eq!(old, !follows, "after {away} ms");
    }
}

#[test]
fn b3_a_step_down_follows_a_user_who_comes_with_a_late_token() {
    let (mut world, r) = with(Policy::default());
    let ticket = |serial| Some(Ticket::new(Kind::Owner, serial).user("u"));
    world.join("old@meet.jitsi/1", &r, "old", ticket(5));
    world.run(50);
    world
        .set(
            Some("old@meet.jitsi/1"),
            &r,
            "old@meet.jitsi",
            Affiliation::Member,
        )
        .unwrap();
    world.run(50);
    world.leave("old@meet.jitsi/1", &r);
    world.join("new@meet.jitsi/1", &r, "new", None);
    world.run(50);
    world.join("new@meet.jitsi/1", &r, "new", ticket(6));
    world.check_quiet();
    assert_eq!(world.has(&r, "new@meet.jitsi"), Affiliation::None);
}

#[test]
fn b7_a_ban_of_a_shared_jid_is_not_undone_half_way() {
    let (mut world, r) = with(Policy {
        protect_hosts: false,
        ..Policy::default()
    });
    for n in ["1", "2"] {
        let ticket = Some(Ticket::new(Kind::Member, 8));
        world.join(&format!("s@meet.jitsi/{n}"), &r, &format!("s{n}"), ticket);
    }
    world.run(100);
    world
        .set(Some(T), &r, "s@meet.jitsi", Affiliation::Outcast)
        .unwrap();
    world.check_quiet();
    assert_eq!(world.has(&r, "s@meet.jitsi"), Affiliation::Outcast);
}

#[test]
fn b4_a_host_is_unbanned_at_once_though_a_machine_has_been_quarrelling() {
    let (mut world, r) = with(Policy::default());
    world.join("h@meet.jitsi/1", &r, "h", Some(Ticket::new(Kind::Owner, 2)));
    world.run(50);
    for _ in 0..6 {
        world.set(None, &r, T, Affiliation::None).unwrap();
        world.run(300);
    }
    world
        .set(Some("h@meet.jitsi/1"), &r, T, Affiliation::Outcast)
        .unwrap();
    world.run(20);
    assert_eq!(world.has(&r, T), Affiliation::Owner);
    world.check_quiet();
}

/// It may not make gavel spin in any way: neither with one person whom it promotes all the
/// time, nor with a crowd.
#[test]
fn b3_a_machine_that_waits_before_it_overwrites_is_held_back_too() {
    let (mut world, r) = with(Policy::default());
    let start = world.now;
    while world.now < start + 30_000 {
        world.set(Some(FOCUS), &r, G, Affiliation::Owner).unwrap();
        world.run(300);
    }
    let corrections = world.changes_since(start).len();
    assert!((28..=34).contains(&corrections), "{corrections}");
    assert_eq!(contested(&world).len(), 1);
    world.check_quiet();
    assert_eq!(world.has(&r, G), Affiliation::None);
}

#[test]
fn b3_a_crowd_that_the_focus_goes_on_promoting_costs_so_much_and_no_more() {
    let (mut world, r) = with(Policy::default());
    let crowd: Vec<String> = (0..40).map(|n| format!("c{n}@meet.jitsi/1")).collect();
    for (n, who) in crowd.iter().enumerate() {
        world.join(who, &r, &format!("c{n}"), None);
    }
    world.run(100);
    let start = world.now;
    for _ in 0..10 {
        for who in &crowd {
            world.set(Some(FOCUS), &r, who, Affiliation::Owner).unwrap();
        }
        world.run(300);
    }
    // Three hundred, and twenty for each of three seconds.
    let corrections = world.changes_since(start).len();
    assert!((355..=361).contains(&corrections), "{corrections}");
    world.run(3_000);
    let wrong = crowd.iter().filter(|who| world.has(&r, who).moderates());
    assert_eq!(wrong.count(), 0);
    world.check_quiet();
}

/// gavel has not heard of the change that made G a moderator: their promoting tells.
#[test]
fn b3_a_person_who_promotes_is_a_moderator_whatever_gavel_has_heard() {
    let (mut world, r) = with(Policy::default());
    world.join("x@meet.jitsi/1", &r, "x", None);
    world.run(50);
    let server = &mut world.server;
    server
        .set_affiliation(Some(FOCUS), &r, G, Affiliation::Owner)
        .unwrap();
    server.out.clear();
    world
        .set(Some(G), &r, "x@meet.jitsi", Affiliation::Owner)
        .unwrap();
    let start = world.now;
    world.run(50);
    assert_eq!(world.has(&r, "x@meet.jitsi"), Affiliation::None);
    assert_eq!(world.has(&r, G), Affiliation::None);
    let first = format!("{:?}", world.changes_since(start)[0]);
    assert!(first.contains("g@meet.jitsi"), "{first}");
}

/// Somebody promoted for a moment promotes a friend. The friend is no moderator in the end,
/// whichever of the two promotions gavel is not told of, and whatever the time between
/// them.
#[test]
fn b3_a_friend_of_somebody_promoted_for_a_moment_is_corrected_in_any_order() {
    for pause in 0..30 {
        let (mut world, r) = with(Policy::default());
        world.join("x@meet.jitsi/1", &r, "x", None);
        world.run(50);
        world.set(Some(FOCUS), &r, G, Affiliation::Owner).unwrap();
        world.run(pause);
        // Refused if they are lowered by then.
        let _ = world.set(Some(G), &r, "x@meet.jitsi", Affiliation::Owner);
        world.run(pause);
        let _ = world.set(Some("x@meet.jitsi/1"), &r, G, Affiliation::Owner);
        world.check_quiet();
        assert_eq!(world.has(&r, G), Affiliation::None, "{pause} ms");
        assert_eq!(world.has(&r, "x@meet.jitsi"), Affiliation::None);
    }
}
