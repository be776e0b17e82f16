//! Policy: which affiliation claims entitle to, and why (SPEC section 3).
//!
//! [`Policy::judge`] tries rules in order, one's own and then the preset's; the
//! first that matches decides. [`Policy::explain`] tells the same story rule by
//! rule. A rule is a name, a [`Condition`] in CEL and an affiliation; the presets
//! are written as such rules, too. What becomes of an entitlement in a room
//! (grants, guests, hosts) is [`crate::engine`]'s.
//!
//! Without claims nobody is entitled to owner or admin: the presets' rules are
//! not tried then, and a rule of one's own that would give them does not match.
//! A rule may make a guest member or outcast, or leave them alone. The exception
//! are people who have logged in on a domain of [`Policy::trusted_logins`]: there
//! the login itself counts, as a token does elsewhere.

mod condition;
pub mod permissions;
mod preset;
mod reason;
mod rules;

pub use condition::{BUDGET, Condition, Facts, Fault, Flaw, Path, Subject};
pub use permissions::{Because, Held, Holders, Permission, PermissionList, Permissions, Permitted};
pub use reason::{Reason, Said, Seen};
pub use rules::{Clause, Rules};

use crate::claims::{Claims, Hint, moderator_hints};
use crate::muc::Affiliation;
use std::fmt;
use std::sync::Arc;

/// `policy.preset`
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Preset {
    /// The rules of Jitsi's token_affiliation.
    #[default]
    Jitsi,
    /// Those for the tokens of 8x8's JaaS: `context.user.moderator` only.
    Jaas,
    /// Whoever has valid claims is owner.
    Authenticated,
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

/// `policy.fallback`: who moderates a room that nobody is entitled to moderate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Fallback {
    /// Nobody.
    #[default]
    None,
    /// The one who has been there longest, as Jicofo's auto-owner does.
    First,
}

/// `policy.on_expiry`: what happens when a token's `exp` passes in the meeting.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnExpiry {
    /// Nothing.
    #[default]
    Keep,
    /// What it entitles to ends.
    Demote,
}

/// `[policy]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// One's own rules, tried first.
    pub rules: Rules,
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
    /// Rooms that nobody is entitled to moderate.
    pub fallback: Fallback,
    /// Tokens whose `exp` passes during the meeting.
    pub on_expiry: OnExpiry,
    /// Domains on which every login is an account of somebody who may moderate.
    pub trusted_logins: Vec<String>,
    /// Who may do what, where neither a rule nor the token says.
    pub permissions: Permissions,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            rules: Rules::default(),
            preset: Preset::default(),
            guests: Guests::default(),
            grants: Grants::default(),
            protect_hosts: true,
            guard: true,
            fallback: Fallback::default(),
            on_expiry: OnExpiry::default(),
            trusted_logins: Vec::new(),
            permissions: Permissions::default(),
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

impl Entitlement {
    /// The word that `affiliation` of a rule has for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Affiliation(affiliation) => affiliation.as_str(),
            Self::Keep => "keep",
            Self::Guest => GUEST,
        }
    }

    /// Whether it makes a moderator who can make others.
    fn is_power(self) -> bool {
        matches!(self, Self::Affiliation(affiliation) if affiliation.moderates())
    }
}

/// A rule by its name, as logs, `explain` and the API show it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Rule {
    /// One of the configuration's or a preset's.
    Named(Arc<str>),
    /// `unmatched`: claims that no rule matches entitle to nothing.
    Unmatched,
    /// `guest`: no claims.
    Guest,
    /// `login`: no token, but a login on a domain of `policy.trusted_logins`.
    Login,
    /// `fallback`: elected, since nobody who may moderate is there.
    Fallback,
    /// `override`: an admin has set it.
    Override,
    /// `grant`: a moderator promoted them.
    Grant,
    /// `last_seen`: they have left, and their token gave it then.
    LastSeen,
    /// `ban`: somebody who may not ban them had done so.
    Ban,
    /// `absent`: they have left, or were never here.
    Absent,
    /// `expired`: the token's `exp` has passed (`policy.on_expiry`).
    Expired,
}

impl Rule {
    /// The rule's name.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Named(name) => name,
            Self::Unmatched => UNMATCHED,
            Self::Guest => GUEST,
            Self::Login => LOGIN,
            Self::Fallback => FALLBACK,
            Self::Expired => EXPIRED,
            Self::Override => "override",
            Self::Grant => "grant",
            Self::LastSeen => "last_seen",
            Self::Ban => "ban",
            Self::Absent => "absent",
        }
    }
}

const UNMATCHED: &str = "unmatched";
const GUEST: &str = "guest";
const LOGIN: &str = "login";
const FALLBACK: &str = "fallback";
const EXPIRED: &str = "expired";

/// Why nobody may call a rule of their own `name`: it would be taken for another.
pub fn is_taken(name: &str) -> bool {
    let prefixed = preset::PREFIXES.iter().any(|known| name.starts_with(known));
    prefixed || [UNMATCHED, GUEST, LOGIN, FALLBACK, EXPIRED].contains(&name)
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
    /// Its condition; none where nothing but the absence of others decides.
    pub when: Option<Arc<str>>,
    /// What it gives whoever it matches.
    pub gives: Entitlement,
    /// The same where it matches; `None` where it does not match.
    pub entitlement: Option<Entitlement>,
    /// What it saw, whether it matched or not.
    pub reason: Reason,
}

impl Policy {
    /// What somebody is entitled to.
    pub fn judge(&self, subject: &Subject<'_>) -> Verdict {
        let mut last = None;
        let mut refused = None;
        let facts = self.facts(subject);
        match rules::try_all([&self.rules, self.preset.rules()], &facts, |tried| {
            if refused.is_none() && tried.reason == Reason::OnlyByClaims {
                refused = Some(tried.rule.clone());
            }
            last = Some(tried);
        }) {
            true => last.unwrap_or_else(|| Tried::fallback(&facts, refused)),
            false => Tried::fallback(&facts, refused),
        }
        .into()
    }

    /// What rules see of somebody. A login counts only where nothing else is
    /// known of them: whoever has shown a token is judged by it.
    fn facts<'a>(&self, subject: &Subject<'a>) -> Facts<'a> {
        let trusted = self.trusts(subject.domain().unwrap_or_default());
        let login = subject.login && subject.claims.is_none() && trusted;
        Facts::of(Subject { login, ..*subject })
    }

    /// Whether logins on `domain` count (`policy.trusted_logins`).
    pub fn trusts(&self, domain: &str) -> bool {
        self.trusted_logins.iter().any(|known| known == domain)
    }

    /// The rules in the order they were tried, the one that decides last.
    pub fn explain(&self, subject: &Subject<'_>) -> Vec<Tried> {
        let mut tried: Vec<Tried> = Vec::new();
        let facts = self.facts(subject);
        if !rules::try_all([&self.rules, self.preset.rules()], &facts, |rule| {
            tried.push(rule);
        }) {
            let refused = tried.iter().find(|t| t.reason == Reason::OnlyByClaims);
            let refused = refused.map(|tried| tried.rule.clone());
            tried.push(Tried::fallback(&facts, refused));
        }
        tried
    }

    /// Whether it says anything about permissions but what holds anyway.
    pub fn has_permissions(&self) -> bool {
        !self.named_permissions().is_empty()
    }

    /// Whether somebody is to be judged anew when their nick changes.
    pub fn reads_nick(&self) -> bool {
        self.rules.read_nick()
    }
}

impl Tried {
    /// What decides where no rule matches; `refused` is a rule that would have,
    /// had there been claims.
    fn fallback(facts: &Facts<'_>, refused: Option<Rule>) -> Self {
        let guest = Entitlement::Guest;
        let (rule, gives, reason) = match (facts.has_claims(), facts.features_alone) {
            (true, _) => (Rule::Unmatched, guest, Reason::NoRule),
            (false, _) if facts.is_trusted_login() => {
                let owner = Entitlement::Affiliation(Affiliation::Owner);
                (Rule::Login, owner, Reason::TrustedLogin)
            }
            (false, true) => (Rule::Guest, guest, Reason::FeaturesAlone),
            (false, false) => match refused {
                Some(refused) => (Rule::Guest, guest, Reason::RuleNeedsClaims(refused)),
                None => (Rule::Guest, guest, Reason::NoClaims),
            },
        };
        Self {
            rule,
            when: None,
            gives,
            entitlement: Some(gives),
            reason,
        }
    }
}

impl From<Tried> for Verdict {
    fn from(tried: Tried) -> Self {
        Self {
            entitlement: tried.entitlement.unwrap_or(Entitlement::Guest),
            rule: tried.rule,
            reason: tried.reason,
        }
    }
}

impl Verdict {
    /// Claims that say moderator and that no rule has read. A rule of one's own
    /// that decides is meant as it is.
    pub fn unread(&self, claims: &Claims) -> Vec<Hint> {
        let own = matches!(&self.rule, Rule::Named(name) if !is_taken(name));
        let moderates = self.entitlement == Entitlement::Keep || self.entitlement.is_power();
        match own || moderates {
            true => Vec::new(),
            false => moderator_hints(claims),
        }
    }

    /// Somebody whose claims have not been looked at.
    pub fn guest() -> Self {
        Tried::fallback(&Facts::of(Subject::default()), None).into()
    }
}

#[cfg(test)]
mod tests;
