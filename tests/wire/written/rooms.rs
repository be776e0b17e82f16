//! Stanzas into rooms and to people.

use super::{ME, check, occupant, room};
use crate::owned;
use gavel::muc::RealJid;
use gavel::stanza::Outbound;

#[test]
fn table_of_presences_and_messages() {
    let rows = [
        (
            "join",
            Outbound::Join {
                occupant: occupant(),
                password: None,
            },
            format!(
                "<presence {ME} to='[t]r@m/n&apos;&lt;'><nick xmlns='http://jabber.org/protocol/nick'>n'&lt;</nick><x xmlns='http://jabber.org/protocol/muc'><history maxstanzas='0'/></x></presence>"
            ),
        ),
        (
            "join with password",
            Outbound::Join {
                occupant: occupant(),
                password: owned("p&"),
            },
            format!(
                "<presence {ME} to='[t]r@m/n&apos;&lt;'><nick xmlns='http://jabber.org/protocol/nick'>n'&lt;</nick><x xmlns='http://jabber.org/protocol/muc'><password>p&amp;</password><history maxstanzas='0'/></x></presence>"
            ),
        ),
        (
            "leave",
            Outbound::Leave {
                occupant: occupant(),
            },
            format!("<presence {ME} to='[t]r@m/n&apos;&lt;' type='unavailable'/>"),
        ),
        (
            "foreign",
            Outbound::Foreign {
                from: RealJid::parse("a@h/r").unwrap(),
                id: "i".to_owned(),
            },
            "<message from='a@h/r' to='gavel@c.example/gavel' id='i' type='headline'/>".to_owned(),
        ),
        (
            "notify",
            Outbound::Notify {
                occupant: occupant(),
                id: "i".to_owned(),
                text: "a\n<b>".to_owned(),
            },
            format!(
                "<message {ME} to='[t]r@m/n&apos;&lt;' id='i' type='chat'><body>a\n&lt;b&gt;</body></message>"
            ),
        ),
        (
            "announce",
            Outbound::Announce {
                room: room(),
                text: "a\"<b>".to_owned(),
                system: false,
            },
            format!("<message {ME} to='r@m' type='groupchat'><body>a\"&lt;b&gt;</body></message>"),
        ),
        (
            "announce from the room",
            Outbound::Announce {
                room: room(),
                text: "a\"<b>".to_owned(),
                system: true,
            },
            format!(
                "<message {ME} to='r@m' type='groupchat'><body>a\"&lt;b&gt;</body><json-message xmlns='http://jitsi.org/jitmeet'>{{\"type\":\"system_chat_message\",\"message\":\"a\\\"&lt;b&gt;\"}}</json-message></message>"
            ),
        ),
    ];
    check(rows);
}
