//! The `room` and tenant claims: which room a token is for, read as Jitsi reads
//! them.

use super::fault::Fault;
use super::lua_pattern::LuaPattern;
use crate::muc::RoomJid;
use serde_json::{Map, Value};

/// Checks the claim `room`, if there is one, against the room judged.
///
/// `*` is every room. Otherwise the claim is the room's name, in any case, or
/// the whole local part with its `[tenant]`; with `context.room.regex` it is a
/// Lua pattern whose first match must be the whole lower-cased name. As in Jitsi
/// the pattern itself is lower-cased first, its class letters included: `%S` is
/// `%s`.
///
/// Jitsi can be told to require the claim; to gavel a token without it is for
/// every room.
pub(super) fn check_room(claims: &Map<String, Value>, room: &RoomJid) -> Result<(), Fault> {
    let claim = match claims.get("room") {
        None => return Ok(()),
        Some(Value::String(claim)) => claim,
        Some(_) => return Err(Fault::RoomNotText),
    };
    if claim == "*" {
        return Ok(());
    }
    let name = room.name().to_lowercase();
    let (claim, room_name) = (claim.clone(), room.name().to_owned());
    if is_pattern(claims) {
        let pattern = LuaPattern::new(&claim.to_ascii_lowercase()).map_err(Fault::RoomPattern)?;
        return match pattern.first_match(&name) == Some(name.as_bytes()) {
            true => Ok(()),
            false => Err(Fault::RoomNotMatched {
                claim,
                room: room_name,
            }),
        };
    }
    let lower = claim.to_lowercase();
    match lower == name || lower == room.local().to_lowercase() {
        true => Ok(()),
        false => Err(Fault::Room {
            claim,
            room: room_name,
        }),
    }
}

/// `context.room.regex`: true, or `"true"` as Jitsi also takes it.
fn is_pattern(claims: &Map<String, Value>) -> bool {
    let room = claims
        .get("context")
        .and_then(|context| context.get("room"));
    let regex = room.and_then(|room| room.get("regex"));
    regex.is_some_and(|regex| *regex == true || *regex == "true")
}

/// Checks that `sub` is the tenant of `room`, in any case, or `*`. A room without
/// tenant has nothing to check (Jitsi would want its base domain there).
pub(super) fn check_tenant(claims: &Map<String, Value>, room: &RoomJid) -> Result<(), Fault> {
    let Some(tenant) = room.tenant() else {
        return Ok(());
    };
    let sub = claims.get("sub").and_then(Value::as_str);
    match sub {
        Some("*") => Ok(()),
        Some(sub) if sub.to_lowercase() == tenant.to_lowercase() => Ok(()),
        _ => Err(Fault::Tenant {
            sub: sub.map(str::to_owned),
            tenant: tenant.to_owned(),
        }),
    }
}
