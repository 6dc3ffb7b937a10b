use control::report::Forced;
use control::status::{State, Status};
use proptest::prelude::*;
use serde_json::Value;

use super::{View, draw};
use crate::example::{NOW, one, status};
use crate::printable;

const NARROW: View = View { width: Some(80), colour: false, only_unusual: false };
const WIDE: View = View { width: Some(132), ..NARROW };

#[test]
fn everything_can_be_read_at_80_columns() {
    insta::assert_snapshot!(draw(&status(), NOW, NARROW), @r#"
    lvsd 1.2.3, process 812, started 3d4h ago
    File: /etc/sysconfig/ha/lvs.cf, serial_no 42, read 2h5m ago
    Checks: 7 real servers by 7 processes
    Repairs of the kernel's table: 2
    Not in the file and left alone: -t 10.9.9.9:3306, -u 10.9.9.9:53
    Not in the file now: web/old, disabled, weight 3

                                 STATE    SINCE WEIGHT ACTIVE INACT CONN/S CHECK AGO
    web -t 192.168.26.10:80 wlc, persistent 5m: 2 of 4 in service, 57 conn/s
      one   10.0.0.1:80          up        3d4h    100   1200   340     42 1.2ms  0s
      two   10.0.0.2:80          down        5m  -/100      0     0      0 310us  0s
          failed 5m ago: connection refused
      three 10.0.0.3:80          draining    3m  0/100     12    30      0 1.2ms  0s
          by hand: draining for 3m, the rest is cut off in 7m; checks: up for 3d4h
      four  10.0.0.4:80          up        3d4h 50/100    600    90     15  25ms  0s
          by hand: weight 50; checks: up for 3d4h
    mail -t [2001:db8:26::10]:25 rr: 0 of 2 in service, 0 conn/s
      sorry server 2001:db8:26::99 answers for them
      mx1   [2001:db8:26:1:5054:ff:fe12:3456]:25
                                 down       30s    -/1      0     0      0  1.5s  0s
          failed 30s ago: expected "220", got "554 mail system is closed for
            maintenance, please try again later"
      mx2   [2001:db8:26::2]:25  disabled     -    -/1      0     0      0 1.2ms  0s
          by hand: disabled; checks: up for 3d4h
    marked -f 7 sh: 0 of 1 in service, 0 conn/s
      a     10.0.0.5:0           unknown     1s    -/1      0     0      0     -   -
    "#);
}

#[test]
fn a_wider_terminal_keeps_names_and_numbers_on_one_line() {
    insta::assert_snapshot!(draw(&status(), NOW, WIDE), @r#"
    lvsd 1.2.3, process 812, started 3d4h ago
    File: /etc/sysconfig/ha/lvs.cf, serial_no 42, read 2h5m ago
    Checks: 7 real servers by 7 processes
    Repairs of the kernel's table: 2
    Not in the file and left alone: -t 10.9.9.9:3306, -u 10.9.9.9:53
    Not in the file now: web/old, disabled, weight 3

                                                  STATE     SINCE  WEIGHT  ACTIVE  INACT  CONN/S  CHECK  AGO
    web -t 192.168.26.10:80 wlc, persistent 5m: 2 of 4 in service, 57 conn/s
      one   10.0.0.1:80                           up         3d4h     100    1200    340      42  1.2ms   0s
      two   10.0.0.2:80                           down         5m   -/100       0      0       0  310us   0s
          failed 5m ago: connection refused
      three 10.0.0.3:80                           draining     3m   0/100      12     30       0  1.2ms   0s
          by hand: draining for 3m, the rest is cut off in 7m; checks: up for 3d4h
      four  10.0.0.4:80                           up         3d4h  50/100     600     90      15   25ms   0s
          by hand: weight 50; checks: up for 3d4h
    mail -t [2001:db8:26::10]:25 rr: 0 of 2 in service, 0 conn/s
      sorry server 2001:db8:26::99 answers for them
      mx1   [2001:db8:26:1:5054:ff:fe12:3456]:25  down        30s     -/1       0      0       0   1.5s   0s
          failed 30s ago: expected "220", got "554 mail system is closed for maintenance, please try again later"
      mx2   [2001:db8:26::2]:25                   disabled      -     -/1       0      0       0  1.2ms   0s
          by hand: disabled; checks: up for 3d4h
    marked -f 7 sh: 0 of 1 in service, 0 conn/s
      a     10.0.0.5:0                            unknown      1s     -/1       0      0       0      -    -
    "#);
}

#[test]
fn without_a_terminal_nothing_is_wrapped() {
    insta::assert_snapshot!(draw(&status(), NOW, View::default()), @r#"
    lvsd 1.2.3, process 812, started 3d4h ago
    File: /etc/sysconfig/ha/lvs.cf, serial_no 42, read 2h5m ago
    Checks: 7 real servers by 7 processes
    Repairs of the kernel's table: 2
    Not in the file and left alone: -t 10.9.9.9:3306, -u 10.9.9.9:53
    Not in the file now: web/old, disabled, weight 3

                                                  STATE     SINCE  WEIGHT  ACTIVE  INACT  CONN/S  CHECK  AGO
    web -t 192.168.26.10:80 wlc, persistent 5m: 2 of 4 in service, 57 conn/s
      one   10.0.0.1:80                           up         3d4h     100    1200    340      42  1.2ms   0s
      two   10.0.0.2:80                           down         5m   -/100       0      0       0  310us   0s
          failed 5m ago: connection refused
      three 10.0.0.3:80                           draining     3m   0/100      12     30       0  1.2ms   0s
          by hand: draining for 3m, the rest is cut off in 7m; checks: up for 3d4h
      four  10.0.0.4:80                           up         3d4h  50/100     600     90      15   25ms   0s
          by hand: weight 50; checks: up for 3d4h
    mail -t [2001:db8:26::10]:25 rr: 0 of 2 in service, 0 conn/s
      sorry server 2001:db8:26::99 answers for them
      mx1   [2001:db8:26:1:5054:ff:fe12:3456]:25  down        30s     -/1       0      0       0   1.5s   0s
          failed 30s ago: expected "220", got "554 mail system is closed for maintenance, please try again later"
      mx2   [2001:db8:26::2]:25                   disabled      -     -/1       0      0       0  1.2ms   0s
          by hand: disabled; checks: up for 3d4h
    marked -f 7 sh: 0 of 1 in service, 0 conn/s
      a     10.0.0.5:0                            unknown      1s     -/1       0      0       0      -    -
    "#);
}

#[test]
fn real_servers_that_are_well_make_way() {
    insta::assert_snapshot!(draw(&status(), NOW, View { only_unusual: true, ..NARROW }), @r#"
    lvsd 1.2.3, process 812, started 3d4h ago
    File: /etc/sysconfig/ha/lvs.cf, serial_no 42, read 2h5m ago
    Checks: 7 real servers by 7 processes
    Repairs of the kernel's table: 2
    Not in the file and left alone: -t 10.9.9.9:3306, -u 10.9.9.9:53
    Not in the file now: web/old, disabled, weight 3

                                 STATE    SINCE WEIGHT ACTIVE INACT CONN/S CHECK AGO
    web -t 192.168.26.10:80 wlc, persistent 5m: 2 of 4 in service, 57 conn/s
      two   10.0.0.2:80          down        5m  -/100      0     0      0 310us  0s
          failed 5m ago: connection refused
      three 10.0.0.3:80          draining    3m  0/100     12    30      0 1.2ms  0s
          by hand: draining for 3m, the rest is cut off in 7m; checks: up for 3d4h
      four  10.0.0.4:80          up        3d4h 50/100    600    90     15  25ms  0s
          by hand: weight 50; checks: up for 3d4h
      1 real server is up as usual
    mail -t [2001:db8:26::10]:25 rr: 0 of 2 in service, 0 conn/s
      sorry server 2001:db8:26::99 answers for them
      mx1   [2001:db8:26:1:5054:ff:fe12:3456]:25
                                 down       30s    -/1      0     0      0  1.5s  0s
          failed 30s ago: expected "220", got "554 mail system is closed for
            maintenance, please try again later"
      mx2   [2001:db8:26::2]:25  disabled     -    -/1      0     0      0 1.2ms  0s
          by hand: disabled; checks: up for 3d4h
    marked -f 7 sh: 0 of 1 in service, 0 conn/s
      a     10.0.0.5:0           unknown     1s    -/1      0     0      0     -   -
    "#);
}

#[test]
fn colours_stand_beside_the_words() {
    let coloured = draw(&status(), NOW, View { colour: true, ..NARROW });
    insta::assert_snapshot!(coloured.replace('\x1b', "^"), @r#"
    ^[1mlvsd 1.2.3, process 812, started 3d4h ago^[0m
    File: /etc/sysconfig/ha/lvs.cf, serial_no 42, read 2h5m ago
    Checks: 7 real servers by 7 processes
    Repairs of the kernel's table: 2
    Not in the file and left alone: -t 10.9.9.9:3306, -u 10.9.9.9:53
    ^[33mNot in the file now: web/old, disabled, weight 3^[0m

                                 STATE    SINCE WEIGHT ACTIVE INACT CONN/S CHECK AGO
    ^[1mweb -t 192.168.26.10:80 wlc, persistent 5m: 2 of 4 in service, 57 conn/s^[0m
      one   10.0.0.1:80          ^[32mup      ^[0m  3d4h    100   1200   340     42 1.2ms  0s
      two   10.0.0.2:80          ^[1;31mdown    ^[0m    5m  -/100      0     0      0 310us  0s
          failed 5m ago: connection refused
      three 10.0.0.3:80          ^[33mdraining^[0m    3m  0/100     12    30      0 1.2ms  0s
          by hand: draining for 3m, the rest is cut off in 7m; checks: up for 3d4h
      four  10.0.0.4:80          ^[32mup      ^[0m  3d4h 50/100    600    90     15  25ms  0s
          by hand: weight 50; checks: up for 3d4h
    ^[1;31mmail -t [2001:db8:26::10]:25 rr: 0 of 2 in service, 0 conn/s^[0m
      ^[33msorry server 2001:db8:26::99 answers for them^[0m
      mx1   [2001:db8:26:1:5054:ff:fe12:3456]:25
                                 ^[1;31mdown    ^[0m   30s    -/1      0     0      0  1.5s  0s
          failed 30s ago: expected "220", got "554 mail system is closed for
            maintenance, please try again later"
      mx2   [2001:db8:26::2]:25  ^[33mdisabled^[0m     -    -/1      0     0      0 1.2ms  0s
          by hand: disabled; checks: up for 3d4h
    ^[1;31mmarked -f 7 sh: 0 of 1 in service, 0 conn/s^[0m
      a     10.0.0.5:0           unknown     1s    -/1      0     0      0     -   -
    "#);
    let mut plain = coloured;
    for number in ["0", "1", "32", "33", "1;31"] {
        plain = plain.replace(&format!("\x1b[{number}m"), "");
    }
    assert_eq!(plain, draw(&status(), NOW, NARROW));
}

#[test]
fn a_refused_file_comes_first() {
    let mut status = status();
    status.refused = Some(
        "lvs: error parsing lvs.cf on line 3.\nerror[BADCOMMAND]: unknown command\n --> lvs.cf:3:6\n"
            .to_owned(),
    );
    status.virtual_servers.clear();
    status.strangers.clear();
    status.absent.clear();
    status.monitors.pool = true;
    status.monitors.processes = 1;
    insta::assert_snapshot!(draw(&status, NOW, NARROW), @"
    THE FILE WAS REFUSED when it was read last; what was read 2h5m ago is in force:
      lvs: error parsing lvs.cf on line 3.
      error[BADCOMMAND]: unknown command
       --> lvs.cf:3:6

    lvsd 1.2.3, process 812, started 3d4h ago
    File: /etc/sysconfig/ha/lvs.cf, serial_no 42, read 2h5m ago
    Checks: 7 real servers by one pool
    Repairs of the kernel's table: 2

    No virtual server is active.
    ");
}

#[test]
fn whatever_is_unusual_about_a_real_server_is_said() {
    let mut status = status();
    status.virtual_servers.truncate(1);
    status.virtual_servers[0].trouble = Some("No such file or directory (os error 2)".to_owned());
    let servers = &mut status.virtual_servers[0].real_servers;
    servers[0].forced = Some(Forced::Up);
    servers[0].state = State::Down;
    servers[1].forced = Some(Forced::Down);
    servers[1].last_failure = None;
    servers[2].operator.disabled = true;
    servers[2].operator.drain.as_mut().unwrap().deadline = None;
    servers[3].operator.weight = None;
    servers[3].weight.wanted = Some(100);
    servers[3].last_check.as_mut().unwrap().failure = Some("timed out".to_owned());
    let drawn = draw(&status, NOW, NARROW);
    insta::assert_snapshot!(drawn.split_once("\n\n").unwrap().1, @"
                        STATE       SINCE WEIGHT ACTIVE INACT CONN/S CHECK AGO
    web -t 192.168.26.10:80 wlc, persistent 5m: 2 of 4 in service, 57 conn/s
      not in the kernel's table, which is tried each second: No such file or
        directory (os error 2)
      one   10.0.0.1:80 forced up       -    100   1200   340     42 1.2ms  0s
          by hand: forced up until released
      two   10.0.0.2:80 forced down     -  -/100      0     0      0 310us  0s
          by hand: forced down until released
          the last check failed: connection refused
      three 10.0.0.3:80 disabled        -  0/100     12    30      0 1.2ms  0s
          by hand: disabled; draining for 3m, no deadline; checks: up for 3d4h
      four  10.0.0.4:80 up           3d4h 50/100    600    90     15  25ms  0s
          the kernel's table should have weight 100, and has weight 50
          the last check failed: timed out
    ");
}

#[test]
fn ten_thousand_real_servers_are_a_line_each() {
    let mut status = status();
    let server = one(&mut status).clone();
    status.virtual_servers.truncate(1);
    status.virtual_servers[0].real_servers = vec![server; 10_000];
    let drawn = draw(&status, NOW, NARROW);
    assert_eq!(drawn.matches("10.0.0.1:80").count(), 10_000);
    assert!(drawn.lines().all(|line| line.chars().count() <= 80));
    let unusual = draw(&status, NOW, View { only_unusual: true, ..NARROW });
    assert!(unusual.ends_with("  10000 real servers are up as usual\n"), "{unusual}");
}

/// The status with another text wherever lvsd passes on what somebody else wrote.
fn with_texts(text: &str) -> Status {
    fn replace(value: &mut Value, text: &str) {
        match value {
            Value::String(old) if ["up", "down", "unknown"].contains(&old.as_str()) => {}
            Value::String(old) => text.clone_into(old),
            Value::Array(values) => values.iter_mut().for_each(|value| replace(value, text)),
            Value::Object(fields) => fields.values_mut().for_each(|value| replace(value, text)),
            _ => {}
        }
    }
    let mut status = status();
    status.absent = status.absent.into_values().map(|operator| (text.to_owned(), operator)).collect();
    status.refused = Some(String::new());
    status.virtual_servers[0].trouble = Some(String::new());
    let mut status = serde_json::to_value(status).unwrap();
    replace(&mut status, text);
    serde_json::from_value(status).unwrap()
}

proptest! {
    #[test]
    fn no_text_of_lvsd_reaches_a_terminal_raw(text in r"[\x00-\x20\x7f-\u{9f}a\u{202e}]{1,9}", width in 1usize..200) {
        let status = control::command::Answer::Status(Box::new(with_texts(&text)));
        let control::command::Answer::Status(status) = printable::answer(status) else { unreachable!() };
        for view in [View { width: Some(width), ..NARROW }, View::default()] {
            let drawn = draw(&status, NOW, view);
            prop_assert!(drawn.chars().all(|one| one == '\n' || !one.is_control() && one != '\u{202e}'), "{:?}", drawn);
        }
    }
}
