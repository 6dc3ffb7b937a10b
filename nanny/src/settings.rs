//! What nanny was told to do, checked in the order of specification nanny.md 1.

use std::ffi::OsString;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::os::unix::ffi::OsStrExt;

use health::dialogue::Dialogue;
use health::expect::Expect;
use health::load;
use health::policy::Policy;
use health::probe::{Probe, Question};
use health::program::Program;
use service::options::Exit;

use crate::options::Options;
use crate::policy::policy;

/// What is watched, and for whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// A real server, for the kernel's table.
    Lvs,
    /// A service of the partner.
    Fos,
}

/// The virtual server, as far as nanny knows it.
#[derive(Debug, Clone)]
pub(crate) struct VirtualServer {
    /// The words behind `-V`, unchecked: with a firewall mark or under lvsd they only appear in the log.
    pub(crate) address: Option<String>,
    pub(crate) port: u16,
    pub(crate) udp: bool,
    /// 0: known by address, protocol and port.
    pub(crate) fwmark: u32,
}

/// Address and port, as log lines name them.
impl fmt::Display for VirtualServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // As printf(3) shows a missing string.
        let address = self.address.as_deref().unwrap_or("(null)");
        match address.parse::<Ipv6Addr>() {
            Ok(address) => write!(f, "[{address}]:{}", self.port),
            Err(_) => write!(f, "{address}:{}", self.port),
        }
    }
}

/// How packets reach the real server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    Masquerading,
    DirectRouting,
    Tunneling,
}

/// Where nanny lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Foreground,
    /// Away from the terminal, with the same pid.
    Detached,
    Background,
}

/// Everything that nanny was told.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) mode: Mode,
    pub(crate) probe: Probe,
    pub(crate) policy: Policy,
    pub(crate) virtual_server: VirtualServer,
    pub(crate) method: Method,
    pub(crate) quiesce: bool,
    /// Only a word in the log.
    pub(crate) ipvsadm: OsString,
    /// Tells the load of the real server.
    pub(crate) load: Option<Program>,
    /// No table is changed.
    pub(crate) rehearsal: bool,
    pub(crate) place: Place,
    pub(crate) verbose: bool,
    /// What the log says first.
    pub(crate) remarks: Vec<String>,
    /// What the log says with `-v`.
    pub(crate) details: [String; 3],
    /// What the administrator should mend.
    pub(crate) warnings: Vec<String>,
}

impl Settings {
    /// Address and port of what is checked.
    pub(crate) fn real_server(&self) -> SocketAddr {
        self.probe.real_server
    }
}

impl Options {
    /// Where nanny shall live.
    pub(crate) fn place(&self) -> Place {
        match (self.nodaemon, self.nofork) {
            (true, _) => Place::Foreground,
            (false, true) => Place::Detached,
            (false, false) => Place::Background,
        }
    }
}

impl TryFrom<Options> for Settings {
    type Error = Exit;

    fn try_from(options: Options) -> Result<Self, Exit> {
        let address = address(options.server.as_deref())?;
        let mode = mode(&options)?;
        let port = port(options.port)?;
        let real_server = SocketAddr::new(address, options.rport.map_or(Ok(port), self::port)?);

        let place = options.place();
        let mut remarks = Vec::new();
        let mut warnings = Vec::new();
        let (question, expect) = dialogue(&options, port, real_server, &mut remarks)?;
        let policy = policy(&options, mode, &mut remarks, &mut warnings)?;
        let load = load(&options, address);
        Ok(Self {
            mode,
            probe: Probe { real_server, question, expect, limit: policy.cadence().limit() },
            policy,
            virtual_server: VirtualServer {
                address: options.virtaddress,
                port,
                udp: options.udp,
                fwmark: options.fwmark,
            },
            method: method(&options.method, &mut warnings),
            quiesce: options.quiesce_server,
            ipvsadm: options.ipvsadm,
            load,
            rehearsal: options.norun,
            place,
            verbose: options.verbose,
            details: [
                detail("Send_program", options.send_program.as_ref()),
                detail("Send_string", options.send_string.as_ref()),
                detail("Expect_string", options.expect_string.as_ref()),
            ],
            remarks,
            warnings,
        })
    }
}

/// An end with status 1 and these words.
pub(crate) fn refusal(words: impl fmt::Display) -> Exit {
    Exit { output: String::new(), error: format!("nanny: {words}\n"), status: 1 }
}

fn address(text: Option<&str>) -> Result<IpAddr, Exit> {
    let text = text.ok_or_else(|| refusal("No address supplied. Use '--help' for help. "))?;
    text.parse().map_err(|_| refusal(format_args!("bad IP address -- {text}")))
}

fn mode(options: &Options) -> Result<Mode, Exit> {
    match (options.fos, options.lvs) {
        (true, _) => Ok(Mode::Fos),
        (false, true) => Ok(Mode::Lvs),
        (false, false) => Err(refusal("unknown service type")),
    }
}

fn port(number: i32) -> Result<u16, Exit> {
    u16::try_from(number)
        .map_err(|_| refusal(format_args!("bad port -- {number} is not between 0 and 65535")))
}

/// What is asked and expected.
fn dialogue(
    options: &Options,
    port: u16,
    real_server: SocketAddr,
    remarks: &mut Vec<String>,
) -> Result<(Question, Expect), Exit> {
    let dialogue = Dialogue {
        virtual_port: port,
        udp: options.udp,
        send: options.send_string.as_deref().map(OsStrExt::as_bytes),
        expect: options.expect_string.as_deref().map(OsStrExt::as_bytes),
        regex: options.regex,
        literal: options.suppress,
    };
    if let Some(line) = &options.send_program {
        if let Some(send) = &options.send_string {
            let (line, send) = (line.display(), send.display());
            remarks.push(format!(
                "External program use requested: ({line}), IGNORING send string option ({send})"
            ));
        }
        let expect = options.expect_string.as_ref().map_or(Expect::Nothing, |_| dialogue.expectation());
        return Ok((Question::Program(program(line, options, port, real_server)?), expect));
    }
    if dialogue.is_assumed() {
        remarks.push("nanny: no monitor configured, assuming web service on port 80".to_owned());
    }
    Ok((dialogue.question(), dialogue.expectation()))
}

/// The check program, which finds in its environment what it may want to know (nanny.md 13, row 4).
fn program(line: &OsString, options: &Options, port: u16, real_server: SocketAddr) -> Result<Program, Exit> {
    let mut program = Program::from_line(line, real_server)
        .map_err(|reason| refusal(format_args!("bad check program -- {}: {reason}", line.display())))?;
    program.environment = vec![
        ("LVS_REAL_ADDRESS", real_server.ip().to_string().into()),
        ("LVS_REAL_PORT", real_server.port().to_string().into()),
        ("LVS_VIRTUAL_ADDRESS", options.virtaddress.clone().unwrap_or_default().into()),
        ("LVS_VIRTUAL_PORT", port.to_string().into()),
        ("LVS_FWMARK", options.fwmark.to_string().into()),
        ("LVS_PROTOCOL", if options.udp { "udp" } else { "tcp" }.into()),
    ];
    Ok(program)
}

/// The program that tells the load, unless it is the word `none`.
fn load(options: &Options, address: IpAddr) -> Option<Program> {
    (options.loadcmd != "none").then(|| load::program(&options.loadcmd, address))
}

fn detail(name: &str, text: Option<&OsString>) -> String {
    match text {
        Some(text) => format!("{name} len={}, text=\"{}\"", text.len(), text.display()),
        None => format!("{name} is NULL"),
    }
}

/// Only the first letter after an optional dash counts; anything unknown is masquerading (nanny.md 1).
fn method(word: &str, warnings: &mut Vec<String>) -> Method {
    match word.strip_prefix('-').unwrap_or(word).chars().next() {
        Some('g') => Method::DirectRouting,
        Some('i') => Method::Tunneling,
        Some('m') => Method::Masquerading,
        _ => {
            warnings.push(format!(
                "forwarding method {word} means masquerading; tunneling is i, direct routing g"
            ));
            Method::Masquerading
        }
    }
}
