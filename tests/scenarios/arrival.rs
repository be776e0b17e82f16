//! gavel's answer about people who are about to enter (SPEC section 6).

use crate::sim::claims::bridged;
use crate::sim::{Choice, FOCUS, Kind, Ticket, World, breakout, room};
use gavel::engine::event::{Cause, Change, Outcome};
use gavel::engine::{Input, Report};
use gavel::muc::{Affiliation, RoomJid};
use gavel::policy::{Clause, Entitlement, Guests, OnExpiry, Policy, Rules};
use gavel::stanza::{Arrival, Inbound, Iq, IqKind, IqPayload, Outbound, Reply, Request};

const T: &str = "t@meet.jitsi/1";
const MUC: &str = "muc.meet.jitsi";

fn teacher() -> Ticket {
    Ticket::new(Kind::Owner, 1).user("ada").named("Ada")
}

/// gavel's answer, asked by `from`.
fn asked(world: &mut World, from: &str, arrival: Arrival) -> (Option<Affiliation>, Option<String>) {
    let id = format!("q{}", world.sent.len());
    world.handle(Input::Stanza(Inbound::Iq(Box::new(Iq {
        from: from.to_owned(),
        to: world.server.gavel_full(),
        id: id.clone(),
        kind: IqKind::Get,
        payload: IqPayload::Arrival(Box::new(arrival)),
        left_out: Default::default(),
    }))));
    let last = world.sent.last().map(|(_, stanza)| stanza.clone());
    match last {
        Some(Outbound::Reply {
            id: answered,
            reply: Reply::Arrival {
                affiliation, name, ..
            },
            ..
        }) if answered == id => (affiliation, name),
        other => panic!("no answer but {other:?}"),
    }
}

fn arrival(world: &World, full: &str, room: &RoomJid, ticket: &Ticket) -> Arrival {
    let place = format!("{room}/");
    let evidence = bridged(Some(ticket), &world.server.stream_id, full, &place);
    Arrival {
        room: room.to_string(),
        jid: full.to_owned(),
        claims: evidence.bridge.unwrap(),
    }
}

/// gavel's answer when the module asks about somebody.
fn said(world: &mut World, full: &str, room: &RoomJid, ticket: &Ticket) -> Option<Affiliation> {
    let arrival = arrival(world, full, room, ticket);
    asked(world, room.service(), arrival).0
}

#[test]
fn b2_an_announced_person_enters_settled() {
    let (mut world, r) = World::under(Policy::default());
    world.connects(T, &r, teacher());
    world.run(50);
    let before = world.now;
    world.join(T, &r, "t", Some(teacher()));
    assert_eq!(world.has(&r, T), Affiliation::Owner, "at once");
    world.run(50);
    world.check_quiet();
    assert_eq!(world.changes_since(before).len(), 0);
    let told = world.reports.iter().find_map(|report| match report {
        Report::Decision(told) if told.cause == Cause::Join => Some(told),
        _ => None,
    });
    let told = told.expect("it is told who was made owner, and why");
    let change = Change::Affiliation {
        from: Some(Affiliation::None),
        to: Affiliation::Owner,
    };
    assert_eq!((&told.change, told.outcome), (&change, Outcome::Applied));
    let settled = |report: &&Report| matches!(report, Report::Settled { .. });
    assert!(world.reports.iter().any(|report| settled(&report)));
}

#[test]
fn b2_the_affiliation_of_claims_is_said_before_there_is_a_room() {
    let (mut world, _) = World::under(Policy::default());
    let new = room("new");
    let student = Ticket::new(Kind::Member, 2);
    assert_eq!(
        said(&mut world, T, &new, &teacher()),
        Some(Affiliation::Owner)
    );
    assert_eq!(
        said(&mut world, T, &new, &student),
        Some(Affiliation::Member)
    );
    let arrival = arrival(&world, T, &new, &teacher());
    assert_eq!(asked(&mut world, MUC, arrival).1.as_deref(), Some("Ada"));
}

#[test]
fn claims_that_nobody_vouches_for_are_said_nothing_of() {
    let (mut world, r) = World::under(Policy::default());
    let right = arrival(&world, T, &r, &teacher());
    let elsewhere = arrival(&world, T, &room("other"), &teacher());
    let somebody = arrival(&world, "x@meet.jitsi/1", &r, &teacher());
    let (full, bare, machine) = (T.to_owned(), "t@meet.jitsi".to_owned(), FOCUS.to_owned());
    let wrong = [
        ("a user", "t@meet.jitsi/1", right.clone()),
        ("another service", "breakout.meet.jitsi", right.clone()),
        (
            "another room's",
            MUC,
            Arrival {
                claims: elsewhere.claims,
                ..right.clone()
            },
        ),
        (
            "another's",
            MUC,
            Arrival {
                claims: somebody.claims,
                ..right.clone()
            },
        ),
        ("no session", MUC, arrival(&world, &bare, &r, &teacher())),
        (
            "infrastructure",
            MUC,
            arrival(&world, &machine, &r, &teacher()),
        ),
        (
            "no room of ours",
            MUC,
            Arrival {
                room: "r@else.example".into(),
                ..right.clone()
            },
        ),
        (
            "no room",
            MUC,
            Arrival {
                room: String::new(),
                ..right.clone()
            },
        ),
        (
            "no claims",
            MUC,
            Arrival {
                jid: full,
                room: r.to_string(),
                ..Arrival::default()
            },
        ),
    ];
    for (what, from, arrival) in wrong {
        assert_eq!(asked(&mut world, from, arrival), (None, None), "{what}");
    }
    assert_eq!(
        asked(&mut world, MUC, right.clone()).0,
        Some(Affiliation::Owner)
    );
    // Another stream's.
    world.disconnect();
    world.run(1_000);
    assert_eq!(asked(&mut world, MUC, right), (None, None));
}

/// Everything that outranks claims, or may.
#[test]
fn b4_nothing_is_said_of_people_of_whom_more_is_known_than_claims() {
    // A person who has stepped down, on the same and on another device.
    let (mut w, r) = World::under(Policy::default());
    w.join(T, &r, "t", Some(teacher()));
    w.run(50);
    w.set(Some(T), &r, T, Affiliation::Member).unwrap();
    w.run(50);
    w.leave(T, &r);
    w.run(50);
    assert_eq!(said(&mut w, "t@meet.jitsi/2", &r, &teacher()), None);
    assert_eq!(said(&mut w, "other@meet.jitsi/2", &r, &teacher()), None);
    let another = Ticket::new(Kind::Owner, 3).user("bob");
    assert_eq!(
        said(&mut w, "bob@meet.jitsi/2", &r, &another),
        Some(Affiliation::Owner)
    );
    // A person with an admin's override.
    let (mut w, r) = World::under(Policy::default());
    w.join(T, &r, "t", Some(teacher()));
    w.run(50);
    w.set_override(&r, T, Some((Affiliation::Member, None)));
    w.run(50);
    w.leave(T, &r);
    w.run(50);
    assert_eq!(said(&mut w, "t@meet.jitsi/2", &r, &teacher()), None);
}

#[test]
fn nothing_is_said_where_more_than_claims_decides() {
    // A rule that reads the nick, which is not known yet.
    let clause = Clause::new("named", "occupant.nick == \"t\"", Entitlement::Keep).unwrap();
    let (mut w, r) = World::under(Policy {
        rules: Rules::own(vec![clause]),
        ..Policy::default()
    });
    assert_eq!(said(&mut w, T, &r, &teacher()), None);
    // A token that may have expired by then.
    let (mut w, r) = World::under(Policy {
        on_expiry: OnExpiry::Demote,
        ..Policy::default()
    });
    let now = w.unix_ms() / 1000;
    for (exp, expected) in [(now + 20, None), (now + 600, Some(Affiliation::Owner))] {
        assert_eq!(said(&mut w, T, &r, &teacher().until(exp)), expected);
    }
    // A breakout room, whose affiliations are the main room's.
    let (mut w, r) = World::under(Policy::default());
    let b = breakout("b");
    w.server.breakouts.insert(b.clone(), r.clone());
    w.join(T, &r, "t", Some(teacher()));
    w.join("g@meet.jitsi/1", &b, "g", None);
    w.run(50);
    assert_eq!(said(&mut w, "u@meet.jitsi/1", &b, &teacher()), None);
}

/// How often gavel has taken back its answers.
fn taken_back(world: &World) -> usize {
    let taken_back = |(_, stanza): &&(u64, Outbound)| matches!(stanza, Outbound::Iq { to, request: Request::ForgetArrivals, .. } if to == MUC);
    world.sent.iter().filter(taken_back).count()
}

#[test]
fn an_answer_is_taken_back_when_the_configuration_changes() {
    let (mut world, r) = World::under(Policy::default());
    world.connects(T, &r, teacher());
    world.run(50);
    let none = Policy {
        rules: Rules::own(vec![
            Clause::new(
                "nobody",
                "true",
                Entitlement::Affiliation(Affiliation::Member),
            )
            .unwrap(),
        ]),
        ..Policy::default()
    };
    world.reconfigure(none);
    assert_eq!(taken_back(&world), 1);
    world.run(50);
    world.join(T, &r, "t", Some(teacher()));
    assert_eq!(world.has(&r, T), Affiliation::None);
}

/// Before gavel has joined any room it does not know that the module is there.
#[test]
fn an_answer_is_taken_back_if_there_is_no_room_yet() {
    let mut world = World::new(Choice::default());
    let new = room("new");
    assert_eq!(
        said(&mut world, T, &new, &teacher()),
        Some(Affiliation::Owner)
    );
    world.reconfigure(Policy::default());
    assert_eq!(taken_back(&world), 1);
}

/// gavel's gift is not a gift of others to a guest, whom it may have to leave alone.
#[test]
fn b2_nobody_keeps_an_affiliation_from_an_answer_that_is_true_no_more() {
    let left = |entitlement, guests| Policy {
        rules: Rules::own(vec![Clause::new("all", "true", entitlement).unwrap()]),
        guests,
        ..Policy::default()
    };
    for (entitlement, guests) in [
        (Entitlement::Guest, Guests::Strip),
        (Entitlement::Guest, Guests::Ignore),
        (Entitlement::Keep, Guests::Strip),
    ] {
        let (mut world, r) = World::under(Policy::default());
        world.connects(T, &r, teacher());
        world.run(50);
        world.join(T, &r, "t", Some(teacher()));
        assert_eq!(world.has(&r, T), Affiliation::Owner);
        world.reconfigure(left(entitlement, guests));
        world.run(1_000);
        let case = format!("{entitlement:?} {guests:?}");
        assert_eq!(world.has(&r, T), Affiliation::None, "{case}");
        // From then on guests are guests, and people who are left alone are left alone.
        let focus = Some(FOCUS);
        world.set(focus, &r, T, Affiliation::Owner).unwrap();
        world.run(1_000);
        let expected = match (entitlement, guests) {
            (Entitlement::Guest, Guests::Strip) => Affiliation::None,
            _ => Affiliation::Owner,
        };
        assert_eq!(world.has(&r, T), expected, "{case}");
    }
}

/// Two devices of one user: one steps down and goes, the other is about to enter.
#[test]
fn b4_a_person_who_steps_down_is_no_owner_on_the_next_device_for_a_moment() {
    let (mut world, r) = World::under(Policy::default());
    world.join(T, &r, "t", Some(teacher()));
    world.run(50);
    world.connects("other@meet.jitsi/1", &r, teacher());
    world.run(50);
    world.set(Some(T), &r, T, Affiliation::Member).unwrap();
    world.run(50);
    world.leave(T, &r);
    world.run(50);
    world.join("other@meet.jitsi/1", &r, "o", Some(teacher()));
    assert_eq!(world.has(&r, "other@meet.jitsi"), Affiliation::None);
    world.check_quiet();
    assert!(!world.has(&r, "other@meet.jitsi").moderates());
}

/// The room's configuration comes late, and the newcomer has sent more presence.
#[test]
fn b2_a_person_who_entered_as_said_is_told_of_however_late_they_are_looked_at() {
    let (mut world, _) = World::under(Policy::default());
    let new = room("new");
    world.connects(T, &new, teacher());
    world.run(50);
    world.lose_replies = 1;
    world.join(T, &new, "t", Some(teacher()));
    world.run(100);
    world.join(T, &new, "t", Some(teacher()));
    world.run(60_000);
    let told = |report: &Report| match report {
        Report::Decision(told) => told.cause == Cause::Join && told.room == new,
        _ => false,
    };
    assert_eq!(
        world.reports.iter().filter(|report| told(report)).count(),
        1
    );
}
