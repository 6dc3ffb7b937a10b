//! What administrators ask of lvsd at work.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use control::command::{Answer, Command};
use control::decisions::HEAVIEST;
use control::report::Force;
use ipvs::Operation;
use service::clocks::Clocks;
use service::control_socket::Asked;
use tokio::sync::oneshot;

use super::Daemon;
use crate::configuration;
use crate::kernel::Wishes;
use crate::naming;
use crate::operator::{Change, Drain};
use crate::plan::{MonitorKey, Place, Plan};
use crate::readings::Scope;
use crate::state::MonitorChange;

/// Changes of checks that a difference names at most.
const MOST_NAMED: usize = 20;

/// Where an answer goes.
type Reply = oneshot::Sender<Answer>;

/// What was changed, or would be.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// Operations on the kernel's table.
    pub(super) operations: Vec<Operation>,
    /// What else is to be said, for people.
    pub(super) remarks: Vec<String>,
}

impl Changes {
    fn answer(self) -> Answer {
        let operations = self.operations.iter().map(ToString::to_string).collect();
        Answer::Operations { operations, remarks: self.remarks }
    }
}

impl Daemon {
    /// Does what an administrator asks, and answers.
    pub(super) fn obey(&mut self, asked: Asked<Command>) {
        let Asked { command, uid, answer } = asked;
        if !is_question(&command) {
            tracing::info!("{command} asked for by uid {uid}");
        }
        let answered = match command {
            Command::Status => return self.inquire(answer),
            Command::Overview => return self.read(Scope::All, answer),
            Command::VirtualServer { virtual_server } => {
                match naming::find_virtual(self.state.plan(), &virtual_server) {
                    Ok(of) => return self.read(Scope::One(of), answer),
                    Err(reason) => Err(reason),
                }
            }
            Command::Diff => self.diff().map(Changes::answer),
            Command::Reload => self.reload().map(Changes::answer),
            Command::Repair => Ok(Changes { operations: self.repair(), remarks: Vec::new() }.answer()),
            Command::Up { real_server } => self.force(&real_server, Force::Up),
            Command::Down { real_server } => self.force(&real_server, Force::Down),
            Command::Release { real_server } => self.force(&real_server, Force::Release),
            Command::Drain { real_server, deadline_ms } => {
                let change = self.drain(deadline_ms);
                return self.decide(&real_server, change, answer);
            }
            Command::Undrain { real_server } => return self.decide(&real_server, Change::Undrain, answer),
            Command::Disable { real_server } => return self.decide(&real_server, Change::Disable, answer),
            Command::Enable { real_server } => return self.decide(&real_server, Change::Enable, answer),
            Command::Weight { real_server, weight } => {
                return self.decide(&real_server, Change::Weight(weight), answer);
            }
        };
        reply(answer, answered);
    }

    fn drain(&self, deadline_ms: Option<u64>) -> Change {
        let Clocks { now, wall } = Clocks::read(self.started);
        let deadline = deadline_ms.map(|patience| now.saturating_add(Duration::from_millis(patience)));
        Change::Drain(Drain { since: wall, deadline, over: false })
    }

    /// In force at once, answered when it is on the disk.
    fn decide(&mut self, real_server: &str, change: Change, answer: Reply) {
        let (place, name) = match self.decidable(real_server, change) {
            Ok(found) => found,
            Err(reason) => return reply(answer, Err(reason)),
        };
        let clocks = Clocks::read(self.started);
        self.state.decide(place, &name, change, self.kernel.table(), clocks.now);
        self.settle(BTreeSet::from([place.0]));
        let saved = self.operator_file.save(self.state.operator(), clocks);
        tokio::spawn(async move {
            let mut message = told(&name, change, clocks.now);
            if let Err(error) = saved.await {
                tracing::error!("what was decided about {name} is forgotten when lvsd ends: {error:#}");
                message = format!("{message}; but this is forgotten when lvsd ends: {error:#}");
            }
            reply(answer, Ok(Answer::Done { message }));
        });
    }

    /// The original's coloured glasses (nanny.md 10). Whether lvsd or a signal put them on, they are put on again when a
    /// nanny is started again, but not when lvsd is.
    fn force(&mut self, real_server: &str, force: Force) -> Result<Answer, String> {
        let monitor = self.monitor(real_server)?;
        let name = self.name_of(&monitor);
        if !self.monitors.force(&monitor, force) && force != Force::Release {
            return Err(format!(
                "nobody checks {name} at the moment, so it stays as it is: ask again when its nanny runs (the log tells \
                 when it is started again; if it was given up, a reload starts it)"
            ));
        }
        let message = match force {
            Force::Up => format!("{name} is in service until release, whatever its checks would say"),
            Force::Down => format!("{name} is out of service until release, whatever its checks would say"),
            Force::Release => format!("the checks of {name} decide again"),
        };
        Ok(Answer::Done { message })
    }

    /// The real server that is meant, and its name. One that the file does not have can be meant by the name that it
    /// had when something was decided about it.
    fn decidable(&self, real_server: &str, change: Change) -> Result<(Place, String), String> {
        if let Change::Weight(Some(weight)) = change
            && weight > HEAVIEST
        {
            return Err(format!("a weight is 0 to {HEAVIEST}, not {weight}"));
        }
        match self.monitor(real_server) {
            Ok(monitor) => Ok((self.state.plan().monitors[&monitor].watches, self.name_of(&monitor))),
            Err(reason) => {
                let place = self.state.operator().called(real_server).ok_or(reason)?;
                Ok((place, real_server.to_owned()))
            }
        }
    }

    /// The monitor of the real server that is meant, if lvsd decides about that.
    fn monitor(&self, real_server: &str) -> Result<MonitorKey, String> {
        let plan = self.state.plan();
        let monitor = naming::find(plan, real_server)?;
        let (service, destination) = &plan.monitors[&monitor].watches;
        if plan.services.get(service).is_some_and(|service| service.is_foreign(destination)) {
            return Err(format!(
                "{real_server} is watched by {}, which changes the kernel's table itself: lvsd does not decide about it",
                plan.monitors[&monitor].invocation.program().display()
            ));
        }
        Ok(monitor)
    }

    /// What a reload would change. Nothing is touched.
    fn diff(&mut self) -> Result<Changes, String> {
        let (config, mut remarks) = configuration::read(&self.options.file)?;
        let plan = Plan::new(&config, self.options.mode());
        remarks.extend(plan.complaints.iter().cloned());
        let services = self.services_with(&plan);
        let seen = self
            .kernel
            .look(&services)
            .map_err(|error| format!("cannot read the IPVS table: {error}"))?
            .table;
        let mut state = self.state.clone();
        let monitors = state.replace(plan, &seen, self.now());
        remarks.extend(checks_that_change(&monitors, self.state.plan(), state.plan()));
        let wishes: Wishes = services.iter().map(|key| (*key, state.wanted(key, &seen))).collect();
        let operations = seen.changes(wishes.iter().map(|(key, entry)| (key, entry.as_ref())));
        Ok(Changes { operations, remarks })
    }
}

/// Whether nothing changes by it: such a command is not logged.
fn is_question(command: &Command) -> bool {
    use Command::{Diff, Overview, Status, VirtualServer};
    matches!(command, Status | Overview | VirtualServer { .. } | Diff)
}

fn reply(to: Reply, answer: Result<Answer, String>) {
    // Whoever asked may be gone.
    let _ = to.send(answer.unwrap_or_else(|reason| Answer::Refused { reason }));
}

/// What is so from now on.
fn told(name: &str, change: Change, now: Duration) -> String {
    match change {
        Change::Drain(Drain { deadline: None, .. }) => {
            format!("{name} gets no new connections until undrain")
        }
        Change::Drain(Drain { deadline: Some(deadline), .. }) => {
            let seconds = deadline.saturating_sub(now).as_secs_f64();
            format!("{name} gets no new connections; what is left in {seconds} s is cut off")
        }
        Change::Undrain => format!("{name} gets new connections as its checks say"),
        Change::Disable => format!("{name} leaves service until enable; its checks go on"),
        Change::Enable => format!("{name} is in service as its checks say"),
        Change::Weight(Some(weight)) => format!("{name} has weight {weight} while it is up"),
        Change::Weight(None) => format!("{name} has the weight of the file"),
    }
}

/// The real servers whose checks begin, end or become other ones, for people.
fn checks_that_change(changes: &[MonitorChange], old: &Plan, new: &Plan) -> Vec<String> {
    let mut what: BTreeMap<&MonitorKey, &str> = BTreeMap::new();
    for change in changes {
        match change {
            MonitorChange::Stop(monitor) => what.insert(monitor, "end"),
            MonitorChange::Start(monitor, _) if what.contains_key(monitor) => what.insert(monitor, "change"),
            MonitorChange::Start(monitor, _) => what.insert(monitor, "begin"),
        };
    }
    let named = what.iter().filter_map(|(monitor, what)| {
        let planned = new.monitors.get(monitor).or_else(|| old.monitors.get(monitor))?;
        Some(format!("checks of {} {what}", planned.name))
    });
    let mut remarks: Vec<String> = named.take(MOST_NAMED).collect();
    if what.len() > MOST_NAMED {
        remarks.push(format!("checks of {} more real servers begin, end or change", what.len() - MOST_NAMED));
    }
    remarks
}
