//! What follows the four bytes, and who is believed.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use heartbeat::authentication::{Keys, Path};
use heartbeat::trailer::{Configuration, Fingerprint, Session, Standing};
use heartbeat::{Authentication, ByteOrder, Exchange, Link, Message, Moment, Role, State, Trailer};
use nix::sys::signal::Signal;

use crate::stage::{DEADTIME, FLOATING, KEEPALIVE, PARTNER, Pulse, ROUTER, Stage, has, on_stage, wait_until};

const OLD: &str = "1 000102030405060708090a0b0c0d0e0f\n";
const NEW: &str = "2 101112131415161718191a1b1c1d1e1f\n";

fn write_keys(stage: &Stage, keys: &[&str]) {
    let file = stage.write_file("keys", &keys.concat());
    fs::set_permissions(file, Permissions::from_mode(0o600)).unwrap();
}

fn configure(stage: &Stage, authentication: &str) {
    let keys = stage.path("keys");
    let lines = format!("#% heartbeat_key_file = {}\n#% heartbeat_auth = {authentication}", keys.display());
    stage.configure(ROUTER, &lines, &[FLOATING]);
}

/// A partner that signs.
struct Signer {
    exchange: Exchange,
    file: Configuration,
}

impl Signer {
    fn start(stage: &Stage, session: u8, keys: &[&str]) -> Self {
        let file =
            Configuration { serial: 0, fingerprint: Fingerprint::of(&fs::read(stage.file()).unwrap()) };
        let authentication = Authentication::Require(Keys::parse(&keys.concat()).unwrap());
        Self { exchange: Exchange::new(Session([session; 16]), authentication, file), file }
    }

    fn signs_with(&mut self, keys: &[&str]) {
        let authentication = Authentication::Require(Keys::parse(&keys.concat()).unwrap());
        self.exchange.follow(authentication, self.file);
    }

    /// Its next heartbeat.
    fn signs(&mut self, message: Message) -> Vec<u8> {
        let heartbeat = self.exchange.next(message.encode(ByteOrder::HOST), Trailer::default());
        heartbeat.on(Path { source: PARTNER.parse().unwrap(), destination: ROUTER.parse().unwrap() })
    }

    /// Hears the router, believes it after its second heartbeat, and answers each; gives what it sent.
    fn talks(&mut self, stage: &Stage, message: Message, time: Duration) -> Vec<Vec<u8>> {
        let path = Path { source: ROUTER.parse().unwrap(), destination: PARTNER.parse().unwrap() };
        let end = Instant::now() + time;
        let mut sent = Vec::new();
        while Instant::now() < end {
            let Some((bytes, _)) = stage.partner.receives(KEEPALIVE * 2) else { continue };
            let received = self.exchange.receive(Link::Public, path, &bytes, Moment::ZERO);
            assert!(received.counts || sent.len() < 2, "{:?}", received.notices);
            let bytes = self.signs(message);
            stage.partner.sends(&bytes);
            sent.push(bytes);
        }
        sent
    }
}

fn reload(pulse: &Pulse) {
    let before = pulse.logged("rereading configuration file");
    pulse.signal(Signal::SIGHUP);
    wait_until("the reload", || pulse.logged("rereading configuration file") > before);
}

#[test]
fn a_heartbeat_carries_what_the_router_says_of_itself() {
    on_stage("signatures::a_heartbeat_carries_what_the_router_says_of_itself", |stage| {
        stage.configure(ROUTER, "serial_no = 12", &[FLOATING]);
        let mut pulse = stage.pulse(&[]);
        let next = || {
            let (bytes, _) = stage.partner.receives(DEADTIME * 3).unwrap();
            (Message::decode(&bytes).unwrap().0, Trailer::read(&bytes).unwrap().trailer)
        };
        let (message, first) = next();
        assert_eq!(message, Message::Stopped);
        assert_eq!(first.standing, Some(Standing { role: Role::Primary, state: State::Ready }));
        let timers = first.timers.unwrap();
        assert_eq!((timers.keepalive, timers.deadtime), (KEEPALIVE, DEADTIME));
        let fingerprint = Fingerprint::of(&fs::read(stage.file()).unwrap());
        assert_eq!(first.configuration, Some(Configuration { serial: 12, fingerprint }));
        assert_eq!((first.departure, first.echo), (None, None));
        let (begin, second) = (first.stamp.unwrap(), next().1.stamp.unwrap());
        assert_eq!((begin.sequence, second.session, second.sequence), (1, begin.session, 2));

        stage.partner.hears_until(Message::Running);
        assert_eq!(next().1.standing.unwrap().state, State::Active);
        pulse.signal(Signal::SIGTERM);
        let departure = loop {
            if let (Message::Stopped, said) = next() {
                break said.departure.unwrap();
            }
        };
        assert_eq!((departure.code, departure.text.as_str()), (4, "pulse was told to end"));
        assert_eq!(pulse.ends(), 0);

        stage.partner.forget();
        let _again = stage.pulse(&[]);
        assert_ne!(next().1.stamp.unwrap().session, begin.session);
    });
}

#[test]
fn where_signatures_are_required_only_the_partner_is_heard() {
    on_stage("signatures::where_signatures_are_required_only_the_partner_is_heard", |stage| {
        write_keys(stage, &[OLD]);
        configure(stage, "require");
        let pulse = stage.pulse(&[]);
        let mut partner = Signer::start(stage, 1, &[OLD]);
        let earlier_life = Signer::start(stage, 9, &[OLD]).signs(Message::Stopped);
        let recorded = partner.talks(stage, Message::Running, DEADTIME * 2);
        pulse.wait_for("the partner's heartbeats are authentic key=1");
        for _ in 0..3 {
            stage.partner.says(Message::Stopped);
            stage.partner.sends(&earlier_life);
            stage.partner.sends(&recorded[0]);
            partner.talks(stage, Message::Running, KEEPALIVE);
        }
        pulse.wait_for("heartbeat refused: not signed link=public count=1");
        pulse.wait_for("heartbeat refused: replayed");
        assert_eq!(pulse.logged("activating"), 0, "{:?}", pulse.log());
        assert_eq!(pulse.logged("lvs.cf differs"), 0);

        partner.talks(stage, Message::Stopped, KEEPALIVE * 2);
        pulse.wait_for("backup inactive: activating lvs");
        wait_until("the floating address", || has(FLOATING));
        assert!(!pulse.log().iter().any(|line| line.contains("0001020304")), "no key in the log");
    });
}

#[test]
fn keys_change_under_a_running_router_and_it_is_never_deaf() {
    on_stage("signatures::keys_change_under_a_running_router_and_it_is_never_deaf", |stage| {
        write_keys(stage, &[OLD]);
        configure(stage, "require");
        let pulse = stage.pulse(&[]);
        let mut partner = Signer::start(stage, 1, &[OLD]);
        partner.talks(stage, Message::Running, DEADTIME);
        for keys in [&[OLD, NEW][..], &[NEW, OLD], &[NEW]] {
            write_keys(stage, keys);
            reload(&pulse);
            partner.talks(stage, Message::Running, DEADTIME);
            partner.signs_with(keys);
            partner.talks(stage, Message::Running, DEADTIME);
        }
        pulse.wait_for("the partner's heartbeats are authentic key=2");
        assert_eq!(pulse.logged("activating") + pulse.logged("heartbeat refused"), 0, "{:?}", pulse.log());
    });
}

#[test]
fn verify_believes_a_partner_that_does_not_sign_and_says_so() {
    on_stage("signatures::verify_believes_a_partner_that_does_not_sign_and_says_so", |stage| {
        write_keys(stage, &[OLD]);
        configure(stage, "verify");
        let pulse = stage.pulse(&[]);
        stage.partner.keeps_saying(&Message::Running.encode(ByteOrder::HOST), DEADTIME * 2);
        pulse.wait_for("heartbeat not authentic, believed all the same: not signed link=public count=1");
        assert_eq!(pulse.logged("activating"), 0);
        assert_eq!(pulse.logged("not authentic"), 1, "once a minute");
    });
}

#[test]
fn a_key_file_that_others_may_read_stops_a_start_and_spoils_a_reload() {
    on_stage("signatures::a_key_file_that_others_may_read_stops_a_start_and_spoils_a_reload", |stage| {
        write_keys(stage, &[OLD]);
        configure(stage, "require");
        let pulse = stage.pulse(&[]);
        pulse.wait_for("STARTING PULSE AS MASTER");
        fs::set_permissions(stage.path("keys"), Permissions::from_mode(0o644)).unwrap();
        pulse.signal(Signal::SIGHUP);
        pulse.wait_for("may be read by others than its owner (mode 644): chmod 600 ");
        pulse.wait_for("changes nothing: the old configuration stays in force");
        drop(pulse);
        let output = stage.command(&["-n"]).output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{text}");
        let keys = stage.path("keys");
        let keys = keys.display();
        assert_eq!(
            text,
            format!(
                "pulse: heartbeat_key_file {keys} may be read by others than its owner (mode 644): chmod 600 {keys}\n"
            )
        );
    });
}

#[test]
fn files_that_differ_are_told_of_and_their_agreement_too() {
    on_stage("signatures::files_that_differ_are_told_of_and_their_agreement_too", |stage| {
        write_keys(stage, &[OLD]);
        configure(stage, "require");
        let pulse = stage.pulse(&[]);
        let mut partner = Signer::start(stage, 1, &[OLD]);
        partner.talks(stage, Message::Running, KEEPALIVE * 3);
        configure(stage, "require\nserial_no = 7");
        reload(&pulse);
        partner.talks(stage, Message::Running, KEEPALIVE * 3);
        pulse.wait_for("lvs.cf differs from the partner's: make them equal (`piranhactl sync`) and reload both serial_no=7");
        configure(stage, "require");
        reload(&pulse);
        partner.talks(stage, Message::Running, KEEPALIVE * 3);
        pulse.wait_for("lvs.cf is the same as the partner's again");
        assert_eq!(pulse.logged("lvs.cf differs"), 1);
    });
}
