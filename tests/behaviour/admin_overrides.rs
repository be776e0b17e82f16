//! Overrides by the admin API: they outrank everything, and end on time.

use crate::on_both;
use crate::support::admin::{Answer, occupant};
use crate::support::{Env, Options, Version, jwt, nick, student, teacher, token};
use hyper::Method;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const ROOM: &str = "class@muc.meet.jitsi";

/// Once gavel has seen what the clients have.
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

/// Kinds, causes and what became of it: all events so far about `jid`.
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
async fn a_jid_names_whose_it_is_whatever_others_call_themselves(version: Version) {
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
on_both!(a_jid_names_whose_it_is_whatever_others_call_themselves);

async fn an_override_outranks_claims_grants_and_the_focus(version: Version) {
    let env = Env::new(version).await;
    let focus = env.focus(ROOM).await;
    let alice = env.person(ROOM, "alice", Some(teacher("Alice"))).await;
    let bob = env.person(ROOM, "bob", Some(student("Bob"))).await;
    alice.sees_affiliation(ROOM, "bob", "member").await;

    let answer = set(&env, "bob", "owner").await;
    assert_eq!(answer["jid"], "bob@meet.jitsi");
    assert_eq!(answer["affiliation"], "owner");
    assert_eq!(answer["until"], json!(null));
    alice.sees_affiliation(ROOM, "bob", "owner").await;
    bob.presence(ROOM, "bob", &jwt(&token(student("Bob"))))
        .await;
    env.settle().await;
    assert_eq!(alice.affiliation(ROOM, "bob"), "owner");
    // Neither the focus nor bob's own stepping down changes it.
    focus
        .affiliate(ROOM, "bob@meet.jitsi", "none")
        .await
        .unwrap();
    env.settle().await;
    assert_eq!(alice.affiliation(ROOM, "bob"), "owner");

    // The host is made a member, and cannot help it.
    set(&env, "alice@meet.jitsi", "member").await;
    bob.sees_affiliation(ROOM, "alice", "member").await;
    bob.affiliate(ROOM, "alice@meet.jitsi", "owner")
        .await
        .unwrap();
    env.settle().await;
    assert_eq!(bob.affiliation(ROOM, "alice"), "member");
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

    let cleared = unset(&env, "alice").await;
    assert_eq!(cleared.status, 200, "{}", cleared.text);
    bob.sees_affiliation(ROOM, "alice", "owner").await;
    assert_eq!(unset(&env, "alice").await.status, 404);
    assert_eq!(unset(&env, "bob").await.status, 200);
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
on_both!(an_override_outranks_claims_grants_and_the_focus);

async fn an_override_ends_at_its_time(version: Version) {
    let env = Env::new(version).await;
    let focus = env.focus(ROOM).await;
    let _bob = env.person(ROOM, "bob", Some(student("Bob"))).await;
    focus.sees_affiliation(ROOM, "bob", "member").await;
    let start = Instant::now();
    let answer = put(&env, "bob", r#"{"affiliation":"owner","for":"1s500ms"}"#).await;
    assert!(answer.json()["until"].is_string(), "{}", answer.text);
    focus.sees_affiliation(ROOM, "bob", "owner").await;
    focus.sees_affiliation(ROOM, "bob", "member").await;
    let after = start.elapsed();
    let (least, most) = (Duration::from_millis(1490), Duration::from_millis(2500));
    assert!((least..most).contains(&after), "it ended after {after:?}");
    assert_eq!(unset(&env, "bob").await.status, 404);
}
on_both!(an_override_ends_at_its_time);

async fn who_is_banned_comes_back_when_it_is_over(version: Version) {
    let env = Env::new(version).await;
    let focus = env.focus(ROOM).await;
    let bob = env.client("bob").await;
    bob.join(ROOM, "bob", &(jwt(&token(teacher("Bob"))) + &nick("Bob")))
        .await;
    focus.sees_affiliation(ROOM, "bob", "owner").await;
    set(&env, "Bob", "outcast").await;
    focus.sees_gone(ROOM, "bob").await;
    env.settle().await;
    let child = jwt(&token(teacher("Bob")));
    assert_eq!(
        bob.try_join(ROOM, "bob", &child).await,
        Err("forbidden".into())
    );
    let detail = env.gavel.get("/v1/rooms/class").await.json();
    let listed = &detail["overrides"][0];
    assert_eq!(listed["jid"], "bob@meet.jitsi");
    assert_eq!(listed["present"], false);
    assert_eq!(listed["nick"], "bob");
    // By any of the names they had.
    assert_eq!(unset(&env, "Bob").await.status, 200);
    env.settle().await;
    bob.join(ROOM, "bob", &child).await;
    focus.sees_affiliation(ROOM, "bob", "owner").await;

    let answer = put(&env, "bob", r#"{"affiliation":"outcast","for":"1s"}"#).await;
    assert_eq!(answer.status, 200);
    focus.sees_gone(ROOM, "bob").await;
    env.gavel
        .shows("/v1/rooms/class", "over", |d| d["overrides"] == json!([]))
        .await;
    env.settle().await;
    assert_eq!(focus.affiliated(ROOM, "outcast").await, Ok(vec![]));
    bob.join(ROOM, "bob", &child).await;
    focus.sees_affiliation(ROOM, "bob", "owner").await;
}
on_both!(who_is_banned_comes_back_when_it_is_over);

async fn overrides_outlive_restarts(version: Version) {
    let mut env = Env::new(version).await;
    let focus = env.focus(ROOM).await;
    let carol = env.person(ROOM, "carol", None).await;
    let _bob = env.person(ROOM, "bob", Some(student("Bob"))).await;
    let _dora = env.person(ROOM, "dora", Some(student("Dora"))).await;
    focus.sees_affiliation(ROOM, "dora", "member").await;
    set(&env, "bob", "owner").await;
    let answer = put(&env, "dora", r#"{"affiliation":"admin","for":"2s"}"#).await;
    assert_eq!(answer.status, 200);
    set(&env, "carol", "outcast").await;
    focus.sees_affiliation(ROOM, "bob", "owner").await;
    focus.sees_affiliation(ROOM, "dora", "admin").await;
    focus.sees_gone(ROOM, "carol").await;
    env.settle().await;
    let over = Instant::now() + Duration::from_secs(2);
    while !std::fs::read_to_string(env.gavel.state_file()).is_ok_and(|state| {
        state.contains("\"run\":\"alive\"") && state.matches("\"override\"").count() == 3
    }) {
        assert!(Instant::now() < over + Duration::from_secs(10), "not saved");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    env.gavel.kill();
    focus
        .affiliate(ROOM, "bob@meet.jitsi", "none")
        .await
        .unwrap();
    focus.sees_affiliation(ROOM, "bob", "none").await;
    // Nobody is there any more whose presence would show that this ban is gone.
    focus
        .affiliate(ROOM, "carol@meet.jitsi", "none")
        .await
        .unwrap();
    tokio::time::sleep(over.saturating_duration_since(Instant::now())).await;
    assert_eq!(focus.affiliation(ROOM, "dora"), "admin");
    env.gavel.restart();
    env.connected().await;
    focus.sees_affiliation(ROOM, "bob", "owner").await;
    focus.sees_affiliation(ROOM, "dora", "member").await;
    env.settle().await;
    let banned = vec!["carol@meet.jitsi".to_owned()];
    assert_eq!(focus.affiliated(ROOM, "outcast").await, Ok(banned));
    assert_eq!(
        carol.try_join(ROOM, "carol", "").await,
        Err("forbidden".into())
    );
    assert_eq!(unset(&env, "carol@meet.jitsi").await.status, 200);
    env.settle().await;
    carol.join(ROOM, "carol", "").await;
    // And over a lost connection.
    env.prosody.freeze();
    env.prosody.thaw();
    focus.sees_affiliation(ROOM, "bob", "owner").await;
}
on_both!(overrides_outlive_restarts);

async fn an_absent_jid_is_not_raised(version: Version) {
    let env = Env::new(version).await;
    let focus = env.focus(ROOM).await;
    let bob = env.person(ROOM, "bob", None).await;
    set(&env, "bob", "owner").await;
    focus.sees_affiliation(ROOM, "bob", "owner").await;
    env.settle().await;
    bob.leave(ROOM, "bob").await;
    env.settle().await;
    let owners = focus.affiliated(ROOM, "owner").await.unwrap();
    assert!(
        owners.contains(&"bob@meet.jitsi".into()),
        "kept: {owners:?}"
    );
    focus
        .affiliate(ROOM, "bob@meet.jitsi", "none")
        .await
        .unwrap();
    env.settle().await;
    let owners = focus.affiliated(ROOM, "owner").await.unwrap();
    assert!(
        !owners.contains(&"bob@meet.jitsi".into()),
        "not raised: {owners:?}"
    );
    bob.join(ROOM, "bob", "").await;
    focus.sees_affiliation(ROOM, "bob", "owner").await;
    env.settle().await;
    // Somebody else's ban does not stand against it either.
    focus
        .affiliate(ROOM, "bob@meet.jitsi", "outcast")
        .await
        .unwrap();
    focus.sees_gone(ROOM, "bob").await;
    env.settle().await;
    assert_eq!(focus.affiliated(ROOM, "outcast").await, Ok(vec![]));
    bob.join(ROOM, "bob", "").await;
    focus.sees_affiliation(ROOM, "bob", "owner").await;
    bob.leave(ROOM, "bob").await;
    env.settle().await;
    assert_eq!(unset(&env, "bob").await.status, 200);
    env.settle().await;
    let owners = focus.affiliated(ROOM, "owner").await.unwrap();
    assert!(
        !owners.contains(&"bob@meet.jitsi".into()),
        "over: {owners:?}"
    );
}
on_both!(an_absent_jid_is_not_raised);

async fn an_override_ends_with_the_meeting(version: Version) {
    let env = Env::new(version).await;
    let focus = env.focus(ROOM).await;
    let bob = env.person(ROOM, "bob", None).await;
    set(&env, "bob", "owner").await;
    focus.sees_affiliation(ROOM, "bob", "owner").await;
    bob.leave(ROOM, "bob").await;
    focus.leave(ROOM, "focus").await;
    env.gavel
        .shows("/v1/rooms", "left", |rooms| rooms == &json!([]))
        .await;
    let focus = env.focus(ROOM).await;
    bob.join(ROOM, "bob", "").await;
    env.settle().await;
    assert_eq!(focus.affiliation(ROOM, "bob"), "none");
    assert_eq!(unset(&env, "bob").await.status, 404);
}
on_both!(an_override_ends_with_the_meeting);

async fn who_cannot_be_steered_is_said(version: Version) {
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
on_both!(who_cannot_be_steered_is_said);
