//! A presence's evidence of its sender's claims. A part that cannot be read takes the rest
//! along: it could have contradicted the rest (SPEC B20).

use super::super::node::{Child, Loss, Node};
use super::super::ns;
use crate::muc::Affiliation;
use crate::stanza::{Bridge, Evidence, EvidenceKind, Identity};

/// Most bytes of evidence that are read in one presence: the longest claims, and
/// as much again.
const MAX_EVIDENCE: usize = 128 * 1024;
/// Most tokens, and most fields of an identity.
const MAX_PARTS: usize = 64;

/// A child that counts only if there is exactly one: of two, one could be the server's and
/// the other a client's, and nothing tells which.
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

/// Collects the evidence of one presence.
pub(super) struct EvidenceReader<'d> {
    token_elements: &'d [String],
    bridge: Single<Bridge>,
    identity: Single<Identity>,
    tokens: Vec<String>,
    left_out: Option<EvidenceKind>,
    /// Bytes that may still be read.
    budget: usize,
}

impl<'d> EvidenceReader<'d> {
    pub(super) fn new(token_elements: &'d [String]) -> Self {
        Self {
            token_elements,
            bridge: Single::new(),
            identity: Single::new(),
            tokens: Vec::new(),
            left_out: None,
            budget: MAX_EVIDENCE,
        }
    }

    /// Something was left out that could have been evidence.
    pub(super) fn lose(&mut self) {
        self.left_out.get_or_insert(EvidenceKind::Token);
    }

    /// Takes a child of the presence into account.
    pub(super) fn take(&mut self, child: &Node<'_, '_>) {
        let Some(kind) = self.kind_of(child) else {
            return;
        };
        let size = child.bytes.len();
        let mut loss = Loss {
            lost: child.ns().is_none() || size > self.budget,
            value: false,
        };
        self.budget = self.budget.saturating_sub(size);
        if !loss.lost {
            self.read(kind, child, &mut loss);
        }
        if loss.lost {
            self.left_out.get_or_insert(kind);
        }
    }

    /// The kind of evidence that a child is, if any. An unknown namespace could be the one.
    fn kind_of(&self, child: &Node<'_, '_>) -> Option<EvidenceKind> {
        let in_ns = |right: fn(&str) -> bool| child.ns().is_none_or(|ns| right(&ns));
        match child.local {
            "claims" if in_ns(|ns| ns == ns::CLAIMS) => Some(EvidenceKind::Bridge),
            "identity" if in_ns(is_plain) => Some(EvidenceKind::Identity),
            local => {
                let mut names = self.token_elements.iter();
                names
                    .any(|name| name == local)
                    .then_some(EvidenceKind::Token)
            }
        }
    }

    fn read(&mut self, kind: EvidenceKind, child: &Node<'_, '_>, loss: &mut Loss) {
        match kind {
            EvidenceKind::Bridge => {
                if let Some(kind) = left_out_by_module(child, loss) {
                    self.left_out.get_or_insert(kind);
                }
                self.bridge.add(Some(read_bridge(child, loss)));
            }
            EvidenceKind::Identity => self.identity.add(read_identity(child, loss)),
            EvidenceKind::Token => {
                loss.lost |= self.tokens.len() == MAX_PARTS;
                if !loss.lost {
                    self.tokens.push(child.text(loss).text);
                }
            }
        }
    }

    pub(super) fn finish(self) -> Evidence {
        Evidence {
            bridge: self.bridge.value,
            tokens: self.tokens,
            identity: self.identity.value,
            left_out: self.left_out,
        }
    }
}

/// The part that the module says it left out of its copy of a presence.
fn left_out_by_module(claims: &Node<'_, '_>, loss: &mut Loss) -> Option<EvidenceKind> {
    match &*claims.attribute("left-out", loss)? {
        "token" => Some(EvidenceKind::Token),
        "identity" => Some(EvidenceKind::Identity),
        _ => Some(EvidenceKind::Bridge),
    }
}

/// Says whether `ns` is the namespace in which Prosody's modules write: their elements have
/// none of their own and so inherit the stream's.
fn is_plain(ns: &str) -> bool {
    ns == ns::COMPONENT || ns == ns::CLIENT || ns.is_empty()
}

/// Features of recorders, phone gateways and transcribers.
const MACHINES: [&str; 3] = [
    "http://jitsi.org/protocol/jibri",
    "http://jitsi.org/protocol/jigasi",
    "http://jitsi.org/protocol/transcriber",
];

/// Says whether `<features/>` have one by which Jicofo knows recorders and gateways.
pub(super) fn declares_machine(features: &Node<'_, '_>) -> bool {
    let mut loss = Loss::default();
    let mut rest = features.content();
    let mut found = false;
    while let Some(feature) = features.next(&mut rest, &mut loss) {
        if feature.local == "feature" {
            let var = feature.attribute("var", &mut loss);
            found |= var.is_some_and(|var| MACHINES.contains(&&*var));
        }
    }
    found && features.ns().is_some_and(|ns| is_plain(&ns))
}

/// The `<claims/>`.
pub(in crate::wire) fn read_bridge(claims: &Node<'_, '_>, loss: &mut Loss) -> Bridge {
    let given = claims.attribute("given", loss);
    Bridge {
        mac: claims.owned("mac", loss).unwrap_or_default(),
        given: given.and_then(|text| Affiliation::parse(&text)),
        pinned: claims.owned("pinned", loss),
        sent: claims.owned("shown", loss),
        permitted: claims.owned("permitted", loss),
        unfit: claims.attribute("fault", loss).is_some(),
        json: claims.text(loss).text,
    }
}

/// `None` if `<user>` or `<group>` are there twice.
fn read_identity(identity: &Node<'_, '_>, loss: &mut Loss) -> Option<Identity> {
    let own = identity.ns();
    let mut user = Single::new();
    let mut group = Single::new();
    let mut rest = identity.content();
    while let Some(child) = identity.next(&mut rest, loss) {
        match child.local {
            "user" | "group" if child.ns() != own => loss.lost |= child.ns().is_none(),
            "user" => user.add(Some(read_user(&child, loss))),
            "group" => group.add(Some(child.text(loss).text)),
            _ => {}
        }
    }
    let ambiguous = (user.seen && user.value.is_none()) || (group.seen && group.value.is_none());
    (!ambiguous).then(|| Identity {
        user: user.value.unwrap_or_default(),
        group: group.value,
    })
}

fn read_user(user: &Node<'_, '_>, loss: &mut Loss) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    for field in user.children() {
        match field {
            Child::Element(field) if fields.len() < MAX_PARTS => {
                fields.push((field.local.to_owned(), field.text(loss).text));
            }
            _ => loss.lost = true,
        }
    }
    fields
}
