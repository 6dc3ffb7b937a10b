//! Piranha's configuration file `lvs.cf`: bytes become a lossless [`Document`] and a typed [`Config`], with every
//! mistake shown where it stands; edits touch only the lines they must.
//!
//! Nothing here does I/O, and names are looked up through [`Names`], except in two modules that programs need:
//! [`mod@file`] reads and saves by the rules of the format, and [`system`] asks the system's resolver.
//!
//! ```
//! use lvs_cf::{Config, Document, NumbersOnly, Place, check};
//!
//! let text = b"virtual web {\n     active = 1\n     address = 192.0.2.80 eth0:1\n     port = 80\n}\n";
//! let parsed = Config::parse(text, &NumbersOnly)?;
//! assert_eq!(parsed.config.virtual_servers[0].port_number(), Some(80));
//!
//! let mut document: Document = parsed.document;
//! document.set(Place::Virtual(0), "port", &["8080"])?;
//! assert!(document.as_bytes().ends_with(b"     port = 8080\n}\n"));
//!
//! let report = check(document.as_bytes(), &NumbersOnly);
//! println!("{}", report.render("/etc/sysconfig/ha/lvs.cf".as_ref()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Source: specification lvs-cf.md.

mod config;
mod diagnostic;
mod document;
mod draft;
mod edit;
mod error;
mod fault;
pub mod file;
mod fixed;
mod frame;
mod given;
mod hint;
mod keyword;
mod names;
mod number;
mod outline;
mod parse;
mod reader;
mod refusal;
mod report;
mod sanity;
pub mod system;
mod time;
mod token;
mod value;
mod values;
mod warning;
mod word;
mod written;

pub use config::{Config, Failover, NatRouter, Node, RealServer, VirtualServer, prefix_length};
pub use diagnostic::{Diagnostic, Severity};
pub use document::{Document, Line};
pub use edit::{EditError, Form, Place};
pub use error::{ErrorKind, Errors, ParseError};
pub use fixed::{
    ForwardingMethod, HeartbeatAuth, Protocol, ReservationConflict, Scheduler, Service, UnknownWord,
};
pub use given::Given;
pub use keyword::{Entry, Kind, vocabulary};
pub use names::{Names, NumbersOnly};
pub use parse::Parsed;
pub use refusal::Refusal;
pub use report::{Report, check};
pub use time::Time;
pub use values::Values;
pub use warning::{Warning, Warnings};
pub use word::{Quote, Text, Word};
pub use written::Unwritable;

/// The longest file that is read, in bytes: 16 MiB (specification lvs-cf.md section 1).
pub const MAX_BYTES: usize = 16 << 20;
