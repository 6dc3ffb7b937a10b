//! What pulse tells over its control socket.

use std::fs::{self, Permissions};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Instant;

use control::lines::{Decoder, encode};
use control::pulse::{Answer, Authentication, Command, RealServers, Role, SOCKET, Service, State, Status};
use control::request::{Request, VERSION};
use heartbeat::trailer::{Configuration, Departure, Fingerprint, Session, Standing};
use heartbeat::{ByteOrder, Exchange, Message, Trailer, trailer};
use nix::sys::signal::Signal;

use crate::stage::{DEADTIME, FLOATING, PARTNER, ROUTER, Stage, has, on_stage, wait_until};

fn ask() -> Status {
    wait_until("the control socket", || UnixStream::connect(SOCKET).is_ok());
    let mut stream = UnixStream::connect(SOCKET).unwrap();
    stream.write_all(&encode(&Request { version: VERSION, command: Command::Status }).unwrap()).unwrap();
    let mut line = Vec::new();
    BufReader::new(stream).read_until(b'\n', &mut line).unwrap();
    match Decoder::default().feed(&line).unwrap().pop() {
        Some(Answer::Status(status)) => *status,
        other => panic!("{other:?}"),
    }
}

/// Every change of state so far.
fn history(status: &Status) -> Vec<String> {
    status.transitions.iter().map(|it| format!("{} -> {}: {}", it.from, it.to, it.why)).collect()
}

/// What a partner of this release says.
fn heartbeat(file: &[u8], message: Message, said: Trailer) -> Vec<u8> {
    let configuration = Configuration { serial: 7, fingerprint: Fingerprint::of(file) };
    let mut exchange = Exchange::new(Session([7; 16]), heartbeat::Authentication::Off, configuration);
    let path = heartbeat::authentication::Path {
        source: PARTNER.parse().unwrap(),
        destination: ROUTER.parse().unwrap(),
    };
    exchange.next(message.encode(ByteOrder::HOST), said).on(path)
}

fn standing(state: heartbeat::State) -> Trailer {
    let standing = Some(Standing { role: heartbeat::Role::Backup, state });
    Trailer { standing, ..Trailer::default() }
}

#[test]
fn a_router_tells_of_itself_before_and_after_a_takeover() {
    on_stage("status::a_router_tells_of_itself_before_and_after_a_takeover", |stage| {
        stage.configure(ROUTER, "serial_no = 41", &[FLOATING]);
        let lvsd = stage.path("lvsd");
        let script = fs::read_to_string(&lvsd).unwrap();
        let more = r#"\n{"weather":"of a later release"}\n{"real_servers":{"up":2,"configured":3}}\n"#;
        let script = script
            .replace("echo '{\"ready\"", "printf '{\"ready\"")
            .replace("}}' >&", &format!("}}}}{more}' >&"));
        assert!(script.contains("weather"), "{script}");
        fs::write(&lvsd, script).unwrap();
        let pulse = stage.pulse(&[]);

        let status = ask();
        assert_eq!((status.role, status.service, status.state), (Role::Primary, Service::Lvs, State::Ready));
        assert_eq!((status.why.as_str(), status.held_until), ("pulse was started", None));
        assert_eq!(status.since, status.started);
        assert_eq!((status.serial_no, status.keepalive_ms, status.deadtime_ms), (41, 200, 1000));
        assert_eq!((status.authentication, status.key), (Authentication::Off, None));
        let bytes = fs::read(stage.file()).unwrap();
        assert_eq!(status.fingerprint, Fingerprint::of(&bytes).to_string());
        assert_eq!((status.addresses[0].address.as_str(), status.addresses[0].up), (FLOATING, Some(false)));
        let partner = status.partner.unwrap();
        assert_eq!((partner.alive, partner.heard_age_ms, partner.report), (false, None, None));

        pulse.wait_for("partner dead: activating lvs");
        wait_until("the floating address", || has(FLOATING));
        wait_until("lvsd's numbers", || ask().real_servers == Some(RealServers { up: 2, configured: 3 }));
        let status = ask();
        assert_eq!(history(&status), ["ready -> active: partner dead"]);
        assert_eq!((status.state, status.why.as_str()), (State::Active, "partner dead"));
        assert!(status.since >= status.started + 1000 && status.since == status.transitions[0].at);
        assert_eq!(status.addresses[0].up, Some(true));
        assert!(status.links[0].silent && status.links[0].device_up.is_none());

        // The partner hears the numbers, too.
        stage.partner.forget();
        let (bytes, _) = stage.partner.receives(DEADTIME).unwrap();
        let said = Trailer::read(&bytes).unwrap().trailer;
        assert_eq!(said.real_servers, Some(trailer::RealServers { up: 2, configured: 3 }));
    });
}

#[test]
fn a_partner_is_told_as_far_as_it_says_anything() {
    on_stage("status::a_partner_is_told_as_far_as_it_says_anything", |stage| {
        stage.configure(ROUTER, "", &[FLOATING]);
        let _pulse = stage.pulse(&[]);
        let running = Message::Running.encode(ByteOrder::HOST);
        let original = || {
            stage.partner.sends(&running);
            let partner = ask().partner.unwrap();
            (partner.alive, partner.active, partner.report.is_none())
        };
        wait_until("an original that is heard", || original() == (true, Some(true), true));

        let real_servers = Some(trailer::RealServers { up: 1, configured: 2 });
        let departure = Some(Departure { code: 1, text: "both routers were active".to_owned() });
        let said = Trailer { real_servers, departure, ..standing(heartbeat::State::Active) };
        let other_file = heartbeat(b"another file", Message::Running, said);
        let report = || {
            stage.partner.sends(&other_file);
            ask().partner.unwrap().report
        };
        wait_until("a report", || report().is_some());
        let report = report().unwrap();
        assert_eq!((report.role, report.state), (Some(Role::Backup), Some(State::Active)));
        assert_eq!((report.serial_no, report.same_file, report.key), (Some(7), Some(false), None));
        assert_eq!(report.real_servers, Some(RealServers { up: 1, configured: 2 }));
        assert_eq!(report.departure.unwrap().text, "both routers were active");
        let link = ask().links.remove(0);
        assert!(!link.silent && link.heard_age_ms.unwrap() < 1000, "{link:?}");

        let file = fs::read(stage.file()).unwrap();
        let same_file = heartbeat(&file, Message::Running, standing(heartbeat::State::Active));
        wait_until("the same file", || {
            stage.partner.sends(&same_file);
            ask().partner.unwrap().report.unwrap().same_file == Some(true)
        });

        // Somebody puts Piranha's pulse back: after deadtime nothing is told of what ours said.
        wait_until("an original again", || original() == (true, Some(true), true));
        assert_eq!(ask().state, State::Ready);
    });
}

#[test]
fn a_refused_file_is_told_with_its_reason_until_it_is_right() {
    on_stage("status::a_refused_file_is_told_with_its_reason_until_it_is_right", |stage| {
        stage.configure(ROUTER, "serial_no = 1", &[FLOATING]);
        let pulse = stage.pulse(&[]);
        assert_eq!(ask().refused, None);
        let good = fs::read_to_string(stage.file()).unwrap();
        fs::write(stage.file(), "primary = nonsense here\n").unwrap();
        pulse.signal(Signal::SIGHUP);
        wait_until("the refusal", || ask().refused.is_some());
        let status = ask();
        assert!(status.refused.unwrap().starts_with("pulse: error parsing "));
        assert_eq!(status.serial_no, 1);
        fs::write(stage.file(), good.replace("serial_no = 1", "serial_no = 2")).unwrap();
        pulse.signal(Signal::SIGHUP);
        wait_until("the new file", || ask().serial_no == 2);
        let status = ask();
        assert!(status.refused.is_none() && status.loaded > status.started);
    });
}

#[test]
fn slow_and_silly_clients_hold_nobody_up() {
    on_stage("status::slow_and_silly_clients_hold_nobody_up", |stage| {
        stage.configure(ROUTER, "", &[FLOATING]);
        let mut pulse = stage.active_pulse();
        ask();
        // They ask and ask, and never listen.
        let requests = encode(&Request { version: VERSION, command: Command::Status }).unwrap().repeat(2000);
        let mut greedy: Vec<_> = (0..20).map(|_| UnixStream::connect(SOCKET).unwrap()).collect();
        for stream in &mut greedy {
            stream.set_nonblocking(true).unwrap();
            let _full = stream.write(&requests);
        }
        let mut idle: Vec<_> = (0..20).map(|_| UnixStream::connect(SOCKET).unwrap()).collect();
        let mut silly = UnixStream::connect(SOCKET).unwrap();
        silly.write_all(b"HELP\n").unwrap();
        let mut told = String::new();
        silly.read_to_string(&mut told).unwrap();
        assert!(told.contains("refused"), "{told}");

        stage.partner.forget();
        for _ in 0..5 {
            assert_eq!(stage.partner.hears(DEADTIME), Some(Message::Running));
            let asked = Instant::now();
            assert_eq!(ask().state, State::Active);
            assert!(asked.elapsed() < DEADTIME, "an answer took {:?}", asked.elapsed());
        }
        idle.clear();

        pulse.signal(Signal::SIGTERM);
        assert_eq!(pulse.ends(), 0);
        assert!(!Path::new(SOCKET).exists(), "the socket is there without pulse");
    });
}

#[test]
fn only_root_and_the_group_may_ask_and_a_dead_pulses_socket_is_replaced() {
    on_stage(
        "status::only_root_and_the_group_may_ask_and_a_dead_pulses_socket_is_replaced",
        |stage: &Stage| {
            stage.configure(ROUTER, "", &[FLOATING]);
            let mut pulse = stage.pulse(&[]);
            let first = ask().pid;
            let metadata = fs::metadata(SOCKET).unwrap();
            assert_eq!(metadata.permissions().mode() & 0o7777, 0o660);
            assert_eq!(metadata.uid(), nix::unistd::getuid().as_raw());
            pulse.is_killed();
            assert!(Path::new(SOCKET).exists());
            let second = stage.pulse(&[]);
            wait_until("another pulse", || UnixStream::connect(SOCKET).is_ok() && ask().pid != first);

            // Without a socket pulse works all the same.
            drop(second);
            fs::remove_file(SOCKET).unwrap();
            fs::create_dir(SOCKET).unwrap();
            fs::set_permissions(SOCKET, Permissions::from_mode(0o755)).unwrap();
            let third = stage.pulse(&[]);
            third.wait_for("no control socket, piranhactl cannot reach this pulse: cannot ");
            third.wait_for("partner dead: activating lvs");
        },
    );
}
