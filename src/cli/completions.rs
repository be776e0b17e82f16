//! `gavel completions`: a shell's completions.

use super::{Cli, CompletionsArgs, Error, Output, Status};
use clap::CommandFactory;

/// Prints them.
pub(super) fn run(args: &CompletionsArgs, output: &mut Output) -> Result<Status, Error> {
    // Into memory first, since the generator panics where it cannot write.
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "gavel", &mut text);
    output.text(String::from_utf8_lossy(&text))?;
    Ok(Status::Done)
}
