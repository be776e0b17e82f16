//! Whether a login on a domain of `policy.trusted_logins` counts.
//!
//! It counts where only people with accounts get in. The module tells with which
//! authentication each VirtualHost works. Where it serves and does not name a
//! domain, nothing is known of it, so that its logins do not count. Where there is
//! no module, or an older one, the configuration is taken at its word.

use super::{Engine, Warning};
use crate::muc::RealJid;
use crate::stanza::Login;

/// Authentication providers with which everybody gets in, with any password or
/// none.
const OPEN: [&str; 4] = ["anonymous", "jitsi-anonymous", "any", "insecure"];
/// Authentication providers that verify tokens. They offer ANONYMOUS and refuse
/// whoever has no token, unless `allow_empty_token` is set.
const TOKENS: [&str; 3] = ["token", "hybrid_matrix_token", "matrix_user_verification"];

/// What a service has told of logins, on this stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Logins {
    /// It has not answered yet.
    #[default]
    Unknown,
    /// It does not tell: it has no module, or an older one.
    Untold,
    /// This.
    Told(Vec<Login>),
}

/// Whether logins on a domain count, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    /// They do: nobody gets in without an account, by this provider.
    Accounts(String),
    /// They do: no module tells how people log in there.
    Untold,
    /// They do not: the module has not answered yet.
    Unknown,
    /// They do not: with this provider anybody gets in.
    Anybody(String),
    /// They do not: `allow_empty_token` lets people in without a token.
    EmptyToken(String),
    /// They do not: anybody may make an account (`allow_registration`).
    Registration,
    /// They do not: the server has no such VirtualHost.
    NoHost,
}

impl Trust {
    /// What `told`, a server's VirtualHosts, comes to for `domain`.
    pub fn of(domain: &str, told: &[Login]) -> Self {
        let Some(login) = told.iter().find(|login| login.host == domain) else {
            return Self::NoHost;
        };
        let provider = login.provider.clone();
        let (open, tokens) = (OPEN.contains(&&*provider), TOKENS.contains(&&*provider));
        match (open, tokens, login.anonymous, login.empty_token) {
            (true, ..) | (_, false, true, false) => Self::Anybody(provider),
            (_, true, _, true) | (_, _, true, true) => Self::EmptyToken(provider),
            // Providers of tokens keep no accounts.
            (_, false, ..) if login.registration => Self::Registration,
            _ => Self::Accounts(provider),
        }
    }

    /// Whether logins count.
    pub fn counts(&self) -> bool {
        matches!(self, Self::Accounts(_) | Self::Untold)
    }

    /// Why logins on `domain` do not count, and what to do about it, where an
    /// admin has to know.
    pub fn problem(&self, domain: &str) -> Option<(String, String)> {
        let (why, remedy) = match self {
            Self::Accounts(_) | Self::Untold | Self::Unknown => return None,
            Self::Anybody(provider) => (
                format!(
                    "authentication = \"{provider}\" of VirtualHost \"{domain}\" lets anybody in without an account"
                ),
                format!(
                    "take {domain} out of policy.trusted_logins, or let people log in with accounts there (authentication = \"internal_hashed\" or \"ldap\", say)"
                ),
            ),
            Self::EmptyToken(provider) => (
                format!(
                    "VirtualHost \"{domain}\" (authentication = \"{provider}\") has allow_empty_token = true, so anybody gets in without a token"
                ),
                format!(
                    "take {domain} out of policy.trusted_logins, since people with tokens moderate by their tokens; or set allow_empty_token = false there (docker-jitsi-meet: JWT_ALLOW_EMPTY=0)"
                ),
            ),
            Self::Registration => (
                format!(
                    "anybody may make an account on VirtualHost \"{domain}\" (allow_registration = true)"
                ),
                format!(
                    "set allow_registration = false for VirtualHost \"{domain}\" and restart Prosody, or take {domain} out of policy.trusted_logins"
                ),
            ),
            Self::NoHost => (
                format!(
                    "this Prosody has no VirtualHost \"{domain}\", so gavel cannot know how people log in there"
                ),
                "list only a domain on which people log in with accounts, spelled as its VirtualHost line in Prosody's configuration".to_owned(),
            ),
        };
        let problem = format!("logins on {domain} do not count (policy.trusted_logins): {why}");
        Some((problem, remedy))
    }
}

impl Engine {
    /// Whether logins on `domain` count, if it is in `policy.trusted_logins`. All
    /// services are of one server.
    pub(super) fn trust(&self, domain: &str) -> Trust {
        let told = self.services.iter().find_map(|state| match &state.logins {
            Logins::Told(told) => Some(told),
            Logins::Unknown | Logins::Untold => None,
        });
        let untold = || self.services.iter().any(|s| s.logins == Logins::Untold);
        match told {
            Some(told) => Trust::of(domain, told),
            None if untold() => Trust::Untold,
            None => Trust::Unknown,
        }
    }

    /// A service has told of logins, or has shown that it does not.
    pub(super) fn logins_told(&mut self, service: usize, told: Option<Vec<Login>>) {
        let told = told.map_or(Logins::Untold, |mut told| {
            told.sort_unstable_by(|a, b| a.host.cmp(&b.host));
            Logins::Told(told)
        });
        let old = std::mem::replace(&mut self.services[service].logins, told);
        if old == self.services[service].logins {
            return;
        }
        self.tell_logins();
        self.judge_logins();
    }

    /// Tells once for each domain that its logins do not count, and again where
    /// that was over.
    pub(super) fn tell_logins(&mut self) {
        for domain in self.settings.policy.trusted_logins.clone() {
            let problem = self.trust(&domain).problem(&domain);
            self.out.keep_told(|told| {
                let of = matches!(told, Warning::LoginsDoNotCount { domain: known, .. } if *known == domain);
                !of || problem.is_some()
            });
            if let Some((problem, remedy)) = problem {
                self.out.warn_once(Warning::LoginsDoNotCount {
                    domain,
                    problem,
                    remedy,
                });
            }
        }
    }

    /// Judges everybody anew whose login may count.
    fn judge_logins(&mut self) {
        let mut affected = Vec::new();
        for room in self.rooms.values().filter(|room| room.is_ready()) {
            for (nick, occupant) in &room.occupants {
                let domain = occupant.real.as_ref().map_or("", RealJid::domain);
                if self.settings.policy.trusts(domain) {
                    affected.push((room.jid.clone(), nick.clone()));
                }
            }
        }
        affected.sort_unstable();
        for (jid, nick) in affected {
            self.judge_again(&jid, &nick);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logins_count_only_where_nobody_gets_in_without_an_account() {
        let accounts = |provider: &str| Trust::Accounts(provider.to_owned());
        let anybody = |provider: &str| Trust::Anybody(provider.to_owned());
        let empty = |provider: &str| Trust::EmptyToken(provider.to_owned());
        let table = [
            (
                "internal_hashed",
                false,
                false,
                accounts as fn(&str) -> Trust,
            ),
            // Set for the whole server, it means nothing here.
            ("internal_hashed", false, true, accounts),
            ("ldap", false, false, accounts),
            ("anonymous", true, false, anybody),
            ("jitsi-anonymous", true, false, anybody),
            ("jitsi-anonymous", false, false, anybody),
            ("insecure", false, false, anybody),
            ("any", false, false, anybody),
            ("somebodys-own", true, false, anybody),
            ("token", true, false, accounts),
            ("token", true, true, empty),
            ("token", false, true, empty),
            ("hybrid_matrix_token", true, true, empty),
            ("somebodys-own", true, true, empty),
        ];
        for (provider, anonymous, empty_token, wanted) in table {
            let login = Login {
                host: "meet.jitsi".into(),
                provider: provider.into(),
                anonymous,
                empty_token,
                registration: false,
                checks: None,
            };
            let found = Trust::of("meet.jitsi", std::slice::from_ref(&login));
            assert_eq!(found, wanted(provider), "{login:?}");
            assert_eq!(Trust::of("other.jitsi", &[login]), Trust::NoHost);
        }
    }

    #[test]
    fn logins_do_not_count_where_anybody_may_make_an_account() {
        for (provider, wanted) in [
            ("internal_hashed", Trust::Registration),
            ("ldap", Trust::Registration),
            // Nobody can register there.
            ("token", Trust::Accounts("token".to_owned())),
        ] {
            let login = Login {
                host: "meet.jitsi".into(),
                provider: provider.into(),
                registration: true,
                ..Login::default()
            };
            assert_eq!(Trust::of("meet.jitsi", &[login]), wanted);
        }
    }
}
