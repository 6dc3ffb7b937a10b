//! Any bytes as the files in which pulse and lvsd keep what they have put into the kernel: nothing panics, and what is
//! understood is read again as it was written.
#![no_main]

use control::decisions::Service;
use control::record::{Address, read, write};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(addresses) = read::<Address>(bytes) {
        let written = write(&addresses).expect("what was read can be written");
        assert_eq!(read::<Address>(&written).expect("an own file is understood"), addresses);
    }
    if let Ok(services) = read::<Service>(bytes) {
        let written = write(&services).expect("what was read can be written");
        assert_eq!(read::<Service>(&written).expect("an own file is understood"), services);
    }
});
