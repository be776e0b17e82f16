//! A server that issuers' keys are fetched from, on loopback.

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, jwk::Jwk};
use p256::pkcs8::{EncodePrivateKey, EncodePublicKey, LineEnding};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

/// Signs tokens with a key of its own (ES256).
pub struct Issuer {
    /// The key id in its tokens.
    pub kid: String,
    secret: p256::SecretKey,
}

impl Issuer {
    /// One whose key is told from others' by `number`.
    pub fn new(kid: &str, number: u8) -> Self {
        let secret = p256::SecretKey::from_slice(&[number; 32]).expect("a scalar");
        let kid = kid.to_string();
        Self { kid, secret }
    }

    fn signing_key(&self) -> EncodingKey {
        let der = self.secret.to_pkcs8_der().expect("PKCS #8");
        EncodingKey::from_ec_der(der.as_bytes())
    }

    /// A token with exactly these claims.
    pub fn sign(&self, claims: &Value) -> String {
        let mut header = Header::new(Algorithm::ES256);
        header.kid = Some(self.kid.clone());
        encode(&header, claims, &self.signing_key()).expect("claims can be signed")
    }

    /// A presence child with a good token: `claims`, completed.
    pub fn token(&self, claims: Value) -> String {
        super::jwt(&self.sign(&super::complete(claims)))
    }

    /// The public key as a member of a key set.
    pub fn jwk(&self) -> Value {
        let jwk = Jwk::from_encoding_key(&self.signing_key(), Algorithm::ES256);
        let mut jwk = serde_json::to_value(jwk.expect("a JWK")).expect("JSON");
        jwk["kid"] = json!(self.kid);
        jwk
    }

    /// The public key in PEM.
    pub fn pem(&self) -> String {
        let public = self.secret.public_key();
        public.to_public_key_pem(LineEnding::LF).expect("PEM")
    }

    /// The path of the key as `asap_key_server` has it below `/asap`.
    pub fn asap_path(&self) -> String {
        asap_path(&self.kid)
    }
}

fn asap_path(kid: &str) -> String {
    format!("/asap/{}.pem", hex::encode(Sha256::digest(kid)))
}

/// The answer at a path.
#[derive(Clone)]
pub enum Answer {
    /// This.
    Text(String),
    /// This, once [`KeyServer::release`] lets it go.
    Held(String),
    /// Only this status.
    Status(u16),
    /// A redirect.
    Redirect(String),
}

impl Answer {
    /// A key set of these issuers.
    pub fn set(issuers: &[&Issuer]) -> Self {
        let keys: Vec<Value> = issuers.iter().map(|issuer| issuer.jwk()).collect();
        Self::Text(json!({ "keys": keys }).to_string())
    }
}

struct Shared {
    answers: Mutex<HashMap<String, Answer>>,
    requests: Mutex<Vec<String>>,
    released: Semaphore,
}

impl Shared {
    /// Notes a request, and finds its answer.
    fn look_up(&self, path: &str) -> Option<Answer> {
        let mut requests = self.requests.lock().expect("no holder panics");
        requests.push(path.to_string());
        let answers = self.answers.lock().expect("no holder panics");
        answers.get(path).cloned()
    }
}

/// The server. A path without an answer gives 404.
pub struct KeyServer {
    /// Its port, also while it is down.
    pub port: u16,
    shared: Arc<Shared>,
    task: Option<JoinHandle<()>>,
}

impl KeyServer {
    /// One that is up.
    pub async fn start() -> Self {
        let mut server = Self::down().await;
        server.up().await;
        server
    }

    /// One that is down, with a port that nothing listens on.
    pub async fn down() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let shared = Shared {
            answers: Mutex::default(),
            requests: Mutex::default(),
            released: Semaphore::new(0),
        };
        Self {
            port,
            shared: Arc::new(shared),
            task: None,
        }
    }

    /// Brings it up.
    pub async fn up(&mut self) {
        let listener = TcpListener::bind(("127.0.0.1", self.port)).await;
        let listener = listener.expect("the port is free");
        let app = Router::new()
            .fallback(answer)
            .with_state(self.shared.clone());
        self.task = Some(tokio::spawn(async move {
            axum::serve(listener, app).await.expect("it serves");
        }));
    }

    /// Takes it down.
    pub async fn stop(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
            // Only then the port is closed.
            let _ = task.await;
        }
    }

    /// Sets the answer at `path`.
    pub fn answer(&self, path: &str, answer: Answer) {
        let mut answers = self.shared.answers.lock().expect("no holder panics");
        answers.insert(path.to_string(), answer);
    }

    /// Puts an issuer's key at the place that `asap_key_server` has for it.
    pub fn publish(&self, issuer: &Issuer) {
        self.answer(&issuer.asap_path(), Answer::Text(issuer.pem()));
    }

    /// Lets the held answers go, now and later.
    pub fn release(&self) {
        self.shared.released.add_permits(1000);
    }

    /// The paths asked for, oldest first.
    pub fn requests(&self) -> Vec<String> {
        self.shared
            .requests
            .lock()
            .expect("no holder panics")
            .clone()
    }

    /// Waits until `path` has been asked for.
    pub async fn asked(&self, path: &str) {
        let deadline = std::time::Instant::now() + super::DEADLINE;
        while !self.requests().iter().any(|asked| asked == path) {
            assert!(
                std::time::Instant::now() < deadline,
                "{path} is not asked for"
            );
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }

    /// gavel's settings for the key set at `/keys`.
    pub fn jwks(&self) -> String {
        self.settings("jwks_url", "/keys")
    }

    /// gavel's settings for the keys below `/asap`.
    pub fn asap(&self) -> String {
        self.settings("asap_key_server", "/asap")
    }

    fn settings(&self, key: &str, path: &str) -> String {
        let port = self.port;
        format!(
            "[claims.jwt]\nalgorithms = [\"ES256\"]\n{key} = \"http://127.0.0.1:{port}{path}\"\n"
        )
    }
}

impl Drop for KeyServer {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let answer = shared.look_up(request.uri().path());
    // A server that is taken down keeps no connection.
    let close = [("connection", "close")];
    match answer {
        None => (StatusCode::NOT_FOUND, close, "none").into_response(),
        Some(Answer::Text(text)) => (close, text).into_response(),
        Some(Answer::Held(text)) => {
            let released = shared.released.acquire().await.expect("never closed");
            released.forget();
            (close, text).into_response()
        }
        Some(Answer::Status(status)) => {
            let status = StatusCode::from_u16(status).expect("a status");
            (status, close, "no").into_response()
        }
        Some(Answer::Redirect(to)) => {
            let headers = [("connection", "close"), ("location", to.as_str())];
            (StatusCode::FOUND, headers, "there").into_response()
        }
    }
}
