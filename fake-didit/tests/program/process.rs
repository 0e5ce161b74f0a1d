//! The program as a child process.

use std::{
    io::{BufRead, BufReader, Read},
    net::{SocketAddr, TcpStream},
    process::{Child, ChildStdout, Command, Output, Stdio},
};

use serde_json::Value;

use crate::responses::{self, Response};

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

/// A running program, which stops when it is dropped.
pub(crate) struct Program {
    child: Child,
    stdout: BufReader<ChildStdout>,
    first_line: String,
    pub(crate) address: SocketAddr,
}

/// The output of a stopped program.
#[cfg(unix)]
pub(crate) struct Stopped {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) code: Option<i32>,
}

/// Runs the program until it exits.
pub(crate) fn run(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

impl Program {
    /// Starts the program on a free port.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut child = command(&[arguments, &["--listen", "127.0.0.1:0"]].concat())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut first_line = String::new();
        stdout.read_line(&mut first_line).unwrap();
        let (_, address) = first_line.trim_end().split_once("http://").unwrap();
        let address = address.parse().unwrap();
        Self {
            child,
            stdout,
            first_line,
            address,
        }
    }

    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Connects to the program.
    pub(crate) fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).unwrap()
    }

    /// Sends a raw request on a new connection; `Host`, `Connection` and `Content-Length` are added.
    pub(crate) fn send(&self, head: &str, body: &str) -> Response {
        responses::to(self.connect(), &self.request(head, body))
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

    pub(crate) fn get(&self, path: &str) -> Response {
        self.send(&format!("GET {path}"), "")
    }

    /// Sends a request to the JSON API.
    pub(crate) fn call(&self, method: &str, path: &str, body: &Value) -> Response {
        let head = format!("{method} /fake/api/{path}\nContent-Type: application/json");
        self.send(&head, &body.to_string())
    }

    /// The body of a successful request to the JSON API.
    pub(crate) fn api(&self, method: &str, path: &str, body: &Value) -> Value {
        let response = self.call(method, path, body);
        assert_eq!(
            response.status, 200,
            "{method} {path} {body}: {}",
            response.body
        );
        response.json()
    }

    /// The recorded requests.
    pub(crate) fn requests(&self) -> Vec<Value> {
        let body = self.api("GET", "requests", &Value::Null);
        body["requests"].as_array().unwrap().clone()
    }

    /// Stops the program with SIGTERM.
    #[cfg(unix)]
    pub(crate) fn stop(mut self) -> Stopped {
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &pid])
                .status()
                .unwrap()
                .success()
        );
        let mut stdout = std::mem::take(&mut self.first_line);
        self.stdout.read_to_string(&mut stdout).unwrap();
        let mut stderr = String::new();
        let mut pipe = self.child.stderr.take().unwrap();
        pipe.read_to_string(&mut stderr).unwrap();
        let code = self.child.wait().unwrap().code();
        Stopped {
            stdout,
            stderr,
            code,
        }
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
