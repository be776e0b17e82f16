//! The rules that are advised for claims which say moderator elsewhere.

use super::*;
use crate::claims::moderator_hints;

#[test]
fn each_advised_rule_reads_the_claim_it_is_advised_for() {
    let user = json!({"id": "a"});
    for said in [
        json!({"moderator": true}),
        json!({"affiliation": "owner"}),
        json!({"isModerator": true}),
        json!({"is_moderator": 1}),
        json!({"is-moderator": "yes"}),
        json!({"role": "moderator"}),
        json!({"Role": " Moderator\t"}),
        json!({"roles": ["student", "Teacher"]}),
        json!({"context": {"user": {"moderator": "True"}}}),
        json!({"context": {"user": {"moderator": 1}}}),
        json!({"context": {"user": {"moderator": "1"}}}),
        json!({"context": {"user": {"affiliation": "Owner"}}}),
        json!({"context": {"user": {"role": "host"}}}),
        json!({"context": {"features": {"moderator": true}, "user": user}}),
        json!({"context": {"moderator": "true"}}),
        json!({"context": {"group": "teacher"}}),
        json!({"user": {"moderator": true}}),
        json!({"realm_access": {"roles": ["offline_access", "moderator"]}}),
    ] {
        let said = claims(&said);
        let before = Policy::default().judge(&Subject::with(Some(&said)));
        assert_ne!(before.entitlement, OWNER, "{said:?}");
        let hints = moderator_hints(&said);
        let [hint] = &hints[..] else {
            panic!("{said:?}: {hints:?}");
        };
        assert!(!hint.when().contains('\''), "{}", hint.when());
        let rule = Clause::new("moderators", hint.when(), OWNER).unwrap();
        let policy = Policy {
            rules: Rules::own(vec![rule]),
            ..Policy::default()
        };
        let after = policy.judge(&Subject::with(Some(&said)));
        assert_eq!(
            after.entitlement,
            OWNER,
            "{}: {}",
            hint.when(),
            after.reason
        );
        // And nobody else's.
        let other = claims(&json!({"context": {"user": {"moderator": false}}}));
        let other = policy.judge(&Subject::with(Some(&other)));
        assert_ne!(other.entitlement, OWNER, "{}", hint.when());
    }
}
