//! `policy.grants = "admin"`: whom a moderator promotes becomes a co-host.

use crate::on_both;
use crate::support::{Env, Version, student, teacher};

const ROOM: &str = "room@muc.meet.jitsi";
const ADMIN: &str = "[policy]\ngrants = \"admin\"";

async fn co_hosts_moderate_and_cannot_touch_a_host(version: Version) {
    let env = Env::gavel(version, ADMIN).await;
    let focus = env.focus(ROOM).await;
    let host = env.person(ROOM, "host", Some(teacher("Host"))).await;
    let bob_claims = student("Bob");
    let bob = env.person(ROOM, "bob", Some(bob_claims.clone())).await;
    let _guest = env.person(ROOM, "guest", None).await;
    host.sees_affiliation(ROOM, "host", "owner").await;
    // As every client does it.
    host.affiliate(ROOM, "bob@meet.jitsi", "owner")
        .await
        .unwrap();
    focus.sees_affiliation(ROOM, "bob", "admin").await;
    env.settle().await;
    let asked: Vec<_> = env
        .requests()
        .await
        .into_iter()
        .filter(|(_, to)| to == "admin")
        .collect();
    assert_eq!(asked, [("bob@meet.jitsi".to_string(), "admin".to_string())]);
    assert_eq!(bob.role(ROOM, "bob"), "moderator");
    // Later updates and the host's asking once more change nothing.
    let before = env.requests().await.len();
    let child = crate::support::jwt(&crate::support::token(bob_claims));
    bob.presence(ROOM, "bob", &child).await;
    env.settle().await;
    assert_eq!(env.requests().await.len(), before);
    // Neither by affiliation nor by role, neither lowered nor kicked nor banned.
    for affiliation in ["none", "member", "admin", "outcast"] {
        let refused = bob.affiliate(ROOM, "host@meet.jitsi", affiliation).await;
        assert!(refused.is_err(), "{affiliation}");
    }
    for role in ["none", "visitor", "participant"] {
        assert!(bob.set_role(ROOM, "host", role).await.is_err(), "{role}");
    }
    env.settle().await;
    let now = focus.occupant(ROOM, "host").expect("the host is there");
    assert_eq!(
        (now.affiliation.as_str(), now.role.as_str()),
        ("owner", "moderator")
    );
    // They promote as XEP-0045 lets them: by role. That is a co-host, too.
    let refused = bob.affiliate(ROOM, "guest@meet.jitsi", "owner").await;
    assert!(refused.is_err());
    bob.set_role(ROOM, "guest", "moderator").await.unwrap();
    focus.sees_affiliation(ROOM, "guest", "admin").await;
    // A host takes it back, by affiliation or by role.
    host.affiliate(ROOM, "bob@meet.jitsi", "member")
        .await
        .unwrap();
    host.set_role(ROOM, "guest", "participant").await.unwrap();
    focus.sees_affiliation(ROOM, "guest", "none").await;
    env.settle().await;
    for (nick, affiliation) in [("bob", "member"), ("guest", "none")] {
        assert_eq!(focus.affiliation(ROOM, nick), affiliation);
        assert_eq!(focus.role(ROOM, nick), "participant", "{nick}");
    }
}
on_both!(co_hosts_moderate_and_cannot_touch_a_host);

async fn co_hosts_end_with_the_meeting(version: Version) {
    let env = Env::gavel(version, ADMIN).await;
    for _ in 0..2 {
        let focus = env.focus(ROOM).await;
        let bob = env.person(ROOM, "bob", None).await;
        env.settle().await;
        assert_eq!(focus.affiliation(ROOM, "bob"), "none");
        let host = env.person(ROOM, "host", Some(teacher("Host"))).await;
        host.sees_affiliation(ROOM, "host", "owner").await;
        host.affiliate(ROOM, "bob@meet.jitsi", "owner")
            .await
            .unwrap();
        focus.sees_affiliation(ROOM, "bob", "admin").await;
        for (client, nick) in [(&host, "host"), (&bob, "bob"), (&focus, "focus")] {
            client.leave(ROOM, nick).await;
        }
        env.gavel
            .logs_within("nobody is there", crate::support::DEADLINE)
            .await;
    }
}
on_both!(co_hosts_end_with_the_meeting);
