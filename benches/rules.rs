//! The cost of judging: once for each claims, room and nick, never per presence.
//!
//! The first group has usual tokens; the second has the claims and conditions that were
//! found to use the budget worst, in milliseconds.
#![allow(clippy::unwrap_used, missing_docs)]

use criterion::{Criterion, criterion_group, criterion_main};
use gavel::claims::Claims;
use gavel::muc::{Affiliation, RoomJid};
use gavel::policy::{Clause, Entitlement, Policy, Rules, Subject};
use serde_json::{Value, json};
use std::hint::black_box;
use std::time::Duration;

/// The claims that a Keycloak-backed deployment hands out.
fn usual() -> Value {
    json!({
        "iss": "jitsi", "aud": "jitsi", "sub": "meet.jitsi", "room": "*", "exp": 1_795_000_000,
        "realm_access": {"roles": ["offline_access", "uma_authorization", "teacher", "staff"]},
        "context": {
            "user": {
                "id": "3f0ae0e4-8b5f-4a0f-9d3c-8a0a5a3c7c11", "name": "Ada Lovelace",
                "email": "ada@example.org", "moderator": "false",
                "avatar": "https://example.org/avatars/ada.png",
            },
            "features": {"recording": true, "livestreaming": false},
            "group": "7b",
        },
    })
}

/// As many elements of `item` as claims can hold.
fn full(item: &Value) -> Value {
    let each = item.to_string().len() + 1;
    let count = (gavel::claims::MAX_CLAIMS_BYTES - 64) / each;
    Value::Array(vec![item.clone(); count])
}

/// Lists within lists, as deep as claims are read.
fn deep() -> Value {
    (0..120).fold(json!(1), |inner, _| json!([inner]))
}

/// Names, conditions and claims.
fn worst() -> Vec<(&'static str, String, Value)> {
    let text = "ab".repeat(32_000);
    let ones = || json!({"a": full(&json!(1)), "b": 2});
    let words = || json!({"a": full(&json!("x")), "b": "y"});
    let lists = || json!({"a": full(&json!([])), "b": []});
    let long = || json!({"a": text, "b": "ba".repeat(100), "l": [1, 2, 3]});
    let some = || json!({"a": vec!["somebody"; 100], "b": "y"});
    vec![
        (
            "three loops",
            "claims.a.exists(x, claims.a.exists(y, claims.a.exists(z, x + y + z == 0)))".into(),
            ones(),
        ),
        (
            "three loops, a hundred each",
            "claims.a.exists(x, claims.a.exists(y, claims.a.exists(z, x == claims.b)))".into(),
            some(),
        ),
        (
            "errors in a loop",
            "claims.a.exists(x, x.y == 1 || x + \"\" == claims.b || x < [])".into(),
            some(),
        ),
        (
            "lists of nothing",
            "claims.a.all(x, x == claims.b)".into(),
            lists(),
        ),
        ("words", "claims.a.exists(x, x == claims.b)".into(), words()),
        (
            "doubled lists",
            format!("claims.a{}.size() == 1", ".map(x, [x, x])".repeat(12)),
            some(),
        ),
        (
            "doubled text",
            format!("[claims.a]{}.size() == 1", ".map(x, x + x)".repeat(16)),
            long(),
        ),
        (
            "split",
            "claims.a.split(\"\").exists(x, claims.a.contains(x + \"c\"))".into(),
            long(),
        ),
        (
            "contains",
            "claims.l.exists(x, claims.a.contains(claims.b + \"c\"))".into(),
            long(),
        ),
        (
            "a pattern",
            "claims.a.matches(\"(a|b|ab)*(x{1,50}|y){1,4}$\")".into(),
            long(),
        ),
        (
            "a pattern of letters",
            r#"claims.a.matches("^(\\w+\\s*)*[^\\w]$")"#.into(),
            long(),
        ),
        (
            "deep",
            "claims == {\"a\": claims.a} || claims.a in claims.b".into(),
            json!({"a": deep(), "b": [deep()]}),
        ),
        (
            "a long chain",
            format!(
                "claims.exists(k, {} == k)",
                ["claims"; 30].join(" == k || ")
            ),
            json!(
                full(&json!(1))
                    .as_array()
                    .unwrap()
                    .iter()
                    .take(4000)
                    .enumerate()
                    .map(|(i, v)| (format!("k{i}"), v.clone()))
                    .collect::<serde_json::Map<_, _>>()
            ),
        ),
        (
            "a long path",
            format!("claims.l.exists(x, has(claims{}))", ".a".repeat(18)),
            json!({"l": full(&json!(1)), "a": 1}),
        ),
        (
            "a large table",
            format!("claims.l.exists(x, x in [{}])", "0, ".repeat(4000)),
            json!({"l": full(&json!(1))}),
        ),
        (
            "only reading",
            "claims.b == 1".into(),
            json!({"a": full(&json!({"k": 1})), "b": 2}),
        ),
    ]
}

fn judging(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("judge");
    let claims = Claims::from_json(&usual().to_string()).unwrap();
    let room = RoomJid::parse("7b-math@muc.meet.jitsi").unwrap();
    let subject = Subject {
        claims: Some(&claims),
        room: Some(&room),
        jid: Some("3f0ae0e4-8b5f-4a0f@meet.jitsi"),
        nick: Some("3f0ae0e4"),
        login: false,
    };
    let jitsi = Policy::default();
    group.bench_function("the preset jitsi", |bencher| {
        bencher.iter(|| black_box(jitsi.judge(black_box(&subject))));
    });
    let rule = |index: usize| {
        let when = format!("\"role{index}\" in claims.realm_access.roles && room.name != \"x\"");
        let owner = Entitlement::Affiliation(Affiliation::Owner);
        Clause::new(&format!("rule {index}"), &when, owner).unwrap()
    };
    let own = Policy {
        rules: Rules::own((0..10).map(rule).collect()),
        ..Policy::default()
    };
    group.bench_function("ten rules, then jitsi", |bencher| {
        bencher.iter(|| black_box(own.judge(black_box(&subject))));
    });
    group.bench_function("parsing the claims alone", |bencher| {
        bencher.iter(|| black_box(claims.value()));
    });
    group.finish();
}

fn worst_cases(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("worst");
    group.sample_size(10);
    group.measurement_time(Duration::from_millis(500));
    group.warm_up_time(Duration::from_millis(100));
    for (name, when, claims) in worst() {
        let owner = Entitlement::Affiliation(Affiliation::Owner);
        let policy = Policy {
            rules: Rules::own(vec![Clause::new("worst", &when, owner).unwrap()]),
            ..Policy::default()
        };
        let claims = Claims::from_json(&claims.to_string()).unwrap();
        let subject = Subject::with(Some(&claims));
        println!("{name}: {}", policy.explain(&subject)[0].reason);
        group.bench_function(name, |bencher| {
            bencher.iter(|| black_box(policy.judge(black_box(&subject))));
        });
    }
    group.finish();
}

criterion_group!(benches, judging, worst_cases);
criterion_main!(benches);
