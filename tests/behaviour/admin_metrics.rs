//! The metrics that Prometheus reads.

use crate::on_both;
use crate::support::admin::ask_tcp;
use crate::support::{Env, MUC_ADMIN, Version, jwt, nick, student, teacher, token};

const ROOM: &str = "class@muc.meet.jitsi";

/// The value of a sample.
fn value(text: &str, sample: &str) -> f64 {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(&format!("{sample} ")));
    line.unwrap_or_else(|| panic!("no {sample}"))
        .parse()
        .unwrap()
}

async fn events_are_counted(version: Version) {
    let port = crate::support::free_port();
    let mut env = Env::gavel(version, &format!("[admin]\nlisten = '127.0.0.1:{port}'")).await;
    let address = format!("127.0.0.1:{port}");
    env.gavel.logs("health and metrics are served").await;
    let focus = env.focus(ROOM).await;
    let _alice = env.person(ROOM, "alice", Some(teacher("Alice"))).await;
    let bob = env.person(ROOM, "bob", Some(student("Bob"))).await;
    focus.sees_affiliation(ROOM, "bob", "member").await;
    env.settle().await;
    focus
        .affiliate(ROOM, "bob@meet.jitsi", "owner")
        .await
        .unwrap();
    env.settle().await;
    let children = jwt(&token(student("Bob"))) + &nick("Alice");
    bob.presence(ROOM, "bob", &children).await;
    focus.sees_name(ROOM, "bob", "Bob").await;
    let forged = env.client("carol").await;
    forged.join(ROOM, "carol", &jwt("a.b.c")).await;
    let weird = format!(
        "<message to='gavel@gavel.meet.jitsi' type='weird'><x xmlns='{MUC_ADMIN}'/></message>"
    );
    forged.send(&weird).await;
    env.settle().await;

    let answer = ask_tcp(&address, "/metrics").await;
    assert_eq!(answer.status, 200);
    let text = &answer.text;
    for (sample, expected) in [
        ("gavel_connected", 1.0),
        ("gavel_rooms", 1.0),
        ("gavel_occupants", 3.0),
        (
            "gavel_affiliation_changes_total{to=\"owner\",cause=\"join\"}",
            1.0,
        ),
        (
            "gavel_affiliation_changes_total{to=\"member\",cause=\"join\"}",
            1.0,
        ),
        (
            "gavel_affiliation_changes_total{to=\"member\",cause=\"correction\"}",
            1.0,
        ),
        ("gavel_corrections_total{actor=\"infrastructure\"}", 1.0),
        ("gavel_corrections_total{actor=\"none\"}", 0.0),
        (
            "gavel_claims_rejected_total{source=\"jwt\",reason=\"malformed\"}",
            1.0,
        ),
        ("gavel_name_reverts_total", 1.0),
        ("gavel_settle_seconds_count", 3.0),
        ("gavel_reconnects_total", 0.0),
    ] {
        assert_eq!(value(text, sample), expected, "{sample}");
    }
    assert!(value(text, "gavel_stanzas_total{kind=\"presence\"}") >= 4.0);
    assert!(value(text, "gavel_stanzas_total{kind=\"iq\"}") >= 4.0);
    assert!(value(text, "gavel_settle_seconds_bucket{le=\"10.0\"}") == 3.0);
    assert!(
        !text.contains("meet.jitsi") && !text.contains("alice"),
        "{text}"
    );

    env.prosody.kill();
    env.gavel
        .shows("/v1/status", "gone", |s| s["connected"] == false)
        .await;
    let text = env.gavel.get("/metrics").await.text;
    assert_eq!(value(&text, "gavel_connected"), 0.0);
    assert_eq!(value(&text, "gavel_occupants"), 0.0);
    env.prosody.restart();
    env.gavel
        .shows("/v1/status", "back", |s| s["ready"] == true)
        .await;
    let text = env.gavel.get("/metrics").await.text;
    assert_eq!(value(&text, "gavel_reconnects_total"), 1.0);
    assert_eq!(
        value(
            &text,
            "gavel_affiliation_changes_total{to=\"owner\",cause=\"join\"}"
        ),
        1.0
    );
}
on_both!(events_are_counted);

async fn a_role_taken_back_is_counted_and_told(version: Version) {
    let env = Env::new(version).await;
    let focus = env.focus(ROOM).await;
    let _bob = env.person(ROOM, "bob", None).await;
    env.settle().await;
    focus.set_role(ROOM, "bob", "moderator").await.unwrap();
    env.settle().await;
    assert_eq!(focus.role(ROOM, "bob"), "participant");
    let events = env.gavel.get("/v1/events").await.json();
    let event = &events[0];
    assert_eq!(event["kind"], "role", "{events}");
    assert_eq!(event["from"], "moderator");
    assert_eq!(event["to"], "participant");
    assert_eq!(event["cause"], "correction");
    assert_eq!(event["actor"]["kind"], "infrastructure");
    assert_eq!(event["outcome"], "applied");
    let text = env.gavel.get("/metrics").await.text;
    assert_eq!(
        value(&text, "gavel_corrections_total{actor=\"infrastructure\"}"),
        1.0
    );
}
on_both!(a_role_taken_back_is_counted_and_told);
