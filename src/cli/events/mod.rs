//! `gavel events`: the decisions taken, newest last.

mod follow;
mod lines;
#[cfg(test)]
mod tests;

use super::ask::{self, clock};
use super::{Error, EventsArgs, Output, Status};
use crate::api::{Event, Time};
use crate::config::duration;
use crate::muc::{RoomJid, Service, Spelling};
use crate::shell::client::{Client, segment};
use lines::Lines;
use std::path::Path;

/// Prints what `args` ask for, from the daemon that `file` configures.
pub(super) fn run(
    args: &EventsArgs,
    file: Option<&Path>,
    output: &mut Output,
) -> Result<Status, Error> {
    let since = args.since.as_deref().map(since).transpose()?;
    let client = ask::client(file)?;
    ask::run(async {
        match args.follow {
            true => follow::run(&client, args, since.as_deref(), output).await,
            false => print(&client, args, since.as_deref(), output).await,
        }
    })
}

async fn print(
    client: &Client,
    args: &EventsArgs,
    since: Option<&str>,
    output: &mut Output,
) -> Result<Status, Error> {
    let (events, _) = kept(client, args, since).await?;
    if args.json {
        output.json(&events)?;
        return Ok(Status::Done);
    }
    if events.is_empty() {
        output.line("no decision has been taken")?;
        return Ok(Status::Done);
    }
    Lines::default().print(&events, output)?;
    Ok(Status::Done)
}

/// Those that the daemon has kept and `args` ask for; and the id of the newest
/// of all.
async fn kept(
    client: &Client,
    args: &EventsArgs,
    since: Option<&str>,
) -> Result<(Vec<Event>, Option<u64>), Error> {
    let path = match since {
        Some(since) => format!("/v1/events?since={}", segment(since)),
        None => "/v1/events".to_owned(),
    };
    let mut events: Vec<Event> = client.get(&path).await?;
    let newest = events.last().map(|event| event.id);
    events.retain(|event| is_asked_for(event, args));
    if let Some(last) = args.last {
        let surplus = events.len().saturating_sub(last);
        events.drain(..surplus);
    }
    Ok((events, newest))
}

/// Whether `event` is about the room that `args` name, as people write rooms.
/// The room may have ended long ago.
fn is_asked_for(event: &Event, args: &EventsArgs) -> bool {
    let Some(text) = args.room.as_deref() else {
        return true;
    };
    let Some(room) = RoomJid::parse(&event.room) else {
        return false;
    };
    // Which services there are, the daemon alone knows.
    let service = Service {
        domain: room.service().to_owned(),
        tenants: true,
    };
    let is = |spelling: &Spelling| spelling.is(&room, &service);
    let spelling = Spelling::parse(text);
    spelling.is_ok_and(|spelling| {
        is(&spelling) || spelling.without_folder().is_some_and(|other| is(&other))
    })
}

/// What the API takes for `--since`: an id and a time as they are, and `10m`
/// as that long ago.
fn since(text: &str) -> Result<String, Error> {
    if text.parse::<u64>().is_ok() || Time::parse(text).is_some() {
        return Ok(text.to_owned());
    }
    let Ok(ago) = duration::parse(text) else {
        return Err(Error::Usage(format!(
            "--since {text:?} is no time: write how long ago (10m), when \
             (2026-11-24T10:02:00Z), or the id of an event"
        )));
    };
    let ago = u64::try_from(ago.as_millis()).unwrap_or(u64::MAX);
    let then = clock().unix_ms().saturating_sub(ago);
    Ok(Time::from_unix_ms(then).to_string())
}
