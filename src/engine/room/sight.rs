//! Seeing everybody who is in a room (SPEC B9, B20).
//!
//! Without the module gavel is an occupant, and the room's owners choose the things an
//! occupant is shown: the presence of some roles (`presencebroadcast`), and, by gavel's
//! role, real JIDs. gavel is owner, too: it has the room show the things it needs to see.
//! An empty room proves nothing, so before gavel leaves a room it asks how many occupants
//! there are.

use super::Room;
use super::part::RoomPart;
use crate::engine::asker::{Answer, Asker, RoomAsk};
use crate::engine::event::{Report, Warning};
use crate::engine::timers::Timer;
use crate::muc::RoomJid;
use crate::stanza::{IqPayload, Request};
use std::time::Duration;

/// A room that may not be empty is asked again after this.
const COUNT_AGAIN: Duration = Duration::from_secs(15);

impl RoomPart<'_> {
    /// Has the room show the presence of everybody, if it does not.
    pub fn show_everybody(&mut self, jid: &RoomJid) {
        let now = self.now.tick;
        let hides = |room: &&mut Room| {
            let facts = room.facts.as_ref();
            room.is_in() && !room.module && room.is_owned() && facts.is_some_and(|f| f.hides)
        };
        let Some(room) = self.rooms.get_mut(jid).filter(hides) else {
            return;
        };
        let next = room.showing.next(now);
        if next > now {
            return self.out.wake(next, Timer::Show(jid.clone()));
        }
        room.showing.note(now);
        if let Some(facts) = &mut room.facts {
            // Until the room's next reading says otherwise.
            facts.hides = false;
        }
        let first = room.showing.done(now) == 1;
        let purpose = Asker::Room(jid.clone(), RoomAsk::Show);
        self.out.ask(jid.as_str(), Request::ShowEverybody, purpose);
        if first {
            let room = jid.clone();
            self.out
                .report(Report::Warning(Warning::PeopleHidden { room }));
        }
    }

    /// The room shows everybody from now on, and says that its configuration has
    /// changed; or it did not take it, or has not said.
    pub fn shown_to_gavel(&mut self, jid: &RoomJid, answer: Answer<'_>) {
        if answer.is_result() {
            return;
        }
        let now = self.now.tick;
        let room = self.rooms.get_mut(jid);
        if let Some(facts) = room.and_then(|room| room.facts.as_mut()) {
            facts.hides = true;
            self.own_if_needed(jid);
            self.out.wake(now + COUNT_AGAIN, Timer::Show(jid.clone()));
        }
    }

    /// Asks how many occupants a room has in which gavel is shown nobody.
    pub fn count_people(&mut self, jid: &RoomJid) {
        let Some(room) = self.rooms.get_mut(jid) else {
            return;
        };
        if !std::mem::replace(&mut room.counting, true) {
            let purpose = Asker::Room(jid.clone(), RoomAsk::Count);
            self.out.ask(jid.as_str(), Request::DiscoInfo, purpose);
        }
    }

    /// The answer, or none: gavel leaves only if nobody else is there.
    pub fn counted(&mut self, jid: &RoomJid, answer: Answer<'_>) {
        let Some(room) = self.rooms.get_mut(jid) else {
            return;
        };
        room.counting = false;
        if matches!(answer, Answer::Error(error) if error.is("item-not-found")) {
            return self.lost_sight(jid);
        }
        if !self.is_lonely(jid) {
            return;
        }
        let Some(room) = self.rooms.get(jid) else {
            return;
        };
        let shown = room.occupants.len() + 1;
        let shows_all = room.facts.as_ref().is_some_and(|f| !(f.hides || f.unread));
        match occupants(answer) {
            Some(count) if count <= shown => return self.leave_empty(jid),
            // The room says that it shows everybody, and shows nobody.
            None if shows_all => return self.leave_empty(jid),
            Some(_) => {
                self.read_configuration(jid);
                self.doubt(jid);
            }
            None => self.read_configuration(jid),
        }
        let again = self.now.tick + COUNT_AGAIN;
        self.out.wake(again, Timer::LeaveIfLonely(jid.clone()));
    }
}

/// How many occupants a room has, as its disco#info says (XEP-0045 §6.4).
fn occupants(answer: Answer<'_>) -> Option<usize> {
    let (Answer::Result(payload) | Answer::Partial(payload)) = answer else {
        return None;
    };
    let IqPayload::DiscoInfo { form, .. } = payload else {
        return None;
    };
    form.value("muc#roominfo_occupants")?.trim().parse().ok()
}
