//! The names of scopes, for [`with_scopes`](crate::ConfigBuilder::with_scopes), whose table says what each yields.
//!
//! ```
//! use tower_didit::{Config, scope};
//!
//! let config = Config::builder("client-id", "https://app.example/callback")
//!     .with_client_secret("client-secret")
//!     .with_scopes([scope::OPENID, scope::EMAIL, scope::OFFLINE]);
//! # config.build().unwrap();
//! ```
//!
//! Scopes are plain strings: pass a literal for one that is not listed here.

use std::{collections::BTreeSet, sync::Mutex};

use crate::lock::lock;

/// An ID token. Required, except with Didit Authentication.
pub const OPENID: &str = "openid";

/// A refresh token of Didit's Sign in API.
pub const OFFLINE: &str = "offline";

/// A refresh token of Didit Authentication and of most other OpenID providers (OpenID Connect Core §11).
pub const OFFLINE_ACCESS: &str = "offline_access";

/// Name, picture, gender and birthdate of an OpenID provider other than Didit's Sign in API (OpenID Connect Core §5.4).
pub const PROFILE: &str = "profile";

/// The e-mail address.
pub const EMAIL: &str = "email";

/// The phone number.
pub const PHONE: &str = "phone";

/// The names.
pub const NAMES: &str = "names";

/// The URL of a picture.
pub const PICTURE: &str = "picture";

/// The member `user_id`, which is the subject.
pub const USER_ID: &str = "user_id";

/// The gender.
pub const GENDER: &str = "gender";

/// The date of birth.
pub const BIRTHDATE: &str = "birthdate";

/// The postal address.
pub const ADDRESS: &str = "address";

/// The identity document.
pub const DOCUMENT_DETAIL: &str = "document_detail";

/// The bank account.
pub const BANK_ACCOUNT: &str = "bank_account";

/// The preferences.
pub const PREFERENCES: &str = "preferences";

/// Whether Didit has verified the user.
pub const IS_VERIFIED: &str = "is_verified";

/// Whether the user is over 18.
pub const IS_OVER_18: &str = "is_over_18";

/// Whether the user is over 21.
pub const IS_OVER_21: &str = "is_over_21";

/// The account at Instagram.
pub const INSTAGRAM_ACCOUNT: &str = "instagram_account";

/// The account at X.
pub const X_ACCOUNT: &str = "x_account";

/// The account at `TikTok`.
pub const TIKTOK_ACCOUNT: &str = "tiktok_account";

/// Whether it is reported for the first time in this process that this scope is missing.
pub(crate) fn is_first_report(scope: &str) -> bool {
    let mut reported = lock(&REPORTED);
    !reported.contains(scope) && reported.insert(scope.to_owned())
}

static REPORTED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
