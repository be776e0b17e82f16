//! Completing the words that somebody types: the script that a shell needs, and its questions.

use super::{Cli, CompletionsArgs, Error, Output, Status};
use clap::CommandFactory;
use clap_complete::env::{CompleteEnv, Shells};
use std::ffi::OsString;

/// The shell that asks is named in this variable of the environment.
const VARIABLE: &str = "_GAVEL_COMPLETE";

/// Prints the script that a shell needs to ask.
pub(super) fn run(args: &CompletionsArgs, output: &mut Output) -> Result<Status, Error> {
    let shells = Shells::builtins();
    let shell = shells.completer(&args.shell.to_string());
    let shell = shell.ok_or_else(|| Error::Usage("this shell has no completions".to_owned()))?;
    // Into memory first: a pipe that is closed is no trouble of the generator's.
    let mut text = Vec::new();
    let written = shell.write_registration(VARIABLE, "gavel", "gavel", "gavel", &mut text);
    written.map_err(|error| Error::Failed(error.to_string()))?;
    output.text(String::from_utf8_lossy(&text))?;
    Ok(Status::Done)
}

/// Answers the shell, if it is one that asks.
pub(super) fn answer(arguments: &[OsString]) -> bool {
    if std::env::var_os(VARIABLE).is_none() {
        return false;
    }
    let folder = std::env::current_dir().ok();
    let complete = CompleteEnv::with_factory(Cli::command).var(VARIABLE);
    // A word that cannot be completed is left; a shell shows no errors.
    complete
        .try_complete(arguments.iter().cloned(), folder.as_deref())
        .unwrap_or(true)
}
