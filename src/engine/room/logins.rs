//! This file decides whether a login on a domain of `policy.trusted_logins` counts.
//!
//! It counts if only people with accounts get in. The module names the authentication of
//! each VirtualHost. If it serves and does not name a domain, nothing is known of that
//! domain, so its logins do not count. If there is no module, or an older one, the
//! configuration is taken at its word.

use super::authentication;
use crate::stanza::Login;

/// Authentication providers with which everybody gets in, with any password or
/// none.
const OPEN: [&str; 4] = ["anonymous", "jitsi-anonymous", "any", "insecure"];
/// Authentication providers that verify tokens. They offer ANONYMOUS and refuse a person
/// without a token, unless `allow_empty_token` is set.
const TOKENS: [&str; 3] = ["token", "hybrid_matrix_token", "matrix_user_verification"];

/// A service's news of logins, on this stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Logins {
    /// It has not answered yet.
    #[default]
    Unknown,
    /// It does not tell: it has no module, or an older one.
    Untold,
    /// This.
    Told(Vec<Login>),
}

/// Says whether logins on a domain count, and why.
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
    /// They do not: Prosody has not loaded the host's authentication, or not all of it.
    /// gavel reports that of the host itself, whether it is trusted or not.
    Unloaded,
}

impl Trust {
    /// The verdict of `told`, a server's VirtualHosts, on `domain`.
    pub fn of(domain: &str, told: &[Login]) -> Self {
        let Some(login) = told.iter().find(|login| login.host == domain) else {
            return Self::NoHost;
        };
        if authentication::fault(login).is_some() {
            return Self::Unloaded;
        }
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

    /// Says whether logins count.
    pub fn counts(&self) -> bool {
        matches!(self, Self::Accounts(_) | Self::Untold)
    }

    /// The reason why logins on `domain` do not count, and the remedy, if an admin has to
    /// know.
    pub fn problem(&self, domain: &str) -> Option<(String, String)> {
        let (why, remedy) = match self {
            Self::Accounts(_) | Self::Untold | Self::Unknown | Self::Unloaded => return None,
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
                configured: provider.into(),
                loaded: true,
                anonymous,
                empty_token,
                ..Login::default()
            };
            let found = Trust::of("meet.jitsi", std::slice::from_ref(&login));
            assert_eq!(found, wanted(provider), "{login:?}");
            assert_eq!(
                Trust::of("other.jitsi", std::slice::from_ref(&login)),
                Trust::NoHost
            );
            // Half a module vouches for nobody.
            let login = Login {
                loaded: false,
                ..login
            };
            assert_eq!(Trust::of("meet.jitsi", &[login]), Trust::Unloaded);
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
                loaded: true,
                registration: true,
                ..Login::default()
            };
            assert_eq!(Trust::of("meet.jitsi", &[login]), wanted);
        }
    }

    #[test]
    fn logins_do_not_count_where_there_is_no_provider() {
        for (provider, loaded) in [("null", false), ("null", true), ("", true), ("", false)] {
            let login = Login {
                host: "meet.jitsi".into(),
                provider: provider.into(),
                configured: "token".into(),
                loaded,
                ..Login::default()
            };
            assert!(!Trust::of("meet.jitsi", &[login]).counts(), "{provider}");
        }
    }
}
