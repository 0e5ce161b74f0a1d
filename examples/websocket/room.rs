//! The room of the chat, and the sockets in it.

use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use serde_json::json;
use tokio::{
    sync::broadcast::{self, error::RecvError},
    time::timeout,
};

/// In bytes. A longer message closes its socket.
pub(crate) const LONGEST_MESSAGE: usize = 2000;

/// The close code of a socket whose session has ended. 4000 to 4999 are free for applications (RFC 6455 §7.4.2).
const SESSION_ENDED: u16 = 4401;

/// Messages that a slow socket may be behind, before it misses some.
const BACKLOG: usize = 64;

/// How long a browser may take to close its side.
const PATIENCE: Duration = Duration::from_secs(5);

/// One room for everybody. Clones are the same room.
#[derive(Clone)]
pub(crate) struct Room {
    messages: broadcast::Sender<Utf8Bytes>,
}

impl Default for Room {
    fn default() -> Self {
        let (messages, _) = broadcast::channel(BACKLOG);
        Self { messages }
    }
}

impl Room {
    /// Serves a socket until it closes or its session has ended.
    pub(crate) async fn join(
        self,
        mut socket: WebSocket,
        name: String,
        ended: impl Future<Output = ()>,
    ) {
        // The end also interrupts a message to a browser that does not read.
        tokio::select! {
            () = ended => {
                // A browser that is gone needs no close frame.
                let _ = timeout(PATIENCE, close(&mut socket)).await;
            }
            _ = self.talk(&mut socket, &name) => {}
        }
    }

    /// Passes messages on in both directions, until the socket closes or fails.
    async fn talk(&self, socket: &mut WebSocket, name: &str) -> Result<(), axum::Error> {
        let mut messages = self.messages.subscribe();
        loop {
            tokio::select! {
                received = socket.recv() => match received.transpose()? {
                    Some(Message::Text(text)) => self.say(name, &text),
                    Some(_) => {}
                    None => return Ok(()),
                },
                message = messages.recv() => match message {
                    Ok(message) => socket.send(Message::Text(message)).await?,
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return Ok(()),
                },
            }
        }
    }

    fn say(&self, name: &str, text: &str) {
        let message = json!({ "name": name, "text": text }).to_string();
        // Fails only if nobody is in the room.
        let _ = self.messages.send(message.into());
    }
}

/// Sends the code, and reads until the browser has closed its side: a socket that is dropped earlier may take the code
/// with it.
async fn close(socket: &mut WebSocket) {
    let frame = CloseFrame {
        code: SESSION_ENDED,
        reason: "session ended".into(),
    };
    if socket.send(Message::Close(Some(frame))).await.is_ok() {
        while let Some(Ok(_)) = socket.recv().await {}
    }
}
