//! Mistakes in the policy, in Jicofo's settings, and in the stanzas gavel may write.

use super::*;

fn by_focus(facts: &mut Facts, not_first: u64) {
    let promoter = Promoter {
        kind: PartyKind::Infrastructure,
        name: Some("focus@auth.meet.jitsi".into()),
        service: SERVICE.into(),
    };
    let promotions = Promotions {
        total: 4,
        at_join: 1,
        not_first,
    };
    daemon(facts).tally.promotions.insert(promoter, promotions);
}

pub const MISTAKES: &[Mistake] = &[
    Mistake {
        name: "Jicofo's authentication promotes",
        make: |facts| by_focus(facts, 2),
        check: "promotions",
        severity: Severity::Warn,
        says: &[
            "JICOFO_ENABLE_AUTH=0",
            "wait for a host",
            "policy.guard",
            "policy.trusted_logins",
        ],
        never: &["ENABLE_AUTO_OWNER"],
    },
    Mistake {
        name: "one of Jicofo's two promotes",
        make: |facts| by_focus(facts, 0),
        check: "promotions",
        severity: Severity::Warn,
        says: &[
            "ENABLE_AUTO_OWNER=0",
            "JICOFO_ENABLE_AUTH=0",
            "ENABLE_AUTH=1",
        ],
        never: &[],
    },
    Mistake {
        name: "an invitation from elsewhere",
        make: |facts| {
            daemon(facts).tally.invited_from("conference.meet.jitsi");
        },
        check: "invitations",
        severity: Severity::Warn,
        says: &["conference.meet.jitsi", "muc.meet.jitsi", "GAVEL_MUC"],
        never: &[],
    },
    Mistake {
        name: "a rule for people without tokens",
        make: |facts| {
            daemon(facts).tally.needs_claims.insert("staff".into());
        },
        check: "rules",
        severity: Severity::Warn,
        says: &["rule staff", "policy.trusted_logins"],
        never: &[],
    },
    Mistake {
        name: "the claim stands elsewhere",
        make: |facts| {
            let tally = &mut daemon(facts).tally.with_token;
            tally.people = 1;
            tally.hints = vec!["moderator is true".into()];
        },
        check: "entitled",
        severity: Severity::Warn,
        says: &[
            "moderator is true",
            "context.user.moderator",
            "[[policy.rule]]",
        ],
        never: &[],
    },
    Mistake {
        name: "twelve people, no moderator",
        make: |facts| daemon(facts).tally.with_token.people = 12,
        check: "entitled",
        severity: Severity::Warn,
        says: &[
            "12 people",
            "none of them may moderate",
            "gavel token decode",
        ],
        never: &[],
    },
    Mistake {
        name: "the state file cannot be written",
        make: |facts| daemon(facts).kept = Kept::Failed("/x/s.json".into(), "denied".into()),
        check: "state",
        severity: Severity::Warn,
        says: &["/x/s.json", "state.file"],
        never: &[],
    },
];
