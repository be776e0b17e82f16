//! `gavel room`: inspects and steers the running daemon.

mod change;
mod overrides;
pub(in crate::cli) mod page;
#[cfg(test)]
mod tests;
mod watch;

use super::text::escape;
use super::{Error, Output, RoomCommand, Status, ask};
use crate::api::{ErrorCode, RoomDetail, RoomSummary, Status as Daemon};
use crate::muc::{readable, without_query};
use crate::shell::client::{Client, ClientError, segment};
use std::path::Path;

/// Does what `command` says, with the daemon that `file` configures.
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

/// `GET /v1/rooms`.
pub(super) async fn rooms(client: &Client) -> Result<Vec<RoomSummary>, ClientError> {
    client.get("/v1/rooms").await
}

/// `GET /v1/rooms/{room}`.
async fn detail(client: &Client, room: &str) -> Result<RoomDetail, ClientError> {
    client
        .get(&format!("/v1/rooms/{}", segment(without_query(room))))
        .await
}

/// The same; where there is no such room, the error lists those there are.
async fn found(client: &Client, room: &str) -> Result<RoomDetail, Error> {
    match detail(client, room).await {
        Ok(detail) => Ok(detail),
        Err(error) => Err(unknown_room(client, room, error).await),
    }
}

/// Names the rooms there are, where `error` says that `room` is none of them.
async fn unknown_room(client: &Client, room: &str, error: ClientError) -> Error {
    let unknown = error
        .failure()
        .is_some_and(|f| f.code == ErrorCode::NotFound);
    match (unknown, rooms(client).await) {
        (true, Ok(rooms)) if !rooms.is_empty() => {
            let names = rooms.iter().map(|room| readable(&room.room).into_owned());
            let text = format!(
                "gavel is in no room {:?}, but in these",
                without_query(room)
            );
            Error::Failed(ask::with_candidates(&text, names))
        }
        _ => error.into(),
    }
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

/// What the daemon is, where it may be in fewer rooms than it should be.
fn not_ready(daemon: &Daemon) -> Option<String> {
    match (&daemon.problem, daemon.connected) {
        _ if daemon.ready || daemon.resynchronised => None,
        (Some(problem), _) if daemon.standby => Some(format!("standby: {problem}")),
        (Some(problem), false) => Some(format!("not connected: {problem}")),
        (None, false) => Some("not connected".to_owned()),
        (_, true) => Some("still finding its rooms".to_owned()),
    }
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
