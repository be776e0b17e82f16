//! Replies to gavel's requests, and replies that do not come.

use super::Engine;
use super::Warning;
use super::event::{Change, Outcome, Report};
use super::meeting::rights::Event;
use super::person::{InFlight, Seat};
use super::request::Purpose;
use super::room::Facts;
use crate::muc::{BareJid, Role, RoomJid};
use crate::stanza::{Iq, IqKind, IqPayload, Request, StanzaError};

impl Engine {
    /// Takes a reply, if it is one to an open request.
    pub(super) fn reply(&mut self, iq: Iq) {
        let from = match self.locate(&iq.from) {
            // Replies of a tenant's room may come under either name.
            Some((_, room, Some(resource))) => format!("{room}/{resource}"),
            Some((_, room, None)) => room.to_string(),
            None => iq.from,
        };
        let Some(purpose) = self.requests.answer(&iq.id, &from) else {
            return;
        };
        match iq.kind {
            IqKind::Result if iq.left_out.room => self.half_read(purpose, iq.payload),
            IqKind::Result => self.succeeded(purpose, iq.payload),
            IqKind::Error(error) => self.failed(purpose, &error),
            IqKind::Get | IqKind::Set => {}
        }
    }

    pub(super) fn succeeded(&mut self, purpose: Purpose, payload: IqPayload) {
        if let Some(error) = command_error(&purpose, &payload) {
            return self.failed(purpose, &error);
        }
        if let Purpose::Examination(question) = purpose {
            return self.examined(question, Ok(&payload));
        }
        match (purpose, payload) {
            (Purpose::Probe(room), _) => self.probed(&room, None),
            (Purpose::BeforeRoll(room), _) => self.found_before_roll(&room, None),
            (Purpose::RollCall(room), _) => self.roll_called(&room),
            (Purpose::Count(room), payload) => self.counted(&room, Ok(&payload)),
            // The room shows them, and says that its configuration has changed.
            (Purpose::Show(_), _) => {}
            (Purpose::List(room, which), IqPayload::MucAdmin(items)) => {
                self.listed_people(&room, which, &items, true);
            }
            (Purpose::Configuration(room), IqPayload::MucOwner(form)) => {
                self.configured(&room, Facts::read(&form, &[]));
            }
            (Purpose::RoomInfo(room), IqPayload::DiscoInfo { features, form, .. }) => {
                self.configured(&room, Facts::read(&form, &features));
            }
            (Purpose::Configuration(room) | Purpose::RoomInfo(room), _) => self.unknown(&room),
            (Purpose::Affiliation(room, jid), _) => self.affiliation_set(&room, &jid),
            (Purpose::Role(_, room, jid, _), _) => self.role_answered(&room, &jid, false),
            (Purpose::Pin(room, nick), _) => self.pinned(&room, &nick, Outcome::Applied),
            (Purpose::Own(room), _) => self.owned(&room, None),
            (Purpose::ListRooms(service), IqPayload::Command(reply)) => {
                self.listed_by_command(service, &reply, true);
            }
            (Purpose::Items(service), IqPayload::DiscoItems { jids, .. }) => {
                self.listed(service, &jids, false);
            }
            (Purpose::ListRooms(service) | Purpose::Items(service), _) => {
                self.poll_again(service);
            }
            (Purpose::SelfPing(room), _) => self.still_in(&room),
            (Purpose::End(room), _) => self.has_ended(&room),
            (Purpose::MembersOnly(room, on), _) => self.members_only_set(&room, on),
            // The room has shown it.
            (Purpose::Admit(room), _) => self.look_for_host(&room),
            (Purpose::Lease(_) | Purpose::Guard(_) | Purpose::Open(_), _) => {}
            (Purpose::Module(service), IqPayload::Module(said)) => self.module_said(service, said),
            (
                Purpose::List(..)
                | Purpose::Module(_)
                | Purpose::Examination(_)
                | Purpose::Ping
                | Purpose::Nothing,
                _,
            ) => {}
        }
    }

    pub(super) fn failed(&mut self, purpose: Purpose, error: &StanzaError) {
        match purpose {
            Purpose::Probe(room) => self.probed(&room, Some(error)),
            Purpose::BeforeRoll(room) => self.found_before_roll(&room, Some(error)),
            Purpose::RollCall(room) => self.roll_called(&room),
            Purpose::Count(room) => self.counted(&room, Err(error)),
            Purpose::Show(room) => self.not_shown(&room),
            Purpose::Configuration(room) => self.read_room_info(&room),
            Purpose::RoomInfo(room) => self.unknown(&room),
            Purpose::Affiliation(room, jid) => self.affiliation_refused(&room, &jid, error),
            Purpose::Role(seat, room, jid, to) => self.role_failed(&seat, &room, &jid, to),
            Purpose::Module(service) => self.module_refused(service, error),
            // The occupant has left, or has another nick by now.
            Purpose::Pin(..) if error.is("item-not-found") => {}
            Purpose::Pin(room, nick) => self.pinned(&room, &nick, Outcome::Refused),
            Purpose::Lease(service) => self.lease_refused(service, error),
            Purpose::Guard(room) => self.guard_refused(&room, error),
            Purpose::Own(room) => self.owned(&room, Some(error)),
            Purpose::ListRooms(service) | Purpose::Items(service) => {
                self.not_listed(service, error);
            }
            Purpose::SelfPing(room) => self.self_ping_failed(&room, error),
            Purpose::List(room, _) => self.list_refused(&room, error),
            Purpose::Examination(question) => self.examined(question, Err(error)),
            Purpose::End(room) | Purpose::Admit(room) => self.absence_refused(&room, error),
            Purpose::MembersOnly(room, on) => self.members_only_refused(&room, on, error),
            Purpose::Open(_) | Purpose::Ping | Purpose::Nothing => {}
        }
    }

    /// A reply that did not come: what is unknown is asked for, or compared,
    /// again.
    pub(super) fn unanswered(&mut self, purpose: Purpose) {
        match purpose {
            Purpose::Probe(room) => {
                self.probed(&room, Some(&timeout()));
            }
            Purpose::BeforeRoll(room) | Purpose::RollCall(room) => self.roll_unanswered(&room),
            Purpose::Count(room) => self.counted(&room, Err(&timeout())),
            Purpose::Show(room) => self.not_shown(&room),
            // Whoever waits for it is looked at first.
            Purpose::Configuration(room) => {
                self.do_without(&room);
                self.read_room_info(&room);
            }
            Purpose::RoomInfo(room) => {
                self.do_without(&room);
                self.read_later(&room);
            }
            Purpose::List(room, which) => self.read_list(&room, which),
            Purpose::Affiliation(room, jid) => self.forget_request(&room, &jid),
            Purpose::Role(_, room, jid, _) => self.role_answered(&room, &jid, false),
            Purpose::Pin(room, nick) => self.pinned(&room, &nick, Outcome::Ineffective),
            // The next one is on its way.
            Purpose::Lease(_) => {}
            Purpose::Guard(room) => self.guard_room(&room),
            Purpose::Own(room) => {
                if let Some(room) = self.rooms.get_mut(&room) {
                    room.owning = false;
                }
                self.own_if_needed(&room);
            }
            Purpose::ListRooms(service) | Purpose::Items(service) => self.poll_again(service),
            Purpose::Module(service) => self.ask_module(service),
            Purpose::SelfPing(room) => {
                if let Some(room) = self.rooms.get_mut(&room) {
                    room.pinged = false;
                }
            }
            Purpose::Examination(question) => self.not_examined(question),
            Purpose::End(room) | Purpose::Admit(room) => self.try_again(&room),
            Purpose::MembersOnly(room, _) => self.members_only_unanswered(&room),
            Purpose::Open(room) => self.open_again(&room),
            Purpose::Ping | Purpose::Nothing => {}
        }
    }

    /// The configuration form was refused or did not come; disco#info may say
    /// enough.
    pub(super) fn read_room_info(&mut self, jid: &RoomJid) {
        if !self.rooms.contains_key(jid) {
            return;
        }
        let purpose = Purpose::RoomInfo(jid.clone());
        self.ask(jid.as_str(), Request::DiscoInfo, purpose);
    }

    /// Nothing can be learned of a room: gavel does without, and asks again.
    fn unknown(&mut self, jid: &RoomJid) {
        self.do_without(jid);
        self.read_later(jid);
    }

    fn forget_request(&mut self, main: &RoomJid, bare: &BareJid) {
        if let Some(person) = self.person_mut(main, bare) {
            person.request = None;
            self.mark(main, bare);
        }
    }

    /// `result`: the room has shown the change already, or the JID is absent;
    /// otherwise nothing has changed.
    fn affiliation_set(&mut self, main: &RoomJid, bare: &BareJid) {
        let Some(person) = self.person_mut(main, bare) else {
            return;
        };
        let Some(request) = person.request.take() else {
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
            if let Some(trouble) = &mut person.trouble {
                trouble.ineffective = 0;
            }
            Outcome::Applied
        } else {
            let trouble = person.trouble();
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
        let Some(mut request) = person.request.take() else {
            return;
        };
        let denied = error.is("forbidden") || error.is("not-allowed");
        if denied && !request.ad_hoc && !person.trouble().ad_hoc_tried {
            request.ad_hoc = true;
            let target = request.wanted;
            person.request = Some(request);
            person.trouble().ad_hoc_tried = true;
            return self.set_by_command(main, bare, target);
        }
        let (from, wanted) = (request.from, request.wanted);
        let unacceptable = error.is("not-acceptable");
        if unacceptable && self.is_server_admin(bare, from, wanted) {
            let Some(person) = self.person_mut(main, bare) else {
                return;
            };
            person.trouble().server_admin = true;
            let (room, jid) = (main.clone(), bare.to_string());
            self.report(Report::Warning(Warning::ServerAdmin { room, jid }));
            return self.report_request(main, bare, &request, Outcome::GivenUp);
        }
        if unacceptable {
            self.note_wrapper(main);
        }
        let Some(person) = self.person_mut(main, bare) else {
            return;
        };
        let trouble = person.trouble();
        let first = trouble.not_before.is_none();
        let pause = trouble.backoff.pause();
        trouble.not_before = Some(now + pause);
        if first {
            self.report_request(main, bare, &request, Outcome::Refused);
        }
        if error.is("item-not-found") {
            self.ping_room(main);
        }
        self.own_if_needed(main);
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
        let trouble = person.trouble();
        trouble.role_refused += 1;
        if refused {
            let pause = trouble.backoff.pause();
            trouble.not_before = Some(now + pause);
        }
        self.mark(main, bare);
    }

    fn role_failed(&mut self, seat: &Seat, main: &RoomJid, bare: &BareJid, to: Role) {
        let role = self.occupant(&seat.room, &seat.nick).map(|o| o.role);
        if let Some(from) = role {
            let change = Change::Role { from, to };
            let cause = super::event::Cause::Correction;
            self.tell_now(main, bare, change, (cause, None), Outcome::Refused);
        }
        self.role_answered(main, bare, true);
    }

    fn still_in(&mut self, jid: &RoomJid) {
        if let Some(room) = self.rooms.get_mut(jid) {
            room.pinged = false;
            room.heard = self.now.tick;
        }
    }

    /// XEP-0410 §4: these errors say that gavel is still in; others that it is
    /// not.
    fn self_ping_failed(&mut self, jid: &RoomJid, error: &StanzaError) {
        self.still_in(jid);
        let inside = ["service-unavailable", "feature-not-implemented"];
        let unsure = ["remote-server-not-found", "remote-server-timeout"];
        if inside.contains(&&*error.condition) || unsure.contains(&&*error.condition) {
            return;
        }
        self.lost(jid);
    }
}

/// What an answer amounts to that does not come.
fn timeout() -> StanzaError {
    StanzaError {
        kind: "wait".into(),
        condition: "remote-server-timeout".into(),
        text: None,
    }
}

/// An ad-hoc command tells of failure in a completed reply, too.
fn command_error(purpose: &Purpose, payload: &IqPayload) -> Option<StanzaError> {
    let setting = matches!(purpose, Purpose::Affiliation(..) | Purpose::Own(_));
    let IqPayload::Command(reply) = payload else {
        return None;
    };
    let failed = reply.error.is_some() || !reply.completed;
    (setting && failed).then(|| StanzaError {
        kind: "cancel".into(),
        condition: "undefined-condition".into(),
        text: reply.error.clone(),
    })
}
