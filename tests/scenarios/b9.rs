//! B9 to B11: joining, leaving, ownership, connection, lists.

use crate::sim::room::Written;
use crate::sim::{Choice, FOCUS, Kind, Ticket, World, room};
use gavel::engine::settings::Poll;
use gavel::engine::{Input, Report};
use gavel::muc::{Affiliation, Role, RoomJid};
use gavel::stanza::{Inbound, LIST_ROOMS, MucUser, Outbound, Presence, Request};

fn ordinary() -> Choice {
    Choice {
        module: false,
        ..Choice::default()
    }
}

fn opened(choice: Choice) -> (World, RoomJid) {
    let mut world = World::new(choice);
    let r = room("r");
    world.open_room(&r);
    (world, r)
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

/// gavel's own presence, as if a join had only now been answered.
fn own_presence(world: &mut World, r: &RoomJid) {
    let user = MucUser {
        items: vec![Default::default()],
        status: vec![110],
        ..MucUser::default()
    };
    let presence = Presence {
        from: format!("{r}/gavel"),
        to: "gavel@gavel.meet.jitsi/gavel".into(),
        id: None,
        kind: gavel::stanza::PresenceKind::Available,
        muc_user: Some(user),
        display_name: Default::default(),
        evidence: Default::default(),
        module: None,
        raw: Default::default(),
    };
    world.handle(Input::Stanza(Inbound::Presence(Box::new(presence))));
}

#[test]
fn b9_a_room_is_left_at_once_when_gavel_is_alone() {
    let (mut world, r) = opened(ordinary());
    let start = world.now;
    world.leave(FOCUS, &r);
    world.run(100);
    assert_eq!(sent(&world, start, is_leave), [start + 5]);
    assert!(!world.server.rooms.contains_key(&r));
}

#[test]
fn b9_a_room_with_infrastructure_only_is_left_after_fifteen_seconds() {
    let (mut world, r) = opened(ordinary());
    world.join("g@meet.jitsi/1", &r, "g", None);
    world.run(8_000);
    world.leave("g@meet.jitsi/1", &r);
    world.run(10_000);
    world.join("g@meet.jitsi/1", &r, "g", None);
    world.run(1_000);
    let start = world.now;
    world.leave("g@meet.jitsi/1", &r);
    world.run(60_000);
    assert_eq!(sent(&world, 0, is_leave), [start + 5 + 15_000]);
    // It is listed all the time, and not joined before ten minutes are over.
    assert!(sent(&world, start, is_join).is_empty());
    world.run(480_000);
    assert!(sent(&world, start, is_join).is_empty());
    world.run(120_000);
    assert!(!sent(&world, start, is_join).is_empty());
}

#[test]
fn b9_an_invitation_brings_gavel_back_at_once() {
    let (mut world, r) = opened(ordinary());
    world.run(20_000);
    assert!(!world.server.gavel_sees(&r));
    world.server.invite(&r);
    world.flush();
    world.run(50);
    assert!(world.server.gavel_sees(&r));
}

#[test]
fn b9_a_room_that_was_missing_from_a_list_is_another_one() {
    let (mut world, r) = opened(ordinary());
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
    assert_eq!(world.engine.load().rooms, 0);
}

#[test]
fn b9_no_room_is_created_when_the_module_has_gone() {
    let (mut world, r) = opened(Choice::default());
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
    let (mut world, r) = opened(ordinary());
    world.run(20_000);
    assert!(!world.server.gavel_sees(&r));
    for (at, known) in [(room("never"), false), (r, true)] {
        let start = world.now;
        own_presence(&mut world, &at);
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
    for _ in 0..10 {
        world.server.invite(&r);
        world.flush();
        world.run(10_000);
    }
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
    let (mut world, r) = opened(Choice {
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
fn b10_gavel_makes_itself_owner_at_most_once_a_second() {
    let (mut world, r) = opened(ordinary());
    world.server.admins_own = false;
    world.join("t@meet.jitsi/1", &r, "t", Some(Ticket::new(Kind::Owner, 1)));
    world.run(2_000);
    let start = world.now;
    while world.now < start + 10_000 {
        let gavel = world.server.gavel_bare();
        let _ = world.set(None, &r, &gavel, Affiliation::Outcast);
        world.run(100);
    }
    world.run(10_000);
    let own = |stanza: &Outbound| {
        matches!(stanza, Outbound::Iq { request: Request::CommandSetAffiliation { jid, .. }, .. }
            if jid.starts_with("gavel@"))
    };
    let tries = sent(&world, start, own);
    assert!(
        tries.windows(2).all(|pair| pair[1] - pair[0] >= 1_000),
        "{tries:?}"
    );
    assert!(world.server.gavel_sees(&r));
    world.check_quiet();
}

#[test]
fn b10_the_password_is_read_from_the_configuration() {
    let mut world = World::new(ordinary());
    let r = room("r");
    world.join("t@meet.jitsi/1", &r, "t", Some(Ticket::new(Kind::Owner, 1)));
    world.server.rooms.get_mut(&r).unwrap().password = Some("x".into());
    world.server.invite(&r);
    world.flush();
    world.run(2_000);
    assert_eq!(world.has(&r, "t@meet.jitsi"), Affiliation::Owner);
    world.check_quiet();
}

#[test]
fn b2_where_the_nick_is_taken_gavel_takes_another() {
    let mut world = World::new(ordinary());
    let r = room("r");
    world.join("x@meet.jitsi/1", &r, "gavel", None);
    world.server.invite(&r);
    world.flush();
    world.run(200);
    let gavel = world.server.gavel_full();
    let nick = world.nick_of(&r, &gavel).unwrap();
    let tail = nick.strip_prefix("gavel_").unwrap();
    assert!(
        tail.len() == 8 && tail.bytes().all(|b| b.is_ascii_alphanumeric()),
        "{nick}"
    );
}

#[test]
fn b11_a_room_that_forgot_gavel_is_found_within_a_minute() {
    for busy in [false, true] {
        let (mut world, r) = opened(ordinary());
        world.join("t@meet.jitsi/1", &r, "t", Some(Ticket::new(Kind::Owner, 1)));
        world.run(1_000);
        // Without a word to gavel; but requests to the room are answered.
        let gavel = world.server.gavel_bare();
        let state = world.server.rooms.get_mut(&r).unwrap();
        state.occupants.retain(|_, occupant| occupant.bare != gavel);
        let start = world.now;
        while world.now < start + 60_000 {
            if busy {
                world.server.invite(&room("other"));
                let user = MucUser {
                    status: vec![104],
                    ..MucUser::default()
                };
                let from_room = gavel::stanza::MessageKind::Other;
                world.server.room_message(&r, user, from_room);
                world.flush();
            }
            world.run(5_000);
        }
        assert!(world.server.gavel_sees(&r), "busy: {busy}");
        world.check_quiet();
    }
}

#[test]
fn b11_a_silent_peer_is_found_dead_within_a_minute() {
    let (mut world, r) = opened(Choice::default());
    world.join("t@meet.jitsi/1", &r, "t", Some(Ticket::new(Kind::Owner, 1)));
    world.run(10_000);
    world.mute = true;
    world.run(59_000);
    assert!(world.reconnects >= 1);
    world.mute = false;
    world.check_quiet();
}

#[test]
fn b11_a_quiet_peer_that_answers_is_not_dead() {
    let (mut world, _) = opened(ordinary());
    // One answer to a ping goes astray while others come.
    world.lose_replies = 1;
    world.run(3_600_000);
    assert_eq!(world.reconnects, 0);
}

#[test]
fn b11_what_happened_behind_gavels_back_is_mended() {
    for restart in [false, true] {
        let (mut world, r) = opened(Choice::default());
        for (who, ticket) in [
            ("t", Some(Ticket::new(Kind::Owner, 1))),
            ("g", None),
            ("h", None),
        ] {
            world.join(&format!("{who}@meet.jitsi/1"), &r, who, ticket);
        }
        world.run(100);
        world
            .set(
                Some("t@meet.jitsi/1"),
                &r,
                "g@meet.jitsi",
                Affiliation::Owner,
            )
            .unwrap();
        world.run(100);
        if restart {
            world.restart();
        } else {
            world.disconnect();
        }
        world
            .set(Some(FOCUS), &r, "h@meet.jitsi", Affiliation::Owner)
            .unwrap();
        world
            .set(Some(FOCUS), &r, "gone@meet.jitsi", Affiliation::Admin)
            .unwrap();
        world
            .set(Some(FOCUS), &r, "t@meet.jitsi", Affiliation::Member)
            .unwrap();
        world.check_quiet();
        assert_eq!(world.has(&r, "g@meet.jitsi"), Affiliation::Owner);
        assert_eq!(world.has(&r, "t@meet.jitsi"), Affiliation::Owner);
        assert_eq!(world.has(&r, "h@meet.jitsi"), Affiliation::None);
        assert_eq!(world.has(&r, "gone@meet.jitsi"), Affiliation::None);
    }
}

#[test]
fn b11_nothing_grows_over_a_long_run() {
    let (mut world, r) = opened(ordinary());
    let mut most = 0;
    for n in 0..2_000u32 {
        let who = format!("p{}@meet.jitsi/1", n % 40);
        let ticket = (n % 3 == 0).then(|| Ticket::new(Kind::Member, n % 40));
        let written = Written {
            ticket,
            ..Written::default()
        };
        let _ = world
            .server
            .present(&who, &r, &format!("n{}", n % 40), written);
        world.flush();
        if n % 5 == 0 {
            let _ = world.set(Some(FOCUS), &r, &who, Affiliation::Owner);
        }
        if n % 7 == 0 {
            let _ = world.role(Some(FOCUS), &r, &format!("n{}", (n + 3) % 40), Role::None);
        }
        world.run(37);
        most = most.max(world.engine.load().timers);
    }
    assert!(most < 60, "{most} timers");
    for n in 0..40 {
        world.leave(&format!("p{n}@meet.jitsi/1"), &r);
    }
    world.check_quiet();
    let load = world.engine.load();
    assert!(load.people == 0 && load.timers < 8, "{load:?}");
}

#[test]
fn shutdown_leaves_all_rooms() {
    let (mut world, _) = opened(ordinary());
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
