//! Spaces behind a batch, so that Prosody reads it at once.
//!
//! A parser (expat since 2.6) that has been given a part of a tag does not try again before
//! it has been given as much again. If Prosody's reading cuts a long tag near its end, the
//! rest of it and everything behind it wait for the next stanza that gavel sends. Spaces
//! between stanzas mean nothing (RFC 6120 §4.6.1).

/// A shorter tag in a shorter batch is hardly ever cut.
const SHORT: usize = 512;
const SMALL: usize = 2 * 1024;

/// Appends as many spaces to a batch of stanzas as its longest tag is long, if that may be
/// cut.
pub fn pad(batch: &mut Vec<u8>) {
    let longest = longest_tag(batch);
    if longest > SHORT || batch.len() > SMALL {
        batch.resize(batch.len() + longest, b' ');
    }
}

/// At least as much as the longest tag: `<` stands in no attribute and no text.
fn longest_tag(xml: &[u8]) -> usize {
    let mut start = 0;
    let mut longest = 0;
    for next in memchr::memchr_iter(b'<', xml).chain([xml.len()]) {
        longest = longest.max(next - start);
        start = next;
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_tags_and_large_batches_are_followed_by_as_many_spaces() {
        let long = format!("<iq id='{}'/>", "x".repeat(1_000));
        let many = "<a><b/></a>".repeat(300);
        for (batch, spaces) in [("<a/>", 0), ("", 0), (&long, long.len()), (&many, 4)] {
            let mut padded = batch.as_bytes().to_vec();
            pad(&mut padded);
            let expected = format!("{batch}{}", " ".repeat(spaces));
            assert!(padded == expected.as_bytes(), "{} bytes", batch.len());
        }
    }
}
