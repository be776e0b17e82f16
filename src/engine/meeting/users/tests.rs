//! User ids, and the people who succeed each other by them.
use super::*;
use crate::claims::Claims;

fn jid(name: &str) -> BareJid {
    BareJid::parse(&format!("{name}@x")).unwrap_or_else(|| panic!("{name}"))
}

fn id() -> UserId {
    UserId::new("id")
}

fn there(users: &mut Users, names: &[&str], now: u64) {
    for name in names {
        users.came(&id(), &jid(name), now);
    }
}

#[test]
fn b3_a_reload_within_a_minute_is_a_successor() {
    for (after, expected) in [(0, true), (60_000, true), (60_001, false)] {
        let mut users = Users::default();
        there(&mut users, &["a"], 0);
        assert_eq!(users.left(&id(), &jid("a"), 5, 5), Succession::Awaited);
        let old = users.came(&id(), &jid("b"), 5 + after);
        assert_eq!(old.is_some(), expected, "after {after} ms");
    }
}

#[test]
fn b3_one_heir_succeeds_at_once_and_several_do_not() {
    let mut users = Users::default();
    there(&mut users, &["a", "b"], 0);
    let heir = users.left(&id(), &jid("a"), 5, 5);
    assert_eq!(heir, Succession::To(jid("b")));
    there(&mut users, &["c", "d"], 6);
    assert_eq!(users.left(&id(), &jid("b"), 7, 7), Succession::Nobody);
    // Nor later, when one of the two is left.
    assert_eq!(users.left(&id(), &jid("c"), 8, 8), Succession::To(jid("d")));
    assert_eq!(users.came(&id(), &jid("e"), 9), None);
}

#[test]
fn b3_two_people_who_have_left_are_not_succeeded() {
    let mut users = Users::default();
    there(&mut users, &["a"], 0);
    users.left(&id(), &jid("a"), 1, 1);
    // Reloaded twice: the first is succeeded by then.
    assert_eq!(users.came(&id(), &jid("b"), 2), Some(jid("a")));
    users.left(&id(), &jid("b"), 3, 3);
    assert_eq!(users.came(&id(), &jid("c"), 4), Some(jid("b")));
    // Nothing tells whether e means c or d.
    users.left(&id(), &jid("c"), 5, 5);
    let d = jid("d");
    users.out_of_sight(&id(), &d, 5);
    users.left(&id(), &d, 6, 6);
    assert_eq!(users.came(&id(), &jid("e"), 7), None);
}

#[test]
fn b3_an_id_that_two_carry_for_two_minutes_names_no_person() {
    for (long, shared) in [(120_000, false), (120_001, true)] {
        let mut users = Users::default();
        there(&mut users, &["a"], 0);
        there(&mut users, &["b"], 10);
        let now = 10 + long;
        assert_eq!(users.shared(now).len(), usize::from(shared));
        let heir = users.left(&id(), &jid("a"), now, now);
        assert_eq!(heir == Succession::Nobody, shared, "{long} ms");
        // For good.
        assert_eq!(
            users.left(&id(), &jid("b"), now, now) == Succession::Nobody,
            shared
        );
        assert_eq!(users.came(&id(), &jid("c"), now).is_none(), shared);
    }
}

#[test]
fn b3_a_person_out_of_sight_may_be_there() {
    let mut users = Users::default();
    there(&mut users, &["a"], 0);
    users.out_of_sight(&id(), &jid("a"), 1);
    assert_eq!(users.came(&id(), &jid("b"), 2), None);
    assert_eq!(users.unseen(), [(id(), jid("a"))]);
    let heir = users.left(&id(), &jid("a"), 1, 3);
    assert_eq!(heir, Succession::To(jid("b")));
}

#[test]
fn b3_a_minute_is_counted_for_everybody_in_any_order_of_news() {
    let mut users = Users::default();
    let other = UserId::new("other");
    users.came(&other, &jid("x"), 0);
    there(&mut users, &["a"], 0);
    users.left(&other, &jid("x"), 50_000, 50_000);
    // gavel hears late that this one had left before.
    assert_eq!(users.left(&id(), &jid("a"), 5, 50_001), Succession::Awaited);
    assert_eq!(users.came(&id(), &jid("b"), 60_006), None);
}

#[test]
fn b3_an_id_outlives_the_claims_it_was_read_from_alone() {
    let padding = "x".repeat(10_000);
    let text = format!(r#"{{"a": "{padding}", "context": {{"user": {{"id": "id"}}}}}}"#);
    let claims = Claims::from_json(&text).unwrap_or_else(|why| panic!("{why:?}"));
    let of_claims = claims.user_id().unwrap_or_else(|| panic!("an id"));
    let mut users = Users::default();
    users.came(&of_claims, &jid("a"), 0);
    users.left(&of_claims, &jid("a"), 5, 5);
    let kept = users
        .by_id
        .keys()
        .chain(users.left.iter().map(|(_, id)| id));
    assert!(kept.map(UserId::kept_bytes).sum::<usize>() < 100);
}

#[test]
fn b3_nothing_is_kept_of_those_long_gone() {
    let mut users = Users::default();
    for n in 0..1_000 {
        let (id, who) = (UserId::new(&n.to_string()), jid(&n.to_string()));
        users.came(&id, &who, n * 100);
        users.left(&id, &who, n * 100, n * 100);
    }
    assert!(users.by_id.len() <= 601 && users.left.len() <= 601);
}
