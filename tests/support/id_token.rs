//! An ID token of no sign-in in particular, for stories about what carries it.

use tower_didit::Provider;

/// Good in every respect but that nobody signed it, and without a nonce: for the client `app`, of the
/// user `cAnArY`. Its signature reads `cAnArYAA`, so that a story can look for both.
///
/// ```json
/// {"alg":"ES256"}
/// {"iss":"https://apx.didit.me","sub":"cAnArY","aud":"app","iat":0,"exp":9999999999}
/// ```
pub(crate) const ID_TOKEN: &str = "eyJhbGciOiJFUzI1NiJ9.\
    eyJpc3MiOiJodHRwczovL2FweC5kaWRpdC5tZSIsInN1YiI6ImNBbkFyWSIsImF1ZCI6ImFwcCIsImlhdCI6MCwiZXhwIjo5OTk5OTk5OTk5fQ.\
    cAnArYAA";

/// A Didit that is taken at its word: it signs in with [`ID_TOKEN`], and nobody fetches its keys.
pub(crate) fn trusted_didit() -> Provider {
    Provider::didit()
        .insecure_accept_missing_nonce()
        .insecure_trust_tls_for_id_token()
}
