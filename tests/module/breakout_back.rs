//! B17: people who get back into a breakout room, and a client of Jitsi that is refused and ends
//! in the main room.

use crate::breakout::*;
use crate::on_both;
use crate::permissions::defaults_on;
use crate::scene::{ROOM, SERVICE};
use crate::support::{BREAKOUTS, Client, El, Version, sign};
use serde_json::{Value, json};

/// The client has lost its connection, or its page is loaded again.
async fn drops_out(meeting: &Meeting, client: Client, room: &str, name: &str) {
    client.send("</stream:stream>").await;
    meeting.host.sees_gone(room, name).await;
}

async fn module_lets_people_back_into_their_breakout_room(version: Version) {
    let meeting = Meeting::new(version).await;
    let scene = &meeting.scene;
    meeting.host.moves(ROOM, ONE).await.unwrap();
    let refused = Err("not-allowed".to_owned());
    let bob = person(scene, "bob").await;
    meeting.sends(&bob, ONE).await;
    bob.moves(ROOM, ONE).await.unwrap();
    drops_out(&meeting, bob, ONE, "bob").await;
    // By the same JID, once.
    let bob = person(scene, "bob").await;
    assert_eq!(bob.moves(ROOM, TWO).await, refused);
    assert_eq!(bob.try_join(ONE, "bob", "").await, Ok(()));
    drops_out(&meeting, bob, ONE, "bob").await;
    // By the same user id: a reload is a new JID. Not by another's.
    let mallory = person(scene, "mallory").await;
    assert_eq!(mallory.moves(ROOM, ONE).await, refused);
    scene
        .eval_on(BREAKOUTS, "return manage('reload', 'gavel')")
        .await;
    let again = person_as(scene, "again", "bob").await;
    assert_eq!(again.moves(ROOM, ONE).await, Ok(()));
    // A person who moves on, is thrown out, or sent elsewhere, does not get back.
    again.moves(ONE, ROOM).await.unwrap();
    assert_eq!(again.moves(ROOM, ONE).await, refused);
    again.join(ROOM, "again", "").await;
    meeting.sends(&again, ONE).await;
    again.moves(ROOM, ONE).await.unwrap();
    meeting.host.set_role(ONE, "again", "none").await.unwrap();
    again.sees_gone(ONE, "again").await;
    assert_eq!(again.try_join(ONE, "again", "").await, refused);
    again.join(ROOM, "again", "").await;
    meeting.sends(&again, ONE).await;
    again.moves(ROOM, ONE).await.unwrap();
    again.leave(ONE, "again").await;
    again.join(ROOM, "again", "").await;
    meeting.sends(&again, TWO).await;
    assert_eq!(again.moves(ROOM, ONE).await, refused);
    // Not for ever.
    again.join(ROOM, "again", "").await;
    meeting.sends(&again, ONE).await;
    again.moves(ROOM, ONE).await.unwrap();
    again.leave(ONE, "again").await;
    let later = "for _, keys in pairs(prosody.hosts['breakout.meet.jitsi'].modules.gavel.module.part('returns').save()) do
        for key, ends in pairs(keys) do keys[key] = ends - 61 end end return 'done'";
    assert_eq!(scene.eval_on(BREAKOUTS, later).await, "done");
    assert_eq!(again.try_join(ONE, "again", "").await, refused);
}
on_both!(module_lets_people_back_into_their_breakout_room);

/// An id that several people carry for long is no person's.
async fn module_lets_nobody_back_by_an_id_of_many(version: Version) {
    let meeting = Meeting::new(version).await;
    let scene = &meeting.scene;
    meeting.host.moves(ROOM, ONE).await.unwrap();
    let bob = person_as(scene, "bob", "sample").await;
    let carol = person_as(scene, "carol", "sample").await;
    let earlier = format!(
        "local seats = session('{}').gavel.seats seats['{ROOM}'] = seats['{ROOM}'] - 121 return 'done'",
        carol.jid
    );
    assert_eq!(scene.eval(&earlier).await, "done");
    // Nor does another nick begin a new time, also while Jitsi's features are looked at.
    let features = [("breakout-enter", "nobody"), ("recording", "everyone")];
    defaults_on(scene, SERVICE, &features).await;
    for nick in ["other", "carol"] {
        carol.presence(ROOM, nick, "").await;
        carol.sees(ROOM, nick, "there", |_| true).await;
    }
    meeting.sends(&bob, ONE).await;
    bob.moves(ROOM, ONE).await.unwrap();
    drops_out(&meeting, bob, ONE, "bob").await;
    assert_eq!(carol.moves(ROOM, ONE).await, Err("not-allowed".to_owned()));
    let bob = person_as(scene, "bob", "sample").await;
    assert_eq!(bob.moves(ROOM, ONE).await, Ok(()), "by his JID");
}
on_both!(module_lets_nobody_back_by_an_id_of_many);

async fn module_sends_clients_of_jitsi_back_to_the_main_room(version: Version) {
    let meeting = Meeting::new(version).await;
    meeting.host.moves(ROOM, ONE).await.unwrap();
    let bob = person(&meeting.scene, "bob").await;
    let counted = meeting.inside(ONE).await;
    bob.send(&format!(
        "<presence to='{ROOM}/bob' type='unavailable'><status>switch_room</status></presence>"
    ))
    .await;
    // It believes that it is in, alone, and is told to move.
    assert_eq!(bob.try_join(ONE, "bob", JITSI).await, Ok(()));
    let seen = |s: &El| s.name == "presence" && s.attr("from").is_some_and(|f| f.starts_with(ONE));
    assert_eq!(bob.count(seen), 1);
    assert_eq!(bob.role(ONE, "bob"), "participant");
    let order = bob
        .expect("to be told", |s| {
            s.attr("from") == Some(BREAKOUTS)
                && s.named("json-message")
                    .is_some_and(|m| m.text.contains("move-to-room"))
        })
        .await;
    let told: Value = serde_json::from_str(&order.named("json-message").unwrap().text).unwrap();
    let expected = json!({
        "type": "breakout_rooms", "event": "features/breakout-rooms/move-to-room", "roomJid": ROOM
    });
    assert_eq!(told, expected);
    // Its stanzas meanwhile get no answer that would disturb it; it is told again.
    bob.presence(ONE, "bob", "<audiomuted>true</audiomuted>")
        .await;
    bob.ping("meet.jitsi").await.unwrap();
    assert_eq!(bob.count(|s| s.attr("type") == Some("error")), 0);
    bob.expect("to be told again", |s| s.named("json-message").is_some())
        .await;
    bob.leave(ONE, "bob").await;
    bob.join(ROOM, "bob", JITSI).await;
    // Nobody else has seen anything, and nobody was counted.
    assert_eq!(meeting.inside(ONE).await, counted);
    let about = format!("{ONE}/bob");
    for client in [&meeting.host, &meeting.focus, &meeting.scene.gavel] {
        client.ping("meet.jitsi").await.ok();
        assert_eq!(
            client.count(|s| s.attr("from") == Some(&about)),
            0,
            "{}",
            client.jid
        );
    }
    // The next time it is sent.
    meeting.sends(&bob, ONE).await;
    bob.send(&format!("<presence to='{ROOM}/bob' type='unavailable'/>"))
        .await;
    bob.join(ONE, "bob", JITSI).await;
    meeting.host.sees(ONE, "bob", "inside", |_| true).await;
}
on_both!(module_sends_clients_of_jitsi_back_to_the_main_room);

/// A person who was turned away and is sent after all is in the room like anybody.
async fn module_forgets_a_person_turned_away_once_they_are_in(version: Version) {
    let meeting = Meeting::new(version).await;
    meeting.host.moves(ROOM, ONE).await.unwrap();
    let bob = person(&meeting.scene, "bob").await;
    assert_eq!(bob.moves(ROOM, TWO).await, Err("not-allowed".to_owned()));
    bob.join(ROOM, "bob", "").await;
    assert_eq!(bob.try_join(ONE, "bob", JITSI).await, Ok(()), "pretended");
    meeting.sends(&bob, ONE).await;
    bob.join(ONE, "bob", JITSI).await;
    meeting.host.sees(ONE, "bob", "inside", |_| true).await;
    bob.presence(ONE, "bob", "<audiomuted>true</audiomuted>")
        .await;
    meeting
        .host
        .sees(ONE, "bob", "muted", |o| {
            o.presence.named("audiomuted").is_some()
        })
        .await;
    bob.leave(ONE, "bob").await;
    meeting.host.sees_gone(ONE, "bob").await;
    // They are heard in their own room; also one who is in no room is sent.
    bob.join(ROOM, "bob", "").await;
    bob.leave(ROOM, "bob").await;
    meeting.sends(&bob, TWO).await;
    meeting.focus.join(TWO, "focus", "").await;
    bob.join(TWO, "bob", "").await;
    assert_eq!(bob.try_join(ONE, "bob", JITSI).await, Ok(()), "pretended");
    bob.presence(TWO, "bob", "<audiomuted>true</audiomuted>")
        .await;
    bob.sees(TWO, "bob", "muted", |o| {
        o.presence.named("audiomuted").is_some()
    })
    .await;
}
on_both!(module_forgets_a_person_turned_away_once_they_are_in);

/// An id that is null in the token is nobody's.
async fn module_lets_nobody_back_by_no_id(version: Version) {
    let meeting = Meeting::new(version).await;
    let scene = &meeting.scene;
    meeting.host.moves(ROOM, ONE).await.unwrap();
    let unnamed = |name: &'static str| async move {
        let token = sign(&json!({ "context": { "user": { "id": null } } }));
        let mut fields = connected(name);
        fields["auth_token"] = json!(token);
        let jid = format!("{name}@meet.jitsi/{name}");
        let client = Client::connect_with(&scene.prosody, &jid, Some(&fields.to_string())).await;
        client.join(ROOM, name, "").await;
        client
    };
    let bob = unnamed("bob").await;
    let carol = unnamed("carol").await;
    meeting.sends(&bob, ONE).await;
    bob.moves(ROOM, ONE).await.unwrap();
    drops_out(&meeting, bob, ONE, "bob").await;
    assert_eq!(carol.moves(ROOM, ONE).await, Err("not-allowed".to_owned()));
}
on_both!(module_lets_nobody_back_by_no_id);
