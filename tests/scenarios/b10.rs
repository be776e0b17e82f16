//! B10, B11: ownership, and events that the connection does not tell.

use crate::sim::room::Written;
use crate::sim::{Choice, FOCUS, Kind, Ticket, World, room};
use gavel::muc::{Affiliation, Role};
use gavel::stanza::{MucUser, Outbound, Request};

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

#[test]
fn b10_gavel_makes_itself_owner_at_most_once_a_second() {
    let (mut world, r) = World::opened(ordinary());
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
        let (mut world, r) = World::opened(ordinary());
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
    let (mut world, r) = World::opened(Choice::default());
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
    let (mut world, _) = World::opened(ordinary());
    // One answer to a ping goes astray while others come.
    world.lose_replies = 1;
    world.run(3_600_000);
    assert_eq!(world.reconnects, 0);
}

#[test]
fn b11_changes_while_the_stream_was_lost_are_corrected() {
    let (mut world, r) = World::opened(Choice::default());
    for (who, ticket) in [
        ("t", Some(Ticket::new(Kind::Owner, 1))),
        ("g", None),
        ("h", None),
    ] {
        world.join(&format!("{who}@meet.jitsi/1"), &r, who, ticket);
    }
    world.run(100);
    let granted = world.set(
        Some("t@meet.jitsi/1"),
        &r,
        "g@meet.jitsi",
        Affiliation::Owner,
    );
    granted.unwrap();
    world.run(100);
    world.disconnect();
    for (who, to) in [
        ("h", Affiliation::Owner),
        ("gone", Affiliation::Admin),
        ("t", Affiliation::Member),
    ] {
        let jid = format!("{who}@meet.jitsi");
        world.set(Some(FOCUS), &r, &jid, to).unwrap();
    }
    world.check_quiet();
    for (who, has) in [
        ("g", Affiliation::Owner),
        ("t", Affiliation::Owner),
        ("h", Affiliation::None),
        ("gone", Affiliation::None),
    ] {
        assert_eq!(world.has(&r, &format!("{who}@meet.jitsi")), has, "{who}");
    }
}

#[test]
fn b11_nothing_grows_over_a_long_run() {
    let (mut world, r) = World::opened(ordinary());
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
        most = most.max(world.engine.sizes().timers);
    }
    assert!(most < 60, "{most} timers");
    for n in 0..40 {
        world.leave(&format!("p{n}@meet.jitsi/1"), &r);
    }
    world.check_quiet();
    let sizes = world.engine.sizes();
    assert!(sizes.people == 0 && sizes.timers < 8, "{sizes:?}");
}
