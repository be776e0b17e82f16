//! Stanzas that are questions and answers (SPEC B13): nobody ever waits for gavel.

use crate::engine::asker::{Answer, Asker};
use crate::engine::meeting::known::Known;
use crate::engine::outbox::Outbox;
use crate::engine::settings::Settings;
use crate::stanza::{Iq, IqKind, IqPayload, Outbound, Reply};

/// The reply to somebody who asks gavel something; none if an IQ is an answer.
pub fn reply(iq: &Iq, known: Known<'_>) -> Option<Outbound> {
    let reply = match (&iq.kind, &iq.payload) {
        (IqKind::Result | IqKind::Error(_), _) => return None,
        (IqKind::Get, IqPayload::Ping) => Reply::Empty,
        (IqKind::Get, IqPayload::Version(_)) => Reply::Version,
        (IqKind::Get, IqPayload::DiscoInfo { node: None, .. }) => Reply::DiscoInfo,
        (IqKind::Get, IqPayload::DiscoItems { node: None, .. }) => Reply::DiscoItems,
        (IqKind::Get, IqPayload::Arrival(arrival)) => known.arrival(&iq.from, arrival),
        (IqKind::Get | IqKind::Set, _) => Reply::ServiceUnavailable,
    };
    (!iq.from.is_empty()).then(|| Outbound::Reply {
        to: iq.from.clone(),
        from: iq.to.clone(),
        id: iq.id.clone(),
        reply,
    })
}

/// The part that asked the question which an IQ answers, if the question is open.
pub fn answer<'a>(
    iq: &'a Iq,
    settings: &Settings,
    out: &mut Outbox,
) -> Option<(Asker, Answer<'a>)> {
    let answer = match &iq.kind {
        IqKind::Result if iq.left_out.room => Answer::Partial(&iq.payload),
        IqKind::Result => Answer::Result(&iq.payload),
        IqKind::Error(error) => Answer::Error(error),
        IqKind::Get | IqKind::Set => return None,
    };
    let asker = out.answered(&iq.id, &sender(&iq.from, settings))?;
    Some((asker, answer))
}

/// The sender of a stanza. A stanza from a tenant's room may come under either name.
pub fn sender(from: &str, settings: &Settings) -> String {
    match settings.locate(from) {
        Some((_, room, Some(resource))) => format!("{room}/{resource}"),
        Some((_, room, None)) => room.to_string(),
        None => from.to_owned(),
    }
}
