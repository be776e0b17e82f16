//! Source jwt: the tokens that are accepted, and the reasons why others are not.
#![allow(clippy::unwrap_used)]

use super::testing::*;
use super::*;
use RejectReason as R;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};

fn in_room(jwt: JwtSettings, room: &str, payload: &Value) -> Option<R> {
    let person = bearer("ada@meet.jitsi/one", room);
    let evidence = with_token(sign(payload));
    refusal(&verifier(jwt).verify(&evidence, &person.at(NOW), &mut Bindings::new()))
}

#[test]
fn a_valid_token_yields_its_payload() {
    let ada = ada();
    let token = sign(&payload(json!({})));
    let padded = format!("\n  {token}\n");
    for text in [&token, &padded] {
        let finding = verifier(jwt()).verify(&with_token(text), &ada.at(NOW), &mut Bindings::new());
        let (source, claims) = finding.claims.unwrap();
        assert_eq!(source, Source::Jwt);
        assert_eq!(claims.value(), payload(json!({})));
        assert_eq!(finding.token, Some(Token::parse(&token).unwrap().id()));
    }
}

#[test]
fn claims_are_checked_one_by_one() {
    let any = || JwtSettings {
        issuers: vec!["*".into()],
        audiences: vec!["*".into()],
        ..jwt()
    };
    let strict = || JwtSettings {
        require_exp: true,
        ..jwt()
    };
    let rows: Vec<(&str, JwtSettings, Value, Option<R>)> = vec![
        ("as it should be", jwt(), json!({}), None),
        ("no exp", jwt(), json!({"exp": null}), None),
        (
            "no exp, required",
            strict(),
            json!({"exp": null}),
            Some(R::Expired),
        ),
        (
            "exp just past",
            jwt(),
            json!({"exp": NOW - 30}),
            Some(R::Expired),
        ),
        ("exp within leeway", jwt(), json!({"exp": NOW - 29}), None),
        ("exp long past", jwt(), json!({"exp": 1}), Some(R::Expired)),
        ("exp negative", jwt(), json!({"exp": -5}), Some(R::Expired)),
        (
            "exp with fraction",
            jwt(),
            json!({"exp": NOW as f64 + 0.5}),
            None,
        ),
        ("exp beyond u64", jwt(), json!({"exp": 1e300}), None),
        (
            "exp as text",
            jwt(),
            json!({"exp": "4000000000"}),
            Some(R::Malformed),
        ),
        ("nbf now", jwt(), json!({"nbf": NOW}), None),
        ("nbf within leeway", jwt(), json!({"nbf": NOW + 30}), None),
        (
            "nbf ahead",
            jwt(),
            json!({"nbf": NOW + 31}),
            Some(R::NotYet),
        ),
        (
            "nbf as text",
            jwt(),
            json!({"nbf": "0"}),
            Some(R::Malformed),
        ),
        ("other iss", jwt(), json!({"iss": "evil"}), Some(R::Issuer)),
        (
            "iss in other case",
            jwt(),
            json!({"iss": "Jitsi"}),
            Some(R::Issuer),
        ),
        ("iss is a star", jwt(), json!({"iss": "*"}), Some(R::Issuer)),
        ("no iss", jwt(), json!({"iss": null}), Some(R::Issuer)),
        ("no iss, any accepted", any(), json!({"iss": null}), None),
        (
            "iss is a list",
            jwt(),
            json!({"iss": ["jitsi"]}),
            Some(R::Issuer),
        ),
        (
            "other aud",
            jwt(),
            json!({"aud": "evil"}),
            Some(R::Audience),
        ),
        ("no aud", jwt(), json!({"aud": null}), Some(R::Audience)),
        (
            "aud list with ours",
            jwt(),
            json!({"aud": ["x", "jitsi"]}),
            None,
        ),
        (
            "aud list without",
            jwt(),
            json!({"aud": ["x"]}),
            Some(R::Audience),
        ),
        (
            "aud empty list",
            jwt(),
            json!({"aud": []}),
            Some(R::Audience),
        ),
        ("any aud accepted", any(), json!({"aud": ["x"]}), None),
        ("no room claim", jwt(), json!({"room": null}), None),
        ("any room", jwt(), json!({"room": "*"}), None),
        ("room in other case", jwt(), json!({"room": "CLASS"}), None),
        ("other room", jwt(), json!({"room": "exam"}), Some(R::Room)),
        (
            "room's JID",
            jwt(),
            json!({"room": "class@muc.meet.jitsi"}),
            Some(R::Room),
        ),
        ("room empty", jwt(), json!({"room": ""}), Some(R::Room)),
        ("room a number", jwt(), json!({"room": 7}), Some(R::Room)),
        (
            "room a pattern unasked",
            jwt(),
            json!({"room": "cl.*"}),
            Some(R::Room),
        ),
        (
            "sub without tenant",
            jwt(),
            json!({"sub": "whatever"}),
            None,
        ),
    ];
    for (name, jwt, changes, expected) in rows {
        let token = sign(&payload(changes));
        assert_eq!(verdict(jwt, &token), expected, "{name}");
    }
}

#[test]
fn the_tenant_of_a_room_must_be_the_tokens() {
    let lax = || JwtSettings {
        verify_tenant: false,
        ..jwt()
    };
    let room = "[school]class@muc.meet.jitsi";
    let rows: Vec<(&str, JwtSettings, Value, Option<R>)> = vec![
        ("its tenant", jwt(), json!({"sub": "school"}), None),
        ("in other case", jwt(), json!({"sub": "School"}), None),
        ("any tenant", jwt(), json!({"sub": "*"}), None),
        ("another", jwt(), json!({"sub": "firm"}), Some(R::Tenant)),
        ("none", jwt(), json!({}), Some(R::Tenant)),
        (
            "no text",
            jwt(),
            json!({"sub": ["school"]}),
            Some(R::Tenant),
        ),
        ("another, unverified", lax(), json!({"sub": "firm"}), None),
        (
            "the whole local part",
            jwt(),
            json!({"sub": "school", "room": "[school]class"}),
            None,
        ),
        (
            "another tenant's room",
            lax(),
            json!({"room": "[firm]class"}),
            Some(R::Room),
        ),
    ];
    for (name, jwt, changes, expected) in rows {
        assert_eq!(in_room(jwt, room, &payload(changes)), expected, "{name}");
    }
}

#[test]
fn a_room_pattern_must_match_the_whole_name() {
    let rows = [
        ("cl.*", json!(true), None),
        ("cl.*", json!("true"), None),
        ("cl.*", json!("yes"), Some(R::Room)),
        ("cl.*", json!(false), Some(R::Room)),
        ("CL.*", json!(true), None),
        ("^class$", json!(true), None),
        ("clas", json!(true), Some(R::Room)),
        ("lass", json!(true), Some(R::Room)),
        ("(class)", json!(true), None),
        ("(cl)ass", json!(true), Some(R::Room)),
        ("%b()", json!(true), Some(R::RoomPattern)),
        ("%f[%w]class", json!(true), Some(R::RoomPattern)),
        ("(c)lass%1", json!(true), Some(R::RoomPattern)),
        ("[class", json!(true), Some(R::RoomPattern)),
        ("*", json!(true), None),
    ];
    for (pattern, regex, expected) in rows {
        let context = json!({"user": {}, "room": {"regex": regex}});
        let claims = payload(json!({"room": pattern, "context": context}));
        let found = in_room(jwt(), "class@muc.meet.jitsi", &claims);
        assert_eq!(found, expected, "{pattern} with regex {regex}");
    }
}

#[test]
fn text_that_is_no_token_is_malformed() {
    let token = sign(&payload(json!({})));
    let parts: Vec<_> = token.split('.').collect();
    let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let rows = [
        ("nothing", String::new()),
        ("a word", "token".into()),
        ("two parts", format!("{}.{}", parts[0], parts[1])),
        ("four parts", format!("{token}.{}", parts[2])),
        (
            "padding",
            format!("{}=.{}.{}", parts[0], parts[1], parts[2]),
        ),
        ("no base64", format!("!!.{}.{}", parts[1], parts[2])),
        ("no header", format!(".{}.{}", parts[1], parts[2])),
        (
            "header a list",
            format!("{}.{}.{}", encode("[]"), parts[1], parts[2]),
        ),
        (
            "payload a text",
            format!("{}.{}.{}", parts[0], encode("\"x\""), parts[2]),
        ),
        (
            "payload no UTF-8",
            format!(
                "{}.{}.{}",
                parts[0],
                URL_SAFE_NO_PAD.encode([b'{', 0xff]),
                parts[2]
            ),
        ),
        (
            "payload deep",
            format!(
                "{}.{}.{}",
                parts[0],
                encode(&format!("{{\"a\":{}", "[".repeat(1000))),
                parts[2]
            ),
        ),
        (
            "critical extensions",
            format!(
                "{}.{}.{}",
                encode(r#"{"alg":"HS256","crit":["b64"]}"#),
                parts[1],
                parts[2]
            ),
        ),
    ];
    for (name, text) in rows {
        assert_eq!(verdict(jwt(), &text), Some(R::Malformed), "{name}");
    }
}

#[test]
fn a_token_of_100_kb_is_too_large() {
    let token = sign(&payload(json!({"filler": "x".repeat(100_000)})));
    assert_eq!(verdict(jwt(), &token), Some(R::TooLarge));
    let just_fits = sign(&payload(json!({"filler": "x".repeat(11_000)})));
    assert_eq!(verdict(jwt(), &just_fits), None);
}

#[test]
fn four_tokens_of_a_presence_are_looked_at() {
    let ada = ada();
    let good = sign(&payload(json!({})));
    let at = |count: usize| {
        let mut evidence = with_token(good.clone());
        let bad = std::iter::repeat_n("bad".to_owned(), count);
        evidence.tokens.splice(0..0, bad);
        verifier(jwt()).verify(&evidence, &ada.at(NOW), &mut Bindings::new())
    };
    assert!(at(3).claims.is_some());
    assert_eq!(at(3).rejected, [(Source::Jwt, R::Malformed); 3]);
    assert!(at(4).claims.is_none());
}

#[test]
fn features_alone_are_no_claims() {
    let token = sign(&payload(
        json!({"context": {"features": {"recording": true}}}),
    ));
    let finding = verifier(jwt()).verify(&with_token(token), &ada().at(NOW), &mut Bindings::new());
    assert_eq!(finding, Finding::default());
}

#[test]
fn an_inspection_tells_every_fault() {
    let room = ada().room;
    let token = sign(&payload(json!({"iss": "x", "exp": 5, "room": "exam"})));
    let inspection = verifier(jwt()).inspect(&token, Some(&room), NOW).unwrap();
    let reasons: Vec<_> = inspection.faults().map(Fault::reason).collect();
    assert_eq!(reasons, [R::Expired, R::Issuer, R::Room]);
    assert!(inspection.claims.is_none());

    let inspection = verifier(jwt())
        .inspect(&forged(json!("none"), ""), None, NOW)
        .unwrap();
    let reasons: Vec<_> = inspection.faults().map(Fault::reason).collect();
    assert_eq!(reasons, [R::Algorithm]);

    let token = sign(&payload(json!({})));
    let inspection = verifier(jwt()).inspect(&token, None, NOW).unwrap();
    assert_eq!(inspection.reason(), None);
    assert_eq!(inspection.claims.unwrap().user_name(), Some("Ada"));
}

/// B14: no fault repeats the token or its signature.
#[test]
fn b14_faults_do_not_repeat_the_token() {
    let key = EncodingKey::from_secret(b"another secret");
    let token = sign_with(
        &Header::new(Algorithm::HS256),
        &payload(json!({"exp": 5})),
        &key,
    );
    for text in [&token, &format!("{token}.x"), &token[1..].to_owned()] {
        let inspection = verifier(jwt())
            .inspect(text, Some(&ada().room), NOW)
            .unwrap();
        assert!(inspection.reason().is_some());
        for fault in inspection.faults() {
            for part in token.split('.') {
                assert!(!fault.to_string().contains(part), "{fault}");
                assert!(!format!("{fault:?}").contains(part), "{fault:?}");
            }
        }
    }
}
