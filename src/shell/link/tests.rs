#![allow(clippy::unwrap_used)]
use super::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

const HEADER: &str = "<?xml version='1.0'?><stream:stream xmlns:stream='http://etherx.jabber.org/streams' \
     xmlns='jabber:component:accept' from='gavel.example' id='s1'>";
const HANDSHAKE: &str = "<handshake/>";

fn config() -> LinkConfig {
    LinkConfig {
        server: "127.0.0.1:5347".to_owned(),
        component: "gavel.example".to_owned(),
        secret: "hush".to_owned(),
        services: Vec::new(),
        token_elements: Vec::new(),
    }
}

/// A stream error as Prosody writes it, and its goodbye.
fn refusal(condition: &str, text: &str) -> String {
    let ns = "xmlns='urn:ietf:params:xml:ns:xmpp-streams'";
    format!(
        "<stream:error><{condition} {ns}/><text {ns}>{text}</text></stream:error></stream:stream>"
    )
}

/// Logs in against a server that says `answer` at once.
async fn against(answer: &str) -> (Result<Link<DuplexStream>, LinkError>, DuplexStream) {
    let (near, mut far) = duplex(1 << 20);
    far.write_all(answer.as_bytes()).await.unwrap();
    (Link::over(near, &config()).await, far)
}

async fn open(more: &str) -> (Link<DuplexStream>, DuplexStream) {
    let (link, mut far) = against(&format!("{HEADER}{HANDSHAKE}{more}")).await;
    // The bytes that the login has written.
    let mut said = vec![0; 4096];
    let length = far.read(&mut said).await.unwrap();
    said.truncate(length);
    let said = String::from_utf8(said).unwrap();
    assert!(said.contains("to='gavel.example'") || said.contains("to=\"gavel.example\""));
    // sha1("s1" + "hush"), XEP-0114 §3.
    assert!(
        said.contains(">2f7e199fa2714458aaf2ef16fa004ff4c4a12ded<"),
        "{said}"
    );
    (link.unwrap(), far)
}

/// The next event; a link that hangs fails instead.
async fn next(link: &mut Link<DuplexStream>) -> LinkEvent {
    timeout(Duration::from_secs(20), link.next()).await.unwrap()
}

async fn ended(link: &mut Link<DuplexStream>) -> LinkError {
    match next(link).await {
        LinkEvent::Ended(reason) => reason,
        other => panic!("{other:?}"),
    }
}

async fn stanza(link: &mut Link<DuplexStream>) -> Bytes {
    match next(link).await {
        LinkEvent::Stanza(bytes) => bytes,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn b11_stanzas_right_after_the_handshake_are_not_lost() {
    let (mut link, mut far) = open("<presence id='1'/><presence").await;
    assert_eq!(link.stream_id(), "s1");
    assert_eq!(stanza(&mut link).await, "<presence id='1'/>");
    far.write_all(b" id='2'/>").await.unwrap();
    assert_eq!(stanza(&mut link).await, "<presence id='2'/>");
}

#[tokio::test]
async fn b11_a_refused_login_names_reason_and_remedy() {
    let no_id = HEADER.replace("id='s1'", "id=''");
    let rows = [
        (
            "not-authorized",
            HEADER,
            "component_secret of Component \"gavel.example\"",
        ),
        (
            "host-unknown",
            no_id.as_str(),
            "add Component \"gavel.example\"",
        ),
        ("conflict", HEADER, "another instance"),
        (
            "policy-violation",
            HEADER,
            "policy-violation (no &amp; really)",
        ),
    ];
    for (condition, header, expected) in rows {
        let answer = format!("{header}{}", refusal(condition, "no &amp;amp; really"));
        let (link, _far) = against(&answer).await;
        let error = link.unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains(condition) && text.contains(expected),
            "{text}"
        );
        assert!(
            text.contains("127.0.0.1:5347") && !text.contains("hush"),
            "{text}"
        );
        let known = match error {
            LinkError::NotAuthorized { .. } => "not-authorized",
            LinkError::HostUnknown { .. } => "host-unknown",
            LinkError::Conflict { .. } => "conflict",
            LinkError::Stream { .. } => "policy-violation",
            _ => "",
        };
        assert_eq!(known, condition);
    }
}

#[tokio::test]
async fn b11_a_login_can_also_meet_no_prosody() {
    let rows = [
        ("HTTP/1.1 400 Bad Request\r\n\r\n", "component port"),
        ("<a/>", "component port"),
        (&format!("{HEADER}<features/>"), "component port"),
        (
            &format!("{HEADER}<handshake>2f7e199fa2714458aaf2ef16fa004ff4c4a12ded</handshake>"),
            "not empty",
        ),
        (&format!("{HEADER}</stream:stream>"), "closed"),
    ];
    for (answer, expected) in rows {
        let (near, mut far) = duplex(1 << 20);
        far.write_all(answer.as_bytes()).await.unwrap();
        far.shutdown().await.unwrap();
        let text = Link::over(near, &config()).await.unwrap_err().to_string();
        assert!(text.contains(expected), "{answer}: {text}");
    }
}

#[tokio::test]
async fn b11_a_server_that_hangs_up_is_one_that_closed() {
    for answer in ["", HEADER] {
        let (near, mut far) = duplex(1 << 20);
        far.write_all(answer.as_bytes()).await.unwrap();
        far.shutdown().await.unwrap();
        let error = Link::over(near, &config()).await.unwrap_err();
        assert!(
            matches!(error, LinkError::Closed { .. }),
            "{answer}: {error:?}"
        );
    }
}

#[tokio::test]
async fn b11_an_established_stream_ends_with_its_reason() {
    let (mut link, _far) = open(&refusal("conflict", "Replaced by a new connection")).await;
    assert!(matches!(ended(&mut link).await, LinkError::Conflict { .. }));
    assert!(matches!(ended(&mut link).await, LinkError::Conflict { .. }));

    let (mut link, _far) = open(&refusal("invalid-from", "not yours")).await;
    let reason = ended(&mut link).await;
    assert!(matches!(reason, LinkError::InvalidFrom { .. }));
    assert!(
        reason
            .to_string()
            .contains("validate_from_addresses = false")
    );

    let (mut link, _far) = open("</stream:stream>").await;
    assert!(matches!(ended(&mut link).await, LinkError::Closed { .. }));

    let (mut link, far) = open("<presence").await;
    drop(far);
    assert!(matches!(ended(&mut link).await, LinkError::Closed { .. }));
}

#[tokio::test]
async fn b20_a_stanza_that_is_too_large_or_too_deep_comes_without_the_excess() {
    let deep = format!(
        "<message>{}{}</message>",
        "<a>".repeat(50_000),
        "</a>".repeat(50_000)
    );
    let large = format!("<message a='{}'/>", "x".repeat(300_000));
    let (mut link, mut far) = open("").await;
    let writer = tokio::spawn(async move {
        for bytes in [&deep, &large, "<iq/>"] {
            far.write_all(bytes.as_bytes()).await.unwrap();
        }
        far
    });
    assert_eq!(
        stanza(&mut link).await,
        "<message><a><a><a><a><a></a></a></a></a></a><?left-out other?></message>"
    );
    assert_eq!(stanza(&mut link).await, "<message></message>");
    assert_eq!(stanza(&mut link).await, "<iq/>");
    writer.await.unwrap();
}

#[tokio::test]
async fn two_peers_that_write_at_once_do_not_block_each_other() {
    let (near, mut far) = duplex(256);
    let config = config();
    let (link, ()) = tokio::join!(Link::over(near, &config), async {
        far.write_all(format!("{HEADER}{HANDSHAKE}").as_bytes())
            .await
            .unwrap();
        let mut said = String::new();
        while !said.contains("</handshake>") {
            let mut buffer = [0; 256];
            let length = far.read(&mut buffer).await.unwrap();
            said.push_str(std::str::from_utf8(&buffer[..length]).unwrap());
        }
    });
    let mut link = link.unwrap();
    let batch = "<presence/>".repeat(10_000);
    link.send(batch.as_bytes()).await;
    assert_eq!(link.backlog(), batch.len() - 256);

    let reader = tokio::spawn(async move {
        let mut said = vec![0; batch.len()];
        far.read_exact(&mut said).await.unwrap();
        assert_eq!(said, batch.as_bytes());
        far.write_all(b"<iq/>").await.unwrap();
        far
    });
    assert_eq!(stanza(&mut link).await, "<iq/>");
    assert_eq!(link.backlog(), 0);
    reader.await.unwrap();
}

#[tokio::test]
async fn a_server_that_never_reads_ends_the_link() {
    let (mut link, _far) = open("").await;
    let batch = vec![b' '; 16 << 20];
    for _ in 0..4 {
        link.send(&batch).await;
    }
    assert!(link.backlog() > 60 << 20);
    link.send(&batch).await;
    assert!(matches!(ended(&mut link).await, LinkError::Backlog { .. }));
}

#[tokio::test]
async fn a_call_that_is_dropped_loses_nothing() {
    let (mut link, mut far) = open("").await;
    let text = "<message from='a'><body>b</body></message>";
    for byte in text.bytes() {
        far.write_all(&[byte]).await.unwrap();
        if byte != b'>' {
            tokio::select! {
                biased;
                event = link.next() => panic!("{event:?}"),
                () = std::future::ready(()) => {}
            }
        }
    }
    assert_eq!(stanza(&mut link).await, text);
}

#[tokio::test]
async fn stanzas_are_out_before_the_goodbye() {
    let (mut link, mut far) = open("").await;
    link.send(b"<presence type='unavailable'/>").await;
    let server = tokio::spawn(async move {
        let mut said = String::new();
        while !said.contains("</stream:stream>") {
            let mut buffer = [0; 64];
            let length = far.read(&mut buffer).await.unwrap();
            said.push_str(std::str::from_utf8(&buffer[..length]).unwrap());
        }
        far.write_all(b"<presence/></stream:stream>").await.unwrap();
        said
    });
    link.shutdown().await;
    let said = server.await.unwrap();
    assert_eq!(said, "<presence type='unavailable'/></stream:stream>");
}

#[tokio::test]
async fn b14_the_secret_is_in_no_debug_output() {
    let (link, _far) = open("").await;
    assert!(!format!("{:?} {link:?}", config()).contains("hush"));
}

#[tokio::test]
async fn stanzas_read_together_are_at_hand() {
    let (mut link, _far) = open("<presence/><iq/></stream:stream>").await;
    assert!(matches!(link.next().await, LinkEvent::Stanza(bytes) if bytes == "<presence/>"));
    assert_eq!(link.at_hand().as_deref(), Some(&b"<iq/>"[..]));
    assert_eq!(link.at_hand(), None);
    assert!(matches!(link.next().await, LinkEvent::Ended(_)), "not lost");
}
