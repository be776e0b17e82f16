//! `policy.trusted_logins`: people with accounts and without tokens.

use crate::on_both;
use crate::support::{Env, Options, Version, jwt, nick, student, teacher, token};

const ROOM: &str = "room@muc.meet.jitsi";
const TRUSTED: &str =
    "[claims]\nsources = [\"bridge\"]\n[policy]\ntrusted_logins = [\"meet.jitsi\"]\nguard = true";

async fn people_who_log_in_on_a_trusted_domain_moderate(version: Version) {
    let env = Env::with(version, Options::with_module(), TRUSTED).await;
    let focus = env.focus_with_module(ROOM).await;
    let _ada = env.client("ada").await;
    _ada.join(ROOM, "ada", &nick("Ada")).await;
    focus.sees_affiliation(ROOM, "ada", "owner").await;
    // A guest's domain is not listed.
    let guest = env.client("guest.meet.jitsi").await;
    guest.join(ROOM, "kim", &nick("Kim")).await;
    env.settle().await;
    assert_eq!(focus.affiliation(ROOM, "kim"), "none");
    // A token that says student counts, not the login.
    let bob = env.client("bob").await;
    bob.verified(&token(student("bob"))).await;
    bob.join(ROOM, "bob", &nick("bob")).await;
    focus.sees_affiliation(ROOM, "bob", "member").await;
    let said = super::doctor::gavel("room show room --json", env.gavel.config()).await;
    assert!(
        said.out
            .contains("logged in on a domain of policy.trusted_logins"),
        "{said:?}"
    );
}
on_both!(people_who_log_in_on_a_trusted_domain_moderate);

/// A listed domain that lets anybody in makes nobody host, and gavel says so.
async fn logins_do_not_count_where_anybody_gets_in(version: Version) {
    let open = [
        (
            "meet.jitsi",
            Options {
                anonymous: true,
                ..Options::with_module()
            },
            "authentication = \"anonymous\" of VirtualHost \"meet.jitsi\"",
        ),
        (
            "ada",
            Options {
                host: "allow_empty_token = true".into(),
                ..Options::with_module()
            },
            "allow_empty_token = true",
        ),
        (
            "tim",
            Options {
                host: "authentication = \"internal_plain\"\nallow_registration = true".into(),
                host_modules: vec!["register"],
                ..Options::with_module()
            },
            "anybody may make an account on VirtualHost \"meet.jitsi\"",
        ),
    ];
    for (who, options, why) in open {
        let env = Env::with(version, options, TRUSTED).await;
        let focus = env.focus_with_module(ROOM).await;
        let ada = env.client(who).await;
        ada.join(ROOM, "ada", &nick("Ada")).await;
        focus.sees(ROOM, "ada", "there", |_| true).await;
        env.settle().await;
        assert_eq!(focus.affiliation(ROOM, "ada"), "none");
        // gavel takes back gifts of others, as from any guest.
        let _ = focus.affiliate(ROOM, ada.bare(), "owner").await;
        env.settle().await;
        assert_eq!(focus.affiliation(ROOM, "ada"), "none");
        let line = env.gavel.logs("logins on meet.jitsi do not count").await;
        for words in ["ERROR", why, "policy.trusted_logins"] {
            assert!(line.contains(words), "{line}");
        }
        let told = env.gavel.log();
        assert_eq!(told.matches("do not count").count(), 1, "it is said once");
        assert!(!told.contains("set policy.trusted_logins"), "{told}");
        let found = super::doctor::doctor(env.gavel.config()).await;
        found.has("logins", "fail", &["do not count", why]);
        let status = super::doctor::gavel("status", env.gavel.config()).await;
        assert!(
            status.out.contains("logins on meet.jitsi do not count"),
            "{status:?}"
        );
    }
}
on_both!(logins_do_not_count_where_anybody_gets_in);

/// A module that throws may have offered its provider before: people get in, and nobody
/// knows which checks it has made on them.
async fn logins_do_not_count_where_the_authentication_has_failed(version: Version) {
    let options = Options {
        host: "authentication = \"half\"".into(),
        ..Options::with_module()
    };
    let env = Env::with(version, options, TRUSTED).await;
    let focus = env.focus_with_module(ROOM).await;
    let ada = env.client("ada").await;
    ada.verified(&token(teacher("ada"))).await;
    ada.join(ROOM, "ada", &nick("Ada")).await;
    focus.sees(ROOM, "ada", "there", |_| true).await;
    env.settle().await;
    assert_eq!(focus.affiliation(ROOM, "ada"), "none");
    let what = "logins and tokens on VirtualHost \"meet.jitsi\" do not count";
    let line = env.gavel.logs(what).await;
    assert!(
        line.contains("ERROR") && line.contains("mod_auth_half"),
        "{line}"
    );
    assert_eq!(env.gavel.log().matches(what).count(), 1, "it is said once");
    assert!(
        !env.gavel
            .log()
            .contains("logins on meet.jitsi do not count")
    );
    let found = super::doctor::doctor(env.gavel.config()).await;
    found.has(
        "authentication",
        "fail",
        &[what, "Error initializing module"],
    );
    found.lacks("logins");
}
on_both!(logins_do_not_count_where_the_authentication_has_failed);

/// Prosody's present configuration counts, without a restart of gavel.
async fn logins_are_counted_as_prosody_is_configured_now(version: Version) {
    let settings = format!("{TRUSTED}\n[discovery]\ninterval = \"1s\"");
    let options = Options {
        muc_modules: vec!["gavel", "test_eval"],
        ..Options::with_module()
    };
    let env = Env::with(version, options, &settings).await;
    let focus = env.focus_with_module(ROOM).await;
    let ada = env.client("ada").await;
    ada.join(ROOM, "ada", &nick("Ada")).await;
    focus.sees_affiliation(ROOM, "ada", "owner").await;
    let set = async |provider: &str| {
        let code = format!(
            "<eval xmlns='urn:gavel:test'>prosody.hosts['meet.jitsi'].users.name = '{provider}' return ''</eval>"
        );
        env.watcher
            .iq("set", "muc.meet.jitsi", &code)
            .await
            .unwrap();
    };
    set("jitsi-anonymous").await;
    focus.sees_affiliation(ROOM, "ada", "none").await;
    env.gavel.logs("logins on meet.jitsi do not count").await;
    set("internal_hashed").await;
    focus.sees_affiliation(ROOM, "ada", "owner").await;
}
on_both!(logins_are_counted_as_prosody_is_configured_now);

async fn a_login_does_not_count_where_a_token_was_refused(version: Version) {
    let trusted = "[policy]\ntrusted_logins = [\"meet.jitsi\"]";
    let env = Env::gavel(version, trusted).await;
    let focus = env.focus(ROOM).await;
    let eve = env.client("eve").await;
    eve.join(ROOM, "eve", &jwt("no.token.atall")).await;
    let ada = env.client("ada").await;
    ada.join(ROOM, "ada", "").await;
    focus.sees_affiliation(ROOM, "ada", "owner").await;
    env.settle().await;
    assert_eq!(focus.affiliation(ROOM, "eve"), "none");
}
on_both!(a_login_does_not_count_where_a_token_was_refused);

async fn people_without_tokens_are_told_of_in_their_first_meeting(version: Version) {
    told_in_their_first_meeting(version, true).await;
}
on_both!(people_without_tokens_are_told_of_in_their_first_meeting);

async fn people_without_tokens_are_told_of_without_the_guard(version: Version) {
    told_in_their_first_meeting(version, false).await;
}
on_both!(people_without_tokens_are_told_of_without_the_guard);

async fn told_in_their_first_meeting(version: Version, guard: bool) {
    let overrides = format!("[claims]\nsources = [\"bridge\"]\n[policy]\nguard = {guard}");
    let env = Env::with(version, Options::with_module(), &overrides).await;
    let focus = env.focus_with_module(ROOM).await;
    let ada = env.client("ada").await;
    ada.join(ROOM, "ada", "").await;
    focus.sees(ROOM, "ada", "there", |_| true).await;
    env.settle().await;
    let given = focus.affiliate(ROOM, "ada@meet.jitsi", "owner").await;
    assert_eq!(given.is_err(), guard, "the guard refuses it");
    let line = env.gavel.logs("Nobody has come with a token").await;
    for words in [
        "WARN",
        "trusted_logins = [\"meet.jitsi\"]",
        "AUTH_TYPE=jwt",
        "fallback",
    ] {
        assert!(line.contains(words), "{line}");
    }
    env.settle().await;
    let found = super::doctor::doctor(env.gavel.config()).await;
    let words = [
        "meet.jitsi",
        "policy.trusted_logins",
        "nobody has come with a token",
    ];
    found.has("logins", "warn", &words);
    assert_eq!(
        env.gavel
            .log()
            .matches("Nobody has come with a token")
            .count(),
        1
    );
}
