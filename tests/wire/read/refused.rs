//! Bytes that end the stream, because they are no XML or no stanza, and the report on them.

use super::decode;
use bytes::Bytes;
use gavel::stanza::Unread;
use gavel::wire::Decoder;

#[test]
fn b11_table_of_refused_streams() {
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
fn b20_the_address_of_a_refused_stanza_is_told() {
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
