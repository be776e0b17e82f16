//! Answers to others' requests (SPEC B13): nobody ever waits for gavel.

use super::Engine;
use super::asker::{Answer, Asker, RoomAsk, ServiceAsk};
use crate::muc::RoomJid;
use crate::stanza::{Iq, IqKind, IqPayload, Outbound, Reply};

impl Engine {
    /// Takes an IQ: a reply to a request of ours, or somebody's request.
    pub(super) fn iq(&mut self, iq: Iq) {
        let reply = match (&iq.kind, &iq.payload) {
            (IqKind::Result | IqKind::Error(_), _) => return self.reply(&iq),
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
        self.out.send(Outbound::Reply {
            to: iq.from,
            from: iq.to,
            id: iq.id,
            reply,
        });
    }

    /// Takes a reply, if it is one to an open request.
    fn reply(&mut self, iq: &Iq) {
        let from = match self.locate(&iq.from) {
            // Replies of a tenant's room may come under either name.
            Some((_, room, Some(resource))) => format!("{room}/{resource}"),
            Some((_, room, None)) => room.to_string(),
            None => iq.from.clone(),
        };
        let Some(asker) = self.out.answered(&iq.id, &from) else {
            return;
        };
        match &iq.kind {
            IqKind::Result if iq.left_out.room => {
                self.answered(asker, Answer::Partial(&iq.payload));
            }
            IqKind::Result => self.answered(asker, Answer::Result(&iq.payload)),
            IqKind::Error(error) => self.answered(asker, Answer::Error(error)),
            IqKind::Get | IqKind::Set => {}
        }
    }

    /// Tells whoever has asked what has become of the question.
    pub(super) fn answered(&mut self, asker: Asker, answer: Answer<'_>) {
        match asker {
            Asker::Service(service, ServiceAsk::Module) => self.module_answered(service, answer),
            Asker::Service(service, ServiceAsk::ListRooms | ServiceAsk::Items) => {
                self.rooms_answered(service, answer);
            }
            Asker::Room(room, ask) => self.room_answered(&room, ask, answer),
            Asker::Person(main, bare, ask) => self.person_answered(&main, &bare, &ask, answer),
            Asker::Host(main, ask) => self.host_answered(&main, ask, answer),
            Asker::Name(room, nick) => self.pinned(&room, &nick, answer),
            Asker::Guard(room) => self.guard_answered(&room, answer),
            Asker::Lease(service) => self.lease_answered(service, answer),
            Asker::PermitAll(service) => self.all_permitted(service, answer),
            Asker::Permit(room, nick) => self.permitted(&room, &nick, answer),
            Asker::Opening(room) => self.opening_answered(&room, answer),
            Asker::Doctor(question) => self.examined(question, answer),
            Asker::Stream | Asker::Nobody => {}
        }
    }

    fn room_answered(&mut self, jid: &RoomJid, ask: RoomAsk, answer: Answer<'_>) {
        match ask {
            RoomAsk::Probe => self.probed(jid, answer),
            RoomAsk::List(which) => self.list_answered(jid, which, answer),
            RoomAsk::Configuration => self.configuration_answered(jid, answer),
            RoomAsk::Info => self.info_answered(jid, answer),
            RoomAsk::Own => self.owned(jid, answer),
            RoomAsk::SelfPing => self.self_pinged(jid, answer),
            RoomAsk::BeforeRoll => self.found_before_roll(jid, answer),
            RoomAsk::RollCall => self.roll_called(jid, answer),
            RoomAsk::Show => self.shown_to_gavel(jid, answer),
            RoomAsk::Count => self.counted(jid, answer),
        }
    }
}
