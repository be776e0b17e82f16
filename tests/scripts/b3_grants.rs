//! B3: a promotion by somebody entitled is a grant; and the fate of the grant.

use super::stage::{Stage, host, student};

/// A grant outlives presence, a visit elsewhere and a restart, and its holder can grant.
pub async fn b3_a_grant_survives_updates_and_passes_on<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, "").await;
    let bobs = student("Bob");
    stage.enters("alice", &host("Alice")).await;
    stage.enters("bob", &bobs).await;
    stage.enters("guest", &None).await;
    stage.enters("carol", &None).await;
    stage.enters("dora", &student("Dora")).await;
    stage.ends([("bob", "member"), ("dora", "member")]).await;
    for (who, token) in [("bob", &bobs), ("guest", &None)] {
        stage.sets("alice", who, "owner").await;
        for _ in 0..5 {
            stage.updates(who, token).await;
        }
        stage.ends([(who, "owner")]).await;
    }
    stage.leaves("bob").await;
    stage.enters("bob", &bobs).await;
    stage.ends([("bob", "owner")]).await;
    stage.sets("bob", "carol", "owner").await;
    // A promotion to admin becomes one to the affiliation of grants.
    stage.sets("bob", "dora", "admin").await;
    stage
        .ends([("bob", "owner"), ("carol", "owner"), ("dora", "owner")])
        .await;
    // So does a host who has left.
    stage.enters("erin", &None).await;
    stage.leaves("alice").await;
    stage.sets("alice", "erin", "owner").await;
    stage.ends([("erin", "owner")]).await;
    stage.gavel_restarts().await;
    stage
        .ends([("bob", "owner"), ("guest", "owner"), ("carol", "owner")])
        .await;
    stage.ends([("dora", "owner"), ("erin", "owner")]).await;
}

pub async fn b3_grants_as_configured<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, "").await;
    stage.enters("alice", &host("Alice")).await;
    stage.ends([("alice", "owner")]).await;
    for (grants, promoted) in [("owner", "owner"), ("admin", "admin"), ("none", "member")] {
        stage
            .gavel_reloads(&format!("[policy]\ngrants = '{grants}'"))
            .await;
        stage.enters(grants, &student(grants)).await;
        stage.ends([(grants, "member")]).await;
        stage.sets("alice", grants, "owner").await;
        stage.ends([(grants, promoted), ("alice", "owner")]).await;
    }
}
pub async fn b3_a_grant_ends_with_a_kick_or_a_ban<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, "").await;
    stage.enters("alice", &host("Alice")).await;
    stage.ends([("alice", "owner")]).await;
    for (who, token, by, ban) in [
        ("bob", student("Bob"), "focus", false),
        ("guest", None, "focus", true),
        ("carol", None, "alice", false),
        ("dan", None, "alice", true),
    ] {
        stage.enters(who, &token).await;
        stage.rests().await;
        stage.sets("alice", who, "owner").await;
        stage.ends([(who, "owner")]).await;
        if ban {
            stage.sets(by, who, "outcast").await;
            stage.goes(who).await;
            stage.ends([(who, "outcast")]).await;
            let refused = stage.tries_to_enter(who, &token).await;
            assert_eq!(refused, Err("forbidden".into()), "{who}: the ban stands");
            stage.sets(by, who, "none").await;
        } else {
            stage.kicks(by, who).await;
        }
        stage.moderates_no_more(who).await;
        stage.enters(who, &token).await;
        assert_eq!(stage.role(who).await, "participant", "{who}");
        stage.moderates_no_more(who).await;
    }
}

/// A reload or another device is a new JID with the same verified user id.
pub async fn b3_a_grant_follows_the_user_to_another_jid<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, "").await;
    stage.enters("alice", &host("Alice")).await;
    stage.enters("bob", &student("Bob")).await;
    stage.ends([("alice", "owner"), ("bob", "member")]).await;
    stage.sets("alice", "bob", "owner").await;
    stage.ends([("bob", "owner")]).await;
    stage.leaves("bob").await;
    stage.enters("bob2", &student("Bob")).await;
    stage.comes_to("bob2", "owner").await;
    stage.enters("carol", &student("Carol")).await;
    stage.ends([("carol", "member"), ("bob2", "owner")]).await;
    // It is not there twice.
    stage.moderates_no_more("bob").await;
}

/// Integrations copy the sample id of Jitsi's documentation.
pub async fn b3_an_id_that_several_carry_promotes_nobody_else<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, "").await;
    stage.enters("alice", &host("Alice")).await;
    stage.enters("ann", &student("sample")).await;
    stage.ends([("alice", "owner"), ("ann", "member")]).await;
    stage.sets("alice", "ann", "owner").await;
    stage.enters("ben", &student("sample")).await;
    stage.enters("cid", &student("sample")).await;
    stage
        .ends([("ann", "owner"), ("ben", "member"), ("cid", "member")])
        .await;
    // Either of the two could be her successor.
    stage.leaves("ann").await;
    stage.ends([("ben", "member"), ("cid", "member")]).await;
    // Nor is one meant as the other goes, or comes again.
    stage.leaves("ben").await;
    stage.enters("dan", &student("sample")).await;
    stage.ends([("cid", "member"), ("dan", "member")]).await;
}

/// The new connection is there before the old one has gone.
pub async fn b3_a_grant_passes_when_a_ghost_goes<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, "").await;
    stage.enters("alice", &host("Alice")).await;
    stage.enters("ghost", &student("Bob")).await;
    stage.ends([("alice", "owner"), ("ghost", "member")]).await;
    stage.sets("alice", "ghost", "owner").await;
    stage.enters("bob", &student("Bob")).await;
    stage.ends([("ghost", "owner"), ("bob", "member")]).await;
    stage.leaves("ghost").await;
    stage.ends([("bob", "owner")]).await;
    stage.moderates_no_more("ghost").await;
}

played!(
    b3_a_grant_survives_updates_and_passes_on,
    b3_a_grant_ends_with_a_kick_or_a_ban,
    b3_a_grant_follows_the_user_to_another_jid,
    b3_an_id_that_several_carry_promotes_nobody_else,
    b3_a_grant_passes_when_a_ghost_goes,
    b3_grants_as_configured,
);
