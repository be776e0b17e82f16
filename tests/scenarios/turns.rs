//! Many rooms at once: the questions to them, and their order (SPEC B20).

use crate::sim::{Choice, Kind, Ticket, World, room};
use gavel::muc::{Affiliation, RoomJid};
use gavel::stanza::{Outbound, Request};

/// How many questions gavel has asked rooms that can wake them from the disk.
fn questions(world: &World) -> usize {
    let sent = world.sent.iter();
    let asks = |stanza: &Outbound| match stanza {
        Outbound::Iq { request, .. } => {
            matches!(
                request,
                Request::Configuration | Request::ListAffiliation(_)
            )
        }
        _ => false,
    };
    sent.filter(|(_, stanza)| asks(stanza)).count()
}

#[test]
fn b20_nothing_is_asked_of_a_room_that_the_module_describes() {
    for tells_facts in [true, false] {
        let mut world = World::new(Choice::default());
        world.server.tells_facts = tells_facts;
        let r = room("r");
        world.join("eve@meet.jitsi/1", &r, "eve", None);
        let state = world.server.rooms.get_mut(&r).unwrap();
        let absent = "absent@meet.jitsi".to_owned();
        state.affiliations.insert(absent, Affiliation::Owner);
        let teacher = Some(Ticket::new(Kind::Owner, 1));
        world.join("t@meet.jitsi/1", &r, "t", teacher);
        world.run(1_000);
        assert_eq!(questions(&world), if tells_facts { 0 } else { 3 });
        assert_eq!(world.has(&r, "eve@meet.jitsi"), Affiliation::None);
        assert_eq!(world.has(&r, "absent@meet.jitsi"), Affiliation::None);
        assert_eq!(world.has(&r, "t@meet.jitsi"), Affiliation::Owner);
        // gavel checks announcements all the same, every few minutes.
        world.run(300_000);
        assert!(questions(&world) >= 2);
    }
}

#[test]
fn b20_nobody_waits_for_all_the_rooms_that_somebody_else_opens() {
    let mut world = World::new(Choice::default());
    let rooms: Vec<RoomJid> = (0..60).map(|n| room(&format!("eve{n}"))).collect();
    for r in &rooms {
        world
            .server
            .present("eve@meet.jitsi/1", r, "eve", Default::default())
            .unwrap();
    }
    let bobs = room("bob");
    world
        .server
        .present("bob@meet.jitsi/1", &bobs, "bob", Default::default())
        .unwrap();
    world.flush();
    world.run(10_000);
    let joins = world.sent.iter().filter_map(|(_, stanza)| match stanza {
        Outbound::Join { occupant, .. } => Some(&occupant.room),
        _ => None,
    });
    let joins: Vec<&RoomJid> = joins.collect();
    assert_eq!(joins.len(), 61);
    // Sixteen are under way at once, and one of hers may come first.
    let turn = joins.iter().position(|room| **room == bobs);
    assert!(turn.is_some_and(|turn| turn <= 17), "{turn:?}");
}
