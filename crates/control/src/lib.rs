//! What the daemons tell each other: one JSON object a line over unix stream sockets.
//!
//! A program meets another program only here. Parents hand their children one end of a socket pair and name the
//! descriptor in the environment, so that command lines stay exactly those of Piranha:
//!
//! - [`readiness`]: lvsd tells pulse that the kernel's table is programmed.
//! - [`report`]: nanny tells lvsd whether a real server is up, and its weight.
//! - [`pool`]: lvsd and the one nanny that checks many real servers.
//! - [`request`]: how an administrator asks a daemon.
//! - [`command`], [`status`], [`overview`]: what is asked of lvsd, and what it tells.
//! - [`pulse`]: the same for pulse.
//! - [`helper`]: what piranha-gui asks of piranha-helper.
//! - [`decisions`]: what of that outlives lvsd, in a file.
//! - [`record`]: what pulse and lvsd have put into the kernel, in files.
//! - [`transfer`]: how lvs.cf comes to the partner, over ssh.
//! - [`tokens`]: what a monitor that is not ours tells lvsd, in lines of Piranha's log.
//! - [`lines`]: how messages become bytes and back, bounded.

pub mod command;
pub mod decisions;
pub mod helper;
pub mod lines;
pub mod overview;
pub mod pool;
pub mod pulse;
pub mod readiness;
pub mod record;
pub mod report;
pub mod request;
pub mod status;
pub mod tokens;
pub mod transfer;
