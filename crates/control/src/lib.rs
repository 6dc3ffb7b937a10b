//! What the daemons tell each other: one JSON object a line over unix stream sockets.
//!
//! A program meets another program only here. Parents hand their children one end of a socket pair and name the
//! descriptor in the environment, so that command lines stay exactly those of Piranha:
//!
//! - [`readiness`]: lvsd tells pulse that the kernel's table is programmed.
//! - [`report`]: nanny tells lvsd whether a real server is up, and its weight.
//! - [`lines`]: how messages become bytes and back, bounded.

pub mod lines;
pub mod readiness;
pub mod report;
