//! Server-sent events (HTML standard, section 9.2.6), as the daemon sends them.

use super::ClientError;
use http_body_util::BodyExt;
use hyper::Response;
use hyper::body::Incoming;
use std::collections::VecDeque;
use std::path::PathBuf;
use std::time::Duration;
use tokio::time::timeout;

/// The longest event that is read, in bytes.
const LONGEST: usize = 1 << 20;
/// The daemon gives a sign of life every 15 s; after this it is taken for stuck.
const SILENCE: Duration = Duration::from_secs(45);

/// One event as it came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Item {
    /// Its id, if it has one.
    pub id: Option<u64>,
    /// Its type; empty is the usual one.
    pub event: String,
    /// Its data, lines joined by newlines.
    pub data: String,
}

/// A stream of events.
#[derive(Debug)]
pub struct EventStream {
    socket: PathBuf,
    path: String,
    body: Incoming,
    reader: Reader,
}

impl EventStream {
    pub(super) fn new(socket: PathBuf, path: String, response: Response<Incoming>) -> Self {
        Self {
            socket,
            path,
            body: response.into_body(),
            reader: Reader::default(),
        }
    }

    /// The next event; `None` if the daemon has ended the stream. Comments, its signs of
    /// life, are skipped; [`ClientError::Silent`] if there is none for [`SILENCE`]. Can be
    /// dropped while it waits and called again: nothing is lost.
    ///
    /// # Errors
    /// [`ClientError::Broken`], [`ClientError::Silent`], and
    /// [`ClientError::Strange`] for events without end.
    pub async fn next(&mut self) -> Result<Option<Item>, ClientError> {
        loop {
            if let Some(item) = self.reader.ready.pop_front() {
                return Ok(Some(item));
            }
            let frame = match timeout(SILENCE, self.body.frame()).await {
                Err(_) => return Err(self.silent()),
                Ok(None) => return Ok(None),
                Ok(Some(frame)) => frame.map_err(|error| self.broken(&error.to_string()))?,
            };
            let data = frame.into_data().unwrap_or_default();
            if self.reader.feed(&data).is_err() {
                return Err(self.strange(&format!("an event is longer than {LONGEST} bytes")));
            }
        }
    }

    fn silent(&self) -> ClientError {
        ClientError::Silent {
            socket: self.socket.clone(),
            after: SILENCE,
        }
    }

    /// The error of a connection that broke, with the way it broke.
    pub fn broken(&self, what: &str) -> ClientError {
        ClientError::Broken {
            socket: self.socket.clone(),
            path: self.path.clone(),
            what: what.to_owned(),
        }
    }

    /// The error of a stream with something that cannot be read.
    pub fn strange(&self, what: &str) -> ClientError {
        ClientError::Strange {
            path: self.path.clone(),
            what: what.to_owned(),
        }
    }
}

/// Bytes to events.
#[derive(Debug, Default)]
struct Reader {
    line: Vec<u8>,
    item: Item,
    any: bool,
    ready: VecDeque<Item>,
}

/// An event that is too long to be one of the daemon's.
#[derive(Debug, PartialEq, Eq)]
struct TooLong;

impl Reader {
    /// Reads `bytes`, which may begin and end anywhere. Lines end in `\n` or
    /// `\r\n`; the daemon writes no lone `\r`.
    fn feed(&mut self, bytes: &[u8]) -> Result<(), TooLong> {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(piece);
            if self.line.len() + self.item.data.len() > LONGEST {
                return Err(TooLong);
            }
            if self.line.last() == Some(&b'\n') {
                let line = std::mem::take(&mut self.line);
                let line = String::from_utf8_lossy(&line);
                self.read(line.trim_end_matches(['\n', '\r']));
            }
        }
        Ok(())
    }

    /// Reads one line.
    fn read(&mut self, line: &str) {
        if line.is_empty() {
            let item = std::mem::take(&mut self.item);
            if std::mem::take(&mut self.any) {
                self.ready.push_back(item);
            }
            return;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" if self.any => {
                self.item.data.push('\n');
                self.item.data.push_str(value);
            }
            "data" => {
                self.item.data.push_str(value);
                self.any = true;
            }
            "id" => self.item.id = value.parse().ok(),
            "event" => self.item.event = value.to_owned(),
            // Comments, and lines that no daemon of ours writes.
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(pieces: &[&str]) -> Vec<Item> {
        let mut reader = Reader::default();
        for piece in pieces {
            reader.feed(piece.as_bytes()).unwrap();
        }
        reader.ready.into()
    }

    fn item(id: Option<u64>, event: &str, data: &str) -> Item {
        Item {
            id,
            event: event.to_owned(),
            data: data.to_owned(),
        }
    }

    #[test]
    fn events_are_read_however_they_are_cut() {
        let text = ": hello\n\nid: 7\nevent: gap\ndata: a\r\ndata:  b\n\nid:8\ndata\n\nretry: 3\n\ndata: cut";
        let expected = [item(Some(7), "gap", "a\n b"), item(Some(8), "", "")];
        assert_eq!(read(&[text]), expected);
        for at in 0..text.len() {
            assert_eq!(read(&[&text[..at], &text[at..]]), expected, "{at}");
        }
    }

    #[test]
    fn an_event_without_end_is_refused() {
        let mut reader = Reader::default();
        let line = "data: 0123456789\n".repeat(LONGEST / 8);
        assert_eq!(reader.feed(line.as_bytes()), Err(TooLong));
        let mut reader = Reader::default();
        assert_eq!(reader.feed(&vec![b'x'; LONGEST + 1]), Err(TooLong));
    }
}
