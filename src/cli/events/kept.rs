//! The events that the daemon has kept.

use crate::api::Event;
use crate::cli::{Error, EventsArgs};
use crate::muc::{RoomJid, Service, Spelling};
use crate::shell::client::{Client, segment};

/// Those that the daemon has kept and `args` ask for; and the id of the newest
/// of all.
pub(super) async fn kept(
    client: &Client,
    args: &EventsArgs,
    since: Option<&str>,
) -> Result<(Vec<Event>, Option<u64>), Error> {
    let path = match since {
        Some(since) => format!("/v1/events?since={}", segment(since)),
        None => "/v1/events".to_owned(),
    };
    let mut events: Vec<Event> = client.get(&path).await?;
    let newest = events.last().map(|event| event.id);
    events.retain(|event| is_asked_for(event, args));
    if let Some(last) = args.last {
        let surplus = events.len().saturating_sub(last);
        events.drain(..surplus);
    }
    Ok((events, newest))
}

/// Says whether `event` is about the room that `args` name, as people write rooms. The room
/// may have ended long ago.
pub(super) fn is_asked_for(event: &Event, args: &EventsArgs) -> bool {
    let Some(text) = args.room.as_deref() else {
        return true;
    };
    let Some(room) = RoomJid::parse(&event.room) else {
        return false;
    };
    // Only the daemon knows which services there are.
    let service = Service {
        domain: room.service().to_owned(),
        tenants: true,
    };
    let is = |spelling: &Spelling| spelling.is(&room, &service);
    let spelling = Spelling::parse(text);
    spelling.is_ok_and(|spelling| {
        is(&spelling) || spelling.without_folder().is_some_and(|other| is(&other))
    })
}
