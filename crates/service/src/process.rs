//! The few system calls that the compiler cannot check, each with the reason why it is sound.
#![allow(unsafe_code)]

use std::ffi::CStr;
use std::fs;
use std::io;
use std::os::fd::{AsFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use nix::libc;
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::{Signal, raise};
use nix::sys::socket::{SockType, getsockopt, sockopt};
use nix::unistd::{ForkResult, fork, getpid, getppid};

/// How long finished threads may take to end before a fork.
const THREADS_END: Duration = Duration::from_secs(1);

/// Which of the two processes this is after [`split`].
pub(crate) enum Split {
    /// The old process; the new one has this pid.
    Parent(nix::unistd::Pid),
    /// The new process.
    Child,
}

/// Forks.
///
/// # Errors
///
/// Refused while the process has more than one thread (the child would have only this one, with the locks of the
/// others held for ever), and what fork(2) says.
pub(crate) fn split() -> io::Result<Split> {
    let threads = threads_left()?;
    if threads != 1 {
        return Err(io::Error::other(format!("cannot detach with {threads} threads running")));
    }
    // SAFETY: there is one thread, so the child is a whole copy of the process.
    match unsafe { fork() }? {
        ForkResult::Parent { child } => Ok(Split::Parent(child)),
        ForkResult::Child => Ok(Split::Child),
    }
}

/// Counts this process's threads; one that has just done its work (a name looked up) is given a moment to end.
fn threads_left() -> io::Result<usize> {
    let deadline = Instant::now() + THREADS_END;
    loop {
        let threads = fs::read_dir("/proc/self/task")?.count();
        if threads == 1 || Instant::now() >= deadline {
            return Ok(threads);
        }
        thread::sleep(Duration::from_millis(1));
    }
}

/// Takes over a socket that the parent process opened for this one.
///
/// # Errors
///
/// If the number is not that of an open stream socket, or is one of the standard three.
pub(crate) fn adopt_socket(number: RawFd) -> io::Result<OwnedFd> {
    if number <= 2 {
        return Err(io::Error::other(format!("descriptor {number} is not for this use")));
    }
    // SAFETY: only looked at through a borrow that ends before anybody can close it.
    let borrowed = unsafe { std::os::fd::BorrowedFd::borrow_raw(number) };
    if getsockopt(&borrowed.as_fd(), sockopt::SockType)? != SockType::Stream {
        return Err(io::Error::other(format!("descriptor {number} is not a stream socket")));
    }
    // SAFETY: the parent opened this descriptor for us and named it; no other code of this process owns it, since it
    // is called once, before anything else opens sockets.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}

/// Has the child that `command` starts get SIGTERM when this thread ends, however it ends (prctl(2),
/// `PR_SET_PDEATHSIG`). Start it from the thread that lives as long as the process.
pub fn end_with_parent(command: &mut Command) {
    let parent = getpid();
    let ask = move || {
        set_pdeathsig(Signal::SIGTERM)?;
        if getppid() != parent {
            // It ended before the kernel was asked.
            raise(Signal::SIGTERM)?;
        }
        Ok(())
    };
    // SAFETY: between fork and exec nothing but system calls is made, and no memory is allocated.
    unsafe { command.pre_exec(ask) };
}

/// Posts the POSIX semaphore of this name (`sem_overview(7)`) and removes the name, which whoever waits does not
/// need any more. It is made if it is not there.
///
/// # Errors
///
/// What `sem_open(3)` or `sem_post(3)` say.
pub fn post_semaphore(name: &CStr) -> io::Result<()> {
    const MODE: libc::c_uint = 0o644;
    const VALUE: libc::c_uint = 0;
    // SAFETY: the name ends in a zero byte, and the two further arguments are those that O_CREAT asks for.
    let semaphore = unsafe { libc::sem_open(name.as_ptr(), libc::O_CREAT, MODE, VALUE) };
    if semaphore == libc::SEM_FAILED {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: just opened, and closed only below.
    let posted = match unsafe { libc::sem_post(semaphore) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    };
    // SAFETY: the semaphore is not used after this, nor is its name kept.
    unsafe {
        libc::sem_close(semaphore);
        libc::sem_unlink(name.as_ptr());
    }
    posted
}

/// Gives the system back what memory is not used any more: the C library of GNU keeps it, once something large was there
/// (`malloc_trim(3)`).
pub fn give_memory_back() {
    #[cfg(target_env = "gnu")]
    // SAFETY: the allocator looks after its own, under its own locks.
    unsafe {
        libc::malloc_trim(0);
    }
}

/// Keeps the descriptors that are open now, but for the standard three, from the programs that this process starts: a
/// parent may have left some open.
///
/// # Errors
///
/// If `/proc` does not tell which are open.
pub fn close_on_exec() -> io::Result<()> {
    for entry in fs::read_dir("/proc/self/fd")? {
        let number = entry?.file_name().to_str().and_then(|name| name.parse().ok()).unwrap_or(0);
        if number > 2 {
            // SAFETY: no descriptor is closed; what its owner does with it stays possible.
            unsafe { libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC) };
        }
    }
    Ok(())
}
