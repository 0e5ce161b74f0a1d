//! A server that receives webhooks.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    sync::mpsc::{self, Receiver},
    thread,
};

use serde_json::Value;

/// Answers requests with these statuses, one connection for each.
pub(crate) struct WebhookReceiver {
    pub(crate) url: String,
    requests: Receiver<Webhook>,
}

/// A webhook as it came.
pub(crate) struct Webhook {
    head: String,
    pub(crate) body: String,
}

impl WebhookReceiver {
    pub(crate) fn start(statuses: &'static [u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/webhook", listener.local_addr().unwrap());
        let (sender, requests) = mpsc::channel();
        thread::spawn(move || {
            for status in statuses {
                let (connection, _) = listener.accept().unwrap();
                let mut reader = BufReader::new(&connection);
                let mut head = String::new();
                while !head.ends_with("\r\n\r\n") {
                    assert_ne!(reader.read_line(&mut head).unwrap(), 0, "{head}");
                }
                let mut webhook = Webhook {
                    head,
                    body: String::new(),
                };
                let length = webhook.header("content-length").parse().unwrap();
                let mut body = reader.take(length);
                body.read_to_string(&mut webhook.body).unwrap();
                let answer = format!("HTTP/1.1 {status} Status\r\ncontent-length: 0\r\n\r\n");
                (&connection).write_all(answer.as_bytes()).unwrap();
                sender.send(webhook).unwrap();
            }
        });
        Self { url, requests }
    }

    /// Waits for the next webhook.
    pub(crate) fn next(&self) -> Webhook {
        self.requests.recv().unwrap()
    }
}

impl Webhook {
    pub(crate) fn header(&self, name: &str) -> &str {
        let mut lines = self.head.lines();
        let value = lines.find_map(|line| {
            let (found, value) = line.split_once(": ")?;
            found.eq_ignore_ascii_case(name).then_some(value)
        });
        value.unwrap_or_else(|| panic!("no {name}: {}", self.head))
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}
