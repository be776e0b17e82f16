//! The people in a room: presence from occupant JIDs.

use super::event::{Changed, Left, Place, RoomEvent, Written};
use super::occupant::{Held, Occupant};
use super::part::RoomPart;
use super::{Membership, Room};
use crate::engine::settings::Freeze;
use crate::engine::warning::Warning;
use crate::muc::{Affiliation, BareJid, Nick, RealJid, Role, RoomJid, status};
use crate::stanza::{Actor, Item, MucUser, Presence, PresenceKind};
use bytes::Bytes;

impl RoomPart<'_> {
    /// Takes a presence.
    pub fn presence(&mut self, presence: Presence) {
        let Some((_, room, resource)) = self.settings.locate(&presence.from) else {
            return;
        };
        let nick = resource.unwrap_or_default().to_owned();
        let left_out = presence.left_out;
        self.take_presence(&room, &nick, presence);
        // A part that somebody's own presence lacks would be missing from it again.
        let again = self
            .rooms
            .get(&room)
            .is_some_and(|room| room.roll.is_some());
        if left_out.room || left_out.matters() && !again {
            self.doubt(&room);
        }
    }

    fn take_presence(&mut self, room: &RoomJid, nick: &str, mut presence: Presence) {
        if !presence.whole {
            // gavel sends nothing back that it has not read whole.
            presence.raw = Bytes::new();
        }
        match &presence.kind {
            PresenceKind::Error(error) => {
                if self.is_joining_as(room, nick) {
                    self.join_failed(room, error);
                }
            }
            _ if nick.is_empty() => {}
            PresenceKind::Available => {
                self.heard_from(room);
                self.available(room, nick, presence);
            }
            PresenceKind::Unavailable => {
                self.heard_from(room);
                self.unavailable(room, nick, &presence);
            }
            PresenceKind::Other => {}
        }
    }

    /// Errors of a join come from the occupant JID it was sent to, or from the
    /// room.
    fn is_joining_as(&self, room: &RoomJid, nick: &str) -> bool {
        let room = self.rooms.get(room);
        room.is_some_and(|room| nick.is_empty() || room.nick.as_str() == nick)
    }

    fn available(&mut self, jid: &RoomJid, nick: &str, presence: Presence) {
        let Some(user) = &presence.muc_user else {
            return;
        };
        if user.has_status(status::SELF_PRESENCE) {
            return self.own_presence(jid, nick, &presence);
        }
        let follows =
            |room: &&mut Room| matches!(room.membership, Membership::In | Membership::Joining);
        let Some(room) = self.rooms.get_mut(jid).filter(follows) else {
            return self.stay(jid);
        };
        let nick = Nick::new(nick);
        room.sees(&nick);
        if room.occupants.contains_key(&nick) {
            self.updated(jid, &nick, presence);
        } else {
            self.arrived(jid, nick, presence);
        }
    }

    fn arrived(&mut self, jid: &RoomJid, nick: Nick, presence: Presence) {
        let user = presence.muc_user.as_ref();
        let items = user.map(|user| &*user.items).unwrap_or_default();
        let item = items.first().cloned().unwrap_or_default();
        let real = item.jid.as_deref().and_then(RealJid::parse);
        let infrastructure = real
            .as_ref()
            .is_some_and(|real| self.settings.infrastructure.contains(real));
        let ready = self.rooms.get(jid).is_some_and(Room::is_ready);
        let raw = match ready {
            true => presence.raw,
            false => self.kept(&presence.raw),
        };
        let id = presence.id;
        let held = Held {
            evidence: presence.evidence,
            written: Written { id, raw },
        };
        let occupant = Occupant {
            machine: presence.machine && self.settings.believes_machine(real.as_ref()),
            real,
            sessions: sessions(items),
            affiliation: item.affiliation.unwrap_or(Affiliation::None),
            role: item.role.unwrap_or(Role::None),
            display_name: presence.display_name,
            infrastructure,
            held: (!infrastructure).then(|| Box::new(held)),
            joined_at: self.now.unix_ms,
        };
        let Some(room) = self.rooms.get_mut(jid) else {
            return;
        };
        room.occupants.insert(nick.clone(), occupant);
        if !infrastructure {
            room.lonely_since = None;
        }
        if !ready {
            return;
        }
        if infrastructure {
            self.warn_without_module(jid);
        } else if let Some(came) = room.came(&nick, Some(&item), false) {
            self.out.emit(RoomEvent::Came(came));
        }
    }

    /// A presence to be held back: without the buffer it was read into, and nothing if
    /// names are free.
    fn kept(&self, raw: &Bytes) -> Bytes {
        match self.settings.freeze {
            Freeze::Off => Bytes::new(),
            Freeze::Revert | Freeze::Notify => Bytes::copy_from_slice(raw),
        }
    }

    fn updated(&mut self, jid: &RoomJid, nick: &Nick, presence: Presence) {
        let copy = self.rooms.get(jid).is_some_and(|room| !room.is_ready());
        let raw = match copy {
            true => self.kept(&presence.raw),
            false => presence.raw.clone(),
        };
        let Some(room) = self.rooms.get_mut(jid) else {
            return;
        };
        let main = room.meeting.clone().filter(|_| room.is_ready());
        let Some(occupant) = room.occupants.get_mut(nick) else {
            return;
        };
        let items = presence.muc_user.map(|user| user.items).unwrap_or_default();
        let item = items.first().cloned().unwrap_or_default();
        let real = item.jid.as_deref().and_then(RealJid::parse);
        let machine = presence.machine && self.settings.believes_machine(real.as_ref());
        let same_person =
            real.as_ref().map(RealJid::bare_str) == occupant.real.as_ref().map(RealJid::bare_str);
        if !same_person {
            // The nick changed hands without a leave that we saw.
            self.left(jid, nick, Leave::default());
            let presence = Presence {
                muc_user: Some(MucUser {
                    items,
                    ..MucUser::default()
                }),
                ..presence
            };
            return self.arrived(jid, nick.clone(), presence);
        }
        let role = item.role.unwrap_or(occupant.role);
        let was = std::mem::replace(&mut occupant.role, role);
        occupant.machine = machine;
        if occupant.real != real {
            occupant.real.clone_from(&real);
        }
        occupant.sessions = sessions(&items);
        occupant.affiliation = item.affiliation.unwrap_or(occupant.affiliation);
        occupant.display_name = presence.display_name;
        if occupant.infrastructure {
            return;
        }
        let written = Written {
            id: presence.id,
            raw,
        };
        let Some(main) = main else {
            let mut evidence = presence.evidence;
            occupant.keep_given(&mut evidence);
            occupant.held = Some(Box::new(Held { evidence, written }));
            return;
        };
        let Some(real) = real else {
            return;
        };
        self.out.emit(RoomEvent::Changed(Box::new(Changed {
            place: Place {
                room: jid.clone(),
                nick: nick.clone(),
                main,
                bare: real.bare(),
            },
            real,
            was,
            role,
            machine,
            affiliation: item.affiliation,
            actor: item.actor,
            evidence: presence.evidence,
            written,
        })));
    }

    fn unavailable(&mut self, jid: &RoomJid, nick: &str, presence: &Presence) {
        let empty = MucUser::default();
        let user = presence.muc_user.as_ref().unwrap_or(&empty);
        if self.is_own_leave(jid, nick, user) {
            return self.own_leave(jid, user);
        }
        let nick = Nick::new(nick);
        let item = user.items.first().cloned().unwrap_or_default();
        let renamed = item.nick.as_deref().map(Nick::new);
        if let (true, Some(new)) = (user.has_status(status::NICK_CHANGED), renamed) {
            return self.renamed(jid, &nick, new);
        }
        self.hold_ban(jid, &nick, &item);
        let leave = Leave {
            jid: item.jid.as_deref().and_then(BareJid::parse),
            affiliation: item.affiliation,
            actor: item.actor,
            kicked: user.has_status(status::KICKED),
        };
        self.left(jid, &nick, leave);
        self.leave_if_lonely(jid);
    }

    fn is_own_leave(&self, jid: &RoomJid, nick: &str, user: &MucUser) -> bool {
        let items = user.items.iter();
        let own_item = items
            .filter_map(|item| item.jid.as_deref())
            .any(|jid| self.settings.is_own(jid));
        let own_nick = || {
            let room = self.rooms.get(jid);
            room.is_some_and(|room| room.is_in() && room.nick.as_str() == nick)
        };
        user.has_status(status::SELF_PRESENCE) || own_item || (user.destroyed && own_nick())
    }

    /// gavel's own unavailable presence: it left, was put out, or the room has
    /// ended.
    fn own_leave(&mut self, jid: &RoomJid, user: &MucUser) {
        let inside = self.rooms.get(jid).is_some_and(Room::is_in);
        if user.destroyed {
            return self.room_ended(jid);
        }
        if user.has_status(status::NICK_CHANGED) {
            return;
        }
        if !inside {
            return self.has_left(jid);
        }
        let codes = [
            status::BANNED,
            status::KICKED,
            status::REMOVED_AFFILIATION,
            status::REMOVED_MEMBERS_ONLY,
        ];
        let own_first = codes.iter().any(|code| user.has_status(*code));
        self.expelled(jid, own_first);
    }

    fn renamed(&mut self, jid: &RoomJid, old: &Nick, new: Nick) {
        let Some(room) = self.rooms.get_mut(jid) else {
            return;
        };
        room.sees(old);
        let Some(occupant) = room.occupants.remove(old) else {
            return;
        };
        let bare = occupant.bare().filter(|_| !occupant.infrastructure);
        room.occupants.insert(new.clone(), occupant);
        if let (Some(bare), Some(main)) = (bare, room.meeting.clone()) {
            let room = jid.clone();
            let place = Place {
                room,
                nick: new,
                main,
                bare,
            };
            let from = old.clone();
            self.out.emit(RoomEvent::Renamed { place, from });
        }
    }

    /// An occupant is no longer there.
    pub(super) fn left(&mut self, jid: &RoomJid, nick: &Nick, leave: Leave) {
        let Some(room) = self.rooms.get_mut(jid) else {
            return;
        };
        let (main, ready) = (room.meeting.clone(), room.is_ready());
        let occupant = room.occupants.remove(nick);
        let shown = occupant.as_ref().and_then(|o| o.shown());
        let known = occupant.and_then(|o| o.bare());
        match (main, known.clone().or(leave.jid)) {
            (Some(main), Some(bare)) => {
                let (room, nick) = (jid.clone(), nick.clone());
                self.out.emit(RoomEvent::Left(Box::new(Left {
                    place: Place {
                        room,
                        nick,
                        main,
                        bare,
                    },
                    affiliation: leave.affiliation.filter(|_| ready),
                    actor: leave.actor,
                    kicked: leave.kicked,
                    shown,
                })));
            }
            (None, _) => {
                if let Some(bare) = known {
                    let kicked = leave.kicked.then_some(leave.actor);
                    self.left_unjudged(jid, &bare, kicked);
                }
            }
            (Some(_), None) => {}
        }
    }

    /// Says once per service that an occupant component breaks something in Jitsi.
    pub(super) fn warn_without_module(&mut self, jid: &RoomJid) {
        let Some(room) = self.rooms.get(jid).filter(|room| !room.module) else {
            return;
        };
        if room.has_focus() {
            let service = jid.service().to_owned();
            self.out.warn_once(Warning::FocusWithoutModule { service });
        }
    }
}

/// How somebody leaves.
#[derive(Default)]
pub(super) struct Leave {
    /// Their real bare JID, if the room says it.
    jid: Option<BareJid>,
    affiliation: Option<Affiliation>,
    actor: Option<Actor>,
    kicked: bool,
}

/// How many sessions are behind a nick: one item each.
fn sessions(items: &[Item]) -> u32 {
    u32::try_from(items.len()).unwrap_or(u32::MAX).max(1)
}
