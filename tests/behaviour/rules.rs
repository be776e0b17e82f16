//! Rules of one's own: every affiliation they can give, and the facts they go by.

use crate::on_both;
use crate::support::{Env, Version, student, teacher};
use serde_json::{Value, json};

const ROOM: &str = "room@muc.meet.jitsi";

/// The document with the recipes.
const RECIPES: &str = include_str!("../../docs/rules.md");

/// Claims of somebody with one role.
fn role(role: &str) -> Value {
    json!({ "roles": [role] })
}

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
