//! The presets' words.

use super::*;

#[test]
fn the_presets_words() {
    let rows = [
        (
            "owner",
            json!({"affiliation": "owner"}),
            OWNER,
            "jitsi:affiliation",
            r#"context.user.affiliation is "owner""#,
        ),
        (
            "moderator",
            json!({"affiliation": "moderator"}),
            OWNER,
            "jitsi:affiliation",
            r#"context.user.affiliation is "moderator""#,
        ),
        (
            "teacher",
            json!({"affiliation": "teacher"}),
            OWNER,
            "jitsi:affiliation",
            r#"context.user.affiliation is "teacher""#,
        ),
        (
            "true",
            json!({"moderator": true}),
            OWNER,
            "jitsi:moderator",
            "context.user.moderator is true",
        ),
        (
            "text true",
            json!({"moderator": "true"}),
            OWNER,
            "jitsi:moderator",
            r#"context.user.moderator is "true""#,
        ),
        (
            "text false",
            json!({"moderator": "false"}),
            MEMBER,
            "jitsi:member",
            r#"context.user.moderator is "false""#,
        ),
        (
            "false",
            json!({"moderator": false}),
            MEMBER,
            "jitsi:member",
            "context.user.moderator is false",
        ),
        (
            "none",
            json!({}),
            MEMBER,
            "jitsi:member",
            "context.user.affiliation and context.user.moderator are absent",
        ),
        (
            "other affiliation",
            json!({"affiliation": "student"}),
            MEMBER,
            "jitsi:member",
            r#"context.user.affiliation is "student""#,
        ),
        (
            "member",
            json!({"affiliation": "member"}),
            MEMBER,
            "jitsi:member",
            r#"context.user.affiliation is "member""#,
        ),
        (
            "admin",
            json!({"affiliation": "admin"}),
            MEMBER,
            "jitsi:member",
            r#"context.user.affiliation is "admin""#,
        ),
        (
            "Owner",
            json!({"affiliation": "Owner"}),
            MEMBER,
            "jitsi:member",
            r#"context.user.affiliation is "Owner""#,
        ),
        (
            "TRUE",
            json!({"moderator": "TRUE"}),
            MEMBER,
            "jitsi:member",
            r#"context.user.moderator is "TRUE""#,
        ),
        (
            "padded",
            json!({"affiliation": "owner "}),
            MEMBER,
            "jitsi:member",
            r#"context.user.affiliation is "owner ""#,
        ),
        (
            "1",
            json!({"moderator": 1}),
            MEMBER,
            "jitsi:member",
            "context.user.moderator is a number",
        ),
        (
            "null",
            json!({"moderator": null}),
            MEMBER,
            "jitsi:member",
            "context.user.moderator is null",
        ),
        (
            "list",
            json!({"affiliation": ["owner"]}),
            MEMBER,
            "jitsi:member",
            "context.user.affiliation is a list",
        ),
        (
            "affiliation true",
            json!({"affiliation": true}),
            MEMBER,
            "jitsi:member",
            "context.user.affiliation is true",
        ),
        (
            "both say no",
            json!({"affiliation": "student", "moderator": "false"}),
            MEMBER,
            "jitsi:member",
            r#"context.user.affiliation is "student", context.user.moderator is "false""#,
        ),
        (
            "they differ",
            json!({"affiliation": "student", "moderator": true}),
            OWNER,
            "jitsi:moderator",
            "context.user.moderator is true",
        ),
        (
            "they differ the other way",
            json!({"affiliation": "owner", "moderator": false}),
            OWNER,
            "jitsi:affiliation",
            r#"context.user.affiliation is "owner""#,
        ),
        (
            "no object",
            json!("owner"),
            MEMBER,
            "jitsi:member",
            "context.user.affiliation and context.user.moderator are absent",
        ),
        (
            "a list of users",
            json!([{"moderator": true}]),
            MEMBER,
            "jitsi:member",
            "context.user.affiliation and context.user.moderator are absent",
        ),
    ];
    for (name, user, entitlement, rule, reason) in rows {
        let found = judged(&Policy::default(), user);
        assert_eq!(found, (entitlement, rule.into(), reason.into()), "{name}");
    }
}

#[test]
fn claims_of_any_other_shape_make_a_member() {
    for value in [
        json!({}),
        json!({"iss": "x"}),
        json!({"context": {"group": "g"}}),
        json!({"moderator": true}),
    ] {
        let verdict = Policy::default().judge(&Subject::with(Some(&claims(&value))));
        assert_eq!(
            (verdict.entitlement, verdict.rule),
            (MEMBER, Rule::Named("jitsi:member".into())),
            "{value}"
        );
    }
}

#[test]
fn the_other_presets() {
    let rows = [
        (
            Preset::Jaas,
            json!({"moderator": true}),
            OWNER,
            "jaas:moderator",
        ),
        (
            Preset::Jaas,
            json!({"moderator": "true"}),
            OWNER,
            "jaas:moderator",
        ),
        (
            Preset::Jaas,
            json!({"moderator": "false"}),
            MEMBER,
            "jaas:member",
        ),
        (
            Preset::Jaas,
            json!({"affiliation": "owner"}),
            MEMBER,
            "jaas:member",
        ),
        (
            Preset::Authenticated,
            json!({"moderator": false}),
            OWNER,
            "authenticated:owner",
        ),
        (
            Preset::Authenticated,
            json!({}),
            OWNER,
            "authenticated:owner",
        ),
    ];
    for (preset, user, entitlement, rule) in rows {
        let policy = Policy {
            preset,
            ..Policy::default()
        };
        let (found, by, _) = judged(&policy, user.clone());
        assert_eq!((found, by.as_str()), (entitlement, rule), "{user}");
        let guest = policy.judge(&Subject::default());
        assert_eq!(guest.entitlement, Entitlement::Guest, "{preset:?}");
    }
    let reason = judged(
        &Policy {
            preset: Preset::Authenticated,
            ..Policy::default()
        },
        json!({}),
    );
    assert_eq!(reason.2, "there are valid claims");
}
