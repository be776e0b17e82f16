//! Decisions as lines for people.

use crate::api::{Actor, ActorKind, Event, EventKind};
use crate::cli::table::{Cell, Column, Layout};
use crate::cli::text::indented;
use crate::cli::{Error, Output};
use anstyle::{AnsiColor, Style};

/// Lines that line up with those before.
pub(super) struct Lines {
    layout: Layout<6>,
    titled: bool,
}

const COLUMNS: [Column; 6] = [
    Column::whole("TIME"),
    Column::cut("ROOM", 10),
    Column::cut("WHO", 10),
    Column::cut("CHANGE", 14),
    Column::whole("CAUSE"),
    Column::whole("WHY"),
];
/// The place of the reason among them.
const WHY: usize = 5;

impl Default for Lines {
    fn default() -> Self {
        Self {
            layout: Layout::new(COLUMNS),
            titled: false,
        }
    }
}

impl Lines {
    /// Prints `events`, below the titles. On a terminal without room for the
    /// reasons each stands below its line.
    pub(super) fn print(&mut self, events: &[Event], output: &mut Output) -> Result<(), Error> {
        let (columns, colour) = (output.columns(), output.colour());
        for line in self.lines(events, columns, colour) {
            output.line(line)?;
        }
        Ok(())
    }

    pub(super) fn lines(
        &mut self,
        events: &[Event],
        columns: Option<usize>,
        colour: bool,
    ) -> Vec<String> {
        let mut rows: Vec<_> = events.iter().map(row).collect();
        let mut whole = self.layout.clone();
        whole.measure(&rows);
        let narrow = columns.is_some_and(|columns| !whole.fits(columns));
        if narrow {
            rows.iter_mut().for_each(|row| row[WHY] = Cell::from(""));
        }
        self.layout.measure(&rows);
        let mut lines = Vec::new();
        if !std::mem::replace(&mut self.titled, true) {
            lines.push(self.layout.titles(columns, colour));
        }
        let printed = self.layout.lines(&rows, columns, colour);
        for (line, event) in printed.into_iter().zip(events) {
            lines.push(line);
            if narrow {
                lines.extend(indented(&why(event), columns));
            }
        }
        lines
    }
}

fn row(event: &Event) -> [Cell; 6] {
    let (cause, style) = match event.outcome.as_str() {
        "applied" => (event.cause.clone(), Style::new()),
        outcome => {
            let cause = format!("{}: {outcome}", event.cause);
            (cause, AnsiColor::Yellow.on_default())
        }
    };
    [
        Cell::from(event.at.to_string()),
        Cell::from(&event.room),
        Cell::from(who(event)),
        Cell::from(change(event)),
        Cell::styled(cause, style),
        Cell::from(why(event)),
    ]
}

/// `ada (ada@meet.example)`
fn who(event: &Event) -> String {
    match &event.nick {
        Some(nick) => format!("{nick} ({})", event.jid),
        None => event.jid.clone(),
    }
}

/// `none → owner`, `name "Mickey" → "Ada"`, `override set: member`
fn change(event: &Event) -> String {
    let (from, to) = (event.from.as_deref(), event.to.as_deref());
    let quoted = |text: Option<&str>| text.map_or("-".to_owned(), |text| format!("{text:?}"));
    let plain = |text: Option<&str>| text.unwrap_or("-").to_owned();
    match event.kind {
        EventKind::Affiliation => format!("{} → {}", plain(from), plain(to)),
        EventKind::Role => format!("role {} → {}", plain(from), plain(to)),
        EventKind::Name => format!("name {} → {}", quoted(from), quoted(to)),
        EventKind::Override => format!("override {} → {}", plain(from), plain(to)),
    }
}

/// The reason; and who had made the change, where that does not say it.
fn why(event: &Event) -> String {
    match &event.actor {
        Some(actor) => {
            let actor = name(actor);
            match event.reason.contains(&actor) {
                true => event.reason.clone(),
                false => format!("{} (by {actor})", event.reason),
            }
        }
        None => event.reason.clone(),
    }
}

fn name(actor: &Actor) -> String {
    match (&actor.kind, &actor.nick, &actor.jid) {
        (ActorKind::None, ..) => "a server module".to_owned(),
        (_, Some(name), _) | (_, None, Some(name)) => name.clone(),
        (_, None, None) => "somebody".to_owned(),
    }
}
