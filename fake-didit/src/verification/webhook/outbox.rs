//! The webhooks that wait, and those that were sent.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use bytes::Bytes;
use http::Request;
use serde_json::{Map, Value};
use tokio::sync::Notify;

use crate::{
    browser::site::Site,
    log::{Outcome, RecordedRequest},
    verification::{
        destinations::EVENTS,
        webhook::{
            event,
            fault::{HOUR, Kind, Time, WebhookFault},
            request::request,
        },
    },
};

/// The destinations, the faults and the events of an application.
#[derive(Debug)]
pub(crate) struct Outbox {
    /// The secret of the destinations that a test adds.
    pub(crate) secret: String,
    /// Whether bodies have no other characters than ASCII.
    pub(crate) is_ascii: bool,
    /// Whether the task that delivers in the background pauses.
    pub(crate) is_paused: bool,
    /// How many times faster retries come.
    pub(crate) speed: u64,
    pub(crate) destinations: Vec<Destination>,
    /// The receivers in this process, by origin.
    pub(crate) sites: HashMap<String, Site>,
    pub(crate) on_next: VecDeque<WebhookFault>,
    pub(crate) on_every: Option<WebhookFault>,
    /// Wakes the task that delivers in the background.
    pub(crate) added: Arc<Notify>,
    waiting: VecDeque<Delivery>,
    /// Waits for the next event.
    held: Vec<Delivery>,
    last: Option<Delivery>,
    sent: VecDeque<Attempt>,
    count: u64,
}

/// A webhook that was sent.
#[derive(Debug)]
pub(crate) struct Attempt {
    pub(crate) request: RecordedRequest,
    #[cfg(feature = "cli")]
    pub(crate) fault: Option<WebhookFault>,
}

/// A webhook destination.
#[derive(Clone, Debug)]
pub(crate) struct Destination {
    pub(crate) id: String,
    pub(crate) label: String,
    pub(crate) url: String,
    pub(crate) is_enabled: bool,
    pub(crate) version: Version,
    pub(crate) events: Vec<&'static str>,
    pub(crate) secret: String,
    pub(crate) created_at: u64,
}

/// The form of the decision in a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    V1,
    V2,
    V3,
}

impl Version {
    pub(crate) fn parse(name: &str) -> Option<Self> {
        [Self::V1, Self::V2, Self::V3]
            .into_iter()
            .find(|version| version.name() == name)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V2 => "v2",
            Self::V3 => "v3",
        }
    }
}

/// An event for a destination.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    event: Map<String, Value>,
    destination: String,
    fault: Option<WebhookFault>,
    /// Seconds since 1970.
    due: u64,
    /// How often it was sent.
    attempts: usize,
    /// As it was sent first: retries are not signed anew.
    request: Option<Request<Bytes>>,
}

impl Outbox {
    pub(crate) fn new(secret: String) -> Self {
        Self {
            secret,
            is_ascii: false,
            is_paused: false,
            speed: 1,
            destinations: Vec::new(),
            sites: HashMap::new(),
            on_next: VecDeque::new(),
            on_every: None,
            added: Arc::default(),
            waiting: VecDeque::new(),
            held: Vec::new(),
            last: None,
            sent: VecDeque::new(),
            count: 0,
        }
    }

    /// Queues an event for each destination that is subscribed to it.
    pub(crate) fn add(&mut self, event: &Map<String, Value>, now: u64) {
        let kind = event
            .get("webhook_type")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let subscribed = self.destinations.iter().filter(|destination| {
            let subscribes = destination.events.contains(&kind) || !EVENTS.contains(&kind);
            destination.is_enabled && subscribes
        });
        let ids: Vec<_> = subscribed
            .map(|destination| destination.id.clone())
            .collect();
        if ids.is_empty() {
            return;
        }
        let fault = self.next_fault();
        let time = match fault.map(|fault| fault.kind) {
            Some(Kind::Time(time)) => Some(time),
            _ => None,
        };
        let due = if time == Some(Time::Late) {
            now.saturating_add(HOUR)
        } else {
            now
        };
        for destination in ids {
            let delivery = Delivery {
                event: event.clone(),
                destination,
                fault,
                due,
                attempts: 0,
                request: None,
            };
            match time {
                Some(Time::Never) => {}
                Some(Time::AfterTheNext) => self.held.push(delivery),
                Some(Time::Twice) => self.waiting.extend([delivery.clone(), delivery]),
                Some(Time::Late) | None => self.waiting.push_back(delivery),
            }
        }
        if time != Some(Time::AfterTheNext) {
            self.waiting.extend(self.held.drain(..));
        }
        while self.waiting.len() > CAPACITY {
            self.waiting.pop_front();
        }
        self.added.notify_one();
    }

    /// The fault of an event that is sent now.
    pub(crate) fn next_fault(&mut self) -> Option<WebhookFault> {
        self.on_next.pop_front().or(self.on_every)
    }

    /// Removes the first delivery that is due, with its request.
    pub(crate) fn take_due(&mut self, now: u64) -> Option<(Delivery, Request<Bytes>)> {
        loop {
            let at = self
                .waiting
                .iter()
                .position(|delivery| delivery.due <= now)?;
            let delivery = self.waiting.remove(at)?;
            if let Some(prepared) = self.prepare(delivery, now) {
                return Some(prepared);
            }
        }
    }

    /// The latest delivery again, signed now and without a fault.
    pub(crate) fn take_last(&mut self, now: u64) -> Option<(Delivery, Request<Bytes>)> {
        let mut delivery = self.last.clone()?;
        delivery.fault = None;
        delivery.request = None;
        delivery.attempts = RETRIES.len(); // is not retried
        self.prepare(delivery, now)
    }

    /// The request of a delivery; `None` if its destination was removed.
    fn prepare(&self, mut delivery: Delivery, now: u64) -> Option<(Delivery, Request<Bytes>)> {
        let destination = self
            .destinations
            .iter()
            .find(|destination| destination.id == delivery.destination)?;
        let request = delivery.request.take().unwrap_or_else(|| {
            let mut event = delivery.event.clone();
            if destination.version == Version::V2 {
                event::into_v2(&mut event);
            }
            let (secret, url) = (&destination.secret, &destination.url);
            request(event, secret, self.is_ascii, delivery.fault, url, now)
        });
        delivery.request = Some(request.clone());
        Some((delivery, request))
    }

    /// Records an attempt, and queues the next one if the receiver was not available.
    pub(crate) fn record(
        &mut self,
        mut delivery: Delivery,
        outcome: Outcome,
    ) -> Option<RecordedRequest> {
        self.count += 1;
        let now = outcome.at;
        let outcome = Outcome {
            number: self.count,
            ..outcome
        };
        let status = outcome.status.map(|status| status.as_u16());
        let recorded = RecordedRequest::new(delivery.request.as_ref()?, outcome);
        self.sent.push_back(Attempt {
            request: recorded.clone(),
            #[cfg(feature = "cli")]
            fault: delivery.fault,
        });
        if self.sent.len() > CAPACITY {
            self.sent.pop_front();
        }
        self.last = Some(delivery.clone());
        let is_retried = matches!(status, None | Some(404 | 500..));
        if let Some(after) = RETRIES.get(delivery.attempts).filter(|_| is_retried) {
            delivery.attempts += 1;
            delivery.due = now.saturating_add(after / self.speed);
            self.waiting.push_back(delivery);
        }
        Some(recorded)
    }

    pub(crate) fn clear_faults(&mut self) {
        self.on_next.clear();
        self.on_every = None;
    }

    /// The attempts so far, oldest first.
    pub(crate) fn sent(&self) -> impl DoubleEndedIterator<Item = &Attempt> {
        self.sent.iter()
    }

    /// How many webhooks wait: those that are due, those that will be sent again, and those that come later.
    #[cfg(feature = "cli")]
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len() + self.held.len()
    }

    /// The number of attempts so far.
    #[cfg(feature = "cli")]
    pub(crate) fn attempts(&self) -> u64 {
        self.count
    }
}

/// After how many seconds a webhook is sent again.
const RETRIES: [u64; 2] = [60, 240];
/// How many webhooks wait, and how many are kept.
const CAPACITY: usize = 10_000;
