//! `cargo run --example verified_site`, clicked through in a real browser, at the size of a desktop and of a phone.
//!
//! Screenshots are in `target/screenshots/`.

use tower_didit::fake::FakeDidit;

use crate::harness::{
    chromium::{Chromium, Screen},
    example::Example,
};

/// A site and a browser.
struct Visit {
    site: Example,
    browser: Chromium,
}

impl Visit {
    /// A person signs in on the way to the account, and is at the page of Didit that verifies people.
    async fn at_didit(screen: Screen, story: &str) -> Self {
        Self::at_didit_of(Example::start("verified_site"), screen, story).await
    }

    async fn at_didit_of(site: Example, screen: Screen, story: &str) -> Self {
        let visit = Self {
            site,
            browser: Chromium::open_on(screen, &format!("verified-site-{story}")).await,
        };
        visit.open("/").await;
        visit.look("01-welcome").await;
        visit.browser.click("account").await;
        visit.browser.click("approve-alejandra").await;
        visit.browser.shows("approve").await;
        visit
    }

    async fn open(&self, path: &str) {
        self.browser.goto(&self.site.url(path)).await;
    }

    /// Saves a screenshot of the page, which is not wider than the screen.
    async fn look(&self, stage: &str) {
        look(&self.browser, stage).await;
    }

    /// Decides as Didit's employee, and waits for the webhook.
    async fn decide(&self, button: &str, event: &str) {
        self.open("/desk").await;
        self.browser.click(button).await;
        self.site.wait_for(&format!(
            "webhook handled kind=StatusUpdated status=Some({event})"
        ));
    }

    /// Opens the home page, and goes on from there.
    async fn goes_home(&self, stage: &str, heading: &str) {
        self.open("/").await;
        self.browser.is_headed(heading).await;
        self.look(stage).await;
        self.browser.click("account").await;
    }
}

async fn look(browser: &Chromium, stage: &str) {
    let fits = "document.documentElement.scrollWidth <= document.documentElement.clientWidth";
    assert_eq!(browser.evaluate(fits).await, true, "{stage} is too wide");
    browser.screenshot(stage).await;
}

async fn every_outcome(screen: Screen, story: &str) {
    let visit = Visit::at_didit(screen, story).await;
    let (site, browser) = (&visit.site, &visit.browser);
    visit.look("02-didit").await;
    let first = browser.url().await;
    visit.open("/verified?status=Approved").await;
    browser.is_headed("Your verification is not finished").await;
    visit.look("03-not-finished").await;
    browser.click("go-on").await;
    browser.arrives_at(&first).await;
    visit
        .goes_home("04-home-not-finished", "Finish your verification")
        .await;

    browser.click("abandon").await;
    browser.shows("go-on").await;
    browser
        .is_headed("Your verification was not finished")
        .await;
    visit.look("05-abandoned").await;
    visit
        .goes_home("06-home-abandoned", "Your verification was not finished")
        .await;
    browser.shows("expire").await;
    assert_ne!(browser.url().await, first);

    browser.click("expire").await;
    browser.shows("back").await;
    visit.look("07-link-expired").await;
    browser.click("back").await;
    browser.shows("go-on").await;
    browser
        .is_headed("Your verification was not finished")
        .await;
    visit.look("08-expired").await;
    browser.click("go-on").await;
    browser.shows("review").await;
    let third = browser.url().await;

    browser.click("review").await;
    browser.shows("go-on").await;
    browser
        .is_headed("Your verification is being checked")
        .await;
    visit.look("09-review").await;
    browser.click("go-on").await;
    browser.arrives_at(&site.url("/verified?")).await;
    visit
        .goes_home("10-home-review", "Your verification is being checked")
        .await;
    browser.shows("go-on").await;

    visit.decide("decline", "Declined").await;
    browser.shows("repeat").await;
    visit.look("11-desk").await;
    visit
        .goes_home("12-home-declined", "You were not verified")
        .await;
    browser.shows("verification-declined").await;
    visit.look("13-declined").await;

    visit.decide("repeat", "Resubmitted").await;
    visit.open("/verified").await;
    browser.is_headed("Please repeat a step").await;
    visit.look("14-repeat").await;
    visit
        .goes_home("15-home-repeat", "Please repeat a step")
        .await;
    browser.arrives_at(&third).await;
    visit.look("16-didit-repeat").await;
    browser.click("approve").await;
    browser.arrives_at(&site.url("/account")).await;
    browser.shows("since").await;
    visit.look("17-account").await;
    visit.open("/").await;
    browser.is_headed("Your account is open").await;
    visit.look("18-home-verified").await;

    visit.decide("expire", "KycExpired").await;
    visit.open("/verified").await;
    browser.is_headed("Please verify your identity again").await;
    visit.look("19-too-old").await;
    visit
        .goes_home("20-home-too-old", "Please verify your identity again")
        .await;
    browser.click("approve").await;
    browser.arrives_at(&site.url("/account")).await;
    browser.click("sign-out").await;
    browser.is_headed("Open an account").await;
    visit.browser.close().await;
}

// Behaviours 128 and 130.
#[tokio::test]
async fn every_outcome_is_told_on_a_desktop() {
    every_outcome(Screen::Desktop, "desktop").await;
}

// Behaviours 128 and 130.
#[tokio::test]
async fn every_outcome_is_told_on_a_phone() {
    every_outcome(Screen::Phone, "phone").await;
}

#[tokio::test]
async fn a_phone_takes_over_and_the_desktop_goes_on() {
    let visit = Visit::at_didit(Screen::Desktop, "takeover").await;
    let (site, browser) = (&visit.site, &visit.browser);
    let phone = Chromium::open_on(Screen::Phone, "verified-site-takeover-phone").await;
    phone.goto(&browser.url().await).await;
    phone.click("approve").await;
    look(&phone, "1-didit").await;

    // Didit may send the phone to the site, too. It is signed in nowhere, and gets nothing.
    for path in ["/verified?status=Approved", "/verified"] {
        phone.goto(&site.url(path)).await;
        phone.is_headed("Go back to your first device").await;
    }
    look(&phone, "2-go-back").await;
    phone.click("go-on").await;
    phone.arrives_at(&site.url("/")).await;
    phone.is_headed("Open an account").await;
    phone.close().await;

    browser.reload().await;
    browser.shows("back").await;
    visit.look("02-didit").await;
    browser.click("back").await;
    browser.arrives_at(&site.url("/account")).await;
    browser.shows("since").await;
    visit.browser.close().await;
}

// Behaviour 130.
#[tokio::test]
async fn a_page_that_waits_goes_on_by_itself() {
    let visit = Visit::at_didit(Screen::Desktop, "waits").await;
    let browser = &visit.browser;
    browser.click("review").await;
    browser.shows("go-on").await;
    let waiting = browser.open_tab().await;
    visit.decide("approve", "Approved").await;
    browser.turn_to(waiting).await;
    browser.arrives_at(&visit.site.url("/account")).await;
    browser.shows("since").await;
    visit.browser.close().await;
}

#[tokio::test]
async fn a_sandbox_opens_the_account_if_its_key_is_set() {
    let sandbox = FakeDidit::new("sandbox", "secret").with_system_clock();
    let address = sandbox.listen("127.0.0.1:0").await.expect("a free port");
    let address = format!("http://{address}");
    let verification = sandbox
        .verification()
        .with_sandbox()
        .with_page_origin(&address);
    let site = Example::start_with(
        "verified_site",
        &[
            ("DIDIT_API_KEY", &verification.api_key()),
            ("DIDIT_WORKFLOW", &verification.workflow_id()),
            ("DIDIT_WEBHOOK_SECRET", &verification.webhook_secret()),
            ("DIDIT_VERIFICATION_URL", &address),
        ],
    );
    verification.send_webhooks_to(&site.url("/didit"));
    let visit = Visit::at_didit_of(site, Screen::Desktop, "sandbox").await;
    let browser = &visit.browser;
    browser.click("review").await;
    browser
        .is_headed("Your verification is being checked")
        .await;
    let id = verification.last_session_id().expect("a session");
    verification.set_status(&id, "Declined");
    verification.deliver().await;
    visit.open("/").await;
    browser.is_headed("You were not verified").await;
    verification.set_status(&id, "Resubmitted");
    verification.deliver().await;
    visit.open("/account").await;
    browser.click("approve").await;
    browser.arrives_at(&visit.site.url("/account")).await;
    browser.shows("since").await;

    // A sandbox has its console.
    visit.open("/desk").await;
    browser.is_headed("Page not found").await;
    visit.browser.close().await;
}
