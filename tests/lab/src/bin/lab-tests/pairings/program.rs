//! Programs of the house that a machine lacks, or has in another form.

use lab::Machine;

/// Takes a program away. What runs of it goes on.
pub(super) fn hide(machine: &Machine, name: &str) {
    let script = format!("touch /run/{name}; mount --move /usr/sbin/{name} /run/{name}; rm /usr/sbin/{name}");
    machine.run("sh", &["-ec", &script]).expect_success();
}

/// Puts a script in the place of a program, which it finds as `/run/NAME`.
pub(super) fn replace(machine: &Machine, name: &str, script: &str) {
    hide(machine, name);
    let program = format!("/usr/sbin/{name}");
    machine.write(&program, script);
    machine.run("chmod", &["755", &program]).expect_success();
}

/// Puts the program back.
pub(super) fn put_back(machine: &Machine, name: &str) {
    let script = format!("touch /usr/sbin/{name}; mount --move /run/{name} /usr/sbin/{name}");
    machine.run("sh", &["-ec", &script]).expect_success();
}
