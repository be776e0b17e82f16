//! Tokens belong to their bearers: whoever shows one that another has shown before them
//! gets nothing by it.

use super::part::MeetingPart;
use super::seat::Seat;
use crate::claims::{Finding, RejectReason, Source};
use crate::engine::hash::HashSet;
use crate::engine::room::event::Place;
use crate::engine::timers::Timer;
use crate::engine::warning::Warning;
use crate::muc::RoomJid;
use std::time::Duration;

/// How often tokens that are no longer valid are forgotten.
const FORGET: Duration = Duration::from_secs(60);

impl MeetingPart<'_> {
    /// Tokens found in a room's list belong to their bearers from now on; those
    /// found after a connection only when all rooms have been read, since the
    /// second bearer may sit in another.
    pub(super) fn settle_tokens(&mut self, jid: &RoomJid) {
        self.drop_contested();
        if self.stream.is_ready() {
            let revision = self.bindings.revision();
            self.bindings.settle(jid);
            self.out.save_if(self.bindings.revision() != revision);
        }
        if self.bindings.is_full() {
            self.out.warn_once(Warning::TokensFull);
        }
    }

    /// All rooms have been read.
    pub(super) fn settle_all_tokens(&mut self) {
        self.drop_contested();
        let revision = self.bindings.revision();
        self.bindings.settle_all();
        self.out.save_if(self.bindings.revision() != revision);
    }

    /// Takes the claims of those whose token another has, too.
    fn drop_contested(&mut self) {
        for (token, bare) in self.bindings.take_contested() {
            let holds = |seat: &Seat| {
                let credentials = seat.credentials.as_ref();
                credentials.is_some_and(|c| c.token.as_deref() == Some(&token))
            };
            let people = self.meetings.iter();
            let people = people.filter_map(|(main, m)| Some((main, m.people.get(&bare)?)));
            let held = people.flat_map(|(main, person)| {
                let seats = person.seats.iter().filter(|seat| holds(seat));
                seats.map(|seat| Place {
                    room: seat.room.clone(),
                    nick: seat.nick.clone(),
                    main: main.clone(),
                    bare: bare.clone(),
                })
            });
            let mut places: Vec<Place> = held.collect();
            places.sort_unstable();
            for place in places {
                self.take_claims(&place);
            }
        }
    }

    fn take_claims(&mut self, place: &Place) {
        let occupant = self.known().occupant(&place.room, &place.nick);
        let Some(real) = occupant.and_then(|o| o.real.clone()) else {
            return;
        };
        let rejected = vec![(Source::Jwt, RejectReason::Replayed)];
        let finding = Finding {
            rejected,
            ..Finding::default()
        };
        self.found(place, &real, finding, &[]);
    }

    /// When tokens that are no longer valid are forgotten next.
    pub fn watch_tokens(&mut self) {
        self.out.wake(self.now.tick + FORGET, Timer::Bindings);
    }

    /// Forgets tokens that are no longer valid, and will again.
    pub fn expire_tokens(&mut self) {
        if self.stream.is_ready() {
            self.drop_expired_tokens();
        }
        self.watch_tokens();
    }

    /// Forgets tokens that are no longer valid and that nobody present has.
    fn drop_expired_tokens(&mut self) {
        let people = self.meetings.values().flat_map(|m| m.people.values());
        let seats = people.flat_map(|person| &person.seats);
        let tokens = seats.filter_map(|seat| {
            let credentials = seat.credentials.as_ref()?;
            credentials.token.as_deref().copied()
        });
        let tokens: HashSet<_> = tokens.collect();
        let revision = self.bindings.revision();
        self.bindings
            .expire(self.now.unix(), |token| tokens.contains(token));
        self.out.save_if(self.bindings.revision() != revision);
    }
}
