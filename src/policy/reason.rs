//! Reasons in words: the same in logs, `explain` and tests, and small, because
//! every occupant carries one.

use serde_json::Value;
use std::borrow::Cow;
use std::fmt;

/// How much of a claim's text a reason repeats, in characters.
const SHOWN_CHARS: usize = 64;

/// A claim that rules look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// `context.user.affiliation`
    UserAffiliation,
    /// `context.user.moderator`
    UserModerator,
}

impl Field {
    /// Where the claim stands.
    pub fn path(self) -> &'static str {
        match self {
            Self::UserAffiliation => "context.user.affiliation",
            Self::UserModerator => "context.user.moderator",
        }
    }

    /// The claim's key in `context.user`.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::UserAffiliation => "affiliation",
            Self::UserModerator => "moderator",
        }
    }
}

/// What stood in a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// Nothing.
    Absent,
    /// `true` or `false`.
    Bool(bool),
    /// A string, shortened.
    Text(Cow<'static, str>),
    /// Null, a number, a list or an object: its kind, since no rule reads it.
    Other(&'static str),
}

impl Seen {
    /// What `value` is, in short.
    pub fn of(value: Option<&Value>) -> Self {
        match value {
            None => Self::Absent,
            Some(Value::Bool(value)) => Self::Bool(*value),
            Some(Value::String(text)) => Self::Text(short(text)),
            Some(Value::Null) => Self::Other("null"),
            Some(Value::Number(_)) => Self::Other("a number"),
            Some(Value::Array(_)) => Self::Other("a list"),
            Some(Value::Object(_)) => Self::Other("an object"),
        }
    }
}

/// Borrows the words that nearly all tokens have, so that they cost nothing.
fn short(text: &str) -> Cow<'static, str> {
    const WORDS: [&str; 7] = [
        "owner",
        "moderator",
        "teacher",
        "member",
        "student",
        "true",
        "false",
    ];
    if let Some(word) = WORDS.into_iter().find(|word| *word == text) {
        return Cow::Borrowed(word);
    }
    match text.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
        None => Cow::Owned(text.to_owned()),
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("absent"),
            Self::Bool(value) => write!(f, "{value}"),
            // Quoted as in JSON: what would break a line is escaped.
            Self::Text(text) => write!(f, "{}", Value::from(text.as_ref())),
            Self::Other(kind) => f.write_str(kind),
        }
    }
}

/// Why a rule matched or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// What one claim said.
    Claim(Field, Seen),
    /// What both claims of the preset said: neither was a moderator's.
    Neither {
        /// `context.user.affiliation`
        affiliation: Seen,
        /// `context.user.moderator`
        moderator: Seen,
    },
    /// There are no claims.
    NoClaims,
    /// `context.features` without `context.user`.
    FeaturesAlone,
    /// No rule says anything about these claims.
    NoRule,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Claim(field, seen) => write!(f, "{} is {seen}", field.path()),
            Self::Neither {
                affiliation,
                moderator,
            } => write_neither(f, affiliation, moderator),
            Self::NoClaims => f.write_str("no claims"),
            Self::FeaturesAlone => {
                f.write_str("context.features without context.user is no claims")
            }
            Self::NoRule => f.write_str("no rule matches these claims"),
        }
    }
}

/// Names what is there; where nothing is, both.
fn write_neither(f: &mut fmt::Formatter<'_>, affiliation: &Seen, moderator: &Seen) -> fmt::Result {
    let (a, m) = (Field::UserAffiliation.path(), Field::UserModerator.path());
    match (affiliation, moderator) {
        (Seen::Absent, Seen::Absent) => write!(f, "{a} and {m} are absent"),
        (Seen::Absent, moderator) => write!(f, "{m} is {moderator}"),
        (affiliation, Seen::Absent) => write!(f, "{a} is {affiliation}"),
        (affiliation, moderator) => write!(f, "{a} is {affiliation}, {m} is {moderator}"),
    }
}
