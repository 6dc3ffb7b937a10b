//! What to do about an error (the table in specification lvs-cf.md section 7).

use crate::fault::Fault;
use crate::frame::Words;
use crate::outline::Block;

/// The hint for a fault on a line, given the sections that are open there, outermost first.
pub(crate) fn for_fault(_words: Words<'_>, _fault: &Fault, _open: &[&Block]) -> Option<String> {
    None
}
