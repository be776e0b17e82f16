//! B8: nobody writes under a name that gavel has yet to compare.

use crate::arrival::{connects, session, with};
use crate::on_both;
use crate::scene::{ROOM, Scene};
use crate::support::{Client, El, Options, Version, nick};

async fn pin(scene: &Scene, name: &str, attributes: &str) {
    let pin = format!("<pin xmlns='urn:gavel:names:0' {attributes}>{name}</pin>");
    scene.gavel.iq("set", ROOM, &pin).await.unwrap();
}

/// Alice, whose name is kept, bob, and gavel.
async fn scene(version: Version) -> (Scene, Client, Client) {
    let scene = with(version, |options: &mut Options| {
        options.more = "Component \"polls.meet.jitsi\" \"polls_component\"".into();
    })
    .await;
    let alice = scene.person("alice").await;
    let mut fields = session("room", "");
    fields["auth_token"] = serde_json::Value::Null;
    let bob = connects(&scene, "bob", &fields).await;
    bob.join(ROOM, "bob", &nick("Bob")).await;
    scene.follow(ROOM).await;
    let alices = format!("nick='alice' jid='{}' own='true'", alice.jid);
    pin(&scene, "Alice", &alices).await;
    (scene, alice, bob)
}

fn says(to: &str, text: &str) -> String {
    let kind = if to == ROOM { "groupchat" } else { "chat" };
    format!("<message to='{to}' type='{kind}'><body>{text}</body></message>")
}

/// A poll by way of Jitsi's component.
const POLL: &str = "<message to='polls.meet.jitsi'>\
    <json-message xmlns='http://jitsi.org/jitmeet'>{\"command\":\"new-poll\"}</json-message></message>";

fn renames(name: &str) -> String {
    format!("<presence to='{ROOM}/bob'>{}</presence>", nick(name))
}

fn is_ping(stanza: &El) -> bool {
    stanza.named("ping").is_some() && stanza.attr("type") == Some("get")
}

async fn times_asked(scene: &Scene) -> usize {
    let seen = scene.seen().await;
    seen.iter().filter(|s| is_ping(s)).count()
}

/// Waits until gavel is asked whether it has seen all.
async fn asked(scene: &Scene) -> String {
    let question = scene.gavel.expect("a question", is_ping).await;
    question.attr("id").unwrap().to_owned()
}

async fn answers(scene: &Scene, id: &str) {
    let (from, to) = (&scene.gavel.jid, "muc.meet.jitsi");
    let result = format!("<iq type='result' id='{id}' from='{from}' to='{to}'/>");
    scene.gavel.send(&result).await;
}

/// The things that somebody has seen of bob, in order: the names that he had, his messages, and
/// his poll.
fn seen(client: &Client) -> Vec<String> {
    let from = format!("{ROOM}/bob");
    let of = client.received().into_iter();
    of.filter_map(|s| match s.named("json-message") {
        Some(_) => Some("a poll".to_owned()),
        None if s.attr("from") != Some(&from) => None,
        None => Some(s.named("nick").or(s.named("body"))?.text.clone()),
    })
    .collect()
}

async fn hears(client: &Client, text: &str) {
    let is = |s: &El| s.named("body").is_some_and(|b| b.text == text);
    client.expect(text, is).await;
}

/// Clients show a message under the name that its sender had as it came.
async fn module_lets_nobody_write_under_a_borrowed_name(version: Version) {
    let (scene, alice, bob) = scene(version).await;
    let private = format!("{ROOM}/alice");
    let (first, second) = (says(ROOM, "to all"), says(&private, "to alice"));
    bob.send(&(renames("Alice") + &first + POLL + &second))
        .await;
    let id = asked(&scene).await;
    bob.ping("meet.jitsi").await.unwrap();
    // Another name meanwhile is asked about in its turn, and messages wait for that, too.
    bob.send(&renames("ALICE")).await;
    bob.ping("meet.jitsi").await.unwrap();
    answers(&scene, &id).await;
    let id = asked(&scene).await;
    alice.ping("meet.jitsi").await.unwrap();
    assert_eq!(seen(&alice), ["Bob", "Alice", "ALICE"]);
    let bobs = format!("nick='bob' jid='{}' shown='ALICE'", bob.jid);
    pin(&scene, "Alice (guest)", &bobs).await;
    answers(&scene, &id).await;
    hears(&alice, "to alice").await;
    let expected = [
        "Bob",
        "Alice",
        "ALICE",
        "Alice (guest)",
        "to all",
        "a poll",
        "to alice",
    ];
    assert_eq!(seen(&alice), expected);
    // From then on nothing waits.
    bob.send(&says(ROOM, "more")).await;
    hears(&alice, "more").await;
    assert_eq!(times_asked(&scene).await, 2);
}
on_both!(module_lets_nobody_write_under_a_borrowed_name);

/// A gavel that hangs, or is away, keeps nobody from writing; nor does a name that is kept.
async fn module_lets_people_write_without_gavel(version: Version) {
    let (scene, alice, bob) = scene(version).await;
    bob.send(&(renames("Robert") + &says(ROOM, "in the end")))
        .await;
    asked(&scene).await;
    hears(&alice, "in the end").await;
    alice
        .send(
            &(format!("<presence to='{ROOM}/alice'>{}</presence>", nick("A"))
                + &says(ROOM, "hers")),
        )
        .await;
    hears(&bob, "hers").await;
    assert_eq!(times_asked(&scene).await, 1);
    bob.send(&(renames("Rob") + &says(ROOM, "lost its gavel")))
        .await;
    asked(&scene).await;
    scene.gavel.send("</stream:stream>").await;
    hears(&alice, "lost its gavel").await;
}
on_both!(module_lets_people_write_without_gavel);
