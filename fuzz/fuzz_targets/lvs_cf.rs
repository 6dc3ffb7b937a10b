//! Any bytes as a configuration file: nothing panics, no byte is lost, and what an edit writes can be read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lvs_cf::{Config, Document, NumbersOnly, Place, check};

fuzz_target!(|bytes: &[u8]| {
    let document = Document::new(bytes);
    let lines: Vec<u8> = document.lines().flat_map(|line| [line.text, line.end].concat()).collect();
    assert_eq!(lines, bytes);

    let report = check(bytes, &NumbersOnly);
    assert!(report.render("lvs.cf".as_ref()).ends_with('\n'));

    let parsed = Config::parse(bytes, &NumbersOnly);
    for section in parsed.iter().flat_map(|parsed| &parsed.config.failover) {
        for command in [&section.start_cmd, &section.stop_cmd].into_iter().flatten() {
            let words = command.command();
            assert!(words.iter().map(|word| word.len()).sum::<usize>() <= command.effective().len());
        }
    }
    let accepted = parsed.is_ok();
    let edits: [(Place, &str, &[&str]); 4] = [
        (Place::File, "keepalive", &["3"]),
        (Place::File, "deadtime", &["1.5s"]),
        (Place::Virtual(0), "send", &["GET / HTTP/1.0\\r\\n\\r\\n"]),
        (Place::Server(0, 0), "weight", &["5"]),
    ];
    for (place, keyword, value) in edits {
        let mut edited = document.clone();
        if edited.set(place, keyword, value).is_ok() {
            let read = edited.value(place, keyword).expect("what was set is there");
            assert_eq!(read.len(), value.len());
            assert!(!accepted || Config::parse(edited.as_bytes(), &NumbersOnly).is_ok());
        }
    }
});
