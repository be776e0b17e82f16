//! The way in: evidence and occasion → claims.

use super::binding::Showing;
use super::bridge::BridgeVerifier;
use super::fault::Fault;
use super::inspection::Inspection;
use super::jwt::{Check, JwtVerifier};
use super::token::Token;
use super::{Algorithm, Bindings, Claims, KeyError, RejectReason, Source, TokenId};
use super::{identity, room};
use crate::muc::{OccupantJid, RealJid, RoomJid};
use crate::stanza::Evidence;
use serde_json::Value;
use std::time::Duration;

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

/// How many tokens of one presence are looked at.
const MAX_TOKENS: usize = 4;

/// Verifies evidence as configured. No `Debug`: it holds secrets.
pub struct Verifier {
    sources: Vec<Source>,
    trusted_domains: Vec<String>,
    bridge: BridgeVerifier,
    jwt: Option<JwtVerifier>,
}

impl Verifier {
    /// Prepares the keys.
    ///
    /// # Errors
    /// [`KeyError`] where a key is of the wrong kind, or none fits the
    /// algorithms.
    pub fn new(settings: Settings) -> Result<Self, KeyError> {
        Ok(Self {
            sources: settings.sources,
            trusted_domains: settings.trusted_domains,
            bridge: BridgeVerifier::new(&settings.bridge_secret),
            jwt: settings.jwt.map(JwtVerifier::new).transpose()?,
        })
    }

    /// Looks at the sources in order until one yields claims; later ones are
    /// left unexamined.
    pub fn examine(
        &self,
        evidence: &Evidence,
        occasion: &Occasion<'_>,
        bindings: &mut Bindings,
    ) -> Finding {
        let mut finding = Finding::default();
        for source in &self.sources {
            match source {
                Source::Bridge => self.examine_bridge(evidence, occasion, &mut finding),
                Source::Jwt => self.examine_tokens(evidence, occasion, bindings, &mut finding),
                Source::Identity => self.examine_identity(evidence, occasion, &mut finding),
            }
            if finding.claims.is_some() {
                break;
            }
        }
        finding
    }

    fn examine_bridge(&self, evidence: &Evidence, occasion: &Occasion<'_>, finding: &mut Finding) {
        let Some(bridge) = &evidence.bridge else {
            return;
        };
        let claims = self.bridge.verify(bridge, occasion).and_then(|claims| {
            if let Some(claims) = &claims {
                check_room(claims, occasion.room).map_err(|fault| fault.reason())?;
            }
            Ok(claims)
        });
        finding.take(Source::Bridge, claims);
    }

    fn examine_identity(
        &self,
        evidence: &Evidence,
        occasion: &Occasion<'_>,
        finding: &mut Finding,
    ) {
        if let Some(identity) = &evidence.identity {
            let claims = identity::read(identity, occasion, &self.trusted_domains);
            finding.take(Source::Identity, claims);
        }
    }

    /// Looks at every token, also after one that counts: each belongs to whom
    /// shows it first, used or not.
    fn examine_tokens(
        &self,
        evidence: &Evidence,
        occasion: &Occasion<'_>,
        bindings: &mut Bindings,
        finding: &mut Finding,
    ) {
        let Some(jwt) = &self.jwt else {
            return;
        };
        for text in evidence.tokens.iter().take(MAX_TOKENS) {
            match examine_token(jwt, text, occasion, bindings) {
                Ok(Some(_)) if finding.claims.is_some() => {}
                Ok(Some((id, claims))) => {
                    finding.token = Some(id);
                    finding.claims = Some((Source::Jwt, claims));
                }
                Ok(None) => {}
                Err(fault) => finding.rejected.push((Source::Jwt, fault.reason())),
            }
        }
    }

    /// Makes every check on a token, for people who want to know what is wrong
    /// with it; `None` without `[claims.jwt]`. Bindings are not asked: who has
    /// shown a token first is known in the daemon only.
    pub fn inspect(&self, text: &str, room: Option<&RoomJid>, now: u64) -> Option<Inspection> {
        let jwt = self.jwt.as_ref()?;
        Some(Inspection::of(jwt, text, room, now))
    }
}

impl Finding {
    /// Takes what a source came to; features alone are no claims.
    fn take(&mut self, source: Source, claims: Result<Option<Claims>, RejectReason>) {
        match claims {
            Ok(claims) => {
                let claims = claims.filter(|claims| !claims.features_alone());
                self.claims = claims.map(|claims| (source, claims));
            }
            Err(reason) => self.rejected.push((source, reason)),
        }
    }
}

/// Checks `room` of claims that are verified otherwise.
///
/// # Errors
/// [`Fault`] where they are for another room.
pub fn check_room(claims: &Claims, room: &RoomJid) -> Result<(), Fault> {
    match claims.value() {
        Value::Object(object) => room::check_room(&object, room),
        _ => Ok(()),
    }
}

/// The claims of one token, and whose it is from now on.
fn examine_token(
    jwt: &JwtVerifier,
    text: &str,
    occasion: &Occasion<'_>,
    bindings: &mut Bindings,
) -> Result<Option<(TokenId, Claims)>, Fault> {
    let token = Token::parse(text)?;
    let check = |check| jwt.check(check, &token, Some(occasion.room), occasion.now);
    check(Check::Algorithm)?;
    check(Check::Signature)?;
    let id = token.id();
    if bindings.look(&id, occasion.real.bare_str()) == Showing::First {
        check(Check::Expiry)?;
    }
    // A genuine token is its first bearer's whatever else is wrong with it:
    // shown in the wrong room or too early, it has been seen by others.
    let until = jwt.valid_until(&token.payload);
    let list = occasion.listed.then_some(&occasion.occupant.room);
    if !bindings.show(id, occasion.real.bare(), list, until, occasion.now) {
        return Err(Fault::Replayed);
    }
    let rest = [
        Check::NotBefore,
        Check::Issuer,
        Check::Audience,
        Check::Tenant,
        Check::Room,
    ];
    rest.into_iter().try_for_each(check)?;
    let claims = Claims::from_object(token.payload);
    Ok((!claims.features_alone()).then_some((id, claims)))
}
