//! The real `gavel run`, beside a test's Prosody.

use super::{Prosody, SECRET, tail, until};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};
use toml::{Table, Value};

/// How long gavel may take to write an expected line or to end.
const DEADLINE: Duration = Duration::from_secs(10);

/// Sends a signal by process id.
pub fn signal(pid: u32, signal: &str) {
    let sent = Command::new("kill")
        .args([signal, &pid.to_string()])
        .status();
    assert!(sent.expect("kill runs").success(), "{pid} is gone");
}

/// A running gavel; killed when dropped.
pub struct Gavel {
    child: Mutex<Child>,
    config: PathBuf,
    variables: Vec<(String, String)>,
    log: PathBuf,
    /// Length of the log before this start.
    before: usize,
}

impl Gavel {
    /// Starts one with the usual configuration, changed by `overrides` (TOML).
    pub fn start(prosody: &Prosody, overrides: &str) -> Self {
        Self::start_with(prosody, overrides, &[])
    }

    /// The same, with more environment variables.
    pub fn start_with(prosody: &Prosody, overrides: &str, variables: &[(&str, &str)]) -> Self {
        let config = Self::configure(prosody, overrides);
        let owned = |(name, value): &(&str, &str)| (name.to_string(), value.to_string());
        let level = std::env::var("TEST_GAVEL_LOG").unwrap_or("gavel=debug,info".into());
        Self::launch(config, variables.iter().map(owned).collect(), &level)
    }

    /// Writes the usual configuration, changed by `overrides` (TOML).
    pub fn configure(prosody: &Prosody, overrides: &str) -> PathBuf {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let config = prosody.dir().join(format!("gavel-{number}.toml"));
        let mut table = usual(prosody);
        let socket = prosody.dir().join(format!("admin-{number}.sock"));
        let admin = format!("[admin]\nsocket = {socket:?}\nlisten = ''");
        merge(&mut table, admin.parse().expect("TOML"));
        let overrides: Table = overrides.parse().expect("overrides are TOML");
        merge(&mut table, overrides);
        fs::write(&config, table.to_string()).expect("a configuration");
        config
    }

    /// `overrides` with the guard switched off: gavel corrects gifts of others.
    pub fn unguarded(overrides: &str) -> String {
        let mut table: Table = overrides.parse().expect("overrides are TOML");
        let off = "[policy]\nguard = false".parse().expect("TOML");
        merge(&mut table, off);
        table.to_string()
    }

    /// Its configuration file.
    pub fn config(&self) -> &Path {
        &self.config
    }

    fn launch(config: PathBuf, variables: Vec<(String, String)>, level: &str) -> Self {
        let log = config.with_extension("log");
        let before = fs::read_to_string(&log).unwrap_or_default().len();
        let out = fs::OpenOptions::new().create(true).append(true).open(&log);
        let out = out.expect("a file for the log");
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", env!("CARGO_BIN_EXE_gavel")]);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("GAVEL_")) {
            command.env_remove(name);
        }
        let child = command
            .args(["run", "-c"])
            .arg(&config)
            .env("RUST_LOG", level)
            .env("NO_COLOR", "1")
            .env("XDG_RUNTIME_DIR", config.parent().expect("a directory"))
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(out.try_clone().expect("a second handle"))
            .stderr(out)
            .spawn()
            .expect("setpriv (util-linux) runs");
        Self {
            child: Mutex::new(child),
            config,
            variables,
            log,
            before,
        }
    }

    /// Writes another configuration: the usual one, changed by `overrides`.
    pub fn reconfigure(&self, prosody: &Prosody, overrides: &str) {
        let socket = self.socket();
        let mut table = usual(prosody);
        let admin = format!("[admin]\nsocket = {socket:?}\nlisten = ''");
        merge(&mut table, admin.parse().expect("TOML"));
        merge(&mut table, overrides.parse().expect("overrides are TOML"));
        fs::write(&self.config, table.to_string()).expect("a configuration");
    }

    /// Has it read its configuration again (SIGHUP).
    pub fn hang_up(&self) {
        signal(self.child().id(), "-HUP");
    }

    /// Waits until its log is as `wanted`.
    pub async fn until_log(&self, wanted: impl Fn(&str) -> bool) {
        let found = until(self.folder(), DEADLINE, || {
            wanted(&self.log()).then_some(())
        });
        found.await.expect("gavel logs what is waited for");
    }

    /// Everything it has written.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Waits for a line that contains `text`.
    pub async fn logs(&self, text: &str) -> String {
        self.logs_within(text, DEADLINE).await
    }

    /// Waits for such a line after its last start.
    pub async fn logs_again(&self, text: &str) -> String {
        let found = until(self.folder(), DEADLINE, || {
            let log = self.log();
            let lines = log.get(self.before..).unwrap_or_default().lines();
            let mut lines = lines.filter(|line| line.contains(text));
            lines.next().map(str::to_string)
        });
        let found = found.await;
        found.unwrap_or_else(|| panic!("gavel did not log {text:?} since its last start"))
    }

    /// Like [`Gavel::logs`], for lines that take longer.
    pub async fn logs_within(&self, text: &str, within: Duration) -> String {
        let found = until(self.folder(), within, || {
            let log = self.log();
            log.lines()
                .find(|line| line.contains(text))
                .map(str::to_string)
        });
        found
            .await
            .unwrap_or_else(|| panic!("gavel did not log {text:?}"))
    }

    fn child(&self) -> MutexGuard<'_, Child> {
        self.child.lock().expect("no holder panics")
    }

    /// Waits until it says that it is ready.
    pub async fn until_ready(&self) {
        let deadline = Instant::now() + DEADLINE;
        let ready = || self.command(&["doctor", "--ready"]).output();
        while !ready().is_ok_and(|output| output.status.success()) {
            assert!(Instant::now() < deadline, "gavel is not ready");
        }
    }

    /// Waits until it answers on its admin socket: it makes it while it connects.
    pub async fn until_it_answers(&self) {
        self.logs_again("the admin API is served").await;
    }

    fn folder(&self) -> &Path {
        self.config.parent().expect("a file is in a folder")
    }

    /// The process.
    pub fn pid(&self) -> u32 {
        self.child().id()
    }

    /// Says whether the process is still there.
    pub fn running(&self) -> bool {
        matches!(self.child().try_wait(), Ok(None))
    }

    /// Stops it from doing anything, without ending it.
    pub fn freeze(&self) {
        signal(self.child().id(), "-STOP");
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        signal(self.child().id(), "-CONT");
    }

    /// Ends it as an admin does (SIGTERM): it leaves its rooms and exits 0.
    pub async fn stop(&self) {
        signal(self.child().id(), "-TERM");
        let status = self.ended().await;
        assert!(status.success(), "gavel ended with {status}");
    }

    /// Waits for its own end.
    pub async fn ended(&self) -> ExitStatus {
        let deadline = Instant::now() + DEADLINE;
        while Instant::now() < deadline {
            if let Ok(Some(status)) = self.child().try_wait() {
                return status;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("gavel did not end within {DEADLINE:?}");
    }

    /// Ends it at once, as a crash would.
    pub fn kill(&self) {
        let mut child = self.child();
        let _ = child.kill();
        let _ = child.wait();
    }

    /// Starts it again with the same configuration, state and log.
    pub fn restart(&mut self) {
        self.restart_with_log("gavel=debug,info");
    }

    /// Starts it again with another `RUST_LOG`.
    pub fn restart_with_log(&mut self, level: &str) {
        self.kill();
        *self = Self::launch(self.config.clone(), self.variables.clone(), level);
    }

    /// Its file for grants, step-downs and bindings.
    pub fn state_file(&self) -> PathBuf {
        self.path("state", "file")
    }

    /// `gavel` with `arguments`, configured as this one.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gavel"));
        command.arg("-c").arg(&self.config).args(arguments);
        command.env_clear().stdin(Stdio::null());
        command
    }

    /// Its admin socket, as configured.
    pub fn socket(&self) -> PathBuf {
        self.path("admin", "socket")
    }

    fn path(&self, section: &str, key: &str) -> PathBuf {
        let config = fs::read_to_string(&self.config).expect("a configuration");
        let config: Table = config.parse().expect("TOML");
        let path = config[section][key].as_str();
        Path::new(path.expect("a path")).to_path_buf()
    }
}

impl Drop for Gavel {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            eprintln!("--- log of gavel ---\n{}", tail(&self.log(), 150));
        }
    }
}

/// The configuration that most tests use.
fn usual(prosody: &Prosody) -> Table {
    let port = prosody.component;
    let state = prosody.dir().join("state.json");
    let jwt_secret = super::JWT_SECRET;
    let text = format!(
        r#"
        [component]
        jid = "gavel.meet.jitsi"
        server = "127.0.0.1:{port}"
        secret = "{SECRET}"
        [[muc]]
        service = "muc.meet.jitsi"
        [discovery]
        poll = "adhoc"
        interval = "1s"
        [claims]
        sources = ["jwt"]
        trusted_domains = ["meet.jitsi"]
        [claims.jwt]
        secret = "{jwt_secret}"
        [infrastructure]
        jids = ["focus@auth.meet.jitsi"]
        domains = ["auth.meet.jitsi"]
        [state]
        file = {state:?}
        "#
    );
    text.parse().expect("the usual configuration is TOML")
}

/// Lays `over` on `base`, table by table. A table `jwt` replaces the usual one, since of
/// its keys only one may name the place of the key.
fn merge(base: &mut Table, over: Table) {
    for (key, value) in over {
        match (base.get_mut(&key).filter(|_| key != "jwt"), value) {
            (Some(Value::Table(base)), Value::Table(over)) => merge(base, over),
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}
