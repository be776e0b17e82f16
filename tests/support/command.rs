//! The commands that ask a running gavel, as people and scripts call them.

use super::Gavel;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// How long a command may take to say or do something.
const DEADLINE: Duration = Duration::from_secs(10);

/// How a command has ended.
#[derive(Debug)]
pub struct Ended {
    pub status: i32,
    pub out: String,
    pub err: String,
}

impl Ended {
    /// Its stdout, which must be one JSON document.
    pub fn json(&self) -> Value {
        assert_eq!((self.status, self.err.as_str()), (0, ""), "{self:?}");
        serde_json::from_str(&self.out).expect("JSON")
    }
}

/// Runs `command` to its end.
pub fn run(command: &mut Command) -> Ended {
    let output = command.output().expect("it runs");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    Ended {
        status: output.status.code().expect("it ends by itself"),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}

/// `command` on a terminal of so many columns and rows, and its output there.
pub fn on_terminal(command: &Command, columns: u16, rows: u16) -> Command {
    let quote = |text: &std::ffi::OsStr| format!("'{}'", text.to_str().expect("text"));
    let mut words = vec![quote(command.get_program())];
    words.extend(command.get_args().map(quote));
    let line = format!("stty cols {columns} rows {rows}; exec {}", words.join(" "));
    let mut script = Command::new("script");
    script.args(["-qec", &line, "/dev/null"]);
    script.env("TERM", "xterm").stdin(Stdio::null());
    script
}

impl Gavel {
    /// Runs `gavel` with `arguments` to its end, configured as this one.
    pub fn run(&self, arguments: &[&str]) -> Ended {
        run(&mut self.command(arguments))
    }

    /// The same, and waits until it has ended well and its JSON is as `wanted`.
    pub async fn tells(&self, arguments: &[&str], wanted: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let ended = self.run(arguments);
            if ended.status == 0 && wanted(&ended.json()) {
                return ended.json();
            }
            assert!(Instant::now() < deadline, "{arguments:?}: {ended:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// A command that goes on; killed when dropped.
pub struct Running {
    child: Child,
    lines: Receiver<String>,
}

impl Running {
    /// Starts it; its stderr comes among its lines, marked by `! `.
    pub fn start(command: &mut Command) -> Self {
        let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        let (sender, lines) = channel();
        let out = child.stdout.take().expect("a pipe");
        let err = child.stderr.take().expect("a pipe");
        let forward = |pipe: Box<dyn Read + Send>,
                       mark: &'static str,
                       sender: std::sync::mpsc::Sender<String>| {
            std::thread::spawn(move || {
                for line in BufReader::new(pipe).lines() {
                    let Ok(line) = line else { return };
                    let _ = sender.send(format!("{mark}{line}"));
                }
            });
        };
        forward(Box::new(out), "", sender.clone());
        forward(Box::new(err), "! ", sender);
        Self { child, lines }
    }

    /// The next line that contains `text`, and how long it took.
    pub async fn says(&mut self, text: &str) -> (String, Duration) {
        let start = Instant::now();
        let mut others = Vec::new();
        loop {
            match self.lines.try_recv() {
                Ok(line) if line.contains(text) => return (line, start.elapsed()),
                Ok(line) => others.push(line),
                Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
            }
            let late = start.elapsed() > DEADLINE;
            assert!(!late, "it did not say {text:?} but {others:#?}");
        }
    }

    /// Waits for lines that contain each of `texts`, in any order: stdout and stderr know
    /// none.
    pub async fn says_all(&mut self, texts: &[&str]) {
        let mut missing = texts.to_vec();
        while !missing.is_empty() {
            let (line, _) = self.says("").await;
            missing.retain(|text| !line.contains(text));
        }
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends it by `signal`; its status, and its last output.
    pub async fn end(mut self, signal: &str) -> (i32, Vec<String>) {
        super::gavel::signal(self.child.id(), signal);
        self.ended().await
    }

    /// Waits for its end; its status, and its last output.
    pub async fn ended(&mut self) -> (i32, Vec<String>) {
        let deadline = Instant::now() + DEADLINE;
        let mut last = Vec::new();
        loop {
            match self.lines.recv_timeout(Duration::from_millis(5)) {
                Ok(line) => last.push(line),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => tokio::task::yield_now().await,
            }
            assert!(Instant::now() < deadline, "it does not end: {last:#?}");
        }
        let status = self.child.wait().expect("it has ended");
        (status.code().expect("it ends by itself"), last)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
