//! How much anybody who can reach a listener may take of it: connections, and
//! time.

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;
use tracing::debug;

/// A request's head must be there within this.
pub(super) const HEAD: Duration = Duration::from_secs(10);
/// After this a connection takes no further request; the client opens another.
const LIFE: Duration = Duration::from_secs(30);
/// How long the last answer may take then, unless it is one that never ends.
const GRACE: Duration = Duration::from_secs(30);
/// Bytes of an answer that wait for its reader, at most.
const WAITING: usize = 64 * 1024;
/// Pause after a connection that could not be accepted: all files are open.
const BREATH: Duration = Duration::from_millis(100);

/// Connections at once to the socket: people and programs of the machine.
pub(super) const LOCAL: usize = 512;
/// Connections at once to the address: load balancers and Prometheus.
pub(super) const PUBLIC: usize = 64;

/// Places of which there are only so many.
#[derive(Debug, Clone)]
pub(super) struct Places(Arc<Semaphore>);

impl Places {
    pub(super) fn new(places: usize) -> Self {
        Self(Arc::new(Semaphore::new(places)))
    }

    /// Takes one, if there is one; it is given back when the result is dropped.
    pub(super) fn take(&self) -> Option<OwnedSemaphorePermit> {
        self.0.clone().try_acquire_owned().ok()
    }

    async fn wait(&self) -> Option<OwnedSemaphorePermit> {
        self.0.clone().acquire_owned().await.ok()
    }
}

/// A connection, as a handler may mark it.
#[derive(Debug, Clone, Default)]
pub(super) struct Connection {
    follows: Arc<AtomicBool>,
    /// The user at the other end, where the system says so.
    pub(super) uid: Option<u32>,
}

impl Connection {
    /// The answer never ends, so it has no time limit.
    pub(super) fn follow(&self) {
        self.follows.store(true, Ordering::Relaxed);
    }

    fn follows(&self) -> bool {
        self.follows.load(Ordering::Relaxed)
    }
}

/// What connections come from.
pub(super) trait Listener {
    /// A connection.
    type Io: AsyncRead + AsyncWrite + Unpin + Send + 'static;
    /// The next one.
    fn accept(&self) -> impl Future<Output = io::Result<Self::Io>> + Send;
    /// The user at its other end, where the system says so.
    fn uid(_: &Self::Io) -> Option<u32> {
        None
    }
}

impl Listener for TcpListener {
    type Io = tokio::net::TcpStream;
    async fn accept(&self) -> io::Result<Self::Io> {
        TcpListener::accept(self).await.map(|(io, _)| io)
    }
}

impl Listener for UnixListener {
    type Io = tokio::net::UnixStream;
    async fn accept(&self) -> io::Result<Self::Io> {
        UnixListener::accept(self).await.map(|(io, _)| io)
    }
    fn uid(io: &Self::Io) -> Option<u32> {
        io.peer_cred().ok().map(|peer| peer.uid())
    }
}

/// Serves up to `places` connections at once, for ever; others wait to be
/// accepted.
pub(super) async fn serve<L: Listener>(listener: L, router: Router, places: usize) {
    let places = Places::new(places);
    while let Some(place) = places.wait().await {
        match listener.accept().await {
            Ok(io) => {
                let router = router.clone();
                let marks = Connection {
                    uid: L::uid(&io),
                    ..Connection::default()
                };
                tokio::spawn(async move {
                    connection(io, router, marks).await;
                    drop(place);
                });
            }
            Err(error) => {
                debug!("a connection to the admin API was not accepted: {error}");
                sleep(BREATH).await;
            }
        }
    }
}

async fn connection<Io>(io: Io, router: Router, marks: Connection)
where
    Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = TowerToHyperService::new(router);
    let marked = marks.clone();
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(marked.clone());
        service.call(request)
    });
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(WAITING)
        .serve_connection(TokioIo::new(io), service);
    let mut serving = pin!(serving);
    tokio::select! {
        // A client that has gone is no news.
        _ = serving.as_mut() => return,
        () = sleep(LIFE) => serving.as_mut().graceful_shutdown(),
    }
    while tokio::time::timeout(GRACE, serving.as_mut()).await.is_err() && marks.follows() {}
}
