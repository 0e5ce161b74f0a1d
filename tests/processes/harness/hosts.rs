//! What host names point to, for one test.

use std::{
    env, fs,
    path::PathBuf,
    process::Command,
    time::{Duration, SystemTime},
};

use super::{library::library, process::Process};

/// The hosts file of this process, which `nss_wrapper` reads in place of `/etc/hosts`.
pub(crate) struct Hosts {
    file: PathBuf,
    changed: SystemTime,
}

impl Hosts {
    /// The hosts of this process, if it has its own. Otherwise runs the test in another process, which has.
    pub(crate) fn of_test(name: &str) -> Option<Self> {
        if let Some(file) = env::var_os(VARIABLE) {
            return Some(Self {
                file: file.into(),
                changed: SystemTime::now(),
            });
        }
        let file = format!("hosts-{}", std::process::id());
        let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(file);
        fs::write(&file, "").expect("the target directory can be written");
        let test = Process::start(
            Command::new(env::current_exe().expect("the running test has a path"))
                .args(["--exact", name, "--nocapture"])
                .env("LD_PRELOAD", library("libnss_wrapper.so", "libnss-wrapper"))
                .env(VARIABLE, &file),
            "it was just there",
        );
        test.wait_for("test result: ok. 1 passed");
        println!("{}", test.printed().join("\n"));
        fs::remove_file(file).expect("it is there");
        None
    }

    /// A name points to this address.
    pub(crate) fn point(&mut self, name: &str, address: &str) {
        // `nss_wrapper` looks at whole seconds to notice a change.
        self.changed += Duration::from_secs(1);
        fs::write(&self.file, format!("{address} {name}\n"))
            .expect("the target directory can be written");
        let file = fs::File::options().append(true).open(&self.file);
        let touched = file.and_then(|file| file.set_modified(self.changed));
        touched.expect("the file is there");
    }
}

const VARIABLE: &str = "NSS_WRAPPER_HOSTS";
