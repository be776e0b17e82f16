//! Keys on a server. This file holds the helpers that the tests of the three files share.
#![allow(clippy::unwrap_used)]

mod awaited;
mod named;
mod sets;

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

/// The fetches that begin at `now`, by themselves and for the people who want `wanted`.
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

/// The verdict on `who` for a token that was first shown at `since`.
fn look(
    verifier: &Verifier,
    bindings: &mut Bindings,
    bearer: &Bearer,
    token: &str,
    since: Duration,
) -> Finding {
    let occasion = Occasion {
        since,
        ..bearer.at(NOW)
    };
    verifier.verify(&with_token(token), &occasion, bindings)
}
