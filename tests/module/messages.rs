//! B17: chat and polls are refused to people who are denied them; Jitsi does so only while
//! a room is restricted.

use crate::arrival::{connects, session, with};
use crate::on_both;
use crate::permissions::{defaults, says_of};
use crate::scene::{ROOM, Scene};
use crate::support::{Client, El, Options, SECRET, Version, escape};
use serde_json::json;

const POLLS: &str = "polls.meet.jitsi";

async fn scene(version: Version) -> Scene {
    with(version, |options: &mut Options| {
        options.more = format!("Component \"{POLLS}\" \"polls_component\"");
    })
    .await
}

/// A participant as Jitsi's clients connect.
async fn person(scene: &Scene, name: &str) -> Client {
    let mut fields = session("room", "");
    fields["auth_token"] = json!(null);
    let client = connects(scene, name, &fields).await;
    client.join(ROOM, name, "").await;
    client
}

fn body(text: &str) -> String {
    format!("<body>{text}</body>")
}

/// How many messages with this body or JSON a client has received from others.
fn heard(client: &Client, text: &str) -> usize {
    let holds = |c: &El| c.text.contains(text);
    let is = |s: &El| s.name == "message" && s.attr("type") != Some("error");
    client.count(|s| is(s) && s.children.iter().any(holds))
}

fn poll(command: &str, question: &str) -> String {
    poll_of("polls", command, question)
}

fn poll_of(kind: &str, command: &str, question: &str) -> String {
    let json = json!({
        "type": kind, "command": command, "pollId": "p", "question": question,
        "answers": [{ "name": "yes" }],
    });
    let text = json.to_string();
    format!(
        "<json-message xmlns='http://jitsi.org/jitmeet'>{}</json-message>",
        escape(&text)
    )
}

async fn module_refuses_chat_to_people_who_are_denied_it(version: Version) {
    let scene = scene(version).await;
    let alice = scene.person("alice").await;
    scene.follow(ROOM).await;
    let bob = person(&scene, "bob").await;
    let private = format!("{ROOM}/alice");
    assert_eq!(bob.says(ROOM, "groupchat", &body("free")).await, None);
    assert_eq!(bob.says(&private, "chat", &body("free")).await, None);
    assert_eq!(heard(&alice, "free"), 2);
    let names = [
        ("send-groupchat", "moderators"),
        ("send-private-message", "nobody"),
    ];
    defaults(&scene, &names).await;
    let html = "<html xmlns='http://jabber.org/protocol/xhtml-im'><body xmlns='http://www.w3.org/1999/xhtml'>denied</body></html>";
    let sealed = "<encrypted xmlns='urn:xmpp:omemo:2'>denied</encrypted>";
    // Jitsi's client shows a body of any namespace.
    let odd = "<body xmlns='urn:odd'>denied</body>";
    for what in [body("denied").as_str(), html, sealed, odd] {
        for (to, kind, text) in [
            (ROOM, "groupchat", "You may not write to this meeting."),
            (
                &private,
                "chat",
                "You may not write to people of this meeting.",
            ),
            (
                &private,
                "normal",
                "You may not write to people of this meeting.",
            ),
        ] {
            let refused = Some(("not-allowed".to_owned(), text.to_owned()));
            assert_eq!(bob.says(to, kind, what).await, refused, "{kind} {what}");
        }
    }
    // Jitsi's client shows the text of an error as a message.
    let id = bob.id();
    bob.send(&format!(
        "<message to='{private}' type='error' id='{id}'><error type='cancel'>\
         <not-allowed xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>\
         <text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>denied</text></error>{}</message>",
        body("denied")
    ))
    .await;
    let bounced = alice
        .expect("an error", |s| s.attr("id") == Some(&id))
        .await;
    assert_eq!(bounced.condition(), Some("not-allowed"));
    let texts = bounced.named("error").unwrap().named("text");
    assert!(
        texts.is_none() && bounced.named("body").is_none(),
        "{bounced:?}"
    );
    alice.ping("meet.jitsi").await.unwrap();
    assert_eq!(heard(&alice, "denied"), 0);
    // A stanza that is no message to read passes, and a moderator may write.
    let other = "<json-message xmlns='http://jitsi.org/jitmeet'>{\"type\":\"hand\"}</json-message>";
    assert_eq!(bob.says(ROOM, "groupchat", other).await, None);
    assert_eq!(bob.says(&private, "chat", other).await, None);
    assert_eq!(heard(&alice, "hand"), 2);
    assert_eq!(alice.says(ROOM, "groupchat", &body("hello")).await, None);
    assert_eq!(heard(&bob, "hello"), 1);
    // Roles come and go, and so do the names of a list; all of it outlives reloads.
    scene
        .gavel
        .affiliate(ROOM, bob.bare(), "owner")
        .await
        .unwrap();
    assert_eq!(bob.says(ROOM, "groupchat", &body("risen")).await, None);
    scene
        .gavel
        .affiliate(ROOM, bob.bare(), "none")
        .await
        .unwrap();
    assert!(bob.says(ROOM, "groupchat", &body("fallen")).await.is_some());
    says_of(&scene, ROOM, &bob, &[("send-groupchat", "everyone")])
        .await
        .unwrap();
    scene.eval("return manage('reload', 'gavel')").await;
    assert_eq!(bob.says(ROOM, "groupchat", &body("own")).await, None);
    assert_eq!(bob.says(&private, "chat", &body("own")).await, None);
    let carol = person(&scene, "carol").await;
    assert!(
        carol
            .says(ROOM, "groupchat", &body("carol"))
            .await
            .is_some()
    );
    scene.gavel.send("</stream:stream>").await;
    scene.disconnected().await;
    assert!(
        carol
            .says(ROOM, "groupchat", &body("carol"))
            .await
            .is_some()
    );
    assert_eq!(bob.says(ROOM, "groupchat", &body("bob")).await, None);
    assert_eq!((heard(&alice, "fallen"), heard(&alice, "carol")), (0, 0));
}
on_both!(module_refuses_chat_to_people_who_are_denied_it);

async fn module_refuses_polls_to_people_who_are_denied_them(version: Version) {
    let scene = scene(version).await;
    let alice = scene.person("alice").await;
    scene.follow(ROOM).await;
    let bob = person(&scene, "bob").await;
    assert_eq!(
        bob.says(POLLS, "normal", &poll("new-poll", "free")).await,
        None
    );
    assert_eq!(heard(&alice, "free"), 1);
    says_of(&scene, ROOM, &bob, &[("create-polls", "nobody")])
        .await
        .unwrap();
    let text = "You may not start polls in this meeting.".to_owned();
    let refused = Some(("not-allowed".to_owned(), text));
    // Escapes hide nothing, nor does text that is no JSON.
    let escaped = poll("new-poll", "denied").replace("new-poll", "new\\u002dpoll");
    let broken = poll("new-poll", "denied").replace('[', "");
    // Prosody's own JSON takes this command for another, Jitsi's modules and clients do not.
    let twofold = poll("new-poll", "denied").replacen('{', "{\"__hash\":[\"command\",\"x\"],", 1);
    for what in [poll("new-poll", "denied"), escaped, broken, twofold] {
        assert_eq!(bob.says(POLLS, "normal", &what).await, refused, "{what}");
    }
    // As older Jitsi sends them.
    let older = poll_of("new-poll", "", "denied");
    assert_eq!(bob.says(ROOM, "groupchat", &older).await, refused);
    // Clients read all text in the element.
    let wrapped = older
        .replacen("'>", "'><a>", 1)
        .replace("</json", "</a></json");
    assert_eq!(bob.says(ROOM, "groupchat", &wrapped).await, refused);
    // Clients take a poll from a private message, too, and polls from before they came.
    assert_eq!(
        bob.says(&format!("{ROOM}/alice"), "chat", &older).await,
        refused
    );
    let history = older.replace("new-poll", "old-polls");
    assert_eq!(bob.says(ROOM, "groupchat", &history).await, refused);
    assert_eq!(heard(&alice, "denied"), 0);
    // Answers to others' polls pass, and so do polls of others.
    let answer = poll("answer-poll", "answered");
    assert_eq!(bob.says(ROOM, "groupchat", &answer).await, None);
    assert_eq!(heard(&alice, "answered"), 1);
    let carol = person(&scene, "carol").await;
    assert_eq!(
        carol.says(POLLS, "normal", &poll("new-poll", "hers")).await,
        None
    );
    assert_eq!(heard(&bob, "hers"), 1);
}
on_both!(module_refuses_polls_to_people_who_are_denied_them);

/// People of other servers have no session here.
async fn module_knows_people_of_other_servers(version: Version) {
    let scene = with(version, |options: &mut Options| {
        options.more = format!("Component \"far.example\"\n  component_secret = \"{SECRET}\"");
    })
    .await;
    let alice = scene.person("alice").await;
    scene.follow(ROOM).await;
    defaults(&scene, &[("send-groupchat", "moderators")]).await;
    let guest = Client::component(&scene.prosody, "guest@far.example/1").await;
    let says = |text: &'static str| async {
        let jid = &guest.jid;
        let id = guest.id();
        guest
            .send(&format!(
                "<message from='{jid}' to='{ROOM}' type='groupchat' id='{id}'>{}</message>",
                body(text)
            ))
            .await;
        guest
            .expect("an answer", |s| s.attr("id") == Some(&id))
            .await;
        alice.ping("meet.jitsi").await.unwrap();
        heard(&alice, text)
    };
    guest.join(ROOM, "guest", "").await;
    assert_eq!(says("before").await, 0);
    guest
        .send(&format!(
            "<presence from='{}' to='{ROOM}/other'/>",
            guest.jid
        ))
        .await;
    alice.sees(ROOM, "other", "to be there", |_| true).await;
    assert_eq!(says("after").await, 0);
    // Nothing is kept of a second session behind the nick that has left again.
    for kind in ["", " type='unavailable'"] {
        let join = "<x xmlns='http://jabber.org/protocol/muc'/>";
        guest
            .send(&format!(
                "<presence from='guest@far.example/2' to='{ROOM}/other'{kind}>{join}</presence>"
            ))
            .await;
        let is = |s: &El| {
            let own = s.attr("to") == Some("guest@far.example/2");
            own && s.name == "presence" && s.attr("type").is_some() != kind.is_empty()
        };
        guest.expect("its own presence", is).await;
    }
    let known = "local n = {} for full in pairs(module:context('muc.meet.jitsi'):shared('/*/gavel/remote')) do
        if full:find('far.example', 1, true) then table.insert(n, full) end end return table.concat(n, ' ')";
    assert_eq!(scene.eval(known).await, "guest@far.example/1");
    // Nor of one that the room throws out for an error.
    for kind in ["", " type='error'"] {
        guest
            .send(&format!(
                "<presence from='guest@far.example/3' to='{ROOM}/other'{kind}>\
                 <x xmlns='http://jabber.org/protocol/muc'/><jwt>a.b.c</jwt></presence>"
            ))
            .await;
        // In order, so that the answer to another's message comes after it.
        assert_eq!(says("once more").await, 0);
    }
    assert_eq!(scene.eval(known).await, "guest@far.example/1");
    // Nor of a person whom a module throws out as they enter.
    let throws = "module:hook('muc-occupant-joined', function (event)
        if event.nick:find('/unwanted$') then event.room:set_role(true, event.nick, nil) end end)";
    scene.eval(throws).await;
    guest
        .send(&format!(
            "<presence from='guest@far.example/4' to='{ROOM}/unwanted'>\
             <x xmlns='http://jabber.org/protocol/muc'/></presence>"
        ))
        .await;
    assert_eq!(says("at last").await, 0);
    assert_eq!(scene.eval(known).await, "guest@far.example/1");
}
on_both!(module_knows_people_of_other_servers);
