//! The file is the old or the new one, always its owner's alone, and nobody else's line is touched.

use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use nix::fcntl::{Flock, FlockArg};

use crate::room::{Done, Room, is_root, run};

#[test]
fn other_lines_stay_in_their_order() {
    if !is_root() {
        return;
    }
    let room = Room::with("# comment\n\nbob:rqXexS6ZhobKA\r\npiranha:old\nreader:{SHA}x");
    assert_eq!(room.run(&["--stdin"], "correct horse\n").errors, "Updating password for user piranha\n");
    let text = room.text();
    let hash = text.split("piranha:").nth(1).unwrap().split('\n').next().unwrap();
    assert_eq!(text, format!("# comment\n\nbob:rqXexS6ZhobKA\r\npiranha:{hash}\nreader:{{SHA}}x"));
    assert!(room.lets_in("correct horse"));
}

#[test]
fn owner_and_mode_are_right_whatever_they_were() {
    if !is_root() {
        return;
    }
    let room = Room::with("piranha:old\n");
    fs::set_permissions(&room.file, fs::Permissions::from_mode(0o666)).unwrap();
    assert_eq!(room.run(&["--stdin"], "correct horse\n").status, Some(0));
    assert!(room.is_its_owners_alone());
    let room = Room::new();
    let mut shell = Command::new("sh");
    let program = room.command(&["--stdin"]);
    shell.args(["-c", "umask 777; exec \"$@\"", "sh"]).arg(program.get_program()).args(program.get_args());
    assert_eq!(run(&mut shell, "correct horse\n").status, Some(0));
    assert!(room.is_its_owners_alone());
    assert_eq!(room.files(), ["piranha.passwd"]);
}

#[test]
fn each_password_has_its_own_salt() {
    if !is_root() {
        return;
    }
    let room = Room::new();
    let set = || {
        assert_eq!(room.run(&["--stdin"], "correct horse\n").status, Some(0));
        room.text()
    };
    assert_ne!(set(), set());
}

#[test]
fn a_link_stands_for_what_it_points_to() {
    if !is_root() {
        return;
    }
    let room = Room::new();
    let target = room.directory.join("elsewhere");
    fs::write(&target, "bob:x\n").unwrap();
    symlink(&target, &room.file).unwrap();
    assert_eq!(room.run(&["--stdin"], "correct horse\n").status, Some(0));
    assert!(fs::symlink_metadata(&room.file).unwrap().is_symlink());
    assert!(room.lets_in("correct horse") && fs::read_to_string(target).unwrap().starts_with("bob:x\n"));
}

#[test]
fn a_full_disk_leaves_the_old_file() {
    if !is_root() {
        return;
    }
    let room = Room::with("piranha:old\n");
    let program = room.command(&["--stdin"]);
    let mut shell = Command::new("sh");
    // As a full disk, but for the reason that the system gives.
    shell.args(["-c", "trap '' XFSZ; ulimit -f 0; exec \"$@\"", "sh"]);
    let done = run(shell.arg(program.get_program()).args(program.get_args()), "correct horse\n");
    assert_eq!(done.status, Some(1));
    let begin = format!("piranha-passwd: {} cannot be replaced and is as it was: ", room.file.display());
    assert!(done.errors.starts_with(&begin), "{}", done.errors);
    assert_eq!(room.text(), "piranha:old\n");
    assert_eq!(room.files(), ["piranha.passwd"]);
}

#[test]
fn what_is_no_file_is_left_alone() {
    if !is_root() {
        return;
    }
    let room = Room::new();
    fs::create_dir(&room.file).unwrap();
    let done = room.run(&["--stdin"], "correct horse\n");
    let told = "cannot be read: it is no regular file of at most 1048576 bytes";
    let errors = format!("piranha-passwd: {} {told}\n", room.file.display());
    assert_eq!(done, Done { status: Some(1), output: String::new(), errors });
}

#[test]
fn killed_at_any_moment_it_leaves_the_old_or_the_new_file() {
    if !is_root() {
        return;
    }
    let room = Room::new();
    assert_eq!(room.run(&["--stdin"], "correct horse 0\n").status, Some(0));
    let mut outcomes = [0, 0];
    for kill in 1..=60_u64 {
        let before = room.text();
        let mut command = room.command(&[&format!("correct horse {kill}")]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        thread::sleep(Duration::from_micros(kill * 700));
        child.kill().unwrap();
        child.wait().unwrap();
        let is_new = room.text() != before;
        outcomes[usize::from(is_new)] += 1;
        assert!(!is_new || room.lets_in(&format!("correct horse {kill}")));
        assert!(room.is_its_owners_alone());
        // What was left over is nobody else's either.
        for name in room.files() {
            let mode = fs::metadata(room.directory.join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }
    eprintln!("old and new file: {outcomes:?}");
    assert_eq!(room.run(&["--stdin"], "correct horse\n").status, Some(0));
    assert_eq!(room.files(), ["piranha.passwd"]);
}

#[test]
fn many_at_once_lose_no_line() {
    if !is_root() {
        return;
    }
    let room = Room::with("bob:x\n");
    thread::scope(|scope| {
        let set = |number: u32| room.run(&["--stdin"], &format!("correct horse {number}\n")).status;
        let all: Vec<_> = (0..4).map(|number| scope.spawn(move || set(number))).collect();
        assert!(all.into_iter().all(|one| one.join().unwrap() == Some(0)));
    });
    assert!((0..4).any(|number| room.lets_in(&format!("correct horse {number}"))));
    assert_eq!(room.text().lines().count(), 2);
    assert_eq!(room.files(), ["piranha.passwd"]);
}

#[test]
fn it_waits_for_another_one_but_not_for_ever() {
    if !is_root() {
        return;
    }
    let room = Room::with("piranha:old\n");
    let lock = Flock::lock(File::open(&room.directory).unwrap(), FlockArg::LockExclusive).unwrap();
    let done = room.run(&["--stdin"], "correct horse\n");
    let told = "is locked by another program: try again later";
    let errors = format!("piranha-passwd: {} {told}\n", room.directory.display());
    assert_eq!(done, Done { status: Some(1), output: String::new(), errors });
    assert_eq!(room.text(), "piranha:old\n");
    drop(lock);
    assert_eq!(room.run(&["--stdin"], "correct horse\n").status, Some(0));
}

/// Needs a kernel or a file system that takes labels; elsewhere there is none to keep.
#[test]
fn the_label_is_kept() {
    if !is_root() {
        return;
    }
    let room = Room::with("piranha:old\n");
    let label = b"system_u:object_r:piranha_etc_rw_t:s0\0";
    if let Err(error) = xattr::set(&room.file, "security.selinux", label) {
        eprintln!("skipped: no labels in {}: {error}", room.directory.display());
        return;
    }
    assert_eq!(room.run(&["--stdin"], "correct horse\n").status, Some(0));
    assert_eq!(xattr::get(&room.file, "security.selinux").unwrap().as_deref(), Some(&label[..]));
}
