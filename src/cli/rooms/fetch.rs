//! The daemon's news of rooms, and the error if it knows none by that name.

use crate::api::{ErrorCode, RoomDetail, RoomSummary, Status as Daemon};
use crate::cli::{Error, ask};
use crate::muc::{readable, without_query};
use crate::shell::client::{Client, ClientError, segment};

/// `GET /v1/rooms`.
pub(in crate::cli) async fn rooms(client: &Client) -> Result<Vec<RoomSummary>, ClientError> {
    client.get("/v1/rooms").await
}

/// `GET /v1/rooms/{room}`.
pub(super) async fn detail(client: &Client, room: &str) -> Result<RoomDetail, ClientError> {
    client
        .get(&format!("/v1/rooms/{}", segment(without_query(room))))
        .await
}

/// The same; if there is no such room, the error lists those there are.
pub(super) async fn found(client: &Client, room: &str) -> Result<RoomDetail, Error> {
    match detail(client, room).await {
        Ok(detail) => Ok(detail),
        Err(error) => Err(unknown_room(client, room, error).await),
    }
}

/// Names the rooms there are, if `error` says that `room` is none of them.
pub(super) async fn unknown_room(client: &Client, room: &str, error: ClientError) -> Error {
    let unknown = error
        .failure()
        .is_some_and(|f| f.code == ErrorCode::NotFound);
    match (unknown, rooms(client).await) {
        (true, Ok(rooms)) if !rooms.is_empty() => {
            let names = rooms.iter().map(|room| readable(&room.room).into_owned());
            let text = format!(
                "gavel is in no room {:?}, but in these",
                without_query(room)
            );
            Error::Failed(ask::with_candidates(&text, names))
        }
        _ => error.into(),
    }
}

/// The daemon's state, if it may be in fewer rooms than it should be.
pub(super) fn not_ready(daemon: &Daemon) -> Option<String> {
    match (&daemon.problem, daemon.connected) {
        _ if daemon.ready || daemon.resynchronised => None,
        (Some(problem), _) if daemon.standby => Some(format!("standby: {problem}")),
        (Some(problem), false) => Some(format!("not connected: {problem}")),
        (None, false) => Some("not connected".to_owned()),
        (_, true) => Some("still finding its rooms".to_owned()),
    }
}
