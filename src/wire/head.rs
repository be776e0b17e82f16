//! The attributes that all stanzas have, and errors.

use super::error::DecodeError;
use super::node::{Loss, Node};
use super::ns;
use crate::stanza::StanzaError;

/// Longest display name that is read, in bytes.
pub(super) const MAX_NAME: usize = 4 * 1024;

/// Attributes that all stanzas have.
pub(super) struct Head {
    pub(super) from: Option<String>,
    pub(super) to: Option<String>,
    pub(super) id: Option<String>,
    /// `type`
    pub(super) kind: Option<String>,
}

impl Head {
    /// With a loss if the type is there and cannot be read: it decides the meaning of all
    /// the rest.
    pub(super) fn of(root: &Node<'_, '_>, loss: &mut Loss) -> Self {
        let mut other = Loss::default();
        Self {
            from: root.owned("from", &mut other),
            to: root.owned("to", &mut other),
            id: root.owned("id", &mut other),
            kind: root.owned("type", loss),
        }
    }

    /// The sender, which presence and messages must have.
    pub(super) fn sender(&mut self, element: &'static str) -> Result<String, DecodeError> {
        let attribute = "from";
        let from = self.from.take().filter(|from| !from.is_empty());
        from.ok_or(DecodeError::Missing { element, attribute })
    }
}

/// The `<error/>` (RFC 6120 §8.3.2).
pub(super) fn read_error(node: &Node<'_, '_>, loss: &mut Loss) -> StanzaError {
    let mut error = undefined();
    if let Some(kind) = node.owned("type", loss) {
        error.kind = kind;
    }
    let mut found = false;
    let mut rest = node.content();
    while let Some(child) = node.next(&mut rest, loss) {
        if !child.is_in(ns::STANZA_CONDITIONS) {
            continue;
        }
        if child.local == "text" {
            let text = child.text(&mut Loss::default()).text;
            error.text = Some(text).filter(|text| text.len() <= MAX_NAME);
        } else if !found {
            error.condition = child.local.to_owned();
            found = true;
        }
    }
    error
}

/// The meaning of an error without `<error/>` or condition.
pub(super) fn undefined() -> StanzaError {
    StanzaError {
        kind: "cancel".to_owned(),
        condition: "undefined-condition".to_owned(),
        text: None,
    }
}
