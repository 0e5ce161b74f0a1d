//! An API beside a site that signs browsers in.

use axum::{
    Router,
    routing::{get, post},
};
use http::{Method, Request, header};
use tower_didit::{
    AccessClaims, DiditAuth, DiditClient, DiditTokens, Error, IdClaims, RequireSignIn, ReturnTo,
    SignIn, SignedOut, UserInfo,
    fake::{Endpoint, FakeDidit, FakeDiditExt, Person},
};

use crate::{
    api::{Answer, alejandra, send, token},
    support::site::{CALLBACK, auth, didit},
};

/// An application with pages at `/` and an API below `/api`.
fn application(auth: DiditAuth) -> Router {
    let user = |user: Option<IdClaims>| async move {
        user.map_or("nobody".to_owned(), |user| user.subject().to_owned())
    };
    let api = Router::new()
        .route(
            "/access",
            get(|access: AccessClaims| async move { access.subject().to_owned() }),
        )
        .route("/user", get(user))
        .route("/claims", get(|_: IdClaims| async {}))
        .route("/tokens", get(|_: DiditTokens| async {}))
        .route("/user-info", get(|_: UserInfo| async {}))
        .route("/client", get(|_: DiditClient| async {}))
        .route("/guarded", get(|| async {}).layer(RequireSignIn::new()))
        .route(
            "/guarded-tokens",
            get(|| async {}).layer(RequireSignIn::new().with_tokens()),
        )
        .route("/sign-in", get(|| async { SignIn::new() }))
        .route(
            "/no-return-to",
            get(|back: Option<ReturnTo>| async move {
                assert!(back.is_none());
            }),
        )
        .route("/sign-out", post(sign_out))
        .layer(auth.bearer());
    Router::new()
        .route("/", get(user))
        .route("/callback", get(|_: IdClaims| async {}))
        .nest("/api", api)
        .layer(auth)
}

async fn sign_out(client: DiditClient) -> Result<SignedOut, Error> {
    client.sign_out().await
}

struct Site {
    didit: FakeDidit,
    app: Router,
    /// John's session.
    cookies: header::HeaderValue,
}

impl Site {
    async fn new() -> Self {
        let didit = didit();
        let auth = auth(didit.config(CALLBACK));
        let cookies = didit.session_cookies(&auth, &Person::john()).await.unwrap();
        let app = application(auth);
        Self {
            didit,
            app,
            cookies,
        }
    }

    /// Sends a page request of a browser that is signed in, with this access token.
    async fn request(&self, method: Method, path: &str, token: Option<&str>) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::ACCEPT, "text/html")
            .header("sec-fetch-mode", "navigate")
            .header("sec-fetch-dest", "document")
            .header(header::COOKIE, &self.cookies);
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        send(&self.app, request.body(axum::body::Body::empty()).unwrap()).await
    }
}

// RFC 6750 §3, RFC 9110 §15.5.2; behaviours 93 and 124.
#[tokio::test]
async fn a_cookie_beside_an_access_token_changes_nothing() {
    let site = Site::new().await;
    let token = token(&site.didit);
    let get = async |path| site.request(Method::GET, path, Some(&token)).await;
    assert_eq!(get("/api/access").await.text, alejandra().1);
    assert_eq!(get("/api/user").await.text, "nobody");
    assert_eq!(get("/api/no-return-to").await.status, 200);
    for path in [
        "/api/claims",
        "/api/tokens",
        "/api/user-info",
        "/api/client",
        "/api/guarded",
        "/api/guarded-tokens",
        "/api/sign-in",
    ] {
        let answer = get(path).await;
        assert_eq!(
            answer.outcome(),
            (401, "not-signed-in".to_owned()),
            "{path}"
        );
        assert_eq!(answer.challenge(), Some(r#"Bearer realm="api""#), "{path}");
        assert_eq!(answer.header("set-cookie"), None, "{path}");
        assert_eq!(answer.header("vary"), None, "{path}");
    }
    // The session continues.
    let answer = site
        .request(Method::POST, "/api/sign-out", Some(&token))
        .await;
    assert_eq!(answer.status, 401);
    let home = site.request(Method::GET, "/", None).await;
    assert_eq!(home.text, Person::john().subject());
    assert_eq!(site.didit.count(Endpoint::Authorize), 0);
}

// Behaviour 124.
#[tokio::test]
async fn a_session_is_no_access_token() {
    let site = Site::new().await;
    for path in ["/api/access", "/api/user", "/api/claims"] {
        let answer = site.request(Method::GET, path, None).await;
        assert_eq!(
            answer.outcome(),
            (401, "access-token-missing".to_owned()),
            "{path}"
        );
        assert_eq!(answer.challenge(), Some(r#"Bearer realm="api""#), "{path}");
    }
    assert_eq!(site.didit.count(Endpoint::Authorize), 0);
}

// Behaviour 124. `DiditAuth` never reads `Authorization`.
#[tokio::test]
async fn an_access_token_signs_nobody_in() {
    let site = Site::new().await;
    let (token, user) = (token(&site.didit), Person::john());
    let home = site.request(Method::GET, "/", Some(&token)).await;
    assert_eq!(home.text, user.subject());
    assert_eq!(home.header("vary"), Some("Cookie"));
    let mut anonymous = Request::get("/").header(header::AUTHORIZATION, format!("Bearer {token}"));
    let home = send(
        &site.app,
        anonymous.body(axum::body::Body::empty()).unwrap(),
    )
    .await;
    assert_eq!(home.text, "nobody");
    anonymous = Request::get("/login").header(header::AUTHORIZATION, "Bearer a b");
    let login = send(
        &site.app,
        anonymous.body(axum::body::Body::empty()).unwrap(),
    )
    .await;
    assert_eq!(login.status, 303);
    assert_eq!(site.didit.count(Endpoint::Introspect), 0);
}

// Behaviour 124.
#[tokio::test]
async fn an_optional_layer_serves_browsers_and_clients() {
    let didit = didit();
    let auth = auth(didit.config(CALLBACK));
    let cookies = didit.session_cookies(&auth, &Person::john()).await.unwrap();
    let who = |access: Option<AccessClaims>, user: Option<IdClaims>| async move {
        let access = access.map(|access| access.subject().to_owned());
        let user = user.map(|user| user.subject().to_owned());
        format!("{access:?} {user:?}")
    };
    let app = Router::new()
        .route("/", get(who))
        .layer(auth.bearer().optional())
        .layer(auth);
    let token = format!("Bearer {}", token(&didit));
    let (alejandra, john) = (
        Some(alejandra().1),
        Some(Person::john().subject().to_owned()),
    );
    let none: Option<String> = None;
    for (with_cookie, with_token, text) in [
        (false, false, format!("{none:?} {none:?}")),
        (true, false, format!("{none:?} {john:?}")),
        (false, true, format!("{alejandra:?} {none:?}")),
        (true, true, format!("{alejandra:?} {none:?}")),
    ] {
        let mut request = Request::get("/");
        if with_cookie {
            request = request.header(header::COOKIE, &cookies);
        }
        if with_token {
            request = request.header(header::AUTHORIZATION, &token);
        }
        let answer = send(&app, request.body(axum::body::Body::empty()).unwrap()).await;
        assert_eq!(answer.text, text);
    }
}

// Behaviour 124.
#[tokio::test]
async fn layers_of_one_application_share_what_they_know_and_check_for_themselves() {
    let didit = didit();
    let auth = auth(didit.config(CALLBACK));
    let api = |layer| {
        Router::new()
            .route("/", get(|_: AccessClaims| async {}))
            .layer(layer)
    };
    let open = api(auth.bearer());
    let scoped = api(auth.bearer().require_scopes(["email"]));
    let stricter = api(auth.bearer().require_scopes(["phone"]));
    let elsewhere = api(auth.bearer().with_audiences(["https://api.example"]));
    let token = token(&didit);
    for (api, status) in [
        (open, 200),
        (scoped, 200),
        (stricter, 403),
        (elsewhere, 401),
    ] {
        assert_eq!(crate::api::call(&api, &token).await.status, status);
    }
    assert_eq!(didit.count(Endpoint::Introspect), 1);
}
