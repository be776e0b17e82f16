//! Tokens whose key is awaited, and the words for a server's fault.

use super::*;

/// A token that would be refused anyway makes nobody ask a server.
#[test]
fn a_token_that_fails_otherwise_waits_for_no_key() {
    for layout in [KeyLayout::Set, KeyLayout::Named] {
        let verifier = remote(layout, ES);
        for (changes, reason) in [
            (json!({"exp": NOW - 31}), R::Expired),
            (json!({"nbf": NOW + 31}), R::NotYet),
            (json!({"iss": "other"}), R::Issuer),
            (json!({"aud": "other"}), R::Audience),
            (json!({"room": "other"}), R::Room),
        ] {
            let token = ec_token(Some("a"), changes);
            let finding = look(&verifier, &mut Bindings::new(), &ada(), &token, secs(0));
            assert_eq!(refusal(&finding), Some(reason));
            assert_eq!(finding.awaiting, None);
        }
    }
}

/// Tokens that gavel has verified for this bearer count while a server is asked,
/// also after a restart, as long as it does not say that the key is gone.
#[test]
fn a_token_known_to_be_genuine_counts_while_its_key_is_awaited() {
    let mut verifier = remote(KeyLayout::Named, ES);
    let name = KeyName::of_kid("a");
    begun(&mut verifier, from_ref(&name), secs(0));
    keys(&mut verifier).arrived(&name, Ok(key!("p256.pub")), secs(0));
    let mut bindings = Bindings::new();
    let token = ec_token(Some("a"), json!({}));
    let counts = |verifier: &Verifier, bindings: &mut Bindings, bearer: &Bearer, token: &str| {
        look(verifier, bindings, bearer, token, secs(0))
            .claims
            .is_some()
    };
    assert!(counts(&verifier, &mut bindings, &ada(), &token));
    let text = serde_json::to_string(&bindings).unwrap();
    let mut bindings: Bindings = serde_json::from_str(&text).unwrap();
    let mut verifier = remote(KeyLayout::Named, ES);
    assert!(counts(&verifier, &mut bindings, &ada(), &token));
    assert!(!counts(&verifier, &mut bindings, &eve(), &token));
    let other = ec_token(Some("a"), json!({"jti": "other"}));
    assert!(!counts(&verifier, &mut bindings, &ada(), &other));
    begun(&mut verifier, from_ref(&name), secs(0));
    keys(&mut verifier).arrived(&name, failed("down"), secs(0));
    assert!(counts(&verifier, &mut bindings, &ada(), &token));
    begun(&mut verifier, from_ref(&name), secs(10));
    keys(&mut verifier).arrived(&name, absent(), secs(10));
    assert!(!counts(&verifier, &mut bindings, &ada(), &token));
}

#[test]
fn an_unverified_token_is_kept_for_its_first_bearer() {
    let mut verifier = remote(KeyLayout::Named, ES);
    let name = KeyName::of_kid("a");
    let token = ec_token(Some("a"), json!({}));
    let (signed, _) = token.rsplit_once('.').unwrap();
    let forged = format!("{signed}.AAAA");
    let mut bindings = Bindings::new();
    // A guess at somebody's token, without its signature, takes nothing away …
    look(&verifier, &mut bindings, &eve(), &forged, secs(0));
    look(&verifier, &mut bindings, &ada(), &token, secs(0));
    begun(&mut verifier, from_ref(&name), secs(0));
    keys(&mut verifier).arrived(&name, Ok(key!("p256.pub")), secs(0));
    let finding = look(&verifier, &mut bindings, &eve(), &forged, secs(0));
    assert_eq!(refusal(&finding), Some(R::BadSignature));
    let finding = look(&verifier, &mut bindings, &ada(), &token, secs(0));
    assert!(finding.claims.is_some());
    // … and a copy gives nothing, though its first bearer is gone.
    let verifier_without = remote(KeyLayout::Named, ES);
    let mut bindings = Bindings::new();
    look(&verifier_without, &mut bindings, &ada(), &token, secs(0));
    let finding = look(&verifier, &mut bindings, &eve(), &token, secs(0));
    assert_eq!(refusal(&finding), Some(R::Replayed));
}

#[test]
fn keys_outlive_a_configuration_that_is_read_again() {
    let token = ec_token(Some("a"), json!({}));
    let url = "https://hush@id.example/keys";
    for (other, layout, algorithms, kept) in [
        (url, KeyLayout::Set, ES, true),
        ("https://id.example/keys", KeyLayout::Set, ES, false),
        (url, KeyLayout::Named, ES, false),
        (
            url,
            KeyLayout::Set,
            &[Algorithm::RS256, Algorithm::ES256],
            false,
        ),
    ] {
        let mut old = remote(KeyLayout::Set, ES);
        keys(&mut old).arrived(&KeyName::Set, Ok(&set(&[ec_jwk("a")])), secs(0));
        let mut new = remote_at(other, layout, algorithms);
        new.keep_keys(&mut old);
        let finding = look(&new, &mut Bindings::new(), &ada(), &token, secs(0));
        assert_eq!(finding.claims.is_some(), kept);
    }
}

#[test]
fn b14_a_fault_shows_the_server_without_its_credentials() {
    let mut verifier = remote(KeyLayout::Set, ES);
    let token = ec_token(Some("a"), json!({}));
    let words = |verifier: &Verifier| {
        let inspection = verifier.inspect(&token, None, NOW).unwrap();
        assert_eq!(inspection.reason(), Some(R::BadSignature));
        inspection.faults().next().unwrap().to_string()
    };
    assert!(
        words(&verifier).ends_with("from https://id.example/keys: it has not been fetched yet")
    );
    begun(&mut verifier, &[], secs(0));
    keys(&mut verifier).arrived(&KeyName::Set, failed("it is down"), secs(0));
    assert!(words(&verifier).ends_with("from https://id.example/keys: it is down"));
    assert_eq!(
        format!("{:?}", keys(&mut verifier)),
        "KeyCache(https://id.example/keys)"
    );
}
