//! One form of a failover: what users meet during the fault, and how soon all is well again.

use std::time::{Duration, Instant};

use tower_didit::fake::Person;

use super::site::{Outcome, Site, User};
use crate::harness::moment::within;

/// The promise: all is well again this long after there is a primary.
pub(crate) const HEALED: Duration = Duration::from_secs(5);

/// Users who meet a fault, each with something else to do.
pub(crate) struct Users {
    newcomer: User,
    /// Where the newcomer's sign-in goes on.
    back: String,
    pub(crate) reader: User,
    pub(crate) refresher: User,
    /// The expired token.
    old: String,
    pub(crate) leaver: User,
    during: Option<[Outcome; 4]>,
}

impl Users {
    pub(crate) async fn of(site: &Site) -> Self {
        Self::who(site, async |person| site.signed_in(person).await).await
    }

    /// Users who sign in like this.
    pub(crate) async fn who(site: &Site, sign_in: impl AsyncFn(Person) -> User) -> Self {
        let refresher = sign_in(Person::john()).await;
        let old = refresher.token().await;
        // The access tokens live for 300 s.
        site.didit.clock().advance(Duration::from_secs(250));
        let (reader, leaver) = (
            sign_in(Person::alejandra()).await,
            sign_in(Person::john()).await,
        );
        let (newcomer, back) = site.newcomer(Person::alejandra()).await;
        site.didit.clock().advance(Duration::from_secs(51));
        Self {
            newcomer,
            back,
            reader,
            refresher,
            old,
            leaver,
            during: None,
        }
    }

    /// All of them act during the fault.
    pub(crate) async fn act(&mut self) {
        let acts = tokio::join!(
            self.newcomer.comes_back(&self.back),
            self.reader.asks_everywhere(),
            self.refresher.refreshes(&self.old),
            self.leaver.signs_out(),
        );
        self.during = Some(acts.into());
    }

    /// There is a primary: whoever acts again succeeds in time, and what was begun during the fault is completed.
    pub(crate) async fn recover(self, site: &Site, form: &str) {
        let start = Instant::now();
        let [sign_in, ..] = self.during.unwrap_or([Outcome::TryAgain; 4]);
        let recovery = Box::pin(async {
            tokio::join!(
                async {
                    if sign_in == Outcome::TryAgain {
                        until_done(async || self.newcomer.comes_back(&self.back).await).await;
                    }
                    until_done(async || self.newcomer.asks_everywhere().await).await;
                },
                until_done(async || self.reader.asks_everywhere().await),
                until_done(async || self.refresher.refreshes(&self.old).await),
                async {
                    if self.during.is_none() {
                        until_done(async || self.leaver.signs_out().await).await;
                    }
                    // The rest of a sign-out that failed happens in the background.
                    until_done(async || self.leaver.is_signed_out().await).await;
                },
            )
        });
        within(HEALED, form, recovery).await;
        let healed = start.elapsed();
        site.assert_nothing_came_twice();
        let during = self
            .during
            .map_or_else(String::new, |acts| format!("{acts:?}"));
        println!("{form:56} {:>5} ms  {during}", healed.as_millis());
    }
}

/// Acts until it is done. Nobody is signed out by a failover.
async fn until_done(mut act: impl AsyncFnMut() -> Outcome) {
    loop {
        match act().await {
            Outcome::Done => return,
            Outcome::TryAgain => {}
            Outcome::Nobody => panic!("signed out"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
