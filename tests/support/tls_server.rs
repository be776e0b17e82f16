//! A server that speaks TLS, with a certificate of a CA that only tests know.

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/keys")
        .join(name)
}

/// Answers every request over TLS alike, on `localhost` and 127.0.0.1. It ends
/// with the process.
pub struct TlsServer {
    /// Its port.
    pub port: u16,
}

impl TlsServer {
    /// One that answers with this: status line, headers and body.
    pub fn start(response: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let config = Arc::new(config());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A client that does not trust the certificate hangs up.
                let _ = serve(stream, config.clone(), &response);
            }
        });
        Self { port }
    }

    /// The certificate of its CA.
    pub fn ca() -> PathBuf {
        file("tls-ca.pem")
    }
}

fn config() -> ServerConfig {
    let certificate = CertificateDer::from_pem_file(file("tls-server.pem"));
    let key = PrivateKeyDer::from_pem_file(file("tls-server.key.pem"));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions of TLS")
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.expect("a certificate")],
            key.expect("a key"),
        )
        .expect("a certificate and its key")
}

fn serve(stream: TcpStream, config: Arc<ServerConfig>, response: &str) -> std::io::Result<()> {
    let connection = ServerConnection::new(config).map_err(std::io::Error::other)?;
    let mut stream = StreamOwned::new(connection, stream);
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        request.push(byte[0]);
    }
    stream.write_all(response.as_bytes())?;
    stream.conn.send_close_notify();
    stream.flush()
}
