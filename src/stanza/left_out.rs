//! The parts of a stanza that gavel has not read: beyond a bound, or malformed.

/// The parts of a stanza that were left out (SPEC B20). Such a part counts as absent; a
/// part of the evidence that was left out also stands in
/// [`Evidence::left_out`](super::Evidence::left_out), so that there are no claims.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Something that could have yielded claims, or could have shown that there
    /// are several of it.
    pub evidence: bool,
    /// A display name, or a part of it.
    pub name: bool,
    /// Something that the room says: a part of its muc#user `<x/>`, an item of a
    /// list, a field of a form, an answer's payload, an error's condition.
    pub room: bool,
    /// Something else. It decides nothing; it is only missing if the stanza is to be sent
    /// back.
    pub other: bool,
}

impl LeftOut {
    /// Says whether anything was left out.
    pub fn any(self) -> bool {
        self.evidence || self.name || self.room || self.other
    }

    /// Says whether anything was left out that could have mattered: then the room is to be
    /// read again.
    pub fn matters(self) -> bool {
        self.evidence || self.name || self.room
    }
}

/// A kind of evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EvidenceKind {
    /// `<claims/>` of the module.
    Bridge,
    /// A token.
    Token,
    /// `<identity/>`
    Identity,
}

/// A stanza that could not be read at all (SPEC B20): its type is unknown, an address is
/// missing, or it is no stanza. Its message is unknown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unread {
    /// Its sender, if that could be read.
    pub from: Option<String>,
    /// Its id, if that could be read.
    pub id: Option<String>,
    /// Why it could not be read.
    pub why: String,
}
