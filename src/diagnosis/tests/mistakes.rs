//! Each mistake: the one finding that must be there, with the words of the remedy, and the
//! wrong remedies that must not.

mod authentication;
mod connection;
mod module;
mod others;

use super::*;

/// A mistake.
#[derive(Clone, Copy)]
struct Mistake {
    name: &'static str,
    /// The change that makes the mistake in a healthy Jitsi.
    make: fn(&mut Facts),
    check: &'static str,
    severity: Severity,
    /// The words of the finding: fault, place, remedy.
    says: &'static [&'static str],
    /// The words that no finding that is not `ok` may have.
    never: &'static [&'static str],
}

fn answers(facts: &mut Facts) -> &mut ServiceAnswers {
    &mut facts.answers.as_mut().unwrap().services[0]
}

#[test]
fn each_mistake_has_its_one_finding_and_no_wrong_remedy() {
    let mistakes = [
        module::MISTAKES,
        connection::MISTAKES,
        authentication::MISTAKES,
        others::MISTAKES,
    ];
    for mistake in mistakes.concat() {
        let mut facts = healthy();
        (mistake.make)(&mut facts);
        let wrong: Vec<_> = told(&facts)
            .into_iter()
            .filter(|(severity, ..)| *severity != Severity::Ok)
            .collect();
        let name = mistake.name;
        assert_eq!(wrong.len(), 1, "{name}: {wrong:#?}");
        let (severity, check, text) = &wrong[0];
        assert_eq!(
            (severity, check.as_str()),
            (&mistake.severity, mistake.check),
            "{name}"
        );
        for words in mistake.says {
            assert!(
                text.contains(words),
                "{name} does not say {words:?}: {text}"
            );
        }
        for words in mistake.never {
            assert!(!text.contains(words), "{name} says {words:?}: {text}");
        }
    }
}

/// Breakout rooms may be switched off: no failure, and nothing to fix.
#[test]
fn a_breakout_service_that_is_not_there_is_no_failure() {
    let mut facts = healthy();
    facts.setup.services.push("breakout.meet.jitsi".into());
    let missing = ServiceAnswers {
        muc: Some(Err("not-allowed".into())),
        module: Some(Module::Absent),
        ..ServiceAnswers::default()
    };
    facts.answers.as_mut().unwrap().services.push(missing);
    let wrong = told(&facts).into_iter().find(|(s, ..)| *s != Severity::Ok);
    assert_eq!(wrong, None);
    one(&facts, "service", Severity::Ok, "breakout.meet.jitsi");
}
