//! Changes that gavel sees: their makers, and their consequences (SPEC B3, B4).

use super::part::MeetingPart;
use super::person::{Foreign, InFlight, Pace, Person};
use super::rights::{Author, Event, Shift, Taken};
use crate::engine::event::{Cause, Change as Changed, Outcome, Party};
use crate::engine::order::Order;
use crate::muc::{Affiliation, BareJid, RoomJid};
use crate::policy::Reason;
use crate::stanza::Actor;
use std::time::Duration;

/// A present JID whose change is announced as if it were absent is about to
/// leave; if it has not left after this, it is treated as present again.
pub(super) const DEPARTURE: Duration = Duration::from_secs(1);

/// A change that somebody else made to a person.
pub(super) struct Change {
    /// Before.
    pub old: Affiliation,
    /// After.
    pub new: Affiliation,
    /// The party that made it.
    pub by: Party,
}

/// The standing of somebody before a change, as far as gavel knows.
#[derive(Clone, Copy)]
pub(super) struct Before {
    /// The affiliation that the room showed; none where gavel has not seen it.
    pub known: Option<Affiliation>,
    /// The last affiliation below moderator that the room has shown.
    pub floor: Option<Affiliation>,
}

impl Before {
    fn affiliation(self) -> Affiliation {
        self.known.or(self.floor).unwrap_or(Affiliation::None)
    }

    /// The affiliation that a change to `new` is measured against. Only a moderator can
    /// change themselves. Until the main room's lists tell, somebody whom others lower may
    /// have been a host, and has to stay lowered; whoever is in no list was no moderator.
    fn taken_for(self, new: Affiliation, by_self: bool, has_lists: bool) -> Affiliation {
        let low = !new.moderates() && new != Affiliation::Outcast;
        match self.known {
            Some(known) => known,
            None if by_self && new < Affiliation::Owner => Affiliation::Owner,
            None if low && !has_lists => Affiliation::Owner,
            None if low => Affiliation::Outcast,
            None => self.affiliation(),
        }
    }
}

impl MeetingPart<'_> {
    /// A room of the meeting in `main` shows that `bare` has `affiliation`.
    /// `by_presence` says that an occupant's presence showed it.
    pub(super) fn observe(
        &mut self,
        (jid, main): (&RoomJid, &RoomJid),
        bare: &BareJid,
        affiliation: Affiliation,
        actor: Option<&Actor>,
        by_presence: bool,
    ) {
        let settings = self.settings;
        if settings.is_own(bare.as_str()) || settings.infrastructure.contains_bare(bare) {
            return;
        }
        // A breakout room shows its main room's affiliations; the main room itself
        // announces changes, and names their makers.
        let person = self.known().person(main, bare);
        let known = person.and_then(|person| person.rights.shown());
        let vague = person.is_some_and(|person| person.rights.may_be_member());
        // A person who moderates here, and does not as far as gavel knows, has been lowered
        // meanwhile: the breakout room showed an old affiliation. No list has said whether
        // somebody is a member.
        let news = vague && affiliation == Affiliation::Member;
        let old = (known.is_some() || affiliation.moderates()) && !news;
        // In a roll call this is the present affiliation: gavel may have missed the main
        // room's news, and the main room's lists name no members.
        let called = by_presence && self.rooms.get(jid).is_some_and(|room| room.roll.is_some());
        if jid != main && old && !called && self.known().is_told_by(main) {
            return;
        }
        if jid != main && affiliation == Affiliation::Outcast && self.known().is_told_by(main) {
            // The room may have been held back until its configuration was known, and
            // the ban lifted meanwhile.
            self.out.order(Order::List(main.clone(), affiliation));
        }
        let Some(meeting) = self.meetings.get_mut(main) else {
            return;
        };
        if by_presence && let Some(trouble) = meeting.person(bare).passing.known_trouble_mut() {
            trouble.departing_until = None;
        }
        if known == Some(affiliation) {
            return;
        }
        let floor = meeting.person(bare).rights.floor();
        self.apply(main, bare, Event::Shown(affiliation));
        self.mark(main, bare);
        if self.is_own_change(main, bare, affiliation, actor) {
            return self.lift_late_ban(main, bare);
        }
        // The first sight of somebody is no change, unless it names an actor.
        if known.is_none() && actor.is_none() && by_presence {
            return;
        }
        let before = Before { known, floor };
        self.answer_change(main, jid, bare, before, affiliation, actor);
    }

    /// Says whether a change is gavel's own; if so, remembers that its request had effect.
    fn is_own_change(
        &mut self,
        main: &RoomJid,
        bare: &BareJid,
        new: Affiliation,
        actor: Option<&Actor>,
    ) -> bool {
        let now = self.now.tick;
        let by_us = actor
            .and_then(|actor| actor.jid.as_deref())
            .map(|jid| self.settings.is_own(jid));
        let Some(person) = self.person_mut(main, bare) else {
            return false;
        };
        if let Some(trouble) = person.passing.known_trouble_mut() {
            trouble.server_admin = false;
            trouble.ineffective = 0;
            trouble.ad_hoc_tried = false;
        }
        let Some(request) = person.passing.request_mut().filter(|r| r.wanted == new) else {
            return by_us == Some(true);
        };
        // The ad-hoc command's broadcast carries no actor, nor do announcements. An
        // affiliation that the room has shown once it does not show again.
        let own = by_us == Some(true) || actor.is_none() && !request.confirmed;
        request.confirmed |= own;
        if own {
            person.set_at = Some(now.into());
        }
        own
    }

    /// Lifts an admin's ban that was over before the room has shown it, whatever others
    /// have set between.
    fn lift_late_ban(&mut self, main: &RoomJid, bare: &BareJid) {
        let banned = Some(Affiliation::Outcast);
        let is_over = |person: &&Person| {
            let by_admin = |request: &InFlight| request.why.reason == Reason::Set;
            person.rights.shown() == banned
                && person.passing.request().is_some_and(by_admin)
                && person.rights.overridden_to() != banned
        };
        if self.known().person(main, bare).filter(is_over).is_some() {
            self.apply(main, bare, Event::BanOver);
        }
    }

    /// Classes a change that somebody else made, and marks people to be compared: first an
    /// actor who may not change others, then the person who was changed.
    pub(super) fn answer_change(
        &mut self,
        main: &RoomJid,
        jid: &RoomJid,
        bare: &BareJid,
        before: Before,
        new: Affiliation,
        actor: Option<&Actor>,
    ) {
        let maker = self.maker(main, jid, actor);
        if self.known().person(main, bare).is_none() {
            return;
        }
        let by_self = maker.bare.as_ref() == Some(bare);
        let may = maker.may(bare, new, &self.settings.policy);
        let author = maker.author(by_self);
        let old = before.affiliation();
        let shift = Shift {
            old: before.taken_for(new, by_self, self.known().has_lists(main)),
            new,
            by: Author {
                power: author.power.filter(|_| may),
                ..author
            },
            at: self.now.unix_ms,
        };
        let taken = self.apply(main, bare, Event::Changed(&shift));
        let lawless = maker.power.is_none() && !by_self;
        let change = Change {
            old,
            new,
            by: maker.party,
        };
        self.remember_change(main, bare, &change.by, maker.pace, taken);
        if matches!(taken, Taken::SteppedDown | Taken::Lowered) {
            self.retract_arrivals(main);
        }
        self.spare_new_member(main, bare, (old, new), change.by.kind);
        if lawless && new.moderates() && !old.moderates() {
            self.count_promotion(main, bare, &change.by);
        }
        if let Some(actor) = maker.bare.filter(|_| lawless) {
            self.has_acted(main, &actor);
            self.hurry(main, &actor);
            self.mark_first(main, &actor);
        }
        self.mark(main, bare);
        self.report_taken(main, bare, &change, taken);
    }

    /// Somebody who changes affiliations is a moderator, even if gavel has not heard how
    /// they became one.
    fn has_acted(&mut self, main: &RoomJid, actor: &BareJid) {
        let Some(person) = self.known().person(main, actor) else {
            return;
        };
        let admin = person
            .passing
            .known_trouble()
            .is_some_and(|t| t.server_admin);
        if !admin && !person.rights.shown().is_some_and(Affiliation::moderates) {
            self.apply(main, actor, Event::Shown(Affiliation::Owner));
        }
    }

    /// Remembers the party whose change gavel is about to answer.
    fn remember_change(
        &mut self,
        main: &RoomJid,
        bare: &BareJid,
        by: &Party,
        pace: Pace,
        taken: Taken,
    ) {
        let now = self.now.tick;
        let Some(person) = self.person_mut(main, bare) else {
            return;
        };
        let pace = match pace {
            Pace::Anew if person.is_answered(now) => Pace::Echo,
            pace => pace,
        };
        person.passing.set_foreign(Some(Foreign {
            by: by.clone(),
            accepted: taken == Taken::Granted,
            pace,
        }));
    }

    /// Lifts the pause before somebody is lowered: that power is being used
    /// (B3).
    fn hurry(&mut self, main: &RoomJid, bare: &BareJid) {
        let person = self.person_mut(main, bare);
        if let Some(foreign) = person.and_then(|person| person.passing.foreign_mut()) {
            foreign.pace = Pace::Free;
        }
    }

    /// Marks somebody before everybody else.
    fn mark_first(&mut self, main: &RoomJid, bare: &BareJid) {
        if self.known().person(main, bare).is_none() {
            return;
        }
        self.line.hurry(main, bare);
        self.out.todo_first(main, bare);
    }

    fn report_taken(&mut self, main: &RoomJid, bare: &BareJid, change: &Change, taken: Taken) {
        let cause = match taken {
            Taken::Granted => Cause::Grant,
            Taken::SteppedDown => Cause::StepDown,
            Taken::Lowered | Taken::Compared => return,
        };
        let shown = Changed::Affiliation {
            from: Some(change.old),
            to: change.new,
        };
        let actor = Some(change.by.clone());
        self.tell_now(main, bare, shown, (cause, actor), Outcome::Applied);
    }

    /// A kick ends a grant and an election (B3), but for one: Jitsi's device
    /// switch kicks the old device, as the server does, when the new one is there.
    pub(super) fn kicked(&mut self, main: &RoomJid, bare: &BareJid, actor: Option<&Actor>) {
        let now = self.now.unix_ms;
        let Some(meeting) = self.meetings.get_mut(main) else {
            return;
        };
        let Some(person) = meeting.people.get_mut(bare) else {
            return;
        };
        let id = person.rights.user();
        let switches = id.is_some_and(|id| meeting.users.has_one_heir(id, bare, now));
        if actor.is_some() || !switches {
            self.apply(main, bare, Event::Kicked);
        }
    }
}
