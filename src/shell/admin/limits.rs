//! How much anybody who can reach a listener may take of it: connections, and
//! time.

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::Notify;
use tokio::time::{Instant, Sleep, sleep, timeout};
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

/// A client that has not taken its answer after this never will: the connection ends.
const STALLED: Duration = Duration::from_secs(15);
/// A client that has taken nothing for this long makes room for another.
const YIELDS: Duration = Duration::from_secs(1);
/// A follower that has been there for this long makes room for a new one: its
/// client comes back, and one that never reads does not stay for ever.
const FOLLOWED: Duration = Duration::from_secs(10);

/// How many may be there at once.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Connections.
    connections: usize,
    /// Those of them that follow events.
    pub(super) followers: usize,
}

/// The socket: people and programs of the machine.
pub(super) const LOCAL: Limits = Limits {
    connections: 512,
    followers: 256,
};
/// The address for health and metrics: load balancers and Prometheus.
pub(super) const PUBLIC: Limits = Limits {
    connections: 64,
    followers: 0,
};
/// The status page: browsers.
pub(super) const PAGE: Limits = Limits {
    connections: 256,
    followers: 128,
};

/// The connections of one listener.
#[derive(Debug)]
struct Places {
    limits: Limits,
    taken: Mutex<Vec<Arc<Place>>>,
    /// One has gone, or waits for nothing any more.
    freed: Notify,
}

/// One connection.
#[derive(Debug)]
struct Place {
    since: Instant,
    /// Answers that are being made or sent.
    busy: AtomicUsize,
    follows: AtomicBool,
    /// The time since which the client takes nothing that is sent to it.
    stalled: Mutex<Option<Instant>>,
    /// It is to end.
    end: Notify,
}

impl Place {
    /// Says whether somebody else may have it.
    fn yields(&self) -> bool {
        let follows = self.follows.load(Ordering::Relaxed);
        let stalled = lock(&self.stalled).is_some_and(|since| since.elapsed() >= YIELDS);
        stalled || !follows && self.busy.load(Ordering::Relaxed) == 0
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing that holds one can panic half-way.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Places {
    /// Waits until there is a place for one more.
    async fn wait(&self) {
        loop {
            let freed = self.freed.notified();
            let free = {
                let taken = lock(&self.taken);
                taken.len() < self.limits.connections || taken.iter().any(|place| place.yields())
            };
            if free {
                return;
            }
            // One that stalls frees its place without a word.
            let _ = timeout(YIELDS, freed).await;
        }
    }

    /// Takes a place; if all are taken, that of the oldest connection that asks for nothing
    /// or takes nothing.
    fn take(&self) -> Arc<Place> {
        let mut taken = lock(&self.taken);
        if taken.len() >= self.limits.connections
            && let Some(oldest) = taken.iter().position(|place| place.yields())
        {
            taken.remove(oldest).end.notify_one();
        }
        let place = Arc::new(Place {
            since: Instant::now(),
            busy: AtomicUsize::new(0),
            follows: AtomicBool::new(false),
            stalled: Mutex::new(None),
            end: Notify::new(),
        });
        taken.push(place.clone());
        place
    }

    fn leave(&self, place: &Arc<Place>) {
        lock(&self.taken).retain(|taken| !Arc::ptr_eq(taken, place));
        self.freed.notify_one();
    }
}

/// A connection, as a handler may mark it.
#[derive(Debug, Clone)]
pub(super) struct Connection {
    places: Arc<Places>,
    place: Arc<Place>,
    /// The user at the other end, if the system says so.
    pub(super) uid: Option<u32>,
}

impl Connection {
    /// The answer never ends, so it has no time limit.
    ///
    /// # Errors
    /// Fails if there are too many followers, all of them new, with the number that is allowed.
    pub(super) fn follow(&self) -> Result<(), usize> {
        let most = self.places.limits.followers;
        let mut taken = lock(&self.places.taken);
        let follows = |place: &Arc<Place>| place.follows.load(Ordering::Relaxed);
        if taken.iter().filter(|place| follows(place)).count() >= most {
            let oldest = taken.iter().position(follows);
            let oldest = oldest.filter(|at| taken[*at].since.elapsed() >= FOLLOWED);
            taken.remove(oldest.ok_or(most)?).end.notify_one();
        }
        self.place.follows.store(true, Ordering::Relaxed);
        Ok(())
    }

    fn follows(&self) -> bool {
        self.place.follows.load(Ordering::Relaxed)
    }
}

/// An answer that is being made or sent, for as long as it is not dropped.
#[derive(Debug)]
struct Busy(Connection);

impl Busy {
    fn new(connection: &Connection) -> Self {
        connection.place.busy.fetch_add(1, Ordering::Relaxed);
        Self(connection.clone())
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.place.busy.fetch_sub(1, Ordering::Relaxed);
        self.0.places.freed.notify_one();
    }
}

/// An answer's body, with the mark that it is being sent.
struct Sending {
    body: Body,
    _busy: Busy,
}

impl HttpBody for Sending {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A stream that ends if its client takes nothing for [`STALLED`].
struct Impatient<Io> {
    io: Io,
    place: Arc<Place>,
    patience: Option<Pin<Box<Sleep>>>,
}

impl<Io> Impatient<Io> {
    fn checked<T>(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            if self.patience.take().is_some() {
                *lock(&self.place.stalled) = None;
            }
            return written;
        }
        let place = &self.place;
        let patience = self.patience.get_or_insert_with(|| {
            *lock(&place.stalled) = Some(Instant::now());
            Box::pin(sleep(STALLED))
        });
        patience
            .as_mut()
            .poll(cx)
            .map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<Io: AsyncRead + Unpin> AsyncRead for Impatient<Io> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buffer)
    }
}

impl<Io: AsyncWrite + Unpin> AsyncWrite for Impatient<Io> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write(cx, bytes);
        self.checked(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write_vectored(cx, pieces);
        self.checked(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

/// A listener that connections come from.
pub(super) trait Listener {
    /// A connection.
    type Io: AsyncRead + AsyncWrite + Unpin + Send + 'static;
    /// The next one.
    fn accept(&self) -> impl Future<Output = io::Result<Self::Io>> + Send;
    /// The user at its other end, if the system says so.
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

/// Serves, for ever. If all places are taken by connections that are being answered, others
/// wait to be accepted.
pub(super) async fn serve<L: Listener>(listener: L, router: Router, limits: Limits) {
    let places = Arc::new(Places {
        limits,
        taken: Mutex::default(),
        freed: Notify::new(),
    });
    loop {
        places.wait().await;
        match listener.accept().await {
            Ok(io) => {
                let router = router.clone();
                let marks = Connection {
                    uid: L::uid(&io),
                    place: places.take(),
                    places: places.clone(),
                };
                tokio::spawn(async move {
                    tokio::select! {
                        () = connection(io, router, marks.clone()) => {}
                        () = marks.place.end.notified() => {}
                    }
                    marks.places.leave(&marks.place);
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
        let busy = Busy::new(&marked);
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(marked.clone());
        let answered = service.call(request);
        async move {
            let response = answered.await?;
            Ok::<_, Infallible>(response.map(|body| Sending { body, _busy: busy }))
        }
    });
    let io = Impatient {
        io,
        place: marks.place.clone(),
        patience: None,
    };
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
    while timeout(GRACE, serving.as_mut()).await.is_err() && marks.follows() {}
}
