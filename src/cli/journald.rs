//! Log lines in systemd's journal. It keeps a time and a priority with each line, so there
//! the time is left out, and the level told in the way that journald reads: with it
//! `journalctl -p warning` shows the lines that somebody should look at (sd-daemon(3)).

use std::fmt;
use std::fs::File;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::FmtContext;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::registry::LookupSpan;

/// Says whether `stream` goes to the journal: it is the stream that systemd says it
/// connected there, and not, say, a file that a shell has put in its place.
pub fn takes(stream: impl AsFd) -> bool {
    let named = std::env::var("JOURNAL_STREAM").unwrap_or_default();
    let Ok(own) = stream.as_fd().try_clone_to_owned() else {
        return false;
    };
    let metadata = File::from(own).metadata();
    metadata.is_ok_and(|file| named == format!("{}:{}", file.dev(), file.ino()))
}

/// Puts the priority before each line of another format.
pub struct Prioritised<F>(pub F);

impl<S, N, F> FormatEvent<S, N> for Prioritised<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        write!(writer, "<{}>", priority(*event.metadata().level()))?;
        self.0.format_event(context, writer, event)
    }
}

/// As syslog(3) has them.
fn priority(level: Level) -> u8 {
    match level {
        Level::ERROR => 3,
        Level::WARN => 4,
        Level::INFO => 6,
        Level::DEBUG | Level::TRACE => 7,
    }
}
