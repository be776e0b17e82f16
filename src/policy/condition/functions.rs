//! The functions that conditions may call: CEL's own for truth, numbers, text
//! and lists, a few of its text extension, and those that keep the budget.

use super::meter;
use cel::common::types::{DYN_TYPE, INT_TYPE};
use cel::{DeclarationError, Env, extensions};

/// How a function is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Call {
    /// `f(x)`
    Global,
    /// `x.f()`
    Member,
}

/// The functions that exist, with the number of their arguments (the target not counted),
/// and the kind of their result if it does not depend on the arguments. No result is larger
/// than in proportion to the arguments.
pub(super) const FUNCTIONS: [(&str, Call, usize, Option<&str>); 18] = [
    ("size", Call::Global, 1, Some("int")),
    ("size", Call::Member, 0, Some("int")),
    ("contains", Call::Member, 1, Some("bool")),
    ("startsWith", Call::Member, 1, Some("bool")),
    ("endsWith", Call::Member, 1, Some("bool")),
    ("matches", Call::Member, 1, Some("bool")),
    ("matches", Call::Global, 2, Some("bool")),
    ("lowerAscii", Call::Member, 0, Some("string")),
    ("upperAscii", Call::Member, 0, Some("string")),
    ("trim", Call::Member, 0, Some("string")),
    ("split", Call::Member, 1, Some("list")),
    ("int", Call::Global, 1, Some("int")),
    ("uint", Call::Global, 1, Some("uint")),
    ("double", Call::Global, 1, Some("double")),
    ("string", Call::Global, 1, Some("string")),
    ("bool", Call::Global, 1, Some("bool")),
    ("dyn", Call::Global, 1, None),
    ("type", Call::Global, 1, Some("type")),
];

/// The names of types, for `type(x) == string`.
pub(super) const TYPES: [&str; 9] = [
    "bool",
    "int",
    "uint",
    "double",
    "string",
    "list",
    "map",
    "null_type",
    "type",
];

/// The environment that conditions are compiled for and evaluated in.
pub(super) fn env() -> Env {
    let mut env = Env::stdlib().with_optional_support(false);
    let declared = declare(&mut env);
    debug_assert!(declared.is_ok(), "{declared:?}");
    env
}

/// Adds the functions that CEL's standard library lacks.
fn declare(env: &mut Env) -> Result<(), DeclarationError> {
    env.add_extension(extensions::strings)?;
    let any = || DYN_TYPE.to_owned();
    env.add_overload(meter::USE, meter::USE, vec![any(), any()], meter::take)?;
    let each = vec![any(), any(), INT_TYPE.to_owned()];
    env.add_overload(meter::EACH, meter::EACH, each, meter::each)?;
    let matches = vec![any(), any(), any()];
    env.add_overload(meter::MATCHES, meter::MATCHES, matches, meter::matches)
}
