//! Comparing what is with what should be, and acting on the difference (B1).

use super::Warning;
use super::event::{Cause, Change, Outcome, Party, Report};
use super::person::{
    InFlight, Lapse, MAX_INEFFECTIVE, Pace, Person, Seat, Wanted, moderates_by_role_alone,
};
use super::request::Purpose;
use super::timers::Timer;
use super::{Engine, Tick};
use crate::muc::{Affiliation, BareJid, Role, RoomJid};
use crate::policy::Entitlement;
use crate::stanza::Request;

/// What is to be done about a person.
struct Plan {
    target: Affiliation,
    from: Option<Affiliation>,
    cause: Cause,
    actor: Option<Party>,
    pace: Pace,
}

impl Engine {
    /// Compares everybody who was marked.
    pub(super) fn reconcile_marked(&mut self) {
        while let Some((main, bare)) = self.marked.pop_front() {
            self.marked_set.remove(&(main.clone(), bare.clone()));
            self.note_right(&main, &bare);
            self.look_at_guard(&main, &bare);
            self.reconcile(&main, &bare);
        }
    }

    fn note_right(&mut self, main: &RoomJid, bare: &BareJid) {
        let Some(standing) = self.person(main, bare).map(|p| self.standing(p)) else {
            return;
        };
        if let Some(person) = self.person_mut(main, bare) {
            self.changed |= person.note_right(standing);
        }
    }

    /// A pause is over.
    pub(super) fn wake_person(&mut self, main: RoomJid, bare: BareJid) {
        if let Some(person) = self.person_mut(&main, &bare) {
            if let Some(trouble) = &mut person.trouble {
                trouble.wake = None;
            }
            self.mark(&main, &bare);
        }
    }

    /// What somebody should have.
    pub(super) fn wanted(&self, main: &RoomJid, person: &Person) -> Wanted {
        let room = self.rooms.get(main);
        let members_only = room.is_some_and(super::room::Room::may_throw_out);
        let meeting = self.meetings.get(main);
        let keeps_in = meeting.is_some_and(|meeting| meeting.absence.keeps_in());
        let standing = self.standing(person);
        let policy = &self.settings.policy;
        let wanted = person.wanted(policy, standing, members_only || keeps_in);
        match person.is_present() && keeps_in {
            true => wanted.kept_in(person.actual),
            false => wanted,
        }
    }

    fn reconcile(&mut self, main: &RoomJid, bare: &BareJid) {
        let ready = self
            .rooms
            .get(main)
            .is_some_and(super::room::Room::is_ready);
        let Some(person) = self.person(main, bare).filter(|_| ready) else {
            return;
        };
        if person.request.is_some() || person.role_request {
            return;
        }
        let wanted = self.wanted(main, person);
        let actual = match person.actual {
            Some(actual) => actual,
            None if person.record.restore.is_some() && self.is_unsure(main, person) => return,
            // The ban that is to be undone is all that is known.
            None if person.record.restore.is_some() => Affiliation::Outcast,
            // Nothing is known of an absent JID: there is nothing to take.
            None if !person.is_present() => return self.drop_if_blank(main, bare),
            None => Affiliation::None,
        };
        let from = person.actual;
        match wanted.target(actual) {
            None => self.agrees(main, bare, wanted),
            Some(Affiliation::None) if self.may_throw_out(main, bare) => {}
            Some(target) => self.differs(main, bare, target, from),
        }
    }

    /// The affiliation is as it should be; what about the roles?
    fn agrees(&mut self, main: &RoomJid, bare: &BareJid, wanted: Wanted) {
        let tick = self.now.tick;
        let person = self.person(main, bare);
        let unsure = person.is_some_and(|person| self.is_unsure(main, person));
        let Some(person) = self.person_mut(main, bare) else {
            return;
        };
        if person.record.restore.take().is_some() {
            self.changed = true;
            return self.mark(main, bare);
        }
        let lapsed = person.record.lapsed.is_some();
        if let Some(trouble) = &mut person.trouble {
            trouble.not_before = None;
            trouble.backoff = Default::default();
            trouble.ad_hoc_tried = false;
            trouble.told &= trouble.is_pausing(tick);
        }
        if self.fix_role(main, bare, wanted) {
            return;
        }
        let Some(person) = self.person_mut(main, bare) else {
            return;
        };
        if lapsed && !unsure {
            // Guests who are left alone are so again.
            person.record.lapsed = None;
            self.changed = true;
            return self.mark(main, bare);
        }
        person.foreign = None;
        person.because = None;
        if let Some(since) = person.unsettled_since.take() {
            let after = tick.saturating_sub(since);
            self.tally.settled.note(after);
            self.report(Report::Settled { after });
        }
        self.drop_if_blank(main, bare);
    }

    /// Whether the main room's lists, which are being read, will tell what somebody
    /// has who is not in there.
    pub(super) fn is_unsure(&self, main: &RoomJid, person: &Person) -> bool {
        let list = |purpose: &Purpose| matches!(purpose, Purpose::List(room, _) if room == main);
        person.actual.is_none() && self.requests.any(list)
    }

    fn drop_if_blank(&mut self, main: &RoomJid, bare: &BareJid) {
        if let Some(meeting) = self.meetings.get_mut(main)
            && meeting.people.get(bare).is_some_and(|p| p.is_blank())
        {
            meeting.people.remove(bare);
        }
    }

    fn differs(
        &mut self,
        main: &RoomJid,
        bare: &BareJid,
        target: Affiliation,
        from: Option<Affiliation>,
    ) {
        let plan = self.plan(main, bare, target, from);
        let now = self.now.tick;
        let allowed = self.allowed(main, plan.pace);
        let Some(person) = self.person_mut(main, bare) else {
            return;
        };
        let rises = from.is_none_or(|from| target > from);
        let mut earliest = allowed;
        if let Some(trouble) = &mut person.trouble {
            if trouble.target.replace(target) != Some(target) {
                // Another wish, of which nothing is known yet.
                trouble.ineffective = 0;
            }
            if trouble.server_admin || trouble.is_exhausted() {
                return;
            }
            earliest = earliest.max(trouble.not_before.unwrap_or(now));
            if rises {
                earliest = earliest.max(trouble.departing_until.unwrap_or(now));
            }
            if target == Affiliation::None && from == Some(Affiliation::Member) {
                earliest = earliest.max(trouble.member_until.unwrap_or(now));
            }
            earliest = earliest.max(trouble.next(plan.pace, now));
        }
        if earliest > now {
            return self.delay(main, bare, earliest, &plan);
        }
        self.note_pace(main, bare, plan.pace);
        self.set_affiliation(main, bare, plan);
    }

    /// When a correction of this kind is within what the meeting may cost.
    fn allowed(&self, main: &RoomJid, pace: Pace) -> Tick {
        let now = self.now.tick;
        let meeting = self.meetings.get(main).filter(|_| pace == Pace::Anew);
        meeting.map_or(now, |meeting| meeting.budget.next(now))
    }

    fn note_pace(&mut self, main: &RoomJid, bare: &BareJid, pace: Pace) {
        let now = self.now.tick;
        if pace == Pace::Free {
            return;
        }
        if let Some(meeting) = self.meetings.get_mut(main) {
            meeting.budget.note(now);
            meeting.person(bare).trouble().note(pace, now);
        }
    }

    fn plan(
        &self,
        main: &RoomJid,
        bare: &BareJid,
        target: Affiliation,
        from: Option<Affiliation>,
    ) -> Plan {
        let person = self.person(main, bare);
        let foreign = person.and_then(|person| person.foreign.as_deref());
        let cause = match person {
            Some(person) => self.cause(person, foreign.is_some(), target),
            None => Cause::Leave,
        };
        Plan {
            target,
            from,
            cause,
            actor: foreign.map(|foreign| foreign.by.clone()),
            pace: foreign.map_or(Pace::Free, |foreign| foreign.pace),
        }
    }

    fn cause(&self, person: &Person, foreign: bool, target: Affiliation) -> Cause {
        let standing = self.standing(person);
        let set = person.record.override_.is_some();
        let granted = person.record.grant.as_ref().filter(|_| !set);
        let ended = person.record.lapsed.filter(|_| !target.moderates() && !set);
        match standing.entitlement {
            _ if granted.is_some_and(|grant| grant.affiliation == target) => Cause::Grant,
            _ if ended == Some(Lapse::Fallback) => Cause::Fallback,
            _ if ended == Some(Lapse::Expiry) => Cause::Expiry,
            _ if person.record.elected && !foreign => Cause::Fallback,
            _ if foreign => Cause::Correction,
            _ if set => Cause::Override,
            _ if person.because.is_some() => person.because.unwrap_or(Cause::Join),
            None => Cause::Leave,
            Some(_) if person.record.step_down.is_some() => Cause::StepDown,
            Some(Entitlement::Guest) => Cause::Guest,
            Some(_) => Cause::Join,
        }
    }

    /// Waits, and says so once.
    fn delay(&mut self, main: &RoomJid, bare: &BareJid, until: Tick, plan: &Plan) {
        let now = self.now.tick;
        let Some(person) = self.person_mut(main, bare) else {
            return;
        };
        let trouble = person.trouble();
        let asleep = trouble.wake.is_some_and(|wake| wake <= until && wake > now);
        if !asleep {
            trouble.wake = Some(until);
        }
        let pausing = trouble.next(plan.pace, now) > now;
        let tell = pausing && !trouble.told;
        trouble.told |= pausing;
        if !asleep {
            self.timers
                .set(until, Timer::Person(main.clone(), bare.clone()));
        }
        if !tell {
            return;
        }
        let actor = plan.actor.as_ref();
        let actor = actor.map_or_else(|| "somebody".to_owned(), ToString::to_string);
        self.report(Report::Warning(Warning::Contested {
            room: main.clone(),
            jid: bare.to_string(),
            actor,
        }));
        let change = Change::Affiliation {
            from: plan.from,
            to: plan.target,
        };
        self.decide(
            main,
            bare,
            change,
            plan.cause,
            plan.actor.clone(),
            Outcome::Delayed,
        );
    }

    fn set_affiliation(&mut self, main: &RoomJid, bare: &BareJid, plan: Plan) {
        let Some(person) = self.person_mut(main, bare) else {
            return;
        };
        let ad_hoc = person.trouble.as_ref().is_some_and(|t| t.ad_hoc_tried);
        person.request = Some(Box::new(InFlight {
            wanted: plan.target,
            from: plan.from,
            cause: plan.cause,
            actor: plan.actor,
            ad_hoc: false,
            confirmed: false,
        }));
        // After the ad-hoc command was refused, too, the plain way is tried
        // first again: ownership may have come back.
        if ad_hoc {
            person.trouble().ad_hoc_tried = false;
        }
        let request = Request::SetAffiliation {
            jid: bare.to_string(),
            affiliation: plan.target,
        };
        let purpose = Purpose::Affiliation(main.clone(), bare.clone());
        self.ask(main.as_str(), request, purpose);
    }

    /// The same by ad-hoc command, where muc#admin was refused (B10).
    pub(super) fn set_by_command(&mut self, main: &RoomJid, bare: &BareJid, target: Affiliation) {
        let request = Request::CommandSetAffiliation {
            room: main.clone(),
            jid: bare.to_string(),
            affiliation: target,
        };
        let purpose = Purpose::Affiliation(main.clone(), bare.clone());
        self.ask(main.service(), request, purpose);
    }

    /// Takes role moderator from whoever has not the affiliation for it, and gives
    /// it to whoever has: in breakout rooms, where a change of the main room's
    /// affiliation leaves roles as they are, and to a host it was taken from.
    fn fix_role(&mut self, main: &RoomJid, bare: &BareJid, wanted: Wanted) -> bool {
        let now = self.now.tick;
        let Some(person) = self.person(main, bare) else {
            return false;
        };
        let affiliation = person.actual.unwrap_or(Affiliation::None);
        let Some((seat, to)) = self.wrong_role(main, person, affiliation, wanted) else {
            return false;
        };
        let trouble = person.trouble.as_ref();
        let foreign = person.foreign.clone();
        let pace = foreign.as_ref().map_or(Pace::Echo, |f| f.pace);
        let mut earliest = trouble.and_then(|t| t.not_before).unwrap_or(now);
        earliest = earliest.max(self.allowed(main, pace));
        earliest = earliest.max(trouble.map_or(now, |t| t.next(pace, now)));
        if trouble.is_some_and(|t| t.role_refused > MAX_INEFFECTIVE) {
            return false;
        }
        let plan = Plan {
            target: affiliation,
            from: Some(affiliation),
            cause: Cause::Correction,
            actor: foreign.map(|foreign| foreign.by),
            pace,
        };
        if earliest > now {
            self.delay(main, bare, earliest, &plan);
            return true;
        }
        let Some(person) = self.person_mut(main, bare) else {
            return false;
        };
        person.role_request = true;
        let request = Request::SetRole {
            nick: seat.nick.clone(),
            role: to,
        };
        let room = seat.room.clone();
        let purpose = Purpose::Role(seat, main.clone(), bare.clone());
        self.note_pace(main, bare, pace);
        self.ask(room.as_str(), request, purpose);
        true
    }

    fn wrong_role(
        &self,
        main: &RoomJid,
        person: &Person,
        affiliation: Affiliation,
        wanted: Wanted,
    ) -> Option<(Seat, Role)> {
        let seats = person.seats.iter();
        let mut wrong = seats.filter_map(|seat| {
            let role = self.occupant(&seat.room, &seat.nick)?.role;
            if moderates_by_role_alone(role, affiliation) && !wanted.may_moderate() {
                return Some((seat.clone(), Role::Participant));
            }
            let lacks = role < Role::Moderator && affiliation.moderates();
            let breakout = seat.room != *main;
            (lacks && (breakout || person.role_taken) && wanted != Wanted::Anything)
                .then(|| (seat.clone(), Role::Moderator))
        });
        wrong.next()
    }
}
