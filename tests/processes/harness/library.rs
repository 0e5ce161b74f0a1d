//! Shared libraries that change what a program gets from the system.

use std::{fs, path::PathBuf};

/// The path of a library, for `LD_PRELOAD`, which is in this package of Debian.
pub(crate) fn library(file: &str, package: &str) -> PathBuf {
    let folders = fs::read_dir("/usr/lib").expect("a system has libraries");
    let mut libraries = folders.flatten().map(|folder| folder.path().join(file));
    let found = libraries.find(|library| library.is_file());
    found.unwrap_or_else(|| panic!("install Debian's package `{package}`"))
}
