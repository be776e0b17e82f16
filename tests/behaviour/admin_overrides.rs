//! Overrides by the admin API: the names for people, the overrides that are shown and told,
//! and the refusals.

use crate::on_both;
use crate::support::admin::{Answer, occupant};
use crate::support::{Env, Options, Version, jwt, nick, student, teacher, token};
use hyper::Method;
use serde_json::{Value, json};

const ROOM: &str = "class@muc.meet.jitsi";

/// Once gavel has seen as much as the clients.
async fn put(env: &Env, who: &str, body: &str) -> Answer {
    env.settle().await;
    let path = format!("/v1/rooms/class/overrides/{who}");
    env.gavel.ask(Method::PUT, &path, body).await
}

async fn set(env: &Env, who: &str, affiliation: &str) -> Value {
    let answer = put(env, who, &json!({ "affiliation": affiliation }).to_string()).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

async fn unset(env: &Env, who: &str) -> Answer {
    let path = format!("/v1/rooms/class/overrides/{who}");
    env.gavel.ask(Method::DELETE, &path, "").await
}

/// Kinds, causes and outcomes: all events so far about `jid`.
async fn events(env: &Env, jid: &str) -> Vec<(String, String, Value)> {
    let all = env.gavel.get("/v1/events").await.json();
    let all = all.as_array().unwrap().iter();
    let text = |event: &Value, key: &str| event[key].as_str().unwrap().to_owned();
    all.filter(|event| event["jid"] == jid)
        .map(|event| {
            (
                text(event, "kind"),
                text(event, "cause"),
                event["to"].clone(),
            )
        })
        .collect()
}

/// Somebody who calls themselves like another's JID keeps nobody from naming
/// that one.
async fn a_jid_names_its_owner_whatever_others_call_themselves(version: Version) {
    let env = Env::new(version).await;
    let _focus = env.focus(ROOM).await;
    let _bob = env.person(ROOM, "bob", Some(student("Bob"))).await;
    let kim = env.client("kim").await;
    kim.join(ROOM, "kim", &nick("bob@meet.jitsi")).await;
    let body = r#"{"affiliation": "admin"}"#;
    let both = put(&env, "bob@meet.jitsi", body).await;
    assert_eq!((both.status, both.code().as_str()), (409, "ambiguous"));
    let set = put(&env, "jid:Bob@meet.jitsi", body).await;
    assert_eq!(set.status, 200, "{}", set.text);
    assert_eq!(set.json()["jid"], "bob@meet.jitsi");
    kim.sees_affiliation(ROOM, "bob", "admin").await;
    assert_eq!(unset(&env, "jid:kim@meet.jitsi").await.status, 404);
    assert_eq!(unset(&env, "jid:bob").await.status, 404);
    assert_eq!(unset(&env, "jid:bob@meet.jitsi").await.status, 200);
}
on_both!(a_jid_names_its_owner_whatever_others_call_themselves);

/// The room shows overrides, and events tell of them with their reasons.
async fn an_override_is_shown_and_told_with_its_reason(version: Version) {
    let env = Env::new(version).await;
    let focus = env.focus(ROOM).await;
    let alice = env.person(ROOM, "alice", Some(teacher("Alice"))).await;
    let _bob = env.person(ROOM, "bob", Some(student("Bob"))).await;
    alice.sees_affiliation(ROOM, "bob", "member").await;

    let answer = set(&env, "bob", "owner").await;
    assert_eq!(answer["jid"], "bob@meet.jitsi");
    assert_eq!(answer["affiliation"], "owner");
    assert_eq!(answer["until"], json!(null));
    alice.sees_affiliation(ROOM, "bob", "owner").await;
    focus
        .affiliate(ROOM, "bob@meet.jitsi", "none")
        .await
        .unwrap();
    set(&env, "alice@meet.jitsi", "member").await;
    focus.sees_affiliation(ROOM, "alice", "member").await;
    env.settle().await;
    let detail = env.gavel.get("/v1/rooms/class").await.json();
    let shown = occupant(&detail, "alice").unwrap();
    assert_eq!(
        shown["override"],
        json!({"affiliation": "member", "until": null})
    );
    assert_eq!(shown["desired"], "member");
    assert_eq!(shown["settled"], true);
    assert_eq!(shown["rule"], "override");
    let reason = shown["reason"].as_str().unwrap();
    assert!(reason.starts_with("override: member until "), "{reason}");
    assert_eq!(detail["overrides"].as_array().unwrap().len(), 2);

    let cleared = unset(&env, "bob").await;
    assert_eq!(cleared.status, 200, "{}", cleared.text);
    alice.sees_affiliation(ROOM, "bob", "member").await;
    env.settle().await;
    let bob = events(&env, "bob@meet.jitsi").await;
    let event = |kind: &str, cause: &str, to: Value| (kind.into(), cause.into(), to);
    let expected = [
        event("affiliation", "join", json!("member")),
        event("override", "override", json!("owner")),
        event("affiliation", "override", json!("owner")),
        event("affiliation", "correction", json!("owner")),
        event("override", "override", json!(null)),
        event("affiliation", "override", json!("member")),
    ];
    assert_eq!(bob, expected);
    let all = env.gavel.get("/v1/events").await.json();
    let by_override = |event: &&Value| {
        (&event["kind"], &event["cause"]) == (&json!("affiliation"), &json!("override"))
            && event["jid"] == "bob@meet.jitsi"
    };
    let reasons = all.as_array().unwrap().iter().filter(by_override);
    let reasons: Vec<_> = reasons.map(|event| event["reason"].clone()).collect();
    let expected = ["an admin has set it", "what an admin had set is over"];
    assert_eq!(reasons, expected);
}
on_both!(an_override_is_shown_and_told_with_its_reason);

/// People who have left are listed with their overrides, and found by any of the names
/// that they had.
async fn overrides_of_absent_people_are_listed_and_found(version: Version) {
    let env = Env::new(version).await;
    let focus = env.focus(ROOM).await;
    let bob = env.client("bob").await;
    bob.join(ROOM, "bob", &(jwt(&token(teacher("Bob"))) + &nick("Bob")))
        .await;
    focus.sees_affiliation(ROOM, "bob", "owner").await;
    let answer = put(&env, "Bob", r#"{"affiliation":"outcast","for":"10m"}"#).await;
    assert!(answer.json()["until"].is_string(), "{}", answer.text);
    focus.sees_gone(ROOM, "bob").await;
    env.settle().await;
    let detail = env.gavel.get("/v1/rooms/class").await.json();
    let listed = &detail["overrides"][0];
    assert_eq!(listed["jid"], "bob@meet.jitsi");
    assert_eq!(listed["present"], false);
    assert_eq!(listed["nick"], "bob");
    assert!(listed["until"].is_string(), "{listed}");
    assert_eq!(unset(&env, "Bob").await.status, 200);
}
on_both!(overrides_of_absent_people_are_listed_and_found);

async fn an_override_that_cannot_be_set_is_refused_with_a_reason(version: Version) {
    let env = Env::with(version, Options::default(), "").await;
    let _focus = env.focus(ROOM).await;
    let bob = env.client("bob").await;
    bob.join(ROOM, "bob", &nick("Sam")).await;
    let second = env.client("bob").await;
    second.join(ROOM, "bob2", &nick("Sam")).await;
    env.settle().await;
    // Two seats of one person are one.
    assert_eq!(set(&env, "Sam", "member").await["jid"], "bob@meet.jitsi");
    bob.sees_affiliation(ROOM, "bob2", "member").await;
    let sam = env.client("sam").await;
    sam.join(ROOM, "Sam", "").await;
    env.settle().await;
    let body = r#"{"affiliation":"owner"}"#;
    let both = put(&env, "Sam", body).await;
    assert_eq!((both.status, both.code().as_str()), (409, "ambiguous"));
    let candidates = both.json()["error"]["candidates"].to_string();
    assert!(candidates.contains("sam@meet.jitsi"), "{candidates}");
    assert!(candidates.contains("bob@meet.jitsi"), "{candidates}");
    let focus = put(&env, "focus", body).await;
    assert_eq!((focus.status, focus.code().as_str()), (403, "forbidden"));
    assert_eq!(put(&env, "nobody", body).await.status, 404);
    assert_eq!(put(&env, "gavel", body).await.status, 404);
    assert_eq!(unset(&env, "sam@meet.jitsi").await.status, 404);
    assert_eq!(unset(&env, "nobody").await.status, 404);
    for body in [
        "",
        "{}",
        r#"{"affiliation":"boss"}"#,
        r#"{"affiliation":"owner","for":"soon"}"#,
        r#"{"affiliation":"owner","for":"0s"}"#,
        r#"{"affiliation":"owner","until":"never"}"#,
        &" ".repeat(5000),
    ] {
        let bad = put(&env, "bob", body).await;
        assert_eq!(
            (bad.status, bad.code().as_str()),
            (400, "bad_request"),
            "{body}"
        );
    }
    let nowhere = env
        .gavel
        .ask(Method::PUT, "/v1/rooms/none/overrides/bob", body)
        .await;
    assert_eq!(nowhere.status, 404);
}
on_both!(an_override_that_cannot_be_set_is_refused_with_a_reason);
