//! Reads the holders of permissions: `[policy.permissions]` and the `permissions` of a rule.

use super::keys::{PERMISSIONS, RULE_PERMISSIONS};
use super::problem::nearest;
use super::section::Section;
use crate::policy::{Permission, Permissions};

/// The features that Jitsi's client looks at in a token and no server checks.
const ONLY_SHOWN: [&str; 9] = [
    "branding",
    "calendar",
    "inbound-call",
    "list-visitors",
    "lobby",
    "moderation",
    "room",
    "screen-sharing",
    "sip-inbound-call",
];

/// `[policy.permissions]`.
pub(super) fn settings(policy: &mut Section<'_>) -> Permissions {
    let mut section = policy.section(PERMISSIONS);
    let mut permissions = Permissions::default();
    for name in Permission::ALL.iter().copied() {
        let given = section.text(name.as_str());
        if let Some(holders) = given.and_then(|given| section.spelled(&given)) {
            permissions.set(name, holders);
        }
    }
    refuse_unknown(&mut section);
    permissions
}

/// The `permissions` of a rule.
pub(super) fn of_rule(rule: &mut Section<'_>) -> Vec<(Permission, bool)> {
    let Some(mut section) = rule.subsection(RULE_PERMISSIONS) else {
        return Vec::new();
    };
    let known = Permission::ALL.iter().copied();
    let said = known.filter_map(|name| Some((name, section.yes_or_no(name.as_str())?)));
    let said = said.collect();
    refuse_unknown(&mut section);
    said
}

/// Every key that is left names no permission.
fn refuse_unknown(section: &mut Section<'_>) {
    let known = || Permission::ALL.iter().map(|name| name.as_str());
    for key in section.left() {
        let place = section.place_of(&key);
        section.entries.remove(&key);
        let problem = match ONLY_SHOWN.contains(&key.as_str()) {
            true => format!(
                "no server checks {key}: only Jitsi's client looks at it, and anybody can change theirs"
            ),
            false => format!("unknown permission {}", super::section::shown(&key)),
        };
        let meant = nearest(&key, known()).map(|near| format!("did you mean {near}? "));
        let all: Vec<&str> = known().collect();
        let remedy = format!(
            "{}the permissions are {}",
            meant.unwrap_or_default(),
            all.join(", ")
        );
        section.notes.error(place, problem, remedy);
    }
}
