//! Piranha's own pulse as the other router, to the letter of specification pulse.md sections 10 to 14: it blocks while
//! lvsd starts or ends, acts on overdue timers before it reads its socket, says nothing while it changes its mind and
//! no goodbye, and takes the first STOPPED for an order.

use std::collections::VecDeque;

use heartbeat::{Action, ByteOrder, Event, Message, Moment, Role, Settings, State};

pub(crate) struct Original {
    settings: Settings,
    active: bool,
    /// lvsd's death clears it only with the partner's RUNNING.
    child_failed: bool,
    blocked: Option<Blocked>,
    ends: bool,
    unread: VecDeque<Message>,
    send_due: Moment,
    dead_due: Moment,
    actions: Vec<Action>,
}

/// What the process waits for and does nothing else.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Blocked {
    Starting,
    Stopping,
}

impl Original {
    pub(crate) fn new(settings: Settings, now: Moment) -> Self {
        Self {
            settings,
            active: false,
            child_failed: false,
            blocked: None,
            ends: false,
            unread: VecDeque::new(),
            send_due: now + settings.keepalive,
            dead_due: now + settings.deadtime,
            actions: Vec::new(),
        }
    }

    pub(crate) fn state(&self) -> State {
        match (self.active, self.child_failed) {
            (true, _) => State::Active,
            (false, true) => State::Failed,
            (false, false) => State::Ready,
        }
    }

    pub(crate) fn next_wake(&self) -> Option<Moment> {
        self.blocked.is_none().then(|| self.send_due.min(self.dead_due))
    }

    pub(crate) fn on(&mut self, event: Event, now: Moment) -> Vec<Action> {
        match event {
            Event::Start { force_active: true } => self.go_active(),
            Event::Received(datagrams) => {
                let messages = datagrams.iter().filter_map(|datagram| Message::decode(datagram.bytes()).ok());
                self.unread.extend(messages.map(|(message, _)| message));
            }
            Event::LvsdReady if self.blocked == Some(Blocked::Starting) => {
                self.go_on(now);
                self.active = true;
                self.actions.push(Action::RaiseAddresses);
            }
            Event::LvsdEnded(_) => self.lvsd_ended(now),
            Event::Terminate { .. } => self.ends = true,
            _ => {}
        }
        self.turn(now);
        std::mem::take(&mut self.actions)
    }

    /// Turns of the loop until there is nothing to do.
    fn turn(&mut self, now: Moment) {
        while self.blocked.is_none() && !self.actions.contains(&Action::Exit(0)) {
            if self.send_due.min(self.dead_due) <= now {
                self.timer_ran_out(now);
            } else if self.ends && self.active {
                self.go_inactive();
            } else if self.ends {
                self.actions.push(Action::Exit(0));
            } else if let Some(message) = self.unread.pop_front() {
                self.dead_due = now + self.settings.deadtime;
                self.hear(message);
            } else {
                return;
            }
        }
    }

    /// The earlier one acts; on a tie the send timer.
    fn timer_ran_out(&mut self, now: Moment) {
        if self.send_due <= self.dead_due {
            self.send();
            self.send_due = now + self.settings.keepalive;
            return;
        }
        self.dead_due = now + self.settings.deadtime;
        if !self.active && !self.child_failed {
            self.go_active();
        }
    }

    /// Both timers follow the wall clock, which was set forward or back.
    pub(crate) fn step_clock(&mut self, forward: bool, by: Moment) {
        for due in [&mut self.send_due, &mut self.dead_due] {
            *due = if forward { due.saturating_sub(by) } else { *due + by };
        }
    }

    fn hear(&mut self, message: Message) {
        match (message, self.active, self.settings.role) {
            (Message::Running, true, Role::Backup) => {
                self.send();
                self.go_inactive();
            }
            (Message::Running, false, _) => self.child_failed = false,
            (Message::Stopped, false, _) if !self.child_failed => self.go_active(),
            _ => {}
        }
    }

    fn send(&mut self) {
        let message = if self.active { Message::Running } else { Message::Stopped };
        self.actions.push(Action::Send { message, order: ByteOrder::HOST });
    }

    fn go_active(&mut self) {
        self.blocked = Some(Blocked::Starting);
        self.actions.push(Action::StartLvsd);
    }

    fn go_inactive(&mut self) {
        if self.active {
            self.blocked = Some(Blocked::Stopping);
            self.actions.push(Action::StopLvsd);
        }
    }

    /// The dead timer begins anew after what it or a datagram has caused.
    fn go_on(&mut self, now: Moment) {
        self.blocked = None;
        self.dead_due = now + self.settings.deadtime;
    }

    /// Whether it runs or is being started, its end is a failure unless it was asked for.
    fn lvsd_ended(&mut self, now: Moment) {
        self.child_failed = self.blocked != Some(Blocked::Stopping);
        if self.blocked.is_some() {
            self.go_on(now);
        }
        self.active = false;
        self.actions.push(Action::DropAddresses);
    }
}
