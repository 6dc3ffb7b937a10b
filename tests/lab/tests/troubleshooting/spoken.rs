//! Where the words of lines are whose log call has none: `error!("{failure}")`.
//!
//! A new log call of that kind fails the test until it stands here. What is written to a log in another way does, too, in
//! [`OTHERS`].

/// A function with such log calls.
pub(crate) struct Spoken {
    pub(crate) place: &'static str,
    pub(crate) words: &'static [Words],
}

/// Texts of a function, or of a type: in its `Display`, or in the attributes of an error.
pub(crate) struct Words {
    pub(crate) place: &'static str,
    /// They stand somewhere in a line.
    pub(crate) part: bool,
    /// None: all of them.
    pub(crate) only: &'static [&'static str],
    pub(crate) but: &'static [&'static str],
}

impl Words {
    /// Whether this text is, or is in, a line of the log. A single word is an identifier.
    pub(crate) fn has(&self, text: &str) -> bool {
        match self.only {
            [] => text.trim().contains(' ') && !self.but.contains(&text),
            only => only.contains(&text),
        }
    }

    const fn but(self, but: &'static [&'static str]) -> Self {
        Self { but, ..self }
    }

    const fn only(self, only: &'static [&'static str]) -> Self {
        Self { only, ..self }
    }
}

/// Each text of a place is a line.
const fn lines(place: &'static str) -> Words {
    Words { place, part: false, only: &[], but: &[] }
}

/// Each text of a place is a part of a line.
const fn parts(place: &'static str) -> Words {
    Words { place, part: true, only: &[], but: &[] }
}

const fn spoken(place: &'static str, words: &'static [Words]) -> Spoken {
    Spoken { place, words }
}

const ADDRESSES: Words = lines("crates/netdev/src/error.rs::Error");
const STATE_FILE: Words = lines("crates/service/src/state_file.rs::StateFile::failed");
/// That another one holds it is a refusal, which is not logged.
const PID_FILE: Words =
    lines("crates/service/src/pid_file.rs::Error").only(&["failed to open {path}: {reason}"]);
const UNREADABLE: Words = lines("crates/lvs-cf/src/file.rs::ReadError::line");
const UNREADABLE_WHY: Words = lines("crates/lvs-cf/src/file.rs::ReadError::details");
const REFUSED: Words = lines("crates/lvs-cf/src/error.rs::Errors::bare_line");
/// The lines below it are a picture.
const ERROR: Words = lines("crates/lvs-cf/src/diagnostic.rs::Diagnostic::render").only(&["{}[{}]: {}\n"]);
const MORE_ERRORS: Words = lines("crates/lvs-cf/src/error.rs::Errors::render_first");
const CHECK: Words = lines("crates/health/src/line.rs::Line::fmt");
const FAILURE: Words = lines("crates/health/src/failure.rs::Failure::fmt");

const PULSE_WARNINGS: [Words; 5] = [
    lines("pulse/src/configuration.rs::read").only(&["{shown}: {}", "{shown}, line {line}: {}"]),
    lines("pulse/src/plan.rs::Plan::new"),
    lines("pulse/src/plan.rs::timers"),
    lines("pulse/src/plan.rs::floating_addresses").only(&["{owner}: {address} is not raised: {reason}"]),
    lines("pulse/src/plan.rs::floating").only(&["{address} on {label}: {mask} is no netmask and is ignored"]),
];

pub(crate) const CALLS: &[Spoken] = &[
    spoken("pulse/src/addresses.rs::Addresses::tell", &[ADDRESSES]),
    spoken(
        "pulse/src/announcing.rs::Announcing::complain",
        &[
            lines("pulse/src/announcing.rs::Announcing::send_due"),
            lines("pulse/src/announcing.rs::Announcing::send"),
        ],
    ),
    spoken("pulse/src/left_behind.rs::forget_addresses", &[STATE_FILE]),
    spoken("pulse/src/left_behind.rs::remove", &[ADDRESSES]),
    spoken("pulse/src/main.rs::plan", &PULSE_WARNINGS),
    spoken("pulse/src/main.rs::daemon", &[PID_FILE]),
    spoken("pulse/src/main.rs::bind", &[lines("pulse/src/sockets.rs::BindError::log_line")]),
    spoken(
        "pulse/src/owner.rs::Work::go_on",
        &[lines("pulse/src/addresses.rs::Addresses::assumed_prefixes")],
    ),
    spoken(
        "pulse/src/partner.rs::log",
        &[
            lines("crates/heartbeat/src/exchange/notice.rs::Notice::fmt")
                .but(&["heartbeat refused", "heartbeat not authentic, believed all the same"]),
            parts("crates/heartbeat/src/exchange/notice.rs::Notice::fmt")
                .only(&["heartbeat refused", "heartbeat not authentic, believed all the same"]),
        ],
    ),
    spoken(
        "pulse/src/router.rs::Router::take_configuration",
        &[
            UNREADABLE,
            UNREADABLE_WHY,
            lines("crates/lvs-cf/src/error.rs::Errors::pulse_line"),
            ERROR,
            MORE_ERRORS,
            lines("crates/lvs-cf/src/refusal.rs::Refusal::line").but(&[
                "fos: Service type is not \"fos\" in {path}",
                "fos: No Failover Services defined in {path}.",
            ]),
            lines("pulse/src/configuration.rs::read").but(&["{shown}: {}", "{shown}, line {line}: {}"]),
            parts("pulse/src/key_file.rs::Refusal"),
            parts("crates/service/src/secret_file.rs::Error"),
            lines("pulse/src/router.rs::Router::reread"),
            lines("pulse/src/router.rs::Router::follow"),
            lines("pulse/src/role.rs::find").but(&[
                "does not have primary {primary}",
                "has neither primary {primary} nor backup {backup}",
            ]),
            parts("pulse/src/role.rs::find").only(&[
                "does not have primary {primary}",
                "has neither primary {primary} nor backup {backup}",
            ]),
            lines("pulse/src/sockets.rs::BindError::log_line"),
        ],
    ),
    spoken("pulse/src/router.rs::Router::follow", &PULSE_WARNINGS),
    spoken(
        "pulse/src/router.rs::log",
        &[
            lines("crates/heartbeat/src/line.rs::Line::fmt"),
            lines("crates/heartbeat/src/line.rs::not_believed"),
            lines("crates/heartbeat/src/line/hand_over.rs::HandOverLine::fmt"),
        ],
    ),
    spoken(
        "lvsd/src/daemon/reload.rs::Daemon::reload",
        &[UNREADABLE, UNREADABLE_WHY, REFUSED, ERROR, MORE_ERRORS],
    ),
    spoken(
        "lvsd/src/daemon/reload.rs::Daemon::plan",
        &[
            lines("lvsd/src/plan/making.rs::Making::add"),
            lines("lvsd/src/plan/making.rs::Making::add_service"),
            lines("lvsd/src/plan/making.rs::Making::add_sorry_server"),
            lines("lvsd/src/plan/making.rs::Making::identify"),
            lines("lvsd/src/marks.rs::Marks::choices"),
        ],
    ),
    spoken(
        "lvsd/src/main.rs::complain",
        &[
            UNREADABLE,
            UNREADABLE_WHY,
            REFUSED,
            ERROR,
            MORE_ERRORS,
            lines("lvsd/src/main.rs::main"),
            lines("lvsd/src/main.rs::serve").only(&["lvs: {error}\n"]),
        ],
    ),
    spoken("lvsd/src/record.rs::Record::remove", &[STATE_FILE]),
    spoken(
        "nanny/src/entry.rs::Entry::known",
        &[
            lines("crates/ipvs/src/error.rs::Error")
                .but(&["{attempt}: {} ({errno:?}){}", "{attempt}: {source}"]),
            parts("crates/ipvs/src/error.rs::Attempt::fmt").only(&["reading the real servers of {key}"]),
        ],
    ),
    spoken("nanny/src/load.rs::LoadMonitor::load", &[lines("crates/health/src/load.rs::Error")]),
    spoken(
        "nanny/src/main.rs::announce",
        &[
            lines("nanny/src/policy.rs::weight"),
            lines("nanny/src/policy.rs::reentry"),
            lines("nanny/src/settings.rs::method"),
            lines("nanny/src/settings.rs::dialogue"),
            parts("nanny/src/settings.rs::Settings::try_from").only(&[
                "Send_program",
                "Send_string",
                "Expect_string",
            ]),
        ],
    ),
    spoken(
        "nanny/src/main.rs::run",
        &[
            parts("nanny/src/main.rs::open"),
            parts("nanny/src/entry.rs::Place::of"),
            parts("nanny/src/pool.rs::Pool::open"),
            lines("nanny/src/admission.rs::Admission::of_many"),
            lines("crates/ipvs/src/error.rs::Error")
                .but(&["{attempt}: {} ({errno:?}){}", "{attempt}: {source}"]),
        ],
    ),
    spoken("nanny/src/outlet.rs::log", &[CHECK, FAILURE]),
    spoken(
        "nanny/src/partner.rs::turns",
        &[
            lines("crates/health/src/line.rs::Line::fmt").only(&[
                "Remote service {service} is available",
                "Exiting due to connection failure of {service}",
                "No service active & available...",
                "Timeout waiting for remote service -- triggering failover!",
            ]),
            FAILURE,
        ],
    ),
    spoken("fos/src/daemon.rs::log", &[lines("fos/src/line.rs::Line::fmt")]),
    spoken("fos/src/daemon.rs::Daemon::take_services", &FOS_REFUSALS),
    spoken("fos/src/main.rs::complain", &FOS_REFUSALS),
    spoken("fos/src/main.rs::serve", &[PID_FILE]),
    spoken(
        "piranha-gui/src/gate/addresses.rs::HtAccess::tell",
        &[parts("piranha-gui/src/gate/addresses.rs::HtAccess::tell")],
    ),
    spoken(
        "piranha-gui/src/start.rs::serve",
        &[
            lines("piranha-gui/src/server/settings.rs::read")
                .only(&["there is no {}: all is as if it were empty"]),
            parts("piranha-gui/src/server/settings.rs::read").only(&[
                "has no effect here",
                "is not understood, so only this computer is let in",
                "is not understood, so only this computer is let in to /secure/",
            ]),
            lines("piranha-gui/src/server/self_signed.rs::identity").only(&["own certificate: SHA-256 {}"]),
            parts("piranha-gui/src/server/self_signed.rs::identity").only(&[
                "cannot keep the certificate in {}: {error}; {what}",
                "browsers will ask again after the next start",
            ]),
            parts("piranha-gui/src/server/logs.rs::Files::open"),
            lines("piranha-gui/src/server/pid.rs::write"),
            parts("piranha-gui/src/server/helper_process.rs::HelperProcess::start"),
        ],
    ),
    spoken(
        "piranha-helper/src/main.rs::complain",
        &[
            parts("piranha-helper/src/main.rs::work")
                .only(&["cannot catch signals", "cannot open /dev/null"]),
            lines("crates/service/src/control_socket.rs::Error"),
        ],
    ),
    spoken("piranha-helper/src/main.rs::work", &[lines("piranha-helper/src/settings.rs::read")]),
    spoken(
        "piranha-helper/src/daemon.rs::told",
        &[
            parts("piranha-helper/src/run.rs::run"),
            parts("piranha-helper/src/pulse.rs::reload"),
            parts("piranha-helper/src/pulse.rs::running"),
            parts("piranha-helper/src/pulse.rs::command"),
            parts("piranha-helper/src/daemon.rs::Work::cannot_copy"),
            parts("piranha-helper/src/daemon.rs::Work::execute"),
        ],
    ),
];

const FOS_REFUSALS: [Words; 7] = [
    UNREADABLE,
    UNREADABLE_WHY,
    REFUSED,
    ERROR,
    MORE_ERRORS,
    lines("crates/lvs-cf/src/refusal.rs::Refusal::line").only(&[
        "fos: Service type is not \"fos\" in {path}",
        "fos: No Failover Services defined in {path}.",
    ]),
    lines("fos/src/configuration.rs::read").only(&["fos: {error}\n"]),
];

/// Lines that reach a log, or standard error, without a log call.
pub(crate) struct Other {
    pub(crate) programs: &'static [&'static str],
    pub(crate) level: &'static str,
    pub(crate) words: &'static [Words],
}

pub(crate) const OTHERS: &[Other] = &[
    Other {
        programs: &["pulse", "lvsd", "nanny", "fos", "piranha-gui", "piranha-helper"],
        level: "warning",
        words: &[lines("crates/service/src/log.rs::Syslog::send")],
    },
    Other {
        programs: &["piranha-gui"],
        level: "warning",
        words: &[lines("piranha-gui/src/server/logs.rs::Logs::send")],
    },
    Other {
        programs: &["piranha-gui"],
        level: "error",
        words: &[lines("piranha-gui/src/server/logs.rs::reopen")],
    },
    Other {
        programs: &["send_arp"],
        level: "error",
        words: &[
            lines("send-arp/src/main.rs::Failure"),
            lines("send-arp/src/call.rs::CallError").but(&["{USAGE}"]),
            lines("send-arp/src/call.rs::USAGE").only(&[USAGE]),
        ],
    },
    Other {
        programs: &["send_arp"],
        level: "warning",
        words: &[
            parts("send-arp/src/main.rs::warn"),
            parts("send-arp/src/main.rs::hardware_address"),
            parts("send-arp/src/main.rs::send"),
        ],
    },
];

const USAGE: &str = "send_arp: sends out custom ARP packet. Yuri Volobuev '97
\tusage: send_arp [-i dev] src_ip_addr src_hw_addr targ_ip_addr tar_hw_addr

";
