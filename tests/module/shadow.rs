//! gavel follows rooms, and nobody can tell.

use crate::on_both;
use crate::scene::{ROOM, Scene, item, items, join_of, options};
use crate::support::{Client, El, GAVEL, MUC_USER, Version};

/// The traces of gavel that a client was shown, other than as the actor of a change.
fn traces(client: &Client) -> Vec<El> {
    let received = client.received();
    let of_gavel = |stanza: &El| {
        let from = stanza.attr("from").unwrap_or_default();
        let listed = stanza.child("x", MUC_USER).is_some_and(|x| {
            let jids = x.children.iter().filter_map(|item| item.attr("jid"));
            jids.into_iter().any(|jid| jid.contains("gavel"))
        });
        from.contains("gavel") || listed
    };
    received.into_iter().filter(of_gavel).collect()
}

async fn module_invisible_to_everybody(version: Version) {
    let mut scene = Scene::new(version).await;
    let focus = Client::connect(&scene.prosody, "focus@auth.meet.jitsi/focus").await;
    focus.join(ROOM, "focus", "").await;
    let alice = scene.person("alice").await;
    scene.follow(ROOM).await;
    let bob = scene.person("bob").await;
    assert_eq!(scene.counted().await, "3 3");
    scene
        .gavel
        .affiliate(ROOM, alice.bare(), "owner")
        .await
        .unwrap();
    alice.sees_affiliation(ROOM, "alice", "owner").await;
    bob.presence(ROOM, "robert", "").await;
    alice.sees(ROOM, "robert", "there", |_| true).await;
    scene.gavel.set_role(ROOM, "robert", "none").await.unwrap();
    alice.sees_gone(ROOM, "robert").await;
    scene.reconnect().await;
    scene.follow(ROOM).await;
    scene.gavel.leave(ROOM, "gavel").await;
    scene.gavel.join(ROOM, "gavel", "").await;
    let late = scene.person("late").await;
    let info = "<query xmlns='http://jabber.org/protocol/disco#info'/>";
    let info = late.iq("get", ROOM, info).await.unwrap();
    let info = format!("{info:?}");
    assert!(info.contains("muc#roominfo_occupants"), "{info}");
    assert_eq!(scene.counted().await, "3 3");
    for client in [&focus, &alice, &bob, &late] {
        client.ping("auth.meet.jitsi").await.unwrap();
        assert_eq!(traces(client), [], "{} saw gavel", client.jid);
    }
    // A person who guesses its nick finds nobody there.
    let to = format!("{ROOM}/gavel");
    assert_eq!(late.ping(&to).await, Err("item-not-found".into()));
}
on_both!(module_invisible_to_everybody);

async fn module_does_not_keep_a_room_alive(version: Version) {
    let scene = Scene::new(version).await;
    let alice = scene.person("alice").await;
    let bob = scene.person("bob").await;
    scene.follow(ROOM).await;
    bob.leave(ROOM, "bob").await;
    alice.leave(ROOM, "alice").await;
    let gone = scene.latest("gavel").await;
    assert_eq!(gone.attr("type"), Some("unavailable"));
    assert_eq!(gone.status(), [110]);
    assert!(
        gone.child("x", MUC_USER)
            .unwrap()
            .named("destroy")
            .is_some()
    );
    assert_eq!(scene.eval(&format!("return room('{ROOM}')")).await, "nil");
    // The next room of that name is another one: gavel is invited again.
    scene.gavel.forget(|_| true);
    let _carol = scene.person("carol").await;
    scene.follow(ROOM).await;
}
on_both!(module_does_not_keep_a_room_alive);

async fn module_ends_with_a_destroyed_room(version: Version) {
    let scene = Scene::new(version).await;
    let alice = scene.person("alice").await;
    scene.follow(ROOM).await;
    let query = "<query xmlns='http://jabber.org/protocol/muc#owner'>\
                 <destroy jid='other@muc.meet.jitsi'/></query>";
    alice.iq("set", ROOM, query).await.unwrap();
    let shown = scene.shown(&format!("{ROOM}/alice")).await;
    assert_eq!(shown.last().unwrap().attr("type"), Some("unavailable"));
    let gone = scene.latest("gavel").await;
    let x = gone.child("x", MUC_USER).unwrap();
    let destroy = x.named("destroy").expect("a destroy");
    assert_eq!(destroy.attr("jid"), Some("other@muc.meet.jitsi"));
}
on_both!(module_ends_with_a_destroyed_room);

async fn module_gives_the_list_then_itself(version: Version) {
    let scene = Scene::new(version).await;
    let alice = scene.person("alice").await;
    let invitation = scene.invited(ROOM).await;
    assert_eq!(invitation.attr("to"), Some("gavel@gavel.meet.jitsi"));
    let _bob = scene.person("bob").await;
    scene.follow(ROOM).await;
    let seen = scene.seen().await;
    let presences: Vec<_> = seen.iter().filter(|s| s.name == "presence").collect();
    let mut from: Vec<_> = presences.iter().filter_map(|p| p.attr("from")).collect();
    assert_eq!(from.pop(), Some("room@muc.meet.jitsi/gavel"));
    from.sort_unstable();
    assert_eq!(
        from,
        ["room@muc.meet.jitsi/alice", "room@muc.meet.jitsi/bob"]
    );
    let own = presences.last().unwrap();
    assert_eq!(own.status(), [110]);
    let module = own.child("module", "urn:gavel:module:0").expect("a module");
    assert_eq!(module.attr("version"), Some(env!("CARGO_PKG_VERSION")));
    let item = item(own);
    assert_eq!(
        (item.attr("affiliation"), item.attr("role")),
        (Some("owner"), Some("moderator"))
    );
    assert_eq!(item.attr("jid"), Some(GAVEL));
    assert!(presences.iter().all(|p| p.attr("to") == Some(GAVEL)));
    assert_eq!(items(presences[0]).len(), 1);
    // Leaving is confirmed, and then nothing arrives any more.
    scene.gavel.leave(ROOM, "gavel").await;
    let before = scene.seen().await.len();
    alice
        .presence(
            ROOM,
            "alice",
            "<nick xmlns='http://jabber.org/protocol/nick'>x</nick>",
        )
        .await;
    alice.sees_name(ROOM, "alice", "x").await;
    assert_eq!(
        scene.seen().await.len(),
        before + 1,
        "only the answer to a ping"
    );
}
on_both!(module_gives_the_list_then_itself);

async fn module_invites_at_the_first_occupant(version: Version) {
    let mut scene = Scene::new(version).await;
    let alice = scene.person("alice").await;
    scene.seen().await;
    scene.invited(ROOM).await;
    let _bob = scene.person("bob").await;
    scene.follow(ROOM).await;
    let _carol = scene.person("carol").await;
    let seen = scene.seen().await;
    let invitations = seen
        .iter()
        .filter(|s| crate::scene::is_invitation(s))
        .count();
    assert_eq!(invitations, 2, "none once gavel follows the room");
    let other = "other@muc.meet.jitsi";
    alice.join(other, "alice", "").await;
    scene.reconnect().await;
    scene.invited(other).await;
    scene.follow(ROOM).await;
    assert!(
        scene
            .seen()
            .await
            .iter()
            .all(|s| s.attr("from") != Some("room@muc.meet.jitsi/x"))
    );
}
on_both!(module_invites_at_the_first_occupant);

async fn module_creates_no_room(version: Version) {
    let scene = Scene::new(version).await;
    let refused = scene
        .gavel
        .try_join("none@muc.meet.jitsi", "gavel", "")
        .await;
    assert_eq!(refused, Err("item-not-found".into()));
    let there = scene.eval("return room('none@muc.meet.jitsi')").await;
    assert_eq!(there, "nil");
    let count = "local n = 0; for _ in prosody.hosts[module.host].modules.muc.live_rooms() do n = n + 1 end return n";
    assert_eq!(scene.eval(count).await, "0");
}
on_both!(module_creates_no_room);

async fn module_answers_self_pings(version: Version) {
    let scene = Scene::new(version).await;
    let _alice = scene.person("alice").await;
    let own = format!("{ROOM}/gavel");
    assert_eq!(scene.gavel.ping(&own).await, Err("not-acceptable".into()));
    scene.follow(ROOM).await;
    assert_eq!(scene.gavel.ping(&own).await, Ok(()));
    let other = format!("{ROOM}/gavel2");
    assert_eq!(scene.gavel.ping(&other).await, Err("not-acceptable".into()));
    scene.gavel.leave(ROOM, "gavel").await;
    assert_eq!(scene.gavel.ping(&own).await, Err("not-acceptable".into()));
    let missing = "none@muc.meet.jitsi/gavel";
    assert_eq!(
        scene.gavel.ping(missing).await,
        Err("not-acceptable".into())
    );
}
on_both!(module_answers_self_pings);

async fn module_gives_way_to_people_with_its_nick(version: Version) {
    let scene = Scene::new(version).await;
    let alice = scene.person("alice").await;
    scene.follow(ROOM).await;
    let namesake = scene.client("namesake").await;
    namesake.join(ROOM, "gavel", "").await;
    let gone = scene.latest("gavel").await;
    assert_eq!(
        (gone.attr("type"), gone.status()),
        (Some("unavailable"), vec![110])
    );
    scene.invited(ROOM).await;
    let taken = scene.gavel.try_join(ROOM, "gavel", "").await;
    assert_eq!(taken, Err("conflict".into()));
    scene.gavel.join(ROOM, "gavel_x1", "").await;
    let shown = scene.latest("gavel").await;
    assert_eq!(item(&shown).attr("jid"), Some(namesake.jid.as_str()));
    alice
        .sees(ROOM, "gavel", "there", |o| {
            o.jid.as_deref() == Some(&namesake.jid)
        })
        .await;
    assert_eq!(scene.counted().await, "2 2");
}
on_both!(module_gives_way_to_people_with_its_nick);

async fn module_obeys_only_gavels_own_stream(version: Version) {
    let mut options = options();
    options.more = format!(
        "Component \"liar.meet.jitsi\"\n  component_secret = \"{}\"\n  validate_from_addresses = false",
        crate::support::SECRET
    );
    let scene = Scene::with(version, options).await;
    let alice = scene.person("alice").await;
    scene.follow(ROOM).await;
    let mut liar = Client::component(&scene.prosody, "x@liar.meet.jitsi/x").await;
    liar.jid = GAVEL.into();
    let refused = Err("forbidden".to_string());
    assert_eq!(
        liar.affiliate(ROOM, "eve@meet.jitsi", "owner").await,
        refused
    );
    assert_eq!(liar.affiliated(ROOM, "owner").await.map(|_| ()), refused);
    assert_eq!(liar.set_role(ROOM, "alice", "none").await, refused);
    let pin = format!(
        "<pin xmlns='urn:gavel:names:0' nick='alice' jid='{}'>x</pin>",
        alice.jid
    );
    assert_eq!(liar.iq("set", ROOM, &pin).await.map(|_| ()), refused);
    assert_eq!(liar.ping(&format!("{ROOM}/gavel")).await, refused);
    let refusal = liar.try_join("room@muc.meet.jitsi", "gavel9", "").await;
    assert_eq!(refusal, refused);
    let from = format!("<presence type='unavailable' from='{GAVEL}' to='{ROOM}/gavel'/>");
    liar.send(&from).await;
    liar.ping("meet.jitsi").await.ok();
    assert_eq!(
        scene.gavel.ping(&format!("{ROOM}/gavel")).await,
        Ok(()),
        "still there"
    );
    assert_eq!(alice.role(ROOM, "alice"), "moderator");
}
on_both!(module_obeys_only_gavels_own_stream);

async fn module_needs_a_local_component(version: Version) {
    let mut options = options();
    options.muc = "gavel_jid = \"gavel@elsewhere.example\"".into();
    let scene = Scene::with(version, options).await;
    let _alice = scene.person("alice").await;
    // An ordinary join then, as without the module.
    scene
        .gavel
        .send(&join_of(GAVEL, &format!("{ROOM}/gavel")))
        .await;
    let own = scene
        .gavel
        .expect("its own presence", |s| s.status().contains(&110))
        .await;
    assert!(own.child("module", "urn:gavel:module:0").is_none());
    assert_eq!(scene.counted().await, "2 2");
    let warned = || {
        scene
            .prosody
            .log()
            .matches("elsewhere.example is not an external component")
            .count()
    };
    let deadline = std::time::Instant::now() + crate::support::DEADLINE;
    while warned() == 0 {
        assert!(std::time::Instant::now() < deadline, "no warning");
        scene.watcher.ping("auth.meet.jitsi").await.unwrap();
    }
    assert_eq!(warned(), 1);
}
on_both!(module_needs_a_local_component);
