//! `gavel room watch`: a live page on a terminal, elsewhere a line a change.

use super::change::{self, Change};
use super::fetch::{detail, found, not_ready, rooms};
use super::page;
use crate::api::{ErrorCode, RoomDetail, RoomSummary, Status as Daemon, Time};
use crate::cli::ask::{Ends, clock};
use crate::cli::output::note;
use crate::cli::screen::Screen;
use crate::cli::text::{escape_lines, wrap};
use crate::cli::{Error, Output, Status, WatchArgs};
use crate::shell::client::{Client, ClientError};
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};

/// Time between two looks: a change is seen within half a second.
const EVERY: Duration = Duration::from_millis(500);
/// A page that is older than this is said to be.
const PATIENCE: Duration = Duration::from_secs(3);

/// A connection that broke is told if so many looks in a row have found it broken: a gavel
/// that is killed takes connections until the system has closed all it had, and then it is
/// gone.
const BROKEN: u32 = 3;

/// The thing that is looked at.
enum View {
    Rooms(Vec<RoomSummary>),
    /// A room, and whether it is there.
    Room(Option<Box<RoomDetail>>),
}

/// The place that changes are written to.
enum Sink<'o> {
    Page(Screen<'o>),
    Lines(&'o mut Output, bool),
}

/// Watches until something ends it.
pub(super) async fn run(
    client: &Client,
    args: &WatchArgs,
    output: &mut Output,
) -> Result<Status, Error> {
    let mut ends = Ends::new()?;
    let client = &client.clone().with_patience(PATIENCE);
    // The room must be there in the beginning: afterwards it may come and go.
    let mut view = first(client, args.room.as_deref()).await?;
    let name = match &view {
        View::Room(Some(room)) => Some(room.room.clone()),
        _ => None,
    };
    let mut sink = match output.draws() && !args.json {
        true => Sink::Page(Screen::enter(output)?),
        false => Sink::Lines(output, args.json),
    };
    sink.show(name.as_deref(), None, &view, None)?;
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut trouble: Option<String> = None;
    let mut broken = 0;
    loop {
        let look = async {
            ticks.tick().await;
            let doubt = trouble.is_some() || broken > 0;
            look(client, name.as_deref(), doubt).await
        };
        let seen = tokio::select! {
            () = ends.wait() => return Ok(Status::Done),
            seen = look => seen,
        };
        broken = match seen {
            Err(Unseen::Broken(_)) => broken + 1,
            _ => 0,
        };
        match seen {
            Err(Unseen::Broken(_)) if broken < BROKEN => {}
            Ok(next) => {
                if trouble.take().is_some() {
                    sink.note("gavel answers again");
                }
                sink.show(name.as_deref(), Some(&view), &next, None)?;
                view = next;
            }
            Err(Unseen::Passing(why) | Unseen::Broken(why)) => {
                let text = format!("{why}; waiting for it");
                if trouble.as_ref() != Some(&text) {
                    sink.note(&text);
                }
                sink.show(name.as_deref(), Some(&view), &view, Some(&text))?;
                trouble = Some(text);
            }
            Err(Unseen::Lasting(error)) => return Err(error),
        }
    }
}

async fn first(client: &Client, room: Option<&str>) -> Result<View, Error> {
    Ok(match room {
        None => View::Rooms(rooms(client).await?),
        Some(room) => View::Room(Some(Box::new(found(client, room).await?))),
    })
}

/// Why nothing is seen.
enum Unseen {
    /// It may be seen again soon.
    Passing(String),
    /// The same: the connection broke while the daemon was asked.
    Broken(String),
    /// It will not.
    Lasting(Error),
}

impl From<ClientError> for Unseen {
    fn from(error: ClientError) -> Self {
        match &error {
            ClientError::Broken { .. } => Self::Broken(error.in_short()),
            _ if error.is_passing() => Self::Passing(error.in_short()),
            _ => Self::Lasting(error.into()),
        }
    }
}

/// Looks once. Rooms that are gone for a daemon that has just been started, or
/// has lost its connection, are not: it finds them again.
async fn look(client: &Client, room: Option<&str>, trouble: bool) -> Result<View, Unseen> {
    if trouble {
        ready(client).await?;
    }
    let view = match room {
        None => View::Rooms(rooms(client).await?),
        Some(room) => match detail(client, room).await {
            Ok(detail) => View::Room(Some(Box::new(detail))),
            Err(error) if error.is(ErrorCode::NotFound) => View::Room(None),
            Err(error) => return Err(error.into()),
        },
    };
    let nothing = match &view {
        View::Rooms(rooms) => rooms.is_empty(),
        View::Room(room) => room.is_none(),
    };
    if nothing {
        ready(client).await?;
    }
    Ok(view)
}

/// Fails unless the daemon has found all rooms there are.
async fn ready(client: &Client) -> Result<(), Unseen> {
    let daemon: Daemon = client.get("/v1/status").await?;
    match not_ready(&daemon) {
        Some(why) => Err(Unseen::Passing(format!("gavel is {why}"))),
        None => Ok(()),
    }
}

impl Sink<'_> {
    /// Shows `after`, which `before` has become; `trouble` is why that may be
    /// old.
    fn show(
        &mut self,
        room: Option<&str>,
        before: Option<&View>,
        after: &View,
        trouble: Option<&str>,
    ) -> Result<(), Error> {
        let now = clock();
        match self {
            Self::Page(screen) => {
                let (columns, colour) = screen.looks();
                let mut lines = head(room, now, trouble, columns);
                lines.extend(body(after, columns, colour));
                screen.show(&lines)
            }
            Self::Lines(output, json) => {
                for change in changes(room, before, after, now) {
                    match json {
                        true => output.json_line(&change)?,
                        false => output.line(change::line(&change))?,
                    }
                }
                output.flush()
            }
        }
    }

    /// Tells news that are no change; a page shows them in its head.
    fn note(&self, text: &str) {
        if let Self::Lines(..) = self {
            note(escape_lines(text));
        }
    }
}

fn head(
    room: Option<&str>,
    now: Time,
    trouble: Option<&str>,
    columns: Option<usize>,
) -> Vec<String> {
    let what = room.map_or("rooms", |_| "room");
    let mut lines = vec![format!(
        "gavel: {what} at {}, Ctrl-C ends",
        page::seconds(now)
    )];
    if let Some(trouble) = trouble {
        let text = format!("NOT CURRENT: {}", escape_lines(trouble));
        lines.extend(wrap(&text, columns.unwrap_or(80)));
    }
    lines.push(String::new());
    lines
}

fn body(view: &View, columns: Option<usize>, colour: bool) -> Vec<String> {
    match view {
        View::Rooms(rooms) => page::rooms(rooms, columns, colour),
        View::Room(Some(room)) => page::room(room, columns, colour),
        View::Room(None) => {
            vec!["the room has ended; it is shown again when it is there".to_owned()]
        }
    }
}

fn changes(room: Option<&str>, before: Option<&View>, after: &View, now: Time) -> Vec<Change> {
    match (before, after) {
        (Some(View::Rooms(before)), View::Rooms(after)) => {
            change::in_list(Some(before), after, now)
        }
        (_, View::Rooms(after)) => change::in_list(None, after, now),
        (before, View::Room(after)) => {
            let was = match before {
                Some(View::Room(was)) => was.as_deref(),
                _ => None,
            };
            let name = room.unwrap_or_default();
            change::in_room(name, was, after.as_deref(), now, before.is_none())
        }
    }
}
