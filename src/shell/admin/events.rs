//! `GET /v1/events`: the last decisions, or every one from now on.

use super::fault::Fault;
use super::limits::Connection;
use super::shared::Shared;
use crate::api::Time;
use crate::shell::journal::{Journal, Page};
use axum::body::{Body, Bytes};
use axum::extract::{Extension, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Router, extract::rejection::QueryRejection};
use serde::Deserialize;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::timeout;

/// A follower hears something at least this often, so that both sides learn
/// that the other has gone.
const SIGN_OF_LIFE: Duration = Duration::from_secs(15);
/// Events and bytes that are on their way to a follower at once.
const BATCH: (usize, usize) = (64, 32 * 1024);

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/v1/events", get(events))
}

/// The parameters behind the question mark.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// An event's id, or a time.
    since: Option<String>,
}

async fn events(
    State(shared): State<Shared>,
    Extension(connection): Extension<Connection>,
    headers: HeaderMap,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, Fault> {
    let Query(Asked { since }) = asked.map_err(|error| Fault::bad(error.body_text()))?;
    let journal = shared.journal;
    let accept = headers.get_all(header::ACCEPT).iter();
    let mut accept = accept.filter_map(|value| value.to_str().ok());
    if !accept.any(|value| value.contains("text/event-stream")) {
        let after = since.as_deref().map(|since| place(&journal, since));
        let after = after.transpose()?.unwrap_or(0);
        return Ok(list(journal, after));
    }
    // A browser that comes back names the event it saw last (HTML §9.2.4).
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let after = match last.or(since.as_deref()) {
        Some(since) => place(&journal, since)?,
        None => *journal.newest().borrow(),
    };
    connection.follow().map_err(|most| {
        Fault::conflict(format!(
            "{most} followers of events are there already: end some of them"
        ))
    })?;
    Ok(follow(journal, after))
}

/// The id after which events are wanted.
fn place(journal: &Journal, since: &str) -> Result<u64, Fault> {
    if let Ok(id) = since.parse() {
        return Ok(id);
    }
    let at = Time::parse(since).ok_or_else(|| {
        Fault::bad(format!(
            "since is {since:?}: give the id of an event, or a time as in RFC 3339"
        ))
    })?;
    Ok(journal.before(at))
}

/// All of them, as one document. It is made as it is read: a client that reads
/// slowly, or never, holds little of it.
fn list(journal: Arc<Journal>, after: u64) -> Response {
    let newest = *journal.newest().borrow();
    let chunks = futures::stream::unfold(Some((after, true)), move |at| {
        let journal = journal.clone();
        async move {
            let (after, first) = at?;
            let mut page = journal.after(after, BATCH.0, BATCH.1);
            page.events.retain(|(id, _)| *id <= newest);
            let mut text = Vec::with_capacity(BATCH.1 + 1024);
            text.extend_from_slice(if first { b"[" } else { b"" });
            for (n, (_, json)) in page.events.iter().enumerate() {
                text.extend_from_slice(if first && n == 0 { b"" } else { b"," });
                text.extend_from_slice(json);
            }
            let next = page.events.last().map(|(id, _)| (*id, false));
            text.extend_from_slice(if next.is_none() { b"]" } else { b"" });
            Some((Ok::<_, Infallible>(Bytes::from(text)), next))
        }
    });
    let json = [(header::CONTENT_TYPE, "application/json")];
    (json, Body::from_stream(chunks)).into_response()
}

/// As server-sent events (HTML §9.2), for ever.
fn follow(journal: Arc<Journal>, after: u64) -> Response {
    let follower = Follower {
        newest: journal.newest(),
        journal,
        after,
        greeted: false,
    };
    let chunks = futures::stream::unfold(follower, |mut follower| async move {
        let chunk = follower.next().await;
        Some((Ok::<_, Infallible>(chunk), follower))
    });
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, Body::from_stream(chunks)).into_response()
}

/// Somebody who follows: a place in the journal. Asked for more only when the client has
/// taken all earlier events, so one that never reads costs no more than that.
struct Follower {
    journal: Arc<Journal>,
    newest: watch::Receiver<u64>,
    /// The last event that was sent.
    after: u64,
    greeted: bool,
}

impl Follower {
    async fn next(&mut self) -> Bytes {
        if !std::mem::replace(&mut self.greeted, true) {
            // The client sees at once that it follows.
            return Bytes::from_static(b": following\n\n");
        }
        loop {
            // Before looking, so that nothing new is missed.
            self.newest.mark_unchanged();
            let page = self.journal.after(self.after, BATCH.0, BATCH.1);
            if let Some((id, _)) = page.events.last() {
                self.after = *id;
                return chunk(&page);
            }
            if timeout(SIGN_OF_LIFE, self.newest.changed()).await.is_err() {
                return Bytes::from_static(b":\n\n");
            }
        }
    }
}

fn chunk(page: &Page) -> Bytes {
    let total: usize = page.events.iter().map(|(_, json)| json.len() + 40).sum();
    let mut text = Vec::with_capacity(total + 64);
    if page.lost > 0 {
        let lost = page.lost;
        text.extend_from_slice(format!("event: lost\ndata: {{\"lost\":{lost}}}\n\n").as_bytes());
    }
    for (id, json) in &page.events {
        text.extend_from_slice(format!("id: {id}\ndata: ").as_bytes());
        text.extend_from_slice(json);
        text.extend_from_slice(b"\n\n");
    }
    text.into()
}
