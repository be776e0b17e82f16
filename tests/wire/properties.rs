//! Every content of a stanza is read or refused, and means the same when it is sent back.

use crate::read::decode;
use crate::written::{element, encode, revert_of};
use proptest::prelude::*;

/// An element with children, prefixes and declarations, as text.
fn tree() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec!["a", "b", "p:c", "q:d", "é"]);
    let attributes = prop::sample::subsequence(
        vec![
            "xmlns='u:1'",
            "xmlns:p='u:2'",
            "xmlns:q='u:3'",
            "e='f&#10;&quot;'",
            "p:g='h'",
            "q:i=\"'\"",
            "xml:lang='j'",
        ],
        0..5,
    );
    let text = prop::sample::select(vec![
        "",
        "t",
        " &lt;&#x1F600;\t",
        "<![CDATA[]]]]><![CDATA[>&]]>",
        "ü\r\n",
    ]);
    let leaf = (name, attributes, text);
    let written = |(name, attributes, text): (&str, Vec<&str>, &str), inner: &str| {
        format!("<{name} {}>{text}{inner}</{name}>", attributes.join(" "))
    };
    leaf.clone()
        .prop_map(move |leaf| written(leaf, ""))
        .prop_recursive(5, 24, 4, move |inner| {
            (leaf.clone(), prop::collection::vec(inner, 0..4))
                .prop_map(move |(leaf, inner)| written(leaf, &inner.concat()))
        })
}

proptest! {
    #[test]
    fn b8_every_child_that_is_sent_back_means_the_same(children in prop::collection::vec(tree(), 0..4)) {
        let presence = format!(
            "<presence from='a' xmlns:p='u:7' xmlns:q='u:8'>{}</presence>", children.concat()
        );
        let sent = encode(&revert_of(&presence, None)).unwrap();
        let (original, sent) = (element(&presence), element(&sent));
        let original: Vec<_> = original.children().collect();
        let sent: Vec<_> = sent.children().collect();
        prop_assert_eq!(original, sent);
    }

    #[test]
    fn b11_any_text_is_decoded_or_refused(text in "\\PC{0,200}|[\u{feff}<>&;'\"=:/ a\t\r\n]{0,40}") {
        let _ = decode(&text);
        let _ = decode(&format!("<presence from='a'>{text}</presence>"));
    }

    #[test]
    fn b11_any_mixture_of_markup_is_decoded_or_refused(
        pieces in prop::collection::vec(prop::sample::select(vec![
            "<presence from='a'>", "</presence>", "<nick>", "</nick>", "<x xmlns='http://jabber.org/protocol/muc#user'>",
            "</x>", "<item/>", "<error>", "</error>", "&", ";", "&#", "'", "<", ">", "/", "=", "\0", "é", "<![CDATA[", "]]>",
            "xmlns:", "<!", "<?", "?>",
        ]), 0..30)
    ) {
        let text = pieces.concat();
        let _ = decode(&text);
        let _ = encode(&revert_of(&text, Some("n")));
    }
}
