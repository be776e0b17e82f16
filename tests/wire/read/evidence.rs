//! Claims and tokens in presence.

use super::{PresenceRow, check_presence};
use crate::owned;
use gavel::muc::Affiliation;
use gavel::stanza::{Bridge, EvidenceKind, Identity};

fn user_field(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
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
