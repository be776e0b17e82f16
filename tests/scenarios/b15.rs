//! B15: breakout rooms.

use crate::sim::{Choice, FOCUS, Kind, Ticket, World, breakout, room};
use gavel::muc::{Affiliation, Role, RoomJid};
use gavel::stanza::{Outbound, Request};

fn world(module: bool) -> (World, RoomJid, RoomJid) {
    let mut world = World::new(Choice {
        module,
        ..Choice::default()
    });
    let (r, b) = (room("r"), breakout("b"));
    world.server.numbers_meetings = true;
    world.server.breakouts.insert(b.clone(), r.clone());
    world.open_room(&r);
    (world, r, b)
}

fn into_breakout(world: &mut World, b: &RoomJid, who: &str, ticket: Option<Ticket>) {
    let nick = who.split('@').next().unwrap();
    world.join(&format!("{who}/1"), b, nick, ticket);
    if !world.choice.module {
        world.server.invite(b);
        world.flush();
    }
    world.run(100);
}

fn teacher() -> Option<Ticket> {
    Some(Ticket::new(Kind::Owner, 1))
}

#[test]
fn b15_a_breakout_room_found_before_its_main_room_waits_for_it() {
    for module in [true, false] {
        let (mut world, r, b) = world(module);
        world.server.rooms.get_mut(&r).unwrap().persistent = true;
        world.leave(FOCUS, &r);
        world.run(1_000);
        assert!(!world.server.gavel_sees(&r));
        into_breakout(&mut world, &b, "t@meet.jitsi", teacher());
        assert_eq!(world.has(&r, "t@meet.jitsi"), Affiliation::Owner);
        world.check_quiet();
    }
}

#[test]
fn b15_a_grant_outlives_a_reconnect_where_everybody_is_in_breakout_rooms() {
    for module in [true, false] {
        let (mut world, r, b) = world(module);
        into_breakout(&mut world, &b, "t@meet.jitsi", teacher());
        into_breakout(&mut world, &b, "s@meet.jitsi", None);
        world.server.rooms.get_mut(&r).unwrap().persistent = true;
        world.leave(FOCUS, &r);
        world.run(100);
        world
            .role(Some("t@meet.jitsi/1"), &b, "s", Role::Moderator)
            .unwrap();
        world.run(100);
        assert_eq!(world.has(&r, "s@meet.jitsi"), Affiliation::Owner);
        world.disconnect();
        world.run(1_000);
        world.server.invite(&b);
        world.flush();
        world.check_quiet();
        assert_eq!(world.has(&r, "s@meet.jitsi"), Affiliation::Owner);
    }
}

#[test]
fn b15_the_main_room_is_left_once_its_breakout_rooms_are_empty() {
    for module in [true, false] {
        let (mut world, r, b) = world(module);
        into_breakout(&mut world, &b, "t@meet.jitsi", teacher());
        world.leave("t@meet.jitsi/1", &b);
        world.run(60_000);
        assert!(!world.server.gavel_sees(&r));
        assert!(!world.server.rooms.contains_key(&b));
    }
}

#[test]
fn b15_lowering_in_the_main_room_takes_the_role_in_the_breakout_room() {
    let (mut world, r, b) = world(true);
    into_breakout(&mut world, &b, "t@meet.jitsi", teacher());
    into_breakout(&mut world, &b, "s@meet.jitsi", None);
    world
        .role(Some(FOCUS), &b, "s", Role::Moderator)
        .unwrap_err();
    world.role(None, &b, "s", Role::Moderator).unwrap();
    world.run(100);
    assert_eq!(world.role_of(&b, "s"), Role::Participant);
    assert_eq!(world.has(&r, "s@meet.jitsi"), Affiliation::None);
    world.check_quiet();
}

#[test]
fn b15_a_person_in_a_breakout_room_of_the_next_meeting_is_not_forgotten() {
    let (mut world, r, b) = world(false);
    // gavel leaves the focus alone; then that meeting ends, and another begins.
    world.run(20_000);
    assert!(!world.server.gavel_sees(&r));
    world.leave(FOCUS, &r);
    world.join("t@meet.jitsi/1", &r, "t", teacher());
    into_breakout(&mut world, &b, "t@meet.jitsi", teacher());
    world.check_quiet();
    assert_eq!(world.role_of(&b, "t"), Role::Moderator);
}

/// No presence shows what a person in a breakout room alone has in the main room, so
/// gavel reads its list of members, which can be long.
#[test]
fn b15_the_list_of_members_is_read_once_as_gavel_comes_back() {
    for module in [true, false] {
        let (mut world, r, b) = world(module);
        let teacher_jid = "t@meet.jitsi/1";
        world.join(teacher_jid, &r, "t", teacher());
        world.run(100);
        // Whether this one is banned, gavel has to know.
        let set = Some((Affiliation::Member, None));
        world.set_override(&r, "h@meet.jitsi", set);
        world
            .set(Some(teacher_jid), &r, "g@meet.jitsi", Affiliation::Member)
            .unwrap();
        into_breakout(
            &mut world,
            &b,
            "g@meet.jitsi",
            Some(Ticket::new(Kind::Member, 2)),
        );
        world.run(1_000);
        world.disconnect();
        let from = world.sent.len();
        world.run(5_000);
        let member = |stanza: &Outbound| {
            let Outbound::Iq { to, request, .. } = stanza else {
                return false;
            };
            *to == *r.as_str() && *request == Request::ListAffiliation(Affiliation::Member)
        };
        let read = world.sent[from..].iter().filter(|(_, sent)| member(sent));
        assert_eq!(read.count(), 1, "module: {module}");
        world.check_quiet();
    }
}
