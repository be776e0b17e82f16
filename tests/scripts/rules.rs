//! Rules of one's own: every affiliation they can give, the facts they go by, and the rank
//! of each right.

use super::stage::{Stage, Token, host, student};

/// A rule for each affiliation, by a user id of that name; before them some by nick.
fn rules() -> String {
    let nicks = "[names]\nfreeze = 'off'\n\
        [[policy.rule]]\nname = 'alone'\naffiliation = 'keep'\nwhen = 'occupant.nick == \"alone\"'\n\
        [[policy.rule]]\nname = 'bad'\naffiliation = 'outcast'\nwhen = 'occupant.nick == \"bad\"'\n\
        [[policy.rule]]\nname = 'chair'\naffiliation = 'owner'\n\
        when = 'occupant.nick == \"chair\" && occupant.domain == \"meet.jitsi\"'\n";
    let by_id = |word: &str| {
        format!(
            "[[policy.rule]]\nname = 'as {word}'\nwhen = 'claims.context.user.id == \"{word}\"'\n\
             affiliation = '{word}'\n"
        )
    };
    let words = ["owner", "admin", "member", "none", "outcast", "keep"];
    nicks.to_owned() + &words.map(by_id).concat()
}

pub async fn rules_give_every_affiliation<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, &*rules()).await;
    for (who, before) in [("member", "none"), ("none", "member"), ("keep", "member")] {
        stage.sets("focus", who, before).await;
    }
    for who in ["owner", "admin", "member", "none", "keep"] {
        stage.enters(who, &student(who)).await;
    }
    stage
        .ends([
            ("owner", "owner"),
            ("admin", "admin"),
            ("member", "member"),
            ("none", "none"),
            ("keep", "member"),
        ])
        .await;
    stage.logs("rule=\"as admin\"").await;
    // Every affiliation of somebody who is left alone is right.
    for to in ["owner", "none", "admin"] {
        stage.sets("focus", "keep", to).await;
        stage.ends([("keep", to)]).await;
    }
    // For the others it is not, whoever sets it.
    for by in ["focus", "server"] {
        for to in ["owner", "none"] {
            stage.sets(by, "admin", to).await;
            stage.ends([("admin", "admin")]).await;
        }
        stage.sets(by, "none", "owner").await;
        stage.ends([("none", "none")]).await;
    }
    // They keep their affiliation when they go.
    stage.leaves("keep").await;
    stage.leaves("admin").await;
    stage.ends([("keep", "admin"), ("admin", "admin")]).await;
}

/// A host has promoted Bob, whose token is returned.
async fn bob_was_promoted<S: Stage>(at: S::Place) -> (S, Option<Token>) {
    let mut stage = S::open(at, &*rules()).await;
    let bobs = student("Bob");
    stage.enters("alice", &host("Alice")).await;
    stage.enters("bob", &bobs).await;
    stage.ends([("alice", "owner"), ("bob", "member")]).await;
    stage.sets("alice", "bob", "owner").await;
    stage.ends([("bob", "owner")]).await;
    (stage, bobs)
}

/// A person whom a rule leaves alone is left alone, whatever was granted before.
pub async fn a_person_left_alone_by_rule_is_so_in_spite_of_a_grant<S: Stage>(at: S::Place) {
    let (mut stage, bobs) = bob_was_promoted::<S>(at).await;
    stage.updates_as("bob", "alone", &bobs).await;
    for to in ["none", "admin"] {
        stage.sets("server", "bob", to).await;
        stage.ends([("bob", to)]).await;
        stage.idles().await;
        stage.ends([("bob", to)]).await;
    }
}

pub async fn a_person_outcast_by_rule_is_banned_once_and_stays_so<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, &*rules()).await;
    stage.enters("alice", &host("Alice")).await;
    stage.ends([("alice", "owner")]).await;
    stage.enters("out", &student("outcast")).await;
    stage.goes("out").await;
    stage.ends([("out", "outcast")]).await;
    let refused = stage.tries_to_enter("out", &student("outcast")).await;
    assert_eq!(refused, Err("forbidden".into()));
    assert_eq!(stage.asked("out").await, ["outcast"]);
    // A restart does not undo it.
    stage.gavel_restarts().await;
    stage.ends([("out", "outcast")]).await;
    // A moderator may lift it; the next visit ends like the first.
    stage.sets("alice", "out", "owner").await;
    stage.rests().await;
    stage.enters("out", &student("outcast")).await;
    stage.goes("out").await;
    stage.ends([("out", "outcast")]).await;
}

pub async fn a_ban_by_rule_outranks_grants_of_moderators<S: Stage>(at: S::Place) {
    let (mut stage, bobs) = bob_was_promoted::<S>(at).await;
    stage.updates_as("bob", "bad", &bobs).await;
    stage.goes("bob").await;
    stage.ends([("bob", "outcast")]).await;
    let asked = stage.asked("bob").await;
    stage.idles().await;
    stage.ends([("bob", "outcast")]).await;
    assert_eq!(stage.asked("bob").await, asked);
}

/// A person whom a rule bans is not let in again because somebody without the right to
/// banned them, too.
pub async fn a_ban_by_rule_is_just_whoever_made_it<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, &*rules()).await;
    stage.enters("guest", &None).await;
    stage.rests().await;
    stage.gavel_looks_away();
    stage.sets("server", "guest", "owner").await;
    stage.enters("out", &student("outcast")).await;
    stage.sets("guest", "out", "outcast").await;
    stage.gavel_looks_again();
    stage.ends([("guest", "none"), ("out", "outcast")]).await;
    stage.idles().await;
    stage.ends([("guest", "none"), ("out", "outcast")]).await;
}

/// B7: if one of somebody's occupants is more than an outcast, they are; and nobody gets
/// around a ban by coming a second time without claims.
pub async fn b7_the_highest_of_two_occupants_holds_against_a_ban<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, &*rules()).await;
    stage.enters("x/one", &host("Xenia")).await;
    stage.ends([("x/one", "owner")]).await;
    stage.enters("x/two", &student("outcast")).await;
    stage.ends([("x/one", "owner")]).await;
    stage.leaves("x/one").await;
    stage.goes("x/two").await;
    stage.ends([("x/two", "outcast")]).await;
    stage.enters("y/one", &None).await;
    stage.enters("y/two", &student("outcast")).await;
    stage.goes("y/one").await;
    stage.goes("y/two").await;
    stage.ends([("y/one", "outcast")]).await;
}

/// In a members-only room none would be a kick.
pub async fn none_by_rule_throws_nobody_out<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, &*rules()).await;
    stage.makes_members_only(true).await;
    stage.sets("focus", "none", "member").await;
    stage.enters("none", &student("none")).await;
    stage.ends([("none", "member")]).await;
    stage.sets("focus", "none", "owner").await;
    stage.ends([("none", "member")]).await;
    assert_eq!(stage.thrown_out("none"), 0);
}

pub async fn rules_go_by_nick_and_are_tried_anew_when_it_changes<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, &*rules()).await;
    let bobs = student("Bob");
    stage.enters("bob", &bobs).await;
    stage.ends([("bob", "member")]).await;
    for (nick, affiliation) in [("chair", "owner"), ("bob", "member")] {
        stage.updates_as("bob", nick, &bobs).await;
        stage.rests().await;
        stage.ends([("bob", affiliation)]).await;
    }
    // A guest may take the nick, and nothing with it.
    stage.enters("chair", &None).await;
    stage.ends([("chair", "none")]).await;
    assert_eq!(stage.asked("chair").await, [""; 0]);
}

/// A party that makes a room members-only makes members of those in it first, and gavel
/// hears of that first: a server module does both at once, a client does not.
pub async fn b5_a_lobby_throws_nobody_out<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, &*rules()).await;
    stage.enters("alice", &host("Alice")).await;
    stage.enters("none", &student("none")).await;
    stage.enters("guest", &None).await;
    stage.ends([("alice", "owner"), ("none", "none")]).await;
    // As gavel hears of the members the room is members-only already.
    stage.gavel_looks_away();
    stage.sets("server", "none", "member").await;
    stage.sets("server", "guest", "member").await;
    stage.makes_members_only(true).await;
    stage.gavel_looks_again();
    stage.ends([("none", "member")]).await;
    stage.idles().await;
    stage.ends([("none", "member"), ("guest", "member")]).await;
    // And with the lobby the reason for it ends.
    stage.makes_members_only(false).await;
    stage.ends([("none", "none")]).await;
    // Here it is not yet.
    stage.sets("alice", "none", "member").await;
    stage.rests().await;
    stage.makes_members_only(true).await;
    stage.ends([("none", "member")]).await;
    for who in ["alice", "none", "guest"] {
        assert_ne!(stage.role(who).await, "none", "{who}");
        assert_eq!(stage.thrown_out(who), 0, "{who}");
    }
}

pub async fn a_new_policy_holds_at_once_for_everybody<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, "").await;
    stage.enters("alice", &host("Alice")).await;
    stage.enters("bob", &student("Bob")).await;
    stage.ends([("alice", "owner"), ("bob", "member")]).await;
    let rule = "[[policy.rule]]\nname = 'students'\naffiliation = 'owner'\n\
                when = 'claims.context.user.name == \"Bob\"'";
    stage.gavel_reloads(rule).await;
    stage.ends([("alice", "owner"), ("bob", "owner")]).await;
    let log = stage.log();
    let last = log
        .lines()
        .rfind(|line| line.contains("affiliation "))
        .unwrap();
    assert!(last.contains("jid=bob@meet.jitsi"), "{last}");
    assert!(
        last.contains("cause=\"reload\"") && last.contains("students"),
        "{last}"
    );
    stage.gavel_reloads("").await;
    stage.ends([("alice", "owner"), ("bob", "member")]).await;
    assert_eq!(stage.asked("alice").await, ["owner"], "left alone");
}
played!(
    rules_give_every_affiliation,
    a_person_left_alone_by_rule_is_so_in_spite_of_a_grant,
    a_person_outcast_by_rule_is_banned_once_and_stays_so,
    a_ban_by_rule_outranks_grants_of_moderators,
    a_ban_by_rule_is_just_whoever_made_it,
    b7_the_highest_of_two_occupants_holds_against_a_ban,
    none_by_rule_throws_nobody_out,
    rules_go_by_nick_and_are_tried_anew_when_it_changes,
    b5_a_lobby_throws_nobody_out,
    a_new_policy_holds_at_once_for_everybody,
);
