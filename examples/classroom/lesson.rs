//! The place of the lesson, read from gavel's own configuration so that both speak of the
//! same room and key; and the presence that people send.

use super::support::xml::escape;
use gavel::config::{self, KeySource};
use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::{Value, json};
use std::path::Path;

/// The place of the lesson.
pub struct Lesson {
    /// The room.
    pub room: String,
    /// The host whose users the people are.
    pub host: String,
    /// The JID that stands in for the focus.
    pub focus: String,
    key: EncodingKey,
}

impl Lesson {
    /// Reads gavel's configuration file.
    pub fn read(file: &str) -> Result<Self, String> {
        let loaded = config::load(Some(Path::new(file)));
        let config = loaded.map_err(|invalid| invalid.to_string())?.config;
        let Some(KeySource::Secret(secret)) = config.claims.jwt.map(|jwt| jwt.key) else {
            return Err(format!("{file}: claims.jwt needs a secret to sign with"));
        };
        // Every configuration that loads has a service.
        let service = &config.muc[0].domain;
        let host = service.split_once('.').map_or("", |(_, parent)| parent);
        Ok(Self {
            room: format!("lesson@{service}"),
            host: host.to_owned(),
            focus: format!("focus@auth.{host}"),
            key: EncodingKey::from_secret(secret.expose()),
        })
    }

    /// The presence child that carries a token with this `context.user`.
    pub fn token(&self, user: &Value) -> String {
        let claims = json!({
            "iss": "jitsi", "aud": "jitsi", "sub": "*", "room": "lesson",
            "context": {"user": user},
        });
        // HS256, as `gavel token sign` does it.
        let token = encode(&Header::default(), &claims, &self.key);
        let token = token.expect("an object can be signed with a secret");
        format!("<jwt xmlns='urn:example:token'>{token}</jwt>")
    }
}

/// The presence child that shows a display name (XEP-0172).
pub fn display_name(name: &str) -> String {
    format!(
        "<nick xmlns='http://jabber.org/protocol/nick'>{}</nick>",
        escape(name)
    )
}
