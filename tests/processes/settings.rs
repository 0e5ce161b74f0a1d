//! The environment variables that only `examples/relying_party` reads.

use std::process::Command;

use crate::{
    harness::process::{self, Process},
    support::port::Port,
};

#[test]
fn every_variable_reaches_its_setting() {
    let port = Port::keep();
    let pem = std::env::temp_dir().join(format!("tower-didit-{}.pem", std::process::id()));
    std::fs::write(&pem, CERTIFICATE).expect("a temporary file can be written");
    let mut command = relying_party();
    command
        .env("LISTEN", "127.0.0.1:0")
        .env("RUST_LOG", "relying_party=debug")
        .env("NO_COLOR", "1")
        .env(
            "DIDIT_AUTHORIZATION_ENDPOINT",
            "https://a.example/authorize",
        )
        .env("DIDIT_TOKEN_ENDPOINT", "https://a.example/token/")
        .env("DIDIT_USERINFO_ENDPOINT", "https://a.example/me")
        .env("DIDIT_JWKS_URI", "https://a.example/keys")
        .env("DIDIT_ROOT_CERTIFICATES", &pem)
        .env("DIDIT_HTTP_TIMEOUT", "3")
        .env("DIDIT_SESSION_IDLE", "60")
        .env("DIDIT_SESSION_ABSOLUTE", "600")
        .env("DIDIT_COOKIE_NAME", "staff")
        .env("DIDIT_CALLBACK", "redirect")
        .env(
            "DIDIT_REDIS_URL",
            format!("redis://user:hunter2@127.0.0.1:{}/", port.number()),
        );
    let process = Process::start(&mut command, "it was just there");
    process.wait_for("listening on ");
    std::fs::remove_file(&pem).expect("it was just written");
    let printed = process.printed().join("\n");
    for shown in [
        r#""/authorize""#,
        r#""/token/""#,
        r#""/me""#,
        r#""/keys""#,
        "timeout: 3s",
        "idle: 60s, absolute: 600s",
        r#""__Host-staff""#,
        "redirects_after_sign_in: true",
        "RedisStore",
    ] {
        assert!(printed.contains(shown), "{shown} is not in {printed}");
    }
    assert!(!printed.contains("hunter2"), "{printed}");
}

#[test]
fn empty_cookie_keys_count_as_missing_and_are_logged() {
    for (keys, is_logged) in [(Some(""), true), (None, false)] {
        let mut command = relying_party();
        command
            .env("LISTEN", "127.0.0.1:0")
            .env("RUST_LOG", "warn")
            .env("NO_COLOR", "1");
        if let Some(keys) = keys {
            command.env("DIDIT_COOKIE_KEYS", keys);
        }
        let process = Process::start(&mut command, "it was just there");
        process.wait_for("listening on ");
        let printed = process.printed().join("\n");
        let line = "DIDIT_COOKIE_KEYS is empty: the keys are derived from the client secret";
        assert_eq!(printed.contains(line), is_logged, "{printed}");
    }
}

#[test]
fn an_error_names_the_variable_and_not_its_value() {
    for (name, value, error) in [
        (
            "DIDIT_CALLBACK",
            "Redirect",
            "must be `forward` or `redirect`",
        ),
        ("DIDIT_HTTP_TIMEOUT", "-1", NO_SECONDS),
        ("DIDIT_SESSION_IDLE", "1.5", NO_SECONDS),
        ("DIDIT_SESSION_ABSOLUTE", "99999999999999999999", NO_SECONDS),
        ("DIDIT_REDIS_URL", "hunter2@127.0.0.1", NO_REDIS),
        ("DIDIT_REDIS_URL", "https://hunter2.example/", NO_REDIS),
        (
            "DIDIT_ROOT_CERTIFICATES",
            "/nowhere/ca.pem",
            "names a file that cannot be read",
        ),
    ] {
        let printed = refusal(name, value);
        let expected = format!("the environment variable `{name}` {error}");
        assert!(printed.contains(&expected), "{name}={value}: {printed}");
        assert!(!printed.contains("hunter2"), "{printed}");
    }
    for (name, value, error) in [
        (
            "DIDIT_TOKEN_ENDPOINT",
            "/token",
            r#"the token endpoint "/token" is not an absolute URL"#,
        ),
        (
            "DIDIT_JWKS_URI",
            "http://didit.example/jwks",
            r#"the JWKS URI "http://didit.example/jwks" must be https, or http on loopback"#,
        ),
        (
            "DIDIT_HTTP_TIMEOUT",
            "0",
            "the HTTP timeout must be between 1 millisecond and 5 minutes",
        ),
    ] {
        let printed = refusal(name, value);
        assert!(printed.contains(error), "{name}={value}: {printed}");
    }
}

/// What the application prints that does not start with this variable.
fn refusal(name: &str, value: &str) -> String {
    let output = relying_party().env(name, value).output();
    let output = output.expect("it was just there");
    assert_eq!(output.status.code(), Some(1), "{name}={value}: {output:?}");
    String::from_utf8(output.stderr).expect("it prints UTF-8")
}

/// The application with the required variables.
fn relying_party() -> Command {
    let mut command = process::example("relying_party");
    command
        .env("DIDIT_CLIENT_ID", "client-id")
        .env("DIDIT_CLIENT_SECRET", "hunter2")
        .env("DIDIT_REDIRECT_URI", "https://app.example/callback");
    command
}

const NO_SECONDS: &str = "must be a whole number of seconds";
const NO_REDIS: &str = "is not the URL of a Redis";

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
