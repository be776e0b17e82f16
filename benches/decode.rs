//! The cost of reading: the recorded Jitsi presences through gavel's framer and decoder,
//! and the same bytes through tokio-xmpp's stream and plain minidom.
//!
//! Goal (issue 2): gavel, deciding included, takes at most a third of the time
//! of tokio-xmpp's `Stanza`. The figures are per presence: see `thrpt`.
#![allow(clippy::unwrap_used, missing_docs)]

mod rig;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use futures::StreamExt;
use gavel::stanza::Inbound;
use gavel::wire::{Decoder, Frame, Framer, ns};
use std::hint::black_box;
use tokio::io::{BufReader, join, sink};
use tokio::runtime::{Builder, Runtime};
use tokio_xmpp::Stanza;
use tokio_xmpp::xmlstream::{StreamHeader, Timeouts, XmlStream, initiate_stream};

const CAPTURE: &str = include_str!("../tests/captures/jitsi-2026-prosody-13.xml");
const HEADER: &str = "<stream:stream xmlns:stream='http://etherx.jabber.org/streams' \
     xmlns='jabber:component:accept' id='1'>";
/// How often the capture is repeated, so that opening a stream does not count.
const REPEATS: usize = 100;
/// Bytes a socket hands over at once.
const CHUNK: usize = 64 * 1024;

/// The presences of occupants with a full Jitsi payload: 803 to 912 bytes.
fn presences() -> Vec<&'static str> {
    let full = |line: &&str| line.starts_with("<presence") && line.len() > 800;
    CAPTURE.lines().filter(full).collect()
}

/// gavel: cut and decode, and hand each stanza to `then`.
fn read_all(stream: &str, decoder: &Decoder, mut then: impl FnMut(Inbound)) -> usize {
    let mut framer = Framer::new();
    let mut count = 0;
    for chunk in stream.as_bytes().chunks(CHUNK) {
        framer.feed(chunk);
        while let Some(frame) = framer.next_frame() {
            let Frame::Stanza(bytes) = frame else {
                panic!("{frame:?}")
            };
            then(decoder.decode(bytes).unwrap());
            count += 1;
        }
    }
    count
}

type Plain<'a> = tokio::io::Join<BufReader<&'a [u8]>, tokio::io::Sink>;

/// A tokio-xmpp stream that has read its header.
fn opened<'a>(runtime: &Runtime, stream: &'a str) -> XmlStream<BufReader<Plain<'a>>, Stanza> {
    let reader = BufReader::with_capacity(CHUNK, stream.as_bytes());
    let io = BufReader::with_capacity(CHUNK, join(reader, sink()));
    let (header, timeouts) = (StreamHeader::default(), Timeouts::default());
    let open = async { initiate_stream(io, ns::COMPONENT, header, timeouts).await };
    runtime.block_on(open).unwrap().skip_features()
}

/// tokio-xmpp: read the stream's stanzas until it ends.
async fn drain<'a>(mut stream: XmlStream<BufReader<Plain<'a>>, Stanza>) -> usize {
    let mut count = 0;
    while let Some(Ok(stanza)) = stream.next().await {
        black_box(&stanza);
        count += 1;
    }
    count
}

fn decode(criterion: &mut Criterion) {
    let presences = presences();
    let stream = presences.concat().repeat(REPEATS);
    let total = presences.len() * REPEATS;
    let mut group = criterion.benchmark_group("presence");
    group.throughput(Throughput::Elements(total as u64));

    let decoder = Decoder::new(vec!["jwt".to_owned(), "token".to_owned()]);
    group.bench_function("gavel: frame and decode", |bencher| {
        let read = || {
            read_all(black_box(&stream), &decoder, |stanza| {
                drop(black_box(stanza))
            })
        };
        assert_eq!(read(), total);
        bencher.iter(read);
    });

    let mut rig = rig::Rig::new();
    rig.enter("room1@muc.meet.jitsi");
    group.bench_function("gavel: frame, decode and decide", |bencher| {
        bencher.iter(|| {
            read_all(black_box(&stream), &decoder, |stanza| {
                rig.decide_only(stanza);
            })
        });
    });
    let people: usize = rig.engine.rooms().map(|room| room.people()).sum();
    assert_eq!(people, 2, "the capture's people are not followed");

    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let whole = format!("{HEADER}{stream}");
    group.bench_function("tokio-xmpp: XmlStream to Stanza", |bencher| {
        assert_eq!(runtime.block_on(drain(opened(&runtime, &whole))), total);
        let setup = || opened(&runtime, &whole);
        let read = |stream| runtime.block_on(drain(stream));
        bencher.iter_batched(setup, read, BatchSize::PerIteration);
    });

    let alone: Vec<String> = presences
        .iter()
        .map(|text| text.replacen("<presence", "<presence xmlns='jabber:component:accept'", 1))
        .collect();
    group.throughput(Throughput::Elements(alone.len() as u64));
    group.bench_function("tokio-xmpp: bytes to Stanza", |bencher| {
        bencher.iter(|| {
            for text in &alone {
                black_box(xso::from_bytes::<Stanza>(text.as_bytes()).unwrap());
            }
        });
    });
    group.bench_function("minidom: bytes to Element", |bencher| {
        bencher.iter(|| {
            for text in &alone {
                black_box(text.parse::<minidom::Element>().unwrap());
            }
        });
    });
    group.finish();
}

criterion_group!(benches, decode);
criterion_main!(benches);
