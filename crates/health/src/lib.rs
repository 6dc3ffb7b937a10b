//! Health of real servers: what a check does, and what its results mean.
//!
//! Without I/O:
//!
//! - [`state`]: when a real server is in service and with which weight: results and time in, actions out.
//! - [`policy`]: the numbers that it goes by.
//! - [`cadence`]: when the next check begins, and how long it may last.
//! - [`spread`]: when each of many real servers is checked for the first time.
//! - [`partner`]: when the partner's service counts as lost (`--fos`).
//! - [`dialogue`], [`expect`], [`expression`], [`escape`]: what is sent, what makes an answer good, and how that is written.
//! - [`program`]: the line that names a check program.
//! - [`failure`], [`line`]: why a check was bad, and what is logged, in the words that Piranha's users search for.
//!
//! With sockets and processes:
//!
//! - [`probe`]: one check over TCP or UDP, or by a program.
//! - [`load`]: the load of a real server.

pub mod cadence;
pub mod dialogue;
pub mod escape;
pub mod expect;
pub mod expression;
pub mod failure;
pub mod line;
pub mod load;
pub mod partner;
pub mod policy;
pub mod probe;
pub mod program;
mod running;
pub mod spread;
pub mod state;
