//! The programs of the suite, what they say of themselves by `--help`, and what their manual pages say of them.
//!
//! Nothing here knows an option: all of them are read, in [`help`] from the programs and in [`page`] from the pages.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a broken assumption of a test ends the test")]
#![allow(clippy::missing_panics_doc, reason = "all of it panics where a test fails")]

pub mod help;
pub mod page;
pub mod program;

use std::path::{Path, PathBuf};

/// The repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

/// An empty folder for one test.
pub fn folder(name: &str) -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let folder = own.with_file_name(format!("manual-{}-{name}", std::process::id()));
    let _there_usually_is_none = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}
