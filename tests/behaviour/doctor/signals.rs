//! Faults that would otherwise pass in silence: in the log once, and in the doctor.

use super::doctor;
use crate::on_both;
use crate::support::{
    Client, Env, GAVEL, Options, Prosody, Version, nick, student, teacher, token,
};
use serde_json::json;

const ROOM: &str = "room@muc.meet.jitsi";
const BRIDGE: &str = "[claims]\nsources = [\"bridge\"]";

async fn an_invitation_from_another_service_is_told_once(version: Version) {
    let options = Options {
        more: "Component \"conference.meet.jitsi\" \"muc\"".into(),
        ..Options::with_module()
    };
    let env = Env::with(version, options, BRIDGE).await;
    let ada = env.client("ada").await;
    for room in ["a", "b"] {
        let room = format!("{room}@conference.meet.jitsi");
        ada.join(&room, "ada", "").await;
        ada.invite(&room, "gavel@gavel.meet.jitsi").await;
        ada.ping("meet.jitsi").await.unwrap();
    }
    let line = env.gavel.logs("conference.meet.jitsi").await;
    for words in ["WARN", "is in no [[muc]]", "muc.meet.jitsi", "GAVEL_MUC"] {
        assert!(line.contains(words), "{line}");
    }
    env.settle().await;
    assert_eq!(env.gavel.log().matches("is in no [[muc]]").count(), 1);
    let found = doctor(env.gavel.config()).await;
    found.has(
        "invitations",
        "warn",
        &["conference.meet.jitsi", "2 times", "[[muc]]"],
    );
    // A person writes from an address with a resource, which is no room's.
    let forged = format!(
        "<message to='{GAVEL}' from='{0}'><x xmlns='http://jabber.org/protocol/muc#user'><invite from='x'/></x></message>",
        ada.jid
    );
    ada.send(&forged).await;
    env.settle().await;
    assert_eq!(env.gavel.log().matches("is in no [[muc]]").count(), 1);
}
on_both!(an_invitation_from_another_service_is_told_once);

async fn a_rule_that_needs_a_token_says_so(version: Version) {
    let rule = "[[policy.rule]]\nname = \"staff\"\nwhen = 'occupant.domain == \"meet.jitsi\"'\naffiliation = \"owner\"";
    let env = Env::with(
        version,
        Options::with_module(),
        &format!("{BRIDGE}\n{rule}"),
    )
    .await;
    let focus = env.focus_with_module(ROOM).await;
    let ada = env.client("ada").await;
    ada.join(ROOM, "ada", "").await;
    focus.sees(ROOM, "ada", "there", |_| true).await;
    let line = env
        .gavel
        .logs("rule staff matches people without a token")
        .await;
    assert!(line.contains("policy.trusted_logins"), "{line}");
    env.settle().await;
    let said = super::gavel("room show room --json", env.gavel.config()).await;
    assert!(said.out.contains("rule staff matches"), "{said:?}");
    let found = doctor(env.gavel.config()).await;
    found.has("rules", "warn", &["staff", "policy.trusted_logins"]);
    // And the command that explains agrees with the daemon.
    let guest = super::gavel(
        "explain --guest --jid ada@meet.jitsi --json",
        env.gavel.config(),
    )
    .await;
    assert!(guest.out.contains("\"affiliation\": \"none\""), "{guest:?}");
    assert!(guest.out.contains("rule staff matches"), "{guest:?}");
}
on_both!(a_rule_that_needs_a_token_says_so);

async fn tokens_that_make_nobody_moderator_are_told_with_their_claims(version: Version) {
    let env = Env::with(version, Options::with_module(), BRIDGE).await;
    let focus = env.focus_with_module(ROOM).await;
    let ada = env.client("ada").await;
    let mut claims = student("Ada");
    claims["moderator"] = json!(true);
    ada.verified(&token(claims)).await;
    ada.join(ROOM, "ada", &nick("Ada")).await;
    focus.sees_affiliation(ROOM, "ada", "member").await;
    let line = env.gavel.logs("no token has made a moderator yet").await;
    assert!(
        line.contains("moderator is true") && line.contains("context.user.moderator"),
        "{line}"
    );
    env.settle().await;
    let found = doctor(env.gavel.config()).await;
    found.has(
        "entitled",
        "warn",
        &["moderator is true", "context.user.moderator"],
    );
    // One moderator, and there is nothing to say.
    let bob = env.client("bob").await;
    bob.verified(&token(teacher("Bob"))).await;
    bob.join(ROOM, "bob", &nick("Bob")).await;
    focus.sees_affiliation(ROOM, "bob", "owner").await;
    env.settle().await;
    doctor(env.gavel.config()).await.lacks("entitled");
}
on_both!(tokens_that_make_nobody_moderator_are_told_with_their_claims);

async fn a_module_that_refuses_is_not_taken_for_an_admin(version: Version) {
    let options = Options {
        muc_modules: vec!["test_wrap"],
        ..Options::default()
    };
    let env = Env::with(version, options, "").await;
    let focus = env.focus(ROOM).await;
    let ada = env.person(ROOM, "ada", Some(teacher("Ada"))).await;
    let line = env.gavel.logs("a module of Prosody refuses").await;
    for words in ["token_moderation", "muc.meet.jitsi", "modules_enabled"] {
        assert!(line.contains(words), "{line}");
    }
    env.settle().await;
    assert!(!env.gavel.log().contains("`admins`"), "{}", env.gavel.log());
    let found = doctor(env.gavel.config()).await;
    found.has("refused", "fail", &["muc.meet.jitsi", "token_moderation"]);
    found.lacks("server_admin");
    drop((focus, ada));
}
on_both!(a_module_that_refuses_is_not_taken_for_an_admin);

async fn the_focus_is_told_apart_by_its_promotions(version: Version) {
    let env = Env::unguarded(version, Options::with_module(), BRIDGE).await;
    let focus = env.focus_with_module(ROOM).await;
    for name in ["bob", "kim"] {
        let client = env.client(name).await;
        client.verified(&token(student(name))).await;
        client.join(ROOM, name, &nick(name)).await;
        focus.sees_affiliation(ROOM, name, "member").await;
        let jid = format!("{name}@meet.jitsi");
        // Held, so that they are there when the next comes.
        std::mem::forget(client);
        focus.affiliate(ROOM, &jid, "owner").await.unwrap();
        env.settle().await;
        let found = doctor(env.gavel.config()).await;
        let words: &[&str] = match name {
            "bob" => &["ENABLE_AUTO_OWNER=0", "JICOFO_ENABLE_AUTH=0"],
            _ => &[
                "JICOFO_ENABLE_AUTH=0",
                "everyone who has logged in",
                "policy.guard",
            ],
        };
        found.has("promotions", "warn", words);
    }
}
on_both!(the_focus_is_told_apart_by_its_promotions);

/// Somebody else connects as gavel, and Prosody ends the first connection.
async fn two_gavels_under_kick_old_are_told(version: Version) {
    let options = Options {
        component: "component_conflict_resolve = \"kick_old\"".into(),
        ..Options::default()
    };
    let prosody = Prosody::start(version, options);
    let env = Env::beside(prosody, "").await;
    env.gavel.logs("ready: all rooms").await;
    let other = Client::component(&env.prosody, GAVEL).await;
    let line = env.gavel.logs("kick_old").await;
    assert!(line.contains("component_conflict_resolve"), "{line}");
    let found = doctor(env.gavel.config()).await;
    found.has(
        "kicked",
        "fail",
        &["component_conflict_resolve", "kick_old"],
    );
    drop(other);
}
on_both!(two_gavels_under_kick_old_are_told);
