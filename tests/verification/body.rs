//! The body is bounded in size and time.

use std::{convert::Infallible, io, time::Duration};

use axum::body::Body;
use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, stream, stream::FuturesUnordered};
use http::{Response, StatusCode};
use tokio::time::{Instant, sleep};

use crate::delivery::{Delivery, NOW, Site, approved, with};

const LIMIT: usize = 1024 * 1024;

/// A delivery of so many bytes.
fn of_length(length: usize) -> Delivery {
    let empty = with(approved(), "/metadata", "".into());
    let filling = "x".repeat(length - empty.to_string().len());
    Delivery::of(&with(empty, "/metadata", filling.into()))
}

async fn answer_to(site: &Site, delivery: Delivery, body: Body) -> StatusCode {
    let request = delivery.request().map(|_| body);
    let response = site.respond_to(request, |_| async { Response::default() });
    response.await.status()
}

// Behaviour 127.
#[tokio::test]
async fn a_body_has_at_most_one_mebibyte() {
    let site = Site::new();
    assert_eq!(site.answer(of_length(LIMIT)).await, StatusCode::OK);
    assert_eq!(site.received()[0].1.len(), LIMIT);
    let larger = site.answer(of_length(LIMIT + 1)).await;
    assert_eq!(larger, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(site.count(), 1);
}

// Behaviour 127.
#[tokio::test]
async fn a_stream_is_read_to_the_limit_and_no_further() {
    let site = Site::new();
    let chunk = Bytes::from(vec![b' '; 64 * 1024]);
    let endless = stream::repeat(Ok::<_, Infallible>(chunk));
    let answer = answer_to(&site, Delivery::of(&approved()), Body::from_stream(endless));
    assert_eq!(answer.await, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(site.count(), 0);
}

#[tokio::test]
async fn what_cannot_be_authentic_is_refused_before_its_body_is_read() {
    let site = Site::new();
    let unread = stream::once(async { panic!("it is read") });
    let unread = Body::from_stream(unread.map(Ok::<Bytes, Infallible>));
    let stale = Delivery::of(&with(approved(), "/timestamp", (NOW - 301).into()));
    assert_eq!(
        answer_to(&site, stale, unread).await,
        StatusCode::UNAUTHORIZED
    );
}

// Behaviour 127.
#[tokio::test(start_paused = true)]
async fn a_body_takes_at_most_four_seconds() {
    let drip = |delivery: &Delivery, pause| {
        let bytes = delivery.body.clone().into_iter();
        Body::from_stream(stream::iter(bytes).then(move |byte| async move {
            sleep(pause).await;
            Ok::<_, Infallible>(Bytes::copy_from_slice(&[byte]))
        }))
    };
    let delivery = Delivery::of(&approved());
    let site = Site::new();
    let pauses = u32::try_from(delivery.body.len()).unwrap();
    let slow = drip(&delivery, Duration::from_secs(3) / pauses);
    assert_eq!(
        answer_to(&site, delivery.clone(), slow).await,
        StatusCode::OK
    );

    let (start, site) = (Instant::now(), Site::new());
    let slower = drip(&delivery, Duration::from_secs(1));
    let answer = answer_to(&site, delivery, slower).await;
    // Didit may have sent it, and repeats a webhook after this answer only.
    assert_eq!(answer, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(start.elapsed().as_secs(), 4);
    assert_eq!(site.count(), 0);
}

// CVE-2019-9518: HTTP/2 allows frames without data. Behaviour 127.
#[tokio::test(start_paused = true)]
async fn empty_frames_do_not_outlast_the_time_limit() {
    let site = Site::new();
    let mut frames = 0;
    let empty = stream::repeat_with(move || {
        frames += 1;
        assert!(frames < 100_000, "nothing ends the body");
        Ok::<_, Infallible>(Bytes::new())
    });
    let answer = answer_to(&site, Delivery::of(&approved()), Body::from_stream(empty));
    let (answer, ()) = tokio::join!(answer, tokio::time::advance(Duration::from_secs(4)));
    assert_eq!(answer, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(site.count(), 0);
}

#[tokio::test]
async fn a_body_that_breaks_off_may_be_sent_again() {
    let site = Site::new();
    let delivery = Delivery::of(&approved());
    let broken = stream::iter([
        Ok(Bytes::from(delivery.body.clone())),
        Err(io::Error::from(io::ErrorKind::ConnectionReset)),
    ]);
    let answer = answer_to(&site, delivery, Body::from_stream(broken)).await;
    assert_eq!(answer, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(site.count(), 0);
}

// Behaviour 127.
#[tokio::test(start_paused = true)]
async fn large_bodies_that_do_not_end_take_bounded_memory_and_keep_no_webhook_out() {
    let site = Site::new();
    let endless = |size: usize| {
        let start = stream::iter([Ok::<_, Infallible>(Bytes::from(vec![b' '; size]))]);
        answer_to(
            &site,
            Delivery::of(&approved()),
            Body::from_stream(start.chain(stream::pending())),
        )
    };
    let mut large: FuturesUnordered<_> = (0..100).map(|_| endless(1_000_000)).collect();
    for _ in 0..68 {
        // At once: the others wait.
        assert_eq!(large.next().now_or_never().flatten(), Some(BUSY));
    }
    assert_eq!(large.next().now_or_never(), None);
    assert_eq!(
        site.answer(of_length(64 * 1024)).await,
        StatusCode::OK,
        "one like Didit's"
    );
    assert_eq!(site.answer(of_length(LIMIT)).await, BUSY);
    tokio::time::advance(Duration::from_secs(4)).await;
    while let Some(answer) = large.next().await {
        assert_eq!(answer, BUSY);
    }
    let later = with(approved(), "/event_id", "later".into());
    let filled = with(later, "/metadata", "x".repeat(200_000).into());
    assert_eq!(site.answer(Delivery::of(&filled)).await, StatusCode::OK);
}

const BUSY: StatusCode = StatusCode::SERVICE_UNAVAILABLE;
