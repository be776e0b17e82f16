//! People who are about to enter. The module asks about them (SPEC section 6) and lets them
//! in as gavel says, so that nobody sees them as anything else.
//!
//! The answer rests on claims alone. More than claims counts for a person whom the meeting
//! knows already, so gavel says nothing about them here and looks at them when they are
//! there. gavel looks at everybody then, so nothing relies on the answer.

use crate::claims::{Claims, Occasion, TokenName, UserId};
use crate::engine::asker::Asker;
use crate::engine::meeting::known::Known;
use crate::engine::meeting::person::Person;
use crate::engine::meeting::seat::end_of;
use crate::engine::outbox::Outbox;
use crate::engine::permissions;
use crate::engine::settings::Freeze;
use crate::engine::settings::Settings;
use crate::engine::stream::Stream;
use crate::muc::{Affiliation, BareJid, Nick, OccupantJid, RealJid, RoomJid};
use crate::policy::{Entitlement, Subject};
use crate::stanza::{Arrival, Reply, Request};
use std::time::Duration;

/// The module goes by gavel's answer for this long, in milliseconds.
const STANDS_MS: u64 = 60_000;

impl Known<'_> {
    /// Says the affiliation that somebody will have, if the question comes from the service
    /// `from` of the room that they are about to enter.
    pub fn arrival(self, from: &str, arrival: &Arrival) -> Reply {
        let Some((room, real, claims)) = self.announced_claims(from, arrival) else {
            return Reply::Arrival {
                affiliation: None,
                name: None,
                own: false,
                permissions: None,
            };
        };
        let bare = real.bare();
        Reply::Arrival {
            affiliation: self.affiliation_ahead(&room, &bare, &claims),
            name: self.name_ahead(&claims),
            own: self.settings.distinguishes(),
            permissions: permissions::ahead(self, &room, &bare, &claims),
        }
    }

    /// The room, the person and their claims, if the module asks and all is in order.
    fn announced_claims(self, from: &str, arrival: &Arrival) -> Option<(RoomJid, RealJid, Claims)> {
        if !self.stream.is_open() {
            return None;
        }
        let (service, room, _) = self.settings.locate(&arrival.room)?;
        let real = RealJid::parse(&arrival.jid).filter(RealJid::is_full)?;
        let asks = self.settings.services[service].domain == from;
        let meeting = self
            .rooms
            .get(&room)
            .and_then(|known| known.meeting.as_ref());
        let breakout = meeting.is_some_and(|main| *main != room);
        if !asks || breakout || self.settings.infrastructure.contains(&real) {
            return None;
        }
        let occupant = OccupantJid {
            room: room.clone(),
            nick: Nick::new(""),
        };
        let occasion = Occasion {
            stream_id: self.stream.id(),
            real: &real,
            occupant: &occupant,
            room: &room,
            listed: false,
            since: Duration::ZERO,
            shown: self.now.unix(),
            now: self.now.unix(),
        };
        let claims = self.settings.verifier.foresee(&arrival.claims, &occasion)?;
        Some((room, real, claims))
    }

    fn affiliation_ahead(
        self,
        room: &RoomJid,
        bare: &BareJid,
        claims: &Claims,
    ) -> Option<Affiliation> {
        let policy = &self.settings.policy;
        let ends = end_of(claims, self.settings);
        let ends_soon = ends.is_some_and(|at| at <= self.now.unix_ms.saturating_add(STANDS_MS));
        if ends_soon || policy.reads_nick() || self.is_known(room, bare, claims.user_id().as_ref())
        {
            return None;
        }
        let verdict = policy.judge(&Subject {
            claims: Some(claims),
            room: Some(room),
            jid: Some(bare.as_str()),
            nick: None,
            login: false,
        });
        match verdict.entitlement {
            Entitlement::Affiliation(own) if own >= Affiliation::Member => Some(own),
            _ => None,
        }
    }

    /// Says whether anything but their claims may count for somebody: an override, a grant,
    /// a step-down, also one that would follow them from another device. The affiliation
    /// they left with does not count once they are there again.
    fn is_known(self, main: &RoomJid, bare: &BareJid, user_id: Option<&UserId>) -> bool {
        let Some(meeting) = self.meetings.get(main) else {
            return false;
        };
        let holders = meeting.holders.iter();
        let mut holders = holders.filter_map(|bare| meeting.people.get(bare));
        let same_user = holders.any(|person| {
            let rights = &person.rights;
            rights.has_to_hand_over() && user_id.is_some() && rights.user() == user_id
        });
        let person = meeting.people.get(bare);
        let rests =
            |person: &Person| person.passing.request().is_none() && person.rights.rest_on_claims();
        same_user || person.is_some_and(|person| !(person.is_blank() || rests(person)))
    }

    fn name_ahead(self, claims: &Claims) -> Option<String> {
        let name = claims
            .user_name()
            .filter(|_| self.settings.freeze == Freeze::Revert)?;
        Some(TokenName::new(name).ok()?.form().into_owned())
    }
}

/// Takes back the answers to the modules about people who are about to enter: gavel judges
/// otherwise now. A module that asks knows that gavel is there before gavel has joined a
/// room, so every module is told.
pub fn retract_all(settings: &Settings, stream: &Stream, out: &mut Outbox) {
    for service in 0..settings.services.len() {
        retract_of(service, settings, stream, out);
    }
}

/// The same for one service.
pub fn retract_of(service: usize, settings: &Settings, stream: &Stream, out: &mut Outbox) {
    if stream.is_open() {
        let domain = &settings.services[service].domain;
        out.ask(domain, Request::ForgetArrivals, Asker::Nobody);
    }
}
