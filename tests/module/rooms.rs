//! gavel's view of rooms of every kind, and under the modules that Jitsi loads beside this
//! one.

use crate::on_both;
use crate::scene::{ROOM, Scene, claims, is_invitation, item, options, verified};
use crate::support::{Client, El, GAVEL, MUC, MUC_USER, Version};

/// A presence's first item: affiliation, role, real JID.
fn shown(presence: &El) -> (String, String, Option<String>) {
    let item = item(presence);
    let text = |name| item.attr(name).unwrap_or_default().to_string();
    (
        text("affiliation"),
        text("role"),
        item.attr("jid").map(str::to_string),
    )
}

async fn module_enters_closed_rooms(version: Version) {
    let mut options = options();
    options.muc = "muc_room_locking = true".into();
    let scene = Scene::with(version, options).await;
    let alice = scene.person("alice").await;
    let bob = scene.client("bob").await;
    assert_eq!(
        bob.try_join(ROOM, "bob", "").await,
        Err("item-not-found".into())
    );
    scene.follow(ROOM).await;
    scene.gavel.leave(ROOM, "gavel").await;
    alice
        .configure(ROOM, &[("muc#roomconfig_roomsecret", "pass")])
        .await
        .unwrap();
    assert_eq!(
        bob.try_join(ROOM, "bob", "").await,
        Err("not-authorized".into())
    );
    scene.gavel.join(ROOM, "gavel", "").await;
    scene.gavel.leave(ROOM, "gavel").await;
    let closed = [
        ("muc#roomconfig_roomsecret", ""),
        ("muc#roomconfig_membersonly", "1"),
    ];
    alice.configure(ROOM, &closed).await.unwrap();
    assert_eq!(
        bob.try_join(ROOM, "bob", "").await,
        Err("registration-required".into())
    );
    scene.gavel.join(ROOM, "gavel", "").await;
    assert_eq!(scene.counted().await, "1 1");
}
on_both!(module_enters_closed_rooms);

async fn module_shows_real_jids_and_hidden_people(version: Version) {
    let mut options = options();
    options.muc = "muc_room_default_public_jids = false".into();
    let scene = Scene::with(version, options).await;
    let alice = scene.person("alice").await;
    let bob = scene.person("bob").await;
    scene.follow(ROOM).await;
    let carol = scene.person("carol").await;
    assert_eq!(
        bob.occupant(ROOM, "carol").unwrap().jid,
        None,
        "semi-anonymous"
    );
    for person in [&alice, &bob, &carol] {
        let name = person.bare().split('@').next().unwrap();
        let jid = shown(&scene.latest(name).await).2;
        assert_eq!(jid.as_deref(), Some(person.jid.as_str()));
    }
    let only_moderators = [("muc#roomconfig_presencebroadcast", "moderator")];
    alice.configure(ROOM, &only_moderators).await.unwrap();
    alice.sees_gone(ROOM, "bob").await;
    let dave = scene.person("dave").await;
    assert!(alice.occupant(ROOM, "dave").is_none(), "hidden");
    for name in ["bob", "carol", "dave"] {
        assert_eq!(
            scene.latest(name).await.attr("type"),
            None,
            "{name} is there"
        );
    }
    dave.leave(ROOM, "dave").await;
    assert_eq!(scene.latest("dave").await.attr("type"), Some("unavailable"));
    scene.gavel.leave(ROOM, "gavel").await;
    scene.gavel.forget(|_| true);
    let before = scene.gavel.received().len();
    scene.gavel.join(ROOM, "gavel", "").await;
    let list = scene.gavel.received().split_off(before);
    let mut from: Vec<_> = list.iter().filter_map(|p| p.attr("from")).collect();
    from.sort_unstable();
    let expected = ["alice", "bob", "carol", "gavel"].map(|nick| format!("{ROOM}/{nick}"));
    assert_eq!(from, expected);
}
on_both!(module_shows_real_jids_and_hidden_people);

async fn module_names_the_actor_of_each_change(version: Version) {
    let scene = Scene::new(version).await;
    let alice = scene.person("alice").await;
    let bob = scene.person("bob").await;
    scene.follow(ROOM).await;
    let actor = |presence: &El| {
        let item = item(presence);
        let actor = item.named("actor")?;
        Some((
            actor.attr("jid")?.to_string(),
            actor.attr("nick").map(str::to_string),
        ))
    };
    let by_alice = Some((alice.jid.clone(), Some("alice".to_string())));

    alice.affiliate(ROOM, bob.bare(), "owner").await.unwrap();
    let bob_now = scene.latest("bob").await;
    assert_eq!(
        shown(&bob_now),
        ("owner".into(), "moderator".into(), Some(bob.jid.clone()))
    );
    assert_eq!(actor(&bob_now), by_alice);
    scene
        .eval(&format!(
            "room('{ROOM}'):set_affiliation(true, '{}', 'member')",
            bob.bare()
        ))
        .await;
    let bob_now = scene.latest("bob").await;
    assert_eq!(shown(&bob_now).0, "member");
    assert_eq!(actor(&bob_now), None, "a server module has no name");

    bob.presence(ROOM, "robert", "").await;
    alice.sees(ROOM, "robert", "there", |_| true).await;
    let gone = scene.latest("bob").await;
    assert_eq!(
        (gone.attr("type"), gone.status()),
        (Some("unavailable"), vec![303])
    );
    assert_eq!(item(&gone).attr("nick"), Some("robert"));
    assert_eq!(
        shown(&scene.latest("robert").await).2.as_ref(),
        Some(&bob.jid)
    );

    alice.set_role(ROOM, "robert", "none").await.unwrap();
    let kicked = scene.latest("robert").await;
    assert_eq!(
        (kicked.status(), actor(&kicked)),
        (vec![307], by_alice.clone())
    );
    bob.join(ROOM, "bob", "").await;
    let reason = "<item jid='bob@meet.jitsi' affiliation='outcast'><reason>enough</reason></item>";
    alice.admin(ROOM, reason).await.unwrap();
    let banned = scene.latest("bob").await;
    assert_eq!((banned.status(), actor(&banned)), (vec![301], by_alice));
    assert_eq!(item(&banned).named("reason"), None, "reasons can be long");
    let seen = scene.seen().await;
    let announcements = seen
        .iter()
        .filter(|s| s.name == "message" && !is_invitation(s));
    assert_eq!(announcements.count(), 0, "presence has told it");
}
on_both!(module_names_the_actor_of_each_change);

async fn module_announces_absent_people_and_configuration(version: Version) {
    let scene = Scene::new(version).await;
    let alice = scene.person("alice").await;
    scene.follow(ROOM).await;
    scene.gavel.forget(|_| true);
    alice
        .affiliate(ROOM, "absent@meet.jitsi", "owner")
        .await
        .unwrap();
    scene
        .eval(&format!(
            "room('{ROOM}'):set_affiliation(true, 'absent@meet.jitsi')"
        ))
        .await;
    alice
        .configure(ROOM, &[("muc#roomconfig_membersonly", "1")])
        .await
        .unwrap();
    let body =
        "<body>hello</body><x xmlns='http://jabber.org/protocol/muc#user'><status code='104'/></x>";
    alice
        .send(&format!(
            "<message type='groupchat' to='{ROOM}'>{body}</message>"
        ))
        .await;
    alice
        .expect("its message", |s| {
            s.name == "message" && s.named("body").is_some()
        })
        .await;
    let seen = scene.seen().await;
    let messages: Vec<_> = seen.iter().filter(|s| s.name == "message").collect();
    let [_invitation, raised, lowered, changed] = messages[..] else {
        panic!("{messages:?}");
    };
    for message in [raised, lowered, changed] {
        assert_eq!(
            (message.attr("from"), message.attr("to")),
            (Some(ROOM), Some(GAVEL))
        );
    }
    assert_eq!(raised.attr("type"), None);
    let item_of = |message: &El| {
        let item = message
            .child("x", MUC_USER)
            .unwrap()
            .named("item")
            .unwrap()
            .clone();
        (
            item.attr("jid").unwrap().to_string(),
            item.attr("affiliation").unwrap().to_string(),
            item,
        )
    };
    let (jid, affiliation, item) = item_of(raised);
    assert_eq!(
        (jid.as_str(), affiliation.as_str()),
        ("absent@meet.jitsi", "owner")
    );
    assert_eq!(item.named("actor").unwrap().attr("nick"), Some("alice"));
    let (jid, affiliation, item) = item_of(lowered);
    assert_eq!(
        (jid.as_str(), affiliation.as_str()),
        ("absent@meet.jitsi", "none")
    );
    assert!(item.named("actor").is_none());
    assert_eq!(
        (changed.attr("type"), changed.status()),
        (Some("groupchat"), vec![104])
    );
}
on_both!(module_announces_absent_people_and_configuration);

async fn module_passes_a_queue_that_waits_for_the_focus(version: Version) {
    let scene = Scene::new(version).await;
    let queue = "module:hook('muc-occupant-pre-join', function (event)
        local room = event.room;
        if room.unlocked then return; end
        if event.occupant.nick:match('/focus$') then
            room.unlocked = true;
            for _, waiting in ipairs(room.waiting or {}) do
                room:handle_normal_presence(waiting.origin, waiting.stanza);
            end
            return;
        end
        room.waiting = room.waiting or {};
        table.insert(room.waiting, event);
        return true;
    end, 8)";
    scene.eval(queue).await;
    let alice = scene.client("alice").await;
    let token = "<jwt>alice's</jwt>";
    alice
        .presence(ROOM, "alice", &format!("<x xmlns='{MUC}'/>{token}"))
        .await;
    alice.ping("meet.jitsi").await.unwrap();
    scene.gavel.join(ROOM, "gavel", "").await;
    assert_eq!(scene.counted().await, "0 0", "alice waits, gavel does not");
    let focus = Client::connect(&scene.prosody, "focus@auth.meet.jitsi").await;
    focus.join(ROOM, "focus", "").await;
    alice.sees(ROOM, "alice", "in", |_| true).await;
    assert_eq!(scene.counted().await, "2 2");
    let shown = scene.latest("alice").await;
    assert_eq!(shown.named("jwt").unwrap().text, "alice's");
    assert!(
        focus
            .occupant(ROOM, "alice")
            .unwrap()
            .presence
            .named("jwt")
            .is_none()
    );
}
on_both!(module_passes_a_queue_that_waits_for_the_focus);

async fn module_takes_no_place_in_a_full_room(version: Version) {
    let scene = Scene::new(version).await;
    let limit = "module:hook('muc-occupant-pre-join', function (event)
        local count = 0;
        for _ in pairs(event.room._occupants) do count = count + 1; end
        if count < 2 then return; end
        event.origin.send(st.error_reply(event.stanza, 'cancel', 'service-unavailable'));
        return true;
    end, 10)";
    scene.eval(limit).await;
    let _alice = scene.person("alice").await;
    scene.follow(ROOM).await;
    let _bob = scene.person("bob").await;
    let carol = scene.client("carol").await;
    assert_eq!(
        carol.try_join(ROOM, "carol", "").await,
        Err("service-unavailable".into())
    );
    scene.gavel.leave(ROOM, "gavel").await;
    scene.gavel.join(ROOM, "gavel", "").await;
    assert_eq!(scene.counted().await, "2 2");
}
on_both!(module_takes_no_place_in_a_full_room);

async fn module_follows_tenants_rooms(version: Version) {
    let mut options = options();
    options.host_modules = vec!["test_tenants"];
    let scene = Scene::with(version, options).await;
    let (wire, stored) = ("room@muc.school.meet.jitsi", "[school]room@muc.meet.jitsi");
    let alice = scene.client("alice").await;
    alice.join(wire, "alice", "").await;
    scene.invited(wire).await;
    scene.session(&alice, &verified("Alice")).await;
    scene
        .gavel
        .presence(stored, "gavel", &format!("<x xmlns='{MUC}'/>"))
        .await;
    let own = scene
        .gavel
        .expect("its own presence", |s| s.status().contains(&110))
        .await;
    assert_eq!(own.attr("from"), Some("room@muc.school.meet.jitsi/gavel"));
    let shown = scene.shown("room@muc.school.meet.jitsi/alice").await;
    let json = claims(
        &scene.gavel,
        shown.last().unwrap(),
        &format!("{stored}/alice"),
    );
    assert_eq!(
        json.as_deref(),
        Some(r#"{"context":{"user":{"name":"Alice"}}}"#)
    );
    assert_eq!(scene.gavel.ping(&format!("{stored}/gavel")).await, Ok(()));
    scene
        .gavel
        .affiliate(stored, alice.bare(), "owner")
        .await
        .unwrap();
    let pin = format!(
        "<pin xmlns='urn:gavel:names:0' nick='alice' jid='{}'>A</pin>",
        alice.jid
    );
    scene.gavel.iq("set", stored, &pin).await.unwrap();
    alice.sees_name(wire, "alice", "A").await;
    alice.leave(wire, "alice").await;
    let last = scene
        .shown("room@muc.school.meet.jitsi/gavel")
        .await
        .pop()
        .unwrap();
    assert!(
        last.child("x", MUC_USER)
            .unwrap()
            .named("destroy")
            .is_some()
    );
}
on_both!(module_follows_tenants_rooms);

async fn module_follows_breakout_rooms(version: Version) {
    let mut options = options();
    options.breakout_modules.push("test_breakout");
    let scene = Scene::with(version, options).await;
    let breakout = "room--1@breakout.meet.jitsi";
    let alice = scene.person("alice").await;
    scene.follow(ROOM).await;
    let bob = scene.client("bob").await;
    bob.join(breakout, "bob", "").await;
    scene.follow(breakout).await;
    let bob_shown = format!("{breakout}/bob");
    assert_eq!(scene.shown(&bob_shown).await.len(), 1);
    for ns in [
        "http://jabber.org/protocol/disco#info",
        "http://jabber.org/protocol/muc#owner",
    ] {
        let reply = scene
            .gavel
            .iq("get", breakout, &format!("<query xmlns='{ns}'/>"))
            .await;
        let reply = format!("{:?}", reply.unwrap());
        assert!(reply.contains("muc#roominfo_breakout_main_room"), "{reply}");
    }
    scene
        .gavel
        .affiliate(ROOM, bob.bare(), "owner")
        .await
        .unwrap();
    alice.ping("meet.jitsi").await.unwrap();
    let seen = scene.seen().await;
    let announced = |s: &&El| s.name == "message" && s.attr("from") == Some(ROOM);
    assert_eq!(
        seen.iter().filter(announced).count(),
        2,
        "an invitation and bob's affiliation"
    );
    bob.presence(breakout, "bob", "").await;
    bob.sees_affiliation(breakout, "bob", "owner").await;
    let shown = scene.shown(&bob_shown).await;
    assert_eq!(
        item(shown.last().unwrap()).attr("affiliation"),
        Some("owner")
    );
}
on_both!(module_follows_breakout_rooms);
