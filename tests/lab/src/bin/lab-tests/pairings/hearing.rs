//! Which datagrams a router believes (specification pulse.md section 25, row 1), told of ours and of the stand-in for
//! Piranha's own: the partner's machine sends them by hand.

use std::time::Duration;

use lab::capture::Frame;
use lab::suite::Test;
use lab::{Capture, Machine, tests, wait_until};

use super::router::{Couple, Pairing, Pulse};
use super::{DEADTIME, PATIENCE};

pub(super) fn tests() -> Vec<Test> {
    tests!("pairings":
        ours_believes_what_it_should,
        an_original_believes_what_it_should,
    )
}

/// From one datagram to the next.
const PAUSE: Duration = Duration::from_millis(250);
/// What the backup says when it has not heard anything that it believes.
const SERVING: &str = "partner dead: activating lvs";

/// RUNNING alone, and with more behind it, which is for later versions.
const BELIEVED: [&str; 3] = [r"\xda\xdb\xad\xbd", r"\xda\xdb\xad\xbd%032d", r"\xda\xdb\xad\xbd%01000d"];
/// RUNNING of a partner whose processor stores the other end of a number first.
const OTHER_ORDER: &str = r"\xbd\xad\xdb\xda";
/// RUNNING cut short, RUNNING of `service = fos`.
const NOT_BELIEVED: [&str; 2] = [r"\xda\xdb\xad", r"\xbe\xba\xef\xbe"];
/// The backup's address.
const PUBLIC: &str = "192.168.26.8";
/// An address of the backup, and the route over the other link, so that the datagram comes from the partner's address
/// there (specification pulse.md section 24, rule 6).
const CROSSED: [(&str, [&str; 2]); 2] =
    [("192.168.26.8", ["192.168.26.8/32", "10.0.0.8"]), ("10.0.0.8", ["10.0.0.8/32", "192.168.26.8"])];
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
    let couple = Couple::with_private_link(Pairing { primary: Pulse::Ours, backup: pulse });
    let (partner, stranger, backup) = (&couple.pair.primary, &couple.pair.client, &couple.backup);
    let capture = couple.pair.lab.capture();
    backup.start();
    for datagram in believed {
        keep_saying(partner, PUBLIC, datagram);
        assert_eq!(backup.count(SERVING), 0, "not believed: {datagram}");
    }
    // In the order in which it was spoken to last.
    let answer =
        if believed.contains(&OTHER_ORDER) { [0xad, 0xbd, 0xda, 0xbd] } else { [0xbd, 0xda, 0xbd, 0xad] };
    assert_eq!(last_words(&capture), answer);
    for (address, [route, by]) in CROSSED {
        partner.run("ip", &["route", "replace", route, "via", by]).expect_success();
        keep_saying(partner, address, BELIEVED[0]);
        assert_eq!(backup.count(SERVING), 0, "not believed on the other link");
        partner.run("ip", &["route", "delete", route, "via", by]).expect_success();
    }
    wait_until("the backup believes the rest not and serves", PATIENCE, || {
        for datagram in NOT_BELIEVED {
            say(partner, datagram);
        }
        say(stranger, STOPPED);
        backup.owns()
    });
    assert_eq!(backup.count(SERVING), 1, "not because of the stranger");
    assert!(backup.count("bad heartbeat packet") > 0);
    assert!(backup.count("Incompatible heartbeat received") > 0);
}

/// How the backup's last heartbeat begins.
fn last_words(capture: &Capture) -> [u8; 4] {
    let frames = capture.frames();
    let mut sent =
        frames.iter().rev().filter(|frame| frame.cable == "backup.eth0").filter_map(Frame::datagram);
    let last = sent.find(|datagram| datagram.destination.port() == 539).expect("a heartbeat");
    *last.payload.first_chunk().expect("four bytes")
}

/// Sends one datagram to the backup's heartbeat port, from another port, which nobody checks.
fn say(machine: &Machine, format: &str) {
    let script = format!("printf '{format}' > /dev/udp/{PUBLIC}/539");
    machine.run("bash", &["-c", &script]).expect_success();
}

/// Sends it again and again, for longer than silence would be borne.
fn keep_saying(machine: &Machine, address: &str, format: &str) {
    let times = DEADTIME.as_millis() / PAUSE.as_millis() * 4 / 3;
    let pause = PAUSE.as_secs_f64();
    let script = format!(
        "for ((i = 0; i < {times}; i++)); do printf '{format}' > /dev/udp/{address}/539; sleep {pause}; done"
    );
    machine.run("bash", &["-c", &script]).expect_success();
}
