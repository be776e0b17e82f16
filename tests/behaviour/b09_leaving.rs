//! B9: gavel neither creates a room nor keeps one alive.

use crate::on_both;
use crate::support::{Client, El, Env, MUC_USER, Version, teacher};
use std::time::{Duration, Instant};

const ROOM: &str = "room@muc.meet.jitsi";

async fn b9_the_room_ends_with_the_last_person(version: Version) {
    let env = Env::new(version).await;
    let alice = env.person(ROOM, "alice", Some(teacher("Alice"))).await;
    alice.invite(ROOM, "gavel@gavel.meet.jitsi").await;
    env.gavel_joins(&alice, ROOM).await;
    alice.leave(ROOM, "alice").await;
    until_ended(&alice).await;
}
on_both!(b9_the_room_ends_with_the_last_person);

/// Waits until the room is gone: disco#info then says so.
async fn until_ended(client: &Client) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while client.iq("get", ROOM, INFO).await != Err("item-not-found".into()) {
        assert!(Instant::now() < deadline, "the room lives on");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

const INFO: &str = "<query xmlns='http://jabber.org/protocol/disco#info'/>";

async fn b9_alone_with_the_focus_gavel_leaves_after_15_seconds(version: Version) {
    // The rest is about an invitation; polling would not bring it back.
    let env = Env::gavel(version, "[discovery]\npoll = \"adhoc\"").await;
    let focus = env.focus(ROOM).await;
    let alice = env.person(ROOM, "alice", Some(teacher("Alice"))).await;
    focus.sees_affiliation(ROOM, "alice", "owner").await;
    alice.leave(ROOM, "alice").await;
    focus.sees_gone(ROOM, "alice").await;
    let since = Instant::now();
    let gone = |s: &El| {
        s.attr("from") == Some("room@muc.meet.jitsi/gavel") && s.attr("type") == Some("unavailable")
    };
    focus
        .expect_within("gavel to leave", Duration::from_secs(25), gone)
        .await;
    let after = since.elapsed();
    assert!(
        (12..20).contains(&after.as_secs()),
        "it left after {after:?}"
    );
    // Two polls later it is still out.
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert!(
        focus.occupant(ROOM, "gavel").is_none(),
        "polling brought it back"
    );
    focus.invite(ROOM, "gavel@gavel.meet.jitsi").await;
    env.gavel_joins(&focus, ROOM).await;
    let bob = env.person(ROOM, "bob", Some(teacher("Bob"))).await;
    bob.sees_affiliation(ROOM, "bob", "owner").await;
    bob.leave(ROOM, "bob").await;
    focus.leave(ROOM, "focus").await;
    until_ended(&focus).await;
}
on_both!(b9_alone_with_the_focus_gavel_leaves_after_15_seconds);

async fn b9_a_configured_room_is_not_created(version: Version) {
    let settings = format!("[discovery]\npoll = \"off\"\nrooms = [\"{ROOM}\"]");
    let env = Env::gavel(version, &settings).await;
    env.settle().await;
    assert_eq!(
        env.watcher.iq("get", ROOM, INFO).await,
        Err("item-not-found".into())
    );
    let joins = env.sent().await;
    let joins = joins.iter().filter(|s| s.name == "presence").count();
    assert_eq!(joins, 0);
    let alice = env.person(ROOM, "alice", Some(teacher("Alice"))).await;
    env.gavel_joins(&alice, ROOM).await;
}
on_both!(b9_a_configured_room_is_not_created);

/// An invitation may be older than the end of its room.
async fn b9_an_invitation_to_a_room_that_has_ended_creates_nothing(version: Version) {
    let env = Env::gavel(version, "[discovery]\npoll = \"off\"").await;
    let alice = env.person(ROOM, "alice", Some(teacher("Alice"))).await;
    env.gavel.freeze();
    alice.invite(ROOM, "gavel@gavel.meet.jitsi").await;
    alice.leave(ROOM, "alice").await;
    env.gavel.thaw();
    env.settle().await;
    assert_eq!(
        env.watcher.iq("get", ROOM, INFO).await,
        Err("item-not-found".into())
    );
    let sent = env.sent().await;
    assert!(sent.iter().all(|s| s.name != "presence"), "{sent:?}");
}
on_both!(b9_an_invitation_to_a_room_that_has_ended_creates_nothing);

/// Only the room itself invites, and only in a message of type normal.
async fn b9_forged_invitations_are_ignored(version: Version) {
    let env = Env::gavel(version, "[discovery]\npoll = \"off\"").await;
    let alice = env.person(ROOM, "alice", Some(teacher("Alice"))).await;
    let other = "other@muc.meet.jitsi";
    alice.join(other, "alice", "").await;
    alice.invite(other, "gavel@gavel.meet.jitsi").await;
    env.gavel_joins(&alice, other).await;
    let invite =
        format!("<x xmlns='{MUC_USER}'><invite from='{ROOM}' to='gavel@gavel.meet.jitsi'/></x>");
    let direct = format!("<x xmlns='jabber:x:conference' jid='{ROOM}'/>");
    // A groupchat message passes the room with a client's own children inside.
    for (to, kind, children) in [
        (other, "groupchat", &invite),
        ("other@muc.meet.jitsi/gavel", "chat", &invite),
        ("gavel@gavel.meet.jitsi/gavel", "normal", &invite),
        ("gavel@gavel.meet.jitsi", "chat", &invite),
        ("gavel@gavel.meet.jitsi", "normal", &direct),
    ] {
        alice
            .send(&format!(
                "<message to='{to}' type='{kind}'>{children}</message>"
            ))
            .await;
    }
    // Nor is a client's word in the room anybody's affiliation.
    let item =
        format!("<x xmlns='{MUC_USER}'><item jid='focus@meet.jitsi' affiliation='owner'/></x>");
    alice
        .send(&format!(
            "<message to='{other}' type='groupchat'>{item}</message>"
        ))
        .await;
    env.settle().await;
    let sent = env.sent().await;
    let about = sent
        .iter()
        .filter(|s| s.attr("to").is_some_and(|to| to.starts_with("room@")));
    assert_eq!(about.count(), 0, "{sent:?}");
    let asked = env.requests().await;
    assert!(
        asked.iter().all(|(jid, _)| jid != "focus@meet.jitsi"),
        "{asked:?}"
    );
}
on_both!(b9_forged_invitations_are_ignored);

/// Two joins of one room never cross, however slow the first is.
async fn b9_one_join_is_outstanding(version: Version) {
    let env = Env::gavel(version, "[discovery]\npoll = \"off\"").await;
    let alice = env.person(ROOM, "alice", Some(teacher("Alice"))).await;
    env.gavel.freeze();
    for _ in 0..10 {
        alice.invite(ROOM, "gavel@gavel.meet.jitsi").await;
    }
    env.gavel.thaw();
    env.gavel_joins(&alice, ROOM).await;
    env.settle().await;
    let sent = env.sent().await;
    let joins = sent.iter().filter(|s| s.name == "presence").count();
    assert_eq!(joins, 1, "{sent:?}");
}
on_both!(b9_one_join_is_outstanding);

async fn b9_sigterm_leaves_all_rooms(version: Version) {
    let env = Env::new(version).await;
    let focus = env.focus(ROOM).await;
    let alice = env.person("other@muc.meet.jitsi", "alice", None).await;
    env.gavel_joins(&alice, "other@muc.meet.jitsi").await;
    env.gavel.stop().await;
    focus.sees_gone(ROOM, "gavel").await;
    alice.sees_gone("other@muc.meet.jitsi", "gavel").await;
}
on_both!(b9_sigterm_leaves_all_rooms);

/// Prosody leaves a component's occupants in the room when its connection ends, so a join
/// that is on its way must be undone, too.
async fn b9_sigterm_leaves_rooms_that_are_being_joined(version: Version) {
    let env = Env::gavel(version, "[discovery]\npoll = \"off\"").await;
    let focus = env.client("focus@auth.meet.jitsi").await;
    let rooms: Vec<String> = (0..60).map(|n| format!("r{n}@muc.meet.jitsi")).collect();
    for room in &rooms {
        focus.join(room, "focus", "").await;
        focus.invite(room, "gavel@gavel.meet.jitsi").await;
    }
    env.gavel.stop().await;
    let deadline = Instant::now() + Duration::from_secs(10);
    let patience = Duration::from_secs(1);
    while env
        .watcher
        .reaches(crate::support::GAVEL, patience)
        .await
        .is_ok()
    {
        assert!(Instant::now() < deadline, "Prosody holds the connection");
    }
    focus.ping("auth.meet.jitsi").await.unwrap();
    for room in &rooms {
        assert!(
            focus.occupant(room, "gavel").is_none(),
            "gavel's ghost is in {room}"
        );
    }
}
on_both!(b9_sigterm_leaves_rooms_that_are_being_joined);
