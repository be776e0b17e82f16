//! The news of a meeting at one moment.

use super::super::claims::Ticket;
use gavel::muc::{Affiliation, Role, RoomJid};
use gavel::policy::Policy;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// An occupant.
#[derive(Debug, Clone)]
pub struct Seat {
    pub jid: String,
    pub ticket: Option<Ticket>,
    pub role: Role,
    /// A recorder or a gateway, as Jicofo would say.
    pub machine: bool,
}

/// How everything stood.
#[derive(Debug, Clone)]
pub struct Scene {
    pub unix: u64,
    pub policy: Rc<Policy>,
    pub seats: Rc<BTreeMap<(RoomJid, String), Seat>>,
    pub shown: Rc<BTreeMap<String, Affiliation>>,
    /// gavel was out of the room since it saw these.
    pub doubted: BTreeSet<String>,
    /// The affiliations of these were shown last by a breakout room that gavel had not read.
    pub half_seen: BTreeSet<String>,
    pub ready: BTreeSet<RoomJid>,
    /// How often gavel has started anew.
    pub restarts: u32,
    /// How many streams of gavel have ended.
    pub streams: u32,
}

/// The maker of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    Gavel,
    /// A server module.
    Nobody,
    /// Infrastructure.
    Machine,
    Person(String),
}

/// An event that happened to somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    Nothing,
    Came,
    Updated,
    Left,
    /// gavel sees them no more.
    Lost,
    Change {
        old: Affiliation,
        new: Affiliation,
        by: By,
    },
    Kicked(By),
    /// Until then, in milliseconds since 1970.
    Override(Option<(Affiliation, u64)>),
    Asked(Affiliation),
    Configured,
}

/// An event, and the state of everything at that moment.
pub struct Moment {
    pub scene: Rc<Scene>,
    pub what: What,
    pub jid: String,
    /// gavel knew enough of the room to judge it by the state at that moment.
    pub sure: bool,
    /// The moment before.
    pub prior: usize,
}

impl Scene {
    pub fn new(policy: Rc<Policy>) -> Self {
        Self {
            unix: 0,
            policy,
            seats: Rc::default(),
            shown: Rc::default(),
            doubted: BTreeSet::new(),
            half_seen: BTreeSet::new(),
            ready: BTreeSet::new(),
            restarts: 0,
            streams: 0,
        }
    }

    pub fn seats_of<'a>(&'a self, jid: &'a str) -> impl Iterator<Item = (&'a RoomJid, &'a Seat)> {
        let seats = self.seats.iter().filter(move |(_, seat)| seat.jid == jid);
        seats.map(|((room, _), seat)| (room, seat))
    }

    /// Says whether somebody sits in a room of which gavel knows whose it is.
    pub fn is_seen(&self, jid: &str) -> bool {
        self.seats_of(jid)
            .any(|(room, _)| self.ready.contains(room))
    }

    /// Says whether they did `before`, and are there but in other rooms now.
    pub fn left_ready(&self, before: &Self, jid: &str) -> bool {
        before.is_seen(jid) && !self.is_seen(jid)
    }

    pub fn is_present(&self, jid: &str) -> bool {
        self.seats_of(jid).next().is_some()
    }

    /// Says whether somebody has a seat that is no mere visitor's, and no machine's.
    pub fn speaks(&self, jid: &str) -> bool {
        let mut seats = self.seats_of(jid).map(|(_, seat)| seat);
        seats.any(|seat| seat.role >= Role::Participant && !seat.machine)
    }

    pub fn present(&self) -> BTreeSet<&str> {
        self.seats.values().map(|seat| &*seat.jid).collect()
    }

    pub fn shows(&self, jid: &str) -> Option<Affiliation> {
        self.shown.get(jid).copied()
    }
}
