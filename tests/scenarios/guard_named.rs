//! `policy.guard`: the people named to the module, the way they are named, and the terms of
//! the lease.

use crate::sim::{FOCUS, Kind, Ticket, World, breakout};
use gavel::muc::{Affiliation, Role, RoomJid};
use gavel::policy::{Clause, Entitlement, Fallback, Grants, Guests, Policy, Rules};
use gavel::stanza::{Outbound, Request};

const T: &str = "t@meet.jitsi/1";
const G: &str = "g@meet.jitsi/1";

/// The entitlements of people in a room, as the guard was told them: the affiliation they
/// may be given, whether they may give it to others, and whether nobody else may throw them
/// out.
fn told(world: &World, room: &RoomJid) -> Vec<(String, Affiliation, bool, bool)> {
    let named = world.server.rooms[room].named.iter().flatten();
    let told = named.map(|(jid, told)| {
        let who = jid.split('@').next().unwrap().to_owned();
        (who, told.affiliation, told.promotes, told.host)
    });
    told.collect()
}

fn entry(
    who: &str,
    affiliation: Affiliation,
    promotes: bool,
    host: bool,
) -> (String, Affiliation, bool, bool) {
    (who.to_owned(), affiliation, promotes, host)
}

/// A room under this policy with a teacher and a guest.
fn lesson(policy: Policy) -> (World, RoomJid) {
    let (mut world, r) = World::under(policy);
    world.join(T, &r, "t", Some(Ticket::new(Kind::Owner, 1)));
    world.join(G, &r, "g", None);
    world.run(100);
    (world, r)
}

#[test]
fn guard_names_people_whom_a_host_promotes_as_the_policy_has_it() {
    for (grants, given) in [
        (Grants::Owner, Some(Affiliation::Owner)),
        (Grants::Admin, Some(Affiliation::Admin)),
        (Grants::None, None),
    ] {
        let (mut world, r) = lesson(Policy {
            grants,
            ..Policy::default()
        });
        world.set(Some(T), &r, G, Affiliation::Owner).unwrap();
        world.run(100);
        let given = given.map(|given| entry("g", given, true, false));
        let teacher = entry("t", Affiliation::Owner, true, true);
        let expected: Vec<_> = given.into_iter().chain([teacher]).collect();
        assert_eq!(told(&world, &r), expected, "{grants:?}");
    }
}

/// If hosts are not protected, others may throw them out.
#[test]
fn guard_names_hosts_as_such_only_where_they_are_protected() {
    for protect_hosts in [true, false] {
        let (world, r) = lesson(Policy {
            protect_hosts,
            ..Policy::default()
        });
        let teacher = entry("t", Affiliation::Owner, true, protect_hosts);
        assert_eq!(told(&world, &r), [teacher], "{protect_hosts}");
    }
}

/// Hosts are those whose token says so.
#[test]
fn guard_names_people_by_an_admins_override() {
    let (mut world, r) = lesson(Policy::default());
    world.set_override(&r, G, Some((Affiliation::Owner, None)));
    world.set_override(&r, T, Some((Affiliation::Member, None)));
    world.run(100);
    let given = entry("g", Affiliation::Owner, true, false);
    assert_eq!(told(&world, &r), [given]);
    world.set_override(&r, G, None);
    world.set_override(&r, T, None);
    world.run(100);
    let teacher = entry("t", Affiliation::Owner, true, true);
    assert_eq!(told(&world, &r), [teacher]);
}

/// The module must know the elected person, or its guard would refuse them.
#[test]
fn guard_names_the_elected_one_until_a_host_comes() {
    let (mut world, r) = World::under(Policy {
        fallback: Fallback::First,
        ..Policy::default()
    });
    world.join(G, &r, "g", None);
    world.run(100);
    let elected = entry("g", Affiliation::Owner, true, false);
    assert_eq!(told(&world, &r), [elected]);
    world.join(T, &r, "t", Some(Ticket::new(Kind::Owner, 1)));
    world.run(100);
    let teacher = entry("t", Affiliation::Owner, true, true);
    assert_eq!(told(&world, &r), [teacher]);
}

/// People whom a rule leaves alone may be given anything by anybody. With their present
/// affiliation they may promote others.
#[test]
fn guard_leaves_to_others_people_whom_a_rule_keeps() {
    let keeps = Clause::new("keeps", "claims == null", Entitlement::Keep).unwrap();
    let (mut world, r) = lesson(Policy {
        rules: Rules::own(vec![keeps]),
        ..Policy::default()
    });
    let teacher = entry("t", Affiliation::Owner, true, true);
    let kept = |promotes| entry("g", Affiliation::Owner, promotes, false);
    assert_eq!(told(&world, &r), [kept(false), teacher.clone()]);
    for (to, promotes) in [(Affiliation::Owner, true), (Affiliation::None, false)] {
        world.set(Some(FOCUS), &r, G, to).unwrap();
        world.run(100);
        assert_eq!(told(&world, &r), [kept(promotes), teacher.clone()], "{to}");
        assert_eq!(world.has(&r, G), to);
    }
}

/// In a breakout room those who are there are named, in the main room everybody is.
#[test]
fn guard_names_people_in_breakout_rooms() {
    let (mut world, r) = World::under(Policy::default());
    let b = breakout("b");
    world.server.breakouts.insert(b.clone(), r.clone());
    world.join(
        "away@meet.jitsi/1",
        &r,
        "away",
        Some(Ticket::new(Kind::Owner, 2)),
    );
    world.join(T, &b, "t", Some(Ticket::new(Kind::Owner, 1)));
    world.join(G, &b, "g", None);
    world.run(100);
    let owner = |who| entry(who, Affiliation::Owner, true, true);
    assert_eq!(told(&world, &b), [owner("t")]);
    assert_eq!(told(&world, &r), [owner("away"), owner("t")]);
    // A grant there is one in the whole meeting.
    world.role(Some(T), &b, "g", Role::Moderator).unwrap();
    world.run(100);
    let given = entry("g", Affiliation::Owner, true, false);
    assert_eq!(told(&world, &b), [given.clone(), owner("t")]);
    assert_eq!(told(&world, &r), [owner("away"), given, owner("t")]);
}

#[test]
fn guard_is_leased_with_the_policy_for_promotions_and_guests() {
    for (grants, guests) in [
        (Grants::Owner, Guests::Strip),
        (Grants::Admin, Guests::Ignore),
        (Grants::None, Guests::Strip),
    ] {
        let (world, _) = World::under(Policy {
            grants,
            guests,
            ..Policy::default()
        });
        let leases = world.sent.iter().filter_map(|(_, stanza)| match stanza {
            Outbound::Iq {
                request:
                    Request::Lease {
                        grants,
                        ignores_guests,
                        ..
                    },
                ..
            } => Some((*grants, *ignores_guests)),
            _ => None,
        });
        let leases: Vec<_> = leases.collect();
        assert_eq!(leases.len(), 2, "one for each service");
        let expected = (grants != Grants::None, guests == Guests::Ignore);
        assert!(leases.iter().all(|lease| *lease == expected), "{leases:?}");
    }
}
