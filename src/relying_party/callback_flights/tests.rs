use super::*;
use crate::{
    session::Limits,
    tokens::{AccessToken, DiditTokens, IdClaims, Scopes, TokenSet},
};
use tokio_util::task::TaskTracker;

const NOW: Timestamp = Timestamp::from_unix(1_000);
const CODE: CodeHash = [1; 32];

#[expect(clippy::unnecessary_wraps, reason = "an exchange gives a result")]
fn exchanged() -> ExchangeResult {
    let tokens = DiditTokens::new(
        TokenSet {
            access_token: AccessToken::new("at"),
            refresh_token: None,
            id_token: None,
            scopes: Scopes::new("openid"),
            expires_at: None,
            received_at: NOW,
        },
        IdClaims::of_subject("john"),
    );
    let limits = Limits {
        idle: KEPT,
        absolute: KEPT,
    };
    let session = Session::start(tokens, false, limits, NOW);
    Ok(Exchanged {
        session,
        arrival: Epoch::default(),
        generation: None,
    })
}

fn refused() -> ExchangeResult {
    let error = Error::new(ErrorKind::ProviderRefused);
    Err(TokenRequestFailure::not_repeatable(error))
}

/// Adds a callback whose exchange has completed.
async fn add(flights: &CallbackFlights, state: &str, exchanged: ExchangeResult) {
    let start = || Ok(Flight::start(&TaskTracker::new(), async { exchanged }));
    let flight = flights.join(state, CODE, NOW, start);
    let flight = flight.expect("the state was not used");
    assert!(flight.exchange.outcome().await.is_some(), "it completes");
}

fn is_retired(flights: &CallbackFlights, state: &str) -> bool {
    let flights = lock(&flights.by_state);
    let flight = flights.get(state).expect("the flight is kept");
    flight.retired.is_cancelled()
}

#[tokio::test]
async fn beyond_the_limit_failed_flights_are_retired_first_and_then_the_oldest() {
    let flights = CallbackFlights::default();
    add(&flights, "first", exchanged()).await;
    add(&flights, "failed", refused()).await;
    for state in 2..MAX_FLIGHTS {
        add(&flights, &state.to_string(), exchanged()).await;
    }
    assert!(!is_retired(&flights, "failed") && !is_retired(&flights, "first"));
    add(&flights, "another", exchanged()).await;
    assert!(is_retired(&flights, "failed") && !is_retired(&flights, "first"));
    add(&flights, "one more", exchanged()).await;
    assert!(is_retired(&flights, "first") && !is_retired(&flights, "2"));
}

#[tokio::test]
async fn a_callback_that_does_not_start_retires_no_flight() {
    let flights = CallbackFlights::default();
    for state in 0..MAX_FLIGHTS {
        add(&flights, &state.to_string(), exchanged()).await;
    }
    let full = || Err(Error::new(ErrorKind::TooManyTokenRequests));
    assert!(flights.join("another", CODE, NOW, full).is_err());
    assert!(!is_retired(&flights, "0"));
    assert!(flights.state_use("another", Some(CODE)).is_none());
}

#[tokio::test]
async fn a_cancelled_sign_in_stays_cancelled_if_its_code_was_not_sent() {
    let flights = CallbackFlights::default();
    add(&flights, "cancelled", refused()).await;
    add(&flights, "other", refused()).await;
    flights.cancel("cancelled", NOW);
    for state in ["cancelled", "other"] {
        flights.release(state, CODE);
    }
    let is_used = |state| flights.state_use(state, Some(CODE)).is_some();
    assert!(is_used("cancelled") && !is_used("other"));
}
