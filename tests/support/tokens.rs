//! Tokens as a Jitsi deployment signs them.

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU32, Ordering};

/// `claims` completed by the claims that every token has (`iss`, `aud`, `sub`, `room`) and
/// by an own `jti`, so that no two tokens are the same.
pub fn complete(claims: Value) -> Value {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let jti = NEXT.fetch_add(1, Ordering::Relaxed);
    let mut all = json!({
        "iss": "jitsi", "aud": "jitsi", "sub": "*", "room": "*",
        "jti": format!("{}-{jti}", std::process::id()),
    });
    let (Value::Object(all_members), Value::Object(own)) = (&mut all, claims) else {
        panic!("claims are an object");
    };
    all_members.extend(own);
    all
}

/// A token with exactly these claims, signed with the usual key.
pub fn sign(claims: &Value) -> String {
    sign_with(claims, Algorithm::HS256, super::JWT_SECRET.as_bytes())
}

/// A token with exactly these claims, signed by HMAC with a key.
pub fn sign_with(claims: &Value, algorithm: Algorithm, secret: &[u8]) -> String {
    let key = EncodingKey::from_secret(secret);
    encode(&Header::new(algorithm), claims, &key).expect("claims can be signed")
}

/// A good token: `claims`, completed.
pub fn token(claims: Value) -> String {
    sign(&complete(claims))
}

/// The presence child that carries a token.
pub fn jwt(token: &str) -> String {
    format!("<jwt xmlns='urn:test'>{token}</jwt>")
}

/// The presence child that carries a display name (XEP-0172).
pub fn nick(name: &str) -> String {
    let name = super::xml::escape(name);
    format!("<nick xmlns='http://jabber.org/protocol/nick'>{name}</nick>")
}

/// Claims of a moderator by token.
pub fn teacher(name: &str) -> Value {
    json!({ "context": { "user": { "id": name, "name": name, "moderator": true } } })
}

/// Claims of a person whose token says that it is no moderator.
pub fn student(name: &str) -> Value {
    json!({ "context": { "user": { "id": name, "name": name, "moderator": "false" } } })
}
