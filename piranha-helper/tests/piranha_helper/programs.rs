//! Who has stolen the password does not become root.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};

use control::helper::Answer;

use crate::helper::{FILE, Helper, am_root};

#[test]
fn a_program_in_the_directory_can_be_chosen() {
    if !am_root() {
        return;
    }
    let helper = Helper::new("chosen");
    let check = helper.program("scripts/check", "#!/bin/sh\n");
    let answer = helper.save_line(&format!("send_program = \"{} %h -x 'y z'\"", check.display()));
    assert!(matches!(answer, Answer::Saved { serial_no: 42, .. }), "{answer:?}");
}

#[test]
fn no_other_program_can() {
    if !am_root() {
        return;
    }
    let helper = Helper::new("bypasses");
    let scripts = helper.path("scripts");
    helper.program("scripts/check", "#!/bin/sh\n");
    helper.program("other", "#!/bin/sh\n");
    symlink("/bin/sh", scripts.join("sh")).unwrap();
    symlink("../other", scripts.join("out")).unwrap();
    fs::create_dir(helper.path("theirs")).unwrap();
    symlink(scripts.join("check"), helper.path("theirs/check")).unwrap();
    chown(helper.path("theirs"), Some(65534), None).unwrap();
    let shown = scripts.display();
    for value in [
        "/bin/sh".to_owned(),
        "\"/bin/sh -c id\"".to_owned(),
        "sh".to_owned(),
        "scripts/check".to_owned(),
        helper.path("other").display().to_string(),
        format!("{shown}/none"),
        format!("{shown}"),
        format!("{shown}/sh"),
        format!("{shown}/out"),
        format!("{shown}/../other"),
        format!("{shown}/../../../../../../../../../../bin/sh"),
        format!("{shown}/./check"),
        format!("{shown}//check"),
        format!("\"'{shown}/check' x\""),
        format!("\"\\{shown}/check\""),
        format!("\"{shown}/%h\""),
        format!("{}/theirs/check", helper.folder.display()),
    ] {
        for keyword in ["send_program", "start_cmd", "stop_cmd", "client_monitor", "load_monitor"] {
            let answer = helper.save_line(&format!("{keyword} = {value}"));
            assert!(matches!(answer, Answer::Refused { .. }), "{keyword} = {value}: {answer:?}");
        }
        for keyword in ["active_cmd", "inactive_cmd", "rsh_command", "ipvsadm"] {
            let answer = helper.save(&format!("{keyword} = {value}\n{FILE}"));
            assert!(matches!(answer, Answer::Refused { .. }), "{keyword} = {value}: {answer:?}");
        }
    }
    // Where quotes are part of the value.
    let answer = helper.save_line(&format!("send_program = '{shown}/check'"));
    assert!(matches!(answer, Answer::Refused { .. }), "{answer:?}");
    assert_eq!(helper.file(), FILE);
    let reason = helper.refused(helper.save_line(&format!("send_program = {shown}/out")));
    insta::assert_snapshot!(reason, @"send_program = /scripts/out: it leads to /other, which is in none of the directories. In a browser only programs in /scripts can be chosen (program_directories of /etc/sysconfig/ha/conf/gui.conf): put it there as root, or write this line with an editor on the router");
}

#[test]
fn a_program_that_others_may_change_cannot() {
    if !am_root() {
        return;
    }
    let helper = Helper::new("changeable");
    let check = helper.program("scripts/check", "#!/bin/sh\n");
    let line = format!("send_program = {}", check.display());
    for name in ["scripts/check", "scripts"] {
        for mode in [0o775, 0o757] {
            fs::set_permissions(helper.path(name), Permissions::from_mode(mode)).unwrap();
            let reason = helper.refused(helper.save_line(&line));
            assert!(reason.contains("may be written by others than root"), "{name}: {reason}");
            fs::set_permissions(helper.path(name), Permissions::from_mode(0o755)).unwrap();
        }
        chown(helper.path(name), Some(65534), None).unwrap();
        let reason = helper.refused(helper.save_line(&line));
        assert!(reason.contains("belongs to user 65534"), "{name}: {reason}");
        chown(helper.path(name), Some(0), None).unwrap();
    }
    assert!(matches!(helper.save_line(&line), Answer::Saved { .. }));
}

#[test]
fn settings_that_others_may_write_do_not_count() {
    if !am_root() {
        return;
    }
    let helper = Helper::new("settings");
    let check = helper.program("scripts/check", "#!/bin/sh\n");
    let line = format!("send_program = {}", check.display());
    fs::set_permissions(helper.path("gui.conf"), Permissions::from_mode(0o664)).unwrap();
    let reason = helper.refused(helper.save_line(&line));
    assert!(reason.contains("only programs in /etc/sysconfig/ha/scripts can be chosen"), "{reason}");
    fs::write(helper.path("gui.conf"), "program_directories =\n").unwrap();
    fs::set_permissions(helper.path("gui.conf"), Permissions::from_mode(0o644)).unwrap();
    let reason = helper.refused(helper.save_line(&line));
    assert!(reason.contains("only programs in no directory can be chosen"), "{reason}");
}

#[test]
fn a_restored_version_brings_no_program_back() {
    if !am_root() {
        return;
    }
    let helper = Helper::new("restored");
    let dangerous = FILE.replace("     port = 80\n", "     port = 80\n     send_program = /usr/bin/danger\n");
    fs::write(helper.path("lvs.cf"), &dangerous).unwrap();
    assert!(matches!(
        helper.save(&dangerous.replace("keepalive = 6", "keepalive = 7")),
        Answer::Saved { .. }
    ));
    assert!(matches!(helper.save(FILE), Answer::Saved { .. }));
    let reason = helper.refused(helper.save(&dangerous));
    assert!(reason.starts_with("send_program = /usr/bin/danger: "), "{reason}");
}

#[test]
fn the_key_of_heartbeats_stays() {
    if !am_root() {
        return;
    }
    let helper = Helper::new("key");
    let reason = helper.refused(helper.save(&format!("#% heartbeat_key_file = /etc/shadow\n{FILE}")));
    insta::assert_snapshot!(reason, @"heartbeat_key_file cannot be changed in a browser: it is read as root. Write it with an editor on the router");
}
