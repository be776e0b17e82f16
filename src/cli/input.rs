//! Files that a command is given.

use super::Error;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// The most that is read, in bytes: many times the largest sensible token.
const LARGEST: u64 = 1 << 20;

/// The text of the file `path`; `-` is stdin.
///
/// # Errors
/// [`Error::Failed`] naming the file: it cannot be read, is not text, or holds
/// more than a megabyte.
pub fn read_input(path: &Path) -> Result<String, Error> {
    let failed = |why: &dyn std::fmt::Display, remedy: &str| {
        let name = match path == Path::new("-") {
            true => "stdin".to_owned(),
            false => format!("{:?}", path.to_string_lossy()),
        };
        Error::Failed(format!("cannot read {name}: {why}; {remedy}"))
    };
    let bytes =
        bytes(path).map_err(|error| failed(&error, "name a readable file, or - for stdin"))?;
    if bytes.len() as u64 > LARGEST {
        return Err(failed(&"it is larger than a megabyte", "name another file"));
    }
    String::from_utf8(bytes).map_err(|_| failed(&"it is not text", "name a text file in UTF-8"))
}

fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    match path == Path::new("-") {
        true => io::stdin()
            .lock()
            .take(LARGEST + 1)
            .read_to_end(&mut bytes)?,
        false => File::open(path)?
            .take(LARGEST + 1)
            .read_to_end(&mut bytes)?,
    };
    Ok(bytes)
}
