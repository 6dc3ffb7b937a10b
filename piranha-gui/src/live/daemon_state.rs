//! Whether pulse runs, on any init system and without root (specification gui.md 6.6): its pid file, what `/proc` says of
//! that process, and pulse itself where it can be asked.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use control::pulse::{State, Status};

/// Longest pid file, in bytes.
const LONGEST: usize = 32;

/// What is the matter with pulse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DaemonState {
    /// It runs.
    Running,
    /// It does not.
    Stopped,
    /// It does not, and has left its pid file behind.
    Dead,
}

impl DaemonState {
    /// Looks; `answered` if pulse has just answered at its socket, which it does also where `/proc` hides it.
    pub(crate) fn look(proc: &Path, pid_file: &Path, answered: bool) -> Self {
        let named = match fs::read(pid_file) {
            Ok(bytes) => Some(pid(&bytes)),
            // A file that cannot be read is there all the same.
            Err(error) if error.kind() != ErrorKind::NotFound => Some(None),
            Err(_) => None,
        };
        match named {
            _ if answered => Self::Running,
            Some(Some(pid)) if is_pulse(proc, pid) => Self::Running,
            Some(_) => Self::Dead,
            None => Self::Stopped,
        }
    }

    /// Whether it runs.
    pub(crate) fn is_running(&self) -> bool {
        *self == Self::Running
    }

    /// In the words of the page and of init scripts.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Stopped | Self::Dead => "stopped",
        }
    }

    /// What else is to be said, in the words of init scripts or of pulse.
    pub(crate) fn remark(&self, status: Option<&Status>) -> String {
        match (self, status) {
            (Self::Running, Some(status)) => format!("{} ({})", does(status), status.role),
            (Self::Running, None) => {
                "it does not tell whether this is the active or the standby router".to_owned()
            }
            (Self::Dead, _) => "dead but pid file exists".to_owned(),
            (Self::Stopped, _) => String::new(),
        }
    }
}

/// What this router does.
pub(crate) fn does(status: &Status) -> &'static str {
    match status.state {
        State::Active => "active router",
        State::Ready => "standby router",
        State::LinkDown => "standby router, with a link that is down",
        State::Failed => "standby router, since it could not serve",
        State::Leaving => "becoming the standby router",
        State::Ending => "ending",
    }
}

fn pid(content: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(content.get(..content.len().min(LONGEST))?).ok()?;
    text.trim().parse().ok().filter(|&pid| pid > 1)
}

/// Pids are used again by others. A process that has ended and was not waited for is none.
fn is_pulse(proc: &Path, pid: u32) -> bool {
    let directory = proc.join(pid.to_string());
    let Ok(stat) = fs::read_to_string(directory.join("stat")) else { return false };
    // The name is in brackets and may hold some itself.
    let Some((head, rest)) = stat.rsplit_once(')') else { return false };
    let name = head.split_once('(').map_or("", |(_, name)| name);
    let ended = rest.trim_start().starts_with(['Z', 'X', 'x']);
    !ended && (name == "pulse" || first_argument(&directory).is_some_and(|name| name == "pulse"))
}

/// The name of the program in a process's command line.
fn first_argument(directory: &Path) -> Option<String> {
    let line = fs::read(directory.join("cmdline")).ok()?;
    let program = line.split(|&byte| byte == 0).next()?;
    Some(String::from_utf8_lossy(program).rsplit('/').next()?.to_owned())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use super::*;

    struct Machine(PathBuf);

    impl Machine {
        fn new(name: &str) -> Self {
            let directory = std::env::temp_dir().join(format!("daemon-state-{name}-{}", std::process::id()));
            fs::create_dir_all(&directory).unwrap();
            Self(directory)
        }

        fn process(&self, pid: u32, stat: &str, command: &str) {
            let directory = self.0.join(pid.to_string());
            fs::create_dir_all(&directory).unwrap();
            fs::write(directory.join("stat"), stat).unwrap();
            fs::write(directory.join("cmdline"), command).unwrap();
        }

        fn says(&self, pid_file: Option<&str>) -> DaemonState {
            let path = self.0.join("pulse.pid");
            let _it_may_not_be_there = fs::remove_file(&path);
            if let Some(content) = pid_file {
                fs::write(&path, content).unwrap();
            }
            DaemonState::look(&self.0, &path, false)
        }
    }

    impl Drop for Machine {
        fn drop(&mut self) {
            let _it_is_only_a_test = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn the_pid_file_is_believed_only_if_the_process_is_pulse() {
        let machine = Machine::new("pulse");
        machine.process(812, "812 (pulse) S 1 812", "/usr/sbin/pulse\0");
        machine.process(813, "813 (a) pulse) S 1 813", "/bin/a\0pulse\0");
        machine.process(814, "814 (pulse) Z 1 814", "");
        machine.process(815, "815 (ld.so) S 1 815", "/opt/piranha/pulse\0-v\0");
        assert_eq!(machine.says(None), DaemonState::Stopped);
        for (content, expected) in [
            ("812\n", DaemonState::Running),
            ("815", DaemonState::Running),
            ("813\n", DaemonState::Dead),
            ("814\n", DaemonState::Dead),
            ("816\n", DaemonState::Dead),
            ("", DaemonState::Dead),
            ("1\n", DaemonState::Dead),
            ("\u{0}\u{0}", DaemonState::Dead),
        ] {
            assert_eq!(machine.says(Some(content)), expected, "{content:?}");
        }
        assert_eq!(DaemonState::look(&machine.0, &machine.0.join("none"), true), DaemonState::Running);
        assert_eq!(DaemonState::Dead.word(), "stopped");
    }
}
