//! B17: the module is told people's permissions when they differ from those that it holds,
//! and not otherwise.

use crate::sim::permissions::{List, ruled, set};
use crate::sim::room::Written;
use crate::sim::{FOCUS, Kind, Spoil, Ticket, World, breakout};
use gavel::engine::Warning;
use gavel::muc::{Affiliation, Role};
use gavel::policy::{Holders, OnExpiry, Permission, Policy};
use gavel::stanza::DisplayName;

pub(super) const ADA: &str = "ada@meet.jitsi/1";
pub(super) const MUC: &str = "muc.meet.jitsi";

pub(super) fn list(pairs: &[(&str, &str)]) -> List {
    let pairs = pairs.iter();
    pairs
        .map(|(name, whom)| ((*name).to_owned(), (*whom).to_owned()))
        .collect()
}

pub(super) fn member() -> Ticket {
    Ticket::new(Kind::Member, 1).user("ada")
}

#[test]
fn b17_nothing_is_said_where_nothing_is_configured() {
    let (mut world, r) = World::under(Policy::default());
    world.connects(ADA, &r, member());
    world.run(50);
    world.join(ADA, &r, "ada", Some(member()));
    world.join("guest@guest.meet.jitsi/1", &r, "guest", None);
    world.run(100);
    world.reconfigure(Policy::default());
    world.disconnect();
    world.check_quiet();
    assert_eq!(world.permits_since(0).len(), 0);
    assert_eq!(world.server.permitted(ADA, &r), List::new());
}

#[test]
fn b17_each_service_is_told_the_list_for_everybody() {
    let settings = [
        (Permission::Recording, Holders::Token),
        (Permission::SendGroupchat, Holders::Moderators),
    ];
    let (mut world, r) = World::under(set(&settings));
    let everybody = list(&[("recording", "nobody"), ("send-groupchat", "moderators")]);
    for room in [r.clone(), breakout("b")] {
        assert_eq!(world.server.permitted("x@y/z", &room), everybody);
    }
    assert_eq!(world.permits_since(0).len(), 2);
    let infrastructure = ["focus@auth.meet.jitsi", "auth.meet.jitsi"];
    assert_eq!(world.server.permissions.infrastructure, infrastructure);
    // A reload takes effect at once, and an old list goes.
    let denied = set(&[(Permission::BreakoutEnter, Holders::Nobody)]);
    world.reconfigure(denied);
    let denied = list(&[("breakout-enter", "nobody")]);
    assert_eq!(world.server.permitted("x@y/z", &r), denied);
    world.reconfigure(Policy::default());
    assert_eq!(world.server.permitted("x@y/z", &r), List::new());
    let before = world.now;
    world.check_quiet();
    assert_eq!(world.permits_since(before).len(), 0);
}

/// Prosody is told the lists again that it has lost with a restart.
#[test]
fn b17_a_new_prosody_is_told_again() {
    let (mut world, r) = World::under(set(&[(Permission::Recording, Holders::Nobody)]));
    let ticket = member().feature("recording", true);
    world.join(ADA, &r, "ada", Some(ticket));
    world.run(100);
    let allowed = list(&[("recording", "everyone")]);
    assert_eq!(world.server.permitted(ADA, &r), allowed);
    world.disconnect();
    world.server.permissions.lose();
    world.check_quiet();
    assert_eq!(world.server.permitted(ADA, &r), allowed);
    let usual = list(&[("recording", "nobody")]);
    assert_eq!(world.server.permitted("x@y/z", &r), usual);
}

#[test]
fn b17_an_announced_person_enters_with_their_own_list() {
    let (mut world, r) = World::under(set(&[(Permission::Flip, Holders::Token)]));
    let ticket = member().feature("send-groupchat", false);
    world.connects(ADA, &r, ticket.clone());
    world.run(50);
    let told = world.now;
    world.join(ADA, &r, "ada", Some(ticket));
    let own = list(&[("flip", "everyone"), ("send-groupchat", "nobody")]);
    assert_eq!(world.server.permitted(ADA, &r), own, "at once");
    world.check_quiet();
    assert_eq!(
        world.permits_since(told).len(),
        0,
        "and nothing is said again"
    );
}

#[test]
fn b17_others_are_told_of_within_a_round_trip() {
    let (mut world, r) = World::under(Policy::default());
    world.join(ADA, &r, "ada", Some(member().feature("recording", true)));
    world.run(15);
    let own = list(&[("recording", "everyone")]);
    assert_eq!(world.server.permitted(ADA, &r), own);
    // Other claims, other permissions.
    world.join(ADA, &r, "ada", Some(member()));
    world.run(15);
    assert_eq!(world.server.permitted(ADA, &r), List::new());
    world.check_quiet();
    assert_eq!(world.permits_since(0).len(), 2);
}

#[test]
fn b17_a_rule_denies_guests_and_allows_them_nothing() {
    let said = [
        (Permission::Recording, true),
        (Permission::SendGroupchat, false),
    ];
    let (mut world, r) = World::under(ruled("true", &said));
    let guest = "guest@guest.meet.jitsi/1";
    world.join(guest, &r, "guest", None);
    world.join(ADA, &r, "ada", Some(member()));
    world.run(100);
    let denied = list(&[("send-groupchat", "nobody")]);
    assert_eq!(world.server.permitted(guest, &r), denied);
    let own = list(&[("recording", "everyone"), ("send-groupchat", "nobody")]);
    assert_eq!(world.server.permitted(ADA, &r), own);
    let about = |warning: &Warning| matches!(warning, Warning::PermissionNeedsClaims { rule } if rule == "r");
    assert_eq!(
        world.warnings(about),
        1,
        "it is said that the rule allows guests nothing"
    );
    world.check_quiet();
}

/// Nobody gets rid of their token's denials by showing none any more.
#[test]
fn b17_a_dropped_token_gives_nothing_back() {
    let (mut world, r) = World::under(Policy::default());
    let ticket = member()
        .feature("send-groupchat", false)
        .feature("recording", true);
    world.join(ADA, &r, "ada", Some(ticket));
    world.run(100);
    world.join(ADA, &r, "ada", None);
    world.run(100);
    let left = list(&[("send-groupchat", "nobody")]);
    assert_eq!(world.server.permitted(ADA, &r), left);
    world.join(ADA, &r, "other", None);
    world.run(100);
    assert_eq!(
        world.server.permitted(ADA, &r),
        left,
        "nor with another nick"
    );
    world.check_quiet();
}

/// A gavel that was restarted cannot read claims that the last one believed: they allow
/// nothing any more, and deny as before.
#[test]
fn b17_claims_that_a_restarted_gavel_cannot_read_allow_nothing_and_deny_on() {
    let ticket = member()
        .feature("send-groupchat", false)
        .feature("recording", true);
    let own = list(&[("recording", "everyone"), ("send-groupchat", "nobody")]);
    let left = list(&[("recording", "owners"), ("send-groupchat", "nobody")]);
    let mut unread = 0;
    // gavel asks once more for a presence that it cannot read, so two are spoilt.
    let pairs = (12..=15).flat_map(|first| (first + 1..=first + 8).map(move |next| [first, next]));
    for nth in pairs {
        let (mut world, r) = World::under(set(&[(Permission::Recording, Holders::Owners)]));
        world.join(ADA, &r, "ada", Some(ticket.clone()));
        world.run(100);
        assert_eq!(world.server.permitted(ADA, &r), own);
        world.restart();
        world.spoil = nth
            .map(|nth| (world.delivered + nth, Spoil::Inflated))
            .to_vec();
        world.check_quiet();
        if !world.cannot_read(&r, "ada") {
            assert_eq!(world.server.permitted(ADA, &r), own, "{nth:?}");
            continue;
        }
        unread += 1;
        assert_eq!(world.server.permitted(ADA, &r), left, "{nth:?}");
        // Another configuration holds for them, too.
        world.reconfigure(set(&[(Permission::Recording, Holders::Moderators)]));
        let after = list(&[("recording", "moderators"), ("send-groupchat", "nobody")]);
        assert_eq!(world.server.permitted(ADA, &r), after, "{nth:?}");
        world.reconfigure(set(&[(Permission::Recording, Holders::Owners)]));
        // It is asked once, and the next claims count again.
        let before = world.now;
        world.join(ADA, &r, "ada", Some(ticket.clone()));
        world.check_quiet();
        assert_eq!(world.server.permitted(ADA, &r), own, "{nth:?}");
        assert_eq!(world.permits_since(before).len(), 1, "{nth:?}");
    }
    assert!(unread > 0);
}

/// A gavel that was restarted compares digests, and sends only the lists that differ.
#[test]
fn b17_a_restart_says_nothing_again() {
    let (mut world, r) = World::under(set(&[(Permission::Recording, Holders::Token)]));
    world.join(ADA, &r, "ada", Some(member().feature("flip", false)));
    world.join(
        "bob@meet.jitsi/1",
        &r,
        "bob",
        Some(Ticket::new(Kind::Owner, 2)),
    );
    world.check_quiet();
    for how in ["restart", "reconnect"] {
        let before = world.now;
        match how {
            "restart" => world.restart(),
            _ => world.disconnect(),
        }
        world.check_quiet();
        // The list for everybody is sent with the infrastructure, once for each service.
        let said = world.permits_since(before);
        assert_eq!(said.len(), 2, "{how}: {said:?}");
    }
    // With another configuration it sends the lists that differ.
    let before = world.now;
    world.choice.policy = set(&[(Permission::Recording, Holders::Nobody)]);
    world.restart();
    world.check_quiet();
    assert_eq!(world.permits_since(before).len(), 4);
}

/// The list that the module says it holds counts, whatever gavel has said before.
#[test]
fn b17_a_list_that_the_module_has_lost_is_told_again() {
    let (mut world, r) = World::under(Policy::default());
    let ticket = member().feature("send-groupchat", false);
    let mut written = Written {
        ticket: Some(ticket),
        ..Written::default()
    };
    world.write(ADA, &r, "ada", written.clone());
    world.run(100);
    let own = list(&[("send-groupchat", "nobody")]);
    assert_eq!(world.server.permitted(ADA, &r), own);
    world.server.permissions.lose();
    written.name = DisplayName::Plain("Ada".into());
    world.write(ADA, &r, "ada", written);
    world.run(100);
    assert_eq!(world.server.permitted(ADA, &r), own);
    world.check_quiet();
}

#[test]
fn b17_a_reload_holds_for_people_who_are_there() {
    let said = [(Permission::Recording, true)];
    let (mut world, r) = World::under(ruled("claims != null", &said));
    let guest = "guest@guest.meet.jitsi/1";
    world.join(ADA, &r, "ada", Some(member()));
    world.join(guest, &r, "guest", None);
    world.run(100);
    assert_eq!(
        world.server.permitted(ADA, &r),
        list(&[("recording", "everyone")])
    );
    // The same rule by name, verdict and reason, with other permissions.
    let said = [(Permission::Recording, false), (Permission::Flip, true)];
    world.reconfigure(ruled("claims != null", &said));
    let own = list(&[("flip", "everyone"), ("recording", "nobody")]);
    assert_eq!(world.server.permitted(ADA, &r), own);
    assert_eq!(world.server.permitted(guest, &r), List::new());
    world.reconfigure(set(&[(Permission::Flip, Holders::Token)]));
    assert_eq!(
        world.server.permitted(ADA, &r),
        list(&[("flip", "everyone")])
    );
    assert_eq!(
        world.server.permitted(guest, &r),
        list(&[("flip", "nobody")])
    );
    world.check_quiet();
}

#[test]
fn b17_a_lost_answer_is_asked_for_again() {
    let (mut world, r) = World::under(Policy::default());
    world.join(ADA, &r, "ada", Some(member().feature("recording", true)));
    world.run(6);
    world.lose_replies = 20;
    world.run(2_000);
    world.lose_replies = 0;
    world.check_quiet();
    let permits = world.permits_since(0).len();
    assert!((1..=3).contains(&permits), "{permits}");
}

/// A list that was told in vain three times is told no more, until there is another.
#[test]
fn b17_other_claims_are_told_however_often_the_last_were_in_vain() {
    let (mut world, r) = World::under(Policy::default());
    world.server.permissions.misses = 10;
    world.join(ADA, &r, "ada", Some(member().feature("recording", true)));
    world.run(60_000);
    assert_eq!(world.permits_since(0).len(), 3);
    world.server.permissions.misses = 0;
    world.join(ADA, &r, "ada", Some(member().feature("recording", false)));
    world.run(15_000);
    let own = list(&[("recording", "nobody")]);
    assert_eq!(world.server.permitted(ADA, &r), own);
    world.check_quiet();
}

#[test]
fn b17_the_permissions_of_an_expired_token_end() {
    let policy = Policy {
        on_expiry: OnExpiry::Demote,
        ..set(&[(Permission::Flip, Holders::Token)])
    };
    let (mut world, r) = World::under(policy);
    let ticket = member()
        .feature("recording", true)
        .feature("send-groupchat", false);
    let ticket = ticket.until(world.unix_ms() / 1_000 + 60);
    world.join(ADA, &r, "ada", Some(ticket));
    world.run(1_000);
    let own = list(&[
        ("flip", "everyone"),
        ("recording", "everyone"),
        ("send-groupchat", "nobody"),
    ]);
    assert_eq!(world.server.permitted(ADA, &r), own);
    world.run(100_000);
    let own = list(&[
        ("flip", "nobody"),
        ("recording", "nobody"),
        ("send-groupchat", "nobody"),
    ]);
    assert_eq!(world.server.permitted(ADA, &r), own);
    world.check_quiet();
}

/// The module follows roles; an admin's override is about affiliation.
#[test]
fn b17_roles_and_overrides_need_no_words() {
    let (mut world, r) = World::under(set(&[(Permission::Recording, Holders::Moderators)]));
    world.join(ADA, &r, "ada", Some(Ticket::new(Kind::Owner, 1)));
    world.join(
        "bob@meet.jitsi/1",
        &r,
        "bob",
        Some(Ticket::new(Kind::Member, 2)),
    );
    world.run(1_000);
    let before = world.now;
    world
        .set(Some(ADA), &r, "bob@meet.jitsi", Affiliation::Owner)
        .unwrap();
    world.run(1_000);
    world
        .set(
            Some("bob@meet.jitsi/1"),
            &r,
            "bob@meet.jitsi",
            Affiliation::None,
        )
        .unwrap();
    world.run(1_000);
    world.set_override(&r, ADA, Some((Affiliation::None, None)));
    world.run(1_000);
    world.role(None, &r, "bob", Role::Participant).unwrap();
    world.run(60_000);
    world.check_permissions();
    assert_eq!(world.permits_since(before).len(), 0);
}

#[test]
fn b17_a_breakout_room_is_entered_with_the_same() {
    let (mut world, r) = World::under(set(&[(Permission::BreakoutEnter, Holders::Nobody)]));
    let b = breakout("b");
    world.server.breakouts.insert(b.clone(), r.clone());
    world.join(
        ADA,
        &r,
        "ada",
        Some(member().feature("breakout-enter", true)),
    );
    world.run(1_000);
    let before = world.now;
    world.join(
        ADA,
        &b,
        "ada",
        Some(member().feature("breakout-enter", true)),
    );
    world.leave(ADA, &r);
    world.check_quiet();
    let own = list(&[("breakout-enter", "everyone")]);
    assert_eq!(world.server.permitted(ADA, &b), own);
    assert_eq!(world.permits_since(before).len(), 0);
}

#[test]
fn b17_the_focus_is_left_alone() {
    let (mut world, r) = World::under(ruled("true", &[(Permission::SendGroupchat, false)]));
    world.check_quiet();
    assert_eq!(world.server.permitted(FOCUS, &r), List::new());
}
