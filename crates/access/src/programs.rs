//! A stolen password of the page must not become root: which values that name programs a change of lvs.cf brings, and
//! whether their programs are where the administrator allowed them.
//!
//! This is the part of the rule that a text can answer. Whoever applies it also looks at the file itself: that no link
//! leads out of the directory, and that it and the directories above belong to root and nobody else may write to them.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// A value of lvs.cf that names a program: its keyword (`send_program`, `start_cmd`, ...), and its text without the
/// quotes around it.
pub type Value<'a> = (&'a str, &'a [u8]);

/// A value that was not in the file before, for this keyword.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewValue<'a> {
    /// Keyword and text.
    pub value: Value<'a>,
    /// Its program, which lies below one of the directories; or why not.
    pub program: Result<&'a Path, Refusal>,
}

/// Why a program may not be set in the browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Its first word is no absolute path, or one with `.`, `..`, `//`, quotes, backslashes or control characters in it.
    #[error("the program is not named by a plain absolute path")]
    NotPlain,
    /// It is nowhere below the allowed directories.
    #[error("the program is in none of the directories that program_directories in gui.conf allows")]
    Elsewhere,
}

/// The values of the new file that the old one does not have, each once. A value that is empty names no program.
pub fn new_values<'a>(
    old: impl IntoIterator<Item = Value<'a>>,
    new: impl IntoIterator<Item = Value<'a>>,
    directories: &[PathBuf],
) -> Vec<NewValue<'a>> {
    let mut known: HashSet<Value> = old.into_iter().collect();
    let new = new.into_iter().filter(|value| !value.1.trim_ascii().is_empty() && known.insert(*value));
    new.map(|value| NewValue { value, program: program(value.1, directories) }).collect()
}

/// The program of a value, if it may be set.
fn program<'a>(text: &'a [u8], directories: &[PathBuf]) -> Result<&'a Path, Refusal> {
    let text = text.trim_ascii();
    let word = text.split(u8::is_ascii_whitespace).next().unwrap_or_default();
    if !is_plain_path(word) {
        return Err(Refusal::NotPlain);
    }
    let program = Path::new(OsStr::from_bytes(word));
    let inside = |directory: &PathBuf| program != directory && program.starts_with(directory);
    if directories.iter().any(inside) { Ok(program) } else { Err(Refusal::Elsewhere) }
}

/// Absolute, each part a name, and nothing that any reader of lvs.cf takes for something else than itself.
pub(crate) fn is_plain_path(path: &[u8]) -> bool {
    let plain = |byte: &u8| byte.is_ascii_graphic() && !b"\"'\\`%$".contains(byte);
    let name = |part: &[u8]| !matches!(part, b"" | b"." | b"..");
    path.strip_prefix(b"/")
        .is_some_and(|rest| rest.iter().all(plain) && rest.split(|&byte| byte == b'/').all(name))
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::{NewValue, Refusal, Value, new_values};

    fn judged(text: &str) -> Result<&Path, Refusal> {
        let directories = ["/etc/sysconfig/ha/scripts", "/opt/checks"].map(PathBuf::from);
        let mut values = new_values([], [("send_program", text.as_bytes())], &directories);
        values.pop().unwrap().program
    }

    #[test]
    fn programs_below_the_directories_may_be_set() {
        for text in ["/opt/checks/http %h", " /opt/checks/http\t80", "/etc/sysconfig/ha/scripts/a/b.sh"] {
            assert_eq!(judged(text).map(Path::to_str), Ok(text.split_whitespace().next()), "{text}");
        }
    }

    #[test]
    fn others_may_not() {
        for text in ["/bin/sh -c x", "/opt/checks", "/opt/checksum", "/opt", "/etc/sysconfig/ha/scripts2/x"] {
            assert_eq!(judged(text), Err(Refusal::Elsewhere), "{text}");
        }
        for text in [
            "sh",
            "opt/checks/x",
            "/opt/checks/../../bin/sh",
            "/opt/checks/./x",
            "/opt//checks/x",
            "/opt/checks/",
            "\"/opt/checks/x\"",
            "/opt/checks/x\\ y",
            "/opt/checks/%h",
            "/opt/checks/\u{e4}",
            "/opt/checks/x\u{7f}",
            "$HOME",
        ] {
            assert_eq!(judged(text), Err(Refusal::NotPlain), "{text}");
        }
    }

    #[test]
    fn what_was_there_before_is_no_question() {
        let rm: Value = ("send_program", b"/bin/rm -rf /");
        let stop: Value = ("stop_cmd", b"/bin/rm -rf /");
        let none: Value = ("start_cmd", b" ");
        assert_eq!(new_values([rm], [rm, none], &[]), []);
        let told = NewValue { value: stop, program: Err(Refusal::Elsewhere) };
        assert_eq!(new_values([rm], [rm, stop, stop], &[]), [told]);
    }
}
