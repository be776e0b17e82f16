//! What outlives a restart (SPEC `[state]`).

use super::Engine;
use super::absent::Absence;
use super::meeting::Meeting;
use super::person::{Person, Record};
use crate::claims::Bindings;
use crate::muc::{Affiliation, BareJid, RoomJid};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How [`State`] is written down. One more where an older gavel would read it
/// amiss.
const FORMAT: u32 = 1;

/// Everything that the state file holds.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    /// How it is written down; 0 is from before there were numbers.
    format: u32,
    /// When it was written, in milliseconds since 1970-01-01 UTC.
    pub saved_at: u64,
    /// Meetings by main room.
    pub meetings: BTreeMap<RoomJid, Remembered>,
    /// Tokens and their bearers.
    pub bindings: Bindings,
}

/// What is remembered of a meeting.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
#[serde(default)]
pub struct Remembered {
    /// Jitsi's id of the meeting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meeting_id: Option<String>,
    /// gavel has made the room members-only, for want of a host.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub locked: bool,
    /// User ids that name no person.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub shared_ids: Vec<Box<str>>,
    /// Grants, step-downs and the rest by bare JID.
    pub people: BTreeMap<BareJid, Record>,
}

impl State {
    /// Whether a later version of gavel wrote it, of which this one may not
    /// understand all.
    pub fn is_of_later_version(&self) -> bool {
        self.format > FORMAT
    }

    /// Drops what gives somebody power in a meeting: it may have been taken back
    /// since this was written. Tells of how many people. Step-downs, overrides
    /// that lower, bans that stand and bindings remain.
    pub fn without_power(&mut self) -> usize {
        let people = self
            .meetings
            .values_mut()
            .flat_map(|m| m.people.values_mut());
        people.map(|record| usize::from(record.lose_power())).sum()
    }
}

impl Engine {
    /// What is to be remembered over a restart.
    pub fn state(&self) -> State {
        let meetings = self.meetings.iter().filter_map(|(room, meeting)| {
            let people = meeting.people.iter().filter_map(|(jid, person)| {
                self.remembered(person).map(|record| (jid.clone(), record))
            });
            let people: BTreeMap<_, _> = people.collect();
            let meeting_id = meeting.meeting_id.clone();
            let locked = meeting.absence.locked;
            let shared = meeting.users.shared(self.now.unix_ms);
            let shared_ids: Vec<Box<str>> = shared.into_iter().map(Box::from).collect();
            let remembered = Remembered {
                meeting_id,
                locked,
                shared_ids,
                people,
            };
            let matters =
                locked || !remembered.shared_ids.is_empty() || !remembered.people.is_empty();
            matters.then(|| (room.clone(), remembered))
        });
        State {
            format: FORMAT,
            saved_at: self.now.unix_ms,
            meetings: meetings.collect(),
            bindings: self.bindings.clone(),
        }
    }

    /// A person's record, as it would be if they left now.
    fn remembered(&self, person: &Person) -> Option<Record> {
        let mut record = person.record.clone();
        if person.is_present() {
            let standing = self.standing(person);
            let power = match person.actual {
                // A ban leaves them what its undoing is to give, and no more.
                Some(Affiliation::Outcast) => record.kept,
                _ => person.keeps(standing),
            };
            record.restore = person.restored_absent(standing);
            record.kept = power;
            if person.actual != Some(Affiliation::Outcast) {
                record.kept_until = self.until(person);
            }
            record.kept_until = record.kept_until.filter(|_| record.kept.is_some());
            record.left_at = Some(self.now.unix_ms);
        }
        record.matters().then_some(record)
    }

    /// Goes on where another gavel has stopped. Nobody is in any room now, as far
    /// as this one can see.
    pub(super) fn take_over(&mut self, state: State) {
        self.meetings.clear();
        self.restore(state);
    }

    pub(super) fn restore(&mut self, state: State) {
        self.bindings = state.bindings;
        for (room, remembered) in state.meetings {
            let mut meeting = Meeting {
                meeting_id: remembered.meeting_id,
                absence: Absence::remembered(remembered.locked),
                ..Meeting::default()
            };
            for id in &remembered.shared_ids {
                meeting.users.is_shared(id);
            }
            for (jid, mut record) in remembered.people {
                if std::mem::take(&mut record.moved) {
                    (record.grant, record.step_down, record.kept) = (None, None, None);
                }
                if let Some(id) = &record.user_id {
                    let at = record.left_at.unwrap_or_default();
                    meeting.users.out_of_sight(id, &jid, at);
                }
                meeting.person(&jid).record = record;
            }
            self.meetings.insert(room, meeting);
        }
    }
}
