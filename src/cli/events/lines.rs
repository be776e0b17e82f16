//! Decisions as lines for people.

use crate::api::{Actor, ActorKind, Event, EventKind};
use crate::cli::rooms::page::seconds;
use crate::cli::table::{Cell, Column, Layout};
use crate::cli::text::indented;
use crate::cli::{Error, Output};
use crate::muc::readable;
use anstyle::{AnsiColor, Style};
use std::collections::BTreeMap;

/// Lines that line up with those before.
pub(super) struct Lines {
    layout: Layout<6>,
    titled: bool,
    /// The MUC service that goes without saying, once there was no room for it.
    common: Option<String>,
}

const COLUMNS: [Column; 6] = [
    Column::whole("TIME"),
    Column::cut("ROOM", 16),
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
            common: None,
        }
    }
}

impl Lines {
    /// Prints `events`, below the titles. On a terminal without room for the reasons each
    /// stands below its line; if that is not enough, rooms are named without the service
    /// that most of them are in.
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
        let fits = |layout: &Layout<6>, rows: &[_]| {
            let mut layout = layout.clone();
            layout.measure(rows);
            columns.is_none_or(|columns| layout.fits(columns))
        };
        let mut rows: Vec<_> = events.iter().map(|event| self.row(event)).collect();
        let narrow = self.common.is_some() || !fits(&self.layout, &rows);
        if narrow {
            rows.iter_mut().for_each(|row| row[WHY] = Cell::from(""));
        }
        if narrow && self.common.is_none() && !fits(&self.layout, &rows) {
            self.common = most_common(events);
            rows = events.iter().map(|event| self.row(event)).collect();
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

    fn row(&self, event: &Event) -> [Cell; 6] {
        let (cause, style) = match event.outcome.as_str() {
            "applied" => (event.cause.clone(), Style::new()),
            outcome => {
                let cause = format!("{}: {outcome}", event.cause);
                (cause, AnsiColor::Yellow.on_default())
            }
        };
        let room = readable(&event.room);
        let (at, room) = match &self.common {
            None => (event.at.to_string(), &*room),
            Some(common) => {
                let local = room.strip_suffix(common.as_str());
                let local = local.and_then(|local| local.strip_suffix('@'));
                (seconds(event.at), local.unwrap_or(&*room))
            }
        };
        [
            Cell::from(at),
            Cell::from(room),
            Cell::from(name_of(event)),
            Cell::from(change(event)),
            Cell::styled(cause, style),
            Cell::from(why(event)),
        ]
    }
}

/// The service that most of the events' rooms are in.
fn most_common(events: &[Event]) -> Option<String> {
    let mut services: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, service) in events.iter().filter_map(|e| e.room.split_once('@')) {
        *services.entry(service).or_default() += 1;
    }
    let most = services.into_iter().max_by_key(|(_, count)| *count);
    most.map(|(service, _)| service.to_owned())
}

/// `Ada (ea3a8210, ada@meet.example)`, `Mickey (token: Ada, ea3a8210, …)`
fn name_of(event: &Event) -> String {
    let Some(nick) = &event.nick else {
        return event.jid.clone();
    };
    let shown = event.display_name.as_ref().or(event.token_name.as_ref());
    let shown = shown.unwrap_or(nick);
    let mut more = Vec::new();
    if let Some(name) = event.token_name.as_ref().filter(|name| *name != shown) {
        more.push(format!("token: {name}"));
    }
    if nick != shown {
        more.push(nick.clone());
    }
    more.push(event.jid.clone());
    format!("{shown} ({})", more.join(", "))
}

/// `none → owner`, `name "Mickey" → "Ada"`, `override set: member`, `override
/// ended: member`
fn change(event: &Event) -> String {
    let (from, to) = (event.from.as_deref(), event.to.as_deref());
    let quoted = |text: Option<&str>| text.map_or("-".to_owned(), |text| format!("{text:?}"));
    let plain = |text: Option<&str>| text.unwrap_or("-").to_owned();
    match event.kind {
        EventKind::Affiliation => format!("{} → {}", plain(from), plain(to)),
        EventKind::Role => format!("role {} → {}", plain(from), plain(to)),
        EventKind::Name => format!("name {} → {}", quoted(from), quoted(to)),
        EventKind::Override => match (from, to) {
            (None, to) => format!("override set: {}", plain(to)),
            (from, None) => format!("override ended: {}", plain(from)),
            (from, to) => format!("override {} → {}", plain(from), plain(to)),
        },
    }
}

/// The reason, and the maker of the change, if the reason does not name them.
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
    let named = actor.display_name.as_ref().or(actor.nick.as_ref());
    match (&actor.kind, named, &actor.jid) {
        (ActorKind::None, ..) => "a server module".to_owned(),
        (_, Some(name), _) | (_, None, Some(name)) => name.clone(),
        (_, None, None) => "somebody".to_owned(),
    }
}
