//! How a monitor is started: with arguments in exactly Piranha's order (specification lvsd.md 5.2), since a
//! `client_monitor` that is not ours reads them, too. What only our nanny knows goes to no other, and only if the file has it.

use std::ffi::{OsStr, OsString};
use std::net::IpAddr;
use std::os::unix::ffi::OsStringExt;
use std::rc::Rc;
use std::time::Duration;

use lvs_cf::{Config, ForwardingMethod, Protocol, RealServer, Text, VirtualServer};

use crate::plan::{Mode, is_nanny};

/// What the monitors of a virtual server have in common. Kept once: a file may have tens of thousands of real servers.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Monitoring {
    program: OsString,
    virtual_port: OsString,
    /// What stands between the real server's port and its weight.
    before_weight: Vec<OsString>,
    behind_weight: Vec<OsString>,
}

/// Program and arguments of one monitor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Invocation {
    monitoring: Rc<Monitoring>,
    address: IpAddr,
    port: i32,
    weight: i32,
}

impl Monitoring {
    /// For the real servers of a virtual server.
    pub(crate) fn new(config: &Config, block: &VirtualServer, mode: Mode) -> Self {
        Self {
            program: block.client_monitor.as_os_str().to_owned(),
            virtual_port: block.port.to_string().into(),
            before_weight: before_weight(config, block, mode),
            behind_weight: behind_weight(config, block, mode),
        }
    }
}

impl Invocation {
    /// For one of the real servers. `address` is its own.
    pub(crate) fn new(monitoring: &Rc<Monitoring>, server: &RealServer, address: IpAddr) -> Self {
        let monitoring = Rc::clone(monitoring);
        Self { monitoring, address, port: server.port, weight: server.weight }
    }

    /// The program.
    pub(crate) fn program(&self) -> &OsString {
        &self.monitoring.program
    }

    /// The arguments behind the program's name.
    pub(crate) fn arguments(&self) -> Vec<OsString> {
        let mut words = Words::default();
        words.flag("-c", true);
        words.option("-h", self.address.to_string());
        words.option("-p", &self.monitoring.virtual_port);
        words.option("-r", self.port.to_string());
        words.0.extend_from_slice(&self.monitoring.before_weight);
        words.option("-w", self.weight.to_string());
        words.0.extend_from_slice(&self.monitoring.behind_weight);
        words.0
    }
}

fn before_weight(config: &Config, block: &VirtualServer, mode: Mode) -> Vec<OsString> {
    let mut words = Words::default();
    if block.fwmark != 0 {
        words.option("-f", block.fwmark.to_string());
    }
    words.flag("-u", block.protocol == Protocol::Udp);
    words.text("-e", block.send_program.as_ref());
    words.text("-s", block.send.as_ref());
    words.text("-x", block.expect.as_ref());
    words.flag("-q", block.quiesce_server);
    words.flag("--regex", block.use_regex);
    words.flag("-v", mode.verbose);
    words.option("-a", block.reentry.to_string());
    words.option("-I", config.ipvsadm.as_os_str());
    // Below 1 it counts as 1 (nanny.md 13, row 21), and nanny would refuse it.
    words.option("-t", block.timeout.max(1).to_string());
    words.0
}

fn behind_weight(config: &Config, block: &VirtualServer, mode: Mode) -> Vec<OsString> {
    let mut words = Words::default();
    if let Some(address) = block.address {
        words.option("-V", address.to_string());
    }
    words.option("-M", method_letter(config.network));
    if let Some(load_monitor) = &block.load_monitor {
        let program = if load_monitor == "uptime" { &config.rsh_command } else { load_monitor };
        words.option("-U", program.as_os_str());
    }
    words.flag("--nodaemon", mode.nodaemon || block.sorry_server.is_some());
    if is_nanny(&block.client_monitor) {
        words.extensions(block);
    }
    words.flag("--lvs", true);
    words.0
}

#[derive(Default)]
struct Words(Vec<OsString>);

impl Words {
    fn flag(&mut self, name: &str, given: bool) {
        if given {
            self.0.push(name.into());
        }
    }

    fn option(&mut self, name: &str, value: impl AsRef<OsStr>) {
        self.0.extend([name.into(), value.as_ref().to_owned()]);
    }

    fn extensions(&mut self, block: &VirtualServer) {
        self.seconds("--check-interval", block.check_interval);
        self.seconds("--check-timeout", block.check_timeout);
        self.number("--rise", block.rise);
        self.number("--fall", block.fall);
    }

    fn seconds(&mut self, name: &str, time: Option<Duration>) {
        if let Some(time) = time {
            self.option(name, time.as_secs_f64().to_string());
        }
    }

    fn number(&mut self, name: &str, number: Option<u32>) {
        if let Some(number) = number {
            self.option(name, number.to_string());
        }
    }

    fn text(&mut self, name: &str, value: Option<&Text>) {
        if let Some(value) = value {
            self.option(name, OsString::from_vec(value.effective()));
        }
    }
}

fn method_letter(network: ForwardingMethod) -> &'static str {
    match network {
        ForwardingMethod::Nat => "m",
        ForwardingMethod::Direct => "g",
        ForwardingMethod::Tunnel => "i",
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use lvs_cf::{Config, NumbersOnly};

    use crate::plan::{Mode, Plan};

    fn vectors(text: &str, mode: Mode) -> Vec<String> {
        let plan = Plan::new(&Config::parse(text.as_bytes(), &NumbersOnly).unwrap().config, mode);
        let words = |arguments: &[std::ffi::OsString]| {
            arguments
                .iter()
                .map(|word| format!("{:?}", word.as_os_str() as &OsStr))
                .collect::<Vec<_>>()
                .join(" ")
        };
        plan.monitors.values().map(|monitor| words(&monitor.invocation.arguments())).collect()
    }

    #[test]
    fn the_order_is_that_of_piranha() {
        let text = r#"
network = nat
virtual web {
     active = 1
     address = 10.1.9.100 eth0:1
     send = "GET / HTTP/1.0\r\n\r\n"
     expect = "HTTP"
     timeout = 2
     reentry = 6
     load_monitor = none
     server one {
         address = 10.1.1.2
         active = 1
         weight = 100
     }
}
"#;
        insta::assert_snapshot!(
            vectors(text, Mode { nodaemon: false, verbose: false }).concat(),
            @r#""-c" "-h" "10.1.1.2" "-p" "80" "-r" "80" "-s" "GET / HTTP/1.0\\r\\n\\r\\n" "-x" "HTTP" "-a" "6" "-I" "/sbin/ipvsadm" "-t" "2" "-w" "100" "-V" "10.1.9.100" "-M" "m" "-U" "none" "--lvs""#
        );
    }

    #[test]
    fn every_argument_stands_where_piranha_puts_it() {
        let text = r#"
network = tunnel
rsh_command = ssh
virtual dns {
     active = 1
     address = 10.1.9.100 eth0:1
     fwmark = 5
     protocol = udp
     port = 53
     send_program = "/bin/check %h"
     send = 'quit'
     expect = ""
     use_regex = 1
     quiesce_server = 1
     load_monitor = uptime
     server one {
         address = 10.1.1.2
         port = 5353
         active = 1
     }
}
"#;
        insta::assert_snapshot!(
            vectors(text, Mode { nodaemon: true, verbose: true }).concat(),
            @r#""-c" "-h" "10.1.1.2" "-p" "53" "-r" "5353" "-f" "5" "-u" "-e" "/bin/check %h" "-s" "'quit'" "-x" "" "-q" "--regex" "-v" "-a" "180" "-I" "/sbin/ipvsadm" "-t" "10" "-w" "1" "-V" "10.1.9.100" "-M" "i" "-U" "ssh" "--nodaemon" "--lvs""#
        );
    }
    #[test]
    fn a_timeout_below_one_second_is_handed_on_as_one() {
        for timeout in ["0", "-5"] {
            let text = format!(
                "virtual web {{\nactive = 1\naddress = 10.1.9.100 eth0:1\ntimeout = {timeout}\nserver one {{\n\
                 address = 10.1.1.2\nactive = 1\n}}\n}}\n"
            );
            let vector = vectors(&text, Mode { nodaemon: false, verbose: false }).concat();
            assert!(vector.contains(r#""-t" "1""#), "{vector}");
        }
    }

    #[test]
    fn what_piranha_does_not_know_stands_before_the_last_word_and_goes_to_nanny_alone() {
        let text = |monitor: &str| {
            format!(
                r"
virtual web {{
     active = 1
     address = 10.1.9.100 eth0:1
     port = 8080
     client_monitor = {monitor}
     #% check_interval = 250ms
     #% check_timeout = 1.5
     #% rise = 2
     #% fall = 3
     server one {{
         address = 10.1.1.2
         active = 1
     }}
}}
"
            )
        };
        let vector = |monitor| vectors(&text(monitor), Mode { nodaemon: false, verbose: false }).concat();
        insta::assert_snapshot!(vector("/usr/sbin/nanny"), @r#""-c" "-h" "10.1.1.2" "-p" "8080" "-r" "8080" "-a" "180" "-I" "/sbin/ipvsadm" "-t" "10" "-w" "1" "-V" "10.1.9.100" "-M" "m" "--check-interval" "0.25" "--check-timeout" "1.5" "--rise" "2" "--fall" "3" "--lvs""#);
        insta::assert_snapshot!(vector("/usr/sbin/watcher"), @r#""-c" "-h" "10.1.1.2" "-p" "8080" "-r" "8080" "-a" "180" "-I" "/sbin/ipvsadm" "-t" "10" "-w" "1" "-V" "10.1.9.100" "-M" "m" "--lvs""#);
    }
}
