//! Meetings get their memory back after a restart, and another configuration changes
//! everybody's rights.

use super::Meeting;
use super::absence::Absence;
use super::part::MeetingPart;
use super::rights::Event;
use crate::engine::event::Cause;
use crate::engine::outbox::SeatNews;
use crate::engine::room::event::Place;
use crate::engine::state::State;
use crate::muc::{Affiliation, RoomJid};
use crate::policy::Grants;

impl MeetingPart<'_> {
    /// Goes on from the point at which another gavel, or this one, has stopped. Nobody is
    /// in any room now, as far as this one can see.
    pub fn restore(&mut self, state: State) {
        self.meetings.clear();
        self.out.tell_of_seat(SeatNews::AllAnew);
        *self.bindings = state.bindings;
        for (room, remembered) in state.meetings {
            let mut meeting = Meeting {
                meeting_id: remembered.meeting_id,
                absence: Absence::remembered(remembered.locked),
                ..Meeting::default()
            };
            for id in &remembered.shared_ids {
                meeting.users.is_shared(id);
            }
            for (jid, rights) in remembered.people {
                if let Some(id) = rights.user() {
                    let at = rights.left_at().unwrap_or_default();
                    meeting.users.out_of_sight(id, &jid, at);
                }
                if rights.has_to_hand_over() {
                    meeting.holders.insert(jid.clone());
                }
                meeting.person(&jid).rights = rights;
            }
            self.meetings.insert(room, meeting);
        }
        self.count_everybody();
    }

    /// Evidence is to be looked at again when it is shown; claims of sources that
    /// are believed no more are gone at once.
    pub fn doubt_claims(&mut self) {
        let mut gone = Vec::new();
        let verifier = &self.settings.verifier;
        let meetings = self.meetings.iter_mut();
        let people = meetings.flat_map(|(main, meeting)| {
            let people = meeting.people.iter_mut();
            people.map(move |(bare, person)| (main, bare, person))
        });
        for (main, bare, person) in people {
            for seat in &mut person.seats {
                seat.evidence_mark = None;
                let believed = |source| verifier.believes(source, bare.domain());
                if seat.source().is_some_and(|source| !believed(source)) {
                    seat.credentials = None;
                    gone.push(Place {
                        room: seat.room.clone(),
                        nick: seat.nick.clone(),
                        main: main.clone(),
                        bare: bare.clone(),
                    });
                }
            }
        }
        gone.sort_unstable();
        for place in gone {
            self.out.tell_of_seat(SeatNews::Judged(place));
        }
    }

    /// Lowers earlier grants to the affiliation that `policy.grants` allows now.
    pub fn limit_grants(&mut self) {
        let limit = match self.settings.policy.grants {
            Grants::Owner => return,
            Grants::Admin => Some(Affiliation::Admin),
            Grants::None => None,
        };
        let meetings = self.meetings.values_mut();
        for person in meetings.flat_map(|meeting| meeting.people.values_mut()) {
            let limit = Event::GrantsLimited(limit);
            let effect = person.apply(limit, self.settings);
            self.out.save_if(effect.news);
        }
    }

    /// Judges everybody by the policy that holds now.
    pub fn judge_everybody(&mut self) {
        self.limit_grants();
        for place in self.places() {
            self.judge_again(&place);
        }
        let mut meetings: Vec<RoomJid> = self.meetings.keys().cloned().collect();
        meetings.sort_unstable();
        for main in meetings {
            let people = self.meetings.get_mut(&main).into_iter();
            for person in people.flat_map(|meeting| meeting.people.values_mut()) {
                person.because = Some(Cause::Reload);
                if let Some(trouble) = person.passing.known_trouble_mut() {
                    // The admin may have fixed this very thing.
                    trouble.not_before = None;
                    trouble.ineffective = 0;
                }
            }
            self.mark_everybody(&main);
        }
    }
}
