//! Claims that look as if they were meant to make a moderator, wherever they
//! stand: said to an admin whose people come with tokens and do not moderate.

use super::Claims;
use serde_json::Value;

/// Most claims that are named.
const MAX_NAMED: usize = 4;
/// Most characters of a value that are repeated.
const MAX_SHOWN: usize = 40;
/// Keys that are used for it.
const KEYS: [&str; 8] = [
    "moderator",
    "ismoderator",
    "is_moderator",
    "affiliation",
    "role",
    "roles",
    "owner",
    "host",
];
/// Values that say it.
const WORDS: [&str; 6] = ["owner", "moderator", "teacher", "host", "admin", "true"];

/// Such claims as `path is value`, at most four.
pub fn moderator_hints(claims: &Claims) -> Vec<String> {
    let value = claims.value();
    let places = ["", "context", "context.user", "context.features"];
    let mut found = Vec::new();
    for place in places {
        let mut keys = place.split('.').filter(|key| !key.is_empty());
        let object = keys.try_fold(&value, |value, key| value.get(key));
        for (key, said) in object.and_then(Value::as_object).into_iter().flatten() {
            if KEYS.contains(&key.to_lowercase().as_str()) && says_so(said) {
                let dot = if place.is_empty() { "" } else { "." };
                let shown: String = said.to_string().chars().take(MAX_SHOWN).collect();
                found.push(format!("{place}{dot}{key} is {shown}"));
            }
        }
    }
    found.truncate(MAX_NAMED);
    found
}

fn says_so(value: &Value) -> bool {
    match value {
        Value::Bool(said) => *said,
        Value::Number(number) => number.as_i64() == Some(1),
        Value::String(text) => WORDS.contains(&text.trim().to_lowercase().as_str()),
        Value::Array(items) => items.iter().take(32).any(says_so),
        Value::Null | Value::Object(_) => false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    fn hints(value: Value) -> Vec<String> {
        let Value::Object(object) = value else {
            panic!("no object");
        };
        moderator_hints(&Claims::from_object(object))
    }

    #[test]
    fn claims_that_say_moderator_are_named_wherever_they_stand() {
        for (claims, expected) in [
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
            assert_eq!(hints(claims), [expected]);
        }
        let none = json!({"moderator": false, "role": "student", "context": {"user": {"moderator": "no"}}});
        assert!(hints(none).is_empty());
        let many: serde_json::Map<String, Value> = KEYS
            .iter()
            .map(|key| ((*key).to_owned(), json!(true)))
            .collect();
        assert_eq!(hints(Value::Object(many)).len(), MAX_NAMED);
    }
}
