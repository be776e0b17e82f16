//! Tests of the questions, and of the meaning of answers.
#![allow(clippy::unwrap_used)]
use super::*;
use crate::stanza::{CommandReply, Form};
use std::time::Duration;

fn begin(poll: Poll) -> (Probe, Vec<Step>) {
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
    Probe::begin(plan, Tick::ZERO)
}

fn asked(steps: &[Step]) -> Vec<Question> {
    let question = |step: &Step| match step {
        Step::Ask { question, .. } => *question,
        Step::Space(_) => None,
    };
    steps.iter().filter_map(question).collect()
}

fn error_of(condition: &str) -> StanzaError {
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
            Request::Version | Request::DiscoInfo | Request::Module => true,
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
        let (mut probe, _) = begin(Poll::Auto);
        let error = error_of(condition);
        let absent = error_of("service-unavailable");
        let next = probe.answered(Question::Module(0), Err(&absent), Tick::ZERO);
        assert_eq!(asked(&next), [Question::OldModule(0)]);
        let next = probe.answered(Question::OldModule(0), Err(&error), Tick::ZERO);
        assert_eq!(probe.answers().services[0].module, Some(module));
        assert_eq!(asked(&next) == [Question::Rooms(0)], lists, "{condition}");
    }
    let (mut probe, _) = begin(Poll::Off);
    let error = error_of("service-unavailable");
    probe.answered(Question::Module(0), Err(&error), Tick::ZERO);
    let next = probe.answered(Question::OldModule(0), Err(&error), Tick::ZERO);
    assert!(next.is_empty());
}

#[test]
fn commands_are_cancelled_and_the_first_room_is_asked_for_its_owners() {
    let (mut probe, _) = begin(Poll::AdHoc);
    let error = error_of("service-unavailable");
    probe.answered(Question::Module(0), Err(&error), Tick::ZERO);
    probe.answered(Question::OldModule(0), Err(&error), Tick::from_millis(1));
    let reply = IqPayload::Command(CommandReply {
        session: Some("s".into()),
        form: Form {
            options: vec![("rooms".into(), vec!["a@muc.x".into(), "b@muc.x".into()])],
            ..Form::default()
        },
        ..CommandReply::default()
    });
    let steps = probe.answered(Question::Rooms(0), Ok(&reply), Tick::from_millis(31));
    let took = Duration::from_millis(30);
    assert_eq!(probe.answers().services[0].rooms, Some((2, took)));
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
fn pairs_follow_all_else_and_their_gaps_are_kept() {
    let (mut probe, steps) = begin(Poll::Off);
    let (mut next, empty) = (Vec::new(), IqPayload::Empty);
    for question in asked(&steps) {
        assert!(next.is_empty());
        // Elsewhere, perhaps; nobody waits for it.
        if question == Question::Focus {
            continue;
        }
        next = probe.answered(question, Ok(&empty), Tick::ZERO);
    }
    for n in 1..=PAIRS as u64 {
        assert!(matches!(
            next[..],
            [Step::Ask { .. }, Step::Space(GAP), Step::Ask { .. }]
        ));
        let at = Tick::from_secs(n);
        let first = Question::Ping(Half::First);
        assert!(probe.answered(first, Ok(&empty), at).is_empty());
        let late = at + Duration::from_millis(40 + n);
        next = probe.answered(Question::Ping(Half::Second), Ok(&empty), late);
    }
    assert!(next.is_empty() && !probe.is_over());
    assert_eq!(probe.answers().unanswered, 0);
    let gaps = probe.answers().gaps;
    assert_eq!(gaps, [41, 42, 43, 44, 45].map(Duration::from_millis));
}

#[test]
fn it_is_over_when_all_is_answered_or_given_up() {
    let (mut probe, steps) = begin(Poll::Off);
    let mut all = asked(&steps);
    let mut given_up = 0;
    while let Some(question) = all.pop() {
        assert!(!probe.is_over());
        all.extend(asked(&probe.unanswered(question)));
        given_up += 1;
    }
    assert!(probe.is_over());
    let about_focus = 1;
    assert_eq!(probe.answers().unanswered, given_up - about_focus);
}
