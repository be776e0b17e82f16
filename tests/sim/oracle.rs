//! What everybody should have, by the letter of the specification and from what
//! gavel was told, and nothing else: no code of the engine is asked.

mod changes;
mod early;
mod sight;
mod time;
mod users;

use super::claims::Kind;
use super::room::bare;
use super::server::COMPONENT;
use gavel::muc::{Affiliation, Role, RoomJid};
use gavel::policy::{Grants, Guests, Policy};
use std::collections::{BTreeMap, BTreeSet};

/// One occupant.
#[derive(Debug, Clone)]
pub(super) struct Seat {
    pub(super) bare: String,
    pub(super) kind: Option<Kind>,
    /// When that is over, in milliseconds since 1970.
    pub(super) ends: Option<u64>,
    pub(super) role: Role,
    /// A recorder or a gateway, as Jicofo would say.
    pub(super) machine: bool,
}

/// What is remembered of a bare JID in a meeting.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    pub(super) grant: Option<Affiliation>,
    /// The grant goes back to an election.
    pub(super) by_elected: bool,
    pub(super) step_down: Option<Affiliation>,
    /// What the absent may keep.
    pub(super) kept: Option<Affiliation>,
    /// Until then, in milliseconds since 1970.
    pub(super) kept_until: Option<u64>,
    /// An unjust ban is to be undone.
    pub(super) unban: bool,
    pub(super) shown: Option<Affiliation>,
    pub(super) user: Option<String>,
    pub(super) left_at: Option<u64>,
    /// gavel has lost sight of them.
    lost: bool,
    /// They are in a room of which gavel cannot say yet whose it is.
    pub(super) unplaced: bool,
    /// gavel has been out of the main room since.
    pub(super) doubted: bool,
    /// What they could do before gavel lost sight of them.
    before: Option<Affiliation>,
    /// Until when they could.
    before_until: Option<u64>,
    /// When they left, where they were elected then.
    pub(super) left_elected: Option<u64>,
    /// They have been in a breakout room.
    pub(super) elsewhere: bool,
    /// Elected, as gavel says, and found right.
    pub(super) elected: bool,
    /// They were entitled to moderate when last looked at.
    pub(super) entitled: bool,
    /// What they were entitled to is over, and to be taken back.
    pub(super) lapsed: bool,
    /// When they came; for the order of elections.
    pub(super) since: Option<u64>,
    /// gavel has known enough of the room since then.
    pub(super) counts: bool,
}

/// What somebody may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allowed {
    Anything,
    Exactly(Affiliation),
    AtMost(Affiliation),
    /// At most member, and not banned.
    NotBanned,
}

impl Allowed {
    pub fn admits(self, actual: Affiliation) -> bool {
        match self {
            Self::Anything => true,
            Self::Exactly(wanted) => actual == wanted,
            Self::AtMost(cap) => actual <= cap,
            Self::NotBanned => actual <= Affiliation::Member && actual > Affiliation::Outcast,
        }
    }
}

/// The book of all meetings.
pub struct Oracle {
    pub policy: Policy,
    pub(super) seats: BTreeMap<RoomJid, BTreeMap<String, Seat>>,
    pub(super) memory: BTreeMap<(RoomJid, String), Memory>,
    /// Main rooms where affiliation none throws people out.
    pub(super) members_only: BTreeSet<RoomJid>,
    /// Rooms that gavel is in and knows too little of.
    pub(super) blind: BTreeSet<RoomJid>,
    /// Bans that gavel cannot judge yet.
    early: Vec<early::Early>,
    pub(super) mains: BTreeMap<RoomJid, RoomJid>,
    joined: BTreeSet<RoomJid>,
    /// What was over by then gavel has seen end, in milliseconds since 1970.
    clock: u64,
}

impl Oracle {
    pub fn new(policy: Policy) -> Self {
        Self {
            policy,
            seats: BTreeMap::new(),
            memory: BTreeMap::new(),
            members_only: BTreeSet::new(),
            blind: BTreeSet::new(),
            early: Vec::new(),
            mains: BTreeMap::new(),
            joined: BTreeSet::new(),
            clock: 0,
        }
    }

    /// The configuration is another one.
    pub fn configure(&mut self, policy: Policy) {
        self.policy = policy;
        let limit = match self.policy.grants {
            Grants::Owner => return,
            Grants::Admin => Some(Affiliation::Admin),
            Grants::None => None,
        };
        let keys: Vec<(RoomJid, String)> = self.memory.keys().cloned().collect();
        for (main, jid) in keys {
            let absent = !self.present(&main, &jid);
            let memory = self.memory(&main, &jid);
            if memory.grant > limit {
                memory.grant = limit;
                memory.kept = memory.kept.filter(|_| absent).min(limit);
            }
        }
    }

    /// `breakout`'s affiliations are `main`'s.
    pub fn breakout(&mut self, breakout: &RoomJid, main: &RoomJid) {
        self.mains.insert(breakout.clone(), main.clone());
    }

    pub(super) fn main(&self, room: &RoomJid) -> RoomJid {
        self.mains.get(room).unwrap_or(room).clone()
    }

    fn infrastructure(jid: &str) -> bool {
        let jid = bare(jid);
        jid.ends_with("@auth.meet.jitsi") || jid.ends_with(COMPONENT)
    }

    pub(super) fn memory(&mut self, room: &RoomJid, jid: &str) -> &mut Memory {
        let key = (self.main(room), jid.to_owned());
        self.memory.entry(key).or_default()
    }

    pub(super) fn held(&self, room: &RoomJid, jid: &str) -> Option<&Memory> {
        self.memory.get(&(self.main(room), jid.to_owned()))
    }

    pub(super) fn seats_of<'a>(
        &'a self,
        room: &RoomJid,
        jid: &'a str,
    ) -> impl Iterator<Item = &'a Seat> {
        let main = self.main(room);
        let rooms = self.seats.iter();
        rooms
            .filter(move |(room, _)| self.main(room) == main)
            .flat_map(|(_, seats)| seats.values())
            .filter(move |seat| seat.bare == jid)
    }

    pub fn present(&self, room: &RoomJid, jid: &str) -> bool {
        self.seats_of(room, jid).next().is_some()
    }

    pub(super) fn token(&self, room: &RoomJid, jid: &str) -> Option<Kind> {
        let kinds = self.seats_of(room, jid).filter_map(|seat| self.kind(seat));
        kinds.max_by_key(|kind| matches!(kind, Kind::Owner))
    }

    /// Whether somebody's token is one of a room that gavel cannot judge yet.
    pub(super) fn is_unread(&self, room: &RoomJid, jid: &str) -> bool {
        let main = self.main(room);
        let mut seen = self.seats.iter().filter(|(seen, seats)| {
            let theirs = self.main(seen) == main && !self.blind.contains(*seen);
            let mut owners = seats.values().filter(|seat| seat.bare == jid);
            theirs && owners.any(|seat| self.kind(seat) == Some(Kind::Owner))
        });
        self.token(room, jid) == Some(Kind::Owner) && seen.next().is_none()
    }

    /// B3: who may promote others.
    pub fn power(&self, room: &RoomJid, jid: &str) -> Option<Affiliation> {
        let memory = self.held(room, jid)?;
        if !self.present(room, jid) {
            return memory.kept;
        }
        let own = self.token(room, jid) == Some(Kind::Owner);
        let own = own.then_some(Affiliation::Owner);
        let own = own.map(|own| memory.step_down.map_or(own, |cap| own.min(cap)));
        let elected = memory.elected.then_some(Affiliation::Owner);
        let own = own.filter(|own| own.moderates());
        memory.grant.or(elected).or(own)
    }

    /// What they keep of it when they leave.
    fn keeps(&self, room: &RoomJid, jid: &str) -> Option<Affiliation> {
        let elected = self
            .held(room, jid)
            .is_some_and(|memory| memory.elected && memory.grant.is_none());
        self.power(room, jid).filter(|_| !elected)
    }

    /// Whether gavel may make somebody a moderator.
    pub fn promotable(&self, room: &RoomJid, jid: &str) -> bool {
        let restored = |memory: &Memory| memory.unban && memory.kept.is_some();
        self.power(room, jid).is_some() || self.held(room, jid).is_some_and(restored)
    }

    /// What somebody should have in the end.
    pub fn allowed(&self, room: &RoomJid, jid: &str) -> Allowed {
        let none = Memory::default();
        let memory = self.held(room, jid).unwrap_or(&none);
        let low = match memory.unban {
            true => Allowed::NotBanned,
            false => Allowed::AtMost(Affiliation::Member),
        };
        let guests = match self.policy.guests {
            Guests::Strip => low,
            // What a right gave goes with it.
            Guests::Ignore if memory.lapsed => low,
            Guests::Ignore => Allowed::Anything,
        };
        if !self.present(room, jid) {
            return memory.kept.map_or(guests, Allowed::AtMost);
        }
        if memory.shown == Some(Affiliation::Outcast) && !memory.unban {
            // A just ban of somebody who is still in a breakout room.
            return Allowed::Exactly(Affiliation::Outcast);
        }
        let own = self.token(room, jid);
        if let Some(grant) = memory.grant {
            let own = own.is_some_and(|kind| kind == Kind::Owner);
            return Allowed::Exactly(if own { Affiliation::Owner } else { grant });
        }
        if memory.elected {
            return Allowed::Exactly(Affiliation::Owner);
        }
        let own = match own {
            Some(Kind::Owner) => Affiliation::Owner,
            Some(Kind::Member) => Affiliation::Member,
            None => return guests,
        };
        match memory.step_down {
            Some(cap) if cap < own && cap.moderates() => Allowed::Exactly(cap),
            // B5: nobody is thrown out for it.
            Some(cap) if cap < own && self.members_only.contains(&self.main(room)) => low,
            // Nothing tells who is a member of those who are in a breakout room.
            Some(cap) if cap < own && memory.doubted => low,
            Some(cap) if cap < own => Allowed::AtMost(cap),
            _ if own == Affiliation::Owner => Allowed::Exactly(own),
            // B6
            _ if self.seats_of(room, jid).all(|s| s.role == Role::Visitor) => low,
            _ => Allowed::Exactly(own),
        }
    }

    /// Everybody a room's end or start concerns.
    pub fn people(&self, room: &RoomJid) -> BTreeSet<String> {
        let known = self.memory.keys();
        known
            .filter(|(main, _)| main == room)
            .map(|(_, jid)| jid.clone())
            .collect()
    }
}
