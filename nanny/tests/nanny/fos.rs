//! `--fos`: the three ends of specification nanny.md 11.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::sys::signal::Signal;

use crate::process::{Nanny, PATIENT, listen, serve};

fn watch(port: &str) -> Nanny {
    Nanny::start(&["--fos", "-h", "127.0.0.1", "-V", "10.0.0.9", "-p", port, "-t", "1", "-x", "*"])
}

#[test]
fn a_service_that_is_lost_ends_the_watch_with_status_0() {
    let well = Arc::new(AtomicBool::new(true));
    let still_well = Arc::clone(&well);
    let service = serve(move |mut client| {
        if still_well.load(Ordering::Relaxed) {
            // The check may have gone away.
            let _ = std::io::Write::write_all(&mut client, b"hello");
        }
    });
    let mut nanny = watch(&service.port().to_string());
    nanny.expect_line(&format!("Failover service monitor for 10.0.0.9:{} started", service.port()));
    nanny.expect_line(&format!("Remote service {service} is available"));
    well.store(false, Ordering::Relaxed);
    nanny.expect_line(&format!("Exiting due to connection failure of {service}"));
    assert_eq!(nanny.expect_end(PATIENT).code(), Some(0));
}

#[test]
fn a_service_that_never_comes_ends_the_watch_with_status_1() {
    let closed = listen().1.port().to_string();
    let mut nanny = watch(&closed);
    nanny.expect_line("No service active & available...");
    nanny.expect_line("Timeout waiting for remote service -- triggering failover!");
    assert_eq!(nanny.expect_end(PATIENT).code(), Some(1));
}

#[test]
fn sigterm_ends_the_watch_with_status_0() {
    let (_listener, service) = listen();
    let port = service.port().to_string();
    let mut nanny = Nanny::start(&["--fos", "-h", "127.0.0.1", "-p", &port, "-t", "60"]);
    let lines = nanny.expect_line("is available");
    let said = |words: &str| lines.iter().any(|line| line.contains(words));
    assert!(said("Service_type value=1") && said("Send_string is NULL"), "{lines:?}");
    nanny.signal(Signal::SIGTERM);
    nanny.expect_line("Terminating due to signal 15");
    assert_eq!(nanny.expect_end(PATIENT).code(), Some(0));
}
