//! One occupant of a person: its room and nick, and the verdict on its evidence.

use super::waiting::Waiting;
use crate::claims::{Claims, RejectReason, Source, TokenId};
use crate::engine::settings::Settings;
use crate::engine::shown::short;
use crate::muc::{Affiliation, Nick, Role, RoomJid};
use crate::policy::{Entitlement, OnExpiry, Reason, Rule, Verdict};
use sha2::{Digest, Sha256};
use std::num::NonZeroU64;
use std::sync::Arc;

/// Claims that were believed, and their source.
#[derive(Debug)]
pub struct Credentials {
    /// The source of the claims.
    pub source: Source,
    /// The claims.
    pub claims: Claims,
    /// The token they came from.
    pub token: Option<Box<TokenId>>,
}

impl Credentials {
    /// When their entitlement ends, in milliseconds since 1970-01-01 UTC; none if it does
    /// not.
    fn end(&self, settings: &Settings) -> Option<u64> {
        end_of(&self.claims, settings)
    }
}

/// When the entitlement of claims ends, in milliseconds since 1970-01-01 UTC; none if it
/// does not end before the meeting.
pub fn end_of(claims: &Claims, settings: &Settings) -> Option<u64> {
    if settings.policy.on_expiry == OnExpiry::Keep {
        return None;
    }
    let leeway = u64::try_from(settings.leeway.as_millis()).unwrap_or(u64::MAX);
    Some(claims.exp()?.saturating_mul(1000).saturating_add(leeway))
}

/// The verdict on claims whose time is over at `now`, in milliseconds since
/// 1970-01-01 UTC.
pub fn expired(claims: Option<&Claims>, settings: &Settings, now: u64) -> Option<Verdict> {
    let at = end_of(claims?, settings)?;
    (at <= now).then_some(Verdict {
        entitlement: Entitlement::Guest,
        rule: Rule::Expired,
        reason: Reason::Expired,
    })
}

/// The identity of evidence, so that it is verified once and not with each presence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EvidenceMark(NonZeroU64, u64);

impl EvidenceMark {
    /// By its digest. A collision would let somebody keep claims; SHA-256 has none.
    pub fn of(evidence: Sha256) -> Self {
        let digest = evidence.finalize();
        let number = |at: usize| {
            let bytes = digest[at..].iter().take(8);
            bytes.fold(0, |number, byte| number << 8 | u64::from(*byte))
        };
        Self(
            NonZeroU64::new(number(0)).unwrap_or(NonZeroU64::MIN),
            number(8),
        )
    }
}

/// One occupant of a person.
#[derive(Debug)]
pub struct Seat {
    /// The room, a breakout room perhaps.
    pub room: RoomJid,
    /// The occupant's nick there.
    pub nick: Nick,
    /// The occupant's role there.
    pub role: Role,
    /// A recorder or a gateway, as Jicofo would say: never elected.
    pub machine: bool,
    /// When the occupant was first seen, in milliseconds since 1970-01-01 UTC.
    pub joined_at: u64,
    /// Identifies the evidence that was verified last.
    pub evidence_mark: Option<EvidenceMark>,
    /// Evidence that waits for a key to be fetched.
    pub waiting: Option<Box<Waiting>>,
    /// Claims, if there are any.
    pub credentials: Option<Credentials>,
    /// Evidence that was verified last and not believed.
    pub rejected: Option<(Source, RejectReason)>,
    /// The verdict on the claims.
    pub verdict: Arc<Verdict>,
}

impl Seat {
    /// A seat of which only the place is known yet; for now it is a `guest`'s.
    pub fn new(room: RoomJid, nick: Nick, guest: Arc<Verdict>) -> Self {
        Self {
            room,
            nick,
            role: Role::None,
            machine: false,
            joined_at: 0,
            evidence_mark: None,
            waiting: None,
            credentials: None,
            rejected: None,
            verdict: guest,
        }
    }

    /// Says whether the occupant `nick` of `room` sits here.
    pub fn is_at(&self, room: &RoomJid, nick: &Nick) -> bool {
        self.nick == *nick && self.room == *room
    }

    /// The claims, if there are any.
    pub fn claims(&self) -> Option<&Claims> {
        self.credentials.as_ref().map(|c| &c.claims)
    }

    /// The source of the claims.
    pub fn source(&self) -> Option<Source> {
        self.credentials.as_ref().map(|c| c.source)
    }

    /// The name in the token.
    pub fn token_name(&self) -> Option<&str> {
        self.claims().and_then(Claims::user_name)
    }

    /// The same, cut if it is too long.
    pub fn short_name(&self) -> Option<String> {
        self.token_name().map(short)
    }

    /// When the claims end, in milliseconds since 1970-01-01 UTC; none if they do not.
    pub fn expires_at(&self, settings: &Settings) -> Option<u64> {
        self.credentials.as_ref()?.end(settings)
    }

    /// Says whether the claims make a moderator.
    pub fn moderates_by_claims(&self) -> bool {
        matches!(self.verdict.entitlement, Entitlement::Affiliation(own) if own.moderates())
    }

    /// How high the entitlement is among several of one person (B7).
    pub fn rank(&self) -> u8 {
        match self.verdict.entitlement {
            Entitlement::Guest => 0,
            Entitlement::Affiliation(Affiliation::Outcast) => 1,
            Entitlement::Affiliation(Affiliation::None) => 2,
            Entitlement::Affiliation(Affiliation::Member) => 3,
            Entitlement::Keep => 4,
            Entitlement::Affiliation(Affiliation::Admin) => 5,
            Entitlement::Affiliation(Affiliation::Owner) => 6,
        }
    }
}
