//! Killed at any moment.

use std::collections::BTreeSet;
use std::fs;
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use control::helper::Answer;

use crate::helper::{Helper, am_root, save, try_ask};

const KILLS: u64 = 30;

/// Numbers that look like chance and are the same in each run.
fn chance(seed: u64) -> u64 {
    let mixed = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb) >> 33
}

/// A large file, so that many kills meet a save in the middle.
fn file(serial_no: u64, number: u64) -> String {
    let filling = "x".repeat(60);
    let lines: Vec<_> = (0..2000).map(|line| format!("# {number}.{line} {filling}\n")).collect();
    format!("serial_no = {serial_no}\nkeepalive = 6\n{}", lines.concat())
}

#[test]
fn the_file_is_always_the_old_or_the_new_one() {
    if !am_root() {
        return;
    }
    let mut helper = Helper::new("kills");
    fs::write(helper.path("lvs.cf"), file(1, 0)).unwrap();
    let begun = Instant::now();
    assert!(matches!(helper.ask(save(file(1, 99).as_bytes(), file(1, 0).as_bytes())), Answer::Saved { .. }));
    // On a busy computer all takes longer: the moments are spread over one save and a half.
    let span = u64::try_from(begun.elapsed().as_micros()).unwrap() * 3 / 2;
    let (mut answered, mut unanswered) = (0, 0);
    for kill in 1..=KILLS {
        let present = helper.file();
        let serial_no: u64 =
            present.lines().next().unwrap().trim_start_matches("serial_no = ").parse().unwrap();
        let edited = file(serial_no, kill);
        let socket = helper.socket();
        let request = save(edited.as_bytes(), present.as_bytes());
        let asking = thread::spawn(move || try_ask(&socket, request));
        sleep(Duration::from_micros(chance(kill) % span));
        helper.child.kill().unwrap();
        helper.child.wait().unwrap();

        let now = helper.file();
        let new = file(serial_no + 1, kill);
        match asking.join().unwrap() {
            Ok(Answer::Saved { .. }) => {
                answered += 1;
                assert_eq!(now, new, "what was said to be saved is on the disk");
            }
            Ok(other) => panic!("{other:?}"),
            Err(_) => {
                unanswered += 1;
                assert!(now == present || now == new, "kill {kill}: neither the old nor the new file");
            }
        }
        let versions = helper.versions();
        for version in versions.list().unwrap() {
            let kept = String::from_utf8(versions.read(version.stamp).unwrap()).unwrap();
            assert!(kept.starts_with("serial_no = ") && kept.ends_with("x\n"), "a version is whole");
        }
        helper.again();
    }
    eprintln!("{answered} saves were answered, {unanswered} were cut short");
    assert!(unanswered > 0, "no kill came in the middle");

    let present = helper.file();
    let answer = helper.ask(save(format!("{present}# last\n").as_bytes(), present.as_bytes()));
    assert!(matches!(answer, Answer::Saved { .. }), "{answer:?}");
    let names: BTreeSet<_> = fs::read_dir(&helper.folder)
        .unwrap()
        .chain(fs::read_dir(helper.path("versions")).unwrap())
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with('.'))
        .collect();
    assert_eq!(names, BTreeSet::new(), "nothing half written is left");
    assert!(helper.versions().list().unwrap().len() <= versions::KEPT);
}
