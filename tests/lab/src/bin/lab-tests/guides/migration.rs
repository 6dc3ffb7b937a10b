//! From Piranha to ours, one router after the other: what the lab has in the place of Piranha's package, and of the new one.

use std::time::Duration;

use lab::{Machine, wait_until};

use super::desk::{self, Desk, FLOATING};
use crate::pairings::original;

const PATIENCE: Duration = Duration::from_secs(30);
/// A password in the hash of old, of which eight characters count.
const OLD_PASSWORD: &str = "piranha:rqXexS6ZhobKA\n";

/// Both routers have Piranha and run it; router A serves.
pub(super) fn run_piranha(desk: &Desk) {
    for router in [&desk.router_a, &desk.router_b] {
        install_piranha(router);
        router.write("/etc/sysconfig/ha/conf/piranha.passwd", OLD_PASSWORD);
        router.run("chown", &["piranha:piranha", "/etc/sysconfig/ha/conf/piranha.passwd"]).expect_success();
        router.run("service", &["pulse", "start"]).expect_success();
        wait_until("a router serves", PATIENCE, || desk.router_a.has_address(FLOATING));
    }
}

/// What `rpm -Uvh` of the old package does to programs and scripts.
pub(super) fn install_piranha(router: &Machine) {
    original::install(router);
    let commands = "mkdir -p /run/original /run/new; cp /usr/sbin/original-pulse /run/original/pulse\n\
                    touch /run/new/pulse; mount --move /usr/sbin/pulse /run/new/pulse\n";
    router.run("sh", &["-ec", commands]).expect_success();
    let program = "#!/bin/sh\nexec /run/original/pulse \"$@\" /etc/sysconfig/ha/lvs.cf\n";
    router.write("/usr/sbin/pulse", program);
    router.run("chmod", &["755", "/usr/sbin/pulse"]).expect_success();
    router.install_page();
    router
        .run("sh", &["-ec", "mv /etc/rc.d/init.d/pulse /etc/init.d/pulse; rm -r /etc/rc.d"])
        .expect_success();
}

/// What `rpm -Uvh` of the new package does to them.
pub(super) fn install_ours(router: &Machine) {
    let commands = "rm /usr/sbin/pulse; touch /usr/sbin/pulse; mount --move /run/new/pulse /usr/sbin/pulse";
    router.run("sh", &["-ec", commands]).expect_success();
    desk::install_files(router);
}

/// What taking lvsd out of the package does.
pub(super) fn unpack_lvsd(router: &Machine) {
    let commands = "mkdir -p /var/tmp/new/usr/sbin; cp /usr/sbin/lvsd /var/tmp/new/usr/sbin/lvsd";
    router.run("sh", &["-ec", commands]).expect_success();
}

/// The page on router A takes it.
pub(super) fn log_in_with_the_old_password(desk: &Desk) {
    let address = "http://localhost:3636/secure/control.php";
    let say = |password: &str| {
        let words = ["-s", "-o", "/dev/null", "-w", "%{http_code}", "-u", password, address];
        desk.router_a.run("curl", &words).expect_success()
    };
    assert_eq!(say("piranha:myPassword"), "200");
    assert_eq!(say("piranha:another"), "401");
}

/// Router B has gone back, and stands by beside router A.
pub(super) fn expect_a_mixed_pair(desk: &Desk) {
    wait_until("router A hears an original", PATIENCE, || {
        let status = desk.router_a.run("piranhactl", &["status"]).expect_success();
        status.contains("This router: primary, active") && status.contains("as Piranha's pulse")
    });
    assert!(!desk.router_b.has_address(FLOATING));
}
