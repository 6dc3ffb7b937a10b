//! Reading and saving real files.

#![allow(clippy::expect_used, reason = "a test stops at what cannot be")]

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::PathBuf;

use lvs_cf::file::{Change, ReadError, SaveError, read};
use lvs_cf::{Document, ErrorKind, NumbersOnly, Place};

/// A folder of this test alone, removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("lvs-cf-{test}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    fn file(&self, content: &[u8]) -> PathBuf {
        let path = self.0.join("lvs.cf");
        fs::write(&path, content).expect("a file");
        path
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).expect("a folder");
        let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
        let mut names: Vec<String> = entries.map(|entry| name(entry.expect("an entry"))).collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).expect("the folder is ours");
    }
}

fn content_error(path: &std::path::Path) -> (ErrorKind, usize) {
    match read(path) {
        Err(ReadError::Content(errors)) => (errors.first().kind, errors.first().diagnostic.line),
        other => panic!("{other:?}"),
    }
}

#[test]
fn empty_odd_and_long_files_are_refused_on_line_0() {
    let folder = Folder::new("read");
    assert_eq!(content_error(&folder.file(b"")), (ErrorKind::Stat, 0));
    assert_eq!(content_error(&folder.0), (ErrorKind::Read, 0));
    let pipe = folder.0.join("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).expect("a pipe");
    assert_eq!(content_error(&pipe), (ErrorKind::Stat, 0));
    assert_eq!(content_error("/proc/self/status".as_ref()), (ErrorKind::Stat, 0));
    let long = fs::File::create(folder.0.join("long")).expect("a file");
    long.set_len(lvs_cf::MAX_BYTES as u64 + 1).expect("a sparse file");
    assert_eq!(content_error(&folder.0.join("long")), (ErrorKind::Read, 0));
    assert!(matches!(read(&folder.0.join("none")), Err(ReadError::Open { .. })));
}

#[test]
fn a_change_is_saved_with_mode_and_serial_number() {
    let folder = Folder::new("save");
    let path = folder.file(b"serial_no = 7\nkeepalive = 2\n# end\n");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("a mode");
    let change = Change::begin(&path).expect("the lock");
    let mut edited = change.document().clone();
    edited.set(Place::File, "keepalive", &["3"]).expect("a number");
    change.save(edited, &NumbersOnly).expect("saved");
    assert_eq!(fs::read(&path).expect("the file"), b"serial_no = 8\nkeepalive = 3\n# end\n");
    assert_eq!(fs::metadata(&path).expect("the file").mode() & 0o7777, 0o640);
    assert_eq!(folder.names(), ["lvs.cf"]);
}

#[test]
fn an_old_version_gets_a_new_serial_number() {
    let folder = Folder::new("restore");
    for (present, old, saved) in [
        (
            &b"serial_no = 9\nkeepalive = 3\n"[..],
            &b"serial_no = 7\nkeepalive = 2\n"[..],
            &b"serial_no = 10\nkeepalive = 2\n"[..],
        ),
        (b"keepalive = 3\n", b"serial_no = 7\nkeepalive = 2\n", b"serial_no = 1\nkeepalive = 2\n"),
        (b"serial_no = 9\nkeepalive = 3\n", b"keepalive = 2\n", b"serial_no = 10\nkeepalive = 2\n"),
        (
            b"serial_no = 9\nkeepalive = 3\n",
            b"serial_no = 7\nkeepalive = 3\n",
            b"serial_no = 9\nkeepalive = 3\n",
        ),
    ] {
        let path = folder.file(present);
        let change = Change::begin(&path).expect("the lock");
        change.save(Document::new(old), &NumbersOnly).expect("saved");
        assert_eq!(fs::read(&path).expect("the file"), saved);
    }
}

#[test]
fn what_killed_editors_left_goes_with_the_next_save() {
    let folder = Folder::new("sweep");
    let path = folder.file(b"keepalive = 2\n");
    for name in [".lvs.cf.4711", ".lvs.cf.swp", ".lvs.cf.", ".lvs.cf.1.bak"] {
        fs::write(folder.0.join(name), "half of").expect("a file");
    }
    let change = Change::begin(&path).expect("the lock");
    change.save(Document::new(b"keepalive = 3\n"), &NumbersOnly).expect("saved");
    assert_eq!(folder.names(), [".lvs.cf.", ".lvs.cf.1.bak", ".lvs.cf.swp", "lvs.cf"]);
}

#[test]
fn attributes_stay() {
    let folder = Folder::new("attributes");
    let path = folder.file(b"keepalive = 2\n");
    if xattr::set(&path, "user.label", b"piranha_etc_rw_t").is_err() {
        return; // This file system has none.
    }
    let change = Change::begin(&path).expect("the lock");
    change.save(Document::new(b"keepalive = 3\n"), &NumbersOnly).expect("saved");
    assert_eq!(
        xattr::get(&path, "user.label").expect("attributes").as_deref(),
        Some(&b"piranha_etc_rw_t"[..])
    );
}

#[test]
fn no_change_writes_nothing() {
    let folder = Folder::new("same");
    let path = folder.file(b"keepalive = 2\r\n");
    let before = fs::metadata(&path).expect("the file").ino();
    let change = Change::begin(&path).expect("the lock");
    let same = change.document().clone();
    change.save(same, &NumbersOnly).expect("nothing to do");
    assert_eq!(fs::metadata(&path).expect("the file").ino(), before);
    assert_eq!(fs::read(&path).expect("the file"), b"keepalive = 2\r\n");
}

#[test]
fn a_link_stays_and_its_target_is_replaced() {
    let folder = Folder::new("link");
    let path = folder.file(b"keepalive = 2\n");
    let link = folder.0.join("link.cf");
    symlink("lvs.cf", &link).expect("a link");
    let change = Change::begin(&link).expect("the lock");
    let mut edited = change.document().clone();
    edited.set(Place::File, "keepalive", &["3"]).expect("a number");
    change.save(edited, &NumbersOnly).expect("saved");
    assert!(fs::symlink_metadata(&link).expect("the link").is_symlink());
    assert_eq!(fs::read(&path).expect("the file"), b"serial_no = 1\nkeepalive = 3\n");
}

#[test]
fn a_new_file_is_made() {
    let folder = Folder::new("new");
    let change = Change::begin(&folder.0.join("lvs.cf")).expect("the lock");
    let mut edited = change.document().clone();
    edited.set(Place::File, "primary", &["192.0.2.1"]).expect("an address");
    change.save(edited, &NumbersOnly).expect("saved");
    let path = folder.0.join("lvs.cf");
    assert_eq!(fs::read(&path).expect("the file"), b"serial_no = 1\nprimary = 192.0.2.1\n");
    assert_eq!(fs::metadata(&path).expect("the file").mode() & 0o7777, 0o664);
}

#[test]
fn somebody_elses_change_is_not_overwritten() {
    let folder = Folder::new("changed");
    let path = folder.file(b"keepalive = 2\n");
    let change = Change::begin(&path).expect("the lock");
    let mut edited = change.document().clone();
    edited.set(Place::File, "keepalive", &["3"]).expect("a number");
    fs::write(&path, "keepalive = 9\n").expect("somebody else");
    assert!(matches!(change.save(edited, &NumbersOnly), Err(SaveError::Changed { .. })));
    assert_eq!(fs::read(&path).expect("the file"), b"keepalive = 9\n");
    assert_eq!(folder.names(), ["lvs.cf"]);
}

#[test]
fn what_the_daemons_would_refuse_is_not_saved() {
    let folder = Folder::new("refused");
    let path = folder.file(b"bogus = 1\n");
    let change = Change::begin(&path).expect("the lock");
    let mut edited = change.document().clone();
    edited.set(Place::File, "keepalive", &["3"]).expect("a number");
    assert!(matches!(change.save(edited, &NumbersOnly), Err(SaveError::Refused(_))));
    assert_eq!(fs::read(&path).expect("the file"), b"bogus = 1\n");
}

#[test]
fn a_whole_file_is_replaced_as_it_is() {
    let folder = Folder::new("whole");
    let path = folder.file(b"serial_no = 7\n");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("a mode");
    let change = Change::begin(&path).expect("the lock");
    assert_eq!(change.document().serial_no(), 7);
    change.replace(b"serial_no = 9\r\nbogus").expect("saved");
    assert_eq!(fs::read(&path).expect("the file"), b"serial_no = 9\r\nbogus");
    assert_eq!(fs::metadata(&path).expect("the file").mode() & 0o7777, 0o640);
    assert_eq!(folder.names(), ["lvs.cf"]);
    let other = || Change::begin(&path).err().map(|error| error.to_string());
    assert!(other().is_some_and(|reason| reason.contains("locked by another editor")), "until it is dropped");
    drop(change);
    let change = Change::begin(&path).expect("the lock");
    assert_eq!(change.document().serial_no(), 9, "although the file is wrong elsewhere");
}

#[test]
fn a_second_editor_waits_for_the_first() {
    let folder = Folder::new("lock");
    let path = folder.file(b"keepalive = 2\n");
    let edit = |keepalive: &str| {
        let change = Change::begin(&path).expect("the lock");
        let mut edited = change.document().clone();
        edited.set(Place::File, "keepalive", &[keepalive]).expect("a number");
        change.save(edited, &NumbersOnly).expect("saved");
    };
    std::thread::scope(|scope| {
        for keepalive in ["3", "4", "5", "6"] {
            scope.spawn(move || edit(keepalive));
        }
    });
    let saved = fs::read_to_string(&path).expect("the file");
    assert!(saved.starts_with("serial_no = 4\n"), "{saved}");
}
