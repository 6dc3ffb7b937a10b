//! One router on virtual time. Actions read as words.

#![expect(clippy::unwrap_used, reason = "a test that meets an impossible value stops there")]

use heartbeat::{
    Action, ByteOrder, Datagram, Ending, Event, FosMachine, Line, Link, Message, Moment, Partner, Role,
    Settings, Severity, State,
};

pub(crate) const PARTNER: &str = "192.0.2.2";

pub(crate) fn settings(role: Role) -> Settings {
    Settings {
        role,
        partner: Some(Partner { public: PARTNER.parse().unwrap(), private: None }),
        backup_active: true,
        keepalive: Moment::from_secs(2),
        deadtime: Moment::from_secs(5),
        hot_standby: false,
        monitor_links: true,
        services_stop_within: Moment::from_secs(66),
    }
}

pub(crate) fn heartbeat(message: Message) -> Event {
    let bytes = message.encode(ByteOrder::HOST);
    Event::Received(vec![Datagram::new(Link::Public, PARTNER.parse().unwrap(), &bytes)])
}

pub(crate) fn exits(status: i32) -> Event {
    Event::FosEnded(Ending::Exited { pid: 4711, status })
}

pub(crate) struct Router {
    machine: FosMachine,
    pub(crate) now: Moment,
}

impl Router {
    /// keepalive 2 s, deadtime 5 s; started.
    pub(crate) fn started(role: Role) -> (Self, Vec<String>) {
        Self::with(settings(role), false)
    }

    pub(crate) fn with(settings: Settings, force_active: bool) -> (Self, Vec<String>) {
        let mut router = Self { machine: FosMachine::new(settings, Moment::ZERO), now: Moment::ZERO };
        let said = router.on(Event::Start { force_active });
        (router, said)
    }

    /// Watches an active partner.
    pub(crate) fn watching(role: Role) -> Self {
        let (mut router, _) = Self::started(role);
        router.hears(Message::FosRunning);
        router
    }

    /// Serves: the partner was silent.
    pub(crate) fn serving(role: Role) -> Self {
        let (mut router, _) = Self::started(role);
        router.wake_until(5.0);
        router.on(exits(0));
        assert_eq!(router.state(), State::Active);
        router
    }

    /// Every change of state, as an administrator reads it.
    pub(crate) fn history(&self) -> Vec<String> {
        let transitions = self.machine.insight(self.now).transitions;
        let words = |it: &heartbeat::Transition| format!("{} -> {}: {}", it.from, it.to, it.cause);
        transitions.iter().map(words).collect()
    }

    pub(crate) fn state(&self) -> State {
        self.machine.state()
    }

    /// What is said and done; addresses are raised and dropped at once.
    pub(crate) fn on(&mut self, event: Event) -> Vec<String> {
        let mut said = Vec::new();
        for action in self.machine.on(event, self.now) {
            let answer = match action {
                Action::RaiseAddresses => Some(Event::AddressesRaised { missing: 0 }),
                Action::DropAddresses => Some(Event::AddressesDropped { remaining: 0 }),
                _ => None,
            };
            said.extend(word(action));
            said.extend(answer.into_iter().flat_map(|event| self.on(event)));
        }
        said
    }

    pub(crate) fn hears(&mut self, message: Message) -> Vec<String> {
        self.on(heartbeat(message))
    }

    /// Wakes at every moment that the machine asks for, up to and including this second.
    pub(crate) fn wake_until(&mut self, second: f64) -> Vec<String> {
        let mut said = Vec::new();
        let end = Moment::from_secs_f64(second);
        while let Some(next) = self.machine.next_wake().filter(|next| *next <= end) {
            self.now = self.now.max(next);
            said.extend(self.on(Event::Wake));
        }
        self.now = end;
        said
    }

    /// The same without heartbeats that are sent.
    pub(crate) fn quietly_until(&mut self, second: f64) -> Vec<String> {
        self.wake_until(second).into_iter().filter(|said| !said.starts_with("send")).collect()
    }

    /// Until the machine ends.
    pub(crate) fn wake_to_the_end(&mut self) -> Vec<String> {
        let mut said = Vec::new();
        while let Some(next) = self.machine.next_wake() {
            assert!(next < self.now + Moment::from_secs(100), "it does not end");
            self.now = self.now.max(next);
            said.extend(self.on(Event::Wake));
        }
        said
    }
}

fn word(action: Action) -> Option<String> {
    Some(match action {
        // Links that fall silent are the same with either service.
        Action::Log(Line::LinkSilent { .. } | Line::LinkHeard { .. } | Line::PartnerHeard { .. }) => {
            return None;
        }
        Action::Log(line) if line.severity() == Severity::Debug => return None,
        Action::Log(line) => line.to_string(),
        Action::Send { message, .. } => format!("send {message}"),
        Action::StartFos(mode) => format!("start fos {mode:?}"),
        Action::StopFos => "stop fos".into(),
        Action::KillFos => "kill fos".into(),
        Action::ReloadFos => "reload fos".into(),
        Action::CheckGateway => "check gateway".into(),
        Action::RaiseAddresses => "raise".into(),
        Action::DropAddresses => "drop".into(),
        Action::Announce => "announce".into(),
        Action::StopAnnouncing => "stop announcing".into(),
        Action::Exit(status) => format!("exit {status}"),
        other => unreachable!("{other:?} with service = fos"),
    })
}
