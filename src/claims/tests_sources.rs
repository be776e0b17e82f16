//! Sources bridge and identity, their order, and that nothing panics.
#![allow(clippy::unwrap_used)]

use super::testing::*;
use super::*;
use crate::muc::{Nick, RealJid, RoomJid};
use crate::stanza::{Bridge, Evidence, EvidenceKind, Identity};
use RejectReason as R;
use proptest::prelude::*;
use serde_json::json;

const JSON: &str = r#"{"context": {"user": {"moderator": true}}}"#;

fn verified(evidence: &Evidence, bearer: &Bearer) -> Finding {
    verifier(jwt()).verify(evidence, &bearer.at(NOW), &mut Bindings::new())
}

#[test]
fn claims_of_the_bridge_count_where_their_mac_is_right() {
    let ada = ada();
    let finding = verified(&bridged(&ada, JSON), &ada);
    let (source, claims) = finding.claims.unwrap();
    assert_eq!(source, Source::Bridge);
    assert_eq!(
        claims.value(),
        serde_json::from_str::<serde_json::Value>(JSON).unwrap()
    );
    assert_eq!(finding.token, None);
}

/// Reckoned with `openssl dgst -sha256 -hmac`, so that the module's author has a
/// fixed point.
#[test]
fn a_mac_is_as_the_specification_says() {
    let parts = ["s1", "a@x/y", "[t]r@muc.x/n", "{}"];
    assert_eq!(
        mac("component secret", parts),
        "70ccbbed32258b4148db365ed18fea28917c0d3ac60e50a70581004ba3ccb518"
    );
}

#[test]
fn claims_that_the_module_cannot_hand_over_are_malformed() {
    let ada = ada();
    for (json, unfit, expected) in [
        ("", false, vec![]),
        ("", true, vec![(Source::Bridge, R::Malformed)]),
        (JSON, true, vec![(Source::Bridge, R::Malformed)]),
    ] {
        let mut evidence = bridged(&ada, json);
        evidence.bridge.as_mut().unwrap().unfit = unfit;
        let finding = verified(&evidence, &ada);
        assert_eq!(finding.rejected, expected, "{json:?} {unfit}");
        assert_eq!(finding.claims, None);
    }
    let mut forged = bridged(&eve(), "");
    forged.bridge.as_mut().unwrap().unfit = true;
    assert_eq!(refusal(&verified(&forged, &ada)), Some(R::Mac));
}

#[test]
fn claims_of_the_bridge_are_for_the_tenant_that_sub_names() {
    let of = |sub: &str| format!("{{\"context\": {{\"user\": {{}}}}{sub}}}");
    let cases = [
        (r#", "sub": "b""#, None),
        (r#", "sub": "B""#, None),
        (r#", "sub": "*""#, None),
        (r#", "sub": "a""#, Some(R::Tenant)),
        (r#", "sub": ["b"]"#, Some(R::Tenant)),
        ("", Some(R::Tenant)),
    ];
    for (sub, expected) in cases {
        let mut bearer = ada();
        for (room, expected) in [("[b]cls", expected), ("cls", None)] {
            bearer.room = RoomJid::parse(&format!("{room}@muc.meet.jitsi")).unwrap();
            bearer.occupant.room = bearer.room.clone();
            let evidence = bridged(&bearer, &of(sub));
            let finding = verified(&evidence, &bearer);
            assert_eq!(refusal(&finding), expected, "{sub} in {room}");
            assert_eq!(finding.claims.is_some(), expected.is_none());
            let mut lenient = settings(&[Source::Bridge], jwt());
            lenient.verify_tenant = false;
            let lenient = Verifier::new(lenient).unwrap_or_else(|error| panic!("{error}"));
            let finding = lenient.verify(&evidence, &bearer.at(NOW), &mut Bindings::new());
            assert!(finding.claims.is_some(), "{sub} in {room}, not checked");
        }
    }
}

#[test]
fn a_mac_for_anything_else_is_refused() {
    let ada = ada();
    let signed = bridged(&ada, JSON);
    let other_nick = {
        let mut bearer = ada.clone();
        bearer.occupant.nick = Nick::new("other");
        bearer
    };
    let other_room = {
        let mut bearer = ada.clone();
        bearer.occupant.room = RoomJid::parse("exam@muc.meet.jitsi").unwrap();
        bearer
    };
    let other_session = {
        let mut bearer = ada.clone();
        bearer.real = RealJid::parse("ada@meet.jitsi/two").unwrap();
        bearer
    };
    for (name, bearer) in [
        ("nick", &other_nick),
        ("room", &other_room),
        ("session", &other_session),
        ("person", &eve()),
    ] {
        assert_eq!(refusal(&verified(&signed, bearer)), Some(R::Mac), "{name}");
    }
    let mut occasion = ada.at(NOW);
    occasion.stream_id = "stream-2";
    let finding = verifier(jwt()).verify(&signed, &occasion, &mut Bindings::new());
    assert_eq!(refusal(&finding), Some(R::Mac), "stream");
}

#[test]
fn a_mac_that_is_not_quite_one_is_refused() {
    let ada = ada();
    let right = bridged(&ada, JSON).bridge.unwrap();
    let occupant = ada.occupant.to_string();
    let parts = [STREAM, ada.real.as_str(), &occupant, JSON];
    for (name, mac) in [
        ("none", String::new()),
        ("upper case", right.mac.to_uppercase()),
        ("short", right.mac[..62].to_owned()),
        ("long", format!("{}00", right.mac)),
        ("no hex", "x".repeat(64)),
        ("spaced", format!(" {}", right.mac)),
        ("other secret", mac("guess", parts)),
    ] {
        let bridge = Some(Bridge {
            mac,
            json: JSON.into(),
            ..Bridge::default()
        });
        let evidence = Evidence {
            bridge,
            ..Evidence::default()
        };
        assert_eq!(refusal(&verified(&evidence, &ada)), Some(R::Mac), "{name}");
    }
    let changed = Bridge {
        json: JSON.replace("true", "1"),
        ..right
    };
    let evidence = Evidence {
        bridge: Some(changed),
        ..Evidence::default()
    };
    assert_eq!(refusal(&verified(&evidence, &ada)), Some(R::Mac), "text");
}

#[test]
fn nothing_signed_is_nothing_found_and_nothing_refused() {
    let ada = ada();
    assert_eq!(verified(&bridged(&ada, ""), &ada), Finding::default());
    let features = r#"{"context": {"features": {"recording": true}}}"#;
    assert_eq!(verified(&bridged(&ada, features), &ada), Finding::default());
    assert_eq!(verified(&Evidence::default(), &ada), Finding::default());
}

#[test]
fn b20_evidence_of_which_a_part_was_not_read_yields_nothing_and_counts_as_too_large() {
    let ada = ada();
    for (kind, source) in [
        (EvidenceKind::Bridge, Source::Bridge),
        (EvidenceKind::Token, Source::Jwt),
        (EvidenceKind::Identity, Source::Identity),
    ] {
        let whole = bridged(&ada, JSON);
        assert!(verified(&whole, &ada).claims.is_some());
        let evidence = Evidence {
            left_out: Some(kind),
            ..whole
        };
        let expected = Finding {
            rejected: vec![(source, R::TooLarge)],
            ..Finding::default()
        };
        assert_eq!(verified(&evidence, &ada), expected, "{kind:?}");
    }
}

#[test]
fn bridged_claims_are_checked_for_the_room_alone() {
    let ada = ada();
    let long = format!(r#"{{"a": "{}"}}"#, "x".repeat(MAX_CLAIMS_BYTES));
    for (json, expected) in [
        (
            r#"{"exp": 1, "nbf": 9999999999, "iss": "x", "aud": "y", "sub": "z"}"#,
            None,
        ),
        (r#"{"room": "*"}"#, None),
        (r#"{"room": "Class"}"#, None),
        (r#"{"room": "exam"}"#, Some(R::Room)),
        (
            r#"{"room": "cl.+", "context": {"room": {"regex": true}}}"#,
            None,
        ),
        (
            r#"{"room": "%bxy", "context": {"room": {"regex": true}}}"#,
            Some(R::RoomPattern),
        ),
        ("[]", Some(R::Malformed)),
        ("{", Some(R::Malformed)),
        (&long, Some(R::TooLarge)),
    ] {
        let found = refusal(&verified(&bridged(&ada, json), &ada));
        assert_eq!(found, expected, "{}", &json[..json.len().min(80)]);
    }
}

#[test]
fn b15_claims_are_for_the_main_room() {
    let mut ada = ada();
    ada.occupant.room = RoomJid::parse("uuid@breakout.meet.jitsi").unwrap();
    let claims = bridged(&ada, r#"{"room": "class"}"#);
    assert_eq!(refusal(&verified(&claims, &ada)), None);
    let token = with_token(sign(&payload(json!({}))));
    assert_eq!(refusal(&verified(&token, &ada)), None);
}

fn identity(user: &[(&str, &str)], group: Option<&str>) -> Evidence {
    let user = user
        .iter()
        .map(|(key, text)| ((*key).into(), (*text).into()));
    Evidence {
        identity: Some(Identity {
            user: user.collect(),
            group: group.map(Into::into),
        }),
        ..Evidence::default()
    }
}

#[test]
fn an_identity_counts_from_a_trusted_domain_only() {
    let said = identity(&[("name", "Ada"), ("moderator", "true")], Some("staff"));
    let (source, claims) = verified(&said, &ada()).claims.unwrap();
    assert_eq!(source, Source::Identity);
    assert_eq!(
        claims.value(),
        json!({"context": {"user": {"name": "Ada", "moderator": "true"}, "group": "staff"}})
    );
    for domain in ["guest.meet.jitsi", "MEET.JITSI", "meet.jitsi.evil.example"] {
        let guest = bearer(&format!("x@{domain}/meet.jitsi"), "class@muc.meet.jitsi");
        assert_eq!(
            refusal(&verified(&said, &guest)),
            Some(R::Untrusted),
            "{domain}"
        );
        assert_eq!(verified(&identity(&[], None), &guest), Finding::default());
    }
    assert_eq!(
        verified(&identity(&[], Some("")), &ada()),
        Finding::default()
    );
}

#[test]
fn the_first_source_that_yields_claims_wins() {
    let ada = ada();
    let mut all = bridged(&ada, JSON);
    all.tokens = vec![sign(&payload(json!({})))];
    all.identity = identity(&[("name", "X")], None).identity;
    let orders = [
        [Source::Bridge, Source::Jwt, Source::Identity],
        [Source::Jwt, Source::Identity, Source::Bridge],
        [Source::Identity, Source::Bridge, Source::Jwt],
    ];
    for order in orders {
        let verifier = Verifier::new(settings(&order, jwt())).unwrap();
        let finding = verifier.verify(&all, &ada.at(NOW), &mut Bindings::new());
        assert_eq!(finding.claims.unwrap().0, order[0]);
        let none = Verifier::new(settings(&[], jwt())).unwrap();
        let finding = none.verify(&all, &ada.at(NOW), &mut Bindings::new());
        assert_eq!(finding, Finding::default());
    }
    // A refused source and an empty one leave the word to the next.
    all.bridge = bridged(&ada, "").bridge;
    all.tokens = vec!["bad".into()];
    let finding = verified(&all, &ada);
    assert_eq!(finding.rejected, [(Source::Jwt, R::Malformed)]);
    assert_eq!(finding.claims.unwrap().0, Source::Identity);
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        ".{0,200}",
        // Shaped like tokens, so that more than the first check is reached.
        (
            "[A-Za-z0-9_-]{0,40}",
            "[A-Za-z0-9_-]{0,40}",
            "[A-Za-z0-9_-]{0,40}"
        )
            .prop_map(|(a, b, c)| format!("{a}.{b}.{c}")),
    ]
}

proptest! {
    #[test]
    fn examine_survives_anything(
        mac in text(),
        json in text(),
        tokens in proptest::collection::vec(text(), 0..6),
        user in proptest::collection::vec((text(), text()), 0..4),
        group in proptest::option::of(text()),
    ) {
        let evidence = Evidence {
            bridge: Some(Bridge {
                mac,
                json,
                ..Bridge::default()
            }),
            tokens,
            identity: Some(Identity { user, group }),
            left_out: None,
        };
        verified(&evidence, &ada());
    }

    /// Signed, so that every check is reached; the values may be anything.
    #[test]
    fn examine_survives_any_signed_claims(claims in json_value(), room in ".{0,40}", regex: bool) {
        let context = json!({"user": claims.clone(), "room": {"regex": regex}});
        for changes in [
            json!({"room": room, "context": context}),
            json!({"exp": claims, "nbf": claims}),
            json!({"iss": claims, "aud": claims, "sub": claims, "context": claims}),
        ] {
            let payload = payload(changes);
            verified(&with_token(sign(&payload)), &ada());
            let ada = ada();
            let finding = verified(&bridged(&ada, &payload.to_string()), &ada);
            if let Some((_, claims)) = finding.claims {
                prop_assert_eq!(claims.value(), payload);
            }
        }
    }
}

fn json_value() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<i32>().prop_map(|n| (f64::from(n) / 4.0).into()),
        ".{0,20}".prop_map(Into::into),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            proptest::collection::hash_map("[a-z]{0,8}", inner, 0..4)
                .prop_map(|map| map.into_iter().collect()),
        ]
    })
}
