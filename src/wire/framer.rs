//! Cuts the bytes of a stream, in chunks of any size, into stanzas.
//!
//! It counts tags and judges nothing; that is [`super::Decoder`]'s. A tag that is never
//! closed would swallow the rest of the stream; only the server itself could send one,
//! since it writes what it has parsed.

use super::MAX_STANZA;
use super::lexer::{Event, Lexer};
use super::sieve::{Knowledge, Sieve};
use bytes::Bytes;
use std::sync::Arc;

/// A piece of the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// One element directly below the stream's. Of one longer than [`MAX_STANZA`], the
    /// parts that gavel reads (SPEC B20).
    Stanza(Bytes),
    /// `<stream:error/>`; see [`super::StreamError::parse`].
    StreamError(Bytes),
    /// `</stream:stream>`
    End,
}

/// Cuts a stream's bytes into [`Frame`]s. It holds about 1 MiB of one stanza at most,
/// besides the chunk last fed, and [`super::MAX_LIST`] of an answer of a service or room.
///
/// Contract: [`feed`](Self::feed) a chunk, drain [`next_frame`](Self::next_frame) until it
/// is `None`, repeat. The frames do not depend on the cuts between the chunks.
#[derive(Debug)]
pub struct Framer {
    /// Bytes fed and not yet released.
    buffer: Vec<u8>,
    /// The place at which the current stanza starts.
    start: usize,
    /// How far it has been read.
    scan: usize,
    lexer: Lexer,
    /// Open elements, the stream's own not counted.
    depth: usize,
    /// Reduces the current stanza, which is too long to be held.
    sieve: Option<Box<Sieve>>,
    known: Arc<Knowledge>,
}

impl Default for Framer {
    fn default() -> Self {
        Self::new()
    }
}

impl Framer {
    /// For a stream whose header has been read.
    pub fn new() -> Self {
        Self::knowing(Vec::new(), Vec::new())
    }

    /// The same, taking long answers from `services` and their rooms, and taking
    /// presence children with the local names `tokens` for tokens.
    pub fn knowing(services: Vec<String>, tokens: Vec<String>) -> Self {
        Self {
            buffer: Vec::new(),
            start: 0,
            scan: 0,
            lexer: Lexer::new(),
            depth: 0,
            sieve: None,
            known: Arc::new(Knowledge { services, tokens }),
        }
    }

    /// Takes the next bytes of the stream.
    pub fn feed(&mut self, chunk: &[u8]) {
        self.buffer.extend_from_slice(chunk);
    }

    /// The next frame that is complete.
    ///
    /// A stanza is copied into bytes of its own: engine and state may keep it
    /// for long, and a slice would keep the whole chunk.
    pub fn next_frame(&mut self) -> Option<Frame> {
        while self.scan < self.buffer.len() {
            let frame = match self.sieve.is_some() {
                true => self.reduce(),
                false => self.step(),
            };
            if frame.is_some() {
                return frame;
            }
        }
        self.release();
        None
    }

    /// Gives back the bytes that have been read and are not needed any more.
    fn release(&mut self) {
        if self.depth == 0 && !self.lexer.is_in_start() {
            // Between stanzas: it belongs to none, however long it is.
            self.start = self.scan;
        }
        if self.scan - self.start > MAX_STANZA {
            self.sieve = Some(Box::new(Sieve::new(self.known.clone())));
            self.scan = self.start;
            self.reduce();
        }
        self.buffer.drain(..self.start);
        self.scan -= self.start;
        self.start = 0;
    }

    /// Reads up to the next byte that changes the state.
    fn step(&mut self) -> Option<Frame> {
        let (read, event) = self.lexer.next(&self.buffer[self.scan..]);
        self.scan += read;
        match event? {
            Event::Markup if self.depth == 0 => self.start = self.scan - 1,
            Event::Start => self.depth += 1,
            Event::Empty if self.depth == 0 => return Some(self.finish()),
            Event::End => match self.depth {
                0 => return Some(Frame::End),
                1 => return Some(self.finish()),
                _ => self.depth -= 1,
            },
            _ => {}
        }
        None
    }

    /// The frame of the stanza that has just ended.
    fn finish(&mut self) -> Frame {
        let bytes = &self.buffer[self.start..self.scan];
        let bytes = match bytes.len() > MAX_STANZA {
            true => {
                let mut sieve = Sieve::new(self.known.clone());
                sieve.feed(bytes);
                sieve.into_bytes().into()
            }
            false => Bytes::copy_from_slice(bytes),
        };
        self.start = self.scan;
        self.depth = 0;
        frame(bytes)
    }

    /// Reads on in a stanza that is too long to be held.
    fn reduce(&mut self) -> Option<Frame> {
        let sieve = self.sieve.as_mut()?;
        let ended = sieve.feed(&self.buffer[self.scan..]);
        self.scan = ended.map_or(self.buffer.len(), |read| self.scan + read);
        self.start = self.scan;
        ended?;
        let sieve = self.sieve.take()?;
        self.depth = 0;
        self.lexer = Lexer::new();
        Some(frame(sieve.into_bytes().into()))
    }
}

fn frame(bytes: Bytes) -> Frame {
    match is_stream_error(&bytes) {
        true => Frame::StreamError(bytes),
        false => Frame::Stanza(bytes),
    }
}

/// Says whether these bytes start a `stream:error`; Prosody binds that prefix in its stream
/// header.
fn is_stream_error(bytes: &[u8]) -> bool {
    let rest = bytes.strip_prefix(b"<stream:error");
    rest.and_then(<[u8]>::first)
        .is_some_and(|&next| matches!(next, b'>' | b'/') || next.is_ascii_whitespace())
}

#[cfg(test)]
mod tests;
