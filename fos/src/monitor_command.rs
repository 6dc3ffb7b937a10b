//! How nanny is started: with arguments in exactly Piranha's order (specification fos.md 6).

use std::ffi::{OsStr, OsString};
use std::net::IpAddr;
use std::os::unix::ffi::OsStringExt;

use lvs_cf::{Failover, Protocol, Text};

use crate::options::Options;

/// The command for the service of a section. One without an address cannot be watched: no words.
pub(crate) fn monitor_command(
    section: &Failover,
    partner: Option<IpAddr>,
    options: &Options,
) -> Vec<OsString> {
    let Some(address) = section.address else { return Vec::new() };
    let mut words = Words(vec![options.nanny.clone().into(), "-c".into()]);
    words.option("-h", address.to_string());
    if let Some(partner) = partner {
        words.option("-V", partner.to_string());
    }
    words.option("-p", section.port.to_string());
    words.flag("-v", options.verbose);
    words.flag("-u", section.protocol == Protocol::Udp);
    words.text("-e", section.send_program.as_ref());
    words.text("-s", section.send.as_ref());
    words.text("-x", section.expect.as_ref());
    // Below 1 it counts as 1 (nanny.md 13, row 21), and nanny would refuse it.
    words.option("-t", section.timeout.max(1).to_string());
    words.flag("--nodaemon", options.nodaemon);
    words.flag("--fos", true);
    words.0
}

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

    fn text(&mut self, name: &str, value: Option<&Text>) {
        if let Some(value) = value {
            self.option(name, OsString::from_vec(value.effective()));
        }
    }
}
