//! The faults of an expression, and of claims it cannot judge, in words.

use super::paths::Path;
use cel::common::ast::SourceInfo;
use cel::{ExecutionError, ParseErrors};
use std::fmt;

/// The most that an error repeats of a claim's value, in characters.
const SHOWN_CHARS: usize = 64;

/// Why an expression cannot be used as a condition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem} (line {line}, column {column})")]
pub struct Flaw {
    /// The fault.
    pub problem: String,
    /// The remedy, if it is known.
    pub remedy: Option<String>,
    /// The line in the expression, from 1.
    pub line: usize,
    /// The column in that line, in characters from 1.
    pub column: usize,
    /// The line's text.
    pub text: String,
}

impl Flaw {
    /// A flaw at the byte `at` of `source`.
    pub(super) fn at(source: &str, at: usize, problem: String, remedy: Option<String>) -> Self {
        let before = source.split_at(boundary(source, at)).0;
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        let text = source.lines().nth(line - 1).unwrap_or_default().to_owned();
        Self {
            problem,
            remedy,
            line,
            column,
            text,
        }
    }

    /// The first of a parser's errors.
    pub(super) fn syntax(source: &str, errors: &ParseErrors) -> Self {
        let first = errors.errors.first();
        let (line, column) = first.map_or((1, 1), |error| error.pos);
        let line = usize::try_from(line).unwrap_or(1).max(1);
        let message = first.map_or("", |error| error.msg.as_str());
        Self {
            problem: readable(message),
            remedy: None,
            line,
            column: usize::try_from(column).unwrap_or(1).max(1),
            text: source.lines().nth(line - 1).unwrap_or_default().to_owned(),
        }
    }

    /// The line, with a caret below the place.
    pub fn excerpt(&self) -> String {
        let shown: String = self.text.chars().map(plain).collect();
        let gap = " ".repeat(self.column.saturating_sub(1));
        format!("  {shown}\n  {gap}^")
    }
}

/// A character that neither ends the line nor steers a terminal.
fn plain(c: char) -> char {
    if c.is_control() { ' ' } else { c }
}

/// The parser's message without the list of everything it would have taken.
fn readable(message: &str) -> String {
    let message = message.split(" expecting ").next().unwrap_or(message);
    let message = message.strip_prefix("Syntax error: ").unwrap_or(message);
    let message = message.trim();
    if message.ends_with("'<EOF>'") {
        return "ends too early".to_owned();
    }
    let found = [
        "token recognition error at:",
        "mismatched input",
        "extraneous input",
    ];
    match found.iter().find_map(|known| message.strip_prefix(known)) {
        Some(found) => format!("unexpected {}", found.trim()),
        None if message.is_empty() || message == "UNKNOWN" => "is not an expression".to_owned(),
        None => message.chars().map(plain).collect(),
    }
}

/// A mistake in an expression's meaning, at one of its nodes.
#[derive(Debug)]
pub(super) struct Mistake {
    pub node: u64,
    pub problem: String,
    pub remedy: Option<String>,
}

impl Mistake {
    pub fn new(node: u64, problem: impl Into<String>) -> Self {
        Self {
            node,
            problem: problem.into(),
            remedy: None,
        }
    }

    pub fn with(self, remedy: impl Into<String>) -> Self {
        Self {
            remedy: Some(remedy.into()),
            ..self
        }
    }

    pub fn placed(self, source: &str, info: &SourceInfo) -> Flaw {
        let at = info.offset_for(self.node).map_or(0, |(start, _)| start);
        let at = start_of_name(source, at as usize);
        Flaw::at(source, at, self.problem, self.remedy)
    }
}

/// `at`, or the start of the character that it is in.
fn boundary(source: &str, at: usize) -> usize {
    let mut at = at.min(source.len());
    while !source.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The parser places a selection at its last dot and a call at its bracket; people
/// look for the beginning.
fn start_of_name(source: &str, at: usize) -> usize {
    let (before, rest) = source.split_at(boundary(source, at));
    let name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    match rest.chars().next() {
        Some('.') => before.trim_end_matches(|c| name(c) || c == '.').len(),
        Some('(') => before.trim_end_matches(name).len(),
        _ => at,
    }
}

/// Why a condition is neither true nor false for somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It does more than gavel does for one person.
    OverBudget,
    /// It looks at claims, and there are none.
    NoClaims,
    /// It looks at something that is not known here.
    Unknown(Path),
    /// It gives something else than true or false; its kind, with its article.
    NotBool(String),
    /// It does not fit these claims: `no such key: roles`.
    Unfit(Box<str>),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OverBudget => f.write_str("takes more work than a rule may"),
            Self::NoClaims => f.write_str("no claims"),
            Self::Unknown(path) => write!(f, "{path} is not known"),
            Self::NotBool(what) => write!(f, "is {what}, not true or false"),
            Self::Unfit(why) => f.write_str(why),
        }
    }
}

impl Fault {
    /// CEL's error, without internal names and without the values of claims.
    pub(super) fn of(error: &ExecutionError) -> Self {
        let text = match error {
            ExecutionError::NoSuchKey(key) => format!("no such key: {}", short(key)),
            ExecutionError::NoSuchOverload(overload) => {
                inapplicable(overload.function(), overload.argument_types())
            }
            ExecutionError::UnsupportedBinaryOperator(operator, left, right) => {
                let kinds = [left, right].map(|value| kind_name(value).to_owned());
                inapplicable(operator, &kinds)
            }
            ExecutionError::UnexpectedType { got, want } => {
                format!("found {}, needs {}", article(got), article(want))
            }
            ExecutionError::IndexOutOfBounds(_) => "no such element".to_owned(),
            ExecutionError::Overflow(..) => "a number too large".to_owned(),
            ExecutionError::DivisionByZero(_) | ExecutionError::RemainderByZero(_) => {
                "division by zero".to_owned()
            }
            ExecutionError::DuplicateKey(_) => "a key twice in one map".to_owned(),
            ExecutionError::ValuesNotComparable(..) => "cannot be compared".to_owned(),
            ExecutionError::UndeclaredReference(name) => format!("{} is not known", short(name)),
            ExecutionError::FunctionError { function, message } => {
                format!("{function}: {}", short(message))
            }
            _ => "does not fit these claims".to_owned(),
        };
        Self::Unfit(text.into())
    }
}

fn kind_name(value: &cel::Value) -> &'static str {
    match value {
        cel::Value::List(_) => "list",
        cel::Value::Map(_) => "map",
        cel::Value::Int(_) => "int",
        cel::Value::UInt(_) => "uint",
        cel::Value::Float(_) => "double",
        cel::Value::String(_) => "string",
        cel::Value::Bool(_) => "bool",
        cel::Value::Null => "null_type",
        _ => "value",
    }
}

/// `in cannot be applied to a string and null`.
fn inapplicable(function: &str, kinds: &[String]) -> String {
    let name = match function {
        "add" => "+",
        "sub" => "-",
        "mul" => "*",
        "div" => "/",
        "rem" => "%",
        "_._" | "_[_]" => "a key",
        "_?_:_" => "?:",
        other => other.trim_matches(['_', '@']),
    };
    let kinds: Vec<String> = kinds.iter().map(|kind| article(kind)).collect();
    format!("{name} cannot be applied to {}", kinds.join(" and "))
}

/// A type's name as a sentence has it.
pub(super) fn article(kind: &str) -> String {
    match kind {
        "null_type" => "null".to_owned(),
        "int" | "uint" => format!("an {kind}").replace("an uint", "a uint"),
        "type" => "a type".to_owned(),
        _ => format!("a {kind}"),
    }
}

fn short(text: &str) -> String {
    let shown: String = text.chars().take(SHOWN_CHARS).map(plain).collect();
    match text.chars().nth(SHOWN_CHARS) {
        Some(_) => shown + "…",
        None => shown,
    }
}
