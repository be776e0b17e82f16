//! Children that are wrong somehow cost only themselves.

use super::decode;
use crate::owned;
use gavel::muc::{Affiliation, Role};
use gavel::stanza::{
    Actor, DisplayName, EvidenceKind, Inbound, IqPayload, Item, LeftOut, MucUser, PresenceKind,
};

/// Children of a presence that are wrong somehow, in a place that nobody reads.
pub fn odd_children() -> Vec<(&'static str, String)> {
    let attributes: String = (0..4000).map(|n| format!(" a{n}=''")).collect();
    let deep = |levels| format!("{}{}", "<a>".repeat(levels), "</a>".repeat(levels));
    vec![
        ("70 levels", deep(70)),
        ("30,000 levels", deep(30_000)),
        ("4,000 attributes", format!("<b{attributes}/>")),
        (
            "50,000 quotes",
            format!("<b>{}</b>", "&quot;".repeat(40_000)),
        ),
        ("50,000 children", "<b/>".repeat(50_000)),
        (
            "a long namespace",
            format!("<b xmlns='{}'/>", "u".repeat(200_000)),
        ),
        ("crossed tags", "<b><c></b></c>".into()),
        ("an undeclared prefix", "<b:c/>".into()),
        ("an undeclared prefix of an attribute", "<c b:d=''/>".into()),
        ("a prefix out of scope", "<b xmlns:c='u:v'/><c:d/>".into()),
        ("a prefix undeclared again", "<b xmlns:c=''/>".into()),
        ("a duplicate attribute", "<b c='' c=''/>".into()),
        ("an attribute without value", "<b c/>".into()),
        ("attributes without space between", "<b c=''d=''/>".into()),
        ("'<' in an attribute", "<b c='<'/>".into()),
        ("an entity", "<b>&nbsp;</b>".into()),
        ("a reference to U+0008", "<b>&#8;</b>&#8;".into()),
        ("U+0008", "<b>\u{8}</b>\u{8}".into()),
        ("U+FFFE", "<b c='\u{fffe}'/>".into()),
        ("']]>' in text", "]]>".into()),
        ("a comment in a child", "<b><!-- </b> --></b>".into()),
        (
            "tags in a CDATA section",
            "<b><![CDATA[</b></presence>]]></b>".into(),
        ),
        ("CDATA sections", "<![CDATA[<b>]]>".repeat(20_000)),
        (
            "an <x/> of something else",
            "<x xmlns='u:v'><item/>&#8;</x>".into(),
        ),
    ]
}

#[test]
fn b20_table_of_faults_that_cost_only_themselves() {
    const X: &str = "<x xmlns='http://jabber.org/protocol/muc#user'><item jid='u@h/r' affiliation='owner' role='moderator'>{}<actor nick='focus'/></item>{}<status code='110'/></x>";
    let item = Item {
        jid: owned("u@h/r"),
        affiliation: Some(Affiliation::Owner),
        role: Some(Role::Moderator),
        actor: Some(Actor {
            nick: owned("focus"),
            ..Actor::default()
        }),
        ..Item::default()
    };
    let user = MucUser {
        items: vec![item],
        status: vec![110],
        ..MucUser::default()
    };
    for (name, odd) in odd_children() {
        let x = X.replace("{}", "");
        let reason = X.replace("{}", &format!("<reason>{odd}</reason>"));
        let rows = [
            format!("{odd}{x}"),
            format!("{x}{odd}"),
            format!("<wrapped>{odd}</wrapped>{x}{odd}"),
            reason,
        ];
        for children in rows {
            let text = format!("<presence from='r@m/n' to='g'>{children}</presence>");
            let Ok(Inbound::Presence(presence)) = decode(&text) else {
                panic!("{name}");
            };
            assert_eq!(presence.muc_user.as_ref(), Some(&user), "{name}");
            assert_eq!(presence.kind, PresenceKind::Available, "{name}");
            assert_eq!(presence.left_out, LeftOut::default(), "{name}");
            assert_eq!(presence.display_name, DisplayName::Absent, "{name}");
            assert!(presence.raw.len() <= 64 * 1024, "{name}");
            assert_eq!(presence.whole, text.len() <= 64 * 1024, "{name}");

            let text = format!("<message from='r@m' to='g'>{children}</message>");
            let Ok(Inbound::Message(message)) = decode(&text) else {
                panic!("{name}");
            };
            assert_eq!(message.muc_user.as_ref(), Some(&user), "{name}");
        }
    }
}

#[test]
fn b20_evidence_that_cannot_be_read_is_told() {
    use EvidenceKind::{Bridge, Identity, Token};
    let long = "x".repeat(129 * 1024);
    let rows = [
        (
            "long claims",
            format!("<claims xmlns='urn:gavel:claims:0' mac='m'>{long}</claims>"),
            Bridge,
        ),
        (
            "claims with a forbidden character",
            "<claims xmlns='urn:gavel:claims:0' mac='m'>&#8;</claims>".into(),
            Bridge,
        ),
        (
            "claims of an undeclared prefix",
            "<a:claims mac='m'/>".into(),
            Bridge,
        ),
        ("a long token", format!("<jwt>{long}</jwt>"), Token),
        (
            "tokens that are long together",
            format!("<jwt>{0}</jwt><token>{0}</token>", &long[..70_000]),
            Token,
        ),
        ("65 tokens", "<jwt>a</jwt>".repeat(65), Token),
        (
            "a comment in a token",
            "<token>a<!-- -->b</token>".into(),
            Token,
        ),
        ("something without a name", "<1/>".into(), Token),
        ("a comment", "<!-- <jwt/> -->".into(), Token),
        ("what was cut", "<?left-out?>".into(), Token),
        (
            "a long identity",
            format!("<identity><user><id>{long}</id></user></identity>"),
            Identity,
        ),
        (
            "65 fields",
            format!("<identity><user>{}</user></identity>", "<a/>".repeat(65)),
            Identity,
        ),
        (
            "a group that cannot be read",
            "<identity><group>&x;</group></identity>".into(),
            Identity,
        ),
    ];
    for (name, odd, kind) in rows {
        for children in [odd.clone(), format!("<jwt>a</jwt>{odd}<jwt>b</jwt>")] {
            let text = format!("<presence from='r@m/n'>{children}</presence>");
            let Ok(Inbound::Presence(presence)) = decode(&text) else {
                panic!("{name}");
            };
            assert_eq!(presence.evidence.left_out, Some(kind), "{name}");
            assert!(presence.left_out.evidence, "{name}");
        }
    }
    // However much is nested in it, a token's own text is read.
    let nested = format!("{}{}", "<a>".repeat(70), "</a>".repeat(70));
    let text = format!("<presence from='r@m/n'><jwt>a{nested}b</jwt></presence>");
    let Ok(Inbound::Presence(presence)) = decode(&text) else {
        panic!();
    };
    assert_eq!(presence.evidence.tokens, ["ab"]);
    assert_eq!(presence.evidence.left_out, None);
}

#[test]
fn b20_a_name_that_cannot_be_read_is_nobodys() {
    let long = "x".repeat(5000);
    let n = "xmlns='http://jabber.org/protocol/nick'";
    let rows = [
        (
            "long",
            format!("<nick {n}>{long}</nick>"),
            &long[..4096],
            true,
        ),
        ("with an entity", format!("<nick {n}>A&x;</nick>"), "", true),
        (
            "with a comment",
            format!("<nick {n}>A<!-- -->B</nick>"),
            "AB",
            true,
        ),
        (
            "of an undeclared prefix",
            "<a:nick>A</a:nick>".into(),
            "A",
            false,
        ),
        (
            "with 70 levels",
            format!(
                "<nick {n}>A{}{}</nick>",
                "<a>".repeat(70),
                "</a>".repeat(70)
            ),
            "A",
            false,
        ),
    ];
    for (name, children, shown, lost) in rows {
        let text = format!("<presence from='r@m/n'>{children}</presence>");
        let Ok(Inbound::Presence(presence)) = decode(&text) else {
            panic!("{name}");
        };
        let expected = DisplayName::Irregular(shown.into());
        assert_eq!(presence.display_name, expected, "{name}");
        assert_eq!(presence.left_out.name, lost, "{name}");
    }
}

#[test]
fn b20_answers_are_read_with_anything_else_in_them() {
    let quotes = "&quot;".repeat(50_000);
    let field =
        |var: &str, value: &str| format!("<field var='{var}'><value>{value}</value></field>");
    for odd in [quotes.as_str(), "&#8;", "<!-- -->", "\u{fffe}"] {
        let fields = [
            field("before", "1"),
            field("description", odd),
            field("after", "2"),
        ];
        let text = format!(
            "<iq type='result' from='r@m' id='i'><query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data'><instructions>{odd}</instructions>{}</x></query></iq>",
            fields.concat()
        );
        let Ok(Inbound::Iq(iq)) = decode(&text) else {
            panic!();
        };
        let IqPayload::MucOwner(form) = &iq.payload else {
            panic!("{:?}", iq.payload);
        };
        assert_eq!(form.value("before"), Some("1"));
        assert_eq!(form.value("description"), None);
        assert_eq!(form.value("after"), Some("2"));
        let other = LeftOut {
            other: true,
            ..LeftOut::default()
        };
        assert_eq!(iq.left_out, other);
    }
    let reason = format!("<reason>{quotes}<a/>&#8;</reason>");
    let items = format!("<item jid='a@h' affiliation='owner'>{reason}</item>").repeat(40);
    let text = format!(
        "<iq type='result' from='r@m' id='i'><query xmlns='http://jabber.org/protocol/muc#admin'>{items}<item jid='&x;'/></query></iq>"
    );
    let Ok(Inbound::Iq(iq)) = decode(&text) else {
        panic!();
    };
    let IqPayload::MucAdmin(items) = &iq.payload else {
        panic!("{:?}", iq.payload);
    };
    assert_eq!(items.len(), 41);
    assert_eq!(items[39].jid.as_deref(), Some("a@h"));
    assert!(iq.left_out.room, "the last item has no address");
    let text = "<iq type='result' from='r@m' id='i'><?left-out?></iq>";
    let Ok(Inbound::Iq(iq)) = decode(text) else {
        panic!();
    };
    assert_eq!(iq.payload, IqPayload::Unread);
    assert!(iq.left_out.room);
}
