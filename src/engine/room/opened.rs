//! This file finds the meeting that a room belongs to, and holds events back until that is known.
//!
//! While gavel does not know a room's configuration, nobody in it can be judged. The room
//! goes on noting who is there. As soon as gavel knows the room's meeting, these people
//! come to it, and then the bans from before are replayed.

use super::Room;
use super::event::{Came, Left, Place, RoomEvent};
use super::held::HeldBan;
use super::occupant::{Held, Occupant};
use super::part::RoomPart;
use crate::muc::{Affiliation, BareJid, Nick, RoomJid};
use crate::stanza::{Actor, Item};

impl RoomPart<'_> {
    /// Somebody in a room that cannot be judged yet is banned from it.
    pub(super) fn hold_ban(&mut self, jid: &RoomJid, nick: &Nick, item: &Item) {
        let outcast = item.affiliation == Some(Affiliation::Outcast);
        let Some(room) = self.rooms.get_mut(jid).filter(|_| outcast) else {
            return;
        };
        let judged = room.meeting.is_some();
        let occupant = room.occupants.get(nick).filter(|o| !o.infrastructure);
        let Some(bare) = occupant.and_then(|o| o.bare()).filter(|_| !judged) else {
            return;
        };
        let occupant = room.occupants.remove(nick);
        room.held.hold(HeldBan {
            bare: bare.clone(),
            item: item.clone(),
            seat: occupant.map(|occupant| (nick.clone(), occupant)),
        });
        self.left_unjudged(jid, &bare, None);
    }

    /// A ban of somebody who is not there; or a ban is lifted.
    pub(super) fn hold_announced(&mut self, jid: &RoomJid, bare: BareJid, item: &Item) {
        let Some(room) = self.rooms.get_mut(jid) else {
            return;
        };
        if item.affiliation != Some(Affiliation::Outcast) {
            room.held.lift(&bare);
        } else if !room.held.holds(&bare) {
            room.held.hold(HeldBan {
                bare,
                item: item.clone(),
                seat: None,
            });
        }
    }

    /// Somebody has left a room before anybody there was judged. `kicked` names the kicker,
    /// if they were kicked.
    pub(super) fn left_unjudged(
        &mut self,
        jid: &RoomJid,
        bare: &BareJid,
        kicked: Option<Option<Actor>>,
    ) {
        self.out.emit(RoomEvent::LeftUnjudged {
            room: jid.clone(),
            bare: bare.clone(),
            kicked,
        });
    }

    /// Tells the meeting who is in a room, once gavel is in and knows which meeting it
    /// is.
    pub(super) fn open_if_ready(&mut self, jid: &RoomJid) {
        let Some(room) = self.rooms.get_mut(jid) else {
            return;
        };
        if !room.is_ready() || room.meeting.is_some() {
            return;
        }
        let facts = room.facts.clone().unwrap_or_default();
        let main = facts.main.unwrap_or_else(|| jid.clone());
        room.meeting = Some(main.clone());
        if main != *jid {
            let rooms = self.breakouts.entry(main.clone()).or_default();
            rooms.insert(jid.clone());
        }
        self.out.emit(RoomEvent::Opened {
            room: jid.clone(),
            main: main.clone(),
            meeting_id: facts.meeting_id,
        });
        let more_bans = self.tell_all(jid, &main);
        let room = self.rooms.get(jid);
        let outcasts = room.and_then(|room| room.listed_as(Affiliation::Outcast));
        let outcasts = outcasts.map(|items| self.people_in(&items));
        let told = outcasts.is_some();
        self.out.emit(RoomEvent::CaughtUp {
            room: jid.clone(),
            main: main.clone(),
            outcasts,
            more_bans,
        });
        self.warn_without_module(jid);
        if main != *jid {
            self.enter(&main);
        } else if told {
            self.read_lists(jid);
        }
    }

    /// Tells who is there, and then who was banned meanwhile. In a breakout room nobody
    /// is banned: the main room tells of it. Answers whether more were banned than could be
    /// held back.
    fn tell_all(&mut self, jid: &RoomJid, main: &RoomJid) -> bool {
        let Some(room) = self.rooms.get_mut(jid) else {
            return false;
        };
        let (mut bans, more) = room.held.take();
        bans.retain(|ban| {
            let back = |(nick, _): &(Nick, _)| room.occupants.contains_key(nick);
            jid == main && !ban.seat.as_ref().is_some_and(back)
        });
        let mut came: Vec<RoomEvent> = Vec::new();
        let nicks: Vec<Nick> = room.occupants.keys().cloned().collect();
        for nick in nicks {
            came.extend(room.came(&nick, None, true).map(RoomEvent::Came));
        }
        let mut ends = Vec::new();
        for HeldBan { bare, item, seat } in bans {
            let Some((nick, mut occupant)) = seat else {
                ends.push(RoomEvent::Announced {
                    room: jid.clone(),
                    bare,
                    affiliation: Affiliation::Outcast,
                    actor: item.actor,
                    held: true,
                });
                continue;
            };
            let event = came_of(jid, main, &nick, &mut occupant, room.module);
            came.extend(event.map(RoomEvent::Came));
            let (room, main) = (jid.clone(), main.clone());
            ends.push(RoomEvent::Left(Box::new(Left {
                place: Place {
                    room,
                    nick,
                    main,
                    bare,
                },
                affiliation: item.affiliation,
                actor: item.actor,
                kicked: false,
                shown: occupant.shown(),
            })));
        }
        came.sort_by(|a, b| nick_of(a).cmp(&nick_of(b)));
        for event in came {
            self.out.emit(event);
        }
        self.out.emit(RoomEvent::AllCame { room: jid.clone() });
        for event in ends {
            self.out.emit(event);
        }
        more
    }

    /// Takes a room out of its meeting; returns the main room of a breakout room.
    /// `moves` says that it belongs to another one from now on.
    pub(super) fn close(&mut self, jid: &RoomJid, moves: bool) -> Option<RoomJid> {
        let room = self.rooms.get_mut(jid)?;
        // A question from before gavel left may be refused.
        room.members_asked = false;
        let main = room.meeting.take()?;
        let occupants = room.occupants.iter();
        let shown = occupants.filter_map(|(nick, o)| Some((nick.clone(), o.shown()?)));
        self.out.emit(RoomEvent::LostSight {
            room: jid.clone(),
            main: main.clone(),
            moves,
            shown: shown.collect(),
        });
        if let Some(rooms) = self.breakouts.get_mut(&main) {
            rooms.remove(jid);
            if rooms.is_empty() {
                self.breakouts.remove(&main);
            }
        }
        Some(main).filter(|main| main != jid)
    }

    /// The meeting in this room is over. gavel may still be in breakout rooms of it.
    pub(super) fn end_meeting(&mut self, jid: &RoomJid) {
        let breakouts = self.breakouts.remove(jid).unwrap_or_default();
        for room in breakouts.iter().chain([jid]) {
            if let Some(room) = self.rooms.get_mut(room) {
                room.meeting = room.meeting.take().filter(|main| main != jid);
            }
        }
        self.out.emit(RoomEvent::Ended { room: jid.clone() });
    }

    /// Says whether gavel is in a breakout room of the main room `jid`.
    pub(super) fn has_breakout(&self, jid: &RoomJid) -> bool {
        self.breakouts.contains_key(jid)
    }
}

fn nick_of(event: &RoomEvent) -> Option<&Nick> {
    match event {
        RoomEvent::Came(came) => Some(&came.place.nick),
        _ => None,
    }
}

fn came_of(
    jid: &RoomJid,
    main: &RoomJid,
    nick: &Nick,
    occupant: &mut Occupant,
    module: bool,
) -> Option<Box<Came>> {
    if occupant.infrastructure {
        return None;
    }
    let real = occupant.real.clone()?;
    let held = occupant.held.take();
    let (evidence, written) = match held.map(|held| *held) {
        Some(Held { evidence, written }) => (Some(evidence), Some(written)),
        None => (None, None),
    };
    let bridge = evidence.as_ref().and_then(|e| e.bridge.as_ref());
    let given = bridge.and_then(|bridge| bridge.given).filter(|_| module);
    Some(Box::new(Came {
        place: Place {
            room: jid.clone(),
            nick: nick.clone(),
            main: main.clone(),
            bare: real.bare(),
        },
        real,
        role: occupant.role,
        affiliation: occupant.affiliation,
        machine: occupant.machine,
        at: occupant.joined_at,
        listed: true,
        actor: None,
        given: given.filter(|given| *given == occupant.affiliation),
        evidence,
        written,
    }))
}

impl Room {
    /// The event that somebody in the room has come; none for infrastructure, and for
    /// somebody whose real JID is not shown.
    pub(super) fn came(
        &mut self,
        nick: &Nick,
        item: Option<&Item>,
        listed: bool,
    ) -> Option<Box<Came>> {
        let main = self.meeting.clone()?;
        let occupant = self.occupants.get_mut(nick)?;
        let mut came = came_of(&self.jid, &main, nick, occupant, self.module)?;
        came.listed = listed;
        came.actor = item.and_then(|item| item.actor.clone());
        Some(came)
    }
}

#[cfg(test)]
mod tests;
