//! Who is where and was when, as gavel is told of it.

use super::super::room::{Written, bare};
use super::{Oracle, Seat};
use gavel::muc::{Affiliation, Role, RoomJid};
use gavel::stanza::{Inbound, IqPayload, Item, MessageKind, MucUser, Presence, PresenceKind};

impl Oracle {
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
            Inbound::Iq(_) | Inbound::Unread(_) => {}
        }
    }

    /// gavel is answered with a list of a room's affiliations.
    pub fn listed(&mut self, room: &RoomJid, stanza: &Inbound) {
        let Inbound::Iq(iq) = stanza else {
            return;
        };
        let IqPayload::MucAdmin(items) = &iq.payload else {
            return;
        };
        for item in items {
            let jid = bare(item.jid.as_deref().unwrap());
            if !Self::infrastructure(&jid) {
                self.changed(room, &jid, item.affiliation.unwrap(), None, true);
            }
        }
    }

    /// What is set in a breakout room changes nothing there.
    fn announced(&mut self, room: &RoomJid, item: &Item, ready: bool) {
        let jid = bare(item.jid.as_deref().unwrap());
        if Self::infrastructure(&jid) || self.mains.contains_key(room) {
            return;
        }
        let memory = self.memory(room, &jid);
        if memory.doubted && memory.shown != Some(Affiliation::Outcast) {
            // What it was may be old, that it changes is not.
            memory.doubted = false;
            memory.shown = None;
        }
        memory.shown.get_or_insert(Affiliation::None);
        if !ready {
            self.early(room, None, item);
        }
        let actor = item.actor.as_ref();
        self.changed(room, &jid, item.affiliation.unwrap(), actor, ready);
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
            let outcast = item.affiliation == Some(Affiliation::Outcast);
            if outcast && !ready {
                self.early(&room, Some(nick), &item);
            }
            self.gone(now, &room, nick, &item, user, ready);
            if !ready && !self.present(&room, &jid) {
                // Nobody has looked at what they had.
                self.memory(&room, &jid).kept = None;
            }
            return;
        }
        let back = !self.present(&room, &jid);
        let key: usize = std::str::from_utf8(&presence.raw).unwrap().parse().unwrap();
        let ticket = payloads[key].ticket.clone();
        let role = item.role.unwrap();
        let seat = Seat {
            bare: jid.clone(),
            kind: ticket.as_ref().map(|ticket| ticket.kind),
            ends: ticket.as_ref().and_then(|ticket| self.end_of(ticket)),
            role,
            machine: payloads[key].machine && jid.ends_with("@sip.meet.jitsi"),
        };
        let seats = self.seats.entry(room.clone()).or_default();
        let old = seats.insert(nick.to_owned(), seat);
        let actor = item.actor.as_ref();
        let affiliation = item.affiliation.unwrap();
        let rose = old.as_ref().is_some_and(|seat| seat.role < role);
        self.changed(&room, &jid, affiliation, actor, ready);
        if rose && role == Role::Moderator && !affiliation.moderates() && ready {
            self.judge(&room, &jid, affiliation, Affiliation::Owner, actor);
        }
        let breakout = self.mains.contains_key(&room);
        let memory = self.memory(&room, &jid);
        memory.elsewhere |= breakout;
        if !unknown && memory.since.is_none() {
            (memory.since, memory.counts) = (Some(now), ready);
        }
        let lost = back && std::mem::take(&mut memory.lost);
        memory.unplaced |= back && unknown;
        if back && !unknown {
            memory.kept = None;
            if !lost {
                memory.user = None;
            }
            memory.before = None;
        }
        memory.left_at = None;
        let user = ticket.and_then(|ticket| ticket.user);
        memory.user = user.or(memory.user.take());
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
        self.early.retain(|ban| !ban.is_in(room));
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
            let (power, until) = (self.keeps(room, &jid), self.until(room, &jid));
            let memory = self.memory(room, &jid);
            if power > memory.before {
                (memory.before, memory.before_until) = (power, until);
            }
            memory.since = memory.since.filter(|_| memory.counts);
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

    fn gone(
        &mut self,
        now: u64,
        room: &RoomJid,
        nick: &str,
        item: &Item,
        user: &MucUser,
        ready: bool,
    ) {
        if let (true, Some(new)) = (user.has_status(303), &item.nick) {
            let seats = self.seats.entry(room.clone()).or_default();
            if let Some(seat) = seats.remove(nick) {
                seats.insert(new.clone(), seat);
            }
            return;
        }
        let jid = bare(item.jid.as_deref().unwrap());
        let actor = item.actor.as_ref();
        self.changed(room, &jid, item.affiliation.unwrap(), actor, ready);
        // A device switch kicks the old one, as the server.
        let switches = actor.is_none() && self.has_one_heir(room, &jid);
        if user.has_status(307) && !switches {
            let memory = self.memory(room, &jid);
            (memory.grant, memory.elected) = (None, false);
        }
        self.unseat(now, room, nick, true);
    }

    /// gavel has found out that somebody is gone.
    pub fn ghost(&mut self, now: u64, room: &RoomJid, nick: &str) {
        self.unseat(now, room, nick, true);
    }

    /// Who is in a room as gavel was told.
    pub fn nicks(&self, room: &RoomJid) -> Vec<String> {
        let seats = self.seats.get(room).into_iter();
        seats.flat_map(|seats| seats.keys().cloned()).collect()
    }

    fn unseat(&mut self, now: u64, room: &RoomJid, nick: &str, left: bool) {
        let Some(seat) = self.seats.get(room).and_then(|seats| seats.get(nick)) else {
            return;
        };
        let jid = seat.bare.clone();
        let (power, until) = (self.keeps(room, &jid), self.until(room, &jid));
        self.seats.get_mut(room).unwrap().remove(nick);
        if !self.present(room, &jid) {
            let memory = self.memory(room, &jid);
            let (before, before_until) = (memory.before.take(), memory.before_until.take());
            memory.left_at = Some(now);
            memory.lost = !left;
            memory.since = memory.since.filter(|_| !left);
            if memory.shown != Some(Affiliation::Outcast) {
                (memory.kept, memory.kept_until) = match left || power > before {
                    true => (power, until),
                    false => (before, before_until),
                };
            }
            let elected = memory.elected && memory.user.is_some();
            memory.left_elected = elected.then_some(now);
        }
    }
}
