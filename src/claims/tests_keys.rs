//! Source jwt: signatures, and the keys they are verified with.
#![allow(clippy::unwrap_used)]

use super::testing::*;
use super::*;
use RejectReason as R;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};

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

/// A public key is no secret: somebody who has it must not sign with it.
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
