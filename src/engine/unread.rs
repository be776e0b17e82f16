//! What could not be read (SPEC B20): a stanza, an answer, a room's configuration.
//!
//! Without a room's configuration gavel goes on with what is safe: everybody is judged, and nobody is lowered to
//! none, which throws people out of a members-only room. It says so, and asks
//! again. A room that may be a breakout room is not guessed at: its affiliations
//! are another room's, and nobody in it has power over them.

use super::Engine;
use super::event::{Report, Warning};
use super::request::Purpose;
use super::room::{Facts, Membership, Room};
use super::timers::Timer;
use crate::muc::RoomJid;
use crate::stanza::{IqPayload, StanzaError, Unread};

impl Engine {
    /// A stanza could not be read. Whatever it may have said is found out: an answer
    /// counts as lost, and the room it came from is read anew. Where nothing tells
    /// whose it was, that may be any room.
    pub(super) fn unreadable(&mut self, unread: &Unread) {
        let from = unread.from.as_deref().unwrap_or_default();
        let place = self.locate(from);
        let sender = match &place {
            Some((_, room, Some(resource))) => format!("{room}/{resource}"),
            Some((_, room, None)) => room.to_string(),
            None => from.to_owned(),
        };
        let id = unread.id.as_deref().unwrap_or_default();
        if let Some(purpose) = self.requests.answer(id, &sender) {
            return self.answer_unreadable(purpose);
        }
        if let Some((_, room, _)) = place {
            self.doubt(&room);
        } else if from.is_empty() {
            let inside = self.rooms.values();
            let inside = inside.filter(|room| room.membership != Membership::Out);
            let mut rooms: Vec<RoomJid> = inside.map(|room| room.jid.clone()).collect();
            rooms.sort_unstable();
            rooms.iter().for_each(|room| self.doubt(room));
        }
    }

    fn answer_unreadable(&mut self, purpose: Purpose) {
        match purpose {
            Purpose::List(..) | Purpose::Configuration(_) | Purpose::RoomInfo(_) => {
                self.half_read(purpose, IqPayload::Unread);
            }
            // Compared again after a pause: the next answer may be as unreadable.
            Purpose::Affiliation(..) | Purpose::Role(..) => {
                let error = StanzaError {
                    kind: "wait".into(),
                    condition: "undefined-condition".into(),
                    text: Some("the answer could not be read".into()),
                };
                self.failed(purpose, &error);
            }
            purpose => self.unanswered(purpose),
        }
    }

    /// An answer of which a part could not be read. What could be counts; that
    /// something is not in it proves nothing.
    pub(super) fn half_read(&mut self, purpose: Purpose, payload: IqPayload) {
        match (purpose, payload) {
            (Purpose::Configuration(room), IqPayload::MucOwner(form)) => {
                self.half_configured(&room, Facts::half_read(&form, &[]));
            }
            (Purpose::RoomInfo(room), IqPayload::DiscoInfo { features, form, .. }) => {
                self.half_configured(&room, Facts::half_read(&form, &features));
            }
            (Purpose::Configuration(room), _) => {
                self.do_without(&room);
                self.read_room_info(&room);
            }
            (Purpose::RoomInfo(room), _) => {
                self.do_without(&room);
                self.read_later(&room);
            }
            (Purpose::List(room, which), payload) => {
                if let IqPayload::MucAdmin(items) = payload {
                    self.listed_people(&room, which, &items, false);
                }
                self.list_unreadable(&room);
            }
            (Purpose::ListRooms(service), IqPayload::Command(reply)) => {
                self.listed_by_command(service, &reply, false);
            }
            // Of others it is enough that they were not refused.
            (purpose, payload) => self.succeeded(purpose, payload),
        }
    }

    fn half_configured(&mut self, jid: &RoomJid, facts: Facts) {
        let unread = facts.unread;
        self.configured(jid, facts);
        if unread {
            self.read_later(jid);
        }
    }

    /// The configuration did not come, or could not be read.
    pub(super) fn do_without(&mut self, jid: &RoomJid) {
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
            self.mark_everybody(jid);
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
            self.report(Report::Warning(Warning::ConfigurationUnread { room }));
        }
        self.has_read(jid);
    }

    /// Asks for the configuration again, with growing pauses.
    pub(super) fn read_later(&mut self, jid: &RoomJid) {
        let now = self.now.tick;
        let follows = |room: &&mut Room| room.facts.is_some() || room.is_in();
        let Some(room) = self.rooms.get_mut(jid).filter(follows) else {
            return;
        };
        let at = room.asking.next(now).max(now);
        room.asking.note(now);
        self.timers.set(at, Timer::Configuration(jid.clone()));
    }
}
