//! What a save does to the file, and when it does nothing.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::thread;

use control::helper::{Answer, Fingerprint};
use versions::Made;

use crate::helper::{CLIENT, FILE, Helper, am_root, ask, save};

#[test]
fn a_save_is_in_the_file_and_in_the_list_of_versions() {
    if !am_root() {
        return;
    }
    let helper = Helper::new("save");
    fs::set_permissions(helper.path("lvs.cf"), Permissions::from_mode(0o664)).unwrap();
    let saved = helper.save(&FILE.replace("keepalive = 6", "keepalive = 7"));
    let wanted = FILE.replace("keepalive = 6", "keepalive = 7").replace("41", "42");
    assert_eq!(saved, Answer::Saved { serial_no: 42, fingerprint: Fingerprint::of(wanted.as_bytes()) });
    assert_eq!(helper.file(), wanted);
    assert_eq!(fs::metadata(helper.path("lvs.cf")).unwrap().mode() & 0o7777, 0o664);

    let versions = helper.versions();
    let list = versions.list().unwrap();
    let made = Made { serial_no: 42, client: Some(CLIENT.parse().unwrap()), what: "GLOBAL SETTINGS".into() };
    assert_eq!(list.iter().map(|version| version.made.clone()).collect::<Vec<_>>(), [Some(made), None]);
    let bytes = |index: usize| String::from_utf8(versions.read(list[index].stamp).unwrap()).unwrap();
    assert_eq!((bytes(0), bytes(1)), (wanted, FILE.to_owned()));

    let log = fs::read_to_string(helper.path("log")).unwrap();
    let line =
        format!("saved {}: GLOBAL SETTINGS client={CLIENT} serial_no=42", helper.path("lvs.cf").display());
    assert!(log.contains(&line), "{log}");
}

#[test]
fn an_old_version_is_restored_as_a_new_one() {
    if !am_root() {
        return;
    }
    let helper = Helper::new("restore");
    helper.save(&FILE.replace("keepalive = 6", "keepalive = 7"));
    let oldest = helper.versions().list().unwrap().pop().unwrap();
    let old = helper.versions().read(oldest.stamp).unwrap();
    helper.save(&String::from_utf8(old).unwrap());
    assert_eq!(helper.file(), FILE.replace("41", "43"));
    assert_eq!(helper.versions().list().unwrap().len(), 3);
}

#[test]
fn without_a_change_nothing_is_written() {
    if !am_root() {
        return;
    }
    let helper = Helper::new("same");
    let inode = fs::metadata(helper.path("lvs.cf")).unwrap().ino();
    let saved = helper.save(FILE);
    assert_eq!(saved, Answer::Saved { serial_no: 41, fingerprint: Fingerprint::of(FILE.as_bytes()) });
    assert_eq!(fs::metadata(helper.path("lvs.cf")).unwrap().ino(), inode);
    assert_eq!(helper.versions().list().unwrap(), []);
}

#[test]
fn who_was_slower_changes_nothing() {
    if !am_root() {
        return;
    }
    let helper = Helper::new("stale");
    let mine = FILE.replace("keepalive = 6", "keepalive = 7");
    for theirs in [FILE.replace("keepalive = 6", "keepalive = 8"), String::new()] {
        fs::write(helper.path("lvs.cf"), &theirs).unwrap();
        let answer = helper.ask(save(mine.as_bytes(), FILE.as_bytes()));
        assert_eq!(answer, Answer::Changed { fingerprint: Fingerprint::of(theirs.as_bytes()) });
        assert_eq!(helper.file(), theirs);
    }
    fs::remove_file(helper.path("lvs.cf")).unwrap();
    let answer = helper.ask(save(mine.as_bytes(), FILE.as_bytes()));
    assert_eq!(answer, Answer::Changed { fingerprint: Fingerprint::of(b"") });
    assert!(!helper.path("lvs.cf").exists());
}

#[test]
fn a_file_is_made_where_there_was_none() {
    if !am_root() {
        return;
    }
    let helper = Helper::new("first");
    fs::remove_file(helper.path("lvs.cf")).unwrap();
    let answer = helper.ask(save(b"keepalive = 6\n", b""));
    assert!(matches!(answer, Answer::Saved { serial_no: 1, .. }), "{answer:?}");
    assert_eq!(helper.file(), "serial_no = 1\nkeepalive = 6\n");
}

#[test]
fn what_the_daemons_would_refuse_is_not_saved() {
    if !am_root() {
        return;
    }
    let helper = Helper::new("refused");
    insta::assert_snapshot!(helper.refused(helper.save(&FILE.replace("keepalive = 6", "keepalive = often"))), @"
    the daemons would refuse the file:
    error[INTEXPECTED]: integer expected
     --> /lvs.cf:4:13
      |
    4 | keepalive = often
      |             ^^^^^
      = hint: write a whole number
    ");
    insta::assert_snapshot!(helper.refused(helper.save("")), @"the new file is empty: the daemons would refuse it");
    for bad in ["\0", "virtual x {\n", "}\n", "keepalive=6\n", "\u{fffd}\n"] {
        let answer = helper.save(&format!("{FILE}{bad}"));
        let missing_brace = bad.starts_with("virtual");
        assert_eq!(matches!(answer, Answer::Refused { .. }), !missing_brace, "{bad:?}: {answer:?}");
    }
}

#[test]
fn bytes_that_are_no_text_are_kept() {
    if !am_root() {
        return;
    }
    let helper = Helper::new("bytes");
    let present = fs::read(helper.path("lvs.cf")).unwrap();
    let edited = [&b"# caf\xe9 \xff\x80\n"[..], FILE.as_bytes()].concat();
    let answer = helper.ask(save(&edited, &present));
    assert!(matches!(answer, Answer::Saved { .. }), "{answer:?}");
    assert!(fs::read(helper.path("lvs.cf")).unwrap().starts_with(b"# caf\xe9 \xff\x80\n"));
}

#[test]
fn a_link_stays_one() {
    if !am_root() {
        return;
    }
    let helper = Helper::new("link");
    fs::rename(helper.path("lvs.cf"), helper.path("elsewhere.cf")).unwrap();
    symlink("elsewhere.cf", helper.path("lvs.cf")).unwrap();
    helper.save(&FILE.replace("keepalive = 6", "keepalive = 7"));
    assert!(fs::symlink_metadata(helper.path("lvs.cf")).unwrap().is_symlink());
    assert!(fs::read_to_string(helper.path("elsewhere.cf")).unwrap().contains("keepalive = 7"));
}

#[test]
fn what_cannot_be_kept_is_not_replaced() {
    if !am_root() {
        return;
    }
    let helper = Helper::new("full");
    fs::write(helper.path("versions"), "a file where a folder should be").unwrap();
    let reason = helper.refused(helper.save(&FILE.replace("keepalive = 6", "keepalive = 7")));
    assert!(reason.starts_with("nothing was saved: cannot ") && reason.contains("/versions"), "{reason}");
    assert_eq!(helper.file(), FILE);
}

/// Each adds to what it found, and tries again when another one was faster.
#[test]
fn no_change_of_twenty_clients_is_lost() {
    if !am_root() {
        return;
    }
    let helper = Helper::new("twenty");
    let (path, socket) = (helper.path("lvs.cf"), helper.socket());
    thread::scope(|scope| {
        for client in 0..20 {
            let (path, socket) = (&path, &socket);
            scope.spawn(move || {
                loop {
                    let present = fs::read(path).unwrap();
                    let edited = [&present[..], format!("# client {client}\n").as_bytes()].concat();
                    match ask(socket, save(&edited, &present)) {
                        Answer::Saved { .. } => return,
                        Answer::Changed { .. } => {}
                        // The lock is waited for only so long.
                        Answer::Refused { reason } => assert!(reason.contains("locked"), "{reason}"),
                        other => panic!("{other:?}"),
                    }
                }
            });
        }
    });
    let file = helper.file();
    for client in 0..20 {
        assert!(file.contains(&format!("# client {client}\n")), "{client}: {file}");
    }
    assert!(file.starts_with("serial_no = 61\n"), "each of them is counted: {file}");
}
