//! Replies.

use super::{PERMIT, check};
use gavel::muc::Affiliation;
use gavel::stanza::{Outbound, Reply};

fn reply(reply: Reply) -> Outbound {
    Outbound::Reply {
        to: "a@h/r".to_owned(),
        from: "x@c.example".to_owned(),
        id: "i".to_owned(),
        reply,
    }
}

/// The attributes of such a reply.
fn back(kind: &str) -> String {
    format!("from='x@c.example' to='a@h/r' id='i' type='{kind}'")
}

#[test]
fn table_of_replies() {
    let rows = [
        (
            "empty",
            reply(Reply::Empty),
            format!("<iq {}/>", back("result")),
        ),
        (
            "no items",
            reply(Reply::DiscoItems),
            format!(
                "<iq {}><query xmlns='http://jabber.org/protocol/disco#items'/></iq>",
                back("result")
            ),
        ),
        (
            "version",
            reply(Reply::Version),
            format!(
                "<iq {}><query xmlns='jabber:iq:version'><name>gavel</name><version>{}</version></query></iq>",
                back("result"),
                env!("CARGO_PKG_VERSION")
            ),
        ),
        (
            "features",
            reply(Reply::DiscoInfo),
            format!(
                "<iq {}><query xmlns='http://jabber.org/protocol/disco#info'><identity category='component' type='generic' name='gavel' xml:lang='en'/><feature var='http://jabber.org/protocol/disco#info'/><feature var='http://jabber.org/protocol/disco#items'/><feature var='jabber:iq:version'/><feature var='urn:xmpp:ping'/></query></iq>",
                back("result")
            ),
        ),
        (
            "unavailable",
            reply(Reply::ServiceUnavailable),
            format!(
                "<iq {}><error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
                back("error")
            ),
        ),
    ];
    check(rows);
}

#[test]
fn table_of_replies_about_people_who_arrive() {
    let rows = [
        (
            "of somebody who arrives",
            reply(Reply::Arrival {
                affiliation: Some(Affiliation::Owner),
                name: Some("A & B".to_owned()),
                own: true,
                permissions: None,
            }),
            format!(
                "<iq {}><arrival xmlns='urn:gavel:arrival:0' affiliation='owner' own='true'>A &amp; B</arrival></iq>",
                back("result")
            ),
        ),
        (
            "nothing of somebody who arrives",
            reply(Reply::Arrival {
                affiliation: None,
                name: None,
                own: false,
                permissions: None,
            }),
            format!(
                "<iq {}><arrival xmlns='urn:gavel:arrival:0'/></iq>",
                back("result")
            ),
        ),
        (
            "of somebody who arrives and what they may do",
            reply(Reply::Arrival {
                affiliation: None,
                name: Some("A".to_owned()),
                own: false,
                permissions: Some(vec![PERMIT]),
            }),
            format!(
                "<iq {}><arrival xmlns='urn:gavel:arrival:0'>A<permissions xmlns='urn:gavel:permissions:0'><p name='recording' for='moderators'/></permissions></arrival></iq>",
                back("result")
            ),
        ),
    ];
    check(rows);
}
