//! gavel's rights in a room, and the attacks on it that nobody can make.

use crate::on_both;
use crate::scene::{ROOM, Scene, item};
use crate::support::{Client, Version};

async fn module_makes_gavel_an_unlisted_owner(version: Version) {
    let scene = Scene::new(version).await;
    let alice = scene.person("alice").await;
    let bob = scene.person("bob").await;
    // As gavel itself once stored it, without the module.
    let gavel = "gavel@gavel.meet.jitsi";
    scene
        .eval(&format!(
            "room('{ROOM}')._affiliations['{gavel}'] = 'owner'"
        ))
        .await;
    scene.follow(ROOM).await;
    let owners = vec!["alice@meet.jitsi".to_string()];
    assert_eq!(alice.affiliated(ROOM, "owner").await, Ok(owners.clone()));
    assert_eq!(
        scene.gavel.affiliated(ROOM, "owner").await,
        Ok(owners.clone())
    );
    for affiliation in ["outcast", "none", "member", "admin", "owner"] {
        let set = alice.affiliate(ROOM, gavel, affiliation).await;
        assert_eq!(set, Err("not-allowed".into()), "{affiliation}");
        let code =
            format!("return (room('{ROOM}'):set_affiliation(true, '{gavel}', '{affiliation}'))");
        assert_eq!(scene.eval(&code).await, "nil", "{affiliation}");
    }
    let ban = alice.affiliate(ROOM, "gavel.meet.jitsi", "outcast").await;
    assert_eq!(ban, Err("not-allowed".into()));
    let kick = alice.set_role(ROOM, "gavel", "none").await;
    assert_eq!(kick, Err("item-not-found".into()));
    scene
        .gavel
        .affiliate(ROOM, bob.bare(), "owner")
        .await
        .unwrap();
    bob.sees_affiliation(ROOM, "bob", "owner").await;
    // Others are still the same.
    for (jid, expected) in [
        ("gavel@gavel.meet.jitsi/x", "owner"),
        ("xgavel@gavel.meet.jitsi", "nil"),
    ] {
        let code = format!("return room('{ROOM}'):get_affiliation('{jid}')");
        assert_eq!(scene.eval(&code).await, expected, "{jid}");
    }
    let bans = alice.affiliated(ROOM, "outcast").await;
    assert_eq!(bans, Ok(Vec::new()));
}
on_both!(module_makes_gavel_an_unlisted_owner);

async fn module_lets_gavel_set_roles(version: Version) {
    let scene = Scene::new(version).await;
    let alice = scene.person("alice").await;
    let bob = scene.person("bob").await;
    scene.follow(ROOM).await;
    alice.set_role(ROOM, "bob", "moderator").await.unwrap();
    bob.sees(ROOM, "bob", "moderator", |o| o.role == "moderator")
        .await;
    scene
        .gavel
        .set_role(ROOM, "bob", "participant")
        .await
        .unwrap();
    bob.sees(ROOM, "bob", "participant", |o| o.role == "participant")
        .await;
    let shown = scene.latest("bob").await;
    let item = item(&shown);
    assert_eq!(item.attr("role"), Some("participant"));
    assert_eq!(
        item.named("actor").unwrap().attr("jid"),
        Some(scene.gavel.jid.as_str())
    );
    let forbidden = bob.set_role(ROOM, "alice", "participant").await;
    assert_eq!(forbidden, Err("not-allowed".into()));
}
on_both!(module_lets_gavel_set_roles);

async fn module_lets_gavel_write_to_one_occupant(version: Version) {
    let scene = Scene::new(version).await;
    let alice = scene.person("alice").await;
    let bob = scene.person("bob").await;
    let write = |to: &str| {
        let to = format!("{ROOM}/{to}");
        let from = &scene.gavel.jid;
        let id = scene.gavel.id();
        let body = "<body>Your name is your token's.</body>";
        let message =
            format!("<message id='{id}' from='{from}' to='{to}' type='chat'>{body}</message>");
        (id, message)
    };
    let refusal = async |(id, message): (String, String)| {
        scene.gavel.send(&message).await;
        let error = scene
            .gavel
            .expect("a refusal", |s| s.attr("id") == Some(&id))
            .await;
        error.condition().unwrap().to_string()
    };
    assert_eq!(
        refusal(write("alice")).await,
        "not-acceptable",
        "follows no room"
    );
    scene.follow(ROOM).await;
    assert_eq!(refusal(write("nobody")).await, "item-not-found");
    scene.gavel.send(&write("alice").1).await;
    let told = alice
        .expect("a message", |s| s.named("body").is_some())
        .await;
    assert_eq!(told.attr("from"), Some("room@muc.meet.jitsi/gavel"));
    assert_eq!(told.attr("to"), Some(alice.jid.as_str()));
    bob.ping("meet.jitsi").await.unwrap();
    assert_eq!(bob.count(|s| s.named("body").is_some()), 0);
}
on_both!(module_lets_gavel_write_to_one_occupant);

/// Stand-ins for muc_hide_all, muc_allowners and muc_lobby_rooms: only
/// occupants learn of the room, nobody is lowered, all is done twice.
const JITSI: &str = "
local get_room = room
module:hook('iq-get/bare/http://jabber.org/protocol/disco#info:query', function (event)
    local room = get_room(event.stanza.attr.to);
    if room and not room:get_occupant_by_real_jid(event.stanza.attr.from) then
        event.origin.send(st.error_reply(event.stanza, 'auth', 'forbidden'));
        return true;
    end
end, 1)
module:hook('iq-set/bare/http://jabber.org/protocol/muc#admin:query', function (event)
    if event.stanza.tags[1].tags[1].attr.affiliation ~= 'owner' then
        event.origin.send(st.error_reply(event.stanza, 'auth', 'forbidden'));
        return true;
    end
end, 5)
module:hook('iq-set/bare/http://jabber.org/protocol/muc#admin:query', function (event)
    local room = get_room(event.stanza.attr.to);
    room:handle_admin_query_set_command(event.origin, event.stanza);
    room:handle_admin_query_set_command(event.origin, event.stanza);
    return true;
end, 1)";

async fn module_lets_gavel_through_to_the_room(version: Version) {
    let scene = Scene::new(version).await;
    scene.eval(JITSI).await;
    let alice = scene.person("alice").await;
    let bob = scene.person("bob").await;
    scene.follow(ROOM).await;
    let outsider = scene.client("outsider").await;
    let info = "<query xmlns='http://jabber.org/protocol/disco#info'/>";
    assert_eq!(
        outsider.iq("get", ROOM, info).await,
        Err("forbidden".into())
    );
    let info = scene.gavel.iq("get", ROOM, info).await.unwrap();
    assert!(format!("{info:?}").contains("muc#roominfo"), "{info:?}");
    let form = "<query xmlns='http://jabber.org/protocol/muc#owner'/>";
    let form = scene.gavel.iq("get", ROOM, form).await.unwrap();
    assert!(format!("{form:?}").contains("muc#roomconfig"), "{form:?}");
    scene
        .gavel
        .affiliate(ROOM, bob.bare(), "owner")
        .await
        .unwrap();
    scene
        .gavel
        .affiliate(ROOM, bob.bare(), "member")
        .await
        .unwrap();
    bob.sees_affiliation(ROOM, "bob", "member").await;
    let refused = alice.affiliate(ROOM, bob.bare(), "none").await;
    assert_eq!(refused, Err("forbidden".into()));
    let seen = scene.seen().await;
    let replies = seen
        .iter()
        .filter(|s| s.name == "iq" && s.attr("from") == Some(ROOM))
        .count();
    assert_eq!(replies, 4, "one for each request");
}
on_both!(module_lets_gavel_through_to_the_room);

async fn module_leaves_requests_of_others_alone(version: Version) {
    let scene = Scene::new(version).await;
    let alice = scene.person("alice").await;
    scene.follow(ROOM).await;
    let info = "<query xmlns='http://jabber.org/protocol/disco#info'/>";
    alice.iq("get", ROOM, info).await.unwrap();
    alice
        .affiliate(ROOM, "bob@meet.jitsi", "member")
        .await
        .unwrap();
    let members = alice.affiliated(ROOM, "member").await;
    assert_eq!(members, Ok(vec!["bob@meet.jitsi".to_string()]));
    let form = "<query xmlns='http://jabber.org/protocol/muc#owner'/>";
    alice.iq("get", ROOM, form).await.unwrap();
    alice.ping(&format!("{ROOM}/alice")).await.unwrap();
    let bob = scene.person("bob").await;
    let gossip = "<message type='chat' to='room@muc.meet.jitsi/bob'><body>psst</body></message>";
    alice.send(gossip).await;
    bob.expect("a private message", |s| s.named("body").is_some())
        .await;
    let forbidden = bob.affiliate(ROOM, alice.bare(), "none").await;
    assert_eq!(forbidden, Err("not-allowed".into()));
}
on_both!(module_leaves_requests_of_others_alone);

/// The features of a client's session: name and value of each, sorted.
async fn features(scene: &Scene, client: &Client) -> String {
    let code = format!(
        "local found = {{}}
         for k, v in pairs(session('{}').jitsi_meet_context_features or {{}}) do
             found[#found + 1] = k..'='..tostring(v);
         end
         table.sort(found);
         return session('{0}').jitsi_meet_context_features and table.concat(found, ' ') or 'none'",
        client.jid
    );
    scene.eval(&code).await
}

/// The session that a promotion leaves, in Jitsi's releases of today and of some years ago.
const PROMOTED: &str =
    "jitsi_meet_context_features = { recording = true, ['outbound-call'] = true },
    granted_jitsi_meet_context_features = { recording = true },
    granted_jitsi_meet_context_user_id = 'alice',
    pre_grant_jitsi_meet_context_features = false,
    force_permissions_update = true";

async fn module_takes_back_the_gifts_of_a_promotion(version: Version) {
    let scene = Scene::new(version).await;
    let alice = scene.person("alice").await;
    let guest = scene.person("guest").await;
    let member = scene.person("member").await;
    scene.follow(ROOM).await;
    let token = crate::support::token(serde_json::json!({
        "context": { "user": { "name": "M" }, "features": { "livestreaming": true, "flip": "true" } }
    }));
    let verified = format!("auth_token = '{token}', jitsi_meet_domain = '*'");
    scene.session(&member, &verified).await;
    // A token whose features are null gives none.
    let nulled = scene.person("nulled").await;
    let claims = serde_json::json!({ "context": { "user": { "name": "N" }, "features": null } });
    let verified = format!(
        "auth_token = '{}', jitsi_meet_domain = '*'",
        crate::support::token(claims)
    );
    scene.session(&nulled, &verified).await;
    let promoted = "outbound-call=true recording=true";
    for person in [&guest, &member, &nulled] {
        alice.affiliate(ROOM, person.bare(), "owner").await.unwrap();
        scene.session(person, PROMOTED).await;
        assert_eq!(features(&scene, person).await, promoted);
    }
    scene
        .gavel
        .affiliate(ROOM, guest.bare(), "none")
        .await
        .unwrap();
    assert_eq!(features(&scene, &guest).await, "none");
    assert_eq!(features(&scene, &member).await, promoted, "not lowered yet");
    let lowered = scene.gavel.affiliate(ROOM, nulled.bare(), "none");
    lowered.await.unwrap();
    assert_eq!(features(&scene, &nulled).await, "none");
    let left = format!(
        "local s = session('{}'); return tostring(s.granted_jitsi_meet_context_features)\
         ..tostring(s.granted_jitsi_meet_context_user_id)..tostring(s.pre_grant_jitsi_meet_context_features)\
         ..tostring(s.force_permissions_update)",
        guest.jid
    );
    assert_eq!(scene.eval(&left).await, "nil".repeat(4));
    scene
        .gavel
        .affiliate(ROOM, member.bare(), "member")
        .await
        .unwrap();
    assert_eq!(
        features(&scene, &member).await,
        "flip=true livestreaming=true"
    );
    // A role alone is taken back too; raising and other people's changes take nothing.
    alice.set_role(ROOM, "guest", "moderator").await.unwrap();
    scene.session(&guest, PROMOTED).await;
    scene
        .gavel
        .affiliate(ROOM, guest.bare(), "owner")
        .await
        .unwrap();
    alice.affiliate(ROOM, guest.bare(), "admin").await.unwrap();
    scene
        .gavel
        .set_role(ROOM, "guest", "moderator")
        .await
        .unwrap();
    assert_eq!(features(&scene, &guest).await, promoted);
    scene
        .gavel
        .set_role(ROOM, "guest", "participant")
        .await
        .unwrap();
    assert_eq!(features(&scene, &guest).await, "none");
    // As somebody who has already left for a breakout room.
    scene.session(&guest, PROMOTED).await;
    guest.leave(ROOM, "guest").await;
    scene
        .gavel
        .affiliate(ROOM, guest.bare(), "none")
        .await
        .unwrap();
    assert_eq!(features(&scene, &guest).await, "none");
}
on_both!(module_takes_back_the_gifts_of_a_promotion);

async fn module_lets_gavel_speak_for_the_room(version: Version) {
    let scene = Scene::new(version).await;
    let alice = scene.person("alice").await;
    let bob = scene.person("bob").await;
    let say = |from: &str, id: &str| {
        let body = "<body>No host is here.</body>";
        format!("<message id='{id}' from='{from}' to='{ROOM}' type='groupchat'>{body}</message>")
    };
    let refusal = async |id: &str| {
        let error = scene
            .gavel
            .expect("a refusal", |s| s.attr("id") == Some(id))
            .await;
        error.condition().unwrap().to_string()
    };
    scene.gavel.send(&say(&scene.gavel.jid, "s1")).await;
    assert_eq!(refusal("s1").await, "not-acceptable", "follows no room");
    scene.follow(ROOM).await;
    scene.gavel.send(&say(&scene.gavel.jid, "s2")).await;
    for person in [&alice, &bob] {
        let told = person
            .expect("a message", |s| s.named("body").is_some())
            .await;
        assert_eq!(told.attr("from"), Some(ROOM));
        assert_eq!(told.attr("type"), Some("groupchat"));
        assert_eq!(told.attr("to"), Some(person.jid.as_str()));
    }
    // History keeps it from nobody else.
    let late = scene.client("late").await;
    let muc = crate::support::MUC;
    late.send(&format!(
        "<presence to='{ROOM}/late'><x xmlns='{muc}'/></presence>"
    ))
    .await;
    late.expect("the subject, after all history", |s| {
        s.named("subject").is_some()
    })
    .await;
    assert_eq!(late.count(|s| s.named("body").is_some()), 0);
    // Messages of others come from them.
    alice.send(&say(&alice.jid, "s3")).await;
    let told = bob
        .expect("a message", |s| s.attr("id") == Some("s3"))
        .await;
    assert_eq!(told.attr("from"), Some("room@muc.meet.jitsi/alice"));
}
on_both!(module_lets_gavel_speak_for_the_room);

/// A stand-in for modules that answer owners' requests themselves.
const STERN: &str = "
module:hook('iq-set/bare/http://jabber.org/protocol/muc#owner:query', function (event)
    event.origin.send(st.error_reply(event.stanza, 'auth', 'forbidden'));
    return true;
end, 5)";

/// A stand-in for modules that refuse a join, before and after Prosody looks
/// whether somebody is a member.
const REFUSING: &str = "
for name, priority in pairs { early = 99, late = -6 } do
    module:hook('muc-occupant-pre-join', function (event)
        if not event.stanza:get_child(name, 'urn:x') then return; end
        event.origin.send(st.error_reply(event.stanza, 'cancel', 'not-allowed'));
        return true;
    end, priority);
end";

async fn module_lets_gavel_configure_and_end_a_room(version: Version) {
    let scene = Scene::new(version).await;
    scene.eval(STERN).await;
    let alice = scene.person("alice").await;
    scene.follow(ROOM).await;
    let members_only = [("muc#roomconfig_membersonly", "1")];
    let refused = alice.configure(ROOM, &members_only).await;
    assert_eq!(refused, Err("forbidden".into()));
    let described = format!("room('{ROOM}'):set_description('the lesson')");
    scene.eval(&described).await;
    scene.gavel.configure(ROOM, &members_only).await.unwrap();
    let kept = format!(
        "return tostring(room('{ROOM}'):get_members_only())..room('{ROOM}'):get_description()"
    );
    assert_eq!(scene.eval(&kept).await, "truethe lesson");
    // A person with claims gets in, as a member; nobody else does.
    let guest = scene.client("guest").await;
    let refused = guest.try_join(ROOM, "guest", "").await;
    assert_eq!(refused, Err("registration-required".into()));
    let host = scene.client("host").await;
    let token = crate::support::token(serde_json::json!({ "context": {} }));
    scene
        .session(&host, &format!("auth_token = '{token}'"))
        .await;
    let refused = host.try_join(ROOM, "host", "").await;
    assert_eq!(refused, Err("registration-required".into()), "not verified");
    let verified = format!("auth_token = '{token}', jitsi_meet_domain = '*'");
    scene.session(&host, &verified).await;
    // Another module refuses them, for a token of another room, say: they get nothing.
    scene.eval(REFUSING).await;
    for when in ["early", "late"] {
        let why = format!("<{when} xmlns='urn:x'/>");
        let refused = host.try_join(ROOM, "host", &why).await;
        assert_eq!(refused, Err("not-allowed".into()), "{when}");
        let listed = format!("return tostring(room('{ROOM}')._affiliations['host@meet.jitsi'])");
        assert_eq!(scene.eval(&listed).await, "nil", "{when}");
    }
    host.join(ROOM, "host", "").await;
    host.sees_affiliation(ROOM, "host", "member").await;
    assert_eq!(host.role(ROOM, "host"), "participant");
    host.leave(ROOM, "host").await;
    // If others have locked it, it is theirs.
    scene
        .eval(&format!(
            "room('{ROOM}'):set_affiliation(true, 'host@meet.jitsi', nil);
             module:fire_event('muc-config-submitted/muc#roomconfig_membersonly',
                {{ room = room('{ROOM}'), value = true, status_codes = {{}} }})"
        ))
        .await;
    let refused = host.try_join(ROOM, "host", "").await;
    assert_eq!(refused, Err("registration-required".into()), "others'");
    let destroy = "<query xmlns='http://jabber.org/protocol/muc#owner'><destroy><reason>over</reason></destroy></query>";
    assert_eq!(
        alice.iq("set", ROOM, destroy).await,
        Err("forbidden".into())
    );
    scene.gavel.iq("set", ROOM, destroy).await.unwrap();
    alice.sees_gone(ROOM, "alice").await;
    assert_eq!(
        scene.eval(&format!("return room('{ROOM}') == nil")).await,
        "true"
    );
}
on_both!(module_lets_gavel_configure_and_end_a_room);

/// Prosody throws out a person with a nick that is reserved for somebody else, before it
/// looks whether the one who reserves it may.
async fn module_lets_moderators_alone_reserve_others_nicks(version: Version) {
    let scene = Scene::new(version).await;
    let alice = scene.person("alice").await;
    let bob = scene.person("bob").await;
    let carol = scene.person("carol").await;
    scene.follow(ROOM).await;
    let reserve =
        |nick: &str| format!("<item jid='x@meet.jitsi' affiliation='member' nick='{nick}'/>");
    for victim in ["alice", "carol"] {
        let refused = bob.admin(ROOM, &reserve(victim)).await;
        assert_eq!(refused, Err("not-allowed".into()), "{victim}");
        // Prosody takes the first element of any name.
        let other = reserve(victim).replace("<item", "<other");
        let refused = bob.admin(ROOM, &other).await;
        assert_eq!(refused, Err("not-allowed".into()), "{victim}");
    }
    carol.ping("meet.jitsi").await.unwrap();
    assert_eq!(
        carol.role(ROOM, "carol"),
        "participant",
        "she is there still"
    );
    alice.admin(ROOM, &reserve("carol")).await.unwrap();
    carol.sees_gone(ROOM, "carol").await;
}
on_both!(module_lets_moderators_alone_reserve_others_nicks);
