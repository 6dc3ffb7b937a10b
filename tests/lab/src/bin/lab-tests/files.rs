//! What has to be equal on both routers: lvs.cf, which `piranhactl sync` carries over ssh, and the key of heartbeats.

use std::time::Duration;

use lab::lvs_cf::LvsCf;
use lab::pair::{CONFIGURATION, destinations, start_pulse, stop_pulse};
use lab::suite::Test;
use lab::wait::holds_for;
use lab::{Machine, Outcome, Pair, Routing, tests, wait_until};
use nix::sys::signal::Signal;

const PATIENCE: Duration = Duration::from_secs(30);
const PIRANHACTL: &str = "/usr/sbin/piranhactl";
const BACKUP: &str = "192.168.26.8";
const KEY_FILE: &str = "/etc/sysconfig/ha/heartbeat.key";

pub(crate) fn tests() -> Vec<Test> {
    tests!("files":
        the_partner_gets_the_file_keeps_its_old_one_and_reloads,
        what_the_partner_refuses_replaces_nothing,
        a_pair_gets_its_first_key,
        a_partner_that_cannot_be_reached_is_told,
        an_original_is_never_reloaded,
    )
}

/// A pair whose backup lets the primary's root in by its key, without a question.
fn pair() -> Pair {
    let pair = Pair::boot(Routing::Direct);
    let (client, server) = (&pair.primary, &pair.backup);
    for (machine, key) in [(client, "user"), (server, "host")] {
        machine.run("mkdir", &["-p", "/run/ssh", "/run/sshd"]).expect_success();
        // Nothing of this computer's root: neither its shell and what that reads, nor a lock on its account.
        machine
            .run("sed", &["-i", "s#^root:.*#root:x:0:0:root:/run/ssh:/bin/sh#", "/etc/passwd"])
            .expect_success();
        machine.run("sed", &["-i", "s/^root:[^:]*:/root:*:/", "/etc/shadow"]).expect_success();
        let path = format!("/run/ssh/{key}");
        machine.run("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-f", &path]).expect_success();
    }
    let public = |machine: &Machine, key: &str| machine.read(&format!("/run/ssh/{key}.pub")).unwrap();
    server.write("/run/ssh/authorized_keys", public(client, "user"));
    client.write("/run/ssh/known_hosts", format!("{BACKUP} {}", public(server, "host")));
    client.write(
        "/etc/ssh/ssh_config",
        "User root\nIdentityFile /run/ssh/user\nUserKnownHostsFile /run/ssh/known_hosts\nStrictHostKeyChecking yes\n",
    );
    server.write(
        "/run/ssh/sshd_config",
        "HostKey /run/ssh/host\nAuthorizedKeysFile /run/ssh/authorized_keys\nStrictModes no\nUsePAM no\n\
         PermitRootLogin prohibit-password\nPidFile /run/ssh/pid\nSubsystem sftp internal-sftp\n",
    );
    server.run("/usr/sbin/sshd", &["-f", "/run/ssh/sshd_config"]).expect_success();
    wait_until("sshd", PATIENCE, || client.run("ssh", &[BACKUP, "true"]).status.success());
    pair
}

/// The file without the last real server, and a higher serial number.
fn edited(pair: &Pair) -> LvsCf {
    let mut file = pair.configuration().with("serial_no", "41");
    file.virtual_server("web").remove("web3");
    file
}

fn sync(pair: &Pair, words: &[&str]) -> Outcome {
    pair.primary.run_within(Duration::from_secs(60), PIRANHACTL, &[&["sync"], words].concat())
}

fn refused(outcome: &Outcome, text: &str) {
    assert!(outcome.code() == 1 && outcome.stderr.contains(text), "{outcome:?}");
}

fn reload(router: &Machine) {
    let rereads = || router.log().iter().filter(|line| line.text.contains("rereading configuration")).count();
    let before = rereads();
    router.signal("pulse", Signal::SIGHUP);
    wait_until("the reload", PATIENCE, || rereads() > before);
}

fn the_partner_gets_the_file_keeps_its_old_one_and_reloads() {
    let pair = pair();
    pair.start();
    let (before, after) = (pair.configuration().to_string(), edited(&pair).to_string());
    pair.primary.write(CONFIGURATION, &after);

    let said = sync(&pair, &["--dry-run"]).expect_success();
    assert!(said.starts_with("192.168.26.8 would take the file: serial_no=40 "), "{said}");
    assert_eq!(pair.backup.read(CONFIGURATION).as_deref(), Some(before.as_str()));

    let said = sync(&pair, &["--reload"]).expect_success();
    assert!(said.starts_with("192.168.26.8 has the file now: serial_no=40 "), "{said}");
    assert_eq!(pair.backup.read(CONFIGURATION).as_deref(), Some(after.as_str()));
    let kept = said.lines().find_map(|line| line.strip_prefix("the one before is kept there as ")).unwrap();
    assert!(kept.starts_with("/var/lib/piranha/previous/lvs.cf."), "{kept}");
    assert_eq!(pair.backup.read(kept).as_deref(), Some(before.as_str()));
    pair.backup.wait_for_log("rereading configuration file", PATIENCE);

    for router in pair.routers() {
        router
            .wait_for_log("lvs.cf differs from the partner's: make them equal (`piranhactl sync`)", PATIENCE);
    }
    reload(&pair.primary);
    for router in pair.routers() {
        router.wait_for_log("lvs.cf is the same as the partner's again", PATIENCE);
    }
    let said = sync(&pair, &[]).expect_success();
    assert!(said.starts_with("192.168.26.8 has the same file already: serial_no=41 "), "{said}");

    stop_pulse(&pair.primary);
    wait_until("the backup serves by the new file", PATIENCE, || destinations(&pair.backup) == 2);
}

fn what_the_partner_refuses_replaces_nothing() {
    let pair = pair();
    let newer = pair.configuration().with("serial_no", "42").to_string();
    pair.primary.write(CONFIGURATION, edited(&pair).to_string());
    pair.backup.write(CONFIGURATION, &newer);
    refused(&sync(&pair, &[]), "the file there is newer: serial_no=42, and serial_no=41 was sent");

    // The backup does not know the name that stands for a real server.
    let mut named = edited(&pair).with("serial_no", "43");
    named.virtual_server("web").real_server("web1").set("address", "web1.example");
    pair.primary.write("/etc/hosts", "127.0.0.1 localhost\n192.168.26.1 web1.example\n");
    pair.primary.write(CONFIGURATION, named.to_string());
    refused(&sync(&pair, &[]), "pulse there would refuse the file");
    assert_eq!(pair.backup.read(CONFIGURATION), Some(newer));
    assert_eq!(pair.backup.read("/var/lib/piranha/previous"), None);

    pair.primary.write(CONFIGURATION, "bogus = 1\n");
    refused(&sync(&pair, &[]), "nothing was sent");
}

fn a_pair_gets_its_first_key() {
    let pair = pair();
    pair.start();
    let file = pair.configuration().with("serial_no", "41").with("#% heartbeat_key_file", KEY_FILE);
    pair.primary.write(CONFIGURATION, file.with("#% heartbeat_auth", "verify").to_string());
    let said = pair.primary.run(PIRANHACTL, &["heartbeat-key"]).expect_success();
    let copy =
        said.lines().find_map(|line| line.strip_prefix("next: copy it to the partner as it is:  ")).unwrap();
    refused(&sync(&pair, &["--reload"]), "heartbeat_key_file: /etc/sysconfig/ha/heartbeat.key is not there");

    pair.primary.run("sh", &["-c", &copy.replace("PARTNER", BACKUP)]).expect_success();
    sync(&pair, &["--reload"]).expect_success();
    reload(&pair.primary);
    for router in pair.routers() {
        router.wait_for_log("the partner's heartbeats are authentic key=1", PATIENCE);
        let key = router.read(KEY_FILE).unwrap();
        let digits = key.lines().find_map(|line| line.strip_prefix("1 ")).unwrap();
        assert!(!said.contains(digits) && !router.logged(digits), "the key is in its file only");
    }
}

fn a_partner_that_cannot_be_reached_is_told() {
    let pair = pair();
    pair.configure(&pair.configuration());
    refused(&sync(&pair, &["--piranhactl", "/opt/piranhactl"]), "192.168.26.8 cannot execute piranhactl");
    let unreachable = |text: &str| {
        let outcome = sync(&pair, &[]);
        let told =
            outcome.stderr.contains("cannot reach 192.168.26.8 by ssh") && outcome.stderr.contains(text);
        assert!(outcome.code() == 3 && told, "{outcome:?}");
    };
    pair.primary.write("/run/ssh/known_hosts", "");
    unreachable("Host key verification failed");
    pair.backup.signal("sshd", Signal::SIGTERM);
    wait_until("the end of sshd", PATIENCE, || pair.backup.processes_named("sshd").is_empty());
    unreachable("Connection refused");
}

/// Its router stands by, where SIGHUP would hang it for ever.
fn an_original_is_never_reloaded() {
    let pair = pair();
    pair.configure(&pair.configuration());
    pair.primary.write(CONFIGURATION, edited(&pair).to_string());
    pair.backup.run("cp", &["/bin/sleep", "/run/pulse"]).expect_success();
    let original = "echo $$ >/var/run/pulse.pid; exec /run/pulse 1000";
    let _original = pair.backup.start("sh", &["-c", original]);
    wait_until("the original", PATIENCE, || !pair.backup.processes_named("pulse").is_empty());
    refused(&sync(&pair, &["--reload"]), "is Piranha's own pulse");
    assert_eq!(pair.backup.read(CONFIGURATION), Some(edited(&pair).to_string()));
    holds_for("it lives", Duration::from_secs(1), || !pair.backup.processes_named("pulse").is_empty());

    pair.backup.signal("pulse", Signal::SIGTERM);
    wait_until("its end", PATIENCE, || pair.backup.processes_named("pulse").is_empty());
    refused(&sync(&pair, &["--reload"]), "pulse does not run there");
    start_pulse(&pair.backup);
    sync(&pair, &["--reload"]).expect_success();
    pair.backup.wait_for_log("rereading configuration file", PATIENCE);
}
