//! Rules of one's own: every affiliation they can give, and what they go by.

use crate::on_both;
use crate::support::{Env, Version, jwt, student, teacher, token};
use serde_json::{Value, json};

const ROOM: &str = "room@muc.meet.jitsi";

/// The document with the recipes.
const RECIPES: &str = include_str!("../../docs/rules.md");

/// Claims of somebody with one role.
fn role(role: &str) -> Value {
    json!({ "roles": [role] })
}

/// A rule for each affiliation, by a role of that name.
fn every_affiliation() -> String {
    let rule = |word: &str| {
        format!(
            "[[policy.rule]]\nname = 'as {word}'\nwhen = '\"{word}\" in claims.roles'\n\
             affiliation = '{word}'\n"
        )
    };
    let words = ["owner", "admin", "member", "none", "outcast", "keep"];
    words.map(rule).concat()
}

async fn rules_give_every_affiliation(version: Version) {
    let env = Env::gavel(version, &every_affiliation()).await;
    let focus = env.focus(ROOM).await;
    for (nick, before) in [("member", "none"), ("none", "member"), ("keep", "member")] {
        let jid = format!("{nick}@meet.jitsi");
        focus.affiliate(ROOM, &jid, before).await.unwrap();
    }
    let mut people = Vec::new();
    for nick in ["owner", "admin", "member", "none", "keep"] {
        people.push(env.person(ROOM, nick, Some(role(nick))).await);
    }
    for nick in ["owner", "admin", "member", "none"] {
        focus.sees_affiliation(ROOM, nick, nick).await;
    }
    env.settle().await;
    assert_eq!(focus.affiliation(ROOM, "keep"), "member");
    env.gavel.logs("rule=\"as admin\"").await;
    // Whatever becomes of who is left alone is right.
    for to in ["owner", "none", "admin"] {
        focus.affiliate(ROOM, "keep@meet.jitsi", to).await.unwrap();
        env.settle().await;
        assert_eq!(focus.affiliation(ROOM, "keep"), to);
    }
    // Of the others it is not.
    focus
        .affiliate(ROOM, "admin@meet.jitsi", "owner")
        .await
        .unwrap();
    focus
        .affiliate(ROOM, "none@meet.jitsi", "owner")
        .await
        .unwrap();
    focus.sees_affiliation(ROOM, "admin", "admin").await;
    focus.sees_affiliation(ROOM, "none", "none").await;
    // Who was left alone keeps what they had when they go.
    people[4].leave(ROOM, "keep").await;
    env.settle().await;
    let admins = focus.affiliated(ROOM, "admin").await.unwrap();
    assert!(admins.contains(&"keep@meet.jitsi".into()), "{admins:?}");
}
on_both!(rules_give_every_affiliation);

async fn who_is_outcast_by_rule_is_banned_once_and_stays_so(version: Version) {
    let mut env = Env::gavel(version, &every_affiliation()).await;
    let focus = env.focus(ROOM).await;
    let alice = env.person(ROOM, "alice", Some(teacher("Alice"))).await;
    focus.sees_affiliation(ROOM, "alice", "owner").await;
    let out = env.person(ROOM, "out", Some(role("outcast"))).await;
    focus.sees_gone(ROOM, "out").await;
    env.settle().await;
    let banned = |s: &crate::support::El| s.status().contains(&301);
    assert_eq!(out.count(banned), 1);
    let child = jwt(&token(role("outcast")));
    let refused = out.try_join(ROOM, "out", &child).await;
    assert_eq!(refused, Err("forbidden".into()));
    let request = ("out@meet.jitsi".to_owned(), "outcast".to_owned());
    let about_out = |requests: Vec<(String, String)>| -> Vec<(String, String)> {
        let about = |r: &(String, String)| r.0 == "out@meet.jitsi";
        requests.into_iter().filter(about).collect()
    };
    assert_eq!(about_out(env.requests().await), [request]);
    // Neither a restart nor what others do meanwhile undoes it.
    env.gavel.restart();
    env.connected().await;
    env.gavel_joins(&focus, ROOM).await;
    env.settle().await;
    let outcasts = focus.affiliated(ROOM, "outcast").await.unwrap();
    assert_eq!(outcasts, ["out@meet.jitsi"]);
    // A moderator may lift it; the next visit ends like the first.
    let lifted = alice.affiliate(ROOM, "out@meet.jitsi", "owner").await;
    lifted.unwrap();
    env.settle().await;
    let child = jwt(&token(role("outcast")));
    out.join(ROOM, "out", &child).await;
    focus.sees_gone(ROOM, "out").await;
    env.settle().await;
    assert_eq!(out.count(banned), 2);
    let outcasts = focus.affiliated(ROOM, "outcast").await.unwrap();
    assert_eq!(outcasts, ["out@meet.jitsi"]);
}
on_both!(who_is_outcast_by_rule_is_banned_once_and_stays_so);

/// In a members-only room none would be a kick.
async fn none_by_rule_throws_nobody_out(version: Version) {
    let env = Env::gavel(version, &every_affiliation()).await;
    let focus = env.focus(ROOM).await;
    let members_only = [("muc#roomconfig_membersonly", "1")];
    focus.configure(ROOM, &members_only).await.unwrap();
    focus
        .affiliate(ROOM, "none@meet.jitsi", "member")
        .await
        .unwrap();
    let none = env.person(ROOM, "none", Some(role("none"))).await;
    env.settle().await;
    assert_eq!(focus.affiliation(ROOM, "none"), "member");
    focus
        .affiliate(ROOM, "none@meet.jitsi", "owner")
        .await
        .unwrap();
    focus.sees_affiliation(ROOM, "none", "member").await;
    let thrown_out = |s: &crate::support::El| s.status().contains(&321);
    assert_eq!(none.count(thrown_out), 0);
}
on_both!(none_by_rule_throws_nobody_out);

async fn rules_go_by_room(version: Version) {
    let rules = "[[policy.rule]]\nname = 'lessons'\naffiliation = 'owner'\n\
                 when = 'room.name.startsWith(claims.group + \"-\")'\n";
    let env = Env::gavel(version, rules).await;
    for (room, affiliation) in [
        ("7b-math@muc.meet.jitsi", "owner"),
        ("7c-math@muc.meet.jitsi", "member"),
    ] {
        let focus = env.client("focus@auth.meet.jitsi").await;
        focus.join(room, "focus", "").await;
        focus.invite(room, "gavel@gavel.meet.jitsi").await;
        env.gavel_joins(&focus, room).await;
        let _ada = env.person(room, "ada", Some(json!({"group": "7b"}))).await;
        focus.sees_affiliation(room, "ada", affiliation).await;
    }
}
on_both!(rules_go_by_room);

async fn rules_go_by_nick_and_are_tried_anew_when_it_changes(version: Version) {
    let rules = "[names]\nfreeze = 'off'\n\
                 [[policy.rule]]\nname = 'chair'\naffiliation = 'owner'\n\
                 when = 'occupant.nick == \"chair\" && occupant.domain == \"meet.jitsi\"'\n";
    let env = Env::gavel(version, rules).await;
    let focus = env.focus(ROOM).await;
    let claims = json!({"context": {"user": {"id": "b"}}});
    let bob = env.person(ROOM, "bob", Some(claims.clone())).await;
    focus.sees_affiliation(ROOM, "bob", "member").await;
    let child = jwt(&token(claims));
    bob.presence(ROOM, "chair", &child).await;
    focus.sees_affiliation(ROOM, "chair", "owner").await;
    bob.presence(ROOM, "bob", &child).await;
    focus.sees_affiliation(ROOM, "bob", "member").await;
    // A guest may take the nick, and nothing with it.
    let _guest = env.person(ROOM, "chair", None).await;
    env.settle().await;
    assert_eq!(focus.affiliation(ROOM, "chair"), "none");
    let chair = env.requests().await;
    assert!(!chair.contains(&("chair@meet.jitsi".into(), "owner".into())));
}
on_both!(rules_go_by_nick_and_are_tried_anew_when_it_changes);

/// The settings of a recipe.
fn recipe(title: &str) -> String {
    let (_, rest) = RECIPES
        .split_once(&format!("### {title}\n"))
        .unwrap_or_else(|| panic!("no recipe {title}"));
    let (_, rest) = rest.split_once("```toml\n").unwrap();
    rest.split("```").next().unwrap().to_owned()
}

async fn guests_of_the_recipe_are_never_more_than_member(version: Version) {
    let env = Env::gavel(version, &recipe("Guests never more than member")).await;
    let focus = env.focus(ROOM).await;
    let alice = env.person(ROOM, "alice", Some(teacher("Alice"))).await;
    let _guest = env.person(ROOM, "guest", None).await;
    focus.sees_affiliation(ROOM, "alice", "owner").await;
    focus.sees_affiliation(ROOM, "guest", "member").await;
    for to in ["owner", "admin"] {
        let promoted = alice.affiliate(ROOM, "guest@meet.jitsi", to).await;
        promoted.unwrap();
        focus.sees_affiliation(ROOM, "guest", "member").await;
        env.settle().await;
        assert_eq!(focus.affiliation(ROOM, "guest"), "member");
    }
}
on_both!(guests_of_the_recipe_are_never_more_than_member);

async fn exams_of_the_recipe_are_closed_to_others(version: Version) {
    let exam = "exam-1@muc.meet.jitsi";
    let env = Env::gavel(version, &recipe("An exam: only people whose token says so")).await;
    let focus = env.client("focus@auth.meet.jitsi").await;
    focus.join(exam, "focus", "").await;
    focus.invite(exam, "gavel@gavel.meet.jitsi").await;
    env.gavel_joins(&focus, exam).await;
    let _examiner = env.person(exam, "ada", Some(role("examiner"))).await;
    let _candidate = env.person(exam, "bob", Some(role("candidate"))).await;
    focus.sees_affiliation(exam, "ada", "owner").await;
    focus.sees_affiliation(exam, "bob", "member").await;
    for (name, claims) in [("guest", None), ("tim", Some(student("Tim")))] {
        let client = env.person(exam, name, claims).await;
        focus.sees_gone(exam, name).await;
        let refused = client.try_join(exam, name, "").await;
        assert_eq!(refused, Err("forbidden".into()), "{name}");
    }
    // Elsewhere nothing of this holds.
    let lesson = env.focus(ROOM).await;
    let _tim = env.person(ROOM, "lee", Some(student("Lee"))).await;
    lesson.sees_affiliation(ROOM, "lee", "member").await;
}
on_both!(exams_of_the_recipe_are_closed_to_others);
