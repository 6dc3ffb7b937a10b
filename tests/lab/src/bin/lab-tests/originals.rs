//! Our programs among Piranha's own, and among what sites have written for those. The originals are C; stand-ins do what
//! the specification says of them, and are compiled on the machine.

mod foreign_monitor;
mod lvsd;
mod pulse;

use lab::Machine;
use lab::suite::Test;

pub(crate) fn tests() -> Vec<Test> {
    [foreign_monitor::tests(), lvsd::tests(), pulse::tests()].concat()
}

/// Compiles a stand-in to `/usr/sbin/NAME`.
fn install_stand_in(machine: &Machine, name: &str, source: &str) {
    machine.write("/run/stand-in.c", source);
    let program = format!("/usr/sbin/{name}");
    machine.run("cc", &["-o", &program, "/run/stand-in.c", "-pthread"]).expect_success();
}
