//! How a component's stream begins (XEP-0114 §3): two headers, and a handshake
//! that proves that both sides know the secret.

use super::lexer::{Event, Lexer};
use super::ns;
use super::xml::Walker;
use sha1::{Digest, Sha1};

/// Longest header of a stream, in bytes. Prosody's has about 200.
const MAX_HEADER: usize = 16 * 1024;

/// The header of a server's stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The id that the server gave the stream; empty where it gave none.
    pub id: String,
    /// How many bytes the header takes.
    pub length: usize,
}

/// The header of gavel's own stream.
pub fn greeting(component: &str) -> String {
    format!(
        "<?xml version='1.0'?><stream:stream xmlns='{}' xmlns:stream='{}' to='{component}'>",
        ns::COMPONENT,
        ns::STREAM
    )
}

/// Reads the header that `bytes` begin with; `None` where it has not come whole.
///
/// # Errors
/// Why this is no XMPP, in words that go on after "it sent".
pub fn header(bytes: &[u8]) -> Result<Option<Header>, String> {
    let mut lexer = Lexer::new();
    let (mut read, mut start) = (0, 0);
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    if first.is_some_and(|byte| *byte != b'<') {
        return Err("no XML".to_owned());
    }
    while read < bytes.len() {
        let (length, event) = lexer.next(&bytes[read..]);
        read += length;
        match event {
            // Perhaps that of a comment, or of the declaration `<?xml … ?>`.
            Some(Event::Markup) => start = read - 1,
            Some(Event::Start) => {
                let id = id(&bytes[start..read])?;
                return Ok(Some(Header { id, length: read }));
            }
            Some(Event::Empty | Event::End) => return Err("another document".to_owned()),
            _ => {}
        }
    }
    match bytes.len() > MAX_HEADER {
        true => Err("a header without end".to_owned()),
        false => Ok(None),
    }
}

/// The id in the start tag of a stream.
fn id(tag: &[u8]) -> Result<String, String> {
    // The tag alone is no document, the same without content is one.
    let mut document = tag[..tag.len() - 1].to_vec();
    document.extend_from_slice(b"/>");
    let mut walker = Walker::new(&document).map_err(|error| error.to_string())?;
    let root = walker.root().map_err(|error| error.to_string())?;
    if root.local != "stream" || root.ns != ns::STREAM {
        return Err(format!("<{}>, and no stream", root.name));
    }
    let id = walker.attributes().iter().find(|a| a.name == "id");
    Ok(id.map_or_else(String::new, |id| id.value.to_string()))
}

/// The handshake for a stream with this id (XEP-0114 §3).
pub fn handshake(id: &str, secret: &str) -> String {
    let digest = Sha1::new().chain_update(id).chain_update(secret);
    format!("<handshake>{}</handshake>", hex::encode(digest.finalize()))
}

/// Whether `stanza`, the first one, lets gavel in.
///
/// # Errors
/// What it is instead, in words that go on after "it sent".
pub fn admitted(stanza: &[u8]) -> Result<(), String> {
    let unreadable = |error: super::DecodeError| error.to_string();
    let mut walker = Walker::new(stanza).map_err(unreadable)?;
    let root = walker.root().map_err(unreadable)?;
    if root.local != "handshake" || root.ns != ns::COMPONENT {
        return Err(format!("<{}>, and no handshake", root.name));
    }
    let text = walker.text(root.level).map_err(unreadable)?;
    match text.text.is_empty() && !text.mixed {
        true => Ok(()),
        false => Err("a handshake that is not empty".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const HEADER: &str = "<?xml version='1.0'?><stream:stream xml:lang='en' from='g' \
        xmlns:stream='http://etherx.jabber.org/streams' id='a&amp;b' xmlns='jabber:component:accept'>";

    #[test]
    fn b11_a_header_is_read_however_it_is_cut() {
        for length in 0..HEADER.len() {
            assert_eq!(header(&HEADER.as_bytes()[..length]), Ok(None), "{length}");
        }
        let wanted = Header {
            id: "a&b".to_owned(),
            length: HEADER.len(),
        };
        assert_eq!(header(HEADER.as_bytes()), Ok(Some(wanted.clone())));
        let more = format!("{HEADER}<handshake/>");
        assert_eq!(header(more.as_bytes()), Ok(Some(wanted)));
        let plain = HEADER.replace("<?xml version='1.0'?>", "<!-- > -->\n");
        assert_eq!(header(plain.as_bytes()).unwrap().unwrap().id, "a&b");
        let no_id = HEADER.replace("id='a&amp;b'", "");
        assert_eq!(header(no_id.as_bytes()).unwrap().unwrap().id, "");
    }

    #[test]
    fn b11_what_is_no_stream_is_told() {
        for (bytes, why) in [
            ("HTTP/1.1 400 Bad Request\r\n\r\n", "no XML"),
            ("<html><body>", "<html>, and no stream"),
            ("<a/>", "another document"),
            ("</a>", "another document"),
            ("<stream xmlns='x'>", "<stream>, and no stream"),
        ] {
            assert_eq!(header(bytes.as_bytes()), Err(why.to_owned()));
        }
        let long = format!("<a b='{}", "x".repeat(MAX_HEADER));
        assert!(header(long.as_bytes()).unwrap_err().contains("without end"));
        assert!(header(b"<a b>").is_err());
    }

    #[test]
    fn b11_the_handshake_is_the_digest_of_id_and_secret() {
        // sha1("s1" + "hush")
        let wanted = "<handshake>2f7e199fa2714458aaf2ef16fa004ff4c4a12ded</handshake>";
        assert_eq!(handshake("s1", "hush"), wanted);
        assert_eq!(admitted(b"<handshake/>"), Ok(()));
        assert_eq!(admitted(b"<handshake></handshake>"), Ok(()));
        for (stanza, why) in [
            ("<features/>", "<features>, and no handshake"),
            (wanted, "a handshake that is not empty"),
            (
                "<handshake><a/></handshake>",
                "a handshake that is not empty",
            ),
        ] {
            assert_eq!(admitted(stanza.as_bytes()), Err(why.to_owned()));
        }
    }
}
