//! `gavel room`: inspects and steers the running daemon.

mod change;
mod fetch;
mod overrides;
pub(in crate::cli) mod page;
#[cfg(test)]
mod tests;
mod watch;

use super::text::escape;
use super::{Error, Output, RoomCommand, Status, ask};
use crate::api::Status as Daemon;
use crate::shell::client::Client;
use fetch::{found, not_ready, rooms};
use std::path::Path;

/// Carries out `command`, with the daemon that `file` configures.
pub(super) fn run(
    command: &RoomCommand,
    file: Option<&Path>,
    output: &mut Output,
) -> Result<Status, Error> {
    let client = ask::client(file)?;
    ask::run(async {
        match command {
            RoomCommand::List(args) => list(&client, args.json, output).await,
            RoomCommand::Show(args) => show(&client, &args.room, args.json, output).await,
            RoomCommand::Watch(args) => watch::run(&client, args, output).await,
            RoomCommand::Set(args) => overrides::set(&client, args, output).await,
            RoomCommand::Unset(args) => overrides::unset(&client, args, output).await,
        }
    })
}

async fn list(client: &Client, json: bool, output: &mut Output) -> Result<Status, Error> {
    let rooms = rooms(client).await?;
    if json {
        output.json(&rooms)?;
        return Ok(Status::Done);
    }
    let daemon: Option<Daemon> = match rooms.is_empty() {
        true => Some(client.get("/v1/status").await?),
        false => None,
    };
    match daemon.as_ref().and_then(not_ready) {
        Some(why) => output.line(format_args!("gavel is in no room: {}", escape(&why)))?,
        None => {
            for line in page::rooms(&rooms, output.columns(), output.colour()) {
                output.line(line)?;
            }
        }
    }
    Ok(Status::Done)
}

async fn show(
    client: &Client,
    room: &str,
    json: bool,
    output: &mut Output,
) -> Result<Status, Error> {
    let room = found(client, room).await?;
    if json {
        output.json(&room)?;
        return Ok(Status::Done);
    }
    for line in page::room(&room, output.columns(), output.colour()) {
        output.line(line)?;
    }
    Ok(Status::Done)
}
