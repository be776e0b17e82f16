//! B14 from outside: at the most talkative level, with the real libraries at
//! work, neither secrets nor tokens get into the log.
#![allow(clippy::unwrap_used)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};

const SECRET: &str = "hushhushhush";
const TOKEN: &str = "eyJhbGciOiJIUzI1NiJ9.eyJtYXJrZXIiOiJtYXJrZXIifQ.c2lnbmF0dXJlLW1hcmtlcg";

/// The other end of a component's stream (XEP-0114 §3).
struct Peer(TcpStream);

impl Peer {
    fn accept(listener: &TcpListener) -> Self {
        Self(listener.accept().unwrap().0)
    }

    fn send(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).unwrap();
    }

    /// Reads until `end` has come; all of it.
    fn until(&mut self, end: &str) -> String {
        let mut text = Vec::new();
        let mut byte = [0];
        while !String::from_utf8_lossy(&text).contains(end) {
            assert_eq!(self.0.read(&mut byte).unwrap(), 1, "the stream ended");
            text.push(byte[0]);
        }
        String::from_utf8(text).unwrap()
    }
}

#[test]
fn b14_at_every_level_logs_hold_neither_secrets_nor_tokens() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_gavel"))
        .arg("run")
        .env_clear()
        .env("GAVEL_COMPONENT__JID", "gavel.meet.jitsi")
        .env(
            "GAVEL_COMPONENT__SERVER",
            listener.local_addr().unwrap().to_string(),
        )
        .env("GAVEL_COMPONENT__SECRET", SECRET)
        .env("GAVEL_MUC", "muc.meet.jitsi")
        .env("GAVEL_CLAIMS__SOURCES", "bridge,jwt")
        .env("GAVEL_CLAIMS__JWT__SECRET", SECRET)
        .env("GAVEL_STATE__FILE", "")
        .env("GAVEL_ADMIN__SOCKET", folder.path().join("admin.sock"))
        .env("RUST_LOG", "trace,tokio_xmpp=trace")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    let mut log = String::new();
    while !log.contains("starting") {
        assert_ne!(lines.read_line(&mut log).unwrap(), 0, "{log}");
    }
    let rest = std::thread::spawn(move || {
        let mut rest = String::new();
        lines.read_to_string(&mut rest).unwrap();
        rest
    });
    let mut peer = Peer::accept(&listener);
    peer.until("<stream:stream");
    peer.send(
        "<?xml version='1.0'?><stream:stream xmlns:stream='http://etherx.jabber.org/streams' \
         xmlns='jabber:component:accept' from='gavel.meet.jitsi' id='s42'>",
    );
    let handshake = peer.until("</handshake>");
    let digest = handshake
        .rsplit_once("</")
        .unwrap()
        .0
        .rsplit_once('>')
        .unwrap()
        .1
        .to_owned();
    assert_eq!(digest.len(), 40, "{handshake}");
    peer.send("<handshake/>");
    for stanza in [
        format!(
            "<message from='x@meet.jitsi' to='gavel@gavel.meet.jitsi/gavel'><body>{TOKEN}</body></message>"
        ),
        format!("<message from='x@meet.jitsi' to='gavel@gavel.meet.jitsi/gavel' type='{TOKEN}'/>"),
        format!(
            "<presence from='a@muc.meet.jitsi/n' to='gavel@gavel.meet.jitsi/gavel'>\
             <jwt xmlns='urn:x'>{TOKEN}</jwt><claims xmlns='urn:gavel:claims:0' mac='{TOKEN}'>\
             {{\"k\": \"{TOKEN}\"}}</claims></presence>"
        ),
        "<iq type='get' id='over' from='meet.jitsi' to='gavel@gavel.meet.jitsi/gavel'>\
         <ping xmlns='urn:xmpp:ping'/></iq>"
            .to_owned(),
    ] {
        peer.send(&stanza);
    }
    // Its answer shows that all before it has been read.
    while !peer.until(">").contains("over") {}
    let kill = format!("kill -TERM {}", child.id());
    assert!(
        Command::new("sh")
            .args(["-c", &kill])
            .status()
            .unwrap()
            .success()
    );
    drop(peer);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    log += &rest.join().unwrap();
    for part in TOKEN.split('.').chain([SECRET, &digest]) {
        assert!(!log.contains(part), "{part} is in\n{log}");
    }
    assert!(
        log.contains("DEBUG") || log.contains("TRACE"),
        "nothing was talkative:\n{log}"
    );
}
