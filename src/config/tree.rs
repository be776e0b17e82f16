//! The configuration as a tree of values that know their source: the file's text, with the
//! environment laid over it.

use super::problem::Problem;
use std::collections::BTreeMap;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The place where a value was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    /// In the file, on this line (from 1).
    Line(usize),
    /// In this environment variable.
    Variable(String),
}

/// A value as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// A text; from the environment it may stand for any kind of value.
    Text(String),
    /// `true` or `false`.
    Flag(bool),
    /// A list, or tables with one name.
    List(Vec<Node>),
    /// A table.
    Table(Table),
    /// A value that no key takes, by the name of its kind: a number, a date.
    Other(&'static str),
}

impl Value {
    /// The kind's name, for error texts.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "a string",
            Self::Flag(_) => "a boolean",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
            Self::Other(kind) => kind,
        }
    }
}

/// A value and its origin. The origin of a table's entry is its key's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) origin: Origin,
    pub(super) value: Value,
}

/// Values by key.
pub(super) type Table = BTreeMap<String, Node>;

/// Reads TOML; `name` is the file's, for error texts.
///
/// # Errors
/// Every syntax error that the parser can tell apart. The texts quote nothing
/// of the file, since the faulty line may hold a secret.
pub(super) fn parse(text: &str, name: &str) -> Result<Table, Vec<Problem>> {
    let (table, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        let lines = Lines::of(text);
        return Ok(lines.table(table.into_inner()));
    }
    let lines = Lines::of(text);
    let problem = |error: toml::de::Error| Problem {
        place: match error.span() {
            Some(span) => format!("{name}:{}", lines.number(&span)),
            None => name.to_owned(),
        },
        problem: format!("not valid TOML: {}", error.message()),
        remedy: match error.message().contains("duplicate") {
            true => "keep one of them".to_owned(),
            false => "mend the syntax of this line or the one before it".to_owned(),
        },
    };
    Err(errors.into_iter().map(problem).collect())
}

/// The start of each line of a text, as a byte offset.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Self(
            std::iter::once(0)
                .chain(breaks.map(|(at, _)| at + 1))
                .collect(),
        )
    }

    /// The line, from 1, that `span` starts on.
    fn number(&self, span: &Range<usize>) -> usize {
        self.0.partition_point(|start| *start <= span.start)
    }

    fn table(&self, table: DeTable<'_>) -> Table {
        table
            .into_iter()
            .map(|(key, value)| {
                let origin = Origin::Line(self.number(&key.span()));
                let value = self.value(value.into_inner());
                (key.into_inner().into_owned(), Node { origin, value })
            })
            .collect()
    }

    fn item(&self, item: Spanned<DeValue<'_>>) -> Node {
        Node {
            origin: Origin::Line(self.number(&item.span())),
            value: self.value(item.into_inner()),
        }
    }

    fn value(&self, value: DeValue<'_>) -> Value {
        match value {
            DeValue::String(text) => Value::Text(text.into_owned()),
            DeValue::Boolean(flag) => Value::Flag(flag),
            DeValue::Array(items) => {
                Value::List(items.into_iter().map(|item| self.item(item)).collect())
            }
            DeValue::Table(table) => Value::Table(self.table(table)),
            DeValue::Integer(_) | DeValue::Float(_) => Value::Other("a number"),
            DeValue::Datetime(_) => Value::Other("a date"),
        }
    }
}

/// A single value written in TOML, such as a row's standard value.
pub(super) fn value(text: &str) -> Option<Value> {
    let mut table = parse(&format!("value = {text}"), "").ok()?;
    table.remove("value").map(|node| node.value)
}

/// Lays an environment variable over the tree, as the text of `key`.
///
/// If the way to the key leads through something that is no table, the tree stays as it is:
/// reading that finds the error.
pub(super) fn overlay(tree: &mut Table, key: &str, variable: &str, text: &str) {
    let node = |value| Node {
        origin: Origin::Variable(variable.to_owned()),
        value,
    };
    let (sections, last) = key.rsplit_once('.').unwrap_or(("", key));
    let mut table = tree;
    for section in sections.split('.') {
        let entry = table
            .entry(section.to_owned())
            .or_insert_with(|| node(Value::Table(Table::new())));
        let Value::Table(inner) = &mut entry.value else {
            return;
        };
        table = inner;
    }
    table.insert(last.to_owned(), node(Value::Text(text.to_owned())));
}
