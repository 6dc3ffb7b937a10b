//! `/etc/sysconfig/ha/conf/httpd.conf`, as administrators have edited it (layout.md 4). It is read, never written.
//!
//! Conditions are answered as httpd would for a file that was made for Piranha: `<IfModule X>` and `<VirtualHost>` count
//! as absent, `<IfModule !X>` and `<IfDefine X>` are left out.

mod blocks;
mod known;
mod listen;

use std::path::{Path, PathBuf};
use std::time::Duration;

pub use listen::Listen;

use crate::MAX_BYTES;
use crate::directive::{Directive, Form, directives};
use crate::rules::Rules;
use crate::unhonoured::{Collection, Unhonoured};
use blocks::{Blocks, Scope};

/// What the file says. One that is missing says [`Settings::default`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `Listen`, or `Port` with `BindAddress`: where to listen, each once, at least one.
    pub listen: Vec<Listen>,
    /// `User`: a name, or `#` and a number.
    pub user: String,
    /// `Group`, likewise.
    pub group: String,
    /// `ServerRoot`: what relative paths start from.
    pub server_root: PathBuf,
    /// `DocumentRoot`: where `.htaccess` and `secure/.htaccess` are looked for, and nothing else.
    pub document_root: PathBuf,
    /// `PidFile`
    pub pid_file: PathBuf,
    /// `ErrorLog`
    pub error_log: PathBuf,
    /// `LogLevel`
    pub log_level: LogLevel,
    /// `CustomLog`
    pub access_log: PathBuf,
    /// `MaxClients`, or `MaxRequestWorkers`: no more requests at once, if there is such a line.
    pub max_clients: Option<u32>,
    /// `Timeout`: no request takes longer, if there is such a line.
    pub timeout: Option<Duration>,
    /// `SSLEngine on`
    pub tls: bool,
    /// `SSLCertificateFile`
    pub certificate: Option<PathBuf>,
    /// `SSLCertificateKeyFile`; without it the key is in the file of the certificate.
    pub key: Option<PathBuf>,
    /// What holds for all pages: the blocks of `web`, of the URL `/`, or of a directory above.
    pub web: Rules,
    /// What holds for pages under `/secure/`: the blocks of `web/secure`, or of that URL.
    pub secure: Rules,
}

/// `LogLevel`: the least important lines that are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// `emerg`, `alert`, `crit`, `error`
    Error,
    /// `warn`, as shipped.
    Warn,
    /// `notice`, `info`
    Info,
    /// `debug`
    Debug,
    /// `trace1` to `trace8`
    Trace,
}

/// Why the page does not start with this file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Where to listen is not understood: elsewhere would be wrong.
    #[error(
        "line {line}: cannot understand `{text}`: write `Listen 3636`, `Listen 127.0.0.1:3636` or `Listen [::1]:3636`"
    )]
    Listen {
        /// The line's number, from 1.
        line: usize,
        /// Its text.
        text: String,
    },
    /// Nobody needs so many.
    #[error("line {line}: more than {most} Listen lines", most = listen::MOST)]
    TooManyListen {
        /// The line's number, from 1.
        line: usize,
    },
    /// It is longer than [`MAX_BYTES`].
    #[error("it is longer than {MAX_BYTES} bytes")]
    TooLong,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: vec![Listen { address: None, port: 3636 }],
            user: "piranha".to_owned(),
            group: "piranha".to_owned(),
            server_root: "/etc/sysconfig/ha".into(),
            document_root: "/etc/sysconfig/ha/web".into(),
            pid_file: "/var/run/piranha-httpd.pid".into(),
            error_log: "/var/log/piranha/piranha-gui".into(),
            log_level: LogLevel::Warn,
            access_log: "/var/log/piranha/piranha-gui-access".into(),
            max_clients: None,
            timeout: None,
            tls: false,
            certificate: None,
            key: None,
            web: Rules::default(),
            secure: Rules::default(),
        }
    }
}

impl Settings {
    /// Reads the file, and hands back the lines that have no effect here though httpd may know them, each kind once. Those
    /// because of which only loopback is let in are in [`Rules::faults`] instead.
    ///
    /// # Errors
    /// If it cannot be told where to listen.
    pub fn parse(bytes: &[u8]) -> Result<(Self, Vec<Unhonoured>), Error> {
        if bytes.len() > MAX_BYTES {
            return Err(Error::TooLong);
        }
        let mut reading = Reading::default();
        for directive in directives(bytes) {
            reading.take(directive)?;
        }
        Ok(reading.finish())
    }

    /// A path of the file, as `AuthUserFile`, with `ServerRoot` before it if it is relative.
    pub fn absolute(&self, path: &Path) -> PathBuf {
        self.server_root.join(path)
    }

    /// The file of `AuthUserFile`-less password lines (gui.md 9).
    pub fn default_password_file(&self) -> &'static Path {
        Path::new("/etc/sysconfig/ha/conf/piranha.passwd")
    }
}

#[derive(Default)]
struct Reading {
    settings: Settings,
    blocks: Blocks,
    listen: listen::Lines,
    unhonoured: Collection,
}

impl Reading {
    fn take(&mut self, directive: Directive) -> Result<(), Error> {
        match directive.form {
            Form::Begin => self.blocks.begin(directive),
            Form::End => self.blocks.end(&directive),
            Form::Broken if directive.text.starts_with('<') => self.blocks.tear(&directive),
            Form::Broken if self.blocks.scope() == Scope::Rules => self.blocks.fault(&directive),
            Form::Broken => self.unhonoured.add(&directive.text, directive.line, &directive.text),
            Form::Plain => match self.blocks.scope() {
                Scope::Server => return self.take_setting(&directive),
                Scope::Rules => {
                    if let Err(other) = self.blocks.take(directive) {
                        self.tell(&other);
                    }
                }
                Scope::Foreign => self.tell(&directive),
                Scope::Skipped => {}
            },
        }
        Ok(())
    }

    fn take_setting(&mut self, directive: &Directive) -> Result<(), Error> {
        if self.listen.take(directive)? || self.settings.take(directive).is_some() {
            return Ok(());
        }
        self.tell(directive);
        Ok(())
    }

    fn tell(&mut self, directive: &Directive) {
        if !known::is_ignored(&directive.name) {
            self.unhonoured.add(&directive.name, directive.line, &directive.text);
        }
    }

    fn finish(self) -> (Settings, Vec<Unhonoured>) {
        let Self { mut settings, blocks, listen, unhonoured } = self;
        if let Some(listen) = listen.finish() {
            settings.listen = listen;
        }
        settings.resolve();
        (settings.web, settings.secure) = blocks.rules(&settings.document_root);
        (settings, unhonoured.into_lines())
    }
}

impl Settings {
    /// `None` if this is no setting, or its value makes no sense here.
    fn take(&mut self, directive: &Directive) -> Option<()> {
        let word = || directive.only_word().filter(|word| !word.is_empty());
        let path = || word().map(PathBuf::from);
        match directive.name.as_str() {
            "user" => word()?.clone_into(&mut self.user),
            "group" => word()?.clone_into(&mut self.group),
            "serverroot" => self.server_root = path().filter(|path| path.is_absolute())?,
            "documentroot" => self.document_root = path()?,
            "pidfile" => self.pid_file = path()?,
            "errorlog" => self.error_log = log_file(word()?)?,
            "loglevel" => self.log_level = log_level(directive.first_word()?)?,
            // The format is always the one that was shipped.
            "customlog" | "transferlog" => self.access_log = log_file(directive.first_word()?)?,
            "maxclients" | "maxrequestworkers" => {
                self.max_clients = Some(word()?.parse().ok().filter(|most| *most > 0)?);
            }
            "timeout" => {
                let seconds = word()?.parse().ok().filter(|seconds| *seconds > 0)?;
                self.timeout = Some(Duration::from_secs(seconds));
            }
            "sslengine" => self.tls = switch(word()?)?,
            "sslcertificatefile" => self.certificate = Some(path()?),
            "sslcertificatekeyfile" => self.key = Some(path()?),
            _ => return None,
        }
        Some(())
    }

    /// Relative paths become absolute.
    fn resolve(&mut self) {
        let root = &self.server_root;
        let own = [&mut self.document_root, &mut self.pid_file, &mut self.error_log, &mut self.access_log];
        for path in own.into_iter().chain(self.certificate.as_mut()).chain(self.key.as_mut()) {
            // Also takes away slashes that say nothing.
            *path = root.join(&*path).components().collect();
        }
    }
}

/// Neither a pipe nor syslog.
fn log_file(word: &str) -> Option<PathBuf> {
    let is_file = !word.is_empty() && !word.starts_with('|') && !word.starts_with("syslog");
    is_file.then(|| word.into())
}

fn switch(word: &str) -> Option<bool> {
    match word.to_ascii_lowercase().as_str() {
        "on" => Some(true),
        "off" => Some(false),
        _ => None,
    }
}

fn log_level(word: &str) -> Option<LogLevel> {
    let word = word.to_ascii_lowercase();
    Some(match word.as_str() {
        "emerg" | "alert" | "crit" | "error" => LogLevel::Error,
        "warn" => LogLevel::Warn,
        "notice" | "info" => LogLevel::Info,
        "debug" => LogLevel::Debug,
        _ if word.strip_prefix("trace").is_some_and(|number| matches!(number.as_bytes(), [b'1'..=b'8'])) => {
            LogLevel::Trace
        }
        _ => return None,
    })
}
