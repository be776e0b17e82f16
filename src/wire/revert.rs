//! An occupant's own presence, to be sent back in its name (SPEC B8).
//!
//! The payload is read token by token and written anew with the names and
//! prefixes it came with. Every element keeps its own namespace declarations,
//! the stanza's are repeated on the new stanza, and both streams have the same
//! default namespace; so each name means what it meant.

use super::error::DecodeError;
use super::ns;
use super::xml::{Attribute, Element, Token, Walker};

/// Attributes of the new stanza.
pub(super) struct Head<'a> {
    pub(super) from: &'a str,
    pub(super) to: &'a str,
    pub(super) id: &'a str,
}

/// Writes `presence` back; with `name` all its children named `nick` give way
/// to one.
pub(super) fn write(
    head: &Head<'_>,
    name: Option<&str>,
    presence: &[u8],
) -> Result<String, DecodeError> {
    let mut walker = Walker::new(presence)?;
    let root = walker.root()?;
    if !root.is("presence", ns::COMPONENT) {
        return Err(DecodeError::NotAStanza(super::error::shortened(root.name)));
    }
    let mut out = String::with_capacity(presence.len() + 256);
    out.push('<');
    out.push_str(root.name);
    attribute(&mut out, "from", head.from);
    attribute(&mut out, "to", head.to);
    attribute(&mut out, "id", head.id);
    for kept in walker.attributes().iter().filter(|a| keeps_attribute(a)) {
        attribute(&mut out, kept.name, &kept.value);
    }
    out.push('>');
    while let Some(child) = walker.child(root.level)? {
        let renamed = name.is_some() && child.local == "nick";
        if !renamed && !is_withheld(&child) {
            copy(&mut out, &mut walker, child)?;
        }
    }
    walker.finish()?;
    if let Some(name) = name {
        out.push_str("<nick");
        attribute(&mut out, "xmlns", ns::NICK);
        out.push('>');
        text(&mut out, name);
        out.push_str("</nick>");
    }
    out.push_str("</");
    out.push_str(root.name);
    out.push('>');
    Ok(out)
}

/// Namespace declarations are kept like any other attribute.
fn keeps_attribute(attribute: &Attribute<'_>) -> bool {
    !matches!(attribute.name, "from" | "to" | "id" | "type")
}

/// Children that are never sent back: what the room or a module has written,
/// and what would make the presence a join.
fn is_withheld(child: &Element<'_>) -> bool {
    const NAMESPACES: [&str; 8] = [
        ns::MUC,
        ns::MUC_USER,
        ns::OCCUPANT_ID,
        ns::HATS,
        ns::HATS_PROSODY,
        ns::STANZA_ID,
        ns::DELAY,
        ns::DELAY_LEGACY,
    ];
    child.ns.starts_with(ns::GAVEL) || NAMESPACES.contains(&child.ns.as_ref())
}

/// Copies `first`, whose start tag has been read, with all that is in it.
fn copy<'a>(
    out: &mut String,
    walker: &mut Walker<'a>,
    first: Element<'a>,
) -> Result<(), DecodeError> {
    let mut open = Vec::new();
    let mut next = Some(Token::Open(first));
    while let Some(token) = next {
        match token {
            Token::Open(element) => {
                out.push('<');
                out.push_str(element.name);
                for kept in walker.attributes() {
                    attribute(out, kept.name, &kept.value);
                }
                out.push('>');
                open.push(element.name);
            }
            Token::Text(piece) => text(out, &piece),
            Token::Close => {
                let name = open.pop().unwrap_or_default();
                out.push_str("</");
                out.push_str(name);
                out.push('>');
            }
        }
        next = if open.is_empty() {
            None
        } else {
            walker.token()?
        };
    }
    Ok(())
}

fn attribute(out: &mut String, name: &str, value: &str) {
    out.push(' ');
    out.push_str(name);
    out.push_str("='");
    text(out, value);
    out.push('\'');
}

/// Text, or an attribute's value: what would end either, and white space that
/// a reader would change, as references.
fn text(out: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\'' => out.push_str("&apos;"),
            '"' => out.push_str("&quot;"),
            '\t' => out.push_str("&#x9;"),
            '\n' => out.push_str("&#xa;"),
            '\r' => out.push_str("&#xd;"),
            other => out.push(other),
        }
    }
}
