//! Requests to the module: questions and news.

use super::{PERMIT, check, head, iq};
use gavel::muc::{Affiliation, BareJid, RealJid};
use gavel::stanza::{Entitled, Request};

#[test]
fn table_of_requests_to_the_module() {
    let rows = [
        (
            "which module",
            iq(Request::Module),
            format!(
                "<iq {}><module xmlns='urn:gavel:module:0'/></iq>",
                head("get")
            ),
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
            "forget arrivals",
            iq(Request::ForgetArrivals),
            format!(
                "<iq {}><forget xmlns='urn:gavel:arrival:0'/></iq>",
                head("set")
            ),
        ),
    ];
    check(rows);
}

#[test]
fn b17_table_of_permissions() {
    let rows = [
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
                keeps_denials: false,
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
                keeps_denials: false,
            }),
            format!(
                "<iq {}><permissions xmlns='urn:gavel:permissions:0' jid='u@h/r' default='true'/></iq>",
                head("set")
            ),
        ),
        (
            "the denials of the last list stay",
            iq(Request::Permit {
                jid: RealJid::parse("u@h/r").unwrap(),
                permissions: None,
                keeps_denials: true,
            }),
            format!(
                "<iq {}><permissions xmlns='urn:gavel:permissions:0' jid='u@h/r' default='true' denied='kept'/></iq>",
                head("set")
            ),
        ),
    ];
    check(rows);
}
