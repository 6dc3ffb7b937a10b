//! One line from an administrator's program to a daemon's control socket.
//!
//! One JSON object a line in both directions, one answer for each request, in order: `docs/control.md`.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Longest request to most daemons, in bytes without its line feed. An answer may be longer: with 10,000 real servers it
/// has some 10 MB.
pub const LONGEST_REQUEST: usize = 64 * 1024;

/// The version of the protocol. A new field or command does not change it, another meaning does.
pub const VERSION: u32 = 1;

/// A line as it came: JSON of which nothing is known yet.
pub type Line = Box<RawValue>;

/// What can be asked of one daemon.
pub trait Question: DeserializeOwned + Send + 'static {
    /// The daemon's name.
    const DAEMON: &'static str;
    /// The program that usually asks.
    const ASKED_BY: &'static str = "piranhactl";
    /// Longest request, in bytes without its line feed.
    const LONGEST_REQUEST: usize = LONGEST_REQUEST;
    /// What it answers.
    type Answer: Serialize + Send + 'static;

    /// The answer that says that it is not done: why, for people, in one or more lines.
    fn refused(reason: String) -> Self::Answer;
}

/// One line from an administrator's program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request<Q> {
    /// [`VERSION`] of whoever asks. A daemon refuses another one.
    pub version: u32,
    /// What is asked.
    pub command: Q,
}

/// What of a line is looked at first.
#[derive(Deserialize)]
struct Envelope {
    version: Option<Box<RawValue>>,
}

/// Longest explanation of what is no request, in characters: it may hold a part of the request.
const LONGEST_REASON: usize = 500;

impl<Q: Question> Request<Q> {
    /// Understands one line. The version is looked at first: what else a line of another version means, nobody knows.
    /// Nothing is built of what is not known: a long line of nonsense takes no more memory than itself.
    ///
    /// # Errors
    ///
    /// Why it is refused, for people.
    pub fn understand(line: &RawValue) -> Result<Q, String> {
        // A list would do for a struct, too.
        let envelope = Some(line.get()).filter(|line| line.starts_with('{'));
        let envelope = envelope.and_then(|line| serde_json::from_str::<Envelope>(line).ok());
        let version = envelope.and_then(|envelope| envelope.version);
        let version = version.and_then(|version| serde_json::from_str::<u64>(version.get()).ok());
        if version != Some(u64::from(VERSION)) {
            let asked = version.map_or("no version".to_owned(), |version| format!("version {version}"));
            return Err(format!(
                "this {daemon} speaks version {VERSION} of the control protocol, the request names {asked}: \
                 use the {asker} of {daemon}'s release",
                daemon = Q::DAEMON,
                asker = Q::ASKED_BY,
            ));
        }
        serde_json::from_str(line.get()).map(|request: Self| request.command).map_err(|error| {
            format!("not a request of version {VERSION} of the control protocol: {}", reason(&error))
        })
    }
}

/// Why, without the place: it is one line.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    text.strip_suffix(&place).unwrap_or(&text).chars().take(LONGEST_REASON).collect()
}
