//! Source identity: the unsigned claims that Jitsi's presence_identity module writes.

use super::{Claims, Occasion, RejectReason};
use crate::stanza::Identity;
use serde_json::{Map, Value, json};

/// The claims in `identity`, if it says anything and its bearer's domain is trusted.
pub(super) fn read(
    identity: &Identity,
    occasion: &Occasion<'_>,
    trusted_domains: &[String],
) -> Result<Option<Claims>, RejectReason> {
    let group = identity.group.as_deref().filter(|group| !group.is_empty());
    if identity.user.is_empty() && group.is_none() {
        return Ok(None);
    }
    let domain = occasion.real.domain();
    if !trusted_domains.iter().any(|trusted| trusted == domain) {
        return Err(RejectReason::Untrusted);
    }
    let mut context = Map::new();
    if !identity.user.is_empty() {
        let user = identity.user.iter().cloned();
        let user: Map<_, _> = user.map(|(key, text)| (key, Value::from(text))).collect();
        context.insert("user".to_owned(), Value::Object(user));
    }
    if let Some(group) = group {
        context.insert("group".to_owned(), Value::from(group));
    }
    Claims::from_json(&json!({ "context": context }).to_string()).map(Some)
}
