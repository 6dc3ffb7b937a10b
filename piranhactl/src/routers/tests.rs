use control::pulse::{RealServers, Service, State, Status};

use super::draw;
use crate::example::{NOW, routers};
use crate::printable;
use crate::table::View;

const NARROW: View = View { width: Some(80), colour: false, only_unusual: false };

fn shown(change: impl FnOnce(&mut Status)) -> String {
    let mut status = routers();
    change(&mut status);
    draw(&status, NOW, View::default())
}

#[test]
fn everything_can_be_read_at_80_columns() {
    insta::assert_snapshot!(draw(&routers(), NOW, NARROW), @"
    This router: primary, active for 5m: backup inactive
      pulse 1.2.3, process 790, started 3d4h ago; /etc/sysconfig/ha/lvs.cf,
        serial_no 42
      floating addresses: 1 of 1 up
      real servers: 2 of 4 up
      heartbeats: every 1s, dead after 3s; signed with key 1, no others count
      public link: 192.168.26.9:539 to 192.168.26.8:539, heard 0s ago
      private link: 10.0.0.9:539 to 10.0.0.8:539, heard 5m12s ago, SILENT
    Partner: backup, failed for 4m59s: lvsd cannot be kept running
      heard 0s ago, authentic with key 1
      LVS.CF DIFFERS: serial_no 41 there, 42 here: make them equal and reload both
    ");
}

#[test]
fn without_a_terminal_nothing_is_wrapped() {
    insta::assert_snapshot!(shown(|_| {}), @"
    This router: primary, active for 5m: backup inactive
      pulse 1.2.3, process 790, started 3d4h ago; /etc/sysconfig/ha/lvs.cf, serial_no 42
      floating addresses: 1 of 1 up
      real servers: 2 of 4 up
      heartbeats: every 1s, dead after 3s; signed with key 1, no others count
      public link: 192.168.26.9:539 to 192.168.26.8:539, heard 0s ago
      private link: 10.0.0.9:539 to 10.0.0.8:539, heard 5m12s ago, SILENT
    Partner: backup, failed for 4m59s: lvsd cannot be kept running
      heard 0s ago, authentic with key 1
      LVS.CF DIFFERS: serial_no 41 there, 42 here: make them equal and reload both
    ");
}

#[test]
fn a_standby_says_whom_it_watches() {
    let standby = |status: &mut Status| {
        status.state = State::Ready;
        status.why = "pulse was started".to_owned();
        status.addresses[0].up = Some(false);
        status.real_servers = None;
        status.links.truncate(1);
        let partner = status.partner.as_mut().unwrap();
        partner.active = Some(true);
        let report = partner.report.as_mut().unwrap();
        (report.state, report.departure, report.same_file) = (Some(State::Active), None, Some(true));
        report.real_servers = Some(RealServers { up: 0, configured: 3 });
        report.keepalive_ms = Some(500);
        report.key = None;
    };
    insta::assert_snapshot!(shown(standby), @"
    This router: primary, ready for 5m: pulse was started
      pulse 1.2.3, process 790, started 3d4h ago; /etc/sysconfig/ha/lvs.cf, serial_no 42
      floating addresses: none of 1 up
      heartbeats: every 1s, dead after 3s; signed with key 1, no others count
      public link: 192.168.26.9:539 to 192.168.26.8:539, heard 0s ago
    Partner: backup, active for 4m59s
      heard 0s ago, not signed
      real servers: 0 of 3 up
      lvs.cf is the same
      ITS TIMES DIFFER: keepalive 0.5s, deadtime 3s
    ");
    let left_behind = shown(|status| {
        standby(status);
        status.addresses[0].up = Some(true);
    });
    assert!(
        left_behind.contains("floating addresses: 1 of 1 STILL UP: 192.168.26.10 on eth0:1"),
        "{left_behind}"
    );
}

#[test]
fn an_original_partner_says_little() {
    let original = shown(|status| status.partner.as_mut().unwrap().report = None);
    insta::assert_snapshot!(original.split_once("Partner").unwrap().1, @"
    : backup, inactive for 4m59s
      heard 0s ago; says nothing of itself, as Piranha's pulse
    ");
}

#[test]
fn a_dead_partner_is_told_with_what_it_last_said() {
    let dead = shown(|status| {
        let partner = status.partner.as_mut().unwrap();
        (partner.alive, partner.heard_age_ms, partner.active, partner.since) =
            (false, Some(312_000), None, None);
        partner.report.as_mut().unwrap().state = Some(State::Active);
        status.links[0].silent = true;
        status.links[0].device_up = Some(false);
    });
    insta::assert_snapshot!(dead.split_once("heartbeats").unwrap().1, @"
    : every 1s, dead after 3s; signed with key 1, no others count
      public link: 192.168.26.9:539 to 192.168.26.8:539, heard 0s ago, SILENT, DEVICE DOWN
      private link: 10.0.0.9:539 to 10.0.0.8:539, heard 5m12s ago, SILENT
    Partner: backup, DEAD; heard 5m12s ago, active then
    ");
    let never = shown(|status| {
        let partner = status.partner.as_mut().unwrap();
        (partner.alive, partner.heard_age_ms, partner.report) = (false, None, None);
    });
    assert!(never.ends_with("Partner: backup, DEAD; never heard since pulse was started\n"), "{never}");
}

#[test]
fn a_lone_router_has_no_partner() {
    let lone = shown(|status| {
        status.partner = None;
        status.links.truncate(1);
        status.links[0].partner = None;
        status.service = Service::Fos;
        status.real_servers = None;
        status.addresses.clear();
        status.key = None;
        status.authentication = control::pulse::Authentication::Off;
    });
    insta::assert_snapshot!(lone, @"
    This router: primary, active for 5m: backup inactive
      pulse 1.2.3, process 790, started 3d4h ago; /etc/sysconfig/ha/lvs.cf, serial_no 42, service = fos
      no floating addresses
      heartbeats: every 1s, dead after 3s; not signed
      public link: 192.168.26.9:539
    No partner
    ");
}

#[test]
fn what_is_wrong_stands_out() {
    let wrong = shown(|status| {
        status.state = State::Failed;
        status.why = "lvsd could not be kept running".to_owned();
        status.held_until = Some(NOW + 55_000);
        status.addresses[0].up = None;
        status.refused = Some("pulse: error parsing lvs.cf at line 3: unknown\nerror: unknown".to_owned());
    });
    insta::assert_snapshot!(wrong.split_once("  pulse 1.2.3").unwrap().0, @"
    PULSE REFUSED THE FILE when it was read last; what was read 2h5m ago is in force:
      pulse: error parsing lvs.cf at line 3: unknown
      error: unknown

    This router: primary, failed for 5m: lvsd could not be kept running
      leaves the service to a partner that lives for 55s more
    ");
    let missing = shown(|status| status.addresses[0].up = Some(false));
    assert!(missing.contains("0 of 1 up, MISSING: 192.168.26.10 on eth0:1"), "{missing}");
}

#[test]
fn colours_stand_beside_the_words() {
    let coloured = draw(&routers(), NOW, View { colour: true, ..View::default() });
    assert!(
        coloured.contains("\x1b[1;31m  private link") || coloured.contains("  \x1b[1;31mprivate link"),
        "{coloured:?}"
    );
    let mut plain = coloured;
    for number in ["0", "1", "32", "33", "1;31"] {
        plain = plain.replace(&format!("\x1b[{number}m"), "");
    }
    assert_eq!(plain, shown(|_| {}));
}

#[test]
fn no_text_of_the_partner_reaches_a_terminal_raw() {
    let mut status = routers();
    let report = status.partner.as_mut().unwrap().report.as_mut().unwrap();
    report.departure.as_mut().unwrap().text = "\x1b[2J gone".to_owned();
    status.why = "\u{9b}31m".to_owned();
    status.addresses[0].device = "eth0\x07".to_owned();
    status.addresses[0].up = Some(false);
    let answer = control::pulse::Answer::Status(Box::new(status));
    let control::pulse::Answer::Status(status) = printable::answer_of_pulse(answer) else { unreachable!() };
    let drawn = draw(&status, NOW, View::default());
    assert!(drawn.chars().all(|one| one == '\n' || !one.is_control()), "{drawn:?}");
}
