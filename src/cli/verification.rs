//! Checks on tokens, as `explain` and `token verify` tell them.

use super::Error;
use super::text::columns;
use crate::claims::{Check, Fault, Inspection, Outcome, Verifier};
use crate::config::{Config, Loaded};
use crate::shell::{keys, settings};
use serde::Serialize;
use std::time::{SystemTime, UNIX_EPOCH};

/// One check and what it came to.
#[derive(Debug, Serialize)]
pub(super) struct CheckLine {
    /// What was checked.
    pub check: &'static str,
    /// `ok`, `failed` or `skipped`.
    pub result: &'static str,
    /// The label that metrics have for it, where it failed.
    pub reason: Option<&'static str>,
    /// What is wrong and the remedy, or why it was skipped.
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

/// What the configuration verifies with.
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

/// Fetches the key that verifying `token` takes, where the configuration names a
/// server; that it cannot be had is what the check of the signature then tells.
///
/// # Errors
/// [`Error::Failed`] where this process cannot fetch anything.
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

/// Seconds since 1970.
pub(super) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}
