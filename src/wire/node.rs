//! Elements found by counting tags, and read only as far as somebody asks.
//!
//! A part of an element that is not asked for costs nothing but the time to pass it: it may
//! be long, deep, wide or malformed (SPEC B20). A part that is asked for and cannot be read
//! is noted as a [`Loss`]. Nothing recurses.

use super::chars::{allowed, is_name, line_ends, unescaped};
use super::lexer::{Event, Lexer};
use super::ns;
use memchr::memchr;
use std::borrow::Cow;
use std::cell::OnceCell;

/// Says whether something that was asked for could not be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Loss {
    /// Something was lost.
    pub(super) lost: bool,
    /// A value was lost that nothing depends on.
    pub(super) value: bool,
}

/// Text of an element.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Text {
    /// The text directly in it.
    pub(super) text: String,
    /// Says whether there are elements in it, too.
    pub(super) mixed: bool,
}

/// An element.
#[derive(Debug, Clone)]
pub(super) struct Node<'p, 'a> {
    outer: Option<&'p Node<'p, 'a>>,
    /// Its name as written, with prefix.
    pub(super) name: &'a str,
    /// The prefix of its name; empty for none.
    prefix: &'a str,
    /// Its name without prefix.
    pub(super) local: &'a str,
    /// All its bytes.
    pub(super) bytes: &'a [u8],
    /// Its start tag.
    pub(super) tag: &'a [u8],
    /// Its attributes as written.
    attributes: &'a [u8],
    /// The bytes between its tags.
    content: &'a [u8],
    /// Its namespace declarations, once somebody has asked: an element may have
    /// many attributes and many children.
    declarations: OnceCell<Declarations<'a>>,
}

/// Namespace declarations of an element, values as written.
#[derive(Debug, Clone, Default)]
struct Declarations<'a> {
    default: Option<&'a [u8]>,
    prefixes: Vec<(&'a [u8], &'a [u8])>,
}

/// An element's content besides text.
pub(super) enum Child<'p, 'a> {
    /// An element.
    Element(Node<'p, 'a>),
    /// Something whose name cannot be told: its bytes.
    Unreadable(&'a [u8]),
}

impl<'p, 'a> Node<'p, 'a> {
    /// The element that `bytes` are, and nothing else.
    pub(super) fn root(bytes: &'a [u8]) -> Option<Self> {
        let bytes = bytes.trim_ascii();
        match next_child(None, &mut &*bytes)? {
            Child::Element(node) if node.bytes.len() == bytes.len() => Some(node),
            _ => None,
        }
    }

    /// Its namespace, empty for none; `None` if nothing that can be read says.
    pub(super) fn ns(&self) -> Option<Cow<'a, str>> {
        let mut scope = Some(self);
        while let Some(node) = scope {
            let declarations = node
                .declarations
                .get_or_init(|| Declarations::read(node.attributes));
            if let Some(raw) = declarations.get(self.prefix.as_bytes()) {
                return unescaped(raw, true);
            }
            scope = node.outer;
        }
        outermost(self.prefix).map(Cow::Borrowed)
    }

    /// Says whether it is called `local` in the namespace `ns`.
    pub(super) fn is(&self, local: &str, ns: &str) -> bool {
        self.local == local && self.is_in(ns)
    }

    /// Says whether its namespace is `ns`.
    pub(super) fn is_in(&self, ns: &str) -> bool {
        self.ns().as_deref() == Some(ns)
    }

    /// Its name, for an error.
    pub(super) fn shortened(&self) -> String {
        super::error::shortened(self.local)
    }

    /// The value of the attribute `name`.
    pub(super) fn attribute(&self, name: &str, loss: &mut Loss) -> Option<Cow<'a, str>> {
        for attribute in attributes(self.attributes) {
            let Some((found, raw)) = attribute else {
                loss.lost = true;
                return None;
            };
            if found == name.as_bytes() {
                let value = unescaped(raw, true);
                loss.lost |= value.is_none();
                return value;
            }
        }
        None
    }

    /// The same, as text of one's own.
    pub(super) fn owned(&self, name: &str, loss: &mut Loss) -> Option<String> {
        self.attribute(name, loss).map(Cow::into_owned)
    }

    /// Its namespace declarations, as far as they can be read: prefix (empty for
    /// the default one) and namespace.
    pub(super) fn declarations(&self) -> impl Iterator<Item = (&'a str, Cow<'a, str>)> {
        self.attributes().filter_map(|(name, value)| {
            let prefix = name.strip_prefix("xmlns")?;
            match prefix.is_empty() {
                true => Some((prefix, value)),
                false => Some((prefix.strip_prefix(':')?, value)),
            }
        })
    }

    /// Its attributes, as far as they can be read: names as written, and values.
    pub(super) fn attributes(&self) -> impl Iterator<Item = (&'a str, Cow<'a, str>)> {
        attributes(self.attributes)
            .flatten()
            .filter_map(|(name, raw)| {
                Some((std::str::from_utf8(name).ok()?, unescaped(raw, true)?))
            })
    }

    /// Its children, in order.
    pub(super) fn children<'s>(&'s self) -> impl Iterator<Item = Child<'s, 'a>> {
        let mut rest = self.content;
        std::iter::from_fn(move || next_child(Some(self), &mut rest))
    }

    /// The next element in `rest`, which [`Self::content`] begins; with a loss if something
    /// else is there, too.
    pub(super) fn next<'s>(&'s self, rest: &mut &'a [u8], loss: &mut Loss) -> Option<Node<'s, 'a>> {
        loop {
            match next_child(Some(self), rest)? {
                Child::Element(node) => return Some(node),
                Child::Unreadable(_) => loss.lost = true,
            }
        }
    }

    /// The bytes between its tags.
    pub(super) fn content(&self) -> &'a [u8] {
        self.content
    }

    /// The text directly in it; with a loss if a part of that cannot be read.
    pub(super) fn text(&self, loss: &mut Loss) -> Text {
        let mut all = Text::default();
        let mut lexer = Lexer::new();
        let mut depth = 0_usize;
        // The places where the text, and where the markup that is being read, start.
        let (mut text, mut markup, mut at) = (0, 0, 0);
        while at < self.content.len() {
            let (read, event) = lexer.next(&self.content[at..]);
            at += read;
            let outside = depth == 0;
            match event {
                Some(Event::Markup) if outside => {
                    markup = at - 1;
                    all.add(unescaped(&self.content[text..markup], false), loss);
                }
                Some(Event::Cdata) if outside => {
                    let section = markup + b"<![CDATA[".len()..at - b"]]>".len();
                    let section = self.content.get(section).and_then(allowed);
                    all.add(section.map(line_ends), loss);
                }
                Some(Event::Other) if outside => loss.lost = true,
                Some(Event::Start) => depth += 1,
                Some(Event::End) => depth = depth.saturating_sub(1),
                _ => {}
            }
            all.mixed |= matches!(event, Some(Event::Start | Event::Empty));
            if lexer.is_between() && depth == 0 && event.is_some() {
                text = at;
            }
        }
        match lexer.is_between() && depth == 0 {
            true => all.add(unescaped(&self.content[text..], false), loss),
            false => loss.lost = true,
        }
        all
    }
}

impl Text {
    fn add(&mut self, piece: Option<Cow<'_, str>>, loss: &mut Loss) {
        match piece {
            Some(piece) => self.text.push_str(&piece),
            None => loss.lost = true,
        }
    }
}

/// The prefixes that are bound outside of any stanza.
fn outermost(prefix: &str) -> Option<&'static str> {
    Some(match prefix {
        "" => ns::COMPONENT,
        "stream" => ns::STREAM,
        "xml" => ns::XML,
        _ => return None,
    })
}

impl<'a> Declarations<'a> {
    fn read(written: &'a [u8]) -> Self {
        let mut all = Self::default();
        for (name, raw) in attributes(written).flatten() {
            match name.strip_prefix(b"xmlns") {
                Some([]) => {
                    all.default.get_or_insert(raw);
                }
                Some([b':', prefix @ ..]) => all.prefixes.push((prefix, raw)),
                _ => {}
            }
        }
        all
    }

    fn get(&self, prefix: &[u8]) -> Option<&'a [u8]> {
        if prefix.is_empty() {
            return self.default;
        }
        let mut prefixes = self.prefixes.iter();
        prefixes
            .find(|(known, _)| *known == prefix)
            .map(|(_, raw)| *raw)
    }
}

/// The attributes in the rest of a start tag: names, and values as written. The last is
/// `None` if it is malformed.
pub(super) fn attributes(tag: &[u8]) -> impl Iterator<Item = Option<(&[u8], &[u8])>> {
    let mut rest = tag.trim_ascii();
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let tag = std::mem::take(&mut rest);
        let split = split_attribute(tag);
        Some(split.map(|(name, value, more)| {
            rest = more.trim_ascii_start();
            (name, value)
        }))
    })
}

/// Name, value as written, and the rest.
fn split_attribute(tag: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let equals = memchr(b'=', tag)?;
    let (quote, value) = tag[equals + 1..].trim_ascii_start().split_first()?;
    if !matches!(quote, b'"' | b'\'') {
        return None;
    }
    let end = memchr(*quote, value)?;
    Some((
        tag[..equals].trim_ascii_end(),
        &value[..end],
        &value[end + 1..],
    ))
}

/// The next child in `rest`, which is taken away from it.
fn next_child<'p, 'a>(
    parent: Option<&'p Node<'p, 'a>>,
    rest: &mut &'a [u8],
) -> Option<Child<'p, 'a>> {
    loop {
        *rest = &rest[memchr(b'<', rest)?..];
        let markup = split_markup(rest);
        let (whole, more) = rest.split_at(markup.length);
        *rest = more;
        match markup.kind {
            Kind::Text => {}
            Kind::Other => return Some(Child::Unreadable(whole)),
            Kind::Element { tag, empty } => {
                let node = element(parent, whole, tag, empty);
                return Some(node.map_or(Child::Unreadable(whole), Child::Element));
            }
        }
    }
}

/// The markup that bytes start with.
struct Markup {
    length: usize,
    kind: Kind,
}

enum Kind {
    /// A CDATA section.
    Text,
    /// An element, with this long a start tag.
    Element { tag: usize, empty: bool },
    /// Something else, or an element without end.
    Other,
}

/// The markup at the `<` that `bytes` start with.
fn split_markup(bytes: &[u8]) -> Markup {
    let mut lexer = Lexer::new();
    let (mut length, mut depth, mut tag) = (0, 0_usize, 0);
    while length < bytes.len() {
        let (read, event) = lexer.next(&bytes[length..]);
        length += read;
        match event {
            Some(Event::Start) => {
                if depth == 0 {
                    tag = length;
                }
                depth += 1;
            }
            Some(Event::Empty) if depth == 0 => {
                let kind = Kind::Element {
                    tag: length,
                    empty: true,
                };
                return Markup { length, kind };
            }
            Some(Event::End) if depth == 1 => {
                let kind = Kind::Element { tag, empty: false };
                return Markup { length, kind };
            }
            Some(Event::End) if depth > 1 => depth -= 1,
            Some(Event::Cdata) if depth == 0 => {
                let kind = Kind::Text;
                return Markup { length, kind };
            }
            Some(Event::End | Event::Other) if depth == 0 => break,
            _ => {}
        }
    }
    let kind = Kind::Other;
    Markup { length, kind }
}

/// The element that `bytes` are, with a start tag of `tag` bytes.
fn element<'p, 'a>(
    outer: Option<&'p Node<'p, 'a>>,
    bytes: &'a [u8],
    tag: usize,
    empty: bool,
) -> Option<Node<'p, 'a>> {
    let inner = &bytes[1..tag - 1 - usize::from(empty)];
    let ends = |b: &u8| b.is_ascii_whitespace();
    let name = inner.iter().position(ends).unwrap_or(inner.len());
    let (name, attributes) = inner.split_at(name);
    let name = std::str::from_utf8(name).ok()?;
    let (prefix, local) = name.split_once(':').unwrap_or(("", name));
    if !is_name(local) || !(prefix.is_empty() || is_name(prefix)) {
        return None;
    }
    let content = match empty {
        true => &bytes[tag..],
        false => {
            let end = memchr::memrchr(b'<', bytes)?;
            &bytes[tag..end]
        }
    };
    Some(Node {
        outer,
        name,
        prefix,
        local,
        bytes,
        tag: &bytes[..tag],
        attributes,
        content,
        declarations: OnceCell::new(),
    })
}
