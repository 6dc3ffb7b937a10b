//! Signals: specification nanny.md 10.

use std::io::Read;
use std::time::Duration;

use control::report::{Forced, FromNanny, Known};
use nix::sys::signal::Signal;

use crate::process::{BlackHole, Lvsd, Nanny, listen, nanny, serve, watch};

/// SIGTERM ends nanny within this time, whatever it does.
const SOON: Duration = Duration::from_secs(1);

fn expect_good_end(nanny: &mut Nanny, signal: Signal) {
    nanny.signal(signal);
    nanny.expect_line(&format!("Terminating due to signal {}", signal as i32));
    assert_eq!(nanny.expect_end(SOON).code(), Some(0));
}

#[test]
fn sigterm_and_sigint_end_a_pause() {
    let (_listener, server) = listen();
    let port = server.port().to_string();
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let (mut nanny, mut lvsd) = Lvsd::start(Known::Nothing, &watch(&port, &["-t", "60"]));
        assert_eq!(lvsd.next(), FromNanny::Up { weight: 1 });
        expect_good_end(&mut nanny, signal);
    }
}

#[test]
fn sigterm_ends_the_wait_for_a_connection() {
    let hole = BlackHole::new();
    let (mut nanny, _lvsd) = Lvsd::start(Known::Nothing, &watch(&hole.port(), &["-t", "60"]));
    nanny.expect_line("Connecting socket to remote address...");
    expect_good_end(&mut nanny, Signal::SIGTERM);
}

#[test]
fn sigterm_ends_the_wait_for_an_answer() {
    let silent = serve(|mut client| {
        let _ = client.read(&mut [0]);
    });
    let port = silent.port().to_string();
    let (mut nanny, _lvsd) = Lvsd::start(Known::Nothing, &watch(&port, &["-t", "60", "-x", "hello"]));
    nanny.expect_line("DEBUG -- Posting READ poll()");
    expect_good_end(&mut nanny, Signal::SIGTERM);
}

#[test]
fn sigterm_ends_a_check_program() {
    let (mut nanny, _lvsd) = Lvsd::start(Known::Nothing, &watch("9", &["-t", "60", "-e", "sleep 60"]));
    nanny.expect_line("Invoking:  sleep");
    nanny.signal(Signal::SIGTERM);
    nanny.expect_line("Killing child");
    nanny.expect_line("Terminating due to signal 15");
    assert_eq!(nanny.expect_end(SOON).code(), Some(0));
}

#[test]
fn sigterm_ends_the_wait_for_lvsd() {
    let (mut nanny, _lvsd) = Lvsd::silent(&watch("9", &[]));
    nanny.expect_line("starting LVS client monitor");
    expect_good_end(&mut nanny, Signal::SIGTERM);
}

#[test]
fn a_state_can_be_forced_and_released() {
    let (_listener, server) = listen();
    let port = server.port().to_string();
    let (nanny, mut lvsd) = Lvsd::start(Known::Nothing, &watch(&port, &["-t", "60", "-a", "600", "-w", "1"]));
    assert_eq!(lvsd.next(), FromNanny::Up { weight: 1 });

    nanny.signal(Signal::SIGUSR1);
    nanny.expect_line("opaque glasses on");
    assert!(matches!(lvsd.next(), FromNanny::Down { .. }));
    assert_eq!(lvsd.told().forced, Some(Forced::Down));

    nanny.signal(Signal::SIGUSR2);
    nanny.expect_line("rose-colored glasses on");
    assert_eq!(lvsd.next(), FromNanny::Up { weight: 1 });
    assert_eq!(lvsd.told().forced, Some(Forced::Up));

    nanny.signal(Signal::SIGUSR1);
    assert!(matches!(lvsd.next(), FromNanny::Down { .. }));
    assert_eq!(lvsd.told().forced, Some(Forced::Down));

    nanny.signal(Signal::SIGHUP);
    nanny.expect_line("DEBUG -- removing glasses");
    assert_eq!(lvsd.told().forced, None);
    assert_eq!(lvsd.next(), FromNanny::Up { weight: 1 }, "at once, without the re-entry time");
}

#[test]
fn sighup_checks_at_once_and_admits_a_server_that_waits() {
    let (listener, server) = listen();
    let port = server.port().to_string();
    let (nanny, mut lvsd) = Lvsd::start(Known::Down, &watch(&port, &["-t", "60", "-a", "600"]));
    nanny.expect_line("avail: 1 active: 0: count: 1");
    nanny.signal(Signal::SIGHUP);
    nanny.expect_line("DEBUG -- removing glasses");
    assert_eq!(lvsd.next(), FromNanny::Up { weight: 1 });
    drop(listener);
    nanny.signal(Signal::SIGHUP);
    assert!(matches!(lvsd.next(), FromNanny::Down { .. }));
}

#[test]
fn sigterm_ends_a_load_program() {
    let (_listener, server) = listen();
    let port = server.port().to_string();
    let folder = std::env::temp_dir().join(format!("nanny-ends-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    // The load program is told the address: for a shell the name of a script.
    std::fs::write(folder.join("127.0.0.1"), "exec sleep 60").unwrap();
    let mut command = nanny(&watch(&port, &["-t", "60", "-U", "sh"]));
    let (mut nanny, mut lvsd) = Lvsd::share(command.current_dir(&folder), Nanny::run);
    lvsd.begin(Known::Up { weight: 1 });
    nanny.expect_line("Invoking:  sh");
    nanny.signal(Signal::SIGTERM);
    nanny.expect_line("Terminating due to signal 15");
    assert_eq!(nanny.expect_end(SOON).code(), Some(0));
    std::fs::remove_dir_all(&folder).unwrap();
}
