//! Questions to Prosody about the deployment, for `gavel doctor`.
//!
//! They join no room and change nothing in any. The daemon asks them over its own stream
//! ([`crate::engine::Input::Probe`]); `gavel doctor` without a daemon asks them over one of
//! its own. Either way this file chooses the questions and reads the answers.

use super::answers::{Answers, Module, ServiceAnswers};
use crate::engine::settings::Poll;
use crate::engine::time::Tick;
use crate::muc::{Affiliation, Nick, RealJid, RoomJid, Service};
use crate::stanza::{IqPayload, LIST_ROOMS, Request, SET_AFFILIATION, StanzaError};

/// The feature of a MUC service in its disco#info (XEP-0045 §6.2).
const MUC: &str = "http://jabber.org/protocol/muc";
/// Spaces between the two questions of a pair: more than Prosody reads at once
/// (8 KiB, `network_settings.read_size`) twice over, so that it answers the
/// first before it has read the second.
const GAP: usize = 24 * 1024;
/// Pairs of questions: an answer may be late for another reason, or in time
/// because something else was sent meanwhile.
const PAIRS: usize = 5;

/// A question of the probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Question {
    /// The name and version of the server.
    Version,
    /// Asks whether there is a component of Jitsi's focus.
    Focus,
    /// Asks whether a service is a MUC service.
    Service(usize),
    /// Asks whether the module serves it, and for its release.
    Module(usize),
    /// The same in a way that modules before 0.2 answer.
    OldModule(usize),
    /// Asks whether gavel is in its `admins`.
    Admin(usize),
    /// Its rooms, by ad-hoc command.
    Rooms(usize),
    /// Asks whether gavel may read the owners of the first of them.
    Owners(usize),
    /// One of a pair of pings.
    Ping(Half),
}

/// One ping of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Half {
    /// The first.
    First,
    /// The second: how long after the first it is answered tells whether small
    /// packets are held back.
    Second,
}

/// The next step of the probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Ask.
    Ask {
        /// The address that is asked.
        to: String,
        /// The request.
        request: Request,
        /// The question that it asks; none if the answer says nothing.
        question: Option<Question>,
    },
    /// Send so many spaces.
    Space(usize),
}

/// The things that the probe looks at.
#[derive(Debug, Clone)]
pub struct Plan {
    /// gavel's own full JID.
    pub gavel: RealJid,
    /// The MUC services.
    pub services: Vec<Service>,
    /// How rooms are found beside invitations.
    pub poll: Poll,
    /// Says whether rooms are listed, too. The daemon knows its own lists.
    pub lists: bool,
    /// Part of a room's name that nobody has.
    pub nonce: u64,
}

/// A probe under way.
#[derive(Debug)]
pub struct Probe {
    plan: Plan,
    now: Tick,
    open: Vec<(Question, Tick)>,
    /// When the first ping of the pair was answered.
    first: Option<Tick>,
    answers: Answers,
}

impl Probe {
    /// Begins one; the steps are to be taken in order.
    pub fn begin(plan: Plan, now: Tick) -> (Self, Vec<Step>) {
        let services = vec![ServiceAnswers::default(); plan.services.len()];
        let mut probe = Self {
            plan,
            now,
            open: Vec::new(),
            first: None,
            answers: Answers {
                services,
                ..Answers::default()
            },
        };
        let mut steps = probe.about_server();
        for service in 0..probe.plan.services.len() {
            steps.extend(probe.about_service(service));
        }
        (probe, steps)
    }

    /// Says whether all is answered.
    pub fn is_over(&self) -> bool {
        self.open.is_empty()
    }

    /// The answers so far.
    pub fn answers(&self) -> Answers {
        Answers {
            unanswered: self.answers.unanswered + self.waiting(),
            ..self.answers.clone()
        }
    }

    /// How many answers are waited for, but for that about the focus.
    fn waiting(&self) -> usize {
        let matters = |(question, _): &&(Question, Tick)| *question != Question::Focus;
        self.open.iter().filter(matters).count()
    }

    /// Takes an answer; the steps are to be taken in order.
    pub fn answered(
        &mut self,
        question: Question,
        answer: Result<&IqPayload, &StanzaError>,
        now: Tick,
    ) -> Vec<Step> {
        self.now = now;
        let Some(at) = self.open.iter().position(|(open, _)| *open == question) else {
            return Vec::new();
        };
        let (_, asked) = self.open.remove(at);
        let mut steps = self.take(question, answer, asked);
        steps.extend(self.pair_if_quiet());
        steps
    }

    /// An answer does not come; the steps are to be taken in order.
    pub fn unanswered(&mut self, question: Question) -> Vec<Step> {
        self.open.retain(|(open, _)| *open != question);
        self.answers.unanswered += usize::from(question != Question::Focus);
        match question {
            Question::Ping(_) => Vec::new(),
            _ => self.pair_if_quiet(),
        }
    }

    fn take(
        &mut self,
        question: Question,
        answer: Result<&IqPayload, &StanzaError>,
        asked: Tick,
    ) -> Vec<Step> {
        let refusal = answer.map(|_| ()).map_err(|e| e.condition.clone());
        match question {
            Question::Version => self.version(answer),
            Question::Focus => self.answers.focus = is_there(answer),
            Question::Ping(half) => self.pong(half),
            Question::Service(n) => self.answers.services[n].muc = Some(is_muc(answer)),
            Question::Module(n) => return self.module(n, answer),
            Question::OldModule(n) => return self.old_module(n, answer),
            Question::Admin(n) => {
                self.answers.services[n].admin = Some(refusal);
                return self.cancel(n, SET_AFFILIATION, answer);
            }
            Question::Rooms(n) => return self.rooms(n, answer, asked),
            Question::Owners(n) => self.answers.services[n].owner = Some(refusal),
        }
        Vec::new()
    }

    fn ask(&mut self, to: impl Into<String>, request: Request, question: Question) -> Step {
        self.open.push((question, self.now));
        Step::Ask {
            to: to.into(),
            request,
            question: Some(question),
        }
    }

    /// Once all else is answered, for the line must be quiet: two pings, so far
    /// apart that Prosody answers them one by one. With nagle the second answer
    /// waits until the first is acknowledged, which this machine does some 40 ms
    /// later, having nothing to send (tcp(7), TCP_QUICKACK).
    fn pair_if_quiet(&mut self) -> Vec<Step> {
        let done = self.answers.gaps.len() == PAIRS;
        let service = self.plan.services.first();
        let Some(service) = service.filter(|_| self.waiting() == 0 && !done) else {
            return Vec::new();
        };
        let domain = service.domain.clone();
        let first = self.ask(&*domain, Request::Ping, Question::Ping(Half::First));
        let second = self.ask(&*domain, Request::Ping, Question::Ping(Half::Second));
        vec![first, Step::Space(GAP), second]
    }

    fn pong(&mut self, half: Half) {
        match (half, self.first.take()) {
            (Half::First, _) => self.first = Some(self.now),
            (Half::Second, first) => {
                let first = first.unwrap_or(self.now);
                self.answers.gaps.push(self.now.saturating_sub(first));
            }
        }
    }

    fn about_server(&mut self) -> Vec<Step> {
        let service = self.plan.services.first();
        let Some((_, parent)) = service.and_then(|service| service.domain.split_once('.')) else {
            return Vec::new();
        };
        let (parent, focus) = (parent.to_owned(), format!("focus.{parent}"));
        vec![
            self.ask(parent, Request::Version, Question::Version),
            self.ask(focus, Request::DiscoInfo, Question::Focus),
        ]
    }

    fn about_service(&mut self, n: usize) -> Vec<Step> {
        let domain = self.plan.services[n].domain.clone();
        let admin = Request::StartCommand {
            node: SET_AFFILIATION,
        };
        vec![
            self.ask(&*domain, Request::DiscoInfo, Question::Service(n)),
            self.ask(&*domain, Request::Module, Question::Module(n)),
            self.ask(domain, admin, Question::Admin(n)),
        ]
    }

    fn version(&mut self, answer: Result<&IqPayload, &StanzaError>) {
        if let Ok(IqPayload::Version(version)) = answer {
            self.answers.version = version.clone();
        }
    }

    /// The module's answer about itself.
    fn module(&mut self, n: usize, answer: Result<&IqPayload, &StanzaError>) -> Vec<Step> {
        match answer {
            Ok(IqPayload::Module(said)) => {
                self.answers.services[n].version = Some(said.version.clone());
                self.answers.services[n]
                    .goes_round
                    .clone_from(&said.goes_round);
                self.answers.services[n].logins.clone_from(&said.logins);
                self.known(n, Module::Serves)
            }
            Err(error) if error.is("forbidden") => self.known(n, Module::Refuses),
            Ok(_) => self.known(n, Module::Absent),
            Err(_) => vec![self.ask_old_module(n)],
        }
    }

    fn ask_old_module(&mut self, n: usize) -> Step {
        let domain = self.plan.services[n].domain.clone();
        // Nobody is pinned by it, even if there were such a room.
        let pin = Request::Pin {
            nick: Nick::new("nobody"),
            jid: self.plan.gavel.clone(),
            name: String::new(),
            sent: None,
            own: false,
        };
        let nowhere = format!("gavel-doctor-{:016x}@{domain}", self.plan.nonce);
        self.ask(nowhere, pin, Question::OldModule(n))
    }

    /// Measured: of a room that does not exist the module says so, Prosody
    /// without it that there is no such service.
    fn old_module(&mut self, n: usize, answer: Result<&IqPayload, &StanzaError>) -> Vec<Step> {
        let exists = self.answers.services[n].muc != Some(Err("item-not-found".to_owned()));
        match answer {
            Err(error) if error.is("item-not-found") && exists => {
                self.answers.services[n].version = Some("1".to_owned());
                self.known(n, Module::Serves)
            }
            Err(error) if error.is("forbidden") => self.known(n, Module::Refuses),
            _ => self.known(n, Module::Absent),
        }
    }

    fn known(&mut self, n: usize, module: Module) -> Vec<Step> {
        self.answers.services[n].module = Some(module);
        let listing = match self.plan.poll {
            Poll::Auto => module != Module::Serves,
            Poll::AdHoc => true,
            Poll::Disco | Poll::Off => false,
        };
        if !listing || !self.plan.lists {
            return Vec::new();
        }
        let domain = self.plan.services[n].domain.clone();
        let list = Request::StartCommand { node: LIST_ROOMS };
        vec![self.ask(domain, list, Question::Rooms(n))]
    }

    fn rooms(
        &mut self,
        n: usize,
        answer: Result<&IqPayload, &StanzaError>,
        asked: Tick,
    ) -> Vec<Step> {
        let Ok(IqPayload::Command(reply)) = answer else {
            return Vec::new();
        };
        let rooms = reply.form.choices("rooms").unwrap_or_default();
        let took = self.now.saturating_sub(asked);
        self.answers.services[n].rooms = Some((rooms.len(), took));
        let mut steps = self.cancel(n, LIST_ROOMS, answer);
        if let Some(room) = rooms.first().and_then(|room| RoomJid::parse(room)) {
            let owners = Request::ListAffiliation(Affiliation::Owner);
            steps.push(self.ask(room.to_string(), owners, Question::Owners(n)));
        }
        steps
    }

    /// Ends a command that was only begun.
    fn cancel(
        &mut self,
        n: usize,
        node: &'static str,
        answer: Result<&IqPayload, &StanzaError>,
    ) -> Vec<Step> {
        let Ok(IqPayload::Command(reply)) = answer else {
            return Vec::new();
        };
        let session = reply.session.clone();
        let cancel = session.map(|session| Step::Ask {
            to: self.plan.services[n].domain.clone(),
            request: Request::CancelCommand { node, session },
            question: None,
        });
        cancel.into_iter().collect()
    }
}

/// Says whether a domain is one of this server. For a domain of another server, the answer
/// says that it does not, or cannot, reach it.
fn is_there(answer: Result<&IqPayload, &StanzaError>) -> bool {
    let elsewhere = [
        "not-allowed",
        "remote-server-not-found",
        "remote-server-timeout",
    ];
    answer.map_or_else(|error| !elsewhere.contains(&&*error.condition), |_| true)
}

fn is_muc(answer: Result<&IqPayload, &StanzaError>) -> Result<bool, String> {
    match answer {
        Ok(IqPayload::DiscoInfo { features, .. }) => Ok(features.iter().any(|f| f == MUC)),
        Ok(_) => Ok(false),
        Err(error) => Err(error.condition.clone()),
    }
}

#[cfg(test)]
mod tests;
