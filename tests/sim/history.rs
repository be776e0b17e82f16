//! The rights that everybody should have, judged from the history of the news that gavel
//! got, by the letter of the specification: questions go back over it, and nobody asks the
//! engine.
//!
//! If the history leaves gavel's knowledge open (a ban told before the room's
//! configuration, somebody elected who was owner already), both are possible. So every
//! question has all answers that may be true, and gavel's action has to be right for one of
//! them.

mod debts;
mod elections;
mod fold;
mod grounds;
mod kept;
mod scene;
mod users;
mod verdict;

use super::room::{Written, bare};
use super::server::COMPONENT;
pub use fold::Allowed;
use fold::Facts;
use gavel::muc::{Affiliation, Role, RoomJid};
use gavel::policy::Policy;
use gavel::stanza::{Actor, Inbound, IqPayload, Item, MessageKind, Presence, PresenceKind};
pub use grounds::{Grant, Truth};
pub use scene::{By, Moment, Scene, Seat, What};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
pub use verdict::{CONDITIONS, judge, knows};

/// Answers that were given before, by moment and JID.
type Known<T> = RefCell<BTreeMap<(usize, String), T>>;

/// The events of one meeting.
pub struct Meeting {
    pub(super) main: RoomJid,
    /// gavel locks the room for want of a host: nobody there is left with `none` then.
    locks: bool,
    pub moments: Vec<Moment>,
    scene: Scene,
    facts: Known<Rc<Vec<Facts>>>,
    grants: Known<Vec<Option<Grant>>>,
    caps: Known<Vec<Option<Affiliation>>>,
    hosts: RefCell<BTreeMap<usize, Truth>>,
    /// The moments that are about each person; about nobody in particular by an empty name.
    about: BTreeMap<String, Vec<usize>>,
    /// The JIDs that have shown a user id, and the ids that a JID has shown.
    users: BTreeMap<String, BTreeSet<String>>,
    ids: BTreeMap<String, BTreeSet<String>>,
}

/// The history of all meetings.
pub struct History {
    pub policy: Rc<Policy>,
    locks: bool,
    pub meetings: BTreeMap<RoomJid, Meeting>,
    /// Breakout rooms and their main rooms.
    pub mains: BTreeMap<RoomJid, RoomJid>,
    /// Rooms that gavel is in and knows enough of.
    pub ready: BTreeSet<RoomJid>,
    joined: BTreeSet<RoomJid>,
    unix: u64,
}

/// Says whether somebody is a machine that gavel leaves alone.
pub fn is_infrastructure(jid: &str) -> bool {
    jid.ends_with("@auth.meet.jitsi") || jid.ends_with(COMPONENT)
}

/// The affiliation that a change to `new` is measured against if gavel has not seen it, and
/// whether that is sure.
fn unknown_before(new: Affiliation, by_self: bool, sure: bool) -> (Affiliation, bool) {
    match new {
        // Only a moderator changes themselves.
        _ if by_self && new < Affiliation::Owner => (Affiliation::Owner, sure),
        // They may have been more, or banned.
        Affiliation::None | Affiliation::Member => (Affiliation::Owner, false),
        _ => (Affiliation::None, sure),
    }
}

impl By {
    fn of(actor: Option<&Actor>) -> Self {
        match actor.and_then(|actor| actor.jid.as_deref()).map(bare) {
            Some(by) if by.ends_with(COMPONENT) => Self::Gavel,
            Some(by) if is_infrastructure(&by) => Self::Machine,
            Some(by) => Self::Person(by),
            None => Self::Nobody,
        }
    }
}

impl Meeting {
    fn push(&mut self, what: What, jid: &str, sure: bool) {
        if what != What::Nothing {
            let about = self.about.entry(jid.to_owned()).or_default();
            about.push(self.moments.len());
        }
        let seats = self.scene.seats_of(jid);
        for user in seats.filter_map(|(_, seat)| seat.ticket.as_ref()?.user.clone()) {
            let ids = self.ids.entry(jid.to_owned()).or_default();
            ids.insert(user.clone());
            self.users.entry(user).or_default().insert(jid.to_owned());
        }
        self.moments.push(Moment {
            scene: Rc::new(self.scene.clone()),
            what,
            jid: jid.to_owned(),
            sure,
            prior: self.moments.len().saturating_sub(1),
        });
    }

    /// Says whether gavel has asked the room, on this stream, to make somebody this, and
    /// nothing has changed since.
    fn was_asked(&self, jid: &str, affiliation: Affiliation) -> bool {
        let about = self.about.get(jid).into_iter().flatten().rev();
        let mut last = about.map(|k| &self.moments[*k]);
        let last = last.find(|m| matches!(m.what, What::Asked(_) | What::Change { .. }));
        last.is_some_and(|last| {
            last.what == What::Asked(affiliation) && last.scene.streams == self.scene.streams
        })
    }

    /// Says whether gavel has asked the room to take somebody's power, and the room has
    /// not shown that yet.
    fn is_being_lowered(&self, i: usize, jid: &str) -> bool {
        let about = self.about.get(jid).into_iter().flatten().rev();
        let mut last = about.filter(|k| **k <= i).map(|k| &self.moments[*k]);
        let last = last.find(|m| matches!(m.what, What::Asked(_) | What::Change { .. }));
        last.is_some_and(|last| {
            let lowers = matches!(last.what, What::Asked(to) if !to.moderates());
            lowers && last.scene.streams == self.moments[i].scene.streams
        })
    }

    /// When gavel has last asked the room to make somebody something.
    pub fn asked_last(&self, jid: &str) -> Option<usize> {
        let mut about = self.about.get(jid)?.iter().rev().copied();
        about.find(|k| matches!(self.moments[*k].what, What::Asked(_)))
    }

    /// The index of now.
    pub fn now(&self) -> usize {
        self.moments.len() - 1
    }

    pub fn scene(&self) -> &Scene {
        &self.scene
    }

    /// Everybody who was ever seen or named.
    pub fn people(&self) -> BTreeSet<String> {
        let jids = self.moments.iter().map(|moment| moment.jid.clone());
        jids.filter(|jid| !jid.is_empty()).collect()
    }
}

impl History {
    /// `locks` says that gavel locks rooms for want of a host.
    pub fn new(policy: Policy, locks: bool) -> Self {
        Self {
            policy: Rc::new(policy),
            locks,
            meetings: BTreeMap::new(),
            mains: BTreeMap::new(),
            ready: BTreeSet::new(),
            joined: BTreeSet::new(),
            unix: 0,
        }
    }

    pub fn main(&self, room: &RoomJid) -> RoomJid {
        self.mains.get(room).unwrap_or(room).clone()
    }

    /// So late it is by gavel's clock.
    pub fn pass(&mut self, unix: u64) {
        self.unix = unix;
    }

    /// The meeting of a room, with the present clock and knowledge of gavel.
    pub fn meeting(&mut self, room: &RoomJid) -> &mut Meeting {
        let (main, locks) = (self.main(room), self.locks);
        let meeting = self
            .meetings
            .entry(main.clone())
            .or_insert_with(|| Meeting {
                main: main.clone(),
                locks,
                moments: Vec::new(),
                scene: Scene::new(Rc::clone(&self.policy)),
                facts: RefCell::default(),
                grants: RefCell::default(),
                caps: RefCell::default(),
                hosts: RefCell::default(),
                about: BTreeMap::new(),
                users: BTreeMap::new(),
                ids: BTreeMap::new(),
            });
        let scene = &mut meeting.scene;
        let news = scene.unix != self.unix || scene.ready != self.ready;
        if news || meeting.moments.is_empty() {
            (scene.unix, scene.ready) = (self.unix, self.ready.clone());
            meeting.push(What::Nothing, "", true);
        }
        meeting
    }

    /// The configuration is another one.
    pub fn configure(&mut self, policy: Policy) {
        self.policy = Rc::new(policy);
        let mains: Vec<RoomJid> = self.meetings.keys().cloned().collect();
        for main in mains {
            let policy = Rc::clone(&self.policy);
            let meeting = self.meeting(&main);
            meeting.scene.policy = policy;
            meeting.push(What::Configured, "", true);
        }
    }

    /// An admin sets an override, until then, or clears it.
    pub fn overridden(&mut self, room: &RoomJid, jid: &str, set: Option<(Affiliation, u64)>) {
        self.meeting(room).push(What::Override(set), jid, true);
    }

    /// gavel asks the room to make somebody something.
    pub fn asked(&mut self, room: &RoomJid, jid: &str, affiliation: Affiliation) {
        self.meeting(room).push(What::Asked(affiliation), jid, true);
    }

    /// gavel is told this.
    pub fn see(&mut self, stanza: &Inbound, payloads: &[Written]) {
        match stanza {
            Inbound::Presence(presence) => self.presence(presence, payloads),
            Inbound::Message(message) => {
                let room = RoomJid::parse(&message.from);
                let user = message.muc_user.as_ref();
                let normal = message.kind == MessageKind::Normal;
                if let (Some(room), Some(user), true) = (room, user, normal) {
                    self.list(&room, &user.items, true);
                }
            }
            Inbound::Iq(_) | Inbound::Unread(_) => {}
        }
    }

    /// gavel is answered with a list of a room's affiliations.
    pub fn listed(&mut self, room: &RoomJid, stanza: &Inbound) {
        if let Inbound::Iq(iq) = stanza
            && let IqPayload::MucAdmin(items) = &iq.payload
        {
            self.list(room, items, false);
        }
    }

    /// A room shows somebody's affiliation; that may be a change, and is one if it is
    /// `announced`.
    fn shown(&mut self, room: &RoomJid, jid: &str, new: Affiliation, by: By, announced: bool) {
        if is_infrastructure(jid) {
            return;
        }
        let told = self.mains.contains_key(room) && self.joined.contains(&self.main(room));
        let ready = self.ready.contains(room);
        let sure = ready && !told;
        let unread = !ready && self.mains.contains_key(room);
        let meeting = self.meeting(room);
        let doubted = meeting.scene.doubted.remove(jid);
        let half_seen = meeting.scene.half_seen.remove(jid);
        if unread {
            meeting.scene.half_seen.insert(jid.to_owned());
        }
        let old = Rc::make_mut(&mut meeting.scene.shown).insert(jid.to_owned(), new);
        let told_by_nobody = by == By::Nobody;
        // The affiliation that gavel asked for last comes without an actor, too.
        let by = match told_by_nobody && meeting.was_asked(jid, new) {
            true => By::Gavel,
            false => by,
        };
        // gavel may not know what an unread breakout room has shown.
        let vague = half_seen && matches!(by, By::Person(_));
        if old == Some(new) && !vague || old.is_none() && told_by_nobody && !announced {
            return;
        }
        let by_self = by == By::Person(jid.to_owned());
        let sure = sure && !doubted && !vague;
        let unknown = unknown_before(new, by_self, sure);
        let known = old.map(|old| (old, sure));
        let first = known.is_none() || vague;
        let befores = first.then_some(unknown).into_iter().chain(known);
        let prior = meeting.now();
        for (old, sure) in befores.filter(|(old, _)| *old != new) {
            let by = by.clone();
            meeting.push(What::Change { old, new, by }, jid, sure);
            meeting.moments.last_mut().unwrap().prior = prior;
        }
    }

    fn presence(&mut self, presence: &Presence, payloads: &[Written]) {
        let Some((room, nick)) = presence.from.split_once('/') else {
            return;
        };
        let room = RoomJid::parse(room).unwrap();
        let Some(user) = &presence.muc_user else {
            return;
        };
        let available = presence.kind == PresenceKind::Available;
        if user.has_status(110) {
            match available {
                true => self.entered(room, presence),
                false if user.destroyed => self.end(&room),
                false => self.lose(&room),
            }
            return;
        }
        let item = &user.items[0];
        let jid = bare(item.jid.as_deref().unwrap());
        if is_infrastructure(&jid) {
            return;
        }
        if !available {
            return self.unavailable(&room, nick, item, &user.status);
        }
        let key: usize = std::str::from_utf8(&presence.raw).unwrap().parse().unwrap();
        let written = &payloads[key];
        let sure = self.ready.contains(&room);
        let meeting = self.meeting(&room);
        let place = (room.clone(), nick.to_owned());
        let role = item.role.unwrap();
        let seat = Seat {
            jid: jid.clone(),
            ticket: written.ticket.clone(),
            role,
            machine: written.machine && jid.ends_with("@sip.meet.jitsi"),
        };
        let came = !meeting.scene.is_present(&jid);
        let old = Rc::make_mut(&mut meeting.scene.seats).insert(place, seat);
        meeting.push(if came { What::Came } else { What::Updated }, &jid, sure);
        let affiliation = item.affiliation.unwrap();
        let by = By::of(item.actor.as_ref());
        self.shown(&room, &jid, affiliation, by.clone(), false);
        let had = old.map_or(role, |seat| seat.role);
        let rose = had < role && role == Role::Moderator;
        if rose && !affiliation.moderates() {
            let (old, new) = (affiliation, Affiliation::Owner);
            let meeting = self.meeting(&room);
            meeting.push(What::Change { old, new, by }, &jid, sure);
        } else if had == Role::Moderator && role < had && item.actor.is_some() {
            self.role_fell(&room, &jid, affiliation, by, sure);
        }
    }

    /// Some clients take back by role the rights that others take back by affiliation. A
    /// host loses no more than the role.
    fn role_fell(&mut self, room: &RoomJid, jid: &str, old: Affiliation, by: By, sure: bool) {
        let meeting = self.meeting(room);
        let facts = meeting.facts(meeting.now(), jid);
        let given = facts
            .iter()
            .map(|facts| facts.grant.is_some() || facts.elected);
        let given = Truth::of(given);
        if old.moderates() && given != Truth::No && by != By::Gavel {
            let new = Affiliation::Member;
            let sure = sure && given == Truth::Yes;
            meeting.push(What::Change { old, new, by }, jid, sure);
        }
    }

    /// gavel is in; the module may say who has power there.
    fn entered(&mut self, room: RoomJid, presence: &Presence) {
        let facts = presence.module.as_ref().and_then(|said| said.room.as_ref());
        let listed = facts.map(|facts| facts.affiliations.clone());
        self.joined.insert(room.clone());
        self.list(&room, listed.as_deref().unwrap_or_default(), false);
    }

    /// A main room names people and their affiliations, in a list, or as it is `announced`.
    /// An affiliation that is set in a breakout room changes nothing.
    fn list(&mut self, room: &RoomJid, items: &[Item], announced: bool) {
        if self.mains.contains_key(room) {
            return;
        }
        for item in items {
            let jid = bare(item.jid.as_deref().unwrap());
            let by = By::of(item.actor.as_ref());
            self.shown(room, &jid, item.affiliation.unwrap(), by, announced);
        }
    }

    fn unavailable(&mut self, room: &RoomJid, nick: &str, item: &Item, status: &[u16]) {
        let place = (room.clone(), nick.to_owned());
        if let (true, Some(new)) = (status.contains(&303), &item.nick) {
            let seats = Rc::make_mut(&mut self.meeting(room).scene.seats);
            if let Some(seat) = seats.remove(&place) {
                seats.insert((room.clone(), new.clone()), seat);
            }
            return;
        }
        let jid = bare(item.jid.as_deref().unwrap());
        let by = By::of(item.actor.as_ref());
        self.shown(room, &jid, item.affiliation.unwrap(), by.clone(), false);
        let sure = self.ready.contains(room);
        if status.contains(&307) {
            self.meeting(room).push(What::Kicked(by), &jid, sure);
        }
        self.ghost(room, nick);
    }

    /// The people in a room as gavel was told.
    pub fn nicks(&mut self, room: &RoomJid) -> Vec<String> {
        let seats = &self.meeting(room).scene.seats;
        let nicks = seats.keys().filter(|(seat, _)| seat == room);
        nicks.map(|(_, nick)| nick.clone()).collect()
    }

    /// Somebody has left.
    pub fn ghost(&mut self, room: &RoomJid, nick: &str) {
        let sure = self.ready.contains(room);
        let meeting = self.meeting(room);
        let place = (room.clone(), nick.to_owned());
        let Some(seat) = Rc::make_mut(&mut meeting.scene.seats).remove(&place) else {
            return;
        };
        match meeting.scene.is_present(&seat.jid) {
            true => meeting.push(What::Updated, &seat.jid, sure),
            false => meeting.push(What::Left, &seat.jid, sure),
        }
    }

    /// gavel sees a room no more.
    pub fn lose(&mut self, room: &RoomJid) {
        let seen = self.joined.remove(room) && !self.mains.contains_key(room);
        if self.meetings.contains_key(&self.main(room)) {
            self.out_of_sight(&self.main(room), |(seat, _)| seat == room, seen);
        }
    }

    /// gavel sees nothing more.
    pub fn lose_all(&mut self) {
        self.joined.clear();
        let mains: Vec<RoomJid> = self.meetings.keys().cloned().collect();
        for main in mains {
            self.out_of_sight(&main, |_| true, true);
            let scene = &mut self.meeting(&main).scene;
            Rc::make_mut(&mut scene.shown).clear();
            scene.half_seen.clear();
            scene.streams += 1;
        }
    }

    /// gavel starts anew, with what it has saved.
    pub fn restarted(&mut self) {
        for meeting in self.meetings.values_mut() {
            meeting.scene.restarts += 1;
        }
    }

    /// Seats go out of sight, all at once.
    fn out_of_sight(
        &mut self,
        main: &RoomJid,
        gone: impl Fn(&(RoomJid, String)) -> bool,
        doubted: bool,
    ) {
        let meeting = self.meeting(main);
        let prior = meeting.now();
        let scene = &mut meeting.scene;
        let before: BTreeSet<String> = scene.seats.values().map(|s| s.jid.clone()).collect();
        Rc::make_mut(&mut scene.seats).retain(|place, _| !gone(place));
        if doubted {
            scene.doubted.extend(scene.shown.keys().cloned());
        }
        for jid in before {
            if !meeting.scene.is_present(&jid) {
                meeting.push(What::Lost, &jid, true);
                meeting.moments.last_mut().unwrap().prior = prior;
            }
        }
    }

    /// Everything ends with the meeting.
    pub fn end(&mut self, room: &RoomJid) {
        self.joined.remove(room);
        match self.mains.contains_key(room) {
            true => self.lose(room),
            false => _ = self.meetings.remove(room),
        }
    }
}
