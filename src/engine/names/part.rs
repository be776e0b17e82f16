//! The names at work: their state, the state they may look at, and the outbox.

use super::kept::Names;
use crate::engine::event::{Cause, Change, Decision, Outcome, Report};
use crate::engine::meeting::known::Known;
use crate::engine::meeting::seat::Seat;
use crate::engine::outbox::Outbox;
use crate::muc::{Nick, RoomJid};
use crate::policy::Verdict;

/// The names at work. Nothing else changes which names are kept.
pub struct NamePart<'a> {
    /// The state of the other parts.
    pub known: Known<'a>,
    /// The names that are kept.
    pub names: &'a mut Names,
    /// The actions that come of it.
    pub out: &'a mut Outbox,
}

impl NamePart<'_> {
    /// Says whether an occupant's evidence waits for a key.
    pub(super) fn awaits_key(&self, jid: &RoomJid, nick: &Nick) -> bool {
        let seat = self.known.seat_at(jid, nick);
        seat.is_some_and(|seat| seat.waiting.is_some())
    }

    /// Tells the outcome of a name's way back.
    pub(super) fn report_revert(
        &mut self,
        jid: &RoomJid,
        nick: &Nick,
        change: Change,
        outcome: Outcome,
    ) {
        let Some(occupant) = self.known.occupant(jid, nick) else {
            return;
        };
        let real = occupant.real.as_ref();
        let seat = self.known.seat_at(jid, nick);
        let verdict = seat.map_or_else(Verdict::guest, |seat| Verdict::clone(&seat.verdict));
        let display_name = occupant.shown();
        let token_name = seat.and_then(Seat::short_name);
        let decision = Decision {
            room: jid.clone(),
            nick: Some(nick.clone()),
            display_name,
            token_name,
            jid: real.map(ToString::to_string).unwrap_or_default(),
            change,
            cause: Cause::Correction,
            rule: verdict.rule,
            reason: verdict.reason,
            source: seat.and_then(Seat::source),
            actor: None,
            actor_name: None,
            outcome,
        };
        self.out.report(Report::Decision(Box::new(decision)));
    }
}
