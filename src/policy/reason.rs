//! Reasons in words: the same in logs, `explain` and tests, and small, because
//! every occupant carries one.

use super::condition::{Facts, Fault, Path};
use super::rule::Rule;
use serde_json::Value;
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// How much of a claim's text a reason repeats, in characters.
const SHOWN_CHARS: usize = 64;

/// The value of a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// Nothing.
    Absent,
    /// `true` or `false`.
    Bool(bool),
    /// A string, shortened.
    Text(Cow<'static, str>),
    /// Null, a number, a list or an object: its kind.
    Other(&'static str),
}

impl Seen {
    /// The kind of `value`, in short.
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
            // Quoted as in JSON: characters that would break a line are escaped.
            Self::Text(text) => write!(f, "{}", Value::from(text.as_ref())),
            Self::Other(kind) => f.write_str(kind),
        }
    }
}

/// The values that a rule looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The paths it looked at; the rule's own list, shared.
    paths: Arc<Vec<Path>>,
    /// The values there, in the same order.
    seen: Box<[Seen]>,
}

impl Said {
    /// The values of `facts` at `paths`.
    pub(super) fn of(paths: &Arc<Vec<Path>>, facts: &Facts<'_>) -> Self {
        let seen = paths.iter().map(|path| match path.root() {
            "claims" => Seen::of(facts.claim(path)),
            _ => facts
                .text(path)
                .map_or(Seen::Absent, |text| Seen::Text(short(text))),
        });
        Self {
            paths: Arc::clone(paths),
            seen: seen.collect(),
        }
    }

    /// Says whether the rule looks nowhere.
    fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }
}

impl fmt::Display for Said {
    /// Names the values that are there; if there are none, the missing ones.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pairs = || self.paths.iter().zip(&self.seen);
        let there: Vec<_> = pairs().filter(|(_, seen)| **seen != Seen::Absent).collect();
        if there.is_empty() {
            let verb = if self.paths.len() > 1 { "are" } else { "is" };
            let paths: Vec<String> = self.paths.iter().map(Path::to_string).collect();
            return write!(f, "{} {verb} absent", paths.join(" and "));
        }
        for (index, (path, seen)) in there.into_iter().enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            write!(f, "{comma}{path} is {seen}")?;
        }
        Ok(())
    }
}

/// Why a rule matched or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// The values that a preset's rule looked at.
    Said(Said),
    /// A rule of one's own is true or false of the values that it looked at.
    When(bool, Said),
    /// A rule of one's own cannot be judged.
    Fault(Box<Fault>),
    /// It would give owner or admin to somebody without claims.
    OnlyByClaims,
    /// The same, for somebody whom this rule alone would have made moderator.
    RuleNeedsClaims(Rule),
    /// They have logged in on a domain of `policy.trusted_logins`.
    TrustedLogin,
    /// There are claims, which is all the rule asks for.
    Claims,
    /// There are no claims.
    NoClaims,
    /// `context.features` without `context.user`.
    FeaturesAlone,
    /// No rule says anything about these claims.
    NoRule,
    /// Elected (`policy.fallback`).
    Elected,
    /// Elected once, until somebody entitled came or they left.
    ElectionOver,
    /// A moderator promoted them; the name, if known.
    Granted(Option<Box<str>>),
    /// They lowered themselves.
    SteppedDown,
    /// They have left, and their token gave it when they were last seen.
    LastSeen,
    /// Somebody who may not ban them had done so.
    BanUndone,
    /// They have left, or were never here.
    Absent,
    /// The token's `exp` has passed.
    Expired,
    /// An admin has set something that outranks claims.
    Set,
    /// An admin's override is over, or was taken back.
    SetNoMore,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Said(said) => said.fmt(f),
            Self::When(held, said) if said.is_empty() => write!(f, "when is {held}"),
            Self::When(held, said) => write!(f, "when is {held}: {said}"),
            Self::Fault(fault) => write!(f, "when fails: {fault}"),
            Self::OnlyByClaims => {
                f.write_str("no claims, and without them nobody is owner or admin")
            }
            Self::RuleNeedsClaims(rule) => write!(
                f,
                "no claims: rule {rule} matches, but it makes moderators only of people with a token"
            ),
            Self::TrustedLogin => {
                f.write_str("logged in on a domain of policy.trusted_logins, without a token")
            }
            Self::Claims => f.write_str("there are valid claims"),
            Self::NoClaims => f.write_str("no claims"),
            Self::FeaturesAlone => {
                f.write_str("context.features without context.user is no claims")
            }
            Self::NoRule => f.write_str("no rule matches these claims"),
            Self::Elected => {
                f.write_str("nobody entitled to moderate is there, and they came first")
            }
            Self::ElectionOver => f.write_str("they were elected, and that is over"),
            Self::Granted(Some(by)) => write!(f, "granted by {by}"),
            Self::Granted(None) => f.write_str("granted by a moderator"),
            Self::SteppedDown => f.write_str("they stepped down"),
            Self::LastSeen => f.write_str("their token gave it when they were last seen"),
            Self::BanUndone => f.write_str("somebody who may not ban them had done so"),
            Self::Absent => f.write_str("has left, or was never here"),
            Self::Set => f.write_str("an admin has set it"),
            Self::SetNoMore => f.write_str("what an admin had set is over"),
            Self::Expired => f.write_str("the token has expired"),
        }
    }
}
