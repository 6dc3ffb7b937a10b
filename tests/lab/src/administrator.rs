//! An administrator's program at the control socket of lvsd, as docs/control.md describes it: lines of JSON, and nothing
//! of the house's own code.

use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use serde_json::{Value, json};

use crate::machine::Machine;

/// Where lvsd listens.
pub const SOCKET: &str = "/run/piranha/lvsd.sock";

/// lvsd answers within this time, whatever it does.
const PATIENCE: Duration = Duration::from_secs(10);

/// A connection to lvsd.
#[derive(Debug)]
pub struct Administrator(BufReader<UnixStream>);

impl Machine {
    /// Connects to lvsd; the error is what the kernel says. A socket's path leads to it from outside of the machine, too.
    ///
    /// # Errors
    ///
    /// If nobody listens.
    ///
    /// # Panics
    ///
    /// If the machine is off.
    pub fn administrator(&self) -> std::io::Result<Administrator> {
        let stream = UnixStream::connect(self.path(SOCKET))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Administrator(BufReader::new(stream)))
    }

    /// Asks lvsd one thing: `"status"`, `{"up": {"real_server": "web/one"}}`.
    ///
    /// # Panics
    ///
    /// If nobody listens or answers.
    pub fn ask_lvsd(&self, command: impl Into<Value>) -> Value {
        let mut administrator =
            self.administrator().unwrap_or_else(|error| panic!("{self}: {SOCKET}: {error}"));
        administrator.ask(command)
    }

    /// Decides something about a real server: `decide("drain", "web/one", json!({"deadline_ms": null}))`.
    ///
    /// # Panics
    ///
    /// If lvsd refuses.
    pub fn decide(&self, what: &str, real_server: &str, more: Value) {
        let mut arguments = more;
        arguments["real_server"] = real_server.into();
        let answer = self.ask_lvsd(json!({ what: arguments }));
        assert!(answer["done"]["message"].is_string(), "{what} {real_server}: {answer}");
    }

    /// What lvsd says of a real server: `lvsd_status("web", "one")`.
    ///
    /// # Panics
    ///
    /// If it does not say anything of it.
    pub fn lvsd_status(&self, virtual_server: &str, real_server: &str) -> Value {
        let answer = self.ask_lvsd("status");
        let named = |list: &Value, name: &str| {
            list.as_array().and_then(|list| list.iter().find(|item| item["name"] == name)).cloned()
        };
        named(&answer["status"]["virtual_servers"], virtual_server)
            .and_then(|virtual_server| named(&virtual_server["real_servers"], real_server))
            .unwrap_or_else(|| panic!("nothing of {virtual_server}/{real_server} in {answer}"))
    }
}

impl Administrator {
    /// Asks one thing.
    ///
    /// # Panics
    ///
    /// If there is no answer.
    pub fn ask(&mut self, command: impl Into<Value>) -> Value {
        let command: Value = command.into();
        self.say(&json!({"version": 1, "command": command}).to_string());
        self.hear().expect("an answer")
    }

    /// Says a line, whatever it is; lvsd may close the connection before it has heard all of it.
    ///
    /// # Panics
    ///
    /// If lvsd does not take it for another reason.
    pub fn say(&mut self, line: &str) {
        match self.0.get_mut().write_all(format!("{line}\n").as_bytes()) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
            Err(error) => panic!("lvsd does not take a line: {error}"),
        }
    }

    /// The next answer; none if lvsd has closed the connection.
    ///
    /// # Panics
    ///
    /// If the answer does not come or is no JSON.
    pub fn hear(&mut self) -> Option<Value> {
        let mut line = String::new();
        match self.0.read_line(&mut line) {
            Ok(0) => None,
            Ok(_) => Some(serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => None,
            Err(error) => panic!("no answer after {PATIENCE:?}: {error}"),
        }
    }
}
