//! B17: permissions come from rule, token and setting, in that order.

use super::*;

fn rule(name: &str, when: &str, gives: Entitlement, said: &[(Permission, bool)]) -> Clause {
    Clause::new(name, when, gives)
        .unwrap()
        .with_permissions(said)
}

fn policy(rules: Vec<Clause>, settings: &[(Permission, Holders)]) -> Policy {
    let mut permissions = Permissions::default();
    for (name, holders) in settings {
        permissions.set(*name, *holders);
    }
    Policy {
        rules: Rules::own(rules),
        permissions,
        ..Policy::default()
    }
}

fn permitted(policy: &Policy, claims: Option<&Claims>) -> Vec<Permitted> {
    let subject = Subject::with(claims);
    policy.permissions(&subject, &policy.judge(&subject))
}

fn of(
    policy: &Policy,
    claims: Option<&Claims>,
    name: Permission,
) -> Option<(Option<Held>, String)> {
    let all = permitted(policy, claims);
    let found = all.into_iter().find(|item| item.name == name)?;
    Some((found.held, found.because.to_string()))
}

fn token(features: Value) -> Claims {
    claims(&json!({"context": {"user": {"id": "u"}, "features": features}}))
}

const RECORDING: Permission = Permission::Recording;
const CHAT: Permission = Permission::SendGroupchat;

#[test]
fn b17_names_are_sorted_and_read_as_they_are_written() {
    assert!(Permission::ALL.is_sorted_by_key(|name| name.as_str()));
    assert!(Permission::ALL.is_sorted());
    for name in Permission::ALL {
        assert_eq!(Permission::parse(name.as_str()), Some(*name));
    }
    assert_eq!(Permission::parse("Recording"), None);
    assert_eq!(Permission::parse("screen-sharing"), None);
}

#[test]
fn b17_by_default_jitsi_decides_and_the_module_is_told_nothing() {
    let policy = Policy::default();
    for claims in [None, Some(&token(json!({})))] {
        let all = permitted(&policy, claims);
        let said: Vec<String> = all
            .iter()
            .map(|item| format!("{} {}", item.name, item.because))
            .collect();
        assert_eq!(
            said,
            [
                "breakout-enter default: everyone",
                "lobby-bypass default: owners"
            ]
        );
        assert!(PermissionList::of(&all).is_empty());
    }
    assert!(policy.permissions.for_guests().is_empty());
    assert!(policy.permissions.are_standard());
}

#[test]
fn b17_each_of_three_allows_and_denies() {
    use Held::{Always, Moderating, Never, Owning};
    let holders = |holders| policy(vec![], &[(RECORDING, holders)]);
    let ruled = |allowed| {
        policy(
            vec![rule("r", "true", MEMBER, &[(RECORDING, allowed)])],
            &[],
        )
    };
    let plain = token(json!({}));
    let yes = token(json!({"recording": true}));
    let no = token(json!({"recording": "false"}));
    for (name, policy, claims, held, because) in [
        (
            "everyone, guest",
            holders(Holders::Everyone),
            None,
            Always,
            "policy.permissions: everyone",
        ),
        (
            "token, guest",
            holders(Holders::Token),
            None,
            Never,
            "policy.permissions: token",
        ),
        (
            "token",
            holders(Holders::Token),
            Some(&plain),
            Always,
            "policy.permissions: token",
        ),
        (
            "moderators",
            holders(Holders::Moderators),
            Some(&plain),
            Moderating,
            "policy.permissions: moderators",
        ),
        (
            "owners",
            holders(Holders::Owners),
            None,
            Owning,
            "policy.permissions: owners",
        ),
        (
            "nobody",
            holders(Holders::Nobody),
            Some(&plain),
            Never,
            "policy.permissions: nobody",
        ),
        (
            "token beats nobody",
            holders(Holders::Nobody),
            Some(&yes),
            Always,
            "the token's context.features",
        ),
        (
            "token beats everyone",
            holders(Holders::Everyone),
            Some(&no),
            Never,
            "the token's context.features",
        ),
        (
            "rule beats token",
            ruled(false),
            Some(&yes),
            Never,
            "rule r",
        ),
        ("rule allows", ruled(true), Some(&no), Always, "rule r"),
        ("rule denies a guest", ruled(false), None, Never, "rule r"),
    ] {
        assert_eq!(
            of(&policy, claims, RECORDING),
            Some((Some(held), because.to_owned())),
            "{name}"
        );
    }
    assert_eq!(of(&Policy::default(), None, RECORDING), None);
}

/// As for affiliations: a rule's gifts are for people with a token.
#[test]
fn b17_a_rule_allows_nothing_to_people_without_token_and_says_so() {
    let allows = [rule(
        "all",
        "true",
        MEMBER,
        &[(RECORDING, true), (CHAT, false)],
    )];
    let left = policy(allows.to_vec(), &[]);
    let words = "rule all allows it only with a token";
    assert_eq!(of(&left, None, RECORDING), Some((None, words.to_owned())));
    assert_eq!(
        of(&left, None, CHAT),
        Some((Some(Held::Never), "rule all".to_owned()))
    );
    let set = policy(allows.to_vec(), &[(RECORDING, Holders::Moderators)]);
    let words = format!("{words}; policy.permissions: moderators");
    assert_eq!(
        of(&set, None, RECORDING),
        Some((Some(Held::Moderating), words))
    );
    // A rule that is refused to guests since it would make them moderators still has its
    // denials.
    let hosts = [rule(
        "hosts",
        "true",
        OWNER,
        &[(RECORDING, true), (CHAT, false)],
    )];
    let policy = policy(hosts.to_vec(), &[]);
    assert_eq!(
        of(&policy, None, CHAT),
        Some((Some(Held::Never), "rule hosts".to_owned()))
    );
    let (held, because) = of(&policy, None, RECORDING).unwrap();
    assert_eq!(
        (held, because.as_str()),
        (None, "rule hosts allows it only with a token")
    );
}

/// A token of features alone is no claim to moderate, and still names its bearer's
/// permissions.
#[test]
fn b17_features_alone_count_for_permissions() {
    let alone =
        claims(&json!({"context": {"features": {"recording": true, "send-groupchat": false}}}));
    let policy = policy(
        vec![],
        &[(RECORDING, Holders::Token), (CHAT, Holders::Everyone)],
    );
    let words = "the token's context.features".to_owned();
    assert_eq!(
        of(&policy, Some(&alone), RECORDING),
        Some((Some(Held::Always), words.clone()))
    );
    assert_eq!(
        of(&policy, Some(&alone), CHAT),
        Some((Some(Held::Never), words))
    );
    // Nor are they the token that a setting asks for.
    let flip = (Permission::Flip, Holders::Token);
    let policy = self::policy(vec![], &[flip]);
    assert_eq!(
        of(&policy, Some(&alone), Permission::Flip).unwrap().0,
        Some(Held::Never)
    );
}

#[test]
fn b17_a_feature_that_is_neither_true_nor_false_does_not_count() {
    for odd in [
        json!(1),
        json!(null),
        json!("TRUE"),
        json!({}),
        json!([true]),
    ] {
        let claims = token(json!({"recording": odd, "unknown": true}));
        assert_eq!(
            of(&Policy::default(), Some(&claims), RECORDING),
            None,
            "{odd}"
        );
    }
    let list = claims(&json!({"context": {"user": {}, "features": ["recording"]}}));
    assert_eq!(of(&Policy::default(), Some(&list), RECORDING), None);
}

/// The permissions of an expired token end, since Jitsi goes on reading it; its denials,
/// and its rule's, do not.
#[test]
fn b17_an_expired_token_allows_nothing_and_denies_as_before() {
    let rules = vec![rule(
        "r",
        "claims != null",
        MEMBER,
        &[(Permission::Flip, false), (Permission::Livestreaming, true)],
    )];
    let policy = policy(rules, &[(Permission::FileUpload, Holders::Token)]);
    let claims = token(json!({"recording": true, "send-groupchat": false}));
    let subject = Subject::with(Some(&claims));
    let expired = Verdict {
        entitlement: Entitlement::Guest,
        rule: Rule::Expired,
        reason: Reason::Expired,
    };
    let all = policy.permissions(&subject, &expired);
    let list = PermissionList::of(&all);
    let said: Vec<String> = list
        .iter()
        .map(|(name, held)| format!("{name}={}", held.as_str()))
        .collect();
    assert_eq!(
        said,
        [
            "file-upload=nobody",
            "flip=nobody",
            "livestreaming=nobody",
            "recording=nobody",
            "send-groupchat=nobody"
        ]
    );
}

#[test]
fn b17_the_digest_is_of_sorted_lines() {
    let list: PermissionList = [(CHAT, Held::Never), (RECORDING, Held::Moderating)]
        .into_iter()
        .collect();
    // printf 'recording=moderators\nsend-groupchat=nobody\n' | sha256sum | cut -c1-16
    assert_eq!(list.digest(), "af4a3e1fc5800344");
    assert_eq!(PermissionList::default().digest(), "e3b0c44298fc1c14");
}

fn any_name() -> impl Strategy<Value = Permission> {
    proptest::sample::select(Permission::ALL)
}

fn any_holders() -> impl Strategy<Value = Holders> {
    use Holders::{Everyone, Moderators, Nobody, Owners, Token};
    proptest::sample::select(&[Everyone, Token, Moderators, Owners, Nobody][..])
}

/// How much `held` allows: of a participant, a moderator and an owner.
fn extent(held: Option<Held>) -> u8 {
    match held {
        Some(Held::Never) => 0,
        Some(Held::Owning) => 1,
        Some(Held::Moderating) => 2,
        Some(Held::Always) => 3,
        None => 4,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Rule beats token beats setting, for all values of the three; without a token the
    /// rule's `true` does not count.
    #[test]
    fn b17_rule_beats_token_beats_setting(
        name in any_name(),
        ruled in proptest::option::of(any::<bool>()),
        featured in proptest::option::of(any::<bool>()),
        set in proptest::option::of(any_holders()),
        spelled in any::<bool>(),
        guest in any::<bool>(),
        gives in proptest::sample::select(&[OWNER, MEMBER, Entitlement::Keep][..]),
    ) {
        let said: Vec<_> = ruled.map(|allowed| (name, allowed)).into_iter().collect();
        let settings: Vec<_> = set.map(|holders| (name, holders)).into_iter().collect();
        let policy = policy(vec![rule("r", "true", gives, &said)], &settings);
        let feature = featured.map(|allowed| match spelled {
            true => json!(allowed.to_string()),
            false => json!(allowed),
        });
        let claims = (!guest).then(|| token(json!({name.as_str(): feature})));
        let found = of(&policy, claims.as_ref(), name);
        let holders = set.or(name.standard());
        let expected = match (ruled, featured.filter(|_| !guest), holders) {
            (Some(false), ..) => Some(Some(Held::Never)),
            (Some(true), ..) if !guest => Some(Some(Held::Always)),
            (_, Some(allowed), _) => Some(Some(if allowed { Held::Always } else { Held::Never })),
            (_, None, Some(holders)) => Some(Some(holders.held(!guest))),
            (Some(true), None, None) => Some(None),
            (_, None, None) => None,
        };
        prop_assert_eq!(found.map(|(held, _)| held), expected);
    }

    /// A denial more, by a rule or by a token, takes that permission and touches no other;
    /// if nobody had it, nothing changes for anybody.
    #[test]
    fn b17_a_denial_takes_only_the_permission_it_names(
        denied in any_name(),
        settings in proptest::collection::vec((any_name(), any_holders()), 0..6),
        features in proptest::collection::vec((any_name(), any::<bool>()), 0..6),
        by_rule in any::<bool>(),
    ) {
        let policy = policy(vec![], &settings);
        let mut named: serde_json::Map<String, Value> = features
            .iter()
            .map(|(name, allowed)| (name.as_str().to_owned(), json!(allowed)))
            .collect();
        let before = permitted(&policy, Some(&token(Value::Object(named.clone()))));
        let after = if by_rule {
            let ruled = Policy {
                rules: Rules::own(vec![rule("deny", "true", MEMBER, &[(denied, false)])]),
                ..policy
            };
            permitted(&ruled, Some(&token(Value::Object(named))))
        } else {
            named.insert(denied.as_str().to_owned(), json!(false));
            permitted(&policy, Some(&token(Value::Object(named))))
        };
        let held = |all: &[Permitted], name| {
            all.iter().find(|item| item.name == name).map(|item| item.held)
        };
        for name in Permission::ALL.iter().copied() {
            let (before, after) = (held(&before, name), held(&after, name));
            if name == denied {
                prop_assert_eq!(after, Some(Some(Held::Never)));
            } else {
                prop_assert_eq!(before, after);
            }
        }
        let nobodys = |all: &[Permitted]| {
            let list = PermissionList::of(all);
            list.iter().filter(|(name, _)| *name != denied).collect::<Vec<_>>()
        };
        prop_assert_eq!(nobodys(&before), nobodys(&after));
        if held(&before, denied) == Some(Some(Held::Never)) {
            prop_assert_eq!(PermissionList::of(&before), PermissionList::of(&after));
        }
    }

    /// A person without claims is allowed nothing more than the same person with a token
    /// that says nothing of permissions.
    #[test]
    fn b17_losing_claims_widens_nothing(
        settings in proptest::collection::vec((any_name(), any_holders()), 0..6),
        said in proptest::collection::vec((any_name(), any::<bool>()), 0..6),
    ) {
        let policy = policy(vec![rule("r", "true", MEMBER, &said)], &settings);
        let with = permitted(&policy, Some(&token(json!({}))));
        let without = permitted(&policy, None);
        for name in Permission::ALL.iter().copied() {
            let held = |all: &[Permitted]| {
                all.iter().find(|item| item.name == name).and_then(|item| item.held)
            };
            let allowed = with.iter().any(|item| item.name == name && item.held == Some(Held::Always));
            prop_assert!(allowed || extent(held(&without)) <= extent(held(&with)), "{name}");
        }
    }
}
