//! What is said before lvsd is asked.

use crate::lvsd::Lvsd;

#[test]
fn help() {
    let lvsd = Lvsd::absent();
    insta::assert_snapshot!(lvsd.asked(&["--help"]), @"
    Shows how both routers are, and shows and steers what lvsd does with the real servers

    Usage: piranhactl [OPTIONS] <COMMAND>

    Commands:
      status         Show both routers, every virtual server and real server
      history        Show what this router was, since when and why
      failover       Make the router that is not active the active one, and wait until it serves
      watch          Show the status anew each second; where output is no terminal, a line for each change
      drain          Give a real server no new connections, and wait until its connections have ended
      undrain        Take a drain back
      disable        Take a real server out of service; its checks go on
      enable         Take a disable back
      weight         Use another weight than the file's
      up             Put a real server into service whatever its checks would say, until `release`
      down           Take a real server out of service whatever its checks would say, until `release`
      release        Let the checks decide again
      diff           Print what a reload would change in the kernel's table, in ipvsadm's notation
      reload         Read lvs.cf again, and print what was changed
      repair         Make the kernel's table what lvsd wants, and print what was changed
      heartbeat-key  Make the key that signs heartbeats, or change it
      sync           Copy lvs.cf to the partner over ssh, once it was checked there
      receive        Take lvs.cf from the partner's `sync`, which runs this over ssh
      help           Print this message or the help of the given subcommand(s)

    Options:
          --pulse-socket <PATH>  Socket of pulse [default: /run/piranha/pulse.sock]
          --socket <PATH>        Socket of lvsd [default: /run/piranha/lvsd.sock]
          --timeout <TIME>       How long they, or the partner, may be silent when they are asked [default: 30s]
      -h, --help                 Print help
      -V, --version              Print version

    A real server is named as in lvs.cf: web/one is `server one` in `virtual web`. Where a name is missing or not unique,
    ADDRESS:PORT stands in its place.

    Times: 90s, 10m, 1h30m, 1.5s; a plain number is seconds.

    Exit status: 0 done, 1 refused or failed, 2 wrong use, 3 lvsd, pulse or the partner cannot be reached.
    [0]
    ");
    insta::assert_snapshot!(lvsd.asked(&["drain", "--help"]), @"
    Give a real server no new connections, and wait until its connections have ended

    Usage: piranhactl drain [OPTIONS] <VIRTUAL/REAL>

    Arguments:
      <VIRTUAL/REAL>  The names of the sections in lvs.cf, for example web/one

    Options:
          --deadline <TIME>      When what is left is cut off [default: never]
          --no-wait              Do not wait
          --pulse-socket <PATH>  Socket of pulse [default: /run/piranha/pulse.sock]
          --socket <PATH>        Socket of lvsd [default: /run/piranha/lvsd.sock]
          --timeout <TIME>       How long they, or the partner, may be silent when they are asked [default: 30s]
      -h, --help                 Print help
    [0]
    ");
}

#[test]
fn version() {
    insta::assert_snapshot!(Lvsd::absent().asked(&["--version"]), @"
    piranhactl VERSION
    [0]
    ");
}

#[test]
fn wrong_use_is_status_2_and_asks_nobody() {
    let lvsd = Lvsd::answering(|_| Vec::new());
    insta::assert_snapshot!(lvsd.asked(&["drain"]), @"
    error: the following required arguments were not provided:
      <VIRTUAL/REAL>

    Usage: piranhactl drain --socket <PATH> --pulse-socket <PATH> <VIRTUAL/REAL>

    For more information, try '--help'.
    [2]
    ");
    insta::assert_snapshot!(lvsd.asked(&["drain", "one"]), @"
    error: invalid value 'one' for '<VIRTUAL/REAL>': write it as VIRTUAL/REAL, for example web/one

    For more information, try '--help'.
    [2]
    ");
    insta::assert_snapshot!(lvsd.asked(&["drain", "web/one", "--deadline", "soon"]), @"
    error: invalid value 'soon' for '--deadline <TIME>': write it as 90s, 10m, 1h30m or 1.5s

    For more information, try '--help'.
    [2]
    ");
    insta::assert_snapshot!(lvsd.asked(&["weight", "web/one", "65536"]), @"
    error: invalid value '65536' for '<WEIGHT>': write a number from 0 to 65535, or `default`

    For more information, try '--help'.
    [2]
    ");
    insta::assert_snapshot!(lvsd.asked(&["dance"]), @"
    error: unrecognized subcommand 'dance'

    Usage: piranhactl [OPTIONS] <COMMAND>

    For more information, try '--help'.
    [2]
    ");
    assert!(lvsd.requests().is_empty());
}
