//! The things that conditions see: claims, room and occupant.

use super::meter::{Meter, Pattern};
use super::paths::Path;
use crate::claims::{Claims, features_alone};
use crate::muc::RoomJid;
use cel::common::types::{
    CelBool, CelDouble, CelInt, CelList, CelMap, CelMapKey, CelNull, CelString, CelUInt,
};
use cel::common::value::{CowVal, Val};
use cel::context::VariableResolver;
use serde_json::Value;
use std::collections::HashMap;

/// The keys of the variables that have fixed ones.
pub(super) const VARIABLES: [(&str, &[&str]); 2] = [
    ("room", &["jid", "name", "service", "tenant"]),
    ("occupant", &["jid", "nick", "domain"]),
];

/// The person that rules are to judge, and their place.
#[derive(Debug, Clone, Copy, Default)]
pub struct Subject<'a> {
    /// The claims; none for a guest.
    pub claims: Option<&'a Claims>,
    /// The main room of the meeting they are in.
    pub room: Option<&'a RoomJid>,
    /// Their real bare JID.
    pub jid: Option<&'a str>,
    /// Their nick.
    pub nick: Option<&'a str>,
    /// Says whether their login may count (`policy.trusted_logins`): Prosody, or the server
    /// of their domain, says who they are.
    pub login: bool,
}

impl<'a> Subject<'a> {
    /// Somebody with known claims and no other known facts.
    pub fn with(claims: Option<&'a Claims>) -> Self {
        Self {
            claims,
            ..Self::default()
        }
    }

    /// The domain that they have logged in on.
    pub fn domain(&self) -> Option<&'a str> {
        self.text("occupant", "domain")
    }

    /// `room.<key>` or `occupant.<key>`, if it is known.
    fn text(&self, variable: &str, key: &str) -> Option<&'a str> {
        match (variable, key) {
            ("room", "jid") => self.room.map(RoomJid::as_str),
            ("room", "name") => self.room.map(RoomJid::name),
            ("room", "service") => self.room.map(RoomJid::service),
            ("room", "tenant") => self.room.map(|room| room.tenant().unwrap_or_default()),
            ("occupant", "jid") => self.jid,
            ("occupant", "nick") => self.nick,
            ("occupant", "domain") => self.jid.map(|jid| match jid.split_once('@') {
                Some((_, domain)) => domain,
                None => jid,
            }),
            _ => None,
        }
    }
}

/// A subject with its claims parsed.
#[derive(Debug)]
pub struct Facts<'a> {
    subject: Subject<'a>,
    /// The claims; null for a guest.
    claims: Value,
    /// Says whether there is `context.features` alone, which is no claims.
    pub features_alone: bool,
}

impl<'a> Facts<'a> {
    /// Reads a subject's claims.
    pub fn of(subject: Subject<'a>) -> Self {
        let claims = subject.claims.map_or(Value::Null, Claims::value);
        let features_alone = subject.claims.is_some() && features_alone(&claims);
        Self {
            subject,
            claims: if features_alone { Value::Null } else { claims },
            features_alone,
        }
    }

    /// Says whether they have logged in if the login itself counts.
    pub fn is_trusted_login(&self) -> bool {
        self.subject.login && !self.has_claims()
    }

    /// Says whether a rule may make them moderator.
    pub fn may_moderate(&self) -> bool {
        self.has_claims() || self.is_trusted_login()
    }

    /// Says whether there are claims.
    pub fn has_claims(&self) -> bool {
        !self.claims.is_null()
    }

    /// The value at `path`: a claim, as it is.
    pub fn claim(&self, path: &Path) -> Option<&Value> {
        path.keys()
            .try_fold(&self.claims, |value, key| value.get(key))
    }

    /// The value at `path` of another variable.
    pub fn text(&self, path: &Path) -> Option<&'a str> {
        self.subject.text(path.root(), path.keys().next()?)
    }

    /// Says whether the value at `path` is known, be it nothing.
    pub fn knows(&self, path: &Path) -> bool {
        path.root() == "claims" || self.text(path).is_some()
    }

    /// The same as the values that CEL takes.
    pub fn scope(&self) -> Scope<'_> {
        let variable = |(name, keys): (&str, &'static [&'static str])| {
            let known = keys.iter().filter_map(|key| {
                let text = self.subject.text(name, key)?;
                Some((CelMapKey::String((*key).into()), string(text)))
            });
            let known: HashMap<_, _> = known.collect();
            (!known.is_empty()).then(|| Box::new(CelMap::from(known)) as Box<dyn Val + '_>)
        };
        let [room, occupant] = VARIABLES.map(variable);
        Scope {
            facts: self,
            claims: converted(&self.claims),
            room,
            occupant,
        }
    }
}

/// Facts as CEL sees them. Texts are borrowed.
pub struct Scope<'f> {
    /// The facts it is made of.
    pub facts: &'f Facts<'f>,
    claims: Box<dyn Val + 'f>,
    room: Option<Box<dyn Val + 'f>>,
    occupant: Option<Box<dyn Val + 'f>>,
}

impl Scope<'_> {
    /// The variables of one evaluation.
    pub(super) fn variables<'s>(&'s self, patterns: &'s [Pattern], budget: u64) -> Variables<'s> {
        Variables {
            scope: self,
            patterns,
            meter: Meter::new(budget),
        }
    }
}

/// The variables of one evaluation, its budget among them.
pub(super) struct Variables<'s> {
    scope: &'s Scope<'s>,
    patterns: &'s [Pattern],
    meter: Meter,
}

impl Variables<'_> {
    /// Says whether more was to be done than the budget allows.
    pub fn is_over_budget(&self) -> bool {
        self.meter.is_spent()
    }
}

impl VariableResolver for Variables<'_> {
    fn resolve<'b>(&'b self, variable: &str) -> Option<CowVal<'b, 'b>> {
        match variable {
            "claims" => Some(CowVal::Borrowed(&*self.scope.claims)),
            "room" => self.scope.room.as_deref().map(CowVal::Borrowed),
            "occupant" => self.scope.occupant.as_deref().map(CowVal::Borrowed),
            Meter::VARIABLE => Some(CowVal::Borrowed(&self.meter)),
            _ => {
                let index = Pattern::index(variable)?;
                Some(CowVal::Borrowed(self.patterns.get(index)?))
            }
        }
    }
}

fn string<'v>(text: &'v str) -> Box<dyn Val + 'v> {
    Box::new(CelString::from(text))
}

/// JSON as CEL sees it: a number is an int if it is one, a uint if only that can hold it,
/// else a double.
fn converted(value: &Value) -> Box<dyn Val + '_> {
    match value {
        Value::Null => Box::new(CelNull),
        Value::Bool(value) => Box::new(CelBool::from(*value)),
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(number), _) => Box::new(CelInt::from(number)),
            (None, Some(number)) => Box::new(CelUInt::from(number)),
            (None, None) => Box::new(CelDouble::from(number.as_f64().unwrap_or(f64::NAN))),
        },
        Value::String(text) => string(text),
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(converted).collect();
            Box::new(CelList::from(items))
        }
        Value::Object(entries) => {
            let entries = entries.iter();
            let entries: HashMap<_, _> = entries
                .map(|(key, value)| (CelMapKey::String(key.as_str().into()), converted(value)))
                .collect();
            Box::new(CelMap::from(entries))
        }
    }
}
