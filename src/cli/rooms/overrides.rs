//! `gavel room set` and `unset`.

use super::fetch::{detail, unknown_room};
use super::page::until;
use crate::api::{ErrorCode, Occupant, OverrideRequest, RoomDetail, RoomOverride};
use crate::cli::ask::with_candidates;
use crate::cli::text::escape;
use crate::cli::{Error, Output, SetArgs, Status, UnsetArgs};
use crate::config::duration;
use crate::muc::{readable, without_query};
use crate::shell::client::{Client, ClientError, segment};

/// The path of somebody's override in a room.
fn path(room: &str, who: &str) -> String {
    format!(
        "/v1/rooms/{}/overrides/{}",
        segment(without_query(room)),
        segment(who)
    )
}

/// `PUT /v1/rooms/{room}/overrides/{who}`.
pub(super) async fn set(
    client: &Client,
    args: &SetArgs,
    output: &mut Output,
) -> Result<Status, Error> {
    let request = OverrideRequest {
        affiliation: args.affiliation,
        for_: args.for_.map(duration::format),
    };
    let answer = client.put(&path(&args.room, &args.who), &request).await;
    let set: RoomOverride = match answer {
        Ok(set) => set,
        Err(error) => return Err(unknown(client, &args.room, &args.who, error).await),
    };
    if args.json {
        output.json(&set)?;
        return Ok(Status::Done);
    }
    let (affiliation, until) = (set.set.affiliation, until(set.set.until));
    output.line(format_args!("{}: {affiliation} {until}", name_of(&set)))?;
    Ok(Status::Done)
}

/// `DELETE /v1/rooms/{room}/overrides/{who}`.
pub(super) async fn unset(
    client: &Client,
    args: &UnsetArgs,
    output: &mut Output,
) -> Result<Status, Error> {
    let answer = client.delete(&path(&args.room, &args.who)).await;
    let was: RoomOverride = match answer {
        Ok(was) => was,
        Err(error) => return Err(unknown(client, &args.room, &args.who, error).await),
    };
    if args.json {
        output.json(&was)?;
        return Ok(Status::Done);
    }
    let affiliation = was.set.affiliation;
    output.line(format_args!(
        "{}: {affiliation} is no longer set, gavel decides again",
        name_of(&was)
    ))?;
    Ok(Status::Done)
}

/// `Ada (ada@meet.example)`
fn name_of(set: &RoomOverride) -> String {
    match set.display_name.as_ref().or(set.nick.as_ref()) {
        Some(name) => format!("{} ({})", escape(name), escape(&set.jid)),
        None => escape(&set.jid).into_owned(),
    }
}

/// Names the rooms or people that exist, if `error` says that `room` or `who` is unknown.
async fn unknown(client: &Client, room: &str, who: &str, error: ClientError) -> Error {
    if !error.is(ErrorCode::NotFound) {
        return error.into();
    }
    match detail(client, room).await {
        Err(error) => unknown_room(client, room, error).await,
        Ok(detail) => unknown_person(&detail, who).unwrap_or_else(|| error.into()),
    }
}

/// `None` if `who` is known, so that something else is wrong.
pub(super) fn unknown_person(room: &RoomDetail, who: &str) -> Option<Error> {
    let people = || room.occupants.iter().filter(|o| !o.infrastructure);
    if people().any(|person| is_named(person, who)) {
        return None;
    }
    let text = match people().count() {
        0 => format!("nobody is in {}", readable(&room.room)),
        _ => format!(
            "nobody in {} is called {who:?}; there are",
            readable(&room.room)
        ),
    };
    Some(Error::Failed(with_candidates(
        &text,
        people().map(candidate),
    )))
}

fn is_named(person: &Occupant, who: &str) -> bool {
    let jid = person.jid.as_deref().unwrap_or_default();
    let bare = jid.split('/').next().unwrap_or_default();
    let name = person.display_name.as_deref().unwrap_or_default();
    person.nick == who || name.trim() == who.trim() || [jid, bare].contains(&who)
}

/// `ada (ada@meet.example, "Ada")`, as the daemon names candidates.
fn candidate(person: &Occupant) -> String {
    let jid = person.jid.as_deref().unwrap_or("real JID unknown");
    let bare = jid.split('/').next().unwrap_or_default();
    match &person.display_name {
        Some(name) => format!("{} ({bare}, {name:?})", person.nick),
        None => format!("{} ({bare})", person.nick),
    }
}
