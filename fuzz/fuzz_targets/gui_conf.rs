//! Any bytes as `gui.conf`, and any text as a program of lvs.cf: nothing panics, and no program is allowed outside.
#![no_main]

use access::{GuiConf, programs};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&[u8], &[u8])| {
    let (bytes, program) = input;
    let Ok((conf, _)) = GuiConf::parse(bytes) else { return };
    assert!(conf.program_directories.iter().all(|directory| directory.is_absolute()));
    assert_ne!(conf.reader.as_deref(), Some("piranha"));
    for new in programs::new_values([], [("send_program", program)], &conf.program_directories) {
        if let Ok(program) = new.program {
            assert!(conf.program_directories.iter().any(|directory| program.starts_with(directory)));
            assert!(program.components().all(|part| part.as_os_str() != ".."));
        }
    }
});
