//! Judging and explaining are one, with every kind of rule.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::claims::Claims;
use crate::muc::Affiliation;
use proptest::prelude::*;
use serde_json::{Value, json};

mod hints;
mod logins;
mod own;
mod permissions;
mod presets;

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
