//! Claims that look as if they were meant to make a moderator, wherever they stand, with
//! the rule that would read them. gavel says so to an admin whose people come with tokens
//! and do not moderate.

use super::Claims;
use super::document::features_alone;
use serde_json::Value;
use std::fmt;

/// Most claims that are named.
const MAX_NAMED: usize = 4;
/// Most characters of a value that are repeated.
const MAX_SHOWN: usize = 40;
/// Most items of a list that are looked at.
const MAX_ITEMS: usize = 32;
/// The objects that are looked into; the first is the payload itself.
const PLACES: [&str; 6] = [
    "",
    "context",
    "context.user",
    "context.features",
    "user",
    "realm_access",
];
/// Keys, without `-` and `_` and in lower case, of claims that say yes or no.
const FLAGS: [&str; 9] = [
    "moderator",
    "ismoderator",
    "owner",
    "isowner",
    "host",
    "ishost",
    "admin",
    "isadmin",
    "teacher",
];
/// The same of claims that name somebody's role.
const TITLES: [&str; 8] = [
    "affiliation",
    "role",
    "roles",
    "userrole",
    "group",
    "groups",
    "moderator",
    "usertype",
];
/// Values that say yes.
const YES: [&str; 3] = ["true", "yes", "1"];
/// Words for somebody who moderates.
const NAMES: [&str; 5] = ["owner", "moderator", "teacher", "host", "admin"];

/// A claim that says moderator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// `path is value`
    said: String,
    /// The condition that holds for it.
    when: String,
    /// Says whether nothing this token says counts: `context.features` without
    /// `context.user`.
    features_alone: bool,
}

impl Hint {
    /// The condition of a rule that reads the claim.
    pub fn when(&self) -> &str {
        &self.when
    }

    /// The claim, and in short the rule that would read it.
    pub fn in_short(&self) -> String {
        let Self { said, when, .. } = self;
        match self.features_alone {
            true => format!("{said} (without context.user, so no rule can read it)"),
            false => format!("{said} (a rule reads it with when = '{when}')"),
        }
    }

    /// The claim that is not read, and the rule that would read it.
    pub fn advice(&self) -> String {
        let Self { said, when, .. } = self;
        match self.features_alone {
            true => format!(
                "the token says {said}, and it has context.features without context.user, so it gives no affiliation: let the issuer write context.user.moderator = true"
            ),
            false => format!(
                "the token says {said}, which no rule reads. This one would: [[policy.rule]] with name = \"moderators\", when = '{when}', affiliation = \"owner\""
            ),
        }
    }
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.said)
    }
}

/// Such claims, at most four.
pub fn moderator_hints(claims: &Claims) -> Vec<Hint> {
    let value = claims.value();
    let features_alone = features_alone(&value);
    let mut found = Vec::new();
    for place in PLACES {
        let mut keys = place.split('.').filter(|key| !key.is_empty());
        let object = keys.try_fold(&value, |value, key| value.get(key));
        for (key, said) in object.and_then(Value::as_object).into_iter().flatten() {
            let Some(item) = saying_so(key, said) else {
                continue;
            };
            let path = path(place, key);
            let shown: String = said.to_string().chars().take(MAX_SHOWN).collect();
            let when = match said {
                Value::Array(_) => format!("{item} in claims{path}"),
                _ => format!("claims{path} == {item}"),
            };
            found.push(Hint {
                said: format!("{} is {shown}", path.trim_start_matches('.')),
                when,
                features_alone,
            });
        }
    }
    found.truncate(MAX_NAMED);
    found
}

/// `.context.user.isModerator`, or `["is-moderator"]` if a key is no word.
fn path(place: &str, key: &str) -> String {
    let dot = if place.is_empty() { "" } else { "." };
    match key.contains('-') {
        true => format!("{dot}{place}[\"{key}\"]"),
        false => format!("{dot}{place}.{key}"),
    }
}

/// The value of a claim `key` that says moderator: of a list, the item.
fn saying_so<'a>(key: &str, value: &'a Value) -> Option<&'a Value> {
    let mut plain = key.to_lowercase();
    plain.retain(|c| c != '-' && c != '_');
    let flag = FLAGS.contains(&plain.as_str());
    let title = TITLES.contains(&plain.as_str());
    let says_so = |value: &Value| match value {
        Value::Bool(said) => flag && *said,
        Value::Number(number) => flag && number.as_i64() == Some(1),
        Value::String(text) => {
            let text = text.trim().to_lowercase();
            flag && YES.contains(&text.as_str()) || title && NAMES.contains(&text.as_str())
        }
        _ => false,
    };
    match value {
        Value::Array(items) => items.iter().take(MAX_ITEMS).find(|item| says_so(item)),
        value => Some(value).filter(|value| says_so(value)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    fn hints(value: Value) -> Vec<Hint> {
        let Value::Object(object) = value else {
            panic!("no object");
        };
        moderator_hints(&Claims::from_object(object))
    }

    #[test]
    fn claims_that_say_moderator_are_named_wherever_they_stand() {
        for (claims, said) in [
            (json!({"moderator": true}), "moderator is true"),
            (
                json!({"context": {"features": {"moderator": 1}}}),
                "context.features.moderator is 1",
            ),
            (
                json!({"context": {"user": {"isModerator": "True"}}}),
                "context.user.isModerator is \"True\"",
            ),
            (
                json!({"roles": ["a", "Teacher"]}),
                "roles is [\"a\",\"Teacher\"]",
            ),
        ] {
            let found: Vec<String> = hints(claims).iter().map(Hint::to_string).collect();
            assert_eq!(found, [said]);
        }
        for none in [
            json!({"moderator": false, "role": "student", "context": {"user": {"moderator": "no"}}}),
            json!({"role": 1, "group": true, "affiliation": "true", "owner": "Ada"}),
        ] {
            assert_eq!(hints(none), []);
        }
        let many: serde_json::Map<String, Value> = FLAGS
            .iter()
            .map(|key| ((*key).to_owned(), json!(true)))
            .collect();
        assert_eq!(hints(Value::Object(many)).len(), MAX_NAMED);
    }

    #[test]
    fn no_rule_is_advised_where_no_claims_count() {
        let alone = json!({"context": {"features": {"moderator": true}}});
        let advice = hints(alone)[0].advice();
        assert!(advice.contains("context.features without context.user"));
        assert!(!advice.contains("policy.rule"), "{advice}");
    }
}
