//! The budget of an evaluation, and how an expression is made to keep it.
//!
//! CEL itself counts nothing, so the compiled expression is changed: each value that is
//! handed to an operator or function, or put into a list or map, goes through [`USE`],
//! which charges its size; the list or map that a comprehension runs over goes through
//! [`EACH`], which charges for all its rounds before the first; and `matches` becomes
//! [`MATCHES`], whose pattern was compiled with the rule. All three take the [`Meter`] as
//! an argument. Their names begin with `@`, which nobody can write.

use super::fault::Mistake;
use super::paths::children;
use cel::ExecutionError;
use cel::common::ast::{CallExpr, EntryExpr, Expr, IdedExpr, LiteralValue, operators};
use cel::common::types::{CelBool, CelInt, CelList, CelMap, CelMapKey, CelString, Type};
use cel::common::value::{CowVal, StaticVal, Val};
use regex::{Regex, RegexBuilder};
use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Charges for a value and gives it back.
pub(super) const USE: &str = "@use";
/// Charges for a comprehension and gives back the list that it runs over.
pub(super) const EACH: &str = "@each";
/// `matches` with a compiled pattern.
pub(super) const MATCHES: &str = "@matches";

/// Bytes of text read for one unit.
const BYTES_PER_UNIT: usize = 64;

/// The largest compiled pattern, in bytes. Matching takes time in proportion to
/// it and to the text, never more.
const MAX_PATTERN_BYTES: usize = 512 * 1024;

static METER: Type = Type::new_unspecified_type("@meter");
static PATTERN: Type = Type::new_unspecified_type("@pattern");

/// The rest of the budget.
#[derive(Debug, Clone)]
pub(super) struct Meter(Arc<AtomicU64>);

/// The budget was not enough; as a rest, so that it never is again.
const SPENT: u64 = u64::MAX;

impl Meter {
    /// The variable that holds it.
    pub const VARIABLE: &str = "@meter";

    pub fn new(budget: u64) -> Self {
        Self(Arc::new(AtomicU64::new(budget)))
    }

    fn left(&self) -> u64 {
        match self.0.load(Ordering::Relaxed) {
            SPENT => 0,
            left => left,
        }
    }

    pub fn is_spent(&self) -> bool {
        self.0.load(Ordering::Relaxed) == SPENT
    }

    fn charge(&self, units: u64) -> Result<(), ExecutionError> {
        let left = self.left().checked_sub(units).filter(|_| !self.is_spent());
        self.0.store(left.unwrap_or(SPENT), Ordering::Relaxed);
        match left {
            Some(_) => Ok(()),
            None => Err(ExecutionError::function_error("budget", "spent")),
        }
    }

    fn of<'a>(value: &'a CowVal<'_, '_>) -> Result<&'a Self, ExecutionError> {
        value
            .downcast_ref::<Self>()
            .ok_or_else(|| ExecutionError::undeclared_reference(Self::VARIABLE))
    }
}

impl Val for Meter {
    fn get_type(&self) -> &Type {
        &METER
    }

    fn cel_type() -> &'static Type {
        &METER
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v> {
        Box::new(self.clone())
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

impl StaticVal for Meter {}

/// A compiled regular expression.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    regex: Regex,
    /// Units that a kibibyte of text costs.
    cost: u64,
}

impl Pattern {
    /// Compiles `text`; the smallest limit that it fits tells its cost.
    fn compile(text: &str) -> Result<Self, regex::Error> {
        let mut limit = MAX_PATTERN_BYTES / 512;
        loop {
            let built = RegexBuilder::new(text).size_limit(limit).build();
            match built {
                Err(regex::Error::CompiledTooBig(_)) if limit < MAX_PATTERN_BYTES => limit *= 2,
                Err(error) => return Err(error),
                Ok(regex) => {
                    let cost = limit as u64 / 8;
                    return Ok(Self { regex, cost });
                }
            }
        }
    }

    fn variable(index: usize) -> String {
        format!("@pattern{index}")
    }

    /// The pattern that a variable holds.
    pub fn index(variable: &str) -> Option<usize> {
        variable.strip_prefix("@pattern")?.parse().ok()
    }
}

impl Val for Pattern {
    fn get_type(&self) -> &Type {
        &PATTERN
    }

    fn cel_type() -> &'static Type {
        &PATTERN
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v> {
        Box::new(self.clone())
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

impl StaticVal for Pattern {}

/// [`USE`]
pub(super) fn take<'b, 'v>(
    mut args: Vec<CowVal<'b, 'v>>,
) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let value = args.pop().ok_or_else(missing)?;
    let meter = Meter::of(args.first().ok_or_else(missing)?)?;
    meter.charge(weight(&*value, meter.left()))?;
    Ok(value)
}

/// [`EACH`]
pub(super) fn each<'b, 'v>(
    mut args: Vec<CowVal<'b, 'v>>,
) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let round = args.pop().ok_or_else(missing)?;
    let round = round
        .downcast_ref::<CelInt>()
        .map_or(1, |n| n.unsigned_abs());
    let value = args.pop().ok_or_else(missing)?;
    let meter = Meter::of(args.first().ok_or_else(missing)?)?;
    let rounds = match (
        value.downcast_ref::<CelList>(),
        value.downcast_ref::<CelMap>(),
    ) {
        (Some(list), _) => list.inner().len(),
        (_, Some(map)) => map.inner().len(),
        _ => return Ok(value),
    };
    let rounds = (rounds as u64).saturating_mul(round);
    // Each element is copied for its round.
    meter.charge(rounds.saturating_add(weight(&*value, meter.left())))?;
    match value.downcast_ref::<CelMap>() {
        Some(map) => Ok(CowVal::owned(keys(map))),
        None => Ok(value),
    }
}

/// A map's keys in their order: the map itself has none that would be the same
/// each time.
fn keys<'v>(map: &CelMap<'v>) -> CelList<'v> {
    let mut keys: Vec<&CelMapKey<'v>> = map.inner().keys().collect();
    keys.sort_unstable();
    let keys: Vec<_> = keys
        .iter()
        .map(|key| key.inner().clone_as_boxed())
        .collect();
    CelList::from(keys)
}

/// [`MATCHES`]
pub(super) fn matches<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let [meter, pattern, text] = args.as_slice() else {
        return Err(missing());
    };
    let meter = Meter::of(meter)?;
    let pattern = pattern.downcast_ref::<Pattern>().ok_or_else(missing)?;
    let Some(text) = text.downcast_ref::<CelString>() else {
        let kind = text.get_type().name().to_owned();
        return Err(ExecutionError::no_such_member_overload(
            "matches",
            vec![kind],
        ));
    };
    meter.charge(1 + (text.len() as u64).saturating_mul(pattern.cost) / 1024)?;
    Ok(CowVal::owned(CelBool::from(pattern.regex.is_match(text))))
}

fn missing() -> ExecutionError {
    ExecutionError::missing_argument_or_target()
}

/// The cost to read or copy a value; counting ends beyond `most`.
fn weight(value: &dyn Val, most: u64) -> u64 {
    if let Some(text) = value.downcast_ref::<CelString>() {
        return 1 + (text.len() / BYTES_PER_UNIT) as u64;
    }
    let mut sum = 1_u64;
    if let Some(list) = value.downcast_ref::<CelList>() {
        for item in list.inner() {
            sum = sum.saturating_add(weight(&**item, most));
            if sum > most {
                break;
            }
        }
    } else if let Some(map) = value.downcast_ref::<CelMap>() {
        for (key, item) in map.inner() {
            let pair = weight(key.inner(), most).saturating_add(weight(&**item, most));
            sum = sum.saturating_add(pair);
            if sum > most {
                break;
            }
        }
    }
    sum
}

/// Changes an expression so that it keeps the budget; gives its patterns.
pub(super) fn install(expression: &mut IdedExpr) -> Result<Vec<Pattern>, Mistake> {
    let mut patterns = Vec::new();
    change(expression, &mut patterns)?;
    Ok(patterns)
}

fn change(node: &mut IdedExpr, patterns: &mut Vec<Pattern>) -> Result<(), Mistake> {
    // A text in pieces takes far more room than the text.
    let in_pieces = matches!(&node.expr, Expr::Call(call) if call.func_name == "split");
    match &mut node.expr {
        Expr::Call(call) if call.func_name == "matches" => {
            *call = with_pattern(node.id, std::mem::take(call), patterns)?;
        }
        Expr::Call(call) => {
            let charged = is_charged(call);
            for part in call.target.as_deref_mut().into_iter().chain(&mut call.args) {
                change(part, patterns)?;
                if charged {
                    charge(part);
                }
            }
        }
        Expr::Select(select) => change(&mut select.operand, patterns)?,
        Expr::List(list) => {
            for element in &mut list.elements {
                change(element, patterns)?;
                charge(element);
            }
        }
        Expr::Map(map) => {
            for entry in &mut map.entries {
                if let EntryExpr::MapEntry(entry) = &mut entry.expr {
                    for part in [&mut entry.key, &mut entry.value] {
                        change(part, patterns)?;
                        charge(part);
                    }
                }
            }
        }
        Expr::Comprehension(loops) => {
            let round = nodes(&loops.loop_cond) + nodes(&loops.loop_step);
            change(&mut loops.iter_range, patterns)?;
            let range = std::mem::take(&mut loops.iter_range);
            let round = literal(LiteralValue::Int(
                i64::try_from(round).unwrap_or(i64::MAX).into(),
            ));
            loops.iter_range = call(EACH, vec![meter(), range, round]);
            change(&mut loops.loop_step, patterns)?;
            change(&mut loops.result, patterns)?;
        }
        Expr::Ident(_) | Expr::Literal(_) | Expr::Struct(_) | Expr::Unspecified => {}
    }
    if in_pieces {
        charge(node);
    }
    Ok(())
}

/// Says whether a call reads its operands: the logical ones only look at their truth, and
/// to index is not to read the whole. A comprehension appends to its result and does not
/// copy it.
fn is_charged(call: &CallExpr) -> bool {
    let gathers = matches!(
        call.args.first().map(|first| &first.expr),
        Some(Expr::Ident(name)) if name.starts_with('@')
    );
    !gathers
        && ![
            operators::CONDITIONAL,
            operators::LOGICAL_AND,
            operators::LOGICAL_OR,
            operators::LOGICAL_NOT,
            operators::NOT_STRICTLY_FALSE,
            operators::INDEX,
        ]
        .contains(&call.func_name.as_str())
}

/// Puts `node` through [`USE`], if it can be large.
fn charge(node: &mut IdedExpr) {
    if !is_constant(node) {
        let value = std::mem::take(node);
        *node = call(USE, vec![meter(), value]);
    }
}

/// Says whether a value is as large as it was written, with any claims.
fn is_constant(node: &IdedExpr) -> bool {
    match &node.expr {
        Expr::Literal(_) => true,
        Expr::List(list) => list.elements.iter().all(is_constant),
        _ => false,
    }
}

fn with_pattern(
    node: u64,
    mut written: CallExpr,
    patterns: &mut Vec<Pattern>,
) -> Result<CallExpr, Mistake> {
    let pattern = written.args.pop();
    let text = match written.target.take() {
        Some(target) => Some(*target),
        None => written.args.pop(),
    };
    let Some((pattern, mut text)) = pattern.zip(text) else {
        return Err(Mistake::new(node, "matches needs a text and a pattern"));
    };
    let Expr::Literal(LiteralValue::String(source)) = &pattern.expr else {
        let mistake = Mistake::new(pattern.id, "the pattern of matches is not written out");
        return Err(mistake
            .with("write it as a text in quotes: one from claims could be made to cost any time"));
    };
    let compiled = Pattern::compile(source.inner()).map_err(|error| {
        let problem = match error {
            regex::Error::CompiledTooBig(_) => "the pattern is too large".to_owned(),
            error => {
                let text = error.to_string();
                let last = text.lines().last().unwrap_or_default();
                let last = last.strip_prefix("error: ").unwrap_or(last);
                format!("the pattern is no regular expression: {last}")
            }
        };
        Mistake::new(pattern.id, problem)
    })?;
    change(&mut text, patterns)?;
    let variable = Expr::Ident(Pattern::variable(patterns.len()));
    patterns.push(compiled);
    let variable = IdedExpr {
        id: 0,
        expr: variable,
    };
    Ok(CallExpr {
        func_name: MATCHES.to_owned(),
        target: None,
        args: vec![meter(), variable, text],
    })
}

fn meter() -> IdedExpr {
    IdedExpr {
        id: 0,
        expr: Expr::Ident(Meter::VARIABLE.to_owned()),
    }
}

fn literal(value: LiteralValue) -> IdedExpr {
    IdedExpr {
        id: 0,
        expr: Expr::Literal(value),
    }
}

fn call(function: &str, args: Vec<IdedExpr>) -> IdedExpr {
    let call = CallExpr {
        func_name: function.to_owned(),
        target: None,
        args,
    };
    IdedExpr {
        id: 0,
        expr: Expr::Call(call),
    }
}

/// How many nodes an expression has.
fn nodes(node: &IdedExpr) -> usize {
    let below: usize = match &node.expr {
        Expr::Comprehension(loops) => [
            &loops.iter_range,
            &loops.accu_init,
            &loops.loop_cond,
            &loops.loop_step,
            &loops.result,
        ]
        .into_iter()
        .map(nodes)
        .sum(),
        _ => children(node).into_iter().map(nodes).sum(),
    };
    below + 1
}
