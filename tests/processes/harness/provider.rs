//! A Didit Authentication on a socket, whose refreshes go as a story wants them to.

use std::{
    collections::{HashMap, HashSet},
    convert::Infallible,
    future, io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use aws_lc_rs::digest;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};
use tower::Service;
use tower_didit::fake::FakeDidit;

use super::{
    answer::Answer,
    course::{Attempt, Course},
    member::Member,
    moment::{in_time, wait_until},
};
use crate::support::port::Port;

/// The provider. Its refresh tokens are single-use; reuse terminates the session.
pub(crate) struct Provider {
    didit: FakeDidit,
    port: Port,
    books: Arc<Books>,
    listens: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Default)]
struct Books {
    /// By session. Honest where there is none.
    courses: Mutex<HashMap<String, Course>>,
    /// Whose a refresh token is.
    owners: Mutex<HashMap<String, String>>,
    /// The fingerprints of access tokens, each with its session.
    given: Mutex<HashSet<(String, String)>>,
    attempts: watch::Sender<Vec<Attempt>>,
    /// The codes whose exchange is held, and whether it has arrived.
    exchanges: watch::Sender<HashMap<String, bool>>,
    released: watch::Sender<bool>,
}

impl Provider {
    pub(crate) async fn start(client_id: &str, redirect_uri: &str) -> Self {
        let port = Port::keep();
        let didit = FakeDidit::authentication(client_id)
            .with_system_clock()
            .with_redirect_uri(redirect_uri)
            .with_issuer(port.origin());
        let provider = Self {
            didit,
            port,
            books: Arc::default(),
            listens: Mutex::default(),
        };
        provider.listen().await;
        provider
    }

    pub(crate) fn didit(&self) -> &FakeDidit {
        &self.didit
    }

    pub(crate) fn issuer(&self) -> String {
        self.port.origin()
    }

    /// The access tokens that it gives out from now on live that long.
    pub(crate) fn set_life(&self, life: Duration) {
        // All clones are the same Didit.
        let _ = self.didit.clone().with_access_token_lifetime(life);
    }

    /// From now on this happens to the refreshes of a session.
    pub(crate) fn set_course(&self, session: &str, course: Course) {
        lock(&self.books.courses).insert(session.to_owned(), course);
    }

    /// The answers that are held are given.
    pub(crate) fn let_go(&self) {
        self.books.released.send_replace(true);
    }

    /// The exchange of this code waits until `release`.
    pub(crate) fn hold(&self, code: &str) {
        self.books.exchanges.send_modify(|held| {
            held.insert(code.to_owned(), false);
        });
    }

    /// Waits until an exchange that is held has arrived.
    pub(crate) async fn has_received_code(&self, code: &str) {
        let mut exchanges = self.books.exchanges.subscribe();
        let arrived = exchanges.wait_for(|held| held.get(code) == Some(&true));
        let arrived = in_time("the provider gets the code", arrived).await;
        arrived.expect("the provider is there");
    }

    pub(crate) fn release(&self, code: &str) {
        self.books.exchanges.send_modify(|held| {
            held.remove(code);
        });
    }

    /// The refreshes that arrived.
    pub(crate) fn attempts(&self) -> Vec<Attempt> {
        self.books.attempts.borrow().clone()
    }

    /// How many of them are of a session.
    pub(crate) fn attempts_of(&self, session: &str) -> usize {
        count(&self.books.attempts.borrow(), session)
    }

    /// Waits until one of a session has arrived.
    pub(crate) async fn has_received(&self, session: &str) {
        let mut attempts = self.books.attempts.subscribe();
        let arrived = attempts.wait_for(|attempts| count(attempts, session) > 0);
        let arrived = in_time("the provider gets the refresh token", arrived).await;
        arrived.expect("the provider is there");
    }

    /// Whether a session was given the access token that has this fingerprint.
    fn has_given(&self, fingerprint: &str, session: &str) -> bool {
        let given = (fingerprint.to_owned(), session.to_owned());
        lock(&self.books.given).contains(&given)
    }

    /// Asserts that a response is good, and shows a token of `member`.
    #[track_caller]
    pub(crate) fn assert_is_of(&self, answer: &Answer, member: &Member) {
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        assert!(self.has_given(&answer.body, member.session()), "another's");
    }

    /// Refuses connections from now on. It never keeps one: none is left over.
    pub(crate) async fn close(&self) {
        let listens = lock(&self.listens).take().expect("it listens");
        listens.abort();
        let ended = listens.await;
        assert!(ended.is_err_and(|error| error.is_cancelled()));
    }

    /// Takes connections again.
    pub(crate) async fn listen(&self) {
        let listener = TcpListener::bind(("127.0.0.1", self.port.number())).await;
        let listener = listener.expect("the port is kept");
        let (didit, books) = (self.didit.clone(), Arc::clone(&self.books));
        let listens = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (didit, books) = (didit.clone(), Arc::clone(&books));
                let answer =
                    service_fn(move |request| answer(didit.clone(), Arc::clone(&books), request));
                // An error is an application that was killed, or has waited for long enough.
                let connection = http1::Builder::new()
                    .keep_alive(false)
                    .serve_connection(TokioIo::new(stream), answer);
                tokio::spawn(connection);
            }
        });
        *lock(&self.listens) = Some(listens);
    }
}

/// An error ends the connection without a response.
async fn answer(
    mut didit: FakeDidit,
    books: Arc<Books>,
    request: Request<Incoming>,
) -> io::Result<Response<Full<Bytes>>> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let refresh_token = refresh_token(&body);
    let mut ask = async || -> Response<Bytes> {
        let request = Request::from_parts(parts.clone(), body.clone());
        let answer: Result<_, Infallible> = didit.call(request).await;
        let answer = answer.expect("it always answers");
        books.enter(answer.body());
        answer
    };
    let Some(refresh_token) = refresh_token else {
        let answer = ask().await;
        books.wait_for_release(&body).await;
        return Ok(answer.map(Full::new));
    };
    let course = books.note(refresh_token);
    let answer = match course {
        Course::Honest => ask().await,
        Course::Dawdles => {
            let answer = ask().await;
            wait_until(Instant::now() + SLOW).await;
            answer
        }
        Course::Held => {
            let answer = ask().await;
            let mut released = books.released.subscribe();
            let released = released.wait_for(|released| *released).await;
            released.expect("the books are there");
            answer
        }
        Course::Fails => told(StatusCode::INTERNAL_SERVER_ERROR, "out of order"),
        Course::HangsUp => return Err(io::ErrorKind::ConnectionAborted.into()),
        Course::LosesTheAnswer => {
            ask().await;
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        Course::Stalls => future::pending().await,
        Course::Stammers => {
            ask().await;
            told(StatusCode::OK, "<html>")
        }
        Course::Refuses => told(StatusCode::BAD_REQUEST, r#"{"error":"invalid_grant"}"#),
    };
    Ok(answer.map(Full::new))
}

fn told(status: StatusCode, body: &'static str) -> Response<Bytes> {
    let answer = Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, "application/json");
    answer.body(body.into()).expect("a good answer")
}

fn refresh_token(body: &Bytes) -> Option<String> {
    member(body, "refresh_token")
}

fn member(body: &Bytes, name: &str) -> Option<String> {
    let members: Value = serde_json::from_slice(body).ok()?;
    Some(members.get(name)?.as_str()?.to_owned())
}

impl Books {
    /// Holds the exchange of a code, if it is to be held.
    async fn wait_for_release(&self, body: &Bytes) {
        let Some(code) = member(body, "code") else {
            return;
        };
        self.exchanges.send_if_modified(|held| {
            let arrived = held.get_mut(&code).map(|arrived| *arrived = true);
            arrived.is_some()
        });
        let mut exchanges = self.exchanges.subscribe();
        let released = exchanges.wait_for(|held| !held.contains_key(&code));
        released.await.expect("the books are there");
    }

    /// Writes a refresh down, and tells what happens to it.
    fn note(&self, refresh_token: String) -> Course {
        let owner = lock(&self.owners).get(&refresh_token).cloned();
        let session = owner.expect("a refresh token that was given out");
        let course = lock(&self.courses).get(&session).copied();
        let course = course.unwrap_or(Course::Honest);
        let attempt = Attempt {
            session,
            refresh_token,
            course,
        };
        self.attempts.send_modify(|attempts| attempts.push(attempt));
        course
    }

    /// Writes down whose tokens a response has.
    fn enter(&self, answer: &Bytes) {
        let Ok(answer) = serde_json::from_slice::<Value>(answer) else {
            return;
        };
        let text = |name| answer.get(name).and_then(Value::as_str);
        let Some(access_token) = text("access_token") else {
            return;
        };
        let claims = access_token.split('.').nth(1).expect("a JWT");
        let claims = BASE64_URL_SAFE_NO_PAD.decode(claims).expect("base64");
        let claims: Value = serde_json::from_slice(&claims).expect("JSON");
        let session = claims["sid"].as_str().expect("a session").to_owned();
        lock(&self.given).insert((fingerprint(access_token), session.clone()));
        if let Some(refresh_token) = text("refresh_token") {
            lock(&self.owners).insert(refresh_token.to_owned(), session);
        }
    }
}

/// As `/tokens/fingerprint` of the application shows it.
fn fingerprint(access_token: &str) -> String {
    let hash = digest::digest(&digest::SHA256, access_token.as_bytes());
    let [a, b, c, d, ..] = *hash.as_ref() else {
        unreachable!("SHA-256 gives 32 bytes");
    };
    format!("{a:02x}{b:02x}{c:02x}{d:02x}")
}

fn count(attempts: &[Attempt], session: &str) -> usize {
    attempts
        .iter()
        .filter(|attempt| attempt.session == session)
        .count()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// More than two seconds, and less than the application's timeout.
const SLOW: Duration = Duration::from_millis(2200);
