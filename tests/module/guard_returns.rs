//! The affiliations that the guard has kept from people before gavel has judged them, and the
//! time at which it gives them back.

use crate::guard::*;
use crate::on_both;
use crate::scene::{ROOM, Scene, options};
use crate::support::{Client, Options, Version};
use std::time::{Duration, Instant};

/// Everybody owner before the join, and after it, as modules of Jitsi do it.
pub fn promoting() -> Options {
    Options {
        muc: "test_promote_everyone = true\ntest_promote_early = true".into(),
        ..options()
    }
}

async fn module_guards_a_room_before_gavel_comes(version: Version) {
    let scene = Scene::with(version, promoting()).await;
    lease(&scene, SECONDS).await;
    let guest = scene.person("guest").await;
    scene.follow(ROOM).await;
    let bob = scene.person("bob").await;
    say(&scene.gavel, ROOM, true, "").await.unwrap();
    let carol = scene.person("carol").await;
    for client in [&guest, &bob, &carol] {
        for nick in ["guest", "bob", "carol"] {
            assert!(!saw_moderating(client, nick), "{nick}");
        }
    }
    assert_eq!(guest.affiliation(ROOM, "guest"), "none");
    // Left by all but the focus, and by gavel.
    let focus = Client::connect(&scene.prosody, "focus@auth.meet.jitsi/focus").await;
    focus.join(ROOM, "focus", "").await;
    for (client, nick) in [(&guest, "guest"), (&bob, "bob"), (&carol, "carol")] {
        client.leave(ROOM, nick).await;
    }
    let leave = format!(
        "<presence type='unavailable' from='{}' to='{ROOM}/gavel'/>",
        scene.gavel.jid
    );
    scene.gavel.send(&leave).await;
    scene.seen().await;
    carol.join(ROOM, "carol", "").await;
    assert!(!saw_moderating(&carol, "carol") && !saw_moderating(&focus, "carol"));
}
on_both!(module_guards_a_room_before_gavel_comes);

async fn module_guard_gives_rooms_back_that_gavel_does_not_come_for(version: Version) {
    let scene = Scene::with(version, promoting()).await;
    let start = Instant::now();
    // gavel is alive, but neither room is its business.
    lease(&scene, SECONDS).await;
    let guest = scene.person("guest").await;
    let bob = scene.person("bob").await;
    let gone = scene.client("gone").await;
    gone.join("gone@muc.meet.jitsi", "gone", "").await;
    gone.leave("gone@muc.meet.jitsi", "gone").await;
    while start.elapsed() < Duration::from_secs(8) {
        lease(&scene, SECONDS).await;
        let pace = Duration::from_millis(500);
        let given = guest.sees_within(ROOM, "guest", pace, |o| o.affiliation != "none");
        assert!(!given.await, "given after {:?}", start.elapsed());
        assert_eq!(bob.role(ROOM, "bob"), "participant");
    }
    let left = Duration::from_secs(10).saturating_sub(start.elapsed());
    let both = async {
        guest.sees_affiliation(ROOM, "guest", "owner").await;
        bob.sees_affiliation(ROOM, "bob", "owner").await;
    };
    tokio::time::timeout(left, both)
        .await
        .expect("within ten seconds");
    assert_eq!(bob.role(ROOM, "bob"), "moderator");
}
on_both!(module_guard_gives_rooms_back_that_gavel_does_not_come_for);

/// gavel hangs: rooms that it has not judged are as without it, rooms that it has judged
/// are not.
async fn module_guard_gives_back_affiliations_that_gavel_has_not_judged(version: Version) {
    let (scene, focus) = shut(version, options()).await;
    let old = scene.person("old").await;
    let judged = scene.person("judged").await;
    assert_eq!(focus.affiliate(ROOM, old.bare(), "owner").await, refused());
    lease(&scene, 3).await;
    assert_eq!(
        focus.affiliate(ROOM, judged.bare(), "owner").await,
        refused()
    );
    scene
        .gavel
        .affiliate(ROOM, judged.bare(), "member")
        .await
        .unwrap();
    let elected = scene.person("elected").await;
    assert_eq!(
        focus.affiliate(ROOM, elected.bare(), "owner").await,
        refused()
    );
    let mallory = scene.person("mallory").await;
    assert!(
        mallory
            .affiliate(ROOM, mallory.bare(), "owner")
            .await
            .is_err()
    );
    focus.sees_affiliation(ROOM, "elected", "owner").await;
    scene.eval("return 1").await;
    for (name, affiliation) in [("old", "none"), ("judged", "member"), ("mallory", "none")] {
        assert_eq!(focus.affiliation(ROOM, name), affiliation, "{name}");
    }
}
on_both!(module_guard_gives_back_affiliations_that_gavel_has_not_judged);

/// People whom gavel leaves alone keep the affiliations that modules gave them before gavel
/// could say so.
async fn module_guard_gives_back_to_people_whom_gavel_leaves_alone(version: Version) {
    let scene = Scene::with(version, promoting()).await;
    lease(&scene, SECONDS).await;
    let focus = Client::connect(&scene.prosody, "focus@auth.meet.jitsi/focus").await;
    focus.join(ROOM, "focus", "").await;
    scene.follow(ROOM).await;
    say(&scene.gavel, ROOM, true, "").await.unwrap();
    let staff = scene.person("staff").await;
    let guest = scene.person("guest").await;
    assert_eq!(staff.affiliation(ROOM, "staff"), "none");
    say(&scene.gavel, ROOM, false, &person(&staff, "owner", ""))
        .await
        .unwrap();
    focus.sees_affiliation(ROOM, "staff", "owner").await;
    assert_eq!(focus.affiliation(ROOM, "guest"), "none");
    assert_eq!(
        staff.affiliate(ROOM, guest.bare(), "owner").await,
        refused()
    );
}
on_both!(module_guard_gives_back_to_people_whom_gavel_leaves_alone);
