//! Tells people who may not use a socket who may.

use std::fmt;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The file with the names of groups.
const GROUPS: &str = "/etc/group";

/// The obstacle that keeps somebody from a socket, and the people who are let through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// The socket, or the folder above it that is closed.
    pub barrier: PathBuf,
    /// The group that is let through; `None` if only root and the owner are.
    pub group: Option<String>,
}

impl Access {
    /// Looks at `socket` and the folders above it.
    pub fn of(socket: &Path) -> Self {
        // Below a folder that may not be entered nothing can be seen.
        let visible = socket.ancestors().find_map(|path| {
            let metadata = fs::metadata(path).ok()?;
            Some((path, metadata))
        });
        let Some((barrier, metadata)) = visible else {
            return Self {
                barrier: socket.to_path_buf(),
                group: None,
            };
        };
        Self {
            barrier: barrier.to_path_buf(),
            group: group_let_in(&metadata).map(|gid| {
                let groups = fs::read_to_string(GROUPS).unwrap_or_default();
                name_of(gid, &groups).unwrap_or_else(|| gid.to_string())
            }),
        }
    }
}

/// The group that a file's mode lets in, a socket by writing, a folder by
/// entering; nobody is to be made a member of root's.
fn group_let_in(metadata: &Metadata) -> Option<u32> {
    let bit = if metadata.is_dir() { 0o010 } else { 0o020 };
    let gid = metadata.gid();
    (metadata.mode() & bit != 0 && gid != 0).then_some(gid)
}

/// The name of group `gid` in the text of `/etc/group` (group(5)).
fn name_of(gid: u32, groups: &str) -> Option<String> {
    let gid = gid.to_string();
    groups.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == gid).then(|| name.to_owned())
    })
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let barrier = self.barrier.display();
        match &self.group {
            Some(group) => write!(
                f,
                "{barrier} is for the group {group}; use sudo, or become a member (sudo usermod \
                 -aG {group} \"$USER\") and log in again"
            ),
            None => write!(f, "{barrier} is for its owner; use sudo"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_have_names() {
        let groups = "root:x:0:\ngavel:x:998:alice,bob\nodd\n";
        assert_eq!(name_of(998, groups).as_deref(), Some("gavel"));
        assert_eq!(name_of(0, groups).as_deref(), Some("root"));
        assert_eq!(name_of(99, groups), None);
    }
}
