//! Why gavel did something, as events say it: the cause, rule and reason of each
//! ground that can decide.

use crate::sim::room::Written;
use crate::sim::{FOCUS, Kind, Ticket, World};
use gavel::api::Time;
use gavel::engine::Report;
use gavel::muc::{Affiliation, Role, RoomJid};
use gavel::policy::{Clause, Entitlement, Fallback, OnExpiry, Policy, Rules};
use gavel::stanza::DisplayName;

const T: &str = "t@meet.jitsi/1";
const H: &str = "h@meet.jitsi/1";
const P: &str = "p@meet.jitsi/1";
const Q: &str = "q@meet.jitsi/1";

fn comes(world: &mut World, room: &RoomJid, who: &str, kind: Option<Kind>) {
    let ticket = kind.map(|kind| Ticket::new(kind, u32::from(who.as_bytes()[0])));
    world.join(who, room, &who[..1], ticket);
    world.run(100);
}

/// `from → to: cause, rule, reason` of the reports about somebody, taken out.
fn told(world: &mut World, who: &str) -> Vec<String> {
    let bare = who.split('/').next().unwrap();
    let mut told = Vec::new();
    world.reports.retain(|report| {
        let Report::Decision(decision) = report else {
            return true;
        };
        let event = decision.event(1, Time::from_unix_ms(0));
        if event.jid == bare {
            let (from, to) = (event.from.unwrap_or_default(), event.to.unwrap_or_default());
            let (cause, rule, reason) = (event.cause, event.rule, event.reason);
            told.push(format!("{from} → {to}: {cause}, {rule}, {reason}"));
        }
        event.jid != bare
    });
    told
}

/// Other reports about somebody are not looked at.
fn forget(world: &mut World, who: &[&str]) {
    for who in who {
        told(world, who);
    }
}

fn set_override(world: &mut World, room: &RoomJid, who: &str, to: Option<Affiliation>) {
    world.set_override(room, who, to.map(|to| (to, None)));
    world.run(1_000);
}

#[test]
fn reasons_of_claims_and_of_their_absence() {
    let (mut world, r) = World::under(Policy::default());
    comes(&mut world, &r, H, Some(Kind::Owner));
    assert_eq!(
        told(&mut world, H),
        [
            r#"none → owner: join, jitsi:affiliation, token: context.user.affiliation is "owner" → owner (preset jitsi)"#
        ]
    );
    comes(&mut world, &r, P, Some(Kind::Member));
    assert_eq!(
        told(&mut world, P),
        [
            r#"none → member: join, jitsi:member, token: context.user.moderator is "false" → member (preset jitsi)"#
        ]
    );
    world.set(Some(FOCUS), &r, P, Affiliation::Owner).unwrap();
    world.run(100);
    assert_eq!(
        told(&mut world, P),
        [
            r#"owner → member: correction, jitsi:member, changed by focus (focus@auth.meet.jitsi/focus); token: context.user.moderator is "false" → member (preset jitsi)"#
        ]
    );
    comes(&mut world, &r, T, None);
    world.set(None, &r, T, Affiliation::Owner).unwrap();
    world.run(100);
    assert_eq!(
        told(&mut world, T),
        ["owner → none: correction, guest, changed by a server module; no claims"]
    );
    world.join(H, &r, "h", None);
    world.run(100);
    assert_eq!(
        told(&mut world, H),
        ["owner → none: guest, guest, no claims"]
    );
    world.check_quiet();
}

#[test]
fn reasons_of_grants_and_of_stepping_down() {
    let (mut world, r) = World::under(Policy::default());
    comes(&mut world, &r, H, Some(Kind::Owner));
    comes(&mut world, &r, T, None);
    forget(&mut world, &[H, T]);
    world.set(Some(H), &r, T, Affiliation::Owner).unwrap();
    world.run(100);
    assert_eq!(
        told(&mut world, T),
        ["none → owner: grant, grant, granted by h (h@meet.jitsi/1)"]
    );
    // It was the focus that changed it, and not the focus that granted it.
    world.set(Some(FOCUS), &r, T, Affiliation::None).unwrap();
    world.run(100);
    assert_eq!(
        told(&mut world, T),
        [
            "none → owner: correction, grant, changed by focus (focus@auth.meet.jitsi/focus); granted by h (h@meet.jitsi)"
        ]
    );
    world.set(Some(H), &r, H, Affiliation::None).unwrap();
    world.run(100);
    assert_eq!(
        told(&mut world, H),
        ["owner → none: step_down, jitsi:affiliation, stepped down"]
    );
    world.set(Some(FOCUS), &r, H, Affiliation::Owner).unwrap();
    world.run(100);
    assert_eq!(
        told(&mut world, H),
        [
            "owner → none: correction, jitsi:affiliation, changed by focus (focus@auth.meet.jitsi/focus); they stepped down"
        ]
    );
    world.check_quiet();
}

#[test]
fn reasons_of_bans_that_are_lifted() {
    let (mut world, r) = World::under(Policy::default());
    for who in [H, T] {
        comes(&mut world, &r, who, Some(Kind::Owner));
    }
    forget(&mut world, &[H, T]);
    world.set(Some(T), &r, H, Affiliation::Outcast).unwrap();
    world.run(100);
    assert_eq!(
        told(&mut world, H),
        [
            "outcast → owner: correction, last_seen, changed by t (t@meet.jitsi/1); their token gave it when they were last seen"
        ]
    );
    comes(&mut world, &r, H, Some(Kind::Owner));
    forget(&mut world, &[H]);
    world.set(Some(FOCUS), &r, H, Affiliation::Outcast).unwrap();
    world.run(7);
    world.restart();
    world.run(1_000);
    assert_eq!(
        told(&mut world, H),
        [
            "outcast → owner: correction, last_seen, changed by somebody; their token gave it when they were last seen"
        ]
    );
    comes(&mut world, &r, P, None);
    comes(&mut world, &r, Q, None);
    world.set(None, &r, Q, Affiliation::Owner).unwrap();
    world.set(Some(Q), &r, P, Affiliation::Outcast).unwrap();
    world.run(100);
    assert_eq!(
        told(&mut world, P),
        [
            "outcast → none: correction, ban, changed by q (q@meet.jitsi/1); somebody who may not ban them had done so"
        ]
    );
    world.check_quiet();
}

#[test]
fn reasons_of_roles() {
    let (mut world, r) = World::under(Policy::default());
    for who in [H, T] {
        comes(&mut world, &r, who, Some(Kind::Owner));
    }
    comes(&mut world, &r, P, None);
    forget(&mut world, &[H, P]);
    world.role(Some(T), &r, "h", Role::Participant).unwrap();
    world.role(None, &r, "p", Role::Moderator).unwrap();
    world.run(1_000);
    assert_eq!(
        told(&mut world, H),
        [
            r#"participant → moderator: correction, jitsi:affiliation, role changed by t (t@meet.jitsi/1); context.user.affiliation is "owner""#
        ]
    );
    assert_eq!(
        told(&mut world, P),
        ["moderator → participant: correction, guest, role changed by a server module; no claims"]
    );
    world.check_quiet();
}

/// The reports on the rights of somebody who has left have their names, since a JID alone
/// says little.
#[test]
fn reasons_name_people_who_have_left() {
    let (mut world, r) = World::under(Policy::default());
    comes(&mut world, &r, T, Some(Kind::Owner));
    let written = Written {
        machine: false,
        name: DisplayName::Plain("Eve".into()),
        ticket: Some(Ticket::new(Kind::Owner, 1).named("Ada")),
        payload: 0,
        id: None,
    };
    world.write(P, &r, "p", written);
    world.run(100);
    forget(&mut world, &[P]);
    // A ban puts her out of the room; then gavel takes it back.
    world.set(Some(T), &r, P, Affiliation::Outcast).unwrap();
    world.run(1_000);
    let decisions = world.reports.iter().filter_map(|report| match report {
        Report::Decision(decision) => Some(decision.event(1, Time::from_unix_ms(0))),
        _ => None,
    });
    let told: Vec<_> = decisions
        .filter(|event| event.jid == "p@meet.jitsi")
        .map(|event| (event.nick, event.to, event.display_name, event.token_name))
        .collect();
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(told, [(None, some("owner"), some("Eve"), some("Ada"))]);
}

/// A request that is refused is reported as the request it was.
#[test]
fn reasons_of_a_role_that_cannot_be_given_back() {
    let (mut world, r) = World::under(Policy::default());
    for who in [H, T] {
        comes(&mut world, &r, who, Some(Kind::Owner));
    }
    forget(&mut world, &[H]);
    world.role(Some(T), &r, "h", Role::Participant).unwrap();
    world.server.refuse_roles = true;
    world.run(1_000);
    let told = told(&mut world, H);
    assert!(
        told[0].starts_with("participant → moderator: correction, jitsi:affiliation"),
        "{told:?}"
    );
}

#[test]
fn reasons_of_elections_and_of_expiry() {
    let policy = Policy {
        fallback: Fallback::First,
        on_expiry: OnExpiry::Demote,
        ..Policy::default()
    };
    let (mut world, r) = World::under(policy);
    comes(&mut world, &r, P, None);
    world.set(Some(FOCUS), &r, P, Affiliation::None).unwrap();
    world.run(100);
    let until = world.unix_ms() / 1_000 + 10;
    let ticket = Ticket::new(Kind::Owner, 1).until(until);
    world.join(H, &r, "h", Some(ticket));
    world.run(100);
    forget(&mut world, &[H]);
    assert_eq!(
        told(&mut world, P),
        [
            "none → owner: fallback, fallback, nobody entitled to moderate is there, and they came first",
            "none → owner: correction, fallback, changed by focus (focus@auth.meet.jitsi/focus); nobody entitled to moderate is there, and they came first",
            "owner → none: fallback, fallback, they were elected, and that is over",
        ]
    );
    world.run(60_000);
    assert_eq!(
        told(&mut world, H),
        ["owner → none: expiry, expired, token: the token has expired → none (rule expired)"]
    );
    world.check_quiet();
}

#[test]
fn reasons_of_rules_and_of_admins() {
    let clause = |name, who: &str, entitlement| {
        let when = format!("occupant.jid.startsWith({who:?})");
        Clause::new(name, &when, entitlement).unwrap()
    };
    let outcast = Entitlement::Affiliation(Affiliation::Outcast);
    let rules = vec![
        clause("out", "h@", outcast),
        clause("alone", "p@", Entitlement::Keep),
    ];
    let (mut world, r) = World::under(Policy {
        rules: Rules::own(rules),
        ..Policy::default()
    });
    comes(&mut world, &r, T, Some(Kind::Owner));
    comes(&mut world, &r, H, Some(Kind::Owner));
    comes(&mut world, &r, P, None);
    forget(&mut world, &[T]);
    assert_eq!(
        told(&mut world, H),
        [
            r#"none → outcast: join, out, token: when is true: occupant.jid is "h@meet.jitsi" → outcast (rule out)"#
        ]
    );
    set_override(&mut world, &r, P, Some(Affiliation::Owner));
    world.set(Some(FOCUS), &r, P, Affiliation::Admin).unwrap();
    world.run(100);
    set_override(&mut world, &r, P, None);
    assert_eq!(
        told(&mut world, P),
        [
            " → owner: override, override, override: owner until the meeting ends (set by uid 0)",
            "none → owner: override, override, an admin has set it",
            "admin → owner: correction, override, changed by focus (focus@auth.meet.jitsi/focus); an admin has set it",
            "owner → : override, override, cleared by uid 0",
            "owner → none: override, override, what an admin had set is over",
        ]
    );
    set_override(&mut world, &r, T, Some(Affiliation::Outcast));
    set_override(&mut world, &r, T, None);
    assert_eq!(
        told(&mut world, T),
        [
            " → outcast: override, override, override: outcast until the meeting ends (set by uid 0)",
            "owner → outcast: override, override, an admin has set it",
            "outcast → : override, override, cleared by uid 0",
            "outcast → none: override, override, what an admin had set is over",
        ]
    );
}

/// `who: desired, rule, reason` of everybody, as `room show` prints it.
fn shown(world: &World, room: &RoomJid) -> Vec<String> {
    let detail = world.engine.detail(room).unwrap();
    let line = |o: &gavel::api::Occupant| {
        let desired = o.desired.map_or("anything".into(), |to| to.to_string());
        format!("{}: {desired}, {}, {}", o.nick, o.rule, o.reason)
    };
    detail.occupants.iter().map(line).collect()
}

/// Both occupants of one JID have one affiliation, so both have the reason of the one
/// that decides.
#[test]
fn b7_an_occupant_of_a_shared_jid_shows_the_reason_that_decides() {
    let (mut world, r) = World::under(Policy::default());
    let tickets = [
        ("h@meet.jitsi/1", "laptop", Kind::Owner),
        ("h@meet.jitsi/2", "phone", Kind::Member),
    ];
    for (number, (who, nick, kind)) in (1..).zip(tickets) {
        world.join(who, &r, nick, Some(Ticket::new(kind, number)));
        world.run(100);
    }
    let owner = r#"token: context.user.affiliation is "owner" → owner (preset jitsi)"#;
    let expected = [
        format!("laptop: owner, jitsi:affiliation, {owner}"),
        format!("phone: owner, jitsi:affiliation, laptop has the same JID: {owner}"),
    ];
    assert_eq!(shown(&world, &r)[1..], expected);
}

/// `room show`, the API and the page print the rule that events and logs have told.
#[test]
fn reasons_shown_are_those_that_were_told() {
    let policy = Policy {
        fallback: Fallback::First,
        ..Policy::default()
    };
    let (mut world, r) = World::under(policy);
    let check = |world: &World, who: &str, rule: &str, reason: &str| {
        let bare = who.split('/').next().unwrap();
        let told = world.reports.iter().rev().find_map(|report| match report {
            Report::Decision(decision) if decision.jid == bare => Some(decision),
            _ => None,
        });
        assert_eq!(told.unwrap().rule.to_string(), rule);
        let shown = shown(world, &r);
        let own = shown
            .iter()
            .find(|line| line.starts_with(&who[..1]))
            .unwrap();
        assert!(own.contains(&format!(", {rule}, {reason}")), "{own}");
    };
    comes(&mut world, &r, P, None);
    check(&world, P, "fallback", "elected");
    comes(&mut world, &r, H, Some(Kind::Owner));
    check(&world, H, "jitsi:affiliation", "token: ");
    world.set(Some(H), &r, P, Affiliation::Owner).unwrap();
    world.run(100);
    check(&world, P, "grant", "granted by h (h@meet.jitsi) at ");
    set_override(&mut world, &r, P, Some(Affiliation::Member));
    check(&world, P, "override", "override: member until ");
    world.set(Some(H), &r, H, Affiliation::None).unwrap();
    world.run(100);
    check(
        &world,
        H,
        "jitsi:affiliation",
        "stepped down to none; token: ",
    );
}
