//! `policy.trusted_logins`: the domains on which the login itself counts.

use super::*;

fn policy() -> Policy {
    Policy {
        trusted_logins: vec!["meet.jitsi".into()],
        ..Policy::default()
    }
}

fn found(policy: &Policy, claims: Option<&Claims>, jid: &str, login: bool) -> (String, String) {
    let subject = Subject {
        jid: Some(jid),
        login,
        ..Subject::with(claims)
    };
    let verdict = policy.judge(&subject);
    let last = policy.explain(&subject).pop().unwrap();
    assert_eq!(last.entitlement, Some(verdict.entitlement));
    assert_eq!(last.reason, verdict.reason);
    (
        verdict.entitlement.as_str().to_owned(),
        verdict.rule.to_string(),
    )
}

#[test]
fn a_login_counts_on_a_listed_domain_and_nowhere_else() {
    let policy = policy();
    let owner = ("owner".to_owned(), "login".to_owned());
    let guest = ("guest".to_owned(), "guest".to_owned());
    assert_eq!(found(&policy, None, "ada@meet.jitsi", true), owner);
    for jid in [
        "x@guest.meet.jitsi",
        "a@evil.meet.jitsi",
        "meet.jitsi.evil",
        "b@jitsi",
    ] {
        assert_eq!(found(&policy, None, jid, true), guest, "{jid}");
    }
    // The engine says that it does not count: claims were refused, say.
    assert_eq!(found(&policy, None, "ada@meet.jitsi", false), guest);
    assert_eq!(
        found(&Policy::default(), None, "ada@meet.jitsi", true),
        guest
    );
}

#[test]
fn a_person_with_a_token_is_judged_by_it() {
    let policy = policy();
    let student = claims(&json!({"context": {"user": {"moderator": false}}}));
    let features = claims(&json!({"context": {"features": {"recording": true}}}));
    let ada = "ada@meet.jitsi";
    assert_eq!(found(&policy, Some(&student), ada, true).0, "member");
    assert_eq!(found(&policy, Some(&features), ada, true).0, "guest");
}

#[test]
fn rules_of_ones_own_can_tell_logins_apart() {
    let rule = |name: &str, when: &str, gives| Clause::new(name, when, gives).unwrap();
    let policy = Policy {
        rules: Rules::own(vec![
            rule("boss", "occupant.jid == \"boss@meet.jitsi\"", OWNER),
            rule("others", "occupant.domain == \"meet.jitsi\"", MEMBER),
        ]),
        ..policy()
    };
    assert_eq!(found(&policy, None, "boss@meet.jitsi", true).0, "owner");
    assert_eq!(found(&policy, None, "ada@meet.jitsi", true).0, "member");
    // Without the setting nobody is made moderator by a domain alone, and it says so.
    let policy = Policy {
        trusted_logins: Vec::new(),
        ..policy
    };
    let subject = Subject {
        jid: Some("boss@meet.jitsi"),
        login: true,
        ..Subject::default()
    };
    // The rule after it decides here.
    assert_eq!(policy.judge(&subject).entitlement, MEMBER);
    let alone = Policy {
        rules: Rules::own(vec![rule(
            "boss",
            "occupant.domain == \"meet.jitsi\"",
            OWNER,
        )]),
        ..policy
    };
    let verdict = alone.judge(&subject);
    assert_eq!(verdict.entitlement, Entitlement::Guest);
    let reason = verdict.reason.to_string();
    assert!(
        reason.contains("rule boss matches") && reason.contains("token"),
        "{reason}"
    );
}
