//! Permissions (SPEC B17): what a person may do besides moderating, and why.
//!
//! A permission comes from the first that names it: the rule that decides on the
//! person, the token's `context.features`, `[policy.permissions]`. What nobody
//! names is left to Jitsi. Here is only what follows from these; that somebody
//! is moderator at this moment is the module's to know, so a permission for
//! moderators is passed on as one.

use super::condition::Subject;
use super::{Policy, Rule, Verdict};
use crate::claims::Claims;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

macro_rules! names {
    ($($(#[$help:meta])* $variant:ident = $word:literal,)*) => {
        /// Something that the server keeps those from who may not do it.
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
    /// Having what is said translated.
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
    /// Having what is said written down.
    Transcription = "transcription",
}

impl Permission {
    /// The permission of this name.
    pub fn parse(name: &str) -> Option<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|permission| permission.as_str() == name)
    }

    /// The module of Jitsi that checks it on the VirtualHost of the people, where
    /// nobody else does.
    pub fn checked_by(self) -> Option<&'static str> {
        match self {
            Self::Recording | Self::Livestreaming => Some("filter_iq_jibri"),
            Self::Transcription | Self::OutboundCall => Some("filter_iq_rayo"),
            _ => None,
        }
    }

    /// Who has it where `[policy.permissions]` does not say; nothing where it is
    /// left to Jitsi.
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

/// Who has a permission, as `[policy.permissions]` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holders {
    /// Everybody.
    Everyone,
    /// Whoever has verified claims.
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

    /// What it comes to for somebody with verified claims, or without.
    pub fn held(self, has_claims: bool) -> Held {
        match (self, has_claims) {
            (Self::Everyone, _) | (Self::Token, true) => Held::Always,
            (Self::Moderators, _) => Held::Moderating,
            (Self::Owners, _) => Held::Owning,
            (Self::Nobody, _) | (Self::Token, false) => Held::Never,
        }
    }
}

/// What holds for one person.
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

    /// Whether it allows what it is for to somebody who is moderator, or owner.
    pub fn allows(self, moderator: bool, owner: bool) -> bool {
        match self {
            Self::Always => true,
            Self::Moderating => moderator,
            Self::Owning => owner,
            Self::Never => false,
        }
    }

    /// What a plain yes or no comes to.
    fn of(allowed: bool) -> Self {
        if allowed { Self::Always } else { Self::Never }
    }
}

/// Why a person has a permission or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Because {
    /// The rule that decides on them says so.
    Rule(Rule),
    /// Their token says so.
    Token,
    /// `[policy.permissions]` says so.
    Setting(Holders),
    /// It holds where nobody says anything.
    Standard(Holders),
    /// Their token allowed it and has expired.
    Expired,
    /// This rule would allow it, but rules allow only people with a token; what
    /// holds instead, where the configuration says anything.
    NeedsToken(Rule, Option<Holders>),
}

impl Because {
    /// The configuration says that these have it.
    fn configured(name: Permission, holders: Holders) -> Self {
        match name.standard() == Some(holders) {
            true => Self::Standard(holders),
            false => Self::Setting(holders),
        }
    }
}

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rule(rule) => write!(f, "rule {rule}"),
            Self::Token => f.write_str("the token's context.features"),
            Self::Setting(holders) => write!(f, "policy.permissions: {}", holders.as_str()),
            Self::Standard(holders) => write!(f, "default: {}", holders.as_str()),
            Self::Expired => f.write_str("the token allowed it and has expired"),
            Self::NeedsToken(rule, instead) => {
                write!(f, "rule {rule} allows it only with a token")?;
                match instead {
                    Some(holders) => write!(f, "; policy.permissions: {}", holders.as_str()),
                    None => Ok(()),
                }
            }
        }
    }
}

/// One permission of one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permitted {
    /// Which.
    pub name: Permission,
    /// What holds; nothing where it is left to Jitsi.
    pub held: Option<Held>,
    /// Why.
    pub because: Because,
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

    /// Who has a permission; nothing where it is left to Jitsi.
    pub fn get(&self, name: Permission) -> Option<Holders> {
        self.0.get(&name).copied()
    }

    /// Every permission that is not left to Jitsi, by name.
    pub fn iter(&self) -> impl Iterator<Item = (Permission, Holders)> {
        self.0.iter().map(|(name, holders)| (*name, *holders))
    }

    /// Whether they say nothing but what holds anyway.
    pub fn are_standard(&self) -> bool {
        self.changed().next().is_none()
    }

    /// Those that say something else than what holds anyway.
    fn changed(&self) -> impl Iterator<Item = (Permission, Holders)> {
        self.iter()
            .filter(|(name, holders)| name.standard() != Some(*holders))
    }

    /// What holds for people of whom nothing else is said: they have no claims.
    pub fn for_guests(&self) -> PermissionList {
        let held = |(name, holders): (Permission, Holders)| (name, holders.held(false));
        self.changed().map(held).collect()
    }
}

/// What the module is told, by name; what is not in it is left to Jitsi.
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
    /// What the module is to know of these: a setting that says what holds anyway
    /// is left out.
    pub fn of(permitted: &[Permitted]) -> Self {
        let items = permitted.iter().filter_map(|item| {
            let anyway = match &item.because {
                Because::Standard(_) => true,
                Because::NeedsToken(_, holders) => item.name.standard() == *holders,
                _ => false,
            };
            item.held.filter(|_| !anyway).map(|held| (item.name, held))
        });
        items.collect()
    }

    /// Names and what holds.
    pub fn iter(&self) -> impl Iterator<Item = (Permission, Held)> {
        self.0.iter().copied()
    }

    /// Whether everything is left to Jitsi.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What the module calls such a list: the first 16 hex digits of the SHA-256
    /// of its sorted lines `name=for`.
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

impl Policy {
    /// Every permission that the configuration names, in a rule or a setting that
    /// says something else than what holds anyway.
    pub fn named_permissions(&self) -> BTreeSet<Permission> {
        let by_rules = self.rules.iter().flat_map(|clause| clause.permissions());
        let by_rules = by_rules.map(|(name, _)| *name);
        let set = self.permissions.changed().map(|(name, _)| name);
        by_rules.chain(set).collect()
    }

    /// What somebody may do of whom [`Policy::judge`] has said `verdict`.
    pub fn permissions(&self, subject: &Subject<'_>, verdict: &Verdict) -> Vec<Permitted> {
        let token = subject.claims.filter(|claims| names_features(claims));
        let expired = verdict.rule == Rule::Expired;
        // Whoever's token has expired keeps what it and its rule deny.
        let judged = expired.then(|| self.judge(subject));
        let rule = self.rule_of(judged.as_ref().unwrap_or(verdict));
        if token.is_none() && rule.is_none() && self.permissions.are_standard() {
            // Nobody says anything but what holds anyway.
            return self.settings(false).collect();
        }
        let facts = self.facts(subject);
        let person = Person {
            has_claims: facts.may_moderate() && !expired,
            features: token.map_or(Value::Null, features),
            expired,
        };
        let said = |name: &Permission| {
            let setting = self.permissions.get(*name);
            person.permission(*name, rule.as_ref(), setting)
        };
        Permission::ALL.iter().filter_map(said).collect()
    }

    /// What `[policy.permissions]` comes to for somebody with or without claims.
    fn settings(&self, has_claims: bool) -> impl Iterator<Item = Permitted> {
        self.permissions
            .iter()
            .map(move |(name, holders)| Permitted {
                name,
                held: Some(holders.held(has_claims)),
                because: Because::configured(name, holders),
            })
    }

    /// The rule of one's own that has something to say about permissions of
    /// whoever got this verdict. One that matches and gives a guest nothing,
    /// because only people with a token may have it, still denies.
    fn rule_of(&self, verdict: &Verdict) -> Option<(Rule, Vec<(Permission, bool)>)> {
        let rule = match (&verdict.rule, &verdict.reason) {
            (Rule::Named(_), _) => &verdict.rule,
            (_, super::Reason::RuleNeedsClaims(rule)) => rule,
            _ => return None,
        };
        let clause = self.rules.iter().find(|c| c.name() == rule.as_str())?;
        let said = clause.permissions().to_vec();
        (!said.is_empty()).then(|| (rule.clone(), said))
    }
}

/// What is known of somebody whose permissions are asked for.
struct Person {
    has_claims: bool,
    /// The token's `context.features`.
    features: Value,
    expired: bool,
}

impl Person {
    fn permission(
        &self,
        name: Permission,
        rule: Option<&(Rule, Vec<(Permission, bool)>)>,
        setting: Option<Holders>,
    ) -> Option<Permitted> {
        let held = setting.map(|holders| holders.held(self.has_claims));
        let permitted = |held, because| {
            Some(Permitted {
                name,
                held,
                because,
            })
        };
        let by_rule = rule.and_then(|(rule, said)| {
            let said = said.iter().find(|(known, _)| *known == name);
            said.map(|(_, allowed)| (rule.clone(), *allowed))
        });
        let refused = match by_rule {
            Some((rule, allowed)) if self.has_claims || !allowed => {
                return permitted(Some(Held::of(allowed)), Because::Rule(rule));
            }
            refused => refused.map(|(rule, _)| rule),
        };
        match (self.feature(name), refused) {
            (Some(false), _) => permitted(Some(Held::Never), Because::Token),
            (Some(true), _) if !self.expired => permitted(Some(Held::Always), Because::Token),
            // Jitsi reads the token on its own: what ends must be denied.
            (Some(true), _) | (None, Some(_)) if self.expired => {
                permitted(held.or(Some(Held::Never)), Because::Expired)
            }
            (_, Some(rule)) => permitted(held, Because::NeedsToken(rule, setting)),
            (_, None) => permitted(held, Because::configured(name, setting?)),
        }
    }

    /// What the token says, as Jitsi reads it.
    fn feature(&self, name: Permission) -> Option<bool> {
        match self.features.get(name.as_str())? {
            Value::Bool(allowed) => Some(*allowed),
            Value::String(text) if text == "true" => Some(true),
            Value::String(text) if text == "false" => Some(false),
            _ => None,
        }
    }
}

/// Whether it is worth looking for features in a token.
fn names_features(claims: &Claims) -> bool {
    claims.json().contains("\"features\"")
}

fn features(claims: &Claims) -> Value {
    claims.value()["context"]["features"].take()
}
