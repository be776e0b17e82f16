//! Tables for the wire, in both directions: one named row a case.
#![allow(clippy::unwrap_used)]

use bytes::Bytes;
use gavel::muc::{Affiliation, BareJid, Nick, OccupantJid, RealJid, Role, RoomJid};
use gavel::stanza::{
    Actor, Arrival, Bridge, CommandReply, DisplayName, Entitled, Evidence, EvidenceKind, Form,
    Identity, Inbound, Iq, IqKind, IqPayload, Item, LIST_ROOMS, LeftOut, Message, MessageKind,
    Module, MucUser, Outbound, Permit, Presence, PresenceKind, Refused, Reply, Request,
    StanzaError, Unread,
};
use gavel::wire::{DecodeError, Decoder, EncodeError, Encoder};
use minidom::Element;

fn decode(text: &str) -> Result<Inbound, DecodeError> {
    let tokens = ["jwt", "token"].map(str::to_owned);
    Decoder::new(tokens.into()).decode(Bytes::copy_from_slice(text.as_bytes()))
}

const PERMIT: Permit = Permit {
    name: "recording",
    whom: "moderators",
};

fn owned(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn features_tell_recorders_and_gateways() {
    let declares: fn(&mut Presence) = |presence| presence.machine = true;
    let nothing: fn(&mut Presence) = |_| {};
    let feature = |name: &str| {
        format!("<features><feature var='http://jitsi.org/protocol/{name}'/></features>")
    };
    for name in ["jibri", "jigasi", "transcriber"] {
        check_presence(name, &feature(name), declares);
    }
    check_presence("another", &feature("colibri"), nothing);
    let deep = format!("<status>{}</status>", feature("jibri"));
    check_presence("deeper", &deep, nothing);
    let foreign = feature("jibri").replace("<features", "<features xmlns='urn:x'");
    check_presence("foreign", &foreign, nothing);
}

/// Name, children, and what they make of a presence.
type PresenceRow = (&'static str, &'static str, fn(&mut Presence));

/// A presence from `r@m/n` with these children, and what else it is.
fn check_presence(name: &str, children: &str, change: fn(&mut Presence)) {
    let text = format!("<presence from='r@m/n' to='g@c/g'>{children}</presence>");
    let mut expected = Presence {
        from: "r@m/n".to_owned(),
        to: "g@c/g".to_owned(),
        id: None,
        kind: PresenceKind::Available,
        muc_user: None,
        display_name: DisplayName::Absent,
        evidence: Evidence::default(),
        machine: false,
        module: None,
        raw: Bytes::copy_from_slice(text.as_bytes()),
        whole: true,
        left_out: LeftOut::default(),
    };
    change(&mut expected);
    let found = decode(&text);
    assert_eq!(found, Ok(Inbound::Presence(Box::new(expected))), "{name}");
}

fn muc_user(presence: &mut Presence) -> &mut MucUser {
    presence.muc_user.get_or_insert_default()
}

fn module(version: &str, goes_round: &[&str]) -> Module {
    Module {
        version: version.to_owned(),
        goes_round: goes_round.iter().map(|name| (*name).to_owned()).collect(),
        room: None,
        logins: None,
        permitted: None,
    }
}

fn user_field(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

#[test]
fn table_of_rooms_words() {
    const X: &str = "<x xmlns='http://jabber.org/protocol/muc#user'>";
    let rows: &[PresenceRow] = &[
        ("nothing", "", |_| {}),
        ("empty", "{X}</x>", |p| {
            muc_user(p);
        }),
        (
            "an item with all it can have",
            "{X}<item jid='u@h/r' nick='k' affiliation='admin' role='none'><actor jid='a@h' nick='b'/><reason>c</reason></item></x>",
            |p| {
                muc_user(p).items.push(Item {
                    jid: owned("u@h/r"),
                    nick: owned("k"),
                    affiliation: Some(Affiliation::Admin),
                    role: Some(Role::None),
                    actor: Some(Actor {
                        jid: owned("a@h"),
                        nick: owned("b"),
                    }),
                });
            },
        ),
        (
            "a bare JID, unknown affiliation and role",
            "{X}<item jid='u@h' affiliation='king' role='queen'/></x>",
            |p| {
                muc_user(p).items.push(Item {
                    jid: owned("u@h"),
                    ..Item::default()
                });
            },
        ),
        (
            "two sessions",
            "{X}<item jid='u@h/1'/><item jid='u@h/2'/></x>",
            |p| {
                for jid in ["u@h/1", "u@h/2"] {
                    muc_user(p).items.push(Item {
                        jid: owned(jid),
                        ..Item::default()
                    });
                }
            },
        ),
        (
            "unknown status codes are kept, what is no code is not",
            "{X}<status code='110'/><status code='999'/><status/><status code='x'/><status code='70000'/></x>",
            |p| {
                muc_user(p).status = vec![110, 999];
            },
        ),
        (
            "destroyed",
            "{X}<destroy jid='o@m'><reason/></destroy></x>",
            |p| muc_user(p).destroyed = true,
        ),
        (
            "of two the last, the room's own, counts",
            "{X}<item affiliation='owner'/><status code='110'/></x>{X}<item affiliation='none'/></x>",
            |p| {
                muc_user(p).items.push(Item {
                    affiliation: Some(Affiliation::None),
                    ..Item::default()
                });
            },
        ),
        (
            "in another namespace",
            "<x xmlns='http://jabber.org/protocol/muc'><item affiliation='owner'/></x><x><item affiliation='owner'/></x>",
            |_| {},
        ),
        (
            "children in another namespace",
            "{X}<item xmlns='u:v' affiliation='owner'/><status xmlns='' code='110'/></x>",
            |p| {
                muc_user(p);
            },
        ),
        (
            "only direct children count",
            "<w>{X}<status code='110'/></x></w>{X}<w><status code='110'/></w></x>",
            |p| {
                muc_user(p);
            },
        ),
        (
            "by prefix",
            "<m:x xmlns:m='http://jabber.org/protocol/muc#user'><m:status code='110'/><status code='201'/></m:x>",
            |p| {
                muc_user(p).status = vec![110];
            },
        ),
        (
            "a prefix lasts only as long as its element",
            "<w xmlns:m='u:v'/>{X}<m:w xmlns:m='u:w'/><status code='1'/></x>",
            |p| {
                muc_user(p).status = vec![1];
            },
        ),
        (
            "the module",
            "<module xmlns='urn:gavel:module:0' version='0.2.0'/>",
            |p| p.module = Some(module("0.2.0", &[])),
        ),
        (
            "a module of no version",
            "<module xmlns='urn:gavel:module:0'/>",
            |p| p.module = Some(module("", &[])),
        ),
    ];
    for (name, children, change) in rows {
        check_presence(name, &children.replace("{X}", X), *change);
    }
}

#[test]
fn table_of_display_names() {
    const NICK: &str = "<nick xmlns='http://jabber.org/protocol/nick'>";
    let rows: &[PresenceRow] = &[
        ("one", "{N}A &amp; &#66;&#x43;<![CDATA[<D>]]></nick>", |p| {
            p.display_name = DisplayName::Plain("A & BC<D>".into());
        }),
        ("empty", "{N}</nick>", |p| {
            p.display_name = DisplayName::Plain("".into())
        }),
        ("line ends", "{N}a\r\nb\rc&#13;</nick>", |p| {
            p.display_name = DisplayName::Plain("a\nb\nc\r".into());
        }),
        ("of no namespace of its own", "<nick>A</nick>", |p| {
            p.display_name = DisplayName::Irregular("A".into());
        }),
        ("of any other", "<nick xmlns='u:v'>A</nick>", |p| {
            p.display_name = DisplayName::Irregular("A".into());
        }),
        ("two", "{N}A</nick>{N}B</nick>", |p| {
            p.display_name = DisplayName::Irregular("B".into());
        }),
        (
            "two, the second elsewhere",
            "{N}A</nick><nick xmlns='u:v'>B</nick>",
            |p| {
                p.display_name = DisplayName::Irregular("B".into());
            },
        ),
        ("with an element inside", "{N}A<b>C</b>B</nick>", |p| {
            p.display_name = DisplayName::Irregular("AB".into());
        }),
        ("only direct children count", "<w>{N}A</nick></w>", |_| {}),
    ];
    for (name, children, change) in rows {
        check_presence(name, &children.replace("{N}", NICK), *change);
    }
}

#[test]
fn table_of_evidence() {
    let rows: &[PresenceRow] = &[
        (
            "claims",
            "<claims xmlns='urn:gavel:claims:0' mac='0a'>{&quot;a&quot;:1}</claims>",
            |p| {
                p.evidence.bridge = Some(Bridge {
                    mac: "0a".to_owned(),
                    json: "{\"a\":1}".to_owned(),
                    ..Bridge::default()
                });
            },
        ),
        (
            "claims without mac",
            "<claims xmlns='urn:gavel:claims:0'/>",
            |p| {
                p.evidence.bridge = Some(Bridge {
                    mac: String::new(),
                    json: String::new(),
                    ..Bridge::default()
                });
            },
        ),
        (
            "claims of somebody who entered as gavel had said",
            "<claims xmlns='urn:gavel:claims:0' given='owner' pinned='A &amp; B' shown='C' permitted='0123456789abcdef' mac='0a'>{}</claims>",
            |p| {
                p.evidence.bridge = Some(Bridge {
                    mac: "0a".to_owned(),
                    json: "{}".to_owned(),
                    given: Some(Affiliation::Owner),
                    pinned: Some("A & B".to_owned()),
                    sent: Some("C".to_owned()),
                    permitted: owned("0123456789abcdef"),
                    unfit: false,
                });
            },
        ),
        (
            "claims that the module could not hand over",
            "<claims xmlns='urn:gavel:claims:0' fault='malformed' mac='0a'/>",
            |p| {
                p.evidence.bridge = Some(Bridge {
                    mac: "0a".to_owned(),
                    unfit: true,
                    ..Bridge::default()
                });
            },
        ),
        (
            "claims of somebody who entered as nothing there is",
            "<claims xmlns='urn:gavel:claims:0' given='king'/>",
            |p| p.evidence.bridge = Some(Bridge::default()),
        ),
        (
            "two claims are none",
            "<claims xmlns='urn:gavel:claims:0' mac='0a'>{}</claims><claims xmlns='urn:gavel:claims:0' mac='0b'>{}</claims>",
            |_| {},
        ),
        (
            "three neither",
            "<claims xmlns='urn:gavel:claims:0'/><claims xmlns='urn:gavel:claims:0'/><claims xmlns='urn:gavel:claims:0'/>",
            |_| {},
        ),
        (
            "a presence of which the module has left out a token",
            "<claims xmlns='urn:gavel:claims:0' left-out='token'/>",
            |p| {
                p.evidence.bridge = Some(Bridge::default());
                p.evidence.left_out = Some(EvidenceKind::Token);
                p.left_out.evidence = true;
            },
        ),
        (
            "claims elsewhere",
            "<claims mac='0a'>{}</claims><w><claims xmlns='urn:gavel:claims:0'/></w>",
            |_| {},
        ),
        (
            "tokens of any namespace, in order",
            "<jwt xmlns='u:v'>1</jwt><token>2</token><jwt xmlns=''>3</jwt><w><jwt>4</jwt></w>",
            |p| {
                p.evidence.tokens = ["1", "2", "3"].map(str::to_owned).into();
            },
        ),
        (
            "identity",
            "<identity><user><moderator>true</moderator><name>A &lt;B&gt;</name></user><group>g</group></identity>",
            |p| {
                p.evidence.identity = Some(Identity {
                    user: vec![user_field("moderator", "true"), user_field("name", "A <B>")],
                    group: owned("g"),
                });
            },
        ),
        (
            "identity without namespace",
            "<identity xmlns=''><group>g</group></identity>",
            |p| {
                p.evidence.identity = Some(Identity {
                    user: vec![],
                    group: owned("g"),
                });
            },
        ),
        (
            "identity of a client stream",
            "<identity xmlns='jabber:client'><user/></identity>",
            |p| {
                p.evidence.identity = Some(Identity::default());
            },
        ),
        (
            "identity elsewhere",
            "<identity xmlns='u:v'><user><moderator>true</moderator></user></identity>",
            |_| {},
        ),
        (
            "two identities are none",
            "<identity><user/></identity><identity xmlns=''><user/></identity>",
            |_| {},
        ),
        (
            "an identity with two users is none",
            "<identity><user/><user><moderator>true</moderator></user></identity>",
            |_| {},
        ),
        (
            "users elsewhere do not count",
            "<identity><user xmlns='u:v'><moderator>true</moderator></user></identity>",
            |p| {
                p.evidence.identity = Some(Identity::default());
            },
        ),
    ];
    for (name, children, change) in rows {
        check_presence(name, children, *change);
    }
}

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

#[test]
fn b11_table_of_what_is_refused() {
    let name = "n".repeat(100_000);
    let one = "not one element";
    let rows = [
        ("no stanza", "<handshake/>", "<handshake> is no stanza"),
        (
            "a long name is cut",
            &format!("<{name}/>"),
            &format!("<{}> is no stanza", "n".repeat(40)),
        ),
        (
            "a presence elsewhere",
            "<presence xmlns='u:v' from='a'/>",
            "<presence> is no stanza",
        ),
        (
            "a reserved name",
            "<xmlns:presence from='a'/>",
            "<presence> is no stanza",
        ),
        ("no sender", "<presence/>", "<presence> without 'from'"),
        (
            "empty sender",
            "<message from=''/>",
            "<message> without 'from'",
        ),
        ("nothing", "", one),
        ("text alone", "x", one),
        ("a byte order mark", "\u{feff}<presence from='a'/>", one),
        ("text before", "x<presence from='a'/>", one),
        ("text after", "<presence from='a'/>x", one),
        (
            "two stanzas",
            "<presence from='a'/><message from='a'/>",
            one,
        ),
        ("half a stanza", "<presence from='a'>", one),
        ("half a child", "<presence from='a'><nick>", one),
        ("half a tag", "<presence from='a", one),
        ("an end tag too much", "<presence from='a'/></a>", one),
        (
            "an instruction",
            "<?xml version='1.0'?><presence from='a'/>",
            one,
        ),
        (
            "a document type",
            "<!DOCTYPE presence><presence from='a'/>",
            one,
        ),
        (
            "an entity in the sender",
            "<presence from='&nbsp;'/>",
            "<presence> without 'from'",
        ),
        (
            "U+0000 in the sender",
            "<presence from='\0'/>",
            "<presence> without 'from'",
        ),
        (
            "a sender without quotes",
            "<presence from=a/>",
            "a 'type' that cannot be read",
        ),
        (
            "a type that cannot be read",
            "<presence from='a' type='&nbsp;'/>",
            "a 'type' that cannot be read",
        ),
    ];
    for (name, text, expected) in rows {
        let found = decode(text).map_err(|error| error.to_string());
        assert_eq!(found, Err(expected.to_owned()), "{name}");
    }
    let bytes = Bytes::from_static(b"<presence from='\xc3'/>");
    assert!(Decoder::default().decode(bytes).is_err());
}

#[test]
fn b20_of_what_is_refused_the_address_is_told() {
    let rows = [
        ("<iq from='r@m' id='g1' type='x'/>", Some("r@m"), Some("g1")),
        ("<presence from='r@m/n' type='&x;'/>", Some("r@m/n"), None),
        ("<presence to='g' id='i'/>", None, Some("i")),
        ("<presence from='r@m/n'>", None, None),
    ];
    for (text, from, id) in rows {
        let error = decode(text).unwrap_err();
        let found = Decoder::default().unread(text.as_bytes(), &error);
        let expected = Unread {
            from: from.map(str::to_owned),
            id: id.map(str::to_owned),
            why: error.to_string(),
        };
        assert_eq!(found, expected, "{text}");
    }
}

/// Children of a presence that are wrong somehow, in a place where nothing is
/// read.
fn odd_children() -> Vec<(&'static str, String)> {
    let attributes: String = (0..4000).map(|n| format!(" a{n}=''")).collect();
    let deep = |levels| format!("{}{}", "<a>".repeat(levels), "</a>".repeat(levels));
    vec![
        ("70 levels", deep(70)),
        ("30,000 levels", deep(30_000)),
        ("4,000 attributes", format!("<b{attributes}/>")),
        (
            "50,000 quotes",
            format!("<b>{}</b>", "&quot;".repeat(40_000)),
        ),
        ("50,000 children", "<b/>".repeat(50_000)),
        (
            "a long namespace",
            format!("<b xmlns='{}'/>", "u".repeat(200_000)),
        ),
        ("crossed tags", "<b><c></b></c>".into()),
        ("an undeclared prefix", "<b:c/>".into()),
        ("an undeclared prefix of an attribute", "<c b:d=''/>".into()),
        ("a prefix out of scope", "<b xmlns:c='u:v'/><c:d/>".into()),
        ("a prefix undeclared again", "<b xmlns:c=''/>".into()),
        ("a duplicate attribute", "<b c='' c=''/>".into()),
        ("an attribute without value", "<b c/>".into()),
        ("attributes without space between", "<b c=''d=''/>".into()),
        ("'<' in an attribute", "<b c='<'/>".into()),
        ("an entity", "<b>&nbsp;</b>".into()),
        ("a reference to U+0008", "<b>&#8;</b>&#8;".into()),
        ("U+0008", "<b>\u{8}</b>\u{8}".into()),
        ("U+FFFE", "<b c='\u{fffe}'/>".into()),
        ("']]>' in text", "]]>".into()),
        ("a comment in a child", "<b><!-- </b> --></b>".into()),
        (
            "tags in a CDATA section",
            "<b><![CDATA[</b></presence>]]></b>".into(),
        ),
        ("CDATA sections", "<![CDATA[<b>]]>".repeat(20_000)),
        (
            "an <x/> of something else",
            "<x xmlns='u:v'><item/>&#8;</x>".into(),
        ),
    ]
}

#[test]
fn b20_table_of_what_costs_only_itself() {
    const X: &str = "<x xmlns='http://jabber.org/protocol/muc#user'><item jid='u@h/r' affiliation='owner' role='moderator'>{}<actor nick='focus'/></item>{}<status code='110'/></x>";
    let item = Item {
        jid: owned("u@h/r"),
        affiliation: Some(Affiliation::Owner),
        role: Some(Role::Moderator),
        actor: Some(Actor {
            nick: owned("focus"),
            ..Actor::default()
        }),
        ..Item::default()
    };
    let user = MucUser {
        items: vec![item],
        status: vec![110],
        ..MucUser::default()
    };
    for (name, odd) in odd_children() {
        let x = X.replace("{}", "");
        let reason = X.replace("{}", &format!("<reason>{odd}</reason>"));
        let rows = [
            format!("{odd}{x}"),
            format!("{x}{odd}"),
            format!("<wrapped>{odd}</wrapped>{x}{odd}"),
            reason,
        ];
        for children in rows {
            let text = format!("<presence from='r@m/n' to='g'>{children}</presence>");
            let Ok(Inbound::Presence(presence)) = decode(&text) else {
                panic!("{name}");
            };
            assert_eq!(presence.muc_user.as_ref(), Some(&user), "{name}");
            assert_eq!(presence.kind, PresenceKind::Available, "{name}");
            assert_eq!(presence.left_out, LeftOut::default(), "{name}");
            assert_eq!(presence.display_name, DisplayName::Absent, "{name}");
            assert!(presence.raw.len() <= 64 * 1024, "{name}");
            assert_eq!(presence.whole, text.len() <= 64 * 1024, "{name}");

            let text = format!("<message from='r@m' to='g'>{children}</message>");
            let Ok(Inbound::Message(message)) = decode(&text) else {
                panic!("{name}");
            };
            assert_eq!(message.muc_user.as_ref(), Some(&user), "{name}");
        }
    }
}

#[test]
fn b20_evidence_that_cannot_be_read_is_told() {
    use EvidenceKind::{Bridge, Identity, Token};
    let long = "x".repeat(129 * 1024);
    let rows = [
        (
            "long claims",
            format!("<claims xmlns='urn:gavel:claims:0' mac='m'>{long}</claims>"),
            Bridge,
        ),
        (
            "claims with a forbidden character",
            "<claims xmlns='urn:gavel:claims:0' mac='m'>&#8;</claims>".into(),
            Bridge,
        ),
        (
            "claims of an undeclared prefix",
            "<a:claims mac='m'/>".into(),
            Bridge,
        ),
        ("a long token", format!("<jwt>{long}</jwt>"), Token),
        (
            "tokens that are long together",
            format!("<jwt>{0}</jwt><token>{0}</token>", &long[..70_000]),
            Token,
        ),
        ("65 tokens", "<jwt>a</jwt>".repeat(65), Token),
        (
            "a comment in a token",
            "<token>a<!-- -->b</token>".into(),
            Token,
        ),
        ("something without a name", "<1/>".into(), Token),
        ("a comment", "<!-- <jwt/> -->".into(), Token),
        ("what was cut", "<?left-out?>".into(), Token),
        (
            "a long identity",
            format!("<identity><user><id>{long}</id></user></identity>"),
            Identity,
        ),
        (
            "65 fields",
            format!("<identity><user>{}</user></identity>", "<a/>".repeat(65)),
            Identity,
        ),
        (
            "a group that cannot be read",
            "<identity><group>&x;</group></identity>".into(),
            Identity,
        ),
    ];
    for (name, odd, kind) in rows {
        for children in [odd.clone(), format!("<jwt>a</jwt>{odd}<jwt>b</jwt>")] {
            let text = format!("<presence from='r@m/n'>{children}</presence>");
            let Ok(Inbound::Presence(presence)) = decode(&text) else {
                panic!("{name}");
            };
            assert_eq!(presence.evidence.left_out, Some(kind), "{name}");
            assert!(presence.left_out.evidence, "{name}");
        }
    }
    // However much is nested in it, a token's own text is read.
    let nested = format!("{}{}", "<a>".repeat(70), "</a>".repeat(70));
    let text = format!("<presence from='r@m/n'><jwt>a{nested}b</jwt></presence>");
    let Ok(Inbound::Presence(presence)) = decode(&text) else {
        panic!();
    };
    assert_eq!(presence.evidence.tokens, ["ab"]);
    assert_eq!(presence.evidence.left_out, None);
}

#[test]
fn b20_a_name_that_cannot_be_read_is_nobodys() {
    let long = "x".repeat(5000);
    let n = "xmlns='http://jabber.org/protocol/nick'";
    let rows = [
        (
            "long",
            format!("<nick {n}>{long}</nick>"),
            &long[..4096],
            true,
        ),
        ("with an entity", format!("<nick {n}>A&x;</nick>"), "", true),
        (
            "with a comment",
            format!("<nick {n}>A<!-- -->B</nick>"),
            "AB",
            true,
        ),
        (
            "of an undeclared prefix",
            "<a:nick>A</a:nick>".into(),
            "A",
            false,
        ),
        (
            "with 70 levels",
            format!(
                "<nick {n}>A{}{}</nick>",
                "<a>".repeat(70),
                "</a>".repeat(70)
            ),
            "A",
            false,
        ),
    ];
    for (name, children, shown, lost) in rows {
        let text = format!("<presence from='r@m/n'>{children}</presence>");
        let Ok(Inbound::Presence(presence)) = decode(&text) else {
            panic!("{name}");
        };
        let expected = DisplayName::Irregular(shown.into());
        assert_eq!(presence.display_name, expected, "{name}");
        assert_eq!(presence.left_out.name, lost, "{name}");
    }
}

#[test]
fn b20_answers_are_read_whatever_else_is_in_them() {
    let quotes = "&quot;".repeat(50_000);
    let field =
        |var: &str, value: &str| format!("<field var='{var}'><value>{value}</value></field>");
    for odd in [quotes.as_str(), "&#8;", "<!-- -->", "\u{fffe}"] {
        let fields = [
            field("before", "1"),
            field("description", odd),
            field("after", "2"),
        ];
        let text = format!(
            "<iq type='result' from='r@m' id='i'><query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data'><instructions>{odd}</instructions>{}</x></query></iq>",
            fields.concat()
        );
        let Ok(Inbound::Iq(iq)) = decode(&text) else {
            panic!();
        };
        let IqPayload::MucOwner(form) = &iq.payload else {
            panic!("{:?}", iq.payload);
        };
        assert_eq!(form.value("before"), Some("1"));
        assert_eq!(form.value("description"), None);
        assert_eq!(form.value("after"), Some("2"));
        let other = LeftOut {
            other: true,
            ..LeftOut::default()
        };
        assert_eq!(iq.left_out, other);
    }
    let reason = format!("<reason>{quotes}<a/>&#8;</reason>");
    let items = format!("<item jid='a@h' affiliation='owner'>{reason}</item>").repeat(40);
    let text = format!(
        "<iq type='result' from='r@m' id='i'><query xmlns='http://jabber.org/protocol/muc#admin'>{items}<item jid='&x;'/></query></iq>"
    );
    let Ok(Inbound::Iq(iq)) = decode(&text) else {
        panic!();
    };
    let IqPayload::MucAdmin(items) = &iq.payload else {
        panic!("{:?}", iq.payload);
    };
    assert_eq!(items.len(), 41);
    assert_eq!(items[39].jid.as_deref(), Some("a@h"));
    assert!(iq.left_out.room, "the last item has no address");
    let text = "<iq type='result' from='r@m' id='i'><?left-out?></iq>";
    let Ok(Inbound::Iq(iq)) = decode(text) else {
        panic!();
    };
    assert_eq!(iq.payload, IqPayload::Unread);
    assert!(iq.left_out.room);
}

#[test]
fn b11_table_of_odd_but_allowed() {
    let long = "x>".repeat(50_000);
    let deep = format!("{}{}", "<a>".repeat(63), "</a>".repeat(63));
    let attributes: String = (0..128).map(|n| format!(" a{n}=''")).collect();
    let rows = [
        (
            "an attribute of 100 kB",
            format!("<presence from='a'><b c='{long}'/></presence>"),
        ),
        (
            "text of 100 kB",
            format!("<presence from='a'><b>{long}</b></presence>"),
        ),
        ("64 levels", format!("<presence from='a'>{deep}</presence>")),
        (
            "128 attributes",
            format!("<presence from='a'><b{attributes}/></presence>"),
        ),
        (
            "white space in tags",
            "<presence \n from = 'a' ><b\t/></b2 ></presence >".replace("</b2 >", ""),
        ),
        (
            "names beyond ASCII",
            "<presence from='a'><é-1.ü xml:lang='x'/></presence>".to_owned(),
        ),
        (
            "the stream's prefix",
            "<presence from='a'><stream:x/></presence>".to_owned(),
        ),
        (
            "every character that is allowed",
            "<presence from='a'>\t\n\u{7f}\u{85}\u{e000}\u{feff}\u{fffd}\u{10ffff}</presence>"
                .to_owned(),
        ),
        (
            "no default namespace",
            "<presence from='a'><b xmlns=''><c/></b></presence>".to_owned(),
        ),
        (
            "surrounding white space",
            " <presence from='a'/>\n".to_owned(),
        ),
    ];
    for (name, text) in rows {
        assert!(decode(&text).is_ok(), "{name}: {:?}", decode(&text));
    }
}

#[test]
fn attributes_are_read_as_xml_wants_them() {
    let text = "<presence from='a&amp;b&#x20;\tc\r\nd&#10;' to=\"'&quot;\" id='&lt;&gt;&apos;'/>";
    let Ok(Inbound::Presence(presence)) = decode(text) else {
        panic!()
    };
    assert_eq!(presence.from, "a&b  c d\n");
    assert_eq!(presence.to, "'\"");
    assert_eq!(presence.id.as_deref(), Some("<>'"));
}

fn encode(stanza: &Outbound) -> Result<String, EncodeError> {
    let bytes = Encoder::new("c.example").encode(stanza)?;
    Ok(String::from_utf8(bytes).unwrap())
}

/// The element as a receiver in the stream sees it.
fn element(text: &str) -> Element {
    let stream = format!(
        "<s:stream xmlns:s='http://etherx.jabber.org/streams' xmlns:stream='http://etherx.jabber.org/streams' \
         xmlns='jabber:component:accept'>{text}</s:stream>"
    );
    let stream: Element = stream.parse().unwrap();
    stream.children().next().unwrap().clone()
}

fn occupant() -> OccupantJid {
    OccupantJid {
        room: RoomJid::parse("[t]r@m").unwrap(),
        nick: Nick::new("n'<"),
    }
}

#[test]
fn space_is_space() {
    let space = Encoder::new("gavel.meet.jitsi").encode(&Outbound::Space(3));
    assert_eq!(space.unwrap(), b"   ");
}

#[test]
fn table_of_outbound() {
    let iq = |request| Outbound::Iq {
        id: "i".to_owned(),
        to: "r@m".to_owned(),
        request,
    };
    let reply = |reply| Outbound::Reply {
        to: "a@h/r".to_owned(),
        from: "x@c.example".to_owned(),
        id: "i".to_owned(),
        reply,
    };
    let me = "from='gavel@c.example/gavel'";
    let head = |kind: &str| format!("{me} to='r@m' id='i' type='{kind}'");
    let back = |kind: &str| format!("from='x@c.example' to='a@h/r' id='i' type='{kind}'");
    let room = || RoomJid::parse("r@m").unwrap();
    let admin = "xmlns='http://jabber.org/protocol/muc#admin'";
    let command = "xmlns='http://jabber.org/protocol/commands'";
    let rows = [
        (
            "join",
            Outbound::Join {
                occupant: occupant(),
                password: None,
            },
            format!(
                "<presence {me} to='[t]r@m/n&apos;&lt;'><nick xmlns='http://jabber.org/protocol/nick'>n'&lt;</nick><x xmlns='http://jabber.org/protocol/muc'><history maxstanzas='0'/></x></presence>"
            ),
        ),
        (
            "join with password",
            Outbound::Join {
                occupant: occupant(),
                password: owned("p&"),
            },
            format!(
                "<presence {me} to='[t]r@m/n&apos;&lt;'><nick xmlns='http://jabber.org/protocol/nick'>n'&lt;</nick><x xmlns='http://jabber.org/protocol/muc'><password>p&amp;</password><history maxstanzas='0'/></x></presence>"
            ),
        ),
        (
            "leave",
            Outbound::Leave {
                occupant: occupant(),
            },
            format!("<presence {me} to='[t]r@m/n&apos;&lt;' type='unavailable'/>"),
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
                "<message {me} to='[t]r@m/n&apos;&lt;' id='i' type='chat'><body>a\n&lt;b&gt;</body></message>"
            ),
        ),
        (
            "announce",
            Outbound::Announce {
                room: room(),
                text: "a\"<b>".to_owned(),
                system: false,
            },
            format!("<message {me} to='r@m' type='groupchat'><body>a\"&lt;b&gt;</body></message>"),
        ),
        (
            "announce from the room",
            Outbound::Announce {
                room: room(),
                text: "a\"<b>".to_owned(),
                system: true,
            },
            format!(
                "<message {me} to='r@m' type='groupchat'><body>a\"&lt;b&gt;</body><json-message xmlns='http://jitsi.org/jitmeet'>{{\"type\":\"system_chat_message\",\"message\":\"a\\\"&lt;b&gt;\"}}</json-message></message>"
            ),
        ),
        (
            "destroy",
            iq(Request::Destroy {
                reason: "a<b".to_owned(),
            }),
            format!(
                "<iq {}><query xmlns='http://jabber.org/protocol/muc#owner'><destroy><reason>a&lt;b</reason></destroy></query></iq>",
                head("set")
            ),
        ),
        (
            "members only",
            iq(Request::MembersOnly(true)),
            format!(
                "<iq {}><query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE' type='hidden'><value>http://jabber.org/protocol/muc#roomconfig</value></field><field var='muc#roomconfig_membersonly'><value>1</value></field></x></query></iq>",
                head("set")
            ),
        ),
        (
            "set affiliation",
            iq(Request::SetAffiliation {
                jid: "u@h".to_owned(),
                affiliation: Affiliation::Owner,
            }),
            format!(
                "<iq {}><query {admin}><item jid='u@h' affiliation='owner'/></query></iq>",
                head("set")
            ),
        ),
        (
            "set role",
            iq(Request::SetRole {
                nick: Nick::new("k"),
                role: Role::Participant,
            }),
            format!(
                "<iq {}><query {admin}><item nick='k' role='participant'/></query></iq>",
                head("set")
            ),
        ),
        (
            "list",
            iq(Request::ListAffiliation(Affiliation::Admin)),
            format!(
                "<iq {}><query {admin}><item affiliation='admin'/></query></iq>",
                head("get")
            ),
        ),
        (
            "configuration",
            iq(Request::Configuration),
            format!(
                "<iq {}><query xmlns='http://jabber.org/protocol/muc#owner'/></iq>",
                head("get")
            ),
        ),
        (
            "disco#info",
            iq(Request::DiscoInfo),
            format!(
                "<iq {}><query xmlns='http://jabber.org/protocol/disco#info'/></iq>",
                head("get")
            ),
        ),
        (
            "disco#items",
            iq(Request::DiscoItems),
            format!(
                "<iq {}><query xmlns='http://jabber.org/protocol/disco#items'/></iq>",
                head("get")
            ),
        ),
        (
            "which module",
            iq(Request::Module),
            format!(
                "<iq {}><module xmlns='urn:gavel:module:0'/></iq>",
                head("get")
            ),
        ),
        (
            "version",
            iq(Request::Version),
            format!(
                "<iq {}><query xmlns='jabber:iq:version'/></iq>",
                head("get")
            ),
        ),
        (
            "ping",
            iq(Request::Ping),
            format!("<iq {}><ping xmlns='urn:xmpp:ping'/></iq>", head("get")),
        ),
        (
            "lease",
            iq(Request::Lease {
                seconds: 9,
                grants: false,
                ignores_guests: true,
                infrastructure: vec!["f@h".to_owned(), "h2".to_owned()],
            }),
            format!(
                "<iq {}><lease xmlns='urn:gavel:guard:0' seconds='9' grants='none' guests='ignore'><infrastructure jid='f@h'/><infrastructure jid='h2'/></lease></iq>",
                head("set")
            ),
        ),
        (
            "guard",
            iq(Request::Guard {
                all: true,
                people: vec![
                    Entitled {
                        jid: BareJid::parse("a@h").unwrap(),
                        affiliation: Affiliation::Owner,
                        promotes: true,
                        host: true,
                    },
                    Entitled::no_more(BareJid::parse("b@h").unwrap()),
                ],
            }),
            format!(
                "<iq {}><guard xmlns='urn:gavel:guard:0' all='true'><person jid='a@h' affiliation='owner' promotes='true' host='true'/><person jid='b@h' affiliation='none'/></guard></iq>",
                head("set")
            ),
        ),
        (
            "command",
            iq(Request::CommandSetAffiliation {
                room: room(),
                jid: "u@h".to_owned(),
                affiliation: Affiliation::None,
            }),
            format!(
                "<iq {}><command {command} node='http://prosody.im/protocol/muc#set-affiliation' action='complete'><x xmlns='jabber:x:data' type='submit'><field type='hidden' var='FORM_TYPE'><value>http://prosody.im/protocol/muc#set-affiliation</value></field><field var='room'><value>r@m</value></field><field var='jid'><value>u@h</value></field><field var='affiliation'><value>none</value></field></x></command></iq>",
                head("set")
            ),
        ),
        (
            "start command",
            iq(Request::StartCommand { node: LIST_ROOMS }),
            format!(
                "<iq {}><command {command} node='http://prosody.im/protocol/muc#destroy' action='execute'/></iq>",
                head("set")
            ),
        ),
        (
            "cancel command",
            iq(Request::CancelCommand {
                node: LIST_ROOMS,
                session: "s".to_owned(),
            }),
            format!(
                "<iq {}><command {command} node='http://prosody.im/protocol/muc#destroy' action='cancel' sessionid='s'/></iq>",
                head("set")
            ),
        ),
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
        (
            "what everybody may do",
            iq(Request::PermitAll {
                permissions: vec![PERMIT],
                infrastructure: vec!["auth.h".to_owned()],
            }),
            format!(
                "<iq {}><permissions xmlns='urn:gavel:permissions:0'><p name='recording' for='moderators'/><infrastructure jid='auth.h'/></permissions></iq>",
                head("set")
            ),
        ),
        (
            "nothing that everybody may do or not",
            iq(Request::PermitAll {
                permissions: vec![],
                infrastructure: vec![],
            }),
            format!(
                "<iq {}><permissions xmlns='urn:gavel:permissions:0'/></iq>",
                head("set")
            ),
        ),
        (
            "what somebody may do",
            iq(Request::Permit {
                jid: RealJid::parse("u@h/r").unwrap(),
                permissions: Some(vec![PERMIT]),
            }),
            format!(
                "<iq {}><permissions xmlns='urn:gavel:permissions:0' jid='u@h/r'><p name='recording' for='moderators'/></permissions></iq>",
                head("set")
            ),
        ),
        (
            "somebody may do what everybody may",
            iq(Request::Permit {
                jid: RealJid::parse("u@h/r").unwrap(),
                permissions: None,
            }),
            format!(
                "<iq {}><permissions xmlns='urn:gavel:permissions:0' jid='u@h/r' default='true'/></iq>",
                head("set")
            ),
        ),
        (
            "forget arrivals",
            iq(Request::ForgetArrivals),
            format!(
                "<iq {}><forget xmlns='urn:gavel:arrival:0'/></iq>",
                head("set")
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
    for (name, stanza, expected) in rows {
        let text = encode(&stanza).unwrap();
        assert_eq!(element(&text), element(&expected), "{name}: {text}");
    }
}

#[test]
fn b11_forbidden_characters_are_never_written() {
    for (character, code) in [
        ("\u{8}", 8),
        ("\0", 0),
        ("\u{1f}", 0x1f),
        ("\u{ffff}", 0xffff),
    ] {
        let text = format!("a{character}b");
        let stanzas = [
            Outbound::Notify {
                occupant: occupant(),
                id: "i".to_owned(),
                text: text.clone(),
            },
            Outbound::Join {
                occupant: occupant(),
                password: Some(text.clone()),
            },
            Outbound::Iq {
                id: text.clone(),
                to: "r@m".to_owned(),
                request: Request::Ping,
            },
            Outbound::Reply {
                to: text.clone(),
                from: "x".to_owned(),
                id: "i".to_owned(),
                reply: Reply::Empty,
            },
            revert("", Some(&text)),
        ];
        for stanza in stanzas {
            assert_eq!(
                encode(&stanza),
                Err(EncodeError::Character(code)),
                "{stanza:?}"
            );
        }
    }
}

/// Sends a presence with these attributes and children back.
fn revert_of(presence: &str, name: Option<&str>) -> Outbound {
    Outbound::Revert {
        from: RealJid::parse("u@h/r&").unwrap(),
        to: occupant(),
        id: "back".to_owned(),
        name: name.map(str::to_owned),
        presence: Bytes::copy_from_slice(presence.as_bytes()),
    }
}

fn revert(children: &str, name: Option<&str>) -> Outbound {
    revert_of(
        &format!(
            "<presence from='[t]r@m/n' to='gavel@c.example/gavel' id='j' xml:lang='de'>{children}</presence>"
        ),
        name,
    )
}

#[test]
fn b8_table_of_what_is_sent_back() {
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
fn b8_what_cannot_be_read_is_not_sent_back() {
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

mod properties {
    use super::*;
    use proptest::prelude::*;

    /// An element with children, prefixes and declarations, as text.
    fn tree() -> impl Strategy<Value = String> {
        let name = prop::sample::select(vec!["a", "b", "p:c", "q:d", "é"]);
        let attributes = prop::sample::subsequence(
            vec![
                "xmlns='u:1'",
                "xmlns:p='u:2'",
                "xmlns:q='u:3'",
                "e='f&#10;&quot;'",
                "p:g='h'",
                "q:i=\"'\"",
                "xml:lang='j'",
            ],
            0..5,
        );
        let text = prop::sample::select(vec![
            "",
            "t",
            " &lt;&#x1F600;\t",
            "<![CDATA[]]]]><![CDATA[>&]]>",
            "ü\r\n",
        ]);
        let leaf = (name, attributes, text);
        let written = |(name, attributes, text): (&str, Vec<&str>, &str), inner: &str| {
            format!("<{name} {}>{text}{inner}</{name}>", attributes.join(" "))
        };
        leaf.clone()
            .prop_map(move |leaf| written(leaf, ""))
            .prop_recursive(5, 24, 4, move |inner| {
                (leaf.clone(), prop::collection::vec(inner, 0..4))
                    .prop_map(move |(leaf, inner)| written(leaf, &inner.concat()))
            })
    }

    proptest! {
        #[test]
        fn b8_every_child_that_is_sent_back_means_the_same(children in prop::collection::vec(tree(), 0..4)) {
            let presence = format!(
                "<presence from='a' xmlns:p='u:7' xmlns:q='u:8'>{}</presence>", children.concat()
            );
            let sent = encode(&revert_of(&presence, None)).unwrap();
            let (original, sent) = (element(&presence), element(&sent));
            let original: Vec<_> = original.children().collect();
            let sent: Vec<_> = sent.children().collect();
            prop_assert_eq!(original, sent);
        }

        #[test]
        fn b11_any_text_is_decoded_or_refused(text in "\\PC{0,200}|[\u{feff}<>&;'\"=:/ a\t\r\n]{0,40}") {
            let _ = decode(&text);
            let _ = decode(&format!("<presence from='a'>{text}</presence>"));
        }

        #[test]
        fn b11_any_mixture_of_markup_is_decoded_or_refused(
            pieces in prop::collection::vec(prop::sample::select(vec![
                "<presence from='a'>", "</presence>", "<nick>", "</nick>", "<x xmlns='http://jabber.org/protocol/muc#user'>",
                "</x>", "<item/>", "<error>", "</error>", "&", ";", "&#", "'", "<", ">", "/", "=", "\0", "é", "<![CDATA[", "]]>",
                "xmlns:", "<!", "<?", "?>",
            ]), 0..30)
        ) {
            let text = pieces.concat();
            let _ = decode(&text);
            let _ = encode(&revert_of(&text, Some("n")));
        }
    }
}
