//! Two routers, three real servers and a client on one desk.
//!
//! Machines, switches, cables and traffic are values, so that a test reads as prose:
//!
//! ```no_run
//! # use std::time::Duration;
//! # use lab::{Pair, Routing};
//! let pair = Pair::boot(Routing::Direct);
//! pair.primary.start("pulse", &["--nodaemon"]);
//! let traffic = pair.client.request(pair.floating());
//! traffic.wait_for_answers(10);
//!
//! let event = traffic.moment();
//! pair.lab.power_off(&pair.primary);
//! traffic.expect_answers_within(Duration::from_millis(3500), event);
//! ```
//!
//! A machine is a set of namespaces with a process list, network, `/run`, `/var`, `/etc`, `/dev/log` and `/usr/sbin` of its own;
//! the daemons that were built beside the running program lie in its `/usr/sbin`.
//!
//! The kernel below them needs IPVS. If the kernel of the computer has it and we are root, it is used; otherwise a
//! user-mode-linux kernel is booted with the same program inside ([`kernel`]). Nothing is installed and nothing is left
//! behind in either case: a test runs in a [`world`] that ends with its first process.
//!
//! One test, or a group: `./test lab pair::the_backup_takes_over`, `./test lab pair`. The same without the script:
//! `cargo build --profile lab --workspace --bins --examples && target/lab/lab-tests pair`.
//!
//! This is test code: a surprise is a panic, and a panic prints every machine's log, addresses, table and processes.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::missing_panics_doc)]

pub mod address;
pub mod administrator;
pub mod announced;
pub mod browser;
pub mod capture;
pub mod checked;
pub mod command;
pub mod conversation;
pub mod dice;
pub mod init_scripts;
pub mod installed;
pub mod ipv6;
pub mod kernel;
pub mod log;
pub mod lvs_cf;
pub mod machine;
pub mod mark;
pub mod network;
pub mod page;
pub mod pair;
mod port;
pub mod process;
pub mod report;
pub mod role;
pub mod suite;
pub mod table;
pub mod text_browser;
pub mod traffic;
pub mod troubleshooting;
pub mod wait;
pub mod web;
pub mod world;

pub use browser::Browser;
pub use capture::Capture;
pub use command::Outcome;
pub use conversation::Conversations;
pub use machine::Machine;
pub use network::{Lab, Switch};
pub use pair::{Pair, Routing};
pub use traffic::{Moment, Traffic};
pub use wait::wait_until;
