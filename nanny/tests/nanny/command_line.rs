//! Options, messages and exit statuses: specification nanny.md 1.

use crate::process::nanny;

/// What nanny prints and its exit status.
fn run(words: &[&str]) -> String {
    let output = nanny(words).output().unwrap();
    let (out, error) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    format!("{out}{error}[{}]", output.status.code().unwrap())
}

#[test]
fn mistakes_are_named_in_the_order_of_the_specification() {
    insta::assert_snapshot!(run(&["--lvs", "--foo"]), @"
    nanny: bad argument --foo: unknown option
    [1]
    ");
    insta::assert_snapshot!(run(&["-t"]), @"
    nanny: bad argument -t: missing argument
    [1]
    ");
    insta::assert_snapshot!(run(&["-p", "http"]), @"
    nanny: bad argument http: invalid numeric value
    [1]
    ");
    insta::assert_snapshot!(run(&["stray", "-h", "x"]), @"
    nanny: unexpected arguments
    [1]
    ");
    insta::assert_snapshot!(run(&[]), @"
    nanny: No address supplied. Use '--help' for help. 
    [1]
    ");
    insta::assert_snapshot!(run(&["--lvs"]), @"
    nanny: No address supplied. Use '--help' for help. 
    [1]
    ");
    insta::assert_snapshot!(run(&["-h", "www.example.com"]), @"
    nanny: bad IP address -- www.example.com
    [1]
    ");
    insta::assert_snapshot!(run(&["-h", "10.1.1.2"]), @"
    nanny: unknown service type
    [1]
    ");
}

#[test]
fn values_that_cannot_work_are_refused() {
    insta::assert_snapshot!(run(&["--lvs", "-h", "10.1.1.2", "-t", "0"]), @"
    nanny: bad interval -- 0 is less than 1 second
    [1]
    ");
    insta::assert_snapshot!(run(&["--lvs", "-h", "10.1.1.2", "--check-interval", "0"]), @"
    nanny: bad check interval -- 0 is not between 0.001 and 2147483647 seconds
    [1]
    ");
    insta::assert_snapshot!(run(&["--lvs", "-h", "10.1.1.2", "--check-interval", "inf"]), @"
    nanny: bad check interval -- inf is not between 0.001 and 2147483647 seconds
    [1]
    ");
    insta::assert_snapshot!(run(&["--lvs", "-h", "10.1.1.2", "--check-timeout", "-0.5"]), @"
    nanny: bad check timeout -- -0.5 is not between 0.001 and 2147483647 seconds
    [1]
    ");
    insta::assert_snapshot!(run(&["--lvs", "-h", "10.1.1.2", "--check-timeout", "soon"]), @"
    nanny: bad argument soon: invalid numeric value
    [1]
    ");
    insta::assert_snapshot!(run(&["--lvs", "-h", "10.1.1.2", "--rise", "0"]), @"
    nanny: bad rise -- 0 is not between 1 and 100 checks
    [1]
    ");
    insta::assert_snapshot!(run(&["--lvs", "-h", "10.1.1.2", "--fall", "101"]), @"
    nanny: bad fall -- 101 is not between 1 and 100 checks
    [1]
    ");
    insta::assert_snapshot!(run(&["--lvs", "-h", "10.1.1.2", "-p", "70000"]), @"
    nanny: bad port -- 70000 is not between 0 and 65535
    [1]
    ");
    insta::assert_snapshot!(run(&["--lvs", "-h", "10.1.1.2", "-r", "-1"]), @"
    nanny: bad port -- -1 is not between 0 and 65535
    [1]
    ");
    insta::assert_snapshot!(run(&["--lvs", "-h", "10.1.1.2", "-e", ""]), @"
    nanny: bad check program -- : it is empty
    [1]
    ");
    insta::assert_snapshot!(run(&["--lvs", "-h", "10.1.1.2", "-e", "check 'a"]), @"
    nanny: bad check program -- check 'a: a quote is not closed
    [1]
    ");
}

#[test]
fn help_usage_and_version() {
    insta::assert_snapshot!(run(&["--help"]), @"
    Checks a real server, and has it used only while it is well

    Usage: nanny [OPTIONS]

    Options:
      -h, --server <ADDRESS>          Real server to check (-h is not help)
          --lvs                       Watch a real server of a virtual server
          --fos                       Watch a service of the partner, and end when it fails
          --pool                      Watch the real servers that lvsd tells over its socket (not in Piranha)
      -V, --virtaddress <ADDRESS>     Address of the virtual server
      -p, --port <PORT>               Port of the virtual server [default: 80]
      -r, --rport <PORT>              Port of the real server [default: the virtual server's]
      -f, --fwmark <MARK>             Firewall mark that the virtual server is known by [default: 0]
      -u, --udp                       Check by UDP, for a UDP virtual server
      -M, --method <METHOD>           Forwarding method: g direct routing, i tunneling, m masquerading [default: m]
      -w, --weight <WEIGHT>           Weight of the real server [default: 1]
      -t, --interval <SECONDS>        Seconds between checks, and time limit of each phase of a check [default: 10]
      -a, --reentrytime <SECONDS>     Seconds that a failed server must be good again; 0 means 180 (with --fos the interval) [default: 0]
          --check-interval <SECONDS>  Seconds from the beginning of a check to that of the next; fractions count (not in Piranha)
          --check-timeout <SECONDS>   Seconds that a whole check may take [default: the interval]; fractions count (not in Piranha)
          --rise <CHECKS>             Good checks in a row that bring a failed server back, in place of -a (not in Piranha)
          --fall <CHECKS>             Bad checks in a row that take a server out [default: 1] (not in Piranha)
      -s, --send_string <TEXT>        Text to send after connecting
      -x, --expect_string <TEXT>      Text that the answer must begin with; * is any answer
          --regex                     The expected text is an extended regular expression
      -T, --suppress                  Leave backslash sequences in the texts as they are
      -e, --send_program <LINE>       Program that checks instead; %h is the real server, %p its port
      -q, --quiesce_server            Give a failed server weight 0 instead of removing it
      -U, --loadcmd <PROGRAM>         Program that tells the load of the real server [default: none]
      -S, --scale <FACTOR>            How many times its weight an idle server may get [default: 10]
      -I, --ipvsadm <PATH>            Ignored: the kernel's table is changed without a program [default: /sbin/ipvsadm]
      -n, --nodaemon                  Stay in the foreground, log to standard output and syslog
      -c, --nofork                    Leave the terminal without a fork
          --test-start                Check, but do not change the kernel's table [alias: --norun]
      -v, --verbose                   Log every step
          --version                   Print the version
      -?, --help                      Print this help
          --usage                     Print the options in brief
    [0]
    ");
    insta::assert_snapshot!(run(&["--usage"]), @"
    Usage: nanny [-h|--server ADDRESS] [--lvs] [--fos] [--pool] [-V|--virtaddress ADDRESS] [-p|--port PORT] [-r|--rport PORT] [-f|--fwmark MARK] [-u|--udp] [-M|--method METHOD] [-w|--weight WEIGHT] [-t|--interval SECONDS] [-a|--reentrytime SECONDS] [--check-interval SECONDS] [--check-timeout SECONDS] [--rise CHECKS] [--fall CHECKS] [-s|--send_string TEXT] [-x|--expect_string TEXT] [--regex] [-T|--suppress] [-e|--send_program LINE] [-q|--quiesce_server] [-U|--loadcmd PROGRAM] [-S|--scale FACTOR] [-I|--ipvsadm PATH] [-n|--nodaemon] [-c|--nofork] [--test-start] [-v|--verbose] [--version] [-?|--help] [--usage]
    [0]
    ");
    let version = run(&["--version"]);
    let first = concat!("Program Version:\tnanny ", env!("CARGO_PKG_VERSION"), "\nBuilt:\t\t\t");
    assert!(version.starts_with(first), "{version}");
    assert!(version.ends_with("[0]"), "{version}");
}
