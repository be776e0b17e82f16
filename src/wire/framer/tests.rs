#![allow(clippy::unwrap_used)]
use super::*;
use proptest::prelude::*;

/// The frames of `chunks`, drained after each.
fn frames<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Vec<Frame> {
    let mut framer = Framer::knowing(Vec::new(), vec!["jwt".into()]);
    let mut all = Vec::new();
    for chunk in chunks {
        framer.feed(chunk);
        all.extend(std::iter::from_fn(|| framer.next_frame()));
        assert!(framer.buffer.len() <= MAX_STANZA, "bounded between chunks");
    }
    all
}

fn stanza(text: &str) -> Frame {
    Frame::Stanza(Bytes::copy_from_slice(text.as_bytes()))
}

#[test]
fn table_of_single_stanzas() {
    let rows = [
        ("empty element", "<a/>"),
        ("empty element with space", "<a />"),
        ("element", "<a></a>"),
        ("space in the end tag", "<a></a >"),
        ("nested", "<a><a><b/></a>t</a>"),
        ("slash in an unquoted place", "<a x=/y></a>"),
        ("'>' in an attribute", "<a b='>>/>' c=\"'>\"/>"),
        ("'<' in an attribute", "<a b='</a>'><b/></a>"),
        ("comment with tags", "<a><!-- </a> -- <b> ' --></a>"),
        ("shortest comments", "<a><!----><!--->--></a>"),
        ("CDATA with tags", "<a><![CDATA[</a>]]]><![CDATA[]]></a>"),
        ("processing instruction", "<a><?x </a> ??></a>"),
        ("quotes in text", "<a>it's \"</a>"),
        ("odd declarations", "<a><!><!-><![C>d]<!X '>'></a>"),
    ];
    for (name, text) in rows {
        let found = frames([text.as_bytes(), b"<next/>"]);
        assert_eq!(found, [stanza(text), stanza("<next/>")], "{name}");
    }
}

#[test]
fn bytes_that_are_no_utf_8_are_not_the_framers_business() {
    let text = b"<a b='\xff'>\xc3</a>";
    assert_eq!(frames([&text[..]]), [Frame::Stanza(text[..].into())]);
}

#[test]
fn table_of_bytes_between_stanzas() {
    let rows: [(&str, &str, &[Frame]); 6] = [
        ("keepalives", " \n\t ", &[]),
        ("comment", "<!-- <a/> -->", &[]),
        ("instruction", "<?xml version='1.0'?>", &[]),
        ("end of the stream", "</stream:stream>", &[Frame::End]),
        ("half a stanza", "<a><b>", &[]),
        ("text", "x &amp; y > z", &[]),
    ];
    for (name, text, expected) in rows {
        assert_eq!(frames([text.as_bytes()]), expected, "{name}");
    }
    let error = "<stream:error><conflict/></stream:error>";
    let text = format!(" {error}</stream:stream>");
    let expected = [Frame::StreamError(error.into()), Frame::End];
    assert_eq!(frames([text.as_bytes()]), expected);
    assert_eq!(
        frames([&b"<stream:errors/>"[..]]),
        [stanza("<stream:errors/>")]
    );
}

#[test]
fn b20_a_long_stanza_is_reduced_wherever_it_is_cut() {
    const X: &str = "<x xmlns='http://jabber.org/protocol/muc#user'>";
    let item = format!("{X}<item jid='u@h/r' affiliation='none' role='visitor'/></x>");
    let head = "<presence from='r@m/n' to='g'>";
    let rest = "<?left-out other?></presence>";
    let long = "x".repeat(300_000);
    let wide = "<a/>".repeat(200_000);
    let deep = format!("{}{}", "<a>".repeat(40_000), "</a>".repeat(40_000));
    let five = format!("{}{}", "<a>".repeat(5), "</a>".repeat(5));
    let reason = format!("<reason>{long}</reason>");
    let whole = item.replace("/></x>", "></item></x>");
    let reduced = |inside: &str| format!("{head}{whole}{inside}{rest}");
    let rows = [
        (
            "256 KiB",
            format!("<a>{}</a>", &long[..MAX_STANZA - 7]),
            None,
        ),
        (
            "a long child, then the room's",
            format!("{head}<a>{long}</a>{item}</presence>"),
            Some(reduced("")),
        ),
        (
            "200,000 children",
            format!("{head}{wide}{item}</presence>"),
            None,
        ),
        (
            "40,000 levels",
            format!("{head}{deep}{item}</presence>"),
            Some(format!("{head}{five}{whole}{rest}")),
        ),
        (
            "a long reason",
            format!(
                "{head}{}</presence>",
                item.replace("'/></x>", &format!("'>{reason}</item></x>"))
            ),
            Some(format!("{head}{whole}</presence>")),
        ),
        (
            "a long attribute of a child",
            format!("{head}<a b='{long}'/>{item}</presence>"),
            None,
        ),
        (
            "a long attribute of the stanza",
            format!("<presence b='{long}' from='r@m/n' to='g'>{item}</presence>"),
            Some(format!("<presence from='r@m/n' to='g'>{whole}</presence>")),
        ),
        (
            "a long token",
            format!("{head}<jwt>{long}</jwt>{item}</presence>"),
            Some(format!("{head}<jwt><?left-out?></jwt>{whole}</presence>")),
        ),
        (
            "a room's that a client wrote, too",
            format!(
                "{head}{}<a>{long}</a>{item}</presence>",
                item.replace("none", "owner")
            ),
            Some(reduced("")),
        ),
    ];
    for (name, text, expected) in rows {
        let all = frames([text.as_bytes(), b"<next/>"]);
        if let Some(expected) = expected {
            assert_eq!(all, [stanza(&expected), stanza("<next/>")], "{name}");
        }
        assert_eq!(all.len(), 2, "{name}");
        for size in [1, 1000, 64 * 1024] {
            let chunks = text.as_bytes().chunks(size).chain([&b"<next/>"[..]]);
            assert!(frames(chunks) == all, "{name} by {size}");
        }
        let Frame::Stanza(bytes) = &all[0] else {
            panic!("{name}");
        };
        assert!(bytes.len() <= MAX_STANZA, "{name}: {}", bytes.len());
    }
}

#[test]
fn b11_a_hundred_megabytes_pass_in_flat_memory() {
    let rows: [(&[u8], u8, &[u8]); 4] = [
        (b"<message><body a='", b'>', b"'/></message>"),
        (b"<message><body>", b'x', b"</body></message>"),
        (b"<message ", b' ', b"></message>"),
        (b"<message><", b'a', b"/></message>"),
    ];
    for (before, filler, after) in rows {
        let mut framer = Framer::new();
        framer.feed(before);
        let chunk = vec![filler; 64 * 1024];
        for _ in 0..400 {
            framer.feed(&chunk);
            assert_eq!(framer.next_frame(), None);
            assert!(framer.buffer.capacity() < 1 << 20);
        }
        framer.feed(after);
        framer.feed(b"<presence/>");
        let Some(Frame::Stanza(bytes)) = framer.next_frame() else {
            panic!();
        };
        assert!(bytes.len() < 1000);
        assert_eq!(framer.next_frame(), Some(stanza("<presence/>")));
    }
}

#[test]
fn long_noise_between_stanzas_harms_none() {
    for noise in [
        " ".repeat(300_000),
        format!("<!--{}-->", "x".repeat(300_000)),
    ] {
        let text = format!("{noise}<a/>");
        assert_eq!(frames(text.as_bytes().chunks(4096)), [stanza("<a/>")]);
    }
}

/// Pieces whose neighbours make every state of the lexer meet every other.
fn piece() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "<a>",
        "</a>",
        "<b c='>'/>",
        "<d e=\"/\">",
        "</d>",
        "<!--",
        "-->",
        "-",
        "<![CDATA[",
        "]]>",
        "]",
        "<?",
        "?>",
        "<!",
        "<",
        ">",
        "/",
        "'",
        "\"",
        "x",
        " ",
        "&amp;",
        "<stream:error/>",
        "<stream:error>",
        "</stream:stream>",
        "\u{fe}",
        "<a",
        "/>",
    ])
}

#[test]
fn b20_a_room_or_service_may_send_long_lists_and_nobody_else() {
    let count = MAX_STANZA / 20;
    let iq = |from: &str| {
        let items = "<item jid='room@muc.x'/>".repeat(count);
        format!("<iq type='result' from='{from}' id='g1'>{items}</iq>")
    };
    let cut = |text: &str| {
        let mut framer = Framer::knowing(vec!["muc.x".into()], Vec::new());
        let mut found = Vec::new();
        for chunk in text.as_bytes().chunks(10_000) {
            framer.feed(chunk);
            while let Some(frame) = framer.next_frame() {
                found.push(frame);
            }
        }
        found
    };
    for from in ["muc.x", "room@muc.x", "room@muc.tenant.x"] {
        let items = "<item jid='room@muc.x'></item>".repeat(count);
        let list = format!("<iq type='result' from='{from}' id='g1'>{items}</iq>");
        assert!(cut(&iq(from)) == [stanza(&list)], "{from}");
    }
    let refused = [
        "room@muc.x/muc.x",
        "evil.example",
        "muc.evil.x.example",
        "muc.a.b.x",
        "evilmuc.x",
        "a' x='&apos; from=&apos;muc.x&apos;",
    ];
    for from in refused {
        let head = format!("<iq type='result' from='{from}' id='g1'>");
        let expected = format!("{head}<?left-out?></iq>");
        assert_eq!(cut(&iq(from)), [stanza(&expected)], "{from}");
    }
}

proptest! {
    #[test]
    fn frames_do_not_depend_on_chunks(
        pieces in prop::collection::vec(piece(), 0..60),
        cuts in prop::collection::vec(1usize..9, 1..40),
    ) {
        let text = pieces.concat();
        let mut rest = text.as_bytes();
        let mut chunks = Vec::new();
        for size in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (chunk, more) = rest.split_at(rest.len().min(*size));
            chunks.push(chunk);
            rest = more;
        }
        prop_assert_eq!(frames(chunks), frames([text.as_bytes()]));
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        frames([&bytes[..]]);
    }

    #[test]
    fn well_formed_stanzas_come_out_as_they_went_in(
        stanzas in prop::collection::vec("<a( b='[^'&<]{0,8}')?>([^<&>]{0,8}|<b/>|<!--x-->|<c>y</c>)</a>", 0..12),
    ) {
        let text = stanzas.join(" ");
        let expected: Vec<_> = stanzas.iter().map(|text| stanza(text)).collect();
        prop_assert_eq!(frames(text.as_bytes().chunks(7)), expected);
    }
}
