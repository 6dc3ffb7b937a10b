//! Time-outs of connections.

use std::time::Duration;

/// After how long without a packet the kernel forgets a connection; whole seconds, per network namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// Established TCP; the kernel's own value is 900 s.
    pub tcp: Duration,
    /// TCP after a FIN; the kernel's own value is 120 s.
    pub tcp_fin: Duration,
    /// UDP; the kernel's own value is 300 s.
    pub udp: Duration,
}
