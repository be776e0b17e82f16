//! The Prosody module as it came with this binary.

use include_dir::{Dir, include_dir};
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// The files of the module.
static MODULE: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/deploy/prosody/gavel");

/// Writes the module into `folder`, readable for everybody: Prosody runs as
/// another user. Files of another release that are there go.
pub fn write(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755))?;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let ours = path.file_name().is_some_and(|name| MODULE.contains(name));
        if path.extension().is_some_and(|kind| kind == "lua") && !ours {
            fs::remove_file(path)?;
        }
    }
    for file in MODULE.files() {
        let path = folder.join(file.path());
        fs::write(&path, file.contents())?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644))?;
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn it_is_readable_for_everybody_and_old_files_go() {
        let folder = tempfile::tempdir().unwrap();
        let module = folder.path().join("gavel");
        fs::create_dir(&module).unwrap();
        fs::set_permissions(&module, fs::Permissions::from_mode(0o700)).unwrap();
        fs::write(module.join("old.lib.lua"), "").unwrap();
        write(&module).unwrap();
        assert!(!module.join("old.lib.lua").exists());
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&module), 0o755);
        assert_eq!(mode(&module.join("mod_gavel.lua")), 0o644);
        assert_eq!(mode(&module.join("daemon.lib.lua")), 0o644);
    }
}
