//! Occupants take and leave their seats in a meeting.

use super::part::{MeetingPart, Parked};
use super::person::LeftAs;
use super::rights::{Event, Standing};
use super::seat::Seat;
use crate::engine::event::Party;
use crate::engine::order::Order;
use crate::engine::outbox::SeatNews;
use crate::engine::room::Room;
use crate::engine::room::event::{Came, Changed, Left, Place};
use crate::engine::timers::Timer;
use crate::muc::{Affiliation, BareJid, Nick, RoomJid};
use crate::policy::Verdict;
use crate::stanza::Actor;
use std::collections::HashMap;

impl MeetingPart<'_> {
    /// A room's people are judged here from now on.
    pub(super) fn join_meeting(
        &mut self,
        main: &RoomJid,
        jid: &RoomJid,
        meeting_id: Option<String>,
    ) {
        let (now, policy) = (self.now.unix_ms, &self.settings.policy);
        let known = self.meetings.get(main).map(|m| m.meeting_id.clone());
        let another = match (known.flatten(), &meeting_id) {
            (Some(old), Some(new)) => main == jid && old != *new,
            _ => false,
        };
        if another && let Some(meeting) = self.meetings.get_mut(main) {
            meeting.begin_anew(now, policy);
            let people: Vec<BareJid> = meeting.people.keys().cloned().collect();
            people.iter().for_each(|bare| self.counts_anew(main, bare));
            self.out.tell_of_seat(SeatNews::Anew(main.clone()));
            self.out.save();
        }
        let meeting = self.meetings.entry(main.clone());
        let meeting = meeting.or_default();
        meeting.rooms.insert(jid.clone());
        if main == jid {
            meeting.meeting_id = meeting_id.or(meeting.meeting_id.take());
        }
    }

    /// Everybody in a room has come, and what was held back has happened.
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

    /// What was known of people who are not in the main room, but in a breakout
    /// room or nowhere, may have changed unseen: the lists will tell.
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
        let doubted = unseated.filter(|(_, person)| !outcast(person.rights.shown()));
        let doubted: Vec<BareJid> = doubted.map(|(bare, _)| bare.clone()).collect();
        for bare in &doubted {
            self.apply(main, bare, Event::Doubted);
        }
        match outcasts {
            Some(jids) if banned => self.listed(main, Affiliation::Outcast, &jids, true),
            Some(_) => {}
            None => {
                if banned {
                    let list = Order::List(main.clone(), Affiliation::Outcast);
                    self.out.order(list);
                }
                self.out.order(Order::Lists(main.clone()));
            }
        }
    }

    /// Gives an occupant its place in the meeting, and judges it.
    pub(super) fn take_seat(&mut self, came: &mut Came) {
        let tick = self.now.tick;
        let place = came.place.clone();
        let (main, bare) = (&place.main, &place.bare);
        let Some(meeting) = self.meetings.get_mut(main) else {
            return;
        };
        let person = meeting.person(bare);
        person.unsettled_since.get_or_insert(tick.into());
        person.left_as = None;
        self.out.tally.people += 1;
        let back = !person.is_present();
        // Somebody who was there before gavel lost sight of them does not appear now.
        let appears = back && !person.rights.is_lost();
        if appears {
            person.because = None;
        }
        let user_id = person.rights.user().cloned();
        let known = take_parked(self.parked, &place).unwrap_or_else(|| {
            let guest = self.verdicts.share(Verdict::guest());
            Seat::new(place.room.clone(), place.nick.clone(), guest)
        });
        person.seats.push(Seat {
            role: came.role,
            machine: came.machine,
            joined_at: came.at,
            ..known
        });
        if appears {
            self.apply(main, bare, Event::User(None));
        }
        if let Some(id) = user_id.filter(|_| back) {
            self.user_is_back(main, bare, &id, appears);
        }
        if let Some(evidence) = came.evidence.take() {
            self.take_evidence(&place, &came.real, evidence, came.listed);
        }
        if let Some(given) = came.given.filter(|_| *main == place.room) {
            self.entered_as(&place, given);
        }
        self.look_at_affiliation(came, back);
        self.remember_arrival(main, bare, came.at);
        self.mark(main, bare);
    }

    /// Looks at the affiliation that somebody has come with.
    fn look_at_affiliation(&mut self, came: &Came, back: bool) {
        let Place {
            main, bare, room, ..
        } = &came.place;
        let known = self.known().person(main, bare);
        let known = known.and_then(|p| p.rights.shown());
        let affiliation = came.affiliation;
        let actor = came.actor.as_ref();
        self.observe((room, main), bare, affiliation, actor, true);
        if back {
            self.apply(main, bare, Event::Appeared);
        }
        // The module announces nothing of people who are about to enter. So what a
        // server module gave somebody in that moment shows in their first presence.
        let entered = main == room && !came.listed && actor.is_none();
        if entered && affiliation.moderates() && !known.is_some_and(Affiliation::moderates) {
            self.count_promotion(main, bare, &Party::NONE);
        }
        let person = self.known().person(main, bare).filter(|_| back);
        if person.is_some_and(|person| person.rights.is_awaited()) {
            self.is_back(main, bare);
        }
    }

    /// Somebody's presence has come again.
    pub(super) fn changed(&mut self, changed: &mut Changed) {
        let place = changed.place.clone();
        let (main, bare) = (&place.main, &place.bare);
        let mut declares = false;
        if let Some(seat) = self.seat_mut(&place) {
            seat.role = changed.role;
            declares = std::mem::replace(&mut seat.machine, changed.machine) != changed.machine;
        }
        let evidence = std::mem::take(&mut changed.evidence);
        self.take_evidence(&place, &changed.real, evidence, false);
        if declares {
            self.mark(main, bare);
        }
        let actor = changed.actor.as_ref();
        if let Some(affiliation) = changed.affiliation {
            self.observe((&place.room, main), bare, affiliation, actor, true);
        }
        if changed.was != changed.role {
            self.role_changed(&place, (changed.was, changed.role), actor);
        }
    }

    /// Somebody has another nick.
    pub(super) fn renamed(&mut self, place: &Place, from: &Nick) {
        let person = self.person_mut(&place.main, &place.bare);
        let Some(seat) = person.and_then(|person| person.seat_mut(&place.room, from)) else {
            return;
        };
        seat.nick = place.nick.clone();
        let nick = from.clone();
        self.leave_expiry(&Place {
            nick,
            ..place.clone()
        });
        self.watch_expiry(place);
        if self.settings.policy.reads_nick() {
            self.judge_again(place);
        }
    }

    /// Somebody is no longer there.
    pub(super) fn left(&mut self, left: &Left) {
        let place = &left.place;
        let actor = left.actor.as_ref();
        if let Some(affiliation) = left.affiliation {
            let room = (&place.room, &place.main);
            self.observe(room, &place.bare, affiliation, actor, true);
        }
        if self.seat_mut(place).is_none() {
            return;
        }
        if left.kicked {
            self.kicked(&place.main, &place.bare, actor);
        }
        self.leave_expiry(place);
        self.unseat(place, true, left.shown.clone());
    }

    /// Somebody has left a room before anybody there was judged. They may have come
    /// with less than gavel knew of them.
    pub(super) fn left_early(
        &mut self,
        jid: &RoomJid,
        bare: &BareJid,
        kicked: Option<Option<&Actor>>,
    ) {
        let now = self.now.unix_ms;
        if let Some(actor) = kicked {
            self.kicked(jid, bare, actor);
        }
        let person = self.person_mut(jid, bare);
        let Some(person) = person.filter(|person| !person.is_present()) else {
            return;
        };
        person.unsettled_since = None;
        person.role_taken = false;
        let (had, seen, at) = (Standing::ABSENT, true, now);
        self.apply(jid, bare, Event::Left { had, seen, at });
        self.succeed(jid, bare, true);
        self.mark(jid, bare);
    }

    /// gavel sees nobody in a room any more. `moves` says that they are still there, and
    /// belong to another meeting from now on.
    pub(super) fn lose_sight(
        &mut self,
        (jid, main): (&RoomJid, &RoomJid),
        moves: bool,
        shown: &HashMap<Nick, String>,
    ) {
        let mut places = self.places_in(jid, main);
        places.sort_unstable();
        for place in places {
            let shown = shown.get(&place.nick).cloned();
            if !moves {
                self.leave_expiry(&place);
            }
            let seat = self.unseat(&place, false, shown).filter(|_| moves);
            if let Some(seat) = seat {
                let parked = self.parked.entry(jid.clone()).or_default();
                parked.push((place.bare, seat));
            }
        }
        if let Some(meeting) = self.meetings.get_mut(main) {
            meeting.rooms.remove(jid);
        }
    }

    fn places_in(&self, jid: &RoomJid, main: &RoomJid) -> Vec<Place> {
        let people = self.meetings.get(main).map(|meeting| &meeting.people);
        let people = people.into_iter().flatten();
        let seats = people.flat_map(|(bare, person)| {
            let seats = person.seats.iter().filter(|seat| seat.room == *jid);
            seats.map(move |seat| (bare, seat))
        });
        let places = seats.map(|(bare, seat)| Place {
            room: jid.clone(),
            nick: seat.nick.clone(),
            main: main.clone(),
            bare: bare.clone(),
        });
        places.collect()
    }

    /// Takes an occupant's place away. `seen` says that the room told so.
    fn unseat(&mut self, place: &Place, seen: bool, shown: Option<String>) -> Option<Seat> {
        let (at, settings) = (self.now.unix_ms, self.settings);
        let (main, bare) = (&place.main, &place.bare);
        let person = self.person_mut(main, bare)?;
        let had = person.standing(settings);
        let mut seats = person.seats.iter();
        let index = seats.position(|seat| seat.is_at(&place.room, &place.nick))?;
        let taken = person.seats.remove(index);
        if person.is_present() {
            self.apply(main, bare, Event::SeatLeft { had, seen });
        } else {
            person.unsettled_since = None;
            person.role_taken = false;
            person.left_as = LeftAs::of((shown, taken.short_name()));
            self.apply(main, bare, Event::Left { had, seen, at });
            self.succeed(main, bare, seen);
            self.watch_kept(main, bare);
        }
        self.mark(main, bare);
        Some(taken)
    }

    /// Grants, step-downs and the rest end with the meeting. Of people who are still in
    /// breakout rooms their claims are kept.
    pub(super) fn end_meeting(&mut self, jid: &RoomJid) {
        self.parked.remove(jid);
        // The next room of that name is another.
        self.out.keep_told(|told| told.once_of_room() != Some(jid));
        let Some(meeting) = self.meetings.remove(jid) else {
            return;
        };
        self.out.save_if(meeting.absence.locked);
        let mut people = meeting.people.values();
        self.out.save_if(people.any(|p| p.rights.matter()));
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
        let policy = &self.settings.policy;
        for meeting in self.meetings.values_mut() {
            meeting.rooms.clear();
            meeting.absence.reset(meeting.absence.locked);
            for person in meeting.people.values_mut() {
                person
                    .rights
                    .apply(Event::Doubted, Standing::ABSENT, policy);
                person.request = None;
                person.role_request = false;
                if let Some(trouble) = &mut person.trouble {
                    trouble.begin_anew();
                }
                person.set_at = None;
                person.foreign = None;
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

    /// The main room tells of the affiliation of somebody who is not in it, or is about
    /// to leave.
    pub(super) fn announced(
        &mut self,
        main: &RoomJid,
        bare: &BareJid,
        (affiliation, actor): (Affiliation, Option<&crate::stanza::Actor>),
        held: bool,
    ) {
        let until = self.now.tick + super::attribute::DEPARTURE;
        let person = self.person_mut(main, bare);
        if held && person.is_none() {
            return;
        }
        if let Some(person) = person.filter(|person| person.is_seated_in(main)) {
            person.trouble().departing_until = Some(until);
        }
        self.observe((main, main), bare, affiliation, actor, false);
    }

    /// Whether gavel is in the main room, which then tells of changes itself.
    pub(super) fn told_by_main(&self, main: &RoomJid) -> bool {
        self.rooms.get(main).is_some_and(Room::is_in)
    }
}

/// Takes what was known of an occupant whose room belonged to another meeting before.
fn take_parked(parked: &mut Parked, place: &Place) -> Option<Seat> {
    let seats = parked.get_mut(&place.room)?;
    let is_it = |(of, seat): &(BareJid, Seat)| *of == place.bare && seat.nick == place.nick;
    let at = seats.iter().position(is_it)?;
    Some(seats.swap_remove(at).1)
}
