//! Both machines and their network on virtual time: the next thing that happens is the next step.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::dice::Dice;
use crate::fate::{Fate, Parameters};
use crate::host::Host;
use crate::network::Network;
use heartbeat::authentication::Path;
use heartbeat::{
    Action, ByteOrder, Ending, Event, FosMode, Line, Link, Message, Moment, Partner, Role, Settings, State,
};
use std::net::IpAddr;

enum Happening {
    Fate(Fate),
    Arrival {
        host: usize,
        link: Link,
        bytes: Vec<u8>,
    },
    Wake {
        host: usize,
    },
    /// To the router in this life of the machine.
    Event {
        host: usize,
        life: u32,
        lvsd: Option<u32>,
        event: Event,
    },
}

pub(crate) struct World {
    pub(crate) now: Moment,
    pub(crate) parameters: Parameters,
    pub(crate) hosts: [Host; 2],
    pub(crate) network: Network,
    /// When something last went wrong or came back.
    pub(crate) troubled: Moment,
    /// When fate last struck.
    pub(crate) struck: Moment,
    /// When a heartbeat last had to do with a hand-over.
    pub(crate) negotiated: Moment,
    /// Fates that struck and datagrams that were lost.
    pub(crate) faults: u64,
    /// How often floating addresses went up or off.
    pub(crate) transitions: u64,
    /// What was wrong with a step, if something was.
    pub(crate) complaint: Option<String>,
    /// For a failing case: what happened.
    pub(crate) story: Vec<String>,
    dice: Dice,
    agenda: BinaryHeap<Reverse<(Moment, u64)>>,
    happenings: std::collections::BTreeMap<u64, Happening>,
    counter: u64,
}

/// What lvsd takes to end.
pub(crate) const LVSD_ENDS: Moment = Moment::from_millis(50);

pub(crate) const PRIMARY: usize = 0;
pub(crate) const BACKUP: usize = 1;

fn address(host: usize, link: Link) -> IpAddr {
    let last = if host == PRIMARY { 1 } else { 2 };
    match link {
        Link::Public => [192, 0, 2, last].into(),
        Link::Private => [10, 0, 0, last].into(),
    }
}

fn path(sender: usize, link: Link) -> Path {
    Path { source: address(sender, link), destination: address(1 - sender, link) }
}

impl World {
    pub(crate) fn new(parameters: Parameters, dice: Dice) -> Self {
        let settings = |host: usize| Settings {
            role: if host == PRIMARY { Role::Primary } else { Role::Backup },
            partner: Some(Partner {
                public: address(1 - host, Link::Public),
                private: parameters.private_link.then(|| address(1 - host, Link::Private)),
            }),
            backup_active: true,
            keepalive: parameters.keepalive,
            deadtime: parameters.deadtime,
            hot_standby: parameters.hot_standby,
            monitor_links: false,
            services_stop_within: Moment::ZERO,
        };
        Self {
            now: Moment::ZERO,
            parameters,
            hosts: [Host::new(settings(PRIMARY)), Host::new(settings(BACKUP))],
            network: Network {
                paths: Default::default(),
                private_link: parameters.private_link,
                longest_delay: parameters.longest_delay,
                disorder: parameters.disorder,
                doubled: 0,
            },
            troubled: Moment::ZERO,
            struck: Moment::ZERO,
            negotiated: Moment::ZERO,
            faults: 0,
            transitions: 0,
            complaint: None,
            story: Vec::new(),
            dice,
            agenda: BinaryHeap::new(),
            happenings: std::collections::BTreeMap::new(),
            counter: 0,
        }
    }

    pub(crate) fn has_an_original(&self) -> bool {
        self.hosts.iter().any(|host| host.original)
    }

    pub(crate) fn dice(&mut self) -> &mut Dice {
        &mut self.dice
    }

    pub(crate) fn at(&mut self, moment: Moment, fate: Fate) {
        self.plan(moment, Happening::Fate(fate));
    }

    /// Fate strikes now.
    pub(crate) fn befall(&mut self, fate: Fate) {
        self.story.push(format!("{:?} {fate:?}", self.now));
        self.troubled = self.troubled.max(self.now);
        self.struck = self.now;
        self.faults += 1;
        match fate {
            Fate::Boot { host, force_active } => {
                if self.hosts[host].router.is_none() {
                    self.hosts[host].boot(&self.parameters, self.now);
                    self.tell(host, Event::Start { force_active });
                }
            }
            Fate::Kill { host } => self.hosts[host].router = None,
            Fate::Stop { host } => self.tell_or_queue(host, Event::Terminate { signal: 15 }),
            Fate::HandOver { host } => self.tell_or_queue(host, Event::HandOver),
            Fate::Stall { host } => self.stall(host, true),
            Fate::Resume { host } => self.stall(host, false),
            Fate::Cut { sender, link } => self.network.path(sender, link).cut = true,
            Fate::Lose { sender, link, percent } => self.network.path(sender, link).loss = percent,
            Fate::Heal => self.network.heal(),
            Fate::CrashLvsd { host } => {
                self.end_lvsd(host, Moment::ZERO, Ending::Signalled { pid: 9, signal: 9 });
            }
            Fate::BreakLvsd { host } => self.hosts[host].lvsd_broken = true,
            Fate::MendLvsd { host } => self.hosts[host].lvsd_broken = false,
            Fate::StickLvsd { host } => self.hosts[host].lvsd_stuck = true,
            Fate::StepClock { host, forward, by } => self.step_clock(host, forward, by),
        }
    }

    /// The next thing that happens, if it does so until then; answers whether it did.
    pub(crate) fn step(&mut self, until: Moment) -> bool {
        let Some(Reverse((moment, number))) = self.agenda.peek().copied().filter(|entry| entry.0.0 <= until)
        else {
            self.now = until;
            return false;
        };
        self.agenda.pop();
        assert!(moment >= self.now, "time runs backwards");
        self.now = moment;
        match self.happenings.remove(&number) {
            Some(Happening::Fate(fate)) => self.befall(fate),
            Some(Happening::Arrival { host, link, bytes }) => self.arrive(host, link, bytes),
            Some(Happening::Wake { host }) => self.wake(host),
            Some(Happening::Event { host, life, lvsd, event }) => self.event(host, life, lvsd, event),
            None => {}
        }
        true
    }

    pub(crate) fn state(&self, host: usize) -> Option<State> {
        self.hosts[host].router.as_ref().map(|router| router.pulse.state())
    }

    fn plan(&mut self, moment: Moment, happening: Happening) {
        self.counter += 1;
        self.happenings.insert(self.counter, happening);
        self.agenda.push(Reverse((moment, self.counter)));
    }

    fn stall(&mut self, host: usize, stalled: bool) {
        let Some(router) = &mut self.hosts[host].router else { return };
        router.stalled = stalled;
        if stalled {
            return;
        }
        let waiting = std::mem::take(&mut router.waiting);
        self.read_inbox(host);
        for event in waiting {
            self.tell(host, event);
        }
        self.wake(host);
    }

    /// An original whose clock was set back says nothing and misses nothing for so long.
    fn step_clock(&mut self, host: usize, forward: bool, by: Moment) {
        let Some(router) = &mut self.hosts[host].router else { return };
        router.pulse.step_clock(forward, by);
        if self.hosts[host].original && !forward {
            self.troubled = self.troubled.max(self.now) + by;
        }
        if let Some(wake) = self.next_wake(host) {
            self.plan(wake.max(self.now), Happening::Wake { host });
        }
    }

    fn next_wake(&self, host: usize) -> Option<Moment> {
        self.hosts[host].router.as_ref().and_then(|router| router.pulse.next_wake())
    }

    fn arrive(&mut self, host: usize, link: Link, bytes: Vec<u8>) {
        let Some(router) = &mut self.hosts[host].router else { return };
        router.inbox.push((link, bytes));
        if !router.stalled {
            self.read_inbox(host);
        }
    }

    fn wake(&mut self, host: usize) {
        let due = self.hosts[host].router.as_ref().is_some_and(|router| {
            !router.stalled && router.pulse.next_wake().is_some_and(|wake| wake <= self.now)
        });
        if due {
            self.read_inbox(host);
            self.tell(host, Event::Wake);
            if self.next_wake(host).is_some_and(|next| next <= self.now) {
                self.complain(&format!("router {host} wants to wake without end"));
            }
        }
    }

    fn read_inbox(&mut self, host: usize) {
        let Some(router) = &mut self.hosts[host].router else { return };
        let inbox = std::mem::take(&mut router.inbox);
        let mut introduced = false;
        // An older heartbeat tells nothing new.
        let mut news = Vec::new();
        let arrived = inbox.iter().filter_map(|(link, bytes)| {
            let path = path(1 - host, *link);
            let received = router.pulse.receive(*link, path, bytes, self.now);
            introduced |= received.introduced;
            let datagram = received.datagram(*link, path.source, bytes);
            news.extend(datagram.filter(|_| !received.outdated));
            datagram
        });
        let datagrams: Vec<_> = arrived.collect();
        for link in [Link::Private, Link::Public] {
            if let Some(newest) = news.iter().rev().find(|datagram| datagram.link == link) {
                let stopped = [Message::Stopped, Message::FosStopped];
                let running =
                    Message::decode(newest.bytes()).is_ok_and(|(message, _)| !stopped.contains(&message));
                router.heard = Some((self.now, running));
            }
        }
        if !datagrams.is_empty() {
            self.tell(host, Event::Received(datagrams));
        }
        if introduced {
            self.tell(host, Event::Introduced);
        }
    }

    fn event(&mut self, host: usize, life: u32, lvsd: Option<u32>, event: Event) {
        if self.hosts[host].lives != life {
            return;
        }
        let Some(router) = &mut self.hosts[host].router else { return };
        if router.lvsd != lvsd && !matches!(event, Event::Gateway { .. }) {
            return;
        }
        if matches!(event, Event::LvsdEnded(_) | Event::FosEnded(_)) {
            router.lvsd = None;
        }
        self.tell_or_queue(host, event);
    }

    fn tell_or_queue(&mut self, host: usize, event: Event) {
        match &mut self.hosts[host].router {
            Some(router) if router.stalled => router.waiting.push(event),
            _ => self.tell(host, event),
        }
    }

    fn tell(&mut self, host: usize, event: Event) {
        let mut events = std::collections::VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            let Some(router) = &mut self.hosts[host].router else { return };
            for action in router.pulse.on(event, self.now) {
                events.extend(self.carry_out(host, action));
            }
        }
        if let Some(wake) = self.next_wake(host) {
            self.plan(wake.max(self.now), Happening::Wake { host });
        }
    }

    fn carry_out(&mut self, host: usize, action: Action) -> Option<Event> {
        match action {
            Action::Send { message, order } => self.send(host, message, order),
            Action::StartLvsd => self.start_lvsd(host),
            Action::StopLvsd if !self.hosts[host].lvsd_stuck => {
                self.end_lvsd(host, LVSD_ENDS, Ending::Exited { pid: 1, status: 0 });
            }
            Action::StartFos(mode) => self.start_fos(host, mode),
            Action::StopFos => self.end_lvsd(host, LVSD_ENDS, Ending::Exited { pid: 1, status: 0 }),
            Action::CheckGateway => {
                let answer = self.dice.time_up_to(self.parameters.longest_start);
                let event = Event::Gateway { answers: true };
                let life = self.hosts[host].lives;
                self.plan(self.now + answer, Happening::Event { host, life, lvsd: None, event });
            }
            Action::KillLvsd | Action::KillFos => {
                self.end_lvsd(host, Moment::ZERO, Ending::Signalled { pid: 1, signal: 9 });
            }
            Action::TellConnections => return Some(Event::ConnectionsTold),
            Action::RaiseAddresses => {
                self.set_addresses(host, true);
                return Some(Event::AddressesRaised { missing: 0 });
            }
            Action::DropAddresses => {
                self.set_addresses(host, false);
                return Some(Event::AddressesDropped { remaining: 0 });
            }
            Action::Announce => self.story.push(format!("{:?} router {host} announces", self.now)),
            Action::Log(line) => self.judge(host, &line),
            Action::Exit(_) => {
                if self.hosts[host].owns() {
                    self.complain(&format!("router {host} ended with its addresses up"));
                }
                self.hosts[host].router = None;
            }
            _ => {}
        }
        None
    }

    fn send(&mut self, host: usize, message: Message, order: ByteOrder) {
        let stopped = matches!(message, Message::Stopped | Message::FosStopped);
        if stopped && (self.hosts[host].owns() || self.hosts[host].runs_services()) {
            self.complain(&format!("router {host} says STOPPED while it serves"));
        }
        let Some(router) = &mut self.hosts[host].router else { return };
        if router.pulse.negotiates() {
            self.negotiated = self.now;
            self.troubled = self.troubled.max(self.now);
        }
        let paths: Vec<_> = self.network.links().iter().map(|link| (*link, path(host, *link))).collect();
        for (link, bytes) in router.pulse.speak(message.encode(order), &paths) {
            let arrivals = self.network.carry(host, link, &mut self.dice);
            if arrivals.is_empty() {
                self.troubled = self.troubled.max(self.now);
                self.faults += 1;
            }
            for delay in arrivals {
                self.plan(
                    self.now + delay,
                    Happening::Arrival { host: 1 - host, link, bytes: bytes.clone() },
                );
            }
        }
    }

    fn start_lvsd(&mut self, host: usize) {
        let start = self.dice.time_up_to(self.parameters.longest_start);
        let Host { router, lvsd_broken, lives, .. } = &mut self.hosts[host];
        let Some(router) = router else { return };
        router.lvsd_starts += 1;
        router.lvsd = Some(router.lvsd_starts);
        let (lvsd, life) = (router.lvsd, *lives);
        let event = if *lvsd_broken {
            Event::LvsdEnded(Ending::Exited { pid: 1, status: 1 })
        } else {
            Event::LvsdReady
        };
        self.plan(self.now + start, Happening::Event { host, life, lvsd, event });
    }

    fn start_fos(&mut self, host: usize, mode: FosMode) {
        if mode == FosMode::Active && !self.hosts[host].owns() {
            self.complain(&format!("router {host} starts services without their addresses"));
        }
        let fails = self.dice.time_up_to(self.parameters.longest_start);
        let Host { router, lvsd_broken, lives, .. } = &mut self.hosts[host];
        let Some(router) = router else { return };
        if router.lvsd.is_some() {
            self.complaint.get_or_insert(format!("router {host} runs two of fos"));
        }
        router.lvsd_starts += 1;
        router.lvsd = Some(router.lvsd_starts);
        router.fos = mode;
        let (lvsd, life) = (router.lvsd, *lives);
        if *lvsd_broken && mode == FosMode::Active {
            let event = Event::FosEnded(Ending::Exited { pid: 1, status: 11 });
            self.plan(self.now + fails, Happening::Event { host, life, lvsd, event });
        }
    }

    fn end_lvsd(&mut self, host: usize, after: Moment, ending: Ending) {
        let Some(lvsd) = self.hosts[host].router.as_ref().map(|router| router.lvsd) else { return };
        let life = self.hosts[host].lives;
        if lvsd.is_some() {
            let event = if self.parameters.fos { Event::FosEnded(ending) } else { Event::LvsdEnded(ending) };
            self.plan(self.now + after, Happening::Event { host, life, lvsd, event });
        }
    }

    fn set_addresses(&mut self, host: usize, up: bool) {
        let now = self.now;
        if let Some(router) = &mut self.hosts[host].router {
            if router.addresses_up != up {
                self.transitions += 1;
                self.story.push(format!("{now:?} router {host} addresses {}", if up { "up" } else { "off" }));
            }
            router.addresses_up = up;
        }
    }

    /// A router that says why it goes active must have seen that.
    fn judge(&mut self, host: usize, line: &Line) {
        if line.severity() > heartbeat::Severity::Debug {
            self.story.push(format!("{:?} router {host}: {line}", self.now));
        }
        let (now, deadtime) = (self.now, self.parameters.deadtime);
        let Some(router) = &mut self.hosts[host].router else { return };
        let seen = match line {
            Line::PartnerDead | Line::FosPartnerDead => {
                let last_life = router.heard.map_or(router.booted, |(at, _)| at);
                now >= last_life + deadtime
            }
            Line::BackupInactive
            | Line::PrimaryInactive
            | Line::FosBackupInactive
            | Line::FosPrimaryInactive => router.heard == Some((now, false)),
            Line::TieDeactivating
            | Line::ResendingArps
            | Line::FosTieDeactivating
            | Line::FosPartnerActive => router.heard.is_some_and(|(at, _)| at == now),
            Line::GivingUp { .. } | Line::FosGivingUp { .. } | Line::FosRemoteFault => {
                router.give_ups += 1;
                true
            }
            _ => true,
        };
        if !seen {
            self.complain(&format!("router {host} has no reason for: {line}"));
        }
    }

    pub(crate) fn complain(&mut self, complaint: &str) {
        self.complaint.get_or_insert(format!("{:?} {complaint}", self.now));
    }
}
