//! The admin API of a running gavel, as a client sees it.

use super::Gavel;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};

/// How long something may take to become true.
const DEADLINE: Duration = Duration::from_secs(10);

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub text: String,
}

impl Answer {
    /// Its body, which must be JSON.
    pub fn json(&self) -> Value {
        let read = serde_json::from_str(&self.text);
        read.unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The code of its error.
    pub fn code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap().to_owned()
    }
}

/// Sends one request over `io`.
pub async fn send<Io>(
    io: Io,
    method: Method,
    path: &str,
    accept: &str,
    body: &str,
) -> Response<Incoming>
where
    Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(io))
        .await
        .expect("HTTP");
    tokio::spawn(connection);
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "gavel")
        .header("accept", accept)
        .header("content-type", "application/json")
        .body(Full::new(Bytes::from(body.to_owned())))
        .expect("a request");
    sender.send_request(request).await.expect("an answer")
}

async fn whole(response: Response<Incoming>) -> Answer {
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.expect("a body");
    let text = String::from_utf8(body.to_bytes().to_vec()).expect("text");
    Answer { status, text }
}

/// One request to the socket at `path`.
pub async fn ask(socket: &Path, method: Method, path: &str, body: &str) -> Answer {
    let io = UnixStream::connect(socket).await.expect("the socket");
    whole(send(io, method, path, "application/json", body).await).await
}

/// One request to a TCP address.
pub async fn ask_tcp(address: &str, path: &str) -> Answer {
    let io = TcpStream::connect(address).await.expect("the address");
    whole(send(io, Method::GET, path, "*/*", "").await).await
}

/// Somebody who follows events.
pub struct Follower {
    body: Incoming,
    text: String,
}

impl Follower {
    /// Follows the events of the socket at `path`.
    pub async fn new(socket: &Path, path: &str) -> Self {
        let io = UnixStream::connect(socket).await.expect("the socket");
        let response = send(io, Method::GET, path, "text/event-stream", "").await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self {
            body: response.into_body(),
            text: String::new(),
        }
    }

    /// The next event.
    pub async fn next(&mut self) -> Value {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let data = block.lines().find_map(|line| line.strip_prefix("data: "));
                let data = data.map(|data| serde_json::from_str(data).expect("JSON"));
                self.text = rest.to_owned();
                if let Some(event) = data {
                    return event;
                }
                continue;
            }
            let frame = tokio::time::timeout(DEADLINE, self.body.frame()).await;
            let frame = frame
                .expect("an event comes")
                .expect("no end")
                .expect("no error");
            let data = frame.into_data().expect("data");
            self.text += std::str::from_utf8(&data).expect("text");
        }
    }
}

impl Gavel {
    /// `GET path` of its admin API, once that is served.
    pub async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, "").await
    }

    /// A request to its admin API, once that is served.
    pub async fn ask(&self, method: Method, path: &str, body: &str) -> Answer {
        let socket = self.socket();
        let deadline = Instant::now() + DEADLINE;
        while UnixStream::connect(&socket).await.is_err() {
            assert!(Instant::now() < deadline, "the admin API is not served");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        ask(&socket, method, path, body).await
    }

    /// Waits until `GET path` answers 200 with a body that is `wanted`.
    pub async fn shows(&self, path: &str, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let answer = self.get(path).await;
            if answer.status == 200 && wanted(&answer.json()) {
                return answer.json();
            }
            assert!(Instant::now() < deadline, "not {what}: {}", answer.text);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// The occupant `nick` of `room` once it is as `wanted`.
    pub async fn shows_occupant(
        &self,
        room: &str,
        nick: &str,
        what: &str,
        wanted: impl Fn(&Value) -> bool,
    ) -> Value {
        let path = format!("/v1/rooms/{room}");
        let detail = self
            .shows(&path, &format!("{nick} {what}"), |detail| {
                occupant(detail, nick).is_some_and(&wanted)
            })
            .await;
        occupant(&detail, nick).expect("just found").clone()
    }
}

/// An occupant of a room's details.
pub fn occupant<'a>(detail: &'a Value, nick: &str) -> Option<&'a Value> {
    detail["occupants"]
        .as_array()?
        .iter()
        .find(|o| o["nick"] == nick)
}
