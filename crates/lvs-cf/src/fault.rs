//! What a value or statement is found to be wrong in, before it is known where that is.

use std::ops::Range;

use crate::error::ErrorKind;
use crate::warning::Warning;

/// A reason to refuse a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) kind: ErrorKind,
    /// The bytes of the line that it is about.
    pub(crate) span: Range<usize>,
    pub(crate) cause: Cause,
}

/// What is known about a fault beyond its kind; becomes the hint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// The kind says it all, or the line tells.
    Plain,
    /// The word is none of these.
    NotOneOf(&'static [&'static str]),
    /// The word would be right in another case.
    Case(&'static str),
    /// A name that does not resolve.
    Unresolved,
    /// An IPv6 address where Piranha takes IPv4 only.
    Ipv6,
    /// 0.0.0.0 where an address must stand.
    ZeroAddress,
    /// A value of ours on an ordinary line.
    ValueOfOurs,
    /// A keyword of ours on an ordinary line.
    KeywordOfOurs,
    /// Not a time.
    NotATime,
    /// Not a number of checks.
    NotACount,
    /// An ordinary line in a section that an extension line opened.
    OrdinaryInExtension,
    /// An extension line closes what an ordinary line opened.
    ExtensionClosesOrdinary,
}

impl Fault {
    pub(crate) fn new(kind: ErrorKind, span: Range<usize>) -> Self {
        Self { kind, span, cause: Cause::Plain }
    }

    pub(crate) fn because(mut self, cause: Cause) -> Self {
        self.cause = cause;
        self
    }
}

/// Something to warn of on the line being read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Remark {
    pub(crate) warning: Warning,
    pub(crate) span: Range<usize>,
    pub(crate) message: String,
}
