//! Answers from rooms and orders of other parts reach the file that takes them.

use super::part::RoomPart;
use crate::engine::asker::{Answer, RoomAsk, ServiceAsk};
use crate::engine::order::Order;
use crate::muc::RoomJid;

impl RoomPart<'_> {
    /// Tells the room the outcome of its question.
    pub fn answered(&mut self, jid: &RoomJid, ask: RoomAsk, answer: Answer<'_>) {
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

    /// Tells a service's state the outcome of a question.
    pub fn service_answered(&mut self, service: usize, ask: ServiceAsk, answer: Answer<'_>) {
        match ask {
            ServiceAsk::Module => self.module_answered(service, answer),
            ServiceAsk::ListRooms | ServiceAsk::Items => self.rooms_answered(service, answer),
        }
    }

    /// Carries out the wish of another part.
    pub fn obey(&mut self, order: Order) {
        match order {
            Order::Own(room) => self.own_if_needed(&room),
            Order::Ping(room) => self.ping_room(&room),
            Order::Lists(room) => self.read_lists(&room),
            Order::List(room, affiliation) => self.read_list(&room, affiliation),
            Order::Configuration(room) => self.read_configuration(&room),
            Order::ShowAnew(room) => self.see_anew(&room),
            Order::Doubt(room) => self.doubt(&room),
            Order::MembersOnly(room, on) => self.is_members_only(&room, on),
        }
    }

    /// A room was made members-only, or open.
    fn is_members_only(&mut self, jid: &RoomJid, on: bool) {
        let room = self.rooms.get_mut(jid);
        if let Some(facts) = room.and_then(|room| room.facts.as_mut()) {
            facts.members_only = on;
        }
        if on {
            self.became_members_only(jid);
        }
    }
}
