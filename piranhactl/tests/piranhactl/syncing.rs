//! lvs.cf on its way to the partner, with a stand-in for ssh: it writes down what it is called with, and executes on this
//! computer what an `authorized_keys` would force on it. The lab has the real one.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::lvsd::{Lvsd, PIRANHACTL, told};

/// A router that has the address 127.0.0.1, as every computer does.
const HERE: &str = "\
serial_no = 41
primary = 127.0.0.1
backup = 192.0.2.8
backup_active = 1
network = direct
monitor_links = 1
virtual web {
     active = 1
     address = 192.0.2.10 eth0:1
     vip_nmask = 255.255.255.0
     port = 80
     scheduler = wlc
     server one {
         address = 192.0.2.1
         active = 1
         weight = 1
     }
}
";

/// Two routers in one folder: `lvs.cf` here, `there/lvs.cf` there.
struct Pair(Lvsd);

impl Pair {
    /// The file there is older.
    fn new() -> Self {
        let pair = Self(Lvsd::absent());
        fs::create_dir(pair.path("there")).unwrap();
        pair.write("lvs.cf", HERE);
        pair.write("there/lvs.cf", &HERE.replace("serial_no = 41", "serial_no = 40"));
        let there = pair.path("there");
        pair.ssh(&format!(
            "exec {PIRANHACTL} receive --file {there}/lvs.cf --previous {there}/previous",
            there = there.display()
        ));
        pair
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.folder.join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// What the stand-in for ssh does.
    fn ssh(&self, script: &str) {
        let calls = self.path("calls");
        self.write("ssh", &format!("#!/bin/sh\nprintf '%s\\n' \"$@\" >{}\n{script}\n", calls.display()));
        fs::set_permissions(self.path("ssh"), Permissions::from_mode(0o755)).unwrap();
    }

    fn sync(&self, words: &[&str]) -> String {
        let (file, ssh) = (self.path("lvs.cf"), self.path("ssh"));
        let mut command = Command::new(PIRANHACTL);
        command.arg("sync").arg("--file").arg(file).arg("--ssh").arg(ssh).args(words);
        self.shown(&told(&command.output().unwrap()))
    }

    /// Without what differs from run to run.
    fn shown(&self, text: &str) -> String {
        let text = text.replace(&format!("{}/", self.0.folder.display()), "");
        let text = text.replace(env!("CARGO_PKG_VERSION"), "VERSION");
        let kept = self.kept();
        kept.iter().fold(text, |text, name| text.replace(name, "lvs.cf.TIME"))
    }

    fn kept(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.path("there/previous")) else { return Vec::new() };
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    /// Nothing happened there.
    fn is_untouched(&self) -> bool {
        self.read("there/lvs.cf").contains("serial_no = 40") && self.kept().is_empty()
    }
}

#[test]
fn help() {
    insta::assert_snapshot!(Lvsd::absent().asked(&["sync", "--help"]), @"
    Copy lvs.cf to the partner over ssh, once it was checked there

    Usage: piranhactl sync [OPTIONS]

    Options:
          --to <HOST>            The partner [default: its public address in the file]
          --user <USER>          Who to be there [default: as ssh is configured]
          --file <FILE>          The file, here and there [default: /etc/sysconfig/ha/lvs.cf]
          --reload               Have pulse there read the file again
          --dry-run              Have the file checked there, and change nothing
          --force                Replace a newer file (by `serial_no`), too, also on a computer that the file does not name
          --ask                  Let ssh ask for a password, or about a host key
          --ssh <PROGRAM>        The ssh client here [default: ssh]
          --piranhactl <PATH>    piranhactl there [default: /usr/sbin/piranhactl]
          --pulse-socket <PATH>  Socket of pulse [default: /run/piranha/pulse.sock]
          --socket <PATH>        Socket of lvsd [default: /run/piranha/lvsd.sock]
          --timeout <TIME>       How long they, or the partner, may be silent when they are asked [default: 30s]
      -h, --help                 Print help
    [0]
    ");
    insta::assert_snapshot!(Lvsd::absent().asked(&["receive", "--help"]), @"
    Take lvs.cf from the partner's `sync`, which runs this over ssh

    Usage: piranhactl receive [OPTIONS]

    Options:
          --file <FILE>          The file that is replaced [default: /etc/sysconfig/ha/lvs.cf]
          --previous <FOLDER>    Where the replaced one is kept [default: /var/lib/piranha/previous]
          --pulse-socket <PATH>  Socket of pulse [default: /run/piranha/pulse.sock]
          --socket <PATH>        Socket of lvsd [default: /run/piranha/lvsd.sock]
          --timeout <TIME>       How long they, or the partner, may be silent when they are asked [default: 30s]
      -h, --help                 Print help
    [0]
    ");
}

#[test]
fn the_partner_gets_the_file_and_keeps_its_old_one() {
    let pair = Pair::new();
    let before = pair.read("there/lvs.cf");
    fs::set_permissions(pair.path("there/lvs.cf"), Permissions::from_mode(0o664)).unwrap();
    insta::assert_snapshot!(pair.sync(&[]), @"
    192.0.2.8 has the file now: serial_no=40 fingerprint=4ee72bed9c8b134e32071bb9352cb924 -> serial_no=41 fingerprint=d72d6e05c9bd3315b8c6c01b71d962ed
    the one before is kept there as there/previous/lvs.cf.TIME
    next: `piranhactl sync --reload` has pulse there read it, `service pulse reload` the one here
    [0]
    ");
    assert_eq!(pair.read("there/lvs.cf"), HERE);
    assert_eq!(fs::metadata(pair.path("there/lvs.cf")).unwrap().mode() & 0o777, 0o664);
    let [kept] = &pair.kept()[..] else { panic!("{:?}", pair.kept()) };
    assert_eq!(pair.read(&format!("there/previous/{kept}")), before);
    insta::assert_snapshot!(pair.shown(&pair.read("calls")), @"
    -T
    -a
    -x
    -o
    BatchMode=yes
    -o
    ClearAllForwardings=yes
    -o
    ConnectTimeout=10
    -o
    ServerAliveInterval=5
    -o
    ServerAliveCountMax=3
    --
    192.0.2.8
    '/usr/sbin/piranhactl' receive --file 'lvs.cf'
    ");
}

#[test]
fn a_file_that_is_there_already_is_not_touched() {
    let pair = Pair::new();
    pair.write("there/lvs.cf", HERE);
    let before = fs::metadata(pair.path("there/lvs.cf")).unwrap().ino();
    insta::assert_snapshot!(pair.sync(&[]), @"
    192.0.2.8 has the same file already: serial_no=41 fingerprint=d72d6e05c9bd3315b8c6c01b71d962ed
    [0]
    ");
    assert_eq!(fs::metadata(pair.path("there/lvs.cf")).unwrap().ino(), before);
    assert!(pair.kept().is_empty());
}

#[test]
fn a_partner_without_a_file_gets_one() {
    let pair = Pair::new();
    fs::remove_file(pair.path("there/lvs.cf")).unwrap();
    insta::assert_snapshot!(pair.sync(&[]), @"
    192.0.2.8 has the file now: none -> serial_no=41 fingerprint=d72d6e05c9bd3315b8c6c01b71d962ed
    next: `piranhactl sync --reload` has pulse there read it, `service pulse reload` the one here
    [0]
    ");
    assert_eq!(pair.read("there/lvs.cf"), HERE);
}

#[test]
fn a_dry_run_changes_nothing() {
    let pair = Pair::new();
    insta::assert_snapshot!(pair.sync(&["--dry-run", "--reload"]), @"
    192.0.2.8 would take the file: serial_no=40 fingerprint=4ee72bed9c8b134e32071bb9352cb924 -> serial_no=41 fingerprint=d72d6e05c9bd3315b8c6c01b71d962ed
    [0]
    ");
    assert!(pair.is_untouched());
}

#[test]
fn a_newer_file_is_replaced_by_force_only() {
    let pair = Pair::new();
    let newer = HERE.replace("serial_no = 41", "serial_no = 42");
    pair.write("there/lvs.cf", &newer);
    insta::assert_snapshot!(pair.sync(&[]), @"
    piranhactl: 192.0.2.8 refused the file, nothing was changed: the file there is newer: serial_no=42, and serial_no=41 was sent. Run `piranhactl sync` there if it is the right one; --force replaces it
    [1]
    ");
    assert_eq!(pair.read("there/lvs.cf"), newer);
    insta::assert_snapshot!(pair.sync(&["--force"]), @"
    192.0.2.8 has the file now: serial_no=42 fingerprint=11418672c8debda55794b5aa1f322e89 -> serial_no=41 fingerprint=d72d6e05c9bd3315b8c6c01b71d962ed
    the one before is kept there as there/previous/lvs.cf.TIME
    next: `piranhactl sync --reload` has pulse there read it, `service pulse reload` the one here
    [0]
    ");
    assert_eq!(pair.read("there/lvs.cf"), HERE);
    assert_eq!(pair.read(&format!("there/previous/{}", pair.kept()[0])), newer);
}

#[test]
fn a_file_that_is_wrong_here_is_not_sent() {
    let pair = Pair::new();
    pair.write("lvs.cf", &HERE.replace("port = 80", "porte = 80"));
    insta::assert_snapshot!(pair.sync(&[]), @"
    piranhactl: pulse would refuse the file, nothing was sent:
    error[BADCOMMAND]: unknown command
      --> lvs.cf:11:6
       |
    11 |      porte = 80
       |      ^^^^^
       = hint: did you mean `port`?
    lvs.cf: 1 error
    [1]
    ");
    assert!(!pair.path("calls").exists());
    fs::remove_file(pair.path("lvs.cf")).unwrap();
    insta::assert_snapshot!(pair.sync(&[]), @"
    piranhactl: failed to open lvs.cf: No such file or directory (os error 2)
    [1]
    ");
}

#[test]
fn warnings_are_shown_and_do_not_stop_it() {
    let pair = Pair::new();
    pair.write("lvs.cf", &format!("deadtime = 2\nkeepalive = 1\n{HERE}"));
    insta::assert_snapshot!(pair.sync(&["--dry-run"]), @"
    192.0.2.8 would take the file: serial_no=40 fingerprint=4ee72bed9c8b134e32071bb9352cb924 -> serial_no=41 fingerprint=5419d7d8db26351c6605aae5a89bca8e
    warning[deadtime-short]: deadtime 2s is below three times keepalive 1s: one lost heartbeat may cause a takeover
     --> lvs.cf:1:12
      |
    1 | deadtime = 2
      |            ^
    lvs.cf: 1 warning
    [0]
    ");
}

#[test]
fn a_file_that_is_wrong_there_replaces_nothing() {
    let pair = Pair::new();
    let key = pair.path("heartbeat.key");
    let signed = format!("#% heartbeat_key_file = {}\n#% heartbeat_auth = require\n{HERE}", key.display());
    pair.write("lvs.cf", &signed);
    insta::assert_snapshot!(pair.sync(&[]), @"
    piranhactl: 192.0.2.8 refused the file, nothing was changed: pulse there would refuse the file: heartbeat_auth = require, but heartbeat_key_file: heartbeat.key is not there: copy it from the partner, or make one for both with `piranhactl heartbeat-key`
    [1]
    ");
    pair.write("lvs.cf", &HERE.replace("127.0.0.1", "192.0.2.9"));
    insta::assert_snapshot!(pair.sync(&[]), @"
    piranhactl: cannot tell who the partner is (--to says it): this computer has neither primary 192.0.2.9 nor backup 192.0.2.8
    [1]
    ");
    insta::assert_snapshot!(pair.sync(&["--to", "192.0.2.8"]), @"
    piranhactl: 192.0.2.8 refused the file, nothing was changed: the file names neither of that computer's addresses as `primary` or `backup`: is it the partner? --force says so
    [1]
    ");
    assert!(pair.is_untouched());
}

#[test]
fn what_breaks_on_the_way_replaces_nothing() {
    let pair = Pair::new();
    let there = pair.path("there/lvs.cf");
    let through = |way: &str| {
        pair.ssh(&format!("{way} | {PIRANHACTL} receive --file {}", there.display()));
        pair.sync(&[])
    };
    insta::assert_snapshot!(through("head -c 300"), @"
    piranhactl: 192.0.2.8 refused the file, nothing was changed: the file ended after 152 of 333 bytes: the connection broke; try again
    [1]
    ");
    insta::assert_snapshot!(through("sed s/weight/height/"), @"
    piranhactl: 192.0.2.8 refused the file, nothing was changed: the file was changed on its way: try again
    [1]
    ");
    assert!(pair.is_untouched());
}

#[test]
fn a_reload_without_pulse_is_told() {
    let pair = Pair::new();
    insta::assert_snapshot!(pair.sync(&["--reload"]), @"
    192.0.2.8 has the file now: serial_no=40 fingerprint=4ee72bed9c8b134e32071bb9352cb924 -> serial_no=41 fingerprint=d72d6e05c9bd3315b8c6c01b71d962ed
    the one before is kept there as there/previous/lvs.cf.TIME
    piranhactl: no reload on 192.0.2.8: pulse does not run there, says /var/run/pulse.pid: it reads the file when it starts
    [1]
    ");
    assert_eq!(pair.read("there/lvs.cf"), HERE);
}

#[test]
fn who_cannot_be_reached_is_told_with_what_to_do() {
    let pair = Pair::new();
    pair.ssh("echo 'root@192.0.2.8: Permission denied (publickey).' >&2; exit 255");
    insta::assert_snapshot!(pair.sync(&[]), @"
    piranhactl: cannot reach 192.0.2.8 by ssh: root@192.0.2.8: Permission denied (publickey).
    `ssh 192.0.2.8 true` has to work without a question: a key there, its host key known here; or use --ask
    [3]
    ");
    insta::assert_snapshot!(pair.sync(&["--ask", "--user", "root"]), @"
    piranhactl: cannot reach 192.0.2.8 by ssh: root@192.0.2.8: Permission denied (publickey).
    try it alone: ssh 192.0.2.8 true
    [3]
    ");
    pair.ssh("echo 'sh: 1: /usr/sbin/piranhactl: not found' >&2; exit 127");
    insta::assert_snapshot!(pair.sync(&[]), @"
    piranhactl: 192.0.2.8 cannot execute piranhactl: sh: 1: /usr/sbin/piranhactl: not found
    --piranhactl names it there. A router with Piranha itself has none: copy the file with `scp -p`, and `service pulse restart` there while it stands by (a reload would hang it)
    [1]
    ");
    pair.ssh("echo \"error: unrecognized subcommand 'receive'\" >&2; exit 2");
    insta::assert_snapshot!(pair.sync(&[]), @"
    piranhactl: piranhactl on 192.0.2.8 failed with exit status: 2: error: unrecognized subcommand 'receive'
    is it of this release, VERSION?
    [1]
    ");
    pair.ssh("kill -9 $$");
    insta::assert_snapshot!(pair.sync(&[]), @"
    piranhactl: piranhactl on 192.0.2.8 failed with signal: 9 (SIGKILL)
    is it of this release, VERSION?
    [1]
    ");
    pair.ssh("cat >/dev/null; printf 'Welcome\\033[2J\\n'");
    insta::assert_snapshot!(pair.sync(&[]), @"
    piranhactl: cannot understand what 192.0.2.8 answers: is its piranhactl of this release?: not what piranhactl says: expected value at line 1 column 1
    [1]
    ");
    pair.ssh("exec sleep 1000");
    insta::assert_snapshot!(pair.sync(&["--timeout", "100ms"]), @"
    piranhactl: 192.0.2.8 has not answered for 0s: nothing is known of what it did
    [3]
    ");
    fs::remove_file(pair.path("ssh")).unwrap();
    insta::assert_snapshot!(pair.sync(&[]), @"
    piranhactl: cannot execute ssh: No such file or directory (os error 2); --ssh names the ssh client
    [1]
    ");
}

#[test]
fn what_the_partner_says_does_not_steer_the_terminal() {
    let pair = Pair::new();
    pair.ssh(r#"cat >/dev/null; printf '%s\n' '{"refused":{"reason":"\u001b]0;title\u0007"}}'"#);
    insta::assert_snapshot!(pair.sync(&[]), @r"
    piranhactl: 192.0.2.8 refused the file, nothing was changed: \u{1b}]0;title\u{7}
    [1]
    ");
}

#[test]
fn no_argument_becomes_something_else_there() {
    let pair = Pair::new();
    insta::assert_snapshot!(pair.sync(&["--to=-oProxyCommand=sh"]), @"
    error: invalid value '-oProxyCommand=sh' for '--to <HOST>': write a name or an address; the user goes to --user, a port to the configuration of ssh

    For more information, try '--help'.
    [2]
    ");
    insta::assert_snapshot!(pair.sync(&["--to", "root@192.0.2.8"]), @"
    error: invalid value 'root@192.0.2.8' for '--to <HOST>': write a name or an address; the user goes to --user, a port to the configuration of ssh

    For more information, try '--help'.
    [2]
    ");
    insta::assert_snapshot!(pair.sync(&["--user", "root;reboot"]), @"
    error: invalid value 'root;reboot' for '--user <USER>': write the name of a user

    For more information, try '--help'.
    [2]
    ");
    insta::assert_snapshot!(pair.sync(&["--piranhactl", "piranhactl';reboot;'"]), @r#"
    piranhactl: a login shell may misunderstand '\'' in "piranhactl';reboot;'": use another name
    [1]
    "#);
    assert!(!pair.path("calls").exists());
    pair.sync(&["--piranhactl", "/opt/a b/$(reboot)"]);
    insta::assert_snapshot!(pair.shown(pair.read("calls").lines().last().unwrap()), @"'/opt/a b/$(reboot)' receive --file 'lvs.cf'");
}

#[test]
fn whoever_sends_no_file_is_refused() {
    let mut command = Command::new(PIRANHACTL);
    insta::assert_snapshot!(told(&command.arg("receive").stdin(Stdio::null()).output().unwrap()), @r#"
    {"refused":{"reason":"nothing was said"}}
    [0]
    "#);
}
