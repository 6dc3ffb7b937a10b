//! What a failing test shows: of every machine its log, addresses, IPVS table, processes and the output of what was started.

use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

use crate::machine::Machine;
use crate::troubleshooting::unexplained as unexplained_in;

/// Lines of one program's output that are shown.
const LONGEST_OUTPUT: usize = 60;

static MACHINES: Mutex<Vec<Machine>> = Mutex::new(Vec::new());

/// Includes `machine` in the report.
pub(crate) fn remember(machine: &Machine) {
    MACHINES.lock().unwrap_or_else(PoisonError::into_inner).push(machine.clone());
}

/// Every machine of this world.
pub fn machines() -> Vec<Machine> {
    MACHINES.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// The lines in the logs of all machines that `docs/troubleshooting.md` does not tell of, each once.
pub(crate) fn unexplained() -> BTreeSet<String> {
    let logs: Vec<_> = machines().iter().map(Machine::log).collect();
    let lines = logs.iter().flat_map(|log| unexplained_in(log));
    lines.map(|line| format!("{}.{}: {}", line.ident, line.severity, line.text)).collect()
}

/// Prints the state of every machine of this world.
pub fn print() {
    for machine in machines() {
        println!("\n=== {machine}{}", if machine.is_on() { "" } else { " (off)" });
        if machine.is_on() {
            // A machine that is dying while we look must not keep the others from being shown.
            let _ = catch_unwind(AssertUnwindSafe(|| {
                list("addresses", &machine.addresses());
                println!("--- table\n{}", machine.table());
                list("processes", &machine.processes());
            }));
        }
        list("log", &machine.log());
        for file in machine.outputs() {
            let text = fs::read(&file).unwrap_or_default();
            let text = String::from_utf8_lossy(&text).into_owned();
            let lines: Vec<&str> = text.lines().collect();
            let title = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            list(&title, &lines[lines.len().saturating_sub(LONGEST_OUTPUT)..]);
        }
    }
}

fn list<T: ToString>(title: &str, lines: &[T]) {
    println!("--- {title}");
    for line in lines {
        println!("{}", line.to_string());
    }
}
