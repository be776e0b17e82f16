//! XML as test clients see it: a stream cut into stanzas, a stanza as a small tree. It is
//! our own so that hostile stanzas cannot hurt the tests: elements nested deeper than
//! [`DEPTH`] levels are left out of the tree.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// How deep a tree is built.
const DEPTH: usize = 100;

/// Cuts a stream into its top-level elements.
#[derive(Default)]
pub struct Framer {
    pending: Vec<u8>,
    /// How far `pending` has been looked at.
    seen: usize,
    depth: usize,
}

/// A piece of a stream.
#[derive(Debug)]
pub enum Frame {
    /// The stream header.
    Open(String),
    /// A whole stanza (or other top-level element).
    Stanza(String),
    /// The end of the stream.
    Close,
}

impl Framer {
    /// Takes bytes as they arrive; gives the stanzas that are complete.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Frame> {
        self.pending.extend_from_slice(bytes);
        let mut frames = Vec::new();
        while let Some(tag) = self.next_tag() {
            let text = &self.pending[tag.0..tag.1];
            if text.starts_with(b"<?") {
                self.cut(tag.1);
            } else if text.starts_with(b"</") {
                self.depth = self.depth.saturating_sub(1);
                match self.depth {
                    0 => frames.push(Frame::Close),
                    1 => frames.push(Frame::Stanza(self.cut(tag.1))),
                    _ => {}
                }
            } else if text.ends_with(b"/>") {
                if self.depth == 1 {
                    frames.push(Frame::Stanza(self.cut(tag.1)));
                }
            } else {
                self.depth += 1;
                if self.depth == 1 {
                    frames.push(Frame::Open(self.cut(tag.1)));
                }
            }
        }
        frames
    }

    /// Takes everything up to `end` out of the buffer.
    fn cut(&mut self, end: usize) -> String {
        let rest = self.pending.split_off(end);
        let whole = std::mem::replace(&mut self.pending, rest);
        self.seen = 0;
        String::from_utf8_lossy(&whole).trim().to_string()
    }

    /// The start and the end of the next tag, if it is complete.
    fn next_tag(&mut self) -> Option<(usize, usize)> {
        let start = self.seen + self.pending[self.seen..].iter().position(|b| *b == b'<')?;
        let mut quote = None;
        for (index, byte) in self.pending.iter().enumerate().skip(start) {
            match (quote, byte) {
                (None, b'\'' | b'"') => quote = Some(*byte),
                (Some(open), _) if open == *byte => quote = None,
                (None, b'>') => {
                    self.seen = index + 1;
                    return Some((start, index + 1));
                }
                _ => {}
            }
        }
        None
    }
}

/// An element.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct El {
    /// Local name.
    pub name: String,
    /// Namespace; that of the stream if none is declared.
    pub ns: String,
    /// Attributes with their prefixes, by name, without namespace declarations.
    pub attrs: Vec<(String, String)>,
    /// Children, in order.
    pub children: Vec<El>,
    /// All text directly inside.
    pub text: String,
}

impl El {
    /// Reads one element; `default_ns` is the stream's.
    pub fn parse(xml: &str, default_ns: &str) -> Result<El, String> {
        let mut reader = Reader::from_str(xml);
        let mut open: Vec<El> = Vec::new();
        let mut scopes: Vec<Vec<(String, String)>> = vec![vec![(String::new(), default_ns.into())]];
        let mut too_deep = 0usize;
        loop {
            let event = reader.read_event().map_err(|e| format!("{e} in {xml}"))?;
            match event {
                Event::Start(_) if open.len() >= DEPTH => too_deep += 1,
                Event::Start(tag) => open.push(element(&tag, &mut scopes)?),
                Event::Empty(_) if open.len() >= DEPTH => {}
                Event::Empty(tag) => {
                    let el = element(&tag, &mut scopes)?;
                    scopes.pop();
                    match open.last_mut() {
                        Some(parent) => parent.children.push(el),
                        None => return Ok(el),
                    }
                }
                Event::End(_) if too_deep > 0 => too_deep -= 1,
                Event::End(_) => {
                    let el = open.pop().ok_or("end without start")?;
                    scopes.pop();
                    match open.last_mut() {
                        Some(parent) => parent.children.push(el),
                        None => return Ok(el),
                    }
                }
                Event::Text(text) if too_deep == 0 => {
                    if let Some(el) = open.last_mut() {
                        el.text += &text.decode().map_err(|e| e.to_string())?;
                    }
                }
                Event::GeneralRef(name) if too_deep == 0 => {
                    let name = name.decode().map_err(|e| e.to_string())?;
                    let text = quick_xml::escape::unescape(&format!("&{name};"))
                        .map_err(|e| e.to_string())?
                        .into_owned();
                    if let Some(el) = open.last_mut() {
                        el.text += &text;
                    }
                }
                Event::Eof => return Err(format!("unfinished: {xml}")),
                _ => {}
            }
        }
    }

    /// An attribute.
    pub fn attr(&self, name: &str) -> Option<&str> {
        let (_, value) = self.attrs.iter().find(|(key, _)| key == name)?;
        Some(value)
    }

    /// Says whether it is an element of this name in this namespace.
    pub fn is(&self, name: &str, ns: &str) -> bool {
        self.name == name && self.ns == ns
    }

    /// The first child of this name in this namespace.
    pub fn child(&self, name: &str, ns: &str) -> Option<&El> {
        self.children.iter().find(|child| child.is(name, ns))
    }

    /// The first child of this name in any namespace.
    pub fn named(&self, name: &str) -> Option<&El> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The condition of a stanza error (RFC 6120 §8.3).
    pub fn condition(&self) -> Option<&str> {
        let error = self.named("error")?;
        let condition = error.children.iter().find(|child| child.name != "text")?;
        Some(&condition.name)
    }

    /// Codes of `<status/>` in the muc#user `<x/>` (XEP-0045 §15.6).
    pub fn status(&self) -> Vec<u16> {
        let Some(x) = self.child("x", super::MUC_USER) else {
            return Vec::new();
        };
        let status = x.children.iter().filter(|child| child.name == "status");
        status
            .filter_map(|s| s.attr("code")?.parse().ok())
            .collect()
    }
}

/// The element that a tag opens; pushes its namespace scope.
fn element(tag: &BytesStart, scopes: &mut Vec<Vec<(String, String)>>) -> Result<El, String> {
    let mut el = El::default();
    let mut scope = Vec::new();
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|e| e.to_string())?;
        let key = String::from_utf8_lossy(attribute.key.as_ref()).into_owned();
        let value = attribute.unescape_value().map_err(|e| e.to_string())?;
        match key.split_once(':') {
            None if key == "xmlns" => scope.push((String::new(), value.into_owned())),
            Some(("xmlns", prefix)) => scope.push((prefix.to_string(), value.into_owned())),
            _ => el.attrs.push((key, value.into_owned())),
        }
    }
    // Their order means nothing, and Prosody changes it.
    el.attrs.sort();
    scopes.push(scope);
    let name = String::from_utf8_lossy(tag.name().as_ref()).into_owned();
    let (prefix, local) = name.split_once(':').unwrap_or(("", &name));
    el.name = local.to_string();
    let mut declared = scopes.iter().rev().flatten();
    let found = declared.find(|(declared, _)| declared == prefix);
    el.ns = found.map(|(_, ns)| ns.clone()).unwrap_or_default();
    Ok(el)
}

/// Escapes text for an element or an attribute in quotes of either kind.
pub fn escape(text: &str) -> String {
    quick_xml::escape::escape(text).into_owned()
}
