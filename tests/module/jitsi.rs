//! Beside Jitsi's modules, played by small stand-ins: nobody hangs, nobody flickers, and
//! the gifts of a promotion go with it.

use crate::on_both;
use crate::scene::{ROOM, SERVICE, Scene, item, join_of, options};
use crate::support::{Client, El, MUC_USER, Options, Version};
use serde_json::{Value, json};

/// With these modules on the MUC service, too, before gavel's.
fn beside(modules: &[&'static str]) -> Options {
    let mut options = options();
    options.muc_modules.splice(0..0, modules.iter().copied());
    options
}

async fn lease(scene: &Scene, seconds: u32) {
    let lease = format!(
        "<lease xmlns='urn:gavel:guard:0' seconds='{seconds}'><infrastructure jid='focus@auth.meet.jitsi'/></lease>"
    );
    scene.gavel.iq("set", SERVICE, &lease).await.unwrap();
}

/// Says who is entitled in the room; nobody else is.
async fn entitle(scene: &Scene, people: &str) {
    let guard = format!("<guard xmlns='urn:gavel:guard:0' all='true'>{people}</guard>");
    scene.gavel.iq("set", ROOM, &guard).await.unwrap();
}

fn host(jid: &str) -> String {
    format!("<person jid='{jid}' affiliation='owner' promotes='true' host='true'/>")
}

/// The focus is in the room, which gavel follows and guards.
async fn guarded(version: Version, options: Options) -> (Scene, Client) {
    let scene = Scene::with(version, options).await;
    lease(&scene, 9).await;
    let focus = Client::connect(&scene.prosody, "focus@auth.meet.jitsi/focus").await;
    focus.join(ROOM, "focus", "").await;
    scene.follow(ROOM).await;
    entitle(&scene, "").await;
    (scene, focus)
}

/// The refusals of the guard since the lease was last renewed: room, the person to be
/// promoted, and the promoter.
async fn refused_since(scene: &Scene) -> Vec<(String, String, String)> {
    let request = "<lease xmlns='urn:gavel:guard:0' seconds='9'><infrastructure jid='focus@auth.meet.jitsi'/></lease>";
    let answer = scene.gavel.iq("set", SERVICE, request).await.unwrap();
    let lease = answer.named("lease").unwrap();
    let text = |s: &El, name| s.attr(name).unwrap_or_default().to_string();
    let all = lease.children.iter();
    all.map(|s| (text(s, "room"), text(s, "jid"), text(s, "by")))
        .collect()
}

/// gavel hears of each person of a room once, with the answer that it waits for
/// anyway, however often somebody tries.
async fn module_names_the_people_whom_the_guard_has_refused(version: Version) {
    let (scene, focus) = guarded(version, options()).await;
    let _bob = scene.person("bob").await;
    assert_eq!(refused_since(&scene).await, []);
    for _ in 0..3 {
        let refused = focus.affiliate(ROOM, "bob@meet.jitsi", "owner").await;
        assert_eq!(refused, Err("not-allowed".into()));
    }
    let owned = |who: &str, by: &str| (ROOM.to_string(), who.to_string(), by.to_string());
    let focus_bare = "focus@auth.meet.jitsi";
    assert_eq!(
        refused_since(&scene).await,
        [owned("bob@meet.jitsi", focus_bare)]
    );
    let refused = focus.affiliate(ROOM, "bob@meet.jitsi", "owner").await;
    assert_eq!(refused, Err("not-allowed".into()));
    assert_eq!(refused_since(&scene).await, [], "that is known");
    // Attempts of people are no fault of the deployment; server modules have no JID.
    let mallory = scene.person("mallory").await;
    let refused = mallory.affiliate(ROOM, mallory.bare(), "owner").await;
    assert!(refused.is_err());
    let code = format!(
        "for n = 1, 60 do room('{ROOM}'):set_affiliation(true, 'x'..n..'@meet.jitsi', 'owner') end"
    );
    scene.eval(&code).await;
    let told = refused_since(&scene).await;
    assert_eq!(told.len(), 50, "no more than fit well into an answer");
    assert_eq!(told[0], owned("x1@meet.jitsi", ""));
    assert_eq!(refused_since(&scene).await, []);
}
on_both!(module_names_the_people_whom_the_guard_has_refused);

/// Logs in with the session that token authentication makes.
async fn verified(scene: &Scene, name: &str, user: Value) -> Client {
    let client = scene.client(name).await;
    client
        .set_session(&json!({
            "auth_token": "e30.e30.c2ln", "jitsi_meet_domain": "*", "jitsi_meet_context_user": user,
        }))
        .await;
    client
}

/// Affiliation and role by which the room knows somebody at last.
async fn standing(watcher: &Client, nick: &str) -> (String, String) {
    watcher.ping("meet.jitsi").await.unwrap();
    (watcher.affiliation(ROOM, nick), watcher.role(ROOM, nick))
}

fn pair(affiliation: &str, role: &str) -> (String, String) {
    (affiliation.into(), role.into())
}

/// Announcements about a JID as that of somebody absent.
fn announced(received: &[El], jid: &str) -> usize {
    let about = |s: &&El| {
        let item = s.child("x", MUC_USER).and_then(|x| x.named("item"));
        s.name == "message" && item.is_some_and(|item| item.attr("jid") == Some(jid))
    };
    received.iter().filter(about).count()
}

/// Only hosts got in: the promotion that was refused would have shown the others.
async fn nobody_hangs(version: Version, shared: bool) {
    let mut options = beside(&["test_allowners"]);
    options.muc = format!("test_allowners_shared = {shared}");
    let (scene, focus) = guarded(version, options).await;
    entitle(&scene, &host("alice@meet.jitsi")).await;
    let alice = scene.person("alice").await;
    let bob = scene.person("bob").await;
    lease(&scene, 2).await;
    let carol = scene.person("carol").await;
    for client in [&focus, &alice, &bob, &carol] {
        assert_eq!(standing(client, "alice").await, pair("owner", "moderator"));
        for name in ["bob", "carol"] {
            let seen = standing(client, name).await;
            assert_eq!(seen, pair("none", "participant"), "{}: {name}", client.jid);
        }
    }
    for name in ["alice", "bob", "carol"] {
        let shown = scene.latest(name).await;
        assert_eq!(shown.attr("type"), None, "{name}");
    }
    // If gavel turns out to be away they get the affiliation that was meant for them.
    carol.sees_affiliation(ROOM, "carol", "owner").await;
    assert_eq!(standing(&bob, "bob").await, pair("none", "participant"));
}

async fn module_leaves_nobody_hanging_under_the_guard(version: Version) {
    nobody_hangs(version, false).await;
}
on_both!(module_leaves_nobody_hanging_under_the_guard);

async fn module_leaves_nobody_hanging_beside_modules_that_look_at_joins(version: Version) {
    nobody_hangs(version, true).await;
}
on_both!(module_leaves_nobody_hanging_beside_modules_that_look_at_joins);

async fn module_tells_of_entering_once(version: Version) {
    let scene = Scene::with(version, beside(&["test_token_affiliation"])).await;
    let owner = scene.person("owner").await;
    scene.follow(ROOM).await;
    for (name, moderator, expected) in [
        ("teacher", json!(true), pair("owner", "moderator")),
        ("student", json!("false"), pair("member", "participant")),
    ] {
        let client = verified(&scene, name, json!({ "moderator": moderator })).await;
        client.join(ROOM, name, "").await;
        assert_eq!(standing(&client, name).await, expected);
        let shown = scene.shown(&format!("{ROOM}/{name}")).await;
        assert_eq!(shown.len(), 1, "{name}");
        let affiliation = item(&shown[0]).attr("affiliation").map(str::to_owned);
        assert_eq!(affiliation.as_deref(), Some(expected.0.as_str()));
        assert_eq!(announced(&scene.seen().await, client.bare()), 0, "{name}");
    }
    // A person who does not get in after all is absent, and the affiliation they were given
    // is announced.
    owner
        .configure(ROOM, &[("muc#roomconfig_roomsecret", "secret")])
        .await
        .unwrap();
    let late = verified(&scene, "late", json!({ "moderator": true })).await;
    assert!(late.try_join(ROOM, "late", "").await.is_err());
    assert_eq!(announced(&scene.seen().await, late.bare()), 1);
    // And so is a change at any other time.
    owner.affiliate(ROOM, late.bare(), "member").await.unwrap();
    assert_eq!(announced(&scene.seen().await, late.bare()), 2);
}
on_both!(module_tells_of_entering_once);

/// As muc_meeting_id: joins wait for the focus, and are taken up by its own.
const QUEUE: &str = "waiting = {}
    module:hook('muc-occupant-pre-join', function (event)
        local name = event.occupant.nick:match('/(.*)$')
        if name == 'focus' then return end
        if event.room:get_occupant_by_nick(event.room.jid..'/focus') then return end
        table.insert(waiting, event)
        return true
    end, 20)
    module:hook('muc-occupant-joined', function (event)
        if event.nick:match('/(.*)$') ~= 'focus' then return end
        for _, held in ipairs(waiting) do held.room:handle_first_presence(held.origin, held.stanza) end
    end, -5)";

async fn module_tells_of_entering_once_where_joins_wait(version: Version) {
    let scene = Scene::with(version, beside(&["test_token_affiliation"])).await;
    let first = scene.person("first").await;
    scene.follow(ROOM).await;
    scene.eval(QUEUE).await;
    let teacher = verified(&scene, "teacher", json!({ "moderator": true })).await;
    let to = format!("{ROOM}/teacher");
    teacher.send(&join_of(&teacher.jid, &to)).await;
    teacher.ping("meet.jitsi").await.unwrap();
    assert!(first.occupant(ROOM, "teacher").is_none(), "the join waits");
    let focus = Client::connect(&scene.prosody, "focus@auth.meet.jitsi/focus").await;
    focus.join(ROOM, "focus", "").await;
    teacher.sees_affiliation(ROOM, "teacher", "owner").await;
    let shown = scene.shown(&to).await;
    assert_eq!(shown.len(), 1);
    assert_eq!(item(&shown[0]).attr("affiliation"), Some("owner"));
    assert_eq!(announced(&scene.seen().await, teacher.bare()), 0);
}
on_both!(module_tells_of_entering_once_where_joins_wait);

async fn module_reaches_past_wrappers(version: Version) {
    let (scene, _focus) = guarded(version, beside(&["test_wrapper"])).await;
    let alice = scene.person("alice").await;
    let bob = scene.person("bob").await;
    let wrapped = alice.affiliate(ROOM, bob.bare(), "owner").await;
    assert!(wrapped.is_err(), "{wrapped:?}");
    let gavel = &scene.gavel;
    gavel.affiliate(ROOM, alice.bare(), "owner").await.unwrap();
    assert_eq!(standing(&bob, "alice").await, pair("owner", "moderator"));
    // A host promotes as gavel lets them; nobody else does.
    let refused = Err("not-acceptable".to_owned());
    assert_eq!(alice.affiliate(ROOM, bob.bare(), "owner").await, refused);
    entitle(&scene, &host(alice.bare())).await;
    alice.affiliate(ROOM, bob.bare(), "owner").await.unwrap();
    let shown = scene.latest("bob").await;
    let actor = item(&shown).named("actor").unwrap().clone();
    assert_eq!(actor.attr("jid"), Some(alice.jid.as_str()));
    let refusal = bob.affiliate(ROOM, "carol@meet.jitsi", "owner").await;
    assert!(refusal.is_err(), "{refusal:?}");
    // gavel is told which module wraps the room, as it enters and whenever it asks.
    gavel.join(ROOM, "gavel", "").await;
    let shown = scene.latest("gavel").await;
    let question = "<module xmlns='urn:gavel:module:0'/>";
    let reply = gavel.iq("get", SERVICE, question).await.unwrap();
    for stanza in [&shown, &reply] {
        let module = stanza.child("module", "urn:gavel:module:0").unwrap();
        let named = module.named("goes-round").expect("who has wrapped it");
        assert_eq!(named.attr("module"), Some("test_wrapper"));
        let wrappers = module.children.iter().filter(|c| c.name == "goes-round");
        assert_eq!(wrappers.count(), 1);
    }
    for (jid, affiliation, condition) in [
        (bob.jid.as_str(), "owner", "jid-malformed"),
        (bob.bare(), "king", "not-acceptable"),
    ] {
        let error = gavel.affiliate(ROOM, jid, affiliation).await;
        assert_eq!(error, Err(condition.to_owned()));
    }
    for (item, condition) in [
        ("<item/>", "bad-request"),
        ("", "bad-request"),
        ("<item nick='nobody' role='none'/>", "item-not-found"),
    ] {
        assert_eq!(gavel.admin(ROOM, item).await, Err(condition.to_owned()));
    }
}
on_both!(module_reaches_past_wrappers);

async fn module_guards_hosts_against_lowering(version: Version) {
    let (scene, focus) = guarded(version, options()).await;
    let [alice, bob, carol] = [
        scene.person("alice").await,
        scene.person("bob").await,
        scene.person("carol").await,
    ];
    for client in [&alice, &bob, &carol] {
        let given = scene.gavel.affiliate(ROOM, client.bare(), "owner");
        given.await.unwrap();
    }
    let granted = format!(
        "<person jid='{}' affiliation='owner' promotes='true'/>",
        bob.bare()
    );
    let second = format!(
        "<person jid='{}' affiliation='admin' promotes='true' host='true'/>",
        carol.bare()
    );
    entitle(&scene, &(host(alice.bare()) + &granted + &second)).await;
    let refused = Err("not-allowed".to_owned());
    for lower in ["admin", "member", "none", "outcast"] {
        for by in [&bob, &carol, &focus] {
            let outcome = by.affiliate(ROOM, alice.bare(), lower).await;
            assert_eq!(outcome, refused, "{} to {lower}", by.jid);
        }
    }
    for role in ["participant", "visitor", "none"] {
        assert_eq!(bob.set_role(ROOM, "alice", role).await, refused, "{role}");
    }
    assert_eq!(
        alice.count(|s| format!("{s:?}").contains("\"participant\"")
            && s.attr("from") == Some("room@muc.meet.jitsi/alice")),
        1,
        "only as she came"
    );
    // As far as they are named for, they can be lowered; so can who is no host.
    bob.affiliate(ROOM, carol.bare(), "admin").await.unwrap();
    assert_eq!(bob.affiliate(ROOM, carol.bare(), "member").await, refused);
    alice.affiliate(ROOM, bob.bare(), "member").await.unwrap();
    // By themselves, by gavel, and by the server's own modules, hosts can, too.
    alice.affiliate(ROOM, alice.bare(), "admin").await.unwrap();
    let code = format!(
        "return tostring(room('{ROOM}'):set_affiliation(true, '{}', 'member'))",
        alice.bare()
    );
    assert_eq!(scene.eval(&code).await, "true");
    let gavel = &scene.gavel;
    gavel.affiliate(ROOM, alice.bare(), "owner").await.unwrap();
    gavel.affiliate(ROOM, alice.bare(), "member").await.unwrap();
    assert_eq!(
        standing(&focus, "alice").await,
        pair("member", "participant")
    );
}
on_both!(module_guards_hosts_against_lowering);

/// With a component that keeps the list of people who may unmute, which a moderator has
/// switched on.
fn with_lists() -> Options {
    let mut options = beside(&["test_permissions"]);
    options.more = "Component \"av.meet.jitsi\" \"av_moderation_component\"\n  muc_component = \"muc.meet.jitsi\"".into();
    options
}

/// The JSON that a client was told.
fn told(client: &Client) -> Vec<Value> {
    let received = client.received();
    let messages = received.iter().filter_map(|s| s.named("json-message"));
    messages
        .map(|m| serde_json::from_str(&m.text).unwrap())
        .collect()
}

/// The newest `<permissions/>` of a client, sorted.
fn permissions(client: &Client) -> Vec<(String, String)> {
    let received = client.received();
    let newest = received.iter().rev().find_map(|s| s.named("permissions"));
    let field = |p: &El, name: &str| p.attr(name).unwrap_or_default().to_owned();
    let said = newest.map(|p| {
        p.children
            .iter()
            .map(|p| (field(p, "name"), field(p, "val")))
            .collect()
    });
    let mut said: Vec<_> = said.unwrap_or_default();
    said.sort();
    said
}

fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    owned.collect()
}

/// Bob is promoted by alice, with her features, and lowered by somebody.
async fn module_takes_back_the_gifts_of_a_promotion_whoever_lowers(version: Version) {
    let scene = Scene::with(version, with_lists()).await;
    let alice = verified(&scene, "alice", json!({ "moderator": true })).await;
    alice.join(ROOM, "alice", "").await;
    scene
        .session(
            &alice,
            "jitsi_meet_context_features = { recording = true, flip = true }",
        )
        .await;
    scene
        .eval(&format!(
            "room('{ROOM}').av_moderation = {{ audio = {{ '{ROOM}/alice' }}, video = {{}} }}"
        ))
        .await;
    let focus = Client::connect(&scene.prosody, "focus@auth.meet.jitsi/focus").await;
    focus.join(ROOM, "focus", "").await;
    scene.follow(ROOM).await;
    scene
        .gavel
        .affiliate(ROOM, focus.bare(), "owner")
        .await
        .unwrap();
    let bob = scene.person("bob").await;
    let lists = format!(
        "local n = {{}} for k, l in pairs(room('{ROOM}').av_moderation) do for _, who in ipairs(l) do
             table.insert(n, k..' '..who:match('/(.*)$')) end end table.sort(n) return table.concat(n, ', ')"
    );
    let features = format!(
        "local f, n = session('{}').jitsi_meet_context_features, {{}} if not f then return 'none' end
         for k, v in pairs(f) do table.insert(n, k..'='..tostring(v)) end table.sort(n) return table.concat(n, ' ')",
        bob.jid
    );
    let before = scene.eval(&lists).await;
    for by in ["gavel", "alice", "module"] {
        alice.affiliate(ROOM, bob.bare(), "owner").await.unwrap();
        bob.sees_affiliation(ROOM, "bob", "owner").await;
        assert_eq!(scene.eval(&features).await, "flip=true recording=true");
        assert_eq!(
            permissions(&bob),
            owned(&[("flip", "true"), ("recording", "true")])
        );
        let with_bob = scene.eval(&lists).await;
        assert!(
            with_bob.contains("audio bob") && with_bob.contains("video bob"),
            "{with_bob}"
        );
        let (focus_told, alice_told, bob_told) =
            (told(&focus).len(), told(&alice).len(), told(&bob).len());
        match by {
            "gavel" => scene
                .gavel
                .affiliate(ROOM, bob.bare(), "none")
                .await
                .unwrap(),
            "alice" => alice.affiliate(ROOM, bob.bare(), "none").await.unwrap(),
            _ => {
                let code = format!(
                    "room('{ROOM}'):set_affiliation(true, '{}', 'none')",
                    bob.bare()
                );
                scene.eval(&code).await;
            }
        }
        bob.sees_affiliation(ROOM, "bob", "none").await;
        assert_eq!(scene.eval(&features).await, "none", "lowered by {by}");
        // His client hears that nothing of it is allowed any more, not the defaults.
        assert_eq!(
            permissions(&bob),
            owned(&[("flip", "false"), ("recording", "false")])
        );
        assert_eq!(scene.eval(&lists).await, before, "lowered by {by}");
        for client in [&focus, &alice, &bob] {
            client.ping("meet.jitsi").await.unwrap();
        }
        for (client, before) in [(&focus, focus_told), (&alice, alice_told)] {
            let told = told(client).split_off(before);
            assert_eq!(told.len(), 2, "one a list: {told:?}");
            assert!(
                told.iter()
                    .all(|m| m["removed"] == true && !m["whitelists"].is_null())
            );
        }
        let told = told(&bob).split_off(bob_told);
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(
            told.iter()
                .all(|m| m["removed"] == true && m["whitelists"].is_null())
        );
    }
    // The token's gift stays, also if only the role is taken.
    let token = "auth_token = 'e30.eyJjb250ZXh0Ijp7ImZlYXR1cmVzIjp7InJlY29yZGluZyI6dHJ1ZX19fQ.c2ln', jitsi_meet_domain = '*'";
    scene.session(&bob, token).await;
    alice.affiliate(ROOM, bob.bare(), "owner").await.unwrap();
    scene
        .gavel
        .affiliate(ROOM, bob.bare(), "member")
        .await
        .unwrap();
    assert_eq!(scene.eval(&features).await, "recording=true");
    assert_eq!(
        permissions(&bob),
        owned(&[("flip", "false"), ("recording", "true")])
    );
    alice.set_role(ROOM, "bob", "moderator").await.unwrap();
    scene
        .session(&bob, "jitsi_meet_context_features = { flip = true }")
        .await;
    alice.set_role(ROOM, "bob", "participant").await.unwrap();
    assert_eq!(scene.eval(&features).await, "recording=true");
}
on_both!(module_takes_back_the_gifts_of_a_promotion_whoever_lowers);
