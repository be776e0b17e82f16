//! The names of a meeting that look alike: names that tokens give, and names that people
//! without such a name show (`names.guests = "distinct"`).
//!
//! Both are found by their looks, so that it costs the same however many people there are.

use crate::engine::hash::HashMap;
use crate::muc::likeness::looks;
use crate::muc::{BareJid, Nick, RoomJid};
use std::collections::{BTreeSet, VecDeque};

/// Names of people who have left are kept, so that nobody takes theirs as soon as
/// they are out of the door: this many in a meeting.
const REMEMBERED: usize = 1000;

type Look = Box<str>;
/// An occupant: room and nick.
pub type Seat = (RoomJid, Nick);

/// Somebody whose token names them.
#[derive(Debug)]
struct Owner {
    bare: BareJid,
    /// As it is shown.
    name: Box<str>,
    /// Under how many nicks they are in the meeting.
    seats: usize,
}

/// The name that an occupant shows.
#[derive(Debug)]
enum Shown {
    /// The name of their token.
    Own(BareJid, Box<str>),
    /// One that nobody has given them.
    Any(Box<str>, Vec<Look>),
}

/// The names of a meeting.
#[derive(Debug, Default)]
pub struct Likeness {
    owners: HashMap<Look, Vec<Owner>>,
    guests: HashMap<Look, BTreeSet<Seat>>,
    shown: HashMap<Seat, Shown>,
    /// People who have left, with their names, oldest first.
    left: VecDeque<(BareJid, Box<str>)>,
}

impl Likeness {
    /// An occupant has a name by their token. Answers whose names are to be looked at
    /// for it.
    pub fn owns(&mut self, place: &Seat, bare: &BareJid, name: &str) -> Vec<Seat> {
        if let Some(Shown::Own(known, shown)) = self.shown.get(place)
            && known == bare
            && **shown == *name
        {
            return Vec::new();
        }
        self.leaves(place);
        let mut alike = Vec::new();
        for look in looks(name) {
            alike.extend(self.guests.get(&look).into_iter().flatten().cloned());
            let owners = self.owners.entry(look).or_default();
            match owners
                .iter_mut()
                .find(|o| o.bare == *bare && *o.name == *name)
            {
                Some(owner) => owner.seats += 1,
                None => owners.push(Owner {
                    bare: bare.clone(),
                    name: name.into(),
                    seats: 1,
                }),
            }
        }
        let shown = Shown::Own(bare.clone(), name.into());
        self.shown.insert(place.clone(), shown);
        alike
    }

    /// An occupant without such a name shows this one.
    pub fn shows(&mut self, place: &Seat, name: &str) {
        if let Some(Shown::Any(shown, _)) = self.shown.get(place)
            && **shown == *name
        {
            return;
        }
        self.leaves(place);
        let looks = looks(name);
        for look in &looks {
            let guests = self.guests.entry(look.clone()).or_default();
            guests.insert(place.clone());
        }
        let shown = Shown::Any(name.into(), looks);
        self.shown.insert(place.clone(), shown);
    }

    /// The name by somebody else's token that the name of an occupant looks like.
    pub fn resembled(&self, place: &Seat, bare: &BareJid) -> Option<&str> {
        let Some(Shown::Any(_, looks)) = self.shown.get(place) else {
            return None;
        };
        let owners = looks.iter().filter_map(|look| self.owners.get(look));
        let mut others = owners.flatten().filter(|owner| owner.bare != *bare);
        others.next().map(|owner| &*owner.name)
    }

    /// An occupant has another nick.
    pub fn moves(&mut self, from: &Seat, to: &Seat) {
        match self.shown.remove(from) {
            Some(Shown::Any(name, looks)) => {
                for look in &looks {
                    let guests = self.guests.entry(look.clone()).or_default();
                    guests.remove(from);
                    guests.insert(to.clone());
                }
                self.shown.insert(to.clone(), Shown::Any(name, looks));
            }
            Some(own) => {
                self.shown.insert(to.clone(), own);
            }
            None => {}
        }
    }

    /// An occupant is no longer there, or shows something else.
    pub fn leaves(&mut self, place: &Seat) {
        match self.shown.remove(place) {
            Some(Shown::Any(_, looks)) => {
                for look in looks {
                    let guests = self.guests.get_mut(&look);
                    if guests.is_some_and(|guests| guests.remove(place) && guests.is_empty()) {
                        self.guests.remove(&look);
                    }
                }
            }
            Some(Shown::Own(bare, name)) => self.owner_leaves(bare, name),
            None => {}
        }
    }

    fn owner_leaves(&mut self, bare: BareJid, name: Box<str>) {
        let mut last = false;
        for look in looks(&name) {
            let owners = self.owners.get_mut(&look).into_iter().flatten();
            for owner in owners.filter(|o| o.bare == bare && o.name == name) {
                owner.seats = owner.seats.saturating_sub(1);
                last |= owner.seats == 0;
            }
        }
        if !last {
            return;
        }
        self.left.push_back((bare, name));
        if self.left.len() > REMEMBERED
            && let Some((bare, name)) = self.left.pop_front()
        {
            self.drop(&bare, &name);
        }
    }

    /// Forgets the name of somebody who has left, unless they are back.
    fn drop(&mut self, bare: &BareJid, name: &str) {
        for look in looks(name) {
            let Some(owners) = self.owners.get_mut(&look) else {
                continue;
            };
            owners.retain(|o| o.seats > 0 || o.bare != *bare || *o.name != *name);
            if owners.is_empty() {
                self.owners.remove(&look);
            }
        }
    }

    /// Says whether nobody is known, not even somebody who has left.
    pub fn is_empty(&self) -> bool {
        self.shown.is_empty() && self.left.is_empty()
    }

    /// The occupants whose names are compared.
    pub fn seats(&self) -> impl Iterator<Item = (&RoomJid, &Nick)> {
        self.shown.keys().map(|(room, nick)| (room, nick))
    }

    /// Nobody in a room is seen any more, or in all rooms.
    pub fn leave(&mut self, room: Option<&RoomJid>) {
        let all = self.shown.keys();
        let gone = all.filter(|(of, _)| room.is_none_or(|room| room == of));
        let mut gone: Vec<Seat> = gone.cloned().collect();
        gone.sort_unstable();
        for seat in &gone {
            self.leaves(seat);
        }
    }

    /// Another meeting begins: names of people who have left are free.
    pub fn begin_anew(&mut self) {
        for (bare, name) in std::mem::take(&mut self.left) {
            self.drop(&bare, &name);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn place(nick: &str) -> Seat {
        (RoomJid::parse("r@muc.x").unwrap(), Nick::new(nick))
    }

    fn bare(name: &str) -> BareJid {
        BareJid::parse(&format!("{name}@x")).unwrap()
    }

    #[test]
    fn a_name_is_somebodys_as_long_as_the_meeting_remembers_it() {
        let mut names = Likeness::default();
        names.shows(&place("g"), "ADA");
        assert_eq!(names.resembled(&place("g"), &bare("g")), None);
        let alike = names.owns(&place("a"), &bare("a"), "Ada");
        assert_eq!(alike, [place("g")]);
        assert_eq!(names.owns(&place("a"), &bare("a"), "Ada"), [], "known");
        assert_eq!(names.resembled(&place("g"), &bare("g")), Some("Ada"));
        // A second tab of Ada's own, without token.
        assert_eq!(names.resembled(&place("g"), &bare("a")), None);
        names.leaves(&place("a"));
        assert_eq!(names.resembled(&place("g"), &bare("g")), Some("Ada"));
        names.moves(&place("g"), &place("h"));
        assert_eq!(names.resembled(&place("h"), &bare("g")), Some("Ada"));
        names.shows(&place("h"), "Bob");
        assert_eq!(names.resembled(&place("h"), &bare("g")), None);
        names.shows(&place("h"), "Ada");
        names.begin_anew();
        assert_eq!(names.resembled(&place("h"), &bare("g")), None);
    }

    #[test]
    fn names_of_people_who_have_left_have_a_bound() {
        let mut names = Likeness::default();
        for n in 0..REMEMBERED + 10 {
            let own = place(&format!("p{n}"));
            names.owns(&own, &bare(&format!("p{n}")), &format!("Number {n}"));
            names.leaves(&own);
        }
        assert_eq!(names.left.len(), REMEMBERED);
        assert!(names.owners.len() <= 2 * REMEMBERED);
        assert!(names.shown.is_empty() && names.guests.is_empty());
        // A person who is back keeps the name, though it was to be forgotten.
        names.owns(&place("back"), &bare("p10"), "Number 10");
        for n in 0..REMEMBERED {
            let own = place(&format!("q{n}"));
            names.owns(&own, &bare(&format!("q{n}")), &format!("Other {n}"));
            names.leaves(&own);
        }
        names.shows(&place("g"), "number 10");
        assert_eq!(names.resembled(&place("g"), &bare("g")), Some("Number 10"));
    }
}
