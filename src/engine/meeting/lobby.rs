//! Members who are to be lowered to none, and the lobby that may have made them
//! members (SPEC B5).
//!
//! In a members-only room affiliation none throws people out. So somebody who makes a
//! room members-only first makes members of the people in it, and gavel hears of the
//! new members before it hears of the room. A server module does both at once: gavel
//! reads the configuration after it has heard of the members. A moderator's client takes
//! several steps, and each goes to the server and back: a member made by an occupant
//! stays a member for a while.

use super::part::MeetingPart;
use crate::engine::event::PartyKind;
use crate::engine::task::Task;
use crate::muc::{Affiliation, BareJid, RoomJid};
use std::time::Duration;

/// How long a client may take from making members to submitting the
/// configuration, for which it reads the form in between.
const CLIENT: Duration = Duration::from_secs(10);

impl MeetingPart<'_> {
    /// Does not lower a new member to none at once: the room may be about to become
    /// members-only.
    pub(super) fn spare_new_member(
        &mut self,
        main: &RoomJid,
        bare: &BareJid,
        (old, new): (Affiliation, Affiliation),
        by: PartyKind,
    ) {
        if new != Affiliation::Member {
            return;
        }
        let until = self.now.tick + CLIENT;
        let next = self.rooms.get(main).map(|room| room.readings.begun + 1);
        let Some(person) = self.person_mut(main, bare).filter(|p| p.is_present()) else {
            return;
        };
        let trouble = person.passing.trouble();
        trouble.reading = next;
        if old < new && by == PartyKind::Occupant {
            trouble.member_until = Some(until);
        }
    }

    /// Says whether lowering somebody to none has to wait until the configuration is known,
    /// which may make the room members-only. It is known after the next reading or the one
    /// after that, however often it changes meanwhile.
    pub fn may_throw_out(&mut self, main: &RoomJid, bare: &BareJid) -> bool {
        let Some(room) = self.rooms.get(main) else {
            return false;
        };
        let person = self.known().person(main, bare).filter(|person| {
            person.is_present() && person.rights.shown() == Some(Affiliation::Member)
        });
        let needed = person.and_then(|person| person.passing.known_trouble()?.reading);
        let readings = room.readings;
        if needed.is_none_or(|needed| needed <= readings.done) {
            return room.reading;
        }
        let asked = needed.is_some_and(|needed| needed <= readings.begun);
        if !asked && !room.read_again {
            self.out.todo(Task::Configuration(main.clone()));
        }
        true
    }
}
