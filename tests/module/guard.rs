//! The guard: who may make moderators, and whom, while gavel holds a lease.

use crate::on_both;
use crate::scene::{ROOM, SERVICE, Scene, options};
use crate::support::{Client, El, MUC_USER, Options, Version, nick};
use std::time::{Duration, Instant};

const REFUSED: &str = "not-allowed";
const SECONDS: u32 = 9;

fn refused() -> Result<(), String> {
    Err(REFUSED.into())
}

async fn lease_of(gavel: &Client, service: &str, seconds: u32, terms: &str) -> Result<(), String> {
    let lease = format!(
        "<lease xmlns='urn:gavel:guard:0' seconds='{seconds}' {terms}>\
         <infrastructure jid='focus@auth.meet.jitsi'/><infrastructure jid='machines.example'/></lease>"
    );
    gavel.iq("set", service, &lease).await.map(|_| ())
}

async fn lease(scene: &Scene, seconds: u32) {
    lease_of(&scene.gavel, SERVICE, seconds, "").await.unwrap();
}

fn person(who: &Client, affiliation: &str, more: &str) -> String {
    format!(
        "<person jid='{}' affiliation='{affiliation}' {more}/>",
        who.bare()
    )
}

fn host(who: &Client) -> String {
    person(who, "owner", "promotes='true' host='true'")
}

async fn say(gavel: &Client, room: &str, all: bool, people: &str) -> Result<(), String> {
    let all = if all { "all='true'" } else { "" };
    let guard = format!("<guard xmlns='urn:gavel:guard:0' {all}>{people}</guard>");
    gavel.iq("set", room, &guard).await.map(|_| ())
}

/// The focus makes the room; gavel follows it under a lease, and nobody is
/// entitled.
async fn shut(version: Version, options: Options) -> (Scene, Client) {
    let scene = Scene::with(version, options).await;
    lease(&scene, SECONDS).await;
    let focus = Client::connect(&scene.prosody, "focus@auth.meet.jitsi/focus").await;
    focus.join(ROOM, "focus", "").await;
    scene.follow(ROOM).await;
    say(&scene.gavel, ROOM, true, "").await.unwrap();
    (scene, focus)
}

/// Whether a client was ever shown an occupant as moderator, or with the
/// affiliation of one.
fn saw_moderating(client: &Client, nick: &str) -> bool {
    let from = format!("{ROOM}/{nick}");
    client.received().iter().any(|s| {
        let item = |item: &El| {
            item.attr("role") == Some("moderator")
                || matches!(item.attr("affiliation"), Some("owner" | "admin"))
        };
        let x = s.child("x", MUC_USER);
        s.attr("from") == Some(&from) && x.is_some_and(|x| x.children.iter().any(item))
    })
}

/// What server modules do, in Lua with `r` the room and `b` the bare JID.
async fn module_does(scene: &Scene, bare: &str, code: &str) -> String {
    let code = format!("local r, b = room('{ROOM}'), '{bare}'; {code}");
    scene.eval(&code).await
}

const GIVES_OWNER: &str = "return tostring((select(3, r:set_affiliation(true, b, 'owner'))))";

/// As after a reload of its configuration: what it has said holds until it says
/// anew.
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

async fn module_guards_what_machines_give(version: Version) {
    let (scene, focus) = shut(version, options()).await;
    let bob = scene.person("bob").await;
    for affiliation in ["owner", "admin"] {
        assert_eq!(
            focus.affiliate(ROOM, bob.bare(), affiliation).await,
            refused()
        );
        assert_eq!(module_does(&scene, bob.bare(), GIVES_OWNER).await, REFUSED);
    }
    assert_eq!(focus.set_role(ROOM, "bob", "moderator").await, refused());
    let role = "return tostring((select(3, r:set_role(true, r.jid..'/bob', 'moderator'))))";
    assert_eq!(module_does(&scene, bob.bare(), role).await, REFUSED);
    // Written past all methods but the one that keeps it.
    let written = "local o = r:get_occupant_by_nick(r.jid..'/bob'); o.role = 'moderator'
        r:save_occupant(o); return r:get_role(r.jid..'/bob')";
    assert_eq!(
        module_does(&scene, bob.bare(), written).await,
        "participant"
    );
    // Absent, too; what is no power passes, and so does all to infrastructure.
    let absent = "absent@meet.jitsi";
    assert_eq!(focus.affiliate(ROOM, absent, "owner").await, refused());
    focus.affiliate(ROOM, bob.bare(), "member").await.unwrap();
    focus.affiliate(ROOM, absent, "outcast").await.unwrap();
    focus.set_role(ROOM, "bob", "visitor").await.unwrap();
    focus
        .affiliate(ROOM, "jibri@machines.example", "owner")
        .await
        .unwrap();
    let again = module_does(&scene, focus.bare(), GIVES_OWNER).await;
    assert_eq!(again, "nil", "no error");
    assert!(!saw_moderating(&focus, "bob") && !saw_moderating(&bob, "bob"));
    let log = scene.prosody.log();
    assert!(
        log.contains("The guard keeps focus@auth.meet.jitsi/focus in room@muc.meet.jitsi from")
    );
}
on_both!(module_guards_what_machines_give);

async fn module_guards_by_what_gavel_says(version: Version) {
    let (scene, focus) = shut(version, options()).await;
    let alice = scene.person("alice").await;
    let bob = scene.person("bob").await;
    // gavel's own requests pass, named or not; who is owner by them may promote
    // only if named so.
    scene
        .gavel
        .affiliate(ROOM, alice.bare(), "owner")
        .await
        .unwrap();
    assert_eq!(alice.affiliate(ROOM, bob.bare(), "owner").await, refused());
    assert_eq!(alice.set_role(ROOM, "bob", "moderator").await, refused());
    say(&scene.gavel, ROOM, false, &host(&alice)).await.unwrap();
    alice.affiliate(ROOM, bob.bare(), "owner").await.unwrap();
    // Whoever is named may be given as much, by whomever.
    alice.affiliate(ROOM, bob.bare(), "none").await.unwrap();
    assert_eq!(focus.affiliate(ROOM, bob.bare(), "admin").await, refused());
    say(&scene.gavel, ROOM, false, &person(&bob, "admin", ""))
        .await
        .unwrap();
    assert_eq!(focus.affiliate(ROOM, bob.bare(), "owner").await, refused());
    focus.affiliate(ROOM, bob.bare(), "admin").await.unwrap();
    // No longer, one by one and all together.
    alice.affiliate(ROOM, bob.bare(), "none").await.unwrap();
    say(&scene.gavel, ROOM, false, &person(&bob, "none", ""))
        .await
        .unwrap();
    assert_eq!(focus.affiliate(ROOM, bob.bare(), "admin").await, refused());
    say(&scene.gavel, ROOM, true, &person(&bob, "owner", ""))
        .await
        .unwrap();
    assert_eq!(
        alice.affiliate(ROOM, "x@meet.jitsi", "owner").await,
        refused()
    );
    focus.affiliate(ROOM, bob.bare(), "owner").await.unwrap();
    // Where gavel takes promotions back.
    say(&scene.gavel, ROOM, true, &host(&alice)).await.unwrap();
    lease_of(&scene.gavel, SERVICE, SECONDS, "grants='none'")
        .await
        .unwrap();
    assert_eq!(
        alice.affiliate(ROOM, "x@meet.jitsi", "owner").await,
        refused()
    );
    lease_of(&scene.gavel, SERVICE, SECONDS, "grants='yes'")
        .await
        .unwrap();
    alice
        .affiliate(ROOM, "x@meet.jitsi", "owner")
        .await
        .unwrap();
}
on_both!(module_guards_by_what_gavel_says);

async fn module_guard_lets_servers_and_themselves_throw_hosts_out(version: Version) {
    let (scene, focus) = shut(version, options()).await;
    let alice = scene.person("alice").await;
    scene
        .gavel
        .affiliate(ROOM, alice.bare(), "owner")
        .await
        .unwrap();
    assert!(say(&scene.gavel, ROOM, false, &host(&alice)).await.is_ok());
    assert_eq!(focus.set_role(ROOM, "alice", "none").await, refused());
    assert_eq!(
        focus.affiliate(ROOM, alice.bare(), "outcast").await,
        refused()
    );
    // A device switch, an admin's tool.
    let kick = "return tostring(r:set_role(true, r.jid..'/alice', nil))";
    assert_eq!(module_does(&scene, alice.bare(), kick).await, "true");
    focus.sees_gone(ROOM, "alice").await;
    alice.join(ROOM, "alice", "").await;
    alice.set_role(ROOM, "alice", "none").await.unwrap();
    focus.sees_gone(ROOM, "alice").await;
    alice.join(ROOM, "alice", "").await;
    scene
        .gavel
        .affiliate(ROOM, alice.bare(), "outcast")
        .await
        .unwrap();
    focus.sees_gone(ROOM, "alice").await;
    // Prosody throws out the holder of a nick before it looks who asks for that.
    scene
        .gavel
        .affiliate(ROOM, alice.bare(), "owner")
        .await
        .unwrap();
    alice.join(ROOM, "alice", "").await;
    let guest = scene.person("guest").await;
    let taken = "<item jid='x@meet.jitsi' affiliation='member' nick='alice'/>";
    assert_eq!(guest.admin(ROOM, taken).await, refused());
    alice.ping("meet.jitsi").await.unwrap();
    assert_eq!(alice.role(ROOM, "alice"), "moderator");
    // Nor does a guest's try fill the log.
    assert!(!scene.prosody.log().contains("guest@meet.jitsi/guest in"));
    // Those who are named, but no hosts, can be thrown out.
    let bob = scene.person("bob").await;
    let entitled = person(&bob, "owner", "promotes='true'");
    assert!(say(&scene.gavel, ROOM, false, &entitled).await.is_ok());
    focus.set_role(ROOM, "bob", "none").await.unwrap();
    focus.sees_gone(ROOM, "bob").await;
}
on_both!(module_guard_lets_servers_and_themselves_throw_hosts_out);

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
    // Nor where gavel does not follow.
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
    while focus.affiliate(ROOM, bob.bare(), "owner").await.is_err() {
        assert!(start.elapsed() < Duration::from_secs(11), "shut for good");
        // The pace of the tries, not a wait for anything.
        tokio::time::sleep(Duration::from_millis(20)).await;
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
    // Nor is it shut by the lease alone, where people were there before.
    lease(&scene, SECONDS).await;
    let _carol = scene.person("carol").await;
    focus.affiliate(ROOM, bob.bare(), "owner").await.unwrap();
    focus.affiliate(ROOM, bob.bare(), "none").await.unwrap();
    scene.follow(ROOM).await;
    say(&scene.gavel, ROOM, true, "").await.unwrap();
    assert_eq!(focus.affiliate(ROOM, bob.bare(), "owner").await, refused());
    // And ends where gavel leaves.
    let leave = format!(
        "<presence type='unavailable' from='{}' to='{ROOM}/gavel'/>",
        scene.gavel.jid
    );
    scene.gavel.send(&leave).await;
    scene.seen().await;
    focus.affiliate(ROOM, bob.bare(), "owner").await.unwrap();
}
on_both!(module_guard_is_of_one_stream);

/// Everybody owner before the join, and after it, as modules of Jitsi do it.
fn promoting() -> Options {
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
        assert_eq!(guest.affiliation(ROOM, "guest"), "none");
        assert_eq!(bob.role(ROOM, "bob"), "participant");
        // The pace of renewals, not a wait for anything.
        tokio::time::sleep(Duration::from_millis(500)).await;
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

/// gavel hangs: what it has not answered for is as without it, what it has is
/// not.
async fn module_guard_gives_back_what_gavel_has_not_judged(version: Version) {
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
on_both!(module_guard_gives_back_what_gavel_has_not_judged);

/// Of whom gavel keeps its hands off: what modules gave before it could say so
/// is theirs.
async fn module_guard_gives_back_to_whom_gavel_leaves_alone(version: Version) {
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
on_both!(module_guard_gives_back_to_whom_gavel_leaves_alone);

async fn module_guard_ignores_guests_if_told(version: Version) {
    let (scene, focus) = shut(version, options()).await;
    lease_of(&scene.gavel, SERVICE, SECONDS, "guests='ignore'")
        .await
        .unwrap();
    let guest = scene.person("guest").await;
    let member = scene.client("member").await;
    let token = crate::support::token(crate::support::student("M"));
    let verified = format!("auth_token = '{token}', jitsi_meet_domain = '*'");
    scene.session(&member, &verified).await;
    member.join(ROOM, "member", "").await;
    focus.affiliate(ROOM, guest.bare(), "owner").await.unwrap();
    assert_eq!(
        focus.affiliate(ROOM, member.bare(), "owner").await,
        refused()
    );
    let given = module_does(&scene, member.bare(), GIVES_OWNER).await;
    assert_eq!(given, REFUSED);
}
on_both!(module_guard_ignores_guests_if_told);

async fn module_guards_breakout_rooms(version: Version) {
    let options = Options {
        breakout_modules: vec!["gavel", "test_eval", "test_breakout"],
        ..options()
    };
    let (scene, focus) = shut(version, options).await;
    let breakout = "room--1@breakout.meet.jitsi";
    let alice = scene.person("alice").await;
    let bob = scene.person("bob").await;
    scene
        .gavel
        .affiliate(ROOM, alice.bare(), "owner")
        .await
        .unwrap();
    lease_of(&scene.gavel, "breakout.meet.jitsi", SECONDS, "")
        .await
        .unwrap();
    focus.join(breakout, "focus", "").await;
    scene.follow(breakout).await;
    alice.join(breakout, "alice", "").await;
    bob.join(breakout, "bob", "").await;
    say(&scene.gavel, breakout, true, &host(&alice))
        .await
        .unwrap();
    assert_eq!(
        alice.role(breakout, "alice"),
        "moderator",
        "as in the main room"
    );
    for affiliation in ["owner", "admin"] {
        assert_eq!(
            focus.affiliate(breakout, bob.bare(), affiliation).await,
            refused()
        );
    }
    assert_eq!(
        focus.set_role(breakout, "bob", "moderator").await,
        refused()
    );
    assert_eq!(focus.set_role(breakout, "alice", "none").await, refused());
    // The host's word counts, and gavel's.
    alice
        .affiliate(breakout, bob.bare(), "owner")
        .await
        .unwrap();
    let moderator = |o: &crate::support::Occupant| o.role == "moderator";
    assert_eq!(alice.role(breakout, "bob"), "moderator", "at once");
    let eve = scene.client("eve").await;
    eve.join(breakout, "eve", "").await;
    scene
        .gavel
        .set_role(breakout, "eve", "moderator")
        .await
        .unwrap();
    focus.sees(breakout, "eve", "as moderator", moderator).await;
}
on_both!(module_guards_breakout_rooms);

async fn module_guard_survives_reloads(version: Version) {
    let (scene, focus) = shut(version, options()).await;
    let alice = scene.person("alice").await;
    let bob = scene.person("bob").await;
    scene
        .gavel
        .affiliate(ROOM, alice.bare(), "owner")
        .await
        .unwrap();
    say(&scene.gavel, ROOM, false, &host(&alice)).await.unwrap();
    lease(&scene, 4).await;
    let from = Instant::now();
    for module in ["gavel", "muc", "gavel"] {
        scene
            .eval(&format!("return manage('reload', '{module}')"))
            .await;
        assert_eq!(focus.affiliate(ROOM, bob.bare(), "owner").await, refused());
        assert_eq!(focus.set_role(ROOM, "alice", "none").await, refused());
        let written = "local o = r:get_occupant_by_nick(r.jid..'/bob'); o.role = 'moderator'
            r:save_occupant(o); return r:get_role(r.jid..'/bob')";
        assert_eq!(
            module_does(&scene, bob.bare(), written).await,
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

/// Makes the next reload hand over what 0.1, which was one file, would have saved.
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
    // The guard is shut where gavel has judged, and where it has yet to.
    assert_eq!(focus.affiliate(ROOM, bob.bare(), "owner").await, refused());
    assert_eq!(focus.set_role(ROOM, "alice", "none").await, refused());
    let owner = format!(
        "return tostring((select(3, room('{new}'):set_affiliation(true, 'eve@meet.jitsi', 'owner'))))"
    );
    assert_eq!(scene.eval(&owner).await, REFUSED);
    // gavel still follows, and what it has pinned stays.
    let own = format!("{ROOM}/gavel");
    assert_eq!(scene.gavel.ping(&own).await, Ok(()));
    bob.presence(ROOM, "bob", &nick("Mallory")).await;
    let carol = scene.person("carol").await;
    assert_eq!(carol.name(ROOM, "bob").as_deref(), Some("Bob"));
    assert_eq!(scene.latest("carol").await.attr("type"), None);
    assert!(!scene.prosody.log().contains("modules/gavel/"), "no faults");
}
on_both!(module_takes_over_from_its_first_version);
