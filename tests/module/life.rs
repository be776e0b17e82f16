//! The module comes and goes, and so does gavel.

use crate::on_both;
use crate::scene::{ROOM, SERVICE, Scene, all, is_invitation, item, join_of, options};
use crate::support::{Client, DEADLINE, GAVEL, Options, Prosody, Version, nick};
use std::collections::BTreeMap;
use std::time::Instant;

const OWNER: &str = "return room('room@muc.meet.jitsi'):get_affiliation('gavel@gavel.meet.jitsi')";

async fn pin_alice(scene: &Scene, alice: &Client) {
    let pin = format!(
        "<pin xmlns='urn:gavel:names:0' nick='alice' jid='{}'>Alice</pin>",
        alice.jid
    );
    scene.gavel.iq("set", ROOM, &pin).await.unwrap();
}

/// Checks that gavel still follows the room: its events, a pin, its rights.
async fn follows(scene: &Scene, alice: &Client) {
    let own = format!("{ROOM}/gavel");
    assert_eq!(scene.gavel.ping(&own).await, Ok(()));
    alice.presence(ROOM, "alice", &nick("Mallory")).await;
    let guest = scene.client("guest").await;
    guest.join(ROOM, "guest", "").await;
    assert_eq!(
        guest.name(ROOM, "alice").as_deref(),
        Some("Alice"),
        "pinned"
    );
    let guest_shown = scene.shown(&format!("{ROOM}/guest")).await;
    let last = guest_shown.last().expect("gavel sees the guest");
    assert_eq!(all(last, "claims").len(), 1, "exactly one copy of them");
    let before = guest_shown.len();
    scene
        .gavel
        .affiliate(ROOM, guest.bare(), "member")
        .await
        .unwrap();
    let guest_shown = scene.shown(&format!("{ROOM}/guest")).await;
    assert_eq!(guest_shown.len(), before + 1, "one copy of each");
    guest.leave(ROOM, "guest").await;
    scene
        .gavel
        .affiliate(ROOM, guest.bare(), "none")
        .await
        .unwrap();
    assert_eq!(scene.eval(OWNER).await, "owner");
}

async fn module_survives_reloads(version: Version) {
    let scene = Scene::new(version).await;
    let alice = scene.person("alice").await;
    scene.follow(ROOM).await;
    pin_alice(&scene, &alice).await;
    follows(&scene, &alice).await;
    for _ in 0..3 {
        scene.eval("return manage('reload', 'gavel')").await;
        follows(&scene, &alice).await;
    }
    let seen = scene.seen().await;
    assert_eq!(
        seen.iter().filter(|s| is_invitation(s)).count(),
        1,
        "it was there all along"
    );
    assert_eq!(scene.counted().await, "1 1");
}
on_both!(module_survives_reloads);

async fn module_survives_reloads_of_muc(version: Version) {
    let scene = Scene::new(version).await;
    let alice = scene.person("alice").await;
    scene.follow(ROOM).await;
    pin_alice(&scene, &alice).await;
    scene.eval("return manage('reload', 'muc')").await;
    follows(&scene, &alice).await;
    alice.leave(ROOM, "alice").await;
    assert_eq!(
        scene.latest("gavel").await.attr("type"),
        Some("unavailable")
    );
}
on_both!(module_survives_reloads_of_muc);

async fn module_can_be_unloaded_and_loaded(version: Version) {
    let scene = Scene::new(version).await;
    let alice = scene.person("alice").await;
    scene.follow(ROOM).await;
    pin_alice(&scene, &alice).await;
    scene.eval("return manage('unload', 'gavel')").await;
    let gone = scene.latest("gavel").await;
    assert_eq!(
        (gone.attr("type"), gone.status()),
        (Some("unavailable"), vec![110])
    );
    assert_eq!(scene.eval(OWNER).await, "nil");
    alice.presence(ROOM, "alice", &nick("Mallory")).await;
    alice.sees_name(ROOM, "alice", "Mallory").await;
    let refused = scene.gavel.affiliate(ROOM, alice.bare(), "none").await;
    assert!(refused.is_err(), "{refused:?}");
    // An ordinary occupant, as without the module: it goes when the module comes.
    scene
        .gavel
        .send(&join_of(GAVEL, &format!("{ROOM}/gavel")))
        .await;
    alice.sees(ROOM, "gavel", "there", |_| true).await;
    scene.gavel.forget(|_| true);
    scene.eval("return manage('load', 'gavel')").await;
    alice.sees_gone(ROOM, "gavel").await;
    scene.follow(ROOM).await;
    pin_alice(&scene, &alice).await;
    follows(&scene, &alice).await;
}
on_both!(module_can_be_unloaded_and_loaded);

async fn module_clears_away_an_ordinary_gavel(version: Version) {
    let mut scene = Scene::new(version).await;
    let alice = scene.person("alice").await;
    scene.eval("return manage('unload', 'gavel')").await;
    let alone = "alone@muc.meet.jitsi";
    for (room, nick) in [(ROOM, "gavel"), (alone, "gavel_2")] {
        scene.gavel.join(room, nick, "").await;
    }
    alice.sees(ROOM, "gavel", "there", |_| true).await;
    // Prosody keeps the occupants of a component that has gone.
    scene.gavel.send("</stream:stream>").await;
    scene.disconnected().await;
    scene.eval("return manage('load', 'gavel')").await;
    assert_eq!(scene.counted().await, "2 2");
    scene.reconnect().await;
    scene.invited(ROOM).await;
    alice.sees_gone(ROOM, "gavel").await;
    scene.gavel.forget(|_| true);
    scene.gavel.join(ROOM, "gavel", "").await;
    assert_eq!(scene.counted().await, "1 1");
    let ended = scene.eval(&format!("return room('{alone}')")).await;
    assert_eq!(ended, "nil", "nobody was in it");
}
on_both!(module_clears_away_an_ordinary_gavel);

async fn module_leaves_methods_that_others_wrapped(version: Version) {
    let scene = Scene::new(version).await;
    let alice = scene.person("alice").await;
    scene.follow(ROOM).await;
    pin_alice(&scene, &alice).await;
    // Another module wraps the same method after ours, and calls ours.
    let wrap = "local mt = room_mt(); original = mt.get_affiliation; calls = 0
        function mt:get_affiliation(jid)
            calls = calls + 1;
            if jid == 'friend@meet.jitsi' then return 'admin'; end
            return original(self, jid);
        end
        local kick = mt.handle_kickable
        function mt:handle_kickable(...) return kick(self, ...) end";
    scene.eval(wrap).await;
    let bob = scene.person("bob").await;
    let friend = format!("return room('{ROOM}'):get_affiliation('friend@meet.jitsi')");
    scene.eval("return manage('reload', 'gavel')").await;
    follows(&scene, &alice).await;
    assert_eq!(scene.eval(&friend).await, "admin");
    scene.eval("return manage('unload', 'gavel')").await;
    assert_eq!(scene.eval(&friend).await, "admin");
    assert_eq!(scene.eval(OWNER).await, "nil");
    // A method of ours that theirs still calls does nothing.
    bob.send(&format!(
        "<presence to='{ROOM}/bob' type='error'><error type='cancel'/></presence>"
    ))
    .await;
    alice.sees_gone(ROOM, "bob").await;
    let seat = format!(
        "return tostring(session('{}').gavel.seats['{ROOM}'] ~= nil)",
        bob.jid
    );
    assert_eq!(scene.eval(&seat).await, "true");
    scene.eval("return manage('load', 'gavel')").await;
    assert_eq!(scene.eval(OWNER).await, "owner");
    assert_eq!(scene.eval(&friend).await, "admin");
    // Loaded and unloaded with nobody above: the method is the old one.
    let same = "manage('unload', 'gavel'); local before = room_mt().get_affiliation
        manage('load', 'gavel'); local wrapped = room_mt().get_affiliation ~= before
        manage('reload', 'gavel'); manage('unload', 'gavel')
        return tostring(wrapped)..' '..tostring(room_mt().get_affiliation == before)";
    assert_eq!(scene.eval(same).await, "true true");
}
on_both!(module_leaves_methods_that_others_wrapped);

async fn module_does_nothing_while_gavel_is_away(version: Version) {
    let scene = Scene::new(version).await;
    let alice = scene.person("alice").await;
    scene.follow(ROOM).await;
    scene.gavel.send("</stream:stream>").await;
    scene.disconnected().await;
    let bob = scene.person("bob").await;
    alice.affiliate(ROOM, bob.bare(), "owner").await.unwrap();
    bob.sees_affiliation(ROOM, "bob", "owner").await;
    bob.presence(ROOM, "robert", &nick("Robert")).await;
    alice.sees_name(ROOM, "robert", "Robert").await;
    alice
        .affiliate(ROOM, "absent@meet.jitsi", "member")
        .await
        .unwrap();
    alice
        .configure(ROOM, &[("muc#roomconfig_membersonly", "1")])
        .await
        .unwrap();
    alice.set_role(ROOM, "robert", "none").await.unwrap();
    alice.sees_gone(ROOM, "robert").await;
    alice.leave(ROOM, "alice").await;
    assert_eq!(scene.eval(&format!("return room('{ROOM}')")).await, "nil");
    let log = scene.prosody.log();
    assert!(
        !log.contains("Component not connected"),
        "nothing is sent to nobody:\n{log}"
    );
    assert!(!log.contains("modules/gavel/"), "{log}");
}
on_both!(module_does_nothing_while_gavel_is_away);

async fn module_is_silent_about_faults(version: Version) {
    // A fault that every other test would show only by accident.
    let scene = Scene::new(version).await;
    let alice = scene.person("alice").await;
    scene.follow(ROOM).await;
    alice.presence(ROOM, "alice", &nick("A")).await;
    alice.leave(ROOM, "alice").await;
    scene.seen().await;
    let log = scene.prosody.log();
    let faults = [
        "Traceback",
        "attempt to",
        "muc.meet.jitsi:gavel\terror",
        "modules/gavel/",
    ];
    for fault in faults {
        assert!(!log.contains(fault), "{fault}:\n{log}");
    }
}
on_both!(module_is_silent_about_faults);

async fn module_keeps_nobody_out_by_a_fault(version: Version) {
    let scene = Scene::new(version).await;
    let alice = scene.person("alice").await;
    scene.follow(ROOM).await;
    let stream = "prosody.hosts['gavel.meet.jitsi'].modules.component.session.streamid";
    scene.eval(&format!("{stream} = nil")).await;
    let bob = scene.person("bob").await;
    alice.sees(ROOM, "bob", "there", |_| true).await;
    let log = scene.prosody.log();
    assert!(log.contains("muc-broadcast-presence: "), "{log}");
    bob.leave(ROOM, "bob").await;
    scene.eval(&format!("{stream} = 'again'")).await;
    let _carol = scene.person("carol").await;
    assert_eq!(scene.latest("carol").await.attr("type"), None);
}
on_both!(module_keeps_nobody_out_by_a_fault);

async fn module_takes_a_new_connection_for_the_old_one(version: Version) {
    let mut options = options();
    options.component = "component_conflict_resolve = \"kick_old\"".into();
    let mut scene = Scene::with(version, options).await;
    let alice = scene.person("alice").await;
    scene.follow(ROOM).await;
    let new = Client::component(&scene.prosody, GAVEL).await;
    assert_eq!(scene.gavel.ended().await, "conflict");
    scene.gavel = new;
    let own = format!("{ROOM}/gavel");
    assert_eq!(scene.gavel.ping(&own).await, Err("not-acceptable".into()));
    scene.follow(ROOM).await;
    pin_alice(&scene, &alice).await;
    follows(&scene, &alice).await;
}
on_both!(module_takes_a_new_connection_for_the_old_one);

async fn module_waits_for_the_components_host(version: Version) {
    let options = Options {
        component: "enabled = false".into(),
        more: "Component \"other.meet.jitsi\"\n  component_secret = \"other\"".into(),
        ..options()
    };
    let prosody = Prosody::start(version, options);
    let watcher = Client::connect(&prosody, "watcher@auth.meet.jitsi").await;
    let alice = Client::connect(&prosody, "alice@meet.jitsi/alice").await;
    alice.join(ROOM, "alice", "").await;
    let deadline = Instant::now() + DEADLINE;
    while !prosody
        .log()
        .contains("gavel.meet.jitsi is not an external component")
    {
        assert!(Instant::now() < deadline, "no warning");
        watcher.ping("auth.meet.jitsi").await.unwrap();
    }
    let activate = "<eval xmlns='urn:gavel:test'>return require('core.hostmanager').activate('gavel.meet.jitsi')</eval>";
    watcher.iq("set", SERVICE, activate).await.unwrap();
    let gavel = Client::component(&prosody, GAVEL).await;
    let scene = Scene {
        watcher,
        gavel,
        prosody,
    };
    scene.follow(ROOM).await;
    pin_alice(&scene, &alice).await;
    follows(&scene, &alice).await;
}
on_both!(module_waits_for_the_components_host);

async fn module_follows_rooms_that_were_swapped_out(version: Version) {
    let mut options = options();
    options.muc = "muc_room_cache_size = 1\nmuc_room_default_persistent = true".into();
    let mut scene = Scene::with(version, options).await;
    let alice = scene.person("alice").await;
    scene.follow(ROOM).await;
    let other = "other@muc.meet.jitsi";
    let bob = scene.client("bob").await;
    bob.join(other, "bob", "").await;
    scene.follow(other).await;
    // Joining the one has swapped out the other; it is read back for her.
    alice.presence(ROOM, "alice", &nick("A")).await;
    alice.sees_name(ROOM, "alice", "A").await;
    let shown = scene.latest("alice").await;
    assert_eq!(shown.named("nick").unwrap().text, "A");
    assert_eq!(item(&shown).attr("jid"), Some(alice.jid.as_str()));
    // gavel is not invited to a room that is swapped out, but as soon as it is back.
    bob.presence(other, "bob", &nick("B")).await;
    bob.sees_name(other, "bob", "B").await;
    scene.reconnect().await;
    scene.follow(other).await;
    alice.presence(ROOM, "alice", &nick("AA")).await;
    scene.follow(ROOM).await;
    assert_eq!(
        scene.latest("alice").await.named("nick").unwrap().text,
        "AA"
    );
}
on_both!(module_follows_rooms_that_were_swapped_out);

/// The attributes of the only answer to a question about the module.
async fn release(client: &Client, service: &str) -> Result<String, String> {
    let question = "<module xmlns='urn:gavel:module:0'/>";
    let reply = client.iq("get", service, question).await?;
    let module = reply.child("module", "urn:gavel:module:0").unwrap().clone();
    Ok(module.attr("version").unwrap().to_owned())
}

/// How people log in on each VirtualHost, by its name: provider, whether it offers
/// ANONYMOUS, whether empty tokens are taken, and whether anybody may register.
async fn logins(scene: &Scene) -> BTreeMap<String, [String; 4]> {
    let question = "<module xmlns='urn:gavel:module:0'/>";
    let reply = scene.gavel.iq("get", SERVICE, question).await.unwrap();
    let module = reply.child("module", "urn:gavel:module:0").unwrap();
    let hosts = module.named("logins").expect("how people log in");
    let told = hosts.children.iter().map(|host| {
        let of = |name| host.attr(name).unwrap_or("-").to_owned();
        let rest = ["provider", "anonymous", "empty-token", "registration"].map(of);
        (of("name"), rest)
    });
    told.collect()
}

async fn module_says_how_people_log_in(version: Version) {
    let mut options = options();
    options.host = "allow_empty_token = true".into();
    options.more = "VirtualHost \"open.jitsi\"\nauthentication = \"jitsi-anonymous\"\n\
        VirtualHost \"hashed.jitsi\"\nauthentication = \"internal_hashed\"\n\
        VirtualHost \"register.jitsi\"\nauthentication = \"internal_hashed\"\n\
        modules_enabled = { \"register\" }\nallow_registration = true\n\
        VirtualHost \"invited.jitsi\"\nauthentication = \"internal_hashed\"\n\
        modules_enabled = { \"register_ibr\", \"invites_register\" }\n\
        VirtualHost \"none.jitsi\"\nauthentication = \"is-not-there\""
        .into();
    let scene = Scene::with(version, options).await;
    let told = logins(&scene).await;
    let wanted = [
        (
            "auth.meet.jitsi",
            ["internal_plain", "false", "false", "false"],
        ),
        ("guest.meet.jitsi", ["anonymous", "true", "false", "false"]),
        (
            "hashed.jitsi",
            ["internal_hashed", "false", "false", "false"],
        ),
        (
            "invited.jitsi",
            ["internal_hashed", "false", "false", "false"],
        ),
        ("meet.jitsi", ["token", "false", "true", "false"]),
        ("open.jitsi", ["jitsi-anonymous", "true", "false", "false"]),
        (
            "register.jitsi",
            ["internal_hashed", "false", "false", "true"],
        ),
    ];
    for (host, words) in wanted {
        assert_eq!(told.get(host), Some(&words.map(str::to_owned)), "{told:?}");
    }
    // If the configured provider is not there, nobody logs in (Prosody calls that "null").
    // Components are no hosts.
    assert_eq!(told["none.jitsi"][0], "null", "{told:?}");
    assert_eq!(told.len(), 8, "{told:?}");
    // Only the answer says it, with the present configuration.
    scene
        .eval("prosody.hosts['hashed.jitsi'].users = prosody.hosts['guest.meet.jitsi'].users")
        .await;
    assert_eq!(logins(&scene).await["hashed.jitsi"][0], "anonymous");
    let _alice = scene.person("alice").await;
    scene.follow(ROOM).await;
    let shown = scene.latest("gavel").await;
    let shown = shown.child("module", "urn:gavel:module:0").unwrap();
    assert!(shown.named("logins").is_none());
}
on_both!(module_says_how_people_log_in);

async fn module_says_its_release_to_gavel_alone(version: Version) {
    let mut options = options();
    options.more = "Component \"other.meet.jitsi\" \"muc\"".into();
    let scene = Scene::with(version, options).await;
    let own = env!("CARGO_PKG_VERSION");
    for service in [SERVICE, "breakout.meet.jitsi"] {
        assert_eq!(release(&scene.gavel, service).await.as_deref(), Ok(own));
    }
    // As gavel tells that it is not there, and that there is no such service.
    for (service, condition) in [
        ("other.meet.jitsi", "service-unavailable"),
        ("none.meet.jitsi", "not-allowed"),
    ] {
        let refusal = release(&scene.gavel, service).await;
        assert_eq!(refusal, Err(condition.to_owned()), "{service}");
    }
    let alice = scene.person("alice").await;
    assert_eq!(release(&alice, SERVICE).await, Err("forbidden".to_owned()));
    scene.follow(ROOM).await;
    let shown = scene.latest("gavel").await;
    let shown = shown.child("module", "urn:gavel:module:0").unwrap();
    assert_eq!(shown.attr("version"), Some(own));
}
on_both!(module_says_its_release_to_gavel_alone);
