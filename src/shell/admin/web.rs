//! The status page: its files, and of the API the requests it makes, over TCP.
//!
//! It changes nothing. It is for people who know `admin.web_token`, or, if there is none,
//! for everybody on this machine.

use super::answers;
use super::fault::Fault;
use super::routes::{answers_all, reading};
use super::shared::Shared;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine;
use sha2::{Digest, Sha256};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

const PAGE: &str = include_str!("web/index.html");
const STYLE: &str = include_str!("web/style.css");
const SHOW: &str = include_str!("web/show.js");
const SCRIPT: &str = include_str!("web/page.js");

/// For so long the doctor's last answer is given again.
const REUSED: Duration = Duration::from_secs(60);

/// The headers of each answer. They tell the browser: run nothing but the page's own
/// script, whatever somebody calls themselves, show it in no frame, keep no copy.
const HEADERS: [(HeaderName, &str); 5] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
         img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (header::CACHE_CONTROL, "no-store"),
];

/// The token as its hash, so that comparing tells nothing by the time it takes.
type TokenHash = [u8; 32];

/// The page and the data that it asks for; `token` is `admin.web_token`.
pub(super) fn router(shared: Shared, token: Option<&[u8]>) -> Router {
    let token = token.map(|token| Arc::new(hash(token)));
    let file = |kind: &'static str, text: &'static str| {
        get(move || async move { ([(header::CONTENT_TYPE, kind)], text) })
    };
    let router = Router::new()
        .route("/", file("text/html; charset=utf-8", PAGE))
        .route("/style.css", file("text/css; charset=utf-8", STYLE))
        .route("/show.js", file("text/javascript; charset=utf-8", SHOW))
        .route("/page.js", file("text/javascript; charset=utf-8", SCRIPT))
        .route("/v1/doctor", get(doctor))
        .merge(reading())
        .with_state(shared);
    answers_all(router)
        .layer(middleware::from_fn_with_state(token, admit))
        .layer(middleware::map_response(with_headers))
}

/// The doctor's findings, for all who look within a minute: it asks Prosody, and people who
/// may see the page must not do that as often as they like.
async fn doctor(State(shared): State<Shared>) -> Result<Response, Fault> {
    let make = async {
        let diagnosis = super::doctor::diagnosis(&shared).await?;
        let json = serde_json::to_vec(&diagnosis);
        let json = json.map_err(|error| Fault::conflict(error.to_string()))?;
        Ok((json.into(), REUSED / answers::REUSE))
    };
    super::rooms::answer(shared.answers.get("doctor".to_owned(), make).await?)
}

/// Lets a request in, or names the thing that is missing. Only requests to read come
/// through, on any route that is added one day, too.
async fn admit(
    State(token): State<Option<Arc<TokenHash>>>,
    request: Request,
    next: Next,
) -> Response {
    let headers = request.headers();
    let refusal = match &token {
        _ if request.method() != Method::GET && request.method() != Method::HEAD => {
            let path = request.uri().path();
            Some(Fault::wrong_method(request.method(), path).into_response())
        }
        Some(token) if given(headers).is_some_and(|given| hash(&given) == **token) => None,
        Some(_) => Some(unauthorized()),
        None if is_of_this_machine(headers) => None,
        None => Some(misdirected()),
    };
    match refusal {
        Some(refusal) => refusal,
        None => next.run(request).await,
    }
}

/// The token that a request carries: as password (RFC 7617) of any user, which
/// browsers ask for, or as bearer (RFC 6750 §2.1).
fn given(headers: &HeaderMap) -> Option<Vec<u8>> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, credentials) = value.split_once(' ')?;
    let credentials = credentials.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(credentials.as_bytes().to_vec());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let engine = base64::engine::general_purpose::STANDARD;
    let pair = engine.decode(credentials).ok()?;
    let colon = pair.iter().position(|byte| *byte == b':')?;
    Some(pair[colon + 1..].to_vec())
}

fn hash(token: &[u8]) -> TokenHash {
    Sha256::digest(token).into()
}

fn unauthorized() -> Response {
    let ask = [(header::WWW_AUTHENTICATE, "Basic realm=\"gavel\"")];
    let why = "the password is what admin.web_token_file holds; the user is anything\n";
    (StatusCode::UNAUTHORIZED, ask, why).into_response()
}

/// Says whether the browser was told to go to this machine, and not to a name that
/// somebody's DNS lets point here, whose page could then read ours.
fn is_of_this_machine(headers: &HeaderMap) -> bool {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let Some(host) = host else {
        return false;
    };
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let address = name.trim_start_matches('[').trim_end_matches(']');
    let address = address.parse::<IpAddr>();
    name.eq_ignore_ascii_case("localhost") || address.is_ok_and(|ip| ip.is_loopback())
}

fn misdirected() -> Response {
    let why = "this page is for this machine only: come by http://127.0.0.1 or \
               http://localhost, or set admin.web_token_file\n";
    (StatusCode::MISDIRECTED_REQUEST, why).into_response()
}

async fn with_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn headers(name: HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn this_machine_has_few_names() {
        for (host, expected) in [
            ("127.0.0.1:9319", true),
            ("127.8.9.1", true),
            ("localhost:9319", true),
            ("LOCALHOST", true),
            ("[::1]:9319", true),
            ("[::1]", true),
            ("evil.example:9319", false),
            ("localhost.evil.example", false),
            ("127.0.0.1.evil.example", false),
            ("192.0.2.7:9319", false),
            ("", false),
        ] {
            let headers = headers(header::HOST, host);
            assert_eq!(is_of_this_machine(&headers), expected, "{host}");
        }
        assert!(!is_of_this_machine(&HeaderMap::new()));
    }

    #[test]
    fn a_token_comes_as_password_or_bearer() {
        for (value, expected) in [
            ("Basic YW55Ym9keTpodXNo", Some("hush")),
            ("basic OmE6Yg==", Some("a:b")),
            ("Bearer hush", Some("hush")),
            ("Basic nonsense!", None),
            ("Basic aHVzaA==", None),
            ("Digest hush", None),
            ("hush", None),
        ] {
            let given = given(&headers(header::AUTHORIZATION, value));
            assert_eq!(given.as_deref(), expected.map(str::as_bytes), "{value}");
        }
    }
}
