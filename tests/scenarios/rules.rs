//! Rules of one's own in the engine: it judges as `explain` tells, and each right has its
//! rank.

use crate::sim::room::Written;
use crate::sim::{Choice, Kind, Ticket, World, breakout, room};
use gavel::engine::meeting::seat::Seat;
use gavel::muc::{Affiliation, RoomJid};
use gavel::policy::{Clause, Entitlement, Policy, Preset, Rules, Subject};
use proptest::prelude::*;

fn policy(rules: &[(&str, Entitlement)], preset: Preset) -> Policy {
    let clause = |(index, (when, gives)): (usize, &(&str, Entitlement))| {
        Clause::new(&format!("rule {index}"), when, *gives).unwrap()
    };
    Policy {
        rules: Rules::own(rules.iter().enumerate().map(clause).collect()),
        preset,
        ..Policy::default()
    }
}

fn world(rules: &[(&str, Entitlement)]) -> (World, RoomJid) {
    World::under(policy(rules, Preset::Jitsi))
}

const OWNER: Entitlement = Entitlement::Affiliation(Affiliation::Owner);
const ADMIN: Entitlement = Entitlement::Affiliation(Affiliation::Admin);
const OUTCAST: Entitlement = Entitlement::Affiliation(Affiliation::Outcast);

fn rename(world: &mut World, who: &str, room: &RoomJid, nick: &str, ticket: Option<Ticket>) {
    let written = Written {
        ticket,
        ..Written::default()
    };
    world.write(who, room, nick, written);
    world.run(500);
}

/// With `protect_hosts` off a moderator may lower people whom a token entitles.
#[test]
fn b4_admins_by_rule_are_protected_as_owners_are() {
    for protect_hosts in [true, false] {
        let policy = Policy {
            protect_hosts,
            ..policy(
                &[("claims.context.user.id == \"co\"", ADMIN)],
                Preset::Jitsi,
            )
        };
        let mut world = World::new(Choice {
            policy,
            ..Choice::default()
        });
        let r = room("r");
        world.open_room(&r);
        world.join("t@meet.jitsi/1", &r, "t", Some(Ticket::new(Kind::Owner, 1)));
        let co = Some(Ticket::new(Kind::Member, 2).user("co"));
        world.join("c@meet.jitsi/1", &r, "c", co);
        world.run(100);
        world
            .set(
                Some("t@meet.jitsi/1"),
                &r,
                "c@meet.jitsi",
                Affiliation::Member,
            )
            .unwrap();
        world.run(10_000);
        let expected = match protect_hosts {
            true => Affiliation::Admin,
            false => Affiliation::Member,
        };
        assert_eq!(world.has(&r, "c@meet.jitsi"), expected);
    }
}

/// A rule may go by the main room, and people in a breakout room are its.
#[test]
fn b15_rules_see_the_main_room() {
    let (mut world, r) = world(&[("room.name == \"r\"", OWNER)]);
    let b = breakout("b");
    world.server.breakouts.insert(b.clone(), r.clone());
    world.join(
        "m@meet.jitsi/1",
        &b,
        "m",
        Some(Ticket::new(Kind::Member, 1)),
    );
    world.run(1_000);
    assert_eq!(world.has(&r, "m@meet.jitsi"), Affiliation::Owner);
}

/// The parts from which the rules of the random cases are made.
const CONDITIONS: [&str; 14] = [
    "true",
    "false",
    "claims == null",
    "claims.context.user.id == \"a\"",
    "claims.context.user.name.startsWith(\"A\")",
    "has(claims.context.user.moderator)",
    "claims.context.user.affiliation == \"owner\"",
    "claims.nothing == 1",
    "claims.jti",
    "room.name == \"r\"",
    "room.tenant == \"\" && occupant.jid.startsWith(\"b\")",
    "occupant.nick.endsWith(\"2\")",
    "occupant.nick == \"a\" || occupant.nick in claims.context.user",
    "claims.context.user.exists(k, k == occupant.nick) || claims.jti > 1",
];

fn entitlements() -> impl Strategy<Value = Entitlement> {
    prop_oneof![
        2 => Just(OWNER),
        1 => Just(ADMIN),
        1 => Just(Entitlement::Affiliation(Affiliation::Member)),
        1 => Just(Entitlement::Affiliation(Affiliation::None)),
        1 => Just(OUTCAST),
        1 => Just(Entitlement::Keep),
    ]
}

fn tickets() -> impl Strategy<Value = Option<Ticket>> {
    let ticket = (any::<bool>(), 0..3_u32, any::<bool>(), any::<bool>());
    prop::option::of(ticket.prop_map(|(owner, serial, user, name)| {
        let kind = if owner { Kind::Owner } else { Kind::Member };
        let ticket = Ticket::new(kind, serial);
        let ticket = if user { ticket.user("a") } else { ticket };
        if name { ticket.named("Ada") } else { ticket }
    }))
}

/// The engine's finding about an occupant, and the words of `explain` about the same one,
/// last rule first.
fn told(policy: &Policy, seat: &Seat, jid: &str, main: &RoomJid) -> Vec<String> {
    let told = policy.explain(&Subject {
        claims: seat.claims(),
        room: Some(main),
        jid: Some(jid),
        nick: Some(seat.nick.as_str()),
        login: false,
    });
    let last = told.last().unwrap();
    vec![
        format!("{:?} {} {}", last.entitlement, last.rule, last.reason),
        format!(
            "{:?} {} {}",
            Some(seat.verdict.entitlement),
            seat.verdict.rule,
            seat.verdict.reason
        ),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn explain_and_the_engine_agree(
        rules in prop::collection::vec((prop::sample::select(&CONDITIONS[..]), entitlements()), 0..5),
        preset in prop::sample::select(&[
            Preset::Jitsi, Preset::Jaas, Preset::Authenticated, Preset::None,
        ][..]),
        module: bool,
        people in prop::collection::vec((tickets(), any::<bool>(), any::<bool>()), 1..5),
    ) {
        let policy = policy(&rules, preset);
        let mut world = World::new(Choice { module, policy: policy.clone(), ..Choice::default() });
        let (r, b) = (room("r"), breakout("b"));
        world.server.breakouts.insert(b.clone(), r.clone());
        world.open_room(&r);
        for (index, (ticket, in_breakout, renames)) in people.into_iter().enumerate() {
            let who = ["a", "b", "c", "d"][index];
            let full = format!("{who}@meet.jitsi/1");
            let place = if in_breakout { &b } else { &r };
            world.join(&full, place, who, ticket.clone());
            if in_breakout && !module {
                world.server.invite(&b);
                world.flush();
            }
            world.run(500);
            if renames && world.nick_of(place, &full).is_some() {
                rename(&mut world, &full, place, &format!("{who}2"), ticket);
            }
        }
        world.run(30_000);
        let mut judged = 0;
        for engine_room in world.engine.rooms() {
            for (nick, occupant) in &engine_room.occupants {
                if occupant.infrastructure {
                    continue;
                }
                let jid = occupant.real.as_ref().unwrap().bare_str().to_owned();
                let seat = world.engine.seat(&engine_room.jid, nick).unwrap();
                let pair = told(&policy, seat, &jid, &r);
                prop_assert_eq!(&pair[0], &pair[1]);
                judged += 1;
                // They have the affiliation that a rule gives. A ban holds, though, also
                // for somebody in a breakout room whose new nick a rule likes better.
                let has = world.has(&r, &jid);
                match seat.verdict.entitlement {
                    Entitlement::Affiliation(_) if has == Affiliation::Outcast => {}
                    Entitlement::Affiliation(wanted) => prop_assert_eq!(has, wanted, "{}", jid),
                    Entitlement::Guest => prop_assert!(!has.moderates(), "{}", jid),
                    Entitlement::Keep => {}
                }
            }
        }
        let banned = world.server.rooms[&r].affiliations.values();
        let banned = banned.filter(|affiliation| **affiliation == Affiliation::Outcast).count();
        prop_assert!(judged + banned >= 1);
    }
}
