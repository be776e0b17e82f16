//! Just enough XML to count tags: quotes, comments, CDATA sections and processing
//! instructions, in pieces of any size.
//!
//! It judges nothing: it goes on over any bytes. So an element can be passed over without
//! being read.

use memchr::{memchr, memchr3};

/// The place of the next byte in the XML.
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

/// The thing that the byte just read completes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    /// `<`
    Markup,
    /// The quote that opens an attribute's value.
    Quote,
    /// The quote that ends it.
    Value,
    /// A start tag.
    Start,
    /// The tag of an element without content.
    Empty,
    /// An end tag.
    End,
    /// A CDATA section.
    Cdata,
    /// A comment, processing instruction or declaration.
    Other,
}

/// Follows XML byte by byte.
#[derive(Debug, Clone)]
pub(super) struct Lexer {
    state: State,
    /// The byte before the next, to know `/>` by.
    last: u8,
}

impl Lexer {
    /// Stands between tags.
    pub(super) fn new() -> Self {
        Self {
            state: State::Content,
            last: 0,
        }
    }

    /// Says whether the next byte stands between tags.
    pub(super) fn is_between(&self) -> bool {
        self.state == State::Content
    }

    /// Says whether the next byte stands in a start tag, or in something that may become one.
    pub(super) fn is_in_start(&self) -> bool {
        matches!(self.state, State::Markup | State::Start | State::Quoted(_))
    }

    /// Says whether the next byte stands in a tag, and not in its first two bytes.
    pub(super) fn is_in_tag(&self) -> bool {
        matches!(self.state, State::Start | State::Quoted(_) | State::End)
    }

    /// Reads up to the next byte that changes the state. Gives the number of bytes, and the
    /// thing that they complete. Not to be called without bytes.
    pub(super) fn next(&mut self, bytes: &[u8]) -> (usize, Option<Event>) {
        let found = match self.state {
            State::Content => memchr(b'<', bytes),
            State::Start => memchr3(b'>', b'"', b'\'', bytes),
            State::Quoted(quote) => memchr(quote, bytes),
            State::End | State::Declaration => memchr(b'>', bytes),
            State::Comment(0) => memchr(b'-', bytes),
            State::Cdata(0) => memchr(b']', bytes),
            State::Instruction(false) => memchr(b'?', bytes),
            _ => Some(0),
        };
        let Some(at) = found else {
            self.last = bytes.last().copied().unwrap_or(self.last);
            return (bytes.len(), None);
        };
        let before = if at == 0 { self.last } else { bytes[at - 1] };
        self.last = bytes[at];
        (at + 1, self.advance(bytes[at], before))
    }

    /// Acts on `byte`, which comes after `before`.
    fn advance(&mut self, byte: u8, before: u8) -> Option<Event> {
        use State::{
            Bang, Cdata, CdataOpen, Comment, CommentOpen, Content, Declaration, End, Instruction,
            Markup, Quoted, Start,
        };
        let (state, event) = match (self.state, byte) {
            (Content, _) => (Markup, Some(Event::Markup)),
            (Markup, b'/') => (End, None),
            (Markup, b'!') => (Bang, None),
            (Markup, b'?') => (Instruction(false), None),
            (Markup | Start, b'>') if before == b'/' => (Content, Some(Event::Empty)),
            (Markup | Start, b'>') => (Content, Some(Event::Start)),
            (Start, b'"' | b'\'') => (Quoted(byte), Some(Event::Quote)),
            (Quoted(_), _) => (Start, Some(Event::Value)),
            (Markup | Start, _) => (Start, None),
            (End, _) => (Content, Some(Event::End)),
            (Bang, b'-') => (CommentOpen, None),
            (Bang, b'[') => (CdataOpen(0), None),
            (CommentOpen, b'-') => (Comment(0), None),
            (CdataOpen(5), b'[') => (Cdata(0), None),
            (CdataOpen(matched), _) if byte == b"CDATA["[usize::from(matched)] => {
                (CdataOpen(matched + 1), None)
            }
            (Declaration | Bang | CommentOpen | CdataOpen(_), b'>')
            | (Comment(2) | Instruction(true), b'>') => (Content, Some(Event::Other)),
            (Cdata(2), b'>') => (Content, Some(Event::Cdata)),
            (Declaration | Bang | CommentOpen | CdataOpen(_), _) => (Declaration, None),
            (Comment(hyphens), b'-') => (Comment(2.min(hyphens + 1)), None),
            (Comment(_), _) => (Comment(0), None),
            (Cdata(brackets), b']') => (Cdata(2.min(brackets + 1)), None),
            (Cdata(_), _) => (Cdata(0), None),
            (Instruction(_), _) => (Instruction(byte == b'?'), None),
        };
        self.state = state;
        event
    }
}
