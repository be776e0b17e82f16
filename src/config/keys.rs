//! Every key there is.

use super::problem::nearest;
use super::rows::{self, ROWS, Standard};

/// Every key of the configuration, as `section.key`. Each but those of `muc` and
/// [`RULE`] can be given in the environment as [`variable`] says.
pub fn all() -> impl Iterator<Item = &'static str> {
    ROWS.iter().map(|row| row.key)
}

/// The section of each rule.
pub(super) const RULE: &str = "policy.rule";
/// The table of permissions for the people whom a rule matches.
pub(super) const RULE_PERMISSIONS: &str = "policy.rule.permissions";
/// The section of permissions for everybody.
pub(super) const PERMISSIONS: &str = "policy.permissions";

/// Says whether a key stands in a list of sections, which the environment cannot give.
pub fn is_listed(key: &str) -> bool {
    key.starts_with("muc.") || key.strip_prefix(RULE).is_some_and(|r| r.starts_with('.'))
}

/// Says whether an empty variable for this key counts as not set: no useful value is empty
/// there, and container tools pass empty variables.
pub(super) fn is_optional(key: &str) -> bool {
    let row = rows::row(key);
    let key_of_tokens = key.starts_with("claims.jwt.");
    key == "component.secret"
        || row.is_some_and(|row| key_of_tokens || matches!(row.standard, Standard::Unset(_)))
}

/// The beginning of the names of gavel's environment variables.
pub(super) const PREFIX: &str = "GAVEL_";

/// The variable that lists the MUC services.
pub const MUC_VARIABLE: &str = "GAVEL_MUC";

/// The variable that names the configuration file.
pub const FILE_VARIABLE: &str = "GAVEL_CONFIG";

/// The environment variable of a key: `GAVEL_CLAIMS__JWT__SECRET` of
/// `claims.jwt.secret`. Names of variables have no `-`: it becomes `_`.
pub fn variable(key: &str) -> String {
    let name = key.to_uppercase().replace('.', "__").replace('-', "_");
    format!("{PREFIX}{name}")
}

/// The key that an environment variable stands for.
pub(super) fn key_of(name: &str) -> Option<&'static str> {
    all()
        .filter(|key| !is_listed(key))
        .find(|key| variable(key) == name)
}

/// The remedy for a variable that stands for no key.
pub(super) fn instead_of_variable(name: &str) -> String {
    if name.starts_with("GAVEL_MUC__") {
        return format!("list the services in {MUC_VARIABLE}; the file has their other settings");
    }
    if name.starts_with(&variable(RULE)) {
        return "rules stand in the file, each as [[policy.rule]]".to_owned();
    }
    let keys = all().filter(|key| !is_listed(key));
    let mut known: Vec<String> = keys.map(variable).collect();
    known.extend([MUC_VARIABLE, FILE_VARIABLE].map(str::to_owned));
    // The prefix is always right, so it must not count as likeness.
    let rest = |name: &str| name.strip_prefix(PREFIX).unwrap_or(name).to_owned();
    let rests: Vec<String> = known.iter().map(|known| rest(known)).collect();
    match nearest(&rest(name), rests.iter().map(String::as_str)) {
        Some(near) => format!("did you mean {PREFIX}{near}?"),
        None => "remove it, or see docs/reference/configuration.md for the variables there are"
            .to_owned(),
    }
}

/// The remedy for a key that `section` (`""` at the top) does not have.
pub(super) fn instead_of_key(section: &str, key: &str) -> String {
    let siblings = children(section);
    if let Some(near) = nearest(key, siblings.iter().copied()) {
        return format!("did you mean {near}?");
    }
    let last = |known: &&str| known.rsplit('.').next() == Some(key);
    let homes = all().filter(last);
    let homes: Vec<&str> = homes
        .map(|known| known.rsplit_once('.').map_or("", |(home, _)| home))
        .collect();
    // Most likely the header of a section below was left commented out.
    let below = |home: &&&str| {
        home.strip_prefix(section)
            .is_some_and(|r| r.starts_with('.'))
    };
    if let Some(home) = homes.iter().find(below) {
        let header = header(home);
        return format!(
            "this key belongs to {header}: write {header} above it, or remove the # before that line"
        );
    }
    if !homes.is_empty() {
        let headers: Vec<String> = homes.iter().map(|home| header(home)).collect();
        return format!("this key belongs to {}", headers.join(" or "));
    }
    match section {
        "" => format!("the sections are {}", siblings.join(", ")),
        _ => format!("{} has {}", header(section), siblings.join(", ")),
    }
}

/// A section's header as TOML writes it.
pub(super) fn header(section: &str) -> String {
    match section {
        "muc" | RULE => format!("[[{section}]]"),
        _ => format!("[{section}]"),
    }
}

/// The keys and sections directly in `section`, in their usual order.
fn children(section: &str) -> Vec<&'static str> {
    let mut found = Vec::new();
    for key in all() {
        let rest = match section {
            "" => Some(key),
            _ => key.strip_prefix(section).and_then(|r| r.strip_prefix('.')),
        };
        let child = rest.and_then(|rest| rest.split('.').next());
        found.extend(child.filter(|child| !found.contains(child)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_and_keys() {
        assert_eq!(variable("claims.jwt.secret"), "GAVEL_CLAIMS__JWT__SECRET");
        for key in all().filter(|key| !is_listed(key)) {
            assert_eq!(key_of(&variable(key)), Some(key));
        }
        for name in [
            "GAVEL_MUC__SERVICE",
            "GAVEL_COMPONENT_JID",
            "GAVEL_component__jid",
            "GAVEL_POLICY__RULE",
            "GAVEL_POLICY__RULE__WHEN",
        ] {
            assert_eq!(key_of(name), None, "{name}");
        }
    }

    #[test]
    fn slips_are_answered_with_the_probable_meaning() {
        for (section, key, answer) in [
            ("component", "nik", "did you mean nick?"),
            ("component", "sever", "did you mean server?"),
            ("component", "service", "this key belongs to [[muc]]"),
            ("", "componnet", "did you mean component?"),
            (
                "claims",
                "secret_file",
                "this key belongs to [claims.jwt]: write [claims.jwt] above it, or remove the # before that line",
            ),
            (
                "claims",
                "leeway",
                "this key belongs to [claims.jwt]: write [claims.jwt] above it, or remove the # before that line",
            ),
            ("discovery", "tenants", "this key belongs to [[muc]]"),
            ("names", "zzz", "[names] has freeze, guests"),
            (
                "",
                "zzz",
                "the sections are component, muc, discovery, claims, policy, names, state, \
                 infrastructure, admin, log",
            ),
        ] {
            assert_eq!(instead_of_key(section, key), answer, "{section} {key}");
        }
        for (name, answer) in [
            ("GAVEL_COMPONENT_JID", "did you mean GAVEL_COMPONENT__JID?"),
            (
                "GAVEL_MUC__SERVICE",
                "list the services in GAVEL_MUC; the file has their other settings",
            ),
            ("GAVEL_component__jid", "did you mean GAVEL_COMPONENT__JID?"),
            (
                "GAVEL_POLICY__RULE",
                "rules stand in the file, each as [[policy.rule]]",
            ),
            ("GAVEL_MUCS", "did you mean GAVEL_MUC?"),
            (
                "GAVEL_X",
                "remove it, or see docs/reference/configuration.md for the variables there are",
            ),
        ] {
            assert_eq!(instead_of_variable(name), answer, "{name}");
        }
    }
}
