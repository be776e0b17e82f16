//! The policy's verdict on claims, and on a login without any.

use super::part::MeetingPart;
use super::rights::Event;
use super::seat::expired;
use crate::claims::Claims;
use crate::engine::room::event::Place;
use crate::engine::room::module::trust;
use crate::engine::task::Task;
use crate::policy::{Rule, Subject, Verdict};

impl MeetingPart<'_> {
    /// The policy's verdict on somebody's claims. Rules see the main room, as the claims
    /// themselves do. If claims were `refused`, the login does not count in their place:
    /// somebody whose token is wrong is a guest.
    pub(super) fn judge(&self, place: &Place, claims: Option<&Claims>, refused: bool) -> Verdict {
        if let Some(expired) = expired(claims, self.settings, self.now.unix_ms) {
            return expired;
        }
        let login = || trust(self.services, place.bare.domain()).counts();
        self.settings.policy.judge(&Subject {
            claims,
            room: Some(&place.main),
            jid: Some(place.bare.as_str()),
            nick: Some(place.nick.as_str()),
            login: !refused && login(),
        })
    }

    /// Judges an occupant again whose claims have not changed: its nick has, or the policy.
    pub(super) fn judge_again(&mut self, place: &Place) {
        let person = self.known().person(&place.main, &place.bare);
        let seat = person.and_then(|person| person.seat(&place.room, &place.nick));
        let Some(seat) = seat else {
            return;
        };
        let refused = seat.rejected.is_some() || seat.waiting.is_some();
        let verdict = self.judge(place, seat.claims(), refused);
        let seat = self.seat_mut(place);
        if seat.is_none_or(|seat| *seat.verdict == verdict) {
            return;
        }
        let verdict = self.verdicts.share(verdict);
        if let Some(seat) = self.seat_mut(place) {
            seat.verdict = verdict;
        }
        self.apply(&place.main, &place.bare, Event::Judged);
        self.lapse_if_expired(place);
        let task = Task::Permissions(place.room.clone(), place.nick.clone());
        self.out.todo(task);
        self.mark(&place.main, &place.bare);
    }

    /// Judges everybody again whose login may count.
    pub(super) fn judge_logins(&mut self) {
        for place in self.places() {
            if self.settings.policy.trusts(place.bare.domain()) {
                self.judge_again(&place);
            }
        }
    }

    /// Lowers people who have an expired token's affiliation, whatever guests may have.
    pub(super) fn lapse_if_expired(&mut self, place: &Place) {
        let seat = self.seat_mut(place);
        if seat.is_some_and(|seat| seat.verdict.rule == Rule::Expired) {
            self.apply(&place.main, &place.bare, Event::Expired);
            self.mark(&place.main, &place.bare);
        }
    }
}
