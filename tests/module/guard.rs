//! The guard: people who may make moderators, and people who may become one, while gavel
//! holds a lease.

use crate::on_both;
use crate::scene::{ROOM, SERVICE, Scene, options};
use crate::support::{Client, El, MUC_USER, Options, Version};

pub const REFUSED: &str = "not-allowed";
pub const SECONDS: u32 = 9;

pub fn refused() -> Result<(), String> {
    Err(REFUSED.into())
}

pub async fn lease_of(
    gavel: &Client,
    service: &str,
    seconds: u32,
    terms: &str,
) -> Result<(), String> {
    let lease = format!(
        "<lease xmlns='urn:gavel:guard:0' seconds='{seconds}' {terms}>\
         <infrastructure jid='focus@auth.meet.jitsi'/><infrastructure jid='machines.example'/></lease>"
    );
    gavel.iq("set", service, &lease).await.map(|_| ())
}

pub async fn lease(scene: &Scene, seconds: u32) {
    lease_of(&scene.gavel, SERVICE, seconds, "").await.unwrap();
}

pub fn person(who: &Client, affiliation: &str, more: &str) -> String {
    format!(
        "<person jid='{}' affiliation='{affiliation}' {more}/>",
        who.bare()
    )
}

pub fn host(who: &Client) -> String {
    person(who, "owner", "promotes='true' host='true'")
}

pub async fn say(gavel: &Client, room: &str, all: bool, people: &str) -> Result<(), String> {
    let all = if all { "all='true'" } else { "" };
    let guard = format!("<guard xmlns='urn:gavel:guard:0' {all}>{people}</guard>");
    gavel.iq("set", room, &guard).await.map(|_| ())
}

/// The focus makes the room; gavel follows it under a lease, and nobody is
/// entitled.
pub async fn shut(version: Version, options: Options) -> (Scene, Client) {
    let scene = Scene::with(version, options).await;
    lease(&scene, SECONDS).await;
    let focus = Client::connect(&scene.prosody, "focus@auth.meet.jitsi/focus").await;
    focus.join(ROOM, "focus", "").await;
    scene.follow(ROOM).await;
    say(&scene.gavel, ROOM, true, "").await.unwrap();
    (scene, focus)
}

/// Says whether a client was ever shown an occupant as moderator, or with the affiliation
/// of one.
pub fn saw_moderating(client: &Client, nick: &str) -> bool {
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

/// The actions of server modules, in Lua with `r` the room and `b` the bare JID.
pub async fn module_does(scene: &Scene, bare: &str, code: &str) -> String {
    let code = format!("local r, b = room('{ROOM}'), '{bare}'; {code}");
    scene.eval(&code).await
}

/// A module makes Bob a moderator past all methods but the one that keeps the written role;
/// the role that he has then.
pub const WRITES_ROLE: &str =
    "local o = r:get_occupant_by_nick(r.jid..'/bob'); o.role = 'moderator'
    r:save_occupant(o); return r:get_role(r.jid..'/bob')";

/// gavel makes somebody owner.
pub async fn makes_owner(scene: &Scene, who: &Client) {
    let made = scene.gavel.affiliate(ROOM, who.bare(), "owner").await;
    made.unwrap();
}

pub const GIVES_OWNER: &str = "return tostring((select(3, r:set_affiliation(true, b, 'owner'))))";

async fn module_guards_against_promotions_by_machines(version: Version) {
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
    assert_eq!(
        module_does(&scene, bob.bare(), WRITES_ROLE).await,
        "participant"
    );
    // Absent, too; an affiliation without power passes, and so does any to infrastructure.
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
    // Nothing is kept of people who have left.
    let kept = format!(
        "local g, n = prosody.hosts[module.host].modules.gavel.module.save().rooms['{ROOM}'].guard, {{}}
         for _, all in ipairs {{ g.held, g.told }} do
             for bare in pairs(all) do if bare:find('bob') then table.insert(n, bare) end end
         end return table.concat(n, ' ')"
    );
    let refusal = focus.affiliate(ROOM, bob.bare(), "owner").await;
    assert_eq!(refusal, refused());
    let twice = format!("{0} {0}", bob.bare());
    assert_eq!(scene.eval(&kept).await, twice);
    bob.leave(ROOM, "bob").await;
    assert_eq!(scene.eval(&kept).await, "");
    assert!(!saw_moderating(&focus, "bob") && !saw_moderating(&bob, "bob"));
    let log = scene.prosody.log();
    assert!(
        log.contains("The guard keeps focus@auth.meet.jitsi/focus in room@muc.meet.jitsi from")
    );
}
on_both!(module_guards_against_promotions_by_machines);

async fn module_guards_by_gavels_word(version: Version) {
    let (scene, focus) = shut(version, options()).await;
    let alice = scene.person("alice").await;
    let bob = scene.person("bob").await;
    // gavel's own requests pass, named or not; a person who is owner by them may promote
    // only if named so.
    makes_owner(&scene, &alice).await;
    assert_eq!(alice.affiliate(ROOM, bob.bare(), "owner").await, refused());
    assert_eq!(alice.set_role(ROOM, "bob", "moderator").await, refused());
    say(&scene.gavel, ROOM, false, &host(&alice)).await.unwrap();
    alice.affiliate(ROOM, bob.bare(), "owner").await.unwrap();
    // A person who is named may be given as much, by anybody.
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
    // If gavel takes promotions back.
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
on_both!(module_guards_by_gavels_word);

async fn module_guard_lets_servers_and_themselves_throw_hosts_out(version: Version) {
    let (scene, focus) = shut(version, options()).await;
    let alice = scene.person("alice").await;
    makes_owner(&scene, &alice).await;
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
    makes_owner(&scene, &alice).await;
    alice.join(ROOM, "alice", "").await;
    let guest = scene.person("guest").await;
    let taken = "<item jid='x@meet.jitsi' affiliation='member' nick='alice'/>";
    for client in [&guest, &focus] {
        assert_eq!(client.admin(ROOM, taken).await, refused());
    }
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
    makes_owner(&scene, &alice).await;
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
    let banned = focus.affiliate(breakout, alice.bare(), "outcast").await;
    assert_eq!(banned, refused());
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
