//! Plays sections of a guide on the machines of a desk.

use std::fs;
use std::time::{Duration, Instant};

use lab::{Machine, Moment, Outcome, wait_until};

use super::block::{Block, Deed, Guide};
use super::desk::{Desk, FLOATING};
use super::left_out::{self, Instead};
use super::shown;

/// How long one block may take.
const LIMIT: Duration = Duration::from_secs(60);
/// How long it may take until what a guide shows is there.
const PATIENCE: Duration = Duration::from_secs(30);
/// A planned takeover that no client notices: its longest wait.
const UNNOTICED: Duration = Duration::from_millis(1500);
/// Where the commands of a block lie on a machine.
const SCRIPT: &str = "/run/guide.sh";

impl Desk {
    /// Does what these sections of a guide say, in the guide's order.
    pub(super) fn play(&self, guide: &'static str, sections: &[&str]) {
        let blocks = Guide::read(guide).blocks;
        for section in sections {
            assert!(
                blocks.iter().any(|block| block.section == *section),
                "{guide} has no blocks in {section:?}"
            );
        }
        blocks
            .iter()
            .filter(|block| sections.contains(&&*block.section))
            .for_each(|block| self.follow(block));
    }

    fn follow(&self, block: &Block) {
        println!("{} {block}", Moment::now());
        if let Some(entry) = left_out::entry(block) {
            return match entry.instead {
                Instead::Nothing => {}
                Instead::Deed(deed) => self.who(&block.place).into_iter().for_each(deed),
                Instead::WordsAlone => self.say_where_nothing_can_come_of_it(block),
            };
        }
        match &block.deed {
            Deed::Write { path, content } => {
                self.who(&block.place).into_iter().for_each(|machine| write(machine, path, content));
            }
            Deed::Say { commands, shown } if is_a_planned_takeover(block, commands) => {
                let traffic =
                    self.client.request(format!("{FLOATING}:80").parse().expect("an address and a port"));
                traffic.wait_for_answers(5);
                let event = traffic.moment();
                self.say(block, commands, shown.as_deref());
                traffic.wait_for_answers(20);
                traffic.expect_answers_within(UNNOTICED, event);
            }
            Deed::Say { commands, shown } => self.say(block, commands, shown.as_deref()),
        }
    }

    fn say(&self, block: &Block, commands: &str, shown: Option<&str>) {
        if block.place == "the active router" {
            for line in commands.lines().filter(|line| !line.trim().is_empty()) {
                one(block, self.active(), line, None);
            }
            return;
        }
        for machine in self.who(&block.place) {
            one(block, machine, commands, shown);
        }
    }

    /// The kernel cannot do it, so it refuses; whether the words are right is decided before it is asked.
    fn say_where_nothing_can_come_of_it(&self, block: &Block) {
        let Deed::Say { commands, shown: None } = &block.deed else { panic!("{block}: shows something") };
        for machine in self.who(&block.place) {
            let outcome = run(machine, commands);
            let possible = outcome.status.success();
            let refused = outcome.stderr.contains("Operation not supported");
            assert!(possible || refused && !outcome.stderr.contains("syntax error"), "{block}: {outcome:?}");
        }
    }
}

/// A takeover that somebody plans on a router of which it is said that it serves.
fn is_a_planned_takeover(block: &Block, commands: &str) -> bool {
    block.place.starts_with("router ") && commands.contains("piranhactl failover")
}

fn one(block: &Block, machine: &Machine, commands: &str, shown: Option<&str>) {
    let mut outcome = run(machine, commands);
    if let Some(shown) = shown {
        let start = Instant::now();
        while !(outcome.status.success() && shown::agrees(shown, &outcome.stdout)) {
            assert!(
                start.elapsed() < PATIENCE,
                "{block}: not shown on {machine}:\n{shown}\nbut\n{outcome:?}"
            );
            outcome = run(machine, commands);
        }
    }
    assert!(outcome.status.success(), "{block}: failed on {machine}: {outcome:?}");
}

fn write(machine: &Machine, path: &str, content: &str) {
    let (folder, _) = path.rsplit_once('/').expect("an absolute path");
    machine.run("mkdir", &["-p", folder]).expect_success();
    fs::write(machine.path(path), content).unwrap_or_else(|error| panic!("{machine}: {path}: {error}"));
}

/// As an administrator's shell does it, but that it ends with the first command that fails. Who asks for a password is told
/// one; what the system log has lies where syslog puts it.
fn run(machine: &Machine, commands: &str) -> Outcome {
    let log: Vec<String> = machine.log().iter().map(ToString::to_string).collect();
    write(machine, "/var/log/messages", &(log.join("\n") + "\n"));
    write(machine, SCRIPT, commands);
    machine.run_within(
        LIMIT,
        "sh",
        &["-c", &format!("exec env $(cat {0}) sh -ex {SCRIPT} <{1}", Desk::ENVIRONMENT, Desk::TYPED)],
    )
}

impl Desk {
    /// The router that has the floating address, once it is one alone.
    pub(super) fn active(&self) -> &Machine {
        let owners =
            || [&self.router_a, &self.router_b].into_iter().filter(|router| router.has_address(FLOATING));
        wait_until("one router serves", PATIENCE, || owners().count() == 1);
        owners().next().expect("one router")
    }
}
