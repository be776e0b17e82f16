//! Framer, XML and decoder on anything that people can put around a room's words.
//!
//! - Nothing panics, with any bytes.
//! - The frames do not depend on the cuts between the chunks.
//! - A presence that ends with the room's own `<x/>` is read with exactly the content of
//!   that, with any siblings, attributes or reason: as it stands, and blown up beyond the
//!   size that is held.
#![no_main]

use bytes::Bytes;
use gavel::muc::{Affiliation, Role};
use gavel::stanza::{Inbound, Presence};
use gavel::wire::{Decoder, Frame, Framer, MAX_STANZA};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let (first, rest) = data.split_first().map_or((0, data), |(f, r)| (*f, r));
    check_bytes(rest, first);
    if let Some(odd) = balanced(rest) {
        check_presence(&odd, 1);
        if first % 16 == 0 && !odd.is_empty() {
            check_presence(&odd, MAX_STANZA / odd.len() + 2);
        }
    }
});

fn tokens() -> Vec<String> {
    vec!["jwt".into(), "token".into()]
}

fn frames<'a>(chunks: impl Iterator<Item = &'a [u8]>) -> Vec<Frame> {
    let mut framer = Framer::knowing(vec!["muc.x".into()], tokens());
    let mut all = Vec::new();
    for chunk in chunks {
        framer.feed(chunk);
        all.extend(std::iter::from_fn(|| framer.next_frame()));
    }
    all
}

fn check_bytes(data: &[u8], first: u8) {
    let whole = frames(std::iter::once(data));
    let cut = frames(data.chunks(1 + usize::from(first) % 7));
    assert_eq!(whole, cut, "frames depend on chunks");
    let decoder = Decoder::new(tokens());
    for frame in whole {
        if let Frame::Stanza(bytes) = frame
            && let Err(error) = decoder.decode(bytes.clone())
        {
            decoder.unread(&bytes, &error);
        }
    }
    let _ = decoder.decode(Bytes::copy_from_slice(data));
}

/// The data, if it is something that can stand between two elements: it leaves no tag,
/// quote, comment or element open, and closes none that is not its own.
fn balanced(data: &[u8]) -> Option<Vec<u8>> {
    // An end tag that is not closed would swallow the one behind it, and pass.
    let is_one = |rest: &[u8]| {
        let framed = [b"<w>", data, rest].concat();
        let expected = Frame::Stanza(Bytes::copy_from_slice(&framed));
        framed.len() < MAX_STANZA && frames(std::iter::once(&framed[..])) == [expected]
    };
    (is_one(b"</w>") && is_one(b"<v></v></w>")).then(|| data.to_vec())
}

fn check_presence(odd: &[u8], times: usize) {
    const X: &[u8] = b"<x xmlns='http://jabber.org/protocol/muc#user'>\
        <item jid='u@h/r' nick='n' affiliation='admin' role='moderator'><actor jid='a@h' nick='f'/><reason>";
    const REST: &[u8] = b"</reason></item><item jid='u@h/s' affiliation='admin' role='moderator'/>\
        <status code='110'/><status code='170'/></x>";
    let mut text = b"<presence from='r@muc.x/n' to='g'>".to_vec();
    for _ in 0..times {
        text.extend_from_slice(odd);
    }
    text.extend_from_slice(X);
    for _ in 0..times {
        text.extend_from_slice(odd);
    }
    text.extend_from_slice(REST);
    text.extend_from_slice(b"</presence>");
    let all = frames(text.chunks(64 * 1024));
    let [Frame::Stanza(bytes)] = &all[..] else {
        panic!("{} frames of one presence", all.len());
    };
    assert!(bytes.len() <= 2 * MAX_STANZA, "kept {}", bytes.len());
    match Decoder::new(tokens()).decode(bytes.clone()) {
        Ok(Inbound::Presence(presence)) => check_read(&presence),
        other => panic!("not read: {other:?}"),
    }
}

fn check_read(presence: &Presence) {
    assert_eq!(presence.from, "r@muc.x/n");
    let user = presence.muc_user.as_ref().expect("the room's words");
    assert_eq!(user.status, [110, 170]);
    assert_eq!(user.items.len(), 2);
    for item in &user.items {
        assert_eq!(item.affiliation, Some(Affiliation::Admin));
        assert_eq!(item.role, Some(Role::Moderator));
    }
    let actor = user.items[0].actor.as_ref().expect("an actor");
    assert_eq!(actor.nick.as_deref(), Some("f"));
    assert!(presence.raw.len() <= 64 * 1024);
}
