//! Any JSON as claims, judged by the presets and by the rules of the document:
//! no panic, nothing slow, and explaining agrees with judging.
#![no_main]

use gavel::claims::Claims;
use gavel::muc::{Affiliation, RoomJid};
use gavel::policy::{Clause, Entitlement, Policy, Preset, Rules, Subject};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

const DOCUMENT: &str = include_str!("../../../docs/rules.md");

/// Claims that could be expensive.
const COSTLY: [&str; 6] = [
    "claims.a.exists(x, claims.a.exists(y, claims.a.exists(z, x == y && y == z)))",
    "claims.a.map(x, [x, x]).map(x, [x, x]).map(x, [x, x]).exists(x, x == claims.b)",
    "claims.a.all(x, (x + x + claims.b).contains(claims.b))",
    "claims.a.exists(x, x.split(claims.b).exists(y, y.matches(\"^(a|b)*c{1,20}$\")))",
    "claims.exists(k, string(claims[k]) == k || claims[k] in claims || claims == claims[k])",
    "claims.a.filter(x, x > claims.b || int(x) / int(claims.b) == -1).size() == uint(claims.b)",
];

static POLICIES: LazyLock<Vec<Policy>> = LazyLock::new(|| {
    let mut clauses: Vec<Clause> = recipes().chain(COSTLY.map(str::to_owned)).map(clause).collect();
    clauses.reverse();
    let presets = [Preset::Jitsi, Preset::Jaas, Preset::Authenticated, Preset::None];
    let own = |preset| Policy {
        rules: Rules::own(clauses.clone()),
        preset,
        ..Policy::default()
    };
    let alone = |preset| Policy {
        preset,
        ..Policy::default()
    };
    let policies = presets.map(own).into_iter().chain(presets.map(alone));
    policies.collect()
});

/// Every condition of the document.
fn recipes() -> impl Iterator<Item = String> {
    DOCUMENT.split("when = '").skip(1).map(|rest| match rest.strip_prefix("''") {
        Some(long) => long.split("'''").next().unwrap_or_default().to_owned(),
        None => rest.split('\'').next().unwrap_or_default().to_owned(),
    })
}

fn clause(when: String) -> Clause {
    let gives = Entitlement::Affiliation(Affiliation::Owner);
    Clause::new(&when, &when, gives).expect("a condition")
}

fuzz_target!(|text: &str| {
    let Ok(claims) = Claims::from_json(text) else {
        return;
    };
    let room = RoomJid::parse("[school]math@muc.meet.jitsi");
    let subject = Subject {
        claims: Some(&claims),
        room: room.as_ref(),
        jid: Some("ada@meet.jitsi"),
        nick: Some("ada"),
        login: false,
    };
    for policy in POLICIES.iter() {
        let verdict = policy.judge(&subject);
        let told = policy.explain(&subject);
        let last = told.last().expect("something decides");
        assert_eq!(last.entitlement, Some(verdict.entitlement));
        assert_eq!((&last.rule, &last.reason), (&verdict.rule, &verdict.reason));
        for tried in &told {
            assert!(tried.reason.to_string().len() < 2_000);
        }
    }
});
