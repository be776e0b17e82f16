//! The status page, in a real browser, beside a real Prosody.
#![allow(clippy::unwrap_used)]

#[path = "support/browser.rs"]
mod browser;
mod support;

use browser::Browser;
use std::net::TcpListener;
use std::time::Duration;
use support::{Env, Options, Version, student, teacher};

const ROOM: &str = "room@muc.meet.jitsi";
const TOKEN: &str = "page-token-3fJq81LmX";

/// A port that is free now.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// Prosody and gavel with a page; its address.
async fn scene(more: &str) -> (Env, String) {
    let address = format!("127.0.0.1:{}", free_port());
    let overrides = format!("[admin]\nlisten = ''\nweb = '{address}'\n{more}");
    let env = Env::with(Version::V13, Options::default(), &overrides).await;
    env.gavel.logs("the status page is served").await;
    (env, address)
}

#[test]
fn the_page_shows_moderators_reasons_and_changes() {
    support::run(async {
        let (env, address) = scene("").await;
        let focus = env.focus(ROOM).await;
        let mut browser = Browser::start().await;
        browser.window(1100, 900, false).await;
        browser.open(&format!("http://{address}/")).await;
        browser.shows("connected").await;
        browser.shows("live, newest first").await;

        // Each change is there within a second.
        let second = Duration::from_secs(1);
        let ada = env.person(ROOM, "ada", Some(teacher("Ada"))).await;
        ada.sees_affiliation(ROOM, "ada", "owner").await;
        assert!(browser.shows("none → owner").await < second);
        browser.shows("room@muc.meet.jitsi").await;
        browser
            .value("location.hash = '#room%40muc.meet.jitsi'")
            .await;
        browser.shows("owner, moderator").await;
        browser.shows("context.user.moderator is true").await;

        // Somebody's own name is text, whatever it is.
        let name = "<img src=x onerror=document.title='pwned'>\u{202e}Tim";
        let tim = env.client("tim").await;
        tim.join(ROOM, "tim", &support::nick(name)).await;
        let shown = browser.shows("<img src=x onerror=document.title='pwned'>\\u{202e}Tim");
        assert!(shown.await < second);
        assert_eq!(browser.value("document.title").await, "gavel");
        assert_eq!(browser.value("document.images.length").await, 0);

        let kim = env.person(ROOM, "kim", Some(student("Kim"))).await;
        kim.sees_affiliation(ROOM, "kim", "member").await;
        focus
            .affiliate(ROOM, "kim@meet.jitsi", "owner")
            .await
            .unwrap();
        browser.shows("correction").await;
        tim.leave(ROOM, "tim").await;
        let gone = "!document.body.innerText.includes('onerror')";
        let deadline = std::time::Instant::now() + second;
        while browser.value(gone).await != true {
            assert!(std::time::Instant::now() < deadline, "Tim is still shown");
        }

        // Dark is dark.
        browser.window(360, 740, true).await;
        let ground = browser.value("getComputedStyle(document.body).backgroundColor");
        assert_eq!(ground.await, "rgb(22, 24, 27)");

        // gavel ends: the page says so, and goes on when it is back.
        env.gavel.kill();
        browser.shows("gavel does not answer").await;
        browser.shows("interrupted; trying again").await;
        let mut env = env;
        env.gavel.restart();
        browser.shows("live, newest first").await;
        browser.shows("connected").await;
    });
}

/// Words that are broken in their middle, and parts that are wider than the window.
const UNREADABLE: &str = r"(() => {
  const found = [];
  const wide = document.documentElement.scrollWidth;
  if (wide > innerWidth) found.push('the page is ' + wide + ' wide');
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const node = texts.currentNode;
    for (const word of node.data.matchAll(/[\p{L}\p{N}]+/gu)) {
      const range = document.createRange();
      range.setStart(node, word.index);
      range.setEnd(node, word.index + word[0].length);
      const lines = new Set([...range.getClientRects()].map((box) => Math.round(box.top)));
      if (lines.size > 1) found.push(word[0]);
    }
  }
  return found;
})()";

/// Keeps a picture, if somebody has asked for pictures. `page` is the one of the
/// documentation. Somebody's permissions stand beside the reasons for their affiliation.
#[test]
fn b17_the_page_shows_somebodys_permissions() {
    support::run(async {
        let address = format!("127.0.0.1:{}", free_port());
        let config = format!(
            "[claims]\nsources = ['bridge']\n[admin]\nlisten = ''\nweb = '{address}'\n\
             [policy.permissions]\nrecording = 'moderators'\nsend-groupchat = 'everyone'\n"
        );
        let env = Env::with(Version::V0_12, Options::with_module(), &config).await;
        let _focus = env.focus_with_module(ROOM).await;
        let ada = env.client("ada").await;
        ada.verified(&support::token(teacher("Ada"))).await;
        ada.join(ROOM, "ada", "").await;
        let _guest = env.person(ROOM, "guest", None).await;
        let mut browser = Browser::start().await;
        browser.window(1100, 900, false).await;
        let room = "#room%40muc.meet.jitsi";
        browser.open(&format!("http://{address}/{room}")).await;
        let setting = "recording (policy.permissions: moderators)";
        browser
            .shows(&format!(
                "may: {setting}, send-groupchat (policy.permissions: everyone)"
            ))
            .await;
        browser
            .shows("may: send-groupchat (policy.permissions: everyone)")
            .await;
        browser.shows(&format!("may not: {setting}")).await;
        let standard = browser.value("document.body.innerText.includes('lobby-bypass')");
        assert_eq!(standard.await, false, "what holds anyway is left out");
    });
}

async fn picture(browser: &mut Browser, name: &str) {
    for (variable, wanted) in [
        ("GAVEL_SCREENSHOTS", name == "page"),
        ("TEST_PICTURES", true),
    ] {
        if let Some(folder) = std::env::var_os(variable).filter(|_| wanted) {
            let file = std::path::PathBuf::from(folder).join(format!("{name}.png"));
            std::fs::write(file, browser.picture().await).unwrap();
        }
    }
}

/// People as Jitsi has them: JIDs and nicks that nobody chose, a room whose name
/// is encoded, and somebody who is not settled.
#[test]
fn the_page_can_be_read_at_every_width() {
    support::run(async {
        const ROOM: &str = "how%20to%20t%c3%a4st@muc.meet.jitsi";
        let (env, address) = scene("").await;
        let focus = env.focus(ROOM).await;
        let mut people = Vec::new();
        for (nick, name, teaches) in [
            ("0a1b2c3d", "Ada Lovelace", true),
            ("f81d4fae", "Timotheus Österreicher-Schmidt", false),
        ] {
            let claims = if teaches {
                teacher(name)
            } else {
                student(name)
            };
            let jid = format!("{nick}-7dec-11d0-a765-00a0c91e6bf6");
            let client = env.client(&jid).await;
            let token = support::jwt(&support::token(claims));
            let shown = token + &support::nick(name);
            client.join(ROOM, nick, &shown).await;
            people.push(client);
            env.settle().await;
        }
        let unread = serde_json::json!({"role": "moderator"});
        let kim = env.client("c0ffee00-7dec-11d0-a765-00a0c91e6bf6").await;
        let shown = support::jwt(&support::token(unread)) + &support::nick("Kim");
        kim.join(ROOM, "c0ffee00", &shown).await;
        focus
            .affiliate(
                ROOM,
                "f81d4fae-7dec-11d0-a765-00a0c91e6bf6@meet.jitsi",
                "owner",
            )
            .await
            .unwrap();
        let _lesson = env.focus("lesson@muc.meet.jitsi").await;
        let ended = env.client("bob").await;
        ended.join("over@muc.meet.jitsi", "bob", "").await;
        focus
            .invite("over@muc.meet.jitsi", "gavel@gavel.meet.jitsi")
            .await;
        env.gavel.logs("joined room=over@").await;
        ended.leave("over@muc.meet.jitsi", "bob").await;
        env.gavel.logs("left room=over@").await;

        let mut browser = Browser::start().await;
        browser.window(1280, 900, false).await;
        browser.open(&format!("http://{address}/")).await;
        browser.shows("how to täst@muc.meet.jitsi").await;
        browser
            .shows("Rooms that ended in the last 24 hours: 1")
            .await;
        browser.shows("What gavel doctor says").await;
        // Somebody is found by their name, in any room.
        let find = |text: &str| {
            format!(
                "(() => {{ const find = document.getElementById('find'); find.value = '{text}'; find.dispatchEvent(new Event('input')); }})()"
            )
        };
        browser.value(&find("österreicher")).await;
        browser.shows("No room has that in its name.").await;
        browser.shows("Timotheus Österreicher-Schmidt").await;
        browser
            .value("document.getElementById('ended').open = true")
            .await;
        browser.shows("over@muc.meet.jitsi").await;
        for (width, dark) in WIDTHS {
            browser.window(width, 900, dark).await;
            let found = browser.value(UNREADABLE).await;
            assert_eq!(found, serde_json::json!([]), "{width}");
            picture(&mut browser, &format!("rooms-{width}-{dark}")).await;
        }
        browser.value(&find("")).await;
        let hash =
            "location.hash = '#' + encodeURIComponent('how%20to%20t%c3%a4st@muc.meet.jitsi')";
        browser.value(hash).await;
        browser.shows("Decisions in this room").await;
        browser.shows("which no rule reads").await;
        browser.shows("changed by focus").await;
        let decisions = "document.getElementById('events').innerText";
        let decisions = browser.value(decisions).await;
        let decisions = decisions.as_str().unwrap();
        assert!(decisions.contains("Ada Lovelace"), "{decisions}");
        assert!(!decisions.contains("over@"), "{decisions}");
        for (width, dark) in WIDTHS {
            browser.window(width, 900, dark).await;
            let found = browser.value(UNREADABLE).await;
            assert_eq!(found, serde_json::json!([]), "{width}");
            picture(&mut browser, &format!("room-{width}-{dark}")).await;
        }
        browser.window(960, 800, false).await;
        picture(&mut browser, "page").await;
    });
}

/// A person without the affiliation they should have stands on the first page, with their
/// room and the obstacle, until that is over.
#[test]
fn the_page_lists_people_who_are_not_settled() {
    support::run(async {
        let address = format!("127.0.0.1:{}", free_port());
        let settings = format!("[admin]\nlisten = ''\nweb = '{address}'\n");
        let options = Options {
            muc: r#"admins = { "gavel@gavel.meet.jitsi", "boss@meet.jitsi" }"#.into(),
            ..Options::default()
        };
        let env = Env::with(Version::V13, options, &settings).await;
        env.gavel.logs("the status page is served").await;
        let _focus = env.focus(ROOM).await;
        let _ada = env.person(ROOM, "ada", Some(teacher("Ada"))).await;
        let mut browser = Browser::start().await;
        browser.window(1100, 900, false).await;
        browser.open(&format!("http://{address}/")).await;
        browser.shows("live, newest first").await;
        let hidden = "document.getElementById('unsettled').hidden";
        assert_eq!(browser.value(hidden).await, true);

        let boss = env.client("boss").await;
        boss.join(ROOM, "boss", &support::nick("The Boss")).await;
        env.gavel.logs("does not let gavel lower").await;
        browser.shows("Not settled").await;
        let table = "document.getElementById('unsettled-people').innerText";
        let table = browser.value(table).await;
        let table = table.as_str().unwrap();
        for words in [
            "The Boss",
            ROOM,
            "owner, moderator",
            "no claims",
            "an admin of the server; nobody can demote them",
        ] {
            assert!(table.contains(words), "{words} in {table}");
        }
        assert!(!table.contains("Ada"), "{table}");

        boss.leave(ROOM, "boss").await;
        let deadline = std::time::Instant::now() + Duration::from_secs(20);
        while browser.value(hidden).await != true {
            assert!(std::time::Instant::now() < deadline, "the boss has left");
        }
    });
}

/// Windows of a phone, a tablet and a desktop, in dark colours and light.
const WIDTHS: [(u32, bool); 6] = [
    (360, false),
    (360, true),
    (768, false),
    (768, true),
    (1280, false),
    (1280, true),
];

/// Status, header lines and body of one answer, as they come.
async fn ask(address: &str, method: &str, path: &str, headers: &[&str]) -> (u16, String, String) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let mut request = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
    for line in headers {
        request += &format!("{line}\r\n");
    }
    stream
        .write_all((request + "\r\n").as_bytes())
        .await
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head.to_ascii_lowercase(), body.to_owned())
}

#[test]
fn the_page_only_reads() {
    support::run(async {
        let (env, address) = scene("").await;
        let _focus = env.focus(ROOM).await;
        let ada = env.person(ROOM, "ada", Some(teacher("Ada"))).await;
        ada.sees_affiliation(ROOM, "ada", "owner").await;
        let host = "Host: 127.0.0.1";
        for path in [
            "/",
            "/show.js",
            "/page.js",
            "/style.css",
            "/v1/status",
            "/v1/rooms",
            "/v1/people?unsettled=true",
            "/v1/ended",
            "/v1/doctor",
        ] {
            let (status, head, _) = ask(&address, "GET", path, &[host]).await;
            assert_eq!(status, 200, "{path}");
            assert!(head.contains("content-security-policy: default-src 'none';"));
        }
        let whom = "/v1/rooms/room%40muc.meet.jitsi/overrides/ada";
        let order = r#"{"affiliation":"none"}"#;
        for (method, path) in [
            ("PUT", whom),
            ("DELETE", whom),
            ("PATCH", whom),
            ("POST", "/v1/rooms"),
            ("POST", "/"),
        ] {
            let length = format!("Content-Length: {}", order.len());
            let json = "Content-Type: application/json";
            let body = format!("\r\n{order}");
            let (status, ..) = ask(&address, method, path, &[host, json, &length, &body]).await;
            assert_eq!(status, 405, "{method} {path}");
        }
        env.settle().await;
        assert_eq!(ada.affiliation(ROOM, "ada"), "owner");
        // A page of elsewhere whose name has been made to point here.
        for host in ["Host: evil.example", "Host: 127.0.0.1.evil.example:80"] {
            let (status, _, body) = ask(&address, "GET", "/v1/rooms", &[host]).await;
            assert_eq!(status, 421, "{host}");
            assert!(body.contains("admin.web_token_file"), "{body}");
        }
    });
}

#[test]
fn the_page_asks_strangers_for_the_token() {
    support::run(async {
        let (env, address) = scene(&format!("web_token = '{TOKEN}'\n")).await;
        let host = "Host: meet.example";
        let right = format!("Authorization: Bearer {TOKEN}");
        let long = format!("Authorization: Bearer {TOKEN}x");
        for path in ["/", "/page.js", "/v1/rooms", "/v1/events", "/nonsense"] {
            for headers in [
                &[host][..],
                &[host, "Authorization: Bearer wrong"],
                &[host, "Authorization: Bearer"],
                &[host, &long],
            ] {
                let (status, head, body) = ask(&address, "GET", path, headers).await;
                assert_eq!(status, 401, "{path} {headers:?}");
                assert!(head.contains("www-authenticate: basic realm=\"gavel\""));
                assert!(!body.contains(TOKEN));
            }
        }
        let (status, _, body) = ask(&address, "GET", "/v1/rooms", &[host, &right]).await;
        assert_eq!((status, body.as_str()), (200, "[]"));

        // A browser asks its user for it; from then on it sends it along.
        let mut browser = Browser::start().await;
        browser
            .open(&format!("http://admin:{TOKEN}@{address}/"))
            .await;
        browser.shows("live, newest first").await;
        assert!(!env.gavel.log().contains(TOKEN));
    });
}
