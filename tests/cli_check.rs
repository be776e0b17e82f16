//! The binary from outside: its exit status, and its output on stdout and stderr.
#![allow(clippy::unwrap_used)]

mod asking;
mod generated;

#[path = "cli_check/rules.rs"]
mod rules;
#[path = "cli_check/told.rs"]
mod told;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

const LEAST: &str = "[component]\njid = 'gavel.meet.jitsi'\nserver = '127.0.0.1:1'\n\
                     secret = 'hush'\n[[muc]]\nservice = 'muc.meet.jitsi'\n\
                     [state]\nfile = ''\n";

struct Folder(tempfile::TempDir);

impl Folder {
    fn with(text: &str) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        std::fs::write(folder.file(), text).unwrap();
        folder
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("gavel.toml")
    }

    /// `gavel` in this folder, with nothing in the environment.
    fn gavel(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gavel"));
        command
            .args(arguments)
            .current_dir(self.0.path())
            .env_clear();
        command
    }

    /// `gavel run` in this folder, with its socket there.
    fn daemon(&self) -> Command {
        let mut command = self.gavel(&["run", "-c", "gavel.toml"]);
        command.env("GAVEL_ADMIN__SOCKET", self.0.path().join("admin.sock"));
        command
    }
}

/// Status, stdout and stderr of `gavel` with `arguments` beside a file `text`.
fn gavel(text: &str, arguments: &[&str], environment: &[(&str, &str)]) -> (i32, String, String) {
    let folder = Folder::with(text);
    let mut command = folder.gavel(arguments);
    ended(command.envs(environment.iter().copied()).output().unwrap())
}

fn ended(output: Output) -> (i32, String, String) {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let status = output.status.code().expect("ended by itself");
    (status, text(output.stdout), text(output.stderr))
}

const CHECK: [&str; 3] = ["check", "-c", "gavel.toml"];

#[test]
fn check_prints_the_effective_configuration_and_ends_with_0() {
    let (status, out, err) = gavel(LEAST, &CHECK, &[("GAVEL_POLICY__GUESTS", "ignore")]);
    assert_eq!((status, err.as_str()), (0, ""));
    assert!(
        out.starts_with("[component]\njid = \"gavel.meet.jitsi\"\n"),
        "{out}"
    );
    assert!(out.contains("\nsecret = \"***\"\n"), "{out}");
    assert!(out.contains("\nguests = \"ignore\"\n"), "{out}");
    assert!(!out.contains("hush") && !out.contains('\u{1b}'), "{out}");
}

#[test]
fn check_prints_a_configuration_with_the_same_effect() {
    let (_, out, _) = gavel(LEAST, &CHECK, &[]);
    let (status, again, err) = gavel(&out, &CHECK, &[]);
    assert_eq!((status, &again), (0, &out));
    assert_eq!(err, "");
}

#[test]
fn check_prints_one_json_document() {
    let (status, out, err) = gavel(LEAST, &["check", "--json", "--config=gavel.toml"], &[]);
    assert_eq!((status, err.as_str()), (0, ""));
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(json["component"]["secret"], "***");
    assert_eq!(json["muc"][0]["service"], "muc.meet.jitsi");
    assert_eq!(json["discovery"]["interval"], "30s");
    assert_eq!(json["state"]["file"], "");
}

#[test]
fn every_error_is_on_stderr_and_the_status_is_2() {
    let text = "[component]\nnick = 'a b'\nsecret = 'hush'\n[names]\nfreze = 'off'\n\
                [policy]\nfallback = 'frist'\n";
    for command in [&["check"] as &[_], &["check", "--json"], &["run"]] {
        let arguments = [command, &["-c", "gavel.toml"]].concat();
        let (status, out, err) = gavel(text, &arguments, &[("GAVEL_NONSENSE", "x")]);
        assert_eq!((status, out.as_str()), (2, ""));
        assert_eq!(
            err.lines().collect::<Vec<_>>(),
            [
                "error: gavel.toml:1, component.jid: is required; write jid = \
                 \"gavel.meet.jitsi\" under [component], or set GAVEL_COMPONENT__JID",
                "error: gavel.toml:1, component.server: is required; write server = \
                 \"127.0.0.1:5347\" under [component], or set GAVEL_COMPONENT__SERVER",
                "error: gavel.toml:2, component.nick: \"a b\" does not match \
                 ^[A-Za-z0-9][A-Za-z0-9_]*$; use the letters A to Z, digits and _, and no _ first",
                "error: gavel.toml, muc: a MUC service is required; add a [[muc]] with service = \
                 \"muc.meet.jitsi\", or set GAVEL_MUC",
                "error: gavel.toml:7, policy.fallback: \"frist\" is unknown; did you mean \"first\"?",
                "error: gavel.toml:5, names.freze: unknown key freze; did you mean freeze?",
                "warning: environment GAVEL_NONSENSE: unknown variable; remove it, or see \
                 docs/reference/configuration.md for the variables there are",
            ]
        );
    }
}

#[test]
fn a_key_that_cannot_be_used_ends_with_2() {
    let text = format!("{LEAST}[claims.jwt]\npublic_key_file = 'k.pem'\nalgorithms = ['RS256']\n");
    let folder = Folder::with(&text);
    let pem = "-----BEGIN PUBLIC KEY-----\naHVzaGh1c2g=\n-----END PUBLIC KEY-----\n";
    std::fs::write(folder.0.path().join("k.pem"), pem).unwrap();
    for command in ["check", "run"] {
        let arguments = [command, "-c", "gavel.toml"];
        let (status, out, err) = ended(folder.gavel(&arguments).output().unwrap());
        assert_eq!((status, out.as_str()), (2, ""), "{command}: {err}");
        assert!(err.contains("claims.jwt"), "{command}: {err}");
        assert!(!err.contains("aHVza"), "{command}: {err}");
    }
}

#[test]
fn a_named_file_that_is_missing_ends_with_2() {
    let (status, out, err) = gavel("", &["check", "-c", "no.toml"], &[]);
    assert_eq!((status, out.as_str()), (2, ""));
    let error = "cannot read \"no.toml\": No such file or directory (os error 2); create the \
                 file, or name another with --config\n";
    assert_eq!(err, format!("error: --config: {error}"));
    let (status, _, err) = gavel("", &["check"], &[("GAVEL_CONFIG", "no.toml")]);
    assert_eq!(status, 2);
    assert_eq!(err, format!("error: environment GAVEL_CONFIG: {error}"));
}

#[test]
fn bad_usage_ends_with_2_and_help_with_0() {
    for arguments in [
        &[] as &[&str],
        &["chek"],
        &["check", "--jsn"],
        &["token"],
        &["explain"],
        &["explain", "--jwt", "a", "--claims", "b"],
        &["token", "sign", "--claims", "a", "--exp", "soon"],
        &["completions", "cobol"],
        &["doctor", "--ready", "--json"],
        &["room"],
        &["room", "show"],
        &["room", "set", "a", "b", "king"],
        &["room", "set", "a", "b", "owner", "--for", "0s"],
        &["room", "set", "a", "b", "owner", "--for", "soon"],
        &["events", "--last", "few"],
    ] {
        let (status, out, err) = gavel(LEAST, arguments, &[]);
        assert_eq!((status, out.as_str()), (2, ""), "{arguments:?}");
        let help = err.contains("Usage") || err.contains("try '--help'");
        assert!(help, "{arguments:?}: {err}");
    }
    for arguments in [
        &["--help"] as &[&str],
        &["check", "-h"],
        &["help", "token", "verify"],
    ] {
        let (status, out, err) = gavel(LEAST, arguments, &[]);
        assert_eq!((status, err.as_str()), (0, ""), "{arguments:?}");
        assert!(
            out.contains("Usage: gavel") && out.contains("Example:\n"),
            "{out}"
        );
    }
    let version = format!("gavel {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(gavel("", &["--version"], &[]), (0, version, String::new()));
}

#[test]
fn completions_know_the_commands() {
    for shell in ["bash", "zsh", "fish"] {
        let (status, out, err) = gavel("", &["completions", shell], &[]);
        assert_eq!((status, err.as_str()), (0, ""), "{shell}");
        assert!(out.contains("_GAVEL_COMPLETE"), "{shell}");
    }
    // Shells ask gavel itself; if no daemon runs that is quick and silent.
    for (typed, expected) in [
        (&["exp"] as &[&str], "explain\t"),
        (
            &["room", "set", "lesson", "ada", ""],
            "outcast\nnone\nmember\nadmin\nowner\n",
        ),
        (&["token", "sign", "--alg", "HS"], "HS256\nHS384\nHS512\n"),
        (&["events", "--since", "1"], "15m\tthe last 15m\n1h\t"),
        (&["room", "show", ""], ""),
        (&["room", "set", "lesson", ""], ""),
    ] {
        let words = [&["--", "gavel"], typed].concat();
        let start = std::time::Instant::now();
        let (status, out, err) = gavel("", &words, &[("_GAVEL_COMPLETE", "fish")]);
        assert_eq!((status, err.as_str()), (0, ""), "{typed:?}");
        let starts = out.starts_with(expected);
        // If nothing is there, options may be offered and nothing else.
        let options = || out.lines().all(|line| line.starts_with('-'));
        assert!(
            if expected.is_empty() {
                options()
            } else {
                starts
            },
            "{typed:?}: {out}"
        );
        assert!(
            start.elapsed() < std::time::Duration::from_secs(10),
            "{typed:?}"
        );
    }
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    for arguments in [&CHECK as &[&str], &["completions", "bash"], &["--help"]] {
        let folder = Folder::with(LEAST);
        let mut command = folder.gavel(arguments);
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = command
            .stdout(writer)
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        assert_eq!(
            ended(output),
            (0, String::new(), String::new()),
            "{arguments:?}"
        );
    }
}

#[test]
fn a_full_disk_is_a_failure() {
    let folder = Folder::with(LEAST);
    let full = std::fs::File::create("/dev/full").unwrap();
    let output = folder.gavel(&CHECK).stdout(full).output().unwrap();
    let (status, _, err) = ended(output);
    assert_eq!(status, 1);
    assert!(
        err.starts_with("error: cannot write to stdout: No space left"),
        "{err}"
    );
}

/// `gavel run` until it says that it starts; then `signal`; its log.
fn run_until(signal: &str, text: &str, environment: &[(&str, &str)]) -> (i32, String) {
    let folder = Folder::with(text);
    let mut command = folder.daemon();
    command.envs(environment.iter().copied());
    let mut child = command
        .stderr(Stdio::piped())
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    let mut log = String::new();
    while !log.contains("starting") {
        assert_ne!(lines.read_line(&mut log).unwrap(), 0, "{log}");
    }
    let kill = format!("kill -{signal} {}", child.id());
    let killed = Command::new("sh").args(["-c", &kill]).status().unwrap();
    assert!(killed.success());
    lines.read_to_string(&mut log).unwrap();
    (child.wait().unwrap().code().expect("ended by itself"), log)
}

#[test]
fn run_ends_with_0_after_a_signal() {
    for signal in ["TERM", "INT"] {
        let (status, log) = run_until(signal, LEAST, &[("GAVEL_X", "1")]);
        assert_eq!(status, 0, "{log}");
        let unknown =
            "WARN gavel::cli::run: unknown variable place=\"environment GAVEL_X\" remedy=";
        assert!(log.contains(unknown), "{log}");
        assert!(log.contains(&format!("signal=\"SIG{signal}\"")), "{log}");
        assert!(!log.contains('\u{1b}') && !log.contains("hush"), "{log}");
    }
}

#[test]
fn run_logs_json_where_it_is_told_to() {
    let environment = [
        ("GAVEL_LOG__FORMAT", "json"),
        ("RUST_LOG", "nonsense=really=yes"),
    ];
    let (status, log) = run_until("TERM", LEAST, &environment);
    assert_eq!(status, 0, "{log}");
    let lines: Vec<serde_json::Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let messages: Vec<&str> = lines
        .iter()
        .filter_map(|line| line["message"].as_str())
        .collect();
    assert!(messages[0].starts_with("RUST_LOG is not valid"), "{log}");
    assert!(messages.contains(&"starting"), "{log}");
}

#[test]
fn a_stderr_that_takes_nothing_does_not_end_the_daemon() {
    let folder = Folder::with(LEAST);
    let (reader, writer) = std::io::pipe().unwrap();
    let mut command = folder.daemon();
    let mut child = command.stderr(writer).spawn().unwrap();
    drop(command);
    // Read its first words, then go away.
    let mut first = String::new();
    let mut lines = BufReader::new(reader);
    lines.read_line(&mut first).unwrap();
    assert!(first.contains("starting"), "{first}");
    drop(lines);
    let kill = format!("kill -TERM {}", child.id());
    Command::new("sh").args(["-c", &kill]).status().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// Answers each request on loopback with `response`; its port.
fn answering(response: String) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut request = BufReader::new(&stream).lines();
            while request
                .next()
                .is_some_and(|line| line.is_ok_and(|line| !line.is_empty()))
            {}
            // A client that has gone is no matter.
            let _ = (&stream).write_all(response.as_bytes());
        }
    });
    port
}

fn http(status: &str, text: &str) -> String {
    let length = text.len();
    format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{text}")
}

/// A file with a teacher's token, signed with the test key (ES256).
fn teachers_token() -> tempfile::NamedTempFile {
    let key = include_bytes!("keys/p256.pem");
    let key = jsonwebtoken::EncodingKey::from_ec_pem(key).unwrap();
    let mut header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::ES256);
    header.kid = Some("k".to_owned());
    let claims = serde_json::json!({
        "iss": "jitsi", "aud": "jitsi", "room": "*",
        "context": { "user": { "moderator": true } },
    });
    let token = jsonwebtoken::encode(&header, &claims, &key).unwrap();
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(token.as_bytes()).unwrap();
    file
}

#[test]
fn token_verify_and_explain_fetch_the_key() {
    let token = teachers_token();
    let token = token.path().to_str().unwrap();
    let pem = include_str!("keys/p256.pub.pem");
    let key = jsonwebtoken::EncodingKey::from_ec_pem(include_bytes!("keys/p256.pem")).unwrap();
    let algorithm = jsonwebtoken::Algorithm::ES256;
    let jwk = jsonwebtoken::jwk::Jwk::from_encoding_key(&key, algorithm).unwrap();
    let set = serde_json::json!({ "keys": [jwk] }).to_string();
    for (name, text) in [("jwks_url", set.as_str()), ("asap_key_server", pem)] {
        let port = answering(http("200 OK", text));
        let config = format!(
            "{LEAST}[claims]\nsources = ['jwt']\n[claims.jwt]\nalgorithms = ['ES256']\n{name} = 'http://127.0.0.1:{port}/keys'\n"
        );
        let verify = ["token", "verify", "-c", "gavel.toml", token];
        let (status, out, err) = gavel(&config, &verify, &[]);
        assert_eq!((status, err.as_str()), (0, ""), "{name}: {out}");
        assert!(out.starts_with("valid\n"), "{name}: {out}");
        let explain = ["explain", "-c", "gavel.toml", "--jwt", token];
        let (status, out, err) = gavel(&config, &explain, &[]);
        assert_eq!((status, err.as_str()), (0, ""), "{name}: {out}");
        assert!(out.contains("owner"), "{name}: {out}");
        let (status, _, err) = gavel(&config, &CHECK, &[]);
        assert_eq!((status, err.as_str()), (0, ""), "{name}");
    }
}

#[test]
fn b14_commands_name_server_and_reason_and_no_credentials_without_the_key() {
    let token = teachers_token();
    let token = token.path().to_str().unwrap();
    let wrong = answering(http("500 Internal Server Error", "hush"));
    let html = answering(http("200 OK", "<html>hush</html>"));
    for (port, why) in [
        (1, "refused"),
        (wrong, "500 Internal Server Error"),
        (html, "no JSON Web Key Set"),
    ] {
        let config = format!(
            "{LEAST}[claims]\nsources = ['jwt']\n[claims.jwt]\nalgorithms = ['ES256']\njwks_url = 'http://hush:hush@127.0.0.1:{port}/keys?hush'\n"
        );
        for (command, expected) in [
            (&["token", "verify", "-c", "gavel.toml", token][..], 1),
            (&["token", "verify", "--json", "-c", "gavel.toml", token], 1),
            (&["explain", "-c", "gavel.toml", "--jwt", token], 0),
        ] {
            let (status, out, err) = gavel(&config, command, &[]);
            assert_eq!((status, err.as_str()), (expected, ""), "{out}");
            let server = format!("from http://127.0.0.1:{port}/keys?***: ");
            assert!(out.contains(&server) && out.contains(why), "{out}");
            assert!(!out.contains("hush"), "{out}");
        }
    }
}
