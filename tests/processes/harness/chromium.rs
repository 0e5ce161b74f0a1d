//! A real, headless Chromium, driven through chromedriver.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use fantoccini::{Client, ClientBuilder, Locator, elements::Element, wd::Capabilities};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

use super::process::Process;

/// How often chromedriver may find no port: it takes a free one of IPv6, and wants the same one of IPv4.
const STARTS: usize = 5;

/// How long a page may take to appear: far more than any needs.
const PATIENCE: Duration = Duration::from_secs(30);

/// A browser with a profile of its own. It ends with its chromedriver, when dropped.
pub(crate) struct Chromium {
    story: String,
    client: Client,
    _driver: Process,
}

/// What a browser is shown on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Screen {
    Desktop,
    Phone,
}

impl Chromium {
    /// Opens the browser of one story; its screenshots carry the story's name.
    pub(crate) async fn open(story: &str) -> Self {
        Self::open_on(Screen::Desktop, story).await
    }

    /// Likewise, on a screen of this kind.
    pub(crate) async fn open_on(screen: Screen, story: &str) -> Self {
        let chromium = chromium();
        let (driver, port) = chromedriver();
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities(&chromium, screen, story))
            .connect(&format!("http://127.0.0.1:{}", port.trim_end_matches('.')))
            .await
            .expect("Chromium starts");
        Self {
            story: story.to_owned(),
            client,
            _driver: driver,
        }
    }

    /// Loads a page, as if its address had been typed.
    pub(crate) async fn goto(&self, url: &str) {
        self.client.goto(url).await.expect("the page loads");
    }

    /// Waits until the page shows the element with this id.
    pub(crate) async fn shows(&self, id: &str) -> Element {
        let wait = self.client.wait().at_most(PATIENCE);
        match wait.for_element(Locator::Id(id)).await {
            Ok(element) => element,
            Err(error) => self.fail(&format!("no element `{id}`: {error}")).await,
        }
    }

    /// Waits until the page has this heading.
    pub(crate) async fn is_headed(&self, heading: &str) {
        let element = format!("//h1[normalize-space()='{heading}']");
        let wait = self.client.wait().at_most(PATIENCE);
        if let Err(error) = wait.for_element(Locator::XPath(&element)).await {
            self.fail(&format!("no heading `{heading}`: {error}")).await;
        }
    }

    /// Waits until the browser is at this address.
    pub(crate) async fn arrives_at(&self, url: &str) {
        let wanted = url.parse().expect("a whole URL");
        let wait = self.client.wait().at_most(PATIENCE);
        if let Err(error) = wait.for_url(&wanted).await {
            self.fail(&format!("not at {url}: {error}")).await;
        }
    }

    /// Waits for the element with this id and clicks on it.
    pub(crate) async fn click(&self, id: &str) {
        let clicked = self.shows(id).await.click().await;
        clicked.unwrap_or_else(|error| panic!("cannot click on `{id}`: {error}"));
    }

    /// Presses the back button.
    pub(crate) async fn back(&self) {
        self.client
            .back()
            .await
            .expect("there is a page to go back to");
    }

    /// Presses the forward button.
    pub(crate) async fn forward(&self) {
        self.client
            .forward()
            .await
            .expect("there is a page to go forward to");
    }

    /// Loads the page once more.
    pub(crate) async fn reload(&self) {
        self.client.refresh().await.expect("the page loads");
    }

    /// The value of a JavaScript expression on this page; of a promise, once it is settled.
    pub(crate) async fn evaluate(&self, expression: &str) -> Value {
        let script = format!("return {expression}");
        let value = self.client.execute(&script, Vec::new()).await;
        value.unwrap_or_else(|error| panic!("cannot evaluate `{expression}`: {error}"))
    }

    /// The cookies this page would send, `HttpOnly` ones too, as `name=value` in order.
    pub(crate) async fn cookies(&self) -> Vec<String> {
        let cookies = self.client.get_all_cookies().await.expect("a page is open");
        let mut pairs: Vec<String> = cookies
            .iter()
            .map(|cookie| cookie.stripped().to_string())
            .collect();
        pairs.sort();
        pairs
    }

    /// Likewise, without the count of completed sign-ins, which expires after 30 s.
    pub(crate) async fn session_cookies(&self) -> Vec<String> {
        let mut pairs = self.cookies().await;
        pairs.retain(|pair| !pair.starts_with("didit.completed="));
        pairs
    }

    /// Opens a second tab, empty, and turns to it; gives what `turn_to` needs to come back.
    pub(crate) async fn open_tab(&self) -> Tab {
        let first = self.client.window().await.expect("a tab is open");
        let second = self.client.new_window(true).await.expect("a tab opens");
        self.turn_to(Tab(second.handle)).await;
        Tab(first)
    }

    /// Turns to another tab.
    pub(crate) async fn turn_to(&self, Tab(tab): Tab) {
        let turned = self.client.switch_to_window(tab).await;
        turned.expect("the tab is open");
    }

    /// Saves what the page looks like as `target/screenshots/<story>-<stage>.png`.
    pub(crate) async fn screenshot(&self, stage: &str) {
        let png = self.client.screenshot().await.expect("a page is open");
        let file = screenshot(&self.story, stage);
        fs::create_dir_all(file.parent().expect("it is in a directory"))
            .and_then(|()| fs::write(&file, png))
            .expect("the target directory can be written");
    }

    /// The address of the page.
    pub(crate) async fn url(&self) -> String {
        let url = self.client.current_url().await.expect("a page is open");
        url.into()
    }

    /// Closes the browser in good order.
    pub(crate) async fn close(self) {
        self.client.close().await.expect("Chromium closes");
    }

    /// Ends the story, and shows where it was.
    async fn fail(&self, what: &str) -> ! {
        self.screenshot("failed").await;
        let url = self.client.current_url().await.expect("a page is open");
        panic!("{what}; the browser is at {url}, and a screenshot shows the page");
    }
}

/// A tab of the browser.
pub(crate) struct Tab(fantoccini::wd::WindowHandle);

/// Cargo's directory for what integration tests write: `target/tmp`.
fn scratch() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
}

fn screenshot(story: &str, stage: &str) -> PathBuf {
    scratch()
        .with_file_name("screenshots")
        .join(format!("{story}-{stage}.png"))
}

/// A chromedriver, and its port.
fn chromedriver() -> (Process, String) {
    let start = || {
        let driver = Process::start(
            Command::new("chromedriver").arg("--port=0"),
            "on Debian it is in the package `chromium-driver` (apt-get install chromium-driver)",
        );
        let port = driver.find("started successfully on port ").ok()?;
        Some((driver, port))
    };
    let started = (0..STARTS).find_map(|_| start());
    started.expect("chromedriver finds a free port")
}

/// The browser's program.
fn chromium() -> PathBuf {
    let folders: Vec<_> = env::var_os("PATH")
        .map(|path| env::split_paths(&path).collect())
        .unwrap_or_default();
    ["chromium", "chromium-browser", "google-chrome"]
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .find(|program| program.is_file())
        .expect(
            "cannot find `chromium`: on Debian it is in the package `chromium` (apt-get install chromium)",
        )
}

fn capabilities(chromium: &Path, screen: Screen, story: &str) -> Capabilities {
    let profile = scratch().join(format!("chromium-{story}"));
    // Either fails only where an earlier run has left nothing.
    let _ = fs::remove_dir_all(&profile);
    let _ = fs::remove_file(screenshot(story, "failed"));
    let mut options = json!({
        "browserName": "chrome",
        "goog:chromeOptions": {
            "binary": chromium,
            "args": [
                "--headless",
                "--no-sandbox", // continuous integration often runs as root, where there is none
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--remote-debugging-pipe", // it ends with the chromedriver at the pipe's other end
                "--window-size=1100,800",
                format!("--user-data-dir={}", profile.display()),
            ],
        },
    });
    if let Screen::Phone = screen {
        options["goog:chromeOptions"]["mobileEmulation"] = json!({
            "deviceMetrics": {"width": 390, "height": 844, "pixelRatio": 2, "touch": true, "mobile": true},
        });
    }
    match options {
        Value::Object(options) => options,
        _ => unreachable!("written as an object above"),
    }
}
