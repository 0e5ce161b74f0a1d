//! Sign-outs from pages with strict policies, in a real browser. The provider's end-session page is on another origin.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    extract::{Request, State},
    middleware::{Next, from_fn_with_state},
    response::{Html, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use tokio::net::TcpListener;
use tower_didit::{
    IdClaims, Provider,
    fake::{Endpoint, FakeDidit, FakeDiditExt, RecordedRequest},
};

use crate::{
    harness::chromium::Chromium,
    support::site::{auth, didit},
};

// OpenID Connect RP-Initiated Logout §2, CSP Level 3 §6.4.1.2; behaviours 90 and 110.
#[tokio::test]
async fn a_form_under_form_action_self_ends_at_the_signed_out_page() {
    let site = Site::start(
        "default-src 'self'; script-src 'none'; form-action 'self'",
        "",
    )
    .await;
    let browser = site.sign_in("form-action").await;

    browser.click("sign-out").await;
    browser.shows("goodbye").await;
    browser.screenshot("1-signed-out").await;
    site.assert_ended_with_hint(true);
    assert_eq!(browser.cookies().await, [""; 0], "a cookie was left behind");

    // The page of the layer is not in the history: Back does not lead forward again.
    browser.back().await;
    browser.arrives_at(&format!("{}/", site.origin)).await;
    browser.close().await;
}

// CSP Level 3 §6.4.1.2; behaviour 110. Why the layer does not redirect.
#[tokio::test]
async fn a_redirect_under_form_action_self_is_blocked() {
    let site = Site::start("form-action 'self'", "").await;
    let browser = site.sign_in("form-action-redirect").await;
    let violated = browser
        .evaluate(
            "new Promise(blocked => {
                addEventListener('securitypolicyviolation', e => blocked(e.effectiveDirective));
                document.getElementById('redirected').form.submit();
            })",
        )
        .await;
    assert_eq!(violated, "form-action");
    assert_eq!(site.didit.count(Endpoint::EndSession), 0);
    browser.close().await;
}

// OpenID Connect RP-Initiated Logout §2; behaviours 90 and 110.
#[tokio::test]
async fn a_script_signs_out_without_a_page_and_then_opens_the_next_one() {
    let site = Site::start("form-action 'self'; connect-src 'self'", "").await;
    let browser = site.sign_in("script").await;
    site.requests.lock().expect("no panic").clear();

    let answer = browser
        .evaluate("fetch('/logout', {method: 'POST'}).then(answer => answer.json())")
        .await;
    let requests = site.requests.lock().expect("no panic").clone();
    assert_eq!(requests, ["POST /logout"]);
    assert_eq!(site.didit.count(Endpoint::EndSession), 0);
    let next = answer["location"].as_str().expect("an address");
    assert!(!next.contains("id_token_hint"), "{next}");
    assert_eq!(browser.cookies().await, [""; 0], "a cookie was left behind");

    browser
        .evaluate(&format!("location.assign('{next}')"))
        .await;
    browser.shows("goodbye").await;
    site.assert_ended_with_hint(false);
    browser.close().await;
}

// Behaviour 111.
#[tokio::test]
async fn a_form_of_a_page_without_referrer_signs_out() {
    let site = Site::start("form-action 'self'", "no-referrer").await;
    let browser = site.sign_in("no-referrer").await;
    browser.click("sign-out").await;
    browser.shows("goodbye").await;
    assert_eq!(site.origin_of_sign_out(), "null");
    browser.close().await;
}

/// The application, beside its Didit on another origin.
struct Site {
    origin: String,
    didit: FakeDidit,
    /// Method and path of each request, and the origins of sign-outs.
    requests: Arc<Mutex<Vec<String>>>,
    origins: Arc<Mutex<Vec<String>>>,
}

impl Site {
    /// Starts it with a `Content-Security-Policy` and a `Referrer-Policy` for all of its pages.
    async fn start(policy: &'static str, referrer: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("it listens").port();
        let origin = format!("http://localhost:{port}");

        let (callback, goodbye) = (format!("{origin}/callback"), format!("{origin}/goodbye"));
        let didit = didit()
            .with_redirect_uri(&callback)
            .with_end_session_endpoint()
            .with_post_logout_redirect_uri(&goodbye)
            .with_system_clock();
        let address = didit.listen("127.0.0.1:0").await.expect("a free port");
        let end_session = format!("http://{address}/auth/v2/logout");
        let provider = Provider::didit()
            .with_authorization_endpoint(format!("http://{address}/"))
            .with_end_session_endpoint(&end_session);
        let config = didit.config(&callback).with_provider(provider);
        let config = config.with_post_logout_redirect_uri(&goodbye);

        let (requests, origins) = <(Arc<Mutex<Vec<String>>>, Arc<Mutex<Vec<String>>>)>::default();
        let dress = move |page: Html<String>| {
            let policies = [
                ("content-security-policy", policy),
                ("referrer-policy", referrer),
            ];
            (policies, page).into_response()
        };
        let app = Router::new()
            .route(
                "/",
                get(move |user: Option<IdClaims>| async move { dress(home(user.as_ref())) }),
            )
            .route(
                "/goodbye",
                get(move || async move { dress(Html("<p id=goodbye>Goodbye".to_owned())) }),
            )
            .route(
                "/redirected",
                post(move || async move { Redirect::to(&end_session) }),
            )
            .route("/callback", get(|_: IdClaims| async { Redirect::to("/") }))
            .layer(auth(config))
            .layer(from_fn_with_state(
                (Arc::clone(&requests), Arc::clone(&origins)),
                record,
            ));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self {
            origin,
            didit,
            requests,
            origins,
        }
    }

    /// Opens a browser and signs in.
    async fn sign_in(&self, story: &'static str) -> Chromium {
        let browser = Chromium::open(story).await;
        browser.goto(&format!("{}/", self.origin)).await;
        browser.click("sign-in").await;
        browser.click("approve-alejandra").await;
        browser.shows("sign-out").await;
        browser
    }

    /// The provider was asked once to end its session, with or without the ID token, and without a referrer.
    fn assert_ended_with_hint(&self, with_hint: bool) {
        assert_eq!(self.didit.count(Endpoint::EndSession), 1);
        let asked: RecordedRequest = self.didit.last(Endpoint::EndSession).expect("a request");
        let query = asked.uri().query().unwrap_or_default().to_owned();
        assert_eq!(query.contains("id_token_hint="), with_hint, "{query}");
        if with_hint {
            assert_eq!(asked.header("referer"), None);
        }
    }

    fn origin_of_sign_out(&self) -> String {
        let origins = self.origins.lock().expect("no panic");
        origins.last().expect("somebody signed out").clone()
    }
}

fn home(user: Option<&IdClaims>) -> Html<String> {
    Html(match user {
        Some(_) => "<form method=post action=/logout><button id=sign-out>Sign out</button></form>\
                    <form method=post action=/redirected><button id=redirected>Leave</button></form>"
            .to_owned(),
        None => "<a id=sign-in href=/login>Sign in</a>".to_owned(),
    })
}

type Records = (Arc<Mutex<Vec<String>>>, Arc<Mutex<Vec<String>>>);

async fn record(
    State((requests, origins)): State<Records>,
    request: Request,
    next: Next,
) -> Response {
    let line = format!("{} {}", request.method(), request.uri().path());
    if line == "POST /logout" {
        let origin = request.headers().get("origin");
        let origin = origin.and_then(|origin| origin.to_str().ok());
        let origin = origin.unwrap_or_default().to_owned();
        origins.lock().expect("no panic").push(origin);
    }
    requests.lock().expect("no panic").push(line);
    next.run(request).await
}
