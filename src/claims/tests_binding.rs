//! Copied tokens: the first bare JID has them.
#![allow(clippy::unwrap_used)]

use super::testing::*;
use super::*;
use RejectReason as R;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{EncodingKey, Header};
use serde_json::json;

fn show(bindings: &mut Bindings, bearer: &Bearer, token: &str, now: u64) -> Option<R> {
    refusal(&verifier(jwt()).verify(&with_token(token), &bearer.at(now), bindings))
}

/// Bindings as they are after a restart.
fn restarted(bindings: &Bindings) -> Bindings {
    let state = serde_json::to_string(bindings).unwrap();
    serde_json::from_str(&state).unwrap()
}

#[test]
fn a_token_is_its_first_bearers() {
    let token = sign(&payload(json!({})));
    let mut bindings = Bindings::new();
    assert_eq!(show(&mut bindings, &ada(), &token, NOW), None);
    assert_eq!(show(&mut bindings, &eve(), &token, NOW), Some(R::Replayed));
    let other_session = bearer("ada@meet.jitsi/phone", "class@muc.meet.jitsi");
    assert_eq!(show(&mut bindings, &other_session, &token, NOW), None);
    let mut bindings = restarted(&bindings);
    assert_eq!(show(&mut bindings, &eve(), &token, NOW), Some(R::Replayed));
    assert_eq!(show(&mut bindings, &ada(), &token, NOW), None);
}

#[test]
fn exp_is_asked_of_new_bearers_only() {
    let token = sign(&payload(json!({})));
    let later = NOW + 3600 + 30;
    let mut bindings = Bindings::new();
    assert_eq!(show(&mut bindings, &ada(), &token, later), Some(R::Expired));
    assert!(bindings.is_empty(), "an expired token is nobody's");
    assert_eq!(show(&mut bindings, &ada(), &token, later - 1), None);
    assert_eq!(show(&mut bindings, &ada(), &token, later + 1000), None);
    assert_eq!(
        show(&mut bindings, &eve(), &token, later),
        Some(R::Replayed)
    );
    let mut bindings = restarted(&bindings);
    assert_eq!(show(&mut bindings, &ada(), &token, later), None);
}

/// Shown in the wrong room or too early, a token has been seen by others.
#[test]
fn a_genuine_token_is_bound_with_any_other_fault() {
    let elsewhere = bearer("ada@meet.jitsi/one", "exam@muc.meet.jitsi");
    let token = sign(&payload(json!({})));
    let mut bindings = Bindings::new();
    assert_eq!(show(&mut bindings, &elsewhere, &token, NOW), Some(R::Room));
    assert_eq!(show(&mut bindings, &eve(), &token, NOW), Some(R::Replayed));
    assert_eq!(show(&mut bindings, &ada(), &token, NOW), None);

    let early = sign(&payload(json!({"nbf": NOW + 100})));
    assert_eq!(show(&mut bindings, &ada(), &early, NOW), Some(R::NotYet));
    assert_eq!(
        show(&mut bindings, &eve(), &early, NOW + 100),
        Some(R::Replayed)
    );
}

#[test]
fn a_second_token_of_a_presence_is_bound_too() {
    let tokens = [payload(json!({})), payload(json!({"room": "*"}))].map(|p| sign(&p));
    let mut evidence = with_token(tokens[0].clone());
    evidence.tokens.push(tokens[1].clone());
    let mut bindings = Bindings::new();
    let ada = ada();
    let finding = verifier(jwt()).verify(&evidence, &ada.at(NOW), &mut bindings);
    assert_eq!(finding.token, Some(Token::parse(&tokens[0]).unwrap().id()));
    assert_eq!(
        show(&mut bindings, &eve(), &tokens[1], NOW),
        Some(R::Replayed)
    );
}

#[test]
fn a_malleated_signature_is_the_same_token() {
    let jwt = || JwtSettings {
        keys: KeySource::Pem(key!("p256.pub").into()),
        algorithms: vec![Algorithm::ES256],
        ..jwt()
    };
    let key = EncodingKey::from_ec_pem(key!("p256").as_bytes()).unwrap();
    let token = sign_with(&Header::new(Algorithm::ES256), &payload(json!({})), &key);
    let twin = malleated(&token);
    assert_ne!(token, twin);

    let (ada, eve) = (ada(), eve());
    let verifier = verifier(jwt());
    // The twin is as genuine as the token …
    let finding = verifier.verify(&with_token(&twin), &ada.at(NOW), &mut Bindings::new());
    assert_eq!(refusal(&finding), None);
    // … and a bearer who has changed it has not got another one.
    let mut bindings = Bindings::new();
    let finding = verifier.verify(&with_token(&token), &ada.at(NOW), &mut bindings);
    assert_eq!(refusal(&finding), None);
    let finding = verifier.verify(&with_token(&twin), &eve.at(NOW), &mut bindings);
    assert_eq!(refusal(&finding), Some(R::Replayed));
    let finding = verifier.verify(&with_token(&twin), &ada.at(NOW), &mut bindings);
    assert_eq!(refusal(&finding), None);
}

/// The other signature that ECDSA has for the same message: s → n − s.
fn malleated(token: &str) -> String {
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let signature = p256::ecdsa::Signature::from_slice(&bytes).unwrap();
    let (r, s) = signature.split_scalars();
    let twin = p256::ecdsa::Signature::from_scalars(r, -*s).unwrap();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(twin.to_bytes()))
}

#[test]
fn two_bearers_found_at_once_both_lack_the_token() {
    let token = sign(&payload(json!({})));
    let id = Token::parse(&token).unwrap().id();
    let mut bindings = Bindings::new();
    assert_eq!(show(&mut bindings, &ada().listed(), &token, NOW), None);
    assert!(bindings.take_contested().is_empty());
    assert_eq!(
        show(&mut bindings, &eve().listed(), &token, NOW),
        Some(R::Replayed)
    );
    assert_eq!(bindings.take_contested(), [(id, ada().real.bare())]);
    assert!(bindings.take_contested().is_empty());
    bindings.settle(&ada().room);
    let mut after = restarted(&bindings);
    for bindings in [&mut bindings, &mut after] {
        assert_eq!(show(bindings, &ada(), &token, NOW), Some(R::Replayed));
        assert_eq!(show(bindings, &eve(), &token, NOW), Some(R::Replayed));
    }
}

#[test]
fn a_list_read_to_its_end_settles_its_tokens() {
    let token = sign(&payload(json!({})));
    let mut bindings = Bindings::new();
    assert_eq!(show(&mut bindings, &ada().listed(), &token, NOW), None);
    // Settling another room changes nothing; somebody who joins now is no rival.
    bindings.settle(&bearer("x@y/z", "exam@muc.meet.jitsi").room);
    assert_eq!(show(&mut bindings, &eve(), &token, NOW), Some(R::Replayed));
    assert!(bindings.take_contested().is_empty());
    assert!(
        restarted(&bindings).is_empty(),
        "provisional bindings are not kept"
    );
    bindings.settle(&ada().room);
    assert_eq!(
        show(&mut bindings, &eve().listed(), &token, NOW),
        Some(R::Replayed)
    );
    assert!(bindings.take_contested().is_empty());
    assert_eq!(show(&mut restarted(&bindings), &ada(), &token, NOW), None);
    // A token that was settled earlier is not contested by a later list.
    assert_eq!(show(&mut bindings, &ada().listed(), &token, NOW), None);
}

#[test]
fn lists_of_two_rooms_can_contest_one_token() {
    let token = sign(&payload(json!({"room": "*"})));
    let mut bindings = Bindings::new();
    let elsewhere = bearer("eve@meet.jitsi/two", "exam@muc.meet.jitsi").listed();
    assert_eq!(show(&mut bindings, &ada().listed(), &token, NOW), None);
    assert_eq!(
        show(&mut bindings, &elsewhere, &token, NOW),
        Some(R::Replayed)
    );
    bindings.settle_all();
    assert_eq!(show(&mut bindings, &ada(), &token, NOW), Some(R::Replayed));
}

#[test]
fn tokens_are_forgotten_when_nobody_can_use_them() {
    let mut bindings = Bindings::new();
    let token = sign(&payload(json!({})));
    let eternal = sign(&payload(json!({"exp": null})));
    show(&mut bindings, &ada(), &token, NOW);
    show(&mut bindings, &ada(), &eternal, NOW);
    let over = NOW + 3600 + 30 + 24 * 3600;
    let revision = bindings.revision();
    bindings.expire(over - 1, |_| false);
    bindings.expire(over, |_| true);
    assert_eq!((bindings.len(), bindings.revision()), (2, revision));
    bindings.expire(over, |_| false);
    assert_eq!(bindings.len(), 1);
    assert_ne!(bindings.revision(), revision);
    assert_eq!(show(&mut bindings, &ada(), &token, over), Some(R::Expired));
    assert_eq!(
        show(&mut bindings, &eve(), &eternal, over),
        Some(R::Replayed)
    );
}

#[test]
fn a_full_memory_refuses_new_tokens_and_forgets_past_ones_first() {
    let records: Vec<_> = (0..MAX_BINDINGS)
        .map(|n| {
            let token = TokenId::of(&n.to_string()).to_string();
            match n {
                0 => json!({"token": token, "jid": "x@y", "until": NOW + 10}),
                _ => json!({"token": token, "jid": "x@y"}),
            }
        })
        .collect();
    let mut bindings: Bindings = serde_json::from_value(records.into()).unwrap();
    assert!(bindings.is_full());
    let token = sign(&payload(json!({})));
    assert_eq!(show(&mut bindings, &ada(), &token, NOW), Some(R::Replayed));
    assert_eq!(show(&mut bindings, &ada(), &token, NOW + 10), None);
    assert!(bindings.is_full());
}

#[test]
fn a_broken_state_file_is_an_error() {
    for state in [
        r#"[{"token": "abcd", "jid": "a@b"}]"#,
        r#"[{"token": 1}]"#,
        r#"{"a": 1}"#,
        r#"[{"jid": "a@b"}]"#,
    ] {
        assert!(serde_json::from_str::<Bindings>(state).is_err(), "{state}");
    }
}
