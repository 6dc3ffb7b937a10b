//! Which datagrams a router believes (specification pulse.md section 25, row 1), told of ours and of the stand-in for
//! Piranha's own: the partner's machine sends them by hand.

use lab::suite::Test;
use lab::wait::holds_for;
use lab::{Machine, tests, wait_until};

use super::router::{Couple, Pairing, Pulse};
use super::{DEADTIME, PATIENCE};

pub(super) fn tests() -> Vec<Test> {
    tests!("pairings":
        ours_believes_what_it_should,
        an_original_believes_what_it_should,
    )
}

/// RUNNING alone, and with more behind it, which is for later versions.
const BELIEVED: [&str; 3] = [r"\xda\xdb\xad\xbd", r"\xda\xdb\xad\xbd%032d", r"\xda\xdb\xad\xbd%01000d"];
/// RUNNING of a partner whose processor stores the other end of a number first.
const OTHER_ORDER: &str = r"\xbd\xad\xdb\xda";
/// RUNNING cut short, RUNNING of `service = fos`.
const NOT_BELIEVED: [&str; 2] = [r"\xda\xdb\xad", r"\xbe\xba\xef\xbe"];
/// Not to be believed from a stranger.
const STOPPED: &str = r"\xbd\xda\xbd\xad";

fn ours_believes_what_it_should() {
    hears(Pulse::Ours, &[&BELIEVED[..], &[OTHER_ORDER]].concat());
}

fn an_original_believes_what_it_should() {
    hears(Pulse::Original, &BELIEVED);
}

/// A backup without partner is kept from serving by what it believes, and by nothing else.
fn hears(pulse: Pulse, believed: &[&str]) {
    let couple = Couple::boot(Pairing { primary: Pulse::Ours, backup: pulse });
    let (partner, stranger, backup) = (&couple.pair.primary, &couple.pair.client, &couple.backup);
    backup.start();
    for datagram in believed {
        holds_for(&format!("believed: {datagram}"), DEADTIME * 4 / 3, || {
            say(partner, datagram);
            !backup.owns()
        });
    }
    wait_until("the backup believes the rest not and serves", PATIENCE, || {
        for datagram in NOT_BELIEVED {
            say(partner, datagram);
        }
        say(stranger, STOPPED);
        backup.owns()
    });
    assert_eq!(backup.count("partner dead: activating lvs"), 1, "not because of the stranger");
    assert!(backup.count("bad heartbeat packet") > 0);
    assert!(backup.count("Incompatible heartbeat received") > 0);
}

/// Sends one datagram to the backup's heartbeat port, from another port, which nobody checks.
fn say(machine: &Machine, format: &str) {
    machine.run("bash", &["-c", &format!("printf '{format}' > /dev/udp/192.168.26.8/539")]).expect_success();
}
