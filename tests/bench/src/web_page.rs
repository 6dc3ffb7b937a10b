//! What a page of piranha-gui takes when the file is large: 1,000 virtual servers with 10 real servers each, and an lvsd that
//! tells of all of them.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use control::command::Answer;
use control::lines::encode;
use control::overview::{Counters, Overview, RealServer, VirtualServer};
use control::status::State;
use lab::world;

use crate::configuration;
use crate::stopwatch::{median, milliseconds, ratio};

const VIRTUAL_SERVERS: u16 = 1000;
const REAL_SERVERS: u8 = 10;
const ROUNDS: usize = 51;
/// Readers at the same time, and pages that each of them asks for.
const READERS: usize = 100;
const PAGES: usize = 5;
/// In base64: `piranha:myPassword`.
const LOGIN: &str = "cGlyYW5oYTpteVBhc3N3b3Jk";
const HASH: &str = "{SHA}VBPuJHI7uixaa6LQGWx4s+5GKNE=";
/// Everything is there within this time.
const PATIENCE: Duration = Duration::from_secs(30);

const ASKED: [(&str, &str); 8] = [
    ("CONTROL/MONITORING", "/secure/control.php"),
    ("GLOBAL SETTINGS", "/secure/global_settings.php"),
    ("REDUNDANCY", "/secure/redundancy.php"),
    ("VIRTUAL SERVERS, the first", "/secure/virtual_main.php"),
    ("VIRTUAL SERVERS, the last", "/secure/virtual_main.php?selected_host=1000"),
    ("VIRTUAL SERVER", "/secure/virtual_edit_virt.php?selected_host=500"),
    ("REAL SERVER", "/secure/virtual_edit_real.php?selected_host=1000"),
    ("lvs.cf as text", "/secure/file.php?line=50000"),
];

/// Each page in turn, many times; then many readers at once.
pub(crate) fn measure() {
    let gui = Gui::start();
    let style = gui.style();
    let floor = median((0..ROUNDS).map(|_| gui.time(&style).0).collect());
    println!(
        "pages of piranha-gui, {VIRTUAL_SERVERS} virtual servers with {REAL_SERVERS} real servers each, natively"
    );
    println!("  {:28} {:>12}  {:>7}  {:>7}", "", "median of 51", "against", "bytes");
    println!("  {:28} {} {:8.1}", "the style sheet", milliseconds(floor), 1.0);
    for (name, path) in ASKED {
        let answers: Vec<_> = (0..ROUNDS).map(|_| gui.time(path)).collect();
        let length = answers.first().map_or(0, |answer| answer.1);
        let time = median(answers.into_iter().map(|answer| answer.0).collect());
        println!("  {name:28} {} {:8.1}  {length:7}", milliseconds(time), ratio(time, floor));
    }
    let idle = gui.resident();
    let wrong = gui.many_readers();
    let asked = READERS * PAGES;
    println!("  {READERS} readers at once: {wrong} of {asked} pages not answered as they should be");
    println!("  memory: {idle} kB after these pages, {} kB after the readers", gui.resident());
}

/// A piranha-gui with its files and an lvsd that is none.
struct Gui {
    process: Child,
    address: SocketAddr,
    folder: PathBuf,
}

impl Gui {
    fn start() -> Self {
        let folder = std::env::temp_dir().join(format!("piranha-bench-{}", std::process::id()));
        furnish(&folder);
        answer_as_lvsd(&folder.join("run/lvsd.sock"));
        let mut command = Command::new(world::programs().join("piranha-gui"));
        command.args(["--nodaemon", "--any-port", "--no-helper", "-f"]).arg(folder.join("conf/httpd.conf"));
        command.arg("-c").arg(folder.join("lvs.cf")).arg("--run-directory").arg(folder.join("run"));
        command.arg("--state-directory").arg(folder.join("state"));
        let mut process = command.stdout(Stdio::piped()).spawn().expect("piranha-gui");
        let mut said = BufReader::new(process.stdout.take().expect("its output"));
        let address = loop {
            let mut line = String::new();
            assert!(said.read_line(&mut line).expect("a line") > 0, "piranha-gui does not listen");
            if let Some((_, address)) = line.trim_end().rsplit_once("listening on ") {
                break address.parse().expect("an address");
            }
        };
        // It must not wait for somebody to read on.
        thread::spawn(move || said.read_to_end(&mut Vec::new()));
        let gui = Self { process, address, folder };
        let deadline = Instant::now() + PATIENCE;
        while !gui.get("/secure/control.php").contains("Virtual servers 1 to") {
            assert!(Instant::now() < deadline, "nothing is known of what runs");
            thread::sleep(Duration::from_millis(100));
        }
        gui
    }

    fn style(&self) -> String {
        let page = self.get("/");
        let (_, rest) = page.split_once("href=\"/style-").expect("a style sheet");
        format!("/style-{}", rest.split('"').next().expect("its address"))
    }

    fn time(&self, path: &str) -> (Duration, usize) {
        let start = Instant::now();
        let answer = self.get(path);
        let took = start.elapsed();
        assert!(answer.starts_with("HTTP/1.1 200"), "{path}: {}", answer.lines().next().unwrap_or_default());
        (took, answer.len())
    }

    fn get(&self, path: &str) -> String {
        get(self.address, path).expect("an answer")
    }

    /// How many pages were not answered.
    fn many_readers(&self) -> usize {
        let address = self.address;
        let readers: Vec<_> = (0..READERS)
            .map(|number| {
                thread::spawn(move || {
                    let path = |turn: usize| ASKED[(number + turn) % ASKED.len()].1;
                    let good = |path: &str| {
                        get(address, path).is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
                    };
                    (0..PAGES).filter(|&turn| !good(path(turn))).count()
                })
            })
            .collect();
        readers.into_iter().map(|reader| reader.join().expect("a reader")).sum()
    }

    /// In kB.
    fn resident(&self) -> u64 {
        let status =
            fs::read_to_string(format!("/proc/{}/status", self.process.id())).expect("a running process");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a line VmRSS");
        line.trim_end_matches("kB").trim().parse().expect("a number")
    }
}

impl Drop for Gui {
    fn drop(&mut self) {
        let _ = self.process.kill().and_then(|()| self.process.wait());
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn get(address: SocketAddr, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: router\r\nAuthorization: Basic {LOGIN}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

fn furnish(folder: &Path) {
    let root = folder.display();
    for name in ["conf", "run", "own", "web/secure"] {
        fs::create_dir_all(folder.join(name)).expect("a folder");
    }
    let text = configuration::file(VIRTUAL_SERVERS, REAL_SERVERS).to_string();
    fs::write(folder.join("lvs.cf"), text).expect("lvs.cf");
    fs::write(folder.join("conf/piranha.passwd"), format!("piranha:{HASH}\n")).expect("a password file");
    let conf = format!(
        "Listen 127.0.0.1:3636\nUser #65534\nGroup #65534\nDocumentRoot {root}/web\nPidFile {root}/own/pid\nErrorLog \
         {root}/own/errors\nCustomLog {root}/own/access common\n<Directory {root}/web/secure>\nAuthUserFile \
         {root}/conf/piranha.passwd\n</Directory>\n"
    );
    fs::write(folder.join("conf/httpd.conf"), conf).expect("httpd.conf");
}

/// Tells of all virtual servers in short, and of one alone nothing.
fn answer_as_lvsd(socket: &Path) {
    let listener = UnixListener::bind(socket).expect("a socket");
    fs::set_permissions(socket, std::os::unix::fs::PermissionsExt::from_mode(0o666)).expect("its mode");
    let all = encode(&Answer::Overview(Box::new(overview()))).expect("an answer");
    let nothing = encode(&Answer::Refused { reason: "there is none".to_owned() }).expect("an answer");
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let mut client = BufReader::new(client);
            let mut line = String::new();
            // A client that goes away early has its own reasons.
            let _ = client.read_line(&mut line).and_then(|_| {
                let answer = if line.contains("\"overview\"") { &all } else { &nothing };
                client.get_mut().write_all(answer)
            });
        }
    });
}

fn overview() -> Overview {
    let real = |last: u8, [high, low]: [u8; 2]| RealServer {
        name: format!("real{last}"),
        address: format!("10.{high}.{low}.{last}:80"),
        state: State::Up,
        since: 1_772_366_400_000,
        last_failure: None,
        decision: None,
        weight: Some(1),
        active_connections: 40,
        inactive_connections: 200,
        counters: Counters { connections: 10_000, packets_in: 90_000, ..Counters::default() },
    };
    let server = |number: u16| {
        let bytes = number.to_be_bytes();
        VirtualServer {
            name: format!("web{number}"),
            service: format!("-t 198.18.{}.{}:80", bytes[0], bytes[1]),
            scheduler: "wlc".to_owned(),
            trouble: None,
            sorry: false,
            up: REAL_SERVERS.into(),
            counters: Counters { connections: 100_000, packets_in: 900_000, ..Counters::default() },
            real_servers: (1..=REAL_SERVERS).map(|last| real(last, bytes)).collect(),
        }
    };
    Overview {
        release: "0.9.0".to_owned(),
        pid: 1,
        started: 1_772_366_400_000,
        serial_no: 40,
        loaded: 1_772_366_400_000,
        refused: None,
        repairs: 0,
        virtual_servers: (0..VIRTUAL_SERVERS).map(server).collect(),
    }
}
