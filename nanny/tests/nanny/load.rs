//! The load of a real server and its weight, asked of real programs: specification nanny.md 7 and 13, row 17.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use control::report::{FromNanny, Known};

use crate::process::{Lvsd, Nanny, nanny, serve, watch};

/// A folder with programs that a test made; gone with it.
struct Programs(PathBuf);

impl Programs {
    fn new(test: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("nanny-load-{test}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    /// Makes a shell script of this name.
    fn write(&self, name: &str, script: &str) -> PathBuf {
        let path = self.0.join(name);
        // Renamed into place, so that none is run half written.
        let new = self.0.join(format!("{name}.new"));
        fs::write(&new, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&new, Permissions::from_mode(0o755)).unwrap();
        fs::rename(new, &path).unwrap();
        path
    }

    /// What nanny finds in `PATH`.
    fn path(&self) -> String {
        format!("{}:/usr/bin:/bin", self.0.display())
    }
}

impl Drop for Programs {
    fn drop(&mut self) {
        // It lies among temporary files.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A nanny for a real server that is up with this weight, and asks for its load at each check.
fn follow(programs: &Programs, weight: u32, more: &[&str]) -> (Nanny, Lvsd) {
    let server = serve(drop);
    let (port, configured) = (server.port().to_string(), weight.to_string());
    let words = watch(&port, &[&["-w", &configured], more].concat());
    let mut command = nanny(&words);
    let (nanny, mut lvsd) = Lvsd::share(command.env("PATH", programs.path()), Nanny::run);
    nanny.expect_line("starting LVS client monitor");
    lvsd.begin(Known::Up { weight });
    (nanny, lvsd)
}

/// Checks, which do not wait for the load, until the program is asked for it again.
fn check_until_asked(nanny: &Nanny) -> Vec<String> {
    let mut log = Vec::new();
    while !log.iter().any(|line: &String| line.contains("Invoking")) {
        log.extend(nanny.check_now());
    }
    log
}

fn said(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

#[test]
fn each_program_is_asked_in_its_own_way() {
    let uptime = " 14:02:11 up 3 days,  4:02,  2 users,  load average: 0.00, 0.20, 0.10";
    let rup = "   127.0.0.1    up  3 days,  4:02,    load average: 0.00 0.50 0.25";
    let ruptime = "web1          up  3+04:02,     2 users,  load 0.00, 0.20, 0.10";
    for (name, told, prints) in [
        ("rsh", "127.0.0.1 uptime", uptime),
        ("ssh", "-o BatchMode=yes 127.0.0.1 uptime", uptime),
        ("rup", "127.0.0.1", rup),
        ("ruptime", "127.0.0.1", ruptime),
        ("any-program", "127.0.0.1", "load: 0.00 "),
    ] {
        let programs = Programs::new(name);
        programs.write(name, &format!("echo \"$@\" > {}/told\necho '{prints}'", programs.0.display()));
        let (_nanny, mut lvsd) = follow(&programs, 4, &["-t", "60", "-U", name]);
        assert_eq!(lvsd.next(), FromNanny::Weight { weight: 6 }, "{name}");
        assert_eq!(said(&programs.0.join("told")), format!("{told}\n"), "{name}");
    }
}

#[test]
fn a_shell_with_a_path_is_not_told_to_run_uptime() {
    let programs = Programs::new("path");
    let rsh = programs.write("rsh", "test $# = 1 && echo 'load average: 0.00,'");
    let (_nanny, mut lvsd) = follow(&programs, 4, &["-t", "60", "-U", rsh.to_str().unwrap()]);
    assert_eq!(lvsd.next(), FromNanny::Weight { weight: 6 });
}

#[test]
fn the_weight_follows_the_formula() {
    let programs = Programs::new("formula");
    let set = |load: &str| programs.write("rup", &format!("echo 'load average: {load} 0 0'"));
    set("0.50");
    let (nanny, mut lvsd) = follow(&programs, 100, &["-t", "60", "-U", "rup"]);
    // 100 + 50 * cbrt(0.5), without its fraction; and so on.
    assert_eq!(lvsd.next(), FromNanny::Weight { weight: 139 });
    nanny.expect_line("Loadavg of 127.0.0.1 is 0.500000");
    nanny.expect_line("Computing new weight 139 based on last weight 100 and load 0.500000");
    for (load, weight) in [("0.00", 189), ("1.50", 149), ("9.00", 100), ("0.25", 145), ("0.00", 195)] {
        set(load);
        nanny.check_now();
        assert_eq!(lvsd.next(), FromNanny::Weight { weight }, "load {load}");
    }
    // One running process is just right, and small changes are none.
    for load in ["1.00", "1.01", "0.99"] {
        set(load);
        nanny.check_now();
        nanny.expect_line("Loadavg");
    }
    set("0.00");
    nanny.check_now();
    assert_eq!(lvsd.next(), FromNanny::Weight { weight: 245 });
}

#[test]
fn the_weight_rises_to_its_scale_and_never_above_65535() {
    let programs = Programs::new("scale");
    programs.write("rup", "echo 'load average: 0.00 0 0'");
    let (nanny, mut lvsd) = follow(&programs, 4, &["-t", "60", "-S", "2", "-U", "rup"]);
    assert_eq!(lvsd.next(), FromNanny::Weight { weight: 6 });
    nanny.check_now();
    assert_eq!(lvsd.next(), FromNanny::Weight { weight: 8 });
    nanny.check_now();
    nanny.expect_line("Loadavg");

    drop(nanny);
    assert_eq!(lvsd.all(), []);

    let (nanny, mut lvsd) = follow(&programs, 20_000, &["-t", "60", "-U", "rup"]);
    for weight in [30_000, 40_000, 50_000, 60_000, 65_535] {
        assert_eq!(lvsd.next(), FromNanny::Weight { weight });
        nanny.check_now();
    }
    nanny.check_now();
    drop(nanny);
    assert_eq!(lvsd.all(), []);
}

#[test]
fn the_load_is_asked_for_at_the_cadence_of_the_slow_start() {
    let programs = Programs::new("cadence");
    programs.write("rup", "echo 'load average: 1.00 0 0'");
    let (nanny, _lvsd) = follow(&programs, 4, &["-t", "5", "-U", "rup"]);
    let (mut checks, mut questions) = (0, Vec::new());
    while questions.len() < 4 {
        let mut log = nanny.check_now();
        checks += 1;
        // The re-entry time of 180 s is 36 intervals; every fourth check is a step.
        if checks % 4 == 0 {
            log.extend(nanny.expect_line("Loadavg"));
        }
        questions.extend(log.iter().filter(|line| line.contains("Loadavg")).map(|_| checks));
    }
    assert_eq!(questions, [4, 8, 12, 16]);
}

#[test]
fn without_a_program_nobody_is_asked() {
    let programs = Programs::new("none");
    programs.write("none", "echo 'load average: 0.00 0 0'");
    for more in [&["-t", "60"][..], &["-t", "60", "-U", "none"]] {
        let (nanny, mut lvsd) = follow(&programs, 4, more);
        let log: Vec<String> = (0..3).flat_map(|_| nanny.check_now()).collect();
        assert!(!log.iter().any(|line| line.contains("Invoking")), "{log:?}");
        drop(nanny);
        assert_eq!(lvsd.all(), []);
    }
}

#[test]
fn a_program_that_fails_leaves_the_weight_and_is_named_once() {
    for (name, script, said) in [
        (
            "fails",
            "exit 3",
            "failed to read remote load: The following exited abnormally: fails, exit status: 3",
        ),
        (
            "hangs",
            "sleep 60",
            "failed to read remote load: timeout running the following: hangs, no answer within 1s",
        ),
        ("chats", "echo no idea", "bad load average returned: no idea"),
    ] {
        let programs = Programs::new(name);
        programs.write(name, script);
        let (nanny, mut lvsd) = follow(&programs, 4, &["-t", "1", "-U", name]);
        let mut log = check_until_asked(&nanny);
        if !log.iter().any(|line| line.contains(said)) {
            log.extend(nanny.expect_line(said));
        }
        log.extend(check_until_asked(&nanny));
        programs.write(name, "echo 'load average: 0.00 0 0'");
        log.extend(check_until_asked(&nanny));
        assert_eq!(lvsd.next(), FromNanny::Weight { weight: 6 }, "the first report");
        assert_eq!(log.iter().filter(|line| line.contains(said)).count(), 1, "{log:#?}");
    }
}

#[test]
fn a_program_that_is_missing_is_named() {
    let programs = Programs::new("missing");
    let (nanny, _lvsd) = follow(&programs, 4, &["-t", "60", "-U", "no-such-program"]);
    nanny.expect_line("failed to read remote load: no-such-program: No such file or directory");
}
