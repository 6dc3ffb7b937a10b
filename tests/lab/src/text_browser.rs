//! A text browser as a person uses it: links, lynx or w3m in a terminal of 80 columns, with keys to press and a screen to read.

use std::fs;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use nix::pty::{Winsize, openpty};
use vt100::{Parser, Screen};

use crate::machine::Machine;

/// Longest time until something stands on the screen.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long the screen stays as it is when a browser has drawn all of it.
const REST: Duration = Duration::from_millis(60);
/// How long a browser may take to show that it has heard a key.
const REACTION: Duration = Duration::from_secs(1);
/// The same, where it matters little if it was slower.
const SHORT: Duration = Duration::from_millis(150);
/// Pause between two looks at the screen.
const PAUSE: Duration = Duration::from_millis(10);
/// The screen: as wide as the narrowest, and so high that no label is torn by its end.
const SIZE: Winsize = Winsize { ws_row: 60, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };

/// Keys that are no letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// To the next line, field or link.
    Down,
    /// To the one before.
    Up,
    /// Into, or yes.
    Enter,
    /// To the next field.
    Tab,
    /// One page on.
    PageDown,
    /// One page back.
    PageUp,
    /// To the beginning.
    Home,
    /// To the end.
    End,
    /// Out of it.
    Escape,
    /// Takes the letter before the cursor away.
    Backspace,
    /// Takes all before the cursor away.
    ControlU,
}

impl Key {
    fn bytes(self) -> &'static [u8] {
        match self {
            Self::Down => b"\x1b[B",
            Self::Up => b"\x1b[A",
            Self::Enter => b"\r",
            Self::Tab => b"\t",
            Self::PageDown => b"\x1b[6~",
            Self::PageUp => b"\x1b[5~",
            Self::Home => b"\x1b[1~",
            Self::End => b"\x1b[4~",
            Self::Escape => b"\x1b",
            Self::Backspace => b"\x7f",
            Self::ControlU => b"\x15",
        }
    }
}

/// A program in a terminal.
pub struct Terminal {
    program: Child,
    keyboard: fs::File,
    screen: Arc<Mutex<Parser>>,
}

impl Machine {
    /// Starts a program in a terminal.
    ///
    /// # Panics
    ///
    /// If there is no terminal to be had.
    pub fn terminal(&self, command: &[&str]) -> Terminal {
        let terminal = openpty(Some(&SIZE), None).expect("a terminal");
        let handle = |end: &OwnedFd| end.try_clone().expect("second handle");
        let program = self
            .enter()
            .args(["setsid", "--ctty", "--wait"])
            .args(command)
            .env("TERM", "vt100")
            .env("HOME", "/run")
            .env("LANG", "C.UTF-8")
            .stdin(Stdio::from(handle(&terminal.slave)))
            .stdout(Stdio::from(handle(&terminal.slave)))
            .stderr(Stdio::from(terminal.slave))
            .spawn()
            .expect("nsenter, of util-linux");
        let screen = Arc::new(Mutex::new(Parser::new(SIZE.ws_row, SIZE.ws_col, 0)));
        watch(handle(&terminal.master).into(), Arc::clone(&screen));
        Terminal { program, keyboard: terminal.master.into(), screen }
    }
}

/// Draws what comes.
fn watch(mut output: fs::File, screen: Arc<Mutex<Parser>>) {
    thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(length @ 1..) = output.read(&mut bytes) {
            screen.lock().unwrap_or_else(PoisonError::into_inner).process(&bytes[..length]);
        }
    });
}

impl Terminal {
    /// Types a text.
    ///
    /// # Panics
    ///
    /// If the program does not take it.
    pub fn type_text(&mut self, text: &str) {
        self.keyboard.write_all(text.as_bytes()).expect("the program reads its keyboard");
    }

    /// Presses a key.
    ///
    /// # Panics
    ///
    /// If the program does not take it.
    pub fn press(&mut self, key: Key) {
        self.keyboard.write_all(key.bytes()).expect("the program reads its keyboard");
    }

    /// What stands on the screen.
    pub fn text(&self) -> String {
        self.look(Screen::contents)
    }

    /// Waits until this stands on the screen.
    ///
    /// # Panics
    ///
    /// If it does not.
    pub fn wait_for(&self, text: &str) {
        self.wait_until(text, |screen| screen.contains(text));
    }

    /// Waits until the screen is as wanted.
    ///
    /// # Panics
    ///
    /// If it does not become so.
    pub fn wait_until(&self, what: &str, wanted: impl Fn(&str) -> bool) {
        let start = Instant::now();
        while !wanted(&self.text()) {
            assert!(start.elapsed() < PATIENCE, "not on the screen: {what}; but\n{}", self.text());
            sleep(PAUSE);
        }
    }

    /// Everything that shows where one is: letters, attributes, cursor.
    fn state(&self) -> Vec<u8> {
        self.look(Screen::state_formatted)
    }

    /// The row that the cursor is in, up to the cursor and from there.
    fn around_cursor(&self) -> (String, String) {
        self.look(|screen| {
            let (row, column) = screen.cursor_position();
            let width = SIZE.ws_col;
            (screen.contents_between(row, 0, row, column), screen.contents_between(row, column, row, width))
        })
    }

    /// Whether the cursor is in a field with this label. A long label goes on below, in the same column.
    fn is_beside(&self, label: &str) -> bool {
        self.look(|screen| {
            let (row, column) = screen.cursor_position();
            let left = |row, column| screen.contents_between(row, 0, row, column);
            let before = left(row, column);
            let indent = before.len() - before.trim_start().len();
            // Behind the label stands what the field holds.
            let first = before.trim().split("  ").next().unwrap_or_default();
            let width = u16::try_from(indent + first.len() + 2).unwrap_or(column).min(column);
            let below = (row + 1..row + 3).map(|row| left(row, width).trim().to_owned());
            let whole = std::iter::once(first.to_owned()).chain(below).collect::<Vec<_>>().join(" ");
            whole.starts_with(label)
        })
    }

    /// The words in inverse letters in the row that the cursor is in.
    fn inverse(&self) -> String {
        self.look(|screen| {
            let (row, _) = screen.cursor_position();
            let cells = (0..SIZE.ws_col).filter_map(|column| screen.cell(row, column));
            cells
                .filter(|cell| cell.inverse())
                .map(vt100::Cell::contents)
                .collect::<String>()
                .trim()
                .to_owned()
        })
    }

    /// The words that are not inverse between such that are: what is chosen in an open menu.
    fn chosen(&self) -> String {
        self.look(|screen| {
            let (row, _) = screen.cursor_position();
            let cells: Vec<_> = (0..SIZE.ws_col).filter_map(|column| screen.cell(row, column)).collect();
            let (Some(first), Some(last)) =
                (cells.iter().position(|cell| cell.inverse()), cells.iter().rposition(|cell| cell.inverse()))
            else {
                return String::new();
            };
            let plain = cells[first..last].iter().filter(|cell| !cell.inverse());
            plain
                .map(|cell| if cell.has_contents() { cell.contents() } else { " " })
                .collect::<String>()
                .trim()
                .to_owned()
        })
    }

    fn look<T>(&self, view: impl FnOnce(&Screen) -> T) -> T {
        view(self.screen.lock().unwrap_or_else(PoisonError::into_inner).screen())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

/// links, which the manuals promise is enough.
pub struct Links(Terminal);

impl Machine {
    /// Starts links at an address.
    ///
    /// # Panics
    ///
    /// If there is no terminal to be had.
    pub fn links(&self, address: &str) -> Links {
        // Whoever has no settings yet is greeted first; and whoever has not switched "aggressive cache" off sees each page as
        // it was when he first came to it, whatever the server says.
        let settings = self.path("/run/.links2");
        fs::create_dir_all(&settings).expect("directory of links");
        fs::write(settings.join("links.cfg"), "http_bugs.aggressive_cache 0\n").expect("settings of links");
        Links(self.terminal(&["links", address]))
    }
}

impl Links {
    /// Answers the prompt for a password.
    ///
    /// # Panics
    ///
    /// If none comes.
    pub fn log_in(&mut self, name: &str, password: &str) {
        self.0.wait_for("Authorization required");
        self.0.type_text(name);
        self.0.press(Key::Down);
        self.0.type_text(password);
        self.0.wait_for(&"*".repeat(password.len()));
        self.0.press(Key::Enter);
    }

    /// Waits for a page with these words.
    ///
    /// # Panics
    ///
    /// If they do not come.
    pub fn wait_for(&self, words: &str) {
        self.0.wait_for(words);
    }

    /// What is on the screen.
    pub fn text(&self) -> String {
        self.0.text()
    }

    /// The whole page, screen by screen.
    ///
    /// # Panics
    ///
    /// If links does not react.
    pub fn page(&mut self) -> String {
        self.key(Key::Home, SHORT);
        let mut page = self.text();
        while self.key(Key::PageDown, SHORT) {
            page += "\n";
            page += &self.text();
        }
        page
    }

    /// Goes to the button or link with this text and presses Enter.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub fn press(&mut self, text: &str) {
        self.reach(text, |terminal| terminal.inverse() == text);
        self.0.press(Key::Enter);
    }

    /// Goes to the field that stands behind these words and types into it in place of what it holds.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub fn fill(&mut self, label: &str, text: &str) {
        self.reach(label, |terminal| terminal.is_beside(label));
        self.0.press(Key::End);
        self.0.press(Key::ControlU);
        self.0.type_text(text);
        self.0.wait_until(text, |screen| screen.contains(text));
    }

    /// Goes to the drop-down behind these words and chooses from it.
    ///
    /// # Panics
    ///
    /// If there is none, or it does not offer this.
    pub fn select(&mut self, label: &str, choice: &str) {
        self.reach(label, |terminal| terminal.is_beside(label));
        self.0.press(Key::Enter);
        self.rest();
        for direction in [Key::Up, Key::Down] {
            while self.0.chosen() != choice && self.key(direction, REACTION) {}
        }
        assert_eq!(self.0.chosen(), choice, "{}", self.text());
        self.0.press(Key::Enter);
        self.0.wait_until(choice, |screen| screen.contains(&format!("[{choice}")));
    }

    /// Ticks the radio button in the row with these words.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub fn tick_row(&mut self, words: &str) {
        self.reach(words, |terminal| {
            let (before, after) = terminal.around_cursor();
            format!("{before}{after}").contains(words) && terminal.inverse().starts_with('[')
        });
        self.0.press(Key::Enter);
        self.0.wait_until("a tick", |screen| {
            screen.lines().any(|line| line.contains(words) && line.contains("[X]"))
        });
    }

    /// Goes from the top of the page from one field, button or link to the next, until it is the right one.
    fn reach(&mut self, what: &str, right: impl Fn(&Terminal) -> bool) {
        self.rest();
        self.key(Key::Home, SHORT);
        while !right(&self.0) {
            let further = self.key(Key::Down, REACTION);
            assert!(further, "no {what:?} on this page:\n{}", self.page());
        }
    }

    /// Presses a key; whether anything moved within `reaction`.
    fn key(&mut self, key: Key, reaction: Duration) -> bool {
        let before = self.0.state();
        self.0.press(key);
        let start = Instant::now();
        while self.0.state() == before {
            if start.elapsed() > reaction {
                return false;
            }
            sleep(PAUSE);
        }
        self.rest();
        true
    }

    /// Waits until nothing moves.
    fn rest(&self) {
        let start = Instant::now();
        let (mut last, mut since) = (self.0.state(), start);
        while since.elapsed() < REST && start.elapsed() < PATIENCE {
            sleep(PAUSE);
            let now = self.0.state();
            if now != last {
                (last, since) = (now, Instant::now());
            }
        }
    }
}
