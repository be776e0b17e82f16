//! Who is in a room: presence from occupant JIDs.

use super::Warning;
use super::room::{Membership, Occupant, Room};
use super::{Engine, change::RoleChange};
use crate::muc::{Affiliation, BareJid, Nick, RealJid, Role, RoomJid, status};
use crate::stanza::{DisplayName, Item, MucUser, Presence, PresenceKind};
use bytes::Bytes;

impl Engine {
    /// Takes a presence.
    pub(super) fn presence(&mut self, presence: Presence) {
        let Some((_, room, resource)) = self.locate(&presence.from) else {
            return;
        };
        let nick = resource.unwrap_or_default().to_owned();
        let left_out = presence.left_out;
        self.take_presence(&room, &nick, presence);
        // What somebody's own presence lacks would be missing from it again.
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
            // Nothing is sent back that was not read whole.
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
            return;
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
        let machine = presence.machine && self.settings.believes_machine(real.as_ref());
        let occupant = Occupant {
            machine,
            real,
            sessions: sessions(items),
            affiliation: item.affiliation.unwrap_or(Affiliation::None),
            role: item.role.unwrap_or(Role::None),
            display_name: presence.display_name,
            infrastructure,
            pending: (!infrastructure).then(|| Box::new(presence.evidence)),
            early: None,
            frozen: None,
            joined_at: self.now.unix_ms,
        };
        let Some(room) = self.rooms.get_mut(jid) else {
            return;
        };
        room.occupants.insert(nick.clone(), Box::new(occupant));
        if !infrastructure {
            room.lonely_since = None;
        }
        if !room.is_ready() {
            self.keep_payload(jid, &nick, &presence.raw);
            return;
        }
        if infrastructure {
            self.warn_without_module(jid);
            return;
        }
        self.take_seat(jid, &nick, Some(&item), false);
        self.judge_name(jid, &nick, presence.id.as_deref(), &presence.raw);
    }

    fn updated(&mut self, jid: &RoomJid, nick: &Nick, presence: Presence) {
        let Some(room) = self.rooms.get_mut(jid) else {
            return;
        };
        let ready = room.is_ready();
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
            self.gone(jid, nick);
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
        let from = std::mem::replace(&mut occupant.role, role);
        let declares = std::mem::replace(&mut occupant.machine, machine) != machine;
        occupant.real = real;
        occupant.sessions = sessions(&items);
        occupant.affiliation = item.affiliation.unwrap_or(occupant.affiliation);
        occupant.display_name = presence.display_name;
        if occupant.infrastructure {
            return;
        }
        let mut evidence = presence.evidence;
        Self::keep_given(occupant, &mut evidence);
        occupant.pending = Some(Box::new(evidence));
        if !ready {
            return self.keep_payload(jid, nick, &presence.raw);
        }
        if let Some(seat) = self.seat_mut(jid, nick) {
            (seat.role, seat.machine) = (role, machine);
        }
        self.examine(jid, nick, false);
        self.distinguish(jid, nick);
        if declares {
            self.mark_occupant(jid, nick);
        }
        self.shown(jid, nick, &item);
        if from != role {
            self.role_changed(jid, nick, &item, RoleChange { from, to: role });
        }
        self.judge_name(jid, nick, presence.id.as_deref(), &presence.raw);
    }

    fn mark_occupant(&mut self, jid: &RoomJid, nick: &Nick) {
        let meeting = self.rooms.get(jid).and_then(|room| room.meeting.clone());
        let bare = self.occupant(jid, nick).and_then(Occupant::bare);
        if let (Some(meeting), Some(bare)) = (meeting, bare) {
            self.mark(&meeting, &bare);
        }
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
        self.banned_early(jid, &nick, &item);
        self.shown(jid, &nick, &item);
        if user.has_status(status::KICKED) {
            self.kicked(jid, &nick, item.actor.as_ref());
        }
        self.gone(jid, &nick);
        self.leave_if_lonely(jid);
    }

    fn is_own_leave(&self, jid: &RoomJid, nick: &str, user: &MucUser) -> bool {
        let items = user.items.iter();
        let own_item = items
            .filter_map(|item| item.jid.as_deref())
            .any(|jid| self.is_own(jid));
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
        if !inside || user.has_status(status::NICK_CHANGED) {
            return;
        }
        let codes = [
            status::BANNED,
            status::KICKED,
            status::REMOVED_AFFILIATION,
            status::REMOVED_MEMBERS_ONLY,
        ];
        let own_first = codes.iter().any(|code| user.has_status(*code));
        self.put_out(jid, own_first);
    }

    fn renamed(&mut self, jid: &RoomJid, old: &Nick, new: Nick) {
        let Some(room) = self.rooms.get_mut(jid) else {
            return;
        };
        room.sees(old);
        let Some(mut occupant) = room.occupants.remove(old) else {
            return;
        };
        if let Some(frozen) = &mut occupant.frozen {
            frozen.nick_changed(&new);
        }
        let bare = occupant.bare();
        let meeting = room.meeting.clone();
        room.occupants.insert(new.clone(), occupant);
        self.permissions.rename(jid, old, &new);
        let (Some(bare), Some(meeting)) = (bare, meeting) else {
            return;
        };
        let person = self.person_mut(&meeting, &bare);
        if let Some(seat) = person.and_then(|person| person.seat_mut(jid, old)) {
            seat.nick = new.clone();
        }
        if let Some(meeting) = self.meetings.get_mut(&meeting) {
            let (from, to) = ((jid.clone(), old.clone()), (jid.clone(), new.clone()));
            meeting.names.moves(&from, &to);
        }
        self.watch_expiry(jid, &new);
        if self.settings.policy.reads_nick() {
            self.judge_again(jid, &new);
        }
    }

    /// An occupant is no longer there.
    pub(super) fn gone(&mut self, jid: &RoomJid, nick: &Nick) {
        let Some(room) = self.rooms.get_mut(jid) else {
            return;
        };
        let meeting = room.meeting.clone();
        let bare = room.occupants.get(nick).and_then(|o| o.bare());
        match (meeting, bare) {
            (Some(meeting), Some(bare)) => {
                self.unseat(&meeting, (jid, nick), &bare, true);
            }
            (None, Some(bare)) => self.left_unjudged(jid, &bare),
            (_, None) => {}
        }
        if let Some(room) = self.rooms.get_mut(jid) {
            room.occupants.remove(nick);
        }
        self.permissions.forget(jid, nick);
    }

    /// The room shows an occupant's affiliation.
    pub(super) fn shown(&mut self, jid: &RoomJid, nick: &Nick, item: &Item) {
        let Some(room) = self.rooms.get(jid).filter(|room| room.is_ready()) else {
            return;
        };
        let known = room.occupants.get(nick).and_then(|o| o.bare());
        let bare = item.jid.as_deref().and_then(BareJid::parse).or(known);
        if let (Some(bare), Some(affiliation)) = (bare, item.affiliation) {
            self.observe(jid, &bare, affiliation, item.actor.as_ref(), true);
        }
    }

    /// Says once per service what an occupant component breaks in Jitsi.
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

/// How many sessions are behind a nick: one item each.
fn sessions(items: &[Item]) -> u32 {
    u32::try_from(items.len()).unwrap_or(u32::MAX).max(1)
}

/// Whether a display name is one at all.
pub(super) fn is_shown(name: &DisplayName) -> bool {
    !matches!(name, DisplayName::Absent)
}
