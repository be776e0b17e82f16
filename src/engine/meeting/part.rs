//! The meetings at work: their state, the state they may look at, and the outbox.

use super::Meeting;
use super::known::Known;
use super::line::Line;
use super::person::Person;
use super::rights::{Effect, Event, Taken};
use super::seat::Seat;
use super::verdicts::Verdicts;
use crate::claims::Bindings;
use crate::engine::boxmap::BoxMap;
use crate::engine::hash::{HashMap, HashSet};
use crate::engine::outbox::Outbox;
use crate::engine::room::Room;
use crate::engine::room::event::Place;
use crate::engine::room::module::ServiceState;
use crate::engine::settings::Settings;
use crate::engine::stream::Stream;
use crate::engine::task::Task;
use crate::engine::time::Now;
use crate::muc::{BareJid, Nick, RoomJid};

/// All meetings, and the memory kept beside them.
#[derive(Debug, Default)]
pub struct Meetings {
    /// The meetings, by main room.
    pub all: BoxMap<RoomJid, Meeting>,
    /// The tokens, and the people they belong to.
    pub bindings: Bindings,
    /// How many have waited for a key so far.
    waiters: u64,
    verdicts: Verdicts,
    /// Occupants whose room belongs to no meeting for the moment.
    parked: Parked,
    /// Those who are absent and have too much power.
    line: Line,
    /// Everybody who has changed since they were counted.
    uncounted: HashSet<(RoomJid, BareJid)>,
    /// When the ticks began, in milliseconds since 1970-01-01 UTC, as the clock
    /// last said.
    epoch: Option<u64>,
}

/// Seats by room, each with the person in it.
pub type Parked = HashMap<RoomJid, Vec<(BareJid, Seat)>>;

/// The state that the meetings may look at, and do not change.
#[derive(Clone, Copy)]
pub struct Below<'a> {
    /// When the input came that is being handled.
    pub now: Now,
    /// The configuration.
    pub settings: &'a Settings,
    /// The component's stream.
    pub stream: &'a Stream,
    /// One for each MUC service.
    pub services: &'a [ServiceState],
    /// The rooms gavel knows of.
    pub rooms: &'a BoxMap<RoomJid, Room>,
}

impl Meetings {
    /// How many people wait to be lowered.
    pub fn in_line(&self) -> usize {
        self.line.len()
    }

    /// The state that every part may look at.
    pub fn known<'a>(&'a self, below: Below<'a>) -> Known<'a> {
        Known {
            now: below.now,
            settings: below.settings,
            stream: below.stream,
            services: below.services,
            rooms: below.rooms,
            meetings: &self.all,
        }
    }

    /// At work.
    pub fn part<'a>(&'a mut self, below: Below<'a>, out: &'a mut Outbox) -> MeetingPart<'a> {
        MeetingPart {
            now: below.now,
            settings: below.settings,
            stream: below.stream,
            services: below.services,
            rooms: below.rooms,
            meetings: &mut self.all,
            bindings: &mut self.bindings,
            waiters: &mut self.waiters,
            verdicts: &mut self.verdicts,
            parked: &mut self.parked,
            line: &mut self.line,
            uncounted: &mut self.uncounted,
            epoch: &mut self.epoch,
            out,
        }
    }
}

/// The meetings at work. Nothing else changes a meeting or a person.
pub struct MeetingPart<'a> {
    pub(super) now: Now,
    pub(super) settings: &'a Settings,
    pub(super) stream: &'a Stream,
    pub(super) services: &'a [ServiceState],
    pub(super) rooms: &'a BoxMap<RoomJid, Room>,
    pub(super) meetings: &'a mut BoxMap<RoomJid, Meeting>,
    pub(super) bindings: &'a mut Bindings,
    pub(super) waiters: &'a mut u64,
    pub(super) verdicts: &'a mut Verdicts,
    pub(super) parked: &'a mut Parked,
    pub(super) line: &'a mut Line,
    pub(super) uncounted: &'a mut HashSet<(RoomJid, BareJid)>,
    pub(super) epoch: &'a mut Option<u64>,
    pub(super) out: &'a mut Outbox,
}

impl MeetingPart<'_> {
    /// The state that every part may look at.
    pub(super) fn known(&self) -> Known<'_> {
        Known {
            now: self.now,
            settings: self.settings,
            stream: self.stream,
            services: self.services,
            rooms: self.rooms,
            meetings: self.meetings,
        }
    }

    /// Tells somebody's ledger the event.
    pub(super) fn apply(&mut self, main: &RoomJid, bare: &BareJid, event: Event<'_>) -> Taken {
        let settings = self.settings;
        let Some(meeting) = self.meetings.get_mut(main) else {
            return Taken::Compared;
        };
        let Some(person) = meeting.people.get_mut(bare) else {
            return Taken::Compared;
        };
        let Effect { news, taken } = person.apply(event, settings);
        if news && person.rights.has_to_hand_over() {
            meeting.holders.insert(bare.clone());
        }
        self.out.save_if(news);
        self.counts_anew(main, bare);
        taken
    }

    /// Somebody has changed, and is counted again when the census is next looked at.
    pub(super) fn counts_anew(&mut self, main: &RoomJid, bare: &BareJid) {
        if self.settings.takes_census() {
            self.uncounted.insert((main.clone(), bare.clone()));
        }
    }

    /// Leaves a look at a person for the end of this input.
    pub(super) fn mark(&mut self, main: &RoomJid, bare: &BareJid) {
        if self.settings.takes_census() {
            self.out.todo(Task::Meeting(main.clone()));
            self.counts_anew(main, bare);
        }
        if self.rooms.get(main).is_some_and(Room::is_in) {
            self.out.todo(Task::Opening(main.clone()));
        }
        self.out.todo(Task::Person(main.clone(), bare.clone()));
    }

    /// Marks everybody of the meeting that `main` is the main room of.
    pub fn mark_everybody(&mut self, main: &RoomJid) {
        let people = |meeting: &Meeting| meeting.people.keys().cloned().collect::<Vec<_>>();
        let mut people = self.meetings.get(main).map(people).unwrap_or_default();
        people.sort_unstable();
        for person in people {
            self.mark(main, &person);
        }
    }

    /// Has all meetings looked at as a whole.
    pub fn look_at_all(&mut self) {
        let mut all: Vec<RoomJid> = self.meetings.keys().cloned().collect();
        all.sort_unstable();
        for main in all {
            self.out.todo(Task::Meeting(main));
        }
    }

    /// Somebody of a meeting.
    pub(super) fn person_mut(&mut self, main: &RoomJid, bare: &BareJid) -> Option<&mut Person> {
        self.meetings.get_mut(main)?.people.get_mut(bare)
    }

    /// The seat at a place.
    pub(super) fn seat_mut(&mut self, place: &Place) -> Option<&mut Seat> {
        let person = self.person_mut(&place.main, &place.bare)?;
        person.seat_mut(&place.room, &place.nick)
    }

    /// The seat of the person who has a nick in a room.
    pub(super) fn place(&self, room: &RoomJid, nick: &Nick) -> Option<Place> {
        let known = self.rooms.get(room)?;
        let occupant = known.occupants.get(nick).filter(|o| !o.infrastructure)?;
        Some(Place {
            room: room.clone(),
            nick: nick.clone(),
            main: known.meeting.clone()?,
            bare: occupant.bare()?,
        })
    }

    /// All seats, in order.
    pub(super) fn places(&self) -> Vec<Place> {
        let people = self.meetings.iter().flat_map(|(main, meeting)| {
            let people = meeting.people.iter();
            people.map(move |(bare, person)| (main, bare, person))
        });
        let seats = people.flat_map(|(main, bare, person)| {
            let seats = person.seats.iter();
            seats.map(move |seat| Place {
                room: seat.room.clone(),
                nick: seat.nick.clone(),
                main: main.clone(),
                bare: bare.clone(),
            })
        });
        let mut all: Vec<Place> = seats.collect();
        all.sort_unstable();
        all
    }
}
