//! One person's permissions besides moderating, and the reasons (SPEC B17).
//!
//! A permission comes from the first that names it: the rule that decides on the person,
//! the token's `context.features`, `[policy.permissions]`. A permission that none of them
//! names is left to Jitsi. Only the module knows whether somebody is moderator at this
//! moment, so a permission for moderators is passed on as one.

use super::Policy;
use super::condition::Subject;
use super::permissions::{Held, Holders, Permission, PermissionList};
use super::reason::Reason;
use super::rule::Rule;
use super::verdict::Verdict;
use crate::claims::Claims;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt;

/// Why a person has a permission or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Because {
    /// The rule that decides on them says so.
    Rule(Rule),
    /// Their token says so.
    Token,
    /// `[policy.permissions]` says so.
    Setting(Holders),
    /// It holds if nobody says anything.
    Standard(Holders),
    /// Their token allowed it and has expired.
    Expired,
    /// This rule would allow it, but rules allow only people with a token; the second is
    /// the configured setting, if there is one.
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
    /// Its name.
    pub name: Permission,
    /// The permission; nothing if it is left to Jitsi.
    pub held: Option<Held>,
    /// Why.
    pub because: Because,
}

impl PermissionList {
    /// The part of these that the module must know: a setting that equals the standard is
    /// left out.
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
}

impl Policy {
    /// Every permission that the configuration names, in a rule or in a setting that
    /// differs from the standard.
    pub fn named_permissions(&self) -> BTreeSet<Permission> {
        let by_rules = self.rules.iter().flat_map(|clause| clause.permissions());
        let by_rules = by_rules.map(|(name, _)| *name);
        let set = self.permissions.changed().map(|(name, _)| name);
        by_rules.chain(set).collect()
    }

    /// The permissions of somebody who got `verdict` from [`Policy::judge`].
    pub fn permissions(&self, subject: &Subject<'_>, verdict: &Verdict) -> Vec<Permitted> {
        let token = subject.claims.filter(|claims| names_features(claims));
        let expired = verdict.rule == Rule::Expired;
        // A person whose token has expired keeps the denials of the token and its rule.
        let judged = expired.then(|| self.judge(subject));
        let rule = self.rule_of(judged.as_ref().unwrap_or(verdict));
        if token.is_none() && rule.is_none() && self.permissions.are_standard() {
            // No setting differs from the standard.
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

    /// The settings of `[policy.permissions]` for somebody with or without claims.
    fn settings(&self, has_claims: bool) -> impl Iterator<Item = Permitted> {
        self.permissions
            .iter()
            .map(move |(name, holders)| Permitted {
                name,
                held: Some(holders.held(has_claims)),
                because: Because::configured(name, holders),
            })
    }

    /// The rule of one's own that names permissions for somebody with this verdict. A rule
    /// that matches and gives a guest nothing, because only people with a token may have
    /// it, still denies.
    fn rule_of(&self, verdict: &Verdict) -> Option<(Rule, Vec<(Permission, bool)>)> {
        let rule = match (&verdict.rule, &verdict.reason) {
            (Rule::Named(_), _) => &verdict.rule,
            (_, Reason::RuleNeedsClaims(rule)) => rule,
            _ => return None,
        };
        let clause = self.rules.iter().find(|c| c.name() == rule.as_str())?;
        let said = clause.permissions().to_vec();
        (!said.is_empty()).then(|| (rule.clone(), said))
    }
}

/// The facts of somebody whose permissions are asked for.
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
            // Jitsi reads the token on its own: a permission that ends must be denied.
            (Some(true), _) | (None, Some(_)) if self.expired => {
                permitted(held.or(Some(Held::Never)), Because::Expired)
            }
            (_, Some(rule)) => permitted(held, Because::NeedsToken(rule, setting)),
            (_, None) => permitted(held, Because::configured(name, setting?)),
        }
    }

    /// The token's value, as Jitsi reads it.
    fn feature(&self, name: Permission) -> Option<bool> {
        match self.features.get(name.as_str())? {
            Value::Bool(allowed) => Some(*allowed),
            Value::String(text) if text == "true" => Some(true),
            Value::String(text) if text == "false" => Some(false),
            _ => None,
        }
    }
}

/// Says whether it is worth looking for features in a token.
fn names_features(claims: &Claims) -> bool {
    claims.json().contains("\"features\"")
}

fn features(claims: &Claims) -> Value {
    claims.value()["context"]["features"].take()
}
