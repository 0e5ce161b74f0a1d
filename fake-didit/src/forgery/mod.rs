//! ID tokens with exactly one thing wrong.

mod algorithm;
mod bindings;
mod good;
mod header;
mod hmac;
mod parties;
mod payload;
mod public_key;
mod signature;
mod stranger;
mod text;
mod times;

use self::good::Good;
use crate::keys::Keys;

/// An enum with the list of its variants and with their names, so that none is forgotten.
macro_rules! listed {
    ($(#[$about:meta])* pub enum $enum:ident { $($(#[$doc:meta])+ $name:ident,)+ }) => {
        $(#[$about])*
        pub enum $enum {
            $($(#[$doc])+ $name,)+
        }

        impl $enum {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The variant's name.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)+
                }
            }
        }
    };
}

listed! {
    /// One thing that is wrong with an ID token, for [`Fault::forge`](crate::Fault::forge).
    ///
    /// The forged token is the honest one with this one thing changed, signed again with the fake's own
    /// key, unless the signature is what is wrong. A relying party refuses every one of them.
    ///
    /// ```
    /// use fake_didit::{Endpoint, FakeDidit, Fault, Forgery};
    ///
    /// for forgery in Forgery::ALL {
    ///     let didit = FakeDidit::new("app", "secret");
    ///     didit.on_next(Endpoint::Token, Fault::forge(*forgery));
    ///     // Sign in, and name the forgery when the application lets it pass: forgery.name()
    /// }
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    #[non_exhaustive]
    pub enum Forgery {
        /// `iss` is somebody else (OIDC Core §3.1.3.7 step 2).
        IssuerOther,
        /// `iss` has a slash more at its end (OIDC Core §3.1.3.7 step 2: it must match exactly).
        IssuerWithSlash,
        /// `iss` is in capital letters (OIDC Core §3.1.3.7 step 2, §2: case-sensitive).
        IssuerInCapitals,
        /// `iss` is `http` in place of `https`, or the other way round (OIDC Core §3.1.3.7 step 2).
        IssuerOtherScheme,
        /// `iss` is not there (OIDC Core §2: required).
        IssuerMissing,
        /// `iss` is an array of the right one (RFC 7519 §4.1.1: a string).
        IssuerArray,
        /// `aud` is not there (OIDC Core §2: required).
        AudienceMissing,
        /// `aud` is another client (OIDC Core §3.1.3.7 step 3).
        AudienceOther,
        /// `aud` is an array of other clients (OIDC Core §3.1.3.7 step 3).
        AudienceArrayOfOthers,
        /// `aud` has a stranger besides the client, which is the `azp` (OIDC Core §3.1.3.7 step 3).
        AudienceExtra,
        /// `aud` has a stranger besides the client, and no `azp` is there (OIDC Core §3.1.3.7 step 4).
        AudienceExtraWithoutAuthorizedParty,
        /// `aud` is a number (RFC 7519 §4.1.3).
        AudienceNumber,
        /// `aud` is an empty array (OIDC Core §3.1.3.7 step 3).
        AudienceEmptyArray,
        /// `aud` is one string of two clients (RFC 7519 §4.1.3: an array for several).
        AudienceJoined,
        /// `azp` is another client (OIDC Core §3.1.3.7 step 5).
        AuthorizedPartyOther,
        /// `sub` is not there (OIDC Core §2: required).
        SubjectMissing,
        /// `sub` is empty (OIDC Core §2: an identifier).
        SubjectEmpty,
        /// `sub` is a number (RFC 7519 §4.1.2: a string).
        SubjectNumber,
        /// `sub` is an array (RFC 7519 §4.1.2: a string).
        SubjectArray,
        /// `sub` has 256 characters (OIDC Core §2: at most 255).
        SubjectTooLong,

        /// `exp` was an hour ago (OIDC Core §3.1.3.7 step 9).
        ExpirationPast,
        /// `exp` is not there (OIDC Core §2: required).
        ExpirationMissing,
        /// `exp` is the right time as a string (RFC 7519 §4.1.4: a number).
        ExpirationText,
        /// `exp` is `null` (RFC 7519 §4.1.4: a number).
        ExpirationNull,
        /// `exp` is before 1970 (OIDC Core §3.1.3.7 step 9).
        ExpirationNegative,
        /// `exp` is 1e300, which is no time (RFC 7519 §2, `NumericDate`).
        ExpirationHuge,
        /// `iat` is not there (OIDC Core §2: required).
        IssuedAtMissing,
        /// `iat` is tomorrow (OIDC Core §3.1.3.7 step 10).
        IssuedAtFuture,
        /// `iat` is the right time as a string (RFC 7519 §4.1.6: a number).
        IssuedAtText,
        /// `nbf` is tomorrow (RFC 7519 §4.1.5).
        NotBeforeFuture,
        /// `nbf` is a string (RFC 7519 §4.1.5: a number).
        NotBeforeText,

        /// `nonce` is not there (OIDC Core §3.1.3.7 step 11); nothing is wrong where none was sent.
        NonceMissing,
        /// `nonce` is another one (OIDC Core §3.1.3.7 step 11).
        NonceOther,
        /// `nonce` is a number (OIDC Core §2: a string).
        NonceNumber,
        /// `at_hash` is that of another access token (OIDC Core §3.1.3.8).
        AccessTokenHashOther,
        /// `at_hash` is a number (OIDC Core §3.1.3.6: text).
        AccessTokenHashNumber,
        /// `c_hash` is that of another code (OIDC Core §3.3.2.11).
        CodeHashOther,
        /// A logout token: `events`, and no `nonce` (Back-Channel Logout §2.4, §4).
        LogoutToken,

        /// `typ` is that of an access token (RFC 9068 §2.1, RFC 8725 §3.11).
        TypeAccessToken,
        /// `typ` is that of a logout token (Back-Channel Logout §2.4, RFC 8725 §3.11).
        TypeLogoutToken,
        /// `kid` is a name that no key has (RFC 7515 §4.1.4); with bare keys nothing shows it.
        KeyIdUnknown,
        /// `kid` is a number (RFC 7515 §4.1.4: a string).
        KeyIdNumber,
        /// `kid` is the URL of the key of a stranger, who signed (RFC 8725 §3.10).
        KeyIdUrl,
        /// `kid` is the key of a stranger, who signed (RFC 8725 §3.10).
        KeyIdJwk,
        /// `jwk` is the key of a stranger, who signed (RFC 7515 §4.1.3, RFC 8725 §3.10).
        HeaderJwk,
        /// `jku` leads to the key of a stranger, who signed (RFC 7515 §4.1.2, RFC 8725 §3.10).
        HeaderJku,
        /// `x5u` leads to the certificate of a stranger, who signed (RFC 8725 §3.10).
        HeaderX5u,
        /// `x5c` is the certificate of a stranger, who signed (RFC 7515 §4.1.6, RFC 8725 §3.10).
        HeaderX5c,
        /// `crit` names an extension that nobody knows (RFC 7515 §4.1.11).
        CriticalUnknown,
        /// `crit` is empty (RFC 7515 §4.1.11).
        CriticalEmpty,
        /// `crit` is a string (RFC 7515 §4.1.11: an array).
        CriticalText,
        /// `b64` is false, and `crit` says so (RFC 7797 §7: never in a JWT).
        UnencodedPayload,
        /// `b64` is false, and `crit` does not say so (RFC 7797 §6, §7).
        UnencodedPayloadNotCritical,

        /// `alg` is `none`, without a signature (OIDC Core §3.1.3.7 step 7, RFC 8725 §3.2).
        AlgorithmNone,
        /// `alg` is `NoNe`, without a signature (RFC 8725 §2.1, §3.2).
        AlgorithmNoneInMixedCase,
        /// `alg` is `none`, with the signature of the honest algorithm (RFC 8725 §3.1).
        AlgorithmNoneSigned,
        /// `alg` is empty (RFC 7515 §4.1.1).
        AlgorithmEmpty,
        /// `alg` is not there (RFC 7515 §4.1.1: required).
        AlgorithmMissing,
        /// `alg` is a number (RFC 7515 §4.1.1: a string).
        AlgorithmNumber,
        /// `alg` is in small letters (RFC 7515 §4.1.1: case-sensitive).
        AlgorithmInSmallLetters,
        /// `alg` says RS256 for the signature of ES256, or the other way round (RFC 8725 §3.1).
        AlgorithmSwapped,
        /// `alg` says RS384, the signature is the honest one (RFC 8725 §3.1).
        AlgorithmRs384,
        /// `alg` says PS256, the signature is the honest one (RFC 8725 §3.1).
        AlgorithmPs256,
        /// `alg` says ES384, the signature is the honest one (RFC 8725 §3.1).
        AlgorithmEs384,
        /// `alg` says ES256K, the signature is the honest one (RFC 8725 §3.1).
        AlgorithmEs256k,
        /// `alg` says `EdDSA`, the signature is the honest one (RFC 8725 §3.1).
        AlgorithmEdDsa,
        /// `alg` says HS256, the signature is the honest one (RFC 8725 §3.1).
        AlgorithmHs256,

        /// HS256, keyed with the P-256 key as PEM (RFC 8725 §2.1, §3.1).
        HmacEcPem,
        /// HS256, keyed with the P-256 key as PEM without its last line break (RFC 8725 §2.1, §3.1).
        HmacEcPemTrimmed,
        /// HS256, keyed with the P-256 key as DER (RFC 8725 §2.1, §3.1).
        HmacEcDer,
        /// HS256, keyed with the point of the P-256 key (RFC 8725 §2.1, §3.1).
        HmacEcPoint,
        /// HS256, keyed with the P-256 key as a JWK (RFC 8725 §2.1, §3.1).
        HmacEcJwk,
        /// HS256, keyed with the bytes of `x` (RFC 8725 §2.1, §3.1).
        HmacEcX,
        /// HS256, keyed with the text of `x` (RFC 8725 §2.1, §3.1).
        HmacEcXText,
        /// HS256, keyed with the bytes of `y` (RFC 8725 §2.1, §3.1).
        HmacEcY,
        /// HS256, keyed with the text of `y` (RFC 8725 §2.1, §3.1).
        HmacEcYText,
        /// HS256, keyed with the RSA key as PEM (RFC 8725 §2.1, §3.1).
        HmacRsaPem,
        /// HS256, keyed with the RSA key as PEM without its last line break (RFC 8725 §2.1, §3.1).
        HmacRsaPemTrimmed,
        /// HS256, keyed with the RSA key as DER (RFC 8725 §2.1, §3.1).
        HmacRsaDer,
        /// HS256, keyed with the RSA key as PEM of PKCS #1 (RFC 8725 §2.1, §3.1).
        HmacRsaPkcs1Pem,
        /// HS256, keyed with the RSA key as DER of PKCS #1 (RFC 8725 §2.1, §3.1).
        HmacRsaPkcs1Der,
        /// HS256, keyed with the RSA key as a JWK (RFC 8725 §2.1, §3.1).
        HmacRsaJwk,
        /// HS256, keyed with the bytes of `n` (RFC 8725 §2.1, §3.1).
        HmacRsaN,
        /// HS256, keyed with the text of `n` (RFC 8725 §2.1, §3.1).
        HmacRsaNText,
        /// HS256, keyed with the bytes of `e` (RFC 8725 §2.1, §3.1).
        HmacRsaE,
        /// HS256, keyed with the text of `e` (RFC 8725 §2.1, §3.1).
        HmacRsaEText,
        /// HS256, keyed with the name of the key (RFC 8725 §2.1, §3.1).
        HmacKeyId,
        /// HS256, keyed with the whole JWK set (RFC 8725 §2.1, §3.1).
        HmacJwks,
        /// HS256, keyed with nothing (RFC 8725 §3.1, §3.5).
        HmacEmptyKey,

        /// The signature is empty (RFC 7515 §5.2).
        SignatureEmpty,
        /// The signature lacks its last byte (RFC 7515 §5.2, RFC 7518 §3.4).
        SignatureTruncated,
        /// The signature has a byte more (RFC 7515 §5.2, RFC 7518 §3.4).
        SignatureExtended,
        /// One bit of the signature is another (RFC 7515 §5.2).
        SignatureBitFlipped,
        /// The signature is all zeros (FIPS 186-5 §6.4.2: r and s are at least 1).
        SignatureZero,
        /// The signature is in DER (RFC 7518 §3.4: the bare numbers).
        SignatureDer,
        /// The signature is that of a stranger (RFC 7515 §5.2).
        SignatureOfStranger,
        /// The claims are another person's, the signature is that of the honest ones (RFC 7515 §5.2).
        PayloadSwapped,

        /// The claims are an array (RFC 7519 §7.2: an object).
        PayloadArray,
        /// The claims are a string (RFC 7519 §7.2: an object).
        PayloadText,
        /// The claims are `null` (RFC 7519 §7.2: an object).
        PayloadNull,
        /// The claims are nothing at all (RFC 7519 §7.2: an object).
        PayloadEmpty,
        /// The claims are no JSON (RFC 7519 §7.2).
        PayloadNotJson,
        /// The claims are not UTF-8 (RFC 7519 §7.2).
        PayloadNotUtf8,
        /// There is more behind the claims (RFC 7519 §7.2).
        PayloadWithMoreBehind,
        /// `sub` is there twice, the second time another person's (RFC 7519 §4: unique names).
        PayloadWithTwoSubjects,
        /// `exp` is there twice, the second time an hour later (RFC 7519 §4: unique names).
        PayloadWithTwoExpirations,
        /// A claim is nested 1000 deep (RFC 8259 §9).
        PayloadNested,
        /// The token has about 900,000 characters (RFC 8725 §3.11: limits of the application).
        PayloadHuge,
        /// The header is no JSON (RFC 7515 §5.2).
        HeaderNotJson,
        /// The header is an array (RFC 7515 §4: an object).
        HeaderArray,
        /// `alg` is in the header twice (RFC 7515 §4: unique names).
        HeaderWithTwoAlgorithms,

        /// There is no text (RFC 7515 §7.1).
        Empty,
        /// The text is no token at all (RFC 7515 §7.1).
        NotAToken,
        /// There is no third part (RFC 7515 §7.1).
        TwoParts,
        /// There is a fourth part (RFC 7515 §7.1).
        FourParts,
        /// There are five parts, as if it were encrypted (RFC 7516 §7.1).
        FiveParts,
        /// The claims have the padding of base64 (RFC 7515 §2).
        PaddedPayload,
        /// The signature has the padding of base64 (RFC 7515 §2).
        PaddedSignature,
        /// The claims are in base64's other alphabet (RFC 7515 §2).
        OtherAlphabet,
        /// The claims have a character that base64 has not (RFC 7515 §2).
        NotBase64,
        /// There is a space in the claims (RFC 7515 §2).
        SpaceInPayload,
        /// There is a line break in the signature (RFC 7515 §2).
        LineBreakInSignature,
        /// There is a line break at the end (RFC 7515 §2, §7.1).
        LineBreakAtEnd,
    }
}

impl Forgery {
    /// The forged token; `None` when `token` is not an honest one.
    pub(crate) fn of(self, token: &str, keys: &Keys) -> Option<String> {
        let good = Good::read(token, keys)?;
        parties::forged(self, &good)
            .or_else(|| times::forged(self, &good))
            .or_else(|| bindings::forged(self, &good))
            .or_else(|| header::forged(self, &good))
            .or_else(|| algorithm::forged(self, &good))
            .or_else(|| hmac::forged(self, &good))
            .or_else(|| signature::forged(self, &good))
            .or_else(|| payload::forged(self, &good))
            .or_else(|| text::forged(self, &good))
    }
}
