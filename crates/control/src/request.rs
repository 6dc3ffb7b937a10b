//! One line from an administrator's program to a daemon's control socket.
//!
//! One JSON object a line in both directions, one answer for each request, in order: `docs/control.md`.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Longest request, in bytes without its line feed. An answer may be longer: with 10,000 real servers it has some 10 MB.
pub const LONGEST_REQUEST: usize = 64 * 1024;

/// The version of the protocol. A new field or command does not change it, another meaning does.
pub const VERSION: u32 = 1;

/// What can be asked of one daemon.
pub trait Question: DeserializeOwned + Send + 'static {
    /// The daemon's name.
    const DAEMON: &'static str;
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

impl<Q: Question> Request<Q> {
    /// Understands one line. The version is looked at first: what else a line of another version means, nobody knows.
    ///
    /// # Errors
    ///
    /// Why it is refused, for people.
    pub fn understand(line: Value) -> Result<Q, String> {
        let version = line.get("version").and_then(Value::as_u64);
        if version != Some(u64::from(VERSION)) {
            let asked = version.map_or("no version".to_owned(), |version| format!("version {version}"));
            return Err(format!(
                "this {daemon} speaks version {VERSION} of the control protocol, the request names {asked}: \
                 use the piranhactl of {daemon}'s release",
                daemon = Q::DAEMON
            ));
        }
        serde_json::from_value(line)
            .map(|request: Self| request.command)
            .map_err(|error| format!("not a request of version {VERSION} of the control protocol: {error}"))
    }
}
