//! A presence's evidence of its sender's claims, before anything is believed.

use super::EvidenceKind;
use crate::muc::Affiliation;

/// Everything in one presence that could yield claims (SPEC section 3).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    /// `<claims xmlns='urn:gavel:claims:0' mac='…'>JSON</claims>`, if there is exactly one.
    pub bridge: Option<Bridge>,
    /// Text of the children whose local name is one of the configured
    /// `claims.jwt.elements`, in document order.
    pub tokens: Vec<String>,
    /// `<identity>` of Jitsi's presence_identity module, if there is exactly one.
    pub identity: Option<Identity>,
    /// A part that was left out, since it was beyond a bound or malformed (the first such):
    /// then there are no claims, whatever the rest says.
    pub left_out: Option<EvidenceKind>,
}

impl Evidence {
    /// Says whether there is nothing to verify.
    pub fn is_empty(&self) -> bool {
        self.bridge.is_none()
            && self.tokens.is_empty()
            && self.identity.is_none()
            && self.left_out.is_none()
    }
}

/// Claims handed over by our Prosody module.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Bridge {
    /// Lower-case hex HMAC-SHA256.
    pub mac: String,
    /// The claims, exactly as they were signed; empty if there are none.
    pub json: String,
    /// Says whether the module says that a verified token has claims which it cannot hand
    /// over: a payload that is no JSON object, or not in UTF-8. Not covered by the mac; it
    /// can only take claims away.
    pub unfit: bool,
    /// The affiliation that the module gave the occupant as it entered, as gavel
    /// had said before ([`Arrival`](super::Arrival)). Not covered by the mac.
    pub given: Option<Affiliation>,
    /// The name that the module keeps for the occupant. Not covered by the mac.
    pub pinned: Option<String>,
    /// The name of theirs that it replaces; none for any name they send.
    pub sent: Option<String>,
    /// The digest of the permissions that the module holds for the occupant alone; none if
    /// it holds none. Not covered by the mac: gavel only compares it with the digest it has
    /// sent.
    pub permitted: Option<String>,
}

impl std::fmt::Debug for Bridge {
    /// Without the claims: they can hold personal data.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Bridge({} bytes)", self.json.len())
    }
}

/// `<identity><user>…</user><group/></identity>`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// Local name and text of each child of `<user>`.
    pub user: Vec<(String, String)>,
    /// Text of `<group>`.
    pub group: Option<String>,
}
