//! Who is about to enter, where the module asks (SPEC section 6): it lets them in
//! as what gavel says, so that nobody sees them as anything else.
//!
//! Said is only what their claims decide alone. Of whoever is known to the meeting
//! already more than that counts: nothing is said, and they are looked at when
//! they are there. That happens anyway, so what was said is never relied on.

use super::Engine;
use super::asker::Asker;
use super::event::{Cause, Change, Outcome};
use super::meeting::rights::Event;
use super::meeting::seat::end_of;
use super::person::Person;
use super::room::Occupant;
use super::settings::Freeze;
use crate::claims::{Claims, Occasion, TokenName};
use crate::muc::{Affiliation, BareJid, Nick, OccupantJid, RealJid, RoomJid};
use crate::policy::{Entitlement, Subject};
use crate::stanza::{Arrival, Evidence, Reply, Request};
use std::time::Duration;

/// As long as this the module goes by what gavel has said, in milliseconds.
const STANDS_MS: u64 = 60_000;

impl Engine {
    /// Says what somebody will be, to whoever is a service `from` which they are
    /// about to enter a room of.
    pub(super) fn arrival(&self, from: &str, arrival: &Arrival) -> Reply {
        let Some((room, real, claims)) = self.announced_claims(from, arrival) else {
            return Reply::Arrival {
                affiliation: None,
                name: None,
                permissions: None,
            };
        };
        let bare = real.bare();
        Reply::Arrival {
            affiliation: self.affiliation_ahead(&room, &bare, &claims),
            name: self.name_ahead(&claims),
            permissions: self.permissions_ahead(&room, &bare, &claims),
        }
    }

    /// The room, the person and their claims, where the module asks and all is
    /// in order.
    fn announced_claims(
        &self,
        from: &str,
        arrival: &Arrival,
    ) -> Option<(RoomJid, RealJid, Claims)> {
        let stream = self.stream.as_ref()?;
        let (service, room, _) = self.locate(&arrival.room)?;
        let real = RealJid::parse(&arrival.jid).filter(RealJid::is_full)?;
        let asks = self.settings.services[service].domain == from;
        let meeting = self
            .rooms
            .get(&room)
            .and_then(|known| known.meeting.as_ref());
        let breakout = meeting.is_some_and(|main| *main != room);
        if !asks || breakout || self.settings.infrastructure.contains(&real) {
            return None;
        }
        let occupant = OccupantJid {
            room: room.clone(),
            nick: Nick::new(""),
        };
        let occasion = Occasion {
            stream_id: &stream.id,
            real: &real,
            occupant: &occupant,
            room: &room,
            listed: false,
            since: Duration::ZERO,
            shown: self.now.unix(),
            now: self.now.unix(),
        };
        let claims = self.settings.verifier.foresee(&arrival.claims, &occasion)?;
        Some((room, real, claims))
    }

    fn affiliation_ahead(
        &self,
        room: &RoomJid,
        bare: &BareJid,
        claims: &Claims,
    ) -> Option<Affiliation> {
        let policy = &self.settings.policy;
        let ends = end_of(claims, &self.settings);
        let ends_soon = ends.is_some_and(|at| at <= self.now.unix_ms.saturating_add(STANDS_MS));
        if ends_soon || policy.reads_nick() || self.is_known(room, bare, claims.user_id()) {
            return None;
        }
        let verdict = policy.judge(&Subject {
            claims: Some(claims),
            room: Some(room),
            jid: Some(bare.as_str()),
            nick: None,
            login: false,
        });
        match verdict.entitlement {
            Entitlement::Affiliation(own) if own >= Affiliation::Member => Some(own),
            _ => None,
        }
    }

    /// Whether anything but their claims may count for somebody: an override, a
    /// grant, a step-down, also one that would follow them from another device.
    /// What they left with does not, once they are there again.
    fn is_known(&self, main: &RoomJid, bare: &BareJid, user_id: Option<&str>) -> bool {
        let Some(meeting) = self.meetings.get(main) else {
            return false;
        };
        let holders = meeting.holders.iter();
        let mut holders = holders.filter_map(|bare| meeting.people.get(bare));
        let same_user = holders.any(|person| {
            let rights = &person.rights;
            rights.has_to_hand_over() && user_id.is_some() && rights.user() == user_id
        });
        let person = meeting.people.get(bare);
        let rests = |person: &Person| person.request.is_none() && person.rights.rest_on_claims();
        same_user || person.is_some_and(|person| !(person.is_blank() || rests(person)))
    }

    fn name_ahead(&self, claims: &Claims) -> Option<String> {
        let name = claims
            .user_name()
            .filter(|_| self.settings.freeze == Freeze::Revert)?;
        Some(TokenName::new(name).ok()?.form().into_owned())
    }

    /// What the module says that it has given somebody who has just been seen.
    pub(super) fn given(&self, jid: &RoomJid, nick: &Nick) -> Option<Affiliation> {
        let room = self.rooms.get(jid).filter(|room| room.module)?;
        let occupant = room.occupants.get(nick)?;
        let evidence = occupant.pending.as_ref()?;
        let given = evidence.bridge.as_ref()?.given;
        given.filter(|given| *given == occupant.affiliation)
    }

    /// Somebody entered as what gavel has said, which is what their claims entitle
    /// them to unless gavel judges otherwise by now.
    pub(super) fn entered_as(
        &mut self,
        main: &RoomJid,
        bare: &BareJid,
        given: Affiliation,
        seat: (&RoomJid, &Nick),
    ) {
        let verdict = self.seat_at(seat.0, seat.1).map(|s| s.verdict.entitlement);
        let Some(person) = self.person(main, bare) else {
            return;
        };
        let before = person.rights.shown().or(person.rights.floor());
        self.apply(main, bare, Event::EnteredAs(given));
        if verdict != Some(Entitlement::Affiliation(given)) || before == Some(given) {
            return;
        }
        let change = Change::Affiliation {
            from: Some(before.unwrap_or(Affiliation::None)),
            to: given,
        };
        let why = (Cause::Join, None);
        self.tell_now(main, bare, change, why, Outcome::Applied);
    }

    /// What the module said of the affiliation that somebody was given counts until
    /// their evidence is looked at, however many presences they send before.
    pub(super) fn keep_given(occupant: &mut Occupant, newer: &mut Evidence) {
        let older = occupant.pending.as_ref().and_then(|e| e.bridge.as_ref());
        let given = older.and_then(|bridge| bridge.given);
        if let Some(bridge) = &mut newer.bridge {
            bridge.given = bridge.given.or(given);
        }
    }

    /// Judged otherwise from now on: the module is not to go by what it was told.
    /// It asks before gavel has joined any room, and so knows that it is there.
    pub(super) fn forget_arrivals(&mut self) {
        for service in 0..self.services.len() {
            self.forget_arrivals_of(service);
        }
    }

    fn forget_arrivals_of(&mut self, service: usize) {
        if self.stream.is_some() {
            let domain = self.settings.services[service].domain.clone();
            self.out
                .ask(&domain, Request::ForgetArrivals, Asker::Nobody);
        }
    }

    /// Somebody may have less from now on, which follows them to another device:
    /// that one may be about to enter.
    pub(super) fn forget_devices(&mut self, main: &RoomJid) {
        let room = self.rooms.get(main).filter(|room| room.module);
        if let Some(service) = room.map(|room| room.service) {
            self.forget_arrivals_of(service);
        }
    }
}
