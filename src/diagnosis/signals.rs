//! What would otherwise pass in silence (SPEC B19).

use super::{Daemon, Facts, List, count};
use crate::engine::NONE_OF_SO_MANY;
use crate::engine::examination::Module;
use crate::engine::logins::Trust;

pub(super) fn examine(facts: &Facts, list: &mut List) {
    trusted_logins(facts, list);
    let Some(daemon) = &facts.daemon else {
        return;
    };
    invitations(facts, daemon, list);
    rules(daemon, list);
    entitled(daemon, list);
    tokenless(daemon, list);
    refused(facts, daemon, list);
}

fn invitations(facts: &Facts, daemon: &Daemon, list: &mut List) {
    for (service, times) in &daemon.tally.invited_from {
        let times = count(*times, "time", "times");
        let known = facts.setup.services.join(", ");
        list.warn(
            "invitations",
            format!("rooms of {service} have invited gavel {times}, but {service} is in no [[muc]] (the configuration has {known}), so gavel ignores its rooms"),
            format!("add [[muc]] with service = \"{service}\" to gavel's configuration (docker-jitsi-meet: GAVEL_MUC), or correct the domain that is there"),
        );
    }
}

fn rules(daemon: &Daemon, list: &mut List) {
    for rule in &daemon.tally.needs_claims {
        list.warn(
            "rules",
            format!("rule {rule} matches people without a token and would make them moderators, but gavel makes moderators only of people with a token"),
            "where people log in with accounts and without tokens, set policy.trusted_logins to their domain; else write the rule for claims, or take it out",
        );
    }
}

/// People with tokens of whom none moderates.
fn entitled(daemon: &Daemon, list: &mut List) {
    let tally = &daemon.tally.with_token;
    if tally.moderators > 0 || tally.people == 0 {
        return;
    }
    if !tally.hints.is_empty() {
        return list.warn(
            "entitled",
            format!("no token has made a moderator since the start, though one says {}: gavel does not look there", tally.hints.join(" and ")),
            "let the issuer write context.user.moderator = true into the tokens of moderators, or add a [[policy.rule]] that reads this claim; try it with gavel explain --jwt",
        );
    }
    if tally.people >= NONE_OF_SO_MANY {
        list.warn(
            "entitled",
            format!("{} people have come with a token since the start, and none of them may moderate", tally.people),
            "let the issuer write context.user.moderator = true into the tokens of moderators; see what a token says with gavel token decode, and what it gives with gavel explain --jwt",
        );
    }
}

/// Whether logins count where they are to (`policy.trusted_logins`).
fn trusted_logins(facts: &Facts, list: &mut List) {
    let Some(answers) = &facts.answers else {
        return;
    };
    let told = answers.services.iter().find_map(|s| s.logins.as_ref());
    let older = answers
        .services
        .iter()
        .any(|s| s.module == Some(Module::Serves));
    for domain in &facts.setup.logins {
        let moderates = format!(
            "everybody who has logged in on {domain} moderates without a token (policy.trusted_logins)"
        );
        let trust = told.map_or(Trust::Untold, |told| Trust::of(domain, told));
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

/// A module of Prosody that lets nobody else give owner.
fn refused(facts: &Facts, daemon: &Daemon, list: &mut List) {
    let services = facts.setup.services.iter().zip(&daemon.tally.services);
    for (service, tally) in services.filter(|(_, tally)| tally.refused_by_module > 0) {
        let times = count(tally.refused_by_module, "time", "times");
        list.fail(
            "refused",
            format!("a module of Prosody on {service} has refused gavel's changes {times} (not-acceptable), as token_moderation and matrix_power_sync do"),
            format!("take that module out of modules_enabled of Component \"{service}\" in Prosody's configuration, or load mod_gavel there, which gets past it"),
        );
    }
}
