//! Connections, logs, rights, start and end.

#![allow(clippy::unwrap_used, reason = "a test stops at what it does not expect")]

mod web;

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, geteuid};
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use web::folder::{Folder, NOBODY};
use web::reply::Reply;
use web::{PASSWORD, Setup, Web, login, wait_until};

const FILE: &str = "serial_no = 7\nprimary = 192.168.26.9\nnetwork = direct\n";
const SETTINGS: &str = "/secure/global_settings.php";

fn signal(web: &Web, signal: Signal) {
    kill(Pid::from_raw(i32::try_from(web.process.id()).unwrap()), signal).unwrap();
}

#[test]
fn what_is_too_long_is_refused() {
    let web = Web::start(FILE);
    let login = login("piranha", PASSWORD);
    assert_eq!(web.get(&format!("{SETTINGS}?a={}", "x".repeat(17_000))).status, 414);
    assert_eq!(web.ask("GET", "/", &[&format!("X: {}", "x".repeat(70_000))], "").status, 431);
    let many: Vec<String> = (0..100).map(|number| format!("X-{number}: x")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(web.ask("GET", "/", &many, "").status, 431);
    let body = "a=".to_owned() + &"x".repeat(300_000);
    assert_eq!(web.ask("POST", SETTINGS, &[&login], &body).status, 413);
    // Of a stranger nothing is even read.
    let huge = format!("POST {SETTINGS} HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n");
    assert_eq!(web.raw(huge.as_bytes()).status, 401);
    assert_eq!(web.ask("POST", SETTINGS, &[&login, "Content-Type: text/plain"], "x").status, 415);
    for nonsense in ["\0\0\0", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "\u{16}\u{3}\u{1}"] {
        let mut stream = web.connect();
        stream.write_all(nonsense.as_bytes()).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        assert!(matches!(Reply::parse(&answer).status, 0 | 400 | 505), "{nonsense:?}");
    }
    assert_eq!(web.get(SETTINGS).status, 200);
}

#[test]
fn whoever_says_nothing_holds_up_nobody_and_is_cut_off() {
    let web = Web::start(FILE);
    let begin = Instant::now();
    let mut silent: Vec<_> = (0..300).map(|_| web.connect()).collect();
    for stream in &mut silent {
        let _ = stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n");
    }
    assert_eq!(web.get(SETTINGS).status, 200);
    assert!(begin.elapsed() < Duration::from_secs(8), "not before the silent ones were cut off");
    // One byte now and then does not help either, nor does a connection that was answered once.
    let mut slow = web.connect();
    let mut kept = web.connect();
    kept.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let dripping = thread::spawn(move || {
        let begin = Instant::now();
        while slow.write_all(b"X").is_ok() && begin.elapsed() < Duration::from_secs(25) {
            thread::sleep(Duration::from_millis(200));
        }
        begin.elapsed()
    });
    let begin = Instant::now();
    kept.read_to_end(&mut Vec::new()).unwrap();
    assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
    let dripped = dripping.join().unwrap();
    assert!(dripped < Duration::from_secs(20), "{dripped:?}");
}

#[test]
fn two_hundred_read_at_once_while_one_saves() {
    let web = Web::start(FILE);
    thread::scope(|scope| {
        let readers: Vec<_> = (0..200)
            .map(|number| {
                let web = &web;
                let path =
                    ["/secure/control.php", SETTINGS, "/secure/virtual_main.php", "/secure/redundancy.php"];
                scope.spawn(move || (0..3).map(|_| web.get(path[number % 4]).status).collect::<Vec<_>>())
            })
            .collect();
        for number in 1..=20 {
            let reply = web.press(SETTINGS, "ACCEPT", &[("PriLVSIP", &format!("192.168.26.{number}"))]);
            assert_eq!(reply.status, 303, "{}", reply.text());
            assert!(web.lvs_cf().contains("network = direct\n"));
        }
        for reader in readers {
            let statuses = reader.join().unwrap();
            assert!(!statuses.iter().any(|&status| status == 0 || status >= 500), "{statuses:?}");
        }
    });
    assert!(web.lvs_cf().contains("primary = 192.168.26.20\n"));
}

#[test]
fn a_port_is_encrypted_and_leads_others_there() {
    let web = Setup::new(FILE).option("--self-signed").start();
    let fingerprint = web.wait_for_line("own certificate: SHA-256 ");
    assert_eq!(fingerprint.len(), 32 * 3 - 1, "{fingerprint}");
    let reply = web.get("/secure/control.php?rate=10");
    let expected = format!("https://{}/secure/control.php?rate=10", web.address);
    assert_eq!((reply.status, reply.header("location")), (301, Some(&*expected)));
    assert_eq!(web.raw(b"GET / HTTP/1.0\r\n\r\n").status, 400);

    let mut roots = RootCertStore::empty();
    let certificate = CertificateDer::from_pem_file(web.path("state/gui-certificate.pem")).unwrap();
    roots.add(certificate).unwrap();
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(roots).with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let session = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = StreamOwned::new(session, web.connect());
    let request = format!(
        "GET {SETTINGS} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{}\r\n\r\n",
        login("piranha", PASSWORD)
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert_eq!(Reply::parse(&answer).status, 200);
    let mode = fs::metadata(web.path("state/gui-certificate.pem")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn requests_are_logged_without_what_they_ask_for_and_the_log_is_opened_again() {
    let web = Web::start(FILE);
    let read = |name: &str| fs::read_to_string(web.path(name)).unwrap_or_default();
    web.get(&format!("{SETTINGS}?PriLVSIP=secret"));
    web.ask("GET", "/secure/%22nothing", &[&login("piranha\"forged", "x")], "");
    wait_until("both are logged", || read("own/access").lines().count() == 2);
    let log = read("own/access");
    let (first, second) = log.split_once('\n').unwrap();
    assert!(
        first.starts_with("127.0.0.1 - piranha [")
            && first.contains("] \"GET /secure/global_settings.php HTTP/1.1\" 200 "),
        "{log}"
    );
    assert!(second.starts_with("127.0.0.1 - - [") && second.contains("\" 401 "), "{log}");
    assert!(!log.contains("secret") && !log.contains("forged"), "{log}");
    assert_eq!(fs::metadata(web.path("own/access")).unwrap().permissions().mode() & 0o777, 0o640);

    for (number, again) in [Signal::SIGHUP, Signal::SIGUSR1].into_iter().enumerate() {
        fs::rename(web.path("own/access"), web.path(&format!("own/access.{number}"))).unwrap();
        signal(&web, again);
        wait_until("the log is there again", || web.path("own/access").exists());
        web.get("/");
        wait_until("and is written", || read("own/access").lines().count() == 1);
    }
    assert_eq!(read("own/access.1").lines().count(), 1);
}

#[test]
fn without_a_pid_file_it_runs_and_says_so() {
    let web = Setup::new(FILE).httpd_conf("PidFile /proc/nowhere/pid\n").start();
    web.wait_for_line("no pid file: failed to open /proc/nowhere/pid");
    assert_eq!(web.get(SETTINGS).status, 200);
}

#[test]
fn no_link_is_followed_to_a_log() {
    let folder = Folder::new();
    let setup = Setup::new(FILE).httpd_conf("ErrorLog FOLDER/link\n");
    let mut command = setup.command(&folder);
    folder.write("target", b"as it was");
    symlink(folder.path("target"), folder.path("link")).unwrap();
    let said = || fs::read_to_string(folder.path("said")).unwrap_or_default();
    let mut process = command.stdout(fs::File::create(folder.path("said")).unwrap()).spawn().unwrap();
    wait_until("it listens", || said().contains("listening on"));
    assert!(said().contains(
        "link: Too many levels of symbolic links (os error 40); what belongs there goes to syslog"
    ));
    kill(Pid::from_raw(i32::try_from(process.id()).unwrap()), Signal::SIGTERM).unwrap();
    process.wait().unwrap();
    assert_eq!(fs::read(folder.path("target")).unwrap(), b"as it was");
}

#[test]
fn it_ends_in_order_and_soon() {
    let mut web = Web::start(FILE);
    let _idle = web.connect();
    assert_eq!(fs::read_to_string(web.path("own/pid")).unwrap(), format!("{}\n", web.process.id()));
    let begin = Instant::now();
    signal(&web, Signal::SIGTERM);
    assert!(web.process.wait().unwrap().success());
    assert!(begin.elapsed() < Duration::from_secs(2), "{:?}", begin.elapsed());
    assert!(!web.path("own/pid").exists());
}

#[test]
fn the_rights_of_root_go_for_good() {
    if !geteuid().is_root() {
        return;
    }
    let web = Web::start(FILE);
    assert_eq!(web.get(SETTINGS).status, 200);
    let status = fs::read_to_string(format!("/proc/{}/status", web.process.id())).unwrap();
    let line =
        |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim().to_owned();
    let nobody = NOBODY.to_string();
    let four = [nobody.as_str(); 4];
    for name in ["Uid:", "Gid:"] {
        assert_eq!(line(name).split_whitespace().collect::<Vec<_>>(), four, "{name}");
    }
    assert_eq!(line("Groups:"), NOBODY.to_string());
    for name in ["CapPrm:", "CapEff:", "CapInh:", "CapAmb:"] {
        assert_eq!(u64::from_str_radix(&line(name), 16).unwrap(), 0, "{name}");
    }
    assert_eq!(line("NoNewPrivs:"), "1");
}

#[test]
fn a_helper_that_dies_is_in_the_log_and_pages_go_on() {
    if !geteuid().is_root() {
        return;
    }
    let web = Web::start(FILE);
    kill(helper_of(&web), Signal::SIGKILL).unwrap();
    web.wait_for_line("piranha-helper has ended (signal: 9 (SIGKILL)): ");
    assert_eq!(web.get(SETTINGS).status, 200);
}

#[test]
fn a_helper_that_says_nothing_holds_up_no_page() {
    if !geteuid().is_root() {
        return;
    }
    let web = Web::start(FILE);
    let helper = helper_of(&web);
    kill(helper, Signal::SIGSTOP).unwrap();
    // A reply takes less than the time that a save may take.
    let (settings, control) = (web.get(SETTINGS), web.get("/secure/control.php"));
    kill(helper, Signal::SIGCONT).unwrap();
    assert_eq!(settings.status, 200);
    assert!(control.text().contains("piranha-helper says nothing"), "{control:?}");
}

fn helper_of(web: &Web) -> Pid {
    let pid = web.process.id();
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
    Pid::from_raw(children.split_whitespace().next().unwrap().parse().unwrap())
}

/// Starts it with these lines of `httpd.conf`; what it says and its exit status.
fn refused(setup: &Setup, change: impl Fn(&Folder)) -> (String, i32) {
    let folder = Folder::new();
    let mut command = setup.command(&folder);
    change(&folder);
    let output = command.stdout(Stdio::null()).output().unwrap();
    let said =
        String::from_utf8_lossy(&output.stderr).replace(&folder.path("").display().to_string(), "FOLDER");
    (said, output.status.code().unwrap_or(-1))
}

#[test]
fn what_it_does_not_understand_it_does_not_start_with() {
    let as_usual = || Setup::new(FILE);
    insta::assert_debug_snapshot!(refused(&as_usual().httpd_conf("Listen router:http\n"), |_| ()), @r#"
    (
        "piranha-gui: FOLDER/conf/httpd.conf: line 11: cannot understand `Listen router:http`: write `Listen 3636`, `Listen 127.0.0.1:3636` or `Listen [::1]:3636`\n",
        6,
    )
    "#);
    insta::assert_debug_snapshot!(refused(&as_usual().httpd_conf("SSLEngine on\n"), |_| ()), @r#"
    (
        "piranha-gui: FOLDER/conf/httpd.conf says SSLEngine on, but has no SSLCertificateFile: add it, or start with --self-signed\n",
        6,
    )
    "#);
    let nowhere = "SSLEngine on\nSSLCertificateFile FOLDER/nowhere.pem\n";
    insta::assert_debug_snapshot!(refused(&as_usual().httpd_conf(nowhere), |_| ()), @r#"
    (
        "piranha-gui: cannot read the certificate in FOLDER/nowhere.pem: I/O error: No such file or directory (os error 2)\n",
        6,
    )
    "#);
    let unreadable = |folder: &Folder| {
        fs::remove_file(folder.path("conf/httpd.conf")).unwrap();
        fs::create_dir(folder.path("conf/httpd.conf")).unwrap();
    };
    insta::assert_debug_snapshot!(refused(&as_usual(), unreadable), @r#"
    (
        "piranha-gui: cannot read FOLDER/conf/httpd.conf: Is a directory (os error 21)\n",
        6,
    )
    "#);
    if geteuid().is_root() {
        insta::assert_debug_snapshot!(refused(&as_usual().httpd_conf("User nobody-of-this-name\n"), |_| ()), @r#"
        (
            "piranha-gui: there is no User nobody-of-this-name, as which the page runs (FOLDER/conf/httpd.conf): make it, or name another one there\n",
            6,
        )
        "#);
        insta::assert_debug_snapshot!(refused(&as_usual().httpd_conf("User root\n"), |_| ()), @r#"
        (
            "piranha-gui: FOLDER/conf/httpd.conf wants the page to run as User root and Group #65534; it never runs with rights of root\n",
            6,
        )
        "#);
    }
}

#[test]
fn help() {
    let output = Command::new(env!("CARGO_BIN_EXE_piranha-gui")).arg("--help").output().unwrap();
    insta::assert_snapshot!(String::from_utf8(output.stdout).unwrap(), @"
    The web page that shows a pair of routers and edits its file, on port 3636

    Usage: piranha-gui [OPTIONS]

    Options:
          --nodaemon     Stay in the foreground and log to standard output
      -f <HTTPD_CONF>    Where to listen, who may come in, and how (a file of Piranha's web server) [default: /etc/sysconfig/ha/conf/httpd.conf]
      -c <LVS_CF>        The file that is shown and edited [default: /etc/sysconfig/ha/lvs.cf]
          --self-signed  Answer encrypted connections, with a certificate of our own unless httpd.conf names one
          --no-helper    Do not start piranha-helper: something else does
      -h, --help         Print help
      -V, --version      Print version
    ");
    let output = Command::new(env!("CARGO_BIN_EXE_piranha-gui")).args(["-k", "start"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_port_that_is_taken_is_said_and_nothing_is_left_behind() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let folder = Folder::new();
    let setup = Setup::new(FILE).httpd_conf(&format!("Listen 127.0.0.1:{port}\n"));
    let made = setup.command(&folder);
    let arguments: Vec<_> = made.get_args().filter(|word| *word != "--any-port").collect();
    let conf = fs::read_to_string(folder.path("conf/httpd.conf")).unwrap();
    fs::write(folder.path("conf/httpd.conf"), conf.replace("Listen 127.0.0.1:3636\n", "")).unwrap();
    let output = Command::new(made.get_program()).args(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains(&format!("cannot listen on 127.0.0.1:{port}")), "{said}");
    assert!(!folder.path("own/pid").exists());
}

#[test]
fn as_a_daemon_its_caller_waits_until_it_listens() {
    let folder = Folder::new();
    let setup = Setup::new(FILE).httpd_conf("LogLevel info\n");
    let made = setup.command(&folder);
    let arguments: Vec<_> = made.get_args().filter(|word| *word != "--nodaemon").collect();
    let status = Command::new(made.get_program()).args(arguments).status().unwrap();
    assert!(status.success());
    let pid: i32 = fs::read_to_string(folder.path("own/pid")).unwrap().trim().parse().unwrap();
    wait_until("it says where it listens", || {
        fs::read_to_string(folder.path("own/errors"))
            .unwrap_or_default()
            .contains("[info] listening on 127.0.0.1:")
    });
    kill(Pid::from_raw(pid), Signal::SIGTERM).unwrap();
    wait_until("it is gone", || kill(Pid::from_raw(pid), None).is_err());
    assert!(!folder.path("own/pid").exists());
}
