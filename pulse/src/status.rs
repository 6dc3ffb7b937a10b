//! What pulse knows, in the words of the control socket. Pure.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use control::pulse::{
    Address, Authentication, Departure, Link, LinkName, Partner, RealServers, Report, Role, Service, State,
    Status, Transition,
};
use heartbeat::{Insight, LinkInsight, Moment, PartnerReport, trailer};
use service::clocks::Clocks;

use crate::plan::{Endpoint, Plan};

/// Everything that a status is made of.
pub(crate) struct Facts<'a> {
    /// The file, as pulse was given it.
    pub(crate) file: &'a Path,
    /// What it means.
    pub(crate) plan: &'a Plan,
    /// When it was read.
    pub(crate) loaded: Moment,
    /// Why a newer one is not in force.
    pub(crate) refused: Option<&'a str>,
    /// What the time is.
    pub(crate) clocks: Clocks,
    /// What the machine knows.
    pub(crate) insight: Insight,
    /// What the partner said of itself, at whatever time.
    pub(crate) report: Option<&'a PartnerReport>,
    /// The addresses that this machine has, if the kernel tells.
    pub(crate) held: Option<BTreeSet<IpAddr>>,
    /// What lvsd has counted.
    pub(crate) real_servers: Option<trailer::RealServers>,
}

impl Facts<'_> {
    pub(crate) fn status(&self) -> Status {
        let Self { plan, clocks, insight, .. } = self;
        let settings = &plan.settings;
        Status {
            release: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            started: clocks.wall_at(Moment::ZERO),
            file: self.file.display().to_string(),
            serial_no: plan.file.serial,
            fingerprint: plan.file.fingerprint.to_string(),
            loaded: clocks.wall_at(self.loaded),
            refused: self.refused.map(str::to_owned),
            role: role(settings.role),
            service: match plan.service {
                lvs_cf::Service::Lvs => Service::Lvs,
                lvs_cf::Service::Fos => Service::Fos,
            },
            state: state(insight.state),
            since: clocks.wall_at(insight.since),
            why: insight.cause.to_string(),
            held_until: insight.held_until.map(|until| clocks.wall_at(until)),
            keepalive_ms: milliseconds(settings.keepalive),
            deadtime_ms: milliseconds(settings.deadtime),
            authentication: match plan.authentication {
                heartbeat::Authentication::Off => Authentication::Off,
                heartbeat::Authentication::Verify(_) => Authentication::Verify,
                heartbeat::Authentication::Require(_) => Authentication::Require,
            },
            key: plan.authentication.signing_key(),
            addresses: self.addresses(),
            real_servers: self.real_servers.map(real_servers),
            links: plan.endpoints().map(|(link, endpoint)| self.link(link, endpoint)).collect(),
            partner: self.has_partner().then(|| self.partner()),
            transitions: self.transitions(),
        }
    }

    fn addresses(&self) -> Vec<Address> {
        let floating = self.plan.floating.iter();
        floating
            .map(|floating| Address {
                address: floating.address.to_string(),
                device: floating.label.to_string(),
                up: self.held.as_ref().map(|held| held.contains(&floating.address)),
            })
            .collect()
    }

    fn link(&self, link: heartbeat::Link, endpoint: Endpoint) -> Link {
        let (name, LinkInsight { heard, silent, device_up }) = match link {
            heartbeat::Link::Public => (LinkName::Public, self.insight.public),
            heartbeat::Link::Private => (LinkName::Private, self.insight.private),
        };
        let partner = endpoint.partner.filter(|_| self.has_partner());
        Link {
            name,
            own: endpoint.own.to_string(),
            partner: partner.map(|partner| partner.to_string()),
            heard_age_ms: heard.map(|at| self.age(at)),
            silent: silent && partner.is_some(),
            device_up,
        }
    }

    fn has_partner(&self) -> bool {
        self.plan.settings.backup_active && self.plan.settings.partner.is_some()
    }

    fn partner(&self) -> Partner {
        let heard = self.insight.public.heard.max(self.insight.private.heard);
        let (active, since) = self.insight.partner_active.unzip();
        Partner {
            alive: self.insight.partner_alive,
            heard_age_ms: heard.map(|at| self.age(at)),
            active,
            since: since.map(|since| self.clocks.wall_at(since)),
            // An older one may be of another pulse: somebody may have put Piranha's back.
            report: self
                .report
                .filter(|report| heard.is_some_and(|at| at <= report.heard + self.plan.settings.deadtime))
                .map(|report| self.report(report)),
        }
    }

    fn report(&self, report: &PartnerReport) -> Report {
        let PartnerReport { trailer, heard, since, key, .. } = report;
        let own = self.plan.file.fingerprint;
        Report {
            age_ms: self.age(*heard),
            key: *key,
            role: trailer.standing.map(|standing| role(standing.role)),
            state: trailer.standing.map(|standing| state(standing.state)),
            since: self.clocks.wall_at(*since),
            keepalive_ms: trailer.timers.map(|timers| milliseconds(timers.keepalive)),
            deadtime_ms: trailer.timers.map(|timers| milliseconds(timers.deadtime)),
            serial_no: trailer.configuration.map(|file| file.serial),
            fingerprint: trailer.configuration.map(|file| file.fingerprint.to_string()),
            same_file: trailer.configuration.map(|file| file.fingerprint == own),
            real_servers: trailer.real_servers.map(real_servers),
            departure: trailer
                .departure
                .as_ref()
                .map(|departure| Departure { reason: departure.code, text: departure.text.clone() }),
        }
    }

    fn transitions(&self) -> Vec<Transition> {
        let transitions = self.insight.transitions.iter();
        transitions
            .map(|it| Transition {
                at: self.clocks.wall_at(it.at),
                from: state(it.from),
                to: state(it.to),
                why: it.cause.to_string(),
            })
            .collect()
    }

    fn age(&self, at: Moment) -> u64 {
        milliseconds(self.clocks.now.saturating_sub(at))
    }
}

/// In one line: which router this is, what it does, and why.
pub(crate) fn line(own: heartbeat::Role, insight: &Insight, refused: bool) -> String {
    let refused = if refused { "; pulse refused the changed file, the log says why" } else { "" };
    format!("{}, {}: {}{refused}", role(own), state(insight.state), insight.cause)
}

fn role(role: heartbeat::Role) -> Role {
    match role {
        heartbeat::Role::Primary => Role::Primary,
        heartbeat::Role::Backup => Role::Backup,
    }
}

fn state(state: heartbeat::State) -> State {
    match state {
        heartbeat::State::Ready => State::Ready,
        heartbeat::State::Active => State::Active,
        heartbeat::State::LinkDown => State::LinkDown,
        heartbeat::State::Failed => State::Failed,
        heartbeat::State::Leaving => State::Leaving,
        heartbeat::State::Ending => State::Ending,
    }
}

fn real_servers(counted: trailer::RealServers) -> RealServers {
    RealServers { up: counted.up, configured: counted.configured }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
