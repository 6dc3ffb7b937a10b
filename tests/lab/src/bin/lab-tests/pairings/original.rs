//! The stand-in for Piranha's own pulse: C, as the original.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use lab::{Machine, Moment, kernel, world};

/// Its program.
pub(crate) const PROGRAM: &str = "/usr/sbin/original-pulse";

const SOURCES: [(&str, &str); 8] = [
    ("pulse.h", include_str!("original/pulse.h")),
    ("address.c", include_str!("original/address.c")),
    ("configuration.c", include_str!("original/configuration.c")),
    ("fos.c", include_str!("original/fos.c")),
    ("heartbeat.c", include_str!("original/heartbeat.c")),
    ("lvs.c", include_str!("original/lvs.c")),
    ("main.c", include_str!("original/main.c")),
    ("process.c", include_str!("original/process.c")),
];

/// Puts the program on the machine; without power it forgets that it may be executed.
pub(crate) fn install(machine: &Machine) {
    machine.write(PROGRAM, fs::read(compiled()).expect("the program"));
    machine.run("chmod", &["755", PROGRAM]).expect_success();
}

/// The program, which the first test of a run compiles for all.
fn compiled() -> PathBuf {
    let program = kernel::run_directory().join("original-pulse");
    if !program.exists() {
        let made = compile(world::directory());
        // Another kernel may be doing the same: none must see half of it.
        let copy = program.with_extension(Moment::now().to_string());
        fs::copy(made, &copy).expect("a copy of the program");
        fs::rename(&copy, &program).expect("the program in its place");
    }
    program
}

fn compile(folder: &Path) -> PathBuf {
    for (file, source) in SOURCES {
        fs::write(folder.join(file), source).expect("a source of the program");
    }
    let program = folder.join("original-pulse");
    let units = SOURCES
        .iter()
        .map(|(file, _)| folder.join(file))
        .filter(|file| file.extension() == Some("c".as_ref()));
    let status = Command::new("cc").arg("-o").arg(&program).arg("-pthread").args(units).status();
    assert!(status.expect("cc").success(), "the stand-in cannot be compiled");
    program
}
