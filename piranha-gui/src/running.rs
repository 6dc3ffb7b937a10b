//! How the servers of the file really are, in the words of the lists. Pure: what lvsd tells in short goes in.

use std::sync::Arc;

use control::command::Command;
use control::overview::{Overview, VirtualServer};
use control::report::Forced;
use control::status::{self, RealServer, State};

use crate::check;
use crate::form::Parameters;

/// What lvsd tells, or why nobody knows.
#[derive(Debug, Clone)]
pub(crate) enum Running {
    Told(Arc<Overview>),
    Unknown(String),
}

impl Running {
    /// What was heard last.
    pub(crate) fn of(heard: Result<Arc<Overview>, String>) -> Self {
        heard.map_or_else(Self::Unknown, Self::Told)
    }

    /// What lvsd says of an active virtual server with this name; of several that have it, none is meant.
    pub(crate) fn virtual_server(&self, name: &str) -> Option<&VirtualServer> {
        let Self::Told(overview) = self else { return None };
        let mut called = overview.virtual_servers.iter().filter(|server| server.name == name);
        called.next().filter(|_| called.next().is_none())
    }

    /// Real servers up of those configured, for the list of virtual servers.
    pub(crate) fn in_short(&self, name: &str, active: bool, configured: usize) -> String {
        match (self, self.virtual_server(name)) {
            (_, Some(server)) => of_virtual(server, configured),
            (_, None) if !active => "-".to_owned(),
            (Self::Unknown(_), None) => "unknown".to_owned(),
            (Self::Told(_), None) => "not in force".to_owned(),
        }
    }

    /// The line below a list.
    pub(crate) fn remark(&self) -> String {
        match self {
            Self::Told(overview) => {
                format!("RUNNING is what lvsd tells, which runs with serial number {}.", overview.serial_no)
            }
            Self::Unknown(why) => format!("RUNNING is unknown: {}", why.trim_end()),
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

/// A real server with what can be asked of lvsd about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Steered {
    pub(crate) name: String,
    /// As lvsd is told of it.
    pub(crate) called: String,
    pub(crate) words: String,
    /// Names of the buttons that make sense now.
    pub(crate) buttons: [&'static str; 2],
    /// A weight that somebody has set, or nothing.
    pub(crate) weight: String,
}

/// The real servers of a virtual server that lvsd works with.
pub(crate) fn steered(of: &status::VirtualServer) -> Vec<Steered> {
    let steered = |server: &RealServer| Steered {
        name: server.name.clone(),
        called: format!("{}/{}", of.name, server.address),
        words: in_words(server),
        buttons: [
            if server.operator.drain.is_some() { "UNDRAIN" } else { "DRAIN" },
            if server.operator.disabled { "ENABLE" } else { "DISABLE" },
        ],
        weight: server.operator.weight.map(|weight| weight.to_string()).unwrap_or_default(),
    };
    of.real_servers.iter().map(steered).collect()
}

/// The state of the real server of this name, of which there is one, in one word.
pub(crate) fn state(of: &status::VirtualServer, name: &str) -> &'static str {
    let mut called = of.real_servers.iter().filter(|server| server.name == name);
    match (called.next(), called.next()) {
        (Some(server), None) => word(server.state),
        (Some(_), Some(_)) => "see below",
        (None, _) => "not in force",
    }
}

fn word(state: State) -> &'static str {
    match state {
        State::Unknown => "not checked yet",
        State::Up => "up",
        State::Down => "down",
    }
}

/// `up, weight 1, 17 active and 230 inactive connections`.
fn in_words(server: &RealServer) -> String {
    let weight = server
        .weight
        .in_force
        .map_or_else(|| "not in the kernel's table".to_owned(), |weight| format!("weight {weight}"));
    let mut words = vec![
        word(server.state).to_owned(),
        weight,
        format!(
            "{} active and {} inactive connections",
            server.active_connections, server.inactive_connections
        ),
    ];
    let decided = [
        (server.forced == Some(Forced::Up), "forced up by hand"),
        (server.forced == Some(Forced::Down), "forced down by hand"),
        (server.operator.disabled, "disabled by hand"),
        (server.operator.drain.is_some(), "draining by hand"),
        (server.operator.weight.is_some(), "weight set by hand"),
    ];
    words.extend(decided.into_iter().filter(|(is, _)| *is).map(|(_, words)| words.to_owned()));
    let failure = server.last_failure.as_ref().filter(|_| server.state == State::Down);
    let reason = failure.map(|failure| format!(": {}", failure.reason)).unwrap_or_default();
    words.join(", ") + &reason
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
                "up": 1, "counters": [0, 0, 0, 0, 0], "real_servers": []
            }]
        });
        serde_json::from_value(example).unwrap()
    }

    #[test]
    fn the_words_of_the_list() {
        let told = Running::Told(Arc::new(overview()));
        assert_eq!(told.in_short("web", true, 2), "1 of 2 up");
        assert_eq!(told.in_short("mail", true, 2), "not in force");
        assert_eq!(told.in_short("mail", false, 2), "-");
        let unknown = Running::Unknown("lvsd does not answer".to_owned());
        assert_eq!(
            (unknown.in_short("web", true, 2), unknown.in_short("mail", false, 2)),
            ("unknown".into(), "-".into())
        );
        assert_eq!(unknown.remark(), "RUNNING is unknown: lvsd does not answer");
    }

    #[test]
    fn real_servers_in_words() {
        let traffic = serde_json::to_value(status::Traffic::default()).unwrap();
        let server = |name: &str, state: &str, operator: serde_json::Value| {
            serde_json::json!({
                "name": name, "address": "10.0.0.1:80", "state": state, "since": 0,
                "last_failure": {"at": 0, "reason": "connection refused"}, "forced": null, "operator": operator,
                "weight": {"file": 1, "wanted": 1, "in_force": if state == "up" { Some(50) } else { None }},
                "last_check": null, "active_connections": 17, "inactive_connections": 230, "traffic": traffic.clone()
            })
        };
        let decided =
            serde_json::json!({"drain": {"since": 0, "deadline": null}, "disabled": false, "weight": 50});
        let nothing = serde_json::json!({"drain": null, "disabled": true, "weight": null});
        let web: status::VirtualServer = serde_json::from_value(serde_json::json!({
            "name": "web", "address": "10.0.0.9:80", "service": "-t 10.0.0.9:80", "scheduler": "wlc",
            "persistence": null, "trouble": null, "sorry_server": null, "sorry": false, "traffic": traffic.clone(),
            "real_servers": [server("one", "up", decided), server("two", "down", nothing)]
        }))
        .unwrap();
        let [one, two] = &steered(&web)[..] else { panic!("two") };
        assert_eq!(
            (one.called.as_str(), one.buttons, one.weight.as_str()),
            ("web/10.0.0.1:80", ["UNDRAIN", "DISABLE"], "50")
        );
        assert_eq!(
            one.words,
            "up, weight 50, 17 active and 230 inactive connections, draining by hand, weight set by hand"
        );
        assert_eq!((two.buttons, two.weight.as_str()), (["DRAIN", "ENABLE"], ""));
        assert_eq!(
            two.words,
            "down, not in the kernel's table, 17 active and 230 inactive connections, disabled by hand: connection refused"
        );
        assert_eq!((state(&web, "one"), state(&web, "three")), ("up", "not in force"));
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
