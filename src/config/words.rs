//! Settings that are one of a few words.

use serde::{Serialize, Serializer};

/// A setting whose values are words.
pub trait Word: Copy + PartialEq + 'static {
    /// Every value with its spelling.
    const WORDS: &'static [(&'static str, Self)];

    /// The value spelled `text`.
    fn parse(text: &str) -> Option<Self> {
        let found = Self::WORDS.iter().find(|(word, _)| *word == text);
        found.map(|(_, value)| *value)
    }

    /// The spelling.
    fn as_str(self) -> &'static str {
        let found = Self::WORDS.iter().find(|(_, value)| *value == self);
        found.map_or("", |(word, _)| word)
    }
}

/// Declares an enum whose variants are spelled as given.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$doc])* $variant,)+ }

        impl Word for $name {
            const WORDS: &'static [(&'static str, Self)] = &[$(($word, Self::$variant),)+];
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
}

words! {
    /// How rooms are found by asking, besides being invited.
    Poll {
        /// The ad-hoc room list, for services that the module does not serve.
        Auto = "auto",
        /// The ad-hoc room list, for every service.
        Adhoc = "adhoc",
        /// XEP-0030 items of the service, which hides what is not public.
        Disco = "disco",
        /// Not at all.
        Off = "off",
    }
}

words! {
    /// Where claims may come from.
    ClaimSource {
        /// What the Prosody module hands over, with its mac.
        Bridge = "bridge",
        /// A compact JWT in presence, verified here.
        Jwt = "jwt",
        /// What Jitsi's presence_identity module writes; unsigned.
        Identity = "identity",
    }
}

words! {
    /// How a token may be signed (RFC 7518 §3.1, RFC 8037 §3.1).
    Algorithm {
        /// HMAC with SHA-256.
        Hs256 = "HS256",
        /// HMAC with SHA-384.
        Hs384 = "HS384",
        /// HMAC with SHA-512.
        Hs512 = "HS512",
        /// RSASSA-PKCS1-v1_5 with SHA-256.
        Rs256 = "RS256",
        /// RSASSA-PKCS1-v1_5 with SHA-384.
        Rs384 = "RS384",
        /// RSASSA-PKCS1-v1_5 with SHA-512.
        Rs512 = "RS512",
        /// RSASSA-PSS with SHA-256.
        Ps256 = "PS256",
        /// RSASSA-PSS with SHA-384.
        Ps384 = "PS384",
        /// RSASSA-PSS with SHA-512.
        Ps512 = "PS512",
        /// ECDSA with P-256 and SHA-256.
        Es256 = "ES256",
        /// ECDSA with P-384 and SHA-384.
        Es384 = "ES384",
        /// EdDSA with Ed25519.
        EdDsa = "EdDSA",
    }
}

impl Algorithm {
    /// Whether the key that verifies is the one that signs: a secret.
    pub fn is_symmetric(self) -> bool {
        matches!(self, Self::Hs256 | Self::Hs384 | Self::Hs512)
    }
}

words! {
    /// The rules that gavel brings along.
    Preset {
        /// Those of Jitsi's token_affiliation.
        Jitsi = "jitsi",
        /// Those for the tokens of 8x8's JaaS.
        Jaas = "jaas",
        /// Whoever has valid claims is owner.
        Authenticated = "authenticated",
        /// None.
        None = "none",
    }
}

words! {
    /// What a rule gives.
    Gives {
        /// Affiliation owner.
        Owner = "owner",
        /// Affiliation admin: a co-host.
        Admin = "admin",
        /// Affiliation member.
        Member = "member",
        /// No affiliation.
        None = "none",
        /// A ban.
        Outcast = "outcast",
        /// Whatever it is: not managed.
        Keep = "keep",
    }
}

words! {
    /// What becomes of moderators without claims.
    Guests {
        /// Nobody without claims is moderator unless a moderator granted it.
        Strip = "strip",
        /// They are left alone.
        Ignore = "ignore",
    }
}

words! {
    /// Who moderates a room without moderator.
    Fallback {
        /// Nobody.
        None = "none",
        /// The one who has been there longest.
        First = "first",
    }
}

words! {
    /// What a promotion by a moderator becomes.
    Grants {
        /// It is accepted as owner.
        Owner = "owner",
        /// It is accepted as admin: a co-host.
        Admin = "admin",
        /// It is taken back.
        None = "none",
    }
}

words! {
    /// What happens when a token's `exp` passes during the meeting.
    OnExpiry {
        /// Nothing.
        Keep = "keep",
        /// What it entitles to ends.
        Demote = "demote",
    }
}

words! {
    /// What becomes of a meeting that has had no host for some time.
    AbsentHost {
        /// It ends.
        End = "end",
        /// It becomes members-only until a host comes.
        Lock = "lock",
        /// Nothing.
        None = "none",
    }
}

words! {
    /// What happens to a changed name of somebody whose token names them.
    Freeze {
        /// The token's name comes back.
        Revert = "revert",
        /// The occupant is told.
        Notify = "notify",
        /// Nothing.
        Off = "off",
    }
}

words! {
    /// How log lines look.
    LogFormat {
        /// For people.
        Text = "text",
        /// One JSON object a line.
        Json = "json",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_and_written_alike() {
        for (word, value) in Algorithm::WORDS {
            assert_eq!(Algorithm::parse(word), Some(*value));
            assert_eq!(value.to_string(), *word);
        }
        assert_eq!(Algorithm::parse("none"), None);
        assert_eq!(Algorithm::parse("hs256"), None);
        assert_eq!(Poll::parse("Auto"), None);
    }
}
