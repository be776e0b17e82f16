//! The client against a small server on a socket of its own.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::api::{ErrorCode, Failure};
use axum::extract::Path as Segments;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, put};
use axum::{Json, Router};
use futures::stream;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use tokio::net::UnixListener;

/// A folder with a socket on which `router` answers.
struct Daemon(tempfile::TempDir);

impl Daemon {
    fn with(router: Router) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join("s")).unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self(folder)
    }

    fn client(&self) -> Client {
        Client::of([self.0.path().join("s")])
    }
}

#[tokio::test]
async fn json_goes_both_ways() {
    let echo = |Segments((room, who)): Segments<(String, String)>, Json(body): Json<Value>| async move {
        Json(json!({"room": room, "who": who, "body": body}))
    };
    let gone = || async { StatusCode::NO_CONTENT };
    let router = Router::new().route("/v1/{room}/{who}", put(echo).delete(gone));
    let client = Daemon::with(router);
    let (room, who) = ("[school]a b/ä@muc.x", "Ada “%2F” ?#&");
    let path = format!("/v1/{}/{}", segment(room), segment(who));
    let answer: Value = client.client().put(&path, &json!({"a": 1})).await.unwrap();
    assert_eq!(answer, json!({"room": room, "who": who, "body": {"a": 1}}));
    let nothing: Option<Value> = client.client().delete(&path).await.unwrap();
    assert_eq!(nothing, None);
}

#[tokio::test]
async fn the_daemons_errors_come_as_they_are() {
    let failure = Failure {
        code: ErrorCode::Ambiguous,
        message: "\"ada\" could be two people".to_owned(),
        candidates: vec!["Ada <a@x>".to_owned(), "Ada <b@x>".to_owned()],
    };
    let body = ErrorBody {
        error: failure.clone(),
    };
    let router = Router::new()
        .route("/a", get(|| async { (StatusCode::CONFLICT, Json(body)) }))
        .route("/b", get(|| async { (StatusCode::BAD_GATEWAY, "no") }))
        .route("/c", get(|| async { "<html>" }));
    let daemon = Daemon::with(router);
    let client = daemon.client();
    let error = client.get::<Value>("/a").await.unwrap_err();
    assert_eq!(error.failure(), Some(&failure));
    assert_eq!(error.to_string(), failure.message);
    assert!(!error.is_passing());
    for (path, words) in [("/b", "status 502"), ("/c", "expected value")] {
        let error = client.get::<Value>(path).await.unwrap_err();
        assert!(matches!(error, ClientError::Strange { .. }), "{error}");
        assert!(error.to_string().contains(words), "{error}");
    }
    assert!(
        client
            .stream("/a", None)
            .await
            .unwrap_err()
            .failure()
            .is_some()
    );
}

#[tokio::test]
async fn events_come_as_they_are_sent() {
    let after = |headers: HeaderMap| async move {
        let text = |name| headers.get(name).map(|v| v.to_str().unwrap().to_owned());
        assert_eq!(text("accept").as_deref(), Some("text/event-stream"));
        let after = text("last-event-id").unwrap_or_default();
        let pieces = [
            format!("id: {after}1\ndata: {{"),
            "}\n\n: alive\n\n".to_owned(),
        ];
        let pieces = pieces.map(Ok::<_, io::Error>);
        axum::body::Body::from_stream(stream::iter(pieces))
    };
    let daemon = Daemon::with(Router::new().route("/v1/events", get(after)));
    for (after, id) in [(None, 1), (Some(4), 41)] {
        let mut events = daemon.client().stream("/v1/events", after).await.unwrap();
        let item = events.next().await.unwrap().unwrap();
        assert_eq!((item.id, item.data.as_str()), (Some(id), "{}"));
        assert_eq!(events.next().await.unwrap(), None);
    }
}

#[tokio::test]
async fn the_first_socket_that_takes_a_connection_is_asked() {
    let daemon = Daemon::with(Router::new().route("/", get(|| async { "1" })));
    let missing = daemon.0.path().join("missing");
    let stale = daemon.0.path().join("stale");
    drop(std::os::unix::net::UnixListener::bind(&stale).unwrap());
    let socket = daemon.0.path().join("s");
    let client = Client::of([missing.clone(), stale.clone(), socket]);
    assert_eq!(client.get::<u32>("/").await.unwrap(), 1);
    let error = Client::of([missing.clone(), stale.clone()])
        .get::<u32>("/")
        .await;
    let error = error.unwrap_err();
    assert!(error.is_passing());
    let expected = format!(
        "no gavel is running here ({}: not there, {}: nobody listens); start it",
        missing.display(),
        stale.display()
    );
    assert!(error.to_string().starts_with(&expected), "{error}");
}

#[tokio::test]
async fn a_daemon_that_does_not_answer_is_not_waited_for() {
    let router = Router::new().route("/", get(std::future::pending::<&str>));
    let daemon = Daemon::with(router);
    let client = daemon.client().with_patience(Duration::from_millis(50));
    let error = client.get::<u32>("/").await.unwrap_err();
    assert!(matches!(error, ClientError::Silent { .. }), "{error}");
    assert!(error.is_passing() && error.to_string().contains("within 50ms"));
}

#[tokio::test]
async fn a_socket_without_http_is_called_broken() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("s");
    let listener = UnixListener::bind(&socket).unwrap();
    tokio::spawn(async move {
        loop {
            drop(listener.accept().await);
        }
    });
    let error = Client::of([socket]).get::<u32>("/").await.unwrap_err();
    assert!(matches!(error, ClientError::Broken { .. }), "{error}");
}

/// The kernel decides about the sockets that this test's user may use; the modes, which
/// root can read too, decide who is let in.
#[test]
fn the_error_names_the_users_of_the_socket() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("s");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let mode = |mode| std::fs::set_permissions(&socket, PermissionsExt::from_mode(mode)).unwrap();
    mode(0o660);
    if std::os::unix::fs::chown(&socket, None, Some(1)).is_ok() {
        let access = Access::of(&socket);
        assert_eq!(access.group.as_deref(), Some("daemon"));
        assert_eq!(access.barrier, socket);
        let error = ClientError::NotPermitted {
            socket: socket.clone(),
            access,
        };
        let words =
            "is for the group daemon; use sudo, or become a member (sudo usermod -aG daemon";
        assert!(error.to_string().contains(words), "{error}");
    }
    mode(0o600);
    assert_eq!(Access::of(&socket).group, None);
}
