//! What `build` checks: each function gives a value that cannot be wrong, or says what is.

use std::ops::RangeInclusive;

use http::HeaderValue;
use zeroize::Zeroizing;

use super::{ConfigError, Routes, Secret};
use crate::{
    provider::{Endpoint, Provider},
    return_to::ReturnTo,
    tokens::Scopes,
};

/// That the provider has a name, and that its clients have a secret if this one has.
pub(super) fn provider(
    provider: &Provider,
    client_secret: Option<&Secret>,
) -> Result<(), ConfigError> {
    if provider.issuers.is_empty() || provider.issuers.iter().any(String::is_empty) {
        return Err(ConfigError::NoIssuer);
    }
    if provider.is_for_public_clients() && client_secret.is_some() {
        return Err(ConfigError::UnwantedClientSecret);
    }
    Ok(())
}

/// RFC 6749 §3.3 and OpenID Connect Core §3.1.2.1: the scopes that were set, else the provider's. A
/// provider that asks for `openid` by default needs it.
pub(super) fn scopes(
    scopes: Option<&[String]>,
    provider: &Provider,
) -> Result<Scopes, ConfigError> {
    let Some(scopes) = scopes else {
        return Ok(Scopes::new(provider.default_scopes.join(" ")));
    };
    let is_scope = |scope: &str| {
        !scope.is_empty()
            && scope
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && !b"\"\\".contains(&byte))
    };
    if let Some(scope) = scopes.iter().find(|scope| !is_scope(scope)) {
        return Err(ConfigError::InvalidScope {
            scope: scope.clone(),
        });
    }
    let spaced = scopes.join(" ");
    let scopes = Scopes::new(spaced.as_str());
    if provider.default_scopes.contains(&"openid") && !scopes.contains("openid") {
        return Err(ConfigError::OpenIdScopeMissing { scopes: spaced });
    }
    Ok(scopes)
}

/// Whether sessions will have refresh tokens that work once.
pub(super) fn brings_single_use_tokens(scopes: &Scopes, provider: &Provider) -> bool {
    let is_offline = scopes.contains("offline_access") || scopes.contains("offline");
    provider.single_use_refresh_tokens && is_offline
}

/// Paths of this site, or URLs that a browser may be sent to.
pub(super) fn sign_out_pages(
    pages: &[String],
    landing_page: &str,
) -> Result<Vec<HeaderValue>, ConfigError> {
    let name = "page after sign-out";
    let pages = pages.iter().map(|page| {
        let location = if page.starts_with('/') {
            ReturnTo::parse(page).map(ReturnTo::into_location)
        } else {
            Endpoint::parse(name, page)?;
            HeaderValue::from_str(page).ok()
        };
        location.ok_or_else(|| ConfigError::InvalidPath {
            name,
            path: page.clone(),
            why: "is not a path of this site",
        })
    });
    let pages: Vec<_> = pages.collect::<Result<_, _>>()?;
    if !pages.is_empty() {
        return Ok(pages);
    }
    let landing_page = ReturnTo::parse(landing_page).map(ReturnTo::into_location);
    Ok(landing_page.into_iter().collect())
}

/// OpenID Connect Core §3.1.2.1: words with spaces in between, `none` alone.
pub(super) fn prompt(prompt: &str) -> Result<(), ConfigError> {
    let words: Vec<_> = prompt.split(' ').collect();
    let why = if words.contains(&"none") && words.len() > 1 {
        "has `none` beside something else"
    } else if words.iter().any(|word| !is_word(word)) {
        "is not a list of words with a space in between"
    } else {
        return Ok(());
    };
    Err(ConfigError::InvalidParameter {
        name: "prompt",
        value: prompt.to_owned(),
        why,
    })
}

/// What is sent with spaces in between has none itself.
pub(super) fn words(name: &'static str, words: &[String]) -> Result<(), ConfigError> {
    match words.iter().find(|word| !is_word(word)) {
        None => Ok(()),
        Some(word) => Err(ConfigError::InvalidParameter {
            name,
            value: word.clone(),
            why: "is empty, or has white space",
        }),
    }
}

fn is_word(word: &str) -> bool {
    !word.is_empty() && !word.contains(|c: char| c.is_whitespace() || c.is_control())
}

/// Checks that each path is one, and that no two mean different things; gives the landing page.
pub(super) fn paths(
    routes: &Routes,
    landing_page: &str,
    callback: &str,
) -> Result<ReturnTo, ConfigError> {
    let invalid = |name, path: &str, why| ConfigError::InvalidPath {
        name,
        path: path.to_owned(),
        why,
    };
    let mut taken = vec![callback];
    let named = [
        ("login path", &routes.login),
        ("logout path", &routes.logout),
    ];
    for (name, path) in named {
        let Some(path) = path else { continue };
        if path.contains('?') || ReturnTo::parse(path).is_none() {
            return Err(invalid(name, path, "is not a path of this site"));
        }
        if taken.contains(&path.as_str()) {
            return Err(invalid(
                name,
                path,
                "is already the callback, login or logout path",
            ));
        }
        taken.push(path);
    }
    let parsed = ReturnTo::parse(landing_page)
        .ok_or_else(|| invalid("landing page", landing_page, "is not a path of this site"))?;
    if taken.contains(&parsed.path()) {
        let why = "is the callback, login or logout path";
        return Err(invalid("landing page", landing_page, why));
    }
    Ok(parsed)
}

/// Refuses what is outside of `range`, which `words` repeats.
pub(super) fn in_range<T: PartialOrd>(
    name: &'static str,
    value: &T,
    range: RangeInclusive<T>,
    words: &'static str,
) -> Result<(), ConfigError> {
    if range.contains(value) {
        Ok(())
    } else {
        Err(ConfigError::OutOfRange { name, range: words })
    }
}

/// The material of the cookies' keys: what was given, else the client secret.
pub(super) fn cookie_keys<'a>(
    keys: Option<&'a [Zeroizing<Vec<u8>>]>,
    client_secret: Option<&'a Secret>,
) -> Result<Vec<&'a [u8]>, ConfigError> {
    let Some(keys) = keys else {
        let secret = client_secret.ok_or(ConfigError::CookieKeysMissing)?;
        return Ok(vec![secret.0.as_bytes()]);
    };
    if keys.is_empty() {
        return Err(ConfigError::CookieKeysMissing);
    }
    for (index, key) in keys.iter().enumerate() {
        if key.len() < MIN_KEY_LENGTH {
            return Err(ConfigError::ShortCookieKey {
                position: index + 1,
                length: key.len(),
            });
        }
    }
    Ok(keys.iter().map(|key| key.as_slice()).collect())
}

/// That there are credentials, as they were given out.
pub(super) fn credentials(
    client_id: &str,
    client_secret: Option<&Secret>,
) -> Result<(), ConfigError> {
    if client_id.trim().is_empty() {
        return Err(ConfigError::EmptyClientId);
    }
    if client_secret.is_some_and(|secret| secret.0.trim().is_empty()) {
        return Err(ConfigError::EmptyClientSecret);
    }
    untouched("client id", client_id)?;
    client_secret.map_or(Ok(()), |secret| untouched("client secret", &secret.0))
}

/// Refuses what surely was not meant: a file that holds a credential often ends with a new line.
fn untouched(name: &'static str, credential: &str) -> Result<(), ConfigError> {
    if credential.trim() == credential {
        Ok(())
    } else {
        Err(ConfigError::SurroundingSpace { name })
    }
}

const MIN_KEY_LENGTH: usize = 32;
