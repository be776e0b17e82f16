//! Helpers that the tests of this folder share: keys, tokens, occasions.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::muc::{Nick, OccupantJid, RealJid, RoomJid};
use crate::stanza::{Bridge, Evidence};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{KeyInit, Mac};
use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};
use std::time::Duration;

pub(super) const NOW: u64 = 1_700_000_000;
pub(super) const SECRET: &str = "a secret of the issuer, for tests";
pub(super) const STREAM: &str = "stream-1";
pub(super) const COMPONENT_SECRET: &str = "component secret";

macro_rules! key {
    ($name:literal) => {
        include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/keys/",
            $name,
            ".pem"
        ))
    };
}
pub(super) use key;

/// `[claims.jwt]` with one shared secret and the defaults of the configuration.
pub(super) fn jwt() -> JwtSettings {
    JwtSettings {
        keys: KeySource::Secret(SECRET.into()),
        algorithms: vec![Algorithm::HS256],
        verify_tenant: true,
        require_exp: false,
        issuers: vec!["jitsi".into()],
        audiences: vec!["jitsi".into()],
        leeway: Duration::from_secs(30),
    }
}

pub(super) fn settings(sources: &[Source], jwt: JwtSettings) -> Settings {
    Settings {
        sources: sources.to_vec(),
        trusted_domains: vec!["meet.jitsi".into()],
        bridge_secret: COMPONENT_SECRET.into(),
        verify_tenant: true,
        jwt: Some(jwt),
    }
}

pub(super) fn verifier(jwt: JwtSettings) -> Verifier {
    let sources = [Source::Bridge, Source::Jwt, Source::Identity];
    Verifier::new(settings(&sources, jwt)).unwrap_or_else(|error| panic!("{error}"))
}

/// A payload that passes, with `changes` laid over it; null removes a claim.
pub(super) fn payload(changes: Value) -> Value {
    let mut payload = json!({
        "iss": "jitsi",
        "aud": "jitsi",
        "room": "class",
        "exp": NOW + 3600,
        "context": {"user": {"name": "Ada", "id": "u-1", "moderator": true}},
    });
    let object = payload.as_object_mut().unwrap();
    for (key, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(object.remove(key)),
            value => drop(object.insert(key.clone(), value.clone())),
        }
    }
    payload
}

pub(super) fn sign_with(header: &Header, payload: &Value, key: &EncodingKey) -> String {
    jsonwebtoken::encode(header, payload, key).unwrap()
}

pub(super) fn sign(payload: &Value) -> String {
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    sign_with(&Header::new(Algorithm::HS256), payload, &key)
}

pub(super) fn with_token(token: impl Into<String>) -> Evidence {
    Evidence {
        tokens: vec![token.into()],
        ..Evidence::default()
    }
}

/// Somebody who shows something somewhere; [`Who::at`] makes an [`Occasion`] of it.
#[derive(Clone)]
pub(super) struct Bearer {
    pub real: RealJid,
    pub occupant: OccupantJid,
    pub room: RoomJid,
    pub listed: bool,
}

pub(super) fn bearer(real: &str, room: &str) -> Bearer {
    let room = RoomJid::parse(room).unwrap();
    Bearer {
        real: RealJid::parse(real).unwrap(),
        occupant: OccupantJid {
            room: room.clone(),
            nick: Nick::new("nick"),
        },
        room,
        listed: false,
    }
}

pub(super) fn ada() -> Bearer {
    bearer("ada@meet.jitsi/one", "class@muc.meet.jitsi")
}

pub(super) fn eve() -> Bearer {
    bearer("eve@meet.jitsi/two", "class@muc.meet.jitsi")
}

impl Bearer {
    pub fn listed(mut self) -> Self {
        self.listed = true;
        self
    }

    pub fn at(&self, now: u64) -> Occasion<'_> {
        Occasion {
            stream_id: STREAM,
            real: &self.real,
            occupant: &self.occupant,
            room: &self.room,
            listed: self.listed,
            since: Duration::ZERO,
            shown: now,
            now,
        }
    }
}

/// The mac that the module writes, by its description: SPEC section 3.
pub(super) fn mac(secret: &str, parts: [&str; 4]) -> String {
    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(parts.join("\n").as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

/// Evidence with the module's claims for `who`.
pub(super) fn bridged(bearer: &Bearer, json: &str) -> Evidence {
    let occupant = bearer.occupant.to_string();
    let parts = [STREAM, bearer.real.as_str(), &occupant, json];
    Evidence {
        bridge: Some(Bridge {
            mac: mac(COMPONENT_SECRET, parts),
            json: json.to_owned(),
            ..Bridge::default()
        }),
        ..Evidence::default()
    }
}

/// The reason a single piece of evidence was refused for, or `None` if it yielded claims.
pub(super) fn refusal(finding: &Finding) -> Option<RejectReason> {
    match (&finding.claims, finding.rejected.as_slice()) {
        (Some(_), []) => None,
        (None, [(_, reason)]) => Some(*reason),
        other => panic!("neither claims nor one refusal: {other:?}"),
    }
}

/// The verdict on `token`, shown by Ada for the first time; an inspection must find the
/// same.
pub(super) fn verdict(jwt: JwtSettings, token: &str) -> Option<RejectReason> {
    let (ada, verifier) = (ada(), verifier(jwt));
    let finding = verifier.verify(&with_token(token), &ada.at(NOW), &mut Bindings::new());
    let refusal = refusal(&finding);
    let inspection = verifier.inspect(token, Some(&ada.room), NOW).unwrap();
    assert_eq!(inspection.reason(), refusal, "inspection and verification");
    assert_eq!(inspection.claims, finding.claims.map(|(_, claims)| claims));
    refusal
}

/// A token whose header says `alg`, signed with the shared secret or not at all.
pub(super) fn forged(alg: Value, signature: &str) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = encode(&json!({"alg": alg, "typ": "JWT"}));
    format!("{header}.{}.{signature}", encode(&payload(json!({}))))
}
