//! Parties that make moderators against gavel, and people whom gavel cannot lower.

use super::facts::{Daemon, Facts};
use super::list::{List, count, people};
use crate::engine::event::PartyKind;
use crate::engine::tally::{Promoter, Promotions};

pub(super) fn add_findings(facts: &Facts, list: &mut List) {
    let Some(daemon) = &facts.daemon else {
        return;
    };
    for (promoter, times) in &daemon.tally.promotions {
        match promoter.kind {
            PartyKind::Infrastructure => focus(promoter, *times, list),
            PartyKind::None => server(promoter, *times, list),
            // People try; that is no fault of the deployment.
            PartyKind::Occupant | PartyKind::Outside => {}
        }
    }
    for (promoter, people) in &daemon.tally.guarded {
        guarded(promoter, *people, list);
    }
    let machine = |p: &Promoter| matches!(p.kind, PartyKind::Infrastructure | PartyKind::None);
    let mut promoters = daemon.tally.promotions.keys();
    if daemon.tally.people > 0 && !promoters.any(machine) && daemon.tally.guarded.is_empty() {
        list.ok(
            "promotions",
            format!(
                "nothing else has made moderators of the {} who came since the start",
                people(daemon.tally.people)
            ),
        );
    }
    server_admins(daemon, list);
    user_ids(daemon, list);
}

/// A promotion that the guard refuses is no fault: Jicofo logs that, and goes on.
fn guarded(promoter: &Promoter, n: u64, list: &mut List) {
    let service = &promoter.service;
    let who = match (&promoter.name, promoter.kind) {
        (_, PartyKind::None) => "a module of Prosody",
        (Some(name), _) => name,
        (None, _) => "infrastructure",
    };
    list.ok(
        "promotions",
        format!(
            "{who} wanted to promote {} in {service} who may not moderate, and mod_gavel refused it (policy.guard)",
            people(n)
        ),
    );
}

/// "3 times since the start (2 as they joined)".
fn times(times: Promotions) -> String {
    let all = count(times.total, "time", "times");
    format!(
        "{all} since the start ({} as somebody joined)",
        times.at_join
    )
}

/// Jicofo has two modules that promote, of which one is in force. The auto-owner
/// promotes the first person of a room; its authentication promotes everybody who
/// has logged in. So a person who did not come first tells which it is.
fn focus(promoter: &Promoter, n: Promotions, list: &mut List) {
    let name = promoter.name.as_deref().unwrap_or("infrastructure");
    let service = &promoter.service;
    let done = format!(
        "{name} has made people moderators in {service} {}",
        times(n)
    );
    let authentication = "set JICOFO_ENABLE_AUTH=0 (docker-jitsi-meet), or in jicofo.conf jicofo.authentication.enabled = false. Leave it on if guests have to wait for a host, which it does too: with policy.guard, which is on by default, mod_gavel refuses its promotions; and if people log in with accounts and without tokens, set policy.trusted_logins before you switch it off, or nobody moderates";
    if n.not_first > 0 {
        return list.warn(
            "promotions",
            format!("{done}, also people who had not come first, and gavel took it back: Jicofo's authentication promotes everyone who has logged in, with a token too"),
            authentication,
        );
    }
    list.warn(
        "promotions",
        format!("{done}, each time the first person of a room, and gavel took it back: Jicofo's auto-owner promotes the first person, and its authentication everyone who has logged in"),
        format!("for the auto-owner set ENABLE_AUTO_OWNER=0 (docker-jitsi-meet), or in jicofo.conf jicofo.conference.enable-auto-owner = false; if Jicofo's authentication is on (docker-jitsi-meet with ENABLE_AUTH=1), {authentication}"),
    );
}

/// Without an actor it was a server module, or an admin's command. Those of
/// Jitsi do it as people join.
fn server(promoter: &Promoter, n: Promotions, list: &mut List) {
    let service = &promoter.service;
    let message = format!(
        "a module of Prosody has made people moderators in {service} {}, and gavel took it back",
        times(n)
    );
    if n.at_join > 0 {
        list.warn(
            "promotions",
            message,
            format!("take \"muc_allowners\" and \"token_affiliation\" out of modules_enabled of Component \"{service}\" in Prosody's configuration; where \"muc_wait_for_host\" is there, set wait_for_host_disable_auto_owners = true (docker-jitsi-meet: WAIT_FOR_HOST_DISABLE_AUTO_OWNERS=true)"),
        );
    } else {
        list.warn(
            "promotions",
            message,
            format!("look in modules_enabled of Component \"{service}\" for what sets affiliations; an admin's ad-hoc command looks the same"),
        );
    }
}

/// The integration that makes the tokens decides what a user id says of a person.
fn user_ids(daemon: &Daemon, list: &mut List) {
    let survey = &daemon.survey;
    if survey.shared_ids == 0 {
        return;
    }
    let ids = count(survey.shared_ids, "user id is", "user ids are");
    let named = survey.shared_ids_named.join("; ");
    list.warn(
        "user_ids",
        format!(
            "{ids} carried by several people of one meeting at a time: {named}. A promotion there does not follow anybody who reloads the page"
        ),
        "give each person an id of their own in context.user.id of the token; the id in Jitsi's documentation is a sample",
    );
}

fn server_admins(daemon: &Daemon, list: &mut List) {
    let survey = &daemon.survey;
    if survey.server_admins == 0 {
        return;
    }
    let named = survey.server_admins_named.join("; ");
    list.warn(
        "server_admin",
        format!(
            "gavel cannot demote {}, because Prosody refuses that for its admins (not-acceptable): {named}",
            people(survey.server_admins)
        ),
        "take these JIDs out of `admins` (global, and of the MUC component) in Prosody's configuration; if they are in neither, a module such as token_moderation or matrix_power_sync refuses it",
    );
}
