//! One application behind a real HTTP/1.1 connection, for `benches/instructions.sh`, which counts the
//! instructions of this process: `instructions APPLICATION REQUEST COUNT`.
//!
//! The client is another process, so that it is not counted.

mod client;
mod request;

use std::{
    env,
    io::Write,
    process::{Command, Stdio},
};

use axum::Router;
use tokio::{
    net::TcpListener,
    runtime::{Builder, Runtime},
};
use tower_didit_comparison::applications::{self, Application};

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["client", address, count] => client::run(address, number(count)),
        [application, request, count] => serve(application, request, number(count)),
        // `cargo bench` runs everything.
        _ => println!("to count instructions: benches/instructions.sh"),
    }
}

fn serve(application: &str, request: &str, count: usize) {
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let Application { router, cookies } = application_of(application, &runtime);
    let head = request::head(request, &cookies[0]);
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound").to_string();
        let mut client = Command::new(env::current_exe().expect("this program"))
            .args(["client", &address, &count.to_string()])
            .stdin(Stdio::piped())
            .spawn()
            .expect("this program starts");
        let mut stdin = client.stdin.take().expect("it is piped");
        stdin.write_all(head.as_bytes()).expect("the client reads");
        drop(stdin);
        tokio::spawn(async { axum::serve(listener, router).await });
        let ended = tokio::task::spawn_blocking(move || client.wait()).await;
        let status = ended.expect("no panic").expect("it was started");
        assert!(status.success(), "the client failed");
    });
}

fn application_of(name: &str, runtime: &Runtime) -> Application {
    // Without a session, the cookies are those of tower-didit.
    let without_session = |router: Router| Application {
        router,
        ..applications::tower_didit(runtime, 1)
    };
    match name {
        "bare" => without_session(applications::bare()),
        "floor" => without_session(applications::floor()),
        "tower-didit" => applications::tower_didit(runtime, 1),
        "tower-didit-bearer" => without_session(applications::tower_didit_bearer()),
        "tower-didit-memory" => applications::tower_didit_memory(runtime),
        "tower-sessions" => applications::tower_sessions(runtime),
        "private-cookie-jar" => applications::private_cookie_jar(runtime),
        "axum-login" => applications::axum_login(runtime),
        _ => panic!("no application of this name: {name}"),
    }
}

fn number(text: &str) -> usize {
    text.parse().expect("a number")
}
