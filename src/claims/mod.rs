//! Claims: from the evidence in a presence to verified claims (SPEC section 3).
//!
//! [`Verifier::verify`] is the one way in: it looks at the configured sources
//! in order and answers with the first one's claims, and with everything it
//! refused. It decides nothing about affiliations; that is [`crate::policy`].
//!
//! Everything here is pure: the time is an argument, and the memory between presences (each
//! token's bearer) lives in [`Bindings`], which the caller keeps.

mod binding;
mod bridge;
mod document;
mod fault;
mod hints;
mod identity;
mod inspection;
mod jwt;
mod keys;
mod lua_hint;
mod lua_pattern;
mod name;
mod remote;
mod room;
mod settings;
mod token;
mod verifier;

pub use binding::{Bindings, MAX_BINDINGS, TokenId};
pub(crate) use document::features_alone;
pub use document::{Claims, MAX_CLAIMS_BYTES, UserId};
pub use fault::{Fault, KeysTried};
pub use hints::{Hint, moderator_hints};
pub use inspection::{Inspection, Outcome};
pub use jsonwebtoken::Algorithm;
pub use jwt::Check;
pub use keys::KeyError;
pub use lua_pattern::Untranslatable;
pub use name::{ForbiddenCharacters, TokenName};
pub use remote::{Awaited, FetchFault, KeyCache, KeyLayout, KeyName, KeyNews, KeyServer};
pub use settings::{JwtSettings, KeySource, Occasion, Settings};
pub use token::{MAX_TOKEN_BYTES, Token};
pub use verifier::{Finding, Verifier, check_room};

use serde::{Deserialize, Serialize};
use std::fmt;

/// The source of claims; the words are those of `claims.sources`, logs, API and metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// Our Prosody module, authenticated by a mac.
    Bridge,
    /// A compact JWT in presence, verified here.
    Jwt,
    /// Jitsi's presence_identity module: unsigned, believed by domain.
    Identity,
}

impl Source {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Bridge, Self::Jwt, Self::Identity];

    /// The word used in configuration, logs, API and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bridge => "bridge",
            Self::Jwt => "jwt",
            Self::Identity => "identity",
        }
    }

    /// Says whether its words are authenticated by a key, so that a `context.user.id` from
    /// it proves that two JIDs are one person (B3).
    pub fn is_verified(self) -> bool {
        self != Self::Identity
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why evidence yielded no claims: the `reason` of
/// `gavel_claims_rejected_total` (SPEC section 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RejectReason {
    /// The signature is not one of a configured key.
    BadSignature,
    /// The token names an algorithm that is not configured.
    Algorithm,
    /// Past `exp`, or without one if it is required.
    Expired,
    /// Before `nbf`.
    NotYet,
    /// `iss` is not one of `claims.jwt.issuers`.
    Issuer,
    /// `aud` has none of `claims.jwt.audiences`.
    Audience,
    /// `room` names another room.
    Room,
    /// `room` is a pattern that gavel cannot evaluate.
    RoomPattern,
    /// `sub` names another tenant.
    Tenant,
    /// Another bare JID has shown this token.
    Replayed,
    /// The module's mac is not right for this occupant and stream.
    Mac,
    /// An identity from a domain that is not trusted.
    Untrusted,
    /// Not a token, or not a JSON object.
    Malformed,
    /// Longer than gavel reads.
    TooLarge,
}

impl RejectReason {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::BadSignature,
        Self::Algorithm,
        Self::Expired,
        Self::NotYet,
        Self::Issuer,
        Self::Audience,
        Self::Room,
        Self::RoomPattern,
        Self::Tenant,
        Self::Replayed,
        Self::Mac,
        Self::Untrusted,
        Self::Malformed,
        Self::TooLarge,
    ];

    /// The metric's label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadSignature => "bad_signature",
            Self::Algorithm => "algorithm",
            Self::Expired => "expired",
            Self::NotYet => "not_yet",
            Self::Issuer => "issuer",
            Self::Audience => "audience",
            Self::Room => "room",
            Self::RoomPattern => "room_pattern",
            Self::Tenant => "tenant",
            Self::Replayed => "replayed",
            Self::Mac => "mac",
            Self::Untrusted => "untrusted",
            Self::Malformed => "malformed",
            Self::TooLarge => "too_large",
        }
    }
}

impl fmt::Display for RejectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests_binding;
#[cfg(test)]
mod tests_jwt;
#[cfg(test)]
mod tests_keys;
#[cfg(test)]
mod tests_remote;
#[cfg(test)]
mod tests_sources;
