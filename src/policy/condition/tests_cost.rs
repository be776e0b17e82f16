//! Conditions never cost much, even with hostile claims. The times are in `cargo bench
//! --bench rules`; these tests check that the budget is noticed.
#![allow(clippy::unwrap_used)]

use super::tests::holds;
use crate::claims::MAX_CLAIMS_BYTES;
use serde_json::{Value, json};

const OVER: &str = "takes more work than a rule may";

fn filled(item: &Value) -> Value {
    let each = item.to_string().len() + 1;
    Value::Array(vec![item.clone(); (MAX_CLAIMS_BYTES - 2_000) / each])
}

#[test]
fn conditions_that_would_take_long_are_over_budget() {
    let ones = json!({"a": filled(&json!(1)), "b": 2});
    let some = json!({"a": vec!["somebody"; 200], "b": "y"});
    let long = json!({"a": "ab".repeat(32_000), "l": vec![1; 500]});
    let nested = json!({"a": filled(&json!({"k": [1]})), "l": vec![1; 100]});
    let doubled = |start: &str, step: &str, times| {
        format!(
            "{start}{}.size() == 1",
            format!(".map(x, {step})").repeat(times)
        )
    };
    for (source, claims) in [
        ("claims.a.exists(x, x == claims.b)".to_owned(), &ones),
        (
            "claims.a.exists(x, claims.a.exists(y, claims.a.exists(z, x == z && y == claims.b)))"
                .to_owned(),
            &some,
        ),
        (doubled("claims.a", "[x, x]", 12), &some),
        (doubled("[claims.a]", "x + x", 16), &long),
        (doubled("[claims]", "{\"a\": x, \"b\": x}", 12), &some),
        ("claims.a.split(\"\")[0] == \"a\"".to_owned(), &long),
        (
            "claims.l.all(x, !claims.a.contains(\"c\"))".to_owned(),
            &long,
        ),
        ("claims.l.all(x, size(claims.a) == 64000)".to_owned(), &long),
        (
            "claims.l.all(x, claims.a + claims.a != \"\")".to_owned(),
            &long,
        ),
        ("claims.l.map(x, claims.a).size() == 500".to_owned(), &long),
        (
            "claims.l.all(x, [claims.a, claims.a] != [])".to_owned(),
            &long,
        ),
        (
            "claims.l.all(x, claims.a.lowerAscii() != \"\")".to_owned(),
            &long,
        ),
        (
            "claims.l.exists(x, claims.a.matches(\"(a|b)+c$\"))".to_owned(),
            &long,
        ),
        ("claims.l.exists(x, claims.a == [])".to_owned(), &nested),
        (
            "claims.l.exists(x, claims.a in [claims.a])".to_owned(),
            &nested,
        ),
        (
            "claims.l.exists(x, claims.a + claims.a == [])".to_owned(),
            &nested,
        ),
        // Even if something else would decide.
        ("claims.a.exists(x, x == 3) || true".to_owned(), &ones),
    ] {
        assert_eq!(holds(&source, claims), Err(OVER.to_owned()), "{source}");
    }
}

#[test]
fn usual_tokens_are_far_within_the_budget() {
    let roles: Vec<String> = (0..1_000).map(|n| format!("role-{n}")).collect();
    let groups: Vec<Value> = (0..200)
        .map(|n| json!({"name": format!("group {n}"), "roles": ["a", "b", "host"]}))
        .collect();
    let claims = json!({"roles": roles, "groups": groups, "text": "x".repeat(20_000)});
    for source in [
        "\"role-999\" in claims.roles",
        "claims.roles.exists(r, r.startsWith(\"role-99\") && r.endsWith(\"9\"))",
        "claims.groups.exists(g, g.name == \"group 199\" && \"host\" in g.roles)",
        "claims.groups.exists(g, g.roles.exists(r, r == \"host\"))",
        "claims.text.matches(\"^x+$\") && !claims.text.contains(\"y\")",
    ] {
        assert_eq!(holds(source, &claims), Ok(true), "{source}");
    }
}

/// The deepest claims and the deepest expressions, on a test's small stack.
#[test]
fn nothing_overflows_the_stack() {
    let deep = (0..120).fold(json!(1), |inner, _| json!([inner]));
    let claims = json!({"a": deep, "b": [deep]});
    assert_eq!(
        holds("claims.a in claims.b && claims == claims", &claims),
        Ok(true)
    );
    for (open, close, levels) in [
        ("(", ")", 8),
        ("[", "]", 8),
        ("!(", ")", 8),
        ("size([", "])", 4),
        ("{1: ", "}", 8),
        ("claims.exists(x, ", ")", 8),
    ] {
        let nested = format!("{}true{}", open.repeat(levels), close.repeat(levels));
        let _ = holds(&format!("{nested} == true"), &claims);
    }
    for operator in [" + ", " - ", " && ", " || ", " == ", " < ", ".a", "[0]"] {
        let times = match operator {
            " && " | " || " => 140,
            _ => 18 / operator.trim().len(),
        };
        let chain = match operator {
            ".a" | "[0]" => format!("claims{}", operator.repeat(times)),
            _ => vec!["1"; times].join(operator),
        };
        let _ = super::Condition::compile(&format!("{chain} == 1"))
            .map(|_| holds(&format!("{chain} == 1"), &claims));
    }
    let _ = super::Condition::compile(&format!("{}true", "!".repeat(290)));
    let _ = super::Condition::compile(&format!("{}1 == 1", "-".repeat(290)));
    let _ = super::Condition::compile(&format!("{}x{}", "a ? b : ".repeat(60), ""));
}
