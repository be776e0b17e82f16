//! Source jwt: the checks that a token must pass before its payload is claims.

use super::document::seconds;
use super::fault::{Fault, KeysTried};
use super::keys::{self, KeySet};
use super::remote::{KeyCache, Unverified};
use super::room;
use super::token::Token;
use super::{Algorithm, JwtSettings, KeyError, KeySource};
use crate::muc::RoomJid;
use serde_json::{Map, Value};
use std::time::Duration;

/// One thing that a token must pass; in the order of [`Check::ALL`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// Signed with an algorithm of the configuration.
    Algorithm,
    /// Signed with a key of the configuration.
    Signature,
    /// `exp`
    Expiry,
    /// `nbf`
    NotBefore,
    /// `iss`
    Issuer,
    /// `aud`
    Audience,
    /// `sub`, in a tenant's room
    Tenant,
    /// `room`
    Room,
}

impl Check {
    /// All checks, in the order they are made.
    pub const ALL: [Self; 8] = [
        Self::Algorithm,
        Self::Signature,
        Self::Expiry,
        Self::NotBefore,
        Self::Issuer,
        Self::Audience,
        Self::Tenant,
        Self::Room,
    ];

    /// A word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Algorithm => "algorithm",
            Self::Signature => "signature",
            Self::Expiry => "exp",
            Self::NotBefore => "nbf",
            Self::Issuer => "iss",
            Self::Audience => "aud",
            Self::Tenant => "tenant",
            Self::Room => "room",
        }
    }
}

/// Keys that are all here, or those of a server.
enum Keys {
    Here(KeySet),
    Remote(KeyCache),
}

/// The configured checks. No `Debug`: it holds keys.
pub(super) struct JwtVerifier {
    keys: Keys,
    algorithms: Vec<Algorithm>,
    verify_tenant: bool,
    require_exp: bool,
    issuers: Vec<String>,
    audiences: Vec<String>,
    leeway: u64,
}

impl JwtVerifier {
    pub(super) fn new(settings: JwtSettings) -> Result<Self, KeyError> {
        let algorithms = &settings.algorithms;
        // Without algorithms neither can verify anything.
        let here = KeySet::new(&settings.keys, algorithms)?;
        let keys = match &settings.keys {
            KeySource::Remote(server) => {
                Keys::Remote(KeyCache::new(server.clone(), algorithms.clone()))
            }
            _ => Keys::Here(here),
        };
        Ok(Self {
            keys,
            algorithms: settings.algorithms,
            verify_tenant: settings.verify_tenant,
            require_exp: settings.require_exp,
            issuers: settings.issuers,
            audiences: settings.audiences,
            leeway: settings.leeway.as_secs(),
        })
    }

    /// The keys of a server, if they are on one.
    pub(super) fn remote(&self) -> Option<&KeyCache> {
        match &self.keys {
            Keys::Remote(keys) => Some(keys),
            Keys::Here(_) => None,
        }
    }

    /// The keys of a server, if they are on one.
    pub(super) fn remote_mut(&mut self) -> Option<&mut KeyCache> {
        match &mut self.keys {
            Keys::Remote(keys) => Some(keys),
            Keys::Here(_) => None,
        }
    }

    /// Makes one check. Without a room, a check that depends on one passes; a signature
    /// whose key is not here does not.
    pub(super) fn check(
        &self,
        check: Check,
        token: &Token<'_>,
        room: Option<&RoomJid>,
        now: u64,
    ) -> Result<(), Fault> {
        match (check, room) {
            (Check::Algorithm, _) => self.algorithm(token).map(|_| ()),
            (Check::Signature, _) => self.signature_told(token),
            (Check::Expiry, _) => self.expiry(&token.payload, now),
            (Check::NotBefore, _) => self.not_before(&token.payload, now),
            (Check::Issuer, _) => self.issuer(&token.payload),
            (Check::Audience, _) => self.audience(&token.payload),
            (Check::Tenant, Some(room)) if self.verify_tenant => {
                room::check_tenant(&token.payload, room)
            }
            (Check::Room, Some(room)) => room::check_room(&token.payload, room),
            (Check::Tenant | Check::Room, _) => Ok(()),
        }
    }

    /// Until when a token with this payload is accepted from a new bearer, in
    /// seconds since 1970.
    pub(super) fn valid_until(&self, payload: &Map<String, Value>) -> Option<u64> {
        let exp = payload.get("exp").and_then(seconds)?;
        Some(exp.saturating_add(self.leeway))
    }

    /// The algorithm to verify with: one of the configuration, and the one that
    /// the token was made for.
    fn algorithm(&self, token: &Token<'_>) -> Result<Algorithm, Fault> {
        let named = token.algorithm();
        named
            .and_then(|named| named.parse().ok())
            .filter(|algorithm| self.algorithms.contains(algorithm))
            .ok_or_else(|| Fault::Algorithm {
                named: named.map_or_else(|| "no alg".to_owned(), |named| format!("{named:?}")),
                accepted: keys::names(&self.algorithms),
            })
    }

    /// Says whether the signature is one of a key that is here, for a token that was first
    /// shown at `since` and whose algorithm is one of the configuration.
    pub(super) fn signature(&self, token: &Token<'_>, since: Duration) -> Result<(), Unverified> {
        let Ok(algorithm) = self.algorithm(token) else {
            let (count, by_kid) = (0, false);
            return Err(Unverified::Tried(KeysTried { count, by_kid }));
        };
        match &self.keys {
            Keys::Here(keys) => keys
                .verify(algorithm, token.key_id(), token.signed, token.signature)
                .map_err(Unverified::Tried),
            Keys::Remote(keys) => keys.verify(algorithm, token, since),
        }
    }

    fn signature_told(&self, token: &Token<'_>) -> Result<(), Fault> {
        self.algorithm(token)?;
        // The result rests on the server's answers so far.
        self.signature(token, Duration::ZERO)
            .map_err(|unverified| self.fault(unverified))
    }

    /// Why a signature is not verified, in words.
    pub(super) fn fault(&self, unverified: Unverified) -> Fault {
        let awaited = match unverified {
            Unverified::Tried(tried) => return Fault::Signature(tried),
            Unverified::NoKid => return Fault::NoKid,
            Unverified::Awaited(awaited) => awaited,
        };
        let why = awaited.fault.map(|fault| fault.to_string());
        Fault::NoKey {
            server: self.remote().map(|keys| keys.shown().to_string()),
            why: why.unwrap_or_else(|| "it has not been fetched yet".to_owned()),
        }
    }

    fn expiry(&self, payload: &Map<String, Value>, now: u64) -> Result<(), Fault> {
        let Some(exp) = payload.get("exp") else {
            return if self.require_exp {
                Err(Fault::NoExp)
            } else {
                Ok(())
            };
        };
        let exp = number(exp).ok_or(Fault::Time("exp"))?;
        if now >= exp.saturating_add(self.leeway) {
            let ago = now - exp;
            return Err(Fault::Expired { exp, ago });
        }
        Ok(())
    }

    fn not_before(&self, payload: &Map<String, Value>, now: u64) -> Result<(), Fault> {
        let Some(nbf) = payload.get("nbf") else {
            return Ok(());
        };
        let nbf = number(nbf).ok_or(Fault::Time("nbf"))?;
        if now.saturating_add(self.leeway) < nbf {
            let wait = nbf - now;
            return Err(Fault::NotYet { nbf, wait });
        }
        Ok(())
    }

    /// `iss` must be one of the accepted ones; `*` accepts its absence as well, while Jitsi
    /// wants it to be there.
    fn issuer(&self, payload: &Map<String, Value>) -> Result<(), Fault> {
        let iss = payload.get("iss");
        if accepts(&self.issuers, iss) {
            return Ok(());
        }
        Err(Fault::Issuer {
            iss: iss.map(Value::to_string),
            accepted: quoted(&self.issuers),
        })
    }

    /// `aud` is one audience or a list of them (RFC 7519 §4.1.3).
    fn audience(&self, payload: &Map<String, Value>) -> Result<(), Fault> {
        let aud = payload.get("aud");
        let accepted = match aud {
            Some(Value::Array(list)) => {
                list.iter().any(|aud| accepts(&self.audiences, Some(aud)))
                    || accepts(&self.audiences, None)
            }
            aud => accepts(&self.audiences, aud),
        };
        if accepted {
            return Ok(());
        }
        Err(Fault::Audience {
            aud: aud.map(Value::to_string),
            accepted: quoted(&self.audiences),
        })
    }
}

/// A NumericDate; one before 1970 is long past, so it counts as 0.
fn number(value: &Value) -> Option<u64> {
    value.is_number().then(|| seconds(value).unwrap_or(0))
}

fn accepts(accepted: &[String], claim: Option<&Value>) -> bool {
    let claim = claim.and_then(Value::as_str);
    accepted
        .iter()
        .any(|word| word == "*" || Some(word.as_str()) == claim)
}

fn quoted(words: &[String]) -> String {
    let words: Vec<_> = words.iter().map(|word| format!("{word:?}")).collect();
    words.join(", ")
}
