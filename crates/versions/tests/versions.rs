//! Versions in a folder, as they are kept and found.
#![expect(clippy::unwrap_used, reason = "a broken assumption of a test ends the test")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use versions::{KEPT, Made, Version, Versions};

/// 2026-03-01 12:00 UTC.
const NOON: u64 = 1_772_366_400_000;

fn folder(test: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("versions").join(test);
    let _there_may_be_none = fs::remove_dir_all(&folder);
    folder
}

fn of(folder: &Path) -> Versions {
    Versions::new(folder, "/etc/sysconfig/ha/lvs.cf".as_ref())
}

fn made(serial_no: i32) -> Made {
    Made { serial_no, client: Some([192, 0, 2, 7].into()), what: format!("change {serial_no}") }
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn the_newest_are_kept_and_nothing_else_is_touched() {
    let folder = folder("newest").join("deep");
    let versions = of(&folder);
    assert_eq!(versions.list().unwrap(), []);
    for number in 0..25 {
        let at = NOON + u64::try_from(number).unwrap();
        let kept = versions.keep(&[u8::try_from(number).unwrap()], Some(&made(number)), at).unwrap();
        assert_eq!(fs::metadata(kept).unwrap().permissions().mode() & 0o777, 0o640);
        fs::write(folder.join("lvs.cf.mine"), "").unwrap();
    }
    let names = names(&folder);
    assert_eq!((names.len(), names[0].as_str()), (2 * KEPT + 1, "lvs.cf.20260301T120000.005Z"));
    let list = versions.list().unwrap();
    assert_eq!(list[0].made, Some(made(24)));
    assert_eq!(list[0].stamp.millis(), NOON + 24);
    assert_eq!(versions.read(list[19].stamp).unwrap(), [5]);
    assert_eq!(fs::metadata(folder).unwrap().permissions().mode() & 0o777, 0o750);
}

#[test]
fn a_clock_that_was_set_back_changes_no_order() {
    let versions = of(&folder("clock"));
    for (number, at) in [(1, NOON), (2, NOON), (3, NOON - 60_000)] {
        versions.keep(&[number], None, at).unwrap();
    }
    let bytes: Vec<_> =
        versions.list().unwrap().iter().map(|version| versions.read(version.stamp).unwrap()[0]).collect();
    assert_eq!(bytes, [3, 2, 1]);
}

#[test]
fn what_is_kept_already_is_not_kept_again() {
    let versions = of(&folder("once"));
    for bytes in ["one", "one", "two", "one"] {
        versions.keep_once(bytes.as_bytes(), None, NOON).unwrap();
    }
    assert_eq!(versions.list().unwrap().len(), 3);
}

#[test]
fn a_description_that_is_garbled_or_gone_hides_no_version() {
    let folder = folder("garbled");
    let versions = of(&folder);
    for number in 1..=3 {
        versions.keep(b"x", Some(&made(number)), NOON).unwrap();
    }
    fs::write(folder.join("lvs.cf.20260301T120000.000Z.json"), "{\"serial_no\":").unwrap();
    fs::remove_file(folder.join("lvs.cf.20260301T120000.001Z.json")).unwrap();
    let known: Vec<_> = versions.list().unwrap().into_iter().map(|Version { made, .. }| made).collect();
    assert_eq!(known, [Some(made(3)), None, None]);

    let forged = br#"{"serial_no":1,"client":null,"what":"one\nforged"}"#;
    fs::write(folder.join("lvs.cf.20260301T120000.001Z.json"), forged).unwrap();
    let shown = versions.list().unwrap()[1].made.clone().unwrap();
    assert_eq!(shown.what, "one?forged");
}

/// The description is made first.
#[test]
fn who_was_killed_between_the_two_leaves_nothing_for_long() {
    let folder = folder("killed");
    let versions = of(&folder);
    versions.keep(b"x", None, NOON).unwrap();
    fs::write(folder.join("lvs.cf.20260301T110000.000Z.json"), "{}").unwrap();
    fs::write(folder.join(".lvs.cf.20260301T120000.001Z.4711"), "half of ").unwrap();
    assert_eq!(versions.list().unwrap().len(), 1);
    versions.keep(b"y", None, NOON).unwrap();
    assert_eq!(names(&folder), ["lvs.cf.20260301T120000.000Z", "lvs.cf.20260301T120000.001Z"]);
}

#[test]
fn what_cannot_be_kept_is_told() {
    let folder = folder("refused");
    fs::create_dir_all(folder.parent().unwrap()).unwrap();
    fs::write(&folder, "a file where a folder should be").unwrap();
    let error = of(&folder).keep(b"x", None, NOON).unwrap_err().to_string();
    assert!(error.starts_with("cannot ") && error.contains(folder.to_str().unwrap()), "{error}");
}
