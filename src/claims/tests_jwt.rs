//! Source jwt: what is accepted, and why not.
#![allow(clippy::unwrap_used)]

use super::testing::*;
use super::*;
use RejectReason as R;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};

/// What becomes of `token`, shown by Ada for the first time; an inspection must
/// find the same.
fn verdict(jwt: JwtSettings, token: &str) -> Option<R> {
    let (ada, verifier) = (ada(), verifier(jwt));
    let finding = verifier.examine(&with_token(token), &ada.at(NOW), &mut Bindings::new());
    let refusal = refusal(&finding);
    let inspection = verifier.inspect(token, Some(&ada.room), NOW).unwrap();
    assert_eq!(inspection.reason(), refusal, "inspection and examination");
    assert_eq!(inspection.claims, finding.claims.map(|(_, claims)| claims));
    refusal
}

fn in_room(jwt: JwtSettings, room: &str, payload: &Value) -> Option<R> {
    let person = who("ada@meet.jitsi/one", room);
    let evidence = with_token(sign(payload));
    refusal(&verifier(jwt).examine(&evidence, &person.at(NOW), &mut Bindings::new()))
}

#[test]
fn a_valid_token_yields_its_payload() {
    let ada = ada();
    let token = sign(&payload(json!({})));
    let padded = format!("\n  {token}\n");
    for text in [&token, &padded] {
        let finding =
            verifier(jwt()).examine(&with_token(text), &ada.at(NOW), &mut Bindings::new());
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
fn what_is_no_token_is_malformed() {
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

/// A token whose header says `alg`, signed with the shared secret or not at all.
fn forged(alg: Value, signature: &str) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = encode(&json!({"alg": alg, "typ": "JWT"}));
    format!("{header}.{}.{signature}", encode(&payload(json!({}))))
}

#[test]
fn the_algorithm_is_the_configurations() {
    let valid = sign(&payload(json!({})));
    let signature = valid.rsplit('.').next().unwrap();
    for alg in [
        "none", "None", "NONE", "nOnE", "", "hs256", "HS512", "RS256",
    ] {
        for signature in ["", signature] {
            let token = forged(json!(alg), signature);
            assert_eq!(verdict(jwt(), &token), Some(R::Algorithm), "{alg}");
        }
    }
    assert_eq!(verdict(jwt(), &forged(json!(null), "")), Some(R::Algorithm));
    assert_eq!(
        verdict(jwt(), &forged(json!(["HS256"]), "")),
        Some(R::Algorithm)
    );
    assert_eq!(
        verdict(jwt(), &forged(json!("HS256"), "")),
        Some(R::BadSignature)
    );
    assert_eq!(
        verdict(jwt(), &forged(json!("HS256"), signature)),
        Some(R::BadSignature)
    );

    let key = EncodingKey::from_secret(SECRET.as_bytes());
    let other = sign_with(&Header::new(Algorithm::HS512), &payload(json!({})), &key);
    assert_eq!(verdict(jwt(), &other), Some(R::Algorithm));
    let both = JwtSettings {
        algorithms: vec![Algorithm::HS256, Algorithm::HS512],
        ..jwt()
    };
    assert_eq!(verdict(both, &other), None);
}

#[test]
fn another_secret_is_a_bad_signature() {
    let key = EncodingKey::from_secret(b"another secret");
    let token = sign_with(&Header::new(Algorithm::HS256), &payload(json!({})), &key);
    assert_eq!(verdict(jwt(), &token), Some(R::BadSignature));
}

/// A public key is no secret: whoever has it must not sign with it.
#[test]
fn a_public_key_is_not_taken_for_a_secret() {
    let rs = || JwtSettings {
        keys: KeySource::Pem(key!("rsa.pub").into()),
        algorithms: vec![Algorithm::RS256],
        ..jwt()
    };
    let forge = EncodingKey::from_secret(key!("rsa.pub").as_bytes());
    let token = sign_with(&Header::new(Algorithm::HS256), &payload(json!({})), &forge);
    assert_eq!(verdict(rs(), &token), Some(R::Algorithm));

    let set = KeySource::Jwks(json!({"keys": [rsa_jwk("a")]}).to_string());
    let mixed = JwtSettings {
        keys: set,
        algorithms: vec![Algorithm::RS256, Algorithm::HS256],
        ..jwt()
    };
    assert_eq!(verdict(mixed, &token), Some(R::BadSignature));
}

#[test]
fn every_algorithm_verifies_with_its_key() {
    let rsa = EncodingKey::from_rsa_pem(key!("rsa").as_bytes()).unwrap();
    let p256 = EncodingKey::from_ec_pem(key!("p256").as_bytes()).unwrap();
    let p384 = EncodingKey::from_ec_pem(key!("p384").as_bytes()).unwrap();
    let ed = EncodingKey::from_ed_pem(key!("ed25519").as_bytes()).unwrap();
    let hs = EncodingKey::from_secret(SECRET.as_bytes());
    let secret = KeySource::Secret(SECRET.into());
    let pem = |text: &str| KeySource::Pem(text.into());
    use Algorithm::*;
    let rows = [
        (HS256, &hs, secret.clone()),
        (HS384, &hs, secret.clone()),
        (HS512, &hs, secret),
        (RS256, &rsa, pem(key!("rsa.pub"))),
        (RS384, &rsa, pem(key!("rsa.pub"))),
        (RS512, &rsa, pem(key!("rsa.pub"))),
        (PS256, &rsa, pem(key!("rsa.pub"))),
        (PS384, &rsa, pem(key!("rsa.pub"))),
        (PS512, &rsa, pem(key!("rsa.pub"))),
        (ES256, &p256, pem(key!("p256.pub"))),
        (ES384, &p384, pem(key!("p384.pub"))),
        (EdDSA, &ed, pem(key!("ed25519.pub"))),
    ];
    for (algorithm, key, keys) in rows {
        let settings = || JwtSettings {
            keys: keys.clone(),
            algorithms: vec![algorithm],
            ..jwt()
        };
        let token = sign_with(&Header::new(algorithm), &payload(json!({})), key);
        assert_eq!(verdict(settings(), &token), None, "{algorithm:?}");
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let (header, _) = signed.split_once('.').unwrap();
        let other = payload(json!({"room": "*"})).to_string();
        let forged = format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode(other));
        assert_eq!(
            verdict(settings(), &forged),
            Some(R::BadSignature),
            "{algorithm:?}"
        );
    }
}

/// The RSA test key as a JSON Web Key.
fn rsa_jwk(kid: &str) -> Value {
    let rsa = EncodingKey::from_rsa_pem(key!("rsa").as_bytes()).unwrap();
    let jwk = jsonwebtoken::jwk::Jwk::from_encoding_key(&rsa, Algorithm::RS256).unwrap();
    let mut jwk = serde_json::to_value(jwk).unwrap();
    jwk["kid"] = json!(kid);
    jwk
}

fn ec_jwk(kid: Option<&str>) -> Value {
    let key = EncodingKey::from_ec_pem(key!("p256").as_bytes()).unwrap();
    let jwk = jsonwebtoken::jwk::Jwk::from_encoding_key(&key, Algorithm::ES256).unwrap();
    let mut jwk = serde_json::to_value(jwk).unwrap();
    if let Some(kid) = kid {
        jwk["kid"] = json!(kid);
    }
    jwk
}

#[test]
fn a_key_set_is_searched_by_kid_and_else_tried_through() {
    let set = json!({"keys": [
        {"kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA", "kid": "odd"},
        "not even a key",
        rsa_jwk("rsa"),
        ec_jwk(Some("ec")),
    ]});
    let settings = || JwtSettings {
        keys: KeySource::Jwks(set.to_string()),
        algorithms: vec![Algorithm::RS256, Algorithm::ES256],
        ..jwt()
    };
    let p256 = EncodingKey::from_ec_pem(key!("p256").as_bytes()).unwrap();
    for (kid, expected) in [
        (Some("ec"), None),
        (None, None),
        (Some("unknown"), None),
        (Some("rsa"), Some(R::BadSignature)),
    ] {
        let mut header = Header::new(Algorithm::ES256);
        header.kid = kid.map(str::to_owned);
        let token = sign_with(&header, &payload(json!({})), &p256);
        assert_eq!(verdict(settings(), &token), expected, "{kid:?}");
    }
}

#[test]
fn keys_that_cannot_be_used_are_named() {
    let jwks = |set: Value| KeySource::Jwks(set.to_string());
    let pem = |text: &str| KeySource::Pem(text.into());
    let encryption = {
        let mut key = ec_jwk(None);
        key["use"] = json!("enc");
        key
    };
    use Algorithm::*;
    let rows: Vec<(&str, KeySource, Vec<Algorithm>, &str)> = vec![
        (
            "no algorithm",
            KeySource::Secret(b"x".into()),
            vec![],
            "algorithms is empty",
        ),
        (
            "empty secret",
            KeySource::Secret(vec![]),
            vec![HS256],
            "is empty",
        ),
        (
            "secret for RS256",
            KeySource::Secret(b"x".into()),
            vec![RS256],
            "RS256, which a shared secret cannot verify",
        ),
        (
            "RSA for HS256",
            pem(key!("rsa.pub")),
            vec![RS256, HS256],
            "HS256, which an RSA key cannot verify",
        ),
        (
            "P-256 for ES384",
            pem(key!("p256.pub")),
            vec![ES384],
            "ES384, which an EC key cannot verify",
        ),
        (
            "Ed25519 for ES256",
            pem(key!("ed25519.pub")),
            vec![ES256],
            "which an Ed25519 key cannot verify",
        ),
        ("private RSA", pem(key!("rsa")), vec![RS256], "private key"),
        ("private EC", pem(key!("p256")), vec![ES256], "private key"),
        (
            "certificate",
            pem(key!("rsa.cert")),
            vec![RS256],
            "certificate",
        ),
        (
            "short RSA",
            pem(key!("rsa1024.pub")),
            vec![RS256],
            "1024 bits",
        ),
        ("no PEM", pem("hello"), vec![RS256], "not a PEM"),
        (
            "broken PEM",
            pem("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"),
            vec![RS256],
            "not a PEM",
        ),
        (
            "no JSON",
            KeySource::Jwks("x".into()),
            vec![ES256],
            "not a JSON Web Key Set",
        ),
        (
            "no keys",
            jwks(json!({})),
            vec![ES256],
            "not a JSON Web Key Set",
        ),
        (
            "no key",
            jwks(json!({"keys": []})),
            vec![ES256],
            "no key for ES256",
        ),
        (
            "other kind",
            jwks(json!({"keys": [rsa_jwk("a")]})),
            vec![ES256],
            "key a is an RSA key for another algorithm",
        ),
        (
            "encryption",
            jwks(json!({"keys": [encryption]})),
            vec![ES256],
            "key 1 is not for signatures",
        ),
        (
            "empty oct",
            jwks(json!({"keys": [{"kty": "oct", "k": ""}]})),
            vec![HS256],
            "is an empty secret",
        ),
    ];
    for (name, keys, algorithms, words) in rows {
        let settings = settings(
            &[Source::Jwt],
            JwtSettings {
                keys,
                algorithms,
                ..jwt()
            },
        );
        let error = Verifier::new(settings).err().map(|error| error.to_string());
        assert!(
            error.as_ref().is_some_and(|error| error.contains(words)),
            "{name}: {error:?}"
        );
    }
}

#[test]
fn four_tokens_of_a_presence_are_looked_at() {
    let ada = ada();
    let good = sign(&payload(json!({})));
    let at = |count: usize| {
        let mut evidence = with_token(good.clone());
        let bad = std::iter::repeat_n("bad".to_owned(), count);
        evidence.tokens.splice(0..0, bad);
        verifier(jwt()).examine(&evidence, &ada.at(NOW), &mut Bindings::new())
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
    let finding = verifier(jwt()).examine(&with_token(token), &ada().at(NOW), &mut Bindings::new());
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

/// B14: whatever is wrong, neither the token nor its signature is repeated.
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
