//! What to do when the kernel's table is not what an operation expects: someone else changed it, or an earlier try
//! got through although its answer was lost. The wanted state counts, not the way there.

use netlink::Errno;

use crate::Operation;

/// How to go on after a refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// It is as wanted already.
    Done,
    /// Ask for this instead.
    Instead(Operation),
    /// Nothing helps.
    None,
}

/// How to go on after `operation` was refused with `errno`. `service_restored` tells that the operation's virtual
/// server was missing and is added anew in the same round, so that its real servers are gone as well.
///
/// Source: specification ipvs-netlink.md, section 11.
pub(crate) fn remedy(operation: &Operation, errno: Errno, service_restored: bool) -> Remedy {
    use Operation::{
        AddDestination, AddService, DeleteDestination, DeleteService, SetDestination, SetService,
    };
    match (operation, errno) {
        (AddService(key, service), Errno::EEXIST) => Remedy::Instead(SetService(*key, service.clone())),
        (SetService(key, service), Errno::ESRCH) => Remedy::Instead(AddService(*key, service.clone())),
        (AddDestination(key, at, to), Errno::EEXIST) => {
            Remedy::Instead(SetDestination(*key, *at, to.clone()))
        }
        (SetDestination(key, at, to), Errno::ENOENT) => {
            Remedy::Instead(AddDestination(*key, *at, to.clone()))
        }
        (AddDestination(key, at, to) | SetDestination(key, at, to), Errno::ESRCH) if service_restored => {
            Remedy::Instead(AddDestination(*key, *at, to.clone()))
        }
        (DeleteService(_), Errno::ESRCH) | (DeleteDestination(..), Errno::ESRCH | Errno::ENOENT) => {
            Remedy::Done
        }
        _ => Remedy::None,
    }
}
