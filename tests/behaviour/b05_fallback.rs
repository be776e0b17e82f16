//! B5 with `policy.fallback = "first"`, as Jicofo's auto-owner does it.

use crate::on_both;
use crate::support::{Client, Env, Options, Version, student, teacher, token};
use std::sync::Arc;

const ROOM: &str = "room@muc.meet.jitsi";
const FIRST: &str = "[policy]\nfallback = \"first\"";

/// Who in the room is owner, as the focus sees it.
async fn owners(env: &Env, focus: &Client, nicks: &[&str]) -> Vec<String> {
    env.settle().await;
    let owner = |nick: &&&str| focus.affiliation(ROOM, nick) == "owner";
    nicks.iter().filter(owner).map(|n| (*n).into()).collect()
}

/// Somebody whom Jicofo takes for a recorder or a gateway.
async fn signals(env: &Env, jid: &str, feature: &str) -> Arc<Client> {
    let client = env.client(jid).await;
    let nick = jid.split('@').next().unwrap();
    let features =
        format!("<features><feature var='http://jitsi.org/protocol/{feature}'/></features>");
    client.join(ROOM, nick, &features).await;
    client
}

/// The cases of Jicofo's own ChatRoomRoleManagerTest, AutoOwnerRoleManager.
async fn b5_jicofos_cases_of_an_auto_owner(version: Version) {
    let options = Options {
        more: "VirtualHost \"recorder.meet.jitsi\"\n  authentication = \"internal_plain\"".into(),
        ..Options::default()
    };
    let infrastructure =
        "[infrastructure]\ndomains = [\"auth.meet.jitsi\", \"recorder.meet.jitsi\"]";
    let env = Env::with(version, options, &format!("{FIRST}\n{infrastructure}")).await;
    let focus = env.focus(ROOM).await;
    let all = [
        "jibri", "jigasi", "visitor", "member1", "member2", "owner", "faker",
    ];
    // Skip jibri, jigasi and visitors.
    let _jibri = signals(&env, "jibri@recorder.meet.jitsi", "jibri").await;
    let _jigasi = signals(&env, "jigasi@auth.meet.jitsi", "jigasi").await;
    focus
        .configure(ROOM, &[("muc#roomconfig_moderatedroom", "1")])
        .await
        .unwrap();
    let visitor = env.person(ROOM, "visitor", None).await;
    assert_eq!(owners(&env, &focus, &all).await, [""; 0]);
    assert_eq!(visitor.role(ROOM, "visitor"), "visitor");
    focus
        .configure(ROOM, &[("muc#roomconfig_moderatedroom", "0")])
        .await
        .unwrap();
    // Elect the first participant that joins.
    let member1 = env.person(ROOM, "member1", None).await;
    assert_eq!(owners(&env, &focus, &all).await, ["member1"]);
    // Do not elect a second owner while one exists.
    let member2 = env.person(ROOM, "member2", None).await;
    assert_eq!(owners(&env, &focus, &all).await, ["member1"]);
    // Do not elect a new owner when a non-owner leaves.
    member2.leave(ROOM, "member2").await;
    assert_eq!(owners(&env, &focus, &all).await, ["member1"]);
    // Elect a new owner when the owner leaves.
    member2.join(ROOM, "member2", "").await;
    member1.leave(ROOM, "member1").await;
    assert_eq!(owners(&env, &focus, &all).await, ["member2"]);
    // The same for a kick.
    member1.join(ROOM, "member1", "").await;
    focus.set_role(ROOM, "member2", "none").await.unwrap();
    focus.sees_gone(ROOM, "member2").await;
    assert_eq!(owners(&env, &focus, &all).await, ["member1"]);
    // Do not elect when a member already has owner rights.
    member1.leave(ROOM, "member1").await;
    let owner = env.person(ROOM, "owner", Some(teacher("Owner"))).await;
    focus.sees_affiliation(ROOM, "owner", "owner").await;
    member1.join(ROOM, "member1", "").await;
    assert_eq!(owners(&env, &focus, &all).await, ["owner"]);
    // Nobody becomes a recorder by saying so: features of others count for nothing.
    owner.leave(ROOM, "owner").await;
    member1.leave(ROOM, "member1").await;
    let _faker = signals(&env, "faker@meet.jitsi", "jibri").await;
    assert_eq!(owners(&env, &focus, &["faker"]).await, ["faker"]);
}
on_both!(b5_jicofos_cases_of_an_auto_owner);

/// Jicofo's AuthenticationRoleManager: everybody who is authenticated.
async fn b5_jicofos_cases_of_authenticated_owners(version: Version) {
    let env = Env::gavel(version, "[policy]\npreset = \"authenticated\"").await;
    let focus = env.focus(ROOM).await;
    let nicks = ["authenticated", "other"];
    let _authenticated = env.person(ROOM, "authenticated", Some(student("A"))).await;
    let other = env.person(ROOM, "other", None).await;
    assert_eq!(owners(&env, &focus, &nicks).await, ["authenticated"]);
    // Grant ownership when a user authenticates.
    let token = crate::support::jwt(&crate::support::token(student("B")));
    other.presence(ROOM, "other", &token).await;
    focus.sees_affiliation(ROOM, "other", "owner").await;
    assert_eq!(owners(&env, &focus, &nicks).await, nicks);
}
on_both!(b5_jicofos_cases_of_authenticated_owners);

async fn b5_a_guest_elected_first_is_no_moderator_once_a_host_is_there(version: Version) {
    let mut env = Env::gavel(version, FIRST).await;
    let focus = env.focus(ROOM).await;
    let guest = env.person(ROOM, "guest", None).await;
    let friend = env.person(ROOM, "friend", None).await;
    guest
        .sees(ROOM, "guest", "as moderator", |o| o.role == "moderator")
        .await;
    // Elected, they promote others, as moderators do.
    guest
        .affiliate(ROOM, "friend@meet.jitsi", "owner")
        .await
        .unwrap();
    assert_eq!(
        owners(&env, &focus, &["guest", "friend"]).await,
        ["guest", "friend"]
    );
    env.gavel.stop().await;
    env.gavel.restart();
    env.connected().await;
    env.gavel.logs_again("ready").await;
    assert_eq!(
        owners(&env, &focus, &["guest", "friend"]).await,
        ["guest", "friend"]
    );
    let host = env.person(ROOM, "host", Some(teacher("Host"))).await;
    for nick in ["guest", "friend"] {
        focus
            .sees(ROOM, nick, "lowered", |o| {
                o.role == "participant" && o.affiliation == "none"
            })
            .await;
    }
    env.gavel.logs("cause=\"fallback\"").await;
    assert_eq!(
        owners(&env, &focus, &["guest", "friend", "host"]).await,
        ["host"]
    );
    // The focus, an elector of its own, changes nothing.
    focus
        .affiliate(ROOM, "guest@meet.jitsi", "owner")
        .await
        .unwrap();
    focus.sees_affiliation(ROOM, "guest", "none").await;
    host.leave(ROOM, "host").await;
    focus.sees_affiliation(ROOM, "guest", "owner").await;
    drop(friend);
}
on_both!(b5_a_guest_elected_first_is_no_moderator_once_a_host_is_there);

async fn b5_an_election_follows_its_person_over_a_reload(version: Version) {
    let env = Env::gavel(version, FIRST).await;
    let focus = env.focus(ROOM).await;
    let nicks = ["ann", "ann2", "ben"];
    let ann = env.person(ROOM, "ann", Some(student("Ann"))).await;
    let _ben = env.person(ROOM, "ben", Some(student("Ben"))).await;
    focus.sees_affiliation(ROOM, "ann", "owner").await;
    ann.leave(ROOM, "ann").await;
    let _again = env.person(ROOM, "ann2", Some(student("Ann"))).await;
    focus.sees_affiliation(ROOM, "ann2", "owner").await;
    assert_eq!(owners(&env, &focus, &nicks).await, ["ann2"]);
    let asked = env.requests().await;
    let ben = ("ben@meet.jitsi".to_owned(), "owner".to_owned());
    assert!(!asked.contains(&ben), "{asked:?}");
}
on_both!(b5_an_election_follows_its_person_over_a_reload);

/// A phone whose domain gavel has not been told of.
async fn b5_a_phone_elsewhere_is_not_elected(version: Version) {
    for module in [false, true] {
        let mut options = match module {
            true => Options::with_module(),
            false => Options::default(),
        };
        options.more =
            "VirtualHost \"sip.meet.jitsi\"\n  authentication = \"internal_plain\"".into();
        let env = Env::with(version, options, FIRST).await;
        let focus = match module {
            true => env.focus_with_module(ROOM).await,
            false => env.focus(ROOM).await,
        };
        let _phone = signals(&env, "phone@sip.meet.jitsi", "jigasi").await;
        let nicks = ["phone", "guest"];
        assert_eq!(owners(&env, &focus, &nicks).await, [""; 0]);
        let _guest = env.person(ROOM, "guest", None).await;
        focus.sees_affiliation(ROOM, "guest", "owner").await;
        assert_eq!(owners(&env, &focus, &nicks).await, ["guest"]);
    }
}
on_both!(b5_a_phone_elsewhere_is_not_elected);

/// The module must know whom gavel has elected, or its guard would refuse it.
async fn b5_with_the_module_and_its_guard_an_election_holds(version: Version) {
    let settings = "[claims]\nsources = [\"bridge\"]\n[policy]\nfallback = \"first\"\nguard = true";
    let env = Env::with(version, Options::with_module(), settings).await;
    let focus = env.focus_with_module(ROOM).await;
    let nicks = ["guest", "friend", "host"];
    let guest = env.person(ROOM, "guest", None).await;
    let _friend = env.person(ROOM, "friend", None).await;
    focus.sees_affiliation(ROOM, "guest", "owner").await;
    guest
        .affiliate(ROOM, "friend@meet.jitsi", "owner")
        .await
        .unwrap();
    assert_eq!(owners(&env, &focus, &nicks).await, ["guest", "friend"]);
    let host = env.client("host").await;
    host.verified(&token(teacher("Host"))).await;
    host.join(ROOM, "host", "").await;
    focus.sees_affiliation(ROOM, "host", "owner").await;
    for nick in ["guest", "friend"] {
        focus.sees_affiliation(ROOM, nick, "none").await;
    }
    assert_eq!(owners(&env, &focus, &nicks).await, ["host"]);
}
on_both!(b5_with_the_module_and_its_guard_an_election_holds);
