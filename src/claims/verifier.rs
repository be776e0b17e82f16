//! The way in: evidence and occasion → claims.

use super::binding::Showing;
use super::bridge::BridgeVerifier;
use super::fault::Fault;
use super::inspection::Inspection;
use super::jwt::{Check, JwtVerifier};
use super::remote::{Awaited, FetchFault, KeyCache, KeyName, Unverified};
use super::settings::{Occasion, Settings};
use super::token::Token;
use super::{Bindings, Claims, KeyError, RejectReason, Source, TokenId};
use super::{identity, room};
use crate::muc::RoomJid;
use crate::stanza::{Bridge, Evidence, EvidenceKind};
use serde_json::Value;

/// The outcome of verifying evidence.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Finding {
    /// The claims that count.
    pub claims: Option<(Source, Claims)>,
    /// The refusals, to be counted and logged.
    pub rejected: Vec<(Source, RejectReason)>,
    /// The token that `claims` came from, if their source is jwt.
    pub token: Option<TokenId>,
    /// A key that has to be fetched before all of it can be judged. Until then
    /// its token yields nothing, unless it was verified for this bearer before.
    pub awaiting: Option<Awaited>,
}

/// How many tokens of one presence are looked at.
const MAX_TOKENS: usize = 4;

fn source_of(kind: EvidenceKind) -> Source {
    match kind {
        EvidenceKind::Bridge => Source::Bridge,
        EvidenceKind::Token => Source::Jwt,
        EvidenceKind::Identity => Source::Identity,
    }
}

/// Verifies evidence as configured. No `Debug`: it holds secrets.
pub struct Verifier {
    sources: Vec<Source>,
    trusted_domains: Vec<String>,
    verify_tenant: bool,
    bridge: BridgeVerifier,
    jwt: Option<JwtVerifier>,
}

impl Verifier {
    /// Prepares the keys.
    ///
    /// # Errors
    /// [`KeyError`] if a key is of the wrong kind, or none fits the algorithms.
    pub fn new(settings: Settings) -> Result<Self, KeyError> {
        Ok(Self {
            sources: settings.sources,
            trusted_domains: settings.trusted_domains,
            verify_tenant: settings.verify_tenant,
            bridge: BridgeVerifier::new(&settings.bridge_secret),
            jwt: settings.jwt.map(JwtVerifier::new).transpose()?,
        })
    }

    /// Looks at the sources in order until one yields claims; later ones are
    /// not verified.
    pub fn verify(
        &self,
        evidence: &Evidence,
        occasion: &Occasion<'_>,
        bindings: &mut Bindings,
    ) -> Finding {
        let mut finding = Finding::default();
        if let Some(kind) = evidence.left_out {
            // The part that was not read could have contradicted the part that was.
            let source = source_of(kind);
            finding.rejected.push((source, RejectReason::TooLarge));
            return finding;
        }
        for source in &self.sources {
            match source {
                Source::Bridge => {
                    if let Some(bridge) = &evidence.bridge {
                        finding.take(Source::Bridge, self.bridge_claims(bridge, occasion));
                    }
                }
                Source::Jwt => self.verify_tokens(evidence, occasion, bindings, &mut finding),
                Source::Identity => self.verify_identity(evidence, occasion, &mut finding),
            }
            if finding.claims.is_some() {
                break;
            }
        }
        finding
    }

    fn bridge_claims(
        &self,
        bridge: &Bridge,
        occasion: &Occasion<'_>,
    ) -> Result<Option<Claims>, RejectReason> {
        let claims = self.bridge.verify(bridge, occasion)?;
        if let Some(Value::Object(claims)) = claims.as_ref().map(Claims::value) {
            let check = |verdict: Result<(), Fault>| verdict.map_err(|fault| fault.reason());
            check(room::check_room(&claims, occasion.room))?;
            if self.verify_tenant {
                check(room::check_tenant(&claims, occasion.room))?;
            }
        }
        Ok(claims)
    }

    /// The claims that somebody is going to show, as far as the module knows them before:
    /// if its claims count before all others.
    pub fn foresee(&self, bridge: &Bridge, occasion: &Occasion<'_>) -> Option<Claims> {
        if self.sources.first() != Some(&Source::Bridge) {
            return None;
        }
        let mut finding = Finding::default();
        finding.take(Source::Bridge, self.bridge_claims(bridge, occasion));
        finding.claims.map(|(_, claims)| claims)
    }

    fn verify_identity(&self, evidence: &Evidence, occasion: &Occasion<'_>, finding: &mut Finding) {
        if let Some(identity) = &evidence.identity {
            let claims = identity::read(identity, occasion, &self.trusted_domains);
            finding.take(Source::Identity, claims);
        }
    }

    /// Looks at every token, also after one that counts: each belongs to the person who
    /// shows it first, used or not.
    fn verify_tokens(
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
            match verify_token(jwt, text, occasion, bindings) {
                Ok(judged) => finding.take_token(judged),
                Err(fault) => finding.rejected.push((Source::Jwt, fault.reason())),
            }
        }
    }

    /// The keys that are fetched from a server, if they are.
    pub fn remote_keys(&self) -> Option<&KeyCache> {
        self.jwt.as_ref()?.remote()
    }

    /// The keys that are fetched from a server, if they are.
    pub fn remote_keys_mut(&mut self) -> Option<&mut KeyCache> {
        self.jwt.as_mut()?.remote_mut()
    }

    /// Says whether claims of `source` count for somebody of `domain`.
    pub fn believes(&self, source: Source, domain: &str) -> bool {
        let trusted = || self.trusted_domains.iter().any(|known| known == domain);
        self.sources.contains(&source) && (source != Source::Identity || trusted())
    }

    /// Says whether claims can come from the Prosody module alone.
    pub fn needs_module(&self) -> bool {
        self.sources == [Source::Bridge]
    }

    /// Takes over the keys that `old` has fetched, if they are of the same server: for a
    /// configuration that is read again.
    pub fn keep_keys(&mut self, old: &mut Self) {
        if let (Some(keys), Some(old)) = (self.remote_keys_mut(), old.remote_keys_mut())
            && keys.is_for_the_same(old)
        {
            std::mem::swap(keys, old);
        }
    }

    /// The key on a server that verifying `text` takes, if it takes one.
    pub fn key_of(&self, text: &str) -> Option<KeyName> {
        let keys = self.remote_keys()?;
        keys.name_of(&Token::parse(text).ok()?)
    }

    /// Makes every check on a token, for people who want to know its faults; `None` without
    /// `[claims.jwt]`. Bindings are not asked: only the daemon knows who has shown a token
    /// first.
    pub fn inspect(&self, text: &str, room: Option<&RoomJid>, now: u64) -> Option<Inspection> {
        let jwt = self.jwt.as_ref()?;
        Some(Inspection::of(jwt, text, room, now))
    }
}

/// The verdict on a token that is not refused.
enum Judged {
    /// Verified; its claims, if it has any.
    Verified(Option<(TokenId, Claims)>),
    /// Its key is awaited; its claims, if they count meanwhile.
    Awaited(Awaited, Option<(TokenId, Claims)>),
}

impl Finding {
    fn take_token(&mut self, judged: Judged) {
        let claims = match judged {
            Judged::Verified(claims) => claims,
            Judged::Awaited(awaited, claims) => {
                if awaited.fault.is_some() && claims.is_none() {
                    self.rejected
                        .push((Source::Jwt, RejectReason::BadSignature));
                }
                // One key at a time, first one that has not failed.
                let failed = |awaiting: &Awaited| awaiting.fault.is_some();
                if self.awaiting.as_ref().is_none_or(failed) {
                    self.awaiting = Some(awaited);
                }
                claims
            }
        };
        if self.claims.is_none()
            && let Some((id, claims)) = claims
        {
            self.token = Some(id);
            self.claims = Some((Source::Jwt, claims));
        }
    }

    /// Takes the result of a source; features alone are no claims.
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
/// [`Fault`] if they are for another room.
pub fn check_room(claims: &Claims, room: &RoomJid) -> Result<(), Fault> {
    match claims.value() {
        Value::Object(object) => room::check_room(&object, room),
        _ => Ok(()),
    }
}

/// The claims of one token, and its bearer from now on.
fn verify_token(
    jwt: &JwtVerifier,
    text: &str,
    occasion: &Occasion<'_>,
    bindings: &mut Bindings,
) -> Result<Judged, Fault> {
    let token = Token::parse(text)?;
    jwt.check(Check::Algorithm, &token, Some(occasion.room), occasion.now)?;
    let (id, bearer) = (token.id(), occasion.real.bare_str());
    match jwt.signature(&token, occasion.since) {
        Ok(()) => {}
        Err(Unverified::Awaited(awaited)) => {
            return verify_awaited(jwt, &token, awaited, occasion, bindings);
        }
        Err(unverified) => {
            bindings.drop_unverified(&id, bearer);
            return Err(jwt.fault(unverified));
        }
    }
    if bindings.look(&id, bearer) == Showing::First {
        jwt.check(Check::Expiry, &token, None, occasion.shown)?;
    }
    // A genuine token belongs to its first bearer even if it has another fault: others have
    // seen a token that was shown in the wrong room or too early.
    let until = jwt.valid_until(&token.payload);
    let list = occasion.listed.then_some(&occasion.occupant.room);
    if !bindings.show(id, occasion.real.bare(), list, until, occasion.now) {
        return Err(Fault::Replayed);
    }
    check_claims(jwt, &token, occasion)?;
    let claims = Claims::from_object(token.payload);
    let claims = (!claims.features_alone()).then_some((id, claims));
    Ok(Judged::Verified(claims))
}

/// A token whose key is to be fetched. A token that would be refused anyway does not wait
/// for it. A token that this bearer has shown before, and gavel has verified, counts as
/// verified as long as no server says that the key is gone: a restart of gavel or of the
/// server changes nobody's rights.
fn verify_awaited(
    jwt: &JwtVerifier,
    token: &Token<'_>,
    awaited: Awaited,
    occasion: &Occasion<'_>,
    bindings: &mut Bindings,
) -> Result<Judged, Fault> {
    let id = token.id();
    bindings.show_unverified(id, occasion.real.bare());
    let known = bindings.look(&id, occasion.real.bare_str()) == Showing::Known;
    if !known {
        jwt.check(Check::Expiry, token, None, occasion.shown)?;
    }
    check_claims(jwt, token, occasion)?;
    let absent = matches!(awaited.fault, Some(FetchFault::Absent(_)));
    let claims = Claims::from_object(token.payload.clone());
    let counts = known && !absent && !claims.features_alone();
    Ok(Judged::Awaited(awaited, counts.then_some((id, claims))))
}

/// The checks that need no key and no memory.
fn check_claims(
    jwt: &JwtVerifier,
    token: &Token<'_>,
    occasion: &Occasion<'_>,
) -> Result<(), Fault> {
    let checks = [
        Check::NotBefore,
        Check::Issuer,
        Check::Audience,
        Check::Tenant,
        Check::Room,
    ];
    checks
        .into_iter()
        .try_for_each(|check| jwt.check(check, token, Some(occasion.room), occasion.now))
}
