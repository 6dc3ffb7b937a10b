//! Prompts, in a pipe and on a terminal.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command};

use nix::pty::openpty;
use nix::sys::signal::{Signal, kill};
use nix::sys::termios::{LocalFlags, tcgetattr};
use nix::unistd::Pid;

use crate::room::{Done, Room, is_root};

#[test]
fn two_lines_of_a_pipe_set_it() {
    if !is_root() {
        return;
    }
    let room = Room::new();
    let done = room.run(&[], "correct horse\ncorrect horse\nmore\n");
    let said = "Adding password for user piranha\n".to_owned();
    assert_eq!(done, Done { status: Some(0), output: "New Password: \nVerify: \n".to_owned(), errors: said });
    assert!(room.lets_in("correct horse"));
    assert_eq!(room.run(&[], "  back\\slash\\n and blanks \n  back\\slash\\n and blanks ").status, Some(0));
    assert!(room.lets_in("  back\\slash\\n and blanks "));
}

#[test]
fn two_lines_that_differ_change_nothing() {
    if !is_root() {
        return;
    }
    let room = Room::with("piranha:old\n");
    for input in [
        "correct horse\ncorrect house\n",
        "correct horse\n",
        "correct horse",
        "correct horse\ncorrect horse \n",
    ] {
        let done = room.run(&[], input);
        assert_eq!((done.status, done.errors.as_str()), (Some(1), "Passwords do not match.\n"));
    }
    assert_eq!(room.run(&[], "").errors, "piranha-passwd: an empty password is refused\n");
    assert_eq!(room.text(), "piranha:old\n");
}

/// A terminal of its own, with the program on it.
struct Terminal {
    child: Child,
    master: File,
    /// Kept open, so that its settings can be looked at afterwards.
    slave: OwnedFd,
    shown: String,
}

impl Terminal {
    fn start(room: &Room) -> Self {
        let pty = openpty(None, None).unwrap();
        let end = || pty.slave.try_clone().unwrap();
        // In a session whose terminal it is, so that a key can interrupt it.
        let mut command = Command::new("setsid");
        let program = room.command(&[]);
        // The shell tells of a signal by its number.
        command.args(["--ctty", "--wait", "sh", "-c", "trap : INT; \"$@\"; exit $?", "sh"]);
        command.arg(program.get_program()).args(program.get_args());
        let child = command.stdin(end()).stdout(end()).stderr(end()).spawn().unwrap();
        drop(command);
        Self { child, master: pty.master.into(), slave: pty.slave, shown: String::new() }
    }

    /// Reads what the terminal shows until this is its end.
    fn wait_for(&mut self, text: &str) {
        let mut buffer = [0; 4096];
        while !self.shown.ends_with(text) {
            let count = self.master.read(&mut buffer).unwrap();
            self.shown.push_str(&String::from_utf8_lossy(&buffer[..count]));
        }
    }

    fn press(&mut self, keys: &str) {
        self.master.write_all(keys.as_bytes()).unwrap();
    }

    fn echoes(&self) -> bool {
        tcgetattr(&self.slave).unwrap().local_flags.contains(LocalFlags::ECHO)
    }
}

#[test]
fn a_terminal_does_not_show_what_is_typed_and_shows_it_again_afterwards() {
    if !is_root() {
        return;
    }
    let room = Room::new();
    let mut terminal = Terminal::start(&room);
    terminal.wait_for("New Password: ");
    assert!(!terminal.echoes());
    terminal.press("correct horse\r");
    terminal.wait_for("Verify: ");
    assert!(!terminal.echoes());
    terminal.press("correct house\u{7f}\u{7f}\u{7f}rse\r");
    terminal.wait_for("piranha\r\n");
    assert!(terminal.child.wait().unwrap().success());
    assert_eq!(terminal.shown, "New Password: \r\nVerify: \r\nAdding password for user piranha\r\n");
    assert!(terminal.echoes());
    assert!(room.lets_in("correct horse"));
}

#[test]
fn both_lines_may_be_pasted_at_once() {
    if !is_root() {
        return;
    }
    let room = Room::new();
    let mut terminal = Terminal::start(&room);
    terminal.wait_for("New Password: ");
    terminal.press("correct horse\rcorrect horse\r");
    terminal.wait_for("piranha\r\n");
    assert!(!terminal.shown.contains("horse"));
    assert!(terminal.child.wait().unwrap().success());
}

#[test]
fn whoever_interrupts_a_prompt_gets_the_echo_back() {
    if !is_root() {
        return;
    }
    let room = Room::with("piranha:old\n");
    for prompt in ["New Password: ", "Verify: "] {
        let mut terminal = Terminal::start(&room);
        terminal.wait_for("New Password: ");
        if prompt == "Verify: " {
            terminal.press("correct horse\r");
            terminal.wait_for(prompt);
        }
        // Control and C.
        terminal.press("\u{3}");
        let status = terminal.child.wait().unwrap();
        assert_eq!(status.code(), Some(128 + Signal::SIGINT as i32), "{status}");
        assert!(terminal.echoes());
        assert!(!terminal.shown.contains("horse"));
    }
    assert_eq!(room.text(), "piranha:old\n");
}

#[test]
fn a_signal_ends_it_with_the_echo_back() {
    if !is_root() {
        return;
    }
    let room = Room::new();
    for signal in [Signal::SIGTERM, Signal::SIGHUP, Signal::SIGQUIT] {
        let pty = openpty(None, None).unwrap();
        let mut command = room.command(&[]);
        let end = || pty.slave.try_clone().unwrap();
        let child = command.stdin(end()).stdout(end()).stderr(end()).spawn().unwrap();
        let mut terminal =
            Terminal { child, master: pty.master.into(), slave: pty.slave, shown: String::new() };
        terminal.wait_for("New Password: ");
        kill(Pid::from_raw(terminal.child.id().try_into().unwrap()), signal).unwrap();
        assert_eq!(terminal.child.wait().unwrap().signal(), Some(signal as i32));
        assert!(terminal.echoes());
    }
    assert_eq!(room.files(), [""; 0]);
}

/// The end of the terminal's input: Control and D.
#[test]
fn no_input_at_all_is_an_empty_password() {
    if !is_root() {
        return;
    }
    let room = Room::new();
    let mut terminal = Terminal::start(&room);
    terminal.wait_for("New Password: ");
    terminal.press("\u{4}");
    terminal.wait_for("Verify: ");
    terminal.press("\u{4}");
    terminal.wait_for("refused\r\n");
    assert_eq!(terminal.child.wait().unwrap().code(), Some(1));
}
