//! A meeting: a main room, its breakout rooms (SPEC B15), and the present and wanted rights
//! of each bare JID in any of them.

mod absence;
mod act;
mod attribute;
pub mod census;
mod compare;
mod counting;
pub mod decide;
mod device;
mod election;
mod evidence;
mod expiry;
mod findings;
mod host;
mod judging;
pub mod known;
mod life;
mod line;
mod lists;
mod lobby;
mod maker;
mod overrides;
pub mod part;
pub mod person;
mod reasons;
mod restore;
pub mod rights;
mod roles;
pub mod seat;
mod seats;
mod signals;
mod take;
mod tell;
mod tokens;
mod users;
mod vacancy;
mod verdicts;
mod verify;
pub mod waiting;
pub mod why;

pub use overrides::SetOverride;
pub use signals::{NONE_OF_SO_MANY, guard_has_refused};

use crate::engine::boxmap::BoxMap;
use crate::engine::limit::Budget;
use crate::engine::settings::Settings;
use crate::muc::{BareJid, RoomJid};
use absence::Absence;
use census::{Census, Counted};
use person::Person;
use rights::Event;
use smallvec::SmallVec;
use std::collections::BTreeSet;
use users::Users;

/// A main room with its breakout rooms. Affiliations are the main room's.
#[derive(Debug, Default)]
pub struct Meeting {
    /// Rooms whose occupants are judged here, while gavel is in them.
    pub rooms: SmallVec<[RoomJid; 1]>,
    /// Everybody who is present, holds power, or has a record.
    pub people: BoxMap<BareJid, Person>,
    /// The counts of all of them, if a part asks.
    pub census: Option<Box<Census>>,
    /// The people with a right that moves to another device, now or before.
    pub holders: BTreeSet<BareJid>,
    /// People shown as owner or admin who were in no list of them when gavel last
    /// looked: Prosody lists no admins of the server.
    pub unlisted: BTreeSet<BareJid>,
    /// Jitsi's id of the meeting, if there is one.
    pub meeting_id: Option<String>,
    /// How long it has had no host, and the consequence.
    pub absence: Absence,
    /// The user ids, and the JIDs that carry them.
    pub users: Users,
    /// The corrections of machines' changes that may go out at once.
    pub budget: Budget,
}

impl Meeting {
    /// The person `jid`, made when first needed.
    pub fn person(&mut self, jid: &BareJid) -> &mut Person {
        self.people.get_or_insert_with(jid.clone(), Person::default)
    }

    /// Another meeting in a room of the same name. Nothing of the last one counts, but
    /// people in a breakout room by now are in this one.
    pub fn begin_anew(&mut self, now: u64, settings: &Settings) {
        self.absence = Absence::default();
        self.users = Users::default();
        self.census = None;
        self.holders.clear();
        self.people.retain(|_, person| person.is_present());
        for (jid, person) in self.people.iter_mut() {
            if let Some(id) = person.rights.user() {
                self.users.came(id, jid, now);
            }
            person.counted = Counted::default();
            person.apply(Event::Anew, settings);
        }
    }

    /// Occupants of `jid` are judged here from now on.
    pub fn add_room(&mut self, jid: &RoomJid) {
        if let Err(at) = self.rooms.binary_search(jid) {
            self.rooms.insert(at, jid.clone());
        }
    }

    /// Occupants of `jid` are not judged here any more.
    pub fn remove_room(&mut self, jid: &RoomJid) {
        if let Ok(at) = self.rooms.binary_search(jid) {
            self.rooms.remove(at);
        }
    }

    /// Says whether a breakout room of it is populated.
    pub fn has_breakout(&self, main: &RoomJid) -> bool {
        self.rooms.iter().any(|room| room != main)
    }
}
