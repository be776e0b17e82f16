//! The commands: their arguments, and their ends.
//!
//! Exit status: 0 done, 1 it failed, 2 bad usage or configuration. Results go
//! to stdout, everything else to stderr.

mod args;
pub mod ask;
mod check;
mod completing;
mod completions;
mod doctor;
mod events;
mod explain;
mod input;
mod journald;
pub mod logging;
mod output;
mod room;
mod rooms;
mod run;
mod screen;
mod setup;
mod status;
mod table;
pub mod text;
mod token;
mod verification;

pub use args::{
    CheckArgs, Cli, Command, CompletionsArgs, DecodeArgs, DoctorArgs, EventsArgs, ExplainArgs,
    ListArgs, RoomArgs, RoomCommand, SetArgs, SetupArgs, ShowArgs, SignArgs, StatusArgs, TokenArgs,
    TokenCommand, UnsetArgs, VerifyArgs, WatchArgs,
};
pub use input::read_input;
pub use output::{Error, Output, Status, colour_on};

use clap::Parser;
use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

/// Runs the command that `arguments` (the program's name first) ask for.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    if completing::answer(&arguments) {
        return ExitCode::SUCCESS;
    }
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        // Help and version are "errors" too, with status 0. If their reader has gone there
        // is nobody left to tell.
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let mut output = Output::stdout();
    let result = dispatch(cli.command, cli.config.as_deref(), &mut output);
    let result = result.and_then(|status| output.flush().map(|()| status));
    output::end(result)
}

fn dispatch(command: Command, config: Option<&Path>, output: &mut Output) -> Result<Status, Error> {
    match command {
        Command::Run => run::run(config),
        Command::Check(args) => check::run(&args, config, output),
        Command::Explain(args) => explain::run(&args, config, output),
        Command::Token(args) => token::run(&args.command, config, output),
        Command::Room(args) => rooms::run(&args.command, config, output),
        Command::Events(args) => events::run(&args, config, output),
        Command::Doctor(args) => doctor::run(&args, config, output),
        Command::Setup(args) => setup::run(&args, output),
        Command::Status(args) => status::run(&args, config, output),
        Command::Completions(args) => completing::run(&args, output),
    }
}

#[cfg(test)]
mod tests;
