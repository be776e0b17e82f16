//! The life of a meeting: a room comes to it, has been read, and ends; the stream ends.

use super::Meeting;
use super::part::MeetingPart;
use super::rights::Event;
use crate::engine::order::Order;
use crate::engine::outbox::SeatNews;
use crate::engine::timers::Timer;
use crate::muc::{Affiliation, BareJid, RoomJid};

impl MeetingPart<'_> {
    /// A room's people are judged here from now on.
    pub(super) fn join_meeting(
        &mut self,
        main: &RoomJid,
        jid: &RoomJid,
        meeting_id: Option<String>,
    ) {
        let (now, settings) = (self.now.unix_ms, self.settings);
        let known = self.meetings.get(main).map(|m| m.meeting_id.clone());
        let another = match (known.flatten(), &meeting_id) {
            (Some(old), Some(new)) => main == jid && old != *new,
            _ => false,
        };
        if another && let Some(meeting) = self.meetings.get_mut(main) {
            meeting.begin_anew(now, settings);
            let people: Vec<BareJid> = meeting.people.keys().cloned().collect();
            people.iter().for_each(|bare| self.counts_anew(main, bare));
            self.out.tell_of_seat(SeatNews::Anew(main.clone()));
            self.out.save();
        }
        let meeting = self
            .meetings
            .get_or_insert_with(main.clone(), Meeting::default);
        meeting.add_room(jid);
        if main == jid {
            meeting.meeting_id = meeting_id.or(meeting.meeting_id.take());
        }
    }

    /// Everybody in a room has come, and the events that were held back have happened.
    pub(super) fn caught_up(
        &mut self,
        (jid, main): (&RoomJid, &RoomJid),
        outcasts: Option<Vec<BareJid>>,
        more_bans: bool,
    ) {
        if self.stream.is_ready() {
            self.succeed_unseen(main);
        }
        if main == jid {
            self.doubt_unseated(main, outcasts, more_bans);
        }
    }

    /// People who are not in the main room, but in a breakout room or nowhere, may have
    /// changed unseen: the lists will tell. Until then the affiliation that a breakout room
    /// shows holds.
    fn doubt_unseated(&mut self, main: &RoomJid, outcasts: Option<Vec<BareJid>>, more_bans: bool) {
        let Some(meeting) = self.meetings.get(main) else {
            return;
        };
        let unseated = meeting.people.iter().filter(|(_, p)| !p.is_seated_in(main));
        let outcast = |shown| shown == Some(Affiliation::Outcast);
        // A ban that is to be lifted may be gone by now, and one that is to stand.
        let banned = more_bans
            || unseated
                .clone()
                .any(|(_, p)| outcast(p.rights.shown()) || p.rights.depends_on_ban());
        let doubted =
            unseated.filter(|(_, person)| !outcast(person.rights.shown()) && !person.is_present());
        let doubted: Vec<BareJid> = doubted.map(|(bare, _)| bare.clone()).collect();
        for bare in &doubted {
            self.apply(main, bare, Event::Doubted);
        }
        match outcasts {
            Some(mut jids) => {
                // A person who lifts a ban lowers nobody, so gavel has to know of it.
                // Others are nobody to gavel, however many are banned.
                let known = self.meetings.get(main).map(|meeting| &meeting.people);
                jids.retain(|jid| banned || known.is_some_and(|known| known.contains_key(jid)));
                self.listed(main, Affiliation::Outcast, &jids, true);
            }
            None => {
                if banned {
                    let list = Order::List(main.clone(), Affiliation::Outcast);
                    self.out.order(list);
                }
                self.out.order(Order::Lists(main.clone()));
            }
        }
        if !self.unseen_members(main).is_empty() {
            let members = Order::List(main.clone(), Affiliation::Member);
            self.out.order(members);
        }
    }

    /// Grants, step-downs and the rest end with the meeting. The claims of people who are
    /// still in breakout rooms are kept.
    pub(super) fn end_meeting(&mut self, jid: &RoomJid) {
        self.parked.remove(jid);
        // The next room of that name is another.
        self.out.keep_told(|told| told.once_of_room() != Some(jid));
        let Some(meeting) = self.meetings.remove(jid) else {
            return;
        };
        self.out.save_if(meeting.absence.locked);
        let matters = meeting.people.values().any(|p| p.rights.matter());
        self.out.save_if(matters);
        for (bare, person) in meeting.people {
            self.out.cancel(&Timer::Kept(jid.clone(), bare.clone()));
            self.out.cancel(&Timer::Override(jid.clone(), bare.clone()));
            for seat in person.seats.into_iter().filter(|seat| seat.room != *jid) {
                let parked = self.parked.entry(seat.room.clone()).or_default();
                parked.push((bare.clone(), seat));
            }
        }
    }

    /// The stream has ended: nobody is seen any more, grants stay.
    pub fn lose_all(&mut self) {
        for place in self.places() {
            let occupant = self.known().occupant(&place.room, &place.nick);
            let shown = occupant.and_then(|occupant| occupant.shown());
            self.unseat(&place, false, shown);
        }
        self.parked.clear();
        self.line.clear();
        for meeting in self.meetings.values_mut() {
            meeting.rooms.clear();
            meeting.absence.reset(meeting.absence.locked);
            for person in meeting.people.values_mut() {
                person.apply(Event::Doubted, self.settings);
                person.passing.take_request();
                person.role_request = false;
                if let Some(trouble) = person.passing.known_trouble_mut() {
                    trouble.begin_anew();
                }
                person.set_at = None;
                person.passing.set_foreign(None);
                person.because = None;
            }
        }
        self.count_everybody();
    }

    /// Somebody who has become infrastructure is not managed any more.
    pub fn drop_infrastructure(&mut self) {
        let infrastructure = &self.settings.infrastructure;
        for meeting in self.meetings.values_mut() {
            let people = meeting.people.len();
            let managed = |jid: &BareJid| !infrastructure.contains_bare(jid);
            meeting.people.retain(|jid, _| managed(jid));
            self.out.save_if(meeting.people.len() != people);
        }
    }

    /// Timers do not outlive a stream: a new one has its own for all that will end.
    pub fn set_timers(&mut self) {
        self.wake_at_ends();
        self.look_at_vacancies();
        self.set_expiries();
    }

    /// Everything found since the connection has been joined: a person not seen by now is
    /// not there.
    pub fn all_seen(&mut self) {
        self.settle_all_tokens();
        let mut meetings: Vec<RoomJid> = self.meetings.keys().cloned().collect();
        meetings.sort_unstable();
        for main in &meetings {
            self.succeed_unseen(main);
        }
        // No meeting was looked at as a whole before all were seen.
        self.look_at_all();
    }
}
