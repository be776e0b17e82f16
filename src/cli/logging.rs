//! The way of log lines, and the secrets that never get into them.
//!
//! We add two things to `tracing-subscriber`. The XMPP libraries write raw stanzas, tokens
//! included, at their lowest levels, and those for HTTP may write URLs; they are capped at info
//! whatever `RUST_LOG` says (B14). And people choose nicks freely, so in text each field's
//! control characters are escaped: none can start a line of its own or steer the terminal that
//! shows it.

use super::journald::{self, Prioritised};
use super::output::colour_on;
use super::text::steers;
use crate::config::LogFormat;
use crate::shell::lines::Lines;
use std::fmt::{self, Debug, Write as _};
use std::io;
use tracing::field::{Field, Visit};
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::filter::{EnvFilter, FilterExt, FilterFn, LevelFilter};
use tracing_subscriber::fmt::format::{FormatFields, Writer};
use tracing_subscriber::fmt::{self as lines, MakeWriter};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

/// Crates that see stanzas as bytes or trees, or URLs with credentials.
const CAPPED: [&str; 10] = [
    "tokio_xmpp",
    "xmpp_parsers",
    "xso",
    "rxml",
    "minidom",
    "quick_xml",
    "reqwest",
    "hyper",
    "hyper_util",
    "rustls",
];

/// Writes the last lines when it is dropped, as far as somebody takes them.
pub struct Guard(Option<Lines>);

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(lines) = &self.0 {
            lines.finish();
        }
    }
}

/// Sends this process's log lines to stderr; the level is that of `RUST_LOG`, default info.
/// Code that logs never waits for stderr.
pub fn init(format: LogFormat) -> Guard {
    let wanted = std::env::var("RUST_LOG").unwrap_or_default();
    let to = match journald::takes(io::stderr()) {
        true => To::Journal,
        false => To::Stream {
            colour: colour_on(&io::stderr()),
        },
    };
    let lines = Lines::to(io::stderr()).ok();
    // A second call would find a subscriber set; the first one stays.
    let _ = match lines.clone() {
        Some(lines) => subscriber(format, &wanted, to, move || lines.clone()).try_init(),
        None => subscriber(format, &wanted, to, io::stderr).try_init(),
    };
    if let Err(error) = EnvFilter::builder().parse(&wanted) {
        tracing::warn!(%error, "RUST_LOG is not valid, so it is taken as info; see env_logger's syntax");
    }
    Guard(lines)
}

/// The writer of the lines.
#[derive(Debug, Clone, Copy)]
pub enum To {
    /// A terminal, a file, a container's log.
    Stream {
        /// Says whether it shows colours.
        colour: bool,
    },
    /// systemd's journal.
    Journal,
}

/// Writes log lines to `writer` if `wanted` (`RUST_LOG`'s syntax) lets them through and
/// they are not capped.
pub fn subscriber<W>(
    format: LogFormat,
    wanted: &str,
    to: To,
    writer: W,
) -> impl Subscriber + Send + Sync + for<'a> LookupSpan<'a>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let filter = EnvFilter::builder()
        .with_default_directive(LevelFilter::INFO.into())
        .parse(wanted)
        .unwrap_or_else(|_| EnvFilter::new("info"))
        .and(cap());
    // A stderr that takes nothing must not end the process, as the layer's own
    // complaint about it would.
    let layer = lines::layer()
        .with_writer(writer)
        .log_internal_errors(false);
    let colour = matches!(to, To::Stream { colour: true });
    let layer = match (format, to) {
        (LogFormat::Text, To::Stream { .. }) => layer.with_ansi(colour).fmt_fields(Escaped).boxed(),
        (LogFormat::Text, To::Journal) => {
            let layer = layer.with_ansi(false).without_time().fmt_fields(Escaped);
            layer.map_event_format(Prioritised).boxed()
        }
        (LogFormat::Json, To::Stream { .. }) => {
            layer.with_ansi(false).json().flatten_event(true).boxed()
        }
        (LogFormat::Json, To::Journal) => {
            let layer = layer.with_ansi(false).json().flatten_event(true);
            layer.map_event_format(Prioritised).boxed()
        }
    };
    tracing_subscriber::registry().with(layer.with_filter(filter))
}

/// Keeps back the lines of [`CAPPED`] crates below info.
fn cap() -> FilterFn {
    FilterFn::new(may_speak as fn(&Metadata<'_>) -> bool)
        // It narrows no level for the others; without a hint none would be known.
        .with_max_level_hint(LevelFilter::TRACE)
}

/// Says whether an event or span of this origin and level may be logged at all.
fn may_speak(metadata: &Metadata<'_>) -> bool {
    let within = |name: &str| {
        let rest = metadata.target().strip_prefix(name);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    };
    // More verbose levels are greater.
    *metadata.level() <= Level::INFO || !CAPPED.iter().any(|name| within(name))
}

/// Writes fields as `tracing-subscriber` does, with control characters escaped.
struct Escaped;

impl<'w> FormatFields<'w> for Escaped {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'w>, fields: R) -> fmt::Result {
        let mut line = Line {
            writer: Escaping(writer),
            empty: true,
            result: Ok(()),
        };
        fields.record(&mut line);
        line.result
    }
}

/// The fields of one event or span.
struct Line<'w> {
    writer: Escaping<'w>,
    empty: bool,
    result: fmt::Result,
}

impl Visit for Line<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        // The `log` crate's fields about a record's origin are in the line.
        if self.result.is_err() || field.name().starts_with("log.") {
            return;
        }
        let space = if self.empty { "" } else { " " };
        self.empty = false;
        self.result = match field.name() {
            "message" => write!(self.writer, "{space}{value:?}"),
            name => {
                let value = quoted(format!("{value:?}"));
                write!(self.writer, "{space}{name}={value}")
            }
        };
    }
}

/// `value` as readers of `key=value` take it for one value (logfmt). Strings are
/// quoted already.
fn quoted(value: String) -> String {
    let splits = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '"' | '=');
    if value.starts_with('"') || !(value.is_empty() || value.contains(splits)) {
        return value;
    }
    let value = value.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{value}\"")
}

/// Escapes characters that could start a line or steer a terminal.
struct Escaping<'w>(Writer<'w>);

impl fmt::Write for Escaping<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            match steers(c) {
                true => write!(self.0, "{}", c.escape_default())?,
                false => self.0.write_char(c)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::sync::{Arc, Mutex};

    /// A writer into memory.
    #[derive(Clone, Default)]
    struct Memory(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Memory {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// The lines that `say` logs with `wanted` as `RUST_LOG`.
    fn logged(format: LogFormat, wanted: &str, say: impl FnOnce()) -> String {
        let memory = Memory::default();
        let writer = memory.clone();
        let to = To::Stream { colour: false };
        let subscriber = subscriber(format, wanted, to, move || writer.clone());
        let guard = subscriber.set_default();
        say();
        drop(guard);
        let bytes = memory.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn b14_raw_stanzas_stay_out_whatever_rust_log_says() {
        let say = || {
            // As tokio-xmpp 6 does it, by the `log` crate …
            log::trace!(target: "tokio_xmpp::xmlstream::capture", "SEND <handshake>raw");
            log::debug!(target: "tokio_xmpp", "raw");
            // … and as a later one might.
            tracing::trace!(target: "tokio_xmpp::xmlstream::capture", "RECV raw");
            tracing::debug!(target: "rxml::parser", "raw");
            let span = tracing::trace_span!(target: "minidom", "tree", text = "raw");
            let _entered = span.enter();
            log::info!(target: "tokio_xmpp::connect", "shown by log");
            tracing::warn!(target: "xso", "shown by tracing");
            tracing::trace!(target: "gavel::wire", "ours");
            tracing::trace!(target: "tokio_xmpp_lookalike", "not theirs");
        };
        for format in [LogFormat::Text, LogFormat::Json] {
            for wanted in [
                "trace",
                "tokio_xmpp=trace,rxml=trace,minidom=trace,info,gavel=trace,tokio_xmpp_lookalike=trace",
            ] {
                let text = logged(format, wanted, say);
                assert!(!text.contains("raw"), "{wanted}: {text}");
                for shown in ["shown by log", "shown by tracing", "ours", "not theirs"] {
                    assert!(text.contains(shown), "{wanted}, {shown}: {text}");
                }
                assert!(text.contains("tokio_xmpp::connect"), "{text}");
            }
        }
    }

    #[test]
    fn info_is_the_level_where_none_is_wanted_or_it_is_nonsense() {
        for wanted in ["", "a=b=c"] {
            let text = logged(LogFormat::Text, wanted, || {
                tracing::debug!("quiet");
                tracing::info!("loud");
            });
            assert!(text.contains("loud") && !text.contains("quiet"), "{text}");
        }
    }

    const EVIL: &str =
        "a\n2026-01-01 INFO gavel: forged\r\u{1b}[2J\u{9b}2J\u{7f}\u{202e}\u{2028}\t\0ü";

    #[test]
    fn no_field_can_forge_a_line_or_steer_a_terminal() {
        let text = logged(LogFormat::Text, "info", || {
            let span = tracing::info_span!("room", name = %EVIL);
            let _entered = span.enter();
            tracing::info!(nick = EVIL, jid = %EVIL, other = ?EVIL, "said {EVIL}");
            log::info!("{EVIL}");
        });
        assert_eq!(text.lines().count(), 2, "{text}");
        let odd: Vec<char> = text.chars().filter(|c| steers(*c)).collect();
        assert_eq!(odd, ['\n', '\n'], "{text:?}");
        let shown = "jid=\"a\\n2026-01-01 INFO gavel: forged\\r\\u{1b}[2J\\u{9b}2J\\u{7f}\\u{202e}\\u{2028}\\t\\u{0}ü\"";
        assert!(text.contains(shown), "{text}");
        assert!(text.contains("nick=\"a\\n2026"), "{text}");
        assert!(text.contains("said a\\n2026"), "{text}");
    }

    #[test]
    fn values_are_read_back_by_readers_of_key_and_value() {
        let text = logged(LogFormat::Text, "info", || {
            let (reason, none) = ("name is \"A b\"", None::<&str>);
            tracing::info!(%reason, to = "a b", jid = %"a@b", eq = %"a=b", empty = %"", none, "said");
            tracing::info!(list = ?["a b"], "said");
        });
        let shown =
            "said reason=\"name is \\\"A b\\\"\" to=\"a b\" jid=a@b eq=\"a=b\" empty=\"\"\n";
        assert!(text.contains(shown), "{text}");
        assert!(text.contains("list=\"[\\\"a b\\\"]\"\n"), "{text}");
    }

    #[test]
    fn a_line_of_json_is_one_object() {
        let text = logged(LogFormat::Json, "info", || {
            tracing::info!(room = "r", nick = EVIL, "moderates");
        });
        assert_eq!(text.lines().count(), 1, "{text}");
        let object: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(object["message"], "moderates");
        assert_eq!(
            (&object["room"], &object["nick"]),
            (&"r".into(), &EVIL.into())
        );
        assert_eq!(object["level"], "INFO");
    }
}
