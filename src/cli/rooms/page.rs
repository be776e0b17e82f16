//! Rooms and people as lines for people: the output of `list`, `show` and `watch`.

use crate::api::{Occupant, RoomDetail, RoomSummary, Time};
use crate::cli::table::{Cell, Column, Layout};
use crate::cli::text::{INDENT, escape, indented};
use crate::muc::{Affiliation, Role, readable};
use anstyle::{AnsiColor, Style};

/// `time` as tables show it: UTC, to the second, as logs and JSON spell it.
pub(in crate::cli) fn seconds(time: Time) -> String {
    let text = time.to_string();
    match text.rsplit_once('.') {
        Some((seconds, _)) => format!("{seconds}Z"),
        None => text,
    }
}

/// `1 moderator`, `2 moderators`
fn count(number: usize, one: &str, many: &str) -> String {
    match number {
        1 => format!("1 {one}"),
        number => format!("{number} {many}"),
    }
}

/// The list of rooms, in `columns` of a terminal.
pub(super) fn rooms(rooms: &[RoomSummary], columns: Option<usize>, colour: bool) -> Vec<String> {
    if rooms.is_empty() {
        return vec!["gavel is in no room".to_owned()];
    }
    let mut layout = Layout::new([
        Column::cut("ROOM", 12),
        Column::number("PEOPLE"),
        Column::number("MODERATORS"),
        Column::number("PENDING"),
        Column::whole("SINCE"),
    ]);
    let row = |room: &RoomSummary| {
        [
            Cell::from(readable(&room.room)),
            Cell::from(room.occupants.to_string()),
            Cell::from(room.moderators.to_string()),
            Cell::styled(room.pending.to_string(), pending_style(room.pending > 0)),
            Cell::from(seconds(room.joined_at)),
        ]
    };
    let rows: Vec<_> = rooms.iter().map(row).collect();
    layout.table(&rows, columns, colour)
}

fn pending_style(pending: bool) -> Style {
    match pending {
        true => AnsiColor::Yellow.on_default(),
        false => Style::new(),
    }
}

/// One room with everybody in it and the reasons for their affiliations.
pub(super) fn room(room: &RoomDetail, columns: Option<usize>, colour: bool) -> Vec<String> {
    let mut lines = vec![escape(&readable(&room.room)).into_owned(), numbers(room)];
    let mut people: Vec<&Occupant> = room.occupants.iter().collect();
    people.sort_by_key(|o| (o.infrastructure, o.role != Role::Moderator, o.joined_at));
    if !people.is_empty() {
        lines.push(String::new());
        lines.extend(table(&people, columns, colour));
    }
    let absent: Vec<_> = room.overrides.iter().filter(|o| !o.present).collect();
    if !absent.is_empty() {
        lines.push(String::new());
        lines.push("set for people who are not here:".to_owned());
    }
    for set in absent {
        let name = set.display_name.as_ref().or(set.nick.as_ref());
        let name = name.map(|name| format!(" ({})", escape(name)));
        let until = until(set.set.until);
        lines.push(format!(
            "{INDENT}{}{}: {} {until}",
            escape(&set.jid),
            name.unwrap_or_default(),
            set.set.affiliation
        ));
    }
    lines
}

/// How many people, moderators, and people who are not settled, and since when.
fn numbers(room: &RoomDetail) -> String {
    let people = room.occupants.iter().filter(|o| !o.infrastructure).count();
    let numbers = in_words(people, room.moderators, room.pending);
    format!("{numbers}; gavel came in at {}", seconds(room.joined_at))
}

/// A room's numbers in words.
pub(super) fn summary(room: &RoomSummary) -> String {
    in_words(room.occupants, room.moderators, room.pending)
}

fn in_words(people: usize, moderators: usize, pending: usize) -> String {
    format!(
        "{}, {}, {}",
        count(people, "person", "people"),
        count(moderators, "moderator", "moderators"),
        match pending {
            0 => "all settled".to_owned(),
            pending => format!("{pending} pending"),
        }
    )
}

/// When an override ends.
pub(super) fn until(until: Option<Time>) -> String {
    match until {
        Some(time) => format!("until {}", seconds(time)),
        None => "until the meeting ends".to_owned(),
    }
}

fn table(people: &[&Occupant], columns: Option<usize>, colour: bool) -> Vec<String> {
    let mut rows: Vec<_> = people.iter().map(|person| row(person)).collect();
    let mut layout = layout("JID");
    layout.measure(&rows);
    // Half a JID is of no use: if it has no room it gets a line of its own.
    let narrow = columns.is_some_and(|columns| !layout.fits(columns));
    if narrow {
        layout = self::layout("");
        for row in &mut rows {
            row[JID] = Cell::from("");
        }
    }
    let table = layout.table(&rows, columns, colour);
    let mut lines = Vec::with_capacity(table.len() * 2);
    let mut table = table.into_iter();
    lines.extend(table.next());
    for (line, person) in table.zip(people) {
        lines.push(line);
        let jid = person.jid.clone().filter(|_| narrow);
        let below = jid.into_iter().chain(why(person));
        lines.extend(below.flat_map(|text| indented(&text, columns)));
    }
    lines
}

/// The place of the JID among the columns.
const JID: usize = 2;

fn layout(jid: &'static str) -> Layout<7> {
    Layout::new([
        Column::cut("NAME", 8),
        Column::cut("NICK", 6),
        Column::whole(jid),
        Column::whole("AFFILIATION"),
        Column::whole("ROLE"),
        Column::whole("WANTED"),
        Column::whole("STATE"),
    ])
}

fn row(person: &Occupant) -> [Cell; 7] {
    let moderates = person.role == Role::Moderator;
    let moderator = match moderates {
        true => AnsiColor::Green.on_default().bold(),
        false => Style::new(),
    };
    let banned = match person.affiliation {
        Affiliation::Outcast => AnsiColor::Red.on_default(),
        _ => Style::new(),
    };
    let wanted = person.desired.map_or("-", Affiliation::as_str);
    [
        Cell::from(person.display_name.as_deref().unwrap_or("-")),
        Cell::from(&person.nick),
        Cell::from(person.jid.as_deref().unwrap_or("-")),
        Cell::styled(person.affiliation.as_str(), banned),
        Cell::styled(person.role.as_str(), moderator),
        Cell::from(wanted),
        Cell::styled(state(person), pending_style(!person.settled)),
    ]
}

/// Says whether somebody has the rights they should have.
pub(super) fn state(person: &Occupant) -> &'static str {
    match person {
        Occupant {
            infrastructure: true,
            ..
        } => "-",
        Occupant { settled: false, .. } => "pending",
        Occupant { desired: None, .. } => "left alone",
        _ => "settled",
    }
}

/// The reason for somebody's affiliation, and the obstacle to the one they should have.
fn why(person: &Occupant) -> Vec<String> {
    let mut lines = vec![person.reason.clone()];
    lines.extend(permissions(person));
    lines.extend(person.unread_claims.iter().cloned());
    if let Some(hindrance) = &person.hindrance {
        lines.push(hindered(hindrance).to_owned());
    }
    if let (Some(shown), Some(name)) = (&person.display_name, &person.token_name)
        && shown != name
    {
        let kept = match person.frozen {
            true => "kept",
            false => "not kept",
        };
        lines.push(format!("name: the token says {name:?}, {kept}"));
    }
    if let Some(guest) = &person.guest {
        lines.push(format!(
            "name: sends {:?}, which looks like {:?}, a name that somebody else's token gives",
            guest.sent, guest.resembles
        ));
    }
    lines
}

/// Somebody's permissions, each with its reason; without those that hold for everybody as
/// long as nobody says otherwise.
fn permissions(person: &Occupant) -> Vec<String> {
    let said = |answer: Option<bool>| {
        let all = person.permissions.iter();
        let told = all
            .filter(move |item| item.allowed == answer && !item.because.starts_with("default: "));
        let told: Vec<String> = told
            .map(|item| format!("{} ({})", item.name, item.because))
            .collect();
        told.join(", ")
    };
    [
        ("may", Some(true)),
        ("may not", Some(false)),
        ("left to Jitsi", None),
    ]
    .into_iter()
    .map(|(words, answer)| (words, said(answer)))
    .filter(|(_, names)| !names.is_empty())
    .map(|(words, names)| format!("{words}: {names}"))
    .collect()
}

/// The meaning of [`Occupant::hindrance`].
fn hindered(word: &str) -> &str {
    match word {
        "paused" => "somebody keeps overwriting this: gavel pauses between its corrections",
        "refused" => "Prosody refused the last change; gavel tries again",
        "ineffective" => "Prosody takes changes and nothing follows: gavel has given up",
        "server_admin" => "an admin of the server, whom nobody can lower: see `admins` in Prosody",
        other => other,
    }
}
