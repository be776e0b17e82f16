//! B3 to B7: corrections, grants, stepping down, guests, visitors, shared JIDs.

use crate::sim::{FOCUS, Kind, Ticket, World};
use gavel::engine::{Report, Warning};
use gavel::muc::{Affiliation, Role, RoomJid};
use gavel::policy::{Grants, Guests, Policy};

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
fn b3_a_focus_that_promotes_for_six_seconds_is_corrected_with_growing_pauses() {
    let (mut world, r) = with(Policy::default());
    let start = world.now;
    world.focus_fights_until = start + 6_000;
    world.set(Some(FOCUS), &r, G, Affiliation::Owner).unwrap();
    world.run(30_000);
    let corrections: Vec<u64> = world
        .changes_since(start)
        .iter()
        .map(|(at, _)| *at)
        .collect();
    assert!(corrections.len() <= 12, "{corrections:?}");
    let pauses: Vec<u64> = corrections
        .windows(2)
        .map(|pair| pair[1] - pair[0])
        .collect();
    assert_eq!(pauses, [10, 10, 10, 10, 250, 500, 1_000, 2_000, 4_000]);
    assert_eq!(world.has(&r, G), Affiliation::None);
    let told = contested(&world);
    assert_eq!(told.len(), 1);
    assert!(told[0].contains("focus@auth.meet.jitsi"), "{told:?}");
    world.check_quiet();
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

#[test]
fn b3_who_is_not_entitled_is_lowered_first_and_without_pause() {
    let (mut world, r) = with(Policy::default());
    world.join("x@meet.jitsi/1", &r, "x", None);
    world.run(50);
    world.set(Some(FOCUS), &r, G, Affiliation::Owner).unwrap();
    world
        .set(Some(G), &r, "x@meet.jitsi", Affiliation::Owner)
        .unwrap();
    let start = world.now;
    world.run(50);
    let sent: Vec<String> = world
        .changes_since(start)
        .iter()
        .map(|(at, stanza)| format!("{} {stanza:?}", at - start))
        .collect();
    assert_eq!(sent.len(), 2);
    assert!(sent[0].starts_with("5 ") && sent[0].contains("g@meet.jitsi"));
    assert!(sent[1].starts_with("5 ") && sent[1].contains("x@meet.jitsi"));
    world.check_quiet();
}

#[test]
fn b3_a_grant_survives_updates_and_passes_on() {
    let (mut world, r) = with(Policy::default());
    world.join(
        "x@meet.jitsi/1",
        &r,
        "x",
        Some(Ticket::new(Kind::Member, 3)),
    );
    world.set(Some(T), &r, G, Affiliation::Owner).unwrap();
    world.run(50);
    world.join(G, &r, "g", None);
    world
        .set(Some(G), &r, "x@meet.jitsi", Affiliation::Admin)
        .unwrap();
    world.run(50);
    assert_eq!(world.has(&r, G), Affiliation::Owner);
    assert_eq!(world.has(&r, "x@meet.jitsi"), Affiliation::Owner);
    world.check_quiet();
    world.restart();
    world.check_quiet();
    assert_eq!(world.has(&r, "x@meet.jitsi"), Affiliation::Owner);
}

#[test]
fn b3_grants_as_configured() {
    for (grants, has) in [
        (Grants::Owner, Affiliation::Owner),
        (Grants::Admin, Affiliation::Admin),
        (Grants::None, Affiliation::None),
    ] {
        let (mut world, r) = with(Policy {
            grants,
            ..Policy::default()
        });
        world.set(Some(T), &r, G, Affiliation::Owner).unwrap();
        world.run(100);
        assert_eq!(world.has(&r, G), has);
        world.check_quiet();
    }
}

#[test]
fn b3_a_grant_ends_with_a_kick_and_a_ban() {
    for ban in [false, true] {
        let (mut world, r) = with(Policy::default());
        world.set(Some(T), &r, G, Affiliation::Owner).unwrap();
        world.run(50);
        if ban {
            world.set(Some(T), &r, G, Affiliation::Outcast).unwrap();
            world.run(50);
            world.set(Some(T), &r, G, Affiliation::None).unwrap();
        } else {
            world.role(Some(T), &r, "g", Role::None).unwrap();
        }
        world.run(50);
        assert_eq!(world.has(&r, G), Affiliation::None, "ban: {ban}");
        world.join(G, &r, "g", None);
        world.check_quiet();
        assert_eq!(world.has(&r, G), Affiliation::None, "ban: {ban}");
    }
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
fn b4_a_host_who_steps_down_is_left_there() {
    let (mut world, r) = with(Policy::default());
    world.set(Some(T), &r, T, Affiliation::Member).unwrap();
    world.run(50);
    world.join(T, &r, "t", teacher());
    world.restart();
    world.check_quiet();
    assert_eq!(world.has(&r, T), Affiliation::Member);
    world.set(Some(FOCUS), &r, T, Affiliation::Owner).unwrap();
    world.check_quiet();
    assert_eq!(world.has(&r, T), Affiliation::Member);
}

#[test]
fn b4_a_host_lowered_or_banned_by_another_gets_it_back_as_configured() {
    for protect_hosts in [true, false] {
        for to in [Affiliation::Member, Affiliation::Outcast] {
            let (mut world, r) = with(Policy {
                protect_hosts,
                ..Policy::default()
            });
            world.join("h@meet.jitsi/1", &r, "h", Some(Ticket::new(Kind::Owner, 2)));
            world.run(50);
            world.set(Some("h@meet.jitsi/1"), &r, T, to).unwrap();
            world.run(100);
            let expected = if protect_hosts {
                Affiliation::Owner
            } else {
                to
            };
            assert_eq!(world.has(&r, T), expected, "protected: {protect_hosts}");
            world.check_quiet();
        }
    }
}

#[test]
fn b4_an_unjust_ban_of_a_guest_is_undone_a_just_one_is_not() {
    let (mut world, r) = with(Policy::default());
    for who in ["x", "y"] {
        world.join(&format!("{who}@meet.jitsi/1"), &r, who, None);
    }
    world.run(50);
    world
        .set(Some(T), &r, "y@meet.jitsi", Affiliation::Outcast)
        .unwrap();
    world.set(Some(FOCUS), &r, G, Affiliation::Owner).unwrap();
    world
        .set(Some(G), &r, "x@meet.jitsi", Affiliation::Outcast)
        .unwrap();
    world.run(100);
    assert_eq!(world.has(&r, "x@meet.jitsi"), Affiliation::None);
    assert_eq!(world.has(&r, "y@meet.jitsi"), Affiliation::Outcast);
    world.check_quiet();
}

#[test]
fn b5_whoever_is_lowered_gets_back_what_they_had() {
    let (mut world, r) = with(Policy::default());
    world.set(Some(T), &r, G, Affiliation::Member).unwrap();
    world.run(50);
    world.set(Some(FOCUS), &r, G, Affiliation::Owner).unwrap();
    world.run(50);
    assert_eq!(world.has(&r, G), Affiliation::Member);
    world.check_quiet();
}

#[test]
fn b5_nobody_is_thrown_out_of_a_members_only_room() {
    let (mut world, r) = with(Policy::default());
    world.server.rooms.get_mut(&r).unwrap().members_only = true;
    let user = gavel::stanza::MucUser {
        status: vec![104],
        ..Default::default()
    };
    let kind = gavel::stanza::MessageKind::Groupchat;
    world.server.room_message(&r, user, kind);
    world.flush();
    world.run(50);
    world.set(Some(FOCUS), &r, G, Affiliation::Owner).unwrap();
    world.run(50);
    assert_eq!(world.has(&r, G), Affiliation::Member);
    assert!(world.server.rooms[&r].occupants.contains_key("g"));
    world.check_quiet();
}

#[test]
fn b5_guests_are_ignored_if_so_configured() {
    let (mut world, r) = with(Policy {
        guests: Guests::Ignore,
        ..Policy::default()
    });
    let start = world.now;
    world.set(Some(FOCUS), &r, G, Affiliation::Owner).unwrap();
    world.check_quiet();
    assert_eq!(world.has(&r, G), Affiliation::Owner);
    assert!(world.changes_since(start).is_empty());
}

#[test]
fn b6_a_visitor_is_left_alone_but_is_no_shield() {
    let (mut world, r) = with(Policy::default());
    world.role(None, &r, "g", Role::Visitor).unwrap();
    world.join("m@meet.jitsi/1", &r, "m", None);
    world.role(None, &r, "m", Role::Visitor).unwrap();
    world.run(50);
    let start = world.now;
    world.join(
        "m@meet.jitsi/1",
        &r,
        "m",
        Some(Ticket::new(Kind::Member, 7)),
    );
    world.run(50);
    assert!(world.changes_since(start).is_empty());
    world.set(Some(FOCUS), &r, G, Affiliation::Owner).unwrap();
    world.role(None, &r, "g", Role::Visitor).unwrap();
    world.check_quiet();
    assert_eq!(world.has(&r, G), Affiliation::None);
}

#[test]
fn b7_the_highest_of_a_shared_jid_holds_while_it_is_there() {
    let (mut world, r) = with(Policy::default());
    world.join(
        "s@meet.jitsi/1",
        &r,
        "s1",
        Some(Ticket::new(Kind::Member, 8)),
    );
    world.join(
        "s@meet.jitsi/2",
        &r,
        "s2",
        Some(Ticket::new(Kind::Owner, 9)),
    );
    world.run(100);
    assert_eq!(world.has(&r, "s@meet.jitsi"), Affiliation::Owner);
    world.leave("s@meet.jitsi/2", &r);
    world.run(100);
    assert_eq!(world.has(&r, "s@meet.jitsi"), Affiliation::Member);
    world.check_quiet();
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

/// Jicofo in authentication mode promotes everybody who has logged in, with each
/// presence of its own.
#[test]
fn b3_a_focus_that_acts_anew_is_corrected_each_time_without_pause() {
    let (mut world, r) = with(Policy::default());
    let students: Vec<String> = (0..5).map(|n| format!("s{n}@meet.jitsi/1")).collect();
    for (n, student) in students.iter().enumerate() {
        let ticket = Some(Ticket::new(Kind::Member, 10 + n as u32));
        world.join(student, &r, &format!("s{n}"), ticket);
    }
    world.run(50);
    let mut longest = 0;
    for _ in 0..8 {
        for student in &students {
            world
                .set(Some(FOCUS), &r, student, Affiliation::Owner)
                .unwrap();
        }
        let promoted = world.now;
        let moderates = |world: &World| {
            let mut all = students.iter();
            all.any(|student| world.has(&r, student).moderates())
        };
        while moderates(&world) {
            world.run(1);
        }
        longest = longest.max(world.now - promoted);
        world.run(promoted + 625 - world.now);
    }
    // The announcement's way to gavel, and the correction's way back.
    assert_eq!(longest, 10);
    assert!(contested(&world).is_empty());
    world.check_quiet();
}

/// Whatever it is, it may not make gavel spin: neither one person whom it
/// promotes all the time, nor a crowd.
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

/// What made G a moderator gavel has not heard of: that they promote tells.
#[test]
fn b3_who_promotes_is_a_moderator_whatever_gavel_has_heard() {
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

/// Somebody promoted for a moment promotes a friend: whichever of the two gavel is
/// not told of, and whenever the friend is, the friend is no moderator in the end.
#[test]
fn b3_a_friend_of_somebody_promoted_for_a_moment_is_corrected_in_any_order() {
    for pause in 0..30 {
        let (mut world, r) = with(Policy::default());
        world.join("x@meet.jitsi/1", &r, "x", None);
        world.run(50);
        world.set(Some(FOCUS), &r, G, Affiliation::Owner).unwrap();
        world.run(pause);
        // Refused where they are lowered by then.
        let _ = world.set(Some(G), &r, "x@meet.jitsi", Affiliation::Owner);
        world.run(pause);
        let _ = world.set(Some("x@meet.jitsi/1"), &r, G, Affiliation::Owner);
        world.check_quiet();
        assert_eq!(world.has(&r, G), Affiliation::None, "{pause} ms");
        assert_eq!(world.has(&r, "x@meet.jitsi"), Affiliation::None);
    }
}
