//! Names as they are shown.

/// How much of a name an event repeats, in characters: participants choose
/// names, and an event is kept for long.
const SHOWN_CHARS: usize = 200;

/// A name, cut if it is too long.
pub fn short(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
