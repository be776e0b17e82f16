//! `gavel events`: the decisions taken, newest last.

mod follow;
mod kept;
mod lines;
#[cfg(test)]
mod tests;

use super::ask::{self, clock};
use super::{Error, EventsArgs, Output, Status};
use crate::api::Time;
use crate::config::duration;
use crate::shell::client::Client;
use kept::kept;
use lines::Lines;
use std::path::Path;

/// Prints the events that `args` ask for, from the daemon that `file` configures.
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

/// The value of `--since` as the API takes it: an id and a time as they are, and `10m` as
/// that long ago.
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
