//! Requests to rooms, services and server admins' commands.

use super::{check, head, iq, room};
use gavel::muc::{Affiliation, Nick, Role};
use gavel::stanza::{LIST_ROOMS, Request};

const ADMIN: &str = "xmlns='http://jabber.org/protocol/muc#admin'";
const COMMAND: &str = "xmlns='http://jabber.org/protocol/commands'";

#[test]
fn table_of_requests_to_rooms() {
    let rows = [
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
                "<iq {}><query {ADMIN}><item jid='u@h' affiliation='owner'/></query></iq>",
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
                "<iq {}><query {ADMIN}><item nick='k' role='participant'/></query></iq>",
                head("set")
            ),
        ),
        (
            "list",
            iq(Request::ListAffiliation(Affiliation::Admin)),
            format!(
                "<iq {}><query {ADMIN}><item affiliation='admin'/></query></iq>",
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
    ];
    check(rows);
}

#[test]
fn table_of_questions() {
    let rows = [
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
    ];
    check(rows);
}

#[test]
fn table_of_commands() {
    let rows = [
        (
            "command",
            iq(Request::CommandSetAffiliation {
                room: room(),
                jid: "u@h".to_owned(),
                affiliation: Affiliation::None,
            }),
            format!(
                "<iq {}><command {COMMAND} node='http://prosody.im/protocol/muc#set-affiliation' action='complete'><x xmlns='jabber:x:data' type='submit'><field type='hidden' var='FORM_TYPE'><value>http://prosody.im/protocol/muc#set-affiliation</value></field><field var='room'><value>r@m</value></field><field var='jid'><value>u@h</value></field><field var='affiliation'><value>none</value></field></x></command></iq>",
                head("set")
            ),
        ),
        (
            "start command",
            iq(Request::StartCommand { node: LIST_ROOMS }),
            format!(
                "<iq {}><command {COMMAND} node='http://prosody.im/protocol/muc#destroy' action='execute'/></iq>",
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
                "<iq {}><command {COMMAND} node='http://prosody.im/protocol/muc#destroy' action='cancel' sessionid='s'/></iq>",
                head("set")
            ),
        ),
    ];
    check(rows);
}
