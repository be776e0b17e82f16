//! A rule's condition: an expression in CEL (the Common Expression Language,
//! <https://cel.dev>) that is compiled once and then true, false or at fault
//! for somebody's claims, room and occupant.
//!
//! # Bounds
//!
//! The issuer of tokens chooses the claims, so a condition must stay cheap for any claims.
//! The configured text is bounded when it is compiled (`check`); its cost with real claims
//! is bounded by a budget: each comprehension, and each value handed to an operator or
//! function, is charged by its size before anything is done with it (`meter`). A condition
//! over its budget is at fault, even if `||` would have hidden it.

mod check;
mod fault;
mod functions;
mod meter;
mod paths;
mod scope;
mod shape;

pub use fault::{Fault, Flaw};
pub use paths::Path;
pub use scope::{Facts, Scope, Subject};

use cel::common::ast::IdedExpr;
use cel::common::types::CelBool;
use cel::{Context, Env, Value};
use meter::Pattern;
use std::fmt;
use std::sync::{Arc, LazyLock};

/// The functions there are.
static ENV: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(functions::env()));

/// The highest cost of a condition, in units of about a tenth of a microsecond: one step of
/// a comprehension through one operator, 64 bytes of text read, one value copied.
pub const BUDGET: u64 = 20_000;

/// A compiled expression.
pub struct Condition {
    source: Arc<str>,
    expression: IdedExpr,
    patterns: Vec<Pattern>,
    paths: Vec<Path>,
}

impl Condition {
    /// Compiles `source`.
    ///
    /// # Errors
    /// Fails if it is not CEL, uses a name that does not exist, cannot be true or false, or
    /// is longer or deeper than gavel takes.
    pub fn compile(source: &str) -> Result<Self, Flaw> {
        shape::check(source)?;
        let parser = ENV.parser().max_recursion_depth(shape::MAX_DEPTH);
        let parsed = parser.parse_with_source_info(source);
        let (mut expression, info) = parsed.map_err(|errors| Flaw::syntax(source, &errors))?;
        check::check(&expression).map_err(|mistake| mistake.placed(source, &info))?;
        let paths = paths::of(&expression);
        let patterns = meter::install(&mut expression);
        let patterns = patterns.map_err(|mistake| mistake.placed(source, &info))?;
        Ok(Self {
            source: source.into(),
            expression,
            patterns,
            paths,
        })
    }

    /// The expression as it was written.
    pub fn source(&self) -> &Arc<str> {
        &self.source
    }

    /// The things that it looks at, in the order of writing.
    pub fn paths(&self) -> &[Path] {
        &self.paths
    }

    /// Says whether it holds in `scope`.
    ///
    /// # Errors
    /// Fails if it cannot be told, or not cheaply: something is missing, of another kind
    /// than the expression takes, or too large.
    pub fn holds(&self, scope: &Scope<'_>) -> Result<bool, Fault> {
        let variables = scope.variables(&self.patterns, BUDGET);
        let mut context = Context::with_env(Arc::clone(&ENV));
        context.set_variable_resolver(&variables);
        let result = Value::resolve_val(&self.expression, &context);
        if variables.is_over_budget() {
            return Err(Fault::OverBudget);
        }
        match result {
            Ok(value) => match value.downcast_ref::<CelBool>() {
                Some(held) => Ok(*held.inner()),
                None => Err(Fault::NotBool(fault::article(value.get_type().name()))),
            },
            Err(error) => match self.unknown(scope) {
                Some(path) => Err(Fault::Unknown(path)),
                None if self.reads_claims() && !scope.facts.has_claims() => Err(Fault::NoClaims),
                None => Err(Fault::of(&error)),
            },
        }
    }

    fn reads_claims(&self) -> bool {
        self.paths.iter().any(|path| path.root() == "claims")
    }

    /// Something that it looks at and nobody has told.
    fn unknown(&self, scope: &Scope<'_>) -> Option<Path> {
        let unknown = self.paths.iter().find(|path| !scope.facts.knows(path));
        unknown.cloned()
    }
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Condition").field(&self.source).finish()
    }
}

impl PartialEq for Condition {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for Condition {}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_cost;
