//! The preset `jitsi`: the rules of Jitsi's token_affiliation, which compares
//! words exactly, upper and lower case included.

use super::{Entitlement, Field, Reason, Rule, Seen, Tried};
use crate::claims::user_claim;
use crate::muc::Affiliation;
use serde_json::Value;

/// Tries the preset's rules in order, until one matches; the last always does.
pub(super) fn try_rules(claims: &Value, tried: &mut Vec<Tried>) -> bool {
    let affiliation = user_claim(claims, Field::UserAffiliation.key());
    let moderator = user_claim(claims, Field::UserModerator.key());
    let owner = Some(Entitlement::Affiliation(Affiliation::Owner));

    let words = ["owner", "moderator", "teacher"];
    let matches = affiliation
        .and_then(Value::as_str)
        .is_some_and(|word| words.contains(&word));
    tried.push(Tried {
        rule: Rule::JitsiAffiliation,
        entitlement: owner.filter(|_| matches),
        reason: Reason::Claim(Field::UserAffiliation, Seen::of(affiliation)),
    });
    if matches {
        return true;
    }

    let matches = moderator.is_some_and(|value| *value == true || *value == "true");
    tried.push(Tried {
        rule: Rule::JitsiModerator,
        entitlement: owner.filter(|_| matches),
        reason: Reason::Claim(Field::UserModerator, Seen::of(moderator)),
    });
    if !matches {
        tried.push(Tried {
            rule: Rule::JitsiMember,
            entitlement: Some(Entitlement::Affiliation(Affiliation::Member)),
            reason: Reason::Neither {
                affiliation: Seen::of(affiliation),
                moderator: Seen::of(moderator),
            },
        });
    }
    true
}
