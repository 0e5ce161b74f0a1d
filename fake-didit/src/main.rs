//! The program `fake-didit`: see [`fake_didit::program`].

use std::{env, process::ExitCode};

fn main() -> ExitCode {
    fake_didit::program::run(env::args_os())
}
