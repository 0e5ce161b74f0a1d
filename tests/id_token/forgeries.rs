//! Every forgery of an ID token: the good one with one thing wrong. None signs anybody in, and each is
//! refused for what it is.

use tower_didit::{
    ErrorKind, Provider,
    fake::{Browser, Endpoint, FakeDidit, FakeDiditExt, Fault, Forgery},
    protocol::SigningAlgorithm,
    reason::IdTokenError,
};

use crate::support::{
    identity::{ALEJANDRA, attempt, visit},
    site::{CALLBACK, didit},
};

/// A Didit of each kind that signs in its own way, with an application.
fn visitors() -> Vec<(&'static str, FakeDidit, Browser)> {
    let sign_in_api = [
        ("ES256", didit()),
        ("RS256", didit().with_rs256()),
        ("keys without names", didit().with_bare_jwks()),
    ];
    let mut visitors: Vec<_> = sign_in_api
        .into_iter()
        .map(|(name, didit)| {
            let browser = visit(didit.config(CALLBACK));
            (name, didit, browser)
        })
        .collect();

    let every = didit();
    let provider = Provider::didit().with_signing_algorithms(SigningAlgorithm::ALL.iter().copied());
    let browser = visit(every.config(CALLBACK).with_provider(provider));
    visitors.push(("every algorithm", every, browser));

    let authentication = FakeDidit::authentication("client");
    let config = authentication.config(CALLBACK).with_cookie_keys([[7; 32]]);
    let browser = visit(config);
    visitors.push(("Didit Authentication", authentication, browser));
    visitors
}

// OpenID Connect Core §2, §3.1.3.7 and §3.1.3.8, RFC 7515 §4.1.11, RFC 7519 §4.1 and §7.2, RFC 8725
// §3, RFC 9700 §4.5.3; behaviours 43 to 56 and 58 to 60. The clause of each is with the forgery.
#[tokio::test]
async fn no_forgery_signs_anybody_in() {
    for (name, didit, browser) in visitors() {
        let hosts = hosts_of(&didit, &browser).await;
        for forgery in Forgery::ALL.iter().copied() {
            if is_harmless(forgery, name) {
                continue;
            }
            didit.on_next(Endpoint::Token, Fault::forge(forgery));
            let tokens = didit.count(Endpoint::Token);
            let outcome = attempt(&browser, &didit).await;
            assert_eq!(
                outcome,
                refusal(forgery, name).code(),
                "{forgery:?}, {name}"
            );
            assert_eq!(didit.count(Endpoint::Token), tokens + 1, "{forgery:?}");
            // So that unknown keys may be looked for again.
            didit.clock().advance(std::time::Duration::from_secs(60));
        }
        assert_eq!(attempt(&browser, &didit).await, ALEJANDRA, "{name}");
        // RFC 8725 §3.10; behaviour 49. No other host was asked.
        assert_eq!(hosts_of(&didit, &browser).await, hosts, "{name}");
    }
}

/// Who was asked for anything so far, once an honest sign-in was among it.
async fn hosts_of(didit: &FakeDidit, browser: &Browser) -> Vec<String> {
    assert_eq!(attempt(browser, didit).await, ALEJANDRA);
    let requests = didit.requests();
    let mut hosts: Vec<_> = requests
        .iter()
        .filter_map(|request| request.uri().host().map(str::to_owned))
        .collect();
    hosts.sort();
    hosts.dedup();
    hosts
}

/// Where a forgery is nothing wrong, as its documentation says.
fn is_harmless(forgery: Forgery, visitor: &str) -> bool {
    match forgery {
        Forgery::KeyIdUnknown => visitor == "keys without names",
        Forgery::NonceMissing | Forgery::NonceOther | Forgery::NonceNumber => {
            visitor == "Didit Authentication"
        }
        _ => false,
    }
}

#[expect(clippy::too_many_lines, reason = "it is one list")]
fn refusal(forgery: Forgery, visitor: &str) -> ErrorKind {
    let nameless = visitor == "keys without names";
    let any_algorithm = visitor == "every algorithm";
    let es256_only = visitor == "Didit Authentication";
    match forgery {
        Forgery::IssuerOther
        | Forgery::IssuerWithSlash
        | Forgery::IssuerInCapitals
        | Forgery::IssuerOtherScheme => ErrorKind::IdToken(IdTokenError::Issuer),

        Forgery::AudienceOther
        | Forgery::AudienceArrayOfOthers
        | Forgery::AudienceExtra
        | Forgery::AudienceExtraWithoutAuthorizedParty
        | Forgery::AudienceEmptyArray
        | Forgery::AudienceJoined
        | Forgery::AuthorizedPartyOther => ErrorKind::IdToken(IdTokenError::Audience),

        Forgery::ExpirationPast => ErrorKind::IdToken(IdTokenError::Expired),
        Forgery::IssuedAtFuture | Forgery::NotBeforeFuture => {
            ErrorKind::IdToken(IdTokenError::NotYetValid)
        }

        Forgery::NonceMissing | Forgery::NonceOther | Forgery::NonceNumber => {
            ErrorKind::IdToken(IdTokenError::Nonce)
        }
        Forgery::AccessTokenHashOther | Forgery::AccessTokenHashNumber | Forgery::CodeHashOther => {
            ErrorKind::IdToken(IdTokenError::Hash)
        }

        Forgery::LogoutToken | Forgery::TypeAccessToken | Forgery::TypeLogoutToken => {
            ErrorKind::IdToken(IdTokenError::Type)
        }

        Forgery::KeyIdUnknown | Forgery::KeyIdUrl | Forgery::KeyIdJwk if !nameless => {
            ErrorKind::IdToken(IdTokenError::UnknownKey)
        }
        // Another kind of key than the one that is named, or none at all.
        Forgery::AlgorithmSwapped if es256_only => ErrorKind::IdToken(IdTokenError::Algorithm),
        Forgery::AlgorithmSwapped if !nameless => ErrorKind::IdToken(IdTokenError::UnknownKey),
        Forgery::AlgorithmRs384 | Forgery::AlgorithmPs256 | Forgery::AlgorithmEs384
            if any_algorithm =>
        {
            ErrorKind::IdToken(IdTokenError::UnknownKey)
        }

        Forgery::AlgorithmNone
        | Forgery::AlgorithmNoneInMixedCase
        | Forgery::AlgorithmNoneSigned
        | Forgery::AlgorithmEmpty
        | Forgery::AlgorithmInSmallLetters
        | Forgery::AlgorithmRs384
        | Forgery::AlgorithmPs256
        | Forgery::AlgorithmEs384
        | Forgery::AlgorithmEs256k
        | Forgery::AlgorithmEdDsa
        | Forgery::AlgorithmHs256
        | Forgery::HmacEcPem
        | Forgery::HmacEcPemTrimmed
        | Forgery::HmacEcDer
        | Forgery::HmacEcPoint
        | Forgery::HmacEcJwk
        | Forgery::HmacEcX
        | Forgery::HmacEcXText
        | Forgery::HmacEcY
        | Forgery::HmacEcYText
        | Forgery::HmacRsaPem
        | Forgery::HmacRsaPemTrimmed
        | Forgery::HmacRsaDer
        | Forgery::HmacRsaPkcs1Pem
        | Forgery::HmacRsaPkcs1Der
        | Forgery::HmacRsaJwk
        | Forgery::HmacRsaN
        | Forgery::HmacRsaNText
        | Forgery::HmacRsaE
        | Forgery::HmacRsaEText
        | Forgery::HmacKeyId
        | Forgery::HmacJwks
        | Forgery::HmacEmptyKey => ErrorKind::IdToken(IdTokenError::Algorithm),

        Forgery::KeyIdUrl
        | Forgery::KeyIdJwk
        | Forgery::AlgorithmSwapped
        | Forgery::HeaderJwk
        | Forgery::HeaderJku
        | Forgery::HeaderX5u
        | Forgery::HeaderX5c
        | Forgery::SignatureEmpty
        | Forgery::SignatureTruncated
        | Forgery::SignatureExtended
        | Forgery::SignatureBitFlipped
        | Forgery::SignatureZero
        | Forgery::SignatureDer
        | Forgery::SignatureOfStranger
        | Forgery::PayloadSwapped => ErrorKind::IdToken(IdTokenError::Signature),

        // The token response has none.
        Forgery::Empty => ErrorKind::InvalidAnswer,

        Forgery::IssuerMissing
        | Forgery::IssuerArray
        | Forgery::AudienceMissing
        | Forgery::AudienceNumber
        | Forgery::SubjectMissing
        | Forgery::SubjectEmpty
        | Forgery::SubjectNumber
        | Forgery::SubjectArray
        | Forgery::SubjectTooLong
        | Forgery::ExpirationMissing
        | Forgery::ExpirationText
        | Forgery::ExpirationNull
        | Forgery::ExpirationNegative
        | Forgery::ExpirationHuge
        | Forgery::IssuedAtMissing
        | Forgery::IssuedAtText
        | Forgery::NotBeforeText
        | Forgery::KeyIdNumber
        | Forgery::CriticalUnknown
        | Forgery::CriticalEmpty
        | Forgery::CriticalText
        | Forgery::UnencodedPayload
        | Forgery::UnencodedPayloadNotCritical
        | Forgery::AlgorithmMissing
        | Forgery::AlgorithmNumber
        | Forgery::PayloadArray
        | Forgery::PayloadText
        | Forgery::PayloadNull
        | Forgery::PayloadEmpty
        | Forgery::PayloadNotJson
        | Forgery::PayloadNotUtf8
        | Forgery::PayloadWithMoreBehind
        | Forgery::PayloadWithTwoSubjects
        | Forgery::PayloadWithTwoExpirations
        | Forgery::PayloadNested
        | Forgery::PayloadHuge
        | Forgery::HeaderNotJson
        | Forgery::HeaderArray
        | Forgery::HeaderWithTwoAlgorithms
        | Forgery::NotAToken
        | Forgery::TwoParts
        | Forgery::FourParts
        | Forgery::FiveParts
        | Forgery::PaddedPayload
        | Forgery::PaddedSignature
        | Forgery::OtherAlphabet
        | Forgery::NotBase64
        | Forgery::SpaceInPayload
        | Forgery::LineBreakInSignature
        | Forgery::LineBreakAtEnd => ErrorKind::IdToken(IdTokenError::Malformed),

        other => panic!("what is {other:?} refused for?"),
    }
}

// OpenID Connect Core §3.1.3.7 step 6; behaviour 48. With `insecure_trust_tls_for_id_token` TLS
// stands in for the signature, and for nothing else.
#[tokio::test]
async fn without_signatures_only_signatures_are_not_looked_at() {
    let didit = didit();
    let provider = Provider::didit().insecure_trust_tls_for_id_token();
    let browser = visit(didit.config(CALLBACK).with_provider(provider));
    for forgery in Forgery::ALL.iter().copied() {
        let expected = match refusal(forgery, "ES256") {
            ErrorKind::IdToken(IdTokenError::UnknownKey) => ALEJANDRA,
            // The claims are John's then, whom nobody vouches for.
            ErrorKind::IdToken(IdTokenError::Signature) if forgery != Forgery::PayloadSwapped => {
                ALEJANDRA
            }
            ErrorKind::IdToken(IdTokenError::Signature) => continue,
            kind => kind.code(),
        };
        didit.on_next(Endpoint::Token, Fault::forge(forgery));
        assert_eq!(attempt(&browser, &didit).await, expected, "{forgery:?}");
    }
    assert_eq!(didit.count(Endpoint::Jwks), 0);
}

// OpenID Connect Core §3.1.3.7 step 11; behaviour 55.
#[tokio::test]
async fn a_nonce_that_may_be_missing_must_still_be_the_right_one() {
    let didit = didit();
    let provider = Provider::didit().insecure_accept_missing_nonce();
    let browser = visit(didit.config(CALLBACK).with_provider(provider));
    for (forgery, outcome) in [
        (Forgery::NonceMissing, ALEJANDRA),
        (Forgery::NonceOther, "invalid-nonce"),
        (Forgery::NonceNumber, "invalid-nonce"),
    ] {
        didit.on_next(Endpoint::Token, Fault::forge(forgery));
        assert_eq!(attempt(&browser, &didit).await, outcome, "{forgery:?}");
    }
}
