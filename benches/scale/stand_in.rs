//! A stand-in for Prosody: it accepts one component, answers gavel's questions, and shows
//! every affiliation that gavel sets.

use super::people::{Person, SECRET, SERVICE, room};
use super::{given, is_host};
use gavel::muc::Affiliation;
use gavel::wire::{Frame, Framer};
use minidom::Element;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

/// The id of the stream.
const STREAM: &str = "scale";
const COMPONENT: &str = "gavel.meet.jitsi";
const MUC_USER: &str = "http://jabber.org/protocol/muc#user";
const HEADER: &str = "<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' \
    xmlns:stream='http://etherx.jabber.org/streams' from='gavel.meet.jitsi' id='scale'>";

pub struct StandIn {
    socket: TcpStream,
    framer: Framer,
    pings: usize,
}

impl StandIn {
    /// Waits for gavel and lets it in.
    pub fn accept(listener: &TcpListener) -> Self {
        let (mut socket, _) = listener.accept().unwrap();
        socket.set_nodelay(true).unwrap();
        let mut said = String::new();
        while !said.contains("<stream:stream") {
            said.push_str(&String::from_utf8_lossy(&read(&mut socket)));
        }
        socket.write_all(HEADER.as_bytes()).unwrap();
        while !said.contains("</handshake>") {
            said.push_str(&String::from_utf8_lossy(&read(&mut socket)));
        }
        socket.write_all(b"<handshake/>").unwrap();
        let framer = Framer::new();
        Self {
            socket,
            framer,
            pings: 0,
        }
    }

    /// Sends this and answers gavel until it has nothing more to ask.
    pub fn say(&mut self, stanzas: &str) {
        let mut said = stanzas.to_owned();
        loop {
            said = self.exchange(said);
            if said.is_empty() {
                return;
            }
        }
    }

    /// Sends this, and a ping behind it in the same write. Gives the answers to everything
    /// that gavel asks before it answers the ping.
    fn exchange(&mut self, mut said: String) -> String {
        self.pings += 1;
        let id = format!("ping{}", self.pings);
        said += &format!(
            "<iq type='get' id='{id}' from='{SERVICE}' to='gavel@{COMPONENT}/gavel'>\
             <ping xmlns='urn:xmpp:ping'/></iq>"
        );
        self.socket.write_all(said.as_bytes()).unwrap();
        let mut answers = String::new();
        loop {
            while let Some(frame) = self.framer.next_frame() {
                let Frame::Stanza(bytes) = frame else {
                    panic!("{frame:?}")
                };
                let text = std::str::from_utf8(bytes.as_ref()).unwrap();
                let stanza = Element::from_reader_with_prefixes(
                    text.as_bytes(),
                    "jabber:component:accept".to_owned(),
                );
                let stanza = stanza.unwrap();
                if stanza.attr("id") == Some(&id) {
                    return answers;
                }
                answers += &answer(&stanza);
            }
            let said = read(&mut self.socket);
            self.framer.feed(&said);
        }
    }
}

fn read(socket: &mut TcpStream) -> Vec<u8> {
    let mut buffer = [0; 65_536];
    let length = socket.read(&mut buffer).unwrap();
    assert!(length > 0, "gavel has ended the stream");
    buffer[..length].to_vec()
}

/// The module invites gavel.
pub fn invitation(number: usize) -> String {
    format!(
        "<message from='{}' to='gavel@{COMPONENT}'><x xmlns='{MUC_USER}'><invite/></x></message>",
        room(number)
    )
}

/// The presence of a person that gavel is shown, as the module writes it: some 1,200 bytes.
pub fn presence(person: Person, affiliation: Affiliation, kind: &str) -> String {
    let (occupant, real, name) = (person.occupant(), person.real(), person.name());
    let claims = person.claims().replace('"', "&quot;");
    let mac = person.mac(STREAM);
    let role = match affiliation {
        Affiliation::Owner => "moderator",
        _ => "participant",
    };
    format!(
        "<presence from='{occupant}' to='gavel@{COMPONENT}/gavel'{kind}>\
         <stats-id>Dashawn-2Xd</stats-id><c hash='sha-1' xmlns='http://jabber.org/protocol/caps' \
         node='https://jitsi.org/jitsi-meet' ver='dtzK/3xhISaXUMVg59IpXxdvKyQ='/>\
         <SourceInfo>{{}}</SourceInfo><jitsi_participant_codecList>av1,vp9,vp8,h264</jitsi_participant_codecList>\
         <nick xmlns='http://jabber.org/protocol/nick'>{name}</nick>\
         <occupant-id id='Wt0HKY1mFNmPPDlMOmDIiBpURWdm5xAKsJJrB0fT3V4=' xmlns='urn:xmpp:occupant-id:0'/>\
         <x xmlns='{MUC_USER}'><item affiliation='{affiliation}' role='{role}' jid='{real}'/></x>\
         <claims xmlns='urn:gavel:claims:0' mac='{mac}'>{claims}</claims></presence>"
    )
}

fn answer(stanza: &Element) -> String {
    let to = stanza.attr("to").unwrap_or_default();
    match stanza.name() {
        "presence" if stanza.attr("type").is_none() => joined(to),
        "iq" if ["get", "set"].contains(&stanza.attr("type").unwrap_or_default()) => {
            let id = stanza.attr("id").unwrap_or_default();
            let payload = stanza.children().next();
            shown(to, payload) + &result(to, id, payload)
        }
        _ => String::new(),
    }
}

/// A focus is in each room, or gavel would leave at once.
fn joined(occupant: &str) -> String {
    let room = occupant.split('/').next().unwrap();
    format!(
        "<presence from='{room}/focus' to='gavel@{COMPONENT}/gavel'><x xmlns='{MUC_USER}'>\
         <item affiliation='owner' role='moderator' jid='focus@auth.meet.jitsi/focus'/></x></presence>\
         <presence from='{occupant}' to='gavel@{COMPONENT}/gavel'><x xmlns='{MUC_USER}'>\
         <item affiliation='owner' role='moderator' jid='gavel@{COMPONENT}/gavel'/>\
         <status code='110'/></x><module xmlns='urn:gavel:module:0' version='{}'/></presence>",
        env!("CARGO_PKG_VERSION")
    )
}

fn result(from: &str, id: &str, payload: Option<&Element>) -> String {
    let payload = match payload.map(|payload| (payload.name(), payload.ns())) {
        Some(("query", ns)) if ns.ends_with("muc#owner") => {
            "<query xmlns='http://jabber.org/protocol/muc#owner'>\
             <x xmlns='jabber:x:data' type='form'/></query>"
        }
        Some(("query", ns)) if ns.ends_with("muc#admin") => {
            "<query xmlns='http://jabber.org/protocol/muc#admin'/>"
        }
        _ => "",
    };
    format!("<iq type='result' id='{id}' from='{from}' to='gavel@{COMPONENT}/gavel'>{payload}</iq>")
}

/// The room shows the affiliation that gavel has set.
fn shown(room: &str, payload: Option<&Element>) -> String {
    let item = payload.and_then(|payload| payload.children().find(|child| child.name() == "item"));
    let Some((jid, affiliation)) = item.and_then(|i| i.attr("jid").zip(i.attr("affiliation")))
    else {
        return String::new();
    };
    let number = usize::from_str_radix(&jid[..8], 16).unwrap();
    let room = room["meeting-of-group-".len()..][..5].parse().unwrap();
    let host = is_host(number) && affiliation == "owner";
    let person = Person { room, number, host };
    presence(person, given(person), "")
}

/// gavel's configuration: the default one, but for the settings that the stand-in needs.
pub fn environment(port: u16) -> Vec<(&'static str, String)> {
    vec![
        ("GAVEL_COMPONENT__JID", COMPONENT.to_owned()),
        ("GAVEL_COMPONENT__SERVER", format!("127.0.0.1:{port}")),
        ("GAVEL_COMPONENT__SECRET", SECRET.to_owned()),
        ("GAVEL_MUC", SERVICE.to_owned()),
        ("GAVEL_STATE__FILE", String::new()),
        ("GAVEL_DISCOVERY__POLL", "off".to_owned()),
        ("GAVEL_ADMIN__LISTEN", String::new()),
        ("RUST_LOG", "warn".to_owned()),
    ]
}
