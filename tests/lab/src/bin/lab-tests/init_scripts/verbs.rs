//! Every verb in every state: lines, exit status, and what runs afterwards.

use std::fs;

use lab::pair::CONFIGURATION;
use lab::{Machine, Outcome};

use super::{GUI, LVS_CF, PULSE, router};

/// State, verb, exit status, lines, and which process is there afterwards: the same, a new one, or none.
const PULSE_VERBS: &str = "
running | start | 0 | Starting pulse: [  OK  ] | same
running | status | 0 | pulse (pid N) is running... | same
running | reload | 0 | Reloading pulse: [  OK  ] | same
running | force-reload | 0 | Reloading pulse: [  OK  ] | same
running | restart | 0 | Shutting down pulse: [  OK  ] / Starting pulse: [  OK  ] | new
running | condrestart | 0 | pulse (pid N) is running... / Shutting down pulse: [  OK  ] / Starting pulse: [  OK  ] | new
running | try-restart | 0 | pulse (pid N) is running... / Shutting down pulse: [  OK  ] / Starting pulse: [  OK  ] | new
running | stop | 0 | Shutting down pulse: [  OK  ] | none
stopped | stop | 0 | Shutting down pulse: [FAILED] | none
stopped | status | 3 | pulse is stopped | none
stopped | reload | 7 | Reloading pulse: [FAILED] | none
stopped | force-reload | 7 | Reloading pulse: [FAILED] | none
stopped | condrestart | 0 | pulse is stopped | none
stopped | try-restart | 0 | pulse is stopped | none
stopped | restart | 0 | Shutting down pulse: [FAILED] / Starting pulse: [  OK  ] | new
stopped | start | 0 | Starting pulse: [  OK  ] | new
stopped | what | 2 | Usage: pulse {start|stop|status|restart|condrestart|reload} | none
killed | status | 1 | pulse dead but pid file exists | none
killed | reload | 7 | Reloading pulse: [FAILED] | none
killed | condrestart | 0 | pulse dead but pid file exists | none
killed | stop | 0 | Shutting down pulse: [FAILED] | none
killed | restart | 0 | Shutting down pulse: [FAILED] / Starting pulse: [  OK  ] | new
killed | start | 0 | Starting pulse: [  OK  ] | new
locked | status | 2 | pulse dead but subsys locked | none
locked | reload | 7 | Reloading pulse: [FAILED] | none
locked | condrestart | 0 | pulse dead but subsys locked | none
locked | stop | 0 | Shutting down pulse: [FAILED] | none
locked | restart | 0 | Shutting down pulse: [FAILED] / Starting pulse: [  OK  ] | new
locked | start | 0 | Starting pulse: [  OK  ] | new
no file | start | 6 |  | none
no file | restart | 6 |  | none
no file | reload | 6 |  | none
no file | condrestart | 0 | pulse is stopped | none
no file | stop | 0 | Shutting down pulse: [FAILED] | none
no file | status | 3 | pulse is stopped | none
running, no file | start | 6 |  | same
running, no file | restart | 6 |  | same
running, no file | reload | 6 |  | same
running, no file | condrestart | 6 | pulse (pid N) is running... | same
running, no file | status | 0 | pulse (pid N) is running... | same
running, no file | stop | 0 | Shutting down pulse: [  OK  ] | none
empty file | start | 1 | Starting pulse: [FAILED] | none
empty file | restart | 1 | Shutting down pulse: [FAILED] / Starting pulse: [FAILED] | none
empty file | reload | 7 | Reloading pulse: [FAILED] | none
empty file | status | 3 | pulse is stopped | none
broken file | start | 1 | Starting pulse: [FAILED] | none
broken file | restart | 1 | Shutting down pulse: [FAILED] / Starting pulse: [FAILED] | none
broken file | reload | 7 | Reloading pulse: [FAILED] | none
broken file | stop | 0 | Shutting down pulse: [FAILED] | none
running, broken file | reload | 0 | Reloading pulse: [  OK  ] | same
running, broken file | restart | 1 | Shutting down pulse: [  OK  ] / Starting pulse: [FAILED] | none
no program | start | 5 |  | none
no program | restart | 5 |  | none
no program | reload | 5 |  | none
no program | condrestart | 0 | pulse is stopped | none
no program | stop | 0 | Shutting down pulse: [FAILED] | none
no program | status | 3 | pulse is stopped | none
running, no program | restart | 5 |  | same
running, no program | status | 0 | pulse (pid N) is running... | same
running, no program | stop | 0 | Shutting down pulse: [  OK  ] | none
no network | start | 1 |  | none
no network | stop | 0 | Shutting down pulse: [FAILED] | none
not root | start | 4 |  | none
not root | restart | 4 |  | none
not root | reload | 4 |  | none
not root | status | 3 | pulse is stopped | none
running, not root | stop | 4 |  | same
running, not root | condrestart | 4 |  | same
running, not root | status | 0 | pulse (pid N) is running... | same
running, secret | status | 4 | pulse status is unknown: only root may read /var/run/pulse.pid | same
";

const GUI_VERBS: &str = "
running | start | 0 | Starting piranha-gui: [  OK  ] | same
running | status | 0 | piranha_gui (pid N) is running... | same
running | reload | 0 | Reloading piranha-gui: [  OK  ] | same
running | force-reload | 0 | Reloading piranha-gui: [  OK  ] | same
running | restart | 0 | Shutting down piranha-gui: [  OK  ] / Starting piranha-gui: [  OK  ] | new
running | condrestart | 0 | piranha_gui (pid N) is running... / Shutting down piranha-gui: [  OK  ] / Starting piranha-gui: [  OK  ] | new
running | stop | 0 | Shutting down piranha-gui: [  OK  ] | none
stopped | stop | 0 | Shutting down piranha-gui: [FAILED] | none
stopped | status | 3 | piranha_gui is stopped | none
stopped | reload | 7 | Reloading piranha-gui: [FAILED] | none
stopped | condrestart | 0 | piranha_gui is stopped | none
stopped | try-restart | 0 | piranha_gui is stopped | none
stopped | restart | 0 | Shutting down piranha-gui: [FAILED] / Starting piranha-gui: [  OK  ] | new
stopped | what | 2 | Usage: piranha-gui: {start|stop|status|restart|condrestart} | none
killed | status | 1 | piranha_gui dead but pid file exists | none
killed | stop | 0 | Shutting down piranha-gui: [FAILED] | none
killed | start | 0 | Starting piranha-gui: [  OK  ] | new
locked | status | 2 | piranha_gui dead but subsys locked | none
locked | start | 0 | Starting piranha-gui: [  OK  ] | new
no file | start | 6 |  | none
no file | stop | 0 | Shutting down piranha-gui: [FAILED] | none
running, no file | restart | 6 |  | same
empty file | start | 0 | Starting piranha-gui: [  OK  ] | new
broken file | start | 0 | Starting piranha-gui: [  OK  ] | new
no program | start | 5 |  | none
no program | status | 3 | piranha_gui is stopped | none
running, no program | restart | 5 |  | same
running, not root | stop | 4 |  | same
running, not root | status | 0 | piranha_gui (pid N) is running... | same
not root | start | 4 |  | none
";

/// There while the program is hidden.
const HIDDEN: &str = "/run/hidden";

pub(crate) fn each_verb_of_pulse_in_each_state() {
    let script = Script { machine: &router().1, path: PULSE, process: "pulse", pid_file: "/run/pulse.pid" };
    script.follow(PULSE_VERBS);
}

pub(crate) fn each_verb_of_piranha_gui_in_each_state() {
    let pid_file = "/run/piranha-httpd.pid";
    let script = Script { machine: &router().1, path: GUI, process: "piranha_gui", pid_file };
    script.follow(GUI_VERBS);
}

/// A stand-in for systemctl tells what it was asked; its status is the script's.
pub(crate) fn systemd_is_asked_where_it_runs() {
    let (_lab, router) = router();
    fs::create_dir_all(router.path("/run/systemd/system")).expect("a directory");
    router.write("/usr/sbin/systemctl", "#!/bin/sh\necho \"$*\"\nexit 42\n");
    router.run("chmod", &["755", "/usr/sbin/systemctl"]).expect_success();
    for (script, unit) in [(PULSE, "pulse.service"), (GUI, "piranha-gui.service")] {
        for (verb, asked) in [
            ("start", "start"),
            ("stop", "stop"),
            ("status", "status"),
            ("restart", "restart"),
            ("condrestart", "try-restart"),
            ("try-restart", "try-restart"),
            ("reload", "reload"),
            ("force-reload", "reload"),
        ] {
            let outcome = router.run(script, &[verb]);
            assert_eq!(outcome.code(), 42, "{outcome:?}");
            assert_eq!(outcome.stdout, format!("--no-pager {asked} {unit}\n"));
        }
        assert_eq!(router.run(script, &["what"]).code(), 2);
    }
    assert!(router.processes_named("pulse").is_empty());
}

/// A script, and what it looks after.
struct Script<'a> {
    machine: &'a Machine,
    path: &'static str,
    process: &'static str,
    pid_file: &'static str,
}

impl Script<'_> {
    /// Tries row after row of a table. Every other one is called through `service`.
    fn follow(&self, table: &str) {
        for (number, row) in table.trim().lines().enumerate() {
            let [state, verb, status, lines, afterwards] =
                row.split(" | ").collect::<Vec<_>>().try_into().expect("five columns");
            println!("{row}");
            self.bring_into(state);
            let before = self.pid();
            let outcome =
                self.call(verb, number % 2 == 0, state.ends_with("not root") || state.ends_with("secret"));
            self.expect(
                &outcome,
                status,
                &lines.replace("pid N", &format!("pid {}", before.unwrap_or_default())),
            );
            let after = self.pid();
            match afterwards {
                "same" => assert!(after.is_some() && after == before, "{before:?} became {after:?}"),
                "new" => assert!(after.is_some() && after != before, "{before:?} became {after:?}"),
                "none" => assert_eq!(after, None),
                other => panic!("{other} is no outcome"),
            }
            self.expect_marks(verb, after.is_some());
            self.put_back();
        }
    }

    fn call(&self, verb: &str, by_service: bool, as_nobody: bool) -> Outcome {
        let name = self.path.rsplit('/').next().expect("a name");
        let call: &[&str] = if by_service { &["service", name, verb] } else { &[self.path, verb] };
        let nobody: &[&str] = if as_nobody {
            &["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        } else {
            &["env"]
        };
        let words = [nobody, call].concat();
        self.machine.run(words[0], &words[1..])
    }

    fn expect(&self, outcome: &Outcome, status: &str, lines: &str) {
        let said = outcome.stdout.trim_end().replace('\n', " / ");
        assert_eq!((outcome.code().to_string().as_str(), said.as_str()), (status, lines), "{outcome:?}");
        // Who is refused is told why.
        let refused =
            !["0", "2", "3", "7"].contains(&status) && !said.contains("dead") && !said.contains("unknown");
        assert_eq!(refused, !outcome.stderr.is_empty(), "{outcome:?}");
        let name = self.path.rsplit('/').next().expect("a name");
        assert!(!refused || outcome.stderr.starts_with(&format!("{name}: ")), "{outcome:?}");
    }

    /// The lock and the pid file are as they should be after a start and after a stop.
    fn expect_marks(&self, verb: &str, runs: bool) {
        if matches!(verb, "start" | "stop" | "restart") && runs {
            assert!(self.lock().exists(), "no lock after {verb}");
        }
        if verb == "stop" && !runs {
            assert!(!self.lock().exists() && !self.machine.path(self.pid_file).exists(), "left after a stop");
        }
    }

    fn lock(&self) -> std::path::PathBuf {
        let name = self.path.rsplit('/').next().expect("a name");
        self.machine.path(&format!("/run/lock/subsys/{name}"))
    }

    /// The one process, if it runs.
    fn pid(&self) -> Option<i32> {
        let processes = self.machine.processes_named(self.process);
        assert!(processes.len() < 2, "more than one: {processes:?}");
        Some(processes.first()?.pid)
    }

    fn bring_into(&self, state: &str) {
        let (run, obstacle) = match state.split_once(", ") {
            Some((run, obstacle)) => (run, obstacle),
            None if ["running", "killed", "locked"].contains(&state) => (state, ""),
            None => ("stopped", state),
        };
        if run != "stopped" && self.pid().is_none() {
            self.machine.run(self.path, &["start"]).expect_success();
        }
        let anything = self.lock().exists() || self.machine.path(self.pid_file).exists();
        if run == "stopped" && anything {
            self.machine.run(self.path, &["stop"]).expect_success();
        }
        if ["killed", "locked"].contains(&run) {
            self.machine.signal(self.process, nix::sys::signal::Signal::SIGKILL);
            lab::wait_until("its end", std::time::Duration::from_secs(5), || self.pid().is_none());
        }
        if run == "locked" {
            fs::remove_file(self.machine.path(self.pid_file)).expect("a pid file");
        }
        self.obstruct(obstacle);
    }

    fn obstruct(&self, obstacle: &str) {
        match obstacle {
            "no file" => fs::remove_file(self.machine.path(CONFIGURATION)).expect("a file"),
            "empty file" => self.machine.write(CONFIGURATION, ""),
            "broken file" => self.machine.write(CONFIGURATION, "virtual web {\n"),
            "no program" => self.hide_program(),
            "no network" => self.machine.write("/etc/sysconfig/network", "NETWORKING=\"no\" # not yet\n"),
            "secret" => self.allow_pid_file("600"),
            "" | "stopped" | "not root" => {}
            other => panic!("{other} is no state"),
        }
    }

    fn put_back(&self) {
        self.machine.write(CONFIGURATION, LVS_CF);
        self.machine.write("/etc/sysconfig/network", "");
        if self.machine.path(HIDDEN).exists() {
            self.show_program();
        }
        if self.pid().is_some() {
            self.allow_pid_file("644");
        }
    }

    /// What cannot be executed is put over the program, which is a mount itself and cannot be removed.
    fn hide_program(&self) {
        let program = format!("/usr/sbin/{}", self.process);
        self.machine.run("mount", &["--bind", "/dev/null", &program]).expect_success();
        self.machine.run("touch", &[HIDDEN]).expect_success();
    }

    fn show_program(&self) {
        self.machine.run("umount", &[&format!("/usr/sbin/{}", self.process)]).expect_success();
        self.machine.run("rm", &[HIDDEN]).expect_success();
    }

    fn allow_pid_file(&self, mode: &str) {
        self.machine.run("chmod", &[mode, self.pid_file]).expect_success();
    }
}
