//! One stanza's bytes → [`Inbound`].

pub(super) mod evidence;

use super::error::DecodeError;
use super::head::{Head, MAX_NAME, read_error, undefined};
use super::node::{Child, Loss, Node};
use super::{iq, muc_user, ns, sieve};
use crate::stanza::{
    DisplayName, Inbound, LeftOut, Message, MessageKind, MucUser, Presence, PresenceKind,
    StanzaError, Unread,
};
use bytes::Bytes;
use evidence::EvidenceReader;

type Result<T> = std::result::Result<T, DecodeError>;

/// Longest payload that is kept to be sent back, in bytes. Written again, each
/// byte becomes up to six, and Prosody takes 512 KiB at once from a component.
const MAX_RAW: usize = 64 * 1024;
/// Longest child of a payload that is too long which is kept, in bytes.
const MAX_KEPT: usize = 16 * 1024;

/// Reads stanzas.
#[derive(Debug, Clone, Default)]
pub struct Decoder {
    /// Local names of presence children that hold a token.
    token_elements: Vec<String>,
}

impl Decoder {
    /// A decoder that takes presence children with these local names, in any
    /// namespace, for tokens (`claims.jwt.elements`).
    pub fn new(token_elements: Vec<String>) -> Self {
        Self { token_elements }
    }

    /// Reads one stanza. `bytes` are its own, as [`super::Framer`] cuts them; a presence
    /// keeps them if they are not too many.
    ///
    /// Everything in a stanza that gavel does not use is passed over unread, and the rest
    /// is read part by part: a fault in one part costs only that part (SPEC B20).
    ///
    /// # Errors
    ///
    /// Fails if it is no stanza, or lacks something gavel needs: an address, a type. See
    /// [`unread`](Self::unread).
    pub fn decode(&self, bytes: Bytes) -> Result<Inbound> {
        let root = Node::root(&bytes).ok_or(DecodeError::NoElement)?;
        if root.ns().as_deref() != Some(ns::COMPONENT) {
            return Err(DecodeError::NotAStanza(root.shortened()));
        }
        let mut loss = Loss::default();
        let head = Head::of(&root, &mut loss);
        if loss.lost {
            return Err(DecodeError::Type);
        }
        match root.local {
            "presence" => self
                .presence(&root, head, &bytes)
                .map(|presence| Inbound::Presence(Box::new(presence))),
            "message" => message(&root, head).map(|m| Inbound::Message(Box::new(m))),
            "iq" => iq::read(&root, head).map(|iq| Inbound::Iq(Box::new(iq))),
            _ => Err(DecodeError::NotAStanza(root.shortened())),
        }
    }

    /// Sender and id of a stanza that [`decode`](Self::decode) refused, as far as they can be
    /// told.
    pub fn unread(&self, bytes: &[u8], error: &DecodeError) -> Unread {
        let why = error.to_string();
        let root = Node::root(bytes);
        let head = root.map(|root| Head::of(&root, &mut Loss::default()));
        Unread {
            from: head.as_ref().and_then(|head| head.from.clone()),
            id: head.and_then(|head| head.id),
            why,
        }
    }

    fn presence(&self, root: &Node<'_, '_>, mut head: Head, bytes: &Bytes) -> Result<Presence> {
        let from = head.sender("presence")?;
        let mut left_out = LeftOut::default();
        let mut evidence = EvidenceReader::new(&self.token_elements);
        let mut room = Room::default();
        let mut display_name = DisplayName::Absent;
        let mut machine = false;
        let mut module = None;
        for child in root.children() {
            let child = match child {
                Child::Element(child) => child,
                Child::Unreadable(sieve::LEFT_OUT) => {
                    left_out.other = true;
                    continue;
                }
                Child::Unreadable(_) => {
                    // It could have been anything.
                    evidence.lose();
                    left_out.name = true;
                    continue;
                }
            };
            match child.local {
                "x" | "error" => room.take(&child),
                "nick" => left_out.name |= add_name(&mut display_name, &child),
                "features" => machine |= evidence::declares_machine(&child),
                "module" if child.is_in(ns::MODULE) => {
                    module = Some(iq::module(&child, &mut Loss::default()));
                }
                _ => evidence.take(&child),
            }
        }
        let evidence = evidence.finish();
        left_out.evidence = evidence.left_out.is_some();
        left_out.room = room.loss.lost;
        let (raw, whole) = payload(root, bytes);
        Ok(Presence {
            from,
            to: head.to.unwrap_or_default(),
            id: head.id,
            kind: match head.kind.as_deref() {
                None => PresenceKind::Available,
                Some("unavailable") => PresenceKind::Unavailable,
                Some("error") => PresenceKind::Error(room.error.unwrap_or_else(undefined)),
                Some(_) => PresenceKind::Other,
            },
            muc_user: room.user,
            display_name,
            evidence,
            machine,
            module,
            raw,
            whole: whole && !left_out.other,
            left_out,
        })
    }
}

/// A room's words in a presence or message.
#[derive(Default)]
struct Room {
    user: Option<MucUser>,
    error: Option<StanzaError>,
    loss: Loss,
}

impl Room {
    /// Takes a child named `x` or `error` into account.
    fn take(&mut self, child: &Node<'_, '_>) {
        match (child.local, child.ns().as_deref()) {
            ("x", Some(ns::MUC_USER)) => {
                // The room's own stands last (see `muc_user`): losses before it do not
                // matter.
                self.loss = Loss::default();
                self.user = Some(muc_user::read(child, &mut self.loss));
            }
            ("error", Some(ns::COMPONENT)) => {
                self.error = Some(read_error(child, &mut self.loss));
            }
            (_, Some(_)) => {}
            (_, None) => self.loss.lost = true,
        }
    }
}

fn message(root: &Node<'_, '_>, mut head: Head) -> Result<Message> {
    let from = head.sender("message")?;
    let mut room = Room::default();
    let mut left_out = LeftOut::default();
    for child in root.children() {
        match child {
            Child::Element(child) if matches!(child.local, "x" | "error") => room.take(&child),
            Child::Element(_) => {}
            Child::Unreadable(_) => left_out.other = true,
        }
    }
    left_out.room = room.loss.lost;
    let kind = match head.kind.as_deref() {
        None | Some("normal") => MessageKind::Normal,
        Some("groupchat") => MessageKind::Groupchat,
        Some("error") => MessageKind::Error(room.error.unwrap_or_else(undefined)),
        Some(_) => MessageKind::Other,
    };
    Ok(Message {
        from,
        to: head.to.unwrap_or_default(),
        id: head.id,
        kind,
        muc_user: room.user,
        left_out,
    })
}

/// Takes one more child named `nick` into account. Answers whether a part of it
/// was left out.
fn add_name(name: &mut DisplayName, child: &Node<'_, '_>) -> bool {
    let mut loss = Loss::default();
    let mut read = child.text(&mut loss);
    if read.text.len() > MAX_NAME {
        let mut ends = (0..=MAX_NAME).rev();
        let end = ends.find(|&end| read.text.is_char_boundary(end));
        read.text.truncate(end.unwrap_or_default());
        loss.lost = true;
    }
    let whole = !read.mixed && !loss.lost;
    let regular = whole && *name == DisplayName::Absent && child.is_in(ns::NICK);
    *name = match regular {
        true => DisplayName::Plain(read.text.into()),
        false => DisplayName::Irregular(read.text.into()),
    };
    loss.lost
}

/// The bytes of `root` that are kept to be sent back, and whether they are all.
fn payload(root: &Node<'_, '_>, bytes: &Bytes) -> (Bytes, bool) {
    if bytes.len() <= MAX_RAW {
        return (bytes.clone(), true);
    }
    let mut kept = Vec::with_capacity(MAX_RAW);
    match root.tag.len() <= MAX_KEPT {
        true => kept.extend_from_slice(root.tag),
        false => kept.extend_from_slice(format!("<{}>", root.name).as_bytes()),
    }
    let end = format!("</{}>", root.name);
    for child in root.children() {
        let (Child::Element(Node { bytes, .. }) | Child::Unreadable(bytes)) = child;
        if bytes.len() <= MAX_KEPT && kept.len() + bytes.len() + end.len() <= MAX_RAW {
            kept.extend_from_slice(bytes);
        }
    }
    kept.extend_from_slice(end.as_bytes());
    (kept.into(), false)
}
