//! Bytes ↔ [`crate::stanza`] values. Pure and total: any bytes give a value or a typed
//! error, never a panic, and no code here recurses over its input.
//!
//! - [`Framer`]: bytes in any chunks → one [`Frame`] per stanza.
//! - [`Decoder`]: one frame → one [`Inbound`](crate::stanza::Inbound).
//! - [`Encoder`]: one [`Outbound`](crate::stanza::Outbound) → bytes.
//!
//! # Why not the stream of tokio-xmpp
//!
//! It opens the stream (see [`crate::shell`]), then hands it over. Beyond that:
//!
//! - Its tokeniser, rxml, reads a stream as one document: an undeclared prefix,
//!   a forbidden character, or a name or attribute of more than 8 KiB ends the
//!   stream for good, and any user of the server can send gavel a stanza with
//!   the latter (SPEC B11). Here each stanza is cut out by counting tags and
//!   then read by itself, so a bad one costs only itself.
//! - It builds a tree of parts that gavel never reads: about 32 µs for a Jitsi presence of
//!   850 bytes on a machine where this module takes about 5; see `benches/decode.rs`.
//!
//! # Strictness
//!
//! RFC 6120 §11 as a receiver: no comments, processing instructions, document types or
//! entities beyond the predefined; UTF-8 only; Namespaces in XML 1.0. They hold for each
//! part that is read by itself: a fault in one costs that one (SPEC B20). The text around
//! it is passed over unread, by counting tags, and held to the same rules only if
//! [`Encoder`] sends it back.
//!
//! # Bounds
//!
//! A stanza of up to [`MAX_STANZA`] is held as it is. A longer one is reduced, while it
//! comes in, to the parts that gavel reads. The stanza names the parts that were left out
//! ([`LeftOut`](crate::stanza::LeftOut)).

mod chars;
mod decode;
mod encode;
mod error;
mod framer;
mod head;
mod iq;
mod lexer;
mod muc_user;
mod node;
pub mod ns;
mod pad;
mod revert;
mod sieve;
mod stream_error;
mod xml;

pub use decode::Decoder;
pub use encode::Encoder;
pub use error::{DecodeError, EncodeError};
pub use framer::{Frame, Framer};
pub use pad::pad;
pub use stream_error::StreamError;

/// Longest stanza that is held whole, in bytes (SPEC B11).
pub const MAX_STANZA: usize = 256 * 1024;
/// Longest answer of a configured service or a room of it, in bytes: a list of
/// 10,000 rooms is about 1 MB, and no user can send in their names.
pub const MAX_LIST: usize = 16 * 1024 * 1024;
/// Longest stanza that is sent, in bytes: Prosody ends a component's stream at one
/// of more than 512 KiB (`component_stanza_size_limit`), and that can be set lower.
pub const MAX_SENT: usize = 256 * 1024;
/// Deepest nesting that is sent back (SPEC B8).
pub const MAX_DEPTH: usize = 64;
/// Most attributes of one element that is sent back; they are compared with each other, so
/// without a bound one stanza could cost seconds.
pub const MAX_ATTRIBUTES: usize = 128;
