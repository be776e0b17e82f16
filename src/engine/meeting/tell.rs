//! Telling people of decisions.

use super::known::Known;
use super::part::MeetingPart;
use super::person::InFlight;
use super::rights::Event;
use super::signals::tell_nobody_has_token;
use super::why::Why;
use crate::engine::asker::Asker;
use crate::engine::event::{Cause, Change, Decision as Told, Outcome, Party, Report};
use crate::engine::room::event::Place;
use crate::muc::{Affiliation, BareJid, RoomJid};
use crate::policy::Entitlement;
use crate::stanza::Request;

impl MeetingPart<'_> {
    /// Tells of a decision about a person, for the reason it has now.
    pub fn tell_now(
        &mut self,
        main: &RoomJid,
        bare: &BareJid,
        change: Change,
        (cause, actor): (Cause, Option<Party>),
        outcome: Outcome,
    ) {
        let Some(person) = self.known().person(main, bare) else {
            return;
        };
        let known = self.known();
        let decision = known.decision(main, person);
        let why = known.why(main, Some(person), &decision, cause);
        self.tell_decision(main, bare, change, (cause, actor, why), outcome);
    }

    /// Tells of a decision about a person.
    pub fn tell_decision(
        &mut self,
        main: &RoomJid,
        bare: &BareJid,
        change: Change,
        (cause, actor, why): (Cause, Option<Party>, Why),
        outcome: Outcome,
    ) {
        let at = self.now.unix_ms;
        let corrected = cause == Cause::Correction && outcome == Outcome::Applied;
        if let (true, Some(by), Some(person)) = (corrected, &actor, self.person_mut(main, bare)) {
            person.passing.trouble().corrections.note(by, at);
        }
        let person = self.known().person(main, bare);
        let names = person.and_then(|person| self.known().names_of(person));
        let (display_name, token_name) = names.unwrap_or_default();
        let actor_name = self.known().name_of(main, actor.as_ref());
        self.out.report(Report::Decision(Box::new(Told {
            room: main.clone(),
            nick: why.nick,
            display_name,
            token_name,
            jid: bare.to_string(),
            change,
            cause,
            rule: why.rule,
            reason: why.reason,
            source: why.source,
            actor,
            actor_name,
            outcome,
        })));
    }

    /// Counts somebody's promotion, if it is to be taken back.
    pub(super) fn count_promotion(&mut self, main: &RoomJid, bare: &BareJid, by: &Party) {
        let Some(person) = self.known().person(main, bare) else {
            return;
        };
        if self.known().wanted(main, person).may_moderate() {
            return;
        }
        let at_join = !person.is_present() || person.passing.unsettled_since().is_some();
        let not_first = self.known().is_not_first(main, bare);
        self.out
            .tally
            .promoted(by, main.service(), at_join, not_first);
        let known = Known {
            now: self.now,
            settings: self.settings,
            stream: self.stream,
            services: self.services,
            rooms: self.rooms,
            meetings: self.meetings,
        };
        tell_nobody_has_token(known, self.out, (main, bare), by);
    }

    /// Counts the people that only an ad-hoc command could lower, though gavel is owner of
    /// the room.
    pub(super) fn count_command(&mut self, main: &RoomJid, request: &InFlight, outcome: Outcome) {
        let owned = |room: &crate::engine::room::Room| room.own_affiliation == Affiliation::Owner;
        let Some(room) = self.rooms.get(main).filter(|room| owned(room)) else {
            return;
        };
        let lowered = request.from.is_some_and(Affiliation::moderates);
        if request.ad_hoc && lowered && outcome == Outcome::Applied {
            self.out.tally.services[room.service].lowered_by_command_only += 1;
        }
    }

    /// Somebody entered with the affiliation that gavel has said. Their claims entitle them
    /// to it, unless gavel judges otherwise by now.
    pub(super) fn entered_as(&mut self, place: &Place, given: Affiliation) {
        let (main, bare) = (&place.main, &place.bare);
        let Some(person) = self.known().person(main, bare) else {
            return;
        };
        let seat = person.seat(&place.room, &place.nick);
        let verdict = seat.map(|seat| seat.verdict.entitlement);
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

    /// Takes back the answers to the module about people who are about to enter: somebody
    /// has less from now on, which follows them to another device.
    pub(super) fn retract_arrivals(&mut self, main: &RoomJid) {
        let room = self.rooms.get(main).filter(|room| room.module);
        if let Some(service) = room.map(|room| room.service) {
            let domain = &self.settings.services[service].domain;
            self.out.ask(domain, Request::ForgetArrivals, Asker::Nobody);
        }
    }
}
