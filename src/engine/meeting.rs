//! A meeting: a main room, its breakout rooms (SPEC B15), and what each bare
//! JID in any of them has and should have.

pub mod census;
pub mod decide;
pub mod likeness;
pub mod rights;
pub mod seat;
pub mod waiting;

use super::absent::Absence;
use super::limit::Budget;
use super::person::Person;
use super::users::Users;
use crate::muc::{BareJid, RoomJid};
use crate::policy::Policy;
use census::Census;
use likeness::Names;
use rights::{Event, Standing};
use std::collections::{BTreeSet, HashMap};

/// A main room with its breakout rooms. Affiliations are the main room's.
#[derive(Debug, Default)]
pub struct Meeting {
    /// Rooms whose occupants are judged here, while gavel is in them.
    pub rooms: BTreeSet<RoomJid>,
    /// Everybody who is present, holds power, or has a record.
    pub people: HashMap<BareJid, Box<Person>>,
    /// What is known of them as a whole, where anybody asks.
    pub census: Census,
    /// Whoever has something that moves to another device, or had it.
    pub holders: BTreeSet<BareJid>,
    /// Jitsi's id of the meeting, where there is one.
    pub meeting_id: Option<String>,
    /// How long it has had no host, and what came of it.
    pub absence: Absence,
    /// Who carries which user id.
    pub users: Users,
    /// The names of its people, as far as they may look alike.
    pub names: Names,
    /// How many corrections of what machines do may go out at once.
    pub budget: Budget,
}

impl Meeting {
    /// What is known of `jid`, made when first needed.
    pub fn person(&mut self, jid: &BareJid) -> &mut Person {
        self.people.entry(jid.clone()).or_default()
    }

    /// Another meeting in a room of the same name: nothing of the last one
    /// counts, but who is in a breakout room by now is in this one.
    pub fn begin_anew(&mut self, now: u64, policy: &Policy) {
        self.absence = Absence::default();
        self.users = Users::default();
        self.census = Census::default();
        self.holders.clear();
        self.names.begin_anew();
        self.people.retain(|_, person| person.is_present());
        for (jid, person) in &mut self.people {
            if let Some(id) = person.rights.user() {
                self.users.came(id, jid, now);
            }
            person.counted = None;
            person.rights.apply(Event::Anew, Standing::GUEST, policy);
        }
    }

    /// Whether a breakout room of it is populated.
    pub fn has_breakout(&self, main: &RoomJid) -> bool {
        self.rooms.iter().any(|room| room != main)
    }
}
