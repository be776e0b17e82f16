//! Stanzas, answers and configurations that could not be read (SPEC B20).
//!
//! Without a room's configuration gavel takes the safe way: it judges everybody, and lowers
//! nobody to none, because that removes people from a members-only room. It says so, and
//! asks again. It does not guess about a room that may be a breakout room: the affiliations
//! there belong to another room, and nobody in it has power over them.

use super::part::RoomPart;
use super::{Facts, Membership, Room};
use crate::engine::asker::{Answer, Asker, RoomAsk};
use crate::engine::event::{Report, Warning};
use crate::engine::timers::Timer;
use crate::muc::RoomJid;
use crate::stanza::{IqPayload, Request};

impl RoomPart<'_> {
    /// A stanza from a room could not be read, or one of which nothing tells whose it
    /// was: that may be any room.
    pub fn unreadable(&mut self, from: Option<&RoomJid>) {
        if let Some(room) = from {
            return self.doubt(room);
        }
        let inside = self.rooms.values();
        let inside = inside.filter(|room| room.membership != Membership::Out);
        let mut rooms: Vec<RoomJid> = inside.map(|room| room.jid.clone()).collect();
        rooms.sort_unstable();
        rooms.iter().for_each(|room| self.doubt(room));
    }

    /// The room's configuration form has come, or not. If it was refused or did not come,
    /// disco#info may say enough.
    pub fn configuration_answered(&mut self, jid: &RoomJid, answer: Answer<'_>) {
        match answer {
            Answer::Result(IqPayload::MucOwner(form)) => {
                self.configured(jid, Facts::read(form, &[]));
            }
            Answer::Result(_) => self.unknown(jid),
            Answer::Partial(IqPayload::MucOwner(form)) => {
                self.half_configured(jid, Facts::half_read(form, &[]));
            }
            Answer::Error(_) => self.read_room_info(jid),
            // The people who wait for it are looked at first.
            Answer::Partial(_) | Answer::Unread | Answer::Silence => {
                self.do_without(jid);
                self.read_room_info(jid);
            }
        }
    }

    /// The room's disco#info has come, or not.
    pub fn info_answered(&mut self, jid: &RoomJid, answer: Answer<'_>) {
        match answer {
            Answer::Result(IqPayload::DiscoInfo { features, form, .. }) => {
                self.configured(jid, Facts::read(form, features));
            }
            Answer::Partial(IqPayload::DiscoInfo { features, form, .. }) => {
                self.half_configured(jid, Facts::half_read(form, features));
            }
            _ => self.unknown(jid),
        }
    }

    fn read_room_info(&mut self, jid: &RoomJid) {
        if !self.rooms.contains_key(jid) {
            return;
        }
        let asker = Asker::Room(jid.clone(), RoomAsk::Info);
        self.out.ask(jid.as_str(), Request::DiscoInfo, asker);
    }

    /// Nothing can be learned of a room: gavel does without, and asks again.
    fn unknown(&mut self, jid: &RoomJid) {
        self.do_without(jid);
        self.read_later(jid);
    }

    fn half_configured(&mut self, jid: &RoomJid, facts: Facts) {
        let unread = facts.unread;
        self.configured(jid, facts);
        if unread {
            self.read_later(jid);
        }
    }

    /// The configuration did not come, or could not be read.
    fn do_without(&mut self, jid: &RoomJid) {
        let Some(room) = self.rooms.get_mut(jid) else {
            return;
        };
        let news = match &mut room.facts {
            Some(facts) => !std::mem::replace(&mut facts.unread, true),
            None => true,
        };
        let (known, main) = (room.facts.is_some(), room.last_main.clone());
        let guessed = main.is_some() || !self.services[room.service].breakouts;
        if known {
            self.configured_anew(jid);
        } else if guessed {
            let facts = Facts {
                main,
                unread: true,
                ..Facts::default()
            };
            self.configured(jid, facts);
        }
        if news {
            let room = jid.clone();
            self.out
                .report(Report::Warning(Warning::ConfigurationUnread { room }));
        }
        self.has_read(jid);
    }

    /// Asks for the configuration again, with growing pauses.
    fn read_later(&mut self, jid: &RoomJid) {
        let now = self.now.tick;
        let follows = |room: &&mut Room| room.facts.is_some() || room.is_in();
        let Some(room) = self.rooms.get_mut(jid).filter(follows) else {
            return;
        };
        let at = room.asking.next(now).max(now);
        room.asking.note(now);
        self.out.wake(at, Timer::Configuration(jid.clone()));
    }
}
