//! Events from before a room's meeting is known come after it.
#![allow(clippy::unwrap_used)]
use super::*;
use crate::engine::outbox::{Delivery, Outbox};
use crate::engine::room::part::Rooms;
use crate::engine::room::{Facts, Membership};
use crate::engine::settings::Settings;
use crate::engine::stream::Stream;
use crate::engine::testing::settings;
use crate::engine::time::Now;
use crate::stanza::{DisplayName, Evidence, LeftOut, MucUser, Presence, PresenceKind};
use bytes::Bytes;

fn presence(nick: &str, kind: PresenceKind, affiliation: Affiliation) -> Presence {
    let item = Item {
        jid: Some(format!("{nick}@x/r")),
        affiliation: Some(affiliation),
        ..Item::default()
    };
    Presence {
        from: format!("room@muc.x/{nick}"),
        kind,
        muc_user: Some(MucUser {
            items: vec![item],
            ..MucUser::default()
        }),
        to: "gavel@gavel.x/gavel".to_owned(),
        id: None,
        display_name: DisplayName::Absent,
        evidence: Evidence::default(),
        machine: false,
        module: None,
        raw: Bytes::new(),
        whole: true,
        left_out: LeftOut::default(),
    }
}

/// A room that gavel is in, and whose configuration it does not know yet.
fn one_room(settings: &Settings) -> (RoomJid, Rooms, Outbox) {
    let jid = RoomJid::parse("room@muc.x").unwrap();
    let mut room = Room::new(jid.clone(), 0, settings.nick.clone());
    (room.membership, room.module) = (Membership::In, true);
    let mut rooms = Rooms::new(settings);
    rooms.all.insert(jid.clone(), room);
    (jid, rooms, Outbox::default())
}

/// The room's news, in short.
fn told(out: &mut Outbox) -> Vec<String> {
    let deliveries = std::iter::from_fn(|| out.next_delivery());
    let events = deliveries.filter_map(|delivery| match delivery {
        Delivery::Event(event) => Some(event),
        Delivery::News(_) | Delivery::Order(_) => None,
    });
    let short = |event: RoomEvent| match event {
        RoomEvent::Opened { .. } => "opened".to_owned(),
        RoomEvent::Came(came) => format!("{} came", came.place.nick),
        RoomEvent::AllCame { .. } => "all came".to_owned(),
        RoomEvent::Left(left) => format!("{} left", left.place.nick),
        RoomEvent::LeftUnjudged { bare, .. } => format!("{bare} left early"),
        RoomEvent::CaughtUp { .. } => "caught up".to_owned(),
        other => format!("{other:?}"),
    };
    events.map(short).collect()
}

#[test]
fn b2_events_before_the_meeting_is_known_come_after_it() {
    let (settings, stream) = (settings(), Stream::default());
    let (jid, mut rooms, mut out) = one_room(&settings);
    let mut part = rooms.part(Now::default(), &settings, &stream, &mut out);
    let (none, outcast) = (Affiliation::None, Affiliation::Outcast);
    for nick in ["b", "a", "c"] {
        part.presence(presence(nick, PresenceKind::Available, none));
    }
    part.presence(presence("b", PresenceKind::Unavailable, outcast));
    part.presence(presence("c", PresenceKind::Unavailable, none));
    assert_eq!(told(&mut out), ["b@x left early", "c@x left early"]);
    let mut part = rooms.part(Now::default(), &settings, &stream, &mut out);
    part.configured(&jid, Facts::default());
    let expected = [
        "opened",
        "a came",
        "b came",
        "all came",
        "b left",
        "caught up",
    ];
    assert_eq!(told(&mut out)[..6], expected);
    let mut part = rooms.part(Now::default(), &settings, &stream, &mut out);
    part.presence(presence("d", PresenceKind::Available, none));
    part.presence(presence("a", PresenceKind::Unavailable, none));
    assert_eq!(told(&mut out)[..2], ["d came", "a left"]);
}

/// The news of a room that belongs to the meeting of `main`, once that is known; both `a`
/// and `b` were banned before.
fn told_of_bans(main: Option<&str>, back: bool) -> Vec<String> {
    let (settings, stream) = (settings(), Stream::default());
    let (jid, mut rooms, mut out) = one_room(&settings);
    let mut part = rooms.part(Now::default(), &settings, &stream, &mut out);
    let (none, outcast) = (Affiliation::None, Affiliation::Outcast);
    part.presence(presence("z", PresenceKind::Available, none));
    for nick in ["b", "a"] {
        part.presence(presence(nick, PresenceKind::Available, none));
        part.presence(presence(nick, PresenceKind::Unavailable, outcast));
    }
    if back {
        part.presence(presence("a", PresenceKind::Available, none));
    }
    told(&mut out);
    let facts = Facts {
        main: main.and_then(RoomJid::parse),
        ..Facts::default()
    };
    let mut part = rooms.part(Now::default(), &settings, &stream, &mut out);
    part.configured(&jid, facts);
    let mut told = told(&mut out);
    told.retain(|told| told.ends_with("came") || told.ends_with("left"));
    told
}

#[test]
fn b4_a_ban_of_somebody_who_is_back_is_over() {
    let all = ["a came", "b came", "z came", "all came", "b left", "a left"];
    assert_eq!(told_of_bans(None, false), all);
    let one = ["a came", "b came", "z came", "all came", "b left"];
    assert_eq!(told_of_bans(None, true), one);
}

#[test]
fn b15_bans_are_the_main_rooms() {
    let told = told_of_bans(Some("main@muc.x"), false);
    assert_eq!(told, ["z came", "all came"]);
}
