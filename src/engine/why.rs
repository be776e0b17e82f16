//! Why gavel decided something, as logs, events, `room show`, the API and the
//! page print it.

use super::Engine;
use super::event::{Cause, Change, Decision as Told, Outcome, Party, Report};
use super::meeting::decide::{Basis, Decision};
use super::person::Person;
use crate::claims::Source;
use crate::muc::{BareJid, Nick, RoomJid};
use crate::policy::{Reason, Rule, Verdict};

/// The ground of a decision, in the words of the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Why {
    /// The nick of whoever it concerns; none where they are not there.
    pub nick: Option<Nick>,
    /// The rule that decided.
    pub rule: Rule,
    /// The rule's words.
    pub reason: Reason,
    /// Where the claims came from.
    pub source: Option<Source>,
}

impl Engine {
    /// Why gavel acts, for this cause.
    pub(super) fn why(
        &self,
        main: &RoomJid,
        person: Option<&Person>,
        decision: &Decision,
        cause: Cause,
    ) -> Why {
        let (nick, verdict, source) = match person.and_then(Person::deciding) {
            Some(seat) => (Some(seat.nick.clone()), seat.verdict.clone(), seat.source()),
            None => (None, Verdict::guest(), None),
        };
        let ended = !decision.wanted.may_moderate();
        let (rule, reason) = match cause {
            Cause::Fallback if ended => (Rule::Fallback, Reason::ElectionOver),
            Cause::Expiry => (Rule::Expired, Reason::Expired),
            Cause::Override if decision.basis != Basis::Override => {
                (Rule::Override, Reason::SetNoMore)
            }
            _ => self.ground(main, person, decision, verdict),
        };
        Why {
            nick,
            rule,
            reason,
            source,
        }
    }

    /// The ground that decided; `verdict` is what the policy makes of somebody
    /// present.
    pub(super) fn ground(
        &self,
        main: &RoomJid,
        person: Option<&Person>,
        decision: &Decision,
        verdict: Verdict,
    ) -> (Rule, Reason) {
        let present = person.is_some_and(Person::is_present);
        match decision.basis {
            Basis::Override => (Rule::Override, Reason::Set),
            Basis::Grant => {
                let grant = person.and_then(|person| person.rights.grant());
                let by = grant.and_then(|grant| self.granter(main, grant));
                (Rule::Grant, Reason::Granted(by.map(Into::into)))
            }
            Basis::Election => (Rule::Fallback, Reason::Elected),
            Basis::SteppedDown => (verdict.rule, Reason::SteppedDown),
            Basis::LastSeen => (Rule::LastSeen, Reason::LastSeen),
            Basis::BanLifted if decision.gives().is_none() => (Rule::Ban, Reason::BanUndone),
            Basis::BanLifted if !present => (Rule::LastSeen, Reason::LastSeen),
            Basis::Nothing if !present => (Rule::Absent, Reason::Absent),
            Basis::BanLifted
            | Basis::LeftAlone
            | Basis::Banned
            | Basis::Claims
            | Basis::Nothing => (verdict.rule, verdict.reason),
        }
    }

    /// Tells of a decision about a person, for the reason it has now.
    pub(super) fn tell_now(
        &mut self,
        main: &RoomJid,
        bare: &BareJid,
        change: Change,
        (cause, actor): (Cause, Option<Party>),
        outcome: Outcome,
    ) {
        let Some(person) = self.person(main, bare) else {
            return;
        };
        let decision = self.decision(main, person);
        let why = self.why(main, Some(person), &decision, cause);
        self.tell_decision(main, bare, change, (cause, actor, why), outcome);
    }

    /// Tells of a decision about a person.
    pub(super) fn tell_decision(
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
            person.corrections.note(by, at);
        }
        let person = self.person(main, bare);
        let (display_name, token_name) = person
            .and_then(|person| self.names_of(person))
            .unwrap_or_default();
        let actor_name = self.name_of(main, actor.as_ref());
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

    /// The name that a person shows and the one that their token gives, or the last
    /// that gavel saw of them.
    fn names_of(&self, person: &Person) -> Option<(Option<String>, Option<String>)> {
        let seat = person.deciding();
        let occupant = seat.and_then(|seat| self.occupant(&seat.room, &seat.nick));
        match (occupant, &person.left_as) {
            (Some(occupant), _) => Some(occupant.names(seat)),
            (None, Some(left)) => Some((left.display_name.clone(), left.token_name.clone())),
            (None, None) => None,
        }
    }
}
