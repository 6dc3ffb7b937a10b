//! What of `lvs.cf` decides which router is active.

use std::net::IpAddr;
use std::time::Duration;

/// Which router this is. Fixed at start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The log says MASTER. When both routers are active, it stays.
    Primary,
    /// When both routers are active, it yields.
    Backup,
}

/// The other router's addresses. Heartbeats from any other address are not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Partner {
    /// On the public link.
    pub public: IpAddr,
    /// On the private link, if there is one.
    pub private: Option<IpAddr>,
}

/// Settings of the [`Machine`](crate::Machine). They may change while it runs, all but the role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Which router this is.
    pub role: Role,
    /// The other one, if it is known.
    pub partner: Option<Partner>,
    /// Whether this router speaks to its partner (`backup_active`). What it hears counts either way.
    pub backup_active: bool,
    /// Interval of sending.
    pub keepalive: Duration,
    /// Silence after which the partner is dead.
    pub deadtime: Duration,
    /// Whether lvsd runs while this router is not active, too, so that a takeover finds the kernel's table programmed. Not
    /// with `service = fos`.
    pub hot_standby: bool,
    /// Whether a link that is down makes this router inactive.
    pub monitor_links: bool,
    /// `service = fos`: how long the stop commands of all services together may take. fos sees to that itself; one that
    /// takes longer is killed.
    pub services_stop_within: Duration,
}

impl Settings {
    /// Whether there is somebody to speak to.
    pub(crate) fn speaks(&self) -> bool {
        self.backup_active && self.partner.is_some()
    }

    /// Links are watched only where a partner can take over.
    pub(crate) fn watches_links(&self) -> bool {
        self.monitor_links && self.backup_active
    }

    /// How long lvsd may take to end before it is killed: never longer than the partner would wait for this router.
    pub(crate) fn stop_patience(&self) -> Duration {
        self.deadtime.min(Duration::from_secs(5))
    }
}

impl Partner {
    /// Whether an address is the partner's. Either of its addresses is believed on either link.
    pub fn owns(&self, address: IpAddr) -> bool {
        address == self.public || Some(address) == self.private
    }
}
