//! Environment variables and certificate files.

use std::{ffi::OsString, process::Command};

use tower_didit::Config;

const CHILD: &str = "TOWER_DIDIT_CHILD_OF_A_TEST";

/// Tests of one process share its environment, so each case has a process of its own. It runs this test again, which
/// then prints the configuration.
#[test]
fn the_environment_of_the_process_is_read() {
    if std::env::var_os(CHILD).is_some() {
        return print_configuration();
    }
    assert_eq!(
        run(&[]),
        "the client id is empty; it is in Didit's console (`DIDIT_CLIENT_ID`)"
    );

    let config = run_with(&[
        ("DIDIT_SCOPES", "openid  offline".into()),
        ("DIDIT_PROVIDER", "".into()),
    ]);
    for shown in [
        r#"client_id: "from-the-environment""#,
        r#""https://env.example/back""#,
        r#"["openid", "offline"]"#,
    ] {
        assert!(config.contains(shown), "{shown} is not in {config}");
    }
    assert!(!config.contains("hunter2"), "{config}");

    for (name, value, words) in REFUSED {
        let said = run_with(&[(name, value.into())]);
        assert_eq!(said, *words, "{name}={value}");
    }
    let authentication = [
        ("DIDIT_PROVIDER", "authentication".into()),
        ("DIDIT_PUBLISHABLE_KEY", PUBLISHABLE_KEY.into()),
    ];
    assert_eq!(
        run_with(&authentication),
        "this provider's clients have no secret: leave the client secret (`DIDIT_CLIENT_SECRET`) \
         out, and give 32 random bytes to `with_cookie_keys` (`DIDIT_COOKIE_KEYS`) instead"
    );
    let proxy = [
        ("DIDIT_PROXY", "system".into()),
        ("HTTPS_PROXY", "socks5://me:hunter2@proxy.example".into()),
    ];
    assert_eq!(
        run_with(&proxy),
        "the environment variable `HTTPS_PROXY` must be http or https"
    );
    // These two name the places of the machine's certificates.
    let nowhere = ["SSL_CERT_FILE", "SSL_CERT_DIR"].map(|name| (name, "/nowhere".into()));
    assert_eq!(run_with(&nowhere), NO_CERTIFICATES);

    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStringExt;
        let latin1 = OsString::from_vec(b"caf\xe9".to_vec());
        assert_eq!(
            run_with(&[("DIDIT_CLIENT_SECRET", latin1)]),
            "the environment variable `DIDIT_CLIENT_SECRET` is not UTF-8"
        );
    }
}

/// One wrong variable among good ones, and the error of `build`.
const REFUSED: &[(&str, &str, &str)] = &[
    (
        "DIDIT_PROVIDER",
        "google",
        "the environment variable `DIDIT_PROVIDER` must be `sign-in`, `authentication` or \
         `discovered`",
    ),
    ("DIDIT_PROVIDER", "authentication", NO_ISSUER),
    ("DIDIT_PROVIDER", "discovered", NO_ISSUER),
    (
        "DIDIT_COOKIE_KEYS",
        "hunter2!",
        "the environment variable `DIDIT_COOKIE_KEYS` must be base64, with spaces between several \
         keys",
    ),
    (
        "DIDIT_COOKIE_KEYS",
        "c2hvcnQ=",
        "cookie key 1 has 5 bytes, and at least 32 random ones are needed",
    ),
    (
        "DIDIT_PROXY",
        "socks5://me:hunter2@proxy.example",
        r#"the proxy URL "[redacted]" must be http or https"#,
    ),
    (
        "DIDIT_SCOPES",
        "email",
        r#"the list of scopes "email" lacks `openid`"#,
    ),
];

fn print_configuration() {
    match Config::from_env().build() {
        Ok(config) => println!("<<<{config:?}>>>"),
        Err(error) => println!("<<<{error}>>>"),
    }
}

/// The configuration, or its error, of a process with these variables besides the required ones.
fn run_with(variables: &[(&str, OsString)]) -> String {
    let needed = [
        ("DIDIT_CLIENT_ID", "from-the-environment".into()),
        ("DIDIT_CLIENT_SECRET", "hunter2".into()),
        ("DIDIT_REDIRECT_URI", "https://env.example/back".into()),
    ];
    run(&[&needed, variables].concat())
}

/// The configuration, or its error, of a process with these `DIDIT_` variables and no other.
fn run(variables: &[(&str, OsString)]) -> String {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args([
        "--exact",
        "config_from_outside::the_environment_of_the_process_is_read",
        "--nocapture",
    ]);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("DIDIT_") {
            child.env_remove(name);
        }
    }
    child.env(CHILD, "1").envs(variables.iter().cloned());
    let output = child.output().unwrap();
    assert!(output.status.success());
    let output = String::from_utf8(output.stdout).unwrap();
    let (_, said) = output.split_once("<<<").unwrap();
    said.split_once(">>>").unwrap().0.to_owned()
}

// RFC 6749 §3.2; behaviours 41 and 95.
#[test]
fn a_pem_file_holds_certificates() {
    let good =
        || Config::builder("client-id", "https://app.example/callback").with_client_secret("s");
    assert!(good().add_root_certificates(CERTIFICATE).build().is_ok());
    let no_base64 = CERTIFICATE.replacen("MII", "!!!", 1);
    let no_certificate = CERTIFICATE.replacen("MII", "AAA", 1);
    let no_end = CERTIFICATE.replacen("-----END", "-----", 1);
    let a_key = "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n";
    for pem in [
        &*no_base64,
        &no_certificate,
        &no_end,
        a_key,
        "no PEM at all",
        "",
    ] {
        let error = good().add_root_certificates(pem).build();
        assert!(error.is_err(), "accepted: {pem:?}");
        assert_eq!(error.unwrap_err().to_string(), NO_CERTIFICATES);
    }
}

const NO_ISSUER: &str = "the provider has no issuer: give at least one to `Provider::with_issuers` \
    (`DIDIT_ISSUER`), or the whole publishable key (`DIDIT_PUBLISHABLE_KEY`)";

/// Of `https://acme.auth.didit.me`.
const PUBLISHABLE_KEY: &str = "pk_live_aHR0cHM6Ly9hY21lLmF1dGguZGlkaXQubWU";

const NO_CERTIFICATES: &str = "no usable root certificates; install the system's (on Debian the \
    package `ca-certificates`), or give a PEM file to `add_root_certificates`";

/// Self-signed.
const CERTIFICATE: &str = "\
-----BEGIN CERTIFICATE-----
MIIBdjCCARugAwIBAgIUZyEnXXD3OHD98g5WaQKqMuztBGwwCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjMxODI2MzVaGA8yMTI2MTAzMDE4MjYz
NVowDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABBzt
bkx7O/gGTjmsig0f//p8axk/PGTXULJRdxGfcFU5rRrWEx0eQ9wRFrEwnSaT9c9a
zTW3aQEIzAuZnshvIAujUzBRMB0GA1UdDgQWBBSOIq+RZf8Q69W/kqxyqjEUVoMz
vDAfBgNVHSMEGDAWgBSOIq+RZf8Q69W/kqxyqjEUVoMzvDAPBgNVHRMBAf8EBTAD
AQH/MAoGCCqGSM49BAMCA0kAMEYCIQDRHEBdSQt+X5Llb9+HJqKITSsyabSoU2dr
EwaoOd+KXgIhAKp64fltf9VhQGjys8NhAVDslOkhoQLnddInCRlkDkde
-----END CERTIFICATE-----
";
