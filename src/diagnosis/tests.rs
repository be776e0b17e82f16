//! Each finding from the facts it needs, and none from those of a healthy
//! deployment.
#![allow(clippy::unwrap_used)]

mod mistakes;

use super::*;
use crate::api::Severity;
use crate::claims::{RejectReason, Source};
use crate::engine::event::PartyKind;
use crate::engine::probed::{Answers, Module, ServiceAnswers};
use crate::engine::settings::Poll;
use crate::engine::survey::{DomainSurvey, ServiceSurvey};
use crate::engine::tally::{Clocks, Promoter, Promotions};
use crate::engine::unchecked::Unchecked;
use crate::engine::{Survey, Tally};
use std::time::Duration;

const SERVICE: &str = "muc.meet.jitsi";

/// A Jitsi with the module, and a daemon that has worked a while.
fn healthy() -> Facts {
    let mut tally = Tally::new(1);
    tally.people = 3;
    tally.believed.insert("bridge", 3);
    tally.settled.note(Duration::from_millis(2));
    let service = ServiceAnswers {
        muc: Some(Ok(true)),
        module: Some(Module::Serves),
        admin: Some(Err("forbidden".into())),
        ..ServiceAnswers::default()
    };
    Facts {
        setup: Setup {
            component: "gavel.meet.jitsi".into(),
            server: "127.0.0.1:5347".into(),
            services: vec![SERVICE.into()],
            sources: vec![Source::Bridge],
            trusted_domains: vec!["meet.jitsi".into()],
            reverts: true,
            poll: Poll::Auto,
            guard: true,
            permissions: false,
            socket: "/run/gavel/admin.sock".into(),
            logins: Vec::new(),
            machines: vec!["auth.meet.jitsi".into()],
        },
        connection: Connection::Up,
        answers: Some(Answers {
            version: Some("Prosody 13.0.1".into()),
            focus: true,
            services: vec![service],
            gaps: vec![Duration::from_millis(1); 3],
            unanswered: 0,
        }),
        impersonation: None,
        daemon: Some(Daemon {
            version: "0.1.0".into(),
            since: "2026-11-24T09:00:00.000Z".into(),
            ready: true,
            tally,
            survey: Survey {
                people: 3,
                services: vec![ServiceSurvey {
                    domain: SERVICE.into(),
                    rooms: 1,
                    focus: true,
                    ..ServiceSurvey::default()
                }],
                domains: vec![DomainSurvey {
                    domain: "meet.jitsi".into(),
                    people: 3,
                    ..DomainSurvey::default()
                }],
                ..Survey::default()
            },
            kept: Kept::File("/var/lib/gavel/state.json".into()),
            replaced: 0,
        }),
    }
}

/// A plain XMPP server without the module.
fn plain() -> Facts {
    let mut facts = healthy();
    facts.setup.sources = vec![Source::Jwt];
    facts.impersonation = Some(true);
    let answers = facts.answers.as_mut().unwrap();
    answers.focus = false;
    answers.services[0].module = Some(Module::Absent);
    answers.services[0].admin = Some(Ok(()));
    let daemon = facts.daemon.as_mut().unwrap();
    daemon.survey.services[0].focus = false;
    daemon.tally.tokens = 3;
    daemon.tally.services[0].listed = Some((2, Duration::from_millis(3)));
    facts
}

/// Severity, check, and all the text of each finding.
fn told(facts: &Facts) -> Vec<(Severity, String, String)> {
    let told = findings(facts).into_iter().map(|finding| {
        let remedy = finding.remedy.unwrap_or_default();
        let text = format!("{}: {remedy}", finding.message);
        (finding.severity, finding.check, text)
    });
    told.collect()
}

/// The one finding of `check`, which is to be of `severity` and to hold `words`.
#[track_caller]
fn one(facts: &Facts, check: &str, severity: Severity, words: &str) {
    let all = told(facts);
    let of: Vec<_> = all.iter().filter(|(_, c, _)| c == check).collect();
    assert_eq!(of.len(), 1, "{check} in {all:#?}");
    assert_eq!(of[0].0, severity, "{of:?}");
    assert!(of[0].2.contains(words), "{of:?}");
}

#[track_caller]
fn none(facts: &Facts, check: &str) {
    let all = told(facts);
    assert!(!all.iter().any(|(_, c, _)| c == check), "{check}: {all:#?}");
}

fn daemon(facts: &mut Facts) -> &mut Daemon {
    facts.daemon.as_mut().unwrap()
}

fn promoted(facts: &mut Facts, kind: PartyKind, name: Option<&str>, at_join: u64) {
    let promoter = Promoter {
        kind,
        name: name.map(str::to_owned),
        service: SERVICE.into(),
    };
    let times = Promotions {
        total: 4,
        at_join,
        not_first: 0,
    };
    daemon(facts).tally.promotions.insert(promoter, times);
}

#[test]
fn a_healthy_deployment_has_nothing_to_mend() {
    for facts in [
        healthy(),
        Facts {
            daemon: None,
            ..healthy()
        },
    ] {
        let all = told(&facts);
        assert!(all.len() >= 4, "{all:#?}");
        let bad = all.iter().find(|(s, ..)| *s != Severity::Ok);
        assert_eq!(bad, None, "{all:#?}");
    }
    let all = told(&plain());
    let bad: Vec<_> = all.iter().filter(|(s, ..)| *s != Severity::Ok).collect();
    assert_eq!(bad.len(), 1, "only the module is missing: {bad:#?}");
}

#[test]
fn every_fault_comes_with_its_remedy() {
    let mut facts = plain();
    promoted(&mut facts, PartyKind::None, None, 4);
    daemon(&mut facts).kept = Kept::Failed("f".into(), "r".into());
    for finding in findings(&facts) {
        let mended = finding.severity == Severity::Ok || finding.remedy.is_some();
        assert!(mended, "{finding:?}");
    }
}

#[test]
fn no_connection_is_a_failure_with_its_reason() {
    for (trouble, words) in [
        (Trouble::Unreachable("refused".into()), "component_ports"),
        (Trouble::NotXmpp("HTTP".into()), "no component port"),
        (Trouble::NoSecret, "no component_secret"),
        (Trouble::ClientPort, "port for clients"),
        (Trouble::NotAuthorized, "component_secret"),
        (Trouble::HostUnknown, "Component \"gavel.meet.jitsi\""),
        (Trouble::Conflict, "another connection"),
        (Trouble::Other("broke".into()), "broke"),
    ] {
        let facts = Facts {
            connection: Connection::Down(trouble),
            answers: None,
            ..healthy()
        };
        one(&facts, "connection", Severity::Fail, words);
        none(&facts, "module");
    }
    let standby = Facts {
        connection: Connection::Standby,
        answers: None,
        ..healthy()
    };
    one(&standby, "connection", Severity::Ok, "standby");
}

#[test]
fn the_module_is_missed_where_jitsi_is() {
    one(
        &plain(),
        "module",
        Severity::Warn,
        "visible to participants",
    );
    let mut jitsi = plain();
    jitsi.answers.as_mut().unwrap().focus = true;
    one(&jitsi, "module", Severity::Fail, "visible to participants");
    let mut jitsi = plain();
    daemon(&mut jitsi).survey.services[0].focus = true;
    one(&jitsi, "module", Severity::Fail, "modules_enabled");
    for other in ["admins", "listing", "owner", "guard"] {
        none(&jitsi, other);
    }
    let mut other = healthy();
    other.answers.as_mut().unwrap().services[0].module = Some(Module::Refuses);
    let jid = "gavel_jid = \"gavel@gavel.meet.jitsi\"";
    one(&other, "module", Severity::Fail, jid);
}

#[test]
fn the_guard_is_the_modules_work() {
    let (mut plain, mut served) = (plain(), healthy());
    none(&plain, "guard");
    none(&served, "guard");
    // Switched off it makes a difference only if it could be on.
    plain.setup.guard = false;
    served.setup.guard = false;
    none(&plain, "guard");
    one(&served, "guard", Severity::Ok, "throw a host out");
}

#[test]
fn b17_permissions_are_the_modules_work() {
    let mut facts = plain();
    none(&facts, "permissions");
    facts.setup.permissions = true;
    one(&facts, "permissions", Severity::Warn, "muc.meet.jitsi");
    let mut served = healthy();
    served.setup.permissions = true;
    none(&served, "permissions");
    let refused = (
        "muc.meet.jitsi".to_owned(),
        "service-unavailable".to_owned(),
    );
    daemon(&mut served).survey.unpermitted = vec![refused];
    one(
        &served,
        "permissions",
        Severity::Warn,
        "(service-unavailable)",
    );
    let mut unchecked = healthy();
    daemon(&mut unchecked).survey.unchecked.insert(Unchecked {
        host: "meet.jitsi".into(),
        module: "filter_iq_jibri".into(),
        names: "recording".into(),
    });
    one(
        &unchecked,
        "permissions",
        Severity::Warn,
        "filter_iq_jibri does",
    );
}

#[test]
fn without_module_gavel_must_be_admin() {
    let mut facts = plain();
    facts.answers.as_mut().unwrap().services[0].admin = Some(Err("forbidden".into()));
    let admins = "\"gavel@gavel.meet.jitsi\" to `admins`";
    one(&facts, "admins", Severity::Fail, admins);
    one(&facts, "listing", Severity::Fail, "cannot list the rooms");
    daemon(&mut facts).survey.services[0].not_owned = 1;
    daemon(&mut facts).tally.services[0].own_refused = Some("forbidden".into());
    one(&facts, "owner", Severity::Fail, "not owner of 1 room");
    none(&healthy(), "admins");
}

#[test]
fn a_service_must_be_one() {
    for answer in [Ok(false), Err("not-allowed".to_owned())] {
        let mut facts = healthy();
        facts.answers.as_mut().unwrap().services[0].muc = Some(answer);
        one(&facts, "service", Severity::Fail, "not a MUC service");
        none(&facts, "module");
    }
}

#[test]
fn lists_that_are_slow_or_mostly_empty_are_told() {
    let mut facts = plain();
    one(&facts, "listing", Severity::Ok, "lists 2 rooms in 3 ms");
    daemon(&mut facts).tally.services[0].listed = Some((600, Duration::from_secs(7)));
    one(&facts, "listing", Severity::Warn, "7000 ms");
    daemon(&mut facts).tally.services[0].listed = Some((50, Duration::ZERO));
    daemon(&mut facts).survey.services[0].empty = 40;
    one(&facts, "listing", Severity::Warn, "40 of the 50 rooms");
    daemon(&mut facts).survey.services[0].empty = 0;
    daemon(&mut facts).tally.services[0].gone = 30;
    one(&facts, "listing", Severity::Warn, "item-not-found");
    facts.setup.poll = Poll::Disco;
    one(&facts, "listing", Severity::Warn, "hidden");
    facts.setup.poll = Poll::Off;
    one(&facts, "listing", Severity::Warn, "invited");
}

#[test]
fn impersonation_matters_where_no_module_keeps_names() {
    let mut facts = plain();
    one(&facts, "impersonation", Severity::Ok, "turn changed names");
    facts.impersonation = Some(false);
    let setting = "validate_from_addresses = false";
    one(&facts, "impersonation", Severity::Warn, setting);
    facts.setup.reverts = false;
    none(&facts, "impersonation");
    let facts = Facts {
        impersonation: Some(false),
        ..healthy()
    };
    none(&facts, "impersonation");
}

#[test]
fn every_other_promoter_is_named_with_its_switch() {
    let mut facts = healthy();
    one(&facts, "promotions", Severity::Ok, "nothing else");
    promoted(&mut facts, PartyKind::Occupant, None, 0);
    one(&facts, "promotions", Severity::Ok, "nothing else");
    let name = "focus@auth.meet.jitsi";
    promoted(&mut facts, PartyKind::Infrastructure, Some(name), 1);
    one(&facts, "promotions", Severity::Warn, "ENABLE_AUTO_OWNER");
    one(
        &facts,
        "promotions",
        Severity::Warn,
        "4 times since the start",
    );
    let mut facts = healthy();
    promoted(&mut facts, PartyKind::None, None, 4);
    let switch = "wait_for_host_disable_auto_owners = true";
    one(&facts, "promotions", Severity::Warn, switch);
    let mut facts = healthy();
    promoted(&mut facts, PartyKind::None, None, 0);
    one(&facts, "promotions", Severity::Warn, "ad-hoc command");
    let mut facts = plain();
    daemon(&mut facts).tally.services[0].lowered_by_command_only = 2;
    one(
        &facts,
        "allowners",
        Severity::Warn,
        "\"muc_allowners\" out of",
    );
}

#[test]
fn claims_that_cannot_come_are_told() {
    let mut facts = plain();
    facts.setup.sources = vec![Source::Bridge];
    one(
        &facts,
        "module",
        Severity::Fail,
        "nobody there gets a role from a token",
    );
    none(&facts, "sources");
    facts.setup.sources = vec![Source::Bridge, Source::Jwt];
    one(&facts, "sources", Severity::Ok, "no effect");
    daemon(&mut facts).tally.tokens = 0;
    one(&facts, "tokens", Severity::Warn, "none of the 3 people");
    daemon(&mut facts).tally.people = 0;
    none(&facts, "tokens");
}

#[test]
fn keys_that_cannot_be_had_are_told() {
    let mut facts = healthy();
    none(&facts, "keys");
    let missing = ("https://id.example/keys".into(), "status 500".into());
    daemon(&mut facts).tally.keys_missing = Some(missing);
    one(
        &facts,
        "keys",
        Severity::Warn,
        "https://id.example/keys (status 500)",
    );
}

#[test]
fn claims_that_are_refused_are_told_by_reason() {
    let mut facts = healthy();
    let rejected = &mut daemon(&mut facts).tally.rejected;
    rejected.insert(("identity", RejectReason::Untrusted), 2);
    rejected.insert(("jwt", RejectReason::Issuer), 1);
    one(
        &facts,
        "untrusted",
        Severity::Warn,
        "claims.trusted_domains",
    );
    one(&facts, "rejected", Severity::Warn, "claims.jwt.issuers");
    let domain = &mut daemon(&mut facts).survey.domains[0];
    domain.without_claims = 2;
    domain.example = Some("kim@meet.jitsi".into());
    one(&facts, "without_claims", Severity::Warn, "kim@meet.jitsi");
}

#[test]
fn clocks_are_judged_by_tokens_and_say_how() {
    let clocks = |clocks: Clocks| {
        let mut facts = healthy();
        daemon(&mut facts).tally.clocks = clocks;
        facts
    };
    let of = |tokens, ahead, youngest| Clocks {
        tokens,
        ahead,
        furthest: 90,
        youngest,
    };
    one(
        &clocks(of(2, 1, None)),
        "clock",
        Severity::Warn,
        "up to 90 s",
    );
    one(
        &clocks(of(12, 0, Some(900))),
        "clock",
        Severity::Warn,
        "900 s before",
    );
    one(
        &clocks(of(2, 0, Some(900))),
        "clock",
        Severity::Ok,
        "900 s old",
    );
    none(&healthy(), "clock");
    let mut early = healthy();
    let rejected = &mut daemon(&mut early).tally.rejected;
    rejected.insert(("jwt", RejectReason::NotYet), 3);
    one(&early, "clock", Severity::Warn, "nbf");
}

#[test]
fn waiting_is_told_with_its_cause() {
    let mut facts = healthy();
    facts.answers.as_mut().unwrap().gaps = [44, 2, 41, 300, 43].map(Duration::from_millis).to_vec();
    one(&facts, "nagle", Severity::Warn, "{ nagle = false }");
    // One answer that came late says nothing.
    facts.answers.as_mut().unwrap().gaps = [44, 2, 1, 41, 3].map(Duration::from_millis).to_vec();
    one(&facts, "nagle", Severity::Ok, "at once");
    one(&facts, "settling", Severity::Ok, "within 3 ms");
    for _ in 0..9 {
        daemon(&mut facts)
            .tally
            .settled
            .note(Duration::from_secs(2));
    }
    one(&facts, "settling", Severity::Warn, "behind with its work");
}

#[test]
fn the_rest_is_told_too() {
    let mut facts = healthy();
    daemon(&mut facts).kept = Kept::Failed("/x/s.json".into(), "denied".into());
    one(&facts, "state", Severity::Warn, "/x/s.json (denied)");
    daemon(&mut facts).survey.server_admins = 1;
    daemon(&mut facts).survey.server_admins_named = vec!["a@b in r@m".into()];
    one(&facts, "server_admin", Severity::Warn, "a@b in r@m");
    daemon(&mut facts).survey.tokens_full = true;
    one(&facts, "bindings", Severity::Warn, "require_exp");
    facts.answers.as_mut().unwrap().version = Some("Prosody 0.11.9".into());
    one(&facts, "prosody", Severity::Warn, "0.11.9");
    facts.answers.as_mut().unwrap().unanswered = 2;
    let gaps = told(&facts)
        .into_iter()
        .filter(|(_, check, _)| check == "prosody");
    assert_eq!(gaps.count(), 2, "the version, and the silence");
    daemon(&mut facts).ready = false;
    one(&facts, "resync", Severity::Warn, "not all rooms");
    let note = Note {
        place: "gavel.toml:3, a.b".into(),
        problem: "odd".into(),
        remedy: "set it".into(),
    };
    assert_eq!(configuration(&[note])[0].severity, Severity::Warn);
    assert_eq!(configuration(&[])[0].severity, Severity::Ok);
}
