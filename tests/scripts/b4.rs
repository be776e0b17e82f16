//! B4: people who lower themselves stay there; a host whom another lowers gets it back.

use super::stage::{Stage, host, student};

pub async fn b4_a_moderator_steps_down<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, "").await;
    let alices = host("Alice");
    stage.enters("alice", &alices).await;
    stage.ends([("alice", "owner")]).await;
    stage.sets("alice", "alice", "member").await;
    for _ in 0..5 {
        stage.updates("alice", &alices).await;
    }
    stage.ends([("alice", "member")]).await;
    stage.gavel_restarts().await;
    stage.ends([("alice", "member")]).await;
    // The focus may not ask her back; somebody entitled may.
    stage.sets("focus", "alice", "owner").await;
    stage.ends([("alice", "member")]).await;
    stage.enters("dave", &host("Dave")).await;
    stage.ends([("dave", "owner")]).await;
    stage.sets("dave", "alice", "owner").await;
    stage.ends([("alice", "owner")]).await;
}

/// Hosts by token are lowered and banned by another host, the focus and the server. Each
/// has fewer than six corrections: those pause (B3).
pub async fn b4_a_host_whom_another_lowers_or_bans_gets_it_back<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, "").await;
    stage.enters("dave", &host("Dave")).await;
    for (who, by) in [("alice", "dave"), ("bea", "focus"), ("cora", "server")] {
        let token = host(who);
        stage.enters(who, &token).await;
        stage.ends([("dave", "owner"), (who, "owner")]).await;
        for to in ["none", "member", "admin"] {
            stage.sets(by, who, to).await;
            assert_eq!(stage.has(who).await, "owner", "{to} by {by}");
        }
        stage.sets(by, who, "outcast").await;
        stage.goes(who).await;
        assert_eq!(stage.has(who).await, "owner", "banned by {by}");
        stage.enters(who, &token).await;
        stage.ends([(who, "owner")]).await;
    }
}

pub async fn b4_unprotected_hosts_stay_demoted<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, "[policy]\nprotect_hosts = false").await;
    stage.enters("dave", &host("Dave")).await;
    for to in ["none", "member", "outcast"] {
        let token = host(to);
        stage.enters(to, &token).await;
        stage.ends([("dave", "owner"), (to, "owner")]).await;
        stage.sets("dave", to, to).await;
        if to != "outcast" {
            stage.updates(to, &token).await;
        }
        stage.ends([(to, to)]).await;
    }
    stage.idles().await;
    stage
        .ends([
            ("none", "none"),
            ("member", "member"),
            ("outcast", "outcast"),
        ])
        .await;
}
/// Prosody lets an owner take the role of another, whose affiliation stays.
pub async fn b4_a_host_whose_role_another_takes_gets_it_back<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, "").await;
    let alices = host("Alice");
    stage.enters("alice", &alices).await;
    stage.enters("dave", &host("Dave")).await;
    stage.ends([("alice", "owner"), ("dave", "owner")]).await;
    for by in ["dave", "focus"] {
        stage.sets_role(by, "alice", "participant").await;
        assert_eq!(stage.role("alice").await, "moderator", "by {by}");
    }
    // Her own she may give up, and is left without.
    stage.sets_role("alice", "alice", "participant").await;
    assert_eq!(stage.role("alice").await, "participant");
    stage.updates("alice", &alices).await;
    assert_eq!(stage.role("alice").await, "participant");
    // If hosts are not protected, others may take it.
    stage.enters("bea", &host("Bea")).await;
    stage.ends([("bea", "owner")]).await;
    stage.gavel_reloads("[policy]\nprotect_hosts = false").await;
    for by in ["dave", "focus"] {
        stage.sets_role(by, "bea", "participant").await;
        assert_eq!(stage.role("bea").await, "participant", "by {by}");
    }
}
/// A person who bans has to be entitled to.
pub async fn b4_an_unjust_ban_of_a_guest_is_undone_a_just_one_is_not<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, "").await;
    stage.enters("alice", &host("Alice")).await;
    stage.enters("mallory", &student("Mallory")).await;
    for who in ["unjustly", "justly"] {
        stage.enters(who, &None).await;
    }
    stage
        .ends([("alice", "owner"), ("mallory", "member")])
        .await;
    stage.sets("alice", "justly", "outcast").await;
    stage.gavel_looks_away();
    stage.sets("focus", "mallory", "owner").await;
    stage.sets("mallory", "unjustly", "outcast").await;
    stage.gavel_looks_again();
    stage
        .ends([
            ("mallory", "member"),
            ("justly", "outcast"),
            ("unjustly", "none"),
        ])
        .await;
    stage.enters("unjustly", &None).await;
}

/// It would keep out hosts who are still to come. The module says who has set it; without
/// the module nobody does.
pub async fn b4_a_ban_of_a_whole_domain_stands_only_where_a_host_has_set_it<S: Stage>(
    at: S::Place,
) {
    let mut stage = S::open(at, "").await;
    let everybody = "meet.jitsi";
    stage.enters("alice", &host("Alice")).await;
    stage.enters("bob", &student("Bob")).await;
    stage.ends([("alice", "owner"), ("bob", "member")]).await;
    stage.sets("alice", "bob", "owner").await;
    stage.ends([("bob", "owner")]).await;
    stage.sets("bob", everybody, "outcast").await;
    stage.ends([(everybody, "none"), ("bob", "owner")]).await;
    stage.enters("carol", &host("Carol")).await;
    stage.ends([("carol", "owner")]).await;
    stage.sets("alice", everybody, "outcast").await;
    stage.rests().await;
    stage.ends([(everybody, "outcast")]).await;
}

played!(
    b4_a_moderator_steps_down,
    b4_a_host_whom_another_lowers_or_bans_gets_it_back,
    b4_an_unjust_ban_of_a_guest_is_undone_a_just_one_is_not,
    b4_unprotected_hosts_stay_demoted,
    b4_a_host_whose_role_another_takes_gets_it_back,
);
played!(with_module: b4_a_host_whose_role_another_takes_gets_it_back);
played!(only_with_module: b4_a_ban_of_a_whole_domain_stands_only_where_a_host_has_set_it);
