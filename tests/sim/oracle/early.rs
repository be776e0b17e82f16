//! Bans of which gavel is told before it knows what kind of room it is in: they
//! count when it does, by what everybody had.

use super::super::room::bare;
use super::{Oracle, Seat};
use gavel::muc::{Affiliation, RoomJid};
use gavel::stanza::{Actor, Item};

/// Such a ban.
pub(super) struct Early {
    room: RoomJid,
    jid: String,
    /// Where they were, if they were in the room.
    seat: Option<(String, Seat)>,
    old: Option<Affiliation>,
    actor: Option<Actor>,
}

impl Early {
    pub(super) fn is_in(&self, room: &RoomJid) -> bool {
        self.room == *room
    }
}

impl Oracle {
    pub(super) fn early(&mut self, room: &RoomJid, nick: Option<&str>, item: &Item) {
        let jid = bare(item.jid.as_deref().unwrap());
        if item.affiliation != Some(Affiliation::Outcast) {
            return self
                .early
                .retain(|ban| (&ban.room, &ban.jid) != (room, &jid));
        }
        let seats = self.seats.get(room);
        let seat = nick.and_then(|nick| Some((nick.to_owned(), seats?.get(nick)?.clone())));
        let old = self.memory(room, &jid).shown;
        self.early.push(Early {
            room: room.clone(),
            jid,
            seat,
            old,
            actor: item.actor.clone(),
        });
    }

    /// gavel knows the room now.
    pub fn judge_early(&mut self, room: &RoomJid) {
        let all = std::mem::take(&mut self.early).into_iter();
        let (bans, others): (Vec<_>, _) = all.partition(|ban| ban.room == *room);
        self.early = others;
        for (nick, seat) in bans.iter().filter_map(|ban| ban.seat.clone()) {
            let seats = self.seats.entry(room.clone()).or_default();
            seats.entry(nick).or_insert(seat);
        }
        for ban in &bans {
            if ban.old != Some(Affiliation::Outcast) {
                let old = ban.old.unwrap_or(Affiliation::None);
                let actor = ban.actor.as_ref();
                self.judge(room, &ban.jid, old, Affiliation::Outcast, actor);
            }
        }
        for (nick, seat) in bans.into_iter().filter_map(|ban| ban.seat) {
            let seats = self.seats.entry(room.clone()).or_default();
            if seats
                .get(&nick)
                .is_some_and(|other| other.bare == seat.bare)
            {
                seats.remove(&nick);
            }
        }
    }
}
