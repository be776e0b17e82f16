//! Changes of roles that gavel sees (SPEC B1, B4).

use super::attribute::Before;
use super::part::MeetingPart;
use super::person::Foreign;
use crate::engine::event::{Cause, Change as Changed, Outcome};
use crate::engine::room::event::Place;
use crate::muc::{Affiliation, BareJid, Role, RoomJid};
use crate::stanza::Actor;

/// How an occupant's role changed.
#[derive(Debug, Clone, Copy)]
struct RoleChange {
    /// Before.
    pub from: Role,
    /// After.
    pub to: Role,
}

impl RoleChange {
    /// Says whether it has been moderator, and is none any more.
    fn fell(self) -> bool {
        self.from == Role::Moderator && self.to != Role::Moderator
    }

    /// Says whether it has become moderator.
    fn rose(self) -> bool {
        self.to == Role::Moderator && self.from != Role::Moderator
    }
}

impl MeetingPart<'_> {
    /// An occupant's role has changed. Role moderator without the affiliation
    /// for it is a promotion like any other (B1).
    pub(super) fn role_changed(
        &mut self,
        place: &Place,
        (from, to): (Role, Role),
        actor: Option<&Actor>,
    ) {
        let change = RoleChange { from, to };
        let (jid, main, bare) = (&place.room, &place.main, &place.bare);
        self.mark(main, bare);
        if let Some(person) = self.person_mut(main, bare) {
            person.role_taken &= !change.rose();
        }
        let trouble = self.person_mut(main, bare);
        if let Some(trouble) = trouble.and_then(|person| person.passing.known_trouble_mut()) {
            trouble.role_refused = 0;
        }
        let actual = self
            .known()
            .person(main, bare)
            .and_then(|person| person.rights.shown());
        let actual = actual.unwrap_or(Affiliation::None);
        let before = Before {
            known: Some(actual),
            floor: None,
        };
        let by_us = actor.and_then(|actor| actor.jid.as_deref());
        let by_us = by_us.is_some_and(|jid| self.settings.is_own(jid));
        if by_us {
            return self.role_set(main, bare, change);
        }
        if change.rose() && !actual.moderates() {
            self.answer_change(main, jid, bare, before, Affiliation::Owner, actor);
        }
        // Some clients take back by role the rights that others take back by affiliation.
        let given = self.known().person(main, bare);
        let given = given.is_some_and(|p| p.rights.grant().is_some() || p.rights.is_elected());
        if change.fell() && actual.moderates() && given && actor.is_some() {
            self.answer_change(main, jid, bare, before, Affiliation::Member, actor);
        } else if change.fell() && actual.moderates() {
            self.role_taken(main, jid, bare, actor);
        }
    }

    /// Somebody has taken a host's role and left the affiliation: gavel gives the role back
    /// as it gives back an affiliation (B4).
    fn role_taken(&mut self, main: &RoomJid, jid: &RoomJid, bare: &BareJid, actor: Option<&Actor>) {
        let maker = self.maker(main, jid, actor);
        let protects = self.settings.policy.protect_hosts;
        let standing = self
            .known()
            .person(main, bare)
            .map(|person| person.standing(self.settings));
        let (Some(standing), Some(person)) = (standing, self.person_mut(main, bare)) else {
            return;
        };
        let by_self = maker.bare.as_ref() == Some(bare);
        if !protects || by_self || actor.is_none() || !person.rights.is_host(standing) {
            return;
        }
        person.role_taken = true;
        person.passing.set_foreign(Some(Foreign {
            by: maker.party,
            accepted: false,
            pace: maker.pace,
        }));
    }

    /// The room shows the role that gavel has set.
    fn role_set(&mut self, main: &RoomJid, bare: &BareJid, change: RoleChange) {
        let Some(person) = self.known().person(main, bare).filter(|p| p.role_request) else {
            return;
        };
        let actor = person.passing.foreign().map(|foreign| foreign.by.clone());
        let now = self.now.tick;
        if let Some(person) = self.person_mut(main, bare) {
            person.set_at = Some(now.into());
        }
        let RoleChange { from, to } = change;
        let change = Changed::Role { from, to };
        let why = (Cause::Correction, actor);
        self.tell_now(main, bare, change, why, Outcome::Applied);
    }
}
