//! A presence's words about its sender: the room's, features and display names.

use super::{PresenceRow, check_presence, module, muc_user};
use crate::owned;
use gavel::muc::{Affiliation, Role};
use gavel::stanza::{Actor, DisplayName, Item, Presence};

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
