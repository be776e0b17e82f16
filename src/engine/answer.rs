//! Answers to others' requests (SPEC B13): nobody ever waits for gavel.

use super::Engine;
use crate::stanza::{Iq, IqKind, IqPayload, Outbound, Reply};

impl Engine {
    /// Takes an IQ: a reply to a request of ours, or somebody's request.
    pub(super) fn iq(&mut self, iq: Iq) {
        let reply = match (&iq.kind, &iq.payload) {
            (IqKind::Result | IqKind::Error(_), _) => return self.reply(iq),
            (IqKind::Get, IqPayload::Ping) => Reply::Empty,
            (IqKind::Get, IqPayload::Version(_)) => Reply::Version,
            (IqKind::Get, IqPayload::DiscoInfo { node: None, .. }) => Reply::DiscoInfo,
            (IqKind::Get, IqPayload::DiscoItems { node: None, .. }) => Reply::DiscoItems,
            (IqKind::Get, IqPayload::Arrival(arrival)) => self.arrival(&iq.from, arrival),
            (IqKind::Get | IqKind::Set, _) => Reply::ServiceUnavailable,
        };
        if iq.from.is_empty() {
            return;
        }
        self.send(Outbound::Reply {
            to: iq.from,
            from: iq.to,
            id: iq.id,
            reply,
        });
    }
}
