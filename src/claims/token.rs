//! A compact JWT, taken apart and not yet believed (RFC 7515 §7.1).

use super::TokenId;
use super::fault::Fault;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

/// The longest token looked at, in bytes.
pub const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// A token's parts. No `Debug`: with its signature it is a secret.
pub struct Token<'a> {
    /// The header, a JSON object.
    pub header: Map<String, Value>,
    /// The payload, a JSON object.
    pub payload: Map<String, Value>,
    /// `header.payload` as signed.
    pub(super) signed: &'a str,
    /// The signature, base64url.
    pub(super) signature: &'a str,
}

impl<'a> Token<'a> {
    /// Takes a token apart, verifying nothing. White space around it is ignored.
    ///
    /// # Errors
    /// [`Fault`] if it is too large or no JWS with JSON objects as header and payload.
    /// `alg: none` is read like any other.
    pub fn parse(text: &'a str) -> Result<Self, Fault> {
        let text = text.trim();
        if text.len() > MAX_TOKEN_BYTES {
            return Err(Fault::TooLarge {
                bytes: text.len(),
                limit: MAX_TOKEN_BYTES,
            });
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(Fault::NotCompact)?;
        let (header, payload) = signed.split_once('.').ok_or(Fault::NotCompact)?;
        if payload.contains('.') {
            return Err(Fault::NotCompact);
        }
        let header = object(header)?.ok_or(Fault::Header("is not a JSON object"))?;
        if header.contains_key("crit") {
            // Extensions that must be understood (RFC 7515 §4.1.11): we know none.
            return Err(Fault::Header("has extensions (crit)"));
        }
        Ok(Self {
            header,
            payload: object(payload)?.ok_or(Fault::Payload)?,
            signed,
            signature,
        })
    }

    /// `alg` of the header, however little it is worth.
    pub fn algorithm(&self) -> Option<&str> {
        self.header.get("alg").and_then(Value::as_str)
    }

    /// `kid` of the header: a hint at the key.
    pub fn key_id(&self) -> Option<&str> {
        self.header.get("kid").and_then(Value::as_str)
    }

    /// The token's identity.
    pub fn id(&self) -> TokenId {
        TokenId::of(self.signed)
    }
}

/// Decodes one part; `None` if it is not a JSON object.
fn object(part: &str) -> Result<Option<Map<String, Value>>, Fault> {
    let bytes = URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| Fault::NotCompact)?;
    Ok(serde_json::from_slice(&bytes).ok())
}
