//! People without a token's name whose own looks like the token's name of somebody else
//! (`names.guests = "distinct"`) are shown under their name with "(guest)" behind it.
//!
//! It is kept for them as a token's name is for others, by the module or by sending
//! their presence back, and only as long as the name that they send looks like one.

use super::frozen::{Frozen, Guest};
use super::likeness::Seat;
use super::part::NamePart;
use crate::claims::TokenName;
use crate::engine::order::Order;
use crate::engine::task::Task;
use crate::muc::{BareJid, Nick, RoomJid};

/// The mark behind a name that is somebody else's.
const MARK: &str = " (guest)";
/// How long a name may be, in UTF-16 code units, so that with the mark it is no
/// longer than names that clients send.
const ROOM: usize = 50 - MARK.len();

/// The name shown for a guest whose own name looks like `name`.
fn marked(name: &str) -> String {
    let mut units = 0;
    let fits = |c: &char| {
        units += c.len_utf16();
        units <= ROOM
    };
    let cut: String = name.chars().take_while(fits).collect();
    format!("{}{MARK}", cut.trim_end())
}

impl NamePart<'_> {
    /// Says whether nobody may bear a name that looks like one from a token.
    fn distinguishes(&self) -> bool {
        self.known.settings.distinguishes()
    }

    /// Looks whose name somebody's looks like, after either may have changed.
    pub(super) fn distinguish(&mut self, jid: &RoomJid, nick: &Nick) {
        if !self.distinguishes() {
            return self.end_alias(jid, nick);
        }
        let main = self
            .known
            .rooms
            .get(jid)
            .and_then(|room| room.meeting.clone());
        let occupant = self.known.occupant(jid, nick);
        let Some(occupant) = occupant.filter(|o| !o.infrastructure) else {
            return;
        };
        let (Some(main), Some(bare)) = (main, occupant.bare()) else {
            return;
        };
        let place = (jid.clone(), nick.clone());
        let frozen = self.names.get(jid, nick);
        if let Some(own) = frozen.filter(|frozen| frozen.guest().is_none()) {
            let name = own.token().form().into_owned();
            return self.owns_name(&main, place, &bare, &name);
        }
        if self.awaits_key(jid, nick) {
            // gavel does not know yet who they are.
            return;
        }
        let shown = occupant.display_name.shown().unwrap_or_default();
        let sent = match frozen.and_then(|frozen| frozen.guest().map(|g| (frozen, g))) {
            Some((frozen, guest)) if frozen.token().matches(shown) => guest.sent.to_string(),
            _ => shown.to_owned(),
        };
        self.shows_name(&main, &place, &bare, sent);
    }

    /// Somebody has a name by their token: others who look like them are looked at.
    fn owns_name(&mut self, main: &RoomJid, place: Seat, bare: &BareJid, name: &str) {
        let alike = self.names.alike(main).owns(&place, bare, name);
        let mut unseen = Vec::new();
        for (room, nick) in alike {
            self.distinguish(&room, &nick);
            let module = self.known.rooms.get(&room).is_some_and(|room| room.module);
            if !module && !unseen.contains(&room) {
                unseen.push(room);
            }
        }
        // The presences to send back have not been kept.
        for room in unseen {
            self.out.order(Order::ShowAnew(room));
        }
    }

    /// Somebody without one sends this name.
    fn shows_name(&mut self, main: &RoomJid, place: &Seat, bare: &BareJid, sent: String) {
        let alike = self.names.alike(main);
        alike.shows(place, &sent);
        let resembled = alike.resembled(place, bare).map(str::to_owned);
        let (jid, nick) = place;
        let mut alias = self.names.get_mut(jid, nick);
        let known = alias.as_ref().and_then(|alias| alias.guest());
        let same = known.is_some_and(|guest| *guest.sent == *sent && !guest.ended);
        let Some(resembled) = resembled else {
            // Somebody who was shown so before stays so until they send another name.
            if !same {
                if let Some(guest) = alias.as_mut().and_then(|a| a.guest_mut()) {
                    guest.sent = sent.into();
                }
                self.end_alias(jid, nick);
            }
            return;
        };
        let Ok(token) = TokenName::new(marked(&resembled)) else {
            return;
        };
        let guest = Guest {
            sent: sent.into(),
            resembles: resembled.into(),
            ended: false,
        };
        match alias {
            Some(alias) => {
                alias.pin(alias.is_pinned() && same && *alias.token() == token);
                alias.rename(token, Some(guest));
            }
            None => {
                let new = Frozen::of_guest(token, false, guest);
                self.names.put(jid, nick, new);
            }
        }
        self.out.todo(Task::Name(jid.clone(), nick.clone()));
    }

    /// Somebody shows a name that is like nobody's: it is theirs again.
    fn end_alias(&mut self, jid: &RoomJid, nick: &Nick) {
        let module = self.known.rooms.get(jid).is_some_and(|room| room.module);
        let Some(alias) = self.names.get_mut(jid, nick) else {
            return;
        };
        let (pinned, waits) = (alias.is_pinned(), alias.is_outstanding());
        let Some(guest) = alias.guest_mut() else {
            return;
        };
        guest.ended = true;
        if waits && !module {
            // A presence that comes back would replace a newer one of theirs.
            return;
        }
        self.names.let_go(jid, nick);
        if pinned && module {
            self.unpin_name(jid, nick);
        }
    }

    /// The module says that it shows `pinned` for somebody who sends `sent`.
    pub(super) fn shown_as_guest(&mut self, jid: &RoomJid, nick: &Nick, pinned: &str, sent: &str) {
        let (false, Ok(token)) = (self.names.knows(jid, nick), TokenName::new(pinned)) else {
            return;
        };
        let guest = Guest {
            sent: sent.into(),
            resembles: pinned.strip_suffix(MARK).unwrap_or(pinned).into(),
            ended: false,
        };
        let alias = Frozen::of_guest(token, true, guest);
        self.names.put(jid, nick, alias);
    }

    /// Looks at everybody's name, after the configuration has changed.
    pub(super) fn distinguish_everybody(&mut self) {
        if !self.distinguishes() {
            self.names.drop_likeness();
        }
        let rooms = self.known.rooms.values().filter(|room| room.is_ready());
        let places = rooms.flat_map(|room| {
            let nicks = room.occupants.keys();
            nicks.map(|nick| (room.jid.clone(), nick.clone()))
        });
        let mut places: Vec<Seat> = places.collect();
        places.sort_unstable();
        for (jid, nick) in places {
            self.distinguish(&jid, &nick);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marked_name_is_no_longer_than_a_client_sends() {
        assert_eq!(marked("Ada Lovelace"), "Ada Lovelace (guest)");
        assert_eq!(
            marked(&"x".repeat(50)),
            format!("{} (guest)", "x".repeat(42))
        );
        let clefs = marked(&"𝄞".repeat(25));
        assert_eq!(clefs, format!("{} (guest)", "𝄞".repeat(21)));
        assert_eq!(
            marked(&format!("{} b", "a".repeat(41))),
            format!("{} (guest)", "a".repeat(41))
        );
    }
}
