//! Options, exit statuses, messages.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use crate::room::{Room, is_root, run};

#[test]
fn help() {
    let help = run(Command::new(env!("CARGO_BIN_EXE_piranha-passwd")).arg("--help"), "");
    insta::assert_snapshot!(help.output, @"
    Sets the password of user piranha of the web page on port 3636

    Usage: piranha-passwd [OPTIONS] [PASSWORD]

    Arguments:
      [PASSWORD]...  The password, which every user of this machine can then see; what follows it is ignored

    Options:
          --stdin    Read one line of standard input, without prompts
          --check    Tell whether this is the password, and change nothing
          --bcrypt   Store it as bcrypt ($2y$), which the httpd of RHEL 6 cannot read, in place of SHA-512 crypt ($6$)
      -h, --help     Print help
      -V, --version  Print version

    Without PASSWORD it is asked for twice, without echo; two lines of a pipe do as well. The page takes the new password
    from the next request on.

    Exit status: 0 done, 1 failed (the file is as it was), 2 wrong use, 4 not root, 6 no user piranha or no directory for
    the file.
    ");
    assert_eq!((help.status, help.errors.as_str()), (Some(0), ""));
    let short = run(Command::new(env!("CARGO_BIN_EXE_piranha-passwd")).arg("-h"), "");
    assert_eq!(short, help);
    let version = run(Command::new(env!("CARGO_BIN_EXE_piranha-passwd")).arg("--version"), "");
    assert_eq!(version.output, concat!("piranha-passwd ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn wrong_use_is_status_2() {
    let room = Room::with("bob:x\n");
    for words in
        [&["--nonsense"][..], &["-x"], &["--stdin", "password"], &["--check", "--bcrypt"], &["--stdin=1"]]
    {
        let done = room.run(words, "secret secret\n");
        assert_eq!(done.status, Some(2), "{words:?}");
        assert!(done.errors.starts_with("error: "), "{}", done.errors);
    }
    assert_eq!(room.text(), "bob:x\n");
}

#[test]
fn a_password_on_the_command_line_is_set_with_a_warning_and_what_follows_it_is_ignored() {
    if !is_root() {
        return;
    }
    let room = Room::new();
    let done = room.run(&["correct horse", "--bcrypt", "more"], "");
    assert_eq!((done.status, done.output.as_str()), (Some(0), ""));
    assert_eq!(
        done.errors,
        "Warning: sensitive information entered on command line.\nAdding password for user piranha\n"
    );
    assert!(room.lets_in("correct horse") && room.text().starts_with("piranha:$6$"));
    let done = room.run(&["--", "--correct horse"], "");
    assert_eq!(done.status, Some(0));
    assert!(room.lets_in("--correct horse"));
}

#[test]
fn bcrypt_on_request() {
    if !is_root() {
        return;
    }
    let room = Room::new();
    assert_eq!(room.run(&["--bcrypt", "--stdin"], "correct horse\n").status, Some(0));
    assert!(room.lets_in("correct horse") && room.text().starts_with("piranha:$2y$10$"));
    let long = "x".repeat(72);
    let done = room.run(&["--bcrypt", "--stdin"], &long);
    assert_eq!(
        (done.status, done.errors.as_str()),
        (Some(1), "piranha-passwd: the password is longer than 71 bytes\n")
    );
    assert!(room.lets_in("correct horse"));
}

#[test]
fn passwords_that_cannot_work_change_nothing() {
    if !is_root() {
        return;
    }
    let room = Room::with("piranha:old\n");
    for (input, why) in [
        ("", "an empty password is refused"),
        ("\n", "an empty password is refused"),
        ("secret secret\r\n", "a password cannot have a line break or a NUL character in it"),
        ("secret\0secret\n", "a password cannot have a line break or a NUL character in it"),
        (&"x".repeat(513), "the password is longer than 512 bytes"),
        (&"x".repeat(100_000), "the password is longer than 512 bytes"),
    ] {
        let done = room.run(&["--stdin"], input);
        assert_eq!((done.status, done.errors), (Some(1), format!("piranha-passwd: {why}\n")));
    }
    let done = room.run(&["two\nlines"], "");
    assert_eq!(done.status, Some(1));
    assert_eq!(room.text(), "piranha:old\n");
    assert_eq!(room.files(), ["piranha.passwd"]);
}

#[test]
fn a_short_password_is_set_with_a_warning() {
    if !is_root() {
        return;
    }
    let room = Room::new();
    let warning = "Warning: the password has less than 12 characters and may be guessed.\n";
    let done = room.run(&["--stdin"], "eleven char\n");
    assert_eq!((done.status, done.errors), (Some(0), format!("{warning}Adding password for user piranha\n")));
    assert!(room.lets_in("eleven char"));
    // Characters, not bytes.
    assert!(room.run(&["--stdin"], "\u{e4}\u{f6}\u{fc}\u{e4}\u{f6}\u{fc}\n").errors.starts_with(warning));
    assert_eq!(room.run(&["--stdin"], "twelve chars\n").errors, "Updating password for user piranha\n");
}

#[test]
fn without_the_directory_or_the_user_the_status_is_6() {
    if !is_root() {
        return;
    }
    let room = Room::new();
    let program = || Command::new(env!("CARGO_BIN_EXE_piranha-passwd"));
    let done = run(program().arg("--file").arg(&room.file).args(["--owner", "nobody-at-all", "secret"]), "");
    assert_eq!(done.status, Some(6));
    assert_eq!(
        done.errors,
        "piranha-passwd: there is no user nobody-at-all, whose the file is: make it, or install the package that does\n"
    );
    let file = room.directory.join("conf/piranha.passwd");
    let done = run(program().arg("--file").arg(&file).args(["--owner", "daemon", "secret"]), "");
    assert_eq!(done.status, Some(6));
    let told = "is to be made, but its directory is not there: make it";
    assert_eq!(done.errors, format!("piranha-passwd: {} {told}\n", file.display()));
}

#[test]
fn everybody_but_root_gets_status_4() {
    let room = Room::with("piranha:old\n");
    // Where they may execute it.
    let copy = room.directory.join("program");
    fs::copy(env!("CARGO_BIN_EXE_piranha-passwd"), &copy).unwrap();
    fs::set_permissions(&copy, fs::Permissions::from_mode(0o755)).unwrap();
    for words in [&["correct horse"][..], &["--check"], &["--stdin"], &[]] {
        let mut command = Command::new(&copy);
        if nix::unistd::geteuid().is_root() {
            command.uid(65534).gid(65534);
        }
        let done = run(command.arg("--file").arg(&room.file).args(words), "correct horse\ncorrect horse\n");
        assert_eq!((done.status, done.output.as_str()), (Some(4), ""));
        assert_eq!(done.errors, "piranha-passwd: only root may read and set the password of the web page\n");
    }
    assert_eq!(room.text(), "piranha:old\n");
}
