//! One person's claims: a JSON object shaped like a token's payload.

use super::RejectReason;
use super::name::trim;
use arcstr::{ArcStr, Substr};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::borrow::Borrow;
use std::fmt::{self, Write};
use std::ops::{Deref, Range};

/// The longest JSON text taken as claims, in bytes.
pub const MAX_CLAIMS_BYTES: usize = 64 * 1024;

/// Stands for "no `exp`": no clock gets there.
const NO_EXP: u64 = u64::MAX;

/// Claims, kept as their JSON text, with the places of the values that gavel reads most: a
/// hundred thousand of them are alive at once. Copies share the text.
#[derive(Clone, PartialEq, Eq)]
pub struct Claims {
    /// The JSON text without insignificant white space. After it come the user's name and
    /// id, if they do not stand in it as they are, but escaped.
    data: ArcStr,
    /// The end of the JSON text, in bytes.
    json_len: u32,
    /// The start and the length of the user's name; 0 if there is none.
    name_at: u32,
    id_at: u32,
    name_len: u16,
    /// The same of the user's id.
    id_len: u16,
    /// Seconds since 1970, or [`NO_EXP`].
    exp: u64,
}

/// `context.user.id`, by which gavel knows somebody again: part of the claims' text,
/// which lives as long.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserId(Substr);

impl UserId {
    /// An id as it was written down.
    pub fn new(id: &str) -> Self {
        Self(id.into())
    }

    /// The same without the claims it was read from.
    #[must_use]
    pub fn apart(&self) -> Self {
        Self::new(self)
    }

    /// How much text it keeps alive, in bytes.
    #[cfg(test)]
    pub(crate) fn kept_bytes(&self) -> usize {
        self.0.parent().len()
    }
}

impl Deref for UserId {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for UserId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl Claims {
    /// Reads claims from JSON text.
    ///
    /// # Errors
    /// [`RejectReason::TooLarge`] above [`MAX_CLAIMS_BYTES`]; [`RejectReason::Malformed`]
    /// if it is not a JSON object or nested deeper than serde_json reads (128 levels).
    pub fn from_json(text: &str) -> Result<Self, RejectReason> {
        if text.len() > MAX_CLAIMS_BYTES {
            return Err(RejectReason::TooLarge);
        }
        let object: Map<String, Value> =
            serde_json::from_str(text).map_err(|_| RejectReason::Malformed)?;
        Ok(Self::of(object, text.len()))
    }

    /// Claims that are already parsed.
    pub fn from_object(object: Map<String, Value>) -> Self {
        Self::of(object, 0)
    }

    /// Claims whose text is about `length` bytes long.
    fn of(object: Map<String, Value>, length: usize) -> Self {
        let exp = object.get("exp").and_then(seconds).unwrap_or(NO_EXP);
        let value = Value::Object(object);
        let name = user(&value, "name").and_then(Value::as_str);
        let name = name.filter(|name| !trim(name).is_empty()).unwrap_or("");
        let id = user(&value, "id").and_then(id_text).unwrap_or_default();
        // At once in a piece that fits.
        let mut data = String::with_capacity(length);
        let _ = write!(data, "{value}");
        let json_len = capped(data.len());
        let (name_at, name_len) = stand(name, &mut data);
        let (id_at, id_len) = stand(&id, &mut data);
        Self {
            data: data.into(),
            json_len,
            name_at,
            id_at,
            name_len,
            id_len,
            exp,
        }
    }

    /// The JSON text, compact.
    pub fn json(&self) -> &str {
        &self.data[..self.json_len as usize]
    }

    /// The claims as a JSON value, always an object; parsed again at each call.
    pub fn value(&self) -> Value {
        serde_json::from_str(self.json()).unwrap_or_default()
    }

    /// `context.user.name` as it stands there: a string with something left
    /// after trimming.
    pub fn user_name(&self) -> Option<&str> {
        let name = &self.data[range(self.name_at, self.name_len)];
        (!name.is_empty()).then_some(name)
    }

    /// The same, as a part of the claims' text, which lives as long.
    pub fn shared_name(&self) -> Option<Substr> {
        let name = self.data.substr(range(self.name_at, self.name_len));
        (!name.is_empty()).then_some(name)
    }

    /// `context.user.id`: a string that is not blank, or a number's digits.
    pub fn user_id(&self) -> Option<UserId> {
        let id = self.data.substr(range(self.id_at, self.id_len));
        (!id.is_empty()).then_some(UserId(id))
    }

    /// `exp` in seconds since 1970, if it is a number that is not negative.
    pub fn exp(&self) -> Option<u64> {
        (self.exp != NO_EXP).then_some(self.exp)
    }

    /// `iat` in seconds since 1970 (RFC 7519 §4.1.6), if it is a number that is not
    /// negative; read again at each call.
    pub fn issued_at(&self) -> Option<u64> {
        #[derive(serde::Deserialize)]
        struct Issued {
            iat: f64,
        }
        let issued: Issued = serde_json::from_str(self.json()).ok()?;
        // A fraction of a second is nothing here.
        (issued.iat >= 0.0).then_some(issued.iat as u64)
    }

    /// Says whether this is `context.features` without `context.user`, which is no claims
    /// at all (SPEC section 3).
    pub fn features_alone(&self) -> bool {
        // Most claims have none, and need not be parsed again for that.
        self.json().contains("\"features\"") && features_alone(&self.value())
    }
}

impl fmt::Debug for Claims {
    /// Without the claims: they hold personal data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Claims({} bytes)", self.json_len)
    }
}

/// [`Claims::features_alone`] of a value that is already parsed.
pub(crate) fn features_alone(claims: &Value) -> bool {
    let context = &claims["context"];
    !context["features"].is_null() && context["user"].is_null()
}

/// `context.user.<key>`, if it is there.
fn user<'a>(claims: &'a Value, key: &str) -> Option<&'a Value> {
    claims.get("context")?.get("user")?.get(key)
}

/// A NumericDate (RFC 7519 §2) in whole seconds, fractions cut off.
pub(crate) fn seconds(value: &Value) -> Option<u64> {
    if let Some(seconds) = value.as_u64() {
        return Some(seconds.min(NO_EXP - 1));
    }
    let seconds = value.as_f64()?;
    (seconds >= 0.0).then(|| (seconds as u64).min(NO_EXP - 1))
}

fn id_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !trim(text).is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The start and the length of `part` in `text`, which gets it if it is not there. It reads
/// the same wherever it stands. A `part` that is too long counts as absent.
fn stand(part: &str, text: &mut String) -> (u32, u16) {
    let Ok(len) = u16::try_from(part.len()) else {
        return (0, 0);
    };
    let at = text.find(part).unwrap_or_else(|| {
        text.push_str(part);
        text.len() - part.len()
    });
    (capped(at), len)
}

fn range(at: u32, len: u16) -> Range<usize> {
    at as usize..at as usize + usize::from(len)
}

/// A length that [`MAX_CLAIMS_BYTES`] keeps far below `u32::MAX`.
fn capped(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    fn claims(value: &Value) -> Claims {
        Claims::from_json(&value.to_string()).unwrap()
    }

    #[test]
    fn the_claims_that_gavel_reads_most_are_at_hand() {
        let value = json!({
            "exp": 1_700_000_000,
            "context": {"user": {"name": " Ädà \"x\" ", "id": "u-1"}},
        });
        let claims = claims(&value);
        assert_eq!(claims.user_name(), Some(" Ädà \"x\" "));
        assert_eq!(claims.user_id(), Some(UserId::new("u-1")));
        assert_eq!(claims.exp(), Some(1_700_000_000));
        assert_eq!(claims.value(), value);
        assert_eq!(claims.json(), value.to_string());
    }

    /// A name and an id are found in the text of the claims, wherever else the same text stands.
    #[test]
    fn a_name_and_an_id_are_those_of_the_user_with_any_other_claims() {
        let parts = [
            "u",
            "id",
            "name",
            "\"id\":\"u\"",
            "\",\"id\":\"host",
            "\\",
            "\\u0041",
            "A",
            "\n",
            "}",
            "}}}u",
            "\u{1F600}",
            "\u{0}",
            "}}uu",
            "nameid",
        ];
        let escaped: String = "host"
            .chars()
            .map(|c| format!("\\u{:04x}", c as u32))
            .collect();
        for name in parts {
            for id in parts {
                let user = json!({"id": id, "name": name});
                let value = json!({
                    "a": {"context": {"user": {"id": name, "name": id}}},
                    "id": name,
                    "name": id,
                    "context": {"a": {"id": name, "name": id}, "user": user},
                    "z": [name, id],
                });
                let text = value.to_string();
                let again = format!(
                    r#"{{"context": {{"user": {{"id": "{escaped}", "name": "{escaped}"}}}}, {}"#,
                    &text[1..]
                );
                for text in [text, again] {
                    let claims = Claims::from_json(&text).unwrap();
                    let user = &claims.value()["context"]["user"];
                    assert_eq!((&user["id"], &user["name"]), (&json!(id), &json!(name)));
                    let expected = Some(name).filter(|name| !trim(name).is_empty());
                    assert_eq!(claims.user_name(), expected, "{text}");
                    let expected = Some(id).filter(|id| !trim(id).is_empty());
                    assert_eq!(claims.user_id().as_deref(), expected, "{text}");
                }
            }
        }
        let text = format!(r#"{{"context": {{"user": {{"id": "{escaped}"}}}}}}"#);
        assert_eq!(
            Claims::from_json(&text).unwrap().user_id(),
            Some(UserId::new("host"))
        );
    }

    #[test]
    fn odd_names_and_ids_are_none() {
        for (name, id, expected) in [
            (json!(null), json!(null), (None, None)),
            (json!(""), json!(""), (None, None)),
            (json!(" \u{FEFF}\n"), json!(" "), (None, None)),
            (json!(7), json!(7), (None, Some("7"))),
            (json!(["x"]), json!(true), (None, None)),
            (json!({}), json!(["x"]), (None, None)),
            (
                json!("x"),
                json!(12345678901234567890_u64),
                (Some("x"), Some("12345678901234567890")),
            ),
        ] {
            let claims = claims(&json!({"context": {"user": {"name": name, "id": id}}}));
            let id = claims.user_id();
            assert_eq!((claims.user_name(), id.as_deref()), expected);
        }
        for value in [
            json!({}),
            json!({"context": 1}),
            json!({"context": {"user": "x"}}),
        ] {
            assert_eq!(
                (claims(&value).user_name(), claims(&value).user_id()),
                (None, None)
            );
        }
    }

    #[test]
    fn exp_is_a_number_of_seconds() {
        for (exp, expected) in [
            (json!(0), Some(0)),
            (json!(1.9), Some(1)),
            (json!(-1), None),
            (json!("1"), None),
            (json!(null), None),
            (json!(1e300), Some(u64::MAX - 1)),
            (json!(u64::MAX), Some(u64::MAX - 1)),
        ] {
            assert_eq!(claims(&json!({"exp": exp})).exp(), expected, "{exp}");
        }
    }

    #[test]
    fn claims_are_an_object_of_bounded_size_and_depth() {
        let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(200), "]".repeat(200));
        let long = format!(r#"{{"a":"{}"}}"#, "x".repeat(MAX_CLAIMS_BYTES));
        for (text, expected) in [
            ("[]", RejectReason::Malformed),
            ("null", RejectReason::Malformed),
            ("", RejectReason::Malformed),
            ("{} {}", RejectReason::Malformed),
            (r#"{"a":"\ud800"}"#, RejectReason::Malformed),
            (deep.as_str(), RejectReason::Malformed),
            (long.as_str(), RejectReason::TooLarge),
        ] {
            assert_eq!(Claims::from_json(text), Err(expected));
        }
    }

    #[test]
    fn features_without_a_user_are_no_claims() {
        for (value, expected) in [
            (json!({}), false),
            (json!({"context": {}}), false),
            (json!({"context": {"features": {}}}), true),
            (
                json!({"iss": "x", "context": {"features": {"a": true}, "group": "g"}}),
                true,
            ),
            (json!({"context": {"features": {}, "user": null}}), true),
            (json!({"context": {"features": {}, "user": {}}}), false),
            (json!({"context": {"user": {}}}), false),
            (json!({"context": {"group": "g"}}), false),
        ] {
            assert_eq!(claims(&value).features_alone(), expected, "{value}");
        }
        let escaped = Claims::from_json(r#"{"context": {"fe\u0061tures" : {}}}"#).unwrap();
        assert!(escaped.features_alone());
    }

    /// A hundred thousand are alive at once.
    #[test]
    fn claims_are_small() {
        assert_eq!(size_of::<Claims>(), 32);
        assert_eq!(size_of::<Option<Claims>>(), 32);
    }
}
