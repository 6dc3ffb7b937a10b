//! The init scripts, read: `etc/init.d`. What they do is tried in the lab.

#![expect(clippy::unwrap_used, reason = "a broken assumption of a test ends the test")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const SCRIPTS: [&str; 2] = ["pulse", "piranha-gui"];

fn path(script: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().join("etc/init.d").join(script)
}

/// Each works when it is copied alone, so the common part stands in both.
#[test]
fn both_scripts_differ_in_their_heads_only() {
    let common = SCRIPTS.map(|script| {
        let text = fs::read_to_string(path(script)).unwrap();
        let (_, common) = text.split_once("\n# From here to the end").unwrap();
        common.to_owned()
    });
    assert!(common[0].contains("main \"${1:-}\""));
    assert_eq!(common[0], common[1]);
}

#[test]
fn the_heads_say_what_chkconfig_and_the_lsb_want() {
    for script in SCRIPTS {
        let text = fs::read_to_string(path(script)).unwrap();
        let lines: Vec<_> =
            text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        let provides = format!("# Provides: {script}");
        for line in [
            "#!/bin/sh",
            "# chkconfig: - 60 10",
            "### BEGIN INIT INFO",
            &provides,
            "# Required-Start: $network $syslog $remote_fs",
            "# Required-Stop: $network $syslog $remote_fs",
            "# Default-Start:",
            "### END INIT INFO",
        ] {
            assert!(lines.iter().any(|other| other == line), "{script} has no line {line:?}");
        }
    }
}

#[test]
fn shellcheck_has_nothing_to_say() {
    let checked = Command::new("shellcheck").args(["--shell=sh"]).args(SCRIPTS.map(path)).output();
    let checked = checked.expect("shellcheck, which tests/lab/install installs");
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
}
