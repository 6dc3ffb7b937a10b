//! Any text as a hardware address or the label of a floating address: nothing panics, and what is accepted reads back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use netdev::{HardwareAddress, Label};

fuzz_target!(|text: &str| {
    if let Ok((address, rest)) = HardwareAddress::parse_prefix(text) {
        assert!(text.ends_with(rest));
        assert_eq!(HardwareAddress::parse_prefix(&address.to_string()), Ok((address, "")));
    }
    if let Ok(label) = Label::new(text) {
        assert_eq!(label.as_str(), text);
        assert!(text.starts_with(label.device()));
    }
});
