//! Why gavel is not connected, or not to be asked, in the log and in
//! `gavel status` as in the doctor.

use super::{doctor, gavel};
use crate::on_both;
use crate::support::{Gavel, Options, Prosody, Version};

async fn log_and_status_say_why_gavel_is_not_connected(version: Version) {
    let options = Options {
        more: "Component \"bare.meet.jitsi\"".into(),
        ..Options::default()
    };
    let prosody = Prosody::start(version, options);
    let (clients, components) = (prosody.c2s, prosody.component);
    let closed = crate::support::free_port();
    let table: [(String, &[&str]); 6] = [
        (
            "server = \"prosodi.invalid:5347\"".into(),
            &[
                "the name prosodi.invalid is not known",
                "component.server",
                "xmpp.meet.jitsi:5347",
            ],
        ),
        (
            format!("server = \"[::1]:{components}\""),
            &["127.0.0.1:5347", "component_interfaces"],
        ),
        (
            format!("server = \"127.0.0.1:{clients}\""),
            &["port for clients", "component_ports"],
        ),
        (
            format!("server = \"127.0.0.1:{closed}\""),
            &["nothing listens there", "component_ports"],
        ),
        (
            "jid = \"bare.meet.jitsi\"".into(),
            &["has no component_secret", "Component \"bare.meet.jitsi\""],
        ),
        (
            "jid = \"other.meet.jitsi\"".into(),
            &["has no component other.meet.jitsi", "restart Prosody"],
        ),
    ];
    for (setting, words) in table {
        let daemon = Gavel::start(&prosody, &format!("[component]\n{setting}"));
        let line = daemon.logs(words[0]).await;
        daemon.until_it_answers().await;
        let status = gavel("status", daemon.config()).await;
        assert_eq!(status.status, 1, "{status:?}");
        let mut lines = status.out.lines();
        let first = lines.next().unwrap_or_default();
        for word in words {
            assert!(line.contains(word), "{setting}: no {word:?} in {line}");
            assert!(first.contains(word), "{setting}: no {word:?} in {first}");
        }
        assert!(first.contains("not ready: not connected"), "{first}");
        doctor(daemon.config())
            .await
            .has("connection", "fail", words);
    }
}
on_both!(log_and_status_say_why_gavel_is_not_connected);

/// gavel works without its socket; a person who asks it is told the place to look at, and
/// the log names the remedy.
async fn a_socket_that_cannot_be_made_is_told_with_its_folder(version: Version) {
    let prosody = Prosody::start(version, Options::default());
    let nowhere = prosody.dir().join("not/there");
    let variables = [("XDG_RUNTIME_DIR", nowhere.to_str().unwrap())];
    let blocked = prosody.dir().join("modules/mod_test_load.lua");
    for folder in [nowhere.join("deeper"), blocked] {
        let socket = folder.join("admin.sock");
        let overrides = format!("[admin]\nsocket = {socket:?}");
        let daemon = Gavel::start_with(&prosody, &overrides, &variables);
        let line = daemon.logs("the admin API is not served").await;
        let folder = folder.to_str().unwrap();
        for words in [folder, "writable", "RuntimeDirectory=gavel", "tmpfs"] {
            assert!(line.contains(words), "no {words:?} in {line}");
        }
        daemon.logs("ready: all rooms").await;
        let status = gavel("status", daemon.config()).await;
        assert_eq!(status.status, 1, "{status:?}");
        assert!(
            status.err.contains(folder) && status.err.contains("the admin API is not served"),
            "{status:?}"
        );
        let found = doctor(daemon.config()).await;
        found.has(
            "connection",
            "fail",
            &[folder, "the admin API is not served", "writable"],
        );
    }
    // Another gavel of the same configuration: not the folder is to blame.
    let first = Gavel::start(&prosody, "");
    first.logs("ready: all rooms").await;
    let socket = first.socket();
    let second = Gavel::start(&prosody, &format!("[admin]\nsocket = {socket:?}"));
    let line = second.logs("the admin API is not served").await;
    assert!(line.contains("end the other gavel"), "{line}");
    assert!(!line.contains("RuntimeDirectory"), "{line}");
}
on_both!(a_socket_that_cannot_be_made_is_told_with_its_folder);
