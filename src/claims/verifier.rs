//! The way in: evidence and occasion → claims.

use super::{Algorithm, Bindings, Claims, RejectReason, Source, TokenId};
use crate::muc::{OccupantJid, RealJid, RoomJid};
use crate::stanza::Evidence;
use std::time::Duration;
use thiserror::Error;

/// What the configuration says about claims. No `Debug`: it holds secrets.
#[derive(Clone)]
pub struct Settings {
    /// Looked at in this order; the first that yields claims wins.
    pub sources: Vec<Source>,
    /// Domains whose occupants' `identity` is believed.
    pub trusted_domains: Vec<String>,
    /// The component secret, which keys the module's macs.
    pub bridge_secret: Vec<u8>,
    /// Needed by source jwt.
    pub jwt: Option<JwtSettings>,
}

/// `[claims.jwt]`. No `Debug`: it holds secrets.
#[derive(Clone)]
pub struct JwtSettings {
    /// What signatures are checked with.
    pub keys: KeySource,
    /// The algorithms accepted, whatever a token says.
    pub algorithms: Vec<Algorithm>,
    /// Whether, in `[tenant]room`, `sub` must be the tenant or `*`.
    pub verify_tenant: bool,
    /// Whether a token without `exp` is refused.
    pub require_exp: bool,
    /// `iss` accepted; `*` for any.
    pub issuers: Vec<String>,
    /// `aud` accepted; `*` for any.
    pub audiences: Vec<String>,
    /// How wrong clocks may be.
    pub leeway: Duration,
}

/// Where the keys of tokens come from. No `Debug`: it holds secrets.
#[derive(Clone)]
pub enum KeySource {
    /// `claims.jwt.secret` or `secret_file`: a shared secret (HS256 and so on).
    Secret(Vec<u8>),
    /// Text of `claims.jwt.public_key_file`: one public key.
    Pem(String),
    /// Text of `claims.jwt.jwks_file`: a JSON Web Key Set (RFC 7517 §5).
    Jwks(String),
}

/// Keys that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum KeyError {
    /// Placeholder.
    #[error("")]
    None,
}

/// Who shows evidence, where and when.
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
    /// Whether the presence is part of the occupant list of a room being joined,
    /// so that nobody knows how old it is (see [`Bindings::settle`]).
    pub listed: bool,
    /// Seconds since 1970.
    pub now: u64,
}

/// What came of evidence.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Finding {
    /// The claims that count.
    pub claims: Option<(Source, Claims)>,
    /// What was refused; to be counted and logged.
    pub rejected: Vec<(Source, RejectReason)>,
    /// The token that `claims` came from, where their source is jwt.
    pub token: Option<TokenId>,
}

/// Verifies evidence as configured. No `Debug`: it holds secrets.
pub struct Verifier {
    sources: Vec<Source>,
}

impl Verifier {
    /// Prepares keys.
    ///
    /// # Errors
    /// [`KeyError`] where a key is of the wrong kind, or none fits the
    /// algorithms.
    pub fn new(settings: Settings) -> Result<Self, KeyError> {
        Ok(Self {
            sources: settings.sources,
        })
    }

    /// Looks at the sources in order until one yields claims.
    pub fn examine(
        &self,
        _evidence: &Evidence,
        _occasion: &Occasion<'_>,
        _bindings: &mut Bindings,
    ) -> Finding {
        let _ = &self.sources;
        Finding::default()
    }
}
