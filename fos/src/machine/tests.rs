//! The machine on virtual time, with processes played by the test.

use std::ffi::OsString;
use std::time::Duration;

use proptest::prelude::*;

use super::Machine;
use crate::event::{Action, Event, Force, Id, Moment, Outcome};
use crate::plan::{FailoverService, Mode, Place};

const FINE: Outcome = Outcome::Exited(0);

fn words(text: &str) -> Vec<OsString> {
    text.split(' ').map(OsString::from).collect()
}

fn service(number: u8, mode: Mode) -> FailoverService {
    FailoverService {
        name: format!("s{number}"),
        place: Place { address: [192, 0, 2, number].into(), port: 80 },
        start: words(&format!("start {number}")),
        stop: words(&format!("stop {number}")),
        monitor: if mode == Mode::Monitor { words(&format!("nanny {number}")) } else { Vec::new() },
        command_time: Duration::from_secs(60),
    }
}

/// fos, and the time.
struct Fos {
    machine: Machine,
    now: Moment,
    log: Vec<String>,
}

impl Fos {
    fn begun(mode: Mode, services: u8) -> (Self, Vec<String>) {
        let mut fos = Self { machine: Machine::new(mode, false), now: Moment::ZERO, log: Vec::new() };
        let done = fos.on(Event::Begin((1..=services).map(|number| service(number, mode)).collect()));
        (fos, done)
    }

    /// What is done, as words; nannies start at once, with process ids from 100 on.
    fn on(&mut self, event: Event) -> Vec<String> {
        let mut done = Vec::new();
        for action in self.machine.on(event, self.now) {
            let started = if let Action::StartMonitor(id, _) = action { Some(id) } else { None };
            done.extend(self.note(action));
            if let Some(id) = started {
                done.extend(self.on(Event::MonitorStarted(id, 100 + id.0)));
            }
        }
        done
    }

    fn note(&mut self, action: Action) -> Option<String> {
        let text = |words: &[OsString]| words.join(" ".as_ref()).into_string().unwrap();
        let force = |force| if force == Force::Term { "end" } else { "kill" };
        Some(match action {
            Action::RunCommand(words) | Action::StartMonitor(_, words) => text(&words),
            Action::SignalCommand(how) => format!("{} command", force(how)),
            Action::SignalMonitor(Id(id), how) => format!("{} nanny {id}", force(how)),
            Action::Exit(status) => format!("exit {status}"),
            Action::Log(line) => {
                self.log.push(line.to_string());
                return None;
            }
        })
    }

    fn wake(&mut self) -> Vec<String> {
        self.now = self.machine.next_wake().expect("nothing is waited for");
        self.on(Event::Wake)
    }
}

#[test]
fn an_active_router_stops_then_starts_each_service_in_order() {
    let (mut fos, done) = Fos::begun(Mode::Active, 2);
    assert_eq!(done, ["stop 1"]);
    assert_eq!(fos.on(Event::CommandEnded(Outcome::Exited(3))), ["start 1"]);
    assert_eq!(fos.on(Event::CommandEnded(FINE)), ["stop 2"]);
    assert_eq!(fos.on(Event::CommandEnded(FINE)), ["start 2"]);
    assert!(fos.on(Event::CommandEnded(Outcome::Exited(1))).is_empty());
    assert_eq!(fos.on(Event::Terminate(15)), ["stop 1"]);
    assert_eq!(fos.on(Event::CommandEnded(FINE)), ["stop 2"]);
    assert_eq!(fos.on(Event::CommandEnded(FINE)), ["exit 0"]);
    insta::assert_snapshot!(fos.log.join("\n"), @"
    Stopping local services (if any)
    Shutting down local service 192.0.2.1:80 
    Warning; shutdown of local service 192.0.2.1:80 returned error 1 status=3
    Starting local service 192.0.2.1:80 ...
    Stopping local services (if any)
    Shutting down local service 192.0.2.2:80 
    Starting local service 192.0.2.2:80 ...
    Failed to start service 192.0.2.2:80! status=1
    Shutting down due to signal 15
    Shutting down local service 192.0.2.1:80 
    Shutting down local service 192.0.2.2:80 
    will now exit to notify pulse...
    ");
}

#[test]
fn a_monitoring_router_stops_each_service_and_ends_with_the_first_nanny() {
    let (mut fos, done) = Fos::begun(Mode::Monitor, 2);
    assert_eq!(done, ["stop 1"]);
    assert_eq!(fos.on(Event::CommandEnded(FINE)), ["nanny 1", "stop 2"]);
    assert_eq!(fos.on(Event::CommandEnded(FINE)), ["nanny 2"]);
    assert_eq!(fos.on(Event::MonitorEnded(Id(0), FINE)), ["end nanny 1"]);
    assert_eq!(fos.on(Event::MonitorEnded(Id(1), Outcome::Signalled(15))), ["exit 10"]);
    insta::assert_snapshot!(fos.log.join("\n"), @"
    Stopping local services (if any)
    Shutting down local service 192.0.2.1:80 
    Starting monitor for 192.0.2.1:80 running as pid 100
    Stopping local services (if any)
    Shutting down local service 192.0.2.2:80 
    Starting monitor for 192.0.2.2:80 running as pid 101
    Monitor for service 192.0.2.1:80 exited. This is a failover condition! status=0
    Shutting down monitor for s2 192.0.2.2:80 running as pid 101
    will now exit to notify pulse...
    ");
}

#[test]
fn a_service_without_commands_has_nothing_to_run() {
    let mut fos = Fos { machine: Machine::new(Mode::Active, true), now: Moment::ZERO, log: Vec::new() };
    let bare = FailoverService { start: Vec::new(), stop: Vec::new(), ..service(1, Mode::Active) };
    assert!(fos.on(Event::Begin(vec![bare])).is_empty());
    assert_eq!(fos.on(Event::Terminate(2)), ["exit 0"]);
    assert_eq!(fos.log[0], "Stopping local services (if any)");
}

#[test]
fn a_command_that_hangs_is_ended_then_killed_then_left_alone() {
    let (mut fos, _) = Fos::begun(Mode::Active, 1);
    assert_eq!((fos.wake(), fos.now), (vec!["end command".to_owned()], Duration::from_secs(60)));
    assert_eq!((fos.wake(), fos.now), (vec!["kill command".to_owned()], Duration::from_secs(65)));
    assert_eq!((fos.wake(), fos.now), (vec!["start 1".to_owned()], Duration::from_secs(66)));
    insta::assert_snapshot!(fos.log[2..].join("\n"), @r#"
    stop_cmd of 192.0.2.1:80 has not ended within 60 s: ending it
    stop_cmd of 192.0.2.1:80 has not ended within 5 s: killing it
    Warning; shutdown of local service 192.0.2.1:80 returned error 1 reason="it does not end"
    Starting local service 192.0.2.1:80 ...
    "#);
}

#[test]
fn a_changed_command_timeout_restarts_nothing_and_holds_for_the_next_command() {
    let (mut fos, _) = Fos::begun(Mode::Active, 1);
    fos.on(Event::CommandEnded(FINE));
    fos.on(Event::CommandEnded(FINE));
    let patient = FailoverService { command_time: Duration::from_millis(1500), ..service(1, Mode::Active) };
    assert!(fos.on(Event::Reread(vec![patient])).is_empty());
    assert_eq!(fos.on(Event::Terminate(15)), ["stop 1"]);
    assert_eq!((fos.wake(), fos.now), (vec!["end command".to_owned()], Duration::from_millis(1500)));
    assert_eq!(
        fos.log.last().map(String::as_str),
        Some("stop_cmd of 192.0.2.1:80 has not ended within 1.5 s: ending it")
    );
}

#[test]
fn a_nanny_that_hangs_is_killed_after_five_seconds() {
    let (mut fos, _) = Fos::begun(Mode::Monitor, 1);
    fos.on(Event::CommandEnded(FINE));
    assert_eq!(fos.machine.next_wake(), None);
    assert_eq!(fos.on(Event::Terminate(15)), ["end nanny 0"]);
    assert_eq!((fos.wake(), fos.now), (vec!["kill nanny 0".to_owned()], Duration::from_secs(5)));
    assert_eq!(fos.wake(), ["exit 0"]);
}

#[test]
fn a_start_that_still_runs_makes_way_for_the_stop() {
    let (mut fos, _) = Fos::begun(Mode::Active, 2);
    fos.on(Event::CommandEnded(FINE));
    assert_eq!(fos.on(Event::Terminate(15)), ["end command"]);
    assert!(fos.on(Event::Terminate(15)).is_empty());
    assert_eq!(fos.on(Event::CommandEnded(Outcome::Signalled(15))), ["stop 1"]);
}

#[test]
fn a_pulse_of_ours_hears_of_a_service_that_does_not_start() {
    let mut fos = Fos { machine: Machine::new(Mode::Active, true), now: Moment::ZERO, log: Vec::new() };
    fos.on(Event::Begin(vec![service(1, Mode::Active), service(2, Mode::Active)]));
    fos.on(Event::CommandEnded(FINE));
    assert_eq!(fos.on(Event::CommandEnded(Outcome::Exited(1))), ["stop 2"]);
    assert_eq!(fos.on(Event::CommandEnded(FINE)), ["start 2"]);
    assert_eq!(fos.on(Event::CommandEnded(FINE)), ["stop 1"]);
    fos.on(Event::CommandEnded(FINE));
    assert_eq!(fos.on(Event::CommandEnded(FINE)), ["exit 11"]);
}

#[test]
fn a_changed_file_touches_only_what_changed() {
    for (mode, gone, came) in [(Mode::Active, "stop 1", "start 3"), (Mode::Monitor, "end nanny 0", "nanny 3")]
    {
        let (mut fos, _) = Fos::begun(mode, 2);
        let mut done = Vec::new();
        for _ in 0..4 {
            done.extend(fos.on(Event::CommandEnded(FINE)));
        }
        assert!(fos.on(Event::Reread(vec![service(2, mode), service(1, mode)])).is_empty());
        let mut done = fos.on(Event::Reread(vec![service(2, mode), service(3, mode)]));
        for _ in 0..3 {
            done.extend(fos.on(Event::CommandEnded(FINE)));
        }
        assert_eq!(done, [gone, "stop 3", came], "{mode:?}");
        assert!(fos.on(Event::MonitorEnded(Id(0), FINE)).is_empty());
    }
}

#[derive(Debug, Clone)]
enum Happening {
    CommandEnds(i32),
    MonitorEnds(usize),
    Rereads(Vec<u8>),
    Waits,
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        4 => (0..2).prop_map(Happening::CommandEnds),
        1 => any::<usize>().prop_map(Happening::MonitorEnds),
        1 => proptest::collection::vec(1..5u8, 0..4).prop_map(Happening::Rereads),
        2 => Just(Happening::Waits),
    ]
}

/// What runs, as the world sees it.
#[derive(Debug, Default)]
struct World {
    command: Option<String>,
    nannies: Vec<Id>,
    /// Services whose start command was run after their last stop command.
    serving: Vec<String>,
    exits: usize,
}

impl World {
    fn carry_out(&mut self, machine: &mut Machine, event: Event, now: Moment) {
        assert_eq!(self.exits, 0, "{event:?} after the end");
        for action in machine.on(event, now) {
            assert_eq!(self.exits, 0, "{action:?} after the end");
            match action {
                Action::RunCommand(words) => self.run(&words),
                Action::StartMonitor(id, _) => {
                    self.nannies.push(id);
                    self.carry_out(machine, Event::MonitorStarted(id, 100), now);
                }
                Action::SignalMonitor(id, _) => assert!(self.nannies.contains(&id), "no nanny {id:?}"),
                Action::SignalCommand(_) => assert!(self.command.is_some(), "no command"),
                Action::Exit(_) => self.exits += 1,
                Action::Log(_) => {}
            }
        }
    }

    fn run(&mut self, words: &[OsString]) {
        let command = words.join(" ".as_ref()).into_string().unwrap();
        let number = command.split(' ').nth(1).unwrap().to_owned();
        self.serving.retain(|serving| *serving != number);
        if command.starts_with("start") {
            self.serving.push(number);
        }
        self.command = Some(command);
    }
}

proptest! {
    /// Whatever happens: the end comes within a bound after it is asked for, once, with every nanny gone and every
    /// service stopped that was started.
    #[test]
    fn fos_always_ends_and_leaves_nothing_behind(
        active in any::<bool>(),
        pulse_decides in any::<bool>(),
        happenings in proptest::collection::vec(happening(), 0..60),
    ) {
        let mode = if active { Mode::Active } else { Mode::Monitor };
        let mut machine = Machine::new(mode, pulse_decides);
        let mut world = World::default();
        let mut now = Moment::ZERO;
        world.carry_out(&mut machine, Event::Begin(vec![service(1, mode), service(2, mode)]), now);
        for happening in happenings {
            if world.exits > 0 {
                break;
            }
            match happening {
                Happening::CommandEnds(status) if world.command.take().is_some() => {
                    world.carry_out(&mut machine, Event::CommandEnded(Outcome::Exited(status)), now);
                }
                Happening::MonitorEnds(which) if !world.nannies.is_empty() => {
                    let id = world.nannies.remove(which % world.nannies.len());
                    world.carry_out(&mut machine, Event::MonitorEnded(id, FINE), now);
                }
                Happening::Rereads(numbers) => {
                    let services = numbers.into_iter().map(|number| service(number, mode)).collect();
                    world.carry_out(&mut machine, Event::Reread(services), now);
                }
                Happening::Waits => {
                    now = machine.next_wake().unwrap_or(now + Duration::from_secs(1));
                    world.carry_out(&mut machine, Event::Wake, now);
                }
                Happening::CommandEnds(_) | Happening::MonitorEnds(_) => {}
            }
        }
        if world.exits == 0 {
            world.carry_out(&mut machine, Event::Terminate(15), now);
        }
        // From here on nothing ends by itself.
        let asked = now;
        while world.exits == 0 {
            now = machine.next_wake().expect("fos waits for nothing and does not end");
            prop_assert!(now <= asked + Duration::from_secs(20 * 66), "{:?}", world);
            world.carry_out(&mut machine, Event::Wake, now);
        }
        prop_assert!(world.serving.is_empty(), "{:?}", world);
        prop_assert_eq!(machine.next_wake(), None);
    }
}
