//! The rule of programs (`docs/control.md`), as far as texts go: who has stolen the password of the web page must not become
//! root by it.

use std::path::{Path, PathBuf};

use access::programs::{Value, new_values};
use lvs_cf::{Document, Given};

/// Keywords whose value is executed by a daemon, ours or Piranha's.
const EXECUTED: &[&str] = &[
    "send_program",
    "start_cmd",
    "stop_cmd",
    "active_cmd",
    "inactive_cmd",
    "client_monitor",
    "load_monitor",
    "rsh_command",
    "ipvsadm",
];

/// Values that anybody may choose: they name what comes with the system, and a new failover service has the last two
/// (specification gui.md 7.4).
const HARMLESS: &[Value<'static>] = &[
    ("load_monitor", b"none"),
    ("load_monitor", b"rup"),
    ("load_monitor", b"ruptime"),
    ("load_monitor", b"uptime"),
    ("rsh_command", b"rsh"),
    ("rsh_command", b"ssh"),
    ("client_monitor", b"/usr/sbin/nanny"),
    ("ipvsadm", b"/sbin/ipvsadm"),
    ("start_cmd", b"/etc/rc.d/init.d/httpd start"),
    ("stop_cmd", b"/etc/rc.d/init.d/httpd stop"),
];

/// Names a file that the daemons read as root.
const KEY_FILE: &str = "heartbeat_key_file";

/// A program that the file did not name before, in one of the directories. What that is has to be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// The keyword.
    pub keyword: String,
    /// The program, by its full path.
    pub path: PathBuf,
}

/// Why a file is not saved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A program may not be chosen in a browser.
    #[error(
        "{keyword} = {value}: {reason}. In a browser only programs in {} can be chosen (program_directories of \
         /etc/sysconfig/ha/conf/gui.conf): put it there as root, or write this line with an editor on the router",
        listed(directories)
    )]
    Program {
        /// The keyword.
        keyword: String,
        /// Its value, for people.
        value: String,
        /// What is wrong with it.
        reason: String,
        /// Where it might be.
        directories: Vec<PathBuf>,
    },
    /// The file of the key is another one.
    #[error(
        "heartbeat_key_file cannot be changed in a browser: it is read as root. Write it with an editor on the router"
    )]
    KeyFile,
}

fn listed(directories: &[PathBuf]) -> String {
    if directories.is_empty() {
        return "no directory".to_owned();
    }
    directories.iter().map(|directory| directory.display().to_string()).collect::<Vec<_>>().join(" ")
}

/// The programs that the new file names and the old one does not.
///
/// # Errors
///
/// The first one that may not be chosen in a browser, or that it names another key.
pub fn chosen(old: &Document, new: &Document, directories: &[PathBuf]) -> Result<Vec<Program>, Refusal> {
    let ((old_key, old), (new_key, new)) = (named(old), named(new));
    if old_key != new_key {
        return Err(Refusal::KeyFile);
    }
    let known = old.iter().map(value).chain(HARMLESS.iter().copied());
    let judged = new_values(known, new.iter().map(value), directories).into_iter().map(|new| {
        let (keyword, text) = new.value;
        let refused = |reason: String| refusal(keyword, text, reason, directories);
        // One reader of commands takes a tab for a blank, another one does not.
        if text.iter().any(u8::is_ascii_control) {
            return Err(refused("there are control characters in it".to_owned()));
        }
        let path = new.program.map_err(|reason| refused(reason.to_string()))?;
        Ok(Program { keyword: keyword.to_owned(), path: path.to_owned() })
    });
    judged.collect()
}

/// What names the key, and what names programs.
fn named(document: &Document) -> (Vec<Vec<u8>>, Vec<Given>) {
    let all = document.given(&[EXECUTED, &[KEY_FILE]].concat());
    let (keys, programs): (Vec<_>, Vec<_>) = all.into_iter().partition(|given| given.keyword == KEY_FILE);
    (keys.into_iter().map(|given| given.value).collect(), programs)
}

fn value(given: &Given) -> Value<'_> {
    (given.keyword, &given.value)
}

/// Why a program is not accepted, once it was looked at.
pub fn refused(program: &Program, reason: String, directories: &[PathBuf]) -> Refusal {
    refusal(&program.keyword, path_bytes(&program.path), reason, directories)
}

fn path_bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_encoded_bytes()
}

fn refusal(keyword: &str, value: &[u8], reason: String, directories: &[PathBuf]) -> Refusal {
    let value = value.escape_ascii().to_string();
    Refusal::Program { keyword: keyword.to_owned(), value, reason, directories: directories.to_owned() }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use lvs_cf::Document;

    use super::{Program, Refusal, chosen};

    fn judged(old: &str, new: &str) -> Result<Vec<Program>, Refusal> {
        let document = |text: &str| Document::new(text.as_bytes());
        chosen(&document(old), &document(new), &[PathBuf::from("/scripts")])
    }

    /// The paths that are to be looked at; `refused` if one is refused for its text.
    fn outcome(old: &str, new: &str) -> String {
        match judged(old, new) {
            Ok(programs) => programs
                .iter()
                .map(|program| program.path.display().to_string())
                .collect::<Vec<_>>()
                .join(" "),
            Err(_) => "refused".to_owned(),
        }
    }

    fn web(line: &str) -> String {
        format!("virtual web {{\n     active = 1\n     {line}\n}}\n")
    }

    #[test]
    fn every_keyword_that_is_executed_is_looked_at() {
        for keyword in ["active_cmd", "inactive_cmd", "rsh_command", "ipvsadm"] {
            assert_eq!(outcome("", &format!("{keyword} = /bin/sh\n")), "refused", "{keyword}");
            assert_eq!(outcome("", &format!("{keyword} = \"/scripts/a b\"\n")), "/scripts/a", "{keyword}");
        }
        for keyword in ["send_program", "start_cmd", "stop_cmd", "client_monitor", "load_monitor"] {
            assert_eq!(outcome("", &web(&format!("{keyword} = /bin/sh"))), "refused", "{keyword}");
            assert_eq!(
                outcome("", &web(&format!("{keyword} = \"/scripts/a %h\""))),
                "/scripts/a",
                "{keyword}"
            );
        }
    }

    #[test]
    fn every_keyword_of_the_file_is_sorted() {
        use lvs_cf::{Kind, Place, vocabulary};
        let harmless = "primary_shared backup_shared debug_level syncd_iface send expect heartbeat_key_file";
        for place in [Place::File, Place::Virtual(0), Place::Failover(0), Place::Server(0, 0)] {
            for entry in
                vocabulary(place).iter().filter(|entry| matches!(entry.kind, Kind::String | Kind::Text))
            {
                let known =
                    super::EXECUTED.contains(&entry.name) || harmless.split(' ').any(|it| it == entry.name);
                assert!(known, "is {} executed? Then it belongs to the rule", entry.name);
            }
        }
    }

    #[test]
    fn a_command_that_is_written_oddly_is_refused() {
        for value in [
            "sh",
            "\"sh -c x\"",
            "../scripts/a",
            "/scripts/../bin/sh",
            "/scripts/./a",
            "/scripts//../../bin/sh",
            "/scripts",
            "/scripts/",
            "/scripts2/a",
            "'/scripts/a'",
            "\"'/scripts/a' b\"",
            "\"/scripts/a\" b",
            "\"/scripts/a\\ b\"",
            "\"\\/bin/sh /scripts/a\"",
            "\"/scripts/%h\"",
            "\"/scripts/a\tb\"",
            "\"/scripts/a\x0c/../../bin/sh\"",
            "\"/scripts/\u{e4}\"",
            "$SHELL",
            "`sh`",
        ] {
            for keyword in ["send_program", "start_cmd"] {
                let new = web(&format!("{keyword} = {value}"));
                let found = outcome("", &new);
                // What the parser does not read at all is refused by it.
                let unread =
                    Document::new(new.as_bytes()).given(&[keyword]).iter().all(|it| it.value.is_empty());
                assert!(found == "refused" || unread, "{keyword} = {value}: {found}");
            }
        }
    }

    #[test]
    fn a_line_that_another_one_hides_is_looked_at() {
        let hidden = "active_cmd = /bin/sh\n#% active_cmd = /scripts/a\n";
        assert_eq!(outcome("", hidden), "refused");
        assert_eq!(outcome("", "active_cmd = /bin/sh\nactive_cmd = /scripts/a\n"), "refused");
        assert_eq!(outcome("", "virtual web {\n active = 0\n send_program = /bin/sh\n}\n"), "refused");
        assert_eq!(outcome("", "#% virtual web {\n#% send_program = /bin/sh\n#% }\n"), "refused");
        assert_eq!(outcome("", "# active_cmd = /bin/sh\n"), "", "a comment");
    }

    #[test]
    fn what_was_there_stays_and_moves_only_within_its_keyword() {
        let old = web("send_program = \"/bin/check %h\"");
        assert_eq!(outcome(&old, &old.replace("web", "mail")), "");
        assert_eq!(outcome(&old, &old.replace("send_program", "start_cmd")), "refused");
        assert_eq!(outcome(&old, &old.replace("%h", "%h -x")), "refused");
        assert_eq!(outcome(&old, ""), "");
    }

    #[test]
    fn what_comes_with_the_system_may_be_chosen() {
        for line in [
            "load_monitor = none",
            "load_monitor = uptime",
            "client_monitor = /usr/sbin/nanny",
            "start_cmd = \"/etc/rc.d/init.d/httpd start\"",
        ] {
            assert_eq!(outcome("", &web(line)), "", "{line}");
        }
        assert_eq!(outcome("", "rsh_command = ssh\nipvsadm = /sbin/ipvsadm\n"), "");
        assert_eq!(outcome("", &web("load_monitor = ssh")), "refused");
        assert_eq!(outcome("", &web("start_cmd = \"/etc/rc.d/init.d/httpd stop\"")), "refused");
    }

    #[test]
    fn the_key_is_not_changed() {
        let line = "#% heartbeat_key_file = /etc/sysconfig/ha/key\n";
        assert_eq!(judged(line, &format!("keepalive = 3\n{line}")), Ok(Vec::new()));
        for (old, new) in
            [("", line), (line, ""), (line, &line.replace("key\n", "key2\n")), (line, &line.repeat(2))]
        {
            assert_eq!(judged(old, new), Err(Refusal::KeyFile));
        }
    }

    #[test]
    fn a_refusal_says_what_to_do() {
        insta::assert_snapshot!(judged("", &web("send_program = \"/bin/sh -c x\"")).unwrap_err(), @"send_program = /bin/sh -c x: the program is in none of the directories that program_directories in gui.conf allows. In a browser only programs in /scripts can be chosen (program_directories of /etc/sysconfig/ha/conf/gui.conf): put it there as root, or write this line with an editor on the router");
    }
}
