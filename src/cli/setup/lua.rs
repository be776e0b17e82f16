//! Edits to Prosody's configuration, which is Lua: gavel's name goes into
//! `modules_enabled` of a MUC component, and comes out again.
//!
//! This reads no Lua. It looks for the lines that people and Jitsi's packages write, and
//! says so if it finds something else.

use std::ops::Range;

/// The text that is put right after the brace of `modules_enabled = {`.
const INSERTED: &str = " \"gavel\"; --[[ gavel setup ]]";
/// The line that is put into a component without `modules_enabled`.
const LINE: &str = "    modules_enabled = { \"gavel\" } -- gavel setup\n";

/// The result of [`enable`].
#[derive(Debug, PartialEq, Eq)]
pub enum Enabled {
    /// The text has no such component.
    Absent,
    /// The module is enabled there already.
    Already,
    /// The text with the module enabled.
    Changed(String),
    /// `modules_enabled` is written in a way that this does not know.
    Unknown,
}

/// Enables the module on the component `service`.
pub fn enable(text: &str, service: &str) -> Enabled {
    let Some(block) = component(text, service) else {
        return Enabled::Absent;
    };
    let body = &text[block.clone()];
    let code = without_comments(body);
    let Some(at) = code.find("modules_enabled") else {
        let end_of_line = body.find('\n').map_or(body.len(), |at| at + 1);
        let at = block.start + end_of_line;
        let newline = if text[..at].ends_with('\n') { "" } else { "\n" };
        return Enabled::Changed(format!("{}{newline}{LINE}{}", &text[..at], &text[at..]));
    };
    let rest = &code[at + "modules_enabled".len()..];
    let Some(brace) = opening(rest) else {
        return Enabled::Unknown;
    };
    let list = &rest[brace..rest.find('}').unwrap_or(rest.len())];
    if list.contains("\"gavel\"") || list.contains("'gavel'") {
        return Enabled::Already;
    }
    let at = block.start + at + "modules_enabled".len() + brace;
    Enabled::Changed(format!("{}{INSERTED}{}", &text[..at], &text[at..]))
}

/// Takes out the insertions of [`enable`]; `None` if there are none.
pub fn disable(text: &str) -> Option<String> {
    let without = text.replace(INSERTED, "").replace(LINE, "");
    (without != text).then_some(without)
}

/// If `rest`, which follows `modules_enabled`, opens a list: the place behind the brace of
/// `= {`.
fn opening(rest: &str) -> Option<usize> {
    let after = rest.trim_start().strip_prefix('=')?.trim_start();
    let inner = after.strip_prefix('{')?;
    Some(rest.len() - inner.len())
}

/// The bytes of the section `Component "service"`, its first line included.
fn component(text: &str, service: &str) -> Option<Range<usize>> {
    let mut start = None;
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let words = line.trim_start();
        let opens = ["Component", "VirtualHost"].iter().find_map(|word| {
            let rest = words.strip_prefix(word)?;
            rest.starts_with([' ', '\t', '(', '"', '\''])
                .then_some((*word, rest))
        });
        match (start, opens) {
            (Some(start), Some(_)) => return Some(start..offset),
            (None, Some(("Component", rest))) if names(rest, service) => start = Some(offset),
            _ => {}
        }
        offset += line.len();
    }
    start.map(|start| start..text.len())
}

/// Says whether `rest`, which follows `Component`, names `service`.
fn names(rest: &str, service: &str) -> bool {
    let rest = rest.trim_start().trim_start_matches('(').trim_start();
    let named = ['"', '\''].iter().find_map(|quote| {
        let inner = rest.strip_prefix(*quote)?;
        inner.split(*quote).next()
    });
    named == Some(service)
}

/// The same text with comments blanked out, so that places stay the same.
fn without_comments(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("--") {
        code.push_str(&rest[..at]);
        let comment = &rest[at..];
        let end = match comment.strip_prefix("--[[") {
            Some(long) => long.find("]]").map_or(comment.len(), |end| end + 6),
            None => comment.find('\n').unwrap_or(comment.len()),
        };
        code.extend(comment[..end].bytes().map(|byte| match byte {
            b'\n' => '\n',
            _ => ' ',
        }));
        rest = &comment[end..];
    }
    code + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    const JITSI: &str = "VirtualHost \"meet.example\"\n    modules_enabled = { \"a\" }\n\
        Component \"conference.meet.example\" \"muc\"\n    -- modules_enabled = { \"old\" }\n    \
        modules_enabled = {\n        \"muc_hide_all\";\n    }\n    admins = { }\n\n\
        Component \"internal.meet.example\" \"muc\"\n    storage = \"memory\"\n";

    fn changed(text: &str, service: &str) -> String {
        match enable(text, service) {
            Enabled::Changed(text) => text,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_list_of_modules_gets_one_more_and_loses_it_again() {
        let on = changed(JITSI, "conference.meet.example");
        let expected = "    modules_enabled = { \"gavel\"; --[[ gavel setup ]]\n        \"muc_hide";
        assert!(on.contains(expected), "{on}");
        assert_eq!(on.matches("gavel").count(), 2);
        assert_eq!(enable(&on, "conference.meet.example"), Enabled::Already);
        assert_eq!(disable(&on).as_deref(), Some(JITSI));
        assert_eq!(disable(JITSI), None);
    }

    #[test]
    fn a_component_without_modules_gets_the_line() {
        let on = changed(JITSI, "internal.meet.example");
        assert!(
            on.contains("\"muc\"\n    modules_enabled = { \"gavel\" } -- gavel setup\n    storage")
        );
        assert_eq!(enable(&on, "internal.meet.example"), Enabled::Already);
        assert_eq!(disable(&on).as_deref(), Some(JITSI));
        let last = changed("Component 'rooms.example' 'muc'", "rooms.example");
        assert_eq!(last, format!("Component 'rooms.example' 'muc'\n{LINE}"));
    }

    #[test]
    fn lua_of_another_shape_is_left_alone() {
        assert_eq!(enable(JITSI, "breakout.meet.example"), Enabled::Absent);
        // Not the virtual host of that name, and not a comment.
        assert_eq!(enable(JITSI, "meet.example"), Enabled::Absent);
        let commented = "-- Component \"rooms.example\" \"muc\"\n";
        assert_eq!(enable(commented, "rooms.example"), Enabled::Absent);
        let variable = "Component \"rooms.example\" \"muc\"\n  modules_enabled = common\n";
        assert_eq!(enable(variable, "rooms.example"), Enabled::Unknown);
        let by_hand = "Component (\"rooms.example\") \"muc\"\nmodules_enabled = {'x', 'gavel'}\n";
        assert_eq!(enable(by_hand, "rooms.example"), Enabled::Already);
    }

    #[test]
    fn one_line_is_enough() {
        let text = "Component \"rooms.example\" \"muc\"\n  modules_enabled = { \"x\" }\n";
        let on = changed(text, "rooms.example");
        assert!(
            on.contains("= { \"gavel\"; --[[ gavel setup ]] \"x\" }"),
            "{on}"
        );
        assert_eq!(disable(&on).as_deref(), Some(text));
    }
}
