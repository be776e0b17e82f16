//! The faults that an expression shows before anybody's claims are seen: names that do not
//! exist, and expressions that cannot be true or false.

use super::fault::{Mistake, article};
use super::functions::{Call, FUNCTIONS, TYPES};
use super::paths::children;
use super::scope::VARIABLES;
use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, operators};

/// Operators that give true or false.
const TESTS: [&str; 9] = [
    operators::EQUALS,
    operators::NOT_EQUALS,
    operators::LESS,
    operators::LESS_EQUALS,
    operators::GREATER,
    operators::GREATER_EQUALS,
    operators::IN,
    operators::NOT_STRICTLY_FALSE,
    operators::LOGICAL_NOT,
];

/// Operators that give a value of the kind they take.
const ARITHMETIC: [&str; 6] = [
    operators::ADD,
    operators::SUBSTRACT,
    operators::MULTIPLY,
    operators::DIVIDE,
    operators::MODULO,
    operators::NEGATE,
];

/// Operators that give one of their operands.
const JOINTS: [&str; 4] = [
    operators::LOGICAL_AND,
    operators::LOGICAL_OR,
    operators::CONDITIONAL,
    operators::INDEX,
];

/// The kind of value that an expression gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gives {
    /// True or false.
    Bool,
    /// Something else for certain.
    Other(&'static str),
    /// A value that depends on claims or arguments.
    Anything,
}

/// Checks a whole expression.
pub(super) fn check(expression: &IdedExpr) -> Result<(), Mistake> {
    let mut bound = Vec::new();
    names(expression, &mut bound)?;
    truth(expression)
}

/// Says whether `node` can be true or false.
fn truth(node: &IdedExpr) -> Result<(), Mistake> {
    if let Gives::Other(kind) = gives(node) {
        let problem = format!("is {}, not true or false", article(kind));
        return Err(Mistake::new(node.id, problem));
    }
    let Expr::Call(call) = &node.expr else {
        return Ok(());
    };
    match call.func_name.as_str() {
        operators::LOGICAL_AND
        | operators::LOGICAL_OR
        | operators::LOGICAL_NOT
        | operators::CONDITIONAL => call.args.iter().try_for_each(truth),
        _ => Ok(()),
    }
}

fn gives(node: &IdedExpr) -> Gives {
    match &node.expr {
        Expr::Literal(literal) => literal_gives(literal),
        Expr::Ident(name) if is_variable(name) => Gives::Other("map"),
        Expr::Select(select) if select.test => Gives::Bool,
        Expr::Select(select) => match fixed(&select.operand) {
            Some(_) => Gives::Other("string"),
            None => Gives::Anything,
        },
        Expr::List(_) => Gives::Other("list"),
        Expr::Map(_) => Gives::Other("map"),
        Expr::Comprehension(loops) => match (&loops.result.expr, &loops.accu_init.expr) {
            (Expr::Ident(_), _) => gives(&loops.accu_init),
            // exists_one compares its count.
            _ => Gives::Bool,
        },
        Expr::Call(call) => call_gives(call),
        Expr::Ident(_) | Expr::Struct(_) | Expr::Unspecified => Gives::Anything,
    }
}

fn literal_gives(literal: &LiteralValue) -> Gives {
    match literal {
        LiteralValue::Boolean(_) => Gives::Bool,
        LiteralValue::Bytes(_) => Gives::Other("bytes"),
        LiteralValue::Double(_) => Gives::Other("double"),
        LiteralValue::Int(_) => Gives::Other("int"),
        LiteralValue::Null => Gives::Other("null_type"),
        LiteralValue::String(_) => Gives::Other("string"),
        LiteralValue::UInt(_) => Gives::Other("uint"),
    }
}

fn call_gives(call: &CallExpr) -> Gives {
    let name = call.func_name.as_str();
    if TESTS.contains(&name) || [operators::LOGICAL_AND, operators::LOGICAL_OR].contains(&name) {
        return Gives::Bool;
    }
    if ARITHMETIC.contains(&name) {
        return match call.args.first().map(gives) {
            Some(Gives::Other(kind)) => Gives::Other(kind),
            _ => Gives::Other("number, text or list"),
        };
    }
    match FUNCTIONS.iter().find(|(known, ..)| *known == name) {
        Some((.., Some("bool"))) => Gives::Bool,
        Some((.., Some(kind))) => Gives::Other(kind),
        _ => Gives::Anything,
    }
}

/// Says whether everything that `node` names exists. `bound` are the variables of the
/// comprehensions around it.
fn names<'e>(node: &'e IdedExpr, bound: &mut Vec<&'e str>) -> Result<(), Mistake> {
    match &node.expr {
        Expr::Ident(name) => return variable(node.id, name, bound),
        Expr::Select(select) => {
            if let Some(name) = fixed(&select.operand) {
                return key(node.id, name, &select.field);
            }
        }
        Expr::Call(call) => {
            function(node.id, call)?;
            if let (Some(name), Some(field)) = (call.args.first().and_then(fixed), index(call)) {
                return key(node.id, name, field);
            }
        }
        Expr::Literal(LiteralValue::Bytes(_)) => {
            return Err(Mistake::new(node.id, "claims hold no bytes").with("leave the b out"));
        }
        Expr::Struct(_) => {
            let mistake = Mistake::new(node.id, "there are no messages here");
            return Err(mistake.with("write a map: {\"key\": value}"));
        }
        Expr::Unspecified => return Err(Mistake::new(node.id, "is no expression")),
        Expr::Comprehension(loops) => {
            names(&loops.iter_range, bound)?;
            new_name(node.id, &loops.iter_var)?;
            round(&loops.loop_step)?;
            let around = bound.len();
            bound.extend([loops.iter_var.as_str(), loops.accu_var.as_str()]);
            for part in [&loops.loop_cond, &loops.loop_step, &loops.result] {
                names(part, bound)?;
            }
            bound.truncate(around);
            return Ok(());
        }
        Expr::List(_) | Expr::Map(_) | Expr::Literal(_) => {}
    }
    children(node)
        .into_iter()
        .try_for_each(|child| names(child, bound))
}

/// The expression that decides in each round of a comprehension must be true or false.
fn round(step: &IdedExpr) -> Result<(), Mistake> {
    match &step.expr {
        Expr::Call(call) if call.func_name == operators::CONDITIONAL => {
            call.args.first().map_or(Ok(()), truth)
        }
        Expr::Call(call) if call.func_name != operators::ADD => truth(step),
        _ => Ok(()),
    }
}

/// A comprehension's variable must not hide the variables of rules.
fn new_name(node: u64, name: &str) -> Result<(), Mistake> {
    if is_variable(name) || TYPES.contains(&name) {
        let mistake = Mistake::new(node, format!("{name} is a name already"));
        return Err(mistake.with("name the comprehension's variable otherwise"));
    }
    Ok(())
}

fn is_variable(name: &str) -> bool {
    ["claims", "room", "occupant"].contains(&name)
}

fn variable(node: u64, name: &str, bound: &[&str]) -> Result<(), Mistake> {
    if let Some((_, keys)) = VARIABLES.iter().find(|(known, _)| *known == name) {
        let mistake = Mistake::new(node, format!("{name} alone says nothing"));
        return Err(mistake.with(format!("{name} has {}", keys.join(", "))));
    }
    if is_variable(name) || TYPES.contains(&name) || bound.contains(&name) {
        return Ok(());
    }
    let mistake = Mistake::new(node, format!("unknown variable {name}"));
    Err(mistake.with("the variables are claims, room and occupant"))
}

/// The variable with fixed keys that `node` is.
fn fixed(node: &IdedExpr) -> Option<&str> {
    match &node.expr {
        Expr::Ident(name) => {
            let known = VARIABLES.iter().any(|(known, _)| known == name);
            known.then_some(name.as_str())
        }
        _ => None,
    }
}

/// The text that a call indexes with, if it does.
fn index(call: &CallExpr) -> Option<&str> {
    match call.args.get(1).map(|index| &index.expr) {
        Some(Expr::Literal(LiteralValue::String(key))) if call.func_name == operators::INDEX => {
            Some(key.inner())
        }
        _ => None,
    }
}

/// `room.x` if there may be no x.
fn key(node: u64, name: &str, field: &str) -> Result<(), Mistake> {
    let variable = VARIABLES.iter().find(|(known, _)| *known == name);
    let keys = variable.map_or(&[][..], |(_, keys)| keys);
    if keys.contains(&field) {
        return Ok(());
    }
    let mistake = Mistake::new(node, format!("{name} has no {field}"));
    Err(mistake.with(format!("{name} has {}", keys.join(", "))))
}

fn function(node: u64, call: &CallExpr) -> Result<(), Mistake> {
    let name = call.func_name.as_str();
    let operators = TESTS.iter().chain(&ARITHMETIC).chain(&JOINTS);
    if call.target.is_none() && operators.into_iter().any(|known| *known == name) {
        return Ok(());
    }
    let style = match call.target {
        Some(_) => Call::Member,
        None => Call::Global,
    };
    let fits = |(known, by, count, _): &(&str, Call, usize, Option<&str>)| {
        *known == name && *by == style && *count == call.args.len()
    };
    if FUNCTIONS.iter().any(fits) {
        return Ok(());
    }
    let macros = ["exists", "all", "exists_one", "filter", "map", "has"];
    if macros.contains(&name) {
        let mistake = Mistake::new(node, format!("{name} is not called like this"));
        return Err(mistake.with("write claims.roles.exists(r, r == \"x\"), or has(claims.roles)"));
    }
    if FUNCTIONS.iter().any(|(known, ..)| *known == name) {
        let problem = format!("{name} is not called like this, or with other arguments");
        return Err(Mistake::new(node, problem));
    }
    let mut known: Vec<&str> = FUNCTIONS.iter().map(|(known, ..)| *known).collect();
    known.dedup();
    let mistake = Mistake::new(node, format!("unknown function {name}"));
    Err(mistake.with(format!("there are {}", known.join(", "))))
}
