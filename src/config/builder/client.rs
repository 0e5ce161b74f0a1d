//! Settings of the client, its provider and the authorization request.

use std::time::Duration;

use zeroize::Zeroizing;

use super::{ConfigBuilder, strings};
use crate::{provider::Provider, tokens::Secret};

impl ConfigBuilder {
    /// Adds the redirect URI of another origin of the same client, such as a second domain of the site. It must be
    /// registered at Didit, byte for byte. Its path is the callback's path at that origin.
    ///
    /// The host of a request (`Host`, or `:authority` in HTTP/2) selects one of the redirect URIs, so a sign-in comes
    /// back to the origin it has started on; a proxy has to [pass `Host` on](crate::docs::proxy). A request on any other
    /// host is treated as a request on the first origin, and a sign-in that starts there is logged.
    ///
    /// Each origin has sessions and cookies of its own; origins that differ only in their ports share them, because
    /// browsers ignore ports. All other settings apply to all origins.
    ///
    /// ```
    /// # fn main() -> Result<(), tower_didit::ConfigError> {
    /// use tower_didit::Config;
    ///
    /// let config = Config::builder("client-id", "https://app.example/callback")
    ///     .add_redirect_uri("https://app.example.org/callback")
    ///     .with_client_secret("client-secret")
    ///     .build()?;
    /// # let _ = config;
    /// # Ok(())
    /// # }
    /// ```
    pub fn add_redirect_uri(mut self, redirect_uri: impl Into<String>) -> Self {
        self.redirect_uris.push(redirect_uri.into());
        self
    }

    /// The client secret, with which the client authenticates as the provider requires: at Didit by HTTP Basic
    /// (RFC 6749 §2.3.1).
    ///
    /// Default: none. A public client needs [`with_cookie_keys`](Self::with_cookie_keys).
    ///
    /// ```
    /// # fn main() -> Result<(), tower_didit::ConfigError> {
    /// use tower_didit::Config;
    ///
    /// let config = Config::builder("client-id", "https://app.example/callback")
    ///     .with_client_secret("client-secret")
    ///     .build()?;
    /// # let _ = config;
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_client_secret(mut self, secret: impl Into<String>) -> Self {
        self.client_secret = Some(Secret(Zeroizing::new(secret.into())));
        self
    }

    /// The scopes to request. `openid` must be one of them, except with Didit Authentication.
    ///
    /// Default: the provider's own, `openid` for Didit's Sign in API.
    ///
    /// Scopes of Didit's Sign in API, as Didit documents them, with the getters of [`UserInfo`](crate::UserInfo) that
    /// read what they yield. [`scope`](crate::scope) has their names as constants.
    ///
    /// | scope | yields | read by |
    /// |---|---|---|
    /// | `openid` | an ID token | [`IdClaims`](crate::IdClaims) |
    /// | `offline` | a refresh token | [`DiditTokens::refresh_token`](crate::DiditTokens::refresh_token) |
    /// | `email` | `email`, `is_verified`, `is_primary` | [`email`](crate::UserInfo::email), [`email_is_verified`](crate::UserInfo::email_is_verified), [`email_is_primary`](crate::UserInfo::email_is_primary) |
    /// | `phone` | `phone_number`, `is_verified`, `is_primary` | [`phone_number`](crate::UserInfo::phone_number), [`phone_number_is_verified`](crate::UserInfo::phone_number_is_verified), [`phone_number_is_primary`](crate::UserInfo::phone_number_is_primary) |
    /// | `names` | `first_name`, `family_name`, `full_name`, `is_verified` | [`full_name`](crate::UserInfo::full_name), [`first_name`](crate::UserInfo::first_name), [`family_name`](crate::UserInfo::family_name), [`names_are_verified`](crate::UserInfo::names_are_verified) |
    /// | `picture` | a URL | [`picture`](crate::UserInfo::picture) |
    /// | `user_id` | the subject | [`IdClaims::subject`](crate::IdClaims::subject) |
    /// | `is_verified`, `is_over_18`, `is_over_21` | a boolean | [`is_verified`](crate::UserInfo::is_verified), [`is_over_18`](crate::UserInfo::is_over_18), [`is_over_21`](crate::UserInfo::is_over_21) |
    /// | `gender`, `document_detail`, `birthdate`, `address`, `bank_account`, `preferences`, `instagram_account`, `x_account`, `tiktok_account` | an object; its members are not documented | the getter of that name: [`gender`](crate::UserInfo::gender), [`document_detail`](crate::UserInfo::document_detail), … |
    ///
    /// All but the first two are members of the user information. The granted scopes are in
    /// [`DiditTokens::scopes`](crate::DiditTokens::scopes).
    ///
    /// A discovered OpenID provider usually has `openid`, `profile` (names, picture, gender, birthdate), `email`, `phone`
    /// and `address` (OpenID Connect Core §5.4). The same getters read them.
    ///
    /// Didit Authentication has `openid`, `email`, `phone`, `profile` and `offline_access` (a single-use
    /// refresh token), and no user information. The claims that its scopes add to the ID token are not documented;
    /// [`IdClaims::claim`](crate::IdClaims::claim) reads any claim.
    ///
    /// ```
    /// # use tower_didit::Config;
    /// # let config = Config::builder("client-id", "https://app.example/callback").with_client_secret("s");
    /// use tower_didit::scope;
    ///
    /// let config = config.with_scopes([scope::OPENID, scope::EMAIL, scope::OFFLINE]);
    /// # config.build().unwrap();
    /// ```
    pub fn with_scopes(mut self, scopes: impl IntoIterator<Item: Into<String>>) -> Self {
        self.scopes = Some(strings(scopes));
        self
    }

    /// Fetches the user information at each sign-in, before the callback's handler runs. The session keeps the
    /// response, so that [`UserInfo`](crate::UserInfo) needs no call.
    ///
    /// A new sign-in replaces the response; a refresh does not. Its age follows from
    /// [`received_at`](crate::UserInfo::received_at). For a session that began without this setting, the extractor calls
    /// the provider.
    ///
    /// If the call fails, the sign-in fails: the handler does not run, no session begins, and the person gets the page of
    /// the call's error, such as `provider-timeout`, with a link to try again. If a failure of the
    /// user info endpoint must not prevent sign-ins, leave this setting out and take `Result<UserInfo, Error>` in handlers.
    ///
    /// A session in cookies grows by the size of the response. If its cookies exceed
    /// [`with_session_cookie_limit`](Self::with_session_cookie_limit), the sign-in fails with
    /// [`SessionTooLarge`](crate::ErrorKind::SessionTooLarge): use a [store](Self::with_session_store).
    ///
    /// `build` refuses the setting if none of the requested scopes adds anything to the user info, and for Didit Authentication, which has no
    /// user information.
    ///
    /// Default: a request whose handler takes [`UserInfo`](crate::UserInfo) calls the provider.
    ///
    /// ```
    /// use tower_didit::{Config, scope};
    ///
    /// # fn main() -> Result<(), tower_didit::ConfigError> {
    /// let config = Config::builder("client-id", "https://app.example/callback")
    ///     .with_client_secret("client-secret")
    ///     .with_scopes([scope::OPENID, scope::NAMES])
    ///     .with_user_info_at_sign_in()
    ///     .build()?;
    /// # let _ = config;
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_user_info_at_sign_in(mut self) -> Self {
        self.user_info_at_sign_in = true;
        self
    }

    /// The OpenID provider.
    ///
    /// Default: [`Provider::didit`].
    ///
    /// ```
    /// use tower_didit::{Config, Provider};
    ///
    /// # let cookie_key = [7; 32];
    /// let config = Config::builder("client-id", "https://app.example/callback")
    ///     .with_provider(Provider::authentication("https://acme.auth.didit.me"))
    ///     .with_cookie_keys([cookie_key]);
    /// # config.build().unwrap();
    /// ```
    pub fn with_provider(mut self, provider: Provider) -> Self {
        self.provider = provider;
        self
    }

    /// The current provider, so that you can change a part of it:
    ///
    /// ```no_run
    /// # use tower_didit::Config;
    /// let config = Config::from_env();
    /// let provider = config.provider().clone();
    /// let config = config.with_provider(provider.with_token_endpoint("https://proxy.example/token"));
    /// # config.build().unwrap();
    /// ```
    pub fn provider(&self) -> &Provider {
        &self.provider
    }

    /// `prompt`: what the provider shows the user, for example `login` or `select_account` (OpenID Connect Core
    /// §3.1.2.1).
    ///
    /// With `none` the provider shows nothing. If the provider has to ask the user, the layer redirects to it a second
    /// time, without `prompt`.
    ///
    /// Default: not sent.
    ///
    /// ```
    /// # use tower_didit::Config;
    /// # let config = Config::builder("client-id", "https://app.example/callback").with_client_secret("s");
    /// let config = config.with_prompt("select_account");
    /// # config.build().unwrap();
    /// ```
    pub fn with_prompt(mut self, prompt: impl Into<String>) -> Self {
        self.prompt = Some(prompt.into());
        self
    }

    /// `max_age`: the maximum time since the user authenticated at the provider, in whole seconds.
    ///
    /// An ID token without `auth_time`, or with an older one, is refused with
    /// [`InsufficientAuthentication`](crate::ErrorKind::InsufficientAuthentication) (OpenID Connect Core §3.1.3.7
    /// step 13).
    ///
    /// Default: no limit; not sent.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use tower_didit::Config;
    /// # let config = Config::builder("client-id", "https://app.example/callback").with_client_secret("s");
    /// let config = config.with_max_age(Duration::from_secs(15 * 60));
    /// # config.build().unwrap();
    /// ```
    pub fn with_max_age(mut self, max_age: Duration) -> Self {
        self.max_age = Some(max_age);
        self
    }

    /// `login_hint`: the name of the user who is likely to sign in.
    ///
    /// Default: not sent.
    ///
    /// ```
    /// # use tower_didit::Config;
    /// # let config = Config::builder("client-id", "https://app.example/callback").with_client_secret("s");
    /// let config = config.with_login_hint("alejandra@example.com");
    /// # config.build().unwrap();
    /// ```
    pub fn with_login_hint(mut self, hint: impl Into<String>) -> Self {
        self.login_hint = Some(Secret(Zeroizing::new(hint.into())));
        self
    }

    /// `ui_locales`: the languages for the provider's pages (RFC 5646), the preferred one first.
    ///
    /// Default: not sent.
    ///
    /// ```
    /// # use tower_didit::Config;
    /// # let config = Config::builder("client-id", "https://app.example/callback").with_client_secret("s");
    /// let config = config.with_ui_locales(["es", "en"]);
    /// # config.build().unwrap();
    /// ```
    pub fn with_ui_locales(mut self, locales: impl IntoIterator<Item: Into<String>>) -> Self {
        self.ui_locales = strings(locales);
        self
    }

    /// `acr_values`: the authentication context classes to request, the preferred one first. Any class is accepted;
    /// the claim `acr` names the class that was used.
    ///
    /// Default: not sent.
    ///
    /// ```
    /// # use tower_didit::Config;
    /// # let config = Config::builder("client-id", "https://app.example/callback").with_client_secret("s");
    /// let config = config.with_acr_values(["urn:example:gold", "urn:example:silver"]);
    /// # config.build().unwrap();
    /// ```
    pub fn with_acr_values(mut self, values: impl IntoIterator<Item: Into<String>>) -> Self {
        self.acr_values = strings(values);
        self
    }

    /// The authentication context classes that are accepted, the preferred one first. A sign-in must have one of them.
    ///
    /// The classes are sent in `acr_values`, before those of [`with_acr_values`](Self::with_acr_values). An ID token
    /// with another `acr` is refused with
    /// [`InsufficientAuthentication`](crate::ErrorKind::InsufficientAuthentication) (OpenID Connect Core §3.1.3.7
    /// step 12).
    ///
    /// Default: none is required.
    ///
    /// ```
    /// # use tower_didit::Config;
    /// # let config = Config::builder("client-id", "https://app.example/callback").with_client_secret("s");
    /// let config = config.require_acr_values(["urn:example:gold"]);
    /// # config.build().unwrap();
    /// ```
    pub fn require_acr_values(mut self, values: impl IntoIterator<Item: Into<String>>) -> Self {
        self.required_acr_values = Some(strings(values));
        self
    }

    /// Adds an audience that an ID token may have in addition to the client id. Such a token must be issued to this
    /// client (`azp`; OpenID Connect Core §3.1.3.7 steps 3 to 5).
    ///
    /// Default: none. An ID token with other audiences is refused.
    ///
    /// ```
    /// # use tower_didit::Config;
    /// # let config = Config::builder("client-id", "https://app.example/callback").with_client_secret("s");
    /// let config = config.add_trusted_audience("https://api.example");
    /// # config.build().unwrap();
    /// ```
    pub fn add_trusted_audience(mut self, audience: impl Into<String>) -> Self {
        self.trusted_audiences.push(audience.into());
        self
    }

    /// The maximum difference between the clocks of the provider and of this machine: at most 5 minutes. A larger difference
    /// fails sign-ins and refreshes, with both times in the log. A larger difference between processes of the application
    /// is [logged](crate::docs::machines#clocks).
    ///
    /// Default: 60 seconds.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use tower_didit::Config;
    /// # let config = Config::builder("client-id", "https://app.example/callback").with_client_secret("s");
    /// let config = config.with_clock_skew(Duration::from_secs(5));
    /// # config.build().unwrap();
    /// ```
    pub fn with_clock_skew(mut self, skew: Duration) -> Self {
        self.clock_skew = skew;
        self
    }
}
