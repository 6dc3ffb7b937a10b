//! The main job, shown: a pair of routers in front of three web servers, and what a visitor notices when parts of it die.
//!
//! Started by `./demo`, which installs and builds what is needed.
#![allow(clippy::expect_used, clippy::unwrap_used)]

mod events;
mod story;

use std::env;
use std::fs;
use std::process::{Command, ExitCode};
use std::thread;

use lab::kernel::{self, Console};
use lab::{Routing, report, role, world};

use events::Events;

const USAGE: &str = "usage: demo [--nat] [--keep]

  --nat    masquerading with a floating NAT router address instead of direct routing
  --keep   leave the lab open afterwards, with a shell
";

/// What the person wants to see.
#[derive(Debug, Clone, Copy)]
struct Wish {
    routing: Routing,
    keep: bool,
}

fn main() -> ExitCode {
    role::play();
    let arguments: Vec<String> = env::args().skip(1).collect();
    let Some(wish) = understand(&arguments) else {
        eprint!("{USAGE}");
        return ExitCode::from(2);
    };
    if !kernel::inside() {
        return kernel::run_again(&arguments, if wish.keep { Console::Shared } else { Console::Piped });
    }
    if !world::inside() {
        let status = world::create(&arguments).status().expect("unshare, of util-linux");
        return if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    show(wish)
}

fn understand(arguments: &[String]) -> Option<Wish> {
    let mut wish = Wish { routing: Routing::Direct, keep: false };
    for argument in arguments {
        match argument.as_str() {
            "--nat" => wish.routing = Routing::Nat,
            "--keep" => wish.keep = true,
            _ => return None,
        }
    }
    Some(wish)
}

fn show(wish: Wish) -> ExitCode {
    let events = Events::default();
    let told = events.clone();
    let finished = thread::spawn(move || story::tell(wish.routing, &told)).join().is_ok();
    if !finished {
        report::print();
    }
    println!("\n{events}");
    let held = finished && events.all_held();
    println!("{}", if held { "All of it held." } else { "It did NOT hold." });
    if wish.keep {
        open_shell();
    }
    if held { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// A shell in the world of the lab, with one command for every machine.
fn open_shell() {
    println!("\nThe lab stays open until you leave this shell. Enter a machine by its name:");
    let mut rc = vec!["PS1='lab# '".to_owned()];
    for machine in report::machines().iter().filter(|machine| machine.is_on()) {
        let name = machine.name();
        println!("  {name:<8} a shell there; `{name} ip addr` runs one command");
        rc.push(command(name, &machine.way_in()));
    }
    let file = world::directory().join("bashrc");
    fs::write(&file, rc.join("\n") + "\n").expect("file for the shell");
    let _ =
        Command::new("setsid").args(["--ctty", "--wait", "bash", "--rcfile"]).arg(file).arg("-i").status();
}

/// A shell function that enters a machine.
fn command(name: &str, way_in: &str) -> String {
    format!(
        "{name}() {{ if [ $# = 0 ]; then PS1='{name}# ' {way_in} bash --norc; else {way_in} \"$@\"; fi; }}"
    )
}
