//! B5 with `policy.fallback = "first"`, as Jicofo's auto-owner does it.

use super::stage::{Setting, Stage, host, student};

const FIRST: &str = "[policy]\nfallback = 'first'";

/// A server on which phones have a domain of their own.
fn with(config: &str) -> Setting {
    Setting {
        config: config.to_owned(),
        hosts: vec!["sip.meet.jitsi"],
        ..Setting::default()
    }
}

/// The cases of Jicofo's own ChatRoomRoleManagerTest, AutoOwnerRoleManager.
pub async fn b5_jicofos_cases_of_an_auto_owner<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, with(FIRST)).await;
    // Skip jibri, jigasi and visitors.
    stage.declares("jibri@auth.meet.jitsi", true).await;
    stage.makes_moderated(true).await;
    stage.enters("visitor", &None).await;
    assert_eq!(stage.role("visitor").await, "visitor");
    stage
        .ends([("jibri@auth.meet.jitsi", "none"), ("visitor", "none")])
        .await;
    stage.makes_moderated(false).await;
    // Elect the first participant that joins.
    stage.enters("member1", &None).await;
    stage.ends([("member1", "owner")]).await;
    // Do not elect a second owner while one exists.
    stage.enters("member2", &None).await;
    stage
        .ends([("member1", "owner"), ("member2", "none")])
        .await;
    // Do not elect a new owner when a non-owner leaves.
    stage.leaves("member2").await;
    stage.ends([("member1", "owner")]).await;
    // Elect a new owner when the owner leaves: the next in the row.
    stage.enters("member2", &None).await;
    stage.enters("member3", &None).await;
    stage.leaves("member1").await;
    stage
        .ends([
            ("member1", "none"),
            ("member2", "owner"),
            ("member3", "none"),
        ])
        .await;
    // A person who comes back is the last in the row. The same for a kick.
    stage.enters("member1", &None).await;
    stage.kicks("focus", "member2").await;
    stage
        .ends([
            ("member1", "none"),
            ("member2", "none"),
            ("member3", "owner"),
        ])
        .await;
    stage.enters("member2", &None).await;
    stage.leaves("member3").await;
    stage
        .ends([
            ("member1", "owner"),
            ("member2", "none"),
            ("member3", "none"),
        ])
        .await;
    stage.leaves("member2").await;
    // Do not elect when a member already has owner rights.
    stage.leaves("member1").await;
    stage.enters("owner", &host("Owner")).await;
    stage.ends([("owner", "owner")]).await;
    stage.enters("member1", &None).await;
    stage
        .ends([("owner", "owner"), ("member1", "none"), ("visitor", "none")])
        .await;
}

/// Jicofo's AuthenticationRoleManager: everybody who is authenticated.
pub async fn b5_jicofos_cases_of_authenticated_owners<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, with("[policy]\npreset = 'authenticated'")).await;
    stage.enters("authenticated", &student("A")).await;
    stage.enters("other", &None).await;
    stage
        .ends([("authenticated", "owner"), ("other", "none")])
        .await;
    // Grant ownership when a user authenticates.
    stage.updates("other", &student("B")).await;
    stage
        .ends([("authenticated", "owner"), ("other", "owner")])
        .await;
}

/// gavel knows recorders and phones by their declaration, on domains that people do not log in
/// to.
pub async fn b5_machines_are_never_elected_and_nobody_becomes_one_by_saying_so<S: Stage>(
    at: S::Place,
) {
    let mut stage = S::open(at, with(FIRST)).await;
    // gavel has not been told of this domain.
    let phone = "phone@sip.meet.jitsi";
    stage.declares(phone, true).await;
    stage.ends([(phone, "none")]).await;
    stage.declares("faker", true).await;
    stage.ends([("faker", "owner"), (phone, "none")]).await;
    stage.leaves("faker").await;
    stage.ends([(phone, "none")]).await;
    // A machine that is none any more can be elected, and the other way round.
    stage.declares(phone, false).await;
    stage.ends([(phone, "owner")]).await;
    stage.declares(phone, true).await;
    stage.ends([(phone, "none")]).await;
    stage.enters("guest", &None).await;
    stage.ends([("guest", "owner"), (phone, "none")]).await;
}
pub async fn b5_a_guest_elected_first_is_no_moderator_once_a_host_is_there<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, with(FIRST)).await;
    stage.enters("guest", &None).await;
    stage.ends([("guest", "owner")]).await;
    stage.enters("friend", &None).await;
    stage.ends([("guest", "owner"), ("friend", "none")]).await;
    assert_eq!(stage.role("guest").await, "moderator");
    // Elected, they promote others, as moderators do.
    stage.sets("guest", "friend", "owner").await;
    stage.ends([("guest", "owner"), ("friend", "owner")]).await;
    stage.gavel_restarts().await;
    stage.ends([("guest", "owner"), ("friend", "owner")]).await;
    stage.enters("host", &host("Host")).await;
    stage
        .ends([("host", "owner"), ("guest", "none"), ("friend", "none")])
        .await;
    for who in ["guest", "friend"] {
        assert_eq!(stage.role(who).await, "participant", "{who}");
    }
    stage.logs("cause=\"fallback\"").await;
    // The focus, an elector of its own, changes nothing.
    stage.sets("focus", "guest", "owner").await;
    stage.ends([("guest", "none"), ("host", "owner")]).await;
    // They are elected again when the host leaves, who may come back.
    stage.leaves("host").await;
    stage
        .ends([("guest", "owner"), ("friend", "none"), ("host", "owner")])
        .await;
}

pub async fn b5_an_election_follows_its_person_over_a_reload<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, with(FIRST)).await;
    stage.enters("ann", &student("Ann")).await;
    stage.enters("ben", &student("Ben")).await;
    stage.ends([("ann", "owner"), ("ben", "member")]).await;
    stage.leaves("ann").await;
    stage.enters("ann2", &student("Ann")).await;
    stage.ends([("ann2", "owner"), ("ben", "member")]).await;
    stage.moderates_no_more("ann").await;
    let asked = stage.asked("ben").await;
    assert!(!asked.contains(&"owner".to_owned()), "{asked:?}");
}

/// If a client puts people out of the room by making it members-only, Prosody tells only
/// them. gavel looks who is left within a second.
pub async fn b20_nobody_who_was_put_out_unseen_is_elected<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, with(FIRST)).await;
    stage.enters("ann", &None).await;
    stage.ends([("ann", "owner")]).await;
    stage.enters("ben", &None).await;
    stage.ends([("ben", "none")]).await;
    stage.makes_members_only(true).await;
    stage.rests().await;
    assert_eq!(stage.thrown_out("ben"), 1);
    stage.is_missed("ben").await;
    stage.leaves("ann").await;
    stage.moderates_no_more("ann").await;
    stage.idles().await;
    assert_eq!(stage.asked("ben").await, [""; 0]);
    assert_eq!(stage.has("ben").await, "none");
}

pub async fn b5_elections_begin_and_end_with_the_configuration<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, with("")).await;
    stage.enters("ann", &None).await;
    stage.enters("ben", &None).await;
    stage.ends([("ann", "none"), ("ben", "none")]).await;
    stage.gavel_reloads(FIRST).await;
    stage.ends([("ann", "owner"), ("ben", "none")]).await;
    stage.idles().await;
    stage.ends([("ann", "owner"), ("ben", "none")]).await;
    stage.gavel_reloads("").await;
    stage.ends([("ann", "none"), ("ben", "none")]).await;
}
played!(
    b5_jicofos_cases_of_an_auto_owner,
    b5_a_guest_elected_first_is_no_moderator_once_a_host_is_there,
    b5_an_election_follows_its_person_over_a_reload,
    b20_nobody_who_was_put_out_unseen_is_elected,
    b5_machines_are_never_elected_and_nobody_becomes_one_by_saying_so,
    b5_elections_begin_and_end_with_the_configuration,
    b5_jicofos_cases_of_authenticated_owners,
);
played!(with_module: b5_machines_are_never_elected_and_nobody_becomes_one_by_saying_so);
