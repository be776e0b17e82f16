//! Occupants take and leave their seats in a meeting.

use super::part::{MeetingPart, Parked};
use super::person::LeftAs;
use super::rights::{Event, Standing};
use super::seat::Seat;
use crate::engine::event::Party;
use crate::engine::hash::HashMap;
use crate::engine::room::event::{Came, Changed, Left, Place};
use crate::muc::{Affiliation, BareJid, Nick, RoomJid};
use crate::policy::Verdict;
use crate::stanza::Actor;

impl MeetingPart<'_> {
    /// Gives an occupant its place in the meeting, and judges it.
    pub(super) fn take_seat(&mut self, came: &mut Came) {
        let tick = self.now.tick;
        let place = came.place.clone();
        let (main, bare) = (&place.main, &place.bare);
        let Some(meeting) = self.meetings.get_mut(main) else {
            return;
        };
        let person = meeting.person(bare);
        person.passing.unsettled(tick);
        person.passing.set_left_as(None);
        self.out.tally.people += 1;
        let back = !person.is_present();
        // Somebody who was there before gavel lost sight of them does not appear now.
        let appears = back && !person.rights.is_lost();
        if appears {
            person.because = None;
        }
        let user_id = person.rights.user().cloned();
        // Before they sit there: until a seat is judged, it says nothing of its person.
        if appears {
            self.apply(main, bare, Event::User(None));
        }
        if let Some(id) = user_id.filter(|_| back) {
            self.user_is_back(main, bare, &id, appears);
        }
        self.seat(came);
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

    fn seat(&mut self, came: &Came) {
        let place = &came.place;
        let known = take_parked(self.parked, place).unwrap_or_else(|| {
            let guest = self.verdicts.share(Verdict::guest());
            Seat::new(place.room.clone(), place.nick.clone(), guest)
        });
        if let Some(person) = self.person_mut(&place.main, &place.bare) {
            person.seats.push(Seat {
                role: came.role,
                machine: came.machine,
                joined_at: came.at,
                ..known
            });
        }
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
        // The module announces nothing of people who are about to enter. So an affiliation
        // that a server module gave somebody in that moment shows in their first presence.
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
    pub(super) fn left_unjudged(
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
        person.passing.settled();
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
            meeting.remove_room(jid);
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
    pub(super) fn unseat(
        &mut self,
        place: &Place,
        seen: bool,
        shown: Option<String>,
    ) -> Option<Seat> {
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
            person.passing.settled();
            person.role_taken = false;
            person
                .passing
                .set_left_as(LeftAs::of((shown, taken.short_name())));
            self.apply(main, bare, Event::Left { had, seen, at });
            self.succeed(main, bare, seen);
            self.watch_kept(main, bare);
        }
        self.mark(main, bare);
        Some(taken)
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
            person.passing.trouble().departing_until = Some(until);
        }
        self.observe((main, main), bare, affiliation, actor, false);
    }
}

/// Takes over an occupant whose room belonged to another meeting before.
fn take_parked(parked: &mut Parked, place: &Place) -> Option<Seat> {
    let seats = parked.get_mut(&place.room)?;
    let is_it = |(of, seat): &(BareJid, Seat)| *of == place.bare && seat.nick == place.nick;
    let at = seats.iter().position(is_it)?;
    Some(seats.swap_remove(at).1)
}
