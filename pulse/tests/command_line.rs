//! What pulse says about its command line and its file, and with which status it ends.

#![allow(clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::path::PathBuf;
use std::process::Command;

const PULSE: &str = env!("CARGO_BIN_EXE_pulse");

/// Runs pulse on a machine without addresses; gives everything printed, and the status.
fn run(arguments: &[&str]) -> String {
    in_shell("exec \"$0\" \"$@\"", arguments)
}

/// Runs a script with pulse as `$0` and the arguments as `$@`, as root in a network of its own.
fn in_shell(script: &str, arguments: &[&str]) -> String {
    let mut command = Command::new("unshare");
    if !nix::unistd::geteuid().is_root() {
        command.arg("--map-root-user");
    }
    let output = command.args(["--net", "sh", "-c", script, PULSE]).args(arguments).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    format!("{out}{err}status {}", output.status.code().unwrap())
}

/// A file for one test, under a name that the texts show without its folder.
fn file(name: &str, content: &[u8]) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("lvs.cf");
    std::fs::write(&path, content).unwrap();
    path
}

/// What `pulse -n -c FILE` says to a file with this content.
fn reads(name: &str, content: &[u8]) -> String {
    let path = file(name, content);
    let path = path.to_str().unwrap();
    run(&["-n", "-c", path]).replace(path, "lvs.cf")
}

const ROUTER: &str = "\
primary = 192.168.26.9
backup = 192.168.26.8
backup_active = 1
heartbeat_port = 539
keepalive = 6
deadtime = 18
network = nat
nat_router = 10.11.12.254 eth1:1
nat_nmask = 255.255.255.0
active_cmd = \"/usr/local/bin/now active\"
virtual web {
  active = 1
  address = 192.168.26.10 eth0:1
}
";

/// Makes a machine with this address on its only device.
const WITH_ADDRESS: &str = "ip link set lo up && ip address add \"$1\" dev lo && shift && exec \"$0\" \"$@\"";

#[test]
fn options_that_are_none() {
    insta::assert_snapshot!(run(&["--foo"]), @r"
    pulse: bad argument --foo: unknown option
    status 1
    ");
    insta::assert_snapshot!(run(&["-c"]), @r"
    pulse: bad argument -c: missing argument
    status 1
    ");
    insta::assert_snapshot!(run(&["stray"]), @r"
    pulse: unexpected arguments
    status 1
    ");
    insta::assert_snapshot!(run(&["--keepalive=often"]), @r"
    pulse: bad argument --keepalive=often: invalid numeric value
    status 1
    ");
}

/// What a dry run of a primary router says, with these options and these alias files' lines.
fn dry_run(aliases: &str, options: &[&str]) -> String {
    let path = file("popt", ROUTER.as_bytes());
    let home = path.parent().unwrap();
    std::fs::write(home.join(".popt"), aliases).unwrap();
    let other = file("popt.other", ROUTER.replace("keepalive = 6", "keepalive = 5").as_bytes());
    let script = format!("export HOME={}; {WITH_ADDRESS}", home.display());
    let named = |option: &&str| {
        option.replace("FILE", path.to_str().unwrap()).replace("OTHER", other.to_str().unwrap())
    };
    let options: Vec<String> = ["192.168.26.9/24"].iter().chain(options).map(named).collect();
    in_shell(&script, &options.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn options_in_the_manner_of_popt() {
    for options in [
        &["-tv", "-c", "FILE"][..],
        &["-vtcFILE"],
        &["-t", "-v", "--configfile", "FILE"],
        &["--test-start", "--verbose", "--configfile=FILE"],
        &["--norun", "-v", "-c", "/nowhere", "-c", "OTHER", "--configfile=FILE"],
        &["--verbose", "-v", "-tt", "-cFILE"],
        &["--careful", "FILE"],
        &["-D", "-cFILE"],
    ] {
        let aliases = "pulse alias --careful --norun -v -c\npulse alias -D -tv\nlvs alias --careful --help\n";
        let said = dry_run(aliases, options);
        assert!(said.contains("heartbeats every 6s") && said.ends_with("status 0"), "{options:?}: {said}");
        assert!(said.contains("lvsd --nofork -c ") && said.contains("lvs.cf -v\n"), "{options:?}: {said}");
    }
    assert!(dry_run("", &["-t", "-c", "FILE", "-cOTHER"]).contains("heartbeats every 5s"));
}

#[test]
fn abbreviations_and_words_behind_the_last_option() {
    for (options, said) in [
        (&["--test", "-c", "FILE"][..], "pulse: bad argument --test: unknown option"),
        (&["--force"], "pulse: bad argument --force: unknown option"),
        (&["-tz"], "pulse: bad argument -tz: unknown option"),
        (&["--lvsd"], "pulse: bad argument --lvsd: missing argument"),
        (&["-tc"], "pulse: bad argument -tc: missing argument"),
        (&["-t", "--", "-v"], "pulse: unexpected arguments"),
        (&["-t", "-c", "FILE", "stray"], "pulse: unexpected arguments"),
    ] {
        assert_eq!(dry_run("", options), format!("{said}\nstatus 1"), "{options:?}");
    }
}

#[test]
fn help_usage_and_version() {
    insta::assert_snapshot!(run(&["--help"]), @"
    Decides which of two routers is active, and holds the floating addresses there

    Usage: pulse [OPTIONS]

    Options:
      -c, --configfile <FILE>  Configuration file; lvsd gets it, too [default: /etc/sysconfig/ha/lvs.cf]
      -n, --nodaemon           Stay in the foreground and log to standard output
      -t, --test-start         Touch nothing: check the file, print what would be done, and end
          --norun              The same as --test-start
          --clear              Take down what a killed pulse left behind, and end (not in Piranha)
      -v, --verbose            Log details, and hand -v on to lvsd
          --forceactive        Become active at start without waiting for the partner
          --lvsd <PATH>        Program to start as lvsd (--lvs is the same) [default: /usr/sbin/lvsd]
          --fos <PATH>         Program to start as fos [default: /usr/sbin/fos]
          --keepalive <TIME>   Time between heartbeats in place of the file's, as 1s or 250ms (not in Piranha)
          --deadtime <TIME>    Silence before takeover in place of the file's, as 3s or 750ms (not in Piranha)
          --version            Print the version
      -?, --help               Print this help
          --usage              Print the options in brief
    status 0
    ");
    insta::assert_snapshot!(run(&["--usage"]), @"
    Usage: pulse [-c|--configfile FILE] [-n|--nodaemon] [-t|--test-start] [--norun] [--clear] [-v|--verbose] [--forceactive] [--lvsd PATH] [--fos PATH] [--keepalive TIME] [--deadtime TIME] [--version] [-?|--help] [--usage]
    status 0
    ");
    let version = run(&["--version"]);
    let first = format!("Program Version:\tpulse {}\nBuilt:\t\t\t", env!("CARGO_PKG_VERSION"));
    assert!(version.starts_with(&first) && version.ends_with("\nstatus 0"), "{version}");
}

#[test]
fn files_that_cannot_be_read() {
    insta::assert_snapshot!(run(&["-c", "/nowhere/lvs.cf"]), @"
    pulse: failed to open /nowhere/lvs.cf
    No such file or directory (os error 2); name the file with -c, or make it readable
    status 1
    ");
    insta::assert_snapshot!(run(&["-c", "/"]), @"
    pulse: error parsing / at line 0: I/O error while reading configuration
    error[READ]: I/O error while reading configuration
     --> /
    status 1
    ");
    insta::assert_snapshot!(reads("empty", b""), @"
    pulse: error parsing lvs.cf at line 0: Empty configuration
    error[STAT]: Empty configuration
     --> lvs.cf
    status 1
    ");
}

#[test]
fn files_that_cannot_be_understood() {
    insta::assert_snapshot!(reads("unknown", b"primary = 192.168.26.9\nbakup = 192.168.26.8\n"), @"
    pulse: error parsing lvs.cf at line 2: unknown command
    error[BADCOMMAND]: unknown command
     --> lvs.cf:2:1
      |
    2 | bakup = 192.168.26.8
      | ^^^^^
      = hint: did you mean `backup`?
    status 1
    ");
    let binary = reads("binary", &(0..=255).cycle().take(100_000).collect::<Vec<u8>>());
    assert!(binary.starts_with("pulse: error parsing lvs.cf at line 1: "), "{binary}");
    assert!(binary.ends_with("status 1") && binary.len() < 100_000, "{} bytes", binary.len());
    let torn = reads("torn", &ROUTER.as_bytes()[..40]);
    assert!(torn.starts_with("pulse: ") && torn.ends_with("status 1"), "{torn}");
}

#[test]
fn a_file_of_ten_megabytes() {
    let comments = "# nothing\n".repeat(1 << 20);
    insta::assert_snapshot!(reads("comments", comments.as_bytes()), @"
    pulse: no active lvs services defined in lvs.cf
    status 1
    ");
    let wrong = "wrong\n".repeat(10 << 20 >> 2);
    let said = reads("wrong", wrong.as_bytes());
    assert!(
        said.starts_with("pulse: error parsing lvs.cf at line 1: ") && said.len() < 100_000,
        "{}",
        said.len()
    );
}

#[test]
fn files_that_mean_nothing_for_pulse() {
    let inactive = ROUTER.replace("active = 1\n  ", "active = 0\n  ");
    insta::assert_snapshot!(reads("inactive", inactive.as_bytes()), @"
    pulse: no active lvs services defined in lvs.cf
    status 1
    ");
    insta::assert_snapshot!(reads("fos", format!("service = fos\n{ROUTER}").as_bytes()), @"
    pulse: no active fos services defined in lvs.cf
    status 1
    ");
    let shared = "service = fos\nprimary_shared = /dev/sdb\nbackup_shared = /dev/sdb\n";
    insta::assert_snapshot!(reads("shared", format!("{shared}{ROUTER}").as_bytes()), @"
    pulse: primary_shared and backup_shared are set in lvs.cf
    the reservation of a shared SCSI device is not supported: remove both lines, and fence by other means
    status 1
    ");
    insta::assert_snapshot!(reads("port", ROUTER.replace("= 539", "= 70000").as_bytes()), @"
    pulse: heartbeat_port 70000 in lvs.cf is outside 1 to 65535
    status 1
    ");
    insta::assert_snapshot!(reads("same", ROUTER.replace(".26.8", ".26.9").as_bytes()), @"
    pulse: primary and backup are both 192.168.26.9 in lvs.cf: each router needs its own address
    status 1
    ");
}

#[test]
fn a_machine_with_neither_address() {
    insta::assert_snapshot!(reads("stranger", ROUTER.as_bytes()), @"
    pulse: this machine has neither primary 192.168.26.9 nor backup 192.168.26.8: correct the file or the interfaces; its addresses are none
    status 1
    ");
}

#[test]
fn a_backup_router_that_is_marked_inactive() {
    let path = file("alone", ROUTER.replace("backup_active = 1", "backup_active = 0").as_bytes());
    let said = in_shell(WITH_ADDRESS, &["192.168.26.8/24", "-n", "-c", path.to_str().unwrap()]);
    insta::assert_snapshot!(said, @"
    pulse: We are backup node and backup is marked inactive -- exiting pulse
    pulse: We are backup node and backup is marked inactive -- exiting pulse
    status 6
    ");
}

#[test]
fn a_warning_about_what_is_not_there_names_no_line() {
    let content = ROUTER.replace("nat_router = 10.11.12.254 eth1:1\n", "").replace("network = nat\n", "");
    let path = file("no-line", format!("{content}backup_private = 10.11.12.3\n").as_bytes());
    let path = path.to_str().unwrap();
    let said = in_shell(WITH_ADDRESS, &["192.168.26.9/24", "-n", "-t", "-c", path]).replace(path, "lvs.cf");
    assert!(said.contains("lvs.cf: with NAT, real servers need a floating gateway"), "{said}");
    assert!(said.contains("lvs.cf, line "), "{said}");
}

#[test]
fn a_dry_run_touches_nothing() {
    let path = file("dry", ROUTER.as_bytes());
    let path = path.to_str().unwrap();
    let script = format!("{} ; ip -br -4 address; ss -Huln", WITH_ADDRESS.replace("exec ", ""));
    let options =
        ["192.168.26.9/24", "-t", "--forceactive", "--keepalive", "250ms", "--deadtime=2", "-c", path];
    let said = in_shell(&script, &options).replace(path, "lvs.cf");
    insta::assert_snapshot!(said, @"
    this router is the primary
    would bind UDP 192.168.26.9:539 (public link) and send heartbeats to 192.168.26.8:539
    heartbeats every 250ms, takeover after 2s of silence
    when active:
      would run /usr/local/bin/now active
      would start /usr/sbin/lvsd --nofork -c lvs.cf
      would raise and announce 10.11.12.254/24 on eth1:1
      would raise and announce 192.168.26.10 on eth0:1
    when inactive:
      would remove these addresses and end lvsd
    lo               UNKNOWN        127.0.0.1/8 192.168.26.9/24 
    status 0
    ");
}

#[test]
fn a_port_that_is_taken() {
    let path = file("taken", ROUTER.as_bytes());
    let script = "ip link set lo up; ip address add 192.168.26.9/24 dev lo; \"$0\" -n \"$@\" >/dev/null & sleep 0.5; \
                  \"$0\" -n \"$@\"; status=$?; kill $!; wait; exit $status";
    insta::assert_snapshot!(in_shell(script, &["-c", path.to_str().unwrap(), "--lvsd", "/bin/true"]), @"
    pulse: failed to bind to heartbeat address: Address already in use address=192.168.26.9:539
    pulse: cannot create heartbeat socket. running as root?
    pulse: UDP 192.168.26.9:539: Address already in use: another program holds the port (`ss -ulpn` names it); end it, or choose another heartbeat_port on both routers
    status 1
    ");
}

#[test]
fn without_the_right_to_bind() {
    let path = file("nobody", ROUTER.as_bytes());
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let script = "ip link set lo up; ip address add 192.168.26.9/24 dev lo; \
                  exec setpriv --bounding-set=-all --inh-caps=-all \"$0\" \"$@\"";
    insta::assert_snapshot!(in_shell(script, &["-n", "-c", path.to_str().unwrap()]), @"
    pulse: failed to bind to heartbeat address: Permission denied address=192.168.26.9:539
    pulse: cannot create heartbeat socket. running as root?
    pulse: UDP 192.168.26.9:539: Permission denied: run pulse as root, or choose a heartbeat_port above 1023
    status 1
    ");
    let path = file("nobody", ROUTER.replace("= 539", "= 5390").as_bytes());
    insta::assert_snapshot!(in_shell(script, &["-n", "-c", path.to_str().unwrap()]), @"
    pulse: cannot raise floating addresses: run pulse as root
    status 1
    ");
}
