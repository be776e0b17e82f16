//! The policy's verdict on somebody: their entitlement, the rule and the reason.

use super::condition::{Facts, Subject};
use super::preset::is_taken;
use super::reason::Reason;
use super::rule::{Entitlement, Rule};
use super::rules::Tried;
use crate::claims::{Claims, Hint, moderator_hints};
use crate::muc::Affiliation;

/// Somebody's entitlement, and the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Their entitlement.
    pub entitlement: Entitlement,
    /// The rule that says so.
    pub rule: Rule,
    /// The values it saw.
    pub reason: Reason,
}

impl Tried {
    /// The verdict if no rule matches; `refused` is a rule that would have, had there been
    /// claims.
    pub(super) fn fallback(facts: &Facts<'_>, refused: Option<Rule>) -> Self {
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
