//! Over machines that run an original Piranha: what is the administrator's stays as it is, byte for byte.

#![expect(clippy::unwrap_used, reason = "a broken assumption of a test ends the test")]

use std::collections::BTreeMap;
use std::fs;

use install::checkout::Checkout;
use install::layout::{Kind, LAYOUT, faults};
use install::machine::{Machine, Seen, What};
use install::original::{HTTPD, UNTOUCHED, piranha_0_8_4, piranha_0_8_6};

/// What was there already.
fn untouched(machine: &Machine) -> BTreeMap<&'static str, Seen> {
    UNTOUCHED.iter().filter_map(|path| Some((*path, machine.look(path)?))).collect()
}

/// Installs over it, and looks at what was there.
fn keeps_everything(machine: &Machine, test: &str) -> String {
    let from = Checkout::new(test);
    let before = untouched(machine);
    let told = from.install(machine, &[]);
    for (path, seen) in &before {
        assert_eq!(machine.look(path).as_ref(), Some(seen), "{path}");
    }
    for program in ["pulse", "lvsd", "fos", "nanny", "send_arp", "piranha-passwd", "piranha_gui"] {
        let What::File(content) = machine.look(&format!("/usr/sbin/{program}")).unwrap().what else {
            panic!("{program} is no file");
        };
        assert!(String::from_utf8_lossy(&content).contains("first build"), "{program} is the old one");
    }
    let scripts_here = ["/etc/rc.d/init.d/pulse", "/etc/rc.d/init.d/piranha-gui"];
    for script in scripts_here {
        let name = script.rsplit('/').next().unwrap();
        let ours = fs::read(from.folder.join("etc/init.d").join(name)).unwrap();
        assert_eq!(machine.look(script).unwrap().what, What::File(ours));
    }
    told
}

/// What is replaced or new is as the specification has it; what was there already keeps its owner.
fn the_rest_is_right(machine: &Machine, kept: &[&str]) {
    let new = LAYOUT.iter().filter(|entry| {
        !kept.contains(&entry.path) && !entry.path.starts_with("/etc/init.d") && entry.kind != Kind::Directory
    });
    assert_eq!(faults(machine, new), Vec::<String>::new());
}

#[test]
fn of_0_8_4_everything_stays() {
    let machine = piranha_0_8_4("0.8.4");
    let told = keeps_everything(&machine, "0.8.4");
    the_rest_is_right(&machine, &["/etc/logrotate.d/piranha"]);
    assert!(told.contains("kept       /etc/logrotate.d/piranha-httpd\n"), "{told}");
    assert!(machine.look("/etc/logrotate.d/piranha").is_none());
    // Its directories belong to the group; that stays so.
    assert_eq!(machine.look("/etc/sysconfig/ha").unwrap().group, 60);
}

#[test]
fn of_0_8_6_everything_stays() {
    let machine = piranha_0_8_6("0.8.6");
    let told = keeps_everything(&machine, "0.8.6");
    the_rest_is_right(&machine, &["/etc/sysconfig/pulse"]);
    for path in ["/etc/sysconfig/ha/lvs.cf", "/etc/sysconfig/pulse", "/etc/logrotate.d/piranha"] {
        assert!(told.contains(&format!("kept       {path}\n")), "{told}");
    }
}

#[test]
fn httpd_stays_what_it_is_although_piranha_gui_is_a_link_to_it() {
    for (test, to) in [("link", "/usr/sbin/httpd"), ("relative-link", "httpd")] {
        let machine = piranha_0_8_4(test);
        fs::remove_file(machine.at("/usr/sbin/piranha_gui")).unwrap();
        machine.link("/usr/sbin/piranha_gui", to);
        let told = Checkout::new(test).install(&machine, &[]);
        assert!(told.contains("replaced   /usr/sbin/piranha_gui\n"), "{told}");
        assert_eq!(machine.look("/usr/sbin/httpd").unwrap().what, What::File(HTTPD.to_vec()));
        assert!(matches!(machine.look("/usr/sbin/piranha_gui").unwrap().what, What::File(_)));
    }
}

#[test]
fn a_configuration_that_is_a_link_stays_one() {
    let machine = piranha_0_8_6("linked");
    fs::rename(machine.at("/etc/sysconfig/ha/lvs.cf"), machine.at("/etc/shared.cf")).unwrap();
    // Also one that leads nowhere, as on a file system that is not mounted just now.
    fs::remove_file(machine.at("/etc/sysconfig/pulse")).unwrap();
    machine.link("/etc/sysconfig/ha/lvs.cf", "../../shared.cf");
    machine.link("/etc/sysconfig/pulse", "/mnt/away");
    let before = machine.look("/etc/shared.cf");
    Checkout::new("linked").install(&machine, &[]);
    assert_eq!(machine.look("/etc/shared.cf"), before);
    assert_eq!(machine.look("/etc/sysconfig/ha/lvs.cf").unwrap().what, What::Link("../../shared.cf".into()));
    assert_eq!(machine.look("/etc/sysconfig/pulse").unwrap().what, What::Link("/mnt/away".into()));
}

#[test]
fn a_saved_lvs_cf_comes_back_if_there_is_none_or_an_empty_one() {
    for (test, lvs_cf) in [("none", None), ("empty", Some(""))] {
        let machine = piranha_0_8_6(&format!("saved-{test}"));
        fs::remove_file(machine.at("/etc/sysconfig/ha/lvs.cf")).unwrap();
        if let Some(content) = lvs_cf {
            machine.write("/etc/sysconfig/ha/lvs.cf", 0o664, (0, 60), content);
        }
        machine.write("/etc/sysconfig/ha/lvs.cf.rpmsave", 0o660, (0, 60), "# of 2007\nserial_no = 12\n");
        let saved = machine.look("/etc/sysconfig/ha/lvs.cf.rpmsave");
        let from = Checkout::new(&format!("saved-{test}"));
        let told = from.install(&machine, &[]);
        assert!(
            told.contains("/etc/sysconfig/ha/lvs.cf, as it was saved in /etc/sysconfig/ha/lvs.cf.rpmsave"),
            "{told}"
        );
        assert_eq!(machine.look("/etc/sysconfig/ha/lvs.cf"), saved);
        assert_eq!(machine.look("/etc/sysconfig/ha/lvs.cf.rpmsave"), saved);
        assert!(from.install(&machine, &[]).contains("kept       /etc/sysconfig/ha/lvs.cf\n"));
    }
}

#[test]
fn a_saved_httpd_conf_comes_back_only_if_there_is_none() {
    let machine = piranha_0_8_6("saved-httpd");
    let rules = "Listen 127.0.0.1:3636\n";
    machine.write("/etc/sysconfig/ha/conf/httpd.conf.rpmsave", 0o644, (0, 0), "Listen 1\n");
    let before = machine.look("/etc/sysconfig/ha/conf/httpd.conf");
    let from = Checkout::new("saved-httpd");
    from.install(&machine, &[]);
    assert_eq!(machine.look("/etc/sysconfig/ha/conf/httpd.conf"), before);
    fs::remove_file(machine.at("/etc/sysconfig/ha/conf/httpd.conf")).unwrap();
    machine.write("/etc/sysconfig/ha/conf/httpd.conf.rpmsave", 0o644, (0, 0), rules);
    from.install(&machine, &[]);
    assert_eq!(machine.text("/etc/sysconfig/ha/conf/httpd.conf"), rules);
}
