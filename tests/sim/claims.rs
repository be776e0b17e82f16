//! Tokens of simulated people, as a JWT in presence and as the module's claims.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gavel::claims::{
    Algorithm, JwtSettings, KeySource, Settings as ClaimsSettings, Source, Verifier,
};
use gavel::stanza::{Bridge, Evidence};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::time::Duration;

const COMPONENT_SECRET: &[u8] = b"a component secret";
const TOKEN_SECRET: &[u8] = b"a token secret that is long enough for HS256";

/// A token's statement about its bearer, by the preset's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `affiliation: owner`
    Owner,
    /// `moderator: "false"`: claims, but none to moderate by.
    Member,
}

/// One token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    pub kind: Kind,
    /// `context.user.id`
    pub user: Option<String>,
    /// `context.user.name`
    pub name: Option<String>,
    /// `exp`, in seconds since 1970.
    pub exp: Option<u64>,
    /// `context.features`
    pub features: Vec<(&'static str, bool)>,
    /// Tells tokens apart that say the same.
    pub serial: u32,
}

impl Ticket {
    pub fn new(kind: Kind, serial: u32) -> Self {
        let (user, name, exp) = (None, None, None);
        Self {
            kind,
            user,
            name,
            exp,
            features: Vec::new(),
            serial,
        }
    }

    pub fn feature(mut self, name: &'static str, allowed: bool) -> Self {
        self.features.push((name, allowed));
        self
    }

    pub fn user(mut self, id: &str) -> Self {
        self.user = Some(id.to_owned());
        self
    }

    pub fn named(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    pub fn until(mut self, exp: u64) -> Self {
        self.exp = Some(exp);
        self
    }

    pub fn json(&self) -> String {
        let mut user = serde_json::Map::new();
        let (key, word) = match self.kind {
            Kind::Owner => ("affiliation", "owner"),
            Kind::Member => ("moderator", "false"),
        };
        user.insert(key.into(), word.into());
        if let Some(id) = &self.user {
            user.insert("id".into(), id.as_str().into());
        }
        if let Some(name) = &self.name {
            user.insert("name".into(), name.as_str().into());
        }
        let mut claims = serde_json::json!({
            "iss": "jitsi", "aud": "jitsi", "sub": "*", "room": "*",
            "jti": self.serial, "context": { "user": user },
        });
        for (name, allowed) in &self.features {
            claims["context"]["features"][*name] = (*allowed).into();
        }
        if let Some(exp) = self.exp {
            claims["exp"] = exp.into();
        }
        claims.to_string()
    }

    /// A JWT signed with HS256.
    fn jwt(&self) -> String {
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
        let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(self.json()));
        let mac = mac(TOKEN_SECRET, &signed);
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac))
    }
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// The token in an ordinary occupant's presence.
pub fn shown(ticket: Option<&Ticket>) -> Evidence {
    Evidence {
        tokens: ticket.map(Ticket::jwt).into_iter().collect(),
        ..Evidence::default()
    }
}

/// The module's evidence; empty claims if there are none.
pub fn bridged(ticket: Option<&Ticket>, stream_id: &str, real: &str, occupant: &str) -> Evidence {
    let json = ticket.map(Ticket::json).unwrap_or_default();
    let text = format!("{stream_id}\n{real}\n{occupant}\n{json}");
    let mac = hex::encode(mac(COMPONENT_SECRET, &text));
    Evidence {
        bridge: Some(Bridge {
            mac,
            json,
            ..Bridge::default()
        }),
        ..Evidence::default()
    }
}

/// Verifies both.
pub fn verifier() -> Verifier {
    Verifier::new(ClaimsSettings {
        sources: vec![Source::Bridge, Source::Jwt],
        trusted_domains: Vec::new(),
        bridge_secret: COMPONENT_SECRET.to_vec(),
        verify_tenant: true,
        jwt: Some(JwtSettings {
            keys: KeySource::Secret(TOKEN_SECRET.to_vec()),
            algorithms: vec![Algorithm::HS256],
            verify_tenant: true,
            require_exp: false,
            issuers: vec!["jitsi".into()],
            audiences: vec!["jitsi".into()],
            leeway: Duration::from_secs(30),
        }),
    })
    .unwrap()
}
