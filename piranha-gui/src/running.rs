//! How the servers of the file really are, in the words of the lists. Pure: what lvsd tells in short goes in.

use std::sync::Arc;

use control::command::Command;
use control::overview::{Decision, Overview, RealServer, VirtualServer};
use control::status::State;

use crate::check;
use crate::form::Parameters;

/// What lvsd tells, or why nobody knows.
#[derive(Debug, Clone)]
pub(crate) enum Running {
    Told(Arc<Overview>),
    Unknown(String),
}

impl Running {
    /// What lvsd says of an active virtual server with this name; of several that have it, none is meant.
    pub(crate) fn virtual_server(&self, name: &str) -> Option<&VirtualServer> {
        let Self::Told(overview) = self else { return None };
        let mut called = overview.virtual_servers.iter().filter(|server| server.name == name);
        called.next().filter(|_| called.next().is_none())
    }

    /// Real servers up of those configured, for the list of virtual servers.
    pub(crate) fn in_short(&self, name: &str, active: bool, configured: usize) -> String {
        match (self, self.virtual_server(name)) {
            (Self::Unknown(_), _) => "unknown".to_owned(),
            (_, Some(server)) => of_virtual(server, configured),
            (_, None) if active => "not in force".to_owned(),
            (_, None) => "-".to_owned(),
        }
    }

    /// The line below a list.
    pub(crate) fn remark(&self) -> String {
        match self {
            Self::Told(overview) => {
                format!("RUNNING is what lvsd tells, which runs with serial number {}.", overview.serial_no)
            }
            Self::Unknown(why) => format!("RUNNING is unknown: {why}"),
        }
    }
}

fn of_virtual(server: &VirtualServer, configured: usize) -> String {
    let mut words = format!("{} of {configured} up", server.up);
    if server.sorry {
        words.push_str(", sorry server answers");
    }
    if let Some(trouble) = &server.trouble {
        words.push_str(", refused by the kernel: ");
        words.push_str(trouble);
    }
    words
}

/// The real server of this name, of which there is one.
pub(crate) fn real_server<'a>(of: &'a VirtualServer, name: &str) -> Option<&'a RealServer> {
    let mut called = of.real_servers.iter().filter(|server| server.name == name);
    called.next().filter(|_| called.next().is_none())
}

/// `up, weight 1, 17 active and 230 inactive connections`.
pub(crate) fn of_real(server: &RealServer) -> String {
    let state = match server.state {
        State::Unknown => "not checked yet",
        State::Up => "up",
        State::Down => "down",
    };
    let weight =
        server.weight.map_or_else(|| "not in the table".to_owned(), |weight| format!("weight {weight}"));
    let mut words = format!(
        "{state}, {weight}, {} active and {} inactive connections",
        server.active_connections, server.inactive_connections
    );
    if let Some(decision) = server.decision {
        words.push_str(", ");
        words.push_str(decided(decision));
    }
    if let (State::Down, Some(failure)) = (server.state, &server.last_failure) {
        words.push_str(": ");
        words.push_str(&failure.reason);
    }
    words
}

fn decided(decision: Decision) -> &'static str {
    match decision {
        Decision::Down => "forced down by hand",
        Decision::Up => "forced up by hand",
        Decision::Disable => "disabled by hand",
        Decision::Drain => "draining by hand",
        Decision::Weight => "with a weight set by hand",
    }
}

/// What is asked of lvsd by the buttons beside a real server, or what is wrong with what was typed.
pub(crate) fn command(form: &Parameters, real_server: String) -> Result<Command, String> {
    let command = match form.trimmed("running_action") {
        "DRAIN" => Command::Drain { real_server, deadline_ms: None },
        "UNDRAIN" => Command::Undrain { real_server },
        "DISABLE" => Command::Disable { real_server },
        "ENABLE" => Command::Enable { real_server },
        "" | "WEIGHT" => Command::Weight { real_server, weight: weight(form.trimmed("running_weight"))? },
        other => return Err(format!("{other} is none of DRAIN, UNDRAIN, DISABLE, ENABLE, WEIGHT")),
    };
    Ok(command)
}

/// An empty field is the file's weight.
fn weight(typed: &str) -> Result<Option<u32>, String> {
    if typed.is_empty() {
        return Ok(None);
    }
    let weight = check::number(typed, 0, 65535);
    weight.map(Some).map_err(|problem| format!("weight {typed:?}: {problem}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overview() -> Overview {
        let example = serde_json::json!({
            "release": "1", "pid": 1, "started": 0, "serial_no": 7, "loaded": 0, "refused": null, "repairs": 0,
            "virtual_servers": [{
                "name": "web", "service": "-t 10.0.0.9:80", "scheduler": "wlc", "trouble": null, "sorry": false,
                "up": 1, "counters": [0, 0, 0, 0, 0], "real_servers": [
                    {"name": "one", "address": "10.0.0.1:80", "state": "up", "since": 0, "last_failure": null,
                     "decision": "weight", "weight": 50, "active_connections": 17, "inactive_connections": 230,
                     "counters": [0, 0, 0, 0, 0]},
                    {"name": "two", "address": "10.0.0.2:80", "state": "down", "since": 0,
                     "last_failure": {"at": 0, "reason": "connection refused"}, "decision": null, "weight": null,
                     "active_connections": 0, "inactive_connections": 0, "counters": [0, 0, 0, 0, 0]}
                ]
            }]
        });
        serde_json::from_value(example).unwrap()
    }

    #[test]
    fn the_words_of_the_lists() {
        let told = Running::Told(Arc::new(overview()));
        assert_eq!(told.in_short("web", true, 2), "1 of 2 up");
        assert_eq!(told.in_short("mail", true, 2), "not in force");
        assert_eq!(told.in_short("mail", false, 2), "-");
        let unknown = Running::Unknown("lvsd does not answer".to_owned());
        assert_eq!(unknown.in_short("web", true, 2), "unknown");
        assert_eq!(unknown.remark(), "RUNNING is unknown: lvsd does not answer");
        let web = told.virtual_server("web").unwrap();
        let words: Vec<_> = web.real_servers.iter().map(of_real).collect();
        assert_eq!(
            words,
            [
                "up, weight 50, 17 active and 230 inactive connections, with a weight set by hand",
                "down, not in the table, 0 active and 0 inactive connections: connection refused",
            ]
        );
    }

    #[test]
    fn buttons_are_commands() {
        let command = |form: &str| command(&Parameters::parse(form.as_bytes()), "web/one".to_owned());
        let said = |form: &str| command(form).map(|command| command.to_string());
        assert_eq!(said("running_action=DRAIN").unwrap(), "drain web/one");
        assert_eq!(said("running_action=ENABLE&running_weight=5").unwrap(), "enable web/one");
        assert_eq!(said("running_weight=50").unwrap(), "weight web/one 50");
        assert_eq!(said("running_action=WEIGHT&running_weight=").unwrap(), "weight web/one default");
        for bad in ["running_action=RELOAD", "running_weight=65536", "running_weight=a"] {
            assert!(said(bad).is_err(), "{bad}");
        }
    }
}
