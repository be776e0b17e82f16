//! Keys on a server: what is fetched when, and what is believed meanwhile.
#![allow(clippy::unwrap_used)]

use super::testing::*;
use super::*;
use crate::claims::RejectReason as R;
use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};
use std::slice::from_ref;
use std::time::Duration;

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn remote(layout: KeyLayout, algorithms: &[Algorithm]) -> Verifier {
    remote_at("https://hush@id.example/keys", layout, algorithms)
}

fn remote_at(url: &str, layout: KeyLayout, algorithms: &[Algorithm]) -> Verifier {
    let server = KeyServer {
        layout,
        url: url.into(),
        shown: "https://id.example/keys".into(),
    };
    verifier(JwtSettings {
        keys: KeySource::Remote(server),
        algorithms: algorithms.to_vec(),
        ..jwt()
    })
}

fn keys(verifier: &mut Verifier) -> &mut KeyCache {
    verifier.remote_keys_mut().unwrap()
}

/// What begins at `now`, by itself and for those who want `wanted`.
fn begun(verifier: &mut Verifier, wanted: &[KeyName], now: Duration) -> Vec<KeyName> {
    let keys = keys(verifier);
    keys.refresh(now);
    wanted.iter().all(|key| keys.want(key, now));
    std::iter::from_fn(|| keys.start()).collect()
}

fn failed(why: &str) -> Result<&str, FetchFault> {
    Err(FetchFault::Failed(why.to_owned()))
}

fn absent() -> Result<&'static str, FetchFault> {
    Err(FetchFault::Absent("404".to_owned()))
}

fn ec_token(kid: Option<&str>, changes: Value) -> String {
    let key = EncodingKey::from_ec_pem(key!("p256").as_bytes()).unwrap();
    let mut header = Header::new(Algorithm::ES256);
    header.kid = kid.map(str::to_owned);
    sign_with(&header, &payload(changes), &key)
}

fn ec_jwk(kid: &str) -> Value {
    let key = EncodingKey::from_ec_pem(key!("p256").as_bytes()).unwrap();
    let jwk = jsonwebtoken::jwk::Jwk::from_encoding_key(&key, Algorithm::ES256).unwrap();
    let mut jwk = serde_json::to_value(jwk).unwrap();
    jwk["kid"] = json!(kid);
    jwk
}

fn set(keys: &[Value]) -> String {
    json!({"keys": keys}).to_string()
}

const ES: &[Algorithm] = &[Algorithm::ES256];

/// What `who` gets for a token that was first shown at `since`.
fn look(
    verifier: &Verifier,
    bindings: &mut Bindings,
    who: &Who,
    token: &str,
    since: Duration,
) -> Finding {
    let occasion = Occasion {
        since,
        ..who.at(NOW)
    };
    verifier.examine(&with_token(token), &occasion, bindings)
}

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
fn what_a_set_no_longer_has_is_dropped_and_what_is_no_set_changes_nothing() {
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

/// Nobody can sign with what everybody can read.
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

/// A file of one key and the key's own id are as Jitsi has them.
#[test]
fn named_keys_are_kept_refreshed_and_dropped_when_they_are_gone() {
    let mut verifier = remote(KeyLayout::Named, ES);
    let name = KeyName::of_kid("a");
    let wanted = [name.clone()];
    let mut bindings = Bindings::new();
    let token = ec_token(Some("a"), json!({}));
    let finding = look(&verifier, &mut bindings, &ada(), &token, secs(0));
    assert_eq!(finding.rejected, []);
    assert_eq!(
        finding.awaiting.map(|a| (a.key, a.fault)),
        Some((name.clone(), None))
    );
    assert_eq!(begun(&mut verifier, &[], secs(0)), [], "nobody wants any");
    assert_eq!(begun(&mut verifier, &wanted, secs(0)), wanted);
    keys(&mut verifier).arrived(&name, Ok(key!("p256.pub")), secs(1));
    let mut good = |verifier: &Verifier| {
        let finding = look(verifier, &mut bindings, &ada(), &token, secs(0));
        finding.claims.is_some()
    };
    assert!(good(&verifier));
    assert_eq!(begun(&mut verifier, &wanted, secs(3599)), []);
    assert_eq!(begun(&mut verifier, &[], secs(3600)), wanted);
    keys(&mut verifier).arrived(&name, failed("down"), secs(3600));
    assert!(good(&verifier), "kept while the server is down");
    assert_eq!(begun(&mut verifier, &[], secs(3659)), []);
    assert_eq!(begun(&mut verifier, &[], secs(3660)), wanted);
    keys(&mut verifier).arrived(&name, absent(), secs(3661));
    assert!(!good(&verifier), "gone");
}

#[test]
fn that_there_is_no_key_is_believed_for_a_minute_and_a_failure_for_ten_seconds() {
    for (result, pause) in [(absent(), 60), (failed("down"), 10), (Ok("<html>"), 10)] {
        let mut verifier = remote(KeyLayout::Named, ES);
        let name = KeyName::of_kid("a");
        let wanted = [name.clone()];
        assert_eq!(begun(&mut verifier, &wanted, secs(5)), wanted);
        keys(&mut verifier).arrived(&name, result, secs(6));
        let fault = |verifier: &Verifier, since| {
            let token = ec_token(Some("a"), json!({}));
            let finding = look(verifier, &mut Bindings::new(), &ada(), &token, since);
            let refused = finding.rejected.first().map(|(_, reason)| *reason);
            let fault = finding.awaiting.unwrap().fault;
            assert_eq!(refused.is_some(), fault.is_some());
            refused
        };
        assert_eq!(fault(&verifier, secs(5)), Some(R::BadSignature));
        assert_eq!(fault(&verifier, secs(6)), Some(R::BadSignature));
        assert_eq!(fault(&verifier, secs(6 + pause)), None, "to be asked again");
        assert_eq!(keys(&mut verifier).next(secs(6)), Some(secs(6 + pause)));
        assert_eq!(begun(&mut verifier, &wanted, secs(5 + pause)), []);
        assert_eq!(begun(&mut verifier, &wanted, secs(6 + pause)), wanted);
        assert_eq!(fault(&verifier, secs(5)), Some(R::BadSignature), "still");
    }
}

#[test]
fn invented_ids_are_fetched_few_at_once_and_at_a_limited_rate() {
    let mut verifier = remote(KeyLayout::Named, ES);
    let mut total = 0;
    let mut now = secs(0);
    for number in 0.. {
        let wanted: Vec<_> = (0..10)
            .map(|n| KeyName::of_kid(&format!("{number} {n}")))
            .collect();
        let fetches = begun(&mut verifier, &wanted, now);
        assert!(fetches.len() <= 6, "at once");
        assert!(keys(&mut verifier).is_busy());
        total += fetches.len();
        for key in fetches {
            keys(&mut verifier).arrived(&key, absent(), now);
        }
        now += Duration::from_millis(100);
        if now == secs(60) {
            break;
        }
    }
    assert_eq!(total, 40 + 10 * 60 - 1);
    // Somebody turned away has a turn as soon as there is one.
    let next = keys(&mut verifier).next(now).unwrap();
    assert!(next <= now + Duration::from_millis(100), "{next:?}");
}

/// Whoever comes while all turns are taken is asked for all the same, in a lane that
/// has its bounds, too.
#[test]
fn whoever_comes_last_does_not_wait_for_all_before() {
    let mut verifier = remote(KeyLayout::Named, ES);
    let invented: Vec<_> = (0..60).map(|n| KeyName::of_kid(&n.to_string())).collect();
    assert_eq!(begun(&mut verifier, &invented, secs(0)).len(), 6);
    let real = KeyName::of_kid("real");
    let keys = keys(&mut verifier);
    keys.want_newest(&real, secs(0));
    assert_eq!(keys.start(), Some(real));
    let mut total = 1;
    for number in 0..600 {
        let now = Duration::from_millis(number * 100);
        let key = KeyName::of_kid(&format!("new {number}"));
        keys.want_newest(&key, now);
        while let Some(key) = keys.start() {
            total += 1;
            keys.arrived(&key, absent(), now);
        }
    }
    assert_eq!(total, 4 + 4 * 60 - 1);
}

/// However many invented ids wait, a key that is here is refreshed first.
#[test]
fn keys_that_are_here_are_refreshed_before_others_are_fetched() {
    let mut verifier = remote(KeyLayout::Named, ES);
    let name = KeyName::of_kid("a");
    begun(&mut verifier, from_ref(&name), secs(0));
    keys(&mut verifier).arrived(&name, Ok(key!("p256.pub")), secs(0));
    let invented: Vec<_> = (0..50).map(|n| KeyName::of_kid(&n.to_string())).collect();
    let fetches = begun(&mut verifier, &invented, secs(3600));
    assert_eq!(fetches.len(), 6);
    assert_eq!(fetches[0], name);
}

#[test]
fn a_limited_number_of_keys_is_kept() {
    let mut verifier = remote(KeyLayout::Named, ES);
    let mut now = secs(0);
    for number in 0..200 {
        let name = KeyName::of_kid(&number.to_string());
        assert_eq!(begun(&mut verifier, from_ref(&name), now), from_ref(&name));
        keys(&mut verifier).arrived(&name, Ok(key!("p256.pub")), now);
        now += secs(1);
    }
    let known = |verifier: &Verifier, number: u32| {
        let token = ec_token(Some(&number.to_string()), json!({}));
        look(verifier, &mut Bindings::new(), &ada(), &token, now)
            .claims
            .is_some()
    };
    let kept: Vec<u32> = (0..200)
        .filter(|number| known(&verifier, *number))
        .collect();
    assert_eq!(kept, (72..200).collect::<Vec<_>>());
}

#[test]
fn a_token_without_kid_has_no_named_key() {
    let verifier = remote(KeyLayout::Named, ES);
    let token = ec_token(None, json!({}));
    let finding = look(&verifier, &mut Bindings::new(), &ada(), &token, secs(0));
    assert_eq!(refusal(&finding), Some(R::BadSignature));
    assert_eq!(finding.awaiting, None);
    let inspection = verifier.inspect(&token, None, NOW).unwrap();
    let words = inspection.faults().next().unwrap().to_string();
    assert!(words.contains("no kid"), "{words}");
}

/// What would be refused anyway makes nobody ask a server.
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
    let counts = |verifier: &Verifier, bindings: &mut Bindings, who: &Who, token: &str| {
        look(verifier, bindings, who, token, secs(0))
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
fn an_unverified_token_is_kept_for_whom_showed_it_first() {
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
