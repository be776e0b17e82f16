//! The rules that come with gavel.

use super::rule::{EXPIRED, Entitlement, FALLBACK, GUEST, LOGIN, UNMATCHED};
use super::rules::{Clause, Rules};
use crate::muc::Affiliation;
use std::sync::LazyLock;

/// A rule as it would stand in the configuration.
type Written = (&'static str, &'static str, Affiliation);

/// Jitsi's token_affiliation, which compares words exactly, upper and lower case
/// included, and takes `"true"` for true.
const JITSI: [Written; 3] = [
    (
        "jitsi:affiliation",
        r#"claims.context.user.affiliation in ["owner", "moderator", "teacher"]"#,
        Affiliation::Owner,
    ),
    (
        "jitsi:moderator",
        r#"claims.context.user.moderator in [true, "true"]"#,
        Affiliation::Owner,
    ),
    ("jitsi:member", "claims != null", Affiliation::Member),
];

/// 8x8's JaaS: its tokens say `moderator` and nothing else of this.
const JAAS: [Written; 2] = [
    (
        "jaas:moderator",
        r#"claims.context.user.moderator in [true, "true"]"#,
        Affiliation::Owner,
    ),
    ("jaas:member", "claims != null", Affiliation::Member),
];

/// Jicofo's authentication mode: everybody who has a token moderates.
const AUTHENTICATED: [Written; 1] = [("authenticated:owner", "claims != null", Affiliation::Owner)];

static EMPTY: LazyLock<Rules> = LazyLock::new(Rules::default);
static COMPILED: LazyLock<[Rules; 3]> =
    LazyLock::new(|| [compile(&JITSI), compile(&JAAS), compile(&AUTHENTICATED)]);

/// Every prefix of a preset's rules.
const PREFIXES: [&str; 3] = ["jitsi:", "jaas:", "authenticated:"];

/// `policy.preset`
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Preset {
    /// The rules of Jitsi's token_affiliation.
    #[default]
    Jitsi,
    /// Those for the tokens of 8x8's JaaS: `context.user.moderator` only.
    Jaas,
    /// People who have valid claims are owners.
    Authenticated,
    /// None but one's own.
    None,
}

impl Preset {
    /// Its rules.
    pub fn rules(self) -> &'static Rules {
        match self {
            Self::Jitsi => &COMPILED[0],
            Self::Jaas => &COMPILED[1],
            Self::Authenticated => &COMPILED[2],
            Self::None => &EMPTY,
        }
    }
}

/// Why nobody may call a rule of their own `name`: it would be taken for another.
pub fn is_taken(name: &str) -> bool {
    let prefixed = PREFIXES.iter().any(|known| name.starts_with(known));
    prefixed || [UNMATCHED, GUEST, LOGIN, FALLBACK, EXPIRED].contains(&name)
}

fn compile(written: &[Written]) -> Rules {
    let clause = |(name, when, affiliation): &Written| {
        Clause::new(name, when, Entitlement::Affiliation(*affiliation))
    };
    let clauses: Result<Vec<_>, _> = written.iter().map(clause).collect();
    Rules::preset(clauses.expect("the presets' conditions are CEL, as every test finds"))
}
