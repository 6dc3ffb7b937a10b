//! The end of a service, of a nanny, and of fos, which is its message to pulse (specification fos.md 4 and S6).

use super::{Machine, Step};
use crate::event::{Action, Force, Id, Moment, Outcome};
use crate::line::Line;
use crate::patience::{AFTER_TERM, Due};
use crate::plan::Mode;

/// Told to end.
const TOLD: u8 = 0;
/// A service that is watched has failed.
const SERVICE_FAILED: u8 = 10;
/// A start command has failed.
const START_FAILED: u8 = 11;

impl Machine {
    pub(super) fn terminate(&mut self, line: Line, now: Moment) {
        if self.ending.is_none() {
            self.log(line);
            self.end(TOLD, now);
        }
    }

    pub(super) fn monitor_ended(&mut self, id: Id, outcome: Outcome, now: Moment) {
        self.launching = false;
        let Some(service) = self.services.get_mut(&id) else { return };
        let wanted = service.monitor.take().is_some_and(|monitor| monitor.patience.is_asked());
        let place = service.section.place;
        if service.removed {
            self.services.remove(&id);
        }
        if !wanted && self.ending.is_none() {
            self.log(Line::MonitorExited(place, outcome));
            self.end(SERVICE_FAILED, now);
        }
    }

    /// A service that is no more in the file.
    pub(super) fn remove(&mut self, id: Id, now: Moment) {
        let Some(service) = self.services.get_mut(&id) else { return };
        service.removed = true;
        let watched = service.monitor.is_some();
        self.steps.retain(|step| step.service() != id);
        match self.mode {
            Mode::Active => {
                self.end_start(Some(id), now);
                self.steps.push_back(Step::Stop(id));
            }
            Mode::Monitor if watched => self.end_monitor(id, now),
            Mode::Monitor => drop(self.services.remove(&id)),
        }
    }

    /// No step is left: fos ends, if it is to end.
    pub(super) fn settle(&mut self, now: Moment) {
        let idle = self.is_free() && self.steps.is_empty();
        if idle && self.start_failed && self.pulse_decides && self.ending.is_none() {
            self.log(Line::NotAllStarted);
            self.end(START_FAILED, now);
            return self.advance(now);
        }
        let watching = self.services.values().any(|service| service.monitor.is_some());
        if let Some(status) = self.ending.filter(|_| idle && !watching && !self.ended) {
            self.log(Line::WillExit);
            self.act(Action::Exit(status));
            self.ended = true;
        }
    }

    fn end(&mut self, status: u8, now: Moment) {
        self.ending = Some(status);
        self.steps.clear();
        self.end_start(None, now);
        let services: Vec<Id> = self.services.keys().copied().collect();
        for id in services {
            match self.mode {
                Mode::Active => self.steps.push_back(Step::Stop(id)),
                Mode::Monitor => self.end_monitor(id, now),
            }
        }
    }

    /// A start command that still runs makes way for the stop command: that of one service, or of any.
    fn end_start(&mut self, whose: Option<Id>, now: Moment) {
        if let Some((Step::Start(id), patience)) = &mut self.command
            && whose.is_none_or(|whose| whose == *id)
            && patience.ask(now)
        {
            self.act(Action::SignalCommand(Force::Term));
        }
    }

    pub(super) fn end_monitor(&mut self, id: Id, now: Moment) {
        let Some(service) = self.services.get_mut(&id) else { return };
        let Some(monitor) = &mut service.monitor else { return };
        if monitor.patience.ask(now) {
            let line =
                Line::ShuttingDownMonitor(service.section.name.clone(), service.section.place, monitor.pid);
            self.log(line);
            self.act(Action::SignalMonitor(id, Force::Term));
        }
    }

    /// What takes too long is ended by force.
    pub(super) fn lose_patience(&mut self, now: Moment) {
        self.lose_patience_with_command(now);
        let ids: Vec<Id> = self.services.keys().copied().collect();
        for id in ids {
            self.lose_patience_with_monitor(id, now);
        }
    }

    fn lose_patience_with_command(&mut self, now: Moment) {
        let Some((step, patience)) = &mut self.command else { return };
        let what = if let Step::Start(_) = step { "start_cmd" } else { "stop_cmd" };
        let section = self.services.get(&step.service()).map(|service| &service.section);
        let section = section.map(|section| (section.place, section.command_time));
        match patience.due(now) {
            Some(Due::Signal(force)) => {
                if let Some((place, command_time)) = section {
                    let waited = if force == Force::Term { command_time } else { AFTER_TERM };
                    self.log(Line::TooSlow(what, place, waited, force));
                }
                self.act(Action::SignalCommand(force));
            }
            Some(Due::GiveUp) => self.command_ended(&Outcome::Stuck),
            None => {}
        }
    }

    fn lose_patience_with_monitor(&mut self, id: Id, now: Moment) {
        let Some(service) = self.services.get_mut(&id) else { return };
        let Some(monitor) = &mut service.monitor else { return };
        let place = service.section.place;
        match monitor.patience.due(now) {
            Some(Due::Signal(force)) => {
                self.log(Line::TooSlow("nanny", place, AFTER_TERM, force));
                self.act(Action::SignalMonitor(id, force));
            }
            Some(Due::GiveUp) => self.monitor_ended(id, Outcome::Stuck, now),
            None => {}
        }
    }
}
