//! A real forward proxy, and a provider that only the proxy can reach.

use std::{
    env, fs,
    path::PathBuf,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use rcgen::generate_simple_self_signed;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};
use tower_didit::fake::FakeDidit;

use super::process::Process;
use crate::support::port::Port;

/// No resolver knows this name. The proxy has a route to it.
pub(crate) const HOST: &str = "didit.invalid";
pub(crate) const ISSUER: &str = "https://didit.invalid";
const USER: &str = "user";
const PASSWORD: &str = "hunter2";

/// A running `tinyproxy` that wants Basic authentication and connects to port 443 only.
pub(crate) struct Tinyproxy {
    port: Port,
    settings: PathBuf,
    _process: Process,
    connections: Arc<AtomicUsize>,
    /// In PEM, the provider's.
    pub(crate) certificate: String,
}

impl Tinyproxy {
    /// Starts one for the story `name`, with `didit` behind it.
    pub(crate) async fn start(name: &str, didit: &FakeDidit) -> Self {
        let connections = Arc::<AtomicUsize>::default();
        let (behind, certificate) = listen_behind(didit, Arc::clone(&connections)).await;
        let port = Port::keep();
        let settings = format!("tower-didit-tinyproxy-{name}-{}", std::process::id());
        let settings = env::temp_dir().join(settings);
        let lines = [
            format!("Port {}", port.number()),
            "Listen 127.0.0.1".to_owned(),
            format!("BasicAuth {USER} {PASSWORD}"),
            "ConnectPort 443".to_owned(),
            format!("Upstream http 127.0.0.1:{behind} \"{HOST}\""),
        ];
        fs::write(&settings, lines.join("\n") + "\n").expect("a temporary file can be written");
        let process = Process::start(
            Command::new("tinyproxy").arg("-d").arg("-c").arg(&settings),
            "on Debian it is in the package `tinyproxy` (apt-get install tinyproxy)",
        );
        process.wait_for("Accepting connections");
        Self {
            port,
            settings,
            _process: process,
            connections,
            certificate,
        }
    }

    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port.number())
    }

    /// With user and password.
    pub(crate) fn url(&self) -> String {
        format!("http://{USER}:{PASSWORD}@{}", self.address())
    }

    /// The number of connections to the provider.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }
}

impl Drop for Tinyproxy {
    fn drop(&mut self) {
        // It fails only where somebody else has removed it.
        let _ = fs::remove_file(&self.settings);
    }
}

/// The only way to [`HOST`]: takes `CONNECT` requests to it, and speaks TLS in its place. Gives the port and the
/// certificate.
async fn listen_behind(didit: &FakeDidit, connections: Arc<AtomicUsize>) -> (u16, String) {
    let provider = didit.listen("127.0.0.1:0").await.expect("a free port");
    let certificate = generate_simple_self_signed([HOST.to_owned()]).expect("a certificate");
    let key = PrivatePkcs8KeyDer::from(certificate.signing_key.serialize_der());
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.cert.der().clone()],
            PrivateKeyDer::Pkcs8(key),
        )
        .expect("a certificate and its key");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("it is bound").port();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            connections.fetch_add(1, Ordering::Relaxed);
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    let read = socket.read_buf(&mut head).await.expect("a request");
                    assert!(read > 0, "the proxy closed the connection");
                }
                assert!(head.starts_with(format!("CONNECT {HOST}:443 ").as_bytes()));
                let established = b"HTTP/1.1 200 Connection established\r\n\r\n";
                socket
                    .write_all(established)
                    .await
                    .expect("the proxy reads");
                let Ok(mut socket) = acceptor.accept(socket).await else {
                    return; // the certificate was refused
                };
                let provider = TcpStream::connect(provider).await;
                let mut provider = provider.expect("the provider listens");
                // Either side may close first.
                let _ = copy_bidirectional(&mut socket, &mut provider).await;
            });
        }
    });
    (port, certificate.cert.pem())
}
