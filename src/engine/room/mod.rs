//! One room: its occupants, and gavel's own state in it.

pub mod authentication;
mod configuration;
mod discovery;
pub mod event;
mod facts;
mod held;
mod join;
mod learn;
mod leave;
mod leaving;
mod lists;
pub mod logins;
mod manage;
pub mod module;
mod occupant;
mod opened;
mod ownership;
pub mod part;
mod presence;
mod roll;
mod roll_call;
mod services;
mod sight;
mod silence;
mod spacing;
mod take;
mod turns;
mod unread;

pub use facts::{Facts, Readings};
pub use occupant::Occupant;

use crate::engine::boxmap::BoxMap;
use crate::engine::limit::Backoff;
use crate::engine::time::Tick;
use crate::muc::{Affiliation, Nick, Role, RoomJid};
use crate::stanza::Item;
use held::HeldBans;
use leaving::Leaving;
use roll::Roll;
use spacing::Spacing;

/// Says whether gavel is in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Membership {
    /// Not in it.
    Out,
    /// The owner list is being read: a join must not create a room (B9).
    Probing,
    /// Waits for its turn to join.
    Queued,
    /// The join is on its way, however long that takes.
    Joining,
    /// In it: the own presence with status 110 has come.
    In,
}

/// A room of a configured service.
#[derive(Debug)]
pub struct Room {
    /// Its JID, as Prosody stores it.
    pub jid: RoomJid,
    /// The configured service that it is in.
    pub service: usize,
    /// Says whether gavel is in.
    pub membership: Membership,
    /// gavel's nick here.
    pub nick: Nick,
    /// Says whether the module serves it: gavel is no occupant.
    pub module: bool,
    /// gavel's own affiliation.
    pub own_affiliation: Affiliation,
    /// gavel's own role: only a moderator is shown real JIDs and announcements about people
    /// who are absent.
    pub own_role: Role,
    /// Everybody else.
    pub occupants: BoxMap<Nick, Occupant>,
    /// Bans from it before anybody in it could be judged.
    pub held: HeldBans,
    /// A reply with its configuration is on its way: until it is there, nobody
    /// is lowered to none, which a members-only room would throw them out for.
    pub reading: bool,
    /// It changed again meanwhile.
    pub read_again: bool,
    /// How often it was read.
    pub readings: Readings,
    /// The facts of its configuration; none while it is first being read.
    pub facts: Option<Facts>,
    /// The meeting its people belong to; none while gavel is not in.
    pub meeting: Option<RoomJid>,
    /// When the join was sent.
    pub joining_since: Tick,
    /// When gavel came in, in milliseconds since 1970-01-01 UTC.
    pub joined_at: u64,
    /// When something last came from it.
    pub heard: Tick,
    /// A self-ping waits for its reply.
    pub pinged: bool,
    /// Nobody but infrastructure is in, since.
    pub lonely_since: Option<Tick>,
    /// Not to be joined because of a list before this, unless it was missing
    /// from one.
    pub not_listed_before: Option<Tick>,
    /// gavel waits for the room to confirm that it has left.
    pub leaving: Option<Leaving>,
    /// When gavel last tried to become owner.
    pub owned_at: Option<Tick>,
    /// A request to become owner waits for its reply.
    pub owning: bool,
    /// So many lists of it are being read.
    pub lists_asked: u32,
    /// One of these is the list of members.
    pub members_asked: bool,
    /// Lists or configuration were refused, and are to be read once gavel is
    /// owner.
    pub unread: bool,
    /// How long to wait before the next try to enter.
    pub backoff: Backoff,
    /// Not to be entered before.
    pub not_before: Option<Tick>,
    /// How often gavel was refused since it was last in.
    pub refusals: u32,
    /// The password to join with.
    pub password: Option<String>,
    /// Something was left out: the room is to be read again.
    pub doubted: bool,
    /// How often it is.
    pub doubts: Spacing,
    /// Everybody is being shown again.
    pub roll: Option<Box<Roll>>,
    /// The reply is on its way that tells how many occupants there are.
    pub counting: bool,
    /// How often the room may be told to show everybody.
    pub showing: Spacing,
    /// How often its configuration is asked for if it cannot be had.
    pub asking: Spacing,
    /// The main room it had when its configuration could last be read.
    pub last_main: Option<RoomJid>,
    /// Its owners, admins and outcasts, while the module's news of them are taken into
    /// account.
    pub listed: Option<Vec<Item>>,
}

impl Room {
    /// A room that gavel is not in.
    pub fn new(jid: RoomJid, service: usize, nick: Nick) -> Self {
        Self {
            jid,
            service,
            membership: Membership::Out,
            nick,
            module: false,
            own_affiliation: Affiliation::None,
            own_role: Role::None,
            occupants: BoxMap::default(),
            held: HeldBans::default(),
            reading: false,
            read_again: false,
            readings: Readings::default(),
            facts: None,
            meeting: None,
            joining_since: Tick::ZERO,
            joined_at: 0,
            heard: Tick::ZERO,
            pinged: false,
            lonely_since: None,
            not_listed_before: None,
            leaving: None,
            owned_at: None,
            owning: false,
            lists_asked: 0,
            members_asked: false,
            unread: false,
            backoff: Backoff::default(),
            not_before: None,
            refusals: 0,
            password: None,
            doubted: false,
            doubts: Spacing::default(),
            roll: None,
            counting: false,
            showing: Spacing::default(),
            asking: Spacing::default(),
            last_main: None,
            listed: None,
        }
    }

    /// Says whether gavel is in.
    pub fn is_in(&self) -> bool {
        self.membership == Membership::In
    }

    /// Says whether its people can be judged: gavel is in, and knows which meeting they
    /// belong to.
    pub fn is_ready(&self) -> bool {
        self.is_in() && self.facts.is_some()
    }

    /// Says whether anybody but infrastructure is in it. Mostly the first says so.
    pub fn has_people(&self) -> bool {
        self.occupants.values().any(|o| !o.infrastructure)
    }

    /// People in it: occupants but infrastructure.
    pub fn people(&self) -> usize {
        let people = self.occupants.values().filter(|o| !o.infrastructure);
        people.count()
    }

    /// Says whether affiliation none throws people out, as far as is known.
    pub fn members_only(&self) -> bool {
        self.facts.as_ref().is_some_and(|facts| facts.members_only)
    }

    /// Says whether affiliation none may throw people out.
    pub fn may_throw_out(&self) -> bool {
        let facts = self.facts.as_ref();
        facts.is_some_and(|facts| facts.members_only || facts.unread)
    }

    /// Says whether gavel has all that an owner has.
    pub fn is_owned(&self) -> bool {
        self.own_affiliation == Affiliation::Owner && self.own_role == Role::Moderator
    }

    /// Says whether a focus is in it, as Jitsi names it.
    pub fn has_focus(&self) -> bool {
        self.occupants.values().any(|occupant| occupant.is_focus())
    }

    /// Says whether its people can be judged and somebody is there.
    pub fn is_populated(&self) -> bool {
        self.is_ready() && self.has_people()
    }

    /// An occupant is shown, or is gone.
    pub fn sees(&mut self, nick: &Nick) {
        if let Some(roll) = &mut self.roll {
            roll.sees(nick);
        }
    }
}
