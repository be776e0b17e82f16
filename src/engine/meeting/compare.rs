//! This file compares the present rights with the wanted ones, and acts on the difference (B1).

use super::decide::{Decision, Occasion};
use super::part::MeetingPart;
use super::person::{InFlight, MAX_INEFFECTIVE, Pace};
use super::rights::Event;
use super::why::Why;
use crate::engine::asker::{Asker, PersonAsk};
use crate::engine::event::{Cause, Change, Outcome, Party, Report};
use crate::engine::room::Room;
use crate::engine::task::Task;
use crate::engine::time::Tick;
use crate::engine::timers::Timer;
use crate::engine::warning::Warning;
use crate::muc::{Affiliation, BareJid, RoomJid};
use crate::stanza::Request;

/// The plan for a person.
struct Plan {
    target: Affiliation,
    from: Option<Affiliation>,
    cause: Cause,
    why: Box<Why>,
    actor: Option<Party>,
    pace: Pace,
}

impl Plan {
    /// Says whether it takes power that is left over: nobody has just given it, and no
    /// admin asks for it.
    fn is_clearing_up(&self) -> bool {
        let lowers = self.from.is_some_and(|from| self.target < from);
        lowers && self.actor.is_none() && self.cause != Cause::Override
    }
}

impl MeetingPart<'_> {
    /// Compares the rights that somebody has with the rights they should have.
    pub fn compare(&mut self, main: &RoomJid, bare: &BareJid) {
        if self.settings.policy.guard {
            self.out.todo(Task::Named(main.clone(), bare.clone()));
        }
        self.reconcile(main, bare);
        self.line.looked_at(main, bare);
    }

    /// Looks at those who have waited to be lowered, as far as more may be now.
    pub fn move_on(&mut self) {
        while let Some((main, bare)) = self.line.next() {
            self.reconcile(&main, &bare);
        }
    }

    /// A pause is over.
    pub fn wake_person(&mut self, main: &RoomJid, bare: &BareJid) {
        if let Some(person) = self.person_mut(main, bare) {
            if let Some(trouble) = person.passing.known_trouble_mut() {
                trouble.wake = None;
            }
            self.mark(main, bare);
        }
    }

    fn reconcile(&mut self, main: &RoomJid, bare: &BareJid) {
        let ready = self.rooms.get(main).is_some_and(Room::is_ready);
        let Some(person) = self.known().person(main, bare).filter(|_| ready) else {
            return;
        };
        if person.passing.request().is_some() || person.role_request {
            return;
        }
        let decision = self.known().decision(main, person);
        let (shown, lifts) = (person.rights.shown(), person.rights.is_ban_to_be_lifted());
        let depends = person.rights.depends_on_ban() && !person.is_present();
        let actual = match shown {
            Some(shown) => shown,
            None if (lifts || depends) && self.known().is_unsure(main, person) => return,
            // The ban that is to be lifted is all that is known.
            None if lifts => Affiliation::Outcast,
            // Nothing is known of an absent JID: there is nothing to take.
            None if !person.is_present() && !depends => return self.drop_if_blank(main, bare),
            None => Affiliation::None,
        };
        match decision.wanted.target(actual) {
            None => self.agrees(main, bare, &decision),
            Some(Affiliation::None) if self.may_throw_out(main, bare) => {}
            Some(target) => self.differs(main, bare, &decision, (shown, target)),
        }
    }

    /// The affiliation is as it should be; the roles may not be.
    fn agrees(&mut self, main: &RoomJid, bare: &BareJid, decision: &Decision) {
        let tick = self.now.tick;
        let person = self.known().person(main, bare);
        let unsure = person.is_some_and(|person| self.known().is_unsure(main, person));
        let Some(person) = self.person_mut(main, bare) else {
            return;
        };
        if person.rights.is_ban_to_be_lifted() {
            self.apply(main, bare, Event::BanLifted);
            return self.mark(main, bare);
        }
        let in_debt = person.rights.debt().is_some();
        if let Some(trouble) = person.passing.known_trouble_mut() {
            trouble.not_before = None;
            trouble.backoff = Default::default();
            trouble.ad_hoc_tried = false;
            trouble.told &= trouble.is_pausing(tick);
        }
        if self.fix_role(main, bare, decision) {
            return;
        }
        let Some(person) = self.person_mut(main, bare) else {
            return;
        };
        if in_debt && !unsure {
            // Guests who are left alone are so again.
            self.apply(main, bare, Event::Settled);
            return self.mark(main, bare);
        }
        person.passing.set_foreign(None);
        person.because = None;
        if let Some(since) = person.passing.settled() {
            let after = tick.saturating_sub(since);
            self.out.tally.settled.note(after);
            self.out.report(Report::Settled { after });
        }
        self.drop_if_blank(main, bare);
    }

    fn drop_if_blank(&mut self, main: &RoomJid, bare: &BareJid) {
        if let Some(meeting) = self.meetings.get(main)
            && meeting.people.get(bare).is_some_and(|p| p.is_blank())
        {
            self.count_out(main, bare);
            if let Some(meeting) = self.meetings.get_mut(main) {
                meeting.people.remove(bare);
            }
        }
    }

    fn differs(
        &mut self,
        main: &RoomJid,
        bare: &BareJid,
        decision: &Decision,
        (from, target): (Option<Affiliation>, Affiliation),
    ) {
        let plan = self.plan(main, bare, decision, (from, target));
        let now = self.now.tick;
        let allowed = self.allowed(main, plan.pace);
        let Some(person) = self.person_mut(main, bare) else {
            return;
        };
        let rises = from.is_none_or(|from| target > from);
        let mut earliest = allowed;
        if let Some(trouble) = person.passing.known_trouble_mut() {
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
        let queues = plan.is_clearing_up() && !person.is_present();
        if earliest > now {
            return self.delay(main, bare, earliest, &plan);
        }
        if queues && !self.line.lets(main, bare) {
            return;
        }
        if queues {
            self.line.asked(main, bare);
        }
        self.count_correction(main, bare, plan.pace);
        self.set_affiliation(main, bare, plan);
    }

    /// When a correction of this kind is within the meeting's budget.
    fn allowed(&self, main: &RoomJid, pace: Pace) -> Tick {
        let now = self.now.tick;
        let meeting = self.meetings.get(main).filter(|_| pace == Pace::Anew);
        meeting.map_or(now, |meeting| meeting.budget.next(now))
    }

    fn count_correction(&mut self, main: &RoomJid, bare: &BareJid, pace: Pace) {
        let now = self.now.tick;
        if pace == Pace::Free {
            return;
        }
        if let Some(meeting) = self.meetings.get_mut(main) {
            meeting.budget.note(now);
            meeting.person(bare).passing.trouble().note(pace, now);
        }
    }

    fn plan(
        &self,
        main: &RoomJid,
        bare: &BareJid,
        decision: &Decision,
        (from, target): (Option<Affiliation>, Affiliation),
    ) -> Plan {
        let person = self.known().person(main, bare);
        let foreign = person.and_then(|person| person.passing.foreign());
        let occasion = Occasion {
            foreign: foreign.is_some(),
            accepted: foreign.is_some_and(|foreign| foreign.accepted),
            because: person.and_then(|person| person.because),
        };
        let cause = decision.cause(target, occasion);
        Plan {
            target,
            from,
            cause,
            why: Box::new(self.known().why(main, person, decision, cause)),
            actor: foreign.map(|foreign| foreign.by.clone()),
            pace: foreign.map_or(Pace::Free, |foreign| foreign.pace),
        }
    }

    /// Waits, and says so once.
    fn delay(&mut self, main: &RoomJid, bare: &BareJid, until: Tick, plan: &Plan) {
        let now = self.now.tick;
        let Some(person) = self.person_mut(main, bare) else {
            return;
        };
        let trouble = person.passing.trouble();
        let asleep = trouble.wake.is_some_and(|wake| wake <= until && wake > now);
        if !asleep {
            trouble.wake = Some(until);
        }
        let pausing = trouble.next(plan.pace, now) > now;
        let tell = pausing && !trouble.told;
        trouble.told |= pausing;
        if !asleep {
            self.out
                .wake(until, Timer::Person(main.clone(), bare.clone()));
        }
        if !tell {
            return;
        }
        let actor = plan.actor.as_ref();
        let actor = actor.map_or_else(|| "somebody".to_owned(), ToString::to_string);
        self.out.report(Report::Warning(Warning::Contested {
            room: main.clone(),
            jid: bare.to_string(),
            actor,
        }));
        let change = Change::Affiliation {
            from: plan.from,
            to: plan.target,
        };
        let (cause, actor, why) = (plan.cause, plan.actor.clone(), (*plan.why).clone());
        self.tell_decision(main, bare, change, (cause, actor, why), Outcome::Delayed);
    }

    fn set_affiliation(&mut self, main: &RoomJid, bare: &BareJid, plan: Plan) {
        let Some(person) = self.person_mut(main, bare) else {
            return;
        };
        let ad_hoc = person
            .passing
            .known_trouble()
            .is_some_and(|t| t.ad_hoc_tried);
        person.passing.set_request(Box::new(InFlight {
            wanted: plan.target,
            from: plan.from,
            cause: plan.cause,
            why: plan.why,
            actor: plan.actor,
            ad_hoc: false,
            confirmed: false,
        }));
        // After the ad-hoc command was refused, too, the plain way is tried
        // first again: ownership may have come back.
        if ad_hoc {
            person.passing.trouble().ad_hoc_tried = false;
        }
        let request = Request::SetAffiliation {
            jid: bare.to_string(),
            affiliation: plan.target,
        };
        let purpose = Asker::Person(main.clone(), bare.clone(), PersonAsk::Affiliation);
        self.out.ask(main.as_str(), request, purpose);
    }

    /// The same by ad-hoc command, if muc#admin was refused (B10).
    pub fn set_by_command(&mut self, main: &RoomJid, bare: &BareJid, target: Affiliation) {
        let request = Request::CommandSetAffiliation {
            room: main.clone(),
            jid: bare.to_string(),
            affiliation: target,
        };
        let purpose = Asker::Person(main.clone(), bare.clone(), PersonAsk::Affiliation);
        self.out.ask(main.service(), request, purpose);
    }

    /// Takes role moderator from people without the affiliation for it, and gives it to
    /// people with it: in breakout rooms, where a change of the main room's affiliation
    /// leaves roles as they are, and to a host who lost it.
    fn fix_role(&mut self, main: &RoomJid, bare: &BareJid, decision: &Decision) -> bool {
        let now = self.now.tick;
        let Some(person) = self.known().person(main, bare) else {
            return false;
        };
        let affiliation = person.rights.shown().unwrap_or(Affiliation::None);
        let Some((seat, to)) = person.wrong_role(main, decision.wanted) else {
            return false;
        };
        let (room, nick) = (seat.room.clone(), seat.nick.clone());
        let trouble = person.passing.known_trouble();
        let foreign = person.passing.foreign().cloned();
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
            why: Box::new(
                self.known()
                    .why(main, Some(person), decision, Cause::Correction),
            ),
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
            nick: nick.clone(),
            role: to,
        };
        let purpose = Asker::Person(
            main.clone(),
            bare.clone(),
            PersonAsk::Role(room.clone(), nick, to),
        );
        self.count_correction(main, bare, pace);
        self.out.ask(room.as_str(), request, purpose);
        true
    }
}
