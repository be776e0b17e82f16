//! How a command speaks and ends.

use crate::config::{Invalid, Problem};
use crate::shell;
use anstyle::{AnsiColor, Style};
use serde::Serialize;
use std::fmt::Display;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::process::ExitCode;
use terminal_size::{Height, Width};

/// How a command that could do its work ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// 0: done.
    Done,
    /// 1: the answer is no, e.g. a token that is not valid.
    Failed,
}

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The configuration cannot be used; status 2.
    #[error(transparent)]
    Config(#[from] Invalid),
    /// The arguments cannot be used, which only the command itself could see; status 2.
    /// Names the fault, its place and the remedy.
    #[error("{0}")]
    Usage(String),
    /// The command failed; status 1. The text names the fault, its place and the remedy.
    #[error("{0}")]
    Failed(String),
    /// The daemon ended by itself; status 1, or 2 for a key that cannot be used.
    #[error(transparent)]
    Daemon(#[from] shell::Error),
    /// A second signal came before all rooms were left; status 1.
    #[error("a second signal came, ended before all rooms were left")]
    Interrupted,
    /// Stdout does not take the output; status 1, or 0 if its reader simply went away.
    #[error("cannot write to stdout: {0}")]
    Output(#[source] io::Error),
}

impl Error {
    /// The exit status.
    fn status(&self) -> u8 {
        match self {
            Self::Config(_) | Self::Usage(_) => 2,
            Self::Daemon(shell::Error::Key(_)) => 2,
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => 0,
            Self::Failed(_) | Self::Interrupted | Self::Output(_) => 1,
        }
    }
}

/// Stdout, buffered. When its reader has gone away that is an [`Error`] with status 0,
/// never a panic.
pub struct Output {
    writer: Box<dyn Write>,
    colour: bool,
    terminal: bool,
}

impl Output {
    /// The process's stdout.
    pub fn stdout() -> Self {
        let stdout = io::stdout();
        Self {
            colour: colour_on(&stdout),
            terminal: stdout.is_terminal(),
            writer: Box::new(BufWriter::new(stdout)),
        }
    }

    /// Another writer, without colour.
    pub fn to(writer: impl Write + 'static) -> Self {
        Self {
            writer: Box::new(writer),
            colour: false,
            terminal: false,
        }
    }

    /// Says whether a page can be drawn on it: a terminal that is not `dumb`.
    pub fn draws(&self) -> bool {
        self.terminal && !is_dumb()
    }

    /// The terminal's columns and rows now; `None` if there is none: a pipe takes
    /// everything.
    pub fn size(&self) -> Option<(usize, usize)> {
        let stdout = self.terminal.then(io::stdout)?;
        // A serial line may not know its own.
        let (columns, rows) = match terminal_size::terminal_size_of(stdout) {
            Some((Width(columns), Height(rows))) if columns > 0 && rows > 0 => (columns, rows),
            _ => (80, 24),
        };
        Some((columns.into(), rows.into()))
    }

    /// The terminal's columns now; `None` if there is none.
    pub fn columns(&self) -> Option<usize> {
        self.size().map(|(columns, _)| columns)
    }

    /// Says whether colour may be used.
    pub fn colour(&self) -> bool {
        self.colour
    }

    /// `text` in `style`, if colour may be used.
    pub fn styled(&self, style: Style, text: impl Display) -> String {
        styled(self.colour, style, text)
    }

    /// Writes `text` as it is.
    ///
    /// # Errors
    /// [`Error::Output`].
    pub fn text(&mut self, text: impl Display) -> Result<(), Error> {
        write!(self.writer, "{text}").map_err(Error::Output)
    }

    /// Writes `text` and a newline.
    ///
    /// # Errors
    /// [`Error::Output`].
    pub fn line(&mut self, text: impl Display) -> Result<(), Error> {
        writeln!(self.writer, "{text}").map_err(Error::Output)
    }

    /// Writes `value` as one JSON document, for people's eyes too.
    ///
    /// # Errors
    /// [`Error::Output`].
    pub fn json(&mut self, value: &impl Serialize) -> Result<(), Error> {
        let text = serde_json::to_string_pretty(value);
        let text = text.map_err(|error| Error::Output(error.into()))?;
        self.line(text)
    }

    /// Writes `value` as one line of JSON, and hands it on at once: somebody
    /// follows.
    ///
    /// # Errors
    /// [`Error::Output`].
    pub fn json_line(&mut self, value: &impl Serialize) -> Result<(), Error> {
        let text = serde_json::to_string(value);
        let text = text.map_err(|error| Error::Output(error.into()))?;
        self.line(text)?;
        self.flush()
    }

    /// Hands everything on.
    ///
    /// # Errors
    /// [`Error::Output`].
    pub fn flush(&mut self) -> Result<(), Error> {
        self.writer.flush().map_err(Error::Output)
    }
}

/// Says whether `stream` may be coloured: a terminal, and no `NO_COLOR`.
pub fn colour_on(stream: &impl IsTerminal) -> bool {
    let asked_not_to = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    stream.is_terminal() && !asked_not_to && !is_dumb()
}

/// Says whether the terminal says of itself that it knows no control sequences.
fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|value| value == "dumb")
}

fn styled(colour: bool, style: Style, text: impl Display) -> String {
    match colour {
        true => format!("{style}{text}{style:#}"),
        false => text.to_string(),
    }
}

/// Shows `problems` as warnings on stderr.
pub(super) fn warn(problems: &[Problem]) {
    for problem in problems {
        complain("warning:", AnsiColor::Yellow, problem);
    }
}

/// Tells the news on stderr to somebody who watches.
pub(super) fn note(text: impl Display) {
    complain("note:", AnsiColor::Cyan, text);
}

/// Says how it ended, if it did not end well.
pub(super) fn end(result: Result<Status, Error>) -> ExitCode {
    let error = match result {
        Ok(Status::Done) => return ExitCode::SUCCESS,
        Ok(Status::Failed) => return ExitCode::from(1),
        Err(error) => error,
    };
    match &error {
        Error::Config(invalid) => {
            for problem in &invalid.errors {
                complain("error:", AnsiColor::Red, problem);
            }
            warn(&invalid.warnings);
        }
        _ if error.status() == 0 => {}
        _ => complain("error:", AnsiColor::Red, &error),
    }
    ExitCode::from(error.status())
}

/// Writes a line to stderr; a stderr that takes nothing must not end the
/// process, as `eprintln!` would.
fn complain(word: &str, colour: AnsiColor, text: impl Display) {
    let mut stderr = io::stderr().lock();
    let style = colour.on_default().bold();
    let word = styled(colour_on(&stderr), style, word);
    let _ = writeln!(stderr, "{word} {text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_gone_is_no_failure() {
        let gone = Error::Output(io::ErrorKind::BrokenPipe.into());
        assert_eq!(gone.status(), 0);
        let full = Error::Output(io::ErrorKind::StorageFull.into());
        assert_eq!(full.status(), 1);
    }

    #[test]
    fn without_colour_a_style_changes_nothing() {
        let style = AnsiColor::Red.on_default();
        let output = Output::to(Vec::new());
        assert_eq!(output.styled(style, "x"), "x");
        assert_eq!(styled(true, style, "x"), "\u{1b}[31mx\u{1b}[0m");
    }
}
