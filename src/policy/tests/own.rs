//! Rules of one's own: they come first, and never make an owner of a guest.

use super::*;

/// Names, conditions and gifts.
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

/// Without claims nobody has an entitlement that only claims can give.
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
            None => {
                let without = Policy::default().judge(&subject);
                prop_assert_eq!(verdict.entitlement, without.entitlement);
                prop_assert_eq!(verdict.rule, without.rule);
                // For a guest it names the rule that would have matched, had there been claims.
                let refused = matches!(verdict.reason, Reason::RuleNeedsClaims(_));
                prop_assert!(refused && claims.is_none() || verdict.reason == without.reason);
            }
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
