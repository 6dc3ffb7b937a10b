//! lvsd's command line and its refusals, through the front door.
#![expect(clippy::unwrap_used, reason = "a broken assumption of a test ends the test")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Runs lvsd and tells standard output, standard error and the exit status.
fn lvsd(words: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_lvsd")).args(words).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let status = output.status.code().map_or("killed".to_owned(), |code| code.to_string());
    format!("{}{}[{status}]\n", text(&output.stdout), text(&output.stderr))
}

/// A folder for the files of one test.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("lvsd-{test}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, content: &[u8]) -> PathBuf {
        let path = self.0.join("lvs.cf");
        fs::write(&path, content).unwrap();
        path
    }

    /// What lvsd says of a file, with the folder's name cut off.
    fn said_of(&self, words: &[&str], path: &Path) -> String {
        let words: Vec<_> = words.iter().copied().chain(["-c", path.to_str().unwrap()]).collect();
        lvsd(&words).replace(&format!("{}/", self.0.display()), "")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn aliases_are_those_of_the_name_lvs() {
    let home = Folder::new("alias");
    fs::write(home.0.join(".popt"), "lvsd alias --age --help\nlvs alias --age --version\n").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_lvsd")).arg("--age").env("HOME", &home.0).output().unwrap();
    assert!(output.stdout.starts_with(b"Program Version:\tlvs "), "{output:?}");
}

#[test]
fn mistakes_on_the_command_line() {
    insta::assert_snapshot!(lvsd(&["--foo"]), @"
    lvs: bad argument --foo: unknown option
    [1]
    ");
    insta::assert_snapshot!(lvsd(&["-nz"]), @"
    lvs: bad argument -nz: unknown option
    [1]
    ");
    insta::assert_snapshot!(lvsd(&["-c"]), @"
    lvs: bad argument -c: missing argument
    [1]
    ");
    insta::assert_snapshot!(lvsd(&["--configfile"]), @"
    lvs: bad argument --configfile: missing argument
    [1]
    ");
    insta::assert_snapshot!(lvsd(&["stray"]), @"
    lvs: unexpected arguments
    [1]
    ");
    insta::assert_snapshot!(lvsd(&["-t", "stray", "--foo"]), @"
    lvs: bad argument --foo: unknown option
    [1]
    ");
    insta::assert_snapshot!(lvsd(&["--config", "lvs.cf"]), @"
    lvs: bad argument --config: unknown option
    [1]
    ");
}

#[test]
fn the_file_is_named_in_every_way_of_popt_and_the_last_one_counts() {
    let folder = Folder::new("names");
    let path = folder.0.join("named.cf");
    let path = path.to_str().unwrap();
    let joined = [format!("-c{path}"), format!("--configfile={path}")];
    let other = "/nowhere/lvs.cf";
    for words in [
        &["-c", path][..],
        &["--configfile", path],
        &[joined[0].as_str()],
        &[joined[1].as_str()],
        &["-nvtc", path],
        &["-c", other, "--configfile", path],
        &["--configfile", other, "-v", joined[1].as_str(), "--nofork"],
    ] {
        let said = lvsd(words);
        assert!(said.starts_with(&format!("lvs: failed to open {path}\n")), "{words:?}: {said}");
        assert!(said.ends_with("[1]\n"), "{words:?}: {said}");
    }
}

#[test]
fn help() {
    insta::assert_snapshot!(lvsd(&["--help"]), @"
    Keeps the kernel's IPVS table as lvs.cf and the checks of the real servers want it

    Usage: lvs [OPTIONS]

    Options:
      -c, --configfile <FILE>  Configuration file, read again on SIGHUP [default: /etc/sysconfig/ha/lvs.cf]
      -v, --verbose            Hand -v on to every nanny, and log details
      -n, --nodaemon           Stay in the foreground and log to standard output
      -t, --test-start         Print what would be done to the kernel's table, in ipvsadm's notation, and what would check, and end
          --nofork             Leave the terminal without forking
          --check              Print what is wrong with the file and end: status 1 if pulse would refuse it (not in Piranha)
          --clear              Take the services that a killed lvsd left out of the kernel's table, and end (not in Piranha)
          --strict             With --check: a warning fails, too (not in Piranha)
          --version            Print the version
      -?, --help               Print this help
          --usage              Print the options in brief
    [0]
    ");
}

#[test]
fn usage_and_version() {
    insta::assert_snapshot!(lvsd(&["--usage"]), @"
    Usage: lvs [-c|--configfile FILE] [-v|--verbose] [-n|--nodaemon] [-t|--test-start] [--nofork] [--check] [--clear] [--strict] [--version] [-?|--help] [--usage]
    [0]
    ");
    let version = lvsd(&["--version"]);
    let lines: Vec<_> = version.lines().collect();
    assert_eq!(lines[0], concat!("Program Version:\tlvs ", env!("CARGO_PKG_VERSION")));
    assert!(lines[1].starts_with("Built:\t\t\t"), "{version}");
    assert!(lines[2].starts_with("A component of:\t\tpiranha-"), "{version}");
    assert_eq!(lines[3..], ["[0]"]);
}

#[test]
fn help_counts_more_than_a_mistake_in_the_file() {
    for words in [["--help", "-c", "/nowhere/lvs.cf"], ["-c", "/nowhere/lvs.cf", "-?"]] {
        assert!(lvsd(&words).ends_with("[0]\n"), "{words:?}");
    }
}

#[test]
fn a_test_start_hands_on_what_monitors_are_told_of_lvsd_itself() {
    let folder = Folder::new("mode");
    let file = folder.file(
        b"virtual web {
     active = 1
     address = 192.168.26.10 eth0:1
     client_monitor = /usr/local/sbin/watch
     server one {
         address = 10.0.0.1
         active = 1
     }
}
",
    );
    for (words, told) in [
        (&["-t"][..], [false, false]),
        (&["-tv"], [true, false]),
        (&["-tn"], [false, true]),
        (&["--test-start", "--verbose", "--nodaemon"], [true, true]),
    ] {
        let said = folder.said_of(words, &file);
        assert_eq!([" \"-v\"", " \"--nodaemon\""].map(|word| said.contains(word)), told, "{words:?}: {said}");
    }
}

#[test]
fn a_test_start_prints_what_would_be_done_in_the_notation_of_ipvsadm() {
    let folder = Folder::new("test-start");
    let file = folder.file(
        b"network = direct
tcp_timeout = 600
virtual web {
     active = 1
     address = 192.168.26.10 eth0:1
     scheduler = rr
     persistent = 60
     pmask = 255.255.255.0
     server one {
         address = 10.0.0.1
         active = 1
         weight = 3
     }
     server two {
         address = 10.0.0.2
     }
}
virtual dns {
     active = 1
     address = 192.168.26.10 eth0:1
     protocol = udp
     port = 53
     server one {
         address = 10.0.0.1
         active = 1
     }
}
virtual nowhere {
     active = 1
}
",
    );
    insta::assert_snapshot!(folder.said_of(&["--test-start"], &file), @r#"
    ipvsadm --set 600 0 0
    lvs: starting virtual service web active: 80
    lvs: starting virtual service dns active: 53
    ipvsadm -A -t 192.168.26.10:80 -s rr -p 60 -M 255.255.255.0
    ipvsadm -a -t 192.168.26.10:80 -r 10.0.0.1:80 -g -w 3
    ipvsadm -A -u 192.168.26.10:53 -s wlc
    ipvsadm -a -u 192.168.26.10:53 -r 10.0.0.1:53 -g -w 1
    lvs: create_monitor for web/one "/usr/sbin/nanny" "-c" "-h" "10.0.0.1" "-p" "80" "-r" "80" "-a" "180" "-I" "/sbin/ipvsadm" "-t" "10" "-w" "3" "-V" "192.168.26.10" "-M" "g" "--lvs"
    lvs: create_monitor for dns/one "/usr/sbin/nanny" "-c" "-h" "10.0.0.1" "-p" "53" "-r" "53" "-u" "-a" "180" "-I" "/sbin/ipvsadm" "-t" "10" "-w" "1" "-V" "192.168.26.10" "-M" "g" "--lvs"
    lvs: virtual server nowhere has no address or no usable port: not started; the others are
    [0]
    "#);
}

#[test]
fn a_negative_time_out_is_shown_as_what_it_counts_as() {
    let folder = Folder::new("negative-time-out");
    let shown = |time_outs: &str| folder.said_of(&["--test-start"], &folder.file(time_outs.as_bytes()));
    assert_eq!(shown("tcp_timeout = 600\nudp_timeout = -5\n"), "ipvsadm --set 600 0 0\n[0]\n");
    assert_eq!(shown("udp_timeout = -5\n"), "[0]\n");
}

#[test]
fn files_that_are_no_configuration() {
    let folder = Folder::new("bad-files");
    insta::assert_snapshot!(folder.said_of(&[], &folder.0.join("missing.cf")), @"
    lvs: failed to open missing.cf
    No such file or directory (os error 2); name the file with -c, or make it readable
    [1]
    ");
    insta::assert_snapshot!(folder.said_of(&[], &folder.0.join(".")), @"
    lvs: error parsing . on line 0.
    error[READ]: I/O error while reading configuration
     --> .
    [1]
    ");
    insta::assert_snapshot!(folder.said_of(&[], &folder.file(b"")), @"
    lvs: error parsing lvs.cf on line 0.
    error[STAT]: Empty configuration
     --> lvs.cf
    [1]
    ");
    insta::assert_snapshot!(folder.said_of(&[], &folder.file(b"\x7fELF\x02\x01\x01\0\0\0\0")), @"
    lvs: error parsing lvs.cf on line 1.
    error[NULBYTE]: NUL byte in configuration
     --> lvs.cf:1:8
      |
    1 | �ELF�������
      |        ^
      = hint: the file is damaged or not plain text: save it again as text
    [1]
    ");
    insta::assert_snapshot!(folder.said_of(&[], &folder.file(b"virtual web {\n     active = 1\n     addr")), @"
    lvs: error parsing lvs.cf on line 3.
    error[BADCOMMAND]: unknown command
     --> lvs.cf:3:6
      |
    3 |      addr
      |      ^^^^
    [1]
    ");
}

#[test]
fn the_check_command_tells_everything() {
    let folder = Folder::new("check");
    let good = b"primary = 192.168.26.9
service = lvs
backup = 192.168.26.8
backup_active = 1
network = direct
keepalive = 1
deadtime = 3
virtual web {
     active = 1
     address = 192.168.26.10 eth0:1
     vip_nmask = 255.255.255.0
     timeout = 1
     reentry = 2
     server one {
         address = 192.168.26.1
         active = 1
     }
}
";
    insta::assert_snapshot!(folder.said_of(&["--check"], &folder.file(good)), @"
    warning[links-unwatched]: with a single heartbeat link and links unwatched, a dead link goes unnoticed: set `monitor_links = 1`, or add private addresses
     --> lvs.cf
    lvs.cf: 1 warning
    [0]
    ");
    insta::assert_snapshot!(folder.said_of(&["--check", "--strict"], &folder.file(good)), @"
    warning[links-unwatched]: with a single heartbeat link and links unwatched, a dead link goes unnoticed: set `monitor_links = 1`, or add private addresses
     --> lvs.cf
    lvs.cf: 1 warning
    [1]
    ");
    let doubtful = String::from_utf8_lossy(good).replace("deadtime = 3", "deadtime = 1");
    insta::assert_snapshot!(folder.said_of(&["--check"], &folder.file(doubtful.as_bytes())), @"
    warning[links-unwatched]: with a single heartbeat link and links unwatched, a dead link goes unnoticed: set `monitor_links = 1`, or add private addresses
     --> lvs.cf
    warning[deadtime-too-short]: deadtime 1s is not above keepalive 1s: both routers would be active in turn; 3s is used
     --> lvs.cf:7:12
      |
    7 | deadtime = 1
      |            ^
    lvs.cf: 2 warnings
    [0]
    ");
    insta::assert_snapshot!(folder.said_of(&["--check", "--strict"], &folder.file(doubtful.as_bytes())), @"
    warning[links-unwatched]: with a single heartbeat link and links unwatched, a dead link goes unnoticed: set `monitor_links = 1`, or add private addresses
     --> lvs.cf
    warning[deadtime-too-short]: deadtime 1s is not above keepalive 1s: both routers would be active in turn; 3s is used
     --> lvs.cf:7:12
      |
    7 | deadtime = 1
      |            ^
    lvs.cf: 2 warnings
    [1]
    ");
    let bad = String::from_utf8_lossy(good)
        .replace("timeout = 1", "timeout=1")
        .replace("active = 1", "active = yes");
    insta::assert_snapshot!(folder.said_of(&["--check"], &folder.file(bad.as_bytes())), @"
    error[INTEXPECTED]: integer expected
     --> lvs.cf:4:17
      |
    4 | backup_active = yes
      |                 ^^^
      = hint: write 1
    error[INTEXPECTED]: integer expected
     --> lvs.cf:9:15
      |
    9 |      active = yes
      |               ^^^
      = hint: write 1
    error[BADCOMMAND]: unknown command
      --> lvs.cf:12:6
       |
    12 |      timeout=1
       |      ^^^^^^^^^
       = hint: blanks are needed around the equals sign: `timeout = 1`
    error[INTEXPECTED]: integer expected
      --> lvs.cf:16:19
       |
    16 |          active = yes
       |                   ^^^
       = hint: write 1
    lvs.cf: 4 errors
    [1]
    ");
    let idle = String::from_utf8_lossy(good).replace("web {\n     active = 1", "web {\n     active = 0");
    insta::assert_snapshot!(folder.said_of(&["--check"], &folder.file(idle.as_bytes())), @"
    error[no-active-service]: no active lvs services defined: pulse does not start
     --> lvs.cf
      = hint: set `active = 1` in a `virtual` section
    warning[links-unwatched]: with a single heartbeat link and links unwatched, a dead link goes unnoticed: set `monitor_links = 1`, or add private addresses
     --> lvs.cf
    lvs.cf: 1 error, 1 warning
    [1]
    ");
}

#[test]
fn ten_megabytes_of_noise_are_refused_in_short_words() {
    let folder = Folder::new("noise");
    let mut noise: Vec<u8> = Vec::new();
    let mut state = 1u32;
    while noise.len() < 10_000_000 {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        noise.push(state.to_be_bytes()[0]);
    }
    let said = folder.said_of(&[], &folder.file(&noise));
    assert!(said.starts_with("lvs: error parsing lvs.cf on line 1.\n"), "{}", &said[..200]);
    assert!(said.ends_with("[1]\n"));
    assert!(said.len() < 100_000, "{} bytes of report", said.len());
}
