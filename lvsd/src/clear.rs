//! `--clear`: takes out of the kernel what an lvsd that was killed left there. pulse asks for it before it stands by.

use std::path::Path;

use anyhow::Result;
use control::command::SOCKET;
use service::control_socket;
use service::log::Destination;
use service::pid_file::PidFile;

use crate::PID_FILE;
use crate::kernel::{Kernel, Wishes};
use crate::record::Record;
use crate::sysctls::Sysctls;

/// Removes lvsd's services, its pid file and its socket, and gives the kernel's switches back. What is others' stays.
/// Returns the exit status.
///
/// # Errors
///
/// While another lvsd runs, and without the kernel's table.
pub(crate) fn run() -> Result<u8> {
    service::log::init("lvsd", Destination::Both, false);
    let pid_file = PidFile::write(Path::new(PID_FILE))?;
    let status = clear(&mut Kernel::connect()?, &mut Record::load());
    Sysctls::default().restore();
    control_socket::remove_dead("lvsd", Path::new(SOCKET))?;
    pid_file.remove();
    Ok(status)
}

fn clear(kernel: &mut Kernel, record: &mut Record) -> u8 {
    if remove(kernel, record.services().iter().copied().collect()) {
        record.remove();
        return 0;
    }
    1
}

/// Removes these services as far as they are there, and names each in the log. Answers with whether all are gone.
pub(crate) fn remove(kernel: &mut Kernel, services: Vec<ipvs::ServiceKey>) -> bool {
    let gone: Wishes = services.into_iter().map(|key| (key, None)).collect();
    let outcome = kernel.bring_about(&gone);
    for operation in &outcome.done {
        tracing::warn!("removed virtual service {}: it was left behind", operation.service());
    }
    for refused in &outcome.refused {
        tracing::error!("a virtual service was left behind and stays: {}", refused.reason);
    }
    outcome.refused.is_empty()
}
