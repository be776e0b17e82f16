//! An occupant's own presence, to be sent back in its name (SPEC B8).
//!
//! The payload is read token by token and written again with the names and prefixes it came
//! with. Every element keeps its own namespace declarations, the stanza's are repeated on
//! the new stanza, and both streams have the same default namespace; so each name means
//! what it meant.

use super::chars::is_name;
use super::error::DecodeError;
use super::node::{Child, Node};
use super::ns;
use super::xml::{Element, Token, Walker};

/// Attributes of the new stanza.
pub(super) struct Head<'a> {
    pub(super) from: &'a str,
    pub(super) to: &'a str,
    pub(super) id: &'a str,
}

/// Writes `presence` back; with `name` all its children named `nick` give way
/// to one. Children that are not well-formed are left out.
pub(super) fn write(
    head: &Head<'_>,
    name: Option<&str>,
    presence: &[u8],
) -> Result<String, DecodeError> {
    let root = Node::root(presence).ok_or(DecodeError::NoElement)?;
    if !root.is("presence", ns::COMPONENT) {
        return Err(DecodeError::NotAStanza(root.shortened()));
    }
    let mut out = String::with_capacity(presence.len() + 256);
    out.push('<');
    out.push_str(root.name);
    attribute(&mut out, "from", head.from);
    attribute(&mut out, "to", head.to);
    attribute(&mut out, "id", head.id);
    keep_attributes(&mut out, &root);
    out.push('>');
    for child in root.children() {
        let Child::Element(child) = child else {
            continue;
        };
        let length = out.len();
        if let Err(_not_well_formed) = keep(&mut out, &root, child.bytes, name.is_some()) {
            out.truncate(length);
        }
    }
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

/// Most attributes of the stanza itself that are kept.
const MAX_ATTRIBUTES: usize = 64;

/// Namespace declarations are kept like any other attribute.
fn keep_attributes(out: &mut String, root: &Node<'_, '_>) {
    let mut kept = vec!["from", "to", "id", "type"];
    for (name, value) in root.attributes() {
        let (prefix, local) = name.split_once(':').unwrap_or(("", name));
        // A prefix that is declared elsewhere than here would mean nothing.
        let declared = || root.declarations().any(|(known, _)| known == prefix);
        let meant = match prefix {
            "" | "xml" => true,
            "xmlns" => local != "xml" && local != "xmlns" && !value.is_empty(),
            _ => declared(),
        };
        let named = is_name(local) && (prefix.is_empty() || is_name(prefix));
        // Two prefixes could make the same name (Namespaces in XML 1.0 §6.3).
        let key = if prefix == "xmlns" { name } else { local };
        if meant && named && !kept.contains(&key) && kept.len() < MAX_ATTRIBUTES {
            attribute(out, name, &value);
            kept.push(key);
        }
    }
}

/// Copies the child `bytes`, unless it is not to be sent back.
fn keep<'a>(
    out: &mut String,
    root: &Node<'_, 'a>,
    bytes: &'a [u8],
    renamed: bool,
) -> Result<(), DecodeError> {
    let mut walker = Walker::within(root, bytes)?;
    let child = walker.root()?;
    let replaced = renamed && child.local == "nick";
    if !replaced && !is_withheld(&child) {
        copy(out, &mut walker, child)?;
    }
    walker.finish()
}

/// Children that are never sent back: those that the room or a module has written, and
/// those that would make the presence a join.
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

/// Copies `first`, whose start tag has been read, with its whole content.
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

/// Text, or an attribute's value: characters that would end either, and white space that a
/// reader would change, become references.
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
