//! B8: presences that are sent back with the name of the token.

use super::{element, encode, occupant, revert, revert_of};
use crate::owned;
use crate::read::decode;
use crate::read::spoilt::odd_children;
use gavel::muc::RealJid;
use gavel::stanza::{Inbound, Outbound};
use gavel::wire::EncodeError;
use minidom::Element;

#[test]
fn b8_table_of_presences_that_are_sent_back() {
    const N: &str = "<nick xmlns='http://jabber.org/protocol/nick'>";
    let kept = "<show>away</show><c xmlns='u:v' ver='&lt;&amp;&apos;&#x9;&#10;'/><SourceInfo>{\"a\":[]} &amp; ]] &gt;</SourceInfo>";
    let rows = [
        ("the payload", kept.to_owned(), None, kept.to_owned()),
        ("the name", format!("<a/>{N}M</nick><b/>"), Some("T"), format!("<a/><b/>{N}T</nick>")),
        ("names of any namespace", format!("{N}M</nick><nick>x</nick><nick xmlns='u:v'><y/></nick>"), Some("T &<>"), format!("{N}T &amp;&lt;&gt;</nick>")),
        ("no name at all", "<a/>".to_owned(), Some("T"), format!("<a/>{N}T</nick>")),
        ("names left alone", format!("{N}M</nick><nick xmlns='u:v'/>"), None, format!("{N}M</nick><nick xmlns='u:v'/>")),
        ("names deeper down", format!("<a>{N}M</nick></a>"), Some("T"), format!("<a>{N}M</nick></a>{N}T</nick>")),
        ("nested namespaces", "<a xmlns='u:v'><b xmlns=''><c/></b><d/><p:e xmlns:p='u:w' p:f='g' xml:space='h'><p:i/></p:e></a>".to_owned(), None, "<a xmlns='u:v'><b xmlns=''><c/></b><d/><p:e xmlns:p='u:w' p:f='g' xml:space='h'><p:i/></p:e></a>".to_owned()),
        ("CDATA and references", "<a>x<![CDATA[<&>]]>&#x26;&#65;\r\ny&#13;</a>".to_owned(), None, "<a>x&lt;&amp;&gt;&amp;A\ny&#13;</a>".to_owned()),
        ("white space in text", "<a> \t\n b </a>".to_owned(), None, "<a> \t\n b </a>".to_owned()),
        ("never sent back", "<x xmlns='http://jabber.org/protocol/muc'/><x xmlns='http://jabber.org/protocol/muc#user'><item/></x><occupant-id xmlns='urn:xmpp:occupant-id:0' id='o'/><hats xmlns='urn:xmpp:hats:0'/><hats xmlns='xmpp:prosody.im/protocol/hats:1'/><stanza-id xmlns='urn:xmpp:sid:0'/><delay xmlns='urn:xmpp:delay'/><x xmlns='jabber:x:delay'/><claims xmlns='urn:gavel:claims:0'/><module xmlns='urn:gavel:module:0'/><new xmlns='urn:gavel:new'/><a/>".to_owned(), None, "<a/>".to_owned()),
        ("deeper down they are payload", "<a><x xmlns='http://jabber.org/protocol/muc'/></a>".to_owned(), None, "<a><x xmlns='http://jabber.org/protocol/muc'/></a>".to_owned()),
        ("by prefix neither", "<m:x xmlns:m='http://jabber.org/protocol/muc'/>".to_owned(), None, String::new()),
    ];
    for (name, children, token, expected) in rows {
        let text = encode(&revert(&children, token)).unwrap();
        let expected = format!(
            "<presence from='u@h/r&amp;' to='[t]r@m/n&apos;&lt;' id='back' xml:lang='de'>{expected}</presence>"
        );
        assert_eq!(element(&text), element(&expected), "{name}: {text}");
    }
}

#[test]
fn b8_declarations_and_attributes_of_the_stanza_are_sent_back() {
    let rows = [
        (
            "prefix",
            "<presence from='a' type='unavailable' xmlns:p='u:v' p:q='r' s='t'><p:b p:c='d'/></presence>",
            "<presence from='u@h/r&amp;' to='[t]r@m/n&apos;&lt;' id='back' xmlns:p='u:v' p:q='r' s='t'><p:b p:c='d'/></presence>",
        ),
        (
            "default",
            "<s:presence from='a' xmlns:s='jabber:component:accept' xmlns='u:v'><b/><s:c/></s:presence>",
            "<presence from='u@h/r&amp;' to='[t]r@m/n&apos;&lt;' id='back'><b xmlns='u:v'/><c/></presence>",
        ),
    ];
    for (name, presence, expected) in rows {
        let text = encode(&revert_of(presence, None)).unwrap();
        assert_eq!(element(&text), element(expected), "{name}: {text}");
    }
}

#[test]
fn b8_an_unreadable_presence_is_not_sent_back() {
    for presence in ["<message from='a'/>", "<presence", ""] {
        let error = encode(&revert_of(presence, None)).unwrap_err();
        assert!(matches!(error, EncodeError::Presence(_)), "{presence}");
    }
    for (name, odd) in odd_children() {
        let presence = format!("<presence from='a'><b/>{odd}<c>d</c></presence>");
        let Ok(Inbound::Presence(read)) = decode(&presence) else {
            panic!("{name}");
        };
        let sent = Outbound::Revert {
            from: RealJid::parse("u@h/r").unwrap(),
            to: occupant(),
            id: "back".to_owned(),
            name: owned("N"),
            presence: read.raw,
        };
        let sent = encode(&sent).unwrap();
        let element = element(&sent);
        assert!(sent.contains("<b></b>"), "{name}");
        let names: Vec<_> = element.children().map(Element::name).collect();
        assert_eq!(names.last(), Some(&"nick"), "{name}");
        assert!(sent.len() < 400_000, "{name}: {}", sent.len());
    }
}
