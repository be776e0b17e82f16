//! The arguments of the commands that ask the running daemon.

use crate::cli::completions;
use crate::config::duration;
use crate::muc::Affiliation;
use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Subcommand};
use std::time::Duration;

/// The arguments of `gavel room`.
#[derive(Debug, Args)]
pub struct RoomArgs {
    /// The command on rooms.
    #[command(subcommand)]
    pub command: RoomCommand,
}

/// The commands about rooms.
#[derive(Debug, Subcommand)]
pub enum RoomCommand {
    /// List the rooms that gavel is in
    #[command(after_help = "Example:\n  gavel room list --json | jq '.[] | select(.pending > 0)'")]
    List(ListArgs),
    /// Show who is in a room, who moderates it and why
    #[command(after_help = "Example:\n  gavel room show lesson@muc.meet.jitsi > ticket.txt")]
    Show(ShowArgs),
    /// Watch a room, or the list of rooms, live
    ///
    /// On a terminal the page is drawn again as it changes; elsewhere each
    /// change is a line. A daemon that ends is waited for. Ctrl-C ends it.
    #[command(after_help = "Example:\n  gavel room watch lesson")]
    Watch(WatchArgs),
    /// Set the affiliation of somebody in a room, whatever their claims say
    ///
    /// It holds until --for has passed, `gavel room unset`, or the end of the
    /// meeting.
    #[command(after_help = "Example:\n  gavel room set lesson 'Ada Lovelace' owner --for 30m")]
    Set(SetArgs),
    /// Take back what `gavel room set` has set
    #[command(after_help = "Example:\n  gavel room unset lesson 'Ada Lovelace'")]
    Unset(UnsetArgs),
}

/// The arguments of `gavel room list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// The arguments of `gavel room show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The room: its name, as in the meeting's URL, or the URL itself, or its JID
    #[arg(value_parser = NonEmptyStringValueParser::new(), add = completions::rooms())]
    pub room: String,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// The arguments of `gavel room watch`.
#[derive(Debug, Args)]
pub struct WatchArgs {
    /// The room; without it the list of rooms
    #[arg(value_parser = NonEmptyStringValueParser::new(), add = completions::rooms())]
    pub room: Option<String>,
    /// Print each change as one JSON object a line
    #[arg(long)]
    pub json: bool,
}

/// The arguments of `gavel room set`.
#[derive(Debug, Args)]
pub struct SetArgs {
    /// The room: its name, as in the meeting's URL, or the URL itself, or its JID
    #[arg(value_parser = NonEmptyStringValueParser::new(), add = completions::rooms())]
    pub room: String,
    /// The nick, real JID or display name of somebody in it
    #[arg(value_parser = NonEmptyStringValueParser::new(), add = completions::people())]
    pub who: String,
    /// owner, admin, member, none or outcast (a ban)
    #[arg(value_parser = affiliation, add = completions::affiliations())]
    pub affiliation: Affiliation,
    /// For how long, e.g. 30m; without it until the meeting ends
    #[arg(long = "for", value_name = "TIME", value_parser = time)]
    pub for_: Option<Duration>,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// The arguments of `gavel room unset`.
#[derive(Debug, Args)]
pub struct UnsetArgs {
    /// The room: its name, as in the meeting's URL, or the URL itself, or its JID
    #[arg(value_parser = NonEmptyStringValueParser::new(), add = completions::rooms())]
    pub room: String,
    /// The nick, real JID or display name of somebody whose affiliation was set
    #[arg(value_parser = NonEmptyStringValueParser::new(), add = completions::people())]
    pub who: String,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// The arguments of `gavel events`.
#[derive(Debug, Args)]
pub struct EventsArgs {
    /// Go on with what is decided from now on; Ctrl-C ends it
    #[arg(short, long)]
    pub follow: bool,
    /// Only what came since: how long ago (10m), when (2026-11-24T10:02:00Z), or
    /// after the event with this id
    #[arg(long, value_name = "WHEN", add = completions::ages())]
    pub since: Option<String>,
    /// Only what was decided in this room, which may have ended: its name, the
    /// meeting's URL, or its JID
    #[arg(long, value_parser = NonEmptyStringValueParser::new(), add = completions::rooms())]
    pub room: Option<String>,
    /// Only the newest so many of those kept
    #[arg(short = 'n', long, value_name = "COUNT")]
    pub last: Option<usize>,
    /// Print one JSON document; with --follow one object a line
    #[arg(long)]
    pub json: bool,
}

/// Reads an affiliation.
fn affiliation(text: &str) -> Result<Affiliation, String> {
    let known = "there are owner, admin, member, none and outcast";
    Affiliation::parse(text).ok_or_else(|| known.to_owned())
}

/// Reads a time such as `30m`; a time that has passed already sets nothing.
fn time(text: &str) -> Result<Duration, String> {
    match duration::parse(text) {
        Ok(Duration::ZERO) => Err("it is over at once; write a time such as 30m".to_owned()),
        Ok(time) => Ok(time),
        Err(error) => Err(format!("{error}; write a time such as 30m")),
    }
}
