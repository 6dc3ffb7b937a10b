//! Switches and cables, and the lab that holds them.

use std::fmt;
use std::sync::atomic::{AtomicU8, Ordering};

use nix::unistd::Pid;

use crate::command;
use crate::machine::{Machine, Plan};
use crate::report;
use crate::world;

/// A lab: everything in one [`world`].
#[derive(Debug)]
pub struct Lab {
    machines: AtomicU8,
}

/// A network switch: a bridge in the world's network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Switch {
    name: String,
}

/// A cable from a machine's device to a switch.
#[derive(Debug, Clone)]
pub(crate) struct Cable {
    /// The machine's end.
    device: String,
    /// The switch's end.
    port: String,
    switch: Switch,
    hardware_address: String,
    addresses: Vec<String>,
}

impl Lab {
    /// An empty lab.
    ///
    /// # Panics
    ///
    /// Outside of a world.
    #[allow(clippy::new_without_default)] // furnishes the world: not what one expects of a default
    pub fn new() -> Self {
        world::furnish();
        Self { machines: AtomicU8::new(0) }
    }

    /// A new switch.
    pub fn switch(&self, name: &str) -> Switch {
        command::ip(&[format!("link add {name} type bridge forward_delay 0"), format!("link set {name} up")]);
        Switch { name: name.to_owned() }
    }

    /// A new machine, to be described and booted.
    pub fn machine(&self, name: &str) -> Machining {
        let number = self.machines.fetch_add(1, Ordering::Relaxed) + 1;
        let plan =
            Plan { name: name.to_owned(), cables: Vec::new(), network: Vec::new(), sysctls: Vec::new() };
        Machining { number, plan }
    }

    /// Pulls the cable of one device. The machine sees that its carrier is gone.
    pub fn cut(&self, machine: &Machine, device: &str) {
        command::ip(&[cable(machine, device).state("down")]);
    }

    /// Puts the cable back.
    pub fn mend(&self, machine: &Machine, device: &str) {
        command::ip(&[cable(machine, device).state("up")]);
    }

    /// Takes the power away: cables and processes at once, no last word.
    pub fn power_off(&self, machine: &Machine) {
        command::ip(&machine.cables().iter().map(|cable| cable.state("down")).collect::<Vec<_>>());
        machine.kill();
        // The kernel removes the cables of a dead network some time later; they must be gone before the power comes back.
        let ports = machine.cables().iter().map(|cable| format!("link del {}", cable.port));
        command::ip_where_possible(&ports.collect::<Vec<_>>());
    }

    /// Boots a machine that was off: its files and its hardware addresses are what they were, nothing runs.
    pub fn power_on(&self, machine: &Machine) {
        machine.power_on();
    }
}

fn cable<'a>(machine: &'a Machine, device: &str) -> &'a Cable {
    let found = machine.cables().iter().find(|cable| cable.device == device);
    found.unwrap_or_else(|| panic!("{machine} has no device {device}"))
}

/// A machine that is being described.
#[derive(Debug)]
pub struct Machining {
    number: u8,
    plan: Plan,
}

impl Machining {
    /// A device on a cable to `switch`, with addresses such as `192.168.26.9/24`.
    #[must_use]
    pub fn cable(mut self, device: &str, switch: &Switch, addresses: &[&str]) -> Self {
        self.plan.cables.push(Cable {
            device: device.to_owned(),
            port: format!("{}.{device}", self.plan.name),
            switch: switch.clone(),
            hardware_address: format!("02:00:00:00:{:02x}:{:02x}", self.number, self.plan.cables.len()),
            addresses: addresses.iter().map(ToString::to_string).collect(),
        });
        self
    }

    /// One more line of `ip`, such as `route add default via 10.0.0.1`.
    #[must_use]
    pub fn network(mut self, line: &str) -> Self {
        self.plan.network.push(line.to_owned());
        self
    }

    /// A switch of the kernel, such as `net.ipv4.ip_forward`.
    #[must_use]
    pub fn sysctl(mut self, key: &str, value: &str) -> Self {
        self.plan.sysctls.push((key.to_owned(), value.to_owned()));
        self
    }

    /// Switches it on.
    pub fn boot(self) -> Machine {
        let machine = Machine::boot(self.plan);
        report::remember(&machine);
        machine
    }
}

impl Cable {
    /// Lines of `ip` for the world: a pair of ends, one on the switch, one in the machine.
    pub(crate) fn lay(&self, init: Pid) -> Vec<String> {
        let Self { device, port, switch, hardware_address, .. } = self;
        vec![
            format!("link add {port} type veth peer name {device} address {hardware_address} netns {init}"),
            format!("link set {port} master {switch} up"),
        ]
    }

    /// Lines of `ip` for the machine.
    pub(crate) fn set_up(&self) -> Vec<String> {
        let device = &self.device;
        let mut lines = vec![format!("link set {device} up")];
        lines.extend(self.addresses.iter().map(|address| format!("addr add {address} brd + dev {device}")));
        lines
    }

    fn state(&self, state: &str) -> String {
        format!("link set {} {state}", self.port)
    }
}

impl fmt::Display for Switch {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.name)
    }
}
