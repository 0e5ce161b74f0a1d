//! Several layers: side by side or stacked in one application, and two applications on one host.

use std::time::Duration;

use axum::{Router, routing::get};
use http::{Method, StatusCode, request::Parts};
use tokio::time::timeout;
use tower_didit::{
    ConfigBuilder, DiditAuth, DiditTokens, Error, IdClaims, RequireSignIn, ReturnTo,
    fake::{Browser, FakeDidit, FakeDiditExt, Person},
    store::StoreError,
};

use crate::support::{
    handlers::Place,
    sign_in::approved,
    site::{CALLBACK, HOME, NOBODY, auth, didit},
};

const STAFF_CALLBACK: &str = "https://app.example/staff/callback";

async fn who(user: Option<IdClaims>) -> String {
    user.map_or(NOBODY.to_owned(), |user| user.subject().to_owned())
}

/// A layer for the staff, with a cookie name and paths of its own.
fn staff(config: ConfigBuilder) -> DiditAuth {
    let config = config
        .with_cookie_name("staff")
        .with_login_path("/staff/login")
        .with_logout_path("/staff/logout")
        .with_landing_page("/staff/who")
        .with_redirect_after_sign_in();
    auth(config)
}

fn staff_pages() -> Router {
    let orders = get(|| async { "orders" }).layer(RequireSignIn::new());
    Router::new()
        .route("/staff/who", get(who))
        .route("/staff/orders", orders)
        .route("/staff/callback", get(|| async {}))
        .route("/staff/login", get(|| async {}))
        .route("/staff/logout", get(|| async {}))
}

async fn sign_in(browser: &Browser, didit: &FakeDidit, login: &str, person: &Person) {
    let started = browser.get(login).await;
    let back = didit.approve(started.location(), person);
    assert_eq!(browser.get(&back).await.status(), StatusCode::SEE_OTHER);
}

/// Signs in at both, out of one, and in there as another user.
async fn assert_apart(browser: &Browser, members: &FakeDidit, staff: &FakeDidit, home: [&str; 2]) {
    let [members_at, staff_at] = home;
    let who = async |at: &str, path: &str| {
        let page = browser.get(&format!("{at}{path}")).await;
        page.text().to_owned()
    };
    let (alejandra, john) = (Person::alejandra(), Person::john());
    let login = format!("{members_at}/login");
    sign_in(browser, members, &login, &alejandra).await;
    assert_eq!(who(staff_at, "/staff/who").await, NOBODY);
    let staff_login = format!("{staff_at}/staff/login");
    sign_in(browser, staff, &staff_login, &john).await;
    assert_eq!(who(members_at, "/who").await, alejandra.subject());
    assert_eq!(who(staff_at, "/staff/who").await, john.subject());
    assert_eq!(who(staff_at, "/staff/orders").await, "orders");

    let flow = browser.get(&login).await;
    assert_eq!(flow.status(), StatusCode::SEE_OTHER);
    let logout = format!("{staff_at}/staff/logout");
    browser.post_form(&logout, &[]).await;
    assert_eq!(who(staff_at, "/staff/who").await, NOBODY);
    assert_eq!(who(members_at, "/who").await, alejandra.subject());
    // The pending sign-in at the other one completes.
    let back = members.approve(flow.location(), &john);
    assert_eq!(browser.get(&back).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(who(members_at, "/who").await, john.subject());

    browser
        .post_form(&format!("{members_at}/logout"), &[])
        .await;
    assert_eq!(browser.cookies(), []);
}

/// A client for members and one for the staff.
fn clients() -> [FakeDidit; 2] {
    ["members", "staff"].map(|client| FakeDidit::new(client, "secret"))
}

fn members(config: ConfigBuilder) -> DiditAuth {
    auth(config.with_redirect_after_sign_in())
}

// Behaviour 109.
#[tokio::test]
async fn layers_side_by_side_have_separate_sessions() {
    for place in Place::BOTH {
        let [first, second] = clients();
        let app = Router::new()
            .route("/who", get(who))
            .route("/callback", get(|| async {}))
            .route("/login", get(|| async {}))
            .route("/logout", get(|| async {}))
            .route_layer(members(place.config(&first)))
            .merge(staff_pages().route_layer(staff(place_at(place, &second))));
        let browser = Browser::new(HOME, app);
        assert_apart(&browser, &first, &second, [HOME, HOME]).await;
    }
}

// Behaviour 109.
#[tokio::test]
async fn an_inner_layer_is_responsible_for_the_routes_inside_of_it() {
    for place in Place::BOTH {
        let [first, second] = clients();
        let app = staff_pages()
            .route_layer(staff(place_at(place, &second)))
            .route("/who", get(who))
            .layer(members(place.config(&first)));
        let browser = Browser::new(HOME, app);
        // A refusal inside both layers leads to the inner layer's sign-in.
        let refused = browser.get("/staff/orders").await;
        assert!(refused.location().contains("client_id=staff"));
        assert_apart(&browser.new_browser(), &first, &second, [HOME, HOME]).await;
    }
}

// Behaviour 109.
#[tokio::test]
async fn applications_on_two_ports_of_one_host_have_separate_sessions() {
    let [first, second] = clients();
    let other = "https://app.example:8443";
    let callback = "https://app.example:8443/staff/callback";
    let members = Router::new()
        .route("/who", get(who))
        .layer(members(first.config("https://app.example/callback")));
    let staff = staff_pages().layer(staff(second.config(callback)));
    let browser = Browser::new(HOME, members).add_site(other, staff);
    assert_apart(&browser, &first, &second, [HOME, other]).await;
}

// Behaviour 109. The same client, keys and store.
#[tokio::test]
async fn a_cookie_under_the_name_of_another_layer_does_not_count() {
    for place in Place::BOTH {
        let didit = FakeDidit::new("client", "secret");
        let store = crate::support::site::memory(&didit);
        let stored = |config: ConfigBuilder| match place {
            Place::Cookies => config,
            Place::Memory => config.with_session_store(store.clone()),
        };
        let app = staff_pages()
            .route_layer(staff(stored(didit.config(STAFF_CALLBACK))))
            .route("/who", get(who))
            .layer(members(stored(didit.config(CALLBACK))));
        let member = Browser::new(HOME, app);
        sign_in(&member, &didit, "/login", &Person::john()).await;
        let pending = member.get("/login").await;
        let back = didit.approve(pending.location(), &Person::john());
        let back = back.replace("/callback", "/staff/callback");

        let other = member.new_browser();
        for cookie in member.cookies() {
            let name = cookie.name().replace("__Host-didit", "__Host-staff");
            other.set_cookie(&name, cookie.value());
        }
        assert_eq!(other.get("/staff/who").await.text(), NOBODY);
        let page = other.get(&back).await;
        assert_eq!(page.status(), StatusCode::BAD_REQUEST);
        assert!(
            page.text().contains("flow-cookie-undecryptable"),
            "{}",
            page.text()
        );
        assert_eq!(member.get("/who").await.text(), Person::john().subject());
        assert!(
            member
                .get(&back.replace("/staff", ""))
                .await
                .status()
                .is_redirection()
        );
    }
}

#[tokio::test]
async fn an_error_is_rendered_once_by_the_layer_whose_context_it_came_from() {
    let [first, second] = clients();
    let page = |name: &'static str| {
        move |error: &Error, _: &Parts, next: &str| {
            let body = format!("{name} {} {next}", error.kind().code());
            let mut page = http::Response::new(body.into());
            *page.status_mut() = error.kind().status();
            page
        }
    };
    let fail = async || Err::<(), _>(Error::from(StoreError::new("down")));
    let config = second.config(STAFF_CALLBACK).with_error_page(page("staff"));
    let app = staff_pages()
        .route("/staff/failing", get(fail))
        .route_layer(staff(config))
        .route("/failing", get(fail))
        .layer(members(
            first.config(CALLBACK).with_error_page(page("members")),
        ));
    let browser = Browser::new(HOME, app);
    for (path, expected) in [
        ("/failing", "members session-unavailable "),
        ("/staff/failing", "staff session-unavailable "),
        ("/callback?state=s&code=c", "members unknown-sign-in /login"),
        (
            "/staff/callback?state=s&code=c",
            "staff unknown-sign-in /staff/login",
        ),
    ] {
        let shown = browser.get(path).await;
        assert_eq!(shown.text(), expected, "{path}");
        let program = browser.fetch(Method::GET, path).await;
        assert_eq!(
            program.header("content-type"),
            Some("application/problem+json")
        );
    }
}

fn place_at(place: Place, didit: &FakeDidit) -> ConfigBuilder {
    let config = didit.config(STAFF_CALLBACK);
    match place {
        Place::Cookies => config,
        Place::Memory => config.with_session_store(crate::support::site::memory(didit)),
    }
}

#[tokio::test(start_paused = true)]
async fn a_layer_that_is_added_twice_completes_a_sign_in() {
    for place in Place::BOTH {
        let didit = didit();
        let auth = auth(place.config(&didit));
        let callback = get(|_: DiditTokens, back: ReturnTo| async { back });
        let app = Router::new()
            .route("/callback", callback)
            .route("/who", get(who))
            .layer(auth.clone())
            .layer(auth);
        let browser = Browser::new(HOME, app);
        let back = approved("/login", &browser, &didit).await;
        let page = timeout(Duration::from_secs(60), browser.get(&back)).await;
        let page = page.expect("it does not wait for itself");
        assert_eq!(page.status(), StatusCode::SEE_OTHER);
        let user = browser.get("/who").await;
        assert_eq!(user.text(), Person::alejandra().subject());
        browser.post_form("/logout", &[]).await;
        assert_eq!(browser.get("/who").await.text(), NOBODY);
    }
}
