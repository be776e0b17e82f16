//! Why somebody has their affiliation, in one sentence.

use super::asked::Asked;
use crate::api::Time;
use crate::claims::Source;
use crate::engine::event::{Cause, Change, Decision, Party};
use crate::engine::meeting::decide::{Basis, Decision as Decided};
use crate::engine::meeting::known::Known;
use crate::engine::meeting::rights::Grant;
use crate::engine::meeting::seat::Seat;
use crate::engine::room::{Occupant, Room};
use crate::muc::{Affiliation, RoomJid};
use crate::policy::{Entitlement, Reason, Rule, Verdict};
use std::fmt::Display;

impl Known<'_> {
    /// Why an occupant should have another affiliation.
    pub(super) fn reason(&self, room: &Room, occupant: &Occupant, asked: Option<&Asked>) -> String {
        if occupant.infrastructure {
            return "infrastructure, never managed".to_owned();
        }
        if occupant.real.is_none() {
            return "the room does not show the real JID, so there are no claims".to_owned();
        }
        let (Some(asked), Some(main)) = (asked, &room.meeting) else {
            return "the room's configuration is still being read".to_owned();
        };
        let decision = self.decision(main, asked.person);
        let mut words = match decision.basis {
            Basis::Override => self.overridden(main, asked),
            _ => self.without_override(main, asked, &decision),
        };
        let now = self.now.unix_ms;
        let ends = asked.deciding;
        let ends = ends.and_then(|seat| seat.expires_at(self.settings));
        if let Some(at) = ends.filter(|at| *at > now) {
            words += &format!(
                "; the token ends at {}",
                Time::from_unix_ms(at).time_of_day()
            );
        }
        for corrected in asked.person.corrected() {
            let by = &corrected.by;
            let times = match corrected.count {
                1 => "once".to_owned(),
                count => format!("{count} times"),
            };
            words += &format!("; changed by {by} {times}, corrected");
        }
        words
    }

    fn without_override(&self, main: &RoomJid, asked: &Asked, decision: &Decided) -> String {
        let rights = &asked.person.rights;
        match (decision.basis, rights.grant(), rights.cap()) {
            (Basis::Grant, Some(grant), _) => self.granted(main, grant),
            (Basis::Election, ..) => format!("elected: {}", Reason::Elected),
            (Basis::SteppedDown | Basis::Nothing, _, Some(to)) => {
                format!("stepped down to {to}; {}", by_claims(asked))
            }
            (Basis::BanLifted, ..) if decision.gives().is_none() => Reason::BanUndone.to_string(),
            _ => by_claims(asked),
        }
    }

    /// The override of an admin, and the affiliation without it.
    fn overridden(&self, main: &RoomJid, asked: &Asked) -> String {
        let Some(set) = asked.person.rights.override_() else {
            return by_claims(asked);
        };
        let set = override_words(set.affiliation, set.until, set.by.as_deref());
        let decision = self.decision_without_override(main, asked.person);
        let rest = self.without_override(main, asked, &decision);
        format!("{set}; without it: {rest}")
    }

    /// `granted by Alice (alice@example.org) at 10:02 UTC`
    fn granted(&self, main: &RoomJid, grant: &Grant) -> String {
        let at = Time::from_unix_ms(grant.at).time_of_day();
        match self.granter(main, grant) {
            Some(by) => format!("granted by {by} at {at}"),
            None => format!("granted at {at}"),
        }
    }
}

/// `token: context.user.moderator is "false" → member (preset jitsi)`
fn by_claims(asked: &Asked) -> String {
    let words = by_claims_of(asked.deciding);
    match asked.other() {
        Some(other) => format!("{} has the same JID: {words}", other.nick),
        None => words,
    }
}

fn by_claims_of(seat: Option<&Seat>) -> String {
    let Verdict {
        entitlement,
        rule,
        reason,
    } = seat.map_or_else(Verdict::guest, |seat| Verdict::clone(&seat.verdict));
    let source = seat.and_then(Seat::source);
    let outcome = match entitlement {
        Entitlement::Affiliation(affiliation) => affiliation.as_str(),
        Entitlement::Keep => "left as it is",
        Entitlement::Guest => "guest",
    };
    let waiting = seat.and_then(|seat| seat.waiting.as_ref());
    let waiting = waiting.filter(|_| source.is_none());
    if let Some(waiting) = waiting {
        return format!("{reason} ({})", waiting.words());
    }
    match (source, seat.and_then(|seat| seat.rejected)) {
        (None, Some((source, why))) => format!("{reason} (those of {source} rejected: {why})"),
        _ => sentence(source, &reason, outcome, &rule),
    }
}

fn sentence(
    source: Option<Source>,
    reason: &impl Display,
    outcome: &str,
    rule: &impl Display,
) -> String {
    let source = match source {
        Some(Source::Bridge | Source::Jwt) => "token",
        Some(Source::Identity) => "identity",
        None => return reason.to_string(),
    };
    let rule = rule.to_string();
    // A preset's rules are named after it.
    let rule = match rule.split_once(':') {
        Some((preset, _)) => format!("preset {preset}"),
        None => format!("rule {rule}"),
    };
    format!("{source}: {reason} → {outcome} ({rule})")
}

/// `override: owner until 10:32 UTC (set by uid 0)`
fn override_words(to: Affiliation, until: Option<u64>, by: Option<&str>) -> String {
    let by = by.unwrap_or("an admin");
    let until = match until {
        Some(until) => Time::from_unix_ms(until).time_of_day(),
        None => "the meeting ends".to_owned(),
    };
    format!("override: {to} until {until} (set by {by})")
}

impl Decision {
    /// Why it was taken.
    pub(super) fn words(&self) -> String {
        let actor = self.actor.as_ref();
        let by = || match (actor, &self.actor_name) {
            (Some(Party { jid: Some(jid), .. }), Some(name)) => format!("{name} ({jid})"),
            (_, Some(name)) => name.clone(),
            (Some(actor), None) => actor.to_string(),
            (None, None) => "somebody".to_owned(),
        };
        match (self.cause, &self.change) {
            (_, Change::Override { to, until, by, .. }) => match (to, by) {
                (Some(to), by) => override_words(*to, *until, by.as_deref()),
                (None, Some(by)) => format!("cleared by {by}"),
                (None, None) => "its time is over".to_owned(),
            },
            (Cause::Override | Cause::Leave, _) => self.reason.to_string(),
            (Cause::Grant, _) if actor.is_some() => format!("granted by {}", by()),
            (Cause::StepDown, _) => "stepped down".to_owned(),
            (_, Change::Name { .. } | Change::Nick { .. }) => "the token names them".to_owned(),
            (Cause::Correction, Change::Affiliation { to, .. }) => {
                format!("changed by {}; {}", by(), self.by_claims(*to))
            }
            (Cause::Correction, Change::Role { .. }) => {
                format!("role changed by {}; {}", by(), self.reason)
            }
            (_, Change::Affiliation { to, .. }) => self.by_claims(*to),
            (_, Change::Role { .. }) => self.reason.to_string(),
        }
    }

    fn by_claims(&self, to: Affiliation) -> String {
        match self.rule {
            Rule::Named(_) | Rule::Unmatched | Rule::Guest | Rule::Expired
                if self.reason != Reason::SteppedDown =>
            {
                sentence(self.source, &self.reason, to.as_str(), &self.rule)
            }
            _ => self.reason.to_string(),
        }
    }
}
