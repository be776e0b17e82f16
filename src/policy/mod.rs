//! Policy: which affiliation claims entitle to, and why (SPEC section 3).
//!
//! [`Policy::judge`] tries rules in order; the first that matches decides.
//! [`Policy::explain`] tells the same story rule by rule. What becomes of an
//! entitlement in a room (grants, guests, hosts) is [`crate::engine`]'s.

mod jitsi;
mod reason;

pub use reason::{Field, Reason, Seen};

use crate::claims::Claims;
use crate::muc::Affiliation;
use std::fmt;

/// `policy.preset`
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Preset {
    /// The rules of Jitsi's token_affiliation.
    #[default]
    Jitsi,
    /// None but one's own.
    None,
}

/// `policy.guests`: what becomes of people without claims.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Guests {
    /// None of them moderates unless a moderator granted it.
    #[default]
    Strip,
    /// They are left alone.
    Ignore,
}

/// `policy.grants`: what a promotion by a moderator becomes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Grants {
    /// Affiliation owner.
    #[default]
    Owner,
    /// Affiliation admin: a co-host.
    Admin,
    /// It is taken back.
    None,
}

/// `[policy]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The rules tried after one's own.
    pub preset: Preset,
    /// People without claims.
    pub guests: Guests,
    /// Promotions by moderators.
    pub grants: Grants,
    /// Whether a token-entitled owner demoted by somebody else gets owner back.
    pub protect_hosts: bool,
    /// Whether the module keeps everybody from making moderators of those who are
    /// not entitled.
    pub guard: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            preset: Preset::default(),
            guests: Guests::default(),
            grants: Grants::default(),
            protect_hosts: true,
            guard: false,
        }
    }
}

/// What claims entitle their bearer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entitlement {
    /// This affiliation.
    Affiliation(Affiliation),
    /// Whatever it is now: gavel keeps its hands off.
    Keep,
    /// Nothing: `policy.guests` says what becomes of them.
    Guest,
}

/// A rule by its name, as logs, `explain` and the API show it. Not `Copy`,
/// because rules of the configuration will have names of their own.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Rule {
    /// `jitsi:affiliation`: `context.user.affiliation` is owner, moderator or
    /// teacher → owner.
    JitsiAffiliation,
    /// `jitsi:moderator`: `context.user.moderator` is true or `"true"` → owner.
    JitsiModerator,
    /// `jitsi:member`: any other claims → member.
    JitsiMember,
    /// `unmatched`: claims that no rule matches entitle to nothing.
    Unmatched,
    /// `guest`: no claims.
    Guest,
}

impl Rule {
    /// The rule's name.
    pub fn as_str(&self) -> &str {
        match self {
            Self::JitsiAffiliation => "jitsi:affiliation",
            Self::JitsiModerator => "jitsi:moderator",
            Self::JitsiMember => "jitsi:member",
            Self::Unmatched => "unmatched",
            Self::Guest => "guest",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What somebody is entitled to, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// What they are entitled to.
    pub entitlement: Entitlement,
    /// The rule that says so.
    pub rule: Rule,
    /// What it saw.
    pub reason: Reason,
}

/// One rule that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// The rule.
    pub rule: Rule,
    /// What it gives where it matches; `None` where it does not match.
    pub entitlement: Option<Entitlement>,
    /// What it saw, whether it matched or not.
    pub reason: Reason,
}

impl Policy {
    /// What `claims` entitle to; `None` is a guest.
    pub fn judge(&self, claims: Option<&Claims>) -> Verdict {
        self.explain(claims)
            .pop()
            .and_then(|tried| {
                Some(Verdict {
                    entitlement: tried.entitlement?,
                    rule: tried.rule,
                    reason: tried.reason,
                })
            })
            .unwrap_or(Verdict {
                entitlement: Entitlement::Guest,
                rule: Rule::Unmatched,
                reason: Reason::NoRule,
            })
    }

    /// The rules in the order they were tried, the one that decides last.
    pub fn explain(&self, claims: Option<&Claims>) -> Vec<Tried> {
        let Some(claims) = claims else {
            return vec![Tried::guest(Reason::NoClaims)];
        };
        let value = claims.value();
        if crate::claims::features_alone(&value) {
            return vec![Tried::guest(Reason::FeaturesAlone)];
        }
        let mut tried = Vec::with_capacity(3);
        if self.preset == Preset::Jitsi && jitsi::try_rules(&value, &mut tried) {
            return tried;
        }
        tried.push(Tried {
            rule: Rule::Unmatched,
            entitlement: Some(Entitlement::Guest),
            reason: Reason::NoRule,
        });
        tried
    }
}

impl Tried {
    fn guest(reason: Reason) -> Self {
        Self {
            rule: Rule::Guest,
            entitlement: Some(Entitlement::Guest),
            reason,
        }
    }
}

#[cfg(test)]
mod tests;
