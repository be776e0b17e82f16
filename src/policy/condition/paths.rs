//! The claims that an expression looks at, so that reasons can name their values.

use cel::common::ast::{EntryExpr, Expr, IdedExpr, LiteralValue, operators};
use std::fmt;
use std::sync::Arc;

/// The path of a value that an expression looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    keys: Arc<[Box<str>]>,
}

impl Path {
    /// `claims`, `room` or `occupant`.
    pub fn root(&self) -> &str {
        self.keys.first().map_or("", |root| root)
    }

    /// The keys below it.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().skip(1).map(|key| &**key)
    }
}

impl fmt::Display for Path {
    /// Claims without their root, as people speak of them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let skip = usize::from(self.root() == "claims" && self.keys.len() > 1);
        for (index, key) in self.keys.iter().skip(skip).enumerate() {
            if index > 0 {
                f.write_str(".")?;
            }
            f.write_str(key)?;
        }
        Ok(())
    }
}

/// The paths that `expression` looks at, each once, in the order of writing.
pub(super) fn of(expression: &IdedExpr) -> Vec<Path> {
    let mut seen = Vec::new();
    collect(expression, &mut seen);
    seen
}

fn collect(node: &IdedExpr, seen: &mut Vec<Path>) {
    if let Some(keys) = keys(node) {
        if keys.len() > 1 && !seen.iter().any(|path| *path.keys == *keys) {
            seen.push(Path { keys: keys.into() });
        }
        return;
    }
    if let Expr::Comprehension(loops) = &node.expr {
        for part in [&loops.iter_range, &loops.loop_step, &loops.result] {
            collect(part, seen);
        }
        return;
    }
    for child in children(node) {
        collect(child, seen);
    }
}

/// `claims.a["b"].c` as its keys; none if it is something else.
fn keys(node: &IdedExpr) -> Option<Vec<Box<str>>> {
    match &node.expr {
        Expr::Ident(name) => {
            let known = ["claims", "room", "occupant"].contains(&name.as_str());
            known.then(|| vec![name.as_str().into()])
        }
        Expr::Select(select) => {
            let mut keys = keys(&select.operand)?;
            keys.push(select.field.as_str().into());
            Some(keys)
        }
        Expr::Call(call) if call.func_name == operators::INDEX => match call.args.as_slice() {
            [
                operand,
                IdedExpr {
                    expr: Expr::Literal(LiteralValue::String(key)),
                    ..
                },
            ] => {
                let mut keys = keys(operand)?;
                keys.push(key.inner().into());
                Some(keys)
            }
            _ => None,
        },
        _ => None,
    }
}

/// The nodes directly below `node`, but a comprehension's.
pub(super) fn children(node: &IdedExpr) -> Vec<&IdedExpr> {
    match &node.expr {
        Expr::Call(call) => call
            .target
            .as_deref()
            .into_iter()
            .chain(&call.args)
            .collect(),
        Expr::Select(select) => vec![&*select.operand],
        Expr::List(list) => list.elements.iter().collect(),
        Expr::Map(map) => {
            let entries = map.entries.iter().filter_map(|entry| match &entry.expr {
                EntryExpr::MapEntry(entry) => Some([&entry.key, &entry.value]),
                EntryExpr::StructField(_) => None,
            });
            entries.flatten().collect()
        }
        _ => Vec::new(),
    }
}
