//! The permissions of one person, and why they have them. Looks only.

use super::held::Permissions;
use crate::claims::Claims;
use crate::engine::meeting::known::Known;
use crate::engine::meeting::seat::expired;
use crate::engine::room::module::trust;
use crate::engine::room::{Occupant, Room};
use crate::muc::{BareJid, Nick, RoomJid};
use crate::policy::{Held, PermissionList, Permitted, Subject};
use crate::stanza::Permit;

/// The permissions of somebody who is about to enter a room, if they differ from
/// everybody's.
pub fn ahead(
    known: Known<'_>,
    room: &RoomJid,
    bare: &BareJid,
    claims: &Claims,
) -> Option<Vec<Permit>> {
    let subject = Subject {
        claims: Some(claims),
        room: Some(room),
        jid: Some(bare.as_str()),
        nick: None,
        login: false,
    };
    let policy = &known.settings.policy;
    let verdict = expired(Some(claims), known.settings, known.now.unix_ms);
    let verdict = verdict.unwrap_or_else(|| policy.judge(&subject));
    let list = PermissionList::of(&policy.permissions(&subject, &verdict));
    (list != policy.permissions.for_guests()).then(|| permits(&list))
}

/// The permissions of an occupant and why, if the module enforces them.
pub fn of(
    known: Known<'_>,
    permissions: &Permissions,
    room: &Room,
    nick: &Nick,
    occupant: &Occupant,
) -> Vec<Permitted> {
    let real = occupant.real.as_ref().filter(|_| !occupant.infrastructure);
    let Some(real) = real.filter(|_| room.module) else {
        return Vec::new();
    };
    let Some(seat) = known.seat_at(&room.jid, nick) else {
        return Vec::new();
    };
    let refused = seat.rejected.is_some() || seat.waiting.is_some();
    let subject = Subject {
        claims: seat.claims(),
        room: Some(room.meeting.as_ref().unwrap_or(&room.jid)),
        jid: Some(real.bare_str()),
        nick: Some(nick.as_str()),
        login: !refused && trust(known.services, real.domain()).counts(),
    };
    let policy = &known.settings.policy;
    let mut all = policy.permissions(&subject, &seat.verdict);
    let person = permissions.person(&room.jid, nick);
    if let (Some(person), None) = (person, seat.claims()) {
        for denied in person.denied.iter().flatten() {
            all.retain(|item| item.name != denied.name);
            all.push(denied.clone());
        }
        all.sort_unstable_by_key(|item| item.name);
    }
    all
}

/// A list as the module is told it.
pub fn permits(list: &PermissionList) -> Vec<Permit> {
    let permit = |(name, held): (crate::policy::Permission, Held)| Permit {
        name: name.as_str(),
        holders: held.as_str(),
    };
    list.iter().map(permit).collect()
}

/// The services whose module does not take permissions, with its answer.
pub fn unpermitted(known: Known<'_>, permissions: &Permissions) -> Vec<(String, String)> {
    let services = known.settings.services.iter().enumerate();
    let refused = services.filter_map(|(service, of)| {
        let state = permissions.services.get(&service)?;
        Some((of.domain.clone(), state.refused.clone()?))
    });
    refused.collect()
}
