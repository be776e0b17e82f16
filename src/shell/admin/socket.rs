//! The unix socket: its path, its owner, and its permissions.
//!
//! It is put in its place whole: bound beside it, given its mode, renamed. So nobody
//! connects before the mode is right, and a dead gavel's socket is replaced. A living
//! gavel's is never taken.

use super::limits;
use super::persist::{RETRY, persist};
use crate::shell::client::user_socket;
use axum::Router;
use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use tokio::net::{UnixListener, UnixStream};
use tokio::time::sleep;
use tracing::{info, warn};

/// Read and write for owner and group: they may steer gavel.
const MODE: u32 = 0o660;
/// Mode of the folder, if it must be made.
const FOLDER_MODE: u32 = 0o755;

/// Serves on the first place that works, for ever; comes back if the socket was taken away.
pub(super) async fn serve(configured: PathBuf, router: Router) {
    // As the commands look for it.
    let second = user_socket().filter(|second| *second != configured);
    let places: Vec<PathBuf> = [configured.clone()].into_iter().chain(second).collect();
    loop {
        let bind = || bind_first(&places);
        let (listener, owned) = persist(bind, |error| {
            let remedy = remedy(error, &configured);
            warn!(
                "the admin API is not served, so gavel's commands do not reach this gavel: {error}; {remedy}; trying again"
            );
        })
        .await;
        info!(socket = %owned.path.display(), "the admin API is served");
        tokio::select! {
            () = limits::serve(listener, router.clone(), limits::LOCAL) => {}
            () = owned.is_taken_away() => {
                let socket = owned.path.display();
                warn!("the admin API's socket {socket} has been removed or replaced; making it anew");
            }
        }
    }
}

/// The remedy if the socket `configured` cannot be made.
fn remedy(error: &io::Error, configured: &Path) -> String {
    let socket = configured.display();
    let folder = configured.parent().unwrap_or(configured).display();
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            format!("end the other gavel, or give this one another admin.socket than {socket}")
        }
        io::ErrorKind::AlreadyExists => {
            format!("remove it, or set admin.socket to another path than {socket}")
        }
        _ => format!(
            "the folder {folder} of admin.socket must exist and be writable for gavel's user (systemd makes it with RuntimeDirectory=gavel; in a container it needs a tmpfs)"
        ),
    }
}

/// A socket that is ours, as long as its path names the file that we made.
pub(super) struct Owned {
    path: PathBuf,
    inode: u64,
}

impl Owned {
    fn is_there(&self) -> bool {
        fs::symlink_metadata(&self.path).is_ok_and(|found| found.ino() == self.inode)
    }

    /// Waits until somebody else has removed or replaced it.
    async fn is_taken_away(&self) {
        while self.is_there() {
            sleep(RETRY).await;
        }
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        if self.is_there() {
            // If it cannot be removed, the next gavel finds it dead.
            let _ = fs::remove_file(&self.path);
        }
    }
}

async fn bind_first(places: &[PathBuf]) -> io::Result<(UnixListener, Owned)> {
    let mut first = None;
    for path in places {
        match bind(path).await {
            Ok(bound) => return Ok(bound),
            // Two gavels of one configuration: the second has no socket, rather
            // than one where nobody looks for it.
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => return Err(error),
            Err(error) => {
                let named = format!("{}: {error}", path.display());
                first.get_or_insert_with(|| io::Error::new(error.kind(), named));
            }
        }
    }
    Err(first.unwrap_or_else(|| io::ErrorKind::NotFound.into()))
}

pub(super) async fn bind(path: &Path) -> io::Result<(UnixListener, Owned)> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    if !folder.exists() {
        fs::DirBuilder::new().mode(FOLDER_MODE).create(folder)?;
    }
    if let Ok(there) = fs::symlink_metadata(path) {
        may_replace(path, there.file_type()).await?;
    }
    // Short: a socket's path has little room (108 bytes on Linux).
    let aside = folder.join(format!(".{}", std::process::id()));
    // From a gavel that had our number and was killed in between.
    let _ = fs::remove_file(&aside);
    let listener = UnixListener::bind(&aside)?;
    let placed = fs::set_permissions(&aside, fs::Permissions::from_mode(MODE))
        .and_then(|()| fs::symlink_metadata(&aside))
        .and_then(|made| fs::rename(&aside, path).map(|()| made.ino()));
    match placed {
        Ok(inode) => {
            let path = path.to_owned();
            Ok((listener, Owned { path, inode }))
        }
        Err(error) => {
            let _ = fs::remove_file(&aside);
            Err(error)
        }
    }
}

/// Says whether the file there is a socket on which nobody listens. Anything else is
/// somebody's, and the configuration is at fault.
async fn may_replace(path: &Path, kind: fs::FileType) -> io::Result<()> {
    if !kind.is_socket() {
        let why = "what is there is no socket, and is left alone";
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, why));
    }
    match UnixStream::connect(path).await {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(_) => Err(io::Error::new(
            io::ErrorKind::AddrInUse,
            format!("another process listens on {}", path.display()),
        )),
    }
}
