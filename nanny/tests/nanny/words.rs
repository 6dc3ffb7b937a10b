//! What lvsd tells a nanny: states forced by hand, and how the checks go.

use control::report::{Checks, Force, Forced, FromNanny, Known, ToNanny};

use crate::process::{BlackHole, Lvsd, listen, watch};

fn checks(lvsd: &mut Lvsd) -> Checks {
    lvsd.tell(&ToNanny::Inquire);
    lvsd.told()
}

#[test]
fn lvsd_forces_a_state_and_releases_it() {
    let (_listener, server) = listen();
    let port = server.port().to_string();
    let (nanny, mut lvsd) = Lvsd::start(Known::Nothing, &watch(&port, &["-t", "60", "-a", "600", "-w", "1"]));
    assert_eq!(lvsd.next(), FromNanny::Up { weight: 1 });

    lvsd.tell(&ToNanny::Force(Force::Down));
    assert_eq!(lvsd.next(), FromNanny::Down { reason: "forced down".to_owned(), forced: true });
    assert_eq!(lvsd.told().forced, Some(Forced::Down), "unasked");
    nanny.expect_line("opaque glasses on");
    assert_eq!(checks(&mut lvsd).forced, Some(Forced::Down));

    lvsd.tell(&ToNanny::Force(Force::Up));
    assert_eq!(lvsd.next(), FromNanny::Up { weight: 1 });
    assert_eq!(lvsd.told().forced, Some(Forced::Up));
    nanny.expect_line("rose-colored glasses on");
    assert_eq!(checks(&mut lvsd).forced, Some(Forced::Up));

    lvsd.tell(&ToNanny::Force(Force::Down));
    assert!(matches!(lvsd.next(), FromNanny::Down { .. }));
    assert_eq!(lvsd.told().forced, Some(Forced::Down));
    lvsd.tell(&ToNanny::Force(Force::Release));
    assert_eq!(lvsd.told().forced, None);
    assert_eq!(lvsd.next(), FromNanny::Up { weight: 1 }, "at once, without the re-entry time");
    nanny.expect_line("DEBUG -- removing glasses");
    assert_eq!(checks(&mut lvsd).forced, None);
}

#[test]
fn a_check_under_way_delays_neither_a_forced_state_nor_an_answer() {
    let hole = BlackHole::new();
    let (nanny, mut lvsd) = Lvsd::start(Known::Nothing, &watch(&hole.port(), &["-t", "60"]));
    nanny.expect_line("Connecting socket to remote address...");
    assert_eq!(checks(&mut lvsd), Checks::default());
    lvsd.tell(&ToNanny::Force(Force::Up));
    assert_eq!(lvsd.next(), FromNanny::Up { weight: 1 });
}

#[test]
fn the_last_check_is_told_with_its_failure() {
    let (listener, server) = listen();
    let port = server.port().to_string();
    let (_nanny, mut lvsd) = Lvsd::start(Known::Nothing, &watch(&port, &["-t", "60"]));
    assert_eq!(lvsd.next(), FromNanny::Up { weight: 1 });
    let good = checks(&mut lvsd).last.unwrap();
    assert_eq!(good.failure, None);
    assert!(good.age_ms < 10_000 && good.took_us < 10_000_000, "{good:?}");

    drop(listener);
    lvsd.tell(&ToNanny::Force(Force::Release));
    assert!(matches!(lvsd.next(), FromNanny::Down { .. }));
    let refused = format!("Failed to connect {server} ping socket: Connection refused");
    assert_eq!(checks(&mut lvsd).last.unwrap().failure, Some(refused));
}
