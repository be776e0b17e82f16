//! People about to enter: the module's questions, and the fate of the answers.

use super::claims::{self, Ticket};
use super::history::{judge, knows};
use super::room::bare;
use super::server::Server;
use super::world::World;
use gavel::muc::{Affiliation, RoomJid};
use gavel::policy::Entitlement;
use gavel::stanza::{Arrival, Inbound, Iq, IqKind, IqPayload, Reply};
use std::collections::BTreeMap;

/// The questions to gavel, and its answers.
#[derive(Debug, Default)]
pub struct Arrivals {
    /// By the id of the question.
    asked: BTreeMap<String, Expected>,
    /// By full JID.
    said: BTreeMap<String, (Expected, Affiliation)>,
    next: u32,
}

#[derive(Debug, Clone)]
struct Expected {
    full: String,
    room: RoomJid,
    ticket: Ticket,
    /// The policy's gift to them; not known once it has changed.
    right: Option<Entitlement>,
}

impl Arrivals {
    pub fn forget(&mut self) {
        self.asked.clear();
        self.said.clear();
    }

    /// The policy is another.
    pub fn judged_anew(&mut self) {
        self.asked.values_mut().for_each(|asked| asked.right = None);
    }

    /// The person and the room that a question is about.
    pub fn about(&self, id: &str) -> Option<(String, RoomJid)> {
        let expected = self.asked.get(id)?;
        Some((expected.full.clone(), expected.room.clone()))
    }

    /// Somebody has set an affiliation: gavel's answer did not know of it.
    pub fn changed(&mut self, room: &RoomJid, jid: &str) {
        let concerned = |expected: &Expected| expected.room == *room && bare(&expected.full) == jid;
        self.asked.retain(|_, expected| !concerned(expected));
        self.said.retain(|_, (expected, _)| !concerned(expected));
    }

    pub fn answered(&mut self, id: &str, reply: Reply) {
        let (Some(expected), Reply::Arrival { affiliation, .. }) = (self.asked.remove(id), reply)
        else {
            return;
        };
        let Some(affiliation) = affiliation else {
            return;
        };
        let said = Entitlement::Affiliation(affiliation);
        let right = expected.right.is_none_or(|right| right == said);
        assert!(right, "{affiliation} is said of {expected:?}");
        self.said
            .insert(expected.full.clone(), (expected, affiliation));
    }

    /// The affiliation with which somebody enters, by gavel's answer.
    fn take(&mut self, full: &str, room: &RoomJid, ticket: Option<&Ticket>) -> Option<Affiliation> {
        if self.said.get(full)?.0.room != *room {
            return None;
        }
        let (expected, affiliation) = self.said.remove(full)?;
        (ticket == Some(&expected.ticket)).then_some(affiliation)
    }
}

impl Server {
    /// Gives somebody who enters the affiliation of gavel's answer, if that is more than
    /// they have.
    pub(super) fn give_ahead(
        &mut self,
        full: &str,
        room: &RoomJid,
        ticket: Option<&Ticket>,
    ) -> Option<Affiliation> {
        let given = self.arrivals.take(full, room, ticket)?;
        let state = self.rooms.get_mut(room)?;
        let jid = bare(full);
        let there = state
            .occupants
            .values()
            .any(|occupant| occupant.bare == jid);
        let before = state.stored(&jid);
        if there || before < Affiliation::None || before >= given {
            return None;
        }
        state.affiliations.insert(jid, given);
        Some(given)
    }
}

impl World {
    /// Somebody connects for a room, with a token that Prosody has verified; the
    /// module asks.
    pub fn connects(&mut self, full: &str, room: &RoomJid, ticket: Ticket) {
        if !self.choice.module || !self.connected {
            return;
        }
        let place = format!("{room}/");
        let evidence = claims::bridged(Some(&ticket), &self.server.stream_id, full, &place);
        let policy = &self.choice.policy;
        let arrivals = &mut self.server.arrivals;
        arrivals.next += 1;
        let id = format!("arrival{}", arrivals.next);
        let expected = Expected {
            full: full.to_owned(),
            room: room.clone(),
            right: knows(policy).then(|| judge(policy, Some(ticket.kind))),
            ticket,
        };
        arrivals.said.remove(full);
        arrivals.asked.insert(id.clone(), expected);
        let arrival = Arrival {
            room: room.to_string(),
            jid: full.to_owned(),
            claims: evidence.bridge.unwrap(),
        };
        self.server.out.push(Inbound::Iq(Box::new(Iq {
            from: room.service().to_owned(),
            to: self.server.gavel_full(),
            id,
            kind: IqKind::Get,
            payload: IqPayload::Arrival(Box::new(arrival)),
            left_out: Default::default(),
        })));
        self.flush();
    }
}
