//! Counts the stanzas that Prosody sends gavel, on their way there.

use gavel::wire::{Frame, Framer};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream};

pub struct Relay {
    /// The port that gavel is to connect to.
    pub port: u16,
    /// Presence stanzas that have passed.
    pub presences: Arc<AtomicU64>,
}

impl Relay {
    /// Relays one connection to a port of this machine.
    pub async fn to(component: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let presences = Arc::<AtomicU64>::default();
        tokio::spawn(pass(listener, component, presences.clone()));
        Self { port, presences }
    }
}

async fn pass(listener: TcpListener, component: u16, presences: Arc<AtomicU64>) {
    let (gavel, _) = listener.accept().await.unwrap();
    let prosody = TcpStream::connect(("127.0.0.1", component)).await.unwrap();
    let (mut from_gavel, mut to_gavel) = gavel.into_split();
    let (mut from_prosody, mut to_prosody) = prosody.into_split();
    tokio::spawn(async move { copy(&mut from_gavel, &mut to_prosody).await });
    let (mut framer, mut chunk) = (Framer::new(), vec![0; 65_536]);
    loop {
        let read = from_prosody.read(&mut chunk).await.unwrap_or(0);
        if read == 0 || to_gavel.write_all(&chunk[..read]).await.is_err() {
            return;
        }
        framer.feed(skip_header(&chunk[..read]));
        while let Some(frame) = framer.next_frame() {
            if matches!(frame, Frame::Stanza(stanza) if stanza.starts_with(b"<presence")) {
                presences.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

/// The bytes without the stream's header, which is no stanza and comes alone.
fn skip_header(chunk: &[u8]) -> &[u8] {
    match chunk.starts_with(b"<?xml") {
        true => &[],
        false => chunk,
    }
}
