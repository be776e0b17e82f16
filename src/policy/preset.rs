//! The rules that come with gavel.

use super::rules::{Clause, Rules};
use super::{Entitlement, Preset};
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

/// 8x8's JaaS, whose tokens say `moderator` and nothing else of this.
const JAAS: [Written; 2] = [
    (
        "jaas:moderator",
        r#"claims.context.user.moderator in [true, "true"]"#,
        Affiliation::Owner,
    ),
    ("jaas:member", "claims != null", Affiliation::Member),
];

/// Jicofo's authentication mode: whoever has a token moderates.
const AUTHENTICATED: [Written; 1] = [("authenticated:owner", "claims != null", Affiliation::Owner)];

static EMPTY: LazyLock<Rules> = LazyLock::new(Rules::default);
static COMPILED: LazyLock<[Rules; 3]> =
    LazyLock::new(|| [compile(&JITSI), compile(&JAAS), compile(&AUTHENTICATED)]);

/// Every prefix of a preset's rules.
pub(super) const PREFIXES: [&str; 3] = ["jitsi:", "jaas:", "authenticated:"];

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

fn compile(written: &[Written]) -> Rules {
    let clause = |(name, when, affiliation): &Written| {
        Clause::new(name, when, Entitlement::Affiliation(*affiliation))
    };
    let clauses: Result<Vec<_>, _> = written.iter().map(clause).collect();
    Rules::preset(clauses.expect("the presets' conditions are CEL, as every test finds"))
}
