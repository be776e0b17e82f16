//! Names of people whose token names them (SPEC B8), if the module does not pin them.
//!
//! gavel sends the occupant's own newest presence back with the token's name.
//! One such revert is under way at a time; when it comes back from the room and
//! something newer has come in between, that newer one is sent instead, so that
//! nothing the occupant published is lost.

mod blamed;
mod frozen;
mod guests;
mod kept;
mod likeness;
mod part;
mod pins;
mod revert;
mod unsent;

pub use kept::Names;
pub use part::NamePart;

use crate::claims::{Claims, TokenName};
use crate::engine::event::Report;
use crate::engine::meeting::seat::Seat;
use crate::engine::outbox::SeatNews;
use crate::engine::room::event::{Place, RoomEvent};
use crate::engine::settings::Freeze;
use crate::engine::task::Task;
use crate::engine::warning::Warning;
use crate::muc::{Nick, RoomJid};
use frozen::Frozen;
use likeness::Likeness;

impl NamePart<'_> {
    /// Takes an event of a room, once the meeting has taken it.
    pub fn take(&mut self, event: &RoomEvent) {
        match event {
            RoomEvent::Joined { room, module, .. } => {
                self.names.close(room);
                if *module {
                    self.unpin_if_off(room);
                }
            }
            RoomEvent::Came(came) => {
                let Place { room, nick, .. } = &came.place;
                self.distinguish(room, nick);
                if let Some(written) = &came.written {
                    self.judge_name(room, nick, written.id.as_deref(), &written.raw);
                }
                if came.listed {
                    self.out.todo(Task::Name(room.clone(), nick.clone()));
                }
            }
            RoomEvent::Changed(changed) => {
                let Place { room, nick, .. } = &changed.place;
                self.distinguish(room, nick);
                let written = &changed.written;
                self.judge_name(room, nick, written.id.as_deref(), &written.raw);
            }
            RoomEvent::Renamed { place, from } => self.renamed(place, from),
            RoomEvent::Left(left) => {
                let Place { room, nick, .. } = &left.place;
                self.names.drop(room, nick);
                let seat = (room.clone(), nick.clone());
                let main = &left.place.main;
                self.names.change_alike(main, |alike| alike.leaves(&seat));
            }
            RoomEvent::LostSight {
                room, main, moves, ..
            } => {
                if !moves {
                    self.names.close(room);
                }
                self.names
                    .change_alike(main, |alike| alike.leave(Some(room)));
            }
            RoomEvent::Ended { room } => {
                self.names.close(room);
                self.names.alike.remove(room);
            }
            _ => {}
        }
    }

    /// Takes the news of an occupant's evidence.
    pub fn hear(&mut self, news: &SeatNews) {
        match news {
            SeatNews::Judged(place) => self.keep_name(place),
            SeatNews::Pinned(place, name) => self.kept_already(&place.room, &place.nick, name),
            SeatNews::Dropped(room, nick) => self.let_go(room, nick),
            SeatNews::ShownAsGuest(place, name, sent) => {
                self.shown_as_guest(&place.room, &place.nick, name, sent);
            }
            SeatNews::AllAnew => self.names.drop_likeness(),
            SeatNews::Anew(main) => self.names.change_alike(main, Likeness::begin_anew),
            SeatNews::Permitted(..) | SeatNews::ListUnread(_) => {}
        }
    }

    /// The occupant has changed its nick: that is turned back once.
    fn renamed(&mut self, place: &Place, from: &Nick) {
        let seat = |nick: &Nick| (place.room.clone(), nick.clone());
        let (from_seat, to_seat) = (seat(from), seat(&place.nick));
        self.names
            .change_alike(&place.main, |alike| alike.moves(&from_seat, &to_seat));
        if let Some(mut frozen) = self.names.drop(&place.room, from) {
            frozen.nick_changed(from, &place.nick);
            self.names.put(&place.room, &place.nick, frozen);
            if self
                .known
                .rooms
                .get(&place.room)
                .is_some_and(|room| room.module)
            {
                let task = Task::Name(place.room.clone(), place.nick.clone());
                self.out.todo(task);
            }
        }
    }

    /// Notes which name an occupant's claims give it.
    fn keep_name(&mut self, place: &Place) {
        let (jid, nick) = (&place.room, &place.nick);
        let Some(person) = self.known.person(&place.main, &place.bare) else {
            return;
        };
        let claims = person.seat(jid, nick).and_then(Seat::claims);
        let name = claims.and_then(Claims::shared_name);
        let token = match name.map(TokenName::new) {
            None => None,
            Some(Ok(token)) => Some(token),
            Some(Err(_)) => {
                let warning = Warning::UnshowableName {
                    room: jid.clone(),
                    jid: place.bare.to_string(),
                };
                self.out.report(Report::Warning(warning));
                None
            }
        };
        let lost = token.is_none() && self.names.keep(jid, nick);
        match (token, self.names.get_mut(jid, nick)) {
            // The code below looks whether a guest looks like somebody.
            (None, _) if lost => {
                self.names.let_go(jid, nick);
            }
            (None, _) => {}
            (Some(token), Some(frozen)) => {
                let same = *frozen.token() == token && frozen.guest().is_none();
                frozen.pin(frozen.is_pinned() && same);
                frozen.rename(token, None);
            }
            (Some(token), None) => {
                let frozen = Frozen::new(token);
                self.names.put(jid, nick, frozen);
            }
        }
        if self.known.rooms.get(jid).is_some_and(|room| room.module) {
            match lost {
                true => self.unpin_name(jid, nick),
                false => self.out.todo(Task::Name(jid.clone(), nick.clone())),
            }
        }
        self.distinguish(jid, nick);
    }

    /// Somebody has become infrastructure.
    fn let_go(&mut self, room: &RoomJid, nick: &Nick) {
        let known = self.known.rooms.get(room);
        let main = known.and_then(|room| room.meeting.as_ref());
        if let Some(main) = main {
            let seat = (room.clone(), nick.clone());
            self.names.change_alike(main, |alike| alike.leaves(&seat));
        }
        let module = self.known.rooms.get(room).is_some_and(|room| room.module);
        let frozen = self.names.drop(room, nick);
        if module && frozen.is_some_and(|frozen| frozen.is_pinned()) {
            self.unpin_name(room, nick);
        }
    }

    /// Keeps names, or lets go of them, as it is configured now.
    pub fn keep_anew(&mut self) {
        let pins = self.known.settings.freeze == Freeze::Revert;
        let mut kept = Vec::new();
        for (room, names) in &mut self.names.kept {
            for (nick, frozen) in names {
                // The module is told again, also whether the picture is theirs alone.
                frozen.pin(frozen.is_pinned() && pins && frozen.guest().is_some());
                kept.push((room.clone(), nick.clone()));
            }
        }
        let rooms = self.known.rooms.values();
        let served = rooms.filter(|room| room.is_ready() && room.module);
        let mut served: Vec<&RoomJid> = served.map(|room| &room.jid).collect();
        served.sort_unstable();
        for room in served {
            self.unpin_if_off(room);
        }
        kept.sort_unstable();
        for (room, nick) in kept {
            self.out.todo(Task::Name(room, nick));
        }
        self.distinguish_everybody();
    }
}
