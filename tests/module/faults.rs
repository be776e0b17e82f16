//! A fault of the module's own keeps nobody out of a room, and breaks none.

use crate::on_both;
use crate::scene::{SERVICE, Scene, join_of, options};
use crate::support::{Client, GAVEL, Version, nick};
use serde_json::json;

/// Has the work numbered `bad` of all the module's work throw an error; with none, notes
/// the work.
const TRAP: &str = "order, number, bad, thrown = {}, {}, nil, 0
    rawset(prosody.hosts[module.host].modules.gavel, 'pcall', function (work, ...)
        if not number[work] then table.insert(order, work); number[work] = #order end
        if number[work] == bad then thrown = thrown + 1; return false, 'thrown by the test' end
        return pcall(work, ...)
    end)";

/// The people in a meeting's life.
struct People {
    alice: Client,
    bob: Client,
    carol: Client,
}

/// All that people do in a room, from its first to its last moment; gavel takes
/// part as far as it is let.
async fn meeting(scene: &Scene, people: &People, number: usize) {
    let name = format!("room{number}");
    let room = format!("{name}@{SERVICE}");
    let room = room.as_str();
    let People { alice, bob, carol } = people;
    // gavel's own requests may fail.
    let lease = "<lease xmlns='urn:gavel:guard:0' seconds='9'><infrastructure jid='alice@meet.jitsi'/></lease>";
    let _ = scene.gavel.iq("set", SERVICE, lease).await;
    alice.join(room, "alice", "").await;
    scene
        .gavel
        .send(&join_of(GAVEL, &format!("{room}/gavel")))
        .await;
    let guard = "<guard xmlns='urn:gavel:guard:0' all='true'><person jid='alice@meet.jitsi' affiliation='owner' host='true'/></guard>";
    let _ = scene.gavel.iq("set", room, guard).await;
    let ahead = json!({
        "auth_token": "e30.eyJhIjoxfQ.c2ln", "jitsi_meet_domain": "*",
        "jitsi_web_query_room": name, "jitsi_web_query_prefix": "",
    });
    let dave = format!("dave@meet.jitsi/dave{number}");
    let dave = Client::connect_with(&scene.prosody, &dave, Some(&ahead.to_string())).await;
    for (client, as_nick) in [(bob, "bob"), (carol, "carol"), (&dave, "dave")] {
        let children = nick(as_nick) + "<jwt>token</jwt>";
        client.join(room, as_nick, &children).await;
        alice.sees(room, as_nick, "there", |_| true).await;
    }
    let pin = format!(
        "<pin xmlns='urn:gavel:names:0' nick='bob' jid='{}'>B</pin>",
        bob.jid
    );
    let _ = scene.gavel.iq("set", room, &pin).await;
    bob.presence(room, "bob", &nick("Robert")).await;
    let _ = scene.gavel.affiliate(room, carol.bare(), "owner").await;
    let _ = scene.gavel.affiliate(room, carol.bare(), "none").await;
    alice.affiliate(room, bob.bare(), "member").await.unwrap();
    bob.sees_affiliation(room, "bob", "member").await;
    alice
        .affiliate(room, "absent@meet.jitsi", "member")
        .await
        .unwrap();
    let fields = [("muc#roomconfig_roomname", "Room")];
    alice.configure(room, &fields).await.unwrap();
    alice.set_role(room, "carol", "none").await.unwrap();
    bob.sees_gone(room, "carol").await;
    dave.leave(room, "dave").await;
    bob.leave(room, "bob").await;
    alice.leave(room, "alice").await;
    let left = scene.eval(&format!("return room('{room}')")).await;
    assert_eq!(left, "nil", "the room has ended");
}

async fn module_disturbs_nobody_with_any_failure_of_its_own(version: Version) {
    let scene = Scene::with(version, options()).await;
    let people = People {
        alice: scene.client("alice").await,
        bob: scene.client("bob").await,
        carol: scene.client("carol").await,
    };
    scene.eval(TRAP).await;
    meeting(&scene, &people, 0).await;
    let tried: usize = scene.eval("return #order").await.parse().unwrap();
    assert!(tried >= 30, "only {tried} of its works were seen");
    let mut quiet = Vec::new();
    for bad in 1..=tried {
        scene.eval(&format!("bad, thrown = {bad}, 0")).await;
        meeting(&scene, &people, bad).await;
        if scene.eval("return thrown").await == "0" {
            quiet.push(bad);
        }
    }
    // Timers have not run in each of the meetings.
    assert!(
        quiet.len() <= 3,
        "{quiet:?} of {tried} were not tried again"
    );
    let log = scene.prosody.log();
    assert!(log.contains(": thrown by the test"), "{log}");
    assert!(!log.contains("Traceback"), "{log}");
    // And it is whole again.
    scene.eval("bad = nil").await;
    let room = format!("last@{SERVICE}");
    people.alice.join(&room, "alice", "").await;
    scene.follow(&room).await;
    let shown = scene.shown(&format!("{room}/alice")).await;
    assert_eq!(shown.len(), 1);
}
on_both!(module_disturbs_nobody_with_any_failure_of_its_own);

/// All calls that are tried go through one file.
#[test]
fn module_hangs_on_others_in_one_file_only() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/prosody/gavel");
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        for call in [":hook(", ":hook_global(", ":wrap_event(", ":add_timer("] {
            let own = path.ends_with("hooks.lib.lua");
            assert!(own || !text.contains(call), "{}: {call}", path.display());
        }
    }
}
