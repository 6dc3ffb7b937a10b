//! One router whose partner, lvsd and kernel are played by the test. Actions read as words.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that meets an impossible value stops there"
)]

use heartbeat::trailer::HandOver;
use heartbeat::{
    Action, ByteOrder, Datagram, Ending, Event, Insight, Link, Machine, Message, Moment, Partner, Progress,
    Role, Settings, Severity, State, Transition,
};
use std::net::IpAddr;

pub(crate) const PARTNER: &str = "192.0.2.2";

pub(crate) fn seconds(number: f64) -> Moment {
    // Whole milliseconds, so that sums are exact.
    let milliseconds = (number * 1000.0).round();
    assert!((0.0..1e12).contains(&milliseconds));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked above")]
    Moment::from_millis(milliseconds as u64)
}

pub(crate) struct Router {
    machine: Machine,
    pub(crate) settings: Settings,
    /// Seconds.
    pub(crate) now: f64,
    /// Lines above debug.
    pub(crate) log: Vec<String>,
    /// Every action but lines of debug.
    pub(crate) said: Vec<String>,
    order: ByteOrder,
}

impl Router {
    /// keepalive 2 s, deadtime 5 s; nothing has happened.
    pub(crate) fn new(role: Role) -> Self {
        let partner = Partner { public: PARTNER.parse().unwrap(), private: None };
        Self::with(Settings {
            role,
            partner: Some(partner),
            backup_active: true,
            keepalive: seconds(2.0),
            deadtime: seconds(5.0),
            hot_standby: false,
            monitor_links: false,
            services_stop_within: Moment::ZERO,
        })
    }

    pub(crate) fn with(settings: Settings) -> Self {
        let machine = Machine::new(settings, Moment::ZERO);
        Self { machine, settings, now: 0.0, log: Vec::new(), said: Vec::new(), order: ByteOrder::HOST }
    }

    pub(crate) fn started(role: Role) -> Self {
        let mut router = Self::new(role);
        router.on(Event::Start { force_active: false });
        router
    }

    pub(crate) fn with_private_link(role: Role) -> Self {
        let mut settings = Self::new(role).settings;
        settings.partner =
            settings.partner.map(|partner| Partner { private: Some([10, 0, 0, 2].into()), ..partner });
        let mut router = Self::with(settings);
        router.on(Event::Start { force_active: false });
        router
    }

    pub(crate) fn lone() -> Self {
        let settings = Settings { partner: None, backup_active: false, ..Self::new(Role::Primary).settings };
        let mut router = Self::with(settings);
        router.on(Event::Start { force_active: false });
        router
    }

    /// Active because the partner was silent, lvsd ready, addresses up.
    pub(crate) fn active(role: Role) -> Self {
        let mut router = Self::started(role);
        router.serve();
        router
    }

    /// lvsd runs though it is not active.
    pub(crate) fn hot(role: Role) -> Self {
        let mut router = Self::with(Settings { hot_standby: true, ..Self::new(role).settings });
        router.on(Event::Start { force_active: false });
        router
    }

    fn serve(&mut self) {
        self.wake_until(self.now + 5.0);
        self.on(Event::LvsdReady);
        self.on(Event::AddressesRaised { missing: 0 });
        assert_eq!(self.state(), State::Active);
    }

    pub(crate) fn monitoring(role: Role, active: bool) -> Self {
        let mut router = Self::with(Settings { monitor_links: true, ..Self::new(role).settings });
        router.on(Event::Start { force_active: false });
        if active {
            router.serve();
        }
        router
    }

    /// Failed, with the addresses off and a partner that was just heard.
    pub(crate) fn failed(role: Role) -> Self {
        let mut router = Self::active(role);
        router.fails_until_given_up();
        router.on(Event::AddressesDropped { remaining: 0 });
        assert_eq!(router.state(), State::Failed);
        router
    }

    /// lvsd dies again and again while the partner is heard.
    pub(crate) fn fails_until_given_up(&mut self) {
        for _ in 0..4 {
            self.hears(Message::Stopped);
            self.on(Self::lvsd_killed(11));
            self.wake_until(self.now + 1.0);
        }
    }

    pub(crate) fn insight(&self) -> Insight {
        self.machine.insight(seconds(self.now))
    }

    /// Every change of state, as an administrator reads it.
    pub(crate) fn history(&self) -> Vec<String> {
        let transitions = self.insight().transitions;
        let words =
            |it: &Transition| format!("{} {} -> {}: {}", it.at.as_secs_f64(), it.from, it.to, it.cause);
        transitions.iter().map(words).collect()
    }

    pub(crate) fn state(&self) -> State {
        self.machine.state()
    }

    pub(crate) fn next_wake(&self) -> Option<Moment> {
        self.machine.next_wake()
    }

    /// The byte order of the last heartbeat that was sent.
    pub(crate) fn heard_order(&self) -> ByteOrder {
        self.order
    }

    pub(crate) fn on(&mut self, event: Event) -> Vec<String> {
        let actions = self.machine.on(event, seconds(self.now));
        let said = actions.iter().filter_map(|action| self.note(action)).collect::<Vec<_>>();
        self.said.extend_from_slice(&said);
        said
    }

    fn note(&mut self, action: &Action) -> Option<String> {
        Some(match action {
            Action::Log(line) if line.severity() == Severity::Debug => return None,
            Action::Log(line) => {
                self.log.push(line.to_string());
                line.to_string()
            }
            Action::Send { message, order } => {
                self.order = *order;
                format!("send {message}")
            }
            Action::StartLvsd => "start lvsd".into(),
            Action::ReloadLvsd => "reload lvsd".into(),
            Action::StopLvsd => "stop lvsd".into(),
            Action::KillLvsd => "kill lvsd".into(),
            Action::RunActiveCommand => "active_cmd".into(),
            Action::RunInactiveCommand => "inactive_cmd".into(),
            Action::Sync(mode) => format!("sync {mode:?}"),
            Action::RaiseAddresses => "raise".into(),
            Action::DropAddresses => "drop".into(),
            Action::TellConnections => "tell connections".into(),
            Action::Announce => "announce".into(),
            Action::StopAnnouncing => "stop announcing".into(),
            Action::Exit(status) => format!("exit {status}"),
            other => unreachable!("{other:?} with service = lvs"),
        })
    }

    pub(crate) fn wake_at(&mut self, second: f64) -> Vec<String> {
        self.now = second;
        self.on(Event::Wake)
    }

    /// Wakes at the next moment that the machine asks for.
    pub(crate) fn step(&mut self) -> Vec<String> {
        let next = self.next_wake().expect("the machine has ended");
        self.wake_at(next.as_secs_f64())
    }

    /// Wakes at every moment that the machine asks for, up to and including this one.
    pub(crate) fn wake_until(&mut self, second: f64) -> Vec<String> {
        let mut said = Vec::new();
        while self.next_wake().is_some_and(|next| next <= seconds(second)) {
            said.extend(self.step());
        }
        self.now = second;
        said
    }

    pub(crate) fn hears(&mut self, message: Message) -> Vec<String> {
        self.hears_from(PARTNER, message)
    }

    pub(crate) fn hears_at(&mut self, second: f64, message: Message) -> Vec<String> {
        self.now = second;
        self.hears(message)
    }

    /// With a part in a hand-over.
    pub(crate) fn hears_part(&mut self, message: Message, part: Option<HandOver>) -> Vec<String> {
        let bytes = message.encode(ByteOrder::HOST);
        let datagram = Datagram::new(Link::Public, PARTNER.parse().unwrap(), &bytes);
        self.on(Event::Received(vec![datagram.saying(part)]))
    }

    /// What it last said of its own part.
    pub(crate) fn part(&self) -> Option<HandOver> {
        self.machine.account().hand_over
    }

    pub(crate) fn progress(&self) -> Progress {
        self.machine.progress()
    }

    pub(crate) fn hears_from(&mut self, sender: &str, message: Message) -> Vec<String> {
        self.receives(sender.parse().unwrap(), &message.encode(ByteOrder::HOST))
    }

    pub(crate) fn hears_bytes_at(&mut self, second: f64, bytes: &[u8]) -> Vec<String> {
        self.now = second;
        self.receives(PARTNER.parse().unwrap(), bytes)
    }

    fn receives(&mut self, source: IpAddr, bytes: &[u8]) -> Vec<String> {
        self.on(Event::Received(vec![Datagram::new(Link::Public, source, bytes)]))
    }

    /// So many at once, on both links.
    pub(crate) fn hears_backlog(&mut self, message: Message, count: usize) -> Vec<String> {
        let bytes = message.encode(ByteOrder::HOST);
        let source = PARTNER.parse().unwrap();
        let links = [Link::Private, Link::Public];
        let both = links.map(|link| vec![Datagram::new(link, source, &bytes); count]);
        self.on(Event::Received(both.concat()))
    }

    /// On this link, from the partner's public address: either is believed on either.
    pub(crate) fn hears_on(&mut self, link: Link, message: Message) -> Vec<String> {
        let bytes = message.encode(ByteOrder::HOST);
        self.on(Event::Received(vec![Datagram::new(link, PARTNER.parse().unwrap(), &bytes)]))
    }

    pub(crate) fn link(&mut self, link: Link, up: bool) -> Vec<String> {
        self.on(Event::LinkState { link, up })
    }

    pub(crate) fn lvsd_exits(status: i32) -> Event {
        Event::LvsdEnded(Ending::Exited { pid: 4711, status })
    }

    pub(crate) fn lvsd_killed(signal: i32) -> Event {
        Event::LvsdEnded(Ending::Signalled { pid: 4711, signal })
    }
}
