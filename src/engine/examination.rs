//! Questions to Prosody about the deployment, for `gavel doctor`.
//!
//! They join no room and change nothing in any. The daemon asks them over its
//! own stream ([`super::Input::Examine`]); `gavel doctor` without a daemon asks
//! them over one of its own. Either way this decides what is asked, and what an
//! answer means.

use super::settings::Poll;
use super::time::Tick;
use crate::muc::{Affiliation, Nick, RealJid, RoomJid, Service};
use crate::stanza::{IqPayload, LIST_ROOMS, Request, SET_AFFILIATION, StanzaError};
use std::time::Duration;

/// The feature of a MUC service in its disco#info (XEP-0045 §6.2).
const MUC: &str = "http://jabber.org/protocol/muc";
/// Spaces between the two questions of a pair: more than Prosody reads at once
/// (8 KiB, `network_settings.read_size`) twice over, so that it answers the
/// first before it has read the second.
const GAP: usize = 24 * 1024;
/// Pairs of questions: one answer may be late for another reason.
const PAIRS: usize = 3;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Question {
    /// What the server is.
    Version,
    /// Whether there is a component of Jitsi's focus.
    Focus,
    /// Whether a service is a MUC service.
    Service(usize),
    /// Whether the module serves it.
    Module(usize),
    /// Whether gavel is in its `admins`.
    Admin(usize),
    /// Its rooms, by ad-hoc command.
    Rooms(usize),
    /// Whether gavel may read the owners of the first of them.
    Owners(usize),
    /// One of a pair of pings.
    Ping(Half),
}

/// Which ping of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Half {
    /// The first.
    First,
    /// The second: how long after the first it is answered tells whether small
    /// packets are held back.
    Second,
}

/// What is to be done next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Ask.
    Ask {
        /// Whom.
        to: String,
        /// What.
        request: Request,
        /// What it is for; none where the answer says nothing.
        question: Option<Question>,
    },
    /// Send so many spaces.
    Space(usize),
}

/// What the module says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Module {
    /// It serves gavel.
    Serves,
    /// It is loaded and takes somebody else for gavel.
    Refuses,
    /// It is not loaded.
    Absent,
}

/// What Prosody answered about a MUC service; none where it did not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceAnswers {
    /// Whether it is a MUC service, or why it could not be asked.
    pub muc: Option<Result<bool, String>>,
    /// Whether the module serves it.
    pub module: Option<Module>,
    /// Whether gavel is in its `admins`, or the refusal.
    pub admin: Option<Result<(), String>>,
    /// How many rooms it lists, and how long that took.
    pub rooms: Option<(usize, Duration)>,
    /// Whether gavel may read a room's owners, or the refusal.
    pub owner: Option<Result<(), String>>,
}

/// What Prosody answered; none where it did not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answers {
    /// Its name and version, where it tells them.
    pub version: Option<String>,
    /// Whether there is a component of Jitsi's focus.
    pub focus: bool,
    /// One for each MUC service.
    pub services: Vec<ServiceAnswers>,
    /// The times between the answers to two pings, for each pair.
    pub gaps: Vec<Duration>,
    /// How many questions had no answer.
    pub unanswered: usize,
}

/// What is examined.
#[derive(Debug, Clone)]
pub struct Plan {
    /// gavel's own full JID.
    pub gavel: RealJid,
    /// The MUC services.
    pub services: Vec<Service>,
    /// How rooms are found beside invitations.
    pub poll: Poll,
    /// Whether rooms are listed, too. The daemon knows its own lists.
    pub lists: bool,
    /// Part of a room's name that nobody has.
    pub nonce: u64,
}

/// An examination under way.
#[derive(Debug)]
pub struct Examination {
    plan: Plan,
    now: Tick,
    open: Vec<(Question, Tick)>,
    /// When the first ping of the pair was answered.
    first: Option<Tick>,
    answers: Answers,
}

impl Examination {
    /// Begins one; the steps are to be taken in order.
    pub fn begin(plan: Plan, now: Tick) -> (Self, Vec<Step>) {
        let services = vec![ServiceAnswers::default(); plan.services.len()];
        let mut examination = Self {
            plan,
            now,
            open: Vec::new(),
            first: None,
            answers: Answers {
                services,
                ..Answers::default()
            },
        };
        let mut steps = examination.pair();
        steps.extend(examination.about_server());
        for service in 0..examination.plan.services.len() {
            steps.extend(examination.about_service(service));
        }
        (examination, steps)
    }

    /// Whether all is answered.
    pub fn is_over(&self) -> bool {
        self.open.is_empty()
    }

    /// What was answered so far.
    pub fn answers(&self) -> Answers {
        Answers {
            unanswered: self.answers.unanswered + self.open.len(),
            ..self.answers.clone()
        }
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
        let refusal = answer.map(|_| ()).map_err(ToString::to_string);
        match question {
            Question::Version => self.version(answer),
            Question::Focus => self.answers.focus = is_there(answer),
            Question::Ping(half) => return self.pong(half),
            Question::Service(n) => self.answers.services[n].muc = Some(is_muc(answer)),
            Question::Module(n) => return self.module(n, answer),
            Question::Admin(n) => {
                self.answers.services[n].admin = Some(refusal);
                return self.cancel(n, SET_AFFILIATION, answer);
            }
            Question::Rooms(n) => return self.rooms(n, answer, asked),
            Question::Owners(n) => self.answers.services[n].owner = Some(refusal),
        }
        Vec::new()
    }

    /// An answer does not come.
    pub fn unanswered(&mut self, question: Question) {
        self.open.retain(|(open, _)| *open != question);
        self.answers.unanswered += 1;
    }

    fn ask(&mut self, to: impl Into<String>, request: Request, question: Question) -> Step {
        self.open.push((question, self.now));
        Step::Ask {
            to: to.into(),
            request,
            question: Some(question),
        }
    }

    /// Two pings, so far apart that Prosody answers them one by one. With nagle
    /// the second answer waits until the first is acknowledged, which this
    /// machine does some 40 ms later (see [`crate::shell::link`]).
    fn pair(&mut self) -> Vec<Step> {
        let Some(service) = self.plan.services.first() else {
            return Vec::new();
        };
        let domain = service.domain.clone();
        let first = self.ask(&*domain, Request::Ping, Question::Ping(Half::First));
        let second = self.ask(&*domain, Request::Ping, Question::Ping(Half::Second));
        vec![first, Step::Space(GAP), second]
    }

    fn pong(&mut self, half: Half) -> Vec<Step> {
        match (half, self.first.take()) {
            (Half::First, _) => self.first = Some(self.now),
            (Half::Second, Some(first)) => {
                self.answers.gaps.push(self.now.saturating_sub(first));
                if self.answers.gaps.len() < PAIRS {
                    return self.pair();
                }
            }
            (Half::Second, None) => {}
        }
        Vec::new()
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
        // Nobody is pinned by it, even if there were such a room.
        let pin = Request::Pin {
            nick: Nick::new("nobody"),
            jid: self.plan.gavel.clone(),
            name: String::new(),
        };
        let nowhere = format!("gavel-doctor-{:016x}@{domain}", self.plan.nonce);
        let admin = Request::StartCommand {
            node: SET_AFFILIATION,
        };
        vec![
            self.ask(&*domain, Request::DiscoInfo, Question::Service(n)),
            self.ask(nowhere, pin, Question::Module(n)),
            self.ask(domain, admin, Question::Admin(n)),
        ]
    }

    fn version(&mut self, answer: Result<&IqPayload, &StanzaError>) {
        if let Ok(IqPayload::Version(version)) = answer {
            self.answers.version = version.clone();
        }
    }

    /// Measured: of a room that does not exist the module says so, Prosody
    /// without it that there is no such service.
    fn module(&mut self, n: usize, answer: Result<&IqPayload, &StanzaError>) -> Vec<Step> {
        let module = match answer {
            Ok(_) => Module::Serves,
            Err(error) if error.is("item-not-found") => Module::Serves,
            Err(error) if error.is("forbidden") => Module::Refuses,
            Err(_) => Module::Absent,
        };
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

/// Whether a domain is one of this server, whatever it answered: of others it
/// says that it does not, or cannot, reach them.
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
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::stanza::{CommandReply, Form};

    fn begin(poll: Poll) -> (Examination, Vec<Step>) {
        let plan = Plan {
            gavel: RealJid::parse("gavel@gavel.x/gavel").unwrap(),
            services: vec![Service {
                domain: "muc.x".into(),
                tenants: true,
            }],
            poll,
            lists: true,
            nonce: 7,
        };
        Examination::begin(plan, Tick::ZERO)
    }

    fn asked(steps: &[Step]) -> Vec<Question> {
        let question = |step: &Step| match step {
            Step::Ask { question, .. } => *question,
            Step::Space(_) => None,
        };
        steps.iter().filter_map(question).collect()
    }

    fn error(condition: &str) -> StanzaError {
        StanzaError {
            condition: condition.into(),
            ..StanzaError::default()
        }
    }

    #[test]
    fn nothing_that_is_asked_changes_a_room() {
        let (_, steps) = begin(Poll::Auto);
        for step in &steps {
            let Step::Ask { request, .. } = step else {
                continue;
            };
            let harmless = match request {
                Request::Pin { nick, name, .. } => nick.as_str() == "nobody" && name.is_empty(),
                Request::StartCommand { .. } | Request::Ping => true,
                Request::Version | Request::DiscoInfo => true,
                _ => false,
            };
            assert!(harmless, "{request:?}");
        }
    }

    #[test]
    fn the_module_is_known_by_its_answer() {
        for (condition, module, lists) in [
            ("item-not-found", Module::Serves, false),
            ("forbidden", Module::Refuses, true),
            ("service-unavailable", Module::Absent, true),
        ] {
            let (mut examination, _) = begin(Poll::Auto);
            let error = error(condition);
            let next = examination.answered(Question::Module(0), Err(&error), Tick::ZERO);
            assert_eq!(examination.answers().services[0].module, Some(module));
            assert_eq!(asked(&next) == [Question::Rooms(0)], lists, "{condition}");
        }
        let (mut examination, _) = begin(Poll::Off);
        let error = error("service-unavailable");
        let next = examination.answered(Question::Module(0), Err(&error), Tick::ZERO);
        assert!(next.is_empty());
    }

    #[test]
    fn commands_are_cancelled_and_the_first_room_is_asked_for_its_owners() {
        let (mut examination, _) = begin(Poll::AdHoc);
        let error = error("service-unavailable");
        examination.answered(Question::Module(0), Err(&error), Tick::from_millis(1));
        let reply = IqPayload::Command(CommandReply {
            session: Some("s".into()),
            form: Form {
                options: vec![("rooms".into(), vec!["a@muc.x".into(), "b@muc.x".into()])],
                ..Form::default()
            },
            ..CommandReply::default()
        });
        let steps = examination.answered(Question::Rooms(0), Ok(&reply), Tick::from_millis(31));
        let took = Duration::from_millis(30);
        assert_eq!(examination.answers().services[0].rooms, Some((2, took)));
        assert!(matches!(
            &steps[..],
            [
                Step::Ask {
                    request: Request::CancelCommand { .. },
                    question: None,
                    ..
                },
                Step::Ask { to, question: Some(Question::Owners(0)), .. }
            ] if to == "a@muc.x"
        ));
    }

    #[test]
    fn pairs_follow_each_other_and_their_gaps_are_kept() {
        let (mut examination, steps) = begin(Poll::Off);
        assert!(matches!(
            steps[..3],
            [Step::Ask { .. }, Step::Space(GAP), Step::Ask { .. }]
        ));
        let empty = IqPayload::Empty;
        for n in 1..=3 {
            let at = Tick::from_secs(n);
            let first = Question::Ping(Half::First);
            assert!(examination.answered(first, Ok(&empty), at).is_empty());
            let late = at + Duration::from_millis(40 + n);
            let next = examination.answered(Question::Ping(Half::Second), Ok(&empty), late);
            assert_eq!(next.len(), if n < 3 { 3 } else { 0 });
        }
        let gaps = examination.answers().gaps;
        assert_eq!(gaps, [41, 42, 43].map(Duration::from_millis));
    }

    #[test]
    fn it_is_over_when_all_is_answered_or_given_up() {
        let (mut examination, steps) = begin(Poll::Off);
        let all = asked(&steps);
        for question in &all {
            assert!(!examination.is_over());
            examination.unanswered(*question);
        }
        assert!(examination.is_over());
        assert_eq!(examination.answers().unanswered, all.len());
    }
}
