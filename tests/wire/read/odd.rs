//! Stanzas that look odd and are allowed.

use super::decode;
use gavel::stanza::Inbound;

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
