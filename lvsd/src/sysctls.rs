//! Switches of the kernel's IPVS that lvsd has on while it runs (specification lvsd.md 15, rows 12 and 13; their
//! meaning: ipvs-netlink.md 15).
//!
//! What a switch was before is kept in a file until it is put back, so that an lvsd that was killed is no reason to
//! forget it: the next one puts it back when it stops.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use lvs_cf::Config;

use crate::plan::Plan;

/// Where the kernel has them, for the network namespace of the process.
const KERNEL: &str = "/proc/sys/net/ipv4/vs";
/// What they were, one file each. Gone after a boot, as the kernel's values are.
const MEMORY: &str = "/run/piranha/sysctls";

/// A switch, and what it does while it is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Switch {
    name: &'static str,
    effect: &'static str,
}

const NO_DESTINATION: Switch = Switch {
    name: "expire_nodest_conn",
    effect: "connections of a removed real server end at once instead of hanging",
};
const QUIESCENT_TEMPLATE: Switch = Switch {
    name: "expire_quiescent_template",
    effect: "clients of a quiesced real server get another one in spite of persistence",
};

/// Which switches a configuration wants on.
pub(crate) fn wanted(config: &Config, plan: &Plan) -> [(Switch, bool); 2] {
    let persistent = plan.services.values().any(|service| service.service.persistence.is_some());
    let wished = config.expire_persistence;
    [(NO_DESTINATION, wished), (QUIESCENT_TEMPLATE, wished && persistent)]
}

/// What there is to do about a switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Nothing,
    /// Remember that it was so, and switch it on.
    Take(i32),
    /// Somebody switched it off meanwhile.
    TakeAgain,
    /// Make it what it was.
    Restore(i32),
    /// Somebody switched it off meanwhile: it is theirs.
    Forget,
}

/// `now` is its value; `before` is what it was if lvsd switched it on.
fn step(wanted: bool, now: i32, before: Option<i32>) -> Step {
    match (wanted, now != 0, before) {
        // Ours already, or the administrator's own.
        (true, true, _) | (false, _, None) => Step::Nothing,
        (true, false, None) => Step::Take(now),
        (true, false, Some(_)) => Step::TakeAgain,
        (false, true, Some(before)) => Step::Restore(before),
        (false, false, Some(_)) => Step::Forget,
    }
}

/// The kernel's switches and what they were before.
#[derive(Debug)]
pub(crate) struct Sysctls {
    kernel: PathBuf,
    memory: PathBuf,
}

impl Default for Sysctls {
    fn default() -> Self {
        Self { kernel: KERNEL.into(), memory: MEMORY.into() }
    }
}

impl Sysctls {
    /// Has switches on as they are wanted. One that cannot be set is named in the log; the rest works without it.
    pub(crate) fn bring_about(&self, wanted: &[(Switch, bool)]) {
        for &(switch, on) in wanted {
            if let Err(trouble) = self.set(switch, on) {
                tracing::warn!("{trouble}; not in force: {}", switch.effect);
            }
        }
    }

    /// Makes all of them what they were before.
    pub(crate) fn restore(&self) {
        self.bring_about(&[NO_DESTINATION, QUIESCENT_TEMPLATE].map(|switch| (switch, false)));
    }

    fn set(&self, switch: Switch, on: bool) -> Result<(), String> {
        let Switch { name, effect } = switch;
        let (value, memory) = (self.kernel.join(name), self.memory.join(name));
        let before = read(&memory).ok();
        if !on && before.is_none() {
            return Ok(());
        }
        let now = read(&value).map_err(|error| failed("read", &value, &error))?;
        match step(on, now, before) {
            Step::Nothing => {}
            Step::Take(now) => {
                self.remember(&memory, now)?;
                write(&value, 1)?;
                tracing::info!("net.ipv4.vs.{name}: {now} -> 1 while lvsd runs: {effect}");
            }
            Step::TakeAgain => {
                write(&value, 1)?;
                tracing::info!(
                    "net.ipv4.vs.{name}: {now} -> 1 again: `#% expire_persistence = 0` leaves it alone"
                );
            }
            Step::Restore(before) => {
                write(&value, before)?;
                forget(&memory)?;
                tracing::info!("net.ipv4.vs.{name}: {now} -> {before} as before lvsd");
            }
            Step::Forget => forget(&memory)?,
        }
        Ok(())
    }

    /// Whole or not at all: a torn number would be put back.
    fn remember(&self, memory: &Path, value: i32) -> Result<(), String> {
        fs::create_dir_all(&self.memory).map_err(|error| failed("make", &self.memory, &error))?;
        let new = memory.with_extension("new");
        write(&new, value)?;
        fs::rename(&new, memory).map_err(|error| failed("make", memory, &error))
    }
}

fn read(path: &Path) -> io::Result<i32> {
    let mut text = String::new();
    File::open(path)?.take(32).read_to_string(&mut text)?;
    text.trim().parse().map_err(io::Error::other)
}

fn write(path: &Path, value: i32) -> Result<(), String> {
    fs::write(path, format!("{value}\n")).map_err(|error| failed("write", path, &error))
}

fn forget(memory: &Path) -> Result<(), String> {
    fs::remove_file(memory).map_err(|error| failed("remove", memory, &error))
}

fn failed(what: &str, path: &Path, error: &io::Error) -> String {
    format!("cannot {what} {}: {error}", path.display())
}

#[cfg(test)]
mod tests;
