//! The outcome of an occupant's evidence: claims, or why there are none.

use super::part::MeetingPart;
use super::rights::Event;
use super::seat::Credentials;
use crate::claims::{Finding, RejectReason, Source};
use crate::engine::event::Report;
use crate::engine::outbox::SeatNews;
use crate::engine::room::event::Place;
use crate::muc::RealJid;

impl MeetingPart<'_> {
    /// Takes the outcome of an occupant's evidence; a refusal that was `told` before is not
    /// told again.
    pub(super) fn found(
        &mut self,
        place: &Place,
        real: &RealJid,
        finding: Finding,
        told: &[(Source, RejectReason)],
    ) {
        if let Some((source, claims)) = &finding.claims {
            let now = self.now.unix();
            self.out.tally.believed(*source, claims.issued_at(), now);
        }
        self.tell_refused(place, real, &finding, told);
        let claims = finding.claims.as_ref().map(|(_, claims)| claims);
        let refused = !finding.rejected.is_empty() || finding.awaiting.is_some();
        let verdict = self.judge(place, claims, refused);
        self.tally_with_token(&verdict, claims);
        let verdict = self.verdicts.share(verdict);
        let credentials = finding.claims.map(|(source, claims)| Credentials {
            source,
            claims,
            token: finding.token.map(Box::new),
        });
        let Some(seat) = self.seat_mut(place) else {
            return;
        };
        let mut reasons = finding.rejected.iter().map(|(_, reason)| *reason);
        if reasons.any(|reason| reason == RejectReason::NotYet) {
            // The same token may be valid next time.
            seat.evidence_mark = None;
        }
        seat.verdict = verdict;
        seat.credentials = credentials;
        seat.rejected = finding.rejected.first().copied();
        self.apply(&place.main, &place.bare, Event::Judged);
        self.watch_expiry(place);
        self.lapse_if_expired(place);
        self.out.tell_of_seat(SeatNews::Judged(place.clone()));
        self.remember_user(place);
        self.mark(&place.main, &place.bare);
    }

    fn tell_refused(
        &mut self,
        place: &Place,
        real: &RealJid,
        finding: &Finding,
        told: &[(Source, RejectReason)],
    ) {
        let mut told = told.to_vec();
        for (source, reason) in finding.rejected.iter().copied() {
            if let Some(again) = told.iter().position(|told| *told == (source, reason)) {
                told.swap_remove(again);
                continue;
            }
            self.out.tally.rejected(source, reason);
            let fault = finding.awaiting.as_ref().and_then(|a| a.fault.as_ref());
            let fault = fault.filter(|_| reason == RejectReason::BadSignature);
            let detail = fault.map(|fault| format!("its key could not be had: {fault}"));
            self.out.report(Report::ClaimsRejected {
                detail,
                room: place.room.clone(),
                nick: place.nick.clone(),
                jid: real.clone(),
                source,
                reason,
            });
        }
    }
}
