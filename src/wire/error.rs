//! Why a stanza could not be read or written.

use super::{MAX_ATTRIBUTES, MAX_DEPTH};

/// Why a stanza, or a part of a presence to send back, cannot be read. It names the place and
/// none of the content: only element and attribute names of the stanza appear here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Bytes that are no UTF-8 (RFC 6120 §11.6).
    #[error("not UTF-8 at byte {0}")]
    Utf8(usize),
    /// A character that XML 1.0 §2.2 forbids, literally or as a reference.
    #[error("a character that XML forbids")]
    Character,
    /// A reference to an entity that is not predefined (RFC 6120 §11.1).
    #[error("an entity that is not predefined")]
    Entity,
    /// Not well-formed in another way.
    #[error("not well-formed at byte {at}: {what}")]
    Malformed {
        /// The fault.
        what: &'static str,
        /// Offset in the stanza, in bytes.
        at: usize,
    },
    /// A comment, processing instruction, XML declaration or document type
    /// (RFC 6120 §11.1).
    #[error("a comment, processing instruction or document type")]
    Restricted,
    /// A prefix without declaration in `element`.
    #[error("an undeclared namespace prefix at <{0}>")]
    Prefix(String),
    /// The same attribute twice in `element`.
    #[error("a duplicate attribute in <{0}>")]
    DuplicateAttribute(String),
    /// More than [`MAX_ATTRIBUTES`] in `element`.
    #[error("more than {MAX_ATTRIBUTES} attributes in <{0}>")]
    Attributes(String),
    /// Deeper than [`MAX_DEPTH`].
    #[error("nested deeper than {MAX_DEPTH} levels")]
    Depth,
    /// Bytes that are not one element.
    #[error("not one element")]
    NoElement,
    /// A `type` that cannot be read: it decides the meaning of all the rest.
    #[error("a 'type' that cannot be read")]
    Type,
    /// Neither presence, message nor iq.
    #[error("<{0}> is no stanza")]
    NotAStanza(String),
    /// An attribute that gavel cannot do without.
    #[error("<{element}> without '{attribute}'")]
    Missing {
        /// The stanza.
        element: &'static str,
        /// The attribute.
        attribute: &'static str,
    },
    /// An IQ that is neither get, set, result nor error (RFC 6120 §8.2.3).
    #[error("<iq> of unknown type")]
    IqType,
}

/// Why a stanza is not sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// A text has a character that XML 1.0 §2.2 forbids. Written, it would end
    /// the stream.
    #[error("the stanza would contain U+{0:04X}, which XML forbids; it is not sent")]
    Character(u32),
    /// The presence to send back cannot be read.
    #[error("the presence to send back cannot be read: {0}")]
    Presence(#[from] DecodeError),
}

/// Longest part of an element's name that errors repeat, in characters.
const NAME_IN_ERRORS: usize = 40;

/// `name`, cut to a length that suits an error message.
pub(super) fn shortened(name: &str) -> String {
    name.chars().take(NAME_IN_ERRORS).collect()
}
