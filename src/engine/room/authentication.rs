//! VirtualHosts whose configured authentication Prosody has not loaded.
//!
//! Prosody logs an error for it and goes on. Mostly nobody can log in there from
//! then on, and nothing else says why. A module that throws after it has offered
//! its provider still lets people in, by half of its checks.

use crate::engine::settings::is_peoples;
use crate::stanza::Login;

/// The name of the provider if there is none, as Prosody has it; the module leaves nothing
/// empty.
const NONE: [&str; 2] = ["null", ""];
/// Authentication providers that use Jitsi's code for reading tokens.
const JITSI_TOKENS: [&str; 2] = ["token", "hybrid_matrix_token"];

/// A fault of a VirtualHost's authentication.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fault {
    /// Its module is not loaded.
    Missing,
    /// Its module is loaded and offers no provider: it has given up.
    Idle,
    /// Its module has thrown after it had offered a provider.
    Half,
}

/// The people that log in on a VirtualHost, by gavel's configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Users {
    /// People of meetings.
    People,
    /// The focus, recorders, gateways (`[infrastructure]`).
    Machines,
    /// The configuration does not name it.
    Others,
}

/// A VirtualHost whose authentication is not as it is configured.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Unloaded {
    /// The VirtualHost.
    pub host: String,
    /// Its `authentication` as configured.
    pub configured: String,
    /// Its fault.
    pub fault: Fault,
    /// The people that log in there.
    pub users: Users,
}

/// The fault in how people log in; none if there is none, so that the provider's name says
/// whom it lets in.
pub fn fault(login: &Login) -> Option<Fault> {
    match (NONE.contains(&&*login.provider), login.loaded) {
        (true, false) => Some(Fault::Missing),
        (true, true) => Some(Fault::Idle),
        (false, false) => Some(Fault::Half),
        (false, true) => None,
    }
}

/// The VirtualHosts of which the module has told such a fault. `authentication =
/// "null"` is none: it says that nobody is to log in.
pub fn unloaded(told: &[Login], users: impl Fn(&str) -> Users) -> Vec<Unloaded> {
    let faults = told.iter().filter_map(|login| {
        let fault = fault(login).filter(|_| login.configured != "null")?;
        Some(Unloaded {
            host: login.host.clone(),
            configured: login.configured.clone(),
            fault,
            users: users(&login.host),
        })
    });
    faults.collect()
}

/// The people that log in on `host`; `trusted` if it is in `policy.trusted_logins`.
pub fn users_of(
    host: &str,
    services: &mut dyn Iterator<Item = &str>,
    trusted: bool,
    machines: &[String],
) -> Users {
    if trusted || is_peoples(host, services) {
        Users::People
    } else if machines.iter().any(|domain| domain == host) {
        Users::Machines
    } else {
        Users::Others
    }
}

impl Unloaded {
    /// The fault, and its place.
    pub fn problem(&self) -> String {
        let (host, name) = (&self.host, &self.configured);
        let what = match self.fault {
            Fault::Missing => format!(
                "nobody can log in on VirtualHost \"{host}\", because Prosody has not loaded mod_auth_{name} (authentication = \"{name}\")"
            ),
            Fault::Idle => format!(
                "nobody can log in on VirtualHost \"{host}\", because mod_auth_{name} (authentication = \"{name}\") is loaded and lets nobody in: it lacks a setting"
            ),
            Fault::Half => format!(
                "logins and tokens on VirtualHost \"{host}\" do not count, because mod_auth_{name} (authentication = \"{name}\") failed while Prosody was loading it"
            ),
        };
        match self.users {
            Users::People => what,
            Users::Machines => {
                format!("{what}; Jitsi's focus, recorders or gateways log in there")
            }
            Users::Others => format!(
                "{what}; gavel's configuration does not name this host, so it matters here only if people of meetings log in there"
            ),
        }
    }

    /// The remedy.
    pub fn remedy(&self) -> String {
        let (host, name) = (&self.host, &self.configured);
        let tokens = JITSI_TOKENS.contains(&&**name);
        let look = match self.fault {
            Fault::Missing => format!(
                "look in Prosody's log from its last start: \"Unable to load module 'auth_{name}'\" means that the name is wrong, that mod_auth_{name}.lua is in none of plugin_paths, that Prosody's user cannot read it, or, with a line number, that it is damaged; \"Error initializing module 'auth_{name}' on '{host}'\" names what it could not find or do"
            ),
            Fault::Idle => format!(
                "look in Prosody's log from its last start for errors of {host}:auth_{name}, which name the setting"
            ),
            Fault::Half => format!(
                "look in Prosody's log from its last start for \"Error initializing module 'auth_{name}' on '{host}'\", which says what it could not find or do"
            ),
        };
        let needs = match (tokens, self.fault) {
            (false, _) => "",
            (true, Fault::Idle) => {
                "; Jitsi's token authentication needs app_id, and app_secret, asap_key_server or cache_keys_url (docker-jitsi-meet: JWT_APP_ID, JWT_APP_SECRET)"
            }
            (true, Fault::Missing | Fault::Half) => {
                "; Jitsi's token authentication needs the Lua modules cjson and openssl (apt install lua-cjson lua-luaossl), and basexx and inspect for the Lua that Prosody runs on (luarocks install basexx; luarocks install inspect: Debian's lua-basexx and lua-inspect do not serve Lua 5.4)"
            }
        };
        format!("{look}{needs}. Restart Prosody afterwards")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(provider: &str, loaded: bool) -> Login {
        Login {
            host: "meet.jitsi".into(),
            provider: provider.into(),
            configured: "token".into(),
            loaded,
            ..Login::default()
        }
    }

    #[test]
    fn a_provider_counts_only_where_it_is_there_and_loaded() {
        assert_eq!(fault(&login("token", true)), None);
        assert_eq!(fault(&login("somebodys-own", true)), None);
        assert_eq!(fault(&login("token", false)), Some(Fault::Half));
        assert_eq!(fault(&login("null", true)), Some(Fault::Idle));
        assert_eq!(fault(&login("null", false)), Some(Fault::Missing));
        // A host that nobody has described does not count.
        assert_eq!(fault(&Login::default()), Some(Fault::Missing));
    }

    #[test]
    fn the_configuration_names_the_people_who_log_in_on_a_host() {
        let machines = ["auth.meet.jitsi".to_owned()];
        let users = |host, trusted| {
            let mut services = ["muc.meet.jitsi", "breakout.meet.jitsi"].into_iter();
            users_of(host, &mut services, trusted, &machines)
        };
        assert_eq!(users("meet.jitsi", false), Users::People);
        assert_eq!(users("guest.meet.jitsi", false), Users::People);
        assert_eq!(users("staff.example", true), Users::People);
        assert_eq!(users("auth.meet.jitsi", false), Users::Machines);
        assert_eq!(users("chat.example", false), Users::Others);
    }

    #[test]
    fn a_host_that_is_to_let_nobody_in_is_no_fault() {
        let mut off = login("null", false);
        off.configured = "null".into();
        assert!(unloaded(&[off], |_| Users::People).is_empty());
        let broken = unloaded(&[login("null", false)], |_| Users::People);
        assert_eq!(broken.len(), 1);
    }
}
