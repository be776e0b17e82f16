//! B8: nobody writes messages under the name of somebody else.

use crate::on_both;
use crate::scene::{ROOM, Scene, options, verified};
use crate::support::{Client, El, Options, SECRET, Version};

const NODE: &str = "conference.v1.meet.jitsi";

/// A message that names its author, in each way that clients look at.
fn by(name: &str, text: &str) -> String {
    format!(
        "<display-name xmlns='http://jitsi.org/protocol/display-name' source='visitor'>{name}</display-name>\
         <body>{text}</body><nick xmlns='http://jabber.org/protocol/nick'>{name}</nick><hint xmlns='urn:x'/>"
    )
}

/// The names of the children of the only message with this text.
async fn heard(client: &Client, text: &str) -> Vec<String> {
    let is = |s: &El| s.named("body").is_some_and(|b| b.text == text);
    let message = client.expect(text, is).await;
    let mut names: Vec<String> = message.children.iter().map(|c| c.name.clone()).collect();
    names.retain(|name| ["display-name", "body", "nick", "hint"].contains(&&**name));
    names
}

const WHOLE: [&str; 4] = ["display-name", "body", "nick", "hint"];
const PLAIN: [&str; 2] = ["body", "hint"];

async fn module_lets_nobody_write_in_the_name_of_another(version: Version) {
    let scene = Scene::new(version).await;
    let alice = scene.person("alice").await;
    let bob = scene.person("bob").await;
    scene.follow(ROOM).await;
    let private = format!("{ROOM}/alice");
    let ways = [
        (ROOM, "groupchat"),
        (&private, "chat"),
        (&private, "normal"),
    ];
    // If nobody has a name to lose, nothing is touched.
    for (to, kind) in ways {
        assert_eq!(bob.says(to, kind, &by("Alice", kind)).await, None);
        assert_eq!(heard(&alice, kind).await, WHOLE, "{kind}");
    }
    let pin = format!(
        "<pin xmlns='urn:gavel:names:0' nick='alice' jid='{}'>Alice</pin>",
        alice.jid
    );
    scene.gavel.iq("set", ROOM, &pin).await.unwrap();
    for (to, kind) in ways {
        let text = format!("{kind} later");
        assert_eq!(bob.says(to, kind, &by("Alice", &text)).await, None);
        assert_eq!(heard(&alice, &text).await, PLAIN, "{kind}");
    }
    // Nor do people whom their token names write under another name, wherever they are.
    let carol = scene.client("carol").await;
    scene.session(&carol, &verified("Carol")).await;
    let other = "other@muc.meet.jitsi";
    carol.join(other, "carol", "").await;
    bob.join(other, "bob", "").await;
    assert_eq!(
        carol.says(other, "groupchat", &by("Bob", "hers")).await,
        None
    );
    assert_eq!(heard(&bob, "hers").await, PLAIN);
    assert_eq!(
        bob.says(other, "groupchat", &by("Carol", "his")).await,
        None
    );
    assert_eq!(heard(&carol, "his").await, WHOLE);
    // A person who comes later is shown the same.
    let kept = format!(
        "local all = {{}} for _, entry in ipairs(room('{ROOM}')._history) do
             local by = entry.stanza:get_child_text('display-name', 'http://jitsi.org/protocol/display-name')
             table.insert(all, entry.stanza:get_child_text('body')..' by '..tostring(by))
         end return table.concat(all, ', ')"
    );
    assert_eq!(
        scene.eval(&kept).await,
        "groupchat by Alice, groupchat later by nil"
    );
}
on_both!(module_lets_nobody_write_in_the_name_of_another);

/// Jitsi's mod_visitors' treatment of messages of visitors, who are in the room of another
/// server.
const VISITORS: &str = "
local jid = require 'util.jid'
local function is_node(event) return jid.host(event.stanza.attr.from) == 'conference.v1.meet.jitsi' end
module:hook('muc-occupant-groupchat', function (event)
    if event.occupant or not is_node(event) then return end
    event.stanza.attr.from = event.stanza.attr.to
    for _, occupant in event.room:each_occupant() do event.room:route_to_occupant(occupant, event.stanza) end
    return true
end, 55)
module:hook('message/full', function (event)
    local to = event.stanza.attr.to
    if not is_node(event) then return end
    event.stanza.attr.from = jid.bare(to)
    room(jid.bare(to)):route_to_occupant(room(jid.bare(to)):get_occupant_by_nick(to), event.stanza)
    return true
end, 10) return 'done'";

async fn module_leaves_messages_of_visitors_alone(version: Version) {
    let options = Options {
        more: format!("Component \"{NODE}\"\n  component_secret = \"{SECRET}\""),
        ..options()
    };
    let scene = Scene::with(version, options).await;
    assert_eq!(scene.eval(VISITORS).await, "done");
    let alice = scene.person("alice").await;
    scene.follow(ROOM).await;
    let pin = format!(
        "<pin xmlns='urn:gavel:names:0' nick='alice' jid='{}'>Alice</pin>",
        alice.jid
    );
    scene.gavel.iq("set", ROOM, &pin).await.unwrap();
    let visitor = Client::component(&scene.prosody, &format!("room@{NODE}/vera")).await;
    for (to, kind) in [(ROOM, "groupchat"), (&*format!("{ROOM}/alice"), "chat")] {
        let from = &visitor.jid;
        let message = by("Vera", kind);
        visitor
            .send(&format!(
                "<message from='{from}' to='{to}' type='{kind}'>{message}</message>"
            ))
            .await;
        assert_eq!(heard(&alice, kind).await, WHOLE, "{kind}");
    }
}
on_both!(module_leaves_messages_of_visitors_alone);
