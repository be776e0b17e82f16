//! Stream errors (RFC 6120 §4.9).

use super::error::DecodeError;
use super::ns;
use super::xml::Walker;
use std::fmt;

/// Why the server ends the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamError {
    /// The condition, e.g. `conflict`; `undefined-condition` if there is none.
    pub condition: String,
    /// The server's words, if any.
    pub text: Option<String>,
}

impl StreamError {
    /// Reads a [`super::Frame::StreamError`].
    ///
    /// # Errors
    ///
    /// Fails if it is not well-formed.
    pub fn parse(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut walker = Walker::new(bytes)?;
        let root = walker.root()?;
        let mut condition = None;
        let mut text = None;
        while let Some(child) = walker.child(root.level)? {
            if child.ns != ns::STREAM_CONDITIONS {
                continue;
            }
            if child.local == "text" {
                text = Some(walker.text(child.level)?.text);
            } else if condition.is_none() {
                condition = Some(child.local.to_owned());
            }
        }
        walker.finish()?;
        Ok(Self {
            condition: condition.unwrap_or_else(|| "undefined-condition".to_owned()),
            text,
        })
    }
}

impl fmt::Display for StreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.condition)?;
        match &self.text {
            Some(text) => write!(f, " ({text})"),
            None => Ok(()),
        }
    }
}
