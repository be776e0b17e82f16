//! Permissions (SPEC B17) by name, and their holders as `[policy.permissions]` says.

use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt;

macro_rules! names {
    ($($(#[$help:meta])* $variant:ident = $word:literal,)*) => {
        /// An action that the server keeps from people who do not have the permission.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Permission {
            $($(#[$help])* $variant,)*
        }

        impl Permission {
            /// All of them, in the order of their names.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its name in the configuration and in tokens.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }
        }
    };
}

names! {
    /// Entering a breakout room without having been sent there.
    BreakoutEnter = "breakout-enter",
    /// Adding, renaming and removing breakout rooms, and moving people.
    BreakoutManage = "breakout-manage",
    /// Starting a poll.
    CreatePolls = "create-polls",
    /// Sharing and removing files.
    FileUpload = "file-upload",
    /// Coming back on another device in the place of the first.
    Flip = "flip",
    /// Having speech translated.
    LiveTranslation = "live-translation",
    /// Listening to a translation.
    LiveTranslationSubscribe = "live-translation-subscribe",
    /// Streaming the meeting.
    Livestreaming = "livestreaming",
    /// Entering although the lobby or a password is on.
    LobbyBypass = "lobby-bypass",
    /// Calling a phone.
    OutboundCall = "outbound-call",
    /// Recording the meeting.
    Recording = "recording",
    /// Writing to everybody.
    SendGroupchat = "send-groupchat",
    /// Writing to one person.
    SendPrivateMessage = "send-private-message",
    /// Calling a SIP address.
    SipOutboundCall = "sip-outbound-call",
    /// Having speech written down.
    Transcription = "transcription",
}

impl Permission {
    /// The permission of this name.
    pub fn parse(name: &str) -> Option<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|permission| permission.as_str() == name)
    }

    /// The module of Jitsi that checks it on the VirtualHost of the people, if nobody else
    /// does.
    pub fn checked_by(self) -> Option<&'static str> {
        match self {
            Self::Recording | Self::Livestreaming => Some("filter_iq_jibri"),
            Self::Transcription | Self::OutboundCall => Some("filter_iq_rayo"),
            _ => None,
        }
    }

    /// The holders if `[policy.permissions]` does not say; nothing if it is left to Jitsi.
    pub fn standard(self) -> Option<Holders> {
        match self {
            Self::BreakoutEnter => Some(Holders::Everyone),
            Self::LobbyBypass => Some(Holders::Owners),
            _ => None,
        }
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The holders of a permission, as `[policy.permissions]` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holders {
    /// Everybody.
    Everyone,
    /// People who have verified claims.
    Token,
    /// Moderators.
    Moderators,
    /// Owners.
    Owners,
    /// Nobody.
    Nobody,
}

impl Holders {
    /// The word in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Everyone => "everyone",
            Self::Token => "token",
            Self::Moderators => "moderators",
            Self::Owners => "owners",
            Self::Nobody => "nobody",
        }
    }

    /// The permission of somebody with verified claims, or without.
    pub fn held(self, has_claims: bool) -> Held {
        match (self, has_claims) {
            (Self::Everyone, _) | (Self::Token, true) => Held::Always,
            (Self::Moderators, _) => Held::Moderating,
            (Self::Owners, _) => Held::Owning,
            (Self::Nobody, _) | (Self::Token, false) => Held::Never,
        }
    }
}

/// The permission of one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// They have the permission.
    Always,
    /// They have it while they are moderator.
    Moderating,
    /// They have it while they are owner.
    Owning,
    /// They do not have it.
    Never,
}

impl Held {
    /// The word that the module is told.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Always => "everyone",
            Self::Moderating => "moderators",
            Self::Owning => "owners",
            Self::Never => "nobody",
        }
    }

    /// Says whether it is given to somebody who is moderator, or owner.
    pub fn allows(self, moderator: bool, owner: bool) -> bool {
        match self {
            Self::Always => true,
            Self::Moderating => moderator,
            Self::Owning => owner,
            Self::Never => false,
        }
    }

    /// The permission for a plain yes or no.
    pub(super) fn of(allowed: bool) -> Self {
        if allowed { Self::Always } else { Self::Never }
    }
}

/// `[policy.permissions]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permissions(BTreeMap<Permission, Holders>);

impl Default for Permissions {
    fn default() -> Self {
        let standard = |name: &Permission| Some((*name, name.standard()?));
        Self(Permission::ALL.iter().filter_map(standard).collect())
    }
}

impl Permissions {
    /// Says who has a permission.
    pub fn set(&mut self, name: Permission, holders: Holders) {
        self.0.insert(name, holders);
    }

    /// The holders of a permission; nothing if it is left to Jitsi.
    pub fn get(&self, name: Permission) -> Option<Holders> {
        self.0.get(&name).copied()
    }

    /// Every permission that is not left to Jitsi, by name.
    pub fn iter(&self) -> impl Iterator<Item = (Permission, Holders)> {
        self.0.iter().map(|(name, holders)| (*name, *holders))
    }

    /// Says whether they say nothing that differs from the standard.
    pub fn are_standard(&self) -> bool {
        self.changed().next().is_none()
    }

    /// The settings that differ from the standard.
    pub(super) fn changed(&self) -> impl Iterator<Item = (Permission, Holders)> {
        self.iter()
            .filter(|(name, holders)| name.standard() != Some(*holders))
    }

    /// The permissions of people without claims.
    pub fn for_guests(&self) -> PermissionList {
        let held = |(name, holders): (Permission, Holders)| (name, holders.held(false));
        self.changed().map(held).collect()
    }
}

/// The list that the module is told, by name; a permission that is not in it is left to Jitsi.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PermissionList(Vec<(Permission, Held)>);

impl FromIterator<(Permission, Held)> for PermissionList {
    fn from_iter<T: IntoIterator<Item = (Permission, Held)>>(items: T) -> Self {
        let mut list: Vec<_> = items.into_iter().collect();
        list.sort_unstable_by_key(|(name, _)| *name);
        Self(list)
    }
}

impl PermissionList {
    /// The names, each with its holders.
    pub fn iter(&self) -> impl Iterator<Item = (Permission, Held)> {
        self.0.iter().copied()
    }

    /// Says whether everything is left to Jitsi.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The module's name for such a list: the first 16 hex digits of the SHA-256 of its
    /// sorted lines `name=for`.
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        for (name, held) in &self.0 {
            hash.update(format!("{name}={}\n", held.as_str()));
        }
        let digest = hash.finalize();
        digest[..8]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}
