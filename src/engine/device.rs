//! One user on several devices: grants and step-downs follow (SPEC B3).

use super::Engine;
use super::person::Person;
use crate::muc::{BareJid, Nick, RoomJid};

/// A grant follows a user to a JID that appears this long after the old one
/// has left, in milliseconds (B3).
const SWITCH_MS: u64 = 60_000;

impl Engine {
    /// Remembers the verified user behind a JID.
    pub(super) fn note_user(&mut self, main: &RoomJid, jid: &RoomJid, nick: &Nick, bare: &BareJid) {
        let occupant = self.occupant(jid, nick);
        let credentials = occupant.and_then(|o| o.credentials.as_ref());
        let user_id = credentials
            .filter(|credentials| credentials.source.is_verified())
            .and_then(|credentials| credentials.claims.user_id())
            .map(Box::from);
        let (Some(id), Some(person)) = (user_id, self.person_mut(main, bare)) else {
            return;
        };
        if person.record.user_id.as_ref() != Some(&id) {
            person.record.user_id = Some(id);
            self.follow_user(main, bare);
        }
    }

    /// A user who appears under another JID keeps grant and step-down (B3).
    pub(super) fn follow_user(&mut self, main: &RoomJid, bare: &BareJid) {
        let now = self.now.unix_ms;
        let Some(meeting) = self.meetings.get_mut(main) else {
            return;
        };
        let own = meeting.people.get(bare).map(|person| &person.record);
        let Some(own) = own.filter(|r| r.grant.is_none() && r.step_down.is_none()) else {
            return;
        };
        let Some(id) = own.user_id.clone() else {
            return;
        };
        let recent = |person: &Person| {
            let left = person.record.left_at;
            person.is_present() || left.is_some_and(|at| now <= at + SWITCH_MS)
        };
        let same_user = meeting.people.iter_mut().filter(|(jid, person)| {
            let record = &person.record;
            *jid != bare
                && record.user_id.as_ref() == Some(&id)
                && (record.grant.is_some() || record.step_down.is_some())
                && recent(person)
        });
        let old = same_user.max_by(|(a, old), (b, other)| {
            let last = |person: &Person| (person.is_present(), person.record.left_at);
            last(old).cmp(&last(other)).then_with(|| a.cmp(b))
        });
        let Some((old_jid, old)) = old else {
            return;
        };
        let (old_jid, grant, step_down) = (
            old_jid.clone(),
            old.record.grant.clone(),
            old.record.step_down,
        );
        old.record.moved = true;
        if !old.is_present() {
            let at = old.record.left_at.unwrap_or(now);
            let came = old.record.since;
            old.leave(None, at, true);
            // Whoever is only out of sight, as this says, has not come later for it.
            old.record.since = came;
        }
        let record = &mut meeting.person(bare).record;
        record.grant = grant;
        record.step_down = step_down;
        record.moved = false;
        self.changed = true;
        self.mark(main, &old_jid);
        self.mark(main, bare);
    }
}
