//! gavel's answer about a newcomer gives nothing to others, and takes nothing away.

use crate::arrival::*;
use crate::on_both;
use crate::scene::{ROOM, SERVICE, Scene};
use crate::support::{Client, GAVEL, Version, nick};

/// A room that gavel follows, with a moderator.
async fn followed(version: Version) -> (Scene, Client) {
    let scene = scene(version).await;
    let host = scene.person("host").await;
    scene.follow(ROOM).await;
    (scene, host)
}

async fn module_believes_only_gavel_about_newcomers(version: Version) {
    let (scene, host) = followed(version).await;
    let alice = connects(&scene, "alice", &session("room", "")).await;
    let asked = question(&scene).await;
    let id = asked.attr("id").unwrap();
    let answer = format!("<arrival xmlns='{ARRIVAL}' affiliation='owner'>X</arrival>");
    for from in [alice.jid.as_str(), GAVEL] {
        let iq = format!("<iq type='result' id='{id}' from='{from}' to='{SERVICE}'>{answer}</iq>");
        alice.send(&iq).await;
    }
    alice.ping("meet.jitsi").await.unwrap();
    alice.join(ROOM, "alice", "").await;
    assert_eq!(standing(&host, "alice").await, ordinary());
}
on_both!(module_believes_only_gavel_about_newcomers);

async fn module_gives_the_affiliation_of_gavels_answer_for_that_room_alone(version: Version) {
    let scene = scene(version).await;
    let host = scene.person("host").await;
    let other = "other@muc.meet.jitsi";
    host.join(other, "host", "").await;
    let alice = expected(&scene).await;
    alice.join(other, "alice", "").await;
    assert_eq!(host.affiliation(other, "alice"), "none");
    alice.join(ROOM, "alice", "").await;
    assert_eq!(standing(&host, "alice").await, pair("owner", "moderator"));
}
on_both!(module_gives_the_affiliation_of_gavels_answer_for_that_room_alone);

/// Prosody looks last whether a nick is somebody else's.
async fn module_gives_nothing_to_the_holder_of_a_wanted_nick(version: Version) {
    let (scene, host) = followed(version).await;
    let bob = scene.person("bob").await;
    let alice = expected(&scene).await;
    let refused = alice.try_join(ROOM, "bob", "").await;
    assert_eq!(refused, Err("conflict".into()));
    for jid in ["alice@meet.jitsi", "bob@meet.jitsi"] {
        let code = format!("return room('{ROOM}'):get_affiliation('{jid}')");
        assert_eq!(scene.eval(&code).await, "nil", "{jid}");
    }
    assert_eq!(standing(&host, "bob").await, ordinary());
    // Nor is her name his.
    bob.presence(ROOM, "bob", &nick("Bob")).await;
    host.sees_name(ROOM, "bob", "Bob").await;
}
on_both!(module_gives_nothing_to_the_holder_of_a_wanted_nick);

/// A person who is no host is refused as ever, and more is given to nobody.
async fn module_lets_nobody_in_by_gavels_answer(version: Version) {
    let (scene, host) = followed(version).await;
    host.configure(ROOM, &[("muc#roomconfig_membersonly", "1")])
        .await
        .unwrap();
    let alice = announced(&scene, "member", "Alice").await;
    let refused = alice.try_join(ROOM, "alice", "").await;
    assert_eq!(refused, Err("registration-required".into()));
    let affiliation = scene
        .eval(&format!(
            "return room('{ROOM}'):get_affiliation('alice@meet.jitsi')"
        ))
        .await;
    assert_eq!(affiliation, "nil");
    // Once somebody has let her in, gavel sees to the rest.
    host.affiliate(ROOM, alice.bare(), "member").await.unwrap();
    alice.join(ROOM, "alice", "").await;
    assert_eq!(
        standing(&host, "alice").await,
        pair("member", "participant")
    );
    alice.leave(ROOM, "alice").await;
    host.configure(ROOM, &[("muc#roomconfig_membersonly", "0")])
        .await
        .unwrap();
    host.affiliate(ROOM, alice.bare(), "outcast").await.unwrap();
    let alice = expected(&scene).await;
    let refused = alice.try_join(ROOM, "alice", "").await;
    assert_eq!(refused, Err("forbidden".into()));
}
on_both!(module_lets_nobody_in_by_gavels_answer);

async fn module_takes_nothing_away_by_gavels_answer(version: Version) {
    let (scene, host) = followed(version).await;
    host.affiliate(ROOM, "alice@meet.jitsi", "owner")
        .await
        .unwrap();
    for said in ["member", "none", "outcast", "nonsense", ""] {
        let alice = announced(&scene, said, "").await;
        alice.join(ROOM, "alice", "").await;
        assert_eq!(
            standing(&host, "alice").await,
            pair("owner", "moderator"),
            "{said}"
        );
        alice.leave(ROOM, "alice").await;
    }
}
on_both!(module_takes_nothing_away_by_gavels_answer);

/// A second device of somebody who is there: others would see the first change.
async fn module_leaves_a_second_device_to_gavel(version: Version) {
    let (scene, host) = followed(version).await;
    let first = scene.client("alice").await;
    first.join(ROOM, "first", "").await;
    let jid = "alice@meet.jitsi/second";
    let fields = session("room", "").to_string();
    let second = Client::connect_with(&scene.prosody, jid, Some(&fields)).await;
    let asked = question(&scene).await;
    says(&scene, &asked, "owner", "").await;
    second.join(ROOM, "second", "").await;
    assert_eq!(standing(&host, "first").await, ordinary());
    assert_eq!(standing(&host, "second").await, ordinary());
}
on_both!(module_leaves_a_second_device_to_gavel);

/// In a moderated room newcomers are visitors, and stay so unless they moderate.
async fn module_leaves_visitors_visitors(version: Version) {
    let (scene, host) = followed(version).await;
    host.configure(ROOM, &[("muc#roomconfig_moderatedroom", "1")])
        .await
        .unwrap();
    for (said, expected) in [
        ("member", pair("none", "visitor")),
        ("owner", pair("owner", "moderator")),
    ] {
        let alice = announced(&scene, said, "").await;
        alice.join(ROOM, "alice", "").await;
        assert_eq!(standing(&host, "alice").await, expected, "{said}");
        alice.leave(ROOM, "alice").await;
    }
}
on_both!(module_leaves_visitors_visitors);

async fn module_goes_by_gavels_answer_for_a_minute(version: Version) {
    let (scene, host) = followed(version).await;
    scene
        .eval(
            "local time = require 'util.time'
             local now = time.monotonic
             passed = 0
             time.monotonic = function () return now() + passed end
             manage('reload', 'gavel')
             time.monotonic = now",
        )
        .await;
    for (passed, expected_standing) in [(30, pair("owner", "moderator")), (60, ordinary())] {
        let alice = expected(&scene).await;
        scene.eval(&format!("passed = passed + {passed}")).await;
        alice.join(ROOM, "alice", "").await;
        assert_eq!(
            standing(&host, "alice").await,
            expected_standing,
            "after {passed} s"
        );
        alice.leave(ROOM, "alice").await;
        host.affiliate(ROOM, alice.bare(), "none").await.unwrap();
    }
}
on_both!(module_goes_by_gavels_answer_for_a_minute);
