//! The preset's words, and that judging and explaining are one.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::claims::Claims;
use proptest::prelude::*;
use serde_json::{Value, json};

fn claims(value: &Value) -> Claims {
    Claims::from_json(&value.to_string()).unwrap()
}

fn judged(policy: &Policy, user: Value) -> (Entitlement, String, String) {
    let verdict = policy.judge(&Subject::with(Some(&claims(
        &json!({"context": {"user": user}}),
    ))));
    (
        verdict.entitlement,
        verdict.rule.to_string(),
        verdict.reason.to_string(),
    )
}

const OWNER: Entitlement = Entitlement::Affiliation(Affiliation::Owner);
const MEMBER: Entitlement = Entitlement::Affiliation(Affiliation::Member);

#[test]
fn the_presets_words() {
    let rows = [
        (
            "owner",
            json!({"affiliation": "owner"}),
            OWNER,
            "jitsi:affiliation",
            r#"context.user.affiliation is "owner""#,
        ),
        (
            "moderator",
            json!({"affiliation": "moderator"}),
            OWNER,
            "jitsi:affiliation",
            r#"context.user.affiliation is "moderator""#,
        ),
        (
            "teacher",
            json!({"affiliation": "teacher"}),
            OWNER,
            "jitsi:affiliation",
            r#"context.user.affiliation is "teacher""#,
        ),
        (
            "true",
            json!({"moderator": true}),
            OWNER,
            "jitsi:moderator",
            "context.user.moderator is true",
        ),
        (
            "text true",
            json!({"moderator": "true"}),
            OWNER,
            "jitsi:moderator",
            r#"context.user.moderator is "true""#,
        ),
        (
            "text false",
            json!({"moderator": "false"}),
            MEMBER,
            "jitsi:member",
            r#"context.user.moderator is "false""#,
        ),
        (
            "false",
            json!({"moderator": false}),
            MEMBER,
            "jitsi:member",
            "context.user.moderator is false",
        ),
        (
            "none",
            json!({}),
            MEMBER,
            "jitsi:member",
            "context.user.affiliation and context.user.moderator are absent",
        ),
        (
            "other affiliation",
            json!({"affiliation": "student"}),
            MEMBER,
            "jitsi:member",
            r#"context.user.affiliation is "student""#,
        ),
        (
            "member",
            json!({"affiliation": "member"}),
            MEMBER,
            "jitsi:member",
            r#"context.user.affiliation is "member""#,
        ),
        (
            "admin",
            json!({"affiliation": "admin"}),
            MEMBER,
            "jitsi:member",
            r#"context.user.affiliation is "admin""#,
        ),
        (
            "Owner",
            json!({"affiliation": "Owner"}),
            MEMBER,
            "jitsi:member",
            r#"context.user.affiliation is "Owner""#,
        ),
        (
            "TRUE",
            json!({"moderator": "TRUE"}),
            MEMBER,
            "jitsi:member",
            r#"context.user.moderator is "TRUE""#,
        ),
        (
            "padded",
            json!({"affiliation": "owner "}),
            MEMBER,
            "jitsi:member",
            r#"context.user.affiliation is "owner ""#,
        ),
        (
            "1",
            json!({"moderator": 1}),
            MEMBER,
            "jitsi:member",
            "context.user.moderator is a number",
        ),
        (
            "null",
            json!({"moderator": null}),
            MEMBER,
            "jitsi:member",
            "context.user.moderator is null",
        ),
        (
            "list",
            json!({"affiliation": ["owner"]}),
            MEMBER,
            "jitsi:member",
            "context.user.affiliation is a list",
        ),
        (
            "affiliation true",
            json!({"affiliation": true}),
            MEMBER,
            "jitsi:member",
            "context.user.affiliation is true",
        ),
        (
            "both say no",
            json!({"affiliation": "student", "moderator": "false"}),
            MEMBER,
            "jitsi:member",
            r#"context.user.affiliation is "student", context.user.moderator is "false""#,
        ),
        (
            "they differ",
            json!({"affiliation": "student", "moderator": true}),
            OWNER,
            "jitsi:moderator",
            "context.user.moderator is true",
        ),
        (
            "they differ the other way",
            json!({"affiliation": "owner", "moderator": false}),
            OWNER,
            "jitsi:affiliation",
            r#"context.user.affiliation is "owner""#,
        ),
        (
            "no object",
            json!("owner"),
            MEMBER,
            "jitsi:member",
            "context.user.affiliation and context.user.moderator are absent",
        ),
        (
            "a list of users",
            json!([{"moderator": true}]),
            MEMBER,
            "jitsi:member",
            "context.user.affiliation and context.user.moderator are absent",
        ),
    ];
    for (name, user, entitlement, rule, reason) in rows {
        let found = judged(&Policy::default(), user);
        assert_eq!(found, (entitlement, rule.into(), reason.into()), "{name}");
    }
}

#[test]
fn claims_of_any_other_shape_make_a_member() {
    for value in [
        json!({}),
        json!({"iss": "x"}),
        json!({"context": {"group": "g"}}),
        json!({"moderator": true}),
    ] {
        let verdict = Policy::default().judge(&Subject::with(Some(&claims(&value))));
        assert_eq!(
            (verdict.entitlement, verdict.rule),
            (MEMBER, Rule::Named("jitsi:member".into())),
            "{value}"
        );
    }
}

#[test]
fn guests_are_those_without_claims() {
    let verdict = Policy::default().judge(&Subject::default());
    assert_eq!(
        (
            verdict.entitlement,
            verdict.rule,
            verdict.reason.to_string().as_str()
        ),
        (Entitlement::Guest, Rule::Guest, "no claims")
    );
    let features = claims(&json!({"context": {"features": {"recording": "true"}}}));
    let verdict = Policy::default().judge(&Subject::with(Some(&features)));
    assert_eq!(
        (verdict.entitlement, verdict.rule),
        (Entitlement::Guest, Rule::Guest)
    );
    assert!(verdict.reason.to_string().contains("context.features"));
}

/// With no rule at all, claims entitle to nothing.
#[test]
fn without_rules_nobody_is_entitled() {
    let policy = Policy {
        preset: Preset::None,
        ..Policy::default()
    };
    let found = judged(&policy, json!({"affiliation": "owner", "moderator": true}));
    let words = "no rule matches these claims".to_owned();
    assert_eq!(found, (Entitlement::Guest, "unmatched".into(), words));
}

#[test]
fn every_earlier_rule_is_explained() {
    let student =
        claims(&json!({"context": {"user": {"affiliation": "student", "moderator": "false"}}}));
    let told: Vec<_> = Policy::default()
        .explain(&Subject::with(Some(&student)))
        .into_iter()
        .map(|tried| {
            (
                tried.rule.to_string(),
                tried.entitlement,
                tried.reason.to_string(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (
                "jitsi:affiliation".into(),
                None,
                r#"context.user.affiliation is "student""#.into()
            ),
            (
                "jitsi:moderator".into(),
                None,
                r#"context.user.moderator is "false""#.into()
            ),
            (
                "jitsi:member".into(),
                Some(MEMBER),
                r#"context.user.affiliation is "student", context.user.moderator is "false""#
                    .to_owned()
            ),
        ]
    );
}

#[test]
fn reasons_are_short_and_on_one_line() {
    let (_, _, reason) = judged(
        &Policy::default(),
        json!({"affiliation": format!("a\n{}", "ä".repeat(500))}),
    );
    assert!(
        reason.starts_with(r#"context.user.affiliation is "a\nä"#),
        "{reason}"
    );
    assert!(
        reason.chars().count() < 110 && reason.ends_with("…\""),
        "{reason}"
    );
    assert!(!reason.contains('\n'));
    assert!(size_of::<Verdict>() <= 64, "{}", size_of::<Verdict>());
}

proptest! {
    #[test]
    fn explaining_agrees_with_judging(
        affiliation in proptest::option::of(word()),
        moderator in proptest::option::of(word()),
        features: bool,
        user: bool,
        preset: bool,
    ) {
        let mut value = json!({"context": {}});
        if features {
            value["context"]["features"] = json!({});
        }
        if user {
            value["context"]["user"] = json!({});
            let words = [("affiliation", affiliation), ("moderator", moderator)];
            for (key, word) in words {
                if let Some(word) = word {
                    value["context"]["user"][key] = word;
                }
            }
        }
        let preset = if preset { Preset::Jitsi } else { Preset::None };
        let policy = Policy { preset, ..Policy::default() };
        let claims = claims(&value);
        let verdict = policy.judge(&Subject::with(Some(&claims)));
        let mut tried = policy.explain(&Subject::with(Some(&claims)));
        let last = tried.pop().unwrap();
        prop_assert_eq!(last.entitlement, Some(verdict.entitlement));
        prop_assert_eq!(last.rule, verdict.rule);
        prop_assert_eq!(last.reason, verdict.reason);
        prop_assert!(tried.iter().all(|tried| tried.entitlement.is_none()));
    }
}

fn word() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!("owner")),
        Just(json!("teacher")),
        Just(json!("false")),
        Just(json!("true")),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
        ".{0,80}".prop_map(Value::from),
    ]
}

/// Names, conditions and what they give.
fn own(rules: &[(&str, &str, Entitlement)]) -> Rules {
    let clause =
        |(name, when, gives): &(&str, &str, Entitlement)| Clause::new(name, when, *gives).unwrap();
    Rules::own(rules.iter().map(clause).collect())
}

#[test]
fn a_rule_of_ones_own_comes_before_the_presets_and_says_why() {
    let policy = Policy {
        rules: own(&[
            ("staff", "\"staff\" in claims.roles", OWNER),
            ("lobby", "room.name == \"lobby\"", Entitlement::Keep),
            (
                "guests",
                "claims == null",
                Entitlement::Affiliation(Affiliation::Outcast),
            ),
            ("everybody", "true", OWNER),
        ]),
        ..Policy::default()
    };
    let lobby = crate::muc::RoomJid::parse("lobby@muc.meet.jitsi").unwrap();
    let hall = crate::muc::RoomJid::parse("hall@muc.meet.jitsi").unwrap();
    let staff = claims(&json!({"roles": ["staff"]}));
    let other = claims(&json!({"roles": "none"}));
    let plain = claims(&json!({}));
    let told = |claims: Option<&Claims>, room| -> Vec<String> {
        let subject = Subject {
            room: Some(room),
            ..Subject::with(claims)
        };
        let told = policy.explain(&subject).into_iter();
        told.map(|tried| {
            let result = tried.entitlement.map_or("no", Entitlement::as_str);
            format!("{}: {result}: {}", tried.rule, tried.reason)
        })
        .collect()
    };
    assert_eq!(
        told(Some(&staff), &hall),
        ["staff: owner: when is true: roles is a list"]
    );
    assert_eq!(
        told(Some(&other), &lobby),
        [
            "staff: no: when fails: in cannot be applied to a string and a string",
            "lobby: keep: when is true: room.name is \"lobby\"",
        ]
    );
    assert_eq!(
        told(Some(&plain), &hall),
        [
            "staff: no: when fails: no such key: roles",
            "lobby: no: when is false: room.name is \"hall\"",
            "guests: no: when is false",
            "everybody: owner: when is true",
        ]
    );
    assert_eq!(
        told(None, &hall),
        [
            "staff: no: when fails: no claims",
            "lobby: no: when is false: room.name is \"hall\"",
            "guests: outcast: when is true",
        ]
    );
}

/// Without claims nobody is entitled to what only claims can entitle to.
#[test]
fn no_rule_makes_an_owner_of_a_guest() {
    let features = claims(&json!({"context": {"features": {}}}));
    for power in [Affiliation::Owner, Affiliation::Admin] {
        let gives = Entitlement::Affiliation(power);
        let policy = Policy {
            rules: own(&[("all", "true", gives), ("null", "claims == null", gives)]),
            ..Policy::default()
        };
        for claims in [None, Some(&features)] {
            let verdict = policy.judge(&Subject::with(claims));
            assert_eq!(verdict.entitlement, Entitlement::Guest);
            assert_eq!(verdict.rule, Rule::Guest);
            let told = policy.explain(&Subject::with(claims));
            let why = "no claims, and without them nobody is owner or admin";
            assert_eq!(told[0].reason.to_string(), why);
        }
    }
}

#[test]
fn the_other_presets() {
    let rows = [
        (
            Preset::Jaas,
            json!({"moderator": true}),
            OWNER,
            "jaas:moderator",
        ),
        (
            Preset::Jaas,
            json!({"moderator": "true"}),
            OWNER,
            "jaas:moderator",
        ),
        (
            Preset::Jaas,
            json!({"moderator": "false"}),
            MEMBER,
            "jaas:member",
        ),
        (
            Preset::Jaas,
            json!({"affiliation": "owner"}),
            MEMBER,
            "jaas:member",
        ),
        (
            Preset::Authenticated,
            json!({"moderator": false}),
            OWNER,
            "authenticated:owner",
        ),
        (
            Preset::Authenticated,
            json!({}),
            OWNER,
            "authenticated:owner",
        ),
    ];
    for (preset, user, entitlement, rule) in rows {
        let policy = Policy {
            preset,
            ..Policy::default()
        };
        let (found, by, _) = judged(&policy, user.clone());
        assert_eq!((found, by.as_str()), (entitlement, rule), "{user}");
        let guest = policy.judge(&Subject::default());
        assert_eq!(guest.entitlement, Entitlement::Guest, "{preset:?}");
    }
    let reason = judged(
        &Policy {
            preset: Preset::Authenticated,
            ..Policy::default()
        },
        json!({}),
    );
    assert_eq!(reason.2, "there are valid claims");
}

/// Conditions that hold of some of [`people`] each.
const SOME: [&str; 8] = [
    "true",
    "claims == null",
    "claims.context.user.affiliation == \"owner\"",
    "\"a\" in claims.roles",
    "claims.roles.exists(r, r == \"b\")",
    "size(claims.roles) > 1 || claims.level > 3",
    "has(claims.level)",
    "claims.level % 2 == 0",
];

/// Conditions that hold of nobody, by being false, at fault or over budget.
const NOBODY: [&str; 6] = [
    "false",
    "claims.nothing == 1",
    "claims.roles.exists(r, r == \"nobody\")",
    "room.name == \"x\"",
    "claims.level > \"text\"",
    "[1,2,3,4,5,6,7,8,9,10].all(a, [1,2,3,4,5,6,7,8,9,10].all(b, \
     [1,2,3,4,5,6,7,8,9,10].all(c, [1,2,3,4,5,6,7,8,9,10].all(d, \
     [1,2,3,4,5,6,7,8,9,10].all(e, a + b + c + d + e > 0)))))",
];

fn people() -> impl Strategy<Value = Option<Value>> {
    let roles = prop::collection::vec(prop::sample::select(&["a", "b", "c"][..]), 0..4);
    let claims = (prop::option::of(roles), prop::option::of(0..6), word());
    prop::option::of(claims.prop_map(|(roles, level, affiliation)| {
        let mut claims = json!({"context": {"user": {"affiliation": affiliation}}});
        if let Some(roles) = roles {
            claims["roles"] = json!(roles);
        }
        if let Some(level) = level {
            claims["level"] = json!(level);
        }
        claims
    }))
}

fn gives() -> impl Strategy<Value = Entitlement> {
    prop::sample::select(
        &[
            OWNER,
            Entitlement::Affiliation(Affiliation::Admin),
            MEMBER,
            Entitlement::Affiliation(Affiliation::None),
            Entitlement::Affiliation(Affiliation::Outcast),
            Entitlement::Keep,
        ][..],
    )
}

fn numbered(rules: &[(&'static str, Entitlement)]) -> Rules {
    let clause = |(index, (when, gives)): (usize, &(&str, Entitlement))| {
        Clause::new(&index.to_string(), when, *gives).unwrap()
    };
    Rules::own(rules.iter().enumerate().map(clause).collect())
}

fn with_rules(rules: Rules) -> Policy {
    Policy {
        rules,
        ..Policy::default()
    }
}

proptest! {
    #[test]
    fn a_rule_that_never_matches_changes_nothing(
        person in people(),
        rules in prop::collection::vec((prop::sample::select(&SOME[..]), gives()), 0..4),
        idle in prop::sample::select(&NOBODY[..]),
        idle_gives in gives(),
        at in 0..5_usize,
    ) {
        let claims = person.as_ref().map(claims);
        let subject = Subject::with(claims.as_ref());
        let named = |rules: &[(&'static str, Entitlement, String)]| {
            let clause = |(when, gives, name): &(&str, Entitlement, String)| {
                Clause::new(name, when, *gives).unwrap()
            };
            with_rules(Rules::own(rules.iter().map(clause).collect()))
        };
        let rules = rules.into_iter().enumerate();
        let mut rules: Vec<_> =
            rules.map(|(index, (when, gives))| (when, gives, index.to_string())).collect();
        let before = named(&rules).judge(&subject);
        rules.insert(at.min(rules.len()), (idle, idle_gives, "idle".to_owned()));
        prop_assert_eq!(named(&rules).judge(&subject), before);
    }

    #[test]
    fn order_decides(
        person in people(),
        rules in prop::collection::vec((prop::sample::select(&SOME[..]), gives()), 1..5),
    ) {
        let claims = person.as_ref().map(claims);
        let subject = Subject::with(claims.as_ref());
        let alone = |rule: &(&'static str, Entitlement)| {
            let policy = Policy { preset: Preset::None, ..with_rules(numbered(&[*rule])) };
            let verdict = policy.judge(&subject);
            (verdict.rule == Rule::Named("0".into())).then_some(verdict.entitlement)
        };
        let first = rules.iter().position(|rule| alone(rule).is_some());
        let verdict = with_rules(numbered(&rules)).judge(&subject);
        match first {
            Some(index) => {
                prop_assert_eq!(verdict.rule, Rule::Named(index.to_string().into()));
                prop_assert_eq!(Some(verdict.entitlement), alone(&rules[index]));
            }
            None => prop_assert_eq!(verdict, Policy::default().judge(&subject)),
        }
    }

    #[test]
    fn explaining_rules_agrees_with_judging(
        person in people(),
        rules in prop::collection::vec((prop::sample::select(&SOME[..]), gives()), 0..5),
    ) {
        let claims = person.as_ref().map(claims);
        let subject = Subject::with(claims.as_ref());
        let policy = with_rules(numbered(&rules));
        let mut told = policy.explain(&subject);
        let last = Verdict::from(told.pop().unwrap());
        prop_assert_eq!(last, policy.judge(&subject));
        prop_assert!(told.iter().all(|tried| tried.entitlement.is_none()));
    }
}
