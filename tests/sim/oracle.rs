//! What everybody should have, by the letter of the specification and from what
//! gavel was told, and nothing else: no code of the engine is asked.

use super::claims::Kind;
use super::room::{Written, bare};
use super::server::COMPONENT;
use gavel::muc::{Affiliation, Role, RoomJid};
use gavel::policy::{Grants, Guests, Policy};
use gavel::stanza::{Actor, Inbound, Item, MessageKind, MucUser, Presence, PresenceKind};
use std::collections::{BTreeMap, BTreeSet};

/// One occupant.
#[derive(Debug, Clone)]
pub(super) struct Seat {
    pub(super) bare: String,
    pub(super) kind: Option<Kind>,
    pub(super) role: Role,
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
    /// An unjust ban is to be undone.
    pub(super) unban: bool,
    pub(super) shown: Option<Affiliation>,
    user: Option<String>,
    left_at: Option<u64>,
    /// gavel has lost sight of them.
    lost: bool,
    /// gavel has been out of the main room since.
    doubted: bool,
    /// What they could do before gavel lost sight of them.
    before: Option<Affiliation>,
    /// Another device has taken over.
    moved: bool,
    /// Elected, as gavel says, and found right.
    pub(super) elected: bool,
    /// They were entitled to moderate when last looked at.
    pub(super) entitled: bool,
    /// What they were entitled to is over, and to be taken back.
    pub(super) lapsed: bool,
    /// When they came; for the order of elections.
    pub(super) since: Option<u64>,
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
    /// Rooms that gavel is in and knows too little of.
    pub(super) blind: BTreeSet<RoomJid>,
    pub(super) mains: BTreeMap<RoomJid, RoomJid>,
    joined: BTreeSet<RoomJid>,
}

impl Oracle {
    pub fn new(policy: Policy) -> Self {
        Self {
            policy,
            seats: BTreeMap::new(),
            memory: BTreeMap::new(),
            blind: BTreeSet::new(),
            mains: BTreeMap::new(),
            joined: BTreeSet::new(),
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
        let kinds = self.seats_of(room, jid).filter_map(|seat| seat.kind);
        kinds.max_by_key(|kind| matches!(kind, Kind::Owner))
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

    /// gavel is told this. `ready` says that it was in the room, and knew what
    /// kind of room it is.
    pub fn see(&mut self, now: u64, stanza: &Inbound, payloads: &[Written], ready: bool) {
        match stanza {
            Inbound::Presence(presence) => self.presence(now, presence, payloads, ready),
            Inbound::Message(message) => {
                let room = RoomJid::parse(&message.from);
                let user = message.muc_user.as_ref();
                let normal = message.kind == MessageKind::Normal;
                if let (Some(room), Some(user), true) = (room, user, normal) {
                    user.items
                        .iter()
                        .for_each(|item| self.announced(&room, item, ready));
                }
            }
            Inbound::Iq(_) => {}
        }
    }

    /// What is set in a breakout room changes nothing there.
    fn announced(&mut self, room: &RoomJid, item: &Item, ready: bool) {
        let jid = bare(item.jid.as_deref().unwrap());
        if Self::infrastructure(&jid) || self.mains.contains_key(room) {
            return;
        }
        let memory = self.memory(room, &jid);
        memory.shown.get_or_insert(Affiliation::None);
        self.changed(room, &jid, item.affiliation.unwrap(), None, ready);
    }

    fn presence(&mut self, now: u64, presence: &Presence, payloads: &[Written], ready: bool) {
        let Some((room, nick)) = presence.from.split_once('/') else {
            return;
        };
        let room = RoomJid::parse(room).unwrap();
        let Some(user) = &presence.muc_user else {
            return;
        };
        if user.has_status(110) {
            return self.own(now, &room, presence, user);
        }
        let item = user.items[0].clone();
        let jid = bare(item.jid.as_deref().unwrap());
        if Self::infrastructure(&jid) {
            return;
        }
        let unknown = self.mains.contains_key(&room) && !ready;
        if unknown && presence.kind == PresenceKind::Unavailable {
            // Nobody can say yet whose breakout room it was.
            if let Some(seats) = self.seats.get_mut(&room) {
                seats.remove(nick);
            }
            return;
        }
        if presence.kind == PresenceKind::Unavailable {
            return self.gone(now, &room, nick, &item, user);
        }
        let back = !self.present(&room, &jid);
        let key: usize = std::str::from_utf8(&presence.raw).unwrap().parse().unwrap();
        let ticket = payloads[key].ticket.clone();
        let role = item.role.unwrap();
        let old = self.seats.entry(room.clone()).or_default().insert(
            nick.to_owned(),
            Seat {
                bare: jid.clone(),
                kind: ticket.as_ref().map(|ticket| ticket.kind),
                role,
            },
        );
        let actor = item.actor.as_ref();
        let affiliation = item.affiliation.unwrap();
        let rose = old.as_ref().is_some_and(|seat| seat.role < role);
        self.changed(&room, &jid, affiliation, actor, ready);
        if rose && role == Role::Moderator && !affiliation.moderates() && ready {
            self.judge(&room, &jid, affiliation, Affiliation::Owner, actor);
        }
        let memory = self.memory(&room, &jid);
        if !unknown {
            memory.since.get_or_insert(now);
        }
        let lost = back && std::mem::take(&mut memory.lost);
        if back && !unknown {
            memory.kept = None;
            if !lost {
                memory.user = None;
            }
            memory.before = None;
            memory.moved = false;
        }
        memory.left_at = None;
        let user = ticket.and_then(|ticket| ticket.user);
        let appears = back && !lost || user.is_some() && memory.user != user;
        memory.user = user.or(memory.user.take());
        if appears {
            self.follow(now, &room, &jid);
        }
    }

    /// gavel's own presence.
    fn own(&mut self, now: u64, room: &RoomJid, presence: &Presence, user: &MucUser) {
        if presence.kind == PresenceKind::Available {
            self.joined.insert(room.clone());
            return;
        }
        self.lose(now, room);
        if user.destroyed {
            self.end(room);
        }
    }

    /// gavel sees a room no more.
    pub fn lose(&mut self, now: u64, room: &RoomJid) {
        if self.joined.remove(room) && !self.mains.contains_key(room) {
            let memories = self.memory.iter_mut();
            let meeting = memories.filter(|((main, _), _)| main == room);
            meeting.for_each(|(_, memory)| memory.doubted = true);
        }
        let nicks: Vec<String> = match self.seats.get(room) {
            Some(seats) => seats.keys().cloned().collect(),
            None => return,
        };
        let jids: Vec<String> = self.seats[room].values().map(|s| s.bare.clone()).collect();
        for jid in jids {
            // They leave gavel's sight all at once.
            let power = self.keeps(room, &jid);
            let memory = self.memory(room, &jid);
            memory.before = power.max(memory.before);
        }
        for nick in nicks {
            self.unseat(now, room, &nick, false);
        }
    }

    pub fn lose_all(&mut self, now: u64) {
        let rooms: Vec<RoomJid> = self.seats.keys().cloned().collect();
        rooms.iter().for_each(|room| self.lose(now, room));
        self.memory
            .values_mut()
            .for_each(|memory| memory.shown = None);
    }

    /// gavel is another process, which does not know whom it had seen.
    pub fn forget_lost(&mut self) {
        self.memory
            .values_mut()
            .for_each(|memory| memory.lost = false);
    }

    /// Everything ends with the meeting.
    pub fn end(&mut self, room: &RoomJid) {
        self.memory.retain(|(main, _), _| main != room);
        self.seats.remove(room);
    }

    fn gone(&mut self, now: u64, room: &RoomJid, nick: &str, item: &Item, user: &MucUser) {
        if let (true, Some(new)) = (user.has_status(303), &item.nick) {
            let seats = self.seats.entry(room.clone()).or_default();
            if let Some(seat) = seats.remove(nick) {
                seats.insert(new.clone(), seat);
            }
            return;
        }
        let jid = bare(item.jid.as_deref().unwrap());
        let actor = item.actor.as_ref();
        self.changed(room, &jid, item.affiliation.unwrap(), actor, true);
        if user.has_status(307) {
            self.memory(room, &jid).grant = None;
        }
        self.unseat(now, room, nick, true);
    }

    fn unseat(&mut self, now: u64, room: &RoomJid, nick: &str, left: bool) {
        let Some(seat) = self.seats.get(room).and_then(|seats| seats.get(nick)) else {
            return;
        };
        let jid = seat.bare.clone();
        let power = self.keeps(room, &jid);
        self.seats.get_mut(room).unwrap().remove(nick);
        if !self.present(room, &jid) {
            let memory = self.memory(room, &jid);
            let before = memory.before.take();
            memory.left_at = Some(now);
            memory.lost = !left;
            memory.since = memory.since.filter(|_| !left);
            if memory.shown != Some(Affiliation::Outcast) {
                memory.kept = if left { power } else { power.max(before) };
            }
            if memory.moved {
                memory.kept = None;
                if left {
                    (memory.grant, memory.step_down) = (None, None);
                }
            }
        }
    }

    /// B3: grant and step-down follow a user to another JID.
    fn follow(&mut self, now: u64, room: &RoomJid, jid: &str) {
        let main = self.main(room);
        let memory = self.memory(room, jid);
        let user = memory.user.clone();
        if memory.grant.is_some() || memory.step_down.is_some() || user.is_none() {
            return;
        }
        let present = |other: &str| self.seats_of(room, other).next().is_some();
        let mut others = self.memory.iter();
        let old = others.find(|((meeting, other), memory)| {
            let recent = memory.left_at.is_some_and(|at| now <= at + 60_000);
            *meeting == main
                && other != jid
                && memory.user == user
                && (memory.grant.is_some() || memory.step_down.is_some())
                && (recent || present(other))
        });
        let Some((key, old)) = old.map(|(key, memory)| (key.clone(), memory.clone())) else {
            return;
        };
        let gone = !self.present(room, &key.1);
        let taken = self.memory.get_mut(&key).unwrap();
        taken.moved = true;
        if gone {
            // What has followed is not kept, too; whoever was only out of sight
            // appears anew, and has it back from the other.
            (taken.grant, taken.step_down, taken.kept) = (None, None, None);
            taken.lost = false;
        }
        let memory = self.memory(room, jid);
        (memory.grant, memory.by_elected) = (old.grant, old.by_elected);
        memory.step_down = old.step_down;
        memory.moved = false;
    }

    fn changed(
        &mut self,
        room: &RoomJid,
        jid: &str,
        new: Affiliation,
        actor: Option<&Actor>,
        ready: bool,
    ) {
        // A breakout room shows what the main room tells.
        let breakout = self.mains.contains_key(room);
        let told = breakout && self.joined.contains(&self.main(room));
        let known = self.memory(room, jid).shown;
        let doubted = self.memory(room, jid).doubted;
        if told && known.is_some() && !doubted {
            return;
        }
        let doubted = std::mem::take(&mut self.memory(room, jid).doubted);
        let old = self.memory(room, jid).shown.replace(new);
        let old = old.filter(|_| !doubted || actor.is_some());
        // Of somebody never seen before, only a change by somebody is one.
        if ready && old != Some(new) && (old.is_some() || actor.is_some()) {
            let old = old.unwrap_or(Affiliation::None);
            self.judge(room, jid, old, new, actor);
        }
    }

    /// B3, B4: what a change by somebody comes to.
    fn judge(
        &mut self,
        room: &RoomJid,
        jid: &str,
        old: Affiliation,
        new: Affiliation,
        actor: Option<&Actor>,
    ) {
        let by = actor.and_then(|actor| actor.jid.as_deref()).map(bare);
        if by.as_deref().is_some_and(|by| by.ends_with(COMPONENT)) {
            self.memory(room, jid).unban &= new == Affiliation::Outcast;
            return;
        }
        if new > Affiliation::Outcast {
            self.memory(room, jid).unban = false;
        }
        let person = by.as_deref().filter(|by| !Self::infrastructure(by));
        let entitled = person.is_some_and(|by| self.power(room, by).is_some());
        let power = self.power(room, jid);
        let granted = self.memory(room, jid).grant.is_some();
        let by_elected = person.is_some_and(|by| self.power_is_elected(room, by));
        let elected = self.memory(room, jid).elected;
        let host = power == Some(Affiliation::Owner) && !granted && !elected
            || granted && self.token(room, jid) == Some(Kind::Owner);
        let by_self = person == Some(jid);
        let protect = self.policy.protect_hosts;
        let level = match self.policy.grants {
            Grants::Owner => Some(Affiliation::Owner),
            Grants::Admin => Some(Affiliation::Admin),
            Grants::None => None,
        };
        let present = self.present(room, jid);
        let owner = self.token(room, jid) == Some(Kind::Owner);
        let memory = self.memory(room, jid);
        if new > old {
            if new.moderates() && entitled && level.is_some() {
                memory.step_down = None;
                memory.moved = false;
                if !owner {
                    memory.by_elected = by_elected;
                }
                memory.grant = level.filter(|_| !owner).or(memory.grant);
                memory.kept = level.filter(|_| !present);
            }
            return;
        }
        if new == Affiliation::Outcast {
            memory.grant = None;
            memory.kept = None;
            let unjust = person.is_some() && !entitled || host && (protect || !entitled);
            memory.unban = unjust && !by_self;
            if host && memory.unban {
                memory.kept = Some(Affiliation::Owner);
            }
            return;
        }
        if by_self && old.moderates() {
            memory.grant = None;
            memory.step_down = Some(new);
        } else if entitled {
            memory.grant = None;
            memory.kept = memory.kept.filter(|_| host && protect);
            if elected || memory.step_down.is_some() || host && !protect {
                memory.step_down = Some(new);
            }
        }
    }
}
