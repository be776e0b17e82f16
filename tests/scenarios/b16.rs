//! B16: tenants.

use crate::sim::{Choice, FOCUS, Kind, Ticket, World, room};
use gavel::engine::Report;
use gavel::muc::Affiliation;
use gavel::stanza::Outbound;

#[test]
fn b16_a_tenants_room_is_addressed_as_prosody_stores_it() {
    for module in [true, false] {
        let mut world = World::new(Choice {
            module,
            tenants: true,
            ..Choice::default()
        });
        let r = room("[school]r");
        world.open_room(&r);
        world.join("t@meet.jitsi/1", &r, "t", Some(Ticket::new(Kind::Owner, 1)));
        world.join("g@meet.jitsi/1", &r, "g", None);
        world.run(50);
        world
            .set(Some(FOCUS), &r, "g@meet.jitsi", Affiliation::Owner)
            .unwrap();
        world.run(50);
        assert_eq!(world.has(&r, "t@meet.jitsi"), Affiliation::Owner);
        assert_eq!(world.has(&r, "g@meet.jitsi"), Affiliation::None);
        world.run(60_000);
        assert_eq!(world.server.created_by_gavel, 0);
        for (_, stanza) in &world.sent {
            let text = format!("{stanza:?}");
            assert!(!text.contains("muc.school."), "{text}");
            if let Outbound::Join { occupant, .. } = stanza {
                assert_eq!(occupant.room, r);
            }
        }
        let joined = |report: &Report| matches!(report, Report::Joined { room, .. } if *room == r);
        assert!(world.reports.iter().any(joined));
    }
}
