//! Faults that would otherwise pass in silence (SPEC B19).

use super::facts::{Daemon, Facts};
use super::list::{List, count};
use crate::engine::NONE_OF_SO_MANY;

pub(super) fn add_findings(facts: &Facts, list: &mut List) {
    let Some(daemon) = &facts.daemon else {
        return;
    };
    invitations(facts, daemon, list);
    rules(daemon, list);
    entitled(daemon, list);
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

/// People with tokens, none of whom moderates.
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
