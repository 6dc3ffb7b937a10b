//! The heartbeat between two routers, and the decision which of them is active.
//!
//! Nothing here touches a socket, a clock or a process. A [`Machine`] takes an [`Event`] and the time, and answers with
//! a list of [`Action`]s that the caller carries out; [`Machine::next_wake`] says when it wants to be called again.
//!
//! ```text
//!   datagrams ─┐                                         ┌─ send a heartbeat on every link
//!   timer     ─┤   reception ── partner                  ├─ start, stop, kill lvsd; sync daemon; commands
//!   lvsd      ─┼─► links       ── Machine ── duty ───────┼─ raise, drop, announce the floating addresses
//!   addresses ─┤   supervision ── hold-down              ├─ log a line
//!   signals   ─┘                                         └─ exit
//! ```
//!
//! With `service = fos` it is a [`FosMachine`]: both routers run fos, and what one finds failed on the other counts, too.
//!
//! - [`datagram`]: the four bytes on the wire, in either byte order.
//! - [`trailer`]: what may follow them.
//! - [`Exchange`]: what both routers say of themselves in it, and whether they are believed.
//! - [`Insight`]: what is told to those who ask how things are.
//! - [`Settings`]: what of `lvs.cf` decides.
//! - [`Line`]: every log line, with Piranha's words.
//!
//! Source: specification pulse.md sections 10 to 14, 20 and 21, and the decisions of its sections 23 and 24.

pub mod datagram;
pub mod trailer;

pub mod authentication;

mod event;
mod exchange;
mod fos;
mod history;
mod hold_down;
mod insight;
mod lateness;
mod line;
mod links;
mod machine;
mod overlap;
mod partner;
mod reception;
mod settings;
mod supervision;

pub use authentication::Authentication;
pub use datagram::{ByteOrder, Message};
pub use event::{Action, Datagram, Ending, Event, FosMode, Link, SyncMode};
pub use exchange::{Exchange, Heartbeat, Notice, PartnerReport, Received};
pub use fos::FosMachine;
pub use history::{Cause, Transition};
pub use insight::{Insight, LinkInsight};
pub use line::{HandOverLine, Line, Severity};
pub use machine::{Machine, Obstacle, Progress, State};
pub use reception::Complaint;
pub use settings::{Partner, Role, Settings};
pub use trailer::Trailer;

/// A moment, as the time since an origin of the caller's choice, on a clock that never goes back.
pub type Moment = std::time::Duration;
