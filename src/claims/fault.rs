//! The faults of a token, in words with the remedy.

use super::RejectReason;
use super::lua_hint::advice;
use super::lua_pattern::Untranslatable;
use crate::muc::readable;
use thiserror::Error;

/// Why a token, or its room claim, is refused. The words repeat claims that an
/// admin needs to see (`iss`, `aud`, `sub`, `room`), never the token.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Fault {
    /// Longer than gavel reads.
    #[error("the token has {bytes} bytes and may have {limit}: let the issuer put less into it")]
    TooLarge {
        /// Its length.
        bytes: usize,
        /// The longest accepted.
        limit: usize,
    },
    /// Not three parts, or a part that is not base64url.
    #[error(
        "this is no compact JWT (three base64url parts joined by dots): copy the whole token, without quotes or line breaks"
    )]
    NotCompact,
    /// A header that is not a JSON object, or says that it has extensions.
    #[error("the token's header {0}: let the issuer use a plain JWS header")]
    Header(&'static str),
    /// A payload that is not a JSON object.
    #[error("the token's payload is not a JSON object")]
    Payload,
    /// Another algorithm than those configured.
    #[error(
        "the token is signed with {named}, and claims.jwt.algorithms has only {accepted}: sign with one of these, or add it there if its key is yours"
    )]
    Algorithm {
        /// The algorithm that the header names.
        named: String,
        /// The configured ones.
        accepted: String,
    },
    /// No key fits.
    #[error(
        "the signature does not fit {}: check that the issuer signs with the secret or private key of the one configured in [claims.jwt]",
        .0.describe()
    )]
    Signature(KeysTried),
    /// The key is on a server and could not be had.
    #[error(
        "the key that the signature is to be verified with could not be had{}: {why}",
        .server.as_ref().map_or_else(String::new, |server| format!(" from {server}"))
    )]
    NoKey {
        /// The server's URL as it may be shown.
        server: Option<String>,
        /// Why not.
        why: String,
    },
    /// A token that does not say which key it needs, if keys are fetched by name.
    #[error(
        "the token has no kid, by which claims.jwt.asap_key_server has its keys: let the issuer set one"
    )]
    NoKid,
    /// `exp` is required.
    #[error(
        "the token has no exp, and claims.jwt.require_exp is true: let the issuer set one, or switch that off"
    )]
    NoExp,
    /// Past `exp`.
    #[error("the token expired {ago} s ago (exp {exp}): get a new one, or check both clocks")]
    Expired {
        /// In seconds since 1970.
        exp: u64,
        /// Seconds since then.
        ago: u64,
    },
    /// Before `nbf`.
    #[error("the token is valid only in {wait} s (nbf {nbf}): wait, or check both clocks")]
    NotYet {
        /// In seconds since 1970.
        nbf: u64,
        /// Seconds until then.
        wait: u64,
    },
    /// A time that is no number.
    #[error("{0} is not a number of seconds since 1970: let the issuer write it as one")]
    Time(&'static str),
    /// An issuer that is not accepted.
    #[error(
        "{}", another("iss", "issuers", .iss.as_deref(), .accepted)
    )]
    Issuer {
        /// The claim as JSON; none if it is absent.
        iss: Option<String>,
        /// The configured ones.
        accepted: String,
    },
    /// An audience that is not accepted.
    #[error(
        "{}", another("aud", "audiences", .aud.as_deref(), .accepted)
    )]
    Audience {
        /// The claim as JSON; none if it is absent.
        aud: Option<String>,
        /// The configured ones.
        accepted: String,
    },
    /// A token for another tenant.
    #[error(
        "sub is {}, and the room is tenant \"{tenant}\"'s: let the issuer set sub to the tenant or \"*\", or set claims.jwt.verify_tenant = false",
        .sub.as_ref().map_or_else(|| "absent".to_owned(), |sub| format!("{sub:?}"))
    )]
    Tenant {
        /// The claim, if it is text.
        sub: Option<String>,
        /// The room's tenant.
        tenant: String,
    },
    /// A token for another room.
    #[error(
        "room is {claim:?}, and the room's name is {room:?}: let the issuer set room to that name{} or \"*\"",
        if *readable(.room) == .claim.to_lowercase() { ", encoded as Jitsi's clients do," } else { "" }
    )]
    Room {
        /// The claim.
        claim: String,
        /// The room's name, without tenant.
        room: String,
    },
    /// A room claim that is no text.
    #[error("room is not a string: let the issuer set it to the room's name or \"*\"")]
    RoomNotText,
    /// A room pattern that cannot be evaluated.
    #[error("room is a Lua pattern that {0}: let the issuer set room to a simpler one")]
    RoomPattern(Untranslatable),
    /// A room pattern for another room, or one that is no Lua pattern.
    #[error(
        "room is {claim:?}, and the room's name is {room:?}; context.room.regex is true, so room is read as a Lua pattern, as Jitsi does{}",
        advice(.claim, .room).map_or_else(String::new, |advice| format!(": {advice}"))
    )]
    RoomNotMatched {
        /// The claim.
        claim: String,
        /// The room's name, without tenant.
        room: String,
    },
    /// Somebody else's token.
    #[error("another bare JID has shown this token, or too many tokens are remembered")]
    Replayed,
}

/// A claim that is not one of those accepted.
fn another(claim: &str, key: &str, said: Option<&str>, accepted: &str) -> String {
    match said {
        Some(said) => format!(
            "{claim} is {said}, and claims.jwt.{key} has only {accepted}: add {said} there, or let the issuer set another"
        ),
        None => format!(
            "the token has no {claim}; expected {accepted} (claims.jwt.{key}): let the issuer set it"
        ),
    }
}

/// How many keys a signature was checked with, and how they were chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeysTried {
    /// How many keys.
    pub count: usize,
    /// Says whether they were chosen by the token's `kid`.
    pub by_kid: bool,
}

impl KeysTried {
    fn describe(self) -> String {
        match (self.count, self.by_kid) {
            (0, _) => "any key, since none is for this algorithm".to_owned(),
            (1, true) => "the key that its kid names".to_owned(),
            (1, false) => "the configured key".to_owned(),
            (count, true) => format!("any of the {count} keys that its kid names"),
            (count, false) => format!("any of the {count} configured keys"),
        }
    }
}

impl Fault {
    /// The metric's label.
    pub fn reason(&self) -> RejectReason {
        match self {
            Self::TooLarge { .. } => RejectReason::TooLarge,
            Self::NotCompact | Self::Header(_) | Self::Payload | Self::Time(_) => {
                RejectReason::Malformed
            }
            Self::Algorithm { .. } => RejectReason::Algorithm,
            Self::Signature(_) | Self::NoKey { .. } | Self::NoKid => RejectReason::BadSignature,
            Self::NoExp | Self::Expired { .. } => RejectReason::Expired,
            Self::NotYet { .. } => RejectReason::NotYet,
            Self::Issuer { .. } => RejectReason::Issuer,
            Self::Audience { .. } => RejectReason::Audience,
            Self::Tenant { .. } => RejectReason::Tenant,
            Self::Room { .. } | Self::RoomNotMatched { .. } | Self::RoomNotText => {
                RejectReason::Room
            }
            Self::RoomPattern(_) => RejectReason::RoomPattern,
            Self::Replayed => RejectReason::Replayed,
        }
    }
}
