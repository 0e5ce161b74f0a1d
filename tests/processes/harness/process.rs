//! A program of a story, run as a real process: its output is kept, and it is killed when dropped.

use std::{
    env,
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

/// How long a program may take to say what it is waited for: far more than any needs.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running program.
pub(crate) struct Process {
    name: String,
    child: Child,
    output: Arc<Output>,
}

impl Process {
    /// Starts `command`. Where there is no such program, the test fails with `if_missing`.
    pub(crate) fn start(command: &mut Command, if_missing: &str) -> Self {
        let name = Path::new(command.get_program())
            .file_name()
            .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let mut child = command
            .stdin(Stdio::piped()) // kept open: the peer ends when it closes
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start `{name}` ({error}): {if_missing}"));
        let output = Arc::new(Output::default());
        output.collect(child.stdout.take().expect("stdout is piped"));
        output.collect(child.stderr.take().expect("stderr is piped"));
        Self {
            name,
            child,
            output,
        }
    }

    /// What follows `marker` on the first line that contains it, waiting for that line.
    pub(crate) fn wait_for(&self, marker: &str) -> String {
        self.find(marker).unwrap_or_else(|why| {
            panic!("`{}` did not print `{marker}` {why}", self.name);
        })
    }

    /// Likewise, or why it never comes.
    pub(crate) fn find(&self, marker: &str) -> Result<String, &'static str> {
        let (lines, wait) = self
            .output
            .changed
            .wait_timeout_while(self.output.lines(), PATIENCE, |lines| {
                lines.open > 0 && lines.after(marker).is_none()
            })
            .unwrap_or_else(PoisonError::into_inner);
        lines.after(marker).ok_or(if wait.timed_out() {
            "in time"
        } else {
            "before it ended"
        })
    }

    /// The lines printed so far, to both streams.
    pub(crate) fn printed(&self) -> Vec<String> {
        self.output.lines().text.clone()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Either fails only where the program has ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            eprintln!(
                "`{}` had printed:\n  {}",
                self.name,
                self.printed().join("\n  ")
            );
        }
    }
}

/// An example of this crate, to be started without the `DIDIT_*` and `*_PROXY` variables of whoever runs the tests.
pub(crate) fn example(name: &str) -> Command {
    let test = env::current_exe().expect("the running test has a path");
    let program = test
        .ancestors()
        .nth(2) // target/<profile>/deps/<test>
        .expect("a test is built below the target directory")
        .join("examples")
        .join(format!("{name}{}", env::consts::EXE_SUFFIX));
    assert!(
        program.is_file(),
        "{} is missing: run `cargo build --all-features --examples` first (`./test.sh tests` does)",
        program.display()
    );
    let mut command = Command::new(program);
    for (variable, _) in env::vars_os() {
        let name = variable.to_string_lossy().to_ascii_uppercase();
        if name.starts_with("DIDIT_") || name.ends_with("_PROXY") {
            command.env_remove(variable);
        }
    }
    command
}

#[derive(Default)]
struct Output {
    lines: Mutex<Lines>,
    changed: Condvar,
}

#[derive(Default)]
struct Lines {
    text: Vec<String>,
    /// Of stdout and stderr, how many the program has not closed yet.
    open: usize,
}

impl Output {
    /// Also after a panic of whoever waited for a line: what was printed says why.
    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads `stream` to its end, on a thread of its own.
    fn collect(self: &Arc<Self>, stream: impl Read + Send + 'static) {
        let output = Arc::clone(self);
        output.lines().open += 1;
        thread::spawn(move || {
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                output.lines().text.push(line);
                output.changed.notify_all();
            }
            output.lines().open -= 1;
            output.changed.notify_all();
        });
    }
}

impl Lines {
    fn after(&self, marker: &str) -> Option<String> {
        let mut found = self.text.iter().filter_map(|line| line.split_once(marker));
        found.next().map(|(_, rest)| rest.trim().to_owned())
    }
}
