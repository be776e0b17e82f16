//! The outcome of requests about a person (SPEC B1, B10).

use super::part::MeetingPart;
use super::person::InFlight;
use super::rights::Event;
use crate::engine::asker::{Answer, PersonAsk, unreadable};
use crate::engine::event::{Cause, Change, Outcome, Report};
use crate::engine::order::Order;
use crate::engine::task::Task;
use crate::engine::warning::Warning;
use crate::muc::{BareJid, Nick, Role, RoomJid};
use crate::stanza::StanzaError;

impl MeetingPart<'_> {
    /// Prosody has answered, or not.
    pub fn person_answered(
        &mut self,
        main: &RoomJid,
        bare: &BareJid,
        ask: &PersonAsk,
        answer: Answer<'_>,
    ) {
        match ask {
            PersonAsk::Affiliation => {
                self.affiliation_answered(main, bare, answer);
                self.move_up(main, bare);
            }
            PersonAsk::Role(room, nick, to) => match answer {
                Answer::Error(_) | Answer::Unread => {
                    self.role_failed(main, bare, (room, nick), *to)
                }
                _ => self.role_answered(main, bare, false),
            },
        }
    }

    /// If no other request about them has followed, the next one in line may go.
    fn move_up(&mut self, main: &RoomJid, bare: &BareJid) {
        let person = self.known().person(main, bare);
        let is_open = person.is_some_and(|person| person.passing.request().is_some());
        if !is_open && self.line.answered(main, bare) {
            self.out.todo(Task::Line);
        }
    }

    fn affiliation_answered(&mut self, main: &RoomJid, bare: &BareJid, answer: Answer<'_>) {
        if let Some(error) = answer.command_failure() {
            return self.affiliation_refused(main, bare, &error);
        }
        match answer {
            Answer::Result(_) | Answer::Partial(_) => self.affiliation_set(main, bare),
            Answer::Error(error) => self.affiliation_refused(main, bare, error),
            Answer::Unread => self.affiliation_refused(main, bare, &unreadable()),
            Answer::Silence => self.drop_request(main, bare),
        }
    }

    fn drop_request(&mut self, main: &RoomJid, bare: &BareJid) {
        if let Some(person) = self.person_mut(main, bare) {
            person.passing.take_request();
            self.mark(main, bare);
        }
    }

    /// `result`: the room has shown the change already, or the JID is absent;
    /// otherwise nothing has changed.
    fn affiliation_set(&mut self, main: &RoomJid, bare: &BareJid) {
        let Some(person) = self.person_mut(main, bare) else {
            return;
        };
        let Some(request) = person.passing.take_request() else {
            return;
        };
        let absent = !person.is_seated_in(main) && person.rights.shown() == request.from;
        if absent {
            self.apply(main, bare, Event::Shown(request.wanted));
        }
        let Some(person) = self.person_mut(main, bare) else {
            return;
        };
        let shown = person.rights.shown() == Some(request.wanted);
        let outcome = if request.confirmed || absent || shown {
            if let Some(trouble) = person.passing.known_trouble_mut() {
                trouble.ineffective = 0;
            }
            Outcome::Applied
        } else {
            let trouble = person.passing.trouble();
            trouble.ineffective += 1;
            trouble.target = Some(request.wanted);
            match trouble.ineffective {
                0..=3 => Outcome::Ineffective,
                _ => Outcome::GivenUp,
            }
        };
        self.count_command(main, &request, outcome);
        self.report_request(main, bare, &request, outcome);
        self.mark(main, bare);
    }

    fn report_request(
        &mut self,
        main: &RoomJid,
        bare: &BareJid,
        request: &InFlight,
        outcome: Outcome,
    ) {
        let change = Change::Affiliation {
            from: request.from,
            to: request.wanted,
        };
        let (actor, why) = (request.actor.clone(), (*request.why).clone());
        self.tell_decision(main, bare, change, (request.cause, actor, why), outcome);
    }

    fn affiliation_refused(&mut self, main: &RoomJid, bare: &BareJid, error: &StanzaError) {
        let now = self.now.tick;
        let Some(person) = self.person_mut(main, bare) else {
            return;
        };
        let Some(mut request) = person.passing.take_request() else {
            return;
        };
        let denied = error.is("forbidden") || error.is("not-allowed");
        if denied && !request.ad_hoc && !person.passing.trouble().ad_hoc_tried {
            request.ad_hoc = true;
            let target = request.wanted;
            person.passing.set_request(request);
            person.passing.trouble().ad_hoc_tried = true;
            return self.set_by_command(main, bare, target);
        }
        let (from, wanted) = (request.from, request.wanted);
        let unacceptable = error.is("not-acceptable");
        if unacceptable && self.is_server_admin(bare, from, wanted) {
            let Some(person) = self.person_mut(main, bare) else {
                return;
            };
            person.passing.trouble().server_admin = true;
            let (room, jid) = (main.clone(), bare.to_string());
            self.out
                .report(Report::Warning(Warning::ServerAdmin { room, jid }));
            return self.report_request(main, bare, &request, Outcome::GivenUp);
        }
        if unacceptable {
            self.tell_refused_by_module(main);
        }
        let Some(person) = self.person_mut(main, bare) else {
            return;
        };
        let trouble = person.passing.trouble();
        let first = trouble.not_before.is_none();
        let pause = trouble.backoff.pause();
        trouble.not_before = Some(now + pause);
        if first {
            self.report_request(main, bare, &request, Outcome::Refused);
        }
        if error.is("item-not-found") {
            self.out.order(Order::Ping(main.clone()));
        }
        self.out.order(Order::Own(main.clone()));
        self.mark(main, bare);
    }

    /// A role request is over. The room has shown the change by now, if there
    /// was one, which sets the count back.
    fn role_answered(&mut self, main: &RoomJid, bare: &BareJid, refused: bool) {
        let now = self.now.tick;
        let Some(person) = self.person_mut(main, bare) else {
            return;
        };
        if !std::mem::take(&mut person.role_request) {
            return;
        }
        let trouble = person.passing.trouble();
        trouble.role_refused += 1;
        if refused {
            let pause = trouble.backoff.pause();
            trouble.not_before = Some(now + pause);
        }
        self.mark(main, bare);
    }

    fn role_failed(&mut self, main: &RoomJid, bare: &BareJid, seat: (&RoomJid, &Nick), to: Role) {
        let role = self.known().occupant(seat.0, seat.1).map(|o| o.role);
        if let Some(from) = role {
            let change = Change::Role { from, to };
            let cause = Cause::Correction;
            self.tell_now(main, bare, change, (cause, None), Outcome::Refused);
        }
        self.role_answered(main, bare, true);
    }
}
