//! Cuts the bytes of a stream, in whatever chunks they come, into stanzas.
//!
//! A lexer that knows just enough XML to count tags: quotes, comments, CDATA
//! sections and processing instructions. It judges nothing; that is
//! [`super::Decoder`]'s. A tag that is never closed would swallow what follows;
//! only the server itself could send one, since it writes what it has parsed.

use super::{MAX_DEPTH, MAX_LIST, MAX_STANZA};
use bytes::Bytes;
use memchr::{memchr, memchr3};

/// What the stream brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// One element directly below the stream's.
    Stanza(Bytes),
    /// `<stream:error/>`; see [`super::StreamError::parse`].
    StreamError(Bytes),
    /// A stanza longer than [`MAX_STANZA`], or than [`MAX_LIST`] from a service;
    /// skipped without being stored.
    TooLarge,
    /// A stanza nested deeper than [`MAX_DEPTH`]; skipped likewise.
    TooDeep,
    /// `</stream:stream>`
    End,
}

/// Where in the XML the next byte stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Between tags.
    Content,
    /// After `<`.
    Markup,
    /// In a start tag.
    Start,
    /// In an attribute value that ends with this quote.
    Quoted(u8),
    /// In an end tag.
    End,
    /// After `<!`.
    Bang,
    /// After `<!-`.
    CommentOpen,
    /// After `<![` and this many bytes of `CDATA[`.
    CdataOpen(u8),
    /// In a comment, behind this many hyphens (2 stands for more, too).
    Comment(u8),
    /// In a CDATA section, behind this many closing brackets.
    Cdata(u8),
    /// In a processing instruction, behind a question mark or not.
    Instruction(bool),
    /// In another `<!…>`.
    Declaration,
}

/// What becomes of the stanza being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Keep,
    TooLarge,
    TooDeep,
}

/// Cuts a stream's bytes into [`Frame`]s. Holds at most [`MAX_STANZA`] bytes
/// besides the chunk last fed, and [`MAX_LIST`] of what a service says.
///
/// Contract: [`feed`](Self::feed) a chunk, drain
/// [`next_frame`](Self::next_frame) until it is `None`, repeat. The frames do
/// not depend on where the chunks are cut.
#[derive(Debug)]
pub struct Framer {
    /// Bytes fed and not yet released.
    buffer: Vec<u8>,
    /// Where in it the current stanza starts.
    start: usize,
    /// How far it has been read.
    scan: usize,
    state: State,
    /// Open elements, the stream's own not counted.
    depth: usize,
    fate: Fate,
    /// How long the current stanza may be, in bytes.
    limit: usize,
    /// Addresses whose IQs may be lists.
    services: Vec<String>,
    /// The byte before `scan`, to know `/>` by.
    last: u8,
}

impl Default for Framer {
    fn default() -> Self {
        Self::new()
    }
}

impl Framer {
    /// For a stream whose header has been read.
    pub fn new() -> Self {
        Self::with_services(Vec::new())
    }

    /// The same, taking lists of up to [`MAX_LIST`] bytes from `services`.
    pub fn with_services(services: Vec<String>) -> Self {
        Self {
            buffer: Vec::new(),
            start: 0,
            scan: 0,
            state: State::Content,
            depth: 0,
            fate: Fate::Keep,
            limit: MAX_STANZA,
            services,
            last: 0,
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
            if let Some(frame) = self.step() {
                return Some(frame);
            }
        }
        self.release();
        None
    }

    /// Gives back what has been read and is not needed any more.
    fn release(&mut self) {
        if self.depth == 0 && self.state == State::Content {
            self.start = self.scan;
        }
        self.check_size();
        if self.fate != Fate::Keep {
            self.start = self.scan;
        }
        self.buffer.drain(..self.start);
        self.scan -= self.start;
        self.start = 0;
    }

    fn check_size(&mut self) {
        if self.fate == Fate::Keep && self.scan - self.start > self.limit {
            self.fate = Fate::TooLarge;
        }
    }

    /// Reads up to the next byte that changes the state.
    fn step(&mut self) -> Option<Frame> {
        let rest = &self.buffer[self.scan..];
        let found = match self.state {
            State::Content => memchr(b'<', rest),
            State::Start => memchr3(b'>', b'"', b'\'', rest),
            State::Quoted(quote) => memchr(quote, rest),
            State::End | State::Declaration => memchr(b'>', rest),
            State::Comment(0) => memchr(b'-', rest),
            State::Cdata(0) => memchr(b']', rest),
            State::Instruction(false) => memchr(b'?', rest),
            _ => Some(0),
        };
        let Some(at) = found else {
            self.last = rest[rest.len() - 1];
            self.scan = self.buffer.len();
            return None;
        };
        let before = if at == 0 { self.last } else { rest[at - 1] };
        let byte = rest[at];
        self.last = byte;
        self.scan += at + 1;
        self.advance(byte, before)
    }

    /// Acts on `byte`, which stands right before `scan`, after `before`.
    fn advance(&mut self, byte: u8, before: u8) -> Option<Frame> {
        self.state = match (self.state, byte) {
            (State::Content, _) => {
                if self.depth == 0 {
                    self.start = self.scan - 1;
                }
                State::Markup
            }
            (State::Markup, b'/') => State::End,
            (State::Markup, b'!') => State::Bang,
            (State::Markup, b'?') => State::Instruction(false),
            (State::Markup | State::Start, b'>') => return self.start_tag(before == b'/'),
            (State::Start, b'"' | b'\'') => State::Quoted(byte),
            (State::Markup | State::Start | State::Quoted(_), _) => State::Start,
            (State::End, _) => return self.end_tag(),
            (State::Declaration, _) => return self.leave_markup(),
            (State::Bang, b'-') => State::CommentOpen,
            (State::Bang, b'[') => State::CdataOpen(0),
            (State::CommentOpen, b'-') => State::Comment(0),
            (State::CdataOpen(matched), _) if byte == b"CDATA["[usize::from(matched)] => {
                match matched {
                    5 => State::Cdata(0),
                    _ => State::CdataOpen(matched + 1),
                }
            }
            (State::Bang | State::CommentOpen | State::CdataOpen(_), b'>') => {
                return self.leave_markup();
            }
            (State::Bang | State::CommentOpen | State::CdataOpen(_), _) => State::Declaration,
            (State::Comment(2) | State::Cdata(2) | State::Instruction(true), b'>') => {
                return self.leave_markup();
            }
            (State::Comment(hyphens), b'-') => State::Comment(2.min(hyphens + 1)),
            (State::Comment(_), _) => State::Comment(0),
            (State::Cdata(brackets), b']') => State::Cdata(2.min(brackets + 1)),
            (State::Cdata(_), _) => State::Cdata(0),
            (State::Instruction(_), _) => State::Instruction(byte == b'?'),
        };
        None
    }

    /// After the `>` of something that is no tag.
    fn leave_markup(&mut self) -> Option<Frame> {
        self.state = State::Content;
        if self.depth == 0 {
            // Between stanzas it belongs to none, however long it was.
            self.fate = Fate::Keep;
        }
        None
    }

    /// After the `>` of a start tag, or of an empty element.
    fn start_tag(&mut self, empty: bool) -> Option<Frame> {
        self.state = State::Content;
        self.check_size();
        if self.depth == 0 && self.fate == Fate::Keep && self.is_from_service() {
            self.limit = MAX_LIST;
        }
        if self.depth >= MAX_DEPTH && self.fate == Fate::Keep {
            self.fate = Fate::TooDeep;
        }
        if empty && self.depth == 0 {
            return Some(self.finish());
        }
        self.depth += usize::from(!empty);
        None
    }

    /// Whether the start tag that ends at `scan` is that of a service's own IQ.
    fn is_from_service(&self) -> bool {
        let tag = &self.buffer[self.start..self.scan];
        let Some(Ok(tag)) = tag.strip_prefix(b"<iq ").map(|_| std::str::from_utf8(tag)) else {
            return false;
        };
        let mut reader = quick_xml::Reader::from_str(tag);
        let Ok(quick_xml::events::Event::Start(tag)) = reader.read_event() else {
            return false;
        };
        let Ok(Some(from)) = tag.try_get_attribute("from") else {
            return false;
        };
        let mut services = self.services.iter();
        services.any(|service| service.as_bytes() == &*from.value)
    }

    /// After the `>` of an end tag.
    fn end_tag(&mut self) -> Option<Frame> {
        self.state = State::Content;
        match self.depth {
            0 => {
                self.fate = Fate::Keep;
                Some(Frame::End)
            }
            1 => {
                self.depth = 0;
                Some(self.finish())
            }
            _ => {
                self.depth -= 1;
                None
            }
        }
    }

    /// The frame of the stanza that has just ended.
    fn finish(&mut self) -> Frame {
        self.check_size();
        let bytes = &self.buffer[self.start..self.scan];
        let frame = match self.fate {
            Fate::TooLarge => Frame::TooLarge,
            Fate::TooDeep => Frame::TooDeep,
            Fate::Keep if is_stream_error(bytes) => {
                Frame::StreamError(Bytes::copy_from_slice(bytes))
            }
            Fate::Keep => Frame::Stanza(Bytes::copy_from_slice(bytes)),
        };
        self.fate = Fate::Keep;
        self.limit = MAX_STANZA;
        self.start = self.scan;
        frame
    }
}

/// Whether these bytes start a `stream:error`; Prosody binds that prefix in its
/// stream header.
fn is_stream_error(bytes: &[u8]) -> bool {
    let rest = bytes.strip_prefix(b"<stream:error");
    rest.and_then(<[u8]>::first)
        .is_some_and(|&next| matches!(next, b'>' | b'/') || next.is_ascii_whitespace())
}

#[cfg(test)]
mod tests;
