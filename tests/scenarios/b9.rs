//! B9 to B11: joining, leaving, ownership, connection, lists.

use crate::sim::{Choice, FOCUS, Kind, Ticket, World, room};
use gavel::engine::settings::Poll;
use gavel::engine::{Input, Report};
use gavel::muc::{Affiliation, RoomJid};
use gavel::stanza::{Inbound, LIST_ROOMS, MucUser, Outbound, Presence, PresenceKind, Request};

fn ordinary() -> Choice {
    Choice {
        module: false,
        ..Choice::default()
    }
}

fn sent(world: &World, from: u64, what: impl Fn(&Outbound) -> bool) -> Vec<u64> {
    let sent = world.sent.iter();
    sent.filter(|(at, stanza)| *at >= from && what(stanza))
        .map(|(at, _)| *at)
        .collect()
}

fn is_join(stanza: &Outbound) -> bool {
    matches!(stanza, Outbound::Join { .. })
}

fn is_leave(stanza: &Outbound) -> bool {
    matches!(stanza, Outbound::Leave { .. })
}

fn is_list(stanza: &Outbound) -> bool {
    matches!(
        stanza,
        Outbound::Iq {
            request: Request::StartCommand { node: LIST_ROOMS },
            ..
        }
    )
}

/// gavel's own presence: as if a join had only now been answered, or the room ended.
fn own_presence(world: &mut World, r: &RoomJid, kind: PresenceKind) {
    let user = MucUser {
        items: vec![Default::default()],
        status: vec![110],
        destroyed: kind == PresenceKind::Unavailable,
        ..MucUser::default()
    };
    let presence = Presence {
        from: format!("{r}/gavel"),
        to: "gavel@gavel.meet.jitsi/gavel".into(),
        id: None,
        kind,
        muc_user: Some(user),
        display_name: Default::default(),
        evidence: Default::default(),
        machine: false,
        module: None,
        raw: Default::default(),
        whole: true,
        left_out: Default::default(),
    };
    world.handle(Input::Stanza(Inbound::Presence(Box::new(presence))));
}

#[test]
fn b9_a_room_is_left_at_once_when_gavel_is_alone() {
    let (mut world, r) = World::opened(ordinary());
    let start = world.now;
    world.leave(FOCUS, &r);
    world.run(100);
    // Once the room has said that nobody else is there.
    assert_eq!(sent(&world, start, is_leave), [start + 15]);
    assert!(!world.server.rooms.contains_key(&r));
}

#[test]
fn b9_a_room_with_infrastructure_only_is_left_after_fifteen_seconds() {
    let (mut world, r) = World::opened(ordinary());
    world.join("g@meet.jitsi/1", &r, "g", None);
    world.run(8_000);
    world.leave("g@meet.jitsi/1", &r);
    world.run(10_000);
    world.join("g@meet.jitsi/1", &r, "g", None);
    world.run(1_000);
    let start = world.now;
    world.leave("g@meet.jitsi/1", &r);
    world.run(60_000);
    assert_eq!(sent(&world, 0, is_leave), [start + 15 + 15_000]);
    // It is listed all the time, and not joined before ten minutes are over.
    assert!(sent(&world, start, is_join).is_empty());
    world.run(480_000);
    assert!(sent(&world, start, is_join).is_empty());
    world.run(120_000);
    assert!(!sent(&world, start, is_join).is_empty());
}

#[test]
fn b9_an_invitation_brings_gavel_back_at_once() {
    let (mut world, r) = World::opened(ordinary());
    world.run(20_000);
    assert!(!world.server.gavel_sees(&r));
    world.server.invite(&r);
    world.flush();
    world.run(50);
    assert!(world.server.gavel_sees(&r));
}

#[test]
fn b9_a_room_that_was_missing_from_a_list_is_another_one() {
    let (mut world, r) = World::opened(ordinary());
    world.join("t@meet.jitsi/1", &r, "t", Some(Ticket::new(Kind::Owner, 1)));
    world.join("g@meet.jitsi/1", &r, "g", None);
    world.run(50);
    world
        .set(
            Some("t@meet.jitsi/1"),
            &r,
            "g@meet.jitsi",
            Affiliation::Owner,
        )
        .unwrap();
    world.run(50);
    world.leave("t@meet.jitsi/1", &r);
    world.leave("g@meet.jitsi/1", &r);
    world.run(20_000);
    assert!(!world.server.gavel_sees(&r));
    world.leave(FOCUS, &r);
    world.run(31_000);
    // The same name again, without an invitation: the next list shows it.
    world.join("g@meet.jitsi/1", &r, "g", None);
    world
        .set(None, &r, "g@meet.jitsi", Affiliation::Owner)
        .unwrap();
    world.run(31_000);
    assert!(world.server.gavel_sees(&r));
    assert_eq!(world.has(&r, "g@meet.jitsi"), Affiliation::None);
}

#[test]
fn b9_no_room_is_created() {
    let mut world = World::new(Choice {
        rooms: vec![room("configured")],
        ..ordinary()
    });
    world.server.invite(&room("forged"));
    world.flush();
    world.run(120_000);
    assert_eq!(world.server.created_by_gavel, 0);
    assert!(sent(&world, 0, is_join).is_empty());
    assert_eq!(world.engine.sizes().rooms, 0);
}

#[test]
fn b9_no_room_is_created_when_the_module_has_gone() {
    let (mut world, r) = World::opened(Choice::default());
    world.join("g@meet.jitsi/1", &r, "g", None);
    world.run(100);
    world.server.module = false;
    world.server.rooms.clear();
    world.disconnect();
    world.run(60_000);
    assert_eq!(world.server.created_by_gavel, 0);
}

#[test]
fn b9_a_late_own_presence_is_answered_by_leaving_again() {
    let (mut world, r) = World::opened(ordinary());
    world.run(20_000);
    assert!(!world.server.gavel_sees(&r));
    for (at, known) in [(room("never"), false), (r, true)] {
        let start = world.now;
        own_presence(&mut world, &at, PresenceKind::Available);
        assert_eq!(sent(&world, start, is_leave).len(), 1, "known: {known}");
        world.run(10);
    }
}

#[test]
fn b9_one_join_is_outstanding_however_long_it_takes() {
    let mut world = World::new(ordinary());
    world.server.meeting_ids = true;
    let r = room("r");
    world.join("g@meet.jitsi/1", &r, "g", None);
    // It is listed every thirty seconds.
    world.run(100_000);
    assert_eq!(sent(&world, 0, is_join).len(), 1);
    assert!(world.engine.is_ready());
    world.join(FOCUS, &r, "focus", None);
    world.run(100);
    assert!(world.server.gavel_sees(&r));
    world.check_quiet();
}

#[test]
fn b9_a_room_that_ended_while_a_join_waited_can_be_entered_again() {
    let mut world = World::new(ordinary());
    world.server.meeting_ids = true;
    let r = room("r");
    world.join("g@meet.jitsi/1", &r, "g", None);
    world.server.invite(&r);
    world.flush();
    world.run(10_000);
    world.leave("g@meet.jitsi/1", &r);
    world.run(60_000);
    world.join("g@meet.jitsi/1", &r, "g", None);
    world.open_room(&r);
    world.run(31_000);
    assert!(world.server.gavel_sees(&r));
}

#[test]
fn b9_sixteen_joins_are_under_way_at_once() {
    let mut world = World::new(ordinary());
    world.disconnect();
    for n in 0..100 {
        let r = room(&format!("r{n}"));
        world.join("g@meet.jitsi/1", &r, "g", None);
    }
    world.slow = 50;
    let start = world.now;
    world.run(3_000);
    let joins = sent(&world, start, is_join);
    assert_eq!(joins.len(), 100);
    for window in joins.windows(17) {
        // Each takes a round trip of 60 ms.
        assert!(window[16] >= window[0] + 60, "{joins:?}");
    }
    assert!(world.engine.is_ready());
}

#[test]
fn discovery_a_list_is_not_asked_for_more_often_than_fifty_times_what_it_takes() {
    let mut world = World::new(ordinary());
    world.slow = 2_000;
    world.run(400_000);
    let lists = sent(&world, 0, is_list);
    let services = 2;
    // The first took 10 ms, the others two seconds.
    let later = &lists[2 * services..];
    assert!(!later.is_empty());
    for (one, next) in later.iter().zip(&later[services..]) {
        assert!(next - one >= 50 * 2_000, "{lists:?}");
    }
}

#[test]
fn discovery_a_service_with_the_module_is_not_listed() {
    let (mut world, r) = World::opened(Choice {
        poll: Poll::Auto,
        ..Choice::default()
    });
    world.join("g@meet.jitsi/1", &r, "g", None);
    let start = world.now;
    world.run(300_000);
    let muc = |stanza: &Outbound| {
        is_list(stanza) && matches!(stanza, Outbound::Iq { to, .. } if to == "muc.meet.jitsi")
    };
    assert!(sent(&world, start, muc).is_empty());
}

#[test]
fn shutdown_leaves_all_rooms() {
    let (mut world, _) = World::opened(ordinary());
    let waiting = room("waiting");
    world.server.meeting_ids = true;
    world.join("g@meet.jitsi/1", &waiting, "g", None);
    world.server.invite(&waiting);
    world.flush();
    world.run(100);
    let start = world.now;
    world.handle(Input::Shutdown);
    assert_eq!(sent(&world, start, is_leave).len(), 2);
    let left = world
        .reports
        .iter()
        .filter(|report| matches!(report, Report::Left { .. }));
    assert!(left.count() >= 1);
}

#[test]
fn b09_a_room_that_ends_because_gavel_leaves_is_left_once() {
    let (mut world, r) = World::opened(Choice::default());
    world.run(20_000);
    let left = |world: &World| {
        let reports = world.reports.iter();
        reports
            .filter(|report| matches!(report, Report::Left { room, .. } if *room == r))
            .count()
    };
    assert_eq!(left(&world), 1, "nobody is there");
    // The answer of a server whose room has ended with that.
    own_presence(&mut world, &r, PresenceKind::Unavailable);
    assert_eq!(left(&world), 1, "and now it has ended");
}

#[test]
fn b09_a_meeting_goes_on_if_somebody_comes_before_the_room_reads_that_gavel_leaves() {
    let (mut world, r) = World::opened(ordinary());
    world.leave(FOCUS, &r);
    let ada = "ada@meet.jitsi";
    world.set_override(&r, ada, Some((Affiliation::Member, None)));
    let start = world.now;
    while sent(&world, start, is_leave).is_empty() {
        assert!(world.now < start + 30_000, "gavel does not leave");
        world.run(1);
    }
    world.join(
        "ada@meet.jitsi/1",
        &r,
        "Ada",
        Some(Ticket::new(Kind::Owner, 1)),
    );
    world.run(1_000);
    assert!(world.server.gavel_sees(&r), "gavel does not come back");
    let stored = world.server.rooms[&r].stored(ada);
    assert_eq!(
        stored,
        Affiliation::Member,
        "what the admin set is forgotten"
    );
}

#[test]
fn b09_a_meeting_ends_as_gavel_leaves_its_room_last() {
    let (mut world, r) = World::opened(ordinary());
    world.leave(FOCUS, &r);
    let ada = "ada@meet.jitsi";
    world.set_override(&r, ada, Some((Affiliation::Member, None)));
    world.run(30_000);
    assert!(
        !world.server.rooms.contains_key(&r),
        "the room is still there"
    );
    world.open_room(&r);
    world.join(
        "ada@meet.jitsi/1",
        &r,
        "Ada",
        Some(Ticket::new(Kind::Owner, 1)),
    );
    world.server.invite(&r);
    world.flush();
    world.run(1_000);
    let stored = world.server.rooms[&r].stored(ada);
    assert_eq!(stored, Affiliation::Owner, "this is another meeting");
}
