//! When the kernel's switches are put.
//!
//! The kernel keeps the connections of services that are removed. On a router that served before and serves again they
//! belong to real servers that are not in the table until their first check. With `expire_nodest_conn` on, a packet in
//! that time would cost the connection; with it off the packet is dropped, and its repetition finds the real server.

use std::time::Duration;

use lvs_cf::Config;

use super::Daemon;
use crate::plan::Plan;
use crate::sysctls::{self, Switch};

/// A real server that nobody can say anything of is waited for so long after the start.
const PATIENCE: Duration = Duration::from_secs(10);

impl Daemon {
    /// Gives back what this configuration does not want, and remembers the rest for
    /// [`switch_on`](Self::switch_on).
    pub(super) fn want_switches(&mut self, config: &Config, plan: &Plan) {
        let (on, off): (Vec<_>, Vec<_>) =
            sysctls::wanted(config, plan).into_iter().partition(|(_, wanted)| *wanted);
        self.sysctls.bring_about(&off);
        self.switches = on;
    }

    /// Puts what is wanted, once the table has every real server that is alive.
    pub(super) fn switch_on(&mut self) {
        if self.state.knows_every_real_server() || self.now() >= PATIENCE {
            let wanted: Vec<(Switch, bool)> = std::mem::take(&mut self.switches);
            self.sysctls.bring_about(&wanted);
        }
    }
}
