//! A real Prosody of its own for each test: own data, own ports on loopback.

use super::options::{Options, configuration};
use super::{DEADLINE, until};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

/// How long Prosody may take to open its ports.
const START: Duration = Duration::from_secs(30);

/// A user id without any right: Debian's `nobody`.
pub const NOBODY: u32 = 65_534;

/// The version of Prosody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// 0.12, as installed.
    V0_12,
    /// 13, in a Debian 13 tree that `tests/run` makes.
    V13,
}

impl Version {
    /// The directory that this Prosody takes for `/`.
    fn root(self) -> PathBuf {
        match self {
            Version::V0_12 => "/".into(),
            Version::V13 => match std::env::var_os("TEST_PROSODY_13") {
                Some(root) => root.into(),
                None => Path::new(env!("CARGO_MANIFEST_DIR")).join("target/prosody-13/root"),
            },
        }
    }

    /// The command that starts it, in its root, killed with the test.
    fn command(self, config: &Path, as_nobody: bool) -> Command {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL"]);
        if self == Version::V13 {
            command.arg("chroot").arg(self.root());
        }
        if as_nobody {
            let id = NOBODY.to_string();
            // Another user loses the signal at the parent's death.
            command.args(["setpriv", "--clear-groups", "--regid", &id, "--reuid", &id]);
            command.args(["--pdeathsig", "KILL"]);
        }
        command.args(["prosody", "-F", "--config"]).arg(config);
        command.env(
            "PATH",
            "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        );
        command
    }
}

/// A running Prosody; ends when dropped.
pub struct Prosody {
    /// Its version.
    pub version: Version,
    /// Port of clients on 127.0.0.1.
    pub c2s: u16,
    /// Port of components on 127.0.0.1.
    pub component: u16,
    dir: tempfile::TempDir,
    options: Options,
    child: Option<Child>,
}

impl Prosody {
    /// Starts one and waits for its ports.
    pub fn start(version: Version, options: Options) -> Self {
        Self::start_spoilt(version, options, |_| {})
    }

    /// The same, after `spoil` has changed something in the folder of modules.
    pub fn start_spoilt(version: Version, options: Options, spoil: impl FnOnce(&Path)) -> Self {
        let root = version.root();
        assert!(
            root.join("usr/bin/prosody").exists(),
            "no Prosody in {}: run tests/run, which installs it",
            root.display()
        );
        let dir = tempfile::Builder::new()
            .prefix("gavel-test-")
            .tempdir_in(root.join("tmp"))
            .expect("a directory for Prosody");
        let mut prosody = Self {
            version,
            c2s: 0,
            component: 0,
            dir,
            options,
            child: None,
        };
        prosody.install_modules();
        spoil(&prosody.dir().join("modules"));
        for _ in 0..10 {
            prosody.c2s = free_port();
            prosody.component = free_port();
            prosody.write_config();
            prosody.give_away();
            if prosody.launch() {
                return prosody;
            }
            prosody.kill();
        }
        panic!("Prosody found no free ports:\n{}", prosody.log());
    }

    /// The test's directory, as this process sees it.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The process, while it runs.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("Prosody runs").id()
    }

    /// The directory as Prosody sees it.
    fn inner_dir(&self) -> PathBuf {
        let inside = self.dir.path().strip_prefix(self.version.root());
        Path::new("/").join(inside.expect("the directory is inside the root"))
    }

    /// Ends Prosody at once, as a crash would.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Starts it again on the same ports and data.
    pub fn restart(&mut self) {
        self.kill();
        assert!(self.launch(), "Prosody did not come back:\n{}", self.log());
    }

    /// Stops it from doing anything, without closing connections.
    pub fn freeze(&self) {
        self.signal("-STOP");
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        if let Some(child) = &self.child {
            super::gavel::signal(child.id(), signal);
        }
    }

    /// Its log so far.
    pub fn log(&self) -> String {
        let read = |name: &str| fs::read_to_string(self.dir().join(name)).unwrap_or_default();
        read("prosody.out") + &read("prosody.log")
    }

    /// Waits for a line of its log that is so: its ports are open before all modules
    /// are loaded.
    pub async fn logs(&self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        let found = until(self.dir(), DEADLINE, || {
            let log = self.log();
            log.lines().find(|line| wanted(line)).map(str::to_owned)
        });
        let found = found.await;
        found.unwrap_or_else(|| panic!("Prosody did not log {what}:\n{}", self.log()))
    }

    /// How often it has let a component in.
    pub fn connections(&self) -> usize {
        let log = self.log();
        log.matches("External component successfully authenticated")
            .count()
    }

    /// Makes sure that `user` of `host` can log in with the password `secret`.
    pub fn add_user(&self, user: &str, host: &str) {
        let accounts = self.dir().join("data").join(encode(host)).join("accounts");
        fs::create_dir_all(&accounts).expect("a directory for accounts");
        let file = accounts.join(format!("{}.dat", encode(user)));
        fs::write(file, "return { [\"password\"] = \"secret\" };\n").expect("an account");
    }

    /// Our stand-in modules and the one that gavel ships, in a folder that Prosody reads.
    fn install_modules(&self) {
        let to = self.dir().join("modules");
        fs::create_dir_all(self.dir().join("data")).expect("a directory for data");
        copy_lua("tests/support/prosody", &to);
        copy_lua("deploy/prosody/gavel", &to.join("gavel"));
    }

    fn write_config(&self) {
        let config = configuration(&self.inner_dir(), self.c2s, self.component, &self.options);
        fs::write(self.dir().join("prosody.cfg.lua"), config).expect("a configuration");
    }

    /// If Prosody runs as another user, the files that it writes are that user's.
    fn give_away(&self) {
        if !self.options.as_nobody {
            return;
        }
        for path in [self.dir().to_owned(), self.dir().join("data")] {
            std::os::unix::fs::chown(&path, Some(NOBODY), Some(NOBODY)).expect("tests run as root");
        }
    }

    /// Starts the process; false if another process has one of its ports.
    fn launch(&mut self) -> bool {
        let out = fs::File::create(self.dir().join("prosody.out")).expect("a file for output");
        let _ = fs::remove_file(self.dir().join("prosody.log"));
        let child = self
            .version
            .command(
                &self.inner_dir().join("prosody.cfg.lua"),
                self.options.as_nobody,
            )
            .stdin(Stdio::null())
            .stdout(out.try_clone().expect("a second handle"))
            .stderr(out)
            .spawn()
            .expect("setpriv (util-linux) runs");
        self.child = Some(child);
        let deadline = Instant::now() + START;
        while Instant::now() < deadline {
            if self.log().contains("Failed to open server port") {
                return false;
            }
            if let Some(Ok(Some(status))) = self.child.as_mut().map(Child::try_wait) {
                panic!("Prosody ended with {status}:\n{}", self.log());
            }
            let open = |port| std::net::TcpStream::connect(("127.0.0.1", port)).is_ok();
            if open(self.component) && open(self.c2s) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("Prosody did not open its ports:\n{}", self.log());
    }
}

impl Drop for Prosody {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            eprintln!(
                "--- log of Prosody {:?} ---\n{}",
                self.version,
                super::tail(&self.log(), 60)
            );
        }
    }
}

/// Copies the Lua files of a directory of this repository.
fn copy_lua(from: &str, to: &Path) {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join(from);
    fs::create_dir_all(to).expect("a directory for modules");
    for entry in fs::read_dir(&from).expect("modules").flatten() {
        if entry.path().extension().is_some_and(|e| e == "lua") {
            fs::copy(entry.path(), to.join(entry.file_name())).expect("a module");
        }
    }
}

/// A port that nobody listens on, outside the range that the kernel takes for
/// outgoing connections.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let seed = std::process::id().wrapping_mul(7919) % 20_000;
    for _ in 0..20_000 {
        let step = u32::from(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = 10_000 + (seed + step) % 20_000;
        let port = u16::try_from(port).expect("below 30,000");
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no free port");
}

/// A name as Prosody's internal storage writes it in paths.
fn encode(name: &str) -> String {
    let escape = |c: char| match c.is_ascii_alphanumeric() {
        true => c.to_string(),
        false => format!("%{:02x}", u32::from(c)),
    };
    name.chars().map(escape).collect()
}
