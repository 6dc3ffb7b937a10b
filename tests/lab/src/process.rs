//! Processes of a machine, seen from outside.

use std::fmt;
use std::fs;
use std::path::Path;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// One process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its number on the machine.
    pub pid: i32,
    /// Its parent's number on the machine; 0 if it was started from outside.
    pub parent: i32,
    /// Its name as `ps` and `pidof` know it.
    pub name: String,
    /// Its command line.
    pub command: String,
    /// `R`, `S`, `Z` and so on.
    pub state: String,
    outside: Pid,
}

impl Process {
    /// Sends it a signal, if it still is there.
    ///
    /// # Panics
    ///
    /// If the kernel refuses.
    pub fn signal(&self, signal: Signal) {
        match kill(self.outside, signal) {
            // A parent that was told first may have taken it along.
            Ok(()) | Err(Errno::ESRCH) => {}
            Err(error) => panic!("cannot send {signal} to {self}: {error}"),
        }
    }

    /// Whether it still runs.
    pub fn alive(&self) -> bool {
        let status = fs::read_to_string(format!("/proc/{}/status", self.outside)).unwrap_or_default();
        !field(&status, "State").is_empty() && !field(&status, "State").starts_with('Z')
    }
}

impl fmt::Display for Process {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:>5} {:>5} {} {} ({})", self.pid, self.parent, self.state, self.command, self.name)
    }
}

/// Every process in the process list that `init` begins.
pub(crate) fn of(init: Pid) -> Vec<Process> {
    let Ok(list) = fs::read_link(format!("/proc/{init}/ns/pid")) else { return Vec::new() };
    let numbers = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = numbers.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let mut processes: Vec<Process> = numbers
        .filter(|pid: &i32| fs::read_link(format!("/proc/{pid}/ns/pid")).is_ok_and(|own| own == list))
        .filter_map(|pid| look_at(Pid::from_raw(pid)))
        .collect();
    let inside =
        |outside: Pid| processes.iter().find(|other| other.outside == outside).map_or(0, |other| other.pid);
    let parents: Vec<i32> = processes.iter().map(|process| inside(Pid::from_raw(process.parent))).collect();
    for (process, parent) in processes.iter_mut().zip(parents) {
        process.parent = parent;
    }
    processes.sort_by_key(|process| process.pid);
    processes
}

fn look_at(outside: Pid) -> Option<Process> {
    let directory = format!("/proc/{outside}");
    let directory = Path::new(&directory);
    let status = fs::read_to_string(directory.join("status")).ok()?;
    let command = fs::read(directory.join("cmdline")).ok()?;
    let command = String::from_utf8_lossy(&command).trim_end_matches('\0').replace('\0', " ");
    Some(Process {
        pid: field(&status, "NSpid").split_whitespace().last()?.parse().ok()?,
        parent: field(&status, "PPid").parse().ok()?,
        name: field(&status, "Name").to_owned(),
        state: field(&status, "State").chars().take(1).collect(),
        command,
        outside,
    })
}

fn field<'a>(status: &'a str, name: &str) -> &'a str {
    let lines = status.lines().filter_map(|line| line.split_once(':'));
    lines.filter(|(key, _)| *key == name).map(|(_, value)| value.trim()).next().unwrap_or_default()
}
