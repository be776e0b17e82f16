//! ROOM and WHO as people write them (SPEC section 1).

use super::View;
use crate::engine::room::Occupant;
use crate::engine::shown::short;
use crate::muc::{BareJid, Nick, RoomJid, Spelling};
use std::collections::BTreeMap;

/// Why a text names no one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotFound {
    /// It names none.
    None,
    /// It names several: these.
    Several(Vec<String>),
    /// It names infrastructure, which is never managed.
    Infrastructure(String),
    /// It names an occupant whose real JID the room does not show.
    Hidden,
    /// Gavel has just come into the room, and does not know it well enough.
    Early,
}

/// The person that WHO names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The meeting's main room, whose affiliations count.
    pub main: RoomJid,
    /// The real bare JID.
    pub jid: BareJid,
    /// The nick.
    pub nick: Option<Nick>,
    /// The display name.
    pub display_name: Option<String>,
}

impl View<'_> {
    /// The room gavel is in that `text` names, as people write rooms ([`Spelling`]). If
    /// several services have it, the first service's is meant.
    ///
    /// # Errors
    ///
    /// Fails if the text names no room, or several.
    pub fn find_room(&self, text: &str) -> Result<RoomJid, NotFound> {
        let spelling = Spelling::parse(text).map_err(|_| NotFound::None)?;
        match (
            self.rooms_called(&spelling, text),
            spelling.without_folder(),
        ) {
            (Err(NotFound::None), Some(spelling)) => self.rooms_called(&spelling, text),
            (found, _) => found,
        }
    }

    fn rooms_called(&self, spelling: &Spelling, text: &str) -> Result<RoomJid, NotFound> {
        for service in &self.settings.services {
            let inside = self.rooms.values().filter(|room| room.is_in());
            let mut rooms: Vec<&RoomJid> = inside
                .map(|room| &room.jid)
                .filter(|jid| spelling.is(jid, service))
                .collect();
            // On the wire two rooms can differ in how one name is written.
            if let Some(exact) = rooms
                .iter()
                .find(|jid| [jid.as_str(), jid.local()].contains(&text))
            {
                return Ok((*exact).clone());
            }
            rooms.sort_unstable();
            match rooms.as_slice() {
                [] => {}
                [one] => return Ok((*one).clone()),
                several => {
                    let several = several.iter().map(ToString::to_string);
                    return Err(NotFound::Several(several.collect()));
                }
            }
        }
        Err(NotFound::None)
    }

    /// The person in `room` that `text` names by nick, real JID or display name. Several
    /// seats of one person are one.
    ///
    /// # Errors
    ///
    /// Fails if the text names nobody, several people, or somebody who cannot be managed.
    pub fn find_person(&self, room: &RoomJid, text: &str) -> Result<Found, NotFound> {
        let room = self.rooms.get(room).ok_or(NotFound::None)?;
        let main = room.meeting.as_ref().ok_or(NotFound::Early)?;
        let wanted = PersonText::of(text);
        let occupants = room.occupants.iter();
        let named = occupants.filter(|(nick, o)| wanted.is_occupant(nick, o));
        // One of each person; an occupant without a JID is one person alone.
        let person = |nick: &Nick, o: &Occupant| o.bare().ok_or_else(|| nick.clone());
        let people: BTreeMap<_, _> = named
            .map(|(nick, o)| (person(nick, o), (nick, o)))
            .collect();
        let people: Vec<_> = people.into_values().collect();
        match people.as_slice() {
            [] => Err(NotFound::None),
            [(nick, occupant)] => found(main, nick, occupant),
            several => {
                let names = several.iter().map(|(nick, o)| candidate(nick, o));
                let mut names: Vec<_> = names.collect();
                names.sort_unstable();
                Err(NotFound::Several(names))
            }
        }
    }
}

impl View<'_> {
    /// The person in the meeting of `room` that `text` names, present or not, among those
    /// with an override.
    ///
    /// # Errors
    ///
    /// Fails if the text names nobody, or several people.
    pub fn find_overridden(&self, room: &RoomJid, text: &str) -> Result<Found, NotFound> {
        let main = self.rooms.get(room).and_then(|room| room.meeting.as_ref());
        let main = main.ok_or(NotFound::Early)?;
        let meeting = self.meetings.get(main).ok_or(NotFound::None)?;
        let wanted = PersonText::of(text);
        let people = meeting.people.iter().filter_map(|(bare, person)| {
            let set = person.rights.override_()?;
            let seats = person.seats.iter();
            let mut occupants = seats.filter_map(|seat| {
                let occupant = self.occupant(&seat.room, &seat.nick)?;
                Some((&seat.nick, occupant))
            });
            let (nick, name) = (set.nick.as_ref(), set.display_name.as_deref());
            let then = wanted.is_called(nick, name) || bare.as_str() == wanted.jid;
            let named = then || occupants.any(|(nick, o)| wanted.is_occupant(nick, o));
            named.then(|| Found {
                main: main.clone(),
                jid: bare.clone(),
                nick: set.nick,
                display_name: set.display_name,
            })
        });
        let mut people: Vec<Found> = people.collect();
        match people.len() {
            0 => Err(NotFound::None),
            1 => people.pop().ok_or(NotFound::None),
            _ => {
                let mut names: Vec<_> = people.iter().map(|p| p.jid.to_string()).collect();
                names.sort_unstable();
                Err(NotFound::Several(names))
            }
        }
    }
}

fn found(main: &RoomJid, nick: &Nick, occupant: &Occupant) -> Result<Found, NotFound> {
    if occupant.infrastructure {
        return Err(NotFound::Infrastructure(candidate(nick, occupant)));
    }
    Ok(Found {
        main: main.clone(),
        jid: occupant.bare().ok_or(NotFound::Hidden)?,
        nick: Some(nick.clone()),
        display_name: occupant.display_name.shown().map(short),
    })
}

/// WHO, taken apart.
struct PersonText<'a> {
    /// The text as a nick or display name; none if it is a JID for certain.
    name: Option<&'a str>,
    /// The text as a JID.
    jid: String,
}

impl<'a> PersonText<'a> {
    /// Everybody chooses their own names, another's JID too: behind `jid:` none
    /// of them counts.
    fn of(text: &'a str) -> Self {
        let (name, jid) = match text.strip_prefix("jid:") {
            Some(jid) => (None, jid),
            None => (Some(text), text),
        };
        let jid = normal(jid);
        Self { name, jid }
    }

    fn is_called(&self, nick: Option<&Nick>, display_name: Option<&str>) -> bool {
        let Some(name) = self.name else {
            return false;
        };
        let shown = display_name
            .map(str::trim)
            .filter(|shown| !shown.is_empty());
        nick.is_some_and(|nick| nick.as_str() == name) || shown == Some(name.trim())
    }

    fn is_occupant(&self, nick: &Nick, occupant: &Occupant) -> bool {
        let real = occupant.real.as_ref();
        self.is_called(Some(nick), occupant.display_name.shown())
            || real.is_some_and(|real| real.as_str() == self.jid || real.bare_str() == self.jid)
    }
}

/// `nick (jid, "display name")`
fn candidate(nick: &Nick, occupant: &Occupant) -> String {
    let jid = occupant.real.as_ref().map(|real| real.bare_str());
    let jid = jid.unwrap_or("real JID unknown");
    match occupant.display_name.shown() {
        Some(name) => format!("{nick} ({jid}, {:?})", short(name)),
        None => format!("{nick} ({jid})"),
    }
}

/// A JID as servers write it (RFC 7622); other text as it is.
fn normal(text: &str) -> String {
    jid::Jid::new(text).map_or_else(|_| text.to_owned(), |jid| jid.to_string())
}
