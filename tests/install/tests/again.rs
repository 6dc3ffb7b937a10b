//! Twice, for trial, and interrupted.

#![expect(clippy::unwrap_used, reason = "a broken assumption of a test ends the test")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

use install::checkout::Checkout;
use install::layout::{LAYOUT, faults};
use install::machine::{Machine, What, differences};
use install::original::piranha_0_8_4;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

#[test]
fn a_second_time_changes_nothing_and_says_so() {
    let (machine, from) = (piranha_0_8_4("twice"), Checkout::new("twice"));
    from.install(&machine, &[]);
    let before = machine.everything();
    let inode =
        fs::metadata(machine.at("/usr/sbin/pulse")).map(|data| std::os::unix::fs::MetadataExt::ino(&data));
    let told = from.install(&machine, &[]);
    assert_eq!(differences(&before, &machine.everything()), Vec::<String>::new());
    let again =
        fs::metadata(machine.at("/usr/sbin/pulse")).map(|data| std::os::unix::fs::MetadataExt::ino(&data));
    assert_eq!(inode.unwrap(), again.unwrap());
    assert!(told.contains("\nNothing changed: "), "{told}");
    assert!(told.contains("same       /usr/sbin/pulse\n"), "{told}");
    assert!(!told.contains("installed  /") && !told.contains("replaced   /"), "{told}");
}

#[test]
fn a_newer_build_replaces_what_it_changes_and_nothing_else() {
    let (machine, from) = (Machine::new("newer"), Checkout::new("newer"));
    from.install(&machine, &[]);
    fs::write(machine.at("/etc/sysconfig/ha/lvs.cf"), "serial_no = 1\n").unwrap();
    from.program("lvsd", "another lvsd");
    let told = from.install(&machine, &[]);
    let replaced: Vec<_> =
        told.lines().filter(|line| line.starts_with("replaced") || line.starts_with("installed")).collect();
    assert_eq!(replaced, ["replaced   /usr/sbin/lvsd"]);
    assert_eq!(machine.text("/usr/sbin/lvsd"), "another lvsd");
    assert_eq!(machine.text("/etc/sysconfig/ha/lvs.cf"), "serial_no = 1\n");
}

#[test]
fn a_wrong_owner_or_mode_of_a_program_is_put_right() {
    let (machine, from) = (Machine::new("modes"), Checkout::new("modes"));
    from.install(&machine, &[]);
    let changed = Command::new("chmod").arg("0777").arg(machine.at("/usr/sbin/piranha-passwd")).status();
    let given = Command::new("chown").arg("8:12").arg(machine.at("/usr/sbin/pulse")).status();
    assert!(changed.unwrap().success() && given.unwrap().success());
    let told = from.install(&machine, &[]);
    assert!(
        told.contains("replaced   /usr/sbin/piranha-passwd\n")
            && told.contains("replaced   /usr/sbin/pulse\n")
    );
    assert_eq!(faults(&machine, LAYOUT), Vec::<String>::new());
}

#[test]
fn a_trial_tells_what_would_be_done_and_changes_nothing() {
    let (machine, from) = (piranha_0_8_4("trial"), Checkout::new("trial"));
    let before = machine.everything();
    let tried = from.install(&machine, &["--dry-run"]);
    assert_eq!(differences(&before, &machine.everything()), Vec::<String>::new());
    let done = from.install(&machine, &[]);
    assert_eq!(tried.replace("note: dry run: nothing is changed\n", ""), done);
    let installed = machine.everything();
    from.install(&machine, &["--uninstall", "--dry-run"]);
    assert_eq!(differences(&installed, &machine.everything()), Vec::<String>::new());
}

#[test]
fn a_program_that_runs_goes_on() {
    let (machine, from) = (Machine::new("running"), Checkout::new("running"));
    from.program("nanny", fs::read("/bin/sleep").unwrap());
    from.install(&machine, &[]);
    let mut running = Command::new(machine.at("/usr/sbin/nanny")).arg("1000").spawn().unwrap();
    from.program("nanny", "a newer nanny");
    let told = from.install(&machine, &[]);
    assert!(told.contains("replaced   /usr/sbin/nanny\n"), "{told}");
    assert!(running.try_wait().unwrap().is_none());
    running.kill().unwrap();
    running.wait().unwrap();
    assert_eq!(machine.text("/usr/sbin/nanny"), "a newer nanny");
}

/// Killed after each of its lines: what it had in hand then is old or new, and the next run finishes the work.
#[test]
fn killed_at_any_moment_it_leaves_everything_old_or_new() {
    let from = Checkout::new("killed");
    let lines = from.install(&piranha_0_8_4("killed"), &[]).lines().count();
    for after in (1..lines).step_by(11) {
        let machine = piranha_0_8_4(&format!("killed-{after}"));
        let before = machine.everything();
        kill_after_lines(&from, &machine, after);
        let between = machine.everything();
        from.install(&machine, &[]);
        let finished = machine.everything();
        for (path, seen) in &between {
            let unfinished = path.contains(".piranha-new") || path.contains("installed.new");
            let right = before.get(path) == Some(seen) || finished.get(path) == Some(seen);
            // A directory is made first, and then given away.
            assert!(
                right || unfinished || seen.what == What::Directory,
                "after {after} lines: {path} is {seen:?}"
            );
        }
        let left =
            finished.keys().find(|path| path.contains(".piranha-new") || path.contains("installed.new"));
        assert_eq!(left, None, "after {after} lines");
        let new = LAYOUT.iter().filter(|entry| entry.path.starts_with("/usr/"));
        assert_eq!(faults(&machine, new), Vec::<String>::new());
    }
}

fn kill_after_lines(from: &Checkout, machine: &Machine, lines: usize) {
    let mut command = from.command_for(machine, &[]);
    let mut child = command.process_group(0).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    assert_eq!(output.lines().take(lines).count(), lines);
    killpg(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGKILL).ok();
    child.wait().unwrap();
}
