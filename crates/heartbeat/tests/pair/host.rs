//! A machine that runs a router: its socket buffer, its lvsd, its addresses, its stalls.

use crate::fate::Parameters;
use crate::original::Original;
use heartbeat::authentication::{Keys, Path};
use heartbeat::trailer::{Configuration, Fingerprint, HandOver, Session};
use heartbeat::{
    Action, Authentication, Event, Exchange, FosMachine, FosMode, Heartbeat, Link, Machine, Moment, Received,
    Role, Settings, State,
};

pub(crate) struct Host {
    pub(crate) settings: Settings,
    /// Whether it runs Piranha's own pulse.
    pub(crate) original: bool,
    pub(crate) router: Option<Router>,
    /// Every lvsd that is started now ends at once.
    pub(crate) lvsd_broken: bool,
    /// lvsd ignores SIGTERM.
    pub(crate) lvsd_stuck: bool,
    /// Counts starts of the machine, so that what an earlier life caused is not taken for this one's.
    pub(crate) lives: u32,
}

/// The program that decides.
pub(crate) enum Pulse {
    Ours(Box<(Machine, Exchange)>),
    /// With `service = fos`.
    Fos(Box<(FosMachine, Exchange)>),
    Original(Original),
}

impl Pulse {
    fn ours(settings: Settings, life: u32, parameters: &Parameters, now: Moment) -> Self {
        let required =
            parameters.signatures.map(|required| required[usize::from(settings.role == Role::Backup)]);
        let keys = Keys::parse("1 000102030405060708090a0b0c0d0e0f").ok();
        let authentication = match keys.zip(required) {
            Some((keys, true)) => Authentication::Require(keys),
            Some((keys, false)) => Authentication::Verify(keys),
            None => Authentication::Off,
        };
        let configuration = Configuration { serial: 1, fingerprint: Fingerprint::of(b"") };
        let session = Session((u128::from(life) * 2 + settings.role as u128).to_be_bytes());
        let exchange = Exchange::new(session, authentication, configuration);
        if parameters.fos {
            return Self::Fos(Box::new((FosMachine::new(settings, now), exchange)));
        }
        Self::Ours(Box::new((Machine::new(settings, now), exchange)))
    }

    /// One datagram for each link. Piranha's own pulse sends four bytes.
    pub(crate) fn speak(&mut self, head: [u8; 4], paths: &[(Link, Path)]) -> Vec<(Link, Vec<u8>)> {
        match self {
            Self::Ours(ours) => {
                let said = ours.0.account();
                on_each_path(&ours.1.next(head, said), paths)
            }
            Self::Fos(ours) => {
                let said = ours.0.account();
                on_each_path(&ours.1.next(head, said), paths)
            }
            Self::Original(_) => paths.iter().map(|(link, _)| (*link, head.to_vec())).collect(),
        }
    }

    /// What is to be done about a datagram. Piranha's own pulse reads no trailer.
    pub(crate) fn receive(&mut self, link: Link, path: Path, datagram: &[u8], now: Moment) -> Received {
        match self {
            Self::Ours(ours) => ours.1.receive(link, path, datagram, now),
            Self::Fos(ours) => ours.1.receive(link, path, datagram, now),
            Self::Original(_) => Received {
                counts: true,
                outdated: false,
                introduced: false,
                hand_over: None,
                notices: Vec::new(),
            },
        }
    }

    /// Whether it takes part in a hand-over that is not over.
    pub(crate) fn negotiates(&self) -> bool {
        let part = match self {
            Self::Ours(ours) => ours.0.account().hand_over,
            Self::Fos(_) | Self::Original(_) => None,
        };
        part.is_some_and(|part| part != HandOver::Able)
    }

    pub(crate) fn on(&mut self, event: Event, now: Moment) -> Vec<Action> {
        match self {
            Self::Ours(ours) => ours.0.on(event, now),
            Self::Fos(ours) => ours.0.on(event, now),
            Self::Original(original) => original.on(event, now),
        }
    }

    /// Ours does not look at the wall clock.
    pub(crate) fn step_clock(&mut self, forward: bool, by: Moment) {
        if let Self::Original(original) = self {
            original.step_clock(forward, by);
        }
    }

    pub(crate) fn next_wake(&self) -> Option<Moment> {
        match self {
            Self::Ours(ours) => ours.0.next_wake(),
            Self::Fos(ours) => ours.0.next_wake(),
            Self::Original(original) => original.next_wake(),
        }
    }

    pub(crate) fn state(&self) -> State {
        match self {
            Self::Ours(ours) => ours.0.state(),
            Self::Fos(ours) => ours.0.state(),
            Self::Original(original) => original.state(),
        }
    }
}

fn on_each_path(heartbeat: &Heartbeat<'_>, paths: &[(Link, Path)]) -> Vec<(Link, Vec<u8>)> {
    paths.iter().map(|(link, path)| (*link, heartbeat.on(*path))).collect()
}

/// pulse, from its start to its end.
pub(crate) struct Router {
    pub(crate) pulse: Pulse,
    pub(crate) addresses_up: bool,
    pub(crate) stalled: bool,
    /// In the socket's buffer.
    pub(crate) inbox: Vec<(Link, Vec<u8>)>,
    /// What happened to this router while it was stalled.
    pub(crate) waiting: Vec<Event>,
    /// Which start of lvsd runs, if one does.
    pub(crate) lvsd: Option<u32>,
    pub(crate) lvsd_starts: u32,
    /// What the fos that runs, or ran last, was started for.
    pub(crate) fos: FosMode,
    /// When a believable heartbeat was last read, and whether it said RUNNING.
    pub(crate) heard: Option<(Moment, bool)>,
    pub(crate) booted: Moment,
    /// How often it has left the service to the other one because lvsd failed.
    pub(crate) give_ups: u32,
}

impl Host {
    pub(crate) fn new(settings: Settings) -> Self {
        Self { settings, original: false, router: None, lvsd_broken: false, lvsd_stuck: false, lives: 0 }
    }

    pub(crate) fn boot(&mut self, parameters: &Parameters, now: Moment) {
        self.lives += 1;
        let pulse = if self.original {
            Pulse::Original(Original::new(self.settings, now))
        } else {
            Pulse::ours(self.settings, self.lives, parameters, now)
        };
        self.router = Some(Router {
            pulse,
            addresses_up: false,
            stalled: false,
            inbox: Vec::new(),
            waiting: Vec::new(),
            lvsd: None,
            lvsd_starts: 0,
            fos: FosMode::Monitor,
            heard: None,
            booted: now,
            give_ups: 0,
        });
    }

    pub(crate) fn owns(&self) -> bool {
        self.router.as_ref().is_some_and(|router| router.addresses_up)
    }

    /// Whether services run here: with `service = fos` a fos that was started to serve.
    pub(crate) fn runs_services(&self) -> bool {
        self.router.as_ref().is_some_and(|router| router.lvsd.is_some() && router.fos == FosMode::Active)
    }

    /// How often this router has left the service to the other one because lvsd failed.
    pub(crate) fn give_ups(&self) -> u32 {
        self.router.as_ref().map_or(0, |router| router.give_ups)
    }

    /// Whether this router could serve if it were asked to.
    pub(crate) fn can_serve(&self) -> bool {
        let willing = |router: &Router| {
            // For an original that is a trap: only its partner's RUNNING frees it.
            let trapped = self.original && router.pulse.state() == State::Failed;
            !router.stalled && !trapped
        };
        !self.lvsd_broken && self.router.as_ref().is_some_and(willing)
    }
}
