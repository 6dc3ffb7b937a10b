//! What a person reads: every error and warning with its line, a caret and a hint.

use insta::assert_snapshot;
use lvs_cf::{NumbersOnly, check};

/// The report on a file of these lines.
fn told(lines: &[&str]) -> String {
    check(lines.join("\n").as_bytes(), &NumbersOnly).render("lvs.cf".as_ref())
}

#[test]
fn blanks_around_the_equals_sign() {
    let file = ["keepalive=9", "keepalive =9", "keepalive 9", ""];
    assert_snapshot!(told(&file), @r#"
    error[BADCOMMAND]: unknown command
     --> lvs.cf:1:1
      |
    1 | keepalive=9
      | ^^^^^^^^^^^
      = hint: blanks are needed around the equals sign: `keepalive = 9`
    error[EQUALEXPECTED]: equal (=) expected after command
     --> lvs.cf:2:11
      |
    2 | keepalive =9
      |           ^^
      = hint: blanks are needed around the equals sign: `keepalive = 9`
    error[EQUALEXPECTED]: equal (=) expected after command
     --> lvs.cf:3:11
      |
    3 | keepalive 9
      |           ^
      = hint: write `keepalive = 9`
    lvs.cf: 3 errors
    "#);
}

#[test]
fn a_comment_needs_its_own_line() {
    let file = ["keepalive = 9 # seconds", ""];
    assert_snapshot!(told(&file), @r#"
    error[EXTRAARGS]: unexpected arguments
     --> lvs.cf:1:15
      |
    1 | keepalive = 9 # seconds
      |               ^
      = hint: comments need a line of their own
    lvs.cf: 1 error
    "#);
}

#[test]
fn an_address_needs_a_device() {
    let file =
        ["virtual a {", "     address = 192.0.2.80", "     address = eth0:1", "     address =", "}", ""];
    assert_snapshot!(told(&file), @r#"
    error[MISSINGARGS]: missing arguments
     --> lvs.cf:2:26
      |
    2 |      address = 192.0.2.80
      |                          ^
      = hint: an IP address and a device are both needed, the device seems to be missing: `address = 192.0.2.1 eth0:1`
    error[MISSINGARGS]: missing arguments
     --> lvs.cf:3:22
      |
    3 |      address = eth0:1
      |                      ^
      = hint: an IP address and a device are both needed, the IP address seems to be missing: `address = 192.0.2.1 eth0:1`
    error[MISSINGARGS]: missing arguments
     --> lvs.cf:4:15
      |
    4 |      address =
      |               ^
      = hint: an IP address and a device are both needed, both are missing: `address = 192.0.2.1 eth0:1`
    lvs.cf: 3 errors
    "#);
}

#[test]
fn a_keyword_of_another_level() {
    let file = [
        "port = 80",
        "virtual a {",
        "     keepalive = 9",
        "     server s {",
        "         scheduler = rr",
        "     }",
        "}",
        "",
    ];
    assert_snapshot!(told(&file), @r#"
    error[BADCOMMAND]: unknown command
     --> lvs.cf:1:1
      |
    1 | port = 80
      | ^^^^
      = hint: `port` stands in `virtual` and `failover` sections and in `server` sections
    error[BADCOMMAND]: unknown command
     --> lvs.cf:3:6
      |
    3 |      keepalive = 9
      |      ^^^^^^^^^
      = hint: `keepalive` stands at the top of the file, outside of all sections (the `virtual` section of line 2 is still open)
    error[BADCOMMAND]: unknown command
     --> lvs.cf:5:10
      |
    5 |          scheduler = rr
      |          ^^^^^^^^^
      = hint: `scheduler` stands in `virtual` and `failover` sections (the `server` section of line 4 is still open)
    lvs.cf: 3 errors
    "#);
}

#[test]
fn keywords_of_the_web_tool() {
    let file = [
        "failover f {",
        "     heartbeat = 1",
        "     expect_program = x",
        "}",
        "virtual a {",
        "     server s {",
        "         nmask = 255.255.255.0",
        "     }",
        "}",
        "",
    ];
    assert_snapshot!(told(&file), @r#"
    error[BADCOMMAND]: unknown command
     --> lvs.cf:2:6
      |
    2 |      heartbeat = 1
      |      ^^^^^^^^^
      = hint: only Piranha's web tool writes `heartbeat` into failover sections: remove the line
    error[BADCOMMAND]: unknown command
     --> lvs.cf:3:6
      |
    3 |      expect_program = x
      |      ^^^^^^^^^^^^^^
      = hint: only Piranha's web tool knows `expect_program`: remove the line
    error[BADCOMMAND]: unknown command
     --> lvs.cf:7:10
      |
    7 |          nmask = 255.255.255.0
      |          ^^^^^
      = hint: only Piranha's web tool knows `nmask`: remove the line
    lvs.cf: 3 errors
    "#);
}

#[test]
fn a_missing_closing_brace() {
    let file = ["virtual a {", "     active = 1", "", "virtual b {", "     active = 1", "}", ""];
    assert_snapshot!(told(&file), @r#"
    error[BADCOMMAND]: unknown command
     --> lvs.cf:4:1
      |
    4 | virtual b {
      | ^^^^^^^
      = hint: a closing brace seems to be missing: the `virtual` section of line 1 is still open
    lvs.cf: 1 error
    "#);
}

#[test]
fn a_closing_brace_too_many() {
    let file = [
        "virtual a {",
        "     server s {",
        "     }",
        "     }",
        "     server t {",
        "         weight = 2",
        "     }",
        "}",
        "}",
        "",
    ];
    assert_snapshot!(told(&file), @r#"
    error[BADCOMMAND]: unknown command
     --> lvs.cf:5:6
      |
    5 |      server t {
      |      ^^^^^^
      = hint: `server` stands in a virtual section: the section seems to be closed too early
    error[BADCOMMAND]: unknown command
     --> lvs.cf:9:1
      |
    9 | }
      | ^
      = hint: no section is open here: there is one closing brace too many
    lvs.cf: 2 errors
    "#);
}

#[test]
fn the_opening_brace() {
    let file = [
        "virtual a",
        "{",
        "     active = 1",
        "}",
        "virtual b{",
        "}",
        "virtual {",
        "}",
        "virtual c { active = 1 }",
        "",
    ];
    assert_snapshot!(told(&file), @r#"
    error[MISSINGARGS]: missing arguments
     --> lvs.cf:1:10
      |
    1 | virtual a
      |          ^
      = hint: the opening brace belongs on the section line, as a word of its own: `virtual a {`
    error[MISSINGARGS]: missing arguments
     --> lvs.cf:5:11
      |
    5 | virtual b{
      |           ^
      = hint: the opening brace belongs on the section line, as a word of its own: `virtual b {`
    error[MISSINGARGS]: missing arguments
     --> lvs.cf:7:10
      |
    7 | virtual {
      |          ^
      = hint: the name is missing: `virtual NAME {`
    error[EXTRAARGS]: unexpected arguments
     --> lvs.cf:9:13
      |
    9 | virtual c { active = 1 }
      |             ^^^^^^
      = hint: a section line is `virtual NAME {`, and nothing may follow the brace
    lvs.cf: 4 errors
    "#);
}

#[test]
fn quotes() {
    let file = [
        "rsh_command = \"ssh\" ",
        "rsh_command = \"ssh -q",
        "rsh_command = \"",
        "virtual a {",
        "     send = \"say \"hi\" now\"",
        "}",
        "",
    ];
    assert_snapshot!(told(&file), @r#"
    error[BADQUOTING]: quotation mismatch
     --> lvs.cf:1:15
      |
    1 | rsh_command = "ssh"
      |               ^^^^^^
      = hint: remove the blank behind the closing quote: it keeps the quote from closing
    error[BADQUOTING]: quotation mismatch
     --> lvs.cf:2:15
      |
    2 | rsh_command = "ssh -q
      |               ^^^^^^^
      = hint: the closing " is missing
    error[BADQUOTING]: quotation mismatch
     --> lvs.cf:3:15
      |
    3 | rsh_command = "
      |               ^
      = hint: a " alone is no value: close the quote, or remove it
    error[EXTRAARGS]: unexpected arguments
     --> lvs.cf:5:19
      |
    5 |      send = "say "hi" now"
      |                   ^^^
      = hint: a quoted value ends at the first such quote behind its first blank: there is no escape for quotes
    lvs.cf: 4 errors
    "#);
}

#[test]
fn a_byte_order_mark() {
    let file = ["\u{feff}keepalive = 9", ""];
    assert_snapshot!(told(&file), @r#"
    error[BADCOMMAND]: unknown command
     --> lvs.cf:1:1
      |
    1 | �keepalive = 9
      | ^^^^^^^^^^
      = hint: the file starts with a byte order mark: save it without one
    lvs.cf: 1 error
    "#);
}

#[test]
fn words_of_a_list() {
    let file = [
        "network = NAT",
        "network = route",
        "virtual a {",
        "     scheduler = sed",
        "     scheduler = best",
        "}",
        "",
    ];
    assert_snapshot!(told(&file), @r#"
    error[BADARGUMENT]: invalid argument
     --> lvs.cf:1:11
      |
    1 | network = NAT
      |           ^^^
      = hint: case matters: write `nat`
    error[BADARGUMENT]: invalid argument
     --> lvs.cf:2:11
      |
    2 | network = route
      |           ^^^^^
      = hint: write one of: nat, direct, tunnel
    error[BADARGUMENT]: invalid argument
     --> lvs.cf:4:18
      |
    4 |      scheduler = sed
      |                  ^^^
      = hint: Piranha does not know this: write it on an extension line: `#% scheduler = sed`
    error[BADARGUMENT]: invalid argument
     --> lvs.cf:5:18
      |
    5 |      scheduler = best
      |                  ^^^^
      = hint: write one of: rr, wrr, lc, wlc, lblc, lblcr, dh, sh
    lvs.cf: 4 errors
    "#);
}

#[test]
fn ipv6_needs_an_extension_line() {
    let file = ["backup = 2001:db8::1", ""];
    assert_snapshot!(told(&file), @r#"
    error[BADARGUMENT]: invalid argument
     --> lvs.cf:1:10
      |
    1 | backup = 2001:db8::1
      |          ^^^^^^^^^^^
      = hint: IPv6 is not supported in this file format: Piranha would refuse the file. Write it on an extension line: `#% backup = 2001:db8::1`
    lvs.cf: 1 error
    "#);
}

#[test]
fn names_that_do_not_resolve() {
    let file = ["primary = router-one", "heartbeat_port = pulse", ""];
    assert_snapshot!(told(&file), @r#"
    error[BADARGUMENT]: invalid argument
     --> lvs.cf:1:11
      |
    1 | primary = router-one
      |           ^^^^^^^^^^
      = hint: `router-one` does not resolve to an IPv4 address: a numeric address always works
    error[BADARGUMENT]: invalid argument
     --> lvs.cf:2:18
      |
    2 | heartbeat_port = pulse
      |                  ^^^^^
      = hint: `pulse` is no TCP service in /etc/services: write the number
    lvs.cf: 2 errors
    "#);
}

#[test]
fn numbers() {
    let file = [
        "backup_active = yes",
        "backup_active = 2",
        "serial_no = 08",
        "keepalive = 250ms",
        "primary = 0.0.0.0",
        "nat_nmask = /24",
        "",
    ];
    assert_snapshot!(told(&file), @r#"
    error[INTEXPECTED]: integer expected
     --> lvs.cf:1:17
      |
    1 | backup_active = yes
      |                 ^^^
      = hint: write 1
    error[BOOLEXPECTED]: boolean expected
     --> lvs.cf:2:17
      |
    2 | backup_active = 2
      |                 ^
      = hint: write 0 or 1
    error[INTEXPECTED]: integer expected
     --> lvs.cf:3:13
      |
    3 | serial_no = 08
      |             ^^
      = hint: a number with a leading 0 is octal: write it without
    error[INTEXPECTED]: integer expected
     --> lvs.cf:4:13
      |
    4 | keepalive = 250ms
      |             ^^^^^
      = hint: Piranha does not know this: write it on an extension line: `#% keepalive = 250ms`
    error[BADHOSTNAME]: invalid host name or ip address
     --> lvs.cf:5:11
      |
    5 | primary = 0.0.0.0
      |           ^^^^^^^
      = hint: 0.0.0.0 is no address of a router: give one, or remove the line
    error[BADNETMASK]: Bad subnet mask specified
     --> lvs.cf:6:13
      |
    6 | nat_nmask = /24
      |             ^^^
      = hint: write the mask with four decimal parts, as in 255.255.255.0
    lvs.cf: 6 errors
    "#);
}

#[test]
fn a_letter_wrong() {
    let file = ["primray = 192.0.2.1", "Primary = 192.0.2.1", ""];
    assert_snapshot!(told(&file), @r#"
    error[BADCOMMAND]: unknown command
     --> lvs.cf:1:1
      |
    1 | primray = 192.0.2.1
      | ^^^^^^^
      = hint: did you mean `primary`?
    error[BADCOMMAND]: unknown command
     --> lvs.cf:2:1
      |
    2 | Primary = 192.0.2.1
      | ^^^^^^^
      = hint: did you mean `primary`?
    lvs.cf: 2 errors
    "#);
}

#[test]
fn extension_lines() {
    let file = [
        "nanny_pool = 1",
        "#% bogus = 1",
        "#% keepalive = soon",
        "#% virtual six {",
        "     active = 1",
        "#% }",
        "virtual four {",
        "#% }",
        "}",
        "",
    ];
    assert_snapshot!(told(&file), @r#"
    error[BADCOMMAND]: unknown command
     --> lvs.cf:1:1
      |
    1 | nanny_pool = 1
      | ^^^^^^^^^^
      = hint: Piranha does not know this: write it on an extension line: `#% nanny_pool = 1`
    error[BADCOMMAND]: unknown command
     --> lvs.cf:2:4
      |
    2 | #% bogus = 1
      |    ^^^^^
      = hint: besides Piranha's keywords, these are known here: heartbeat_key_file, heartbeat_auth, announce_refresh, hot_standby, expire_persistence, nanny_pool
    error[BADARGUMENT]: invalid argument
     --> lvs.cf:3:16
      |
    3 | #% keepalive = soon
      |                ^^^^
      = hint: write a time such as 250ms, 1.5s or 10m; a plain number is seconds
    error[BADCOMMAND]: unknown command
     --> lvs.cf:5:6
      |
    5 |      active = 1
      |      ^^^^^^
      = hint: the `virtual` section of line 4 is an extension and holds extension lines only: write `#% active = 1`, or close the section with `#% }` first
    error[BADCOMMAND]: unknown command
     --> lvs.cf:8:4
      |
    8 | #% }
      |    ^
      = hint: what an ordinary line opened is closed by `}` without `#%`
    lvs.cf: 5 errors
    "#);
}

#[test]
fn hints_are_short_and_printable() {
    let long = "x".repeat(1_000_000);
    for line in [
        format!("a={long}"),
        format!("{long}=1"),
        format!("keepalive {long}"),
        format!("primary = {long}"),
        format!("virtual {long}"),
        format!("scheduler = mh {long}"),
        format!("#% keepalive = {long}"),
    ] {
        assert!(told(&[&line]).len() < 1000, "{}", line.get(..40).unwrap_or_default());
    }
    for line in ["\u{1b}[31m=1", "keepalive \u{1b}[31m", "primary = \u{1b}[31m", "virtual \u{1b}[31m"] {
        assert!(!told(&[line]).contains('\u{1b}'), "{line:?}");
    }
}

#[test]
fn long_lines_and_control_characters() {
    let file = ["\u{1b}[31m\tx", &"w ".repeat(100), ""];
    assert_snapshot!(told(&file), @r#"
    error[BADCOMMAND]: unknown command
     --> lvs.cf:1:1
      |
    1 | �[31m x
      | ^^^^^
    error[BADCOMMAND]: unknown command
     --> lvs.cf:2:1
      |
    2 | w w w w w w w w w w w w w w w w w w w w w w w w w w w w w w ...
      | ^
    lvs.cf: 2 errors
    "#);
}

#[test]
fn a_report_that_warns() {
    let file = [
        "primary = 192.0.2.10",
        "backup = 192.0.2.10",
        "heartbeat_port = 70000",
        "keepalive = 5",
        "deadtime = 5",
        "virtual web {",
        "     active = 1",
        "     address = 192.0.2.80 eth0:web-server-one",
        "     send = 'GET /'",
        "     #% scheduler = mh",
        "     server one {",
        "         address = 10.1",
        "         active = 1",
        "         weight = 0",
        "     }",
        "     port = 8080",
        "}",
        "",
    ];
    assert_snapshot!(told(&file), @r#"
    error[heartbeat-port-range]: 70000 is no UDP port: pulse refuses anything outside 1 to 65535
     --> lvs.cf:3:18
      |
    3 | heartbeat_port = 70000
      |                  ^^^^^
    error[same-routers]: primary and backup are the same address: pulse refuses that
     --> lvs.cf:2:10
      |
    2 | backup = 192.0.2.10
      |          ^^^^^^^^^^
    warning[nat-without-router]: with NAT, real servers need a floating gateway: give `nat_router = ADDRESS DEVICE`, or another `network`
     --> lvs.cf
    warning[deadtime-too-short]: deadtime 5s is not above keepalive 5s: both routers would be active in turn; 15s is used
     --> lvs.cf:5:12
      |
    5 | deadtime = 5
      |            ^
    warning[long-label]: the device with its label has 19 bytes, the kernel takes 15
     --> lvs.cf:8:16
      |
    8 |      address = 192.0.2.80 eth0:web-server-one
      |                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    warning[single-quotes]: single quotes are part of the value: they are sent too
     --> lvs.cf:9:13
      |
    9 |      send = 'GET /'
      |             ^^^^^^^
    warning[odd-address]: this is read as 10.0.0.1
      --> lvs.cf:12:20
       |
    12 |          address = 10.1
       |                    ^^^^
    warning[weight-range]: weight 0: the server gets no new connections; Piranha made 1 of it
      --> lvs.cf:14:19
       |
    14 |          weight = 0
       |                   ^
    warning[late-port]: the server of line 11 stands above and keeps the port from before
      --> lvs.cf:16:13
       |
    16 |      port = 8080
       |             ^^^^
    note[extension]: an extension: not understood by Piranha 0.8.6
      --> lvs.cf:10:9
       |
    10 |      #% scheduler = mh
       |         ^^^^^^^^^
    lvs.cf: 2 errors, 7 warnings, 1 note
    "#);
}

#[test]
fn a_file_that_pulse_refuses() {
    let file = [
        "service = fos",
        "virtual a {",
        "     active = 1",
        "     address = 192.0.2.1 eth0:1",
        "     sorry_server = 192.0.2.2",
        "}",
        "",
    ];
    assert_snapshot!(told(&file), @r#"
    error[no-active-service]: no active fos services defined: pulse does not start
     --> lvs.cf
      = hint: set `active = 1` in a `failover` section
    warning[nat-without-router]: with NAT, real servers need a floating gateway: give `nat_router = ADDRESS DEVICE`, or another `network`
     --> lvs.cf
    lvs.cf: 1 error, 1 warning
    "#);
}

#[test]
fn nothing_to_say() {
    assert_eq!(
        told(&[
            "network = direct",
            "virtual a {",
            "     active = 1",
            "     address = 192.0.2.1 eth0:1",
            "     sorry_server = 192.0.2.2",
            "}",
            ""
        ]),
        "lvs.cf: nothing to report\n"
    );
}
