//! Permissions that one of Jitsi's modules has to check, if it is not loaded: no
//! installation of Jitsi loads these modules by itself, and without them nobody checks.

use crate::engine::room::logins::Logins;
use crate::engine::room::module::ServiceState;
use crate::engine::settings::Settings;
use std::collections::{BTreeMap, BTreeSet};

/// A module that is not loaded where people log in, with the permissions it would check.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Unchecked {
    /// The VirtualHost.
    pub host: String,
    /// The module.
    pub module: String,
    /// The permissions, listed.
    pub names: String,
}

/// The permissions that are configured and that no loaded module checks, as far as the
/// module tells.
pub fn unchecked(settings: &Settings, services: &[ServiceState]) -> BTreeSet<Unchecked> {
    let mut needed: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for name in settings.policy.named_permissions() {
        if let Some(module) = name.checked_by() {
            needed.entry(module).or_default().push(name.as_str());
        }
    }
    let told = services.iter().filter_map(|state| match &state.logins {
        Logins::Told(told) => Some(told),
        Logins::Unknown | Logins::Untold => None,
    });
    let hosts = told
        .flatten()
        .filter(|login| settings.is_peoples(&login.host));
    let missing = hosts.flat_map(|login| {
        let lacks = |module: &str| {
            let checks = login.checks.as_ref();
            checks.is_some_and(|loaded| loaded.iter().all(|known| known != module))
        };
        let needed = needed.iter().filter(move |(module, _)| lacks(module));
        needed.map(|(module, names)| Unchecked {
            host: login.host.clone(),
            module: (*module).to_owned(),
            names: names.join(", "),
        })
    });
    missing.collect()
}
