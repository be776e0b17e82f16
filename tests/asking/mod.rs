//! The commands that ask the daemon, if it cannot be asked.

use super::{Folder, ended, gavel};
use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Each command that asks.
const ASKING: [&[&str]; 7] = [
    &["room", "list"],
    &["room", "show", "lesson"],
    &["room", "watch"],
    &["room", "set", "lesson", "ada", "owner"],
    &["room", "unset", "lesson", "ada"],
    &["events"],
    &["events", "--follow", "--json"],
];

#[test]
fn without_a_daemon_each_command_says_so_and_ends_with_1() {
    for arguments in ASKING {
        let socket = "[admin]\nsocket = 'x.sock'\n";
        let arguments = [arguments, &["-c", "gavel.toml"]].concat();
        let (status, out, err) = gavel(socket, &arguments, &[]);
        assert_eq!((status, out.as_str()), (1, ""), "{arguments:?}: {err}");
        let expected = "error: no gavel is running here (x.sock: not there); start it \
                        (systemctl start gavel, or gavel run), or name with -c the configuration \
                        whose admin.socket it uses; if it runs and could not make its socket, its \
                        log says \"the admin API is not served\" and why\n";
        assert_eq!(err, expected);
    }
}

#[test]
fn the_socket_below_the_runtime_folder_is_asked_too() {
    let folder = Folder::with("[admin]\nsocket = '/nowhere/x.sock'\n");
    let runtime = folder.0.path().join("gavel");
    fs::create_dir(&runtime).unwrap();
    // Nobody listens any more.
    drop(UnixListener::bind(runtime.join("admin.sock")).unwrap());
    let mut command = folder.gavel(&["room", "list", "-c", "gavel.toml"]);
    command.env("XDG_RUNTIME_DIR", folder.0.path());
    let (status, _, err) = ended(command.output().unwrap());
    assert_eq!(status, 1);
    let words = format!(
        "(/nowhere/x.sock: not there, {}/admin.sock: nobody listens)",
        runtime.display()
    );
    assert!(err.contains(&words), "{err}");
}

#[test]
fn a_configuration_that_cannot_be_used_ends_with_2() {
    for (text, words) in [
        ("[admin\n", "gavel.toml:1: not valid TOML"),
        (
            "[admin]\nsocket = ''\n",
            "gavel.toml:2, admin.socket: is empty",
        ),
    ] {
        let (status, out, err) = gavel(text, &["room", "list", "-c", "gavel.toml"], &[]);
        assert_eq!((status, out.as_str()), (2, ""), "{err}");
        assert!(err.contains(words), "{err}");
    }
    let (status, _, err) = gavel("", &["events", "-c", "no.toml"], &[]);
    assert_eq!(status, 2, "{err}");
}

/// `gavel` in `folder`, as a user to whom modes apply: root becomes another user.
fn as_somebody(folder: &Folder, arguments: &[&str]) -> Command {
    let gavel = folder.gavel(arguments);
    let id = Command::new("id").arg("-u").output().unwrap();
    if id.stdout != b"0\n" {
        return gavel;
    }
    let mut command = Command::new("setpriv");
    let nobody = ["--reuid=65534", "--regid=65534", "--clear-groups"];
    command
        .args(nobody)
        .arg(gavel.get_program())
        .args(arguments);
    command.current_dir(folder.0.path()).env_clear();
    command.env("PATH", "/usr/bin:/bin");
    command
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_socket_for_others_is_said_to_be_theirs() {
    let folder = Folder::with("[admin]\nsocket = 'run/x.sock'\n");
    mode(folder.0.path(), 0o755);
    let run = folder.0.path().join("run");
    fs::create_dir(&run).unwrap();
    let socket = run.join("x.sock");
    let _listener = UnixListener::bind(&socket).unwrap();
    let refused = |who: &str| {
        let mut command = as_somebody(&folder, &["room", "list", "-c", "gavel.toml"]);
        let (status, out, err) = ended(command.output().unwrap());
        assert_eq!((status, out.as_str()), (1, ""), "{err}");
        assert_eq!(err, format!("error: may not use run/x.sock: {who}\n"));
    };
    mode(&socket, 0o000);
    refused("run/x.sock is for its owner; use sudo");
    mode(&run, 0o600);
    refused("run is for its owner; use sudo");
    mode(&run, 0o700);
}

#[test]
fn a_configuration_that_may_not_be_read_matters_only_where_it_was_named() {
    let folder = Folder::with("[admin]\nsocket = 'x.sock'\n");
    mode(folder.0.path(), 0o755);
    mode(&folder.file(), 0o000);
    let output = |command: &mut Command| ended(command.output().unwrap());
    let named = ["room", "list", "-c", "gavel.toml"];
    let (status, _, err) = output(&mut as_somebody(&folder, &named));
    assert_eq!(status, 2);
    let remedy = "use sudo, or set GAVEL_ADMIN__SOCKET to gavel's socket\n";
    assert!(err.ends_with(remedy), "{err}");
    let mut command = as_somebody(&folder, &named);
    let (status, _, err) = output(command.env("GAVEL_ADMIN__SOCKET", "y.sock"));
    assert_eq!(status, 1);
    assert!(err.contains("(y.sock: not there)"), "{err}");
}

#[test]
fn times_and_names_that_cannot_be_are_bad_usage() {
    for arguments in [
        &["room", "show", ""] as &[&str],
        &["room", "set", "lesson", "", "owner"],
        &["room", "set", "lesson", "ada", "king"],
        &["room", "set", "lesson", "ada", "keep"],
        &["room", "set", "lesson", "ada", "owner", "--for", "0s"],
        &["room", "set", "lesson", "ada", "owner", "--for", "30"],
        &["room", "set", "lesson", "ada"],
        &["events", "--last", "-1"],
        &["events", "--since", "soon"],
    ] {
        let (status, out, err) = gavel("", arguments, &[("GAVEL_ADMIN__SOCKET", "x.sock")]);
        assert_eq!((status, out.as_str()), (2, ""), "{arguments:?}: {err}");
        assert!(err.starts_with("error: "), "{err}");
    }
}

/// A daemon that answers with one event, and then streams another, before which
/// some are lost.
fn forgetful(listener: UnixListener) {
    let event = |id: u64| {
        format!(
            "{{\"id\":{id},\"kind\":\"role\",\"at\":\"2026-11-24T10:02:03.004Z\",\"room\":\"r@x\",\
             \"nick\":null,\"jid\":\"a@x\",\"from\":null,\"to\":\"owner\",\"cause\":\"join\",\
             \"rule\":\"r\",\"reason\":\"r\",\"source\":null,\"actor\":null,\
             \"outcome\":\"applied\"}}"
        )
    };
    std::thread::spawn(move || {
        let mut open = Vec::new();
        for mut stream in listener.incoming().flatten() {
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let head: Vec<_> = lines
                .by_ref()
                .map_while(Result::ok)
                .take_while(|l| !l.is_empty())
                .collect();
            let follows = head.iter().any(|line| line.ends_with("text/event-stream"));
            let body = match follows {
                true => {
                    assert!(head.contains(&"last-event-id: 5".to_owned()), "{head:?}");
                    format!(
                        "event: lost\ndata: {{\"lost\":3}}\n\nid: 9\ndata: {}\n\n",
                        event(9)
                    )
                }
                false => format!("[{}]", event(5)),
            };
            let answer = format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{body}");
            stream.write_all(answer.as_bytes()).unwrap();
            if follows {
                open.push(stream);
            }
        }
    });
}

#[test]
fn a_gap_in_the_events_is_said() {
    let folder = Folder::with("[admin]\nsocket = 'x.sock'\n");
    forgetful(UnixListener::bind(folder.0.path().join("x.sock")).unwrap());
    let mut command = folder.gavel(&["events", "--follow", "--json", "-c", "gavel.toml"]);
    let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for id in [5, 9] {
        let event: serde_json::Value =
            serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        assert_eq!(event["id"], id);
    }
    let kill = format!("kill -INT {}", child.id());
    Command::new("sh").args(["-c", &kill]).status().unwrap();
    let (status, out, err) = ended(child.wait_with_output().unwrap());
    assert_eq!((status, out.as_str()), (0, ""), "{err}");
    let note = "note: 3 decisions are missing here: more were taken than gavel keeps\n";
    assert_eq!(err, note);
}

#[test]
fn following_into_a_pipe_that_nobody_reads_any_more_ends() {
    let folder = Folder::with("[admin]\nsocket = 'x.sock'\n");
    forgetful(UnixListener::bind(folder.0.path().join("x.sock")).unwrap());
    let mut command = folder.gavel(&["events", "--follow", "--json", "-c", "gavel.toml"]);
    let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    // All that will ever come: no further line will find the pipe broken.
    assert_eq!(lines.by_ref().take(2).count(), 2);
    drop(lines);
    let deadline = Instant::now() + Duration::from_secs(10);
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if Instant::now() > deadline {
            child.kill().unwrap();
            panic!("it goes on");
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    assert_eq!(status.code(), Some(0));
}
