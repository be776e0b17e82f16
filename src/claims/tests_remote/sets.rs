//! A set of keys at one address: its fetches, and the tokens it verifies.

use super::*;

#[test]
fn a_set_is_fetched_first_every_hour_and_for_unknown_keys_once_a_minute() {
    let mut verifier = remote(KeyLayout::Set, ES);
    let set_once = [KeyName::Set];
    assert_eq!(begun(&mut verifier, &[], secs(0)), set_once);
    assert_eq!(begun(&mut verifier, &[], secs(1)), [], "under way");
    let text = set(&[ec_jwk("a")]);
    let news = keys(&mut verifier).arrived(&KeyName::Set, Ok(&text), secs(1));
    let (first, usable, skipped) = (true, 1, Vec::new());
    let expected = KeyNews::Fetched {
        first,
        usable,
        skipped,
    };
    assert_eq!(news, expected);
    assert_eq!(keys(&mut verifier).next(secs(1)), Some(secs(3600)));
    assert_eq!(begun(&mut verifier, &[], secs(3599)), []);
    assert_eq!(begun(&mut verifier, &[], secs(3600)), set_once);
    keys(&mut verifier).arrived(&KeyName::Set, Ok(&text), secs(3601));
    // For those with unknown keys, however many.
    let mut fetches = Vec::new();
    for now in 3602..4200 {
        for _ in begun(&mut verifier, &set_once, secs(now)) {
            fetches.push(now);
            keys(&mut verifier).arrived(&KeyName::Set, Ok(&text), secs(now));
        }
    }
    let expected: Vec<u64> = (3602..4200).step_by(60).collect();
    assert_eq!(fetches, expected);
}

#[test]
fn a_set_whose_server_fails_is_asked_again_with_growing_pauses() {
    let mut verifier = remote(KeyLayout::Set, ES);
    let mut now = secs(0);
    let mut pauses = Vec::new();
    for first in [true].into_iter().chain([false; 9]) {
        assert_eq!(begun(&mut verifier, &[KeyName::Set], now), [KeyName::Set]);
        let news = keys(&mut verifier).arrived(&KeyName::Set, failed("down"), now);
        let why = "down".to_owned();
        assert_eq!(news, KeyNews::Failed { why, first });
        let next = keys(&mut verifier).next(now).unwrap();
        pauses.push((next - now).as_secs());
        assert_eq!(begun(&mut verifier, &[KeyName::Set], next - secs(1)), []);
        now = next;
    }
    assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60, 60, 60]);
}

#[test]
fn a_fetch_that_nobody_ends_is_begun_again() {
    for layout in [KeyLayout::Set, KeyLayout::Named] {
        let mut verifier = remote(layout, ES);
        let key = match layout {
            KeyLayout::Set => KeyName::Set,
            KeyLayout::Named => KeyName::of_kid("a"),
        };
        let wanted = [key];
        assert_eq!(begun(&mut verifier, &wanted, secs(0)), wanted);
        assert_eq!(begun(&mut verifier, &wanted, secs(29)), []);
        assert_eq!(begun(&mut verifier, &wanted, secs(30)), wanted);
    }
}

#[test]
fn a_key_set_drops_old_keys_and_ignores_answers_that_are_no_set() {
    let mut verifier = remote(KeyLayout::Set, ES);
    let mut bindings = Bindings::new();
    let mut verdict = |verifier: &Verifier, kid| {
        let token = ec_token(Some(kid), json!({}));
        let finding = look(verifier, &mut bindings, &ada(), &token, secs(9));
        (finding.claims.is_some(), finding.awaiting.is_some())
    };
    let arrives = |verifier: &mut Verifier, text: &str| {
        keys(verifier).arrived(&KeyName::Set, Ok(text), secs(1))
    };
    let (good, unknown) = ((true, false), (false, true));
    assert_eq!(verdict(&verifier, "a"), unknown);
    arrives(&mut verifier, &set(&[ec_jwk("a")]));
    assert_eq!(verdict(&verifier, "a"), good);
    for odd in ["", "<html>", "{}", "[]", "{\"keys\": 1}", "null"] {
        let news = arrives(&mut verifier, odd);
        assert!(matches!(news, KeyNews::Failed { .. }), "{odd}");
        assert_eq!(verdict(&verifier, "a"), good, "{odd}");
    }
    arrives(&mut verifier, &set(&[ec_jwk("b")]));
    assert_eq!(verdict(&verifier, "b"), good);
    let news = arrives(
        &mut verifier,
        &set(&[json!({"kty": "oct", "k": "AAAA", "kid": "b"})]),
    );
    let KeyNews::Fetched {
        usable: 0, skipped, ..
    } = news
    else {
        panic!("{news:?}");
    };
    assert!(skipped[0].contains("shared secret"), "{skipped:?}");
    assert_eq!(verdict(&verifier, "c"), unknown);
}

/// Nobody can sign with a key that everybody can read.
#[test]
fn a_shared_secret_of_a_server_verifies_nothing() {
    let algorithms = [Algorithm::HS256, Algorithm::ES256];
    let mut verifier = remote(KeyLayout::Set, &algorithms);
    let oct = json!({"kty": "oct", "kid": "a", "k": "AAAA"});
    keys(&mut verifier).arrived(&KeyName::Set, Ok(&set(&[oct, ec_jwk("b")])), secs(1));
    let mut header = Header::new(Algorithm::HS256);
    header.kid = Some("a".to_owned());
    let key = EncodingKey::from_secret(&[0, 0, 0]);
    let forged = sign_with(&header, &payload(json!({})), &key);
    let mut bindings = Bindings::new();
    let finding = look(&verifier, &mut bindings, &ada(), &forged, secs(0));
    assert_eq!(refusal(&finding), Some(R::BadSignature));
}

#[test]
fn a_token_is_tried_with_a_limited_number_of_keys() {
    let mut verifier = remote(KeyLayout::Set, ES);
    let other = |number: u32| {
        use p256::pkcs8::EncodePrivateKey;
        let secret = p256::SecretKey::from_slice(&[u8::try_from(number).unwrap(); 32]).unwrap();
        let key = EncodingKey::from_ec_der(secret.to_pkcs8_der().unwrap().as_bytes());
        let jwk = jsonwebtoken::jwk::Jwk::from_encoding_key(&key, Algorithm::ES256).unwrap();
        let mut jwk = serde_json::to_value(jwk).unwrap();
        jwk["kid"] = json!(number.to_string());
        jwk
    };
    let token = ec_token(None, json!({}));
    for (before, verified) in [(15, true), (16, false)] {
        let mut all: Vec<Value> = (1..=before).map(other).collect();
        all.push(ec_jwk("last"));
        keys(&mut verifier).arrived(&KeyName::Set, Ok(&set(&all)), secs(1));
        let finding = look(&verifier, &mut Bindings::new(), &ada(), &token, secs(0));
        assert_eq!(finding.claims.is_some(), verified, "after {before} others");
    }
}
