//! The init scripts as `service` and administrators call them, on routers where nothing else starts the programs.

mod known;
mod logs;
mod routers;
mod verbs;

use lab::suite::Test;
use lab::{Lab, Machine, tests};

pub(crate) use known::{
    a_process_is_known_by_pid_file_and_program, a_replaced_program_is_still_known, piranhas_own_page_is_known,
};
pub(crate) use logs::log_files_are_opened_again_after_rotation;
pub(crate) use routers::{
    a_killed_pulse_is_followed_by_a_clean_start, a_pulse_that_does_not_end_is_killed,
    settings_with_quotes_and_comments, the_verbs_on_a_pair_that_serves,
};
pub(crate) use verbs::{
    each_verb_of_piranha_gui_in_each_state, each_verb_of_pulse_in_each_state, systemd_is_asked_where_it_runs,
};

pub(crate) fn tests() -> Vec<Test> {
    tests!("init_scripts":
        each_verb_of_pulse_in_each_state,
        each_verb_of_piranha_gui_in_each_state,
        systemd_is_asked_where_it_runs,
        the_verbs_on_a_pair_that_serves,
        a_killed_pulse_is_followed_by_a_clean_start,
        a_pulse_that_does_not_end_is_killed,
        settings_with_quotes_and_comments,
        a_process_is_known_by_pid_file_and_program,
        a_replaced_program_is_still_known,
        piranhas_own_page_is_known,
        log_files_are_opened_again_after_rotation,
    )
}

const PULSE: &str = "/etc/rc.d/init.d/pulse";
const GUI: &str = "/etc/rc.d/init.d/piranha-gui";

/// What a router without a partner and without real servers reads.
const LVS_CF: &str = "primary = 192.168.26.9
service = lvs
backup_active = 0
keepalive = 1
deadtime = 60
virtual web {
     active = 1
     address = 192.168.26.10 eth0:1
     port = 80
     protocol = tcp
}
";

/// A router of its own, with everything that the package installs.
fn router() -> (Lab, Machine) {
    let lab = Lab::new();
    let public = lab.switch("public");
    let router = lab.machine("router").cable("eth0", &public, &["192.168.26.9/24"]).boot();
    router.install_page();
    router.write(lab::pair::CONFIGURATION, LVS_CF);
    (lab, router)
}
