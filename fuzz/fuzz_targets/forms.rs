//! Any bytes as what a browser sends of a form: they are read in bounds, and whatever is typed into a field that stands for a
//! keyword makes no bad file of a good one.
#![no_main]

// The program has no library, and needs much more than this to be built.
#[allow(dead_code)]
#[path = "../../piranha-gui/src/form.rs"]
mod form;

use form::Parameters;
use libfuzzer_sys::fuzz_target;
use lvs_cf::{Config, Document, NumbersOnly, Place, vocabulary};

const FILE: &[u8] = b"serial_no = 1\nprimary = 192.0.2.1\nvirtual web {\n     address = 192.0.2.10 eth0:1\n     port = 80\n     \
                      server one {\n         address = 192.0.2.21\n     }\n}\n";

fuzz_target!(|bytes: &[u8]| {
    let typed = Parameters::parse(bytes);
    let mut document = Document::new(FILE);
    for place in [Place::File, Place::Virtual(0), Place::Server(0, 0)] {
        for entry in vocabulary(place) {
            let words: Vec<_> = typed.trimmed(entry.name).split(' ').collect();
            if typed.has(entry.name) {
                let before = document.clone();
                if document.set(place, entry.name, &words).is_err() {
                    assert_eq!(document, before, "an edit that fails changes nothing");
                }
            }
        }
    }
    let read = Config::parse(document.as_bytes(), &Known);
    assert!(read.is_ok(), "{}", String::from_utf8_lossy(document.as_bytes()));
});

/// Every name is one of a host and of a service.
struct Known;

impl lvs_cf::Names for Known {
    fn host(&self, name: &str) -> Option<std::net::Ipv4Addr> {
        NumbersOnly.host(name).or(Some(std::net::Ipv4Addr::LOCALHOST))
    }

    fn service(&self, _name: &str) -> Option<u16> {
        Some(1)
    }
}
