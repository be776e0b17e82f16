//! Source bridge: claims that our Prosody module hands over, with a mac.

use super::{Claims, Occasion, RejectReason};
use crate::stanza::Bridge;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Checks macs. No `Debug`: it holds the component secret.
pub(super) struct BridgeVerifier(Hmac<Sha256>);

impl BridgeVerifier {
    pub(super) fn new(secret: &[u8]) -> Self {
        Self(Hmac::new_from_slice(secret).expect("HMAC takes keys of any length"))
    }

    /// The claims in `bridge`, if its mac is right and it has any.
    pub(super) fn verify(
        &self,
        bridge: &Bridge,
        occasion: &Occasion<'_>,
    ) -> Result<Option<Claims>, RejectReason> {
        // Only lower-case hex: one text has one mac.
        let lower = !bridge.mac.bytes().any(|byte| byte.is_ascii_uppercase());
        let mac = hex::decode(&bridge.mac).ok().filter(|_| lower);
        let mac = mac.ok_or(RejectReason::Mac)?;
        self.over(&bridge.json, occasion)
            .verify_slice(&mac)
            .map_err(|_| RejectReason::Mac)?;
        if bridge.unfit {
            return Err(RejectReason::Malformed);
        }
        if bridge.json.is_empty() {
            return Ok(None);
        }
        Claims::from_json(&bridge.json).map(Some)
    }

    fn over(&self, json: &str, occasion: &Occasion<'_>) -> Hmac<Sha256> {
        let occupant = occasion.occupant.to_string();
        let parts = [occasion.stream_id, occasion.real.as_str(), &occupant];
        let mut mac = self.0.clone();
        for part in parts {
            mac.update(part.as_bytes());
            mac.update(b"\n");
        }
        mac.update(json.as_bytes());
        mac
    }
}
