//! A terminal that does not show what is typed, and shows it again whatever happens.

use std::io::{self, IsTerminal as _};
use std::os::fd::AsFd as _;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal, raise};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};

/// Those that end a process that does not expect them.
const DEADLY: [Signal; 4] = [Signal::SIGHUP, Signal::SIGINT, Signal::SIGQUIT, Signal::SIGTERM];

/// Standard input; if it is a terminal, without echo.
pub(crate) struct Quiet {
    terminal: Option<Terminal>,
}

struct Terminal {
    before: Termios,
    /// Tells of a deadly signal, which is held back until there is an echo again.
    signals: SignalFd,
    held_back: SigSet,
}

impl Quiet {
    /// Typed characters that are still to be read were shown already, and are dropped.
    pub(crate) fn begin() -> io::Result<Self> {
        let input = io::stdin();
        if !input.is_terminal() {
            return Ok(Self { terminal: None });
        }
        let deadly = SigSet::from_iter(DEADLY);
        // Stopping waits until there is an echo again.
        let mut held_back = deadly;
        held_back.add(Signal::SIGTSTP);
        let signals = SignalFd::with_flags(&deadly, SfdFlags::SFD_CLOEXEC)?;
        held_back.thread_block()?;
        let before = tcgetattr(&input)?;
        let mut quiet = before.clone();
        quiet.local_flags.remove(LocalFlags::ECHO | LocalFlags::ECHONL);
        let terminal = Terminal { before, signals, held_back };
        tcsetattr(&input, SetArg::TCSAFLUSH, &quiet)?;
        Ok(Self { terminal: Some(terminal) })
    }

    /// Reads what there is, or waits for it; 0 is the end. A deadly signal meanwhile ends the process, echo restored.
    pub(crate) fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        self.wait()?;
        loop {
            match nix::unistd::read(io::stdin(), room) {
                Err(Errno::EINTR) => {}
                read => return Ok(read?),
            }
        }
    }

    fn wait(&mut self) -> io::Result<()> {
        let Some(terminal) = &self.terminal else { return Ok(()) };
        let input = io::stdin();
        let mut descriptors = [
            PollFd::new(input.as_fd(), PollFlags::POLLIN),
            PollFd::new(terminal.signals.as_fd(), PollFlags::POLLIN),
        ];
        while let Err(error) = poll(&mut descriptors, PollTimeout::NONE) {
            if error != Errno::EINTR {
                return Err(error.into());
            }
        }
        let [_, signalled] = &descriptors;
        if signalled.any() == Some(true) {
            let signal = terminal.signals.read_signal()?;
            let number = signal.and_then(|signal| i32::try_from(signal.ssi_signo).ok());
            self.terminal = None;
            if let Some(signal) = number.and_then(|number| Signal::try_from(number).ok()) {
                raise(signal)?;
            }
        }
        Ok(())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _it_may_be_gone = tcsetattr(io::stdin(), SetArg::TCSANOW, &self.before);
        let _what_was_blocked_can_be_unblocked = self.held_back.thread_unblock();
    }
}
