//! A start tag as it comes in, with as much of it as gavel reads.

use super::super::lexer::Event;

/// Longest attribute that is kept, name included: an address of 3,071 bytes, each
/// written as six.
const MAX_ATTRIBUTE: usize = 20 * 1024;
/// Longest name of an element, with prefix.
const MAX_NAME: usize = 256;
/// Length of a tag from which on only attributes that gavel reads are kept.
const MAX_TAG: usize = 8 * 1024;
/// Length of a tag from which on nothing is kept.
const MAX_ANYWAY: usize = 128 * 1024;

/// Attributes that gavel reads, besides namespace declarations.
const READ: [&[u8]; 21] = [
    b"from",
    b"to",
    b"id",
    b"type",
    b"jid",
    b"nick",
    b"affiliation",
    b"role",
    b"code",
    b"var",
    b"node",
    b"sessionid",
    b"status",
    b"mac",
    b"given",
    b"pinned",
    b"shown",
    b"version",
    b"room",
    b"module",
    b"fault",
];

/// Collects a tag.
#[derive(Debug)]
pub(super) struct Tag {
    bytes: Vec<u8>,
    /// The end of the name and of the attributes that are complete; 0 before the first
    /// attribute.
    complete: usize,
    /// Says whether a tag is being collected.
    open: bool,
    /// Says whether it is an end tag.
    closing: bool,
    /// Says whether the attribute that is being read is not kept.
    dropping: bool,
    /// Says whether an attribute that gavel reads was not kept.
    lossy: bool,
    nameless: bool,
}

/// A start tag that is complete.
#[derive(Debug)]
pub(super) struct Finished {
    /// Its name as written; empty if that is too long.
    pub(super) name: Vec<u8>,
    /// The tag as it is kept, of an element that has content.
    pub(super) bytes: Vec<u8>,
    /// Says whether an attribute that gavel reads was not kept.
    pub(super) lossy: bool,
}

impl Finished {
    /// The name without prefix.
    pub(super) fn local(&self) -> &[u8] {
        let name = &self.name;
        let colon = name.iter().position(|b| *b == b':');
        colon.map_or(name, |colon| &name[colon + 1..])
    }

    /// The value of an attribute, as written.
    pub(super) fn attribute(&self, name: &[u8]) -> Option<&[u8]> {
        let attributes = self.bytes.get(1 + self.name.len()..self.bytes.len() - 1)?;
        let mut found = super::super::node::attributes(attributes).flatten();
        found.find(|(known, _)| *known == name).map(|(_, raw)| raw)
    }
}

impl Tag {
    pub(super) fn new() -> Self {
        Self {
            bytes: Vec::new(),
            complete: 0,
            open: false,
            closing: false,
            dropping: false,
            lossy: false,
            nameless: false,
        }
    }

    pub(super) fn is_open(&self) -> bool {
        self.open
    }

    /// The `<` has been read.
    pub(super) fn begin(&mut self) {
        self.bytes.clear();
        self.bytes.push(b'<');
        self.complete = 0;
        self.open = true;
        self.closing = false;
        self.dropping = false;
        self.lossy = false;
        self.nameless = false;
    }

    /// Takes more of the tag; `event` is the thing that this completes.
    pub(super) fn add(&mut self, piece: &[u8], event: Option<Event>) {
        if self.bytes == b"<" && self.complete == 0 && piece.starts_with(b"/") {
            self.closing = true;
        }
        if self.closing || self.nameless {
            return;
        }
        if !self.dropping {
            self.bytes.extend_from_slice(piece);
            if self.bytes.len() - self.complete > MAX_ATTRIBUTE {
                self.drop_attribute();
            }
        }
        match event {
            Some(Event::Quote) if self.complete == 0 => {
                let length = self.name().len();
                self.nameless |= length > MAX_NAME;
                self.complete = 1 + length;
            }
            Some(Event::Value) => self.end_attribute(),
            _ => {}
        }
    }

    /// The name, as far as it has come.
    fn name(&self) -> &[u8] {
        let rest = &self.bytes[1..];
        let ends =
            |b: &u8| b.is_ascii_whitespace() || matches!(b, b'/' | b'>' | b'=' | b'"' | b'\'');
        let end = rest.iter().position(ends).unwrap_or(rest.len());
        &rest[..end]
    }

    /// The attribute that is being read is too long.
    fn drop_attribute(&mut self) {
        if self.complete == 0 {
            self.nameless = true;
            return;
        }
        self.lossy |= is_read(&self.bytes[self.complete..]);
        self.bytes.truncate(self.complete);
        self.dropping = true;
    }

    fn end_attribute(&mut self) {
        if std::mem::take(&mut self.dropping) {
            return;
        }
        let read = is_read(&self.bytes[self.complete..]);
        let length = self.bytes.len();
        if length > MAX_ANYWAY || (length > MAX_TAG && !read) {
            self.lossy |= read;
            self.bytes.truncate(self.complete);
        }
        self.complete = self.bytes.len();
    }

    /// The start tag is complete.
    pub(super) fn finish(&mut self) -> Finished {
        self.open = false;
        let mut name = Vec::new();
        if !self.nameless {
            name.extend_from_slice(self.name());
            name.truncate(if name.len() > MAX_NAME { 0 } else { name.len() });
        }
        let complete = self.complete.max(1 + name.len()).min(self.bytes.len());
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.truncate(complete);
        bytes.push(b'>');
        Finished {
            name,
            bytes,
            lossy: self.lossy,
        }
    }

    /// The end tag is complete.
    pub(super) fn drop_end(&mut self) {
        self.open = false;
        self.bytes.clear();
    }
}

/// Says whether gavel reads the attribute that `written` starts with.
fn is_read(written: &[u8]) -> bool {
    let written = written.trim_ascii_start();
    let ends = |b: &u8| b.is_ascii_whitespace() || *b == b'=';
    let end = written.iter().position(ends).unwrap_or(written.len());
    let name = &written[..end];
    name.starts_with(b"xmlns") || READ.contains(&name)
}
