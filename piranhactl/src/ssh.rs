//! One command on the other router, by the administrator's ssh.

use std::io;
use std::path::PathBuf;
use std::process::{ExitStatus, Output, Stdio};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::time::span;

/// Longest text on standard error that is kept, in bytes.
const LONGEST_COMPLAINT: u64 = 16 * 1024;

/// ssh's own exit status when it failed, and not the command there (ssh(1)).
const FAILED: i32 = 255;
/// A shell's exit statuses for a command that it cannot execute, or find (POSIX.1, `sh`).
const NOT_EXECUTED: [i32; 2] = [126, 127];

/// Where and how.
#[derive(Debug)]
pub(crate) struct Ssh {
    /// Looked for in PATH.
    pub(crate) program: PathBuf,
    /// On the other router; none: as ssh is configured.
    pub(crate) user: Option<String>,
    /// Name or address.
    pub(crate) host: String,
    /// It may ask for a password, or about a host key. People are waited for without end.
    pub(crate) ask: bool,
    /// How long it may take otherwise.
    pub(crate) patience: Duration,
}

/// Why there is no output of the command.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("cannot execute {program}: {reason}; --ssh names the ssh client")]
    NoSsh { program: PathBuf, reason: io::Error },
    #[error("cannot reach {host} by ssh{complaint}\n{advice}", advice = advice(host, *ask))]
    Unreachable { host: String, ask: bool, complaint: String },
    #[error("{host} has not answered for {}: nothing is known of what it did", span(*millis))]
    Silent { host: String, millis: u64 },
    #[error(
        "{host} cannot execute piranhactl{complaint}\n--piranhactl names it there. A router with Piranha itself has none: \
         copy the file with `scp -p`, and `service pulse restart` there while it stands by (a reload would hang it)"
    )]
    NoPiranhactl { host: String, complaint: String },
    #[error("piranhactl on {host} failed with {status}{complaint}\nis it of this release, {}?", env!("CARGO_PKG_VERSION"))]
    Failed { host: String, status: ExitStatus, complaint: String },
    #[error("the connection with {host} broke: {reason}")]
    Broken { host: String, reason: io::Error },
}

fn advice(host: &str, ask: bool) -> String {
    if ask {
        return format!("try it alone: ssh {host} true");
    }
    format!(
        "`ssh {host} true` has to work without a question: a key there, its host key known here; or use --ask"
    )
}

impl Ssh {
    /// Has the login shell there execute `command` with this standard input; gives its standard output, at most
    /// `longest` bytes of it.
    pub(crate) async fn run(&self, command: &str, input: &[u8], longest: usize) -> Result<Vec<u8>, Error> {
        let mut child = Command::new(&self.program)
            .args(self.arguments(command))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|reason| Error::NoSsh { program: self.program.clone(), reason })?;
        let conversation = converse(&mut child, input, longest);
        let output = if self.ask {
            conversation.await
        } else {
            let millis = u64::try_from(self.patience.as_millis()).unwrap_or(u64::MAX);
            let silent = |_| Error::Silent { host: self.host.clone(), millis };
            timeout(self.patience, conversation).await.map_err(silent)?
        };
        self.judge(output.map_err(|reason| Error::Broken { host: self.host.clone(), reason })?)
    }

    fn arguments(&self, command: &str) -> Vec<String> {
        let batch = if self.ask { "no" } else { "yes" };
        let mut words: Vec<String> = ["-T", "-a", "-x"].map(str::to_owned).into();
        for option in [
            &format!("BatchMode={batch}"),
            "ClearAllForwardings=yes",
            "ConnectTimeout=10",
            "ServerAliveInterval=5",
            "ServerAliveCountMax=3",
        ] {
            words.extend(["-o".to_owned(), option.to_owned()]);
        }
        words.extend(self.user.iter().flat_map(|user| ["-l".to_owned(), user.clone()]));
        words.extend(["--".to_owned(), self.host.clone(), command.to_owned()]);
        words
    }

    fn judge(&self, output: Output) -> Result<Vec<u8>, Error> {
        let host = self.host.clone();
        let complaint = match String::from_utf8_lossy(&output.stderr).trim() {
            "" => String::new(),
            complaint => format!(": {complaint}"),
        };
        match output.status.code() {
            Some(0) => Ok(output.stdout),
            Some(FAILED) => Err(Error::Unreachable { host, ask: self.ask, complaint }),
            Some(code) if NOT_EXECUTED.contains(&code) => Err(Error::NoPiranhactl { host, complaint }),
            _ => Err(Error::Failed { host, status: output.status, complaint }),
        }
    }
}

/// Writes and reads at the same time: each end may wait for the other.
async fn converse(child: &mut Child, input: &[u8], longest: usize) -> io::Result<Output> {
    let (mut to, from, complaints) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let speak = async {
        if let Some(to) = &mut to {
            // Whoever does not listen to the end says why.
            let _ = to.write_all(input).await;
        }
        drop(to.take());
    };
    let ((), stdout, stderr) =
        tokio::join!(speak, hear(from, longest as u64), hear(complaints, LONGEST_COMPLAINT));
    Ok(Output { stdout: stdout?, stderr: stderr?, status: child.wait().await? })
}

/// All of it up to `longest` bytes; the rest is read and forgotten.
async fn hear(from: Option<impl AsyncRead + Unpin>, longest: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(mut from) = from {
        (&mut from).take(longest).read_to_end(&mut bytes).await?;
        tokio::io::copy(&mut from, &mut tokio::io::sink()).await?;
    }
    Ok(bytes)
}

/// A name or an address that ssh cannot take for anything else.
///
/// # Errors
/// What to write, for people.
pub(crate) fn host(word: &str) -> Result<String, String> {
    is_plain(word, ".-_:%").then(|| word.to_owned()).ok_or_else(|| {
        "write a name or an address; the user goes to --user, a port to the configuration of ssh".to_owned()
    })
}

/// A user's name that ssh cannot take for anything else.
///
/// # Errors
/// What to write, for people.
pub(crate) fn user(word: &str) -> Result<String, String> {
    is_plain(word, ".-_").then(|| word.to_owned()).ok_or_else(|| "write the name of a user".to_owned())
}

fn is_plain(word: &str, also: &str) -> bool {
    let known = |one: char| one.is_ascii_alphanumeric() || also.contains(one);
    !word.is_empty() && !word.starts_with('-') && word.chars().all(known)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::{Ssh, host, user};

    #[test]
    fn ssh_gets_an_argument_list() {
        let ssh = Ssh {
            program: "ssh".into(),
            user: Some("root".to_owned()),
            host: "192.0.2.8".to_owned(),
            ask: false,
            patience: Duration::from_secs(1),
        };
        insta::assert_snapshot!(ssh.arguments("piranhactl receive").join("|"), @"-T|-a|-x|-o|BatchMode=yes|-o|ClearAllForwardings=yes|-o|ConnectTimeout=10|-o|ServerAliveInterval=5|-o|ServerAliveCountMax=3|-l|root|--|192.0.2.8|piranhactl receive");
        let asking = Ssh { user: None, ask: true, ..ssh };
        insta::assert_snapshot!(asking.arguments("x").join("|"), @"-T|-a|-x|-o|BatchMode=no|-o|ClearAllForwardings=yes|-o|ConnectTimeout=10|-o|ServerAliveInterval=5|-o|ServerAliveCountMax=3|--|192.0.2.8|x");
    }

    #[test]
    fn hosts_and_users_are_words() {
        for good in ["router-2", "192.0.2.8", "2001:db8::8", "fe80::1%eth0", "a_b.example"] {
            assert_eq!(host(good).unwrap(), good);
        }
        for bad in ["", "-oProxyCommand=x", "root@router", "ssh://router", "a b", "a;b", "$(x)", "a\n"] {
            assert!(host(bad).is_err() && user(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_word_becomes_an_option(word: String) {
            for accepted in [host(&word), user(&word)].into_iter().flatten() {
                prop_assert!(!accepted.starts_with('-') && !accepted.contains([' ', '@', '/', '\'', '"', '$', ';']));
            }
        }
    }
}
