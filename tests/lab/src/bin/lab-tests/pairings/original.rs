//! The stand-in for Piranha's own pulse: C, as the original, and compiled on the machine.

use lab::Machine;

/// Its program.
pub(super) const PROGRAM: &str = "/usr/sbin/original-pulse";

const HEADER: (&str, &str) = ("/run/pulse.h", include_str!("original/pulse.h"));
const UNITS: [(&str, &str); 5] = [
    ("/run/configuration.c", include_str!("original/configuration.c")),
    ("/run/heartbeat.c", include_str!("original/heartbeat.c")),
    ("/run/main.c", include_str!("original/main.c")),
    ("/run/service.c", include_str!("original/service.c")),
    ("/run/state.c", include_str!("original/state.c")),
];

/// Makes the program; a machine without power forgets it.
pub(super) fn install(machine: &Machine) {
    for (file, source) in UNITS.iter().chain([&HEADER]) {
        machine.write(file, source);
    }
    let units = UNITS.iter().map(|(file, _)| *file);
    let arguments: Vec<&str> = ["-o", PROGRAM, "-pthread"].into_iter().chain(units).collect();
    machine.run("cc", &arguments).expect_success();
}
