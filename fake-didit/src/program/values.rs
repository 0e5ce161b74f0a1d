//! Parsers for values on the command line.

use url::Url;

use crate::provider::authorize::is_redirect_uri;

pub(super) fn not_empty(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Err("must not be empty".to_owned());
    }
    Ok(text.to_owned())
}

pub(super) fn redirect_uri(uri: &str) -> Result<String, String> {
    if is_redirect_uri(uri) {
        return Ok(uri.to_owned());
    }
    Err(
        "must be an absolute URI without a fragment, for example http://localhost:3000/callback"
            .to_owned(),
    )
}

pub(super) fn issuer(issuer: &str) -> Result<String, String> {
    // URL parsers accept forms that HTTP clients do not: `http:host`, `http:///host`, `http:\\host`.
    let (_, rest) = issuer.split_once("://").unwrap_or_default();
    let has_host = rest.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '[');
    let url = Url::parse(issuer)
        .ok()
        .filter(|url| ["http", "https"].contains(&url.scheme()) && has_host)
        .filter(|_| {
            issuer
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && byte != b'\\')
        });
    let url = url.ok_or("must be a URL, for example http://localhost:4000")?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err("must not have a query or a fragment".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not have a user name or a password".to_owned());
    }
    if url.path() == "/fake" || url.path().starts_with("/fake/") {
        return Err("must not be below /fake, the path of the start page".to_owned());
    }
    Ok(issuer.to_owned())
}

pub(super) fn webhook(url: &str) -> Result<String, String> {
    match Url::parse(url) {
        Ok(parsed) if parsed.scheme() == "http" => Ok(url.to_owned()),
        _ => Err("must be an http URL, for example http://localhost:3000/webhook".to_owned()),
    }
}
