//! How long the guard holds: with the lease, with the stream, through reloads of the module.

use crate::guard::*;
use crate::on_both;
use crate::scene::{ROOM, SERVICE, options};
use crate::support::{Client, Occupant, Version, nick};
use std::time::{Duration, Instant};

/// As after a reload of its configuration: gavel's word holds until it says something new.
async fn module_guard_stays_shut_when_gavel_joins_again(version: Version) {
    let (scene, _focus) = shut(version, options()).await;
    let bob = scene.person("bob").await;
    scene.gavel.join(ROOM, "gavel", "").await;
    let given = module_does(&scene, bob.bare(), GIVES_OWNER).await;
    assert_eq!(given, REFUSED);
    say(&scene.gavel, ROOM, true, &person(&bob, "owner", ""))
        .await
        .unwrap();
    assert_eq!(module_does(&scene, bob.bare(), GIVES_OWNER).await, "nil");
}
on_both!(module_guard_stays_shut_when_gavel_joins_again);

/// gavel's nick is known, and anybody may want it: gavel comes back under another,
/// and nothing passes meanwhile.
async fn module_guard_stays_shut_while_somebody_takes_gavels_nick(version: Version) {
    let (scene, focus) = shut(version, options()).await;
    let bob = scene.client("bob").await;
    bob.join(ROOM, "gavel", "").await;
    let gone = scene.latest("gavel").await;
    assert_eq!(gone.attr("type"), Some("unavailable"), "gavel is out");
    let given = module_does(&scene, bob.bare(), GIVES_OWNER).await;
    assert_eq!(given, REFUSED);
    assert_eq!(focus.affiliate(ROOM, bob.bare(), "owner").await, refused());
    scene.gavel.join(ROOM, "gavel_2", "").await;
    say(&scene.gavel, ROOM, true, "").await.unwrap();
    let given = module_does(&scene, bob.bare(), GIVES_OWNER).await;
    assert_eq!(given, REFUSED);
    assert!(!saw_moderating(&focus, "gavel"));
}
on_both!(module_guard_stays_shut_while_somebody_takes_gavels_nick);

async fn module_guard_obeys_gavel_alone(version: Version) {
    let (scene, focus) = shut(version, options()).await;
    let forbidden = Err("forbidden".into());
    assert_eq!(lease_of(&focus, SERVICE, 0, "").await, forbidden);
    assert_eq!(say(&focus, ROOM, false, &host(&focus)).await, forbidden);
    let bob = scene.person("bob").await;
    assert_eq!(focus.affiliate(ROOM, bob.bare(), "owner").await, refused());
    let missing = Err("item-not-found".into());
    assert_eq!(
        say(&scene.gavel, "none@muc.meet.jitsi", true, "").await,
        missing
    );
    // Nor if gavel does not follow.
    bob.join("other@muc.meet.jitsi", "bob", "").await;
    assert_eq!(
        say(&scene.gavel, "other@muc.meet.jitsi", true, "").await,
        missing
    );
}
on_both!(module_guard_obeys_gavel_alone);

/// Tries until it is let through; says how long that took.
async fn until_given(focus: &Client, bob: &Client) -> Duration {
    let start = Instant::now();
    let is_owner = |bob: &Occupant| bob.affiliation == "owner";
    while focus.affiliate(ROOM, bob.bare(), "owner").await.is_err() {
        assert!(start.elapsed() < Duration::from_secs(11), "shut for good");
        // A promotion that was refused may be given before the next try.
        let pace = Duration::from_millis(20);
        if focus.sees_within(ROOM, "bob", pace, is_owner).await {
            break;
        }
    }
    start.elapsed()
}

async fn module_guard_ends_with_the_lease(version: Version) {
    let (scene, focus) = shut(version, options()).await;
    let bob = scene.person("bob").await;
    // However long it is asked for.
    lease(&scene, 3600).await;
    let took = until_given(&focus, &bob).await;
    let seconds = Duration::from_secs(SECONDS.into());
    assert!(took <= seconds + Duration::from_millis(500), "{took:?}");
    assert!(took > seconds - Duration::from_millis(500), "{took:?}");
    // Shorter, ended, renewed.
    focus.affiliate(ROOM, bob.bare(), "none").await.unwrap();
    lease(&scene, 2).await;
    let took = until_given(&focus, &bob).await;
    assert!(took < Duration::from_millis(2_500), "{took:?}");
    focus.affiliate(ROOM, bob.bare(), "none").await.unwrap();
    lease(&scene, SECONDS).await;
    assert_eq!(focus.affiliate(ROOM, bob.bare(), "owner").await, refused());
    lease(&scene, 0).await;
    focus.affiliate(ROOM, bob.bare(), "owner").await.unwrap();
    assert!(scene.prosody.log().contains("gavel has not been heard of"));
}
on_both!(module_guard_ends_with_the_lease);

async fn module_guard_is_of_one_stream(version: Version) {
    let (mut scene, focus) = shut(version, options()).await;
    let bob = scene.person("bob").await;
    assert_eq!(focus.affiliate(ROOM, bob.bare(), "owner").await, refused());
    scene.gavel.send("</stream:stream>").await;
    scene.disconnected().await;
    focus.affiliate(ROOM, bob.bare(), "owner").await.unwrap();
    focus.affiliate(ROOM, bob.bare(), "none").await.unwrap();
    scene.reconnect().await;
    focus.affiliate(ROOM, bob.bare(), "owner").await.unwrap();
    focus.affiliate(ROOM, bob.bare(), "none").await.unwrap();
    // Nor is it shut by the lease alone, if people were there before.
    lease(&scene, SECONDS).await;
    let _carol = scene.person("carol").await;
    focus.affiliate(ROOM, bob.bare(), "owner").await.unwrap();
    focus.affiliate(ROOM, bob.bare(), "none").await.unwrap();
    scene.follow(ROOM).await;
    say(&scene.gavel, ROOM, true, "").await.unwrap();
    assert_eq!(focus.affiliate(ROOM, bob.bare(), "owner").await, refused());
    // And ends if gavel leaves.
    let leave = format!(
        "<presence type='unavailable' from='{}' to='{ROOM}/gavel'/>",
        scene.gavel.jid
    );
    scene.gavel.send(&leave).await;
    scene.seen().await;
    focus.affiliate(ROOM, bob.bare(), "owner").await.unwrap();
}
on_both!(module_guard_is_of_one_stream);

async fn module_guard_survives_reloads(version: Version) {
    let (scene, focus) = shut(version, options()).await;
    let alice = scene.person("alice").await;
    let bob = scene.person("bob").await;
    makes_owner(&scene, &alice).await;
    say(&scene.gavel, ROOM, false, &host(&alice)).await.unwrap();
    lease(&scene, 4).await;
    let from = Instant::now();
    for module in ["gavel", "muc", "gavel"] {
        scene
            .eval(&format!("return manage('reload', '{module}')"))
            .await;
        assert_eq!(focus.affiliate(ROOM, bob.bare(), "owner").await, refused());
        assert_eq!(focus.set_role(ROOM, "alice", "none").await, refused());
        assert_eq!(
            module_does(&scene, bob.bare(), WRITES_ROLE).await,
            "participant"
        );
    }
    alice.affiliate(ROOM, bob.bare(), "owner").await.unwrap();
    alice.affiliate(ROOM, bob.bare(), "none").await.unwrap();
    // It still ends, and without the module there is none.
    until_given(&focus, &bob).await;
    assert!(
        from.elapsed() < Duration::from_secs(5),
        "{:?}",
        from.elapsed()
    );
    focus.affiliate(ROOM, bob.bare(), "none").await.unwrap();
    lease(&scene, SECONDS).await;
    assert_eq!(focus.affiliate(ROOM, bob.bare(), "owner").await, refused());
    let same = "local names = { 'set_role', 'save_occupant', 'get_affiliation' }; local with = {}
        for _, n in ipairs(names) do with[n] = room_mt()[n] end; manage('unload', 'gavel')
        for _, n in ipairs(names) do if room_mt()[n] == with[n] then return n end end return 'none'";
    assert_eq!(scene.eval(same).await, "none");
    focus.affiliate(ROOM, bob.bare(), "owner").await.unwrap();
}
on_both!(module_guard_survives_reloads);

/// Makes the next reload hand over the tables that 0.1, which was one file, would have saved.
const SAVES_AS_0_1: &str = "local module = prosody.hosts[module.host].modules.gavel.module
    local save = module.save
    function module.save()
        local saved = save()
        for _, kept in pairs(saved.rooms) do
            for name, value in pairs(kept.guard or {}) do kept[name] = value end
            kept.guard = nil
            if kept.shadow then kept.seen, kept.shadow.seen = kept.shadow.seen, nil end
            for _, name in ipairs { 'seen', 'tokens', 'pins', 'given', 'named', 'held' } do
                kept[name] = kept[name] or {}
            end
        end
        return saved
    end";

async fn module_takes_over_from_its_first_version(version: Version) {
    let (scene, focus) = shut(version, options()).await;
    let alice = scene.person("alice").await;
    let bob = scene.person("bob").await;
    let pin = format!(
        "<pin xmlns='urn:gavel:names:0' nick='bob' jid='{}'>Bob</pin>",
        bob.jid
    );
    scene.gavel.iq("set", ROOM, &pin).await.unwrap();
    let affiliate = scene.gavel.affiliate(ROOM, alice.bare(), "owner");
    affiliate.await.unwrap();
    say(&scene.gavel, ROOM, false, &host(&alice)).await.unwrap();
    let new = "new@muc.meet.jitsi";
    bob.join(new, "bob", "").await;
    let reload = format!("{SAVES_AS_0_1}; return manage('reload', 'gavel')");
    scene.eval(&reload).await;
    // The guard is shut in rooms that gavel has judged, and in those it has yet to.
    assert_eq!(focus.affiliate(ROOM, bob.bare(), "owner").await, refused());
    assert_eq!(focus.set_role(ROOM, "alice", "none").await, refused());
    let owner = format!(
        "return tostring((select(3, room('{new}'):set_affiliation(true, 'eve@meet.jitsi', 'owner'))))"
    );
    assert_eq!(scene.eval(&owner).await, REFUSED);
    // gavel still follows, and its pins stay.
    let own = format!("{ROOM}/gavel");
    assert_eq!(scene.gavel.ping(&own).await, Ok(()));
    bob.presence(ROOM, "bob", &nick("Mallory")).await;
    let carol = scene.person("carol").await;
    assert_eq!(carol.name(ROOM, "bob").as_deref(), Some("Bob"));
    assert_eq!(scene.latest("carol").await.attr("type"), None);
    assert!(!scene.prosody.log().contains("modules/gavel/"), "no faults");
}
on_both!(module_takes_over_from_its_first_version);
