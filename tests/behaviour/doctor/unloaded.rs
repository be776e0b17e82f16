//! Faults that keep Prosody from loading the module: the finding quotes the words that
//! Prosody's log has for it.

use super::{doctor, gavel};
use crate::on_both;
use crate::support::{Env, Gavel, Options, Prosody, Version};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

const BRIDGE: &str = "[claims]\nsources = [\"bridge\"]";
const UNABLE: &str = "Unable to load module 'gavel'";
const INITIALIZING: &str = "Error initializing module 'gavel'";

/// Only root reads it from now on, as after a clone with umask 077.
fn close(path: &Path) {
    fs::set_permissions(path, Permissions::from_mode(0o700)).unwrap();
}

/// A name, the change that spoils the folder of modules, and the words of the log.
type Spoilt = (&'static str, fn(&Path), &'static [&'static str]);

/// The damage to the module's folder, and Prosody's words for it.
const SPOILT: &[Spoilt] = &[
    (
        "a folder that Prosody's user cannot read",
        |modules| close(&modules.join("gavel")),
        &[UNABLE, "No such file or directory"],
    ),
    (
        "a file that Prosody's user cannot read",
        |modules| close(&modules.join("gavel/mod_gavel.lua")),
        &[UNABLE, "No such file or directory"],
    ),
    (
        "one of its parts that Prosody's user cannot read",
        |modules| close(&modules.join("gavel/names.lib.lua")),
        &[INITIALIZING, "names"],
    ),
    (
        "a folder that is not there",
        |modules| fs::remove_dir_all(modules.join("gavel")).unwrap(),
        &[UNABLE, "No such file or directory"],
    ),
    (
        "a part that is not there",
        |modules| fs::remove_file(modules.join("gavel/names.lib.lua")).unwrap(),
        &[INITIALIZING, "names"],
    ),
    (
        "a file that was cut off",
        |modules| {
            let file = modules.join("gavel/mod_gavel.lua");
            let text = fs::read_to_string(&file).unwrap();
            let cut = text.find("function module.part").unwrap() + 10;
            fs::write(&file, &text[..cut]).unwrap();
        },
        &[UNABLE, "mod_gavel.lua:"],
    ),
];

/// Prosody runs as a user of its own, as everywhere but in these tests.
async fn a_module_that_prosody_cannot_load_is_told_in_its_words(version: Version) {
    for (name, spoil, words) in SPOILT {
        let options = Options {
            as_nobody: true,
            ..Options::with_module()
        };
        let prosody = Prosody::start_spoilt(version, options, spoil);
        let is_error = |line: &str| line.contains(words[0]) && line.contains("error");
        let line = prosody.logs(name, is_error).await;
        for word in *words {
            assert!(line.contains(word), "{name}: {line}");
        }
        let found = doctor(&Gavel::configure(&prosody, BRIDGE)).await;
        // The quoted words are in the log, and the finding names their possible meanings.
        let quoted = format!("\"{}\"", words[0]);
        found.has(
            "module",
            "fail",
            &[&quoted, "plugin_paths", "cannot read", "restart"],
        );
    }
}
on_both!(a_module_that_prosody_cannot_load_is_told_in_its_words);

/// Readable, it is loaded by that user, too.
async fn the_module_works_for_a_user_without_rights(version: Version) {
    let options = Options {
        as_nobody: true,
        ..Options::with_module()
    };
    let env = Env::with(version, options, BRIDGE).await;
    env.gavel.until_ready().await;
    let status = gavel("status", env.gavel.config()).await;
    assert!(
        status.out.contains("muc.meet.jitsi: mod_gavel 0."),
        "{status:?}"
    );
}
on_both!(the_module_works_for_a_user_without_rights);
