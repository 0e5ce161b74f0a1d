//! A thousand users at once: nobody is verified who should not be, nobody is stuck, and Didit's limits are kept.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use futures_util::future::join_all;
use http::StatusCode;
use serde_json::{Value, json};
use tower_didit::{
    fake::{Browser, Endpoint, FakeDidit, Page, Person, RecordedRequest, WebhookFault},
    verification::VerificationId,
};

use crate::app::{App, PAGE, refresh, shows_the_account};

const USERS: usize = 1000;
/// In seconds. Everybody opens the page at 0, and is done at Didit at about this time.
const DONE_AT_DIDIT: u64 = 130;
/// When the employees decide about the reviews.
const REVIEWS: u64 = 900;
const END: u64 = 3 * 3600;
/// Of four in seven webhooks about an outcome.
const FAULTS: [WebhookFault; 4] = [
    WebhookFault::NEVER,
    WebhookFault::DUPLICATE,
    WebhookFault::LATE,
    WebhookFault::REORDERED,
];

/// What becomes of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Course {
    Approved,
    /// Closes the browser at Didit's page, and comes back later.
    ApprovedAndGone,
    /// Leaves at first, and begins anew.
    ApprovedLater,
    ApprovedByAnEmployee,
    Declined,
    DeclinedByAnEmployee,
    /// By Didit's workflow, although the faces differ.
    ApprovedWithAFlaw,
    InReview,
}

impl Course {
    fn of(user: usize) -> Self {
        match user % 20 {
            0..8 => Self::Approved,
            8..11 => Self::ApprovedAndGone,
            11 | 12 => Self::ApprovedLater,
            13 => Self::ApprovedByAnEmployee,
            14 | 15 => Self::Declined,
            16 => Self::DeclinedByAnEmployee,
            17 | 18 => Self::ApprovedWithAFlaw,
            _ => Self::InReview,
        }
    }

    const fn button(self) -> &'static str {
        match self {
            Self::Approved
            | Self::ApprovedAndGone
            | Self::ApprovedLater
            | Self::ApprovedWithAFlaw => "approve",
            Self::Declined => "decline",
            Self::ApprovedByAnEmployee | Self::DeclinedByAnEmployee | Self::InReview => "review",
        }
    }

    const fn is_verified(self) -> bool {
        match self {
            Self::Approved
            | Self::ApprovedAndGone
            | Self::ApprovedLater
            | Self::ApprovedByAnEmployee => true,
            Self::Declined
            | Self::DeclinedByAnEmployee
            | Self::ApprovedWithAFlaw
            | Self::InReview => false,
        }
    }
}

struct User {
    person: Person,
    course: Course,
    browser: Browser,
    /// The page at Didit, while the person is there.
    hosted: Option<Page>,
    /// What the browser loads next.
    next: String,
    has_left: bool,
}

impl User {
    /// Does what is due, and says when the next thing is; `None` if the user is done.
    async fn step(&mut self, app: &App, number: usize, now: u64) -> Option<u64> {
        let page = match self.hosted.take() {
            None => self.browser.visit(&self.next).await,
            Some(hosted) => {
                if let Some(fault) = FAULTS.get(number % 7) {
                    app.fake.on_next_webhook(*fault);
                }
                let session = self.session(app).await.to_string();
                if self.course == Course::ApprovedWithAFlaw {
                    app.fake.edit_decision(&session, |decision| {
                        decision.insert("face_matches".into(), json!([{"status": "Declined"}]));
                    });
                }
                if self.course == Course::ApprovedLater && !self.has_left {
                    self.has_left = true;
                    self.browser.click(&hosted, "abandon").await;
                    PAGE.clone_into(&mut self.next);
                    return Some(now + 60);
                }
                if self.course == Course::ApprovedAndGone {
                    app.fake.complete(hosted.url(), self.course.button());
                    PAGE.clone_into(&mut self.next);
                    return Some(now + 600);
                }
                self.browser.click(&hosted, self.course.button()).await
            }
        };
        if page.url().contains("/session/") {
            self.hosted = Some(page);
            return Some(DONE_AT_DIDIT.max(now + 20) + number as u64 % 20);
        }
        if let Some((seconds, url)) = refresh(&page) {
            assert!(seconds >= 10);
            assert!(!shows_the_account(&page));
            self.next = url;
            return Some(now + seconds);
        }
        let is_known = shows_the_account(&page) || page.status() == StatusCode::FORBIDDEN;
        if is_known {
            return None;
        }
        // The page has looked a few times. The person comes back later.
        assert_eq!(page.status(), StatusCode::OK);
        PAGE.clone_into(&mut self.next);
        Some(now + 300).filter(|next| *next < REVIEWS + 900)
    }

    async fn session(&self, app: &App) -> VerificationId {
        let record = app.records.of(self.person.subject()).await.unwrap();
        record.session_id().unwrap()
    }
}

async fn crowd(processes: usize) -> App {
    let didit = FakeDidit::new("client", "secret");
    let app = App::with(didit, processes, |requirements| requirements);
    let mut users = Vec::new();
    for number in 0..USERS {
        let person = Person::new(format!("user-{number}"));
        users.push(User {
            browser: app.sign_in(&person).await,
            course: Course::of(number),
            person,
            hosted: None,
            next: PAGE.to_owned(),
            has_left: false,
        });
    }
    app.didit.clear_requests();
    let mut due: BTreeMap<u64, Vec<usize>> = BTreeMap::from([(0, (0..USERS).collect())]);
    for now in 0..END {
        let at_once = due.remove(&now).unwrap_or_default();
        let steps = users.iter_mut().enumerate();
        let steps = steps.filter(|(number, _)| at_once.contains(number));
        let steps = steps.map(|(number, user)| {
            let app = &app;
            async move { (number, user.step(app, number, now).await) }
        });
        for (number, next) in join_all(steps).await {
            if let Some(next) = next {
                due.entry(next).or_default().push(number);
            }
        }
        if now == REVIEWS {
            decide(&app, &users).await;
        }
        app.fake.deliver().await;
        app.advance(1);
    }
    assert!(due.is_empty(), "{} wait for ever", due.len());
    for user in &users {
        let record = app.records.of(user.person.subject()).await.unwrap();
        let course = user.course;
        assert_eq!(record.is_verified(), course.is_verified(), "{course:?}");
        let page = user.browser.get(PAGE).await;
        assert_eq!(shows_the_account(&page), course.is_verified(), "{course:?}");
        let status = match course {
            Course::InReview => StatusCode::SEE_OTHER,
            _ if course.is_verified() => StatusCode::OK,
            _ => StatusCode::FORBIDDEN,
        };
        assert_eq!(page.status(), status, "{course:?}");
    }
    app
}

/// The employees approve and decline.
async fn decide(app: &App, users: &[User]) {
    for user in users {
        let session = user.session(app).await.to_string();
        match user.course {
            Course::ApprovedByAnEmployee => {
                app.fake.edit_decision(&session, |decision| {
                    let results = decision.values_mut().filter_map(Value::as_array_mut);
                    for result in results.flatten().filter_map(Value::as_object_mut) {
                        result.insert("status".into(), "Approved".into());
                    }
                });
                app.fake.set_status(&session, "Approved");
            }
            Course::DeclinedByAnEmployee => app.fake.set_status(&session, "Declined"),
            _ => {}
        }
    }
}

/// When Didit has received the calls of this endpoint, oldest first; and how many it has refused with 429.
fn calls(app: &App, endpoint: Endpoint) -> (Vec<SystemTime>, usize) {
    let calls = app.didit.requests().into_iter();
    let calls: Vec<_> = calls
        .filter(|call| call.endpoint() == Some(endpoint))
        .collect();
    let is_refused = |status| status == Some(StatusCode::TOO_MANY_REQUESTS);
    let refused = calls
        .iter()
        .filter(|call| is_refused(call.status()))
        .count();
    let times = calls.iter().map(RecordedRequest::received_at);
    (times.collect(), refused)
}

// Behaviours 128 to 130.
#[tokio::test]
async fn a_thousand_users_at_once_stay_within_the_limits() {
    let app = crowd(1).await;
    for endpoint in [Endpoint::CreateVerification, Endpoint::VerificationDecision] {
        let (times, refused) = calls(&app, endpoint);
        assert_eq!(refused, 0, "{endpoint:?}");
        // In every window of 60 s.
        for (at, start) in times.iter().enumerate() {
            let window = *start + Duration::from_secs(60);
            let count = times[at..]
                .iter()
                .take_while(|time| **time < window)
                .count();
            assert!(count <= 600, "{endpoint:?}: {count}");
        }
        assert!(times.len() > 600, "the limit was not reached");
    }
    // One creation for each user, and for those who have left another one.
    let (created, _) = calls(&app, Endpoint::CreateVerification);
    assert_eq!(created.len(), USERS + USERS / 10);
    // One decision for most users. The reviews are looked at seven times.
    let (asked, _) = calls(&app, Endpoint::VerificationDecision);
    let soon = created[0] + Duration::from_secs(420);
    let asked = asked.iter().filter(|at| **at < soon).count();
    assert!((USERS..USERS * 5 / 2).contains(&asked), "{asked}");
}

// Behaviours 128 to 130.
#[tokio::test]
async fn a_thousand_users_of_three_processes_get_through_although_didit_limits_them() {
    let app = crowd(3).await;
    // Each process keeps the limits, and all of them together do not.
    let (_, refused) = calls(&app, Endpoint::CreateVerification);
    assert!((1..USERS).contains(&refused), "{refused}");
}
