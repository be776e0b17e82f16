//! Checks on tokens, as `explain` and `token verify` tell them.

use super::Error;
use super::text::columns;
use crate::claims::{Check, Fault, Inspection, Outcome, Verifier};
use crate::config::{Config, Loaded};
use crate::shell::{keys, settings};
use serde::Serialize;
use serde_json::Value;
use std::time::{SystemTime, UNIX_EPOCH};

/// One check and its result.
#[derive(Debug, Serialize)]
pub(super) struct CheckLine {
    /// The check.
    pub check: &'static str,
    /// `ok`, `failed` or `skipped`.
    pub result: &'static str,
    /// The label that metrics have for it, if it failed.
    pub reason: Option<&'static str>,
    /// The fault and the remedy, or the reason why it was skipped.
    pub message: Option<String>,
}

impl CheckLine {
    pub(super) fn ok(check: &'static str) -> Self {
        Self {
            check,
            result: "ok",
            reason: None,
            message: None,
        }
    }

    pub(super) fn failed(check: &'static str, fault: &Fault) -> Self {
        Self {
            check,
            result: "failed",
            reason: Some(fault.reason().as_str()),
            message: Some(fault.to_string()),
        }
    }

    pub(super) fn skipped(check: &'static str, why: &str) -> Self {
        Self {
            check,
            result: "skipped",
            reason: None,
            message: Some(why.to_owned()),
        }
    }

    fn of(check: Check, outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Passed => Self::ok(check.as_str()),
            Outcome::Failed(fault) => Self::failed(check.as_str(), fault),
            Outcome::NotMade(why) => Self::skipped(check.as_str(), why),
        }
    }
}

/// The checks of an inspection; a token that cannot be read has one, its form.
pub(super) fn lines(inspection: &Inspection) -> Vec<CheckLine> {
    if let Some(fault) = &inspection.unreadable {
        return vec![CheckLine::failed("form", fault)];
    }
    let checks = inspection.checks.iter();
    checks
        .map(|(check, outcome)| CheckLine::of(*check, outcome))
        .collect()
}

/// Checks as aligned text, indented.
pub(super) fn table(lines: &[CheckLine]) -> String {
    let rows: Vec<_> = lines
        .iter()
        .map(|line| {
            [
                format!("  {}", line.check),
                line.result.to_owned(),
                line.message.clone().unwrap_or_default(),
            ]
        })
        .collect();
    columns(&rows)
}

/// The verifier with the configured keys.
///
/// # Errors
/// [`Error::Usage`] for a key that cannot be used.
pub(super) fn verifier(loaded: &Loaded) -> Result<Verifier, Error> {
    Verifier::new(settings::claims(&loaded.config)).map_err(|error| {
        let file = loaded.file.as_ref().map(|file| file.to_string_lossy());
        let place = file.unwrap_or_else(|| "environment".into());
        Error::Usage(format!("{place}: {error}"))
    })
}

/// Fetches the key that verifying `token` takes, if the configuration names a server; if it
/// cannot be had the check of the signature says so.
///
/// # Errors
/// [`Error::Failed`] if this process cannot fetch anything.
pub(super) fn fetch_key(
    verifier: &mut Verifier,
    config: &Config,
    token: &str,
) -> Result<(), Error> {
    let url = config.claims.jwt.as_ref().and_then(|jwt| jwt.key.url());
    keys::fetch_for(verifier, url, token).map_err(|error| {
        let remedy = "see the limits that the system sets for this process";
        Error::Failed(format!("cannot fetch the key: {error}; {remedy}"))
    })
}

/// Times that were written in milliseconds: one line each. A token with such an
/// `exp` never expires.
pub(super) fn milliseconds(payload: &Value) -> Vec<String> {
    // In seconds this is the year 5138, in milliseconds 1973.
    const TOO_LATE: f64 = 1e11;
    let times = ["exp", "nbf", "iat"].into_iter().filter_map(|key| {
        let at = payload.get(key)?.as_f64().filter(|at| *at >= TOO_LATE)?;
        let effect = match key {
            "exp" => "so the token practically never expires",
            "nbf" => "so the token is not valid for thousands of years",
            _ => "so it lies in the far future",
        };
        let seconds = (at / 1000.0).trunc();
        Some(format!(
            "{key} is {at}, which looks like milliseconds; it is read as seconds, {effect}: let the issuer write {seconds}"
        ))
    });
    times.collect()
}

/// Seconds since 1970.
pub(super) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}
