//! Bytes that are written to the wire.

mod module;
mod replies;
mod requests;
mod rooms;
mod sent_back;

use bytes::Bytes;
use gavel::muc::{Nick, OccupantJid, RealJid, RoomJid};
use gavel::stanza::{Outbound, Permit, Reply, Request};
use gavel::wire::{EncodeError, Encoder};
use minidom::Element;

const ME: &str = "from='gavel@c.example/gavel'";

const PERMIT: Permit = Permit {
    name: "recording",
    holders: "moderators",
};

pub fn encode(stanza: &Outbound) -> Result<String, EncodeError> {
    let bytes = Encoder::new("c.example").encode(stanza)?;
    Ok(String::from_utf8(bytes).unwrap())
}

/// The element as a receiver in the stream sees it.
pub fn element(text: &str) -> Element {
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

fn room() -> RoomJid {
    RoomJid::parse("r@m").unwrap()
}

fn iq(request: Request) -> Outbound {
    Outbound::Iq {
        id: "i".to_owned(),
        to: "r@m".to_owned(),
        request,
    }
}

/// The attributes of such a request.
fn head(kind: &str) -> String {
    format!("{ME} to='r@m' id='i' type='{kind}'")
}

/// Each of them is written as an element that means the same.
fn check<const N: usize>(rows: [(&str, Outbound, String); N]) {
    for (name, stanza, expected) in rows {
        let text = encode(&stanza).unwrap();
        assert_eq!(element(&text), element(&expected), "{name}: {text}");
    }
}

/// Sends a presence with these attributes and children back.
pub fn revert_of(presence: &str, name: Option<&str>) -> Outbound {
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
fn space_is_space() {
    let space = Encoder::new("gavel.meet.jitsi").encode(&Outbound::Space(3));
    assert_eq!(space.unwrap(), b"   ");
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
