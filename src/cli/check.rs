//! `gavel check`: validates the configuration and prints the effective one.

use super::{CheckArgs, Error, Output, Status, output, verification};
use crate::config;
use std::path::Path;

/// Loads the configuration from `file` and prints it, unless only its faults are asked
/// for.
pub(super) fn run(
    args: &CheckArgs,
    file: Option<&Path>,
    output: &mut Output,
) -> Result<Status, Error> {
    let loaded = config::load(file)?;
    output::warn(&loaded.warnings);
    // Reading keys is the verifier's; whether they can be used belongs here.
    verification::verifier(&loaded)?;
    if args.quiet {
        return Ok(Status::Done);
    }
    if args.json {
        output.json(&loaded.config)?;
    } else {
        let text = toml::to_string(&loaded.config);
        output.text(text.map_err(|error| Error::Failed(error.to_string()))?)?;
    }
    Ok(Status::Done)
}
