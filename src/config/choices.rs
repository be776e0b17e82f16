//! Settings that are one of a few words: how the configuration spells the values
//! that claims, policy and engine work with.

use crate::claims::{Algorithm, Source};
use crate::engine::settings::{AbsentHost, Freeze, GuestNames, Poll};
use crate::muc::Affiliation;
use crate::policy::{Entitlement, Fallback, Grants, Guests, Holders, OnExpiry, Preset};
use serde::Serializer;

/// A setting whose values are words.
pub trait Choice: Copy + PartialEq + 'static {
    /// Every value with its spelling.
    const WORDS: &'static [(&'static str, Self)];

    /// The value spelled `text`.
    fn parse(text: &str) -> Option<Self> {
        let found = Self::WORDS.iter().find(|(word, _)| *word == text);
        found.map(|(_, value)| *value)
    }

    /// The spelling.
    fn word(self) -> &'static str {
        let found = Self::WORDS.iter().find(|(_, value)| *value == self);
        found.map_or("", |(word, _)| word)
    }
}

/// How log lines look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

impl Choice for Poll {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("auto", Self::Auto),
        ("adhoc", Self::AdHoc),
        ("disco", Self::Disco),
        ("off", Self::Off),
    ];
}

impl Choice for Source {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("bridge", Self::Bridge),
        ("jwt", Self::Jwt),
        ("identity", Self::Identity),
    ];
}

/// How a token may be signed (RFC 7518 §3.1, RFC 8037 §3.1).
impl Choice for Algorithm {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("HS256", Self::HS256),
        ("HS384", Self::HS384),
        ("HS512", Self::HS512),
        ("RS256", Self::RS256),
        ("RS384", Self::RS384),
        ("RS512", Self::RS512),
        ("PS256", Self::PS256),
        ("PS384", Self::PS384),
        ("PS512", Self::PS512),
        ("ES256", Self::ES256),
        ("ES384", Self::ES384),
        ("EdDSA", Self::EdDSA),
    ];
}

/// Says whether the key that verifies is the one that signs: a secret.
pub fn is_symmetric(algorithm: Algorithm) -> bool {
    matches!(
        algorithm,
        Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512
    )
}

impl Choice for Preset {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("jitsi", Self::Jitsi),
        ("jaas", Self::Jaas),
        ("authenticated", Self::Authenticated),
        ("none", Self::None),
    ];
}

/// The gift of a rule of one's own.
impl Choice for Entitlement {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("owner", Self::Affiliation(Affiliation::Owner)),
        ("admin", Self::Affiliation(Affiliation::Admin)),
        ("member", Self::Affiliation(Affiliation::Member)),
        ("none", Self::Affiliation(Affiliation::None)),
        ("outcast", Self::Affiliation(Affiliation::Outcast)),
        ("keep", Self::Keep),
    ];
}

impl Choice for Guests {
    const WORDS: &'static [(&'static str, Self)] =
        &[("strip", Self::Strip), ("ignore", Self::Ignore)];
}

impl Choice for Fallback {
    const WORDS: &'static [(&'static str, Self)] = &[("none", Self::None), ("first", Self::First)];
}

impl Choice for Grants {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("owner", Self::Owner),
        ("admin", Self::Admin),
        ("none", Self::None),
    ];
}

impl Choice for OnExpiry {
    const WORDS: &'static [(&'static str, Self)] =
        &[("keep", Self::Keep), ("demote", Self::Demote)];
}

impl Choice for Holders {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("everyone", Self::Everyone),
        ("token", Self::Token),
        ("moderators", Self::Moderators),
        ("owners", Self::Owners),
        ("nobody", Self::Nobody),
    ];
}

impl Choice for AbsentHost {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("end", Self::End),
        ("lock", Self::Lock),
        ("none", Self::None),
    ];
}

impl Choice for Freeze {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("revert", Self::Revert),
        ("notify", Self::Notify),
        ("off", Self::Off),
    ];
}

impl Choice for GuestNames {
    const WORDS: &'static [(&'static str, Self)] =
        &[("free", Self::Free), ("distinct", Self::Distinct)];
}

impl Choice for LogFormat {
    const WORDS: &'static [(&'static str, Self)] = &[("text", Self::Text), ("json", Self::Json)];
}

/// Writes a choice as the configuration spells it.
pub(super) fn serialize<T: Choice, S: Serializer>(
    choice: &T,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(choice.word())
}

/// Writes a list of choices as the configuration spells them.
pub(super) fn serialize_all<T: Choice, S: Serializer>(
    choices: &[T],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(choices.iter().map(|choice| choice.word()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_and_written_alike() {
        for (word, value) in Algorithm::WORDS {
            assert_eq!(Algorithm::parse(word), Some(*value));
            assert_eq!(value.word(), *word);
        }
        assert_eq!(Algorithm::parse("none"), None);
        assert_eq!(Algorithm::parse("hs256"), None);
        assert_eq!(Poll::parse("Auto"), None);
    }
}
