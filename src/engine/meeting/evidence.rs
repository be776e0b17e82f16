//! An occupant's evidence is looked at once.

use super::part::MeetingPart;
use super::seat::EvidenceMark;
use crate::engine::outbox::SeatNews;
use crate::engine::room::event::Place;
use crate::muc::RealJid;
use crate::stanza::{Evidence, EvidenceKind};
use sha2::{Digest, Sha256};

impl MeetingPart<'_> {
    /// Looks at an occupant's evidence, if it is another than the last.
    pub(super) fn take_evidence(
        &mut self,
        place: &Place,
        real: &RealJid,
        evidence: Evidence,
        listed: bool,
    ) {
        if let Some(bridge) = &evidence.bridge {
            let news = SeatNews::Permitted(place.clone(), bridge.permitted.clone());
            self.out.tell_of_seat(news);
        } else if evidence.left_out == Some(EvidenceKind::Bridge) {
            self.out.tell_of_seat(SeatNews::ListUnread(place.clone()));
        }
        let mark = evidence_mark(&evidence, real);
        let seat = self.seat_mut(place);
        if seat.is_none_or(|seat| seat.evidence_mark.replace(mark) == Some(mark)) {
            return;
        }
        self.out.tally.tokens += u64::from(!evidence.tokens.is_empty());
        let bridge = evidence.bridge.as_ref();
        let pinned = bridge.and_then(|b| b.pinned.clone());
        if let (Some(name), Some(sent)) = (&pinned, bridge.and_then(|b| b.sent.as_ref())) {
            let (name, sent) = (name.clone(), sent.clone());
            let news = SeatNews::ShownAsGuest(place.clone(), name, sent);
            self.out.tell_of_seat(news);
        }
        self.look_at_evidence(place, real, evidence, listed);
        if let Some(name) = pinned {
            self.out.tell_of_seat(SeatNews::Pinned(place.clone(), name));
        }
    }
}

fn evidence_mark(evidence: &Evidence, real: &RealJid) -> EvidenceMark {
    let mut hash = Sha256::new();
    let mut feed = |text: &str| {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    };
    feed(real.as_str());
    if let Some(bridge) = &evidence.bridge {
        feed("bridge");
        feed(&bridge.mac);
        feed(&bridge.json);
    }
    for token in &evidence.tokens {
        feed("jwt");
        feed(token);
    }
    if let Some(identity) = &evidence.identity {
        feed("identity");
        for (key, value) in &identity.user {
            feed(key);
            feed(value);
        }
        feed(identity.group.as_deref().unwrap_or_default());
    }
    if let Some(kind) = evidence.left_out {
        feed("left out");
        feed(&format!("{kind:?}"));
    }
    EvidenceMark::of(hash)
}
