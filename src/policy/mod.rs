//! Policy: which affiliation claims entitle to, and why (SPEC section 3).
//!
//! [`Policy::judge`] tries rules in order, one's own and then the preset's; the first that
//! matches decides. [`Policy::explain`] tells the same story rule by rule. A rule is a
//! name, a [`Condition`] in CEL and an affiliation; the presets are written as such rules,
//! too. [`crate::engine`] decides how an entitlement works in a room (grants, guests,
//! hosts).
//!
//! Without claims nobody is entitled to owner or admin: the presets' rules are
//! not tried then, and a rule of one's own that would give them does not match.
//! A rule may make a guest member or outcast, or leave them alone. The exception
//! are people who have logged in on a domain of [`Policy::trusted_logins`]: there
//! the login itself counts, as a token does elsewhere.

mod condition;
mod permissions;
mod permitted;
mod preset;
mod reason;
mod rule;
mod rules;
mod verdict;

pub use condition::{BUDGET, Condition, Facts, Fault, Flaw, Path, Subject};
pub use permissions::{Held, Holders, Permission, PermissionList, Permissions};
pub use permitted::{Because, Permitted};
pub use preset::{Preset, is_taken};
pub use reason::{Reason, Said, Seen};
pub use rule::{Entitlement, Rule};
pub use rules::{Clause, Rules, Tried};
pub use verdict::Verdict;

/// `policy.guests`: the treatment of people without claims.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Guests {
    /// None of them moderates unless a moderator granted it.
    #[default]
    Strip,
    /// They are left alone.
    Ignore,
}

/// `policy.grants`: the right that a promotion by a moderator becomes.
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

/// `policy.fallback`: the moderator of a room that nobody is entitled to moderate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Fallback {
    /// Nobody.
    #[default]
    None,
    /// The one who has been there longest, as Jicofo's auto-owner does.
    First,
}

/// `policy.on_expiry`: the consequence when a token's `exp` passes in the meeting.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnExpiry {
    /// Nothing.
    #[default]
    Keep,
    /// Its entitlement ends.
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
    /// Says whether a token-entitled owner demoted by somebody else gets owner back.
    pub protect_hosts: bool,
    /// Says whether the module keeps everybody from making moderators of those who are not
    /// entitled.
    pub guard: bool,
    /// Rooms that nobody is entitled to moderate.
    pub fallback: Fallback,
    /// Tokens whose `exp` passes during the meeting.
    pub on_expiry: OnExpiry,
    /// Domains on which every login is an account of somebody who may moderate.
    pub trusted_logins: Vec<String>,
    /// The holders of each permission, if neither a rule nor the token says.
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

impl Policy {
    /// Somebody's entitlement.
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

    /// The facts of somebody that rules see. A login counts only if nothing else is known
    /// of them: a person who has shown a token is judged by it.
    fn facts<'a>(&self, subject: &Subject<'a>) -> Facts<'a> {
        let trusted = self.trusts(subject.domain().unwrap_or_default());
        let login = subject.login && subject.claims.is_none() && trusted;
        Facts::of(Subject { login, ..*subject })
    }

    /// Says whether logins on `domain` count (`policy.trusted_logins`).
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

    /// Says whether it says anything about permissions that differs from the standard.
    pub fn has_permissions(&self) -> bool {
        !self.named_permissions().is_empty()
    }

    /// Says whether somebody is to be judged again when their nick changes.
    pub fn reads_nick(&self) -> bool {
        self.rules.read_nick()
    }
}

#[cfg(test)]
mod tests;
