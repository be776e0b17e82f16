//! The state that outlives a restart (SPEC `[state]`).

use crate::claims::{Bindings, UserId};
use crate::engine::meeting::rights::{Event, Record, Rights, Standing};
use crate::engine::view::View;
use crate::muc::{BareJid, RoomJid};
use crate::policy::Policy;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// How [`State`] is written down. One more if an older gavel would misread it. Format 2
/// writes down rights by their grounds; an older gavel refuses it.
const FORMAT: u32 = 2;

/// Everything that the state file holds.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
#[serde(try_from = "Written")]
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

/// The memory of a meeting.
#[derive(Debug, Default, Clone, Serialize)]
pub struct Remembered {
    /// Jitsi's id of the meeting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meeting_id: Option<String>,
    /// gavel has made the room members-only, for want of a host.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub locked: bool,
    /// User ids that name no person.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub shared_ids: Vec<UserId>,
    /// Grants, step-downs and the rest by bare JID.
    pub people: BTreeMap<BareJid, Rights>,
}

/// A state file of any format.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Written {
    format: u32,
    saved_at: u64,
    meetings: BTreeMap<RoomJid, WrittenMeeting>,
    bindings: Value,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WrittenMeeting {
    meeting_id: Option<String>,
    locked: bool,
    shared_ids: Vec<UserId>,
    people: BTreeMap<BareJid, Value>,
}

impl TryFrom<Written> for State {
    type Error = serde_json::Error;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        let later = written.format > FORMAT;
        let mut state = Self {
            format: written.format.max(FORMAT),
            saved_at: written.saved_at,
            ..Self::default()
        };
        let bindings: Option<Bindings> = match later {
            // From a later version gavel reads as much as it can.
            true => serde_json::from_value(written.bindings).unwrap_or_default(),
            false => serde_json::from_value(written.bindings)?,
        };
        state.bindings = bindings.unwrap_or_default();
        for (room, meeting) in written.meetings {
            let people = meeting.people.into_iter().map(|(jid, person)| {
                let rights = match written.format {
                    0 | 1 => Record::deserialize(person)?.into(),
                    _ if later => Rights::deserialize(person).unwrap_or_default(),
                    _ => Rights::deserialize(person)?,
                };
                Ok((jid, rights))
            });
            let remembered = Remembered {
                meeting_id: meeting.meeting_id,
                locked: meeting.locked,
                shared_ids: meeting.shared_ids,
                people: people.collect::<Result<_, Self::Error>>()?,
            };
            state.meetings.insert(room, remembered);
        }
        Ok(state)
    }
}

impl State {
    /// Says whether a later version of gavel wrote it, of which this one may not understand
    /// all.
    pub fn is_of_later_version(&self) -> bool {
        self.format > FORMAT
    }

    /// Drops all grounds of power in a meeting:
    pub fn without_power(&mut self) -> usize {
        let people = self
            .meetings
            .values_mut()
            .flat_map(|m| m.people.values_mut());
        let policy = Policy::default();
        people
            .map(|rights| rights.apply(Event::PowerDoubted, Standing::ABSENT, &policy))
            .map(|effect| usize::from(effect.news))
            .sum()
    }
}

impl View<'_> {
    /// The state to keep over a restart.
    pub fn state(&self) -> State {
        let meetings = self.meetings.iter().filter_map(|(room, meeting)| {
            let people = meeting.people.iter().filter_map(|(jid, person)| {
                let rights = &person.rights;
                let rights = rights.remembered(person.standing(self.settings), self.now.unix_ms);
                rights.map(|rights| (jid.clone(), rights))
            });
            let people: BTreeMap<_, _> = people.collect();
            let meeting_id = meeting.meeting_id.clone();
            let locked = meeting.absence.locked;
            let shared = meeting.users.shared(self.now.unix_ms);
            let shared_ids: Vec<UserId> = shared.into_iter().map(UserId::new).collect();
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
}
