//! B18: hosts get into their meeting although its lobby or a password is on.

use crate::arrival::{connects, ordinary, pair, question, says, scene, session, standing, with};
use crate::on_both;
use crate::permissions::{answers, defaults};
use crate::scene::{ROOM, Scene};
use crate::support::{Client, MUC, Version, nick};
use std::time::{Duration, Instant};

pub const MEMBERS_ONLY: (&str, &str) = ("muc#roomconfig_membersonly", "1");
const PASSWORD: (&str, &str) = ("muc#roomconfig_roomsecret", "sesame");

/// A room with these settings and somebody in it, and gavel follows.
pub async fn closed(version: Version, settings: &[(&str, &str)]) -> (Scene, Client) {
    let scene = with(version, |options| options.muc_modules.push("test_lobby")).await;
    let inside = scene.person("inside").await;
    scene.follow(ROOM).await;
    inside
        .affiliate(ROOM, inside.bare(), "owner")
        .await
        .unwrap();
    inside.configure(ROOM, settings).await.unwrap();
    (scene, inside)
}

/// Connects without naming a room.
pub async fn unnamed(scene: &Scene, user: &str) -> Client {
    let mut fields = session("room", "");
    fields
        .as_object_mut()
        .unwrap()
        .remove("jitsi_web_query_room");
    connects(scene, user, &fields).await
}

/// Sends a join, of which gavel is asked as it arrives; says so.
pub async fn knocks(scene: &Scene, client: &Client, name: &str, said: &str) -> Result<(), String> {
    let answer = async {
        let asked = question(scene).await;
        says(scene, &asked, said, "").await;
    };
    let children = nick(name);
    let (entered, ()) = tokio::join!(client.try_join(ROOM, name, &children), answer);
    entered
}

/// The affiliation that the room keeps of a bare JID.
async fn kept(scene: &Scene, bare: &str) -> String {
    let code = format!("return tostring(room('{ROOM}'):get_affiliation('{bare}'))");
    scene.eval(&code).await
}

async fn module_lets_hosts_into_a_closed_room(version: Version) {
    for settings in [&[MEMBERS_ONLY][..], &[PASSWORD], &[MEMBERS_ONLY, PASSWORD]] {
        let (scene, inside) = closed(version, settings).await;
        let alice = connects(&scene, "alice", &session("room", "")).await;
        let asked = question(&scene).await;
        says(&scene, &asked, "owner", "").await;
        alice.join(ROOM, "alice", &nick("Alice")).await;
        assert_eq!(standing(&inside, "alice").await, pair("owner", "moderator"));
        let from = format!("{ROOM}/alice");
        let shown = inside.count(|s| s.name == "presence" && s.attr("from") == Some(&from));
        assert_eq!(shown, 1, "she was seen to change: {settings:?}");
        // Those who are no hosts wait, with claims and without.
        let refusal = match settings[0] == PASSWORD {
            true => "not-authorized",
            false => "registration-required",
        };
        for (name, said) in [("bob", "member"), ("carol", "admin"), ("dave", "")] {
            let other = connects(&scene, name, &session("room", "")).await;
            let asked = question(&scene).await;
            says(&scene, &asked, said, "").await;
            let refused = other.try_join(ROOM, name, &nick(name)).await;
            assert_eq!(refused, Err(refusal.into()), "{name}: {settings:?}");
            assert_eq!(kept(&scene, other.bare()).await, "nil", "{name}");
        }
        let guest = scene.client("guest").await;
        let refused = guest.try_join(ROOM, "guest", &nick("Guest")).await;
        assert_eq!(refused, Err(refusal.into()), "{settings:?}");
        let told = inside.received();
        assert!(
            !format!("{told:?}").contains("sesame"),
            "the password is out"
        );
    }
}
on_both!(module_lets_hosts_into_a_closed_room);

/// A reload is a new JID; a client may name no room; a session may enter again.
async fn module_asks_at_the_door_where_it_has_not_before(version: Version) {
    let (scene, inside) = closed(version, &[MEMBERS_ONLY, PASSWORD]).await;
    let alice = unnamed(&scene, "alice").await;
    assert_eq!(knocks(&scene, &alice, "alice", "owner").await, Ok(()));
    assert_eq!(standing(&inside, "alice").await, pair("owner", "moderator"));
    alice.leave(ROOM, "alice").await;
    scene
        .gavel
        .affiliate(ROOM, alice.bare(), "none")
        .await
        .unwrap();
    assert_eq!(knocks(&scene, &alice, "alice", "owner").await, Ok(()));
    assert_eq!(standing(&inside, "alice").await, pair("owner", "moderator"));
    let bob = unnamed(&scene, "bob").await;
    let refused = knocks(&scene, &bob, "bob", "member").await;
    assert_eq!(refused, Err("registration-required".into()));
    // Asked once; then gavel's answer holds for a while.
    let refused = bob.try_join(ROOM, "bob", &nick("Bob")).await;
    assert_eq!(refused, Err("registration-required".into()));
    assert_eq!(kept(&scene, bob.bare()).await, "nil");
}
on_both!(module_asks_at_the_door_where_it_has_not_before);

/// If gavel does not answer, or is not there, nobody hangs, and all is as without it.
async fn module_waits_for_no_answer_that_does_not_come(version: Version) {
    let (scene, _inside) = closed(version, &[MEMBERS_ONLY]).await;
    let alice = unnamed(&scene, "alice").await;
    let began = Instant::now();
    let refused = alice.try_join(ROOM, "alice", &nick("Alice")).await;
    assert_eq!(refused, Err("registration-required".into()));
    assert!(began.elapsed() >= Duration::from_millis(900), "it waited");
    let bob = unnamed(&scene, "bob").await;
    let gone = async {
        question(&scene).await;
        scene.gavel.send("</stream:stream>").await;
    };
    let children = nick("Bob");
    let (refused, ()) = tokio::join!(bob.try_join(ROOM, "bob", &children), gone);
    assert_eq!(refused, Err("registration-required".into()));
    scene.disconnected().await;
    let carol = unnamed(&scene, "carol").await;
    let refused = carol.try_join(ROOM, "carol", &nick("Carol")).await;
    assert_eq!(refused, Err("registration-required".into()));
}
on_both!(module_waits_for_no_answer_that_does_not_come);

/// Stanzas keep their order, and a person who has gone by then does not enter.
async fn module_keeps_the_order_of_stanzas_at_the_door(version: Version) {
    let (scene, inside) = closed(version, &[MEMBERS_ONLY]).await;
    inside
        .affiliate(ROOM, "alice@meet.jitsi", "member")
        .await
        .unwrap();
    inside.configure(ROOM, &[PASSWORD]).await.unwrap();
    let alice = unnamed(&scene, "alice").await;
    let to = format!("{ROOM}/alice");
    let password = format!(
        "<x xmlns='{MUC}'><password>sesame</password></x>{}",
        nick("Alice")
    );
    alice
        .send(&format!("<presence to='{to}'>{password}</presence>"))
        .await;
    alice
        .send(&format!("<presence to='{to}' type='unavailable'/>"))
        .await;
    alice.ping("meet.jitsi").await.unwrap();
    let asked = question(&scene).await;
    says(&scene, &asked, "owner", "").await;
    scene.seen().await;
    let here = format!("return tostring(room('{ROOM}'):get_occupant_by_nick('{to}'))");
    assert_eq!(scene.eval(&here).await, "nil", "she had left");
    let bob = unnamed(&scene, "bob").await;
    bob.send(&format!(
        "<presence to='{ROOM}/bob'><x xmlns='{MUC}'/>{}</presence>",
        nick("Bob")
    ))
    .await;
    let asked = question(&scene).await;
    drop(bob);
    let gone = "return session('bob@meet.jitsi/bob') and 1 or 0";
    while scene.eval(gone).await != "0" {}
    says(&scene, &asked, "owner", "").await;
    assert_eq!(kept(&scene, "bob@meet.jitsi").await, "nil");
}
on_both!(module_keeps_the_order_of_stanzas_at_the_door);

/// Another check is made as ever, and leaves nothing behind if it refuses.
async fn module_gives_nothing_to_hosts_who_are_refused(version: Version) {
    let (scene, inside) = closed(version, &[MEMBERS_ONLY]).await;
    let alice = connects(&scene, "alice", &session("room", "")).await;
    let asked = question(&scene).await;
    says(&scene, &asked, "owner", "").await;
    let refused = alice.try_join(ROOM, "alice", "").await;
    assert_eq!(refused, Err("not-acceptable".into()), "she shows no name");
    assert_eq!(kept(&scene, alice.bare()).await, "nil");
    let told = inside.count(|s| format!("{s:?}").contains("alice@meet.jitsi"));
    assert_eq!(told, 0, "somebody heard of it");
    // gavel's answer still holds.
    alice.join(ROOM, "alice", &nick("Alice")).await;
    assert_eq!(standing(&inside, "alice").await, pair("owner", "moderator"));
    let bob = connects(&scene, "bob", &session("room", "")).await;
    inside.affiliate(ROOM, bob.bare(), "outcast").await.unwrap();
    let asked = question(&scene).await;
    says(&scene, &asked, "owner", "").await;
    assert!(bob.try_join(ROOM, "bob", &nick("Bob")).await.is_err());
    assert_eq!(kept(&scene, bob.bare()).await, "outcast");
}
on_both!(module_gives_nothing_to_hosts_who_are_refused);

/// An open room asks nobody to wait.
async fn module_holds_up_nobody_at_an_open_room(version: Version) {
    let scene = scene(version).await;
    let inside = scene.person("inside").await;
    scene.follow(ROOM).await;
    let alice = unnamed(&scene, "alice").await;
    alice.join(ROOM, "alice", &nick("Alice")).await;
    assert_eq!(standing(&inside, "alice").await, ordinary());
    let asked = scene.seen().await;
    assert!(!asked.iter().any(|s| s.named("arrival").is_some()));
}
on_both!(module_holds_up_nobody_at_an_open_room);

/// People get in by the list, with the affiliation they are to have.
async fn module_lets_people_in_if_their_list_says_so(version: Version) {
    let (scene, inside) = closed(version, &[MEMBERS_ONLY, PASSWORD]).await;
    let refused = || Err("registration-required".to_owned());
    let enters = async |name: &str, affiliation: &str, list: &[(&str, &str)]| {
        let client = connects(&scene, name, &session("room", "")).await;
        let asked = question(&scene).await;
        answers(&scene, &asked, affiliation, list).await;
        let entered = client.try_join(ROOM, name, &nick(name)).await;
        let bare = client.bare().to_owned();
        (entered, kept(&scene, &bare).await)
    };
    let (everyone, moderators) = ("everyone", "moderators");
    for (name, affiliation, whom, expected) in [
        ("owner0", "owner", "nobody", None),
        ("owner1", "owner", "owners", Some("owner")),
        ("owner2", "owner", moderators, Some("owner")),
        ("admin0", "admin", "owners", None),
        ("admin1", "admin", moderators, Some("admin")),
        ("member0", "member", moderators, None),
        ("member1", "member", everyone, Some("member")),
        ("none", "none", everyone, Some("member")),
        ("outcast", "outcast", "nobody", None),
    ] {
        let (entered, affiliation) = enters(name, affiliation, &[("lobby-bypass", whom)]).await;
        let entry = match expected {
            Some(_) => Ok(()),
            None => refused(),
        };
        assert_eq!(entered, entry, "{name}");
        assert_eq!(affiliation, expected.unwrap_or("nil"), "{name}");
        let from = format!("{ROOM}/{name}");
        let shown = inside.count(|s| s.name == "presence" && s.attr("from") == Some(&from));
        assert_eq!(shown, usize::from(expected.is_some()), "{name} flickers");
    }
    // Guests by the list for all; a list of one's own goes before it.
    let guest = scene.client("guest0").await;
    let entered = guest.try_join(ROOM, "guest0", &nick("Guest")).await;
    assert_eq!(entered, refused());
    defaults(&scene, &[("lobby-bypass", everyone)]).await;
    let entered = guest.try_join(ROOM, "guest0", "").await;
    assert_eq!(entered, Err("not-acceptable".to_owned()), "no name");
    assert_eq!(kept(&scene, guest.bare()).await, "nil");
    guest.join(ROOM, "guest0", &nick("Guest")).await;
    assert_eq!(
        standing(&inside, "guest0").await,
        pair("member", "participant")
    );
    let (entered, _) = enters("own", "owner", &[("lobby-bypass", "nobody")]).await;
    assert_eq!(entered, refused());
    let banned = scene.client("banned").await;
    inside
        .affiliate(ROOM, banned.bare(), "outcast")
        .await
        .unwrap();
    assert!(banned.try_join(ROOM, "banned", &nick("B")).await.is_err());
    assert_eq!(kept(&scene, banned.bare()).await, "outcast");
    defaults(&scene, &[]).await;
    let late = scene.client("late").await;
    assert_eq!(late.try_join(ROOM, "late", &nick("L")).await, refused());
    let told = inside.received();
    assert!(
        !format!("{told:?}").contains("sesame"),
        "the password is out"
    );
}
on_both!(module_lets_people_in_if_their_list_says_so);
