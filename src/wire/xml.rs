//! Pulls one element's content out of its bytes, with namespaces resolved (Namespaces in
//! XML 1.0) and everything checked: for presences that gavel sends back, since anything
//! that is not well-formed would end the stream.
//!
//! quick-xml finds the tags and leaves the rest to its caller, which is here: the allowed
//! characters, names and references, and the meaning of prefixes. Never recurses; deeper
//! than [`MAX_DEPTH`] is an error.

use super::chars::{forbidden, is_name, line_ends, resolve_reference};
use super::error::{DecodeError, shortened};
use super::node::{Node, Text};
use super::{MAX_ATTRIBUTES, MAX_DEPTH, ns};
use memchr::memchr;
use quick_xml::Reader;
use quick_xml::errors::IllFormedError;
use quick_xml::events::{BytesRef, Event};
use std::borrow::Cow;

type Result<T> = std::result::Result<T, DecodeError>;

/// A start tag.
#[derive(Debug, Clone)]
pub(super) struct Element<'a> {
    /// Its name as written, with prefix.
    pub(super) name: &'a str,
    /// Its name without prefix.
    pub(super) local: &'a str,
    /// Its namespace; empty for none.
    pub(super) ns: Cow<'a, str>,
    /// How deep it is; the stanza itself is 1.
    pub(super) level: usize,
}

/// An attribute of the element last opened.
#[derive(Debug, Clone)]
pub(super) struct Attribute<'a> {
    /// Its name as written, with prefix.
    pub(super) name: &'a str,
    /// Its value, references resolved.
    pub(super) value: Cow<'a, str>,
}

impl<'a> Attribute<'a> {
    /// The prefix that it declares; empty for the default namespace.
    pub(super) fn declares(&self) -> Option<&'a str> {
        match self.name.strip_prefix("xmlns")? {
            "" => Some(""),
            rest => rest.strip_prefix(':'),
        }
    }
}

/// The next piece.
#[derive(Debug)]
pub(super) enum Token<'a> {
    /// A start tag; its attributes are in [`Walker::attributes`].
    Open(Element<'a>),
    /// The end of the innermost open element.
    Close,
    /// Text of the innermost open element; a piece of it.
    Text(Cow<'a, str>),
}

/// A namespace declaration in scope.
#[derive(Debug)]
struct Binding<'a> {
    /// Level of the element that has it.
    level: usize,
    prefix: &'a str,
    ns: Cow<'a, str>,
}

/// Reads one stanza from start to end.
pub(super) struct Walker<'a> {
    source: &'a str,
    reader: Reader<&'a [u8]>,
    /// Open elements.
    level: usize,
    /// Says whether the outermost has been seen.
    rooted: bool,
    /// Says whether the element last opened has no content and is yet to be closed.
    hollow: bool,
    bindings: Vec<Binding<'a>>,
    attributes: Vec<Attribute<'a>>,
}

impl<'a> Walker<'a> {
    /// A walker over the element in `bytes`, which stands in `outer`.
    pub(super) fn within(outer: &Node<'_, 'a>, bytes: &'a [u8]) -> Result<Self> {
        let mut walker = Self::new(bytes)?;
        for (prefix, ns) in outer.declarations() {
            // One that is not allowed binds nothing.
            let _ = walker.bind(prefix, ns);
        }
        Ok(walker)
    }

    /// A walker over the stanza in `bytes`.
    pub(super) fn new(bytes: &'a [u8]) -> Result<Self> {
        let source =
            std::str::from_utf8(bytes).map_err(|error| DecodeError::Utf8(error.valid_up_to()))?;
        if forbidden(source).is_some() {
            return Err(DecodeError::Character);
        }
        if source.starts_with('\u{feff}') {
            // quick-xml drops it without counting it.
            let what = "text outside of the element";
            return Err(DecodeError::Malformed { what, at: 0 });
        }
        let mut reader = Reader::from_str(source);
        reader.config_mut().check_end_names = true;
        let stream = |prefix, ns| Binding {
            level: 0,
            prefix,
            ns: Cow::Borrowed(ns),
        };
        Ok(Self {
            source,
            reader,
            level: 0,
            rooted: false,
            hollow: false,
            bindings: vec![
                stream("xmlns", ns::XMLNS),
                stream("xml", ns::XML),
                stream("stream", ns::STREAM),
                stream("", ns::COMPONENT),
            ],
            attributes: Vec::with_capacity(8),
        })
    }

    /// Opens the stanza itself.
    pub(super) fn root(&mut self) -> Result<Element<'a>> {
        loop {
            match self.token()? {
                Some(Token::Open(element)) => return Ok(element),
                Some(Token::Text(_)) => {}
                Some(Token::Close) | None => return Err(self.malformed("no element")),
            }
        }
    }

    /// The next child of the element at `parent`, wherever reading stopped in the one
    /// before; `None` if the parent ends.
    pub(super) fn child(&mut self, parent: usize) -> Result<Option<Element<'a>>> {
        loop {
            match self.token()? {
                Some(Token::Open(element)) if element.level == parent + 1 => {
                    return Ok(Some(element));
                }
                Some(Token::Close) if self.level < parent => return Ok(None),
                Some(_) => {}
                None => return Err(self.malformed("ends early")),
            }
        }
    }

    /// The text of the element at `level`, up to its end.
    pub(super) fn text(&mut self, level: usize) -> Result<Text> {
        let mut all = Text::default();
        loop {
            match self.token()? {
                Some(Token::Text(text)) if self.level == level => all.text.push_str(&text),
                Some(Token::Open(_)) => all.mixed = true,
                Some(Token::Close) if self.level < level => return Ok(all),
                Some(_) => {}
                None => return Err(self.malformed("ends early")),
            }
        }
    }

    /// The rest of the stanza, and nothing after it.
    pub(super) fn finish(mut self) -> Result<()> {
        while self.token()?.is_some() {}
        Ok(())
    }

    /// The attributes of the element last opened, in order.
    pub(super) fn attributes(&self) -> &[Attribute<'a>] {
        &self.attributes
    }

    /// The next token; `None` at the end of the bytes.
    pub(super) fn token(&mut self) -> Result<Option<Token<'a>>> {
        if self.hollow {
            self.hollow = false;
            return Ok(Some(self.close()));
        }
        let from = self.position();
        let event = match self.reader.read_event() {
            Ok(event) => event,
            Err(error) => return Err(self.explain(&error)),
        };
        let token = match event {
            Event::Start(tag) => self.open(from, tag.name().as_ref().len(), false)?,
            Event::Empty(tag) => self.open(from, tag.name().as_ref().len(), true)?,
            Event::End(_) => self.close(),
            Event::Text(_) => Token::Text(self.literal(from, self.position())?),
            Event::CData(_) => {
                let section = from + "<![CDATA[".len()..self.position() - "]]>".len();
                Token::Text(line_ends(self.part(section)?))
            }
            Event::GeneralRef(reference) => Token::Text(self.reference(&reference)?),
            Event::Eof if self.level > 0 => return Err(self.malformed("ends early")),
            Event::Eof => return Ok(None),
            Event::Comment(_) | Event::PI(_) | Event::Decl(_) | Event::DocType(_) => {
                return Err(DecodeError::Restricted);
            }
        };
        Ok(Some(token))
    }

    fn position(&self) -> usize {
        // A stanza is far smaller than the address space.
        self.reader.buffer_position() as usize
    }

    /// A part of the stanza between two positions of quick-xml's.
    fn part(&self, range: std::ops::Range<usize>) -> Result<&'a str> {
        let part = self.source.get(range);
        part.ok_or_else(|| self.malformed("not XML"))
    }

    fn malformed(&self, what: &'static str) -> DecodeError {
        let at = self.position();
        DecodeError::Malformed { what, at }
    }

    fn explain(&self, error: &quick_xml::Error) -> DecodeError {
        use quick_xml::Error;
        match error {
            Error::IllFormed(
                IllFormedError::MismatchedEndTag { .. } | IllFormedError::UnmatchedEndTag(_),
            ) => self.malformed("an end tag that matches no start tag"),
            Error::IllFormed(IllFormedError::UnclosedReference) => DecodeError::Entity,
            Error::Syntax(_) => self.malformed("markup that never ends"),
            _ => self.malformed("not XML"),
        }
    }

    fn close(&mut self) -> Token<'a> {
        let level = self.level;
        while self.bindings.last().is_some_and(|b| b.level == level) {
            self.bindings.pop();
        }
        self.level -= 1;
        Token::Close
    }

    /// The tag that starts at `from` and ends here.
    fn open(&mut self, from: usize, name: usize, hollow: bool) -> Result<Token<'a>> {
        if self.level == 0 && std::mem::replace(&mut self.rooted, true) {
            // quick-xml has no objection to several roots.
            return Err(self.malformed("more than one element"));
        }
        if self.level == MAX_DEPTH {
            return Err(DecodeError::Depth);
        }
        let tag = self.part(from + 1..self.position() - 1 - usize::from(hollow))?;
        let name = &tag[..name];
        self.level += 1;
        self.hollow = hollow;
        self.read_attributes(tag, name)?;
        let (prefix, local) = self.split(name)?;
        let ns = self.resolve(prefix, name)?;
        Ok(Token::Open(Element {
            name,
            local,
            ns,
            level: self.level,
        }))
    }

    /// The attributes in `tag`, behind the name `element`.
    fn read_attributes(&mut self, tag: &'a str, element: &str) -> Result<()> {
        self.attributes.clear();
        let mut prefixed = false;
        let mut rest = &tag[element.len()..];
        while let Some((name, raw, more)) = self.next_attribute(rest)? {
            rest = more;
            if self.attributes.iter().any(|other| other.name == name) {
                return Err(DecodeError::DuplicateAttribute(shortened(element)));
            }
            if self.attributes.len() == MAX_ATTRIBUTES {
                return Err(DecodeError::Attributes(shortened(element)));
            }
            let value = self.value(raw)?;
            let attribute = Attribute { name, value };
            let (prefix, _) = self.split(name)?;
            match attribute.declares() {
                Some(prefix) => self.bind(prefix, attribute.value.clone())?,
                None => prefixed |= !prefix.is_empty(),
            }
            self.attributes.push(attribute);
        }
        match prefixed {
            true => self.check_prefixed(element),
            false => Ok(()),
        }
    }

    /// Name, value as written, and the rest (XML 1.0 §3.1); `None` behind the last. By
    /// hand, since quick-xml would take one as separate that has no space before it, and
    /// allocates for each tag.
    fn next_attribute(&self, tag: &'a str) -> Result<Option<(&'a str, &'a str, &'a str)>> {
        let start = tag.trim_ascii_start();
        if start.is_empty() {
            return Ok(None);
        }
        let fault = || self.malformed("an attribute without space, name, quotes or value");
        if start.len() == tag.len() {
            return Err(fault());
        }
        let equals = memchr(b'=', start.as_bytes()).ok_or_else(fault)?;
        let (name, rest) = (&start[..equals], start[equals + 1..].trim_ascii_start());
        let quote = match rest.as_bytes().first() {
            Some(quote @ (b'"' | b'\'')) => *quote,
            _ => return Err(fault()),
        };
        let rest = &rest[1..];
        let end = memchr(quote, rest.as_bytes()).ok_or_else(fault)?;
        let (value, rest) = (&rest[..end], &rest[end + 1..]);
        Ok(Some((name.trim_ascii_end(), value, rest)))
    }

    /// Prefixes of attributes have to be declared, and two prefixes may not
    /// make the same name (Namespaces in XML 1.0 §5, §6.3).
    fn check_prefixed(&self, element: &str) -> Result<()> {
        let mut seen: Vec<(&str, Cow<'_, str>)> = Vec::new();
        for attribute in &self.attributes {
            let (prefix, local) = self.split(attribute.name)?;
            if prefix.is_empty() || attribute.declares().is_some() {
                continue;
            }
            let ns = self.resolve(prefix, element)?;
            if seen.iter().any(|other| *other == (local, ns.clone())) {
                return Err(DecodeError::DuplicateAttribute(shortened(element)));
            }
            seen.push((local, ns));
        }
        Ok(())
    }

    fn bind(&mut self, prefix: &'a str, ns: Cow<'a, str>) -> Result<()> {
        let reserved = prefix == "xmlns" || (prefix == "xml") != (ns == ns::XML) || ns == ns::XMLNS;
        if reserved || (!prefix.is_empty() && ns.is_empty()) {
            return Err(self.malformed("a namespace declaration that is not allowed"));
        }
        self.bindings.push(Binding {
            level: self.level,
            prefix,
            ns,
        });
        Ok(())
    }

    fn resolve(&self, prefix: &str, element: &str) -> Result<Cow<'a, str>> {
        let mut innermost = self.bindings.iter().rev();
        let found = match prefix {
            "" => innermost.find(|b| b.prefix.is_empty()),
            _ => innermost.find(|b| b.prefix == prefix),
        };
        match found {
            Some(binding) => Ok(binding.ns.clone()),
            None => Err(DecodeError::Prefix(shortened(element))),
        }
    }

    /// Prefix (empty for none) and local part of a name.
    fn split<'n>(&self, name: &'n str) -> Result<(&'n str, &'n str)> {
        if is_name(name) {
            return Ok(("", name));
        }
        match name.split_once(':') {
            Some((prefix, local)) if is_name(prefix) && is_name(local) => Ok((prefix, local)),
            _ => Err(self.malformed("a name that is none")),
        }
    }

    /// Text between tags, from `from` to `to`, without references.
    fn literal(&self, from: usize, to: usize) -> Result<Cow<'a, str>> {
        let text = self.part(from..to)?;
        if text.bytes().any(|b| b == b']') && text.contains("]]>") {
            return Err(self.malformed("']]>' in text"));
        }
        if self.level == 0 && !text.bytes().all(|b| b.is_ascii_whitespace()) {
            return Err(self.malformed("text outside of the element"));
        }
        Ok(line_ends(text))
    }

    /// The character that `&reference;` stands for.
    fn reference(&self, reference: &BytesRef<'_>) -> Result<Cow<'a, str>> {
        if self.level == 0 {
            return Err(self.malformed("text outside of the element"));
        }
        let bytes: &[u8] = reference;
        let name = std::str::from_utf8(bytes).map_err(|_| DecodeError::Entity)?;
        resolve_reference(name).map(|c| Cow::Owned(c.to_string()))
    }

    /// An attribute's value (XML 1.0 §3.3.3).
    fn value(&self, raw: &'a str) -> Result<Cow<'a, str>> {
        let special = |b: u8| matches!(b, b'&' | b'<' | b'\t' | b'\n' | b'\r');
        // Without an early end, so that the compiler vectorises it.
        if !raw.bytes().fold(false, |any, b| any | special(b)) {
            return Ok(Cow::Borrowed(raw));
        }
        let mut value = String::with_capacity(raw.len());
        let mut rest = raw;
        while let Some(at) = rest.bytes().position(special) {
            value.push_str(&rest[..at]);
            let (next, length) = match &rest[at..] {
                r if r.starts_with('<') => return Err(self.malformed("'<' in an attribute")),
                r if r.starts_with('&') => {
                    let end = r.find(';').ok_or(DecodeError::Entity)?;
                    (resolve_reference(&r[1..end])?, end + 1)
                }
                r if r.starts_with("\r\n") => (' ', 2),
                _ => (' ', 1),
            };
            value.push(next);
            rest = &rest[at + length..];
        }
        value.push_str(rest);
        Ok(Cow::Owned(value))
    }
}
