//! Claims about who: `iss`, `aud`, `azp`, `sub`.

use serde_json::json;

use super::{Forgery, good::Good};

pub(crate) fn forged(forgery: Forgery, good: &Good<'_>) -> Option<String> {
    let (issuer, client) = (good.text("iss"), good.text("aud"));
    Some(match forgery {
        Forgery::IssuerOther => good.with_claim("iss", "https://evil.example"),
        Forgery::IssuerWithSlash => good.with_claim("iss", format!("{issuer}/")),
        Forgery::IssuerInCapitals => good.with_claim("iss", issuer.to_ascii_uppercase()),
        Forgery::IssuerOtherScheme => good.with_claim("iss", other_scheme(issuer)),
        Forgery::IssuerMissing => good.without_claim("iss"),
        Forgery::IssuerArray => good.with_claim("iss", json!([issuer])),
        Forgery::AudienceMissing => good.without_claim("aud"),
        Forgery::AudienceOther => good.with_claim("aud", STRANGER),
        Forgery::AudienceArrayOfOthers => good.with_claim("aud", json!([STRANGER, "another"])),
        Forgery::AudienceExtra => good.with_claims(|claims| {
            claims.insert("aud".to_owned(), json!([client, STRANGER]));
            claims.insert("azp".to_owned(), client.into());
        }),
        Forgery::AudienceExtraWithoutAuthorizedParty => {
            good.with_claim("aud", json!([client, STRANGER]))
        }
        Forgery::AudienceNumber => good.with_claim("aud", 7),
        Forgery::AudienceEmptyArray => good.with_claim("aud", json!([])),
        Forgery::AudienceJoined => good.with_claim("aud", format!("{client} {STRANGER}")),
        Forgery::AuthorizedPartyOther => good.with_claim("azp", STRANGER),
        Forgery::SubjectMissing => good.without_claim("sub"),
        Forgery::SubjectEmpty => good.with_claim("sub", ""),
        Forgery::SubjectNumber => good.with_claim("sub", 7),
        Forgery::SubjectArray => good.with_claim("sub", json!([good.text("sub")])),
        Forgery::SubjectTooLong => good.with_claim("sub", "s".repeat(256)),
        _ => return None,
    })
}

fn other_scheme(issuer: &str) -> String {
    match issuer.strip_prefix("https:") {
        Some(rest) => format!("http:{rest}"),
        None => issuer.replacen("http:", "https:", 1),
    }
}

const STRANGER: &str = "stranger";
