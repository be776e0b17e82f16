//! Permissions that one of Jitsi's modules has to check, where it is not loaded: no
//! installation of Jitsi loads these modules by itself, and without them nobody
//! checks.

use super::logins::Logins;
use super::{Engine, Warning};
use std::collections::{BTreeMap, BTreeSet};

/// A module that is not loaded where people log in, and what it would check.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Unchecked {
    /// The VirtualHost.
    pub host: String,
    /// The module.
    pub module: String,
    /// The permissions, listed.
    pub names: String,
}

impl Engine {
    /// Says once what nobody checks.
    pub(super) fn tell_unchecked(&mut self) {
        for unchecked in self.unchecked() {
            self.out.warn_once(Warning::Unchecked(unchecked));
        }
    }

    /// What is configured and nobody checks, as far as the module tells.
    pub(super) fn unchecked(&self) -> BTreeSet<Unchecked> {
        let mut needed: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for name in self.settings.policy.named_permissions() {
            if let Some(module) = name.checked_by() {
                needed.entry(module).or_default().push(name.as_str());
            }
        }
        let told = self
            .services
            .iter()
            .filter_map(|state| match &state.logins {
                Logins::Told(told) => Some(told),
                Logins::Unknown | Logins::Untold => None,
            });
        let hosts = told
            .flatten()
            .filter(|login| self.is_of_people(&login.host));
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

    /// Whether people of meetings log in on a VirtualHost: the domain of a MUC
    /// service, and the one for guests.
    fn is_of_people(&self, host: &str) -> bool {
        let host = host.strip_prefix("guest.").unwrap_or(host);
        let mut services = self.settings.services.iter();
        services.any(|service| {
            let parent = service.domain.split_once('.').map(|(_, parent)| parent);
            parent == Some(host)
        })
    }
}
