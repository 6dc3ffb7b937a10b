//! What is different on a terminal.

use std::fs::File;
use std::io::Read as _;
use std::process::{Child, Command, Stdio};

use control::command::Answer;
use nix::pty::{Winsize, openpty};

use crate::lvsd::{Lvsd, done, status};

/// Starts a program on a terminal of its own; what it writes is read from the file.
fn on_a_terminal(command: &mut Command, width: u16, height: u16) -> (Child, File) {
    let size = Winsize { ws_row: height, ws_col: width, ws_xpixel: 0, ws_ypixel: 0 };
    let terminal = openpty(Some(&size), None).unwrap();
    command.stdin(Stdio::null()).stdout(terminal.slave).env_remove("NO_COLOR").env("TERM", "xterm");
    (command.spawn().unwrap(), terminal.master.into())
}

/// Reads until `text` has come `times` times, or until the program has ended.
fn read_until(terminal: &mut File, text: &str, times: usize) -> String {
    let (mut read, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let so_far = String::from_utf8_lossy(&read).replace("\r\n", "\n");
        if so_far.matches(text).count() >= times {
            return so_far;
        }
        match terminal.read(&mut buffer) {
            Ok(count) if count > 0 => read.extend_from_slice(&buffer[..count]),
            _ => return so_far,
        }
    }
}

fn shown(prepare: impl Fn(&mut Command), width: u16) -> String {
    let lvsd = Lvsd::saying(&[Answer::Status(Box::new(status()))]);
    let mut command = lvsd.command(&["status"]);
    prepare(&mut command);
    // The last handle of the program's end of the terminal goes with the command.
    let (mut child, mut terminal) = on_a_terminal(&mut command, width, 50);
    drop(command);
    let text = read_until(&mut terminal, "10.0.0.5:0 ", 1);
    child.kill().unwrap();
    child.wait().unwrap();
    text
}

#[test]
fn the_table_is_as_wide_as_the_terminal_and_in_colour() {
    let text = shown(|_| {}, 80);
    assert!(text.contains("\x1b[1;31mdown    \x1b[0m"), "{text}");
    assert!(text.contains("closed for\n        maintenance"), "{text}");
    assert!(shown(|_| {}, 200).contains("closed for maintenance"), "{text}");
}

#[test]
fn colours_can_be_refused() {
    for (name, value) in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        let lvsd = Lvsd::saying(&[Answer::Status(Box::new(status()))]);
        let mut shell = Command::new("env");
        shell
            .arg(format!("{name}={value}"))
            .arg(crate::lvsd::PIRANHACTL)
            .args(["status", "--socket"])
            .arg(lvsd.socket());
        let (mut child, mut terminal) = on_a_terminal(&mut shell, 80, 50);
        let text = read_until(&mut terminal, "10.0.0.5:0 ", 1);
        assert!(text.contains("down") && !text.contains('\x1b'), "{name}: {text}");
        child.wait().unwrap();
    }
}

#[test]
fn a_watch_draws_over_its_former_page() {
    let lvsd = Lvsd::saying(&[Answer::Status(Box::new(status()))]);
    let (mut child, mut terminal) = on_a_terminal(&mut lvsd.command(&["watch"]), 80, 20);
    let text = read_until(&mut terminal, "\x1b[?7h", 2);
    child.kill().unwrap();
    child.wait().unwrap();
    let pages: Vec<&str> = text.split_inclusive("\x1b[?7h").take(2).collect();
    assert_eq!(pages.len(), 2, "{text}");
    for page in pages {
        assert!(page.starts_with("\x1b[?7l\x1b[H\x1b[1mlvsd 1.2.3"), "{page}");
        assert_eq!(page.matches('\n').count(), 19, "{page}");
    }
}

#[test]
fn a_drain_shows_its_progress_in_one_place() {
    let mut last = status();
    let three = &mut last.virtual_servers[0].real_servers[2];
    (three.active_connections, three.inactive_connections) = (0, 0);
    three.operator.drain.as_mut().unwrap().deadline = None;
    let mut first = last.clone();
    first.virtual_servers[0].real_servers[2].active_connections = 5;
    let [first, last] = [first, last].map(|status| Answer::Status(Box::new(status)));
    let lvsd = Lvsd::saying(&[done("web/three: draining"), first, last]);
    let (mut child, mut terminal) = on_a_terminal(&mut lvsd.command(&["drain", "web/three"]), 80, 50);
    let text = read_until(&mut terminal, "no connections left", 1);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    insta::assert_snapshot!(text.replace('\x1b', "^").replace('\r', "<return>"), @"
    web/three: draining
    <return>^[Kweb/three: 5 active and 0 inactive connections left
    web/three: no connections left
    ");
}
