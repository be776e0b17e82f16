//! `gavel events --follow`: goes on, over restarts of the daemon too.

use super::kept::{is_asked_for, kept};
use super::lines::Lines;
use crate::api::Event;
use crate::cli::ask::Ends;
use crate::cli::output::note;
use crate::cli::text::escape_lines;
use crate::cli::{Error, EventsArgs, Output, Status};
use crate::shell::client::{Client, ClientError, EventStream, Item, segment};
use serde::Deserialize;
use std::time::Duration;
use tokio::time::sleep;

/// Pause between two tries to reach a daemon that has gone.
const RETRY: Duration = Duration::from_millis(500);

/// Prints the events that are kept, then new ones, until something ends it.
pub(super) async fn run(
    client: &Client,
    args: &EventsArgs,
    since: Option<&str>,
    output: &mut Output,
) -> Result<Status, Error> {
    let mut ends = Ends::new()?;
    let following = async {
        let (events, newest) = kept(client, args, since).await?;
        let mut follower = Follower {
            client,
            args,
            since: since.unwrap_or("0").to_owned(),
            newest,
            lost: false,
            lines: Lines::default(),
            output,
        };
        follower.print(&events)?;
        follower.follow().await
    };
    tokio::select! {
        () = ends.wait() => Ok(Status::Done),
        followed = following => followed,
    }
}

struct Follower<'a> {
    client: &'a Client,
    args: &'a EventsArgs,
    /// The start as long as nothing was seen.
    since: String,
    /// The newest that was seen.
    newest: Option<u64>,
    /// Says whether the daemon has just said that some are missing.
    lost: bool,
    lines: Lines,
    output: &'a mut Output,
}

/// The data of an `event: lost`.
#[derive(Deserialize)]
struct Lost {
    lost: u64,
}

impl Follower<'_> {
    async fn follow(&mut self) -> Result<Status, Error> {
        // A daemon that could be asked just now is there.
        let mut trouble = false;
        loop {
            let error = match self.open().await {
                Ok(mut stream) => {
                    if std::mem::take(&mut trouble) {
                        note("gavel answers again");
                    }
                    self.read(&mut stream).await?
                }
                Err(error) => error,
            };
            if !error.is_passing() {
                return Err(error.into());
            }
            if !std::mem::replace(&mut trouble, true) {
                let text = escape_lines(&error.in_short());
                note(format_args!("{text}; waiting for it"));
            }
            sleep(RETRY).await;
        }
    }

    /// Goes on after the last one seen.
    async fn open(&self) -> Result<EventStream, ClientError> {
        let path = format!("/v1/events?since={}", segment(&self.since));
        self.client.stream(&path, self.newest).await
    }

    /// Reads until the stream ends; why it did.
    async fn read(&mut self, stream: &mut EventStream) -> Result<ClientError, Error> {
        loop {
            let item = match stream.next().await {
                Err(error) => return Ok(error),
                Ok(None) => return Ok(stream.broken("it was ended by gavel")),
                Ok(Some(item)) => item,
            };
            if let Err(error) = self.take(&item)? {
                return Ok(stream.strange(&error.to_string()));
            }
        }
    }

    /// Prints one; the inner error is one that cannot be read.
    fn take(&mut self, item: &Item) -> Result<Result<(), serde_json::Error>, Error> {
        if item.event == "lost" {
            let lost = match serde_json::from_str::<Lost>(&item.data) {
                Ok(Lost { lost }) => lost,
                Err(error) => return Ok(Err(error)),
            };
            self.lost = true;
            note(format_args!(
                "{lost} decisions are missing here: more were taken than gavel keeps"
            ));
            return Ok(Ok(()));
        }
        let event: Event = match serde_json::from_str(&item.data) {
            Ok(event) => event,
            Err(error) => return Ok(Err(error)),
        };
        // Ids are without gap as long as one daemon runs.
        if self.newest.is_some_and(|newest| event.id != newest + 1) && !self.lost {
            note("gavel was restarted here; decisions in between are not known");
        }
        self.lost = false;
        self.newest = Some(event.id);
        if is_asked_for(&event, self.args) {
            self.print(&[event])?;
        }
        Ok(Ok(()))
    }

    fn print(&mut self, events: &[Event]) -> Result<(), Error> {
        if self.args.json {
            for event in events {
                self.output.json_line(event)?;
            }
            return Ok(());
        }
        if !events.is_empty() {
            self.lines.print(events, self.output)?;
        }
        self.output.flush()
    }
}
