//! A headless Chromium, driven over its debugging pipe (the Chrome DevTools
//! Protocol): it asks for JSON on descriptor 3 and answers on descriptor 4, each
//! message ended by a zero byte.

use super::support::DEADLINE;
use serde_json::{Value, json};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::pipe::{Receiver, Sender};

/// How long the browser may take to start, on a machine that does more.
const START: Duration = Duration::from_secs(60);

/// A running Chromium with one page; killed when dropped.
pub struct Browser {
    to: Sender,
    from: BufReader<Receiver>,
    session: String,
    next: u64,
    child: Child,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Starts one.
    pub async fn start() -> Self {
        let profile = tempfile::tempdir().expect("a folder");
        let data = format!("--user-data-dir={}", profile.path().display());
        // Descriptors are handed over by a shell, which becomes the browser.
        let script = "exec setpriv --pdeathsig KILL chromium \"$@\" 3<&0 4>&1 0</dev/null 1>&2";
        let mut child = Command::new("sh")
            .args(["-c", script, "chromium", "--headless", "--no-sandbox"])
            .args(["--disable-gpu", "--disable-quic", "--disable-dev-shm-usage"])
            .args(["--no-first-run", "--disable-background-networking"])
            .args(["--disable-component-update", "--disable-sync"])
            .args(["--remote-debugging-pipe", &data, "about:blank"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("sh runs");
        let to = child.stdin.take().expect("a pipe").into();
        let from = child.stdout.take().expect("a pipe").into();
        let from = Receiver::from_owned_fd(from).expect("a pipe to read");
        let mut browser = Self {
            to: Sender::from_owned_fd(to).expect("a pipe to write"),
            from: BufReader::new(from),
            session: String::new(),
            next: 0,
            child,
            _profile: profile,
        };
        let target = json!({"url": "about:blank"});
        let target = tokio::time::timeout(START, browser.call("Target.createTarget", target)).await;
        let target = target.expect("chromium starts (is it installed?)");
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let session = browser.call("Target.attachToTarget", attach).await;
        browser.session = session["sessionId"].as_str().expect("an id").to_owned();
        browser.call("Page.enable", json!({})).await;
        browser
    }

    /// Calls a method and waits for its result.
    pub async fn call(&mut self, method: &str, params: Value) -> Value {
        self.next += 1;
        let id = self.next;
        let mut message = json!({"id": id, "method": method, "params": params});
        if !self.session.is_empty() {
            message["sessionId"] = json!(self.session);
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        self.to.write_all(&bytes).await.expect("chromium listens");
        loop {
            let mut answer = Vec::new();
            let read = self.from.read_until(0, &mut answer).await;
            assert!(read.expect("a pipe") > 0, "chromium has ended");
            answer.pop();
            let mut answer: Value = serde_json::from_slice(&answer).expect("JSON");
            if answer["id"] == json!(id) {
                assert!(answer["error"].is_null(), "{method}: {}", answer["error"]);
                return answer["result"].take();
            }
        }
    }

    /// Opens an address.
    pub async fn open(&mut self, url: &str) {
        let went = self.call("Page.navigate", json!({"url": url})).await;
        assert!(went["errorText"].is_null(), "{url}: {}", went["errorText"]);
    }

    /// The value of a JavaScript expression.
    pub async fn value(&mut self, expression: &str) -> Value {
        let params = json!({"expression": expression, "returnByValue": true});
        let mut answer = self.call("Runtime.evaluate", params).await;
        let thrown = &answer["exceptionDetails"];
        assert!(thrown.is_null(), "{expression}: {thrown}");
        answer["result"]["value"].take()
    }

    /// The text that the page shows.
    pub async fn text(&mut self) -> String {
        let text = self.value("document.body?.innerText ?? ''").await;
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Waits until the page shows `text`; how long that took.
    pub async fn shows(&mut self, text: &str) -> Duration {
        let start = Instant::now();
        loop {
            let shown = self.text().await;
            if shown.contains(text) {
                return start.elapsed();
            }
            assert!(
                start.elapsed() < DEADLINE,
                "the page does not show {text:?}, but:\n{shown}"
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Makes the window `width` by `height` pixels, in dark colours or light.
    pub async fn window(&mut self, width: u32, height: u32, dark: bool) {
        let size = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600,
        });
        self.call("Emulation.setDeviceMetricsOverride", size).await;
        let scheme = if dark { "dark" } else { "light" };
        let media = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.call("Emulation.setEmulatedMedia", media).await;
    }

    /// A picture of the window, as PNG.
    pub async fn picture(&mut self) -> Vec<u8> {
        use base64::Engine;
        let shot = self
            .call("Page.captureScreenshot", json!({"format": "png"}))
            .await;
        let text = shot["data"].as_str().expect("a picture");
        let engine = base64::engine::general_purpose::STANDARD;
        engine.decode(text).expect("base64")
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
