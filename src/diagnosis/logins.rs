//! The ways in which people log in, by VirtualHost, and their worth.

use super::facts::{Daemon, Facts};
use super::list::List;
use crate::engine::authentication::{Users, unloaded, users_of};
use crate::engine::logins::Trust;
use crate::engine::probed::Module;
use crate::stanza::Login;

pub(super) fn add_findings(facts: &Facts, list: &mut List) {
    authentication(facts, list);
    trusted_logins(facts, list);
    if let Some(daemon) = &facts.daemon {
        tokenless(daemon, list);
    }
}

/// How people log in, if a module has told.
fn told(facts: &Facts) -> Option<&Vec<Login>> {
    let services = &facts.answers.as_ref()?.services;
    services.iter().find_map(|service| service.logins.as_ref())
}

/// Says whether Prosody has loaded the module of `authentication`. gavel cannot know
/// whether hosts matter that the configuration does not name.
fn authentication(facts: &Facts, list: &mut List) {
    let setup = &facts.setup;
    let users = |host: &str| {
        let mut services = setup.services.iter().map(String::as_str);
        let trusted = setup.logins.iter().any(|domain| domain == host);
        users_of(host, &mut services, trusted, &setup.machines)
    };
    let told = told(facts).map_or(&[][..], Vec::as_slice);
    for unloaded in unloaded(told, users) {
        let (problem, remedy) = (unloaded.problem(), unloaded.remedy());
        match unloaded.users {
            Users::People | Users::Machines => list.fail("authentication", problem, remedy),
            Users::Others => list.warn("authentication", problem, remedy),
        }
    }
}

/// Says whether logins count that are to count (`policy.trusted_logins`).
fn trusted_logins(facts: &Facts, list: &mut List) {
    let Some(answers) = &facts.answers else {
        return;
    };
    let told = told(facts);
    let older = answers
        .services
        .iter()
        .any(|s| s.module == Some(Module::Serves));
    for domain in &facts.setup.logins {
        let moderates = format!(
            "everybody who has logged in on {domain} moderates without a token (policy.trusted_logins)"
        );
        let trust = told.map_or(Trust::Untold, |told| Trust::of(domain, told));
        // The host's own line says it.
        if trust == Trust::Unloaded {
            continue;
        }
        if let Some((problem, remedy)) = trust.problem(domain) {
            list.fail("logins", problem, remedy);
        } else if let Trust::Accounts(provider) = trust {
            list.ok(
                "logins",
                format!("{moderates}; people log in there with authentication = \"{provider}\""),
            );
        } else if older {
            list.warn(
                "logins",
                format!("{moderates}, and mod_gavel is too old to tell how people log in there"),
                format!("update mod_gavel to {} and restart Prosody; until then see for yourself that nobody gets in without a password", env!("CARGO_PKG_VERSION")),
            );
        } else {
            list.ok("logins", format!("{moderates}: right only while nobody gets in there without a password, which gavel cannot see without mod_gavel"));
        }
    }
}

fn tokenless(daemon: &Daemon, list: &mut List) {
    let Some(domain) = &daemon.tally.tokenless else {
        return;
    };
    if !daemon.tally.believed.is_empty() {
        return;
    }
    let remedy = match domain.starts_with("guest.") {
        true => "if hosts log in with accounts in Jitsi's login dialog, set policy.guests = \"ignore\" and leave them to Jicofo; if nobody logs in, set policy.fallback = \"first\"; if people should have tokens, switch on token authentication (docker-jitsi-meet: ENABLE_AUTH=1, AUTH_TYPE=jwt)".to_owned(),
        false => format!("if people log in with accounts on {domain} (internal accounts, LDAP), set policy.trusted_logins = [\"{domain}\"]; if nobody logs in, set policy.fallback = \"first\"; if people should have tokens, switch on token authentication (docker-jitsi-meet: ENABLE_AUTH=1, AUTH_TYPE=jwt)"),
    };
    list.warn(
        "logins",
        format!("nobody has come with a token since the start, and gavel lets nobody of {domain} keep what Jicofo gives them: nobody moderates"),
        remedy,
    );
}
