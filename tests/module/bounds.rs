//! gavel is shown who people are, whatever they write (SPEC B20).

use crate::on_both;
use crate::scene::{ROOM, Scene, all, item};
use crate::support::{El, Version};

/// A child of a presence as somebody wrote it, and the part that was left out, by gavel's
/// copy.
type Row = (&'static str, String, Option<&'static str>);

fn nested(levels: usize) -> String {
    "<a>".repeat(levels) + &"</a>".repeat(levels)
}

fn attributes(count: usize) -> String {
    let each = (0..count).map(|n| format!(" a{n}='x'"));
    each.collect()
}

/// A long namespace. The next element makes expat look at it at once.
fn namespace() -> String {
    "n".repeat(100_000)
}

fn rows() -> Vec<Row> {
    let more = format!("<other>{}</other>", "x".repeat(110_000));
    let quotes = "&quot;".repeat(30_000);
    let fields: String = (0..20).map(|n| format!("<f{n}>x</f{n}>")).collect();
    let nick = "<nick xmlns='http://jabber.org/protocol/nick'";
    vec![
        (
            "a deep name",
            format!("{nick}>A{}</nick>", nested(70)),
            None,
        ),
        (
            "a wide name",
            format!("{nick}{}>A</nick>", attributes(130)),
            None,
        ),
        ("a long name", format!("{nick}>{quotes}</nick>"), None),
        (
            "a name in a long namespace",
            format!("<nick xmlns='{}'>A</nick>{more}", namespace()),
            None,
        ),
        (
            "an identity in a long namespace",
            format!("<identity xmlns='{}'/>{more}", namespace()),
            Some("identity"),
        ),
        (
            "an identity with a user in a long namespace",
            format!("<identity><user xmlns='{}'/></identity>{more}", namespace()),
            Some("identity"),
        ),
        ("many names", format!("{nick}>A</nick>").repeat(200), None),
        (
            "a deep identity",
            format!(
                "<identity><user><name>{}</name></user></identity>",
                nested(70)
            ),
            None,
        ),
        (
            "an identity of many fields",
            format!("<identity><user>{fields}</user></identity>"),
            Some("identity"),
        ),
        (
            "a long identity",
            format!("<identity><user><name>{quotes}</name></user></identity>"),
            Some("identity"),
        ),
        ("a deep token", format!("<jwt>{}</jwt>", nested(70)), None),
        (
            "a wide token",
            format!("<jwt{}>a.b.c</jwt>", attributes(130)),
            None,
        ),
        (
            "a long token",
            format!("<jwt>{}</jwt>", "a".repeat(100_000)),
            Some("token"),
        ),
        ("many tokens", "<jwt>a.b.c</jwt>".repeat(20), Some("token")),
        (
            "something else",
            format!("<other>{}</other>", nested(500)),
            None,
        ),
    ]
}

/// Depth of an element, most attributes of one, and about how many bytes it is.
fn measure(element: &El) -> (usize, usize, usize) {
    let mut depth = 0;
    let mut width = element.attrs.len();
    let mut size = element.name.len() + crate::support::escape(&element.text).len();
    size += element.ns.len();
    for child in &element.children {
        let (deep, wide, long) = measure(child);
        depth = depth.max(deep);
        width = width.max(wide);
        size += long;
    }
    (depth + 1, width, size)
}

async fn module_shows_gavel_everybody_whatever_they_write(version: Version) {
    let scene = Scene::new(version).await;
    let alice = scene.person("alice").await;
    scene.follow(ROOM).await;
    for (n, (name, written, left_out)) in rows().into_iter().enumerate() {
        let who = format!("p{n}");
        let client = scene.client(&who).await;
        client.join(ROOM, &who, &written).await;
        let shown = scene.latest(&who).await;
        assert_eq!(
            item(&shown).attr("jid"),
            Some(client.jid.as_str()),
            "{name}"
        );
        let (depth, width, size) = measure(&shown);
        assert!(
            depth <= 4 && width <= 8 && size < 64 * 1024,
            "{name}: {depth} {width} {size}"
        );
        let claims = shown.child("claims", "urn:gavel:claims:0").unwrap();
        assert_eq!(claims.attr("left-out"), left_out, "{name}");
        assert!(all(&shown, "nick").len() <= 2, "{name}");
        if left_out == Some("token") {
            assert_eq!(all(&shown, "jwt").len(), 0, "{name}: all or none");
        }
        // gavel is shown their later changes, too.
        alice.affiliate(ROOM, client.bare(), "owner").await.unwrap();
        let shown = scene.latest(&who).await;
        assert_eq!(item(&shown).attr("affiliation"), Some("owner"), "{name}");
        client.leave(ROOM, &who).await;
        let shown = scene.latest(&who).await;
        assert_eq!(shown.attr("type"), Some("unavailable"), "{name}");
    }
}
on_both!(module_shows_gavel_everybody_whatever_they_write);

async fn module_tells_gavel_no_reasons(version: Version) {
    let scene = Scene::new(version).await;
    let alice = scene.person("alice").await;
    let bob = scene.person("bob").await;
    scene.follow(ROOM).await;
    let reason = format!("<reason>{}</reason>", "&quot;".repeat(20_000));
    for (jid, affiliation) in [
        ("bob@meet.jitsi", "owner"),
        ("absent@meet.jitsi", "admin"),
        ("bob@meet.jitsi", "outcast"),
    ] {
        let item = format!("<item jid='{jid}' affiliation='{affiliation}'>{reason}</item>");
        alice.admin(ROOM, &item).await.unwrap();
    }
    bob.sees_gone(ROOM, "bob").await;
    let seen = scene.seen().await;
    let size: usize = seen.iter().map(|s| measure(s).2).sum();
    assert!(size < 8 * 1024, "{size}");
    let shown = scene.latest("bob").await;
    assert_eq!(item(&shown).attr("affiliation"), Some("outcast"));
    assert_eq!(shown.status(), [301]);
    let absent = |s: &&El| s.name == "message" && format!("{s:?}").contains("absent@meet.jitsi");
    assert_eq!(seen.iter().filter(absent).count(), 1);
}
on_both!(module_tells_gavel_no_reasons);
