//! Who leaves a room, or is banned from it, before gavel knows its configuration
//! and thus whose meeting it is.

use super::Engine;
use super::meeting::rights::{Event, Standing};
use super::room::Occupant;
use crate::muc::{Affiliation, BareJid, Nick, RoomJid};
use crate::stanza::Item;

/// A ban that waits until its subject and its actor can be judged.
#[derive(Debug)]
pub struct EarlyBan {
    bare: BareJid,
    item: Item,
    /// Where they were; none for somebody in another room of the meeting.
    nick: Option<Nick>,
    occupant: Option<Box<Occupant>>,
}

impl Engine {
    /// Somebody in a room that cannot be judged yet is banned from it.
    pub(super) fn banned_early(&mut self, jid: &RoomJid, nick: &Nick, item: &Item) {
        let outcast = item.affiliation == Some(Affiliation::Outcast);
        let Some(room) = self.rooms.get_mut(jid).filter(|_| outcast) else {
            return;
        };
        let judged = room.meeting.is_some();
        let occupant = room.occupants.get(nick).filter(|o| !o.infrastructure);
        let Some(bare) = occupant.and_then(|o| o.bare()).filter(|_| !judged) else {
            return;
        };
        room.early_bans.push(EarlyBan {
            bare: bare.clone(),
            item: item.clone(),
            nick: Some(nick.clone()),
            occupant: room.occupants.remove(nick),
        });
        self.left_unjudged(jid, &bare);
    }

    /// A ban of somebody who is not there, and is known to the meeting; or a ban is
    /// lifted, so that no more of them wait than stand.
    pub(super) fn announced_early(&mut self, jid: &RoomJid, bare: BareJid, item: &Item) {
        let known = self.person(jid, &bare).is_some();
        let Some(room) = self.rooms.get_mut(jid) else {
            return;
        };
        let waits = room.early_bans.iter().any(|ban| ban.bare == bare);
        if item.affiliation != Some(Affiliation::Outcast) {
            room.early_bans.retain(|ban| ban.bare != bare);
        } else if known && !waits {
            room.early_bans.push(EarlyBan {
                bare,
                item: item.clone(),
                nick: None,
                occupant: None,
            });
        }
    }

    /// Puts those back who have been banned before anybody could be judged: they are
    /// judged with the others, by what they came with. In a breakout room nobody is
    /// banned: the main room tells of it.
    pub(super) fn seat_banned(&mut self, jid: &RoomJid, main: &RoomJid) -> Vec<EarlyBan> {
        let Some(room) = self.rooms.get_mut(jid) else {
            return Vec::new();
        };
        let mut bans = std::mem::take(&mut room.early_bans);
        if jid != main {
            return Vec::new();
        }
        bans.retain(|ban| {
            let mut nicks = ban.nick.iter();
            !nicks.any(|nick| room.occupants.contains_key(nick))
        });
        for ban in &mut bans {
            if let (Some(nick), Some(occupant)) = (&ban.nick, ban.occupant.take()) {
                room.occupants.insert(nick.clone(), occupant);
            }
        }
        bans
    }

    /// Now that everybody is judged, they are banned.
    pub(super) fn ban_seated(&mut self, jid: &RoomJid, bans: Vec<EarlyBan>) {
        for ban in bans {
            let Some(nick) = ban.nick else {
                self.announced(jid, &ban.item);
                continue;
            };
            self.shown(jid, &nick, &ban.item);
            self.gone(jid, &nick);
        }
    }

    /// Somebody has left a room before anybody there was judged. They may have come
    /// with less than gavel knew of them.
    pub(super) fn left_unjudged(&mut self, jid: &RoomJid, bare: &BareJid) {
        let now = self.now.unix_ms;
        let person = self.person_mut(jid, bare);
        let Some(person) = person.filter(|person| !person.is_present()) else {
            return;
        };
        person.unsettled_since = None;
        person.role_taken = false;
        let (had, seen, at) = (Standing::ABSENT, true, now);
        self.apply(jid, bare, Event::Left { had, seen, at });
        self.succeed(jid, bare, true);
        self.mark(jid, bare);
    }
}
