//! The rpm.

use std::collections::BTreeMap;

use install::layout::{Entry, Kind, LAYOUT, faults};
use install::machine::{Machine, Seen, differences};
use install::original::{HTTPD, LVS_CF};

use crate::inside::{Done, furnish, run};
use crate::made::{Made, PACKAGE};
use crate::originals::{Original, PIRANHA_0_5_0, PIRANHA_0_8_4, PIRANHA_0_8_6, SYSTEM};

/// What chkconfig does with a script whose header names no runlevels.
const CHKCONFIG: &str = "#!/bin/sh
for level in 0 1 2 3 4 5 6; do
    cd /etc/rc.d/rc$level.d || exit
    case $1 in
        --add) ls [SK]??$2 >/dev/null 2>&1 || ln -s ../init.d/$2 K10$2 ;;
        --del) rm -f [SK]??$2 ;;
    esac
done
";

/// A machine of Red Hat that never had Piranha.
fn new_machine(test: &str) -> Machine {
    let machine = Machine::new(test);
    furnish(&machine);
    machine.directory("/etc/rc.d/init.d", 0o755, (0, 0));
    machine.directory("/etc/logrotate.d", 0o755, (0, 0));
    machine.link("/etc/init.d", "rc.d/init.d");
    for level in 0..=6 {
        machine.directory(&format!("/etc/rc.d/rc{level}.d"), 0o755, (0, 0));
    }
    machine.write("/usr/sbin/chkconfig", 0o755, (0, 0), CHKCONFIG);
    machine.write("/usr/sbin/httpd", 0o755, (0, 0), HTTPD);
    SYSTEM.install_on(&machine);
    machine
}

fn rpm(machine: &Machine, words: &[&str]) -> Done {
    run(machine, &[&["rpm", "--dbpath", "/var/lib/rpm"], words].concat())
}

fn install(machine: &Machine, package: &Made) -> String {
    package.carry_to(machine);
    rpm(machine, &["-U", PACKAGE]).well()
}

/// A machine with this Piranha, on in runlevels 3 and 5, as its administrator has left it.
fn edited(test: &str, originals: &[Original]) -> Machine {
    let machine = new_machine(test);
    for original in originals {
        original.install_on(&machine);
    }
    let mode = |path| machine.look(path).map_or(0o644, |seen| seen.mode);
    let file = |path, owner, text: &str| machine.write(path, mode(path), owner, text);
    file("/etc/sysconfig/ha/lvs.cf", (0, 60), LVS_CF);
    file("/etc/sysconfig/ha/web/login.php", (0, 0), "<?php phpinfo(); ?>\n");
    file("/etc/sysconfig/ha/web/.htaccess", (0, 0), "Order allow,deny\nAllow from 10.\n");
    file("/etc/sysconfig/ha/web/secure/.htaccess", (0, 0), "Deny from all\nAllow from 172.16.57\n");
    machine.write("/etc/sysconfig/ha/conf/piranha.passwd", 0o600, (60, 60), "piranha:xyUlJKyt3yVrM\n");
    machine.directory("/var/log/piranha", mode("/var/log/piranha"), (60, 0));
    file("/var/log/piranha/piranha-gui", (0, 60), "[notice] resuming\n");
    for level in [3, 5] {
        std::fs::remove_file(machine.at(&format!("/etc/rc.d/rc{level}.d/K10pulse"))).unwrap();
        machine.link(&format!("/etc/rc.d/rc{level}.d/S60pulse"), "../init.d/pulse");
    }
    machine
}

/// What is not the package's: configuration, pages, rules, logs, links, accounts, httpd.
fn his(machine: &Machine) -> BTreeMap<String, Seen> {
    let mut all = machine.everything();
    let is_his = |path: &str| {
        ["/etc/", "/var/log/", "/usr/sbin/httpd"].iter().any(|own| path.starts_with(own))
            && !path.starts_with("/etc/rc.d/init.d/")
            // The copies that useradd and userdel make.
            && !["/etc/passwd-", "/etc/group-", "/etc/.pwd.lock", "/etc/shadow", "/etc/gshadow"].contains(&path)
            && !path.starts_with("/etc/sub")
    };
    all.retain(|path, _| is_his(path));
    all
}

/// What is there now and was not, or is not as it was; what the layout has besides may be new.
fn changes(before: &BTreeMap<String, Seen>, machine: &Machine) -> Vec<String> {
    let mut after = his(machine);
    after.retain(|path, _| before.contains_key(path) || !LAYOUT.iter().any(|entry| entry.path == path));
    differences(before, &after)
}

fn programs() -> impl Iterator<Item = &'static Entry> {
    LAYOUT.iter().filter(|entry| matches!(entry.kind, Kind::Executable | Kind::File))
}

fn installed(machine: &Machine) -> Vec<String> {
    let names = rpm(machine, &["-qa", "--queryformat", "%{NAME}-%{VERSION}\n", "piranha*"]).well();
    names.lines().map(str::to_owned).collect()
}

fn ours() -> String {
    format!("piranha-{}", env!("CARGO_PKG_VERSION"))
}

fn saved(machine: &Machine) -> Vec<String> {
    let is_saved = |path: &str| [".rpmsave", ".rpmnew", ".rpmorig"].iter().any(|end| path.ends_with(end));
    machine.everything().into_keys().filter(|path| is_saved(path)).collect()
}

fn links(machine: &Machine, service: &str) -> Vec<String> {
    let is_link = |path: &str| path.starts_with("/etc/rc.d/rc") && path.ends_with(service);
    machine.everything().into_keys().filter(|path| is_link(path)).collect()
}

#[test]
fn a_new_machine_gets_the_layout_and_nothing_is_on() {
    let machine = new_machine("rpm-new");
    let said = install(&machine, &Made::by("rpm", "rpm-new"));
    assert_eq!(faults(&machine, LAYOUT), [""; 0]);
    assert_eq!((machine.user("piranha"), machine.group("piranha")), (60, 60));
    assert!(said.contains("user and group piranha are made, 60:60"), "{said}");
    for service in ["pulse", "piranha-gui"] {
        let known: Vec<_> = (0..=6).map(|level| format!("/etc/rc.d/rc{level}.d/K10{service}")).collect();
        assert_eq!(links(&machine, service), known);
    }
    assert!(machine.look("/run/pulse.pid").is_none() && machine.look("/run/piranha-httpd.pid").is_none());
    assert_eq!(rpm(&machine, &["--verify", "piranha"]).well(), "", "modes, owners and contents as packaged");
}

#[test]
fn an_upgrade_of_0_8_6_keeps_everything_of_the_administrators() {
    let machine = edited("rpm-0.8.6", &[PIRANHA_0_8_6]);
    let before = his(&machine);
    install(&machine, &Made::by("rpm", "rpm-0.8.6"));
    assert_eq!(changes(&before, &machine), [""; 0]);
    assert_eq!(saved(&machine), [""; 0]);
    assert_eq!(installed(&machine), [ours()]);
    assert_eq!(faults(&machine, programs()), [""; 0]);
}

#[test]
fn an_upgrade_of_0_8_4_keeps_httpd_behind_the_link_its_owners_and_its_logs() {
    let machine = edited("rpm-0.8.4", &[PIRANHA_0_8_4]);
    let before = his(&machine);
    install(&machine, &Made::by("rpm", "rpm-0.8.4"));
    assert_eq!(changes(&before, &machine), [""; 0]);
    assert_eq!(machine.text("/usr/sbin/httpd").as_bytes(), HTTPD);
    assert_eq!(saved(&machine), [""; 0]);
    assert_eq!(installed(&machine), [ours()]);
    assert_eq!(faults(&machine, programs()), [""; 0]);
    assert!(machine.look("/etc/logrotate.d/piranha").is_none(), "under its old name it is enough");
}

#[test]
fn the_three_packages_of_0_5_are_replaced_in_one_transaction() {
    let machine = edited("rpm-0.5", &PIRANHA_0_5_0);
    let before = his(&machine);
    install(&machine, &Made::by("rpm", "rpm-0.5"));
    // One of them deletes the user and switches both services off.
    let kept: Vec<_> = changes(&before, &machine)
        .into_iter()
        .filter(|line| !line.starts_with("/etc/passwd ") && !line.starts_with("/etc/group "))
        .collect();
    assert_eq!(kept, [""; 0]);
    assert_eq!((machine.user("piranha"), machine.group("piranha")), (60, 60));
    assert_eq!(saved(&machine), [""; 0]);
    assert_eq!(installed(&machine), [ours()]);
    assert_eq!(faults(&machine, programs()), [""; 0]);
}

#[test]
fn what_an_erased_piranha_saved_comes_back_and_its_user_with_it() {
    let machine = edited("rpm-erased", &[PIRANHA_0_8_4]);
    let before = his(&machine);
    rpm(&machine, &["-e", "piranha"]).well();
    let lvs_cf = "/etc/sysconfig/ha/lvs.cf";
    assert!(machine.look(lvs_cf).is_none());
    assert!(!machine.text("/etc/passwd").contains("piranha"));

    let said = install(&machine, &Made::by("rpm", "rpm-erased"));
    for path in [lvs_cf, "/etc/sysconfig/ha/web/secure/.htaccess", "/etc/sysconfig/ha/conf/piranha.passwd"] {
        assert_eq!(machine.look(path), before.get(path).cloned(), "{path}");
    }
    assert!(said.contains("/etc/sysconfig/ha/lvs.cf.rpmsave is /etc/sysconfig/ha/lvs.cf again"), "{said}");
    assert!(said.contains("user and group piranha are made, 60:60"), "{said}");
}

#[test]
fn a_newer_file_is_not_replaced_by_what_was_saved() {
    let machine = new_machine("rpm-rpmsave");
    machine.write("/etc/sysconfig/ha/lvs.cf.rpmsave", 0o664, (0, 60), LVS_CF);
    machine.write("/etc/sysconfig/ha/lvs.cf", 0o664, (0, 0), "serial_no = 1\n");
    let before = his(&machine);
    install(&machine, &Made::by("rpm", "rpm-rpmsave"));
    for path in ["/etc/sysconfig/ha/lvs.cf", "/etc/sysconfig/ha/lvs.cf.rpmsave"] {
        assert_eq!(machine.look(path), before.get(path).cloned(), "{path}");
    }
}

#[test]
fn an_upgrade_of_ours_keeps_what_was_edited_and_what_is_on() {
    let machine = edited("rpm-upgrade", &[PIRANHA_0_8_6]);
    install(&machine, &Made::by("rpm", "rpm-upgrade"));
    machine.write("/etc/sysconfig/pulse", 0o600, (0, 0), "");
    let before = his(&machine);
    install(&machine, &Made::next_by("rpm", "rpm-upgrade"));
    assert_eq!(differences(&before, &his(&machine)), [""; 0]);
    assert_eq!(installed(&machine), ["piranha-99.0.0"]);
    assert!(machine.text("/usr/sbin/pulse").contains("next"));
}

#[test]
fn a_removal_leaves_configuration_password_logs_and_user() {
    let machine = edited("rpm-remove", &[PIRANHA_0_8_6]);
    install(&machine, &Made::by("rpm", "rpm-remove"));
    let mut before = his(&machine);
    let said = rpm(&machine, &["-e", "piranha"]).well();
    for service in ["pulse", "piranha-gui"] {
        assert_eq!(links(&machine, service), [""; 0], "{said}");
    }
    before.retain(|path, _| !path.starts_with("/etc/rc.d/rc"));
    let mut after = his(&machine);
    after.retain(|path, _| !path.starts_with("/etc/rc.d/rc"));
    assert_eq!(differences(&before, &after), [""; 0]);
    let left: Vec<_> =
        programs().filter(|entry| machine.look(entry.path).is_some()).map(|entry| entry.path).collect();
    assert_eq!(left, [""; 0]);
    assert_eq!(saved(&machine), [""; 0]);
    assert!(machine.look("/var/lib/rpm-state/piranha").is_none(), "nothing is left aside");
}

#[test]
fn the_way_back_to_piranha_keeps_the_configuration() {
    let machine = edited("rpm-back", &[PIRANHA_0_8_6]);
    install(&machine, &Made::by("rpm", "rpm-back"));
    let path = "/etc/sysconfig/ha/lvs.cf";
    let before = machine.look(path);
    rpm(&machine, &["-e", "piranha"]).well();
    PIRANHA_0_8_6.install_on(&machine);
    assert_eq!(machine.look(path), before);
    assert_eq!(installed(&machine), ["piranha-0.8.6"]);
}
