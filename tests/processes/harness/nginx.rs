//! nginx with the configuration that Debian installs, in front of an application.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::process::Process;

/// The running proxy. Its folder and it itself are gone when it is dropped.
pub(crate) struct Nginx {
    folder: PathBuf,
    _process: Process,
}

impl Nginx {
    /// Starts it with `site` in place of Debian's sites. `name` is that of the test.
    pub(crate) fn start(name: &str, site: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("nginx-{name}"));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a temporary folder");
        let site_file = folder.join("site.conf");
        fs::write(&site_file, site).expect("a file in it");
        let main = folder.join("nginx.conf");
        fs::write(&main, main_configuration(&folder, &site_file)).expect("a file in it");

        let mut command = Command::new(program());
        command.arg("-c").arg(&main);
        command.args(["-e", "stderr", "-g", "daemon off; master_process off;"]);
        let process = Process::start(&mut command, "install Debian's package `nginx`");
        // It listens before it says its version.
        process.wait_for("nginx/");
        Self {
            folder,
            _process: process,
        }
    }

    /// The text of a log.
    pub(crate) fn log(&self, file: &str) -> String {
        fs::read_to_string(self.folder.join(file)).expect("a log")
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Debian keeps it out of the `PATH` of users.
fn program() -> PathBuf {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<_> = env::split_paths(&path).collect();
    folders.push(PathBuf::from("/usr/sbin"));
    let mut programs = folders.iter().map(|folder| folder.join("nginx"));
    let found = programs.find(|program| program.is_file());
    found.unwrap_or_else(|| PathBuf::from("nginx"))
}

/// Debian's own, with all files in `folder`.
fn main_configuration(folder: &Path, site: &Path) -> String {
    let debians = fs::read_to_string("/etc/nginx/nginx.conf")
        .expect("install Debian's package `nginx`: there is no /etc/nginx/nginx.conf");
    let folder = folder.display();
    let mut lines = vec![
        "error_log stderr notice;".to_owned(),
        format!("pid {folder}/pid;"),
    ];
    for line in debians.lines() {
        let setting = line.split_whitespace().next().unwrap_or_default();
        let is_of_files = ["user", "pid", "error_log", "access_log"].contains(&setting);
        let is_of_sites = line.contains("/etc/nginx/conf.d/") || line.contains("/sites-enabled/");
        if is_of_files || is_of_sites {
            continue;
        }
        lines.push(line.to_owned());
        if setting == "http" {
            lines.push(format!("access_log {folder}/access.log;"));
            for module in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"] {
                lines.push(format!("{module}_temp_path {folder}/{module};"));
            }
            lines.push(format!("include {};", site.display()));
        }
    }
    lines.join("\n")
}
