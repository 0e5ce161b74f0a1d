//! Secrets are sent only over https with a valid certificate, or to loopback.

use std::{
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};
use tower_didit::Provider;

use crate::support::server::{
    SIGNED_IN, Server, TOKENS, answer, attempt, config, read_request, write,
};

// RFC 6749 §3.2; behaviour 41.
#[tokio::test]
async fn a_certificate_must_be_trusted_and_name_the_host() {
    let here = self_signed("127.0.0.1");
    let elsewhere = self_signed("apx.didit.me");
    for (certificate, trusted, outcome) in [
        (&here, Some(&here), SIGNED_IN),
        (&here, None, PROVIDER_UNREACHABLE),
        (&here, Some(&elsewhere), PROVIDER_UNREACHABLE),
        (&elsewhere, Some(&elsewhere), PROVIDER_UNREACHABLE),
    ] {
        let acceptor = acceptor(certificate);
        let requests = Arc::<AtomicUsize>::default();
        let counter = Arc::clone(&requests);
        let server = Server::start(move |socket| {
            let (acceptor, counter) = (acceptor.clone(), Arc::clone(&counter));
            async move {
                if let Ok(mut socket) = acceptor.accept(socket).await
                    && read_request(&mut socket).await
                {
                    counter.fetch_add(1, Ordering::Relaxed);
                    write(&mut socket, &answer("200 OK", "", TOKENS.as_bytes())).await;
                }
            }
        })
        .await;
        let mut config = config(&format!("https://{}/token", server.address));
        if let Some(trusted) = trusted {
            config = config.add_root_certificates(trusted.cert.pem());
        }
        assert_eq!(attempt(config).await, outcome);
        assert_eq!(server.connections(), 1);
        let sent = usize::from(outcome == SIGNED_IN);
        assert_eq!(requests.load(Ordering::Relaxed), sent);
    }
}

// RFC 6749 §3.2; behaviour 41.
#[tokio::test]
async fn plain_http_works_on_loopback() {
    let server = Server::saying(answer("200 OK", "", TOKENS.as_bytes())).await;
    assert_eq!(attempt(server.config()).await, SIGNED_IN);
}

// RFC 6749 §3.2; behaviour 41. A proxy would get the secrets unencrypted.
#[test]
fn loopback_bypasses_proxies() {
    let nobody = "http://127.0.0.1:9";
    let again = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "tls::plain_http_works_on_loopback"])
        .envs([("HTTP_PROXY", nobody), ("http_proxy", nobody)])
        .envs([("ALL_PROXY", nobody), ("all_proxy", nobody)])
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&again.stdout);
    assert!(said.contains("1 passed"), "{said}");
}

// RFC 6749 §3.2; behaviour 41.
#[test]
fn plain_http_elsewhere_is_a_configuration_error() {
    for (url, good) in [
        ("https://apx.didit.me/auth/v2/token", true),
        ("http://127.0.0.1:8080/token", true),
        ("http://127.9.9.9/token", true),
        ("http://[::1]:8080/token", true),
        ("http://localhost:8080/token", true),
        ("http://didit.localhost/token", true),
        ("http://apx.didit.me/auth/v2/token", false),
        ("http://127.0.0.1.evil.example/token", false),
        ("http://localhost.evil.example/token", false),
        ("http://evillocalhost/token", false),
        ("http://10.0.0.1/token", false),
        ("http://0.0.0.0/token", false),
        ("http://[::2]/token", false),
        ("ftp://apx.didit.me/token", false),
        ("//apx.didit.me/token", false),
    ] {
        let token = Provider::didit().with_token_endpoint(url);
        let authorization = Provider::didit().with_authorization_endpoint(url);
        for (name, provider) in [("token", token), ("authorization", authorization)] {
            let built = config("http://127.0.0.1/").with_provider(provider).build();
            assert_eq!(built.is_ok(), good, "{url}");
            if let Err(error) = built {
                let start = format!("the {name} endpoint {url:?} ");
                assert!(error.to_string().starts_with(&start), "{error}");
            }
        }
    }
}

pub(super) fn self_signed(host: &str) -> CertifiedKey<KeyPair> {
    generate_simple_self_signed([host.to_owned()]).expect("a certificate")
}

pub(super) fn acceptor(certificate: &CertifiedKey<KeyPair>) -> TlsAcceptor {
    let chain = vec![certificate.cert.der().clone()];
    let key = PrivatePkcs8KeyDer::from(certificate.signing_key.serialize_der());
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, PrivateKeyDer::Pkcs8(key))
        .expect("a certificate and its key");
    TlsAcceptor::from(Arc::new(config))
}

const PROVIDER_UNREACHABLE: &str = "502 provider-unreachable";
