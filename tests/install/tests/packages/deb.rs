//! The Debian package.

use std::collections::BTreeMap;

use install::layout::{Kind, LAYOUT, faults};
use install::machine::{Machine, Seen, What, differences};
use install::original::{HTTPD, LVS_CF, UNTOUCHED, piranha_0_8_4, piranha_0_8_6};

use crate::inside::{Done, furnish, run};
use crate::made::{Made, PACKAGE};

/// dpkg knows only what the package depends on.
const KNOWN: &str = "Package: passwd\nStatus: install ok installed\nArchitecture: all\nVersion: 1\n\
    Maintainer: nobody\nDescription: accounts\n";
/// What a package has, besides the layout.
const OF_THE_PACKAGE: &[&str] = &[
    "/usr/share/piranha/first/",
    "/usr/share/doc/piranha/copyright",
    "/usr/share/doc/piranha/changelog.gz",
    "/usr/share/lintian/overrides/piranha",
    "/var/lib/dpkg/",
    "/var/log/dpkg.log",
];
/// What making a user leaves behind.
const OF_USERADD: &[&str] =
    &["/etc/passwd", "/etc/group", "/etc/shadow", "/etc/gshadow", "/etc/.pwd.lock", "/etc/sub", "/var/log/"];

fn prepare(machine: &Machine) {
    furnish(machine);
    for folder in ["/var/lib/dpkg/updates", "/var/lib/dpkg/info"] {
        machine.directory(folder, 0o755, (0, 0));
    }
    machine.write("/var/lib/dpkg/status", 0o644, (0, 0), KNOWN);
    machine.write("/var/lib/dpkg/info/passwd.list", 0o644, (0, 0), "/.\n");
}

fn new_machine(test: &str) -> Machine {
    let machine = Machine::new(test);
    prepare(&machine);
    machine
}

/// As everybody does it, without options.
fn install(machine: &Machine, package: &Made) -> String {
    package.carry_to(machine);
    run(machine, &["dpkg", "--install", PACKAGE]).well()
}

/// A script of the package, as dpkg calls it.
fn script(machine: &Machine, name: &str, words: &[&str]) -> Done {
    let mut command = vec!["env", "DPKG_MAINTSCRIPT_PACKAGE=piranha"];
    let path = format!("/var/lib/dpkg/info/piranha.{name}");
    command.push(&path);
    command.extend(words);
    run(machine, &command)
}

/// Everything but what dpkg notes for itself.
fn state(machine: &Machine) -> BTreeMap<String, Seen> {
    let mut all = machine.everything();
    all.retain(|path, _| {
        !path.starts_with("/var/lib/dpkg/") && path != "/var/log/dpkg.log" && path != PACKAGE
    });
    all
}

/// What nobody may touch, as far as it is there.
fn untouched(machine: &Machine) -> BTreeMap<String, Seen> {
    UNTOUCHED.iter().filter_map(|path| Some(((*path).to_owned(), machine.look(path)?))).collect()
}

#[test]
fn a_new_machine_gets_the_layout_and_nothing_else() {
    let machine = new_machine("deb-new");
    let before = machine.everything();
    let said = install(&machine, &Made::by("deb", "deb-new"));
    assert_eq!(faults(&machine, LAYOUT), [""; 0]);
    assert_eq!((machine.user("piranha"), machine.group("piranha")), (60, 60));
    assert!(said.contains("user and group piranha are made, 60:60"), "{said}");

    let is_expected = |path: &str| {
        let of_layout = LAYOUT.iter().any(|entry| entry.path.starts_with(path));
        let ours = OF_THE_PACKAGE.iter().any(|own| path.starts_with(own) || own.starts_with(path));
        // Links that switch both services off.
        let off = path.starts_with("/etc/rc") && (path.len() == "/etc/rc0.d".len() || path.contains("/K01p"));
        of_layout || ours || off || OF_USERADD.iter().any(|own| path.starts_with(own))
    };
    let after = machine.everything();
    let more: Vec<_> = after
        .keys()
        .filter(|path| !before.contains_key(*path) && *path != PACKAGE && !is_expected(path))
        .collect();
    assert_eq!(more, [""; 0]);
    assert!(!machine.at("/etc/systemd").exists(), "nothing is switched on");
    assert!(machine.look("/run/pulse.pid").is_none() && machine.look("/run/piranha-httpd.pid").is_none());
}

#[test]
fn where_number_60_is_taken_the_user_gets_another_one_and_an_existing_one_keeps_his() {
    let package = Made::by("deb", "deb-numbers");
    let machine = new_machine("deb-60");
    machine.account("/etc/group", "games:x:60:");
    let said = install(&machine, &package);
    let numbers = (machine.user("piranha"), machine.group("piranha"));
    assert!(numbers.0 != 60 && numbers.1 != 60, "{numbers:?}");
    assert!(said.contains(&format!("piranha are made, {}:{}", numbers.0, numbers.1)), "{said}");

    let machine = new_machine("deb-his");
    machine.account("/etc/passwd", "piranha:x:777:778::/nowhere:/bin/false");
    machine.account("/etc/group", "piranha:x:778:");
    let accounts = (machine.text("/etc/passwd"), machine.text("/etc/group"));
    install(&machine, &package);
    assert_eq!((machine.text("/etc/passwd"), machine.text("/etc/group")), accounts);
    assert_eq!(faults(&machine, LAYOUT), [""; 0]);
}

#[test]
fn what_piranha_and_its_administrator_left_stays_byte_for_byte() {
    let package = Made::by("deb", "deb-over");
    for machine in [piranha_0_8_4("deb-0.8.4"), piranha_0_8_6("deb-0.8.6")] {
        prepare(&machine);
        let before = untouched(&machine);
        install(&machine, &package);
        let mut after = untouched(&machine);
        after.retain(|path, _| before.contains_key(path));
        assert_eq!(differences(&before, &after), [""; 0]);
        let kept = |path: &str| before.contains_key(path);
        let asked = LAYOUT.iter().filter(|entry| match entry.kind {
            // Modes and owners of those are the administrator's. Of 0.8.4 is another name.
            Kind::Directory | Kind::Configuration => {
                !entry.path.starts_with("/etc/sysconfig/ha")
                    && !kept(entry.path)
                    && !entry.path.starts_with("/etc/logrotate.d")
            }
            Kind::Executable | Kind::File => true,
        });
        assert_eq!(faults(&machine, asked), [""; 0]);
        assert_eq!(machine.text("/usr/sbin/httpd").as_bytes(), HTTPD);
        let links: Vec<_> = machine.everything().into_keys().filter(|path| path.ends_with("pulse")).collect();
        assert!(
            !links.iter().any(|path| path.starts_with("/etc/rc3.d")),
            "those of Red Hat are enough: {links:?}"
        );
        let both = ["/etc/logrotate.d/piranha", "/etc/logrotate.d/piranha-httpd"];
        assert_eq!(both.iter().filter(|path| machine.look(path).is_some()).count(), 1, "rotated once");
    }
}

#[test]
fn an_upgrade_asks_nothing_and_keeps_what_was_edited_and_what_is_on() {
    let machine = new_machine("deb-upgrade");
    install(&machine, &Made::by("deb", "deb-upgrade"));
    let group = machine.group("piranha");
    machine.write("/etc/sysconfig/ha/lvs.cf", 0o660, (0, group), LVS_CF);
    machine.write("/etc/sysconfig/ha/conf/httpd.conf", 0o644, (0, 0), "Listen 8080\n");
    machine.write("/etc/sysconfig/ha/conf/piranha.passwd", 0o600, (60, 60), "piranha:xyUlJKyt3yVrM\n");
    machine.write("/etc/sysconfig/pulse", 0o600, (0, 0), "");
    machine.write("/etc/logrotate.d/piranha", 0o644, (0, 0), "# not here\n");
    machine.directory("/var/log/piranha", 0o770, (0, group));
    run(&machine, &["update-rc.d", "pulse", "enable"]).well();
    assert!(machine.look("/etc/rc3.d/S01pulse").is_some());

    let before = state(&machine);
    let said = install(&machine, &Made::next_by("deb", "deb-upgrade"));
    assert!(said.contains("(99.0.0) over"), "{said}");
    let changed: Vec<_> = differences(&before, &state(&machine))
        .into_iter()
        .filter(|line| {
            !line.starts_with("/usr/sbin/") && !line.starts_with("/usr/share/doc/piranha/changelog")
        })
        .collect();
    assert_eq!(changed, [""; 0]);
    assert!(machine.text("/usr/sbin/pulse").contains("next"));
}

#[test]
fn a_removal_leaves_configuration_password_logs_and_user() {
    let machine = new_machine("deb-remove");
    install(&machine, &Made::by("deb", "deb-remove"));
    run(&machine, &["update-rc.d", "pulse", "enable"]).well();
    let accounts = (machine.text("/etc/passwd"), machine.text("/etc/group"));
    machine.write("/etc/sysconfig/ha/lvs.cf", 0o664, (0, 60), LVS_CF);
    machine.write("/etc/sysconfig/ha/conf/piranha.passwd", 0o600, (60, 60), "piranha:xyUlJKyt3yVrM\n");
    machine.write("/etc/sysconfig/ha/web/secure/.htaccess", 0o644, (0, 0), "Deny from all\n");
    machine.write("/var/log/piranha/piranha-gui", 0o640, (60, 60), "a line\n");
    let is_his = |path: &str| {
        ["/etc/sysconfig", "/etc/logrotate.d", "/var/log/piranha", "/var/lib/piranha"]
            .iter()
            .any(|own| path.starts_with(own))
    };
    let his =
        || machine.everything().into_iter().filter(|(path, _)| is_his(path)).collect::<BTreeMap<_, _>>();
    let before = his();

    run(&machine, &["dpkg", "--remove", "piranha"]).well();
    assert_eq!(differences(&before, &his()), [""; 0]);
    assert_eq!((machine.text("/etc/passwd"), machine.text("/etc/group")), accounts);
    let left: Vec<_> = LAYOUT
        .iter()
        .filter(|entry| {
            matches!(entry.kind, Kind::Executable | Kind::File) && machine.look(entry.path).is_some()
        })
        .map(|entry| entry.path)
        .collect();
    assert_eq!(left, [""; 0]);
    let links: Vec<_> = machine
        .everything()
        .into_keys()
        .filter(|path| path.ends_with("01pulse") || path.ends_with("01piranha-gui"))
        .collect();
    assert_eq!(links, [""; 0], "nothing starts what is gone");

    // What purging means; but what the package does not use is not its own.
    run(&machine, &["dpkg", "--purge", "piranha"]).well();
    assert_eq!((machine.text("/etc/passwd"), machine.text("/etc/group")), accounts);
    let files: Vec<_> = his().into_iter().filter(|(_, seen)| seen.what != What::Directory).collect();
    let names: Vec<_> = files.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(names, ["/etc/sysconfig/ha/web/secure/.htaccess"]);
}

#[test]
fn every_script_may_be_called_with_every_verb_and_again() {
    let machine = new_machine("deb-verbs");
    install(&machine, &Made::by("deb", "deb-verbs"));
    machine.write("/etc/sysconfig/ha/lvs.cf", 0o664, (0, 60), LVS_CF);
    let before = state(&machine);
    let version = env!("CARGO_PKG_VERSION");
    for (name, words) in [
        ("postinst", &["configure", version][..]),
        ("postinst", &["configure", ""]),
        ("postinst", &["abort-upgrade", version]),
        ("postinst", &["abort-remove"]),
        ("postinst", &["abort-remove", "in-favour", "other", "1"]),
        ("postinst", &["abort-deconfigure", "in-favour", "other", "1"]),
        ("prerm", &["upgrade", version]),
        ("prerm", &["failed-upgrade", version]),
        ("prerm", &["deconfigure", "in-favour", "other", "1"]),
        ("postrm", &["upgrade", version]),
        ("postrm", &["failed-upgrade", version]),
        ("postrm", &["abort-install"]),
        ("postrm", &["abort-upgrade", version]),
        ("postrm", &["disappear", "other", "1"]),
    ] {
        let said = script(&machine, name, words).well();
        assert_eq!(said, "", "{name} {words:?}");
        assert_eq!(differences(&before, &state(&machine)), [""; 0], "{name} {words:?}");
    }
    for _ in 0..2 {
        script(&machine, "prerm", &["remove"]).well();
    }
    for _ in 0..2 {
        script(&machine, "postrm", &["remove"]).well();
    }
    assert_eq!(machine.text("/etc/sysconfig/ha/lvs.cf"), LVS_CF);
    for _ in 0..2 {
        script(&machine, "postrm", &["purge"]).well();
    }
    script(&machine, "postinst", &["configure"]).well();
    assert_eq!(faults(&machine, LAYOUT), [""; 0], "as after a first installation");
}

#[test]
fn what_an_erased_piranha_saved_comes_back_only_where_nothing_newer_is() {
    let package = Made::by("deb", "deb-rpmsave");
    for (here, taken) in [(None, true), (Some(""), true), (Some("serial_no = 1\n"), false)] {
        let machine = new_machine("deb-rpmsave");
        machine.write("/etc/sysconfig/ha/lvs.cf.rpmsave", 0o664, (0, 60), LVS_CF);
        if let Some(text) = here {
            machine.write("/etc/sysconfig/ha/lvs.cf", 0o664, (0, 0), text);
        }
        let said = install(&machine, &package);
        let now = machine.text("/etc/sysconfig/ha/lvs.cf");
        assert_eq!(now, if taken { LVS_CF } else { here.unwrap() });
        assert_eq!(
            said.contains("/etc/sysconfig/ha/lvs.cf.rpmsave is /etc/sysconfig/ha/lvs.cf again"),
            taken,
            "{said}"
        );
        assert_eq!(machine.look("/etc/sysconfig/ha/lvs.cf.rpmsave").is_none(), taken);
    }
}
