//! The settings for claims, and the occasion on which claims are shown.

use super::remote::KeyServer;
use super::{Algorithm, Source};
use crate::muc::{OccupantJid, RealJid, RoomJid};
use std::time::Duration;

/// The settings for claims. No `Debug`: it holds secrets.
#[derive(Clone)]
pub struct Settings {
    /// Looked at in this order; the first that yields claims wins.
    pub sources: Vec<Source>,
    /// Domains whose occupants' `identity` is believed.
    pub trusted_domains: Vec<String>,
    /// The component secret, which keys the module's macs.
    pub bridge_secret: Vec<u8>,
    /// Says whether, in `[tenant]room`, `sub` of the claims that the module hands over must
    /// be the tenant or `*`.
    pub verify_tenant: bool,
    /// Needed by source jwt.
    pub jwt: Option<JwtSettings>,
}

/// `[claims.jwt]`. No `Debug`: it holds secrets.
#[derive(Clone)]
pub struct JwtSettings {
    /// The keys that signatures are checked with.
    pub keys: KeySource,
    /// The accepted algorithms, whichever one a token names.
    pub algorithms: Vec<Algorithm>,
    /// Says whether, in `[tenant]room`, `sub` must be the tenant or `*`.
    pub verify_tenant: bool,
    /// Says whether a token without `exp` is refused.
    pub require_exp: bool,
    /// `iss` accepted; `*` for any.
    pub issuers: Vec<String>,
    /// `aud` accepted; `*` for any.
    pub audiences: Vec<String>,
    /// How wrong clocks may be.
    pub leeway: Duration,
}

/// The source of the keys of tokens. No `Debug`: it holds secrets.
#[derive(Clone)]
pub enum KeySource {
    /// `claims.jwt.secret` or `secret_file`: a shared secret (HS256 and so on).
    Secret(Vec<u8>),
    /// Text of `claims.jwt.public_key_file`: one public key.
    Pem(String),
    /// Text of `claims.jwt.jwks_file`: a JSON Web Key Set (RFC 7517 §5).
    Jwks(String),
    /// `claims.jwt.jwks_url` or `asap_key_server`: fetched when needed.
    Remote(KeyServer),
}

/// The occasion on which evidence is shown: the person, the place and the time.
#[derive(Debug, Clone, Copy)]
pub struct Occasion<'a> {
    /// The id of the component stream, which the module's macs cover.
    pub stream_id: &'a str,
    /// The occupant's real full JID.
    pub real: &'a RealJid,
    /// The occupant JID as Prosody stores it.
    pub occupant: &'a OccupantJid,
    /// The room that claims are for: a breakout room's main room.
    pub room: &'a RoomJid,
    /// Says whether the presence is part of the occupant list of a room being joined, so that
    /// nobody knows how old it is (see [`Bindings::settle`](super::Bindings::settle)).
    pub listed: bool,
    /// When the evidence was first shown, by the process's clock: answers of key servers
    /// since then tell for certain. Zero if they all do.
    pub since: Duration,
    /// The same in seconds since 1970: `exp` is judged by it, however long the
    /// key is awaited.
    pub shown: u64,
    /// Seconds since 1970.
    pub now: u64,
}
