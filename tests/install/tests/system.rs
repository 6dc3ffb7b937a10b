//! On the machine itself: what its init system, its labels and its users are told, and what comes next.

use std::fs;

use install::checkout::{Checkout, succeeded};
use install::double::Double;
use install::layout::{LAYOUT, faults};

fn install(double: &Double, from: &Checkout, words: &[&str]) -> String {
    succeeded(double.run(from.folder.join("install"), words))
}

#[test]
fn everything_lies_where_the_specification_has_it() {
    let (double, from) = (Double::new("all"), Checkout::new("double-all"));
    let told = install(&double, &from, &[]);
    assert!(told.contains("installed  user and group piranha ("), "{told}");
    assert_eq!(faults(&double.changes, LAYOUT), Vec::<String>::new());
}

#[test]
fn systemd_reads_the_units_again_and_starts_and_enables_nothing() {
    let (double, from) = (Double::new("systemd"), Checkout::new("systemd"));
    double.changes.directory("/run/systemd/system", 0o755, (0, 0));
    for program in ["systemctl", "systemd-tmpfiles", "chkconfig"] {
        double.program(program, "");
    }
    let told = install(&double, &from, &[]);
    assert_eq!(double.calls(), ["systemctl daemon-reload", "systemd-tmpfiles --create piranha.conf"]);
    assert!(told.contains("    systemctl start pulse\n"), "{told}");
    // Nothing changed: nothing to be told.
    install(&double, &from, &[]);
    assert_eq!(double.calls().len(), 2);
}

#[test]
fn chkconfig_learns_of_both_services_and_switches_none_on() {
    let (double, from) = (Double::new("chkconfig"), Checkout::new("chkconfig"));
    double.changes.directory("/etc/rc.d/init.d", 0o755, (0, 0));
    double.program("chkconfig", "");
    let told = install(&double, &from, &[]);
    assert_eq!(double.calls(), ["chkconfig --add pulse", "chkconfig --add piranha-gui"]);
    assert!(told.contains("note: pulse has its place among the services; it is off\n"), "{told}");
}

#[test]
fn on_debian_without_systemd_both_are_registered_and_off() {
    let (double, from) = (Double::new("debian"), Checkout::new("debian"));
    double.program("update-rc.d", "");
    install(&double, &from, &[]);
    assert_eq!(
        double.calls(),
        ["update-rc.d pulse defaults-disabled", "update-rc.d piranha-gui defaults-disabled"]
    );
    double.changes.link("/etc/rc3.d/S01pulse", "../init.d/pulse");
    double.changes.link("/etc/rc3.d/K01piranha-gui", "../init.d/piranha-gui");
    install(&double, &from, &[]);
    assert_eq!(double.calls().len(), 2);
}

#[test]
fn what_is_on_stays_on_and_what_is_off_stays_off() {
    let (double, from) = (Double::new("state"), Checkout::new("state"));
    double.changes.directory("/etc/rc.d/init.d", 0o755, (0, 0));
    double.changes.link("/etc/rc.d/rc3.d/S60pulse", "../init.d/pulse");
    double.changes.link("/etc/rc.d/rc3.d/K10piranha-gui", "../init.d/piranha-gui");
    double.program("chkconfig", "");
    install(&double, &from, &[]);
    assert_eq!(double.calls(), Vec::<String>::new());
    assert!(double.changes.look("/etc/rc.d/rc3.d/S60pulse").is_some());
    assert!(double.changes.look("/etc/rc.d/rc3.d/S60piranha-gui").is_none());
}

#[test]
fn labels_of_selinux_are_restored_on_what_was_put_there() {
    let (double, from) = (Double::new("labels"), Checkout::new("labels"));
    double.changes.write("/etc/sysconfig/ha/lvs.cf", 0o664, (0, 0), "serial_no = 1\n");
    double.program("restorecon", "");
    install(&double, &from, &[]);
    let calls = double.calls();
    for path in ["/usr/sbin/pulse", "/usr/sbin/piranha_gui", "/etc/init.d/pulse", "/var/log/piranha"] {
        assert!(calls.contains(&format!("restorecon {path}")), "{path}: {calls:#?}");
    }
    assert!(!calls.contains(&"restorecon /etc/sysconfig/ha/lvs.cf".to_owned()), "{calls:#?}");
}

#[test]
fn what_comes_next_depends_on_lvs_cf() {
    let (double, from) = (Double::new("next"), Checkout::new("next"));
    let told = install(&double, &from, &[]);
    assert!(told.contains("/etc/sysconfig/ha/lvs.cf is empty. Write it (lvs.cf(5); "), "{told}");
    assert!(told.contains("    piranha-passwd\n    service piranha-gui start\n"), "{told}");
    double.changes.write("/etc/sysconfig/ha/lvs.cf", 0o664, (0, 0), "serial_no = 1\n");
    double.changes.write("/etc/sysconfig/ha/conf/piranha.passwd", 0o600, (0, 0), "piranha:x\n");
    let told = install(&double, &from, &[]);
    assert!(told.contains("pulse does not run. Next:\n    lvsd --check "), "{told}");
    assert!(!told.contains("    piranha-passwd\n"), "{told}");
}

#[test]
fn files_at_other_places_are_told_and_left_alone() {
    let (double, from) = (Double::new("places"), Checkout::new("places"));
    for path in ["/etc/lvs.cf", "/etc/piranha/lvs.cf"] {
        double.changes.write(path, 0o664, (0, 0), "serial_no = 1\n");
    }
    let told = install(&double, &from, &[]);
    assert!(told.contains("note: there is a /etc/lvs.cf as well; it is not read,"), "{told}");
    assert!(told.contains("note: there is a /etc/piranha/lvs.cf as well; it is not read,"), "{told}");
    assert_eq!(double.changes.text("/etc/sysconfig/ha/lvs.cf"), "");
    assert_eq!(double.changes.text("/etc/lvs.cf"), "serial_no = 1\n");
}

#[test]
fn a_pulse_and_an_old_page_that_run_are_told_with_the_commands_for_them() {
    let (double, from) = (Double::new("running"), Checkout::new("double-running"));
    let sleep = fs::read("/bin/sleep").unwrap();
    double.changes.write("/usr/sbin/pulse", 0o755, (0, 0), &sleep);
    double.changes.write("/usr/sbin/httpd", 0o755, (0, 0), &sleep);
    let script = "/usr/sbin/pulse 1000 & pulse=$!\n/usr/sbin/httpd 1000 & httpd=$!\n\
        mkdir -p /run\n[ -e /var/run ] || ln -s /run /var/run\necho $httpd >/var/run/piranha-httpd.pid\necho $pulse $httpd\n\
        \"$@\"; status=$?\nkill $pulse $httpd\nexit $status\n";
    let install = from.folder.join("install");
    let told = succeeded(double.run("/bin/sh", ["-c", script, "sh", install.to_str().unwrap()]));
    let pids = told.lines().next().unwrap().split_once(' ').unwrap();
    assert!(told.contains(&format!("pulse (pid {}) still runs as it was started.", pids.0)), "{told}");
    assert!(told.contains("    lvsd --check && service pulse restart\n"), "{told}");
    assert!(told.contains(&format!("    kill {}; service piranha-gui start\n", pids.1)), "{told}");
}

#[test]
fn removal_switches_off_what_would_lead_nowhere() {
    let (double, from) = (Double::new("off"), Checkout::new("off"));
    double.changes.directory("/run/systemd/system", 0o755, (0, 0));
    for program in ["systemctl", "systemd-tmpfiles"] {
        double.program(program, "");
    }
    install(&double, &from, &[]);
    fs::remove_file(double.changes.at("/calls")).unwrap();
    install(&double, &from, &["--uninstall"]);
    let services = "pulse.service piranha-gui.service piranha-helper.socket";
    assert_eq!(
        double.calls(),
        [format!("systemctl --quiet disable --now {services}"), "systemctl daemon-reload".into()]
    );
}
