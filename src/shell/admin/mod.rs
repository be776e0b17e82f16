//! The admin API (SPEC section 5): HTTP/1.1 over a unix socket, and health and metrics over
//! TCP if they are wanted.
//!
//! It has a thread of its own: reading requests and writing answers never holds
//! up the engine. It asks the engine for values only, through the driver's
//! `EngineHandle`. A trouble of it is told once and tried again; it never keeps
//! gavel from its work.

mod answers;
mod doctor;
mod events;
mod fault;
mod health;
mod limits;
mod overrides;
mod people;
mod persist;
mod rooms;
mod routes;
mod shared;
mod socket;
#[cfg(test)]
mod tests;
mod web;

pub(super) use shared::Shared;

use crate::config;
use axum::Router;
use persist::persist;
use routes::{answers_all, full};
use std::io;
use std::net::SocketAddr;
use std::thread;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tracing::{info, warn};

/// The running API; it ends when this is dropped.
pub(super) struct Admin {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Admin {
    /// Starts to serve. A failure is reported, and tried again.
    pub(super) fn start(config: config::Admin, shared: Shared) -> Self {
        let (stop, stopped) = oneshot::channel::<()>();
        let serve = move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            let served = runtime.map(|runtime| {
                runtime.block_on(async {
                    tokio::select! {
                        () = serve(config, shared) => {}
                        _ = stopped => {}
                    }
                });
            });
            if let Err(error) = served {
                not_served(&error);
            }
        };
        let thread = thread::Builder::new().name("admin".into()).spawn(serve);
        let thread = thread.map_err(|error| not_served(&error)).ok();
        Self {
            stop: Some(stop),
            thread,
        }
    }
}

fn not_served(error: &io::Error) {
    warn!(
        "the admin API is not served ({error}): see the limits that the system sets for this process"
    );
}

impl Drop for Admin {
    fn drop(&mut self) {
        // A server that has ended already hears nothing, and need not.
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn serve(config: config::Admin, shared: Shared) {
    let over_socket = socket::serve(config.socket, full(shared.clone()));
    let public = async {
        let Some(address) = config.listen else {
            return;
        };
        let router = Router::new().merge(health::routes());
        let router = answers_all(router.with_state(shared.clone()));
        over_tcp(
            "listen",
            "health and metrics are",
            address,
            router,
            limits::PUBLIC,
        )
        .await;
    };
    let page = async {
        let Some(address) = config.web else {
            return;
        };
        let token = config.web_token.as_ref();
        let router = web::router(shared.clone(), token.map(|token| token.expose().as_slice()));
        over_tcp("web", "the status page is", address, router, limits::PAGE).await;
    };
    tokio::join!(over_socket, public, page);
}

/// Serves on `address`, which `admin.<key>` names; `what` is in words.
async fn over_tcp(
    key: &str,
    what: &str,
    address: SocketAddr,
    router: Router,
    limits: limits::Limits,
) {
    let bind = || TcpListener::bind(address);
    let listener = persist(bind, |error| {
        warn!(
            "cannot listen on {address} ({error}), so {what} not served there: set admin.{key} to an address of this machine that is free; trying again"
        );
    });
    let listener = listener.await;
    info!(%address, "{what} served");
    limits::serve(listener, router, limits).await;
}
