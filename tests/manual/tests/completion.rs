//! What bash offers, tried in bash: a file of `etc/completion` is sourced and its function asked.

#![allow(clippy::unwrap_used, reason = "a broken assumption of a test ends the test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use manual::help::Help;
use manual::program::{PROGRAMS, Program};
use manual::{folder, root};

/// Sources the file `$1`, and prints what is offered for the last one of the words behind it.
const ASK: &str = r#"
set -u
source "$1" || exit
shift
function=$(complete -p "$1") || exit
function=${function#* -F }
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
"${function%% *}"
printf '%s\n' "${COMPREPLY[@]}"
"#;

/// A file that is only asked what it knows, without anything on this computer but bash.
struct Completion {
    file: PathBuf,
    folder: PathBuf,
}

impl Completion {
    fn of(name: &str, folder: &Path) -> Self {
        Self { file: root().join("etc/completion").join(name), folder: folder.to_owned() }
    }

    /// What is offered for the last word.
    fn offers(&self, words: &[&str]) -> BTreeSet<String> {
        let mut bash = Command::new("/bin/bash");
        bash.args(["--norc", "--noprofile", "-c", ASK, "bash"]).arg(&self.file).args(words);
        let output = bash.current_dir(&self.folder).env_clear().env("PATH", "/nonexistent").output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{words:?}");
        assert!(output.status.success(), "{words:?}: {}", output.status);
        let offered = String::from_utf8(output.stdout).unwrap();
        offered.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
    }
}

fn set(words: &[&str]) -> BTreeSet<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

/// A folder with two files to be chosen.
fn with_files(name: &str) -> PathBuf {
    let folder = folder(name);
    fs::write(folder.join("lvs.cf"), "").unwrap();
    fs::write(folder.join("lvs.cf.new"), "").unwrap();
    folder
}

/// The program that the page starts is for nobody's fingers.
fn typed() -> impl Iterator<Item = &'static Program> {
    PROGRAMS.iter().filter(|program| program.name != "piranha-helper")
}

#[test]
fn every_option_of_a_program_is_offered_and_nothing_else() {
    let folder = folder("options");
    for program in typed() {
        let offered = Completion::of(program.name, &folder).offers(&[program.name, "-"]);
        assert_eq!(offered, Help::of(program).known, "{}", program.name);
    }
    fs::remove_dir(&folder).unwrap();
}

#[test]
fn every_option_of_a_command_is_offered_and_nothing_else() {
    let folder = folder("commands");
    let program = Program::installed_as("piranhactl").unwrap();
    let completion = Completion::of("piranhactl", &folder);
    let commands = Help::of(program).commands;
    assert_eq!(completion.offers(&["piranhactl", ""]), commands.iter().cloned().collect());
    assert_eq!(completion.offers(&["piranhactl", "help", ""]), commands.iter().cloned().collect());
    for command in commands.iter().filter(|command| *command != "help") {
        let offered = completion.offers(&["piranhactl", "--timeout", "5s", command, "-"]);
        assert_eq!(offered, Help::of_command(program, command).known, "{command}");
    }
    fs::remove_dir(&folder).unwrap();
}

#[test]
fn files_are_offered_where_a_file_is_meant() {
    let folder = with_files("files");
    let files = set(&["lvs.cf", "lvs.cf.new"]);
    for words in [
        &["pulse", "-c", ""][..],
        &["pulse", "-nv", "--configfile", "=", "lvs"],
        &["pulse", "--configfile", "="],
        &["pulse", "--lvsd", ""],
        &["lvsd", "--check", "-c", "l"],
        &["fos", "-F", "--nanny", ""],
        &["nanny", "--lvs", "-e", ""],
        &["piranha_gui", "-f", ""],
        &["piranha_gui", "--self-signed", "-c", ""],
        &["piranhactl", "sync", "--file", ""],
        &["piranhactl", "--socket", "=", "lvs"],
        &["piranhactl", "receive", "--previous", ""],
    ] {
        assert_eq!(Completion::of(words[0], &folder).offers(words), files, "{words:?}");
    }
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn values_are_offered_where_there_are_only_some() {
    let folder = folder("values");
    let offers = |words: &[&str]| Completion::of(words[0], &folder).offers(words);
    assert_eq!(offers(&["nanny", "--lvs", "-M", ""]), set(&["g", "i", "m"]));
    assert_eq!(offers(&["nanny", "--loadcmd", "=", "ru"]), set(&["rup", "ruptime"]));
    assert!(offers(&["send_arp", "--both", "-i", ""]).contains("lo"));
    assert_eq!(offers(&["piranhactl", "weight", "web/one", ""]), set(&["default"]));
    for nothing in [
        &["pulse", "--deadtime", ""][..],
        &["nanny", "-h", ""],
        &["send_arp", "--count", ""],
        &["piranhactl", "drain", "web/one", "--deadline", ""],
        &["piranhactl", "heartbeat-key", "--remove", "=", ""],
    ] {
        assert_eq!(offers(nothing), set(&[]), "{nothing:?}");
    }
    fs::remove_dir(&folder).unwrap();
}

const LVS_CF: &str = r"
serial_no = 7
virtual web {
     active = 1
     address = 192.168.26.10 eth0:1
     server one {
         address = 10.0.0.1
     }
     # server old {
	server two {
         address = 10.0.0.2
     }
     server $(touch${IFS}evil) {
     }
     server `touch${IFS}evil` {
     }
}
#% virtual six {
#%      server one {
#%          address = 2001:db8:26::2
#%      }
#% }
failover ftp {
     server none {
     }
}
";

#[test]
fn real_servers_are_those_of_the_file() {
    let folder = folder("real-servers");
    let (lvs_cf, file) = (folder.join("lvs.cf"), folder.join("piranhactl"));
    let text = fs::read_to_string(root().join("etc/completion/piranhactl")).unwrap();
    let path = "/etc/sysconfig/ha/lvs.cf";
    assert_eq!(text.matches(path).count(), 1);
    fs::write(&file, text.replace(path, lvs_cf.to_str().unwrap())).unwrap();
    let completion = Completion { file, folder: folder.clone() };

    assert_eq!(completion.offers(&["piranhactl", "drain", ""]), set(&[]), "there is no file yet");
    fs::write(&lvs_cf, LVS_CF).unwrap();
    let all = set(&["web/one", "web/two", "six/one"]);
    for command in ["drain", "undrain", "disable", "enable", "weight", "up", "down", "release"] {
        assert_eq!(completion.offers(&["piranhactl", command, ""]), all, "{command}");
    }
    assert_eq!(completion.offers(&["piranhactl", "drain", "--deadline", "10m", "web/t"]), set(&["web/two"]));
    assert_eq!(completion.offers(&["piranhactl", "--timeout", "=", "5s", "up", "si"]), set(&["six/one"]));
    assert!(!folder.join("evil").exists());
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn there_is_a_file_for_each_program_that_is_typed() {
    let files = fs::read_dir(root().join("etc/completion")).unwrap();
    let files: BTreeSet<_> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(files, typed().map(|program| program.name.to_owned()).collect());
}
