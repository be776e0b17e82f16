//! Without a daemon: over a connection of the command's own.

use super::{doctor, gavel};
use crate::on_both;
use crate::support::{Client, GAVEL, Gavel, Options, Prosody, Version};
use std::io::{Read, Write};
use std::net::TcpListener;

const ROOM: &str = "room@muc.meet.jitsi";

/// Prosody with the module, gavel in no `admins`.
fn with_module() -> Options {
    Options {
        global: VERSION.into(),
        ..Options::with_module()
    }
}

/// Prosody tells its version.
const VERSION: &str = "modules_enabled = { \"saslauth\", \"disco\", \"ping\", \"version\" }";
const BRIDGE: &str = "[claims]\nsources = [\"bridge\"]";

async fn doctor_is_content_with_a_healthy_deployment(version: Version) {
    let prosody = Prosody::start(version, with_module());
    let found = doctor(&Gavel::configure(&prosody, BRIDGE)).await;
    found.is_healthy();
    assert_eq!(found.json["examined_by"], "command");
    found.has("configuration", "ok", &[]);
    found.has("connection", "ok", &["lets gavel.meet.jitsi in"]);
    found.has(
        "module",
        "ok",
        &["mod_gavel", "is active on muc.meet.jitsi"],
    );
    found.has("nagle", "ok", &[]);
    let number = match version {
        Version::V0_12 => "Prosody 0.12",
        Version::V13 => "Prosody 13",
    };
    found.has("prosody", "ok", &[number]);
}
on_both!(doctor_is_content_with_a_healthy_deployment);

async fn doctor_prints_one_escaped_line_a_finding(version: Version) {
    let prosody = Prosody::start(version, with_module());
    let config = Gavel::configure(&prosody, BRIDGE);
    let said = gavel("doctor", &config).await;
    assert_eq!((said.status, said.err.as_str()), (0, ""));
    let lines: Vec<&str> = said.out.lines().collect();
    assert!(lines.len() >= 4, "{}", said.out);
    // Aligned: the third column begins at one place in every line.
    let third = |line: &&str| {
        let rest = line.split_once(char::is_whitespace).unwrap().1.trim_start();
        let rest = rest.split_once(char::is_whitespace).unwrap().1.trim_start();
        line.len() - rest.len()
    };
    let places: std::collections::BTreeSet<usize> = lines.iter().map(third).collect();
    assert_eq!(places.len(), 1, "{}", said.out);
    assert!(
        lines.iter().all(|line| line.starts_with("ok ")),
        "{}",
        said.out
    );
    assert!(!said.out.contains('\u{1b}'), "no colour into a pipe");
    let config = Gavel::configure(&prosody, "[component]\nsecret = \"another\"");
    let said = gavel("doctor", &config).await;
    assert_eq!(said.status, 1);
    let failed = said.out.lines().find(|line| line.starts_with("fail"));
    let failed = failed.unwrap_or_else(|| panic!("{said:?}"));
    assert!(failed.contains("component_secret of Component \"gavel.meet.jitsi\""));
    assert!(!said.out.contains("another") && !said.err.contains("another"));
}
on_both!(doctor_prints_one_escaped_line_a_finding);

async fn doctor_tells_the_reason_that_keeps_gavel_out(version: Version) {
    let prosody = Prosody::start(version, Options::default());
    let found = async |overrides: &str| doctor(&Gavel::configure(&prosody, overrides)).await;
    let wrong = found("[component]\nsecret = \"wrong\"").await;
    wrong.has(
        "connection",
        "fail",
        &["refuses the secret", "component.secret"],
    );
    let unknown = found("[component]\njid = \"other.meet.jitsi\"").await;
    unknown.has(
        "connection",
        "fail",
        &["has no component other.meet.jitsi", "component_secret"],
    );
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = closed.local_addr().unwrap().port();
    drop(closed);
    let closed = found(&format!("[component]\nserver = \"127.0.0.1:{port}\"")).await;
    closed.has("connection", "fail", &["cannot connect", "component_ports"]);
    // The port for clients, and a web server.
    let port = prosody.c2s;
    let clients = found(&format!("[component]\nserver = \"127.0.0.1:{port}\"")).await;
    clients.has(
        "connection",
        "fail",
        &["component.server", "port for clients"],
    );
    let web = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = web.local_addr().unwrap().port();
    let answering = std::thread::spawn(move || {
        let (mut stream, _) = web.accept().unwrap();
        let mut read = [0; 100];
        let _ = stream.read(&mut read);
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    let web = found(&format!("[component]\nserver = \"127.0.0.1:{port}\"")).await;
    web.has("connection", "fail", &["is no component port"]);
    answering.join().unwrap();
    let other = Client::component(&prosody, GAVEL).await;
    let conflict = found("").await;
    conflict.has(
        "connection",
        "fail",
        &["another connection", "admin.socket"],
    );
    assert!(other.connected(), "the other is left alone");
}
on_both!(doctor_tells_the_reason_that_keeps_gavel_out);

async fn doctor_finds_that_gavel_is_no_admin(version: Version) {
    let options = Options {
        gavel_is_admin: false,
        admins_own_rooms: false,
        validate_from: true,
        ..Options::default()
    };
    let prosody = Prosody::start(version, options);
    let found = doctor(&Gavel::configure(&prosody, "")).await;
    let admins = "\"gavel@gavel.meet.jitsi\" to `admins`";
    found.has("admins", "fail", &["Component \"muc.meet.jitsi\"", admins]);
    found.has("listing", "fail", &["cannot list the rooms", admins]);
    found.has(
        "module",
        "warn",
        &["visible to participants", "modules_enabled"],
    );
    found.has(
        "impersonation",
        "warn",
        &["validate_from_addresses = false"],
    );
}
on_both!(doctor_finds_that_gavel_is_no_admin);

async fn doctor_knows_a_plain_server_that_works(version: Version) {
    let options = Options {
        admins_own_rooms: version == Version::V0_12,
        muc: "muc_room_default_public = false".into(),
        ..Options::default()
    };
    let prosody = Prosody::start(version, options);
    let alice = Client::connect(&prosody, "alice@meet.jitsi").await;
    alice.join(ROOM, "alice", "").await;
    let found = doctor(&Gavel::configure(&prosody, "")).await;
    found.has("admins", "ok", &[]);
    found.has("listing", "ok", &["lists 1 room", "hidden ones too"]);
    found.has("impersonation", "ok", &[]);
    let rights = match version {
        Version::V0_12 => "has an owner's rights",
        Version::V13 => "component_admins_as_room_owners = true",
    };
    found.has("owner", "ok", &[rights]);
    let found = doctor(&Gavel::configure(&prosody, "[discovery]\npoll = \"disco\"")).await;
    found.has("listing", "warn", &["hidden", "discovery.poll = \"auto\""]);
}
on_both!(doctor_knows_a_plain_server_that_works);

async fn doctor_misses_the_module_in_jitsi(version: Version) {
    let options = Options {
        more: "Component \"focus.meet.jitsi\" \"muc\"".into(),
        ..Options::default()
    };
    let prosody = Prosody::start(version, options);
    let found = doctor(&Gavel::configure(&prosody, BRIDGE)).await;
    found.has(
        "module",
        "fail",
        &[
            "nobody there gets a role from a token",
            "XMPP_MUC_MODULES",
            "nameless",
        ],
    );
    for other in ["sources", "admins", "listing", "impersonation", "guard"] {
        found.lacks(other);
    }
}
on_both!(doctor_misses_the_module_in_jitsi);

async fn doctor_finds_a_module_that_serves_another(version: Version) {
    let options = Options {
        muc: "gavel_jid = \"gavel@other.meet.jitsi\"".into(),
        ..with_module()
    };
    let prosody = Prosody::start(version, options);
    let found = doctor(&Gavel::configure(&prosody, BRIDGE)).await;
    found.has(
        "module",
        "fail",
        &["gavel_jid = \"gavel@gavel.meet.jitsi\""],
    );
}
on_both!(doctor_finds_a_module_that_serves_another);

async fn doctor_finds_a_domain_that_is_no_muc_service(version: Version) {
    let prosody = Prosody::start(version, with_module());
    let overrides = format!("{BRIDGE}\n[[muc]]\nservice = \"nowhere.meet.jitsi\"");
    let found = doctor(&Gavel::configure(&prosody, &overrides)).await;
    found.has(
        "service",
        "fail",
        &["nowhere.meet.jitsi is not a MUC service", "[[muc]]"],
    );
    let overrides = format!("{BRIDGE}\n[[muc]]\nservice = \"auth.meet.jitsi\"");
    let found = doctor(&Gavel::configure(&prosody, &overrides)).await;
    found.has("service", "fail", &["auth.meet.jitsi is not a MUC service"]);
}
on_both!(doctor_finds_a_domain_that_is_no_muc_service);

async fn doctor_finds_that_prosody_holds_packets_back(version: Version) {
    let options = Options {
        global: "network_settings = { nagle = true }".into(),
        ..with_module()
    };
    let prosody = Prosody::start(version, options);
    let found = doctor(&Gavel::configure(&prosody, BRIDGE)).await;
    found.has("nagle", "warn", &["network_settings = { nagle = false }"]);
}
on_both!(doctor_finds_that_prosody_holds_packets_back);

async fn doctor_shows_odd_settings_of_the_configuration(version: Version) {
    let prosody = Prosody::start(version, with_module());
    let config = Gavel::configure(&prosody, BRIDGE);
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text.replace("127.0.0.1", "127.0.0.256")).unwrap();
    let found = gavel("doctor", &config).await;
    assert_eq!(found.status, 1, "{found:?}");
    std::fs::write(&config, "[component]\njid = 3\n").unwrap();
    let found = gavel("doctor", &config).await;
    assert_eq!(found.status, 2, "{found:?}");
    assert!(found.err.contains("component.jid"), "{found:?}");
}
on_both!(doctor_shows_odd_settings_of_the_configuration);

async fn doctor_changes_nothing_in_rooms(version: Version) {
    let options = Options {
        muc_modules: vec!["test_eval"],
        ..Options::default()
    };
    let prosody = Prosody::start(version, options);
    let alice = Client::connect(&prosody, "alice@meet.jitsi").await;
    alice.join(ROOM, "alice", "").await;
    let watcher = Client::connect(&prosody, "watcher@auth.meet.jitsi").await;
    let state = "local all = {}; local r = room('room@muc.meet.jitsi');
        for jid, a in pairs(r._affiliations) do all[#all + 1] = jid..'='..a; end
        for nick in pairs(r._occupants) do all[#all + 1] = nick; end
        for r in module:depends('muc').all_rooms() do all[#all + 1] = r.jid; end
        return table.concat(all, ' ')";
    let eval = format!(
        "<eval xmlns='urn:gavel:test'>{}</eval>",
        crate::support::escape(state)
    );
    let look = async || {
        let reply = watcher.iq("set", "muc.meet.jitsi", &eval).await.unwrap();
        reply.named("eval").unwrap().text.clone()
    };
    let before = look().await;
    assert!(before.contains("alice@meet.jitsi=owner"), "{before}");
    let seen = alice.received().len();
    let found = doctor(&Gavel::configure(&prosody, "")).await;
    found.has("connection", "ok", &[]);
    assert_eq!(look().await, before);
    alice.ping("meet.jitsi").await.unwrap();
    assert_eq!(alice.received().len(), seen + 1, "nobody notices anything");
}
on_both!(doctor_changes_nothing_in_rooms);
