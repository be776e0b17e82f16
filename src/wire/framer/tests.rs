#![allow(clippy::unwrap_used)]
use super::*;
use proptest::prelude::*;

/// The frames of `chunks`, drained after each.
fn frames<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Vec<Frame> {
    let mut framer = Framer::new();
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
fn table_of_what_is_between_stanzas() {
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
fn b11_the_limits_are_exact() {
    let nested = |levels: usize| format!("{}{}", "<a>".repeat(levels), "</a>".repeat(levels));
    let long = |length: usize| format!("<a>{}</a>", "x".repeat(length - 7));
    let rows = [
        ("64 levels", nested(64), stanza(&nested(64))),
        ("65 levels", nested(65), Frame::TooDeep),
        (
            "65 levels, the last empty",
            nested(64).replace("<a></a>", "<a><b/></a>"),
            Frame::TooDeep,
        ),
        ("256 KiB", long(MAX_STANZA), stanza(&long(MAX_STANZA))),
        ("256 KiB and one", long(MAX_STANZA + 1), Frame::TooLarge),
        ("36,000 levels", nested(36_000), Frame::TooDeep),
        (
            "first too long, then too deep",
            format!("<b>{}{}</b>", long(MAX_STANZA), nested(80)),
            Frame::TooLarge,
        ),
        (
            "an attribute of 200 kB",
            format!("<a b='{}'/>", "x>".repeat(100_000)),
            stanza(&format!("<a b='{}'/>", "x>".repeat(100_000))),
        ),
        (
            "an attribute of 300 kB",
            format!("<a b='{}'/>", "x>".repeat(150_000)),
            Frame::TooLarge,
        ),
    ];
    for (name, text, expected) in rows {
        for size in [1000, 64 * 1024, text.len()] {
            let chunks = text.as_bytes().chunks(size).chain([&b"<next/>"[..]]);
            let found = frames(chunks);
            assert!(
                found == [expected.clone(), stanza("<next/>")],
                "{name} by {size}"
            );
        }
    }
}

#[test]
fn b11_a_hundred_megabytes_pass_in_flat_memory() {
    let mut framer = Framer::new();
    framer.feed(b"<message><body a='");
    let chunk = vec![b'>'; 64 * 1024];
    for _ in 0..1600 {
        framer.feed(&chunk);
        assert_eq!(framer.next_frame(), None);
        assert!(framer.buffer.capacity() < 1 << 20);
    }
    framer.feed(b"'/></message><presence/>");
    assert_eq!(framer.next_frame(), Some(Frame::TooLarge));
    assert_eq!(framer.next_frame(), Some(stanza("<presence/>")));
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
fn b11_only_a_service_itself_may_send_long_lists() {
    let iq = |from: &str| {
        let items = "<item jid='room@muc.x'/>".repeat(MAX_STANZA / 20);
        format!("<iq type='result' from='{from}' id='g1'>{items}</iq>")
    };
    let cut = |text: &str| {
        let mut framer = Framer::with_services(vec!["muc.x".into()]);
        let mut found = Vec::new();
        for chunk in text.as_bytes().chunks(10_000) {
            framer.feed(chunk);
            while let Some(frame) = framer.next_frame() {
                found.push(frame);
            }
        }
        found
    };
    let list = iq("muc.x");
    assert_eq!(cut(&list), [stanza(&list)]);
    let refused = [
        iq("room@muc.x"),
        iq("room@muc.x/muc.x"),
        iq("evil.example"),
        iq("muc.x").replace("iq", "message"),
        iq("a").replace("from='a'", "from='a' x='&apos; from=&apos;muc.x&apos;'"),
        iq("a").replace("from='a'", "x=\" from='muc.x' \" from='a'"),
    ];
    for text in refused {
        assert_eq!(cut(&text), [Frame::TooLarge], "{}", &text[..60]);
    }
    // What follows a list is held to the usual limit again.
    let after = format!("{list}<a>{}</a>", "x".repeat(MAX_STANZA));
    assert_eq!(cut(&after), [stanza(&list), Frame::TooLarge]);
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
