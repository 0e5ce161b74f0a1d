//! The program, started by a test.

use std::{
    io::{BufRead, BufReader, Read},
    net::{SocketAddr, TcpStream},
    process::{Child, ChildStdout, Command, Output, Stdio},
};

use serde_json::Value;

use crate::answers::{self, Answer};

pub(crate) const CONFIDENTIAL: [&str; 6] = [
    "--client-id",
    "app",
    "--client-secret",
    "secret",
    "--redirect-uri",
    REDIRECT_URI,
];
pub(crate) const AUTHENTICATION: [&str; 5] = [
    "--authentication",
    "--client-id",
    "app",
    "--redirect-uri",
    REDIRECT_URI,
];
pub(crate) const REDIRECT_URI: &str = "http://localhost:3000/callback";

/// A program that listens; it ends with the test.
pub(crate) struct Program {
    child: Child,
    stdout: BufReader<ChildStdout>,
    announced: String,
    pub(crate) address: SocketAddr,
}

/// Runs the program to its end.
pub(crate) fn run(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

impl Program {
    /// Starts it on a free port.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut child = command(&[arguments, &["--listen", "127.0.0.1:0"]].concat())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut announced = String::new();
        stdout.read_line(&mut announced).unwrap();
        let (_, address) = announced.trim_end().split_once("http://").unwrap();
        let address = address.parse().unwrap();
        Self {
            child,
            stdout,
            announced,
            address,
        }
    }

    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A connection to it.
    pub(crate) fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).unwrap()
    }

    /// Sends a request written by hand, but for `Host` and `Connection`, on a connection of its own.
    pub(crate) fn send(&self, head: &str, body: &str) -> Answer {
        answers::to(self.connect(), &self.request(head, body))
    }

    pub(crate) fn request(&self, head: &str, body: &str) -> String {
        let (line, headers) = head.split_once('\n').unwrap_or((head, ""));
        let headers: String = headers.lines().flat_map(|line| [line, "\r\n"]).collect();
        format!(
            "{line} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n{body}",
            self.address,
            body.len()
        )
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send(&format!("GET {path}"), "")
    }

    /// Calls the JSON API.
    pub(crate) fn call(&self, method: &str, path: &str, body: &Value) -> Answer {
        let head = format!("{method} /fake/api/{path}\nContent-Type: application/json");
        self.send(&head, &body.to_string())
    }

    /// What a good call of the JSON API gives.
    pub(crate) fn api(&self, method: &str, path: &str, body: &Value) -> Value {
        let answer = self.call(method, path, body);
        assert_eq!(
            answer.status, 200,
            "{method} {path} {body}: {}",
            answer.body
        );
        answer.json()
    }

    /// The requests so far, as the API tells them.
    pub(crate) fn requests(&self) -> Vec<Value> {
        let told = self.api("GET", "requests", &Value::Null);
        told["requests"].as_array().unwrap().clone()
    }

    /// Asks it to stop; gives all that it printed, and its exit code.
    #[cfg(unix)]
    pub(crate) fn stop(mut self) -> (String, Option<i32>) {
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &pid])
                .status()
                .unwrap()
                .success()
        );
        let mut printed = std::mem::take(&mut self.announced);
        self.stdout.read_to_string(&mut printed).unwrap();
        (printed, self.child.wait().unwrap().code())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fake-didit"));
    command.args(arguments).stdin(Stdio::null());
    command
}
