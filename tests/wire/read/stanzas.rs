//! Kinds of presences, messages and IQ stanzas.

use super::{decode, module};
use crate::owned;
use gavel::muc::Affiliation;
use gavel::stanza::{
    Arrival, Bridge, CommandReply, Form, Inbound, Iq, IqKind, IqPayload, Item, LeftOut, Message,
    MessageKind, Module, PresenceKind, Refused, StanzaError,
};
use gavel::wire::DecodeError;

fn error(kind: &str, condition: &str, text: Option<&str>) -> StanzaError {
    StanzaError {
        kind: kind.to_owned(),
        condition: condition.to_owned(),
        text: text.map(str::to_owned),
    }
}

#[test]
fn table_of_presence_types() {
    const E: &str = "urn:ietf:params:xml:ns:xmpp-stanzas";
    let conflict = format!(
        "<error type='cancel'><conflict xmlns='{E}'/><text xmlns='{E}'>taken</text></error>"
    );
    let odd = format!(
        "<error><text xmlns='{E}'>x</text><odd/><gone xmlns='{E}'/><conflict xmlns='{E}'/></error>"
    );
    let rows = [
        ("none", "", conflict.as_str(), PresenceKind::Available),
        (
            "unavailable",
            "type='unavailable'",
            "",
            PresenceKind::Unavailable,
        ),
        (
            "error",
            "type='error'",
            &conflict,
            PresenceKind::Error(error("cancel", "conflict", Some("taken"))),
        ),
        (
            "the first condition",
            "type='error'",
            &odd,
            PresenceKind::Error(error("cancel", "gone", Some("x"))),
        ),
        (
            "error without error",
            "type='error'",
            "<error xmlns='u:v'/>",
            PresenceKind::Error(error("cancel", "undefined-condition", None)),
        ),
        ("subscribe", "type='subscribe'", "", PresenceKind::Other),
        ("unknown", "type='weird'", "", PresenceKind::Other),
        ("empty", "type=''", "", PresenceKind::Other),
    ];
    for (name, attributes, children, expected) in rows {
        let text = format!("<presence from='a' {attributes}>{children}</presence>");
        let Ok(Inbound::Presence(presence)) = decode(&text) else {
            panic!("{name}")
        };
        assert_eq!(presence.kind, expected, "{name}");
    }
}

#[test]
fn table_of_messages() {
    const E: &str = "urn:ietf:params:xml:ns:xmpp-stanzas";
    let refused = format!("<error type='wait'><policy-violation xmlns='{E}'/></error>");
    let rows = [
        ("no type", "", "<body/>", MessageKind::Normal),
        ("normal", "type='normal'", "", MessageKind::Normal),
        ("groupchat", "type='groupchat'", "", MessageKind::Groupchat),
        ("chat", "type='chat'", "", MessageKind::Other),
        ("unknown", "type='weird'", "", MessageKind::Other),
        (
            "error",
            "type='error'",
            &refused,
            MessageKind::Error(error("wait", "policy-violation", None)),
        ),
    ];
    for (name, attributes, children, kind) in rows {
        let text = format!("<message from='r@m' id='i' {attributes}>{children}</message>");
        let expected = Message {
            from: "r@m".to_owned(),
            to: String::new(),
            id: owned("i"),
            kind,
            muc_user: None,
            left_out: LeftOut::default(),
        };
        assert_eq!(
            decode(&text),
            Ok(Inbound::Message(Box::new(expected))),
            "{name}"
        );
    }
    let invitation = "<message from='r@m'><x xmlns='http://jabber.org/protocol/muc#user'><invite from='a'/></x></message>";
    let Ok(Inbound::Message(message)) = decode(invitation) else {
        panic!()
    };
    assert!(message.muc_user.unwrap().invite);
}

#[test]
fn table_of_iq_payloads() {
    let form = "<x xmlns='jabber:x:data' type='form'><title>t</title><field var='a' type='hidden'><value>1</value><value>2</value></field><field><value>no name</value></field><field xmlns='u:v' var='x'/><field var='l' type='list-single'><option label='o'><value>p</value></option><option><value>q</value><value>r</value></option><value>p</value></field></x>";
    let parsed = Form {
        fields: vec![
            ("a".to_owned(), vec!["1".to_owned(), "2".to_owned()]),
            ("l".to_owned(), vec!["p".to_owned()]),
        ],
        options: vec![("l".to_owned(), vec!["p".to_owned(), "q".to_owned()])],
    };
    let rows = [
        ("nothing", String::new(), IqPayload::Empty),
        ("ping", "<ping xmlns='urn:xmpp:ping'/>".to_owned(), IqPayload::Ping),
        ("version", "<query xmlns='jabber:iq:version'/>".to_owned(), IqPayload::Version(None)),
        ("the module", "<module xmlns='urn:gavel:module:0' version='0.2.0'><goes-round module='a'/><goes-round/><other module='c'/><goes-round module='b'/></module>".to_owned(), IqPayload::Module(module("0.2.0", &["a", "b"]))),
        ("the module and what it holds for everybody", "<module xmlns='urn:gavel:module:0' version='0.2.0' permitted='00ff'/>".to_owned(), IqPayload::Module(Module { permitted: owned("00ff"), ..module("0.2.0", &[]) })),
        ("a version", "<query xmlns='jabber:iq:version'><name>Prosody</name><version>0.12.3</version><os>Linux</os></query>".to_owned(), IqPayload::Version(Some("Prosody 0.12.3".to_owned()))),
        ("ping without namespace", "<ping/>".to_owned(), IqPayload::Other),
        ("jingle", "<jingle xmlns='urn:xmpp:jingle:1'><x/></jingle>".to_owned(), IqPayload::Other),
        ("the first child counts", "<a/><ping xmlns='urn:xmpp:ping'/>".to_owned(), IqPayload::Other),
        ("disco#info", format!("<query xmlns='http://jabber.org/protocol/disco#info' node='n'><identity category='a'/><feature var='f'/><feature/><feature var='g'/>{form}</query>"), IqPayload::DiscoInfo {
            node: owned("n"),
            features: vec!["f".to_owned(), "g".to_owned()],
            form: parsed.clone(),
        }),
        ("disco#items", "<query xmlns='http://jabber.org/protocol/disco#items'><item jid='a@m' name='x'/><item/><item jid='b@m'/></query>".to_owned(), IqPayload::DiscoItems {
            node: None,
            jids: vec!["a@m".to_owned(), "b@m".to_owned()],
        }),
        ("muc#admin", "<query xmlns='http://jabber.org/protocol/muc#admin'><item jid='a@h' affiliation='owner'><reason>r</reason></item><item/></query>".to_owned(), IqPayload::MucAdmin(vec![
            Item { jid: owned("a@h"), affiliation: Some(Affiliation::Owner), ..Item::default() },
            Item::default(),
        ])),
        ("an arrival", "<arrival xmlns='urn:gavel:arrival:0' room='r@m' jid='a@h/x'><claims/><claims xmlns='urn:gavel:claims:0' mac='0a'>{}</claims></arrival>".to_owned(), IqPayload::Arrival(Box::new(Arrival {
            room: "r@m".to_owned(),
            jid: "a@h/x".to_owned(),
            claims: Bridge { mac: "0a".to_owned(), json: "{}".to_owned(), ..Bridge::default() },
        }))),
        ("an arrival of nobody", "<arrival xmlns='urn:gavel:arrival:0'/>".to_owned(), IqPayload::Arrival(Box::default())),
        ("an arrival of another kind", "<arrival xmlns='urn:gavel:arrival:1'/>".to_owned(), IqPayload::Other),
        ("what the guard refused", "<lease xmlns='urn:gavel:guard:0'><refused room='r@m' jid='a@h' by='f@h'/><other/><refused room='r@m' jid='b@h'/></lease>".to_owned(), IqPayload::Refused(vec![
            Refused { room: "r@m".to_owned(), jid: "a@h".to_owned(), by: owned("f@h") },
            Refused { room: "r@m".to_owned(), jid: "b@h".to_owned(), by: None },
        ])),
        ("muc#owner", format!("<query xmlns='http://jabber.org/protocol/muc#owner'>{form}</query>"), IqPayload::MucOwner(parsed.clone())),
        ("command", format!("<command xmlns='http://jabber.org/protocol/commands' node='n' sessionid='s' status='completed'><note type='info'>i</note><note type='error'>e</note>{form}</command>"), IqPayload::Command(CommandReply {
            node: "n".to_owned(),
            session: owned("s"),
            completed: true,
            form: parsed,
            error: owned("e"),
        })),
    ];
    for (name, children, payload) in rows {
        let text = format!("<iq from='a' to='b' id='i' type='result'>{children}</iq>");
        let expected = Iq {
            from: "a".to_owned(),
            to: "b".to_owned(),
            id: "i".to_owned(),
            kind: IqKind::Result,
            payload,
            left_out: LeftOut::default(),
        };
        assert_eq!(decode(&text), Ok(Inbound::Iq(Box::new(expected))), "{name}");
    }
}

#[test]
fn table_of_iq_types() {
    const E: &str = "urn:ietf:params:xml:ns:xmpp-stanzas";
    let refusal = format!("<error type='auth'><forbidden xmlns='{E}'/></error>");
    let forbidden = || IqKind::Error(error("auth", "forbidden", None));
    let rows = [
        ("get", "get", "", Ok((IqKind::Get, IqPayload::Empty))),
        ("set", "set", "", Ok((IqKind::Set, IqPayload::Empty))),
        (
            "error",
            "error",
            refusal.as_str(),
            Ok((forbidden(), IqPayload::Empty)),
        ),
        (
            "error with the request",
            "error",
            &format!("<ping xmlns='urn:xmpp:ping'/>{refusal}"),
            Ok((forbidden(), IqPayload::Ping)),
        ),
        ("unknown", "weird", "", Err(DecodeError::IqType)),
    ];
    for (name, kind, children, expected) in rows {
        let found = decode(&format!("<iq type='{kind}'>{children}</iq>"));
        let found = found.map(|inbound| match inbound {
            Inbound::Iq(iq) => (iq.kind, iq.payload),
            other => panic!("{other:?}"),
        });
        assert_eq!(found, expected, "{name}");
    }
    assert_eq!(decode("<iq/>"), Err(DecodeError::IqType));
}
