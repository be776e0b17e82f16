//! `policy.guard`: gavel's requests to the module, and their times.

use crate::sim::{Choice, Kind, Ticket, World, room};
use gavel::engine::guard::{LEASE, RENEWAL};
use gavel::engine::{Report, Warning};
use gavel::muc::Affiliation;
use gavel::policy::Policy;
use gavel::stanza::{Outbound, Request};

const T: &str = "t@meet.jitsi/1";
const G: &str = "g@meet.jitsi/1";

fn guarded(module: bool) -> World {
    World::new(Choice {
        module,
        policy: Policy {
            guard: true,
            ..Policy::default()
        },
        ..Choice::default()
    })
}

/// Requests for the guard that were sent since `from`.
fn sent(world: &World, from: u64) -> Vec<(u64, Request)> {
    let sent = world.sent.iter().filter(|(at, _)| *at >= from);
    let requests = sent.filter_map(|(at, stanza)| match stanza {
        Outbound::Iq { request, .. } => Some((*at, request.clone())),
        _ => None,
    });
    requests
        .filter(|(_, request)| matches!(request, Request::Lease { .. } | Request::Guard { .. }))
        .collect()
}

/// How many of them say who is entitled.
fn said(world: &World, from: u64) -> usize {
    let requests = sent(world, from).into_iter();
    let said = requests.filter(|(_, request)| matches!(request, Request::Guard { .. }));
    said.count()
}

fn none_warned(world: &World) -> usize {
    let reports = world.reports.iter();
    reports
        .filter(|report| matches!(report, Report::Warning(Warning::NoGuard { .. })))
        .count()
}

#[test]
fn guard_is_leased_to_each_service_and_kept_up() {
    let mut world = guarded(true);
    let leases = sent(&world, 0).len();
    assert_eq!(leases, 2, "at once, before there is any room");
    let from = world.now;
    world.run(60_000);
    let all = sent(&world, from);
    assert_eq!(all.len() as u128, 2 * 60_000 / RENEWAL.as_millis());
    for (_, request) in all {
        let Request::Lease {
            seconds,
            infrastructure,
            ..
        } = request
        else {
            panic!("{request:?}");
        };
        assert_eq!(seconds, LEASE.as_secs());
        assert_eq!(infrastructure, ["focus@auth.meet.jitsi", "auth.meet.jitsi"]);
    }
    // And with each connection.
    world.disconnect();
    let from = world.now;
    world.run(300);
    assert_eq!(sent(&world, from).len(), 2);
    assert_eq!(none_warned(&world), 0);
}

#[test]
fn guard_names_with_one_request_for_each_change_and_nothing_for_presence() {
    let mut world = guarded(true);
    let r = room("r");
    world.open_room(&r);
    assert_eq!(said(&world, 0), 1, "nobody, but said");
    assert_eq!(world.named(&r), [""; 0]);
    world.join(T, &r, "t", Some(Ticket::new(Kind::Owner, 1)));
    world.run(100);
    assert_eq!(said(&world, 0), 2);
    assert_eq!(world.named(&r), ["t"]);
    let from = world.now;
    world.join(G, &r, "g", None);
    for n in 0..20 {
        world.write(
            T,
            &r,
            "t",
            crate::sim::room::Written {
                ticket: Some(Ticket::new(Kind::Owner, 1)),
                payload: n,
                ..Default::default()
            },
        );
    }
    world.run(100);
    assert_eq!(said(&world, from), 0);
    // Granted, taken back, and granted again.
    world
        .set(Some(T), &r, "g@meet.jitsi", Affiliation::Owner)
        .unwrap();
    world.run(100);
    assert_eq!(world.named(&r), ["g", "t"]);
    world
        .set(Some(T), &r, "g@meet.jitsi", Affiliation::None)
        .unwrap();
    world.run(100);
    assert_eq!(world.named(&r), ["t"]);
    assert_eq!(said(&world, from), 2);
    // The focus changes nothing about it.
    world
        .set(None, &r, "g@meet.jitsi", Affiliation::Owner)
        .unwrap();
    world.run(100);
    assert_eq!(said(&world, from), 2);
    // A person who leaves entitled stays named; one who steps down does not.
    world.leave(T, &r);
    world.run(100);
    assert_eq!(world.named(&r), ["t"]);
    world.join(T, &r, "t", Some(Ticket::new(Kind::Owner, 1)));
    world.run(100);
    assert_eq!(said(&world, from), 2, "nothing has changed");
    world
        .set(Some(T), &r, "t@meet.jitsi", Affiliation::Member)
        .unwrap();
    world.check_quiet();
    assert_eq!(world.named(&r), [""; 0]);
    assert_eq!(said(&world, from), 3);
}

#[test]
fn guard_says_everything_again_where_a_reply_was_lost_or_the_room_lost() {
    let mut world = guarded(true);
    let r = room("r");
    world.open_room(&r);
    world.lose_replies = 2;
    world.join(T, &r, "t", Some(Ticket::new(Kind::Owner, 1)));
    world.run(20_000);
    assert!(said(&world, 0) > 2, "{:?}", sent(&world, 0));
    assert_eq!(world.named(&r), ["t"]);
    world.disconnect();
    world.check_quiet();
    assert_eq!(world.named(&r), ["t"]);
}

/// Another warning says that there is no module; on a plain server it is no fault.
#[test]
fn guard_without_the_module_is_not_warned_of_nor_asked_for_again() {
    let mut world = guarded(false);
    let r = room("r");
    world.open_room(&r);
    world.join(T, &r, "t", Some(Ticket::new(Kind::Owner, 1)));
    world.check_quiet();
    assert_eq!(sent(&world, 0).len(), 2, "one for each service");
    assert_eq!(none_warned(&world), 0);
}

#[test]
fn guard_that_a_module_does_not_know_is_warned_of_once() {
    let mut world = guarded(true);
    world.server.guards = false;
    world.disconnect();
    let r = room("r");
    world.open_room(&r);
    world.join(T, &r, "t", Some(Ticket::new(Kind::Owner, 1)));
    world.check_quiet();
    assert_eq!(none_warned(&world), 2, "one for each service");
    world.disconnect();
    world.check_quiet();
    assert_eq!(none_warned(&world), 2);
}

#[test]
fn guard_is_asked_for_when_the_module_comes() {
    let mut world = guarded(true);
    world.server.module = false;
    world.disconnect();
    world.run(1_000);
    world.server.module = true;
    let from = world.now;
    world.open_room(&room("r"));
    let leases = sent(&world, from).into_iter();
    let leases = leases.filter(|(_, request)| matches!(request, Request::Lease { .. }));
    assert_eq!(leases.count(), 1);
    assert_eq!(said(&world, from), 1);
}

#[test]
fn guard_is_neither_leased_nor_told_where_it_is_off() {
    let mut choice = Choice::default();
    choice.policy.guard = false;
    let mut world = World::new(choice);
    let r = room("r");
    world.open_room(&r);
    world.join(T, &r, "t", Some(Ticket::new(Kind::Owner, 1)));
    world.check_quiet();
    assert!(sent(&world, 0).is_empty());
}
