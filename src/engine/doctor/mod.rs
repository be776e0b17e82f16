//! The daemon's side of `gavel doctor`: asking over its own stream.

pub mod answers;
pub mod probe;
pub mod tally;

use crate::engine::asker::{Answer, Asker};
use crate::engine::event::Report;
use crate::engine::outbox::Outbox;
use crate::engine::settings::Settings;
use crate::engine::time::Tick;
use crate::muc::RealJid;
use crate::stanza::Outbound;
use answers::Answers;
use probe::{Plan, Probe, Question, Step};

/// The probe under way, or the last one.
#[derive(Debug, Default)]
pub struct Doctor(Option<Probe>);

impl Doctor {
    /// Prosody's answers to the last probe, so far; none before the first on this stream.
    pub fn answers(&self) -> Option<Answers> {
        self.0.as_ref().map(Probe::answers)
    }

    fn is_probing(&self) -> bool {
        self.0.as_ref().is_some_and(|probe| !probe.is_over())
    }

    /// The stream has ended.
    pub fn lose_all(&mut self, out: &mut Outbox) {
        if self.0.take().is_some() {
            out.report(Report::Probed);
        }
    }
}

/// The doctor at work.
pub struct DoctorPart<'a> {
    /// When the input came that is being handled.
    pub now: Tick,
    /// The configuration.
    pub settings: &'a Settings,
    /// The doctor's own state.
    pub doctor: &'a mut Doctor,
    /// The actions that come of it.
    pub out: &'a mut Outbox,
}

impl DoctorPart<'_> {
    /// Asks, unless it is asking already. `nonce` is part of the name of a room that
    /// nobody has; without a stream there is none.
    pub fn probe(&mut self, nonce: Option<u64>) {
        let Some(nonce) = nonce else {
            return self.out.report(Report::Probed);
        };
        if self.doctor.is_probing() {
            return;
        }
        let gavel = format!("{}/gavel", self.settings.gavel());
        let Some(gavel) = RealJid::parse(&gavel) else {
            return self.out.report(Report::Probed);
        };
        let plan = Plan {
            gavel,
            services: self.settings.services.clone(),
            poll: self.settings.poll,
            lists: false,
            nonce,
        };
        let (probe, steps) = Probe::begin(plan, self.now);
        self.doctor.0 = Some(probe);
        self.take_steps(steps);
    }

    /// An answer to one of the questions, or none.
    pub fn answered(&mut self, question: Question, answer: Answer<'_>) {
        let Some(probe) = &mut self.doctor.0 else {
            return;
        };
        let steps = match answer {
            Answer::Result(payload) | Answer::Partial(payload) => {
                probe.answered(question, Ok(payload), self.now)
            }
            Answer::Error(error) => probe.answered(question, Err(error), self.now),
            Answer::Silence | Answer::Unread => probe.unanswered(question),
        };
        self.take_steps(steps);
    }

    fn take_steps(&mut self, steps: Vec<Step>) {
        for step in steps {
            match step {
                Step::Ask {
                    to,
                    request,
                    question,
                } => {
                    let asker = question.map_or(Asker::Nobody, Asker::Doctor);
                    self.out.ask(&to, request, asker);
                }
                Step::Space(length) => self.out.send(Outbound::Space(length)),
            }
        }
        if !self.doctor.is_probing() {
            self.out.report(Report::Probed);
        }
    }
}
