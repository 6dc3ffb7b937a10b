//! A piranha-gui of a test's own: on a port, with files and a password of its own, spoken to as a browser does.
//!
//! ```no_run
//! let web = Web::start("serial_no = 1\n");
//! let reply = web.press("/secure/global_settings.php", "ACCEPT", &[("tcp_timeout", "30")]);
//! assert_eq!(reply.status, 303);
//! assert!(web.lvs_cf().contains("tcp_timeout = 30"));
//! ```

#![allow(dead_code, reason = "each test uses what it needs")]
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at what it does not expect"
)]

pub mod folder;
pub mod form;
pub mod reply;

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use folder::Folder;
use form::Form;
use reply::Reply;

/// Of user piranha.
pub const PASSWORD: &str = "myPassword";
const HASH: &str = "{SHA}VBPuJHI7uixaa6LQGWx4s+5GKNE=";
/// What must happen happens within this time also on a busy computer.
const PATIENCE: Duration = Duration::from_secs(30);

/// How a piranha-gui is started.
pub struct Setup {
    lvs_cf: Vec<u8>,
    httpd_conf: String,
    passwords: Option<String>,
    gui_conf: Option<String>,
    options: Vec<String>,
}

/// What it has printed.
#[derive(Default)]
struct Log {
    lines: Vec<String>,
    over: bool,
}

/// A running piranha-gui; it ends with the test.
pub struct Web {
    pub address: SocketAddr,
    pub process: Child,
    folder: Folder,
    log: Arc<Mutex<Log>>,
}

impl Setup {
    pub fn new(lvs_cf: impl Into<Vec<u8>>) -> Self {
        Self {
            lvs_cf: lvs_cf.into(),
            httpd_conf: String::new(),
            passwords: Some(format!("piranha:{HASH}\n")),
            gui_conf: Some("program_directories = FOLDER/scripts\n".to_owned()),
            options: Vec::new(),
        }
    }

    /// More lines of `httpd.conf`.
    pub fn httpd_conf(mut self, lines: &str) -> Self {
        self.httpd_conf.push_str(lines);
        self
    }

    /// Another password file, or none.
    pub fn passwords(mut self, text: Option<&str>) -> Self {
        self.passwords = text.map(ToOwned::to_owned);
        self
    }

    /// More lines of `gui.conf`.
    pub fn gui_conf(mut self, text: &str) -> Self {
        self.gui_conf.get_or_insert_default().push_str(text);
        self
    }

    /// One more option on the command line.
    pub fn option(mut self, option: &str) -> Self {
        self.options.push(option.to_owned());
        self
    }

    /// Starts it and waits until it listens.
    pub fn start(self) -> Web {
        let folder = Folder::new();
        let mut process = self.command(&folder).stdout(Stdio::piped()).spawn().unwrap();
        let log = log_of(process.stdout.take().unwrap());
        let mut web = Web { address: "127.0.0.1:0".parse().unwrap(), process, folder, log };
        web.address = web.wait_for_line("listening on ").parse().unwrap();
        web
    }

    /// Its files, and the command that starts it in the foreground.
    pub fn command(&self, folder: &Folder) -> Command {
        folder.write("lvs.cf", &self.lvs_cf);
        fs::create_dir_all(folder.path("conf")).unwrap();
        fs::create_dir_all(folder.path("web/secure")).unwrap();
        for (name, text) in [("conf/piranha.passwd", &self.passwords), ("conf/gui.conf", &self.gui_conf)] {
            if let Some(text) = text {
                folder.write(name, text.replace("FOLDER", &folder.path("").display().to_string()).as_bytes());
            }
        }
        let root = folder.path("").display().to_string();
        // Whoever tests as root sees that the program gives that up.
        let usual = format!(
            "Listen 127.0.0.1:3636\nUser #{id}\nGroup #{id}\nDocumentRoot {root}/web\nPidFile {root}/own/pid\nErrorLog {root}/own/errors\n\
             CustomLog {root}/own/access common\n<Directory {root}/web/secure>\nAuthUserFile {root}/conf/piranha.passwd\n\
             </Directory>\n",
            id = folder::NOBODY,
        );
        folder.write("conf/httpd.conf", (usual + &self.httpd_conf.replace("FOLDER", &root)).as_bytes());
        folder.give_away("own");
        let mut command = Command::new(env!("CARGO_BIN_EXE_piranha-gui"));
        command.args(["--nodaemon", "--any-port"]).arg("-f").arg(folder.path("conf/httpd.conf"));
        command.arg("-c").arg(folder.path("lvs.cf"));
        command.arg("--run-directory").arg(folder.path("run"));
        command.arg("--state-directory").arg(folder.path("state"));
        command.args(&self.options).stdin(Stdio::null());
        command
    }
}

impl Web {
    /// With this file, and all else as usual.
    pub fn start(lvs_cf: &str) -> Self {
        Setup::new(lvs_cf).start()
    }

    /// A file of this piranha-gui: `lvs.cf`, `web/secure/.htaccess`, `conf/piranha.passwd`, `own/errors`, `own/access`, ...
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path(name)
    }

    /// A program in the only directory whose programs a browser may choose.
    pub fn script(&self, name: &str) -> String {
        let path = self.path("scripts").join(name);
        self.write(&format!("scripts/{name}"), "#!/bin/sh\n");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path.display().to_string()
    }

    /// Replaces one of its files.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        self.folder.write(name, bytes.as_ref());
    }

    /// The file that it edits, as it is now.
    pub fn lvs_cf(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.path("lvs.cf")).unwrap()).into_owned()
    }

    /// The page at an address, as user piranha sees it.
    pub fn get(&self, path: &str) -> Reply {
        self.ask("GET", path, &[&login("piranha", PASSWORD)], "")
    }

    /// Sends these fields and nothing else, as user piranha.
    pub fn post(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let kind = "Content-Type: application/x-www-form-urlencoded".to_owned();
        self.ask("POST", path, &[&login("piranha", PASSWORD), &kind], &form::encode(fields))
    }

    /// Opens a page, types into its form, and presses a button, by the button's value: what a browser sends then, hidden
    /// fields included. The answer is that of the POST, which leads on to another page if all went well.
    pub fn press(&self, path: &str, button: &str, typed: &[(&str, &str)]) -> Reply {
        let page = self.get(path);
        let form = page.forms().into_iter().find(|form| form.button(button).is_some());
        let form = form.unwrap_or_else(|| panic!("no button {button} at {path}:\n{}", page.body));
        self.send(path, &form.filled(button, typed))
    }

    /// Sends a form as it is filled in.
    pub fn send(&self, path: &str, form: &Form) -> Reply {
        let fields: Vec<(&str, &str)> =
            form.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let action = if form.action.is_empty() { path } else { &form.action };
        if form.method == "post" {
            self.post(action, &fields)
        } else {
            let path = action.split('?').next().unwrap_or_default();
            self.get(&format!("{path}?{}", form::encode(&fields)))
        }
    }

    /// The page to which a reply leads on.
    pub fn follow(&self, reply: &Reply) -> Reply {
        assert_eq!(reply.status, 303, "{reply:?}");
        self.get(reply.header("location").unwrap())
    }

    /// One request on a connection of its own, with these lines in its head.
    pub fn ask(&self, method: &str, path: &str, head: &[&str], body: &str) -> Reply {
        let host = format!("Host: {}", self.address);
        let length = format!("Content-Length: {}", body.len());
        let mut lines = vec![host.as_str(), "Connection: close"];
        lines.extend(head);
        if !body.is_empty() || method == "POST" {
            lines.push(&length);
        }
        self.raw(format!("{method} {path} HTTP/1.1\r\n{}\r\n\r\n{body}", lines.join("\r\n")).as_bytes())
    }

    /// What is answered to these bytes until the connection is closed.
    pub fn raw(&self, request: &[u8]) -> Reply {
        let mut stream = self.connect();
        // Refused before all is sent, it is answered nevertheless.
        let _ = stream.write_all(request);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        Reply::parse(&answer)
    }

    /// A connection.
    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect_timeout(&self.address, PATIENCE).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// Waits for a line of its log with this text, which may have come already; gives what is behind that.
    pub fn wait_for_line(&self, text: &str) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            let log = self.log.lock().unwrap();
            if let Some((_, rest)) = log.lines.iter().find_map(|line| line.split_once(text)) {
                return rest.trim().to_owned();
            }
            let lines = log.lines.join("\n");
            assert!(!log.over && Instant::now() < end, "piranha-gui never said {text:?}, but:\n{lines}");
            drop(log);
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Web {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Waits until something is so.
pub fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < end, "not within {PATIENCE:?}: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The line of a request's head with which a user logs in.
pub fn login(user: &str, password: &str) -> String {
    format!("Authorization: Basic {}", base64(format!("{user}:{password}").as_bytes()))
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |three: &[u8]| {
        let number = (0..3).fold(0, |sum, at| sum << 8 | usize::from(three.get(at).copied().unwrap_or(0)));
        let digit = |at: usize| {
            if at <= three.len() { char::from(DIGITS[number >> (18 - 6 * at) & 63]) } else { '=' }
        };
        [0, 1, 2, 3].map(digit)
    };
    bytes.chunks(3).flat_map(group).collect()
}

fn log_of(output: impl std::io::Read + Send + 'static) -> Arc<Mutex<Log>> {
    let log = Arc::new(Mutex::new(Log::default()));
    let written = Arc::clone(&log);
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            written.lock().unwrap().lines.push(line);
        }
        written.lock().unwrap().over = true;
    });
    log
}
