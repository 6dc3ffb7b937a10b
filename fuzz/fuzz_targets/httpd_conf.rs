//! Any bytes as `httpd.conf`: nothing panics, there is somewhere to listen, and what is told is bounded.
#![no_main]

use std::net::IpAddr;

use access::{Decision, Settings};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok((settings, unhonoured)) = Settings::parse(bytes) else { return };
    assert!((1..=64).contains(&settings.listen.len()));
    assert!(settings.listen.iter().all(|listen| listen.port > 0));
    assert!(settings.pid_file.is_absolute() && settings.error_log.is_absolute());
    assert!(unhonoured.len() <= 100 && unhonoured.iter().all(|line| line.text.len() <= 800));
    for rules in [&settings.web, &settings.secure] {
        let client = IpAddr::from([203, 0, 113, 7]);
        let decision = rules.decide(client, &mut |_: IpAddr| Vec::new());
        assert!(rules.faults().is_empty() || decision == Decision::Refused);
        assert!(rules.has_access_rule() || decision == Decision::Allowed);
    }
});
