//! What a pair is made of, and what may befall it.

use heartbeat::{Link, Moment};

/// Of one case.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "independent of each other")]
pub(crate) struct Parameters {
    pub(crate) keepalive: Moment,
    pub(crate) deadtime: Moment,
    pub(crate) longest_delay: Moment,
    /// Whether later datagrams may overtake earlier ones.
    pub(crate) disorder: bool,
    /// No lvsd takes longer to report its table.
    pub(crate) longest_start: Moment,
    pub(crate) private_link: bool,
    /// Whether lvsd runs on a router that is not active, too.
    pub(crate) hot_standby: bool,
    /// Which of the routers require signatures, if both sign; the others verify them.
    pub(crate) signatures: Option<[bool; 2]>,
    /// `service = fos`. What befalls lvsd befalls fos then.
    pub(crate) fos: bool,
}

/// What may befall the pair.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fate {
    Boot {
        host: usize,
        force_active: bool,
    },
    /// Power off: everything is gone, the addresses too.
    Kill {
        host: usize,
    },
    /// SIGTERM.
    Stop {
        host: usize,
    },
    /// An administrator wants the other router to serve, and says so to this one.
    HandOver {
        host: usize,
    },
    /// The process is stopped, the addresses stay up.
    Stall {
        host: usize,
    },
    Resume {
        host: usize,
    },
    Cut {
        sender: usize,
        link: Link,
    },
    Lose {
        sender: usize,
        link: Link,
        percent: u64,
    },
    Heal,
    CrashLvsd {
        host: usize,
    },
    BreakLvsd {
        host: usize,
    },
    MendLvsd {
        host: usize,
    },
    StickLvsd {
        host: usize,
    },
    /// An administrator sets the wall clock.
    StepClock {
        host: usize,
        forward: bool,
        by: Moment,
    },
}
