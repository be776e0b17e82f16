//! `policy.trusted_logins`: people with accounts and without tokens.

use crate::on_both;
use crate::support::{Env, Options, Version, jwt, nick, student, token};

const ROOM: &str = "room@muc.meet.jitsi";
const TRUSTED: &str =
    "[claims]\nsources = [\"bridge\"]\n[policy]\ntrusted_logins = [\"meet.jitsi\"]\nguard = true";

async fn whoever_logs_in_on_a_trusted_domain_moderates(version: Version) {
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
on_both!(whoever_logs_in_on_a_trusted_domain_moderates);

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
    let bridge = "[claims]\nsources = [\"bridge\"]";
    let env = Env::with(version, Options::with_module(), bridge).await;
    let focus = env.focus_with_module(ROOM).await;
    let ada = env.client("ada").await;
    ada.join(ROOM, "ada", "").await;
    focus.sees(ROOM, "ada", "there", |_| true).await;
    focus
        .affiliate(ROOM, "ada@meet.jitsi", "owner")
        .await
        .unwrap();
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
on_both!(people_without_tokens_are_told_of_in_their_first_meeting);
