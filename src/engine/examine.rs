//! The daemon's side of `gavel doctor`: asking over its own stream, and counting
//! what only the engine sees.

use super::Engine;
use super::asker::{Answer, Asker};
use super::event::{Outcome, Party, Report};
use super::examination::{Answers, Examination, Plan, Question, Step};
use super::person::InFlight;
use super::tally::Tally;
use crate::muc::{Affiliation, BareJid, RealJid, RoomJid};
use crate::stanza::Outbound;
use rand::RngExt;

impl Engine {
    /// What was counted since the start.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// What the last examination was answered, so far; none before the first on
    /// this stream.
    pub fn answers(&self) -> Option<Answers> {
        self.examination.as_ref().map(Examination::answers)
    }

    /// Whether an examination is under way.
    pub fn is_examining(&self) -> bool {
        let examination = self.examination.as_ref();
        examination.is_some_and(|examination| !examination.is_over())
    }

    /// Asks, unless it is asking already.
    pub(super) fn examine_deployment(&mut self) {
        if self.stream.is_none() {
            return self.out.report(Report::Examined);
        }
        if self.is_examining() {
            return;
        }
        let gavel = format!("{}/gavel", self.settings.gavel());
        let Some(gavel) = RealJid::parse(&gavel) else {
            return self.out.report(Report::Examined);
        };
        let plan = Plan {
            gavel,
            services: self.settings.services.clone(),
            poll: self.settings.poll,
            lists: false,
            nonce: self.random.random(),
        };
        let (examination, steps) = Examination::begin(plan, self.now.tick);
        self.examination = Some(examination);
        self.take_steps(steps);
    }

    /// An answer to one of the questions, or none.
    pub(super) fn examined(&mut self, question: Question, answer: Answer<'_>) {
        let Some(examination) = &mut self.examination else {
            return;
        };
        let now = self.now.tick;
        let steps = match answer {
            Answer::Result(payload) | Answer::Partial(payload) => {
                examination.answered(question, Ok(payload), now)
            }
            Answer::Error(error) => examination.answered(question, Err(error), now),
            Answer::Silence | Answer::Unread => examination.unanswered(question),
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
                    let purpose = question.map_or(Asker::Nobody, Asker::Doctor);
                    self.out.ask(&to, request, purpose);
                }
                Step::Space(length) => self.out.send(Outbound::Space(length)),
            }
        }
        if !self.is_examining() {
            self.out.report(Report::Examined);
        }
    }

    /// Counts somebody's promotion, where it is to be taken back.
    pub(super) fn count_promotion(&mut self, main: &RoomJid, bare: &BareJid, by: &Party) {
        let Some(person) = self.person(main, bare) else {
            return;
        };
        if self.wanted(main, person).may_moderate() {
            return;
        }
        let at_join = !person.is_present() || person.unsettled_since.is_some();
        let not_first = self.is_not_first(main, bare);
        self.tally.promoted(by, main.service(), at_join, not_first);
        self.note_tokenless(main, bare, by);
    }

    /// Counts whoever could be lowered by ad-hoc command only, though gavel is
    /// owner of the room.
    pub(super) fn count_command(&mut self, main: &RoomJid, request: &InFlight, outcome: Outcome) {
        let owned = |room: &super::Room| room.own_affiliation == Affiliation::Owner;
        let Some(room) = self.rooms.get(main).filter(|room| owned(room)) else {
            return;
        };
        let lowered = request.from.is_some_and(Affiliation::moderates);
        if request.ad_hoc && lowered && outcome == Outcome::Applied {
            self.tally.services[room.service].lowered_by_command_only += 1;
        }
    }
}
