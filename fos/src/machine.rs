//! What is run when (specification fos.md 4). Nothing here touches a process or a clock.

mod ending;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::ffi::OsString;

use crate::event::{Action, Event, Id, Moment, Outcome};
use crate::line::Line;
use crate::patience::Patience;
use crate::plan::{FailoverService, Mode};

/// fos, from its start to its end.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent of each other")]
pub(crate) struct Machine {
    mode: Mode,
    /// A pulse that waits between restarts is told of services that do not start. Piranha's would start fos again at
    /// once and for ever, and every healthy service with it.
    pulse_decides: bool,
    services: BTreeMap<Id, Service>,
    next_id: u32,
    steps: VecDeque<Step>,
    command: Option<(Step, Patience)>,
    /// A nanny is being started: what comes after it waits, so that the log has the order of the file.
    launching: bool,
    start_failed: bool,
    /// The exit status, once fos is on its way out.
    ending: Option<u8>,
    ended: bool,
    actions: Vec<Action>,
}

/// One at a time, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// The service may run here: nobody knows yet.
    Clear(Id),
    Stop(Id),
    Start(Id),
    Watch(Id),
}

#[derive(Debug)]
struct Service {
    section: FailoverService,
    monitor: Option<Monitor>,
    /// No more in the file, and forgotten once it is stopped.
    removed: bool,
}

#[derive(Debug)]
struct Monitor {
    pid: u32,
    patience: Patience,
}

impl Step {
    fn service(self) -> Id {
        match self {
            Self::Clear(id) | Self::Stop(id) | Self::Start(id) | Self::Watch(id) => id,
        }
    }
}

impl Machine {
    /// Nothing is done yet; [`Event::Begin`] comes next.
    pub(crate) fn new(mode: Mode, pulse_decides: bool) -> Self {
        Self {
            mode,
            pulse_decides,
            services: BTreeMap::new(),
            next_id: 0,
            steps: VecDeque::new(),
            command: None,
            launching: false,
            start_failed: false,
            ending: None,
            ended: false,
            actions: Vec::new(),
        }
    }

    /// Tells the machine what happened; answers with what is to be done, in this order.
    pub(crate) fn on(&mut self, event: Event, now: Moment) -> Vec<Action> {
        if self.ended {
            return Vec::new();
        }
        match event {
            Event::Begin(sections) => sections.into_iter().for_each(|section| self.enlist(section)),
            Event::CommandEnded(outcome) => self.command_ended(&outcome),
            Event::MonitorStarted(id, pid) => self.monitor_started(id, pid, now),
            Event::MonitorEnded(id, outcome) => self.monitor_ended(id, outcome, now),
            Event::Terminate(signal) => self.terminate(Line::ShuttingDownBySignal(signal), now),
            Event::Orphaned => self.terminate(Line::Orphaned, now),
            Event::Reread(sections) => self.follow(sections, now),
            Event::Wake => self.lose_patience(now),
        }
        self.advance(now);
        std::mem::take(&mut self.actions)
    }

    /// When [`Event::Wake`] is wanted.
    pub(crate) fn next_wake(&self) -> Option<Moment> {
        let monitors = self.services.values().filter_map(|service| service.monitor.as_ref());
        let patiences = monitors.map(|monitor| &monitor.patience);
        let command = self.command.iter().map(|(_, patience)| patience);
        patiences.chain(command).filter_map(Patience::next_wake).min()
    }

    fn enlist(&mut self, section: FailoverService) {
        let id = Id(self.next_id);
        self.next_id += 1;
        self.services.insert(id, Service { section, monitor: None, removed: false });
        self.steps.push_back(Step::Clear(id));
        self.steps.push_back(match self.mode {
            Mode::Active => Step::Start(id),
            Mode::Monitor => Step::Watch(id),
        });
    }

    /// Works by a changed file: what is in both is left alone (specification fos.md S3).
    fn follow(&mut self, mut sections: Vec<FailoverService>, now: Moment) {
        if self.ending.is_some() {
            return;
        }
        let mut gone = Vec::new();
        for (id, service) in self.services.iter_mut().filter(|(_, service)| !service.removed) {
            match sections.iter().position(|section| section.runs_as(&service.section)) {
                Some(kept) => service.section = sections.remove(kept),
                None => gone.push(*id),
            }
        }
        for id in gone {
            self.remove(id, now);
        }
        for section in sections {
            self.enlist(section);
        }
    }

    /// Takes the next steps, until one takes time.
    fn advance(&mut self, now: Moment) {
        while self.is_free()
            && let Some(step) = self.steps.pop_front()
        {
            self.perform(step, now);
        }
        self.settle(now);
    }

    fn perform(&mut self, step: Step, now: Moment) {
        let Some(service) = self.services.get(&step.service()) else { return };
        let FailoverService { place, start, stop, monitor, command_time, .. } = service.section.clone();
        match step {
            Step::Clear(_) => {
                self.log(Line::StoppingLocal);
                self.run(step, Line::ShuttingDown(place), stop, now + command_time);
            }
            Step::Stop(_) => self.run(step, Line::ShuttingDown(place), stop, now + command_time),
            Step::Start(_) => self.run(step, Line::Starting(place), start, now + command_time),
            Step::Watch(id) if !monitor.is_empty() => {
                self.launching = true;
                self.act(Action::StartMonitor(id, monitor));
            }
            Step::Watch(_) if place.address.is_unspecified() => self.log(Line::NotWatched(place)),
            Step::Watch(_) => {}
        }
    }

    /// Runs a command; where there is none, nothing is run and nothing fails (specification fos.md S1).
    fn run(&mut self, step: Step, line: Line, words: Vec<OsString>, until: Moment) {
        if words.is_empty() {
            return self.performed(step);
        }
        self.log(line);
        self.act(Action::RunCommand(words));
        self.command = Some((step, Patience::limited(until)));
    }

    fn command_ended(&mut self, outcome: &Outcome) {
        let Some((step, _)) = self.command.take() else { return };
        let place = self.services.get(&step.service()).map(|service| service.section.place);
        if let Some(place) = place.filter(|_| !outcome.is_success()) {
            if let Step::Start(_) = step {
                self.start_failed = true;
                self.log(Line::StartFailed(place, outcome.clone()));
            } else {
                self.log(Line::ShutdownFailed(place, outcome.clone()));
            }
        }
        self.performed(step);
    }

    /// A removed service is forgotten with its last step.
    fn performed(&mut self, step: Step) {
        if let Step::Stop(id) = step
            && self.services.get(&id).is_some_and(|service| service.removed)
        {
            self.services.remove(&id);
        }
    }

    /// Whether the next step can be taken.
    fn is_free(&self) -> bool {
        self.command.is_none() && !self.launching
    }

    fn monitor_started(&mut self, id: Id, pid: u32, now: Moment) {
        self.launching = false;
        let Some(service) = self.services.get_mut(&id) else { return };
        service.monitor = Some(Monitor { pid, patience: Patience::endless() });
        let place = service.section.place;
        self.log(Line::MonitorStarted(place, pid));
        if self.ending.is_some() {
            self.end_monitor(id, now);
        }
    }

    fn log(&mut self, line: Line) {
        self.act(Action::Log(line));
    }

    fn act(&mut self, action: Action) {
        self.actions.push(action);
    }
}
