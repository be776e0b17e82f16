//! The changes between two looks at the rooms. `watch` prints them if it cannot draw a
//! page.

use super::page;
use crate::api::{Occupant, RoomDetail, RoomSummary, Time};
use crate::cli::text::escape;
use crate::muc::readable;
use serde::Serialize;
use std::collections::BTreeMap;

/// One change; with `--json` a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Change {
    /// When it was seen.
    pub(super) at: Time,
    /// The room.
    pub(super) room: String,
    /// The change.
    pub(super) change: Kind,
    /// Before, if one thing changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) from: Option<String>,
    /// After.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) to: Option<String>,
    /// The occupant that it is about, as they are now, or were last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) occupant: Option<Occupant>,
    /// The room's numbers, if the list of rooms is watched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) summary: Option<RoomSummary>,
}

/// A kind of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    /// Somebody, or a room, that was there when watching began.
    Present,
    /// Somebody came in.
    Joined,
    /// Somebody has left.
    Left,
    /// A display name.
    Name,
    /// An affiliation.
    Affiliation,
    /// A role.
    Role,
    /// The affiliation that somebody should have.
    Wanted,
    /// Somebody has got, or lost, the rights they should have.
    State,
    /// The reason alone changed: somebody else's change was corrected at once, say.
    Reason,
    /// gavel came into a room.
    Opened,
    /// How many are in a room, moderate it or wait.
    Numbers,
    /// A room has ended, or gavel has left it.
    Ended,
}

/// The changes of the room `name` since `before`; `None` is a room that is not there. On
/// the `first` look nothing is new.
pub(super) fn in_room(
    name: &str,
    before: Option<&RoomDetail>,
    after: Option<&RoomDetail>,
    at: Time,
    first: bool,
) -> Vec<Change> {
    let about = |change, occupant: &Occupant, from, to| Change {
        occupant: Some(occupant.clone()),
        from,
        to,
        ..of_room(name, change, None, at)
    };
    let (was, now) = (people(before), people(after));
    let mut changes = Vec::new();
    if before.is_none() && after.is_some() && !first {
        changes.push(of_room(name, Kind::Opened, None, at));
    }
    for (key, person) in &was {
        if !now.contains_key(key) {
            changes.push(about(Kind::Left, person, None, None));
        }
    }
    for (key, person) in &now {
        let Some(before) = was.get(key) else {
            let kind = if first { Kind::Present } else { Kind::Joined };
            changes.push(about(kind, person, None, None));
            continue;
        };
        for (kind, from, to) in differences(before, person) {
            changes.push(about(kind, person, from, to));
        }
    }
    if before.is_some() && after.is_none() {
        changes.push(of_room(name, Kind::Ended, None, at));
    }
    changes
}

/// Everybody in a room; somebody else under the same nick is somebody else.
type People<'a> = BTreeMap<(&'a str, Option<&'a str>), &'a Occupant>;

fn people(room: Option<&RoomDetail>) -> People<'_> {
    let people = room.iter().flat_map(|room| &room.occupants);
    let keyed = people.map(|person| ((person.nick.as_str(), person.jid.as_deref()), person));
    keyed.collect()
}

fn of_room(name: &str, change: Kind, summary: Option<RoomSummary>, at: Time) -> Change {
    Change {
        at,
        room: name.to_owned(),
        change,
        from: None,
        to: None,
        occupant: None,
        summary,
    }
}

type Difference = (Kind, Option<String>, Option<String>);

fn differences(before: &Occupant, after: &Occupant) -> Vec<Difference> {
    let facts = |o: &Occupant| {
        [
            (Kind::Name, o.display_name.clone()),
            (Kind::Affiliation, Some(o.affiliation.to_string())),
            (Kind::Role, Some(o.role.as_str().to_owned())),
            (Kind::Wanted, o.desired.map(|wanted| wanted.to_string())),
            (Kind::State, Some(page::state(o).to_owned())),
        ]
    };
    let pairs = facts(before).into_iter().zip(facts(after));
    let changed = pairs.filter(|((_, from), (_, to))| from != to);
    let mut changed: Vec<Difference> = changed
        .map(|((kind, from), (_, to))| (kind, from, to))
        .collect();
    if changed.is_empty() && before.reason != after.reason {
        let (from, to) = (before.reason.clone(), after.reason.clone());
        changed.push((Kind::Reason, Some(from), Some(to)));
    }
    changed
}

/// The changes of the list of rooms since `before`; `None` is the first look.
pub(super) fn in_list(
    before: Option<&[RoomSummary]>,
    after: &[RoomSummary],
    at: Time,
) -> Vec<Change> {
    let change = |kind, room: &RoomSummary| of_room(&room.room, kind, Some(room.clone()), at);
    let Some(before) = before else {
        let all = after.iter();
        return all.map(|room| change(Kind::Present, room)).collect();
    };
    let find = |among: &[RoomSummary], room: &RoomSummary| {
        let at = among.binary_search_by(|other| other.room.cmp(&room.room));
        at.ok().map(|at| among[at].clone())
    };
    let gone = before.iter().filter(|room| find(after, room).is_none());
    let mut changes: Vec<_> = gone.map(|room| change(Kind::Ended, room)).collect();
    for room in after {
        match find(before, room) {
            None => changes.push(change(Kind::Opened, room)),
            Some(was) if was != *room => changes.push(change(Kind::Numbers, room)),
            Some(_) => {}
        }
    }
    changes
}

/// A change as a line for people.
pub(super) fn line(change: &Change) -> String {
    let at = page::seconds(change.at);
    let room = readable(&change.room);
    let room = escape(&room);
    let Some(person) = &change.occupant else {
        let what = match (change.change, &change.summary) {
            (Kind::Ended, _) => "has ended".to_owned(),
            (Kind::Opened, None) => "is there".to_owned(),
            (_, None) => String::new(),
            (kind, Some(room)) => {
                let opened = if kind == Kind::Opened { "opened: " } else { "" };
                format!("{opened}{}", page::summary(room))
            }
        };
        return format!("{at}  {room}  {what}");
    };
    let name = name_of(person);
    let value = |value: &Option<String>| match value {
        Some(text) if change.change == Kind::Name => format!("{:?}", text),
        Some(text) => text.clone(),
        None => "-".to_owned(),
    };
    let what = match change.change {
        Kind::Present => format!("is {}", standing(person)),
        Kind::Joined => format!("joined as {}", standing(person)),
        Kind::Left => "left".to_owned(),
        Kind::Reason => format!("is still {}", standing(person)),
        kind => {
            let (from, to) = (value(&change.from), value(&change.to));
            format!("{} {from} → {to}", word(kind))
        }
    };
    let why = match change.change {
        Kind::Left | Kind::Name => String::new(),
        _ => format!("  {}", escape(&person.reason)),
    };
    format!("{at}  {name}  {}{why}", escape(&what))
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Name => "name",
        Kind::Affiliation => "affiliation",
        Kind::Role => "role",
        Kind::Wanted => "wanted",
        _ => "state",
    }
}

fn standing(person: &Occupant) -> String {
    let state = match page::state(person) {
        "settled" | "-" => String::new(),
        state => format!(", {state}"),
    };
    format!("{}, {}{state}", person.affiliation, person.role.as_str())
}

/// `Ada (ada)`
fn name_of(person: &Occupant) -> String {
    match &person.display_name {
        Some(name) if *name != person.nick => {
            format!("{} ({})", escape(name), escape(&person.nick))
        }
        _ => escape(&person.nick).into_owned(),
    }
}
