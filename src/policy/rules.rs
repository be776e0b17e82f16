//! Rules: a name, a condition and a gift, tried in order.

use super::condition::{Condition, Facts, Flaw, Path, Scope};
use super::permissions::Permission;
use super::reason::{Reason, Said};
use super::rule::{Entitlement, Rule};
use std::sync::Arc;

/// How many of the places that a rule looks at its reasons show.
const MAX_SHOWN: usize = 4;

/// A rule, ready to be tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause {
    name: Arc<str>,
    when: Arc<Condition>,
    gives: Entitlement,
    /// The permissions that the people it matches have or not.
    permissions: Arc<[(Permission, bool)]>,
    /// The paths that reasons show.
    shows: Arc<Vec<Path>>,
}

impl Clause {
    /// A rule that gives `gives` to everybody who fits `when`.
    ///
    /// # Errors
    /// Fails if `when` cannot be used as a condition.
    pub fn new(name: &str, when: &str, gives: Entitlement) -> Result<Self, Flaw> {
        let when = Condition::compile(when)?;
        Ok(Self {
            name: name.into(),
            shows: when
                .paths()
                .iter()
                .take(MAX_SHOWN)
                .cloned()
                .collect::<Vec<_>>()
                .into(),
            when: Arc::new(when),
            gives,
            permissions: Arc::default(),
        })
    }

    /// The same rule, which also names permissions that the people it matches have or not.
    pub fn with_permissions(mut self, permissions: &[(Permission, bool)]) -> Self {
        self.permissions = permissions.into();
        self
    }

    /// The permissions that the people it matches have or not.
    pub fn permissions(&self) -> &[(Permission, bool)] {
        &self.permissions
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its condition, as it was written.
    pub fn when(&self) -> &str {
        self.when.source()
    }

    /// Its gift.
    pub fn gives(&self) -> Entitlement {
        self.gives
    }

    /// Says whether its verdict on somebody may change with their nick.
    pub fn reads_nick(&self) -> bool {
        let nick = |path: &Path| path.root() == "occupant" && path.keys().next() == Some("nick");
        self.when.paths().iter().any(nick)
    }
}

/// One rule that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// The rule.
    pub rule: Rule,
    /// Its condition; none if nothing but the absence of others decides.
    pub when: Option<Arc<str>>,
    /// Its gift to the people it matches.
    pub gives: Entitlement,
    /// The same if it matches; `None` if it does not match.
    pub entitlement: Option<Entitlement>,
    /// The values it saw, whether it matched or not.
    pub reason: Reason,
}

/// Rules in the order they are tried. Copies share them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    clauses: Arc<[Clause]>,
    /// Says whether they came with gavel: their reasons speak of claims alone, and without
    /// claims they are not tried.
    preset: bool,
}

impl Rules {
    /// Rules of one's own.
    pub fn own(clauses: Vec<Clause>) -> Self {
        Self {
            clauses: clauses.into(),
            preset: false,
        }
    }

    /// Rules that come with gavel. One that looks at no claim in particular names the
    /// values that those before it saw.
    pub(super) fn preset(mut clauses: Vec<Clause>) -> Self {
        let mut before: Vec<Path> = Vec::new();
        for clause in &mut clauses {
            if clause.shows.is_empty() {
                clause.shows = before.clone().into();
            }
            before.extend(clause.shows.iter().cloned());
        }
        Self {
            clauses: clauses.into(),
            preset: true,
        }
    }

    /// The rules.
    pub fn iter(&self) -> impl Iterator<Item = &Clause> {
        self.clauses.iter()
    }

    /// Says whether there are none.
    pub fn is_empty(&self) -> bool {
        self.clauses.is_empty()
    }

    /// Says whether their verdict on somebody may change with their nick.
    pub fn read_nick(&self) -> bool {
        self.iter().any(Clause::reads_nick)
    }

    /// Tries them until one matches, which is the last that is told.
    pub(super) fn try_in(&self, scope: &Scope<'_>, mut tell: impl FnMut(Tried)) -> bool {
        if self.preset && !scope.facts.has_claims() {
            return false;
        }
        self.iter().any(|clause| {
            let (matches, reason) = self.verdict(clause, scope);
            tell(Tried {
                rule: Rule::Named(Arc::clone(&clause.name)),
                when: Some(Arc::clone(clause.when.source())),
                gives: clause.gives,
                entitlement: matches.then_some(clause.gives),
                reason,
            });
            matches
        })
    }

    fn verdict(&self, clause: &Clause, scope: &Scope<'_>) -> (bool, Reason) {
        let held = clause.when.holds(scope);
        let said = || Said::of(&clause.shows, scope.facts);
        let matches = held == Ok(true);
        let reason = match held {
            _ if self.preset && clause.shows.is_empty() => Reason::Claims,
            _ if self.preset => Reason::Said(said()),
            Ok(true) if clause.gives.is_power() && !scope.facts.may_moderate() => {
                return (false, Reason::OnlyByClaims);
            }
            Ok(held) => Reason::When(held, said()),
            Err(fault) => Reason::Fault(Box::new(fault)),
        };
        (matches, reason)
    }
}

/// Facts judged by one list of rules after the other.
pub(super) fn try_all(lists: [&Rules; 2], facts: &Facts<'_>, mut tell: impl FnMut(Tried)) -> bool {
    if lists.iter().all(|rules| rules.is_empty()) {
        return false;
    }
    let scope = facts.scope();
    lists.iter().any(|rules| rules.try_in(&scope, &mut tell))
}
