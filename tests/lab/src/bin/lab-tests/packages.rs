//! The Debian package on two routers that had Piranha.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use lab::installed::repository;
use lab::pair::{CONFIGURATION, FLOATING, destinations, wait_until_heard};
use lab::suite::Test;
use lab::{Machine, Pair, Routing, tests, wait_until};

const PATIENCE: Duration = Duration::from_secs(30);
/// What dpkg knows on a router. All that the whole computer has would take it half a minute to read.
const KNOWN: &str = "Package: passwd\nStatus: install ok installed\nArchitecture: all\nVersion: 1\n\
    Maintainer: nobody\nDescription: accounts\n";
/// Where the package lies on a router.
const PACKAGE: &str = "/var/tmp/piranha.deb";
const PASSWORD: &str = "/etc/sysconfig/ha/conf/piranha.passwd";

pub(crate) fn tests() -> Vec<Test> {
    tests!("packages":
        a_pair_that_had_piranha_serves_with_the_package_and_is_upgraded_under_way,
        systemd_runs_what_the_package_brings,
    )
}

fn a_pair_that_had_piranha_serves_with_the_package_and_is_upgraded_under_way() {
    let pair = Pair::boot(Routing::Direct);
    let package = make();
    pair.configure(&pair.configuration());
    for router in pair.routers() {
        router.without_programs();
        have_piranha(router);
        have_dpkg(router);
        router.write(PACKAGE, &package);
    }
    let httpd = start_old_page(&pair.primary);
    let others = pair.primary.processes_named("httpd").len() - 1;
    let before = pair.routers().map(left_by_the_administrator);

    for router in pair.routers() {
        install(router);
        assert!(router.processes_named("pulse").is_empty(), "nothing is started that did not run");
    }
    assert_eq!(pair.routers().map(left_by_the_administrator), before);
    wait_until("the new page in place of the old one", PATIENCE, || pair.primary.listens(3636));
    assert!(pair.primary.processes().iter().all(|process| process.pid != httpd));
    assert_eq!(pair.primary.processes_named("httpd").len(), others, "the machine's own httpd runs on");
    assert!(!pair.backup.listens(3636), "it ran on one router only");

    service(&pair.primary, "start");
    pair.wait_until_active(&pair.primary);
    service(&pair.backup, "start");
    wait_until_heard(&pair.backup, 1);
    wait_until_heard(&pair.primary, 1);
    is_served_by_the_primary(&pair);

    // The standby first, as it has to be.
    for router in [&pair.backup, &pair.primary] {
        let pulse = pid_of_pulse(router);
        install(router);
        assert_ne!(pid_of_pulse(router), pulse, "{router} runs the new pulse");
    }
    wait_until("one router serves", PATIENCE, || {
        pair.owners().len() == 1 && destinations(pair.owners()[0]) == pair.real_servers.len()
    });

    dpkg(&pair.backup, &["--remove", "piranha"]);
    assert!(pair.backup.processes_named("pulse").is_empty());
    pair.wait_until_active(&pair.primary);
    assert_eq!(pair.routers().map(left_by_the_administrator), before);
}

fn systemd_runs_what_the_package_brings() {
    let pair = Pair::boot(Routing::Direct);
    let router = &pair.primary;
    router.without_programs();
    have_dpkg(router);
    router.write(PACKAGE, make());
    router.boot_systemd(&[]);
    install(router);
    router.write(CONFIGURATION, pair.configuration().to_string());
    assert_eq!(router.run("systemctl", &["is-enabled", "pulse"]).stdout.trim(), "disabled");
    router.run("systemctl", &["enable", "--now", "pulse"]).expect_success();
    pair.wait_until_active(router);

    let pulse = pid_of_pulse(router);
    install(router);
    assert_ne!(pid_of_pulse(router), pulse, "an upgrade restarts what runs");
    assert_eq!(router.run("systemctl", &["is-enabled", "pulse"]).stdout.trim(), "enabled");
    pair.wait_until_active(router);

    dpkg(router, &["--remove", "piranha"]);
    assert!(router.processes_named("pulse").is_empty() && !router.has_address(FLOATING));
    assert!(router.path(CONFIGURATION).exists());
}

/// The package of the programs that are tested here.
fn make() -> Vec<u8> {
    let made = Command::new(repository().join("packaging/deb"))
        .args(["--quick", "--output", "/run/lab/packages", "--programs"])
        .arg(lab::world::programs())
        .output()
        .expect("bash");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let path = PathBuf::from(String::from_utf8_lossy(&made.stdout).trim_end());
    fs::read(&path).expect("the package that was told of")
}

/// The files of Piranha 0.8.4, with the traps: a link to httpd, an init script that finds processes by name.
fn have_piranha(router: &Machine) {
    let run = |program: &str, arguments: &[&str]| router.run(program, arguments).expect_success();
    run("groupadd", &["--system", "piranha"]);
    run("useradd", &["--system", "--gid", "piranha", "--no-create-home", "piranha"]);
    run("mkdir", &["-p", "/etc/sysconfig/ha/conf", "/etc/sysconfig/ha/web/secure", "/var/log/piranha"]);
    run("cp", &["/bin/bash", "/usr/sbin/httpd"]);
    run("ln", &["-s", "/usr/sbin/httpd", "/usr/sbin/piranha_gui"]);
    let file = |path, owner: &str, mode: &str, content: &str| {
        router.write(path, content);
        run("chown", &[owner, path]);
        run("chmod", &[mode, path]);
    };
    file(PASSWORD, "piranha:piranha", "0600", "piranha:xyUlJKyt3yVrM\n");
    file("/etc/sysconfig/ha/web/secure/.htaccess", "root:root", "0644", "Order deny,allow\nAllow from all\n");
    file("/etc/sysconfig/ha/conf/httpd.conf", "root:root", "0644", "# edited\nListen 3636\nMaxClients 4\n");
    for script in ["/etc/init.d/pulse", "/etc/init.d/piranha-gui"] {
        file(
            script,
            "root:root",
            "0755",
            "#!/bin/sh\necho the old script was called >>/var/log/old\nexit 1\n",
        );
    }
    run("chown", &["root:piranha", CONFIGURATION]);
    run("chmod", &["0664", CONFIGURATION]);
}

/// A list of packages of the router's own.
fn have_dpkg(router: &Machine) {
    router.run("mount", &["-t", "tmpfs", "tmpfs", "/var/lib/dpkg"]).expect_success();
    router.run("mkdir", &["/var/lib/dpkg/updates", "/var/lib/dpkg/info"]).expect_success();
    router.write("/var/lib/dpkg/status", KNOWN);
    router.write("/var/lib/dpkg/info/passwd.list", "/.\n");
}

/// Checksum, mode and owner of what is not to change.
fn left_by_the_administrator(router: &Machine) -> String {
    let command = format!(
        "cd /etc/sysconfig/ha; for file in lvs.cf conf/httpd.conf conf/piranha.passwd web/secure/.htaccess /usr/sbin/httpd; do \
         sha256sum $file; stat -c '%a %u:%g' $file; done; getent passwd piranha; getent group piranha; [ ! -e {log} ]",
        log = "/var/log/old"
    );
    router.run("sh", &["-c", &command]).expect_success()
}

/// Two of them: the page as Piranha starts it, and the web server of the machine. The process number of the first.
fn start_old_page(router: &Machine) -> i32 {
    // Without a process of its own, which would be called httpd as well for a moment.
    let wait = "read line <>/run/never";
    router.run("mkfifo", &["/run/never"]).expect_success();
    for last in ["/etc/sysconfig/ha/conf/httpd.conf", "/etc/httpd/conf/httpd.conf"] {
        let _until_the_machine_ends = router.start("/usr/sbin/httpd", &["-c", wait, "-f", last]);
    }
    let mut page = None;
    wait_until("both httpd", PATIENCE, || {
        let all = router.processes_named("httpd");
        page =
            all.iter().find(|process| process.command.contains("/sysconfig/ha/")).map(|process| process.pid);
        all.len() == 2
    });
    let page = page.expect("one of the two");
    router.write("/run/piranha-httpd.pid", format!("{page}\n"));
    page
}

fn install(router: &Machine) {
    dpkg(router, &["--install", PACKAGE]);
}

fn dpkg(router: &Machine, words: &[&str]) {
    router.run_within(PATIENCE, "dpkg", words).expect_success();
}

fn service(router: &Machine, verb: &str) {
    router.run("service", &["pulse", verb]).expect_success();
}

fn pid_of_pulse(router: &Machine) -> i32 {
    router.run("service", &["pulse", "status"]).expect_success();
    router.processes_named("pulse").first().expect("pulse").pid
}

/// Active and standby, addresses, table, and the lines of the log that manuals name.
fn is_served_by_the_primary(pair: &Pair) {
    assert!(pair.only(&pair.primary));
    assert_eq!(pair.backup.table().sorted(), "");
    assert!(pair.backup.processes_named("lvsd").is_empty());
    assert!(pair.primary.logged("STARTING PULSE AS MASTER"));
    assert!(pair.backup.logged("STARTING PULSE AS BACKUP"));
    let traffic = pair.client.request(pair.floating());
    traffic.wait_for_answers(10);
    for router in pair.routers() {
        let status = router.run("service", &["pulse", "status"]).expect_success();
        assert!(status.contains("is running..."), "{status}");
    }
}
