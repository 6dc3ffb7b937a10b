//! Every log line of pulse, in Piranha's words (specification pulse.md section 21).
//!
//! New facts are new lines, or `key=value` after the old words.

mod hand_over;

pub use hand_over::HandOverLine;

use crate::datagram::Message;
use crate::event::Link;
use crate::reception::Complaint;
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Only with `--verbose`.
    Debug,
    /// The course of things.
    Info,
    /// Something is not as it should be.
    Warning,
    /// Something failed.
    Error,
}

/// A log line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// This router is the primary.
    StartingAsMaster,
    /// This router is the backup.
    StartingAsBackup,
    /// `--forceactive`.
    ForcedActive,
    /// Nothing was heard for `deadtime`.
    PartnerDead,
    /// The primary heard that the backup is inactive.
    BackupInactive,
    /// The backup heard that the primary is inactive.
    PrimaryInactive,
    /// Both are active, and this one is the primary.
    ResendingArps,
    /// Both are active, and this one is the backup.
    TieDeactivating,
    /// The public link of a router that is not yet disabled went down. "Primary" is not the role.
    PublicLinkDown,
    /// The private link of a router that is not yet disabled went down.
    PrivateLinkDown,
    /// An inactive router with a failed link stays inactive.
    LinkFailureDisabled,
    /// An active router with a failed link becomes inactive.
    LinkFailureDeactivating,
    /// The links are good again.
    LinksRestored,
    /// A round of announcements is over. The caller logs it, who knows when.
    ArpsFinished,
    /// lvsd ended by itself.
    LvsdExited {
        /// Its process.
        pid: u32,
        /// Its exit status.
        status: i32,
    },
    /// lvsd was killed.
    LvsdSignalled {
        /// Its process.
        pid: u32,
        /// Number of the signal.
        signal: i32,
    },
    /// SIGTERM or SIGINT.
    Terminating {
        /// Number of the signal.
        signal: i32,
    },
    /// This router is the backup, and the file says that there is none.
    MarkedInactive,
    /// Datagrams that are not believed.
    NotBelieved {
        /// Why.
        complaint: Complaint,
        /// Who sent them; nothing for all those beyond the number of senders that are told apart.
        sender: Option<IpAddr>,
        /// How many since the last such line.
        count: u64,
    },
    /// A heartbeat goes out.
    SendingHeartbeat,
    /// A heartbeat came in.
    ReceivedHeartbeat {
        /// What it says.
        message: Message,
        /// On which link.
        link: Link,
    },
    /// The loop woke up too late to judge the partner's silence.
    LoopLate {
        /// How late.
        by: Duration,
    },
    /// The loop of an active router stood still for so long that the partner may have taken over.
    MayBeReplaced {
        /// How late it is.
        by: Duration,
    },
    /// lvsd will be started again.
    RestartingLvsd {
        /// Attempts since it last ran well.
        attempt: u32,
        /// Pause before it.
        pause: Duration,
    },
    /// lvsd keeps failing and the partner lives: it shall serve.
    GivingUp {
        /// Attempts that failed.
        attempts: u32,
        /// Time in which this router does not take the service back from a living partner.
        hold_down: Duration,
    },
    /// Neither this router, which is held down, nor the living partner serves.
    NobodyServes {
        /// What would be left of the hold-down.
        left: Duration,
    },
    /// lvsd does not report its table; the addresses are raised all the same.
    LvsdSilent {
        /// How long was waited.
        waited: Duration,
    },
    /// lvsd does not end.
    KillingLvsd {
        /// How long was waited.
        waited: Duration,
    },
    /// Floating addresses cannot be raised.
    AddressesMissing {
        /// How many.
        count: usize,
    },
    /// Floating addresses cannot be removed.
    AddressesRemaining {
        /// How many.
        count: usize,
    },
    /// The service goes to and fro.
    ManyActivations {
        /// Activations in the last five minutes.
        count: usize,
    },
    /// Nothing was heard on one link, while this router may hear the partner on the other.
    LinkSilent {
        /// Which.
        link: Link,
        /// For how long.
        silence: Duration,
    },
    /// A silent link carries heartbeats.
    LinkHeard {
        /// Which.
        link: Link,
    },
    /// The partner is heard after silence on every link.
    PartnerHeard {
        /// How long it was not heard.
        silence: Duration,
    },
    /// Both routers were active at once, and one of them is no more.
    BothActive {
        /// For how long, as far as this router can know.
        time: Duration,
    },
    /// A planned hand-over.
    HandOver(HandOverLine),
    /// `service = fos`: `--forceactive`, with services.
    FosForcedActive,
    /// `service = fos`: the services of the partner will be watched.
    FosStartingMonitors,
    /// `service = fos`: A primary without a partner serves at once.
    FosNoBackup,
    /// `service = fos`: Nothing was heard for `deadtime`.
    FosPartnerDead,
    /// `service = fos`: the primary heard that the backup is inactive.
    FosBackupInactive,
    /// `service = fos`: the backup heard that the primary is inactive.
    FosPrimaryInactive,
    /// `service = fos`: Both are active, and this one is the primary.
    FosPartnerActive,
    /// `service = fos`: Both are active, and this one is the backup.
    FosTieDeactivating,
    /// `service = fos`: Both are active, and the partner's service has failed.
    FosTieWantsControl,
    /// `service = fos`: an active router with a failed link becomes inactive.
    FosLinkDeactivating,
    /// `service = fos`: A link has failed, but the partner's service, too.
    FosLinkWantsControl,
    /// `service = fos`: the partner has found a failed service here.
    FosToldToStop,
    /// `service = fos`: heartbeats say STOPME from now on.
    FosTakingControl,
    /// `service = fos`: fos ended on the active router.
    FosRestarting,
    /// `service = fos`: fos ended on the watching router.
    FosCheckingGateway,
    /// `service = fos`: the gateway has answered.
    FosSeesGateway,
    /// `service = fos`: So this router takes over.
    FosRemoteFault,
    /// `service = fos`: the gateway has not answered.
    FosNoGateway,
    /// `service = fos`: So this router is cut off itself.
    FosNetworkFault,
    /// `service = fos`: the gateway answers again.
    FosNetworkFixed,
    /// `service = fos`: A round of announcements is over. The caller logs it, who knows when.
    FosArpsFinished,
    /// `service = fos`: fos could not begin, or a service could not be kept from failing; fos is started again.
    FosAgain {
        /// How often it has failed.
        attempt: u32,
        /// Pause before it.
        pause: Duration,
    },
    /// `service = fos`: the services do not start here, and the partner lives: it shall serve.
    FosGivingUp {
        /// Attempts that failed.
        attempts: u32,
        /// Time in which this router does not take the services back from a living partner.
        hold_down: Duration,
    },
    /// `service = fos`: fos does not end.
    KillingFos {
        /// How long was waited.
        waited: Duration,
    },
}

impl Line {
    /// How much the line matters.
    pub fn severity(&self) -> Severity {
        match self {
            Self::HandOver(line) => line.severity(),
            Self::SendingHeartbeat | Self::ReceivedHeartbeat { .. } => Severity::Debug,
            Self::StartingAsMaster
            | Self::StartingAsBackup
            | Self::ForcedActive
            | Self::PartnerDead
            | Self::BackupInactive
            | Self::PrimaryInactive
            | Self::LinksRestored
            | Self::ArpsFinished
            | Self::Terminating { .. }
            | Self::MarkedInactive
            | Self::RestartingLvsd { .. }
            | Self::LinkHeard { .. }
            | Self::PartnerHeard { .. }
            | Self::FosForcedActive
            | Self::FosStartingMonitors
            | Self::FosPartnerDead
            | Self::FosBackupInactive
            | Self::FosPrimaryInactive
            | Self::FosNetworkFixed
            | Self::FosArpsFinished
            | Self::FosAgain { .. } => Severity::Info,
            Self::ResendingArps
            | Self::TieDeactivating
            | Self::PublicLinkDown
            | Self::PrivateLinkDown
            | Self::LinkFailureDisabled
            | Self::LinkFailureDeactivating
            | Self::LvsdExited { .. }
            | Self::LvsdSignalled { .. }
            | Self::NotBelieved { .. }
            | Self::LoopLate { .. }
            | Self::MayBeReplaced { .. }
            | Self::LvsdSilent { .. }
            | Self::KillingLvsd { .. }
            | Self::ManyActivations { .. }
            | Self::NobodyServes { .. }
            | Self::LinkSilent { .. }
            | Self::BothActive { .. }
            | Self::FosNoBackup
            | Self::FosPartnerActive
            | Self::FosTieDeactivating
            | Self::FosTieWantsControl
            | Self::FosLinkDeactivating
            | Self::FosLinkWantsControl
            | Self::FosToldToStop
            | Self::FosTakingControl
            | Self::FosRestarting
            | Self::FosCheckingGateway
            | Self::FosSeesGateway
            | Self::FosRemoteFault
            | Self::FosNoGateway
            | Self::KillingFos { .. } => Severity::Warning,
            Self::FosNetworkFault
            | Self::FosGivingUp { .. }
            | Self::GivingUp { .. }
            | Self::AddressesMissing { .. }
            | Self::AddressesRemaining { .. } => Severity::Error,
        }
    }
}

impl fmt::Display for Line {
    #[expect(clippy::too_many_lines, reason = "a table")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StartingAsMaster => f.write_str("STARTING PULSE AS MASTER"),
            Self::StartingAsBackup => f.write_str("STARTING PULSE AS BACKUP"),
            Self::ForcedActive => f.write_str("Forced active on startup: activating lvs"),
            Self::PartnerDead => f.write_str("partner dead: activating lvs"),
            Self::BackupInactive => f.write_str("backup inactive: activating lvs"),
            Self::PrimaryInactive => f.write_str("primary inactive: activating lvs"),
            Self::ResendingArps => f.write_str("partner active: resending arps"),
            Self::TieDeactivating => f.write_str("partner active: deactivating LVS"),
            Self::PublicLinkDown => f.write_str("Primary NIC: link down"),
            Self::PrivateLinkDown => f.write_str("Private NIC: link down"),
            Self::LinkFailureDisabled => f.write_str("Local NIC link failure: Pulse disabled"),
            Self::LinkFailureDeactivating => f.write_str("local link failure: deactivating LVS"),
            Self::LinksRestored => f.write_str("Local NIC link(s) restored: Pulse enabled"),
            Self::ArpsFinished => f.write_str("gratuitous lvs arps finished"),
            Self::LvsdExited { pid, status } => write!(f, "Child process {pid} exited with status {status}"),
            Self::LvsdSignalled { pid, signal } => {
                write!(f, "Child process {pid} terminated with signal {signal}")
            }
            Self::Terminating { signal } => write!(f, "Terminating due to signal {signal}"),
            Self::MarkedInactive => {
                f.write_str("We are backup node and backup is marked inactive -- exiting pulse")
            }
            Self::NotBelieved { complaint, sender, count } => not_believed(f, *complaint, *sender, *count),
            Self::SendingHeartbeat => f.write_str("DEBUG -- Sending heartbeat..."),
            Self::ReceivedHeartbeat { message, link } => {
                write!(f, "DEBUG -- Received Heartbeat from partner message={message} link={link}")
            }
            Self::LoopLate { by } => {
                write!(f, "this router was stalled for {}: waiting once more for the partner", Seconds(*by))
            }
            Self::MayBeReplaced { by } => {
                write!(f, "this router was stalled for {}: the partner may have taken over", Seconds(*by))
            }
            Self::RestartingLvsd { attempt, pause } => {
                write!(f, "restarting lvsd in {}: attempt={attempt}", Seconds(*pause))
            }
            Self::GivingUp { attempts, hold_down } => write!(
                f,
                "lvsd failed {attempts} times: leaving the service to the partner hold_down={}",
                Seconds(*hold_down)
            ),
            Self::LvsdSilent { waited } => write!(
                f,
                "lvsd has not reported its table within {}: raising the floating addresses all the same",
                Seconds(*waited)
            ),
            Self::KillingLvsd { waited } => {
                write!(f, "lvsd has not ended within {}: killing it", Seconds(*waited))
            }
            Self::AddressesMissing { count } => {
                write!(f, "{count} floating address(es) could not be raised: trying again")
            }
            Self::AddressesRemaining { count } => {
                write!(f, "{count} floating address(es) could not be removed: trying again")
            }
            Self::ManyActivations { count } => {
                write!(f, "the service moves to and fro: active {count} times within 5 minutes")
            }
            Self::LinkSilent { link, silence } => {
                write!(f, "no heartbeat on the {link} link for {}", Seconds(*silence))
            }
            Self::LinkHeard { link } => write!(f, "the partner is heard on the {link} link"),
            Self::NobodyServes { left } => write!(
                f,
                "the partner does not serve either: ending the hold-down hold_down_left={}",
                Seconds(*left)
            ),
            Self::PartnerHeard { silence } => write!(f, "partner heard again after {}", Seconds(*silence)),
            Self::BothActive { time } => {
                write!(f, "both routers were active for about {}", Seconds(*time))
            }
            Self::HandOver(line) => line.fmt(f),
            Self::FosForcedActive => f.write_str("Forced active on startup: activating fos"),
            Self::FosStartingMonitors => f.write_str("Starting Failover Service Monitors"),
            Self::FosNoBackup => f.write_str("Warning: FOS backup node not defined -- skipping checks"),
            Self::FosPartnerDead => f.write_str("partner dead: activating failover services"),
            Self::FosBackupInactive => f.write_str("backup inactive: activating fos"),
            Self::FosPrimaryInactive => f.write_str("primary inactive: activating fos"),
            Self::FosPartnerActive => f.write_str("partner active"),
            Self::FosTieDeactivating => f.write_str("partner active: deactivating FOS"),
            Self::FosTieWantsControl => f.write_str("partner active: we want control!"),
            Self::FosLinkDeactivating => f.write_str("local link failure: deactivating FOS"),
            Self::FosLinkWantsControl => f.write_str("local link failure: we want control!"),
            Self::FosToldToStop => f.write_str("PARTNER HAS TOLD US TO GO INACTIVE!"),
            Self::FosTakingControl => f.write_str("Notifying partner WE are taking control!"),
            Self::FosRestarting => f.write_str("fos process exited -- restarting it"),
            Self::FosCheckingGateway => f.write_str("fos process exited -- checking network connectivity"),
            Self::FosSeesGateway => f.write_str("remote service unavailable but we can see the gateway"),
            Self::FosRemoteFault => {
                f.write_str("seems like a remote network fault; performing service failover")
            }
            Self::FosNoGateway => f.write_str("remote service unavailable; gateway unavailable"),
            Self::FosNetworkFault => f.write_str("I SEEM TO HAVE A NETWORK FAULT!"),
            Self::FosNetworkFixed => f.write_str("Network fault seems to be fixed"),
            Self::FosArpsFinished => f.write_str("gratuitous fos arps finished"),
            Self::FosAgain { attempt, pause } => {
                write!(f, "starting fos again in {}: attempt={attempt}", Seconds(*pause))
            }
            Self::FosGivingUp { attempts, hold_down } => write!(
                f,
                "fos failed {attempts} times: leaving the services to the partner hold_down={}",
                Seconds(*hold_down)
            ),
            Self::KillingFos { waited } => {
                write!(f, "fos has not ended within {}: killing it", Seconds(*waited))
            }
        }
    }
}

/// Piranha's words for a datagram that is not believed, then who sent it and how many there were.
fn not_believed(
    f: &mut fmt::Formatter<'_>,
    complaint: Complaint,
    sender: Option<IpAddr>,
    count: u64,
) -> fmt::Result {
    let sender = sender.map_or_else(|| "others".to_owned(), |address| address.to_string());
    match complaint {
        Complaint::Stranger => write!(f, "Unexpected heartbeat from {sender} count={count}"),
        Complaint::TooShort => write!(f, "bad heartbeat packet sender={sender} count={count}"),
        Complaint::Incompatible => write!(
            f,
            "Incompatible heartbeat received -- other system not using identical services sender={sender} \
             count={count}"
        ),
        Complaint::Meaningless => {
            write!(f, "heartbeat without a meaning (HOLD or HELD) ignored sender={sender} count={count}")
        }
    }
}

/// A time in seconds with at most three decimals.
pub(crate) struct Seconds(pub(crate) Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rounded = (self.0.as_secs_f64() * 1000.0).round() / 1000.0;
        write!(f, "{rounded} s")
    }
}
