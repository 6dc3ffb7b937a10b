//! What runs: whether pulse does, what lvsd and the kernel do, now and in the last hour.

pub(crate) mod clock;
pub(crate) mod daemon_state;
pub(crate) mod history;
pub(crate) mod picture;
pub(crate) mod processes;
pub(crate) mod routing_table;
