//! On a machine that never had Piranha.

use std::collections::BTreeSet;
use std::fs;

use install::checkout::{Checkout, PROGRAMS, succeeded};
use install::layout::{Kind, LAYOUT, faults};
use install::machine::{Machine, What};

#[test]
fn everything_lies_where_the_specification_has_it() {
    let (machine, from) = (Machine::new("everything"), Checkout::new("everything"));
    from.install(&machine, &[]);
    assert_eq!(faults(&machine, LAYOUT), Vec::<String>::new());
}

#[test]
fn nothing_else_is_installed() {
    let (machine, from) = (Machine::new("nothing-else"), Checkout::new("nothing-else"));
    let before = machine.everything();
    from.install(&machine, &[]);
    let mut known: BTreeSet<_> = LAYOUT.iter().map(|entry| entry.path).collect();
    // What was installed, for --uninstall; and what useradd keeps.
    known.extend(["/var/lib/piranha/installed", "/etc/passwd-", "/etc/group-"]);
    let known_or_above =
        |path: &str| known.iter().any(|entry| *entry == path || entry.starts_with(&format!("{path}/")));
    let after = machine.everything();
    let unknown = after.keys().filter(|path| !before.contains_key(*path) && !known_or_above(path));
    assert_eq!(unknown.collect::<Vec<_>>(), Vec::<&String>::new());
    assert!(machine.look("/usr/sbin/lvs").is_none());
}

#[test]
fn programs_are_those_that_were_built() {
    let (machine, from) = (Machine::new("programs"), Checkout::new("programs"));
    from.install(&machine, &[]);
    for name in PROGRAMS {
        let installed = if *name == "piranha-gui" { "piranha_gui" } else { name };
        let built = fs::read(from.folder.join("programs").join(name)).unwrap();
        assert_eq!(
            machine.look(&format!("/usr/sbin/{installed}")).unwrap().what,
            What::File(built),
            "{name}"
        );
    }
}

#[test]
fn lvs_cf_is_empty_and_what_comes_next_is_told_only_on_the_machine_itself() {
    let (machine, from) = (Machine::new("empty"), Checkout::new("empty"));
    let told = from.install(&machine, &[]);
    assert_eq!(machine.text("/etc/sysconfig/ha/lvs.cf"), "");
    assert!(!told.contains("service pulse start"), "{told}");
}

#[test]
fn user_and_group_get_60_where_it_is_free() {
    let (machine, from) = (Machine::new("sixty"), Checkout::new("sixty"));
    let told = from.install(&machine, &[]);
    assert!(told.contains("installed  user and group piranha (60:60)\n"), "{told}");
    let passwd = machine.text("/etc/passwd");
    let line = passwd.lines().find(|line| line.starts_with("piranha:")).unwrap();
    assert!(line.contains(":60:60:") && line.ends_with(":/etc/sysconfig/ha:/sbin/nologin"), "{line}");
}

#[test]
fn where_60_belongs_to_somebody_else_another_number_is_taken_and_told() {
    let (machine, from) = (Machine::new("games"), Checkout::new("games"));
    machine.account("/etc/group", "games:x:60:");
    let told = from.install(&machine, &[]);
    assert!(told.contains("note: 60 is not free here"), "{told}");
    assert_ne!(machine.group("piranha"), 60);
    assert_eq!(machine.group("games"), 60);
    assert_eq!(faults(&machine, LAYOUT), Vec::<String>::new());
}

#[test]
fn an_account_that_exists_keeps_its_numbers() {
    let (machine, from) = (Machine::new("account"), Checkout::new("account"));
    machine.account("/etc/passwd", "piranha:x:701:702::/home/piranha:/bin/false");
    machine.account("/etc/group", "piranha:x:702:");
    let (passwd, group) = (machine.text("/etc/passwd"), machine.text("/etc/group"));
    let told = from.install(&machine, &[]);
    assert!(told.contains("kept       user and group piranha (701:702)\n"), "{told}");
    assert_eq!((machine.text("/etc/passwd"), machine.text("/etc/group")), (passwd, group));
    assert_eq!((machine.user("piranha"), machine.group("piranha")), (701, 702));
    assert_eq!(faults(&machine, LAYOUT), Vec::<String>::new());
}

#[test]
fn where_red_hat_has_its_scripts_ours_lie_too() {
    let from = Checkout::new("scripts");
    // On newer systems the link is there before the directory that it leads to.
    for (test, link, directory) in [("directory", false, true), ("link", true, false), ("both", true, true)] {
        let machine = Machine::new(&format!("scripts-{test}"));
        if link {
            machine.link("/etc/init.d", "rc.d/init.d");
        }
        if directory {
            machine.directory("/etc/rc.d/init.d", 0o755, (0, 0));
        }
        from.install(&machine, &[]);
        for name in ["pulse", "piranha-gui"] {
            let script = machine.look(&format!("/etc/rc.d/init.d/{name}")).unwrap();
            assert_eq!((script.mode, script.user, script.group), (0o755, 0, 0), "{test}");
        }
        assert_eq!(machine.look("/etc/init.d").is_some(), link, "{test}");
    }
}

#[test]
fn a_folder_without_accounts_is_no_machine_and_gets_none() {
    let (machine, from) = (Machine::new("stage"), Checkout::new("stage"));
    fs::remove_dir_all(machine.at("/etc")).unwrap();
    let told = from.install(&machine, &[]);
    assert!(told.contains("no user is made"), "{told}");
    assert!(machine.look("/etc/passwd").is_none());
    assert_eq!(machine.look("/etc/sysconfig/ha/lvs.cf").unwrap().group, 60);
}

#[test]
fn others_than_root_may_fill_a_folder_of_their_own() {
    let (machine, from) = (Machine::new("stage-of-a-user"), Checkout::new("stage-of-a-user"));
    machine.directory("/stage", 0o755, (12345, 12345));
    let mut command = std::process::Command::new("setpriv");
    command.args(["--reuid=12345", "--regid=12345", "--clear-groups"]).arg(from.folder.join("install"));
    let told = succeeded(command.arg("--root").arg(machine.at("/stage")).output().unwrap());
    assert!(told.contains("note: you are not root: everything in "), "{told}");
    for entry in LAYOUT {
        let seen = machine.look(&format!("/stage{}", entry.path)).unwrap();
        assert_eq!((seen.mode, seen.user, seen.group), (entry.mode, 12345, 12345), "{}", entry.path);
    }
    assert_eq!(LAYOUT.iter().filter(|entry| entry.kind == Kind::Executable).count(), 11);
}
