//! A session as bytes, before they are sealed.

use std::{borrow::Cow, sync::Arc};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::{Session, SessionData, SessionId, State, data::Members};
use crate::{
    clock::Timestamp,
    provider::Provider,
    tokens::{
        AccessToken, DiditTokens, IdClaims, IdToken, RefreshToken, Scopes, TokenSet, UserInfo,
    },
};

/// Writes sessions as short JSON arrays, and reads them.
pub(super) struct Codec {
    pub(super) provider: Provider,
    pub(super) keeps_refresh_tokens: bool,
}

/// The id; when the session started, was written, reaches the idle limit and ends; access token, refresh token,
/// scopes; when the access token was received and expires; the payload of the ID token, or the whole token; user
/// information, if it is kept (null if it is not and data follows); the application's data, if there is any.
#[derive(Serialize, Deserialize)]
struct Encoded<'a>(
    #[serde(borrow)] Cow<'a, str>,
    [u64; 4],
    #[serde(borrow)] Cow<'a, str>,
    #[serde(borrow)] Option<Cow<'a, str>>,
    #[serde(borrow)] Cow<'a, str>,
    u64,
    Option<u64>,
    #[serde(borrow)] &'a RawValue,
    #[serde(
        borrow,
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    Option<Place<KeptUserInfo<'a>>>,
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    Option<KeptData<'a>>,
);

/// The time at which the user information was received, and its members.
#[derive(Serialize, Deserialize)]
struct KeptUserInfo<'a>(u64, #[serde(borrow)] &'a RawValue);

/// The version of the application's data, and its members.
#[derive(Serialize, Deserialize)]
struct KeptData<'a>(u64, Cow<'a, Members>);

/// An optional element of the array: null stands for a missing one if another element follows.
#[derive(Serialize, Deserialize)]
struct Place<T>(Option<T>);

/// A value that is present: unlike for a plain `Option`, null is an error, unless `T` allows it.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

/// The issuer of an ID token.
#[derive(Deserialize)]
struct Issuer<'a> {
    #[serde(borrow)]
    iss: Cow<'a, str>,
}

impl Codec {
    pub(super) fn encode(&self, session: &Session) -> Zeroizing<Vec<u8>> {
        let tokens = session.tokens();
        let state = &*session.0;
        let times = [state.started, state.written, state.idle_end, state.end];
        let refresh_token = tokens.refresh_token().filter(|_| self.keeps_refresh_tokens);
        // The whole token contains its payload.
        let id_token = tokens.id_token().filter(|_| state.keeps_id_token);
        let id_token = id_token.map(|token| {
            serde_json::value::to_raw_value(token.secret()).expect("a string is JSON")
        });
        let claims: &RawValue = match &id_token {
            Some(whole) => whole,
            None => serde_json::from_str(tokens.claims().payload()).expect("verified: an object"),
        };
        let user_info = state.user_info.as_ref().map(|user_info| {
            let members = serde_json::from_str(user_info.payload());
            let members = members.expect("an object, or what was read as raw JSON");
            KeptUserInfo(user_info.received().as_unix(), members)
        });
        let data = state.data.contents();
        let data = data.map(|(version, members)| KeptData(version, Cow::Borrowed(members)));
        let encoded = Encoded(
            BASE64_URL_SAFE_NO_PAD.encode(state.id.0).into(),
            times.map(Timestamp::as_unix),
            tokens.access_token().secret().into(),
            refresh_token.map(|token| token.secret().into()),
            tokens.scopes().as_str().into(),
            tokens.received_at().as_unix(),
            tokens.expiry().map(Timestamp::as_unix),
            claims,
            (user_info.is_some() || data.is_some()).then_some(Place(user_info)),
            data,
        );
        Zeroizing::new(serde_json::to_vec(&encoded).expect("strings and numbers are JSON"))
    }

    /// `None` also if the issuer of the ID token is not among those that the provider accepts now.
    pub(super) fn decode(&self, plaintext: &[u8]) -> Option<Session> {
        let Encoded(
            id,
            times,
            access_token,
            refresh_token,
            scopes,
            received_at,
            expires_at,
            claims,
            user_info,
            data,
        ) = serde_json::from_slice(plaintext).ok()?;
        let id = BASE64_URL_SAFE_NO_PAD.decode(id.as_bytes()).ok()?;
        let (payload, id_token) = payload_of(claims.get())?;
        let issuer: Issuer<'_> = serde_json::from_str(&payload).ok()?;
        if !self.provider.accepts_issuer(&issuer.iss) {
            return None;
        }
        let [started, written, idle_end, end] = times.map(Timestamp::from_unix);
        // The session may have been written before the provider was configured to have single-use tokens.
        let refresh_token = refresh_token.filter(|_| self.keeps_refresh_tokens);
        let keeps_id_token = id_token.is_some();
        let scopes = Scopes::new(scopes);
        let user_info = match user_info {
            Some(Place(None)) if data.is_none() => return None,
            None | Some(Place(None)) => None,
            Some(Place(Some(KeptUserInfo(received_at, members)))) => {
                let received_at = Timestamp::from_unix(received_at);
                Some(UserInfo::kept(members.get(), scopes.clone(), received_at)?)
            }
        };
        let tokens = TokenSet {
            access_token: AccessToken::new(access_token),
            refresh_token: refresh_token.map(RefreshToken::new),
            id_token,
            scopes,
            expires_at: expires_at.map(Timestamp::from_unix),
            received_at: Timestamp::from_unix(received_at),
        };
        Some(Session(Arc::new(State {
            id: SessionId(id.try_into().ok()?),
            tokens: DiditTokens::new(tokens, IdClaims::new(payload.into())),
            user_info,
            data: data.map_or_else(SessionData::default, |KeptData(version, members)| {
                SessionData::new(version, members.into_owned())
            }),
            keeps_id_token,
            started,
            written,
            idle_end,
            end,
        })))
    }
}

/// The payload of an ID token, and the token itself if it was kept.
fn payload_of(claims: &str) -> Option<(Cow<'_, str>, Option<IdToken>)> {
    if !claims.starts_with('"') {
        return Some((claims.into(), None));
    }
    let token: Cow<'_, str> = serde_json::from_str(claims).ok()?;
    let payload = token.split('.').nth(1)?;
    let payload = BASE64_URL_SAFE_NO_PAD.decode(payload).ok()?;
    let payload = String::from_utf8(payload).ok()?;
    Some((payload.into(), Some(IdToken::new(token))))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::*;
    use crate::session::{DataChange, Limits};

    const LIMITS: Limits = Limits {
        idle: Duration::from_secs(100),
        absolute: Duration::from_secs(250),
    };

    // Behaviour 78. A newer build, which shares the keys, may have written it.
    #[test]
    fn a_session_of_another_format_is_not_read() {
        let codec = Codec {
            provider: Provider::didit(),
            keeps_refresh_tokens: true,
        };
        let tokens = TokenSet {
            access_token: AccessToken::new("at"),
            refresh_token: None,
            id_token: None,
            scopes: Scopes::new("openid"),
            expires_at: None,
            received_at: Timestamp::from_unix(1000),
        };
        let tokens = DiditTokens::new(tokens, IdClaims::of_subject("john"));
        let session = Session::start(tokens, false, LIMITS, Timestamp::from_unix(1000));
        let encoded = codec.encode(&session);
        let decoded = codec.decode(&encoded).expect("its own format");
        assert!(decoded.user_info().is_none());

        let whole: Vec<Value> = serde_json::from_slice(&encoded).unwrap();
        let with = |index: usize, value: Value| {
            let mut changed = whole.clone();
            changed[index] = value;
            Value::Array(changed)
        };
        let with_user_info = |kept: Value| Value::Array([&whole[..], &[kept]].concat());
        for other in [
            Value::Array([&whole[..], &[Value::Null]].concat()),
            Value::Array(whole[..7].to_vec()),
            Value::Array([&[json!(2)], &whole[..]].concat()),
            json!({ "version": 2, "session": whole }),
            json!([]),
            json!(2),
            with(0, json!("AAAA")),
            with(0, json!([1, 2, 3])),
            with(1, json!([1000, 1000, 1100, 1250, 1250])),
            with(1, json!([1000, 1000, 1100, "1250"])),
            with(2, json!(["at", "DPoP"])),
            with(5, json!(-1)),
            with(7, json!({ "sub": "john" })),
            with(7, json!({ "iss": "https://other.example", "sub": "john" })),
            with(7, json!("not a token")),
            with_user_info(json!([])),
            with_user_info(json!([1000])),
            with_user_info(json!(["1000", {}])),
            with_user_info(json!([1000, null])),
            with_user_info(json!([1000, [], []])),
            with_user_info(json!([1000, "{}"])),
            with_user_info(json!([1000, {}, {}])),
            with_user_info(json!({})),
        ] {
            assert!(
                codec.decode(other.to_string().as_bytes()).is_none(),
                "{other}"
            );
        }
        for length in 0..encoded.len() {
            assert!(codec.decode(&encoded[..length]).is_none(), "{length}");
        }
    }

    // Behaviour 123.
    #[test]
    fn data_is_kept_with_and_without_user_info() {
        let codec = Codec {
            provider: Provider::didit(),
            keeps_refresh_tokens: true,
        };
        let received = Timestamp::from_unix(1234);
        let user_info = UserInfo::new(serde_json::Map::new(), Scopes::new("openid"), received);
        let tokens = TokenSet {
            access_token: AccessToken::new("at"),
            refresh_token: None,
            id_token: None,
            scopes: Scopes::new("openid"),
            expires_at: None,
            received_at: Timestamp::from_unix(1000),
        };
        let tokens = DiditTokens::new(tokens, IdClaims::of_subject("john"));
        let plain = Session::start(tokens, false, LIMITS, Timestamp::from_unix(1000));
        for session in [plain.clone(), plain.with_user_info(user_info)] {
            let before = codec.encode(&session);
            let change = DataChange::set("\u{1f600} \"x\"", &json!([1.5, null])).unwrap();
            let data = session.data().changed(&change).unwrap();
            let encoded = codec.encode(&session.clone().with_data(data));
            // The encoding with data starts with the encoding without data.
            assert!(encoded.starts_with(&before[..before.len() - 1]));
            let decoded = codec.decode(&encoded).expect("its own format");
            let kept: Option<Value> = decoded.data().get("\u{1f600} \"x\"").unwrap();
            assert_eq!(kept, Some(json!([1.5, null])));
            assert_eq!(decoded.user_info().is_some(), session.user_info().is_some());
            assert_eq!(*codec.encode(&decoded), *encoded);
            for length in 0..encoded.len() {
                assert!(codec.decode(&encoded[..length]).is_none(), "{length}");
            }
            let whole: Vec<Value> = serde_json::from_slice(&encoded).unwrap();
            for other in [
                json!(null),
                json!([]),
                json!([1]),
                json!([1, []]),
                json!([-1, {}]),
            ] {
                let changed = [&whole[..9], &[other]].concat();
                let changed = Value::Array(changed).to_string();
                assert!(codec.decode(changed.as_bytes()).is_none(), "{changed}");
            }
        }
    }

    #[test]
    fn user_info_is_kept_as_it_is_with_its_age() {
        let codec = Codec {
            provider: Provider::didit(),
            keeps_refresh_tokens: true,
        };
        let received = Timestamp::from_unix(1234);
        let members = json!({"names": {"full_name": "Ada \u{1f600} \"x\""}, "n": [1.5, null]});
        let Value::Object(members) = members else {
            panic!("an object");
        };
        let user_info = UserInfo::new(members, Scopes::new("openid names"), received);
        let tokens = TokenSet {
            access_token: AccessToken::new("at"),
            refresh_token: None,
            id_token: None,
            scopes: Scopes::new("openid names"),
            expires_at: None,
            received_at: Timestamp::from_unix(1000),
        };
        let tokens = DiditTokens::new(tokens, IdClaims::of_subject("john"));
        let session = Session::start(tokens, false, LIMITS, Timestamp::from_unix(1000));
        let session = session.with_user_info(user_info.clone());
        let encoded = codec.encode(&session);
        let decoded = codec.decode(&encoded).expect("its own format");
        let kept = decoded.user_info().expect("it was kept");
        assert_eq!(kept.payload(), user_info.payload());
        assert_eq!(kept.received(), received);
        assert_eq!(kept.full_name(), user_info.full_name());
        assert_eq!(*codec.encode(&decoded), *encoded);
        for length in 0..encoded.len() {
            assert!(codec.decode(&encoded[..length]).is_none(), "{length}");
        }
    }
}
