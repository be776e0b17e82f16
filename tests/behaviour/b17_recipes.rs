//! The recipes of docs/permissions.md, taken out of its text and played with real
//! Prosody.

use crate::on_both;
use crate::permitting::{Meeting, claims};
use crate::support::{Client, Version};
use serde_json::{Value, json};

/// The configuration in the recipe with this heading.
fn recipe(heading: &str) -> String {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/permissions.md");
    let page = std::fs::read_to_string(page).unwrap();
    let (_, section) = page.split_once(&format!("\n### {heading}\n")).unwrap();
    let section = section.split("\n### ").next().unwrap();
    let (_, block) = section.split_once("```toml\n").unwrap();
    block.split("```").next().unwrap().to_owned()
}

async fn expect(meeting: &Meeting, who: &str, client: &Client, expected: &[(&'static str, bool)]) {
    let names: Vec<_> = expected.iter().map(|(name, _)| *name).collect();
    assert_eq!(meeting.all(client, &names).await, expected, "{who}");
}

/// Claims of somebody who is in these groups of Keycloak.
fn grouped(name: &str, moderates: bool, groups: &[&str]) -> Value {
    let mut claims = claims(name, moderates, &[]);
    claims["groups"] = json!(groups);
    claims
}

async fn b17_recipe_exam(version: Version) {
    let examiner = claims("examiner-7", false, &[]);
    let meeting = Meeting::of(version, &recipe("Exam"), examiner).await;
    let quiet = [
        ("send-groupchat", false),
        ("send-private-message", false),
        ("create-polls", false),
        ("file-upload", false),
        ("breakout-enter", false),
    ];
    // A token that says moderator makes no second examiner.
    let ada = meeting.arrives("ada", Some(claims("ada", true, &[]))).await;
    let guest = meeting.comes("guest", None).await;
    for (who, client) in [("ada", &ada), ("guest", &guest)] {
        expect(&meeting, who, client, &quiet).await;
        assert_eq!(
            meeting.focus.role(crate::permitting::ROOM, who),
            "participant"
        );
    }
    // Sent by the examiner, a candidate enters.
    let sent = format!(
        "participantJid='{}' roomJid='{}'",
        ada.jid,
        crate::permitting::ONE
    );
    meeting.host.orders("move-to-room", &sent).await;
    ada.ping("meet.jitsi").await.unwrap();
    let moved = ada.moves(crate::permitting::ROOM, crate::permitting::ONE);
    assert_eq!(moved.await, Ok(()));
    let all = quiet.map(|(name, _)| (name, true));
    expect(&meeting, "the examiner", &meeting.host, &all[..2]).await;
    // A promotion does not last.
    let room = crate::permitting::ROOM;
    let _ = meeting.host.affiliate(room, guest.bare(), "owner").await;
    meeting.settle().await;
    assert_eq!(meeting.focus.role(room, "guest"), "participant");
}
on_both!(b17_recipe_exam);

async fn b17_recipe_classroom(version: Version) {
    let teacher = claims("host", true, &[]);
    let meeting = Meeting::of(version, &recipe("Classroom"), teacher).await;
    let mut pupils = vec![
        ("create-polls", false),
        ("recording", false),
        ("livestreaming", false),
        ("transcription", false),
        ("breakout-manage", false),
        ("send-groupchat", true),
        ("breakout-enter", false),
    ];
    let tim = meeting
        .arrives("tim", Some(claims("tim", false, &[])))
        .await;
    expect(&meeting, "a pupil", &tim, &pupils).await;
    // Also one that the teacher promotes.
    let room = crate::permitting::ROOM;
    meeting
        .host
        .affiliate(room, tim.bare(), "owner")
        .await
        .unwrap();
    meeting.focus.sees_affiliation(room, "tim", "admin").await;
    meeting.settle().await;
    pupils.pop();
    expect(&meeting, "a promoted pupil", &tim, &pupils).await;
    let teachers: Vec<_> = pupils.iter().map(|(name, _)| (*name, true)).collect();
    expect(&meeting, "the teacher", &meeting.host, &teachers).await;
}
on_both!(b17_recipe_classroom);

async fn b17_recipe_company(version: Version) {
    let chair = grouped("host", true, &["staff"]);
    let meeting = Meeting::of(version, &recipe("Company"), chair).await;
    let (may, not) = (
        [("recording", true), ("livestreaming", true)],
        [("recording", false), ("livestreaming", false)],
    );
    let recorder = grouped("rec", false, &["staff", "meeting-recorders"]);
    let recorder = meeting.arrives("rec", Some(recorder)).await;
    let other = meeting
        .arrives("other", Some(grouped("other", false, &[])))
        .await;
    expect(&meeting, "a recorder", &recorder, &may).await;
    assert_eq!(
        meeting.focus.role(crate::permitting::ROOM, "rec"),
        "moderator"
    );
    expect(&meeting, "another", &other, &not).await;
    expect(&meeting, "a moderator", &meeting.host, &not).await;
}
on_both!(b17_recipe_company);

async fn b17_recipe_webinar(version: Version) {
    let speaker = claims("host", true, &[]);
    let meeting = Meeting::of(version, &recipe("Webinar"), speaker).await;
    let names = [
        "send-groupchat",
        "send-private-message",
        "file-upload",
        "create-polls",
    ];
    let guest = meeting.comes("guest", None).await;
    let ada = meeting
        .arrives("ada", Some(claims("ada", false, &[])))
        .await;
    let mut guests = names.map(|name| (name, false)).to_vec();
    guests.push(("breakout-enter", false));
    expect(&meeting, "a guest", &guest, &guests).await;
    expect(
        &meeting,
        "somebody with a token",
        &ada,
        &names.map(|name| (name, true)),
    )
    .await;
    expect(
        &meeting,
        "the speaker",
        &meeting.host,
        &names.map(|name| (name, true)),
    )
    .await;
}
on_both!(b17_recipe_webinar);
