//! B13: everybody who asks gavel something gets an answer.

use crate::on_both;
use crate::support::{Env, GAVEL, Version};

const ROOM: &str = "room@muc.meet.jitsi";

async fn b13_every_request_is_answered(version: Version) {
    let env = Env::new(version).await;
    let focus = env.focus(ROOM).await;
    let guest = env.person(ROOM, "guest", None).await;
    let info = "<query xmlns='http://jabber.org/protocol/disco#info'/>";
    let items = "<query xmlns='http://jabber.org/protocol/disco#items'/>";
    let asked_version = "<query xmlns='jabber:iq:version'/>";
    let in_room = "room@muc.meet.jitsi/gavel";
    for to in [GAVEL, "gavel@gavel.meet.jitsi", "gavel.meet.jitsi", in_room] {
        let answer = guest.iq("get", to, info).await.unwrap();
        let query = answer.named("query").unwrap();
        assert!(query.named("identity").is_some(), "{to}: {query:?}");
        let feature = |var: &str| query.children.iter().any(|f| f.attr("var") == Some(var));
        assert!(
            feature("http://jabber.org/protocol/disco#info"),
            "{to}: {query:?}"
        );
        assert!(feature("urn:xmpp:ping"), "{to}: {query:?}");
        guest.iq("get", to, items).await.unwrap();
        let answer = guest.iq("get", to, asked_version).await.unwrap();
        let name = answer.named("query").unwrap().named("name").unwrap();
        assert_eq!(name.text.to_lowercase(), "gavel");
        // A ping to an occupant's JID means the room, if the JID is one's own.
        guest.ping(to).await.unwrap();
        for (kind, request) in [
            (
                "set",
                "<jingle xmlns='urn:xmpp:jingle:1' action='session-initiate' sid='1'/>",
            ),
            ("set", "<query xmlns='jabber:iq:roster'/>"),
            ("get", "<vCard xmlns='vcard-temp'/>"),
            ("set", "<ping xmlns='urn:xmpp:ping'/>"),
            (
                "get",
                "<mute xmlns='http://jitsi.org/jitmeet/audio'>true</mute>",
            ),
            (
                "set",
                "<mute xmlns='http://jitsi.org/jitmeet/audio'>true</mute>",
            ),
        ] {
            if to == in_room && request.contains("vcard") {
                continue; // Prosody answers for the account itself.
            }
            let answer = focus.iq(kind, to, request).await;
            assert_eq!(
                answer,
                Err("service-unavailable".into()),
                "{kind} {request} to {to}"
            );
        }
    }
}
on_both!(b13_every_request_is_answered);
