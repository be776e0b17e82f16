//! One stanza's bytes → [`Inbound`].

use super::error::{DecodeError, shortened};
use super::xml::{Element, Walker};
use super::{iq, muc_user, ns};
use crate::muc::Affiliation;
use crate::stanza::{
    Bridge, DisplayName, Evidence, Identity, Inbound, LeftOut, Message, MessageKind, Presence,
    PresenceKind, StanzaError, Unread,
};
use bytes::Bytes;

type Result<T> = std::result::Result<T, DecodeError>;

/// Features of recorders, phone gateways and transcribers.
const MACHINES: [&str; 3] = [
    "http://jitsi.org/protocol/jibri",
    "http://jitsi.org/protocol/jigasi",
    "http://jitsi.org/protocol/transcriber",
];

/// Reads stanzas.
#[derive(Debug, Clone, Default)]
pub struct Decoder {
    /// Local names of presence children that hold a token.
    token_elements: Vec<String>,
}

/// Attributes that all stanzas have.
pub(super) struct Head {
    pub(super) from: Option<String>,
    pub(super) to: Option<String>,
    pub(super) id: Option<String>,
    /// `type`
    pub(super) kind: Option<String>,
}

impl Head {
    fn of(walker: &Walker<'_>) -> Self {
        Self {
            from: walker.owned("from"),
            to: walker.owned("to"),
            id: walker.owned("id"),
            kind: walker.owned("type"),
        }
    }

    fn sender(&mut self, element: &'static str) -> Result<String> {
        let attribute = "from";
        let from = self.from.take().filter(|from| !from.is_empty());
        from.ok_or(DecodeError::Missing { element, attribute })
    }
}

/// A child that counts only where there is exactly one: of two, one could be
/// the server's and the other a client's, and nothing tells which.
struct Single<T> {
    seen: bool,
    value: Option<T>,
}

impl<T> Single<T> {
    fn new() -> Self {
        let (seen, value) = (false, None);
        Self { seen, value }
    }

    fn add(&mut self, value: Option<T>) {
        self.value = if self.seen { None } else { value };
        self.seen = true;
    }
}

impl Decoder {
    /// A decoder that takes presence children with these local names, in any
    /// namespace, for tokens (`claims.jwt.elements`).
    pub fn new(token_elements: Vec<String>) -> Self {
        Self { token_elements }
    }

    /// Reads one stanza. `bytes` are its own, as [`super::Framer`] cuts them;
    /// a presence keeps them.
    ///
    /// # Errors
    ///
    /// Where it is not well-formed, no stanza, or lacks what gavel needs.
    pub fn decode(&self, bytes: Bytes) -> Result<Inbound> {
        let mut walker = Walker::new(&bytes)?;
        let root = walker.root()?;
        let head = Head::of(&walker);
        let inbound = match root.local {
            _ if root.ns != ns::COMPONENT => Err(DecodeError::NotAStanza(shortened(root.name))),
            "presence" => {
                let presence = self.presence(&mut walker, head, &bytes)?;
                Ok(Inbound::Presence(Box::new(presence)))
            }
            "message" => message(&mut walker, head).map(|m| Inbound::Message(Box::new(m))),
            "iq" => iq::read(&mut walker, head).map(|iq| Inbound::Iq(Box::new(iq))),
            _ => Err(DecodeError::NotAStanza(shortened(root.name))),
        }?;
        walker.finish()?;
        Ok(inbound)
    }

    /// What can be told of a stanza that [`decode`](Self::decode) refused.
    pub fn unread(&self, bytes: &[u8], error: &DecodeError) -> Unread {
        let why = error.to_string();
        let opened = Walker::new(bytes).and_then(|mut walker| {
            walker.root()?;
            Ok(Head::of(&walker))
        });
        match opened {
            Ok(head) => Unread {
                from: head.from,
                id: head.id,
                why,
            },
            Err(_) => Unread {
                why,
                ..Unread::default()
            },
        }
    }

    fn presence(&self, walker: &mut Walker<'_>, mut head: Head, raw: &Bytes) -> Result<Presence> {
        let mut presence = Presence {
            from: head.sender("presence")?,
            to: head.to.unwrap_or_default(),
            id: head.id,
            kind: PresenceKind::Available,
            muc_user: None,
            display_name: DisplayName::Absent,
            evidence: Evidence::default(),
            machine: false,
            module: None,
            raw: raw.clone(),
            whole: true,
            left_out: LeftOut::default(),
        };
        let mut error = None;
        let mut bridge = Single::new();
        let mut identity = Single::new();
        while let Some(child) = walker.child(1)? {
            match child.local {
                "x" if child.ns == ns::MUC_USER => {
                    // The room's own stands last: see `muc_user`.
                    presence.muc_user = Some(muc_user::read(walker, child.level)?);
                }
                "nick" => add_name(&mut presence.display_name, walker, &child)?,
                "claims" if child.ns == ns::CLAIMS => {
                    bridge.add(Some(read_bridge(walker, child.level)?))
                }
                "identity" if is_plain(&child) => identity.add(read_identity(walker, &child)?),
                "features" if is_plain(&child) => {
                    presence.machine |= declares_machine(walker, child.level)?;
                }
                "module" if child.ns == ns::MODULE => {
                    presence.module = Some(iq::module(walker, child.level)?);
                }
                "error" if child.ns == ns::COMPONENT => {
                    error = Some(read_error(walker, child.level)?);
                }
                local if self.token_elements.iter().any(|name| name == local) => {
                    let token = walker.text(child.level)?.text;
                    presence.evidence.tokens.push(token);
                }
                _ => {}
            }
        }
        presence.evidence.bridge = bridge.value;
        presence.evidence.identity = identity.value;
        presence.kind = match head.kind.as_deref() {
            None => PresenceKind::Available,
            Some("unavailable") => PresenceKind::Unavailable,
            Some("error") => PresenceKind::Error(error.unwrap_or_else(undefined)),
            Some(_) => PresenceKind::Other,
        };
        Ok(presence)
    }
}

fn message(walker: &mut Walker<'_>, mut head: Head) -> Result<Message> {
    let from = head.sender("message")?;
    let mut muc_user = None;
    let mut error = None;
    while let Some(child) = walker.child(1)? {
        if child.is("x", ns::MUC_USER) {
            muc_user = Some(muc_user::read(walker, child.level)?);
        } else if child.is("error", ns::COMPONENT) {
            error = Some(read_error(walker, child.level)?);
        }
    }
    let kind = match head.kind.as_deref() {
        None | Some("normal") => MessageKind::Normal,
        Some("groupchat") => MessageKind::Groupchat,
        Some("error") => MessageKind::Error(error.unwrap_or_else(undefined)),
        Some(_) => MessageKind::Other,
    };
    Ok(Message {
        from,
        to: head.to.unwrap_or_default(),
        id: head.id,
        kind,
        muc_user,
        left_out: LeftOut::default(),
    })
}

/// Whether the `<features/>` at `level` has one by which Jicofo knows recorders
/// and gateways.
fn declares_machine(walker: &mut Walker<'_>, level: usize) -> Result<bool> {
    let mut found = false;
    while let Some(feature) = walker.child(level)? {
        if feature.local == "feature" {
            let var = walker.attribute("var");
            found |= var.is_some_and(|var| MACHINES.contains(&var));
        }
    }
    Ok(found)
}

/// Whether the element is in the namespace that Prosody's modules write in:
/// theirs have none of their own and so inherit the stream's.
fn is_plain(element: &Element<'_>) -> bool {
    element.ns == ns::COMPONENT || element.ns == ns::CLIENT || element.ns.is_empty()
}

/// Takes one more child named `nick` into account.
fn add_name(name: &mut DisplayName, walker: &mut Walker<'_>, child: &Element<'_>) -> Result<()> {
    let read = walker.text(child.level)?;
    let regular = child.ns == ns::NICK && !read.mixed && *name == DisplayName::Absent;
    *name = match regular {
        true => DisplayName::Plain(read.text),
        false => DisplayName::Irregular(read.text),
    };
    Ok(())
}

/// The `<claims/>` at `level`.
pub(super) fn read_bridge(walker: &mut Walker<'_>, level: usize) -> Result<Bridge> {
    Ok(Bridge {
        mac: walker.owned("mac").unwrap_or_default(),
        given: walker.attribute("given").and_then(Affiliation::parse),
        pinned: walker.owned("pinned"),
        unfit: walker.attribute("fault").is_some(),
        json: walker.text(level)?.text,
    })
}

/// `None` where `<user>` or `<group>` are there twice.
fn read_identity(walker: &mut Walker<'_>, identity: &Element<'_>) -> Result<Option<Identity>> {
    let mut user = Single::new();
    let mut group = Single::new();
    while let Some(child) = walker.child(identity.level)? {
        match child.local {
            _ if child.ns != identity.ns => {}
            "user" => user.add(Some(read_user(walker, &child)?)),
            "group" => group.add(Some(walker.text(child.level)?.text)),
            _ => {}
        }
    }
    let ambiguous = (user.seen && user.value.is_none()) || (group.seen && group.value.is_none());
    Ok((!ambiguous).then(|| Identity {
        user: user.value.unwrap_or_default(),
        group: group.value,
    }))
}

fn read_user(walker: &mut Walker<'_>, user: &Element<'_>) -> Result<Vec<(String, String)>> {
    let mut fields = Vec::new();
    while let Some(field) = walker.child(user.level)? {
        let text = walker.text(field.level)?.text;
        fields.push((field.local.to_owned(), text));
    }
    Ok(fields)
}

/// The `<error/>` at `level` (RFC 6120 §8.3.2).
pub(super) fn read_error(walker: &mut Walker<'_>, level: usize) -> Result<StanzaError> {
    let mut error = undefined();
    if let Some(kind) = walker.owned("type") {
        error.kind = kind;
    }
    let mut found = false;
    while let Some(child) = walker.child(level)? {
        if child.ns != ns::STANZA_CONDITIONS {
            continue;
        }
        if child.local == "text" {
            error.text = Some(walker.text(child.level)?.text);
        } else if !found {
            error.condition = child.local.to_owned();
            found = true;
        }
    }
    Ok(error)
}

/// What an error without `<error/>` or condition amounts to.
pub(super) fn undefined() -> StanzaError {
    StanzaError {
        kind: "cancel".to_owned(),
        condition: "undefined-condition".to_owned(),
        text: None,
    }
}
