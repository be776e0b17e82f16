//! Reduces a stanza that is too long to be held, while its bytes come in, to the parts that
//! gavel reads (SPEC B20).
//!
//! Holds at most as much as [`MAX_STANZA`] and [`MAX_LIST`] say, and as much again.
//!
//! The result does not depend on the cuts between the chunks: it is decided at the end of a
//! tag, of an attribute or of a run of text, by counts of bytes.

mod tag;

use super::lexer::{Event, Lexer};
use super::{MAX_LIST, MAX_STANZA};
use std::sync::Arc;
use tag::{Finished, Tag};

/// Stands in a reduced stanza: there was more, which gavel does not read.
pub(super) const LEFT_OUT: &[u8] = b"<?left-out other?>";
/// Stands in place of something that gavel would have read: a reader that meets it takes it
/// for something that cannot be read.
const CUT: &[u8] = b"<?left-out?>";

/// Longest run of text between two tags, in bytes.
const MAX_TEXT: usize = 128 * 1024;
/// Longest child of a presence or message, in bytes.
const MAX_PART: usize = 192 * 1024;
/// Longest child that gavel does not read, which is kept to be sent back only.
const MAX_OTHER: usize = 16 * 1024;
/// Bytes of a presence up to which such children are kept.
const SPARE: usize = 64 * 1024;
/// Deepest element that gavel reads, the stanza itself being 1:
/// iq, query, x, field, option, value.
const MAX_LEVEL: usize = 6;

/// Children of presence and message that gavel reads, besides tokens.
const READ: [&str; 7] = [
    "x", "error", "nick", "claims", "identity", "module", "features",
];

/// The addresses by which stanzas of services are known, and the elements that hold
/// tokens.
#[derive(Debug, Default)]
pub(super) struct Knowledge {
    /// Addresses of the MUC services.
    pub(super) services: Vec<String>,
    /// Local names of presence children that hold a token.
    pub(super) tokens: Vec<String>,
}

impl Knowledge {
    /// Says whether an address is a service's or one of its rooms', and nobody's in them. A
    /// tenant's has one label more: `muc.<tenant>.<base>`.
    fn is_room_or_service(&self, address: &[u8]) -> bool {
        let Some(domain) = address.rsplit(|b| *b == b'@').next() else {
            return false;
        };
        let tenant = |service: &str| {
            let (first, base) = service.split_once('.')?;
            let rest = domain.strip_prefix(first.as_bytes())?.strip_prefix(b".")?;
            let rest = rest.strip_suffix(base.as_bytes())?.strip_suffix(b".")?;
            Some(!rest.is_empty() && !rest.contains(&b'.'))
        };
        let known = |service: &str| {
            domain == service.as_bytes() || tenant(service).is_some_and(|is_one| is_one)
        };
        !address.contains(&b'/') && self.services.iter().any(|service| known(service))
    }
}

/// An open element that is kept.
#[derive(Debug)]
struct Mark {
    /// The start of its tag in the bytes that are kept.
    start: usize,
    /// The start of its content.
    content: usize,
    /// Its name as written.
    name: Vec<u8>,
    /// Says whether gavel reads it.
    read: bool,
    /// Says whether no more of its content is kept.
    full: bool,
    /// Says whether something of it is missing that gavel would have read.
    lossy: bool,
}

/// Reduces one stanza.
#[derive(Debug)]
pub(super) struct Sieve {
    known: Arc<Knowledge>,
    lexer: Lexer,
    kept: Vec<u8>,
    /// The last muc#user `<x/>` of a presence or message: the room's own.
    room: Vec<u8>,
    /// The elements that are open and kept, from the stanza on.
    open: Vec<Mark>,
    /// All open elements.
    depth: usize,
    /// The start, in the bytes that are kept, of the text that is being read.
    run: usize,
    /// Says whether that text is not kept.
    run_cut: bool,
    /// Says whether the `<` of something that may be a tag has been read.
    bracket: bool,
    tag: Tag,
    /// The stanza's own start tag.
    root: Option<Finished>,
    /// Says whether it is an IQ.
    iq: bool,
    /// How much is kept.
    limit: usize,
    /// Says whether a child of the stanza was dropped that gavel does not read.
    other: bool,
}

impl Sieve {
    pub(super) fn new(known: Arc<Knowledge>) -> Self {
        Self {
            known,
            lexer: Lexer::new(),
            kept: Vec::new(),
            room: Vec::new(),
            open: Vec::new(),
            depth: 0,
            run: 0,
            run_cut: false,
            bracket: false,
            tag: Tag::new(),
            root: None,
            iq: false,
            limit: MAX_STANZA,
            other: false,
        }
    }

    /// Takes the stanza's next bytes. If they end it: the number of bytes that belong to it.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while at < bytes.len() {
            let (read, event) = self.lexer.next(&bytes[at..]);
            let piece = &bytes[at..at + read];
            at += read;
            self.take(piece, event);
            let closes = matches!(event, Some(Event::Empty | Event::End));
            if closes && self.depth == 0 {
                return Some(at);
            }
        }
        None
    }

    /// The rest of the stanza.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.kept
    }

    fn take(&mut self, piece: &[u8], event: Option<Event>) {
        if event == Some(Event::Markup) {
            self.bracket = true;
            return self.add_text(&piece[..piece.len() - 1]);
        }
        if std::mem::take(&mut self.bracket) {
            // The byte that tells a tag from other markup.
            match self.lexer.is_in_tag() || event.is_some() {
                true => {
                    self.end_run();
                    self.tag.begin();
                }
                false => self.add_text(b"<"),
            }
        }
        match self.tag.is_open() {
            true => self.tag.add(piece, event),
            false => self.add_text(piece),
        }
        match event {
            Some(Event::Start) => self.start(false),
            Some(Event::Empty) => self.start(true),
            Some(Event::End) => self.end(),
            // A comment or instruction: the text around it cannot be read.
            Some(Event::Other) => self.cut_run(),
            _ => {}
        }
    }

    /// Says whether the next part of the innermost open element is kept.
    fn keeps(&self) -> bool {
        self.open.len() == self.depth && self.open.last().is_none_or(|mark| !mark.full)
    }

    fn add_text(&mut self, piece: &[u8]) {
        if self.run_cut || self.depth < 2 || !self.keeps() {
            return;
        }
        if self.kept.len() - self.run + piece.len() > MAX_TEXT {
            return self.cut_run();
        }
        self.kept.extend_from_slice(piece);
    }

    fn cut_run(&mut self) {
        if self.depth < 2 || !self.keeps() {
            return;
        }
        match self.open.get(1).filter(|part| !part.read) {
            Some(part) => {
                self.kept.truncate(part.start);
                self.open.truncate(1);
                self.other = true;
            }
            None => {
                self.kept.truncate(self.run);
                self.run_cut = true;
            }
        }
    }

    /// A tag begins: the text before it is complete.
    fn end_run(&mut self) {
        if std::mem::take(&mut self.run_cut) {
            self.kept.extend_from_slice(CUT);
        }
    }

    /// A start tag is complete.
    fn start(&mut self, empty: bool) {
        let level = self.depth + 1;
        let tag = self.tag.finish();
        if self.keeps() && self.wants(level, &tag) {
            let start = self.kept.len();
            self.kept.extend_from_slice(&tag.bytes);
            self.open.push(Mark {
                start,
                content: self.kept.len(),
                read: self.reads(level, &tag),
                full: false,
                lossy: tag.lossy && level > 1,
                name: tag.name.clone(),
            });
            if level == 1 {
                self.begin(tag);
            }
        }
        self.depth = level;
        match empty {
            true => self.end(),
            false => self.settle(),
        }
    }

    /// The stanza's own start tag is complete.
    fn begin(&mut self, tag: Finished) {
        self.iq = tag.name == b"iq";
        let from = tag.attribute(b"from");
        if self.iq && from.is_some_and(|from| self.known.is_room_or_service(from)) {
            self.limit = MAX_LIST;
        }
        self.root = Some(tag);
    }

    /// Says whether an element is to be kept at all.
    fn wants(&mut self, level: usize, tag: &Finished) -> bool {
        let crowd = self.is_crowd(level, tag);
        if let Some(parent) = self.open.last_mut() {
            parent.lossy |= tag.name.is_empty() || crowd;
        }
        // Nothing that is deeper, and no reason, says anything to gavel.
        self.other |= level > MAX_LEVEL;
        let reason = level > 2 && tag.name == b"reason";
        level <= MAX_LEVEL && !reason && !crowd && !tag.name.is_empty()
    }

    /// Says whether it is an item too many: the elements behind the items of an `<x/>`
    /// count as much as they do.
    fn is_crowd(&self, level: usize, tag: &Finished) -> bool {
        let part = self.open.get(1).filter(|_| level == 3 && !self.iq);
        part.is_some_and(|part| {
            tag.local() == b"item" && self.kept.len() - part.start > MAX_PART / 2
        })
    }

    /// Says whether gavel reads an element.
    fn reads(&self, level: usize, tag: &Finished) -> bool {
        if level != 2 || self.iq {
            return true;
        }
        let local = tag.local();
        if local == b"x" {
            return self.is_muc_user(tag);
        }
        let read = READ.iter().any(|name| name.as_bytes() == local);
        read || self
            .known
            .tokens
            .iter()
            .any(|name| name.as_bytes() == local)
    }

    /// Says whether an `<x/>` is a room's. Anything else that stands in the place of the
    /// last one would hide it.
    fn is_muc_user(&self, tag: &Finished) -> bool {
        let declaration = match tag.name.strip_suffix(b":x") {
            Some(prefix) => [b"xmlns:", prefix].concat(),
            None => b"xmlns".to_vec(),
        };
        let root = self.root.as_ref();
        let declared = tag.attribute(&declaration);
        let declared = declared.or_else(|| root.and_then(|root| root.attribute(&declaration)));
        declared == Some(super::ns::MUC_USER.as_bytes())
    }

    /// An end tag is complete, or an element without content is.
    fn end(&mut self) {
        self.tag.drop_end();
        if self.depth == 0 {
            return;
        }
        let kept = self.open.len() == self.depth;
        self.depth -= 1;
        if kept && let Some(mark) = self.open.pop() {
            self.close(&mark);
        }
        self.settle();
    }

    fn close(&mut self, mark: &Mark) {
        if self.depth == 0 {
            let room = std::mem::take(&mut self.room);
            self.kept.extend_from_slice(&room);
            if self.other {
                self.kept.extend_from_slice(LEFT_OUT);
            }
        }
        if mark.lossy {
            self.kept.extend_from_slice(CUT);
        }
        self.kept.extend_from_slice(b"</");
        self.kept.extend_from_slice(&mark.name);
        self.kept.push(b'>');
        if self.depth == 1 && !self.iq {
            self.place(mark);
        }
    }

    /// A child of a presence or message is complete: decides whether it is kept.
    fn place(&mut self, part: &Mark) {
        let size = self.kept.len() - part.start;
        if !part.read {
            if size > MAX_OTHER || self.kept.len() > SPARE {
                self.kept.truncate(part.start);
                self.other = true;
            }
        } else if part.name == b"x" || part.name.ends_with(b":x") {
            self.room.clear();
            self.room.extend_from_slice(&self.kept[part.start..]);
            self.kept.truncate(part.start);
        } else if self.kept.len() > self.limit {
            self.kept.truncate(part.start);
            if let Some(stanza) = self.open.first_mut() {
                stanza.lossy = true;
            }
        }
    }

    /// After a tag: an open element that has become too long is cut.
    fn settle(&mut self) {
        match self.iq {
            true => self.bound_iq(),
            false => self.bound_part(),
        }
        self.run = self.kept.len();
    }

    fn bound_iq(&mut self) {
        if self.kept.len() <= self.limit {
            return;
        }
        if let Some(stanza) = self.open.first_mut() {
            self.kept.truncate(stanza.content);
            stanza.full = true;
            stanza.lossy = true;
            self.open.truncate(1);
        }
    }

    fn bound_part(&mut self) {
        let inner = self.open.get(2).map_or(self.kept.len(), |mark| mark.start);
        let Some(part) = self.open.get_mut(1) else {
            return;
        };
        let size = self.kept.len() - part.start;
        if part.read && size > MAX_PART && !part.full {
            self.kept.truncate(inner);
            part.full = true;
            part.lossy = true;
            self.open.truncate(2);
        } else if !part.read && size > MAX_OTHER {
            self.kept.truncate(part.start);
            self.other = true;
            self.open.truncate(1);
        }
    }
}
