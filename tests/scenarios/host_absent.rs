//! `policy.host_absent`: the steps with a meeting without host, and their times.

use crate::sim::{Choice, FOCUS, Kind, Ticket, World, room};
use gavel::engine::event::Report;
use gavel::engine::settings::AbsentHost;
use gavel::muc::{Affiliation, RoomJid};
use gavel::stanza::{Outbound, Request};
use std::time::Duration;

const G: &str = "g@meet.jitsi/1";
const T: &str = "t@meet.jitsi/1";
const MINUTE: u64 = 60_000;

fn world(action: AbsentHost, after: u64) -> (World, RoomJid) {
    let mut world = World::new(Choice {
        host_absent: action,
        host_absent_after: Duration::from_millis(after),
        ..Choice::default()
    });
    let r = room("r");
    world.open_room(&r);
    (world, r)
}

fn host() -> Option<Ticket> {
    Some(Ticket::new(Kind::Owner, 1))
}

/// The words and actions, and how much later than `start`, in milliseconds.
fn done(world: &World, start: u64) -> Vec<(u64, &'static str)> {
    let sent = world.sent.iter();
    let done = sent.filter_map(|(at, stanza)| {
        let what = match stanza {
            Outbound::Announce { .. } => "warned",
            Outbound::Iq { request, .. } => match request {
                Request::Destroy { .. } => "ended",
                Request::MembersOnly(true) => "locked",
                Request::MembersOnly(false) => "opened",
                _ => return None,
            },
            _ => return None,
        };
        (*at >= start).then(|| (*at - start, what))
    });
    done.collect()
}

#[test]
fn host_absent_warns_exactly_one_minute_before_the_end() {
    let (mut world, r) = world(AbsentHost::End, 5 * MINUTE);
    let start = world.now;
    world.join(G, &r, "g", None);
    world.run(6 * MINUTE);
    // A stanza takes 5 ms.
    assert_eq!(
        done(&world, start),
        [(4 * MINUTE + 5, "warned"), (5 * MINUTE + 5, "ended")]
    );
    assert!(world.engine.meeting(&r).is_none());
    assert!(!world.server.rooms.contains_key(&r));
    let bans = world.reports.iter();
    let decisions = bans.filter(|report| matches!(report, Report::Decision(_)));
    assert_eq!(decisions.count(), 0, "nobody is banned by it");
    // Made again, the room has its time again.
    let start = world.now;
    world.open_room(&r);
    world.join(G, &r, "g", None);
    world.run(4 * MINUTE);
    assert_eq!(done(&world, start), []);
    world.run(MINUTE);
    assert_eq!(done(&world, start).len(), 1);
}

#[test]
fn host_absent_warns_at_once_where_it_is_less_than_a_minute() {
    let (mut world, r) = world(AbsentHost::End, 20_000);
    let start = world.now;
    world.join(G, &r, "g", None);
    world.run(MINUTE);
    assert_eq!(done(&world, start), [(5, "warned"), (20_005, "ended")]);
}

#[test]
fn host_absent_starts_anew_with_each_absence_and_each_connection() {
    let (mut world, r) = world(AbsentHost::End, 5 * MINUTE);
    world.join(G, &r, "g", None);
    world.run(4 * MINUTE + 30_000);
    let start = world.now;
    world.join(T, &r, "t", host());
    world.run(10 * MINUTE);
    assert_eq!(done(&world, start), []);
    world.leave(T, &r);
    let left = world.now;
    world.run(4 * MINUTE);
    assert_eq!(done(&world, left), []);
    world.run(1_000);
    assert_eq!(done(&world, left), [(4 * MINUTE + 5, "warned")]);
    for restart in [false, true] {
        if restart {
            world.restart();
        } else {
            world.disconnect();
        }
        let start = world.now;
        world.run(4 * MINUTE + 2_000);
        let done = done(&world, start);
        assert_eq!(done.len(), 1, "restart: {restart}: {done:?}");
        assert!(done[0].0 > 4 * MINUTE && done[0].1 == "warned", "{done:?}");
    }
    world.join(T, &r, "t", host());
    world.run(10 * MINUTE);
    assert!(world.server.rooms.contains_key(&r));
}

#[test]
fn host_absent_leaves_rooms_alone_that_hold_nobody() {
    let (mut world, r) = world(AbsentHost::End, 10_000);
    world.join(G, &r, "g", None);
    world.run(5_000);
    world.leave(G, &r);
    let start = world.now;
    world.run(5 * MINUTE);
    assert_eq!(done(&world, start), []);
    assert!(world.server.rooms.contains_key(&r));
}

#[test]
fn host_absent_locks_once_everybody_is_a_member_and_opens_for_a_host() {
    let (mut world, r) = world(AbsentHost::Lock, 5 * MINUTE);
    world.join(G, &r, "g", None);
    world.run(MINUTE);
    world.join("h@meet.jitsi/1", &r, "h", None);
    let start = world.now;
    world.run(4 * MINUTE + 500);
    assert_eq!(done(&world, start).len(), 2);
    assert!(world.server.rooms[&r].members_only);
    for person in [G, "h@meet.jitsi/1"] {
        assert_eq!(world.has(&r, person), Affiliation::Member);
    }
    // It stays so over a restart, and while somebody else leads it.
    world.restart();
    world.run(20 * MINUTE);
    assert!(world.server.rooms[&r].members_only);
    assert!(world.engine.state().meetings[&r].locked);
    let start = world.now;
    world.set(Some(FOCUS), &r, T, Affiliation::Member).unwrap();
    world.join(T, &r, "t", host());
    world.run(1_000);
    assert_eq!(done(&world, start), [(5, "opened")]);
    assert!(!world.server.rooms[&r].members_only);
    assert!(
        !world
            .engine
            .state()
            .meetings
            .get(&r)
            .is_some_and(|m| m.locked)
    );
}

#[test]
fn host_absent_opens_a_locked_room_when_it_was_switched_off_before_a_restart() {
    let (mut world, r) = world(AbsentHost::Lock, 10_000);
    world.join(G, &r, "g", None);
    world.run(11_000);
    assert!(world.server.rooms[&r].members_only);
    world.choice.host_absent = AbsentHost::None;
    world.restart();
    world.run(2_000);
    assert!(!world.server.rooms[&r].members_only);
}

#[test]
fn host_absent_never_ends_a_persistent_room_and_says_so_once() {
    let (mut world, r) = world(AbsentHost::End, 10_000);
    world.server.rooms.get_mut(&r).unwrap().persistent = true;
    world.server.room_message(
        &r,
        gavel::stanza::MucUser {
            status: vec![104],
            ..Default::default()
        },
        gavel::stanza::MessageKind::Groupchat,
    );
    world.flush();
    world.run(100);
    let start = world.now;
    world.join(G, &r, "g", None);
    world.run(MINUTE);
    world.join("h@meet.jitsi/1", &r, "h", None);
    world.run(MINUTE);
    assert_eq!(done(&world, start), []);
    assert_eq!(persistent(&world), 1);
}

/// How often it was said that a persistent room is not ended.
fn persistent(world: &World) -> usize {
    let told = world.reports.iter().filter(|report| {
        matches!(
            report,
            Report::Warning(gavel::engine::Warning::HostAbsentPersistent { .. })
        )
    });
    told.count()
}

/// The next meeting in a room of the same name is told of again, so nothing is kept of a
/// room that has ended.
#[test]
fn host_absent_says_so_again_of_the_next_room_of_that_name() {
    let mut world = World::new(Choice {
        host_absent: AbsentHost::End,
        host_absent_after: Duration::from_secs(10),
        ..Choice::default()
    });
    let r = room("r");
    for _ in 0..2 {
        world.join(FOCUS, &r, "focus", None);
        world.server.rooms.get_mut(&r).unwrap().persistent = true;
        world.join(G, &r, "g", None);
        world.run(MINUTE);
        world.server.destroy(&r);
        world.flush();
        world.run(MINUTE);
    }
    assert_eq!(persistent(&world), 2);
}

/// A person who is seen before gavel locks the room, 15 ms after it was to, becomes a
/// member first.
#[test]
fn host_absent_locks_out_nobody_who_comes_while_others_become_members() {
    for offset in 0..10 {
        let (mut world, r) = world(AbsentHost::Lock, 10_000);
        world.join(G, &r, "g", None);
        world.run(10_000 + offset);
        world.join("h@meet.jitsi/1", &r, "h", None);
        world.run(1_000);
        assert!(world.server.rooms[&r].members_only);
        assert_eq!(world.has(&r, G), Affiliation::Member);
        let sent = world.sent.iter();
        let place = |wanted: &dyn Fn(&Request) -> bool| {
            sent.clone().position(
                |(_, stanza)| matches!(stanza, Outbound::Iq { request, .. } if wanted(request)),
            )
        };
        let locked = place(&|request| *request == Request::MembersOnly(true));
        let admitted = place(
            &|request| matches!(request, Request::SetAffiliation { jid, .. } if jid == "h@meet.jitsi"),
        );
        assert!(
            admitted.is_some() && admitted < locked,
            "{offset} ms: {admitted:?} {locked:?}"
        );
    }
}

/// If Prosody refuses, it is tried again, and said once.
#[test]
fn host_absent_is_tried_again_where_it_is_refused() {
    let mut world = World::new(Choice {
        module: false,
        host_absent: AbsentHost::End,
        host_absent_after: Duration::from_secs(10),
        ..Choice::default()
    });
    let r = room("r");
    world.open_room(&r);
    world.join(G, &r, "g", None);
    world.run(2_000);
    // An owner has taken it away from gavel, and no admin gives it back.
    world.server.admins_own = false;
    world.server.admins.clear();
    let gavel = world.server.gavel_bare();
    world
        .set(Some(FOCUS), &r, &gavel, Affiliation::Member)
        .unwrap();
    world.run(70_000);
    let ended = done(&world, 0).into_iter();
    let ended = ended.filter(|(_, what)| *what == "ended").count();
    assert!((2..=4).contains(&ended), "{ended} tries");
    let told = world.reports.iter().filter(|report| {
        matches!(
            report,
            Report::Warning(gavel::engine::Warning::HostAbsent { .. })
        )
    });
    assert_eq!(told.count(), 1);
}
