//! The present state, for `gavel doctor`: looked at when it asks, counted nowhere.

use super::View;
use crate::engine::permissions::{Unchecked, unchecked, unpermitted};
use crate::engine::room::{Membership, Room};
use crate::muc::{Affiliation, BareJid, RealJid, RoomJid};
use std::collections::BTreeSet;

/// Most people that are named.
const MAX_NAMED: usize = 3;

/// A MUC service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceSurvey {
    /// Its domain.
    pub domain: String,
    /// Rooms gavel is in.
    pub rooms: usize,
    /// The rooms among them that gavel is not owner of.
    pub not_owned: usize,
    /// Rooms that gavel knows and is not in, since nobody is.
    pub empty: usize,
    /// Says whether a focus is in one of its rooms.
    pub focus: bool,
}

/// The people of a domain.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DomainSurvey {
    /// The domain of their real JIDs.
    pub domain: String,
    /// How many there are in rooms.
    pub people: usize,
    /// How many of them have no claims.
    pub without_claims: usize,
    /// One of these.
    pub example: Option<String>,
}

/// The present state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Survey {
    /// People in rooms; gavel and infrastructure do not count.
    pub people: usize,
    /// One for each MUC service.
    pub services: Vec<ServiceSurvey>,
    /// One for each domain that was asked for.
    pub domains: Vec<DomainSurvey>,
    /// People who cannot be lowered because they are admins of the server.
    pub server_admins: usize,
    /// Some of these, as `JID in ROOM`.
    pub server_admins_named: Vec<String>,
    /// Says whether presence can be sent in an occupant's name; none before the first was
    /// sent.
    pub can_impersonate: Option<bool>,
    /// User ids that several people carry, counted once for each meeting: nothing
    /// passes by them (B3).
    pub shared_ids: usize,
    /// Some of these, as `ID in ROOM`.
    pub shared_ids_named: Vec<String>,
    /// Says whether no more tokens can be remembered.
    pub tokens_full: bool,
    /// The services whose module does not take permissions, with its answer.
    pub unpermitted: Vec<(String, String)>,
    /// Permissions that nobody checks.
    pub unchecked: BTreeSet<Unchecked>,
}

impl View<'_> {
    /// Looks at everything; `domains` are those whose people are looked at.
    pub fn survey(&self, domains: &[String]) -> Survey {
        let services = self.settings.services.iter().enumerate();
        let services = services.map(|(n, service)| self.survey_service(n, &service.domain));
        let mut admins: Vec<(&RoomJid, &BareJid)> = self
            .meetings
            .iter()
            .flat_map(|(room, meeting)| meeting.people.iter().map(move |(jid, p)| (room, jid, p)))
            .filter(|(_, _, person)| {
                person
                    .passing
                    .known_trouble()
                    .is_some_and(|t| t.server_admin)
            })
            .map(|(room, jid, _)| (room, jid))
            .collect();
        admins.sort_unstable();
        let named = admins.iter().take(MAX_NAMED);
        let inside = self.rooms.values().filter(|room| room.is_in());
        let now = self.now.unix_ms;
        let meetings = self.meetings.iter();
        let shared = meetings.flat_map(|(room, meeting)| {
            let ids = meeting.users.shared(now).into_iter();
            ids.map(move |id| (room, id))
        });
        let mut shared: Vec<(&RoomJid, &str)> = shared.collect();
        shared.sort_unstable();
        let shared_named = shared.iter().take(MAX_NAMED);
        Survey {
            people: inside.map(Room::people).sum(),
            services: services.collect(),
            domains: domains.iter().map(|d| self.survey_domain(d)).collect(),
            server_admins: admins.len(),
            server_admins_named: named
                .map(|(room, jid)| format!("{jid} in {room}"))
                .collect(),
            can_impersonate: match self.names.can_impersonate() {
                true if self.names.reverts() == 0 => None,
                can => Some(can),
            },
            shared_ids: shared.len(),
            shared_ids_named: shared_named
                .map(|(room, id)| format!("{id:?} in {room}"))
                .collect(),
            tokens_full: self.bindings.is_full(),
            unpermitted: unpermitted(self.known, self.permissions),
            unchecked: unchecked(self.settings, self.services),
        }
    }

    fn survey_service(&self, n: usize, domain: &str) -> ServiceSurvey {
        let rooms = || self.rooms.values().filter(move |room| room.service == n);
        let inside = || rooms().filter(|room| room.is_in());
        let foreign = |room: &&Room| !room.module && room.own_affiliation != Affiliation::Owner;
        let empty =
            |room: &&Room| room.membership == Membership::Out && room.not_listed_before.is_some();
        ServiceSurvey {
            domain: domain.to_owned(),
            rooms: inside().count(),
            not_owned: inside().filter(foreign).count(),
            empty: rooms().filter(empty).count(),
            focus: inside().any(Room::has_focus),
        }
    }

    fn survey_domain(&self, domain: &str) -> DomainSurvey {
        let rooms = self.rooms.values().filter(|room| room.is_ready());
        let people = rooms
            .flat_map(|room| room.occupants.iter().map(|(nick, o)| (&room.jid, nick, o)))
            .filter(|(_, _, occupant)| !occupant.infrastructure)
            .filter(|(_, _, o)| o.real.as_ref().map(RealJid::domain) == Some(domain));
        let mut survey = DomainSurvey {
            domain: domain.to_owned(),
            ..DomainSurvey::default()
        };
        for (room, nick, occupant) in people {
            survey.people += 1;
            let seat = self.seat_at(room, nick);
            if seat.is_none_or(|seat| seat.credentials.is_none()) {
                survey.without_claims += 1;
                // The least, so that the same question has the same answer.
                let jid = occupant.real.as_ref().map(|real| real.bare_str());
                let least = survey.example.as_deref().is_none_or(|e| jid < Some(e));
                if least {
                    survey.example = jid.map(str::to_owned);
                }
            }
        }
        survey
    }
}
