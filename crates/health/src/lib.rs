//! Health of real servers: what a check does, and what its results mean.
//!
//! - [`state`]: when a real server is in service and with which weight. No I/O: results and time in, actions out.
//! - [`partner`]: when the partner's service counts as lost (`--fos`). No I/O either.
//! - [`probe`]: one check over TCP or UDP, or by a program. The only place with sockets and processes.
//! - [`program`]: the line that names a check program.
//! - [`failure`], [`line`]: why a check was bad, and what is logged, in the words that Piranha's users search for.
//! - [`escape`]: the backslash sequences of send and expect strings.
//! - [`expect`]: what makes an answer good.
//! - [`expression`]: POSIX extended regular expressions.

pub mod escape;
pub mod expect;
pub mod expression;
pub mod failure;
pub mod line;
pub mod partner;
pub mod probe;
pub mod program;
pub mod state;
