//! ID tokens with exactly one thing wrong.

/// Constants of [`Forgery`], and the list of them, so that the list misses none.
macro_rules! forgeries {
    (
        $(#[$group:meta])*
        impl Forgery { $($(#[$doc:meta])+ const $name:ident = $forge:expr;)+ }
    ) => {
        $(#[$group])*
        impl Forgery {
            $(
                $(#[$doc])+
                pub const $name: Self = Self { name: stringify!($name), forge: $forge };
            )+
        }

        pub(super) const ALL: &[Forgery] = &[$(Forgery::$name),+];
    };
}

mod algorithm;
mod attacker;
mod bindings;
mod encoding;
mod header;
mod hmac;
mod parties;
mod payload;
mod public_key;
mod signature;
mod times;
mod valid_token;

use std::{
    fmt,
    hash::{Hash, Hasher},
};

use self::valid_token::ValidToken;
use crate::keys::Keys;

/// One thing that is wrong with an ID token, for [`Fault::forge`](crate::Fault::forge).
///
/// The forged token is a valid token with this one change. It is signed again with the fake's own key,
/// unless the signature is what is forged. A relying party must reject all of them. Later releases may add
/// more.
///
/// ```
/// use fake_didit::{Endpoint, FakeDidit, Fault, Forgery};
///
/// let didit = FakeDidit::new("app", "secret");
/// for forgery in Forgery::all() {
///     didit.on_next(Endpoint::Token, Fault::forge(forgery));
///     // Sign in here, and fail with `forgery.name()` if the application accepts the ID token.
/// }
/// assert_eq!(Forgery::ALGORITHM_NONE.name(), "ALGORITHM_NONE");
/// ```
#[derive(Clone, Copy)]
pub struct Forgery {
    name: &'static str,
    forge: fn(&ValidToken<'_>) -> String,
}

impl Forgery {
    /// All forgeries: more than 100.
    pub fn all() -> impl Iterator<Item = Self> {
        GROUPS.iter().copied().flatten().copied()
    }

    /// The name of its constant, such as `ALGORITHM_NONE`. No two forgeries have the same name.
    pub fn name(self) -> &'static str {
        self.name
    }

    /// The forged token; `None` if `token` is not a JWT.
    pub(crate) fn apply(self, token: &str, keys: &Keys) -> Option<String> {
        let valid = ValidToken::parse(token, keys)?;
        Some((self.forge)(&valid))
    }
}

impl PartialEq for Forgery {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Forgery {}

impl Hash for Forgery {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl fmt::Debug for Forgery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Forgery::{}", self.name)
    }
}

const GROUPS: [&[Forgery]; 9] = [
    parties::ALL,
    times::ALL,
    bindings::ALL,
    header::ALL,
    algorithm::ALL,
    hmac::ALL,
    signature::ALL,
    payload::ALL,
    encoding::ALL,
];
