//! The engine's reports, as log lines. No token and no secret is in them.

use crate::claims::KeyNews;
use crate::engine::event::{Change, Decision, Outcome};
use crate::engine::{Report, Warning};
use crate::muc::Affiliation;
use tracing::{debug, error, info, warn};

/// Writes a report to the log.
pub fn log(report: &Report) {
    match report {
        Report::Decision(decision) => log_decision(decision),
        Report::ClaimsRejected {
            room,
            nick,
            jid,
            source,
            reason,
            detail,
        } => match detail {
            Some(detail) => warn!(%room, %nick, %jid, %source, %reason, detail, "claims rejected"),
            None => warn!(%room, %nick, %jid, %source, %reason, "claims rejected"),
        },
        Report::Keys { server, news } => log_keys(server, news),
        Report::Resynchronised { rooms } => info!(rooms, "ready: all rooms found are joined"),
        Report::Joined { room, module } => info!(%room, module, "joined"),
        Report::Left { room, why } => info!(%room, why, "left"),
        Report::HostAbsent { room, what } => info!(%room, "{what}"),
        Report::Probed => debug!("asked Prosody for gavel doctor"),
        Report::Settled { after } => debug!(after_ms = after.as_secs_f64() * 1000.0, "settled"),
        Report::Warning(warning) => log_warning(warning),
    }
}

/// The key server's news. Failures in a row are reported once.
fn log_keys(server: &str, news: &KeyNews) {
    match news {
        KeyNews::Fetched {
            usable: 0, skipped, ..
        } => {
            warn!(
                server,
                ?skipped,
                "the key server has no key of use: no token is valid"
            )
        }
        KeyNews::Fetched {
            first: true,
            usable,
            skipped,
        } => info!(server, usable, ?skipped, "keys fetched"),
        KeyNews::Fetched {
            usable, skipped, ..
        } => {
            debug!(server, usable, ?skipped, "keys fetched");
        }
        KeyNews::Absent => debug!(server, "the key server does not have this key"),
        KeyNews::Failed { why, first: true } => warn!(
            server,
            why,
            "keys cannot be fetched: those that are here stay, people with others are guests meanwhile; trying again"
        ),
        KeyNews::Failed { why, first: false } => debug!(server, why, "keys cannot be fetched"),
    }
}

fn log_warning(warning: &Warning) {
    match warning.is_error() {
        true => error!("{warning}"),
        false => warn!("{warning}"),
    }
}

/// One line a change: room, person, from, to, cause, rule, source.
fn log_decision(decision: &Decision) {
    let Decision {
        room,
        jid,
        cause,
        outcome,
        ..
    } = decision;
    let (kind, from, to) = words(&decision.change);
    let nick = decision.nick.as_ref().map_or("-", |nick| nick.as_str());
    let display_name = decision.display_name.as_deref();
    let token_name = decision.token_name.as_deref();
    let source = decision.source.map_or("-", |source| source.as_str());
    let actor = actor(decision);
    let (cause, outcome_word) = (cause.as_str(), outcome.as_str());
    let (rule, reason) = (&decision.rule, &decision.reason);
    if *outcome == Outcome::Applied {
        info!(%room, nick, display_name, token_name, %jid, from, to, cause, %rule, source, %reason, actor, outcome = outcome_word, "{kind}");
    } else {
        warn!(%room, nick, display_name, token_name, %jid, from, to, cause, %rule, source, %reason, actor, outcome = outcome_word, "{kind}");
    }
}

/// The party that made the change that was answered, or that set an override.
fn actor(decision: &Decision) -> String {
    match (&decision.change, &decision.actor, &decision.actor_name) {
        (Change::Override { by: Some(by), .. }, ..) => by.clone(),
        (_, Some(actor), Some(name)) => format!("{name}, {actor}"),
        (_, Some(actor), None) => actor.to_string(),
        (_, None, _) => "-".to_owned(),
    }
}

/// Kind, before and after of a change.
fn words(change: &Change) -> (&'static str, String, String) {
    match change {
        Change::Affiliation { from, to } => {
            let from = from.map_or("-".to_owned(), |from| from.to_string());
            ("affiliation", from, to.to_string())
        }
        Change::Role { from, to } => ("role", from.to_string(), to.to_string()),
        Change::Name { from, to } => {
            let from = from.clone().unwrap_or_default();
            ("name", from, to.clone())
        }
        Change::Override { from, to, .. } => {
            let word =
                |set: &Option<_>| set.map_or("-".to_owned(), |set: Affiliation| set.to_string());
            ("override", word(from), word(to))
        }
        Change::Nick { from, to } => ("nick", from.to_string(), to.to_string()),
    }
}
