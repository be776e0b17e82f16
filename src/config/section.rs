//! Reads a section key by key: each value as the kind its key takes, each fault noted
//! rather than returned, so that one look finds everything.

use super::choices::Choice;
use super::duration;
use super::keys::{self, RULE_PERMISSIONS};
use super::notes::{Given, Notes};
use super::problem::{listing, nearest, quoted};
use super::rows::{self, Standard};
use super::tree::{self, Node, Origin, Table, Value};
use std::time::Duration;

/// A section being read.
pub(super) struct Section<'n> {
    pub(super) notes: &'n Notes,
    name: &'static str,
    /// The place of its header; `None` if it has none.
    header: Option<Origin>,
    pub(super) entries: Table,
}

impl<'n> Section<'n> {
    /// The whole tree.
    pub(super) fn root(notes: &'n Notes, entries: Table) -> Self {
        Self {
            notes,
            name: "",
            header: None,
            entries,
        }
    }

    /// The full name of a key of this section.
    pub(super) fn key(&self, key: &str) -> String {
        match self.name {
            "" => key.to_owned(),
            name => format!("{name}.{key}"),
        }
    }

    /// Says whether `key` was given and not yet taken.
    pub(super) fn has(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    /// The place of a key that is not there: its section's, if there is one.
    pub(super) fn absent(&self, key: &str) -> String {
        match &self.header {
            Some(header @ Origin::Line(_)) => self.notes.place(header, &self.key(key)),
            _ => self.notes.absent(&self.key(key)),
        }
    }

    /// Takes the value that `key` was given, with its place.
    fn take(&mut self, key: &str) -> Option<(Node, String)> {
        debug_assert!(self.knows(key), "{} has no row", self.key(key));
        let node = self.entries.remove(key)?;
        let place = self.notes.place(&node.origin, &self.key(key));
        Some((node, place))
    }

    fn knows(&self, key: &str) -> bool {
        let key = self.key(key);
        let within = |known: &str| known.strip_prefix(&key).is_some_and(|r| r.starts_with('.'));
        keys::all().any(|known| known == key || within(known))
    }

    /// The value if `key` is not given, if its row has such a value.
    fn standard(&self, key: &str) -> Option<Value> {
        match rows::row(&self.key(key))?.standard {
            Standard::Value(text) => tree::value(text),
            _ => None,
        }
    }

    /// The standard value of `key`, a time.
    fn standard_duration(&self, key: &str) -> Duration {
        let text = match self.standard(key) {
            Some(Value::Text(text)) => text,
            _ => String::new(),
        };
        duration::parse(&text).unwrap_or_default()
    }

    /// The section `name` (its full name) within this one; empty if it is absent.
    pub(super) fn section(&mut self, name: &'static str) -> Section<'n> {
        self.subsection(name).unwrap_or(Section {
            notes: self.notes,
            name,
            header: None,
            entries: Table::new(),
        })
    }

    /// The section `name` (its full name) within this one, if it is there.
    pub(super) fn subsection(&mut self, name: &'static str) -> Option<Section<'n>> {
        let key = name.rsplit('.').next().unwrap_or(name);
        let (node, _) = self.take(key)?;
        self.as_section(name, node)
    }

    /// The node in the place of the section `name`.
    fn as_section(&self, name: &'static str, node: Node) -> Option<Section<'n>> {
        let place = self.notes.place(&node.origin, name);
        match node.value {
            Value::Table(entries) => Some(Section {
                notes: self.notes,
                name,
                header: Some(node.origin),
                entries,
            }),
            other => {
                let remedy = match name {
                    RULE_PERMISSIONS => {
                        "write permissions = { recording = true } in the rule".to_owned()
                    }
                    _ => format!("write {} and its keys below it", keys::header(name)),
                };
                self.wrong_kind(&other, place, "a section", &remedy);
                None
            }
        }
    }

    /// The sections written `[[name]]`.
    pub(super) fn sections(&mut self, name: &'static str) -> Vec<Section<'n>> {
        let key = name.rsplit('.').next().unwrap_or(name);
        let Some((node, place)) = self.take(key) else {
            return Vec::new();
        };
        let Value::List(items) = node.value else {
            let remedy = format!("write {} and its keys below it", keys::header(name));
            self.wrong_kind(&node.value, place, "a list of sections", &remedy);
            return Vec::new();
        };
        let items = items.into_iter();
        items
            .filter_map(|item| self.as_section(name, item))
            .collect()
    }

    /// A text that is given, or the standard one.
    pub(super) fn text_or_standard(&mut self, key: &str) -> String {
        match (self.text(key), self.standard(key)) {
            (Some(given), _) => given.value,
            (None, Some(Value::Text(text))) => text,
            (None, _) => String::new(),
        }
    }

    /// A text, if one is given.
    pub(super) fn text(&mut self, key: &str) -> Option<Given> {
        let (node, place) = self.take(key)?;
        let Value::Text(value) = node.value else {
            let remedy = format!("write it in quotes: {key} = \"…\"");
            self.wrong_kind(&node.value, place, "a string", &remedy);
            return None;
        };
        Some(Given { value, place })
    }

    /// A text that must be there; `example` is a likely one.
    pub(super) fn required(&mut self, key: &str, example: &str) -> Option<Given> {
        if !self.has(key) {
            let mut remedy = format!(
                "write {key} = {} under {}",
                quoted(example),
                keys::header(self.name),
            );
            match self.name {
                "muc" => remedy += &format!(", or set {}", keys::MUC_VARIABLE),
                keys::RULE => {}
                _ => remedy += &format!(", or set {}", keys::variable(&self.key(key))),
            }
            self.notes.error(self.absent(key), "is required", remedy);
        }
        self.text(key)
    }

    /// `true` or `false`.
    pub(super) fn flag(&mut self, key: &str) -> bool {
        let default = self.standard(key) == Some(Value::Flag(true));
        let Some((node, place)) = self.take(key) else {
            return default;
        };
        match (&node.value, &node.origin) {
            (Value::Flag(flag), _) => *flag,
            (Value::Text(text), Origin::Variable(_)) => text.parse().unwrap_or_else(|_| {
                let problem = format!("{} is neither true nor false", quoted(text));
                self.notes.error(place, problem, "write true or false");
                default
            }),
            (other, _) => {
                let remedy = format!("write {key} = true or {key} = false, without quotes");
                self.wrong_kind(other, place, "true or false", &remedy);
                default
            }
        }
    }

    /// `true` or `false` in the table of a rule, if it is given.
    pub(super) fn yes_or_no(&mut self, key: &str) -> Option<bool> {
        let node = self.entries.remove(key)?;
        if let Value::Flag(flag) = node.value {
            return Some(flag);
        }
        let place = self.notes.place(&node.origin, &self.key(key));
        let remedy = format!("write {key} = true or {key} = false, without quotes");
        self.wrong_kind(&node.value, place, "true or false", &remedy);
        None
    }

    /// The keys that nothing has taken yet.
    pub(super) fn left(&self) -> Vec<String> {
        self.entries.keys().cloned().collect()
    }

    /// A list of texts that is given, or the standard one.
    pub(super) fn list_or_standard(&mut self, key: &str) -> Given<Vec<Given>> {
        let place = self.absent(key);
        let items = match self.standard(key) {
            Some(Value::List(items)) => items,
            _ => Vec::new(),
        };
        self.list(key).unwrap_or_else(|| Given {
            value: items
                .into_iter()
                .filter_map(|item| self.list_item(key, item))
                .collect(),
            place,
        })
    }

    /// A list of texts, if one is given; in the environment they are separated by commas.
    pub(super) fn list(&mut self, key: &str) -> Option<Given<Vec<Given>>> {
        let (node, place) = self.take(key)?;
        let from_environment = matches!(node.origin, Origin::Variable(_));
        let value = match node.value {
            Value::Text(text) if from_environment => split(&text, &place),
            Value::List(items) => items
                .into_iter()
                .filter_map(|item| self.list_item(key, item))
                .collect(),
            other => {
                let remedy = format!("write it in brackets: {key} = [\"…\"]");
                self.wrong_kind(&other, place, "a list", &remedy);
                return None;
            }
        };
        Some(Given { value, place })
    }

    fn list_item(&self, key: &str, item: Node) -> Option<Given> {
        let place = self.notes.place(&item.origin, &self.key(key));
        match item.value {
            Value::Text(value) => Some(Given { value, place }),
            other => {
                let problem = format!("holds {}, not strings", other.kind());
                let remedy = format!("write each in quotes: {key} = [\"…\"]");
                self.notes.error(place, problem, remedy);
                None
            }
        }
    }

    /// A time such as `30s`, at least `least`.
    pub(super) fn duration(&mut self, key: &str, least: Duration) -> Duration {
        let default = self.standard_duration(key);
        let Some((node, place)) = self.take(key) else {
            return default;
        };
        let example = duration::format(default);
        let Value::Text(text) = node.value else {
            let remedy = format!("write it in quotes and with a unit: {key} = \"{example}\"");
            self.wrong_kind(&node.value, place, "a duration", &remedy);
            return default;
        };
        let problem = match duration::parse(&text) {
            Ok(read) if read >= least => return read,
            Ok(_) => format!("{} is too short", quoted(&text)),
            Err(error) => format!("{} is no duration: {error}", quoted(&text)),
        };
        let mut remedy = format!("write a time such as {example}");
        if !least.is_zero() {
            remedy += &format!(", at least {}", duration::format(least));
        }
        self.notes.error(place, problem, remedy);
        default
    }

    /// One of the words of `T`.
    pub(super) fn choice<T: Choice + Default>(&mut self, key: &str) -> T {
        let standard = match self.standard(key) {
            Some(Value::Text(text)) => T::parse(&text).unwrap_or_default(),
            _ => T::default(),
        };
        let given = self.text(key);
        let given = given.and_then(|given| self.spelled(&given));
        given.unwrap_or(standard)
    }

    /// The value of `T` that `given` spells.
    pub(super) fn spelled<T: Choice>(&self, given: &Given) -> Option<T> {
        let text = given.value.as_str();
        let found = T::parse(text);
        if found.is_some() {
            return found;
        }
        let words = || T::WORDS.iter().map(|(word, _)| *word);
        let all = format!("use {}", listing(words(), "or"));
        let meant = nearest(text, words());
        let meant = meant.map(|near| format!("did you mean {}?", quoted(near)));
        let problem = format!("{} is unknown", quoted(text));
        let remedy = meant.unwrap_or(all);
        self.notes.error(&given.place, problem, remedy);
        None
    }

    /// Says whether the environment alone makes this section, and with none of `keys`.
    pub(super) fn is_only_variables_without(&self, keys: &[&str]) -> bool {
        matches!(self.header, Some(Origin::Variable(_))) && !keys.iter().any(|key| self.has(key))
    }

    /// The place of the section's header, as it is or would be.
    pub(super) fn place(&self) -> String {
        match &self.header {
            Some(header) => self.notes.place(header, self.name),
            None => self.notes.absent(self.name),
        }
    }

    /// The place of `key` in the section `name` directly within this one, as it is or would
    /// be.
    pub(super) fn place_below(&self, name: &str, key: &str) -> String {
        let full = self.key(&format!("{name}.{key}"));
        let node = self.entries.get(name);
        let written = node.and_then(|node| match &node.value {
            Value::Table(entries) => entries.get(key),
            _ => None,
        });
        match written {
            Some(node) => self.notes.place(&node.origin, &full),
            None => self.notes.absent(&full),
        }
    }

    /// The place of `key`, as it is or would be.
    pub(super) fn place_of(&self, key: &str) -> String {
        match self.entries.get(key) {
            Some(node) => self.notes.place(&node.origin, &self.key(key)),
            None => self.absent(key),
        }
    }

    /// Ends the section: every key that is left is unknown.
    pub(super) fn finish(self) {
        for (key, node) in &self.entries {
            let shown = shown(key);
            let place = self.notes.place(&node.origin, &self.key(&shown));
            let kind = match node.value {
                Value::Table(_) => "section",
                _ => "key",
            };
            let remedy = keys::instead_of_key(self.name, key);
            self.notes
                .error(place, format!("unknown {kind} {shown}"), remedy);
        }
    }

    fn wrong_kind(&self, value: &Value, place: String, wanted: &str, remedy: &str) {
        let problem = format!("is {}, not {wanted}", value.kind());
        self.notes.error(place, problem, remedy);
    }
}

/// Splits a list as the environment writes it.
pub(super) fn split(text: &str, place: &str) -> Vec<Given> {
    text.split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
        .map(|item| Given {
            value: item.to_owned(),
            place: place.to_owned(),
        })
        .collect()
}

/// A key as it can be shown: quoted if TOML would have to.
pub(super) fn shown(key: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    match !key.is_empty() && key.chars().all(bare) {
        true => key.to_owned(),
        false => quoted(key),
    }
}
