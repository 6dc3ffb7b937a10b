//! The parts that a process started by the lab can play.
//!
//! The lab needs few programs of its own: the first process of a kernel, of a world and of a machine, and a client that asks.
//! They are all the program that uses the lab, started again with a role as its first argument.

use std::env;
use std::process::{Command, exit};

use crate::{announced, capture, checked, conversation, kernel, machine, port, traffic};

/// First process of a user-mode-linux kernel.
pub(crate) const KERNEL: &str = "lab-kernel";
/// Makes the namespaces of a machine and waits for its end.
pub(crate) const MACHINE: &str = "lab-machine";
/// First process of a machine.
pub(crate) const INIT: &str = "lab-init";
/// Writes the log of a machine whose first process is systemd.
pub(crate) const LOG: &str = "lab-log";
/// Asks a web server again and again.
pub(crate) const CLIENT: &str = "lab-client";
/// Holds a port.
pub(crate) const OCCUPANT: &str = "lab-occupant";

/// Answers every line with its name.
pub(crate) const ANSWERER: &str = "lab-answerer";
/// Holds many connections open.
pub(crate) const HOLDER: &str = "lab-holder";
/// Notes what goes over the cables.
pub(crate) const CAPTURE: &str = "lab-capture";
/// Answers checks as it was told.
pub(crate) const CHECKED: &str = "lab-checked";
/// Notes what is announced on its network.
pub(crate) const NEIGHBOUR: &str = "lab-neighbour";

/// Plays the role that this process was started for and ends it; comes back if it was started by a person.
///
/// The first line of `main` of every program that uses the lab.
pub fn play() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let Some((role, arguments)) = arguments.split_first() else { return };
    match role.as_str() {
        KERNEL => kernel::init::main(arguments),
        MACHINE => exit(machine::init::make_namespaces(arguments)),
        INIT => machine::init::main(arguments),
        LOG => machine::systemd::write_log(),
        OCCUPANT => port::main(arguments),
        CLIENT => traffic::client::main(arguments),
        ANSWERER => conversation::answerer::main(arguments),
        HOLDER => conversation::holder::main(arguments),
        CAPTURE => capture::main(),
        CHECKED => checked::main(arguments),
        NEIGHBOUR => announced::main(arguments),
        _ => {}
    }
}

/// This program again, in `role`.
pub(crate) fn cast(role: &str) -> Command {
    let mut command = Command::new(env::current_exe().expect("path of this program"));
    command.arg(role);
    command
}
