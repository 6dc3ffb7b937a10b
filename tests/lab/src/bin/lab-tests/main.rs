//! The tests that need more than one machine. `lab-tests --list` names them.
#![allow(clippy::expect_used, clippy::unwrap_used)]

mod addresses;
mod adoption;
mod bad_input;
mod checks;
mod control;
mod drift;
mod files;
mod fos;
mod ground;
mod guides;
mod hand_over;
mod heartbeat;
mod hot_standby;
mod init_scripts;
mod ipv6;
mod kernel;
mod kills;
mod lines;
mod load;
mod lvsd;
mod marks;
mod matrix;
mod nanny;
mod originals;
mod packages;
mod pair;
mod pairings;
mod piranhactl;
mod pool;
mod reload;
mod services;
mod sorry;
mod stalls;
mod status;
mod storm;
mod sync;
mod systemd;
mod traffic;
mod web_page;

use std::process::ExitCode;

fn main() -> ExitCode {
    let groups = [
        ground::tests(),
        kernel::tests(),
        nanny::tests(),
        lvsd::tests(),
        drift::tests(),
        load::tests(),
        checks::tests(),
        pair::tests(),
        addresses::tests(),
        pairings::tests(),
        hand_over::tests(),
        heartbeat::tests(),
        hot_standby::tests(),
        fos::tests(),
        piranhactl::tests(),
        status::tests(),
        files::tests(),
        pool::tests(),
        systemd::tests(),
        traffic::tests(),
        reload::tests(),
        bad_input::tests(),
        sync::tests(),
        originals::tests(),
        packages::tests(),
        ipv6::tests(),
        control::tests(),
        storm::tests(),
        kills::tests(),
        stalls::tests(),
        adoption::tests(),
        services::tests(),
        matrix::tests(),
        marks::tests(),
        sorry::tests(),
        web_page::tests(),
        guides::tests(),
        init_scripts::tests(),
    ];
    lab::suite::main(&groups.concat())
}
