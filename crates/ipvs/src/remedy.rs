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
        (AddService(key, service) | SetService(key, service), Errno::EEXIST) => {
            Remedy::Instead(SetService(*key, service.clone()))
        }
        (AddService(key, service) | SetService(key, service), Errno::ESRCH) => {
            Remedy::Instead(AddService(*key, service.clone()))
        }
        (AddDestination(key, at, to) | SetDestination(key, at, to), Errno::EEXIST) => {
            Remedy::Instead(SetDestination(*key, *at, to.clone()))
        }
        (AddDestination(key, at, to) | SetDestination(key, at, to), Errno::ENOENT) => {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Destination, DestinationKey, ForwardingMethod, Protocol, Scheduler, Service, ServiceKey};

    /// Each operation on one service and destination.
    fn operations() -> [Operation; 6] {
        let address = "192.0.2.1".parse().unwrap();
        let key = ServiceKey::Address { protocol: Protocol::Tcp, address, port: 80 };
        let at = DestinationKey { address: "10.0.0.2".parse().unwrap(), port: 80 };
        let service = Service::new(Scheduler::new("rr").unwrap());
        let destination = Destination::new(ForwardingMethod::DirectRoute, 1);
        [
            Operation::AddService(key, service.clone()),
            Operation::SetService(key, service),
            Operation::DeleteService(key),
            Operation::AddDestination(key, at, destination.clone()),
            Operation::SetDestination(key, at, destination),
            Operation::DeleteDestination(key, at),
        ]
    }

    #[test]
    fn the_way_there_follows_what_the_kernel_has() {
        let [add, set, delete, add_real, set_real, delete_real] = operations();
        let instead = |operation: &Operation| Remedy::Instead(operation.clone());
        let expected = [
            (&add, Errno::EEXIST, instead(&set)),
            (&set, Errno::ESRCH, instead(&add)),
            (&delete, Errno::ESRCH, Remedy::Done),
            (&add_real, Errno::EEXIST, instead(&set_real)),
            (&set_real, Errno::ENOENT, instead(&add_real)),
            (&delete_real, Errno::ENOENT, Remedy::Done),
            (&delete_real, Errno::ESRCH, Remedy::Done),
            // No such scheduler.
            (&add, Errno::ENOENT, Remedy::None),
            (&set, Errno::ENOENT, Remedy::None),
            (&set_real, Errno::ESRCH, Remedy::None),
            (&add_real, Errno::ESRCH, Remedy::None),
        ];
        for (operation, errno, remedy_expected) in expected {
            assert_eq!(remedy(operation, errno, false), remedy_expected, "{operation}: {errno}");
        }
    }

    #[test]
    fn a_restored_service_has_no_real_servers_yet() {
        let [.., add_real, set_real, delete_real] = operations();
        assert_eq!(remedy(&set_real, Errno::ESRCH, true), Remedy::Instead(add_real.clone()));
        assert_eq!(remedy(&add_real, Errno::ESRCH, true), Remedy::Instead(add_real));
        assert_eq!(remedy(&delete_real, Errno::ESRCH, true), Remedy::Done);
    }

    #[test]
    fn what_no_other_way_mends_stays_refused() {
        for operation in operations() {
            for errno in [Errno::EINVAL, Errno::EPERM, Errno::ENOMEM, Errno::ERANGE, Errno::EAFNOSUPPORT] {
                assert_eq!(remedy(&operation, errno, true), Remedy::None, "{operation}: {errno}");
            }
        }
    }
}
