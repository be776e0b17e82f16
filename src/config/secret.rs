//! A value that is never shown.

use serde::{Serialize, Serializer};
use std::fmt;
use std::path::{Path, PathBuf};

/// The text that is printed in place of a secret.
pub const REDACTED: &str = "***";

/// A secret: `Debug`, `Display` and `Serialize` show `***` (B14), so that it
/// cannot get into a log, an error or an answer by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret<T = String> {
    value: T,
    file: Option<PathBuf>,
}

impl<T> Secret<T> {
    /// A secret written out in the configuration or the environment.
    pub fn new(value: T) -> Self {
        Self { value, file: None }
    }

    /// A secret read from `file`.
    pub fn from_file(value: T, file: PathBuf) -> Self {
        Self {
            value,
            file: Some(file),
        }
    }

    /// The secret itself; nothing made of it may be shown either.
    pub fn expose(&self) -> &T {
        &self.value
    }

    /// The file it was read from, if it was.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// The same secret in another form.
    pub fn map<U>(self, make: impl FnOnce(T) -> U) -> Secret<U> {
        Secret {
            value: make(self.value),
            file: self.file,
        }
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl<T> fmt::Display for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl<T> Serialize for Secret<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(REDACTED)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn b14_a_secret_shows_itself_only_when_asked() {
        let secret = Secret::from_file("hush".to_owned(), "/run/secrets/x".into());
        assert_eq!(format!("{secret}"), "***");
        assert_eq!(format!("{secret:?}"), "***");
        assert_eq!(format!("{secret:#?}"), "***");
        assert_eq!(serde_json::to_string(&secret).unwrap(), "\"***\"");
        assert_eq!(secret.expose(), "hush");
        assert_eq!(secret.file(), Some(Path::new("/run/secrets/x")));
        assert_eq!(secret.map(String::into_bytes).expose(), b"hush");
    }
}
