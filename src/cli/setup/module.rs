//! The Prosody module as it came with this binary.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

macro_rules! files {
    ($($name:literal),+ $(,)?) => {
        /// Name and text of each file of the module.
        pub const FILES: &[(&str, &str)] = &[
            $(($name, include_str!(concat!("../../../deploy/prosody/gavel/", $name)))),+
        ];
    };
}

files!(
    "arrivals.lib.lua",
    "claims.lib.lua",
    "copies.lib.lua",
    "guard.lib.lua",
    "hooks.lib.lua",
    "intake.lib.lua",
    "jitsi.lib.lua",
    "lock.lib.lua",
    "mod_gavel.lua",
    "names.lib.lua",
    "refusals.lib.lua",
    "rights.lib.lua",
    "shadow.lib.lua",
    "state.lib.lua",
    "who.lib.lua",
);

/// Writes the module into `folder`, readable for everybody: Prosody runs as
/// another user. Files of another release that are there go.
pub fn write(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755))?;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let ours = name.is_some_and(|name| FILES.iter().any(|(known, _)| *known == name));
        if path.extension().is_some_and(|kind| kind == "lua") && !ours {
            fs::remove_file(path)?;
        }
    }
    for (name, text) in FILES {
        let path = folder.join(name);
        fs::write(&path, text)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644))?;
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_module_is_here() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/prosody/gavel");
        let entries = fs::read_dir(folder).unwrap();
        let mut found: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        found.sort();
        let known: Vec<&str> = FILES.iter().map(|(name, _)| *name).collect();
        assert_eq!(known, found);
    }

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
    }
}
